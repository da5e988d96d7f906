/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls, on behalf of whom, and who may know: the identity headers of an
 * INVITE and of its 2xx (RFC 3261 From, RFC 3325 P-Asserted-Identity, RFC
 * 3323 Privacy, P-Preferred-Identity, Remote-Party-ID of
 * draft-ietf-sip-privacy-04) to and from the numbers of struct cc_msg. For diversions see divert.h.
 *
 * A restricted number or name stands in no header that we send but in those
 * of asserted identity to a trusted trunk.
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
	const char *ppi[SIP_PAI_MAX]; /* P-Preferred-Identity */
	const char *rpid[SIP_PAI_MAX]; /* Remote-Party-ID */
	const char *privacy[2];
	bool caller; /* connected: Remote-Party-ID is about the calling party */
};

/* Fills calling (From, unscreened), asserted and name. asserted is the
 * P-Asserted-Identity of a trusted peer, else its P-Preferred-Identity or its
 * Remote-Party-ID that was screened; without a number in From it is calling,
 * too. Privacy asked for counts from everybody, id and user; `none` undoes an
 * anonymous From alone. */
void sip_identity_read(const struct sip_identity_in *, bool trusted,
		       struct cc_msg *setup);
/* A 2xx or a later request: connected and name, from the P-Asserted-Identity
 * or Remote-Party-ID of a trusted peer and nothing else (RFC 4497 9.2.3). */
void sip_identity_read_connected(const struct sip_identity_in *, bool trusted,
				 struct cc_msg *answer);
/* RFC 3323 5: something critical that we do not know is asked for. */
bool sip_privacy_is_refused(const char *const privacy[2]);

struct sip_identity_conf {
	bool trusted;
	const char *host;   /* of our URIs, with port if needed */
	const char *number; /* the trunk's own, for callers whom nobody has
			       screened; "" = none */
	enum conf_divert divert;
	enum conf_identity header; /* who the caller is said to be in */
	bool tel;	    /* P-Asserted-Identity once more as tel: URI */
	enum conf_privacy privacy; /* values for a restricted caller */
	const char *context; /* of numbers that are not global; NULL: none */
};

/* Header values; "" = this header is not sent. */
struct sip_identity_out {
	char pai[SIP_URI_MAX], pai_tel[SIP_URI_MAX];
	char ppi[SIP_URI_MAX];
	char rpid[SIP_URI_MAX];
	char privacy[40];
};

/* The value of From, without tag. */
void sip_identity_from(const struct cc_msg *setup,
		       const struct sip_identity_conf *,
		       char from[SIP_URI_MAX]);

void sip_identity_write(const struct cc_msg *setup,
			const struct sip_identity_conf *,
			struct sip_identity_out *);
/* For a 2xx: pai, rpid and privacy only. */
void sip_identity_write_connected(const struct cc_msg *answer,
				  const struct sip_identity_conf *,
				  struct sip_identity_out *);

#endif
