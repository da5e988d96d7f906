/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What transfer is written with: Refer-To (RFC 3515), Replaces (RFC 3891) and
 * the first line of a message/sipfrag (RFC 3420). All text is copied out, and
 * what goes on into messages of ours has no character that could end a header
 * or a URI. Pure functions. Thread: any.
 */
#ifndef SIP_REFER_H
#define SIP_REFER_H

#include "sip/dialog.h"

#define SIP_REPLACES_MAX 640 /* octets of a Replaces value */

struct sip_replaces {
	char call_id[SIP_CALL_ID_MAX];
	char to_tag[SIP_TAG_MAX], from_tag[SIP_TAG_MAX];
	bool early_only;
};

/* 0, -EBADMSG, -E2BIG. */
int sip_replaces_parse(struct sip_replaces *, const char *text);

struct sip_refer_to {
	char uri[SIP_URI_MAX];		 /* without headers */
	char replaces[SIP_REPLACES_MAX]; /* as a header value; "" = none */
};

/* Of the URI's headers only Replaces is taken (RFC 3261 19.1.5). 0; -EBADMSG,
 * -E2BIG; -ENOTSUP: something else than an INVITE is to be sent. */
int sip_refer_to_parse(struct sip_refer_to *, const char *text);

/* The status of "SIP/2.0 200 OK"; 0: it is none. */
int sip_frag_status(const char *text, size_t len);

#endif
