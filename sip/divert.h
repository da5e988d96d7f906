/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diverted calls: Diversion (RFC 5806) and History-Info (RFC 7044, causes of
 * RFC 4458) to and from redirecting number, reason and count of struct cc_msg.
 *
 *   Diversion       last diverting party first, each with its counter
 *   History-Info    in time: <A>;index=1, <B;cause=486>;index=1.1;mp=1
 *                   means that A diverted to B
 *
 * A restricted number stands in neither, but to a trusted trunk.
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_DIVERT_H
#define SIP_DIVERT_H

#include "conf/conf.h"
#include "sip/identity.h"

#define SIP_DIVERTS   8	 /* values of Diversion that are looked at */
#define SIP_HISTORIES 16 /* of History-Info */

/* Header values in their order; NULL behind the last. */
struct sip_divert_in {
	const char *diversion[SIP_DIVERTS], *history[SIP_HISTORIES];
	bool history_hidden; /* Privacy: history */
};

/* Fills redirecting and extra.divert. With both headers there the one that
 * the trunk writes counts. False: something was malformed; what could be read
 * counts. */
bool sip_divert_read(const struct sip_divert_in *, enum conf_divert,
		     struct cc_msg *setup);

/* Header values; "" = not sent. */
struct sip_divert_out {
	char diversion[2][SIP_URI_MAX];
	char history[2048];
};

/* target: the Request-URI. */
void sip_divert_write(const struct cc_msg *setup,
		      const struct sip_identity_conf *, const char *target,
		      struct sip_divert_out *);

#endif
