/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be said against a well-formed request without knowing any dialog
 * (RFC 3261 8.2): method, scheme, extensions, media type. Pure; any thread.
 */
#ifndef SIP_CHECK_H
#define SIP_CHECK_H

#include "sip/msg.h"

/* Methods we serve, as the value of Allow. */
#define SIP_ALLOW     \
	"INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK, NOTIFY"
#define SIP_ACCEPT    "application/sdp"
/* Option tags; a trunk may do less. */
#define SIP_SUPPORTED "100rel, timer, replaces, norefersub"

/* The immediate refusal, or NULL when there is none: 501 or 405 with Allow,
 * 416, 420 with Unsupported, 415 with Accept, 406. Never refuses ACK or CANCEL
 * (NULL). The caller owns the response. NULL with errno set to ENOMEM also
 * means none. to_tag as in sip_response_new(). */
struct sip_msg *sip_request_check(const struct sip_msg *, const char *to_tag);

/* Is a body that we do not know to be ignored (RFC 3261 20.11)? */
bool sip_body_is_optional(const struct sip_msg *);

#endif
