/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls, on behalf of whom, and who may know: the identity headers of an
 * INVITE and of its 2xx (RFC 3261 From, RFC 3325 P-Asserted-Identity, RFC
 * 3323 Privacy; Remote-Party-ID is read only) to and from the numbers of
 * struct cc_msg. For diversions see divert.h.
 *
 * A restricted number or name stands in no header that we send but in the
 * P-Asserted-Identity to a trusted trunk.
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_IDENTITY_H
#define SIP_IDENTITY_H

#include "conf/conf.h"
#include "gateway/cc.h"
#include "sip/uri.h"

#define SIP_PAI_MAX 2 /* one sip(s), one tel: RFC 3325 9.1 */

/* Header values as text, or NULL; borrowed for the call. */
struct sip_identity_in {
	const char *from;
	const char *pai[SIP_PAI_MAX];
	const char *privacy[2];
	const char *rpid; /* Remote-Party-ID */
};

/* Fills calling (From, unscreened), asserted and name. asserted
 * is the P-Asserted-Identity of a trusted peer, else its Remote-Party-ID that
 * was screened; without a number in From it is calling, too. Privacy asked
 * for counts from everybody. */
void sip_identity_read(const struct sip_identity_in *, bool trusted,
		       struct cc_msg *setup);
/* A 2xx: connected and name, from the P-Asserted-Identity of a trusted peer
 * and nothing else (RFC 4497 9.2.3). */
void sip_identity_read_connected(const struct sip_identity_in *, bool trusted,
				 struct cc_msg *answer);

struct sip_identity_conf {
	bool trusted;
	const char *host;   /* of our URIs, with port if needed */
	const char *number; /* the trunk's own, for callers whom nobody has
			       screened; "" = none */
	enum conf_divert divert;
};

/* Header values; "" = this header is not sent. */
struct sip_identity_out {
	char pai[SIP_URI_MAX];
	char privacy[16];
};

/* The value of From, without tag. */
void sip_identity_from(const struct cc_msg *setup,
		       const struct sip_identity_conf *,
		       char from[SIP_URI_MAX]);

void sip_identity_write(const struct cc_msg *setup,
			const struct sip_identity_conf *,
			struct sip_identity_out *);
/* For a 2xx: pai and privacy only. */
void sip_identity_write_connected(const struct cc_msg *answer,
				  const struct sip_identity_conf *,
				  struct sip_identity_out *);

#endif
