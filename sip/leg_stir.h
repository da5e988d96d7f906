/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STIR (stir.h) in a leg's messages: Identity and Date of an INVITE of ours;
 * Identity and verstat of the peer's, and what becomes of its call.
 *
 * Thread: the role's loop.
 */
#ifndef SIP_LEG_STIR_H
#define SIP_LEG_STIR_H

#include "sip/leg.h"

/* Signs, if the trunk is set to, for the number that the INVITE asserts, else
 * that of its From. After those headers; header rules come later. */
void sip_stir_put(struct leg *, struct sip_msg *invite);
/* Verifies the peer's, or takes over what its provider has found, into setup.
 * 0, or the status that refuses the call. */
int sip_stir_check(struct leg *, const struct sip_msg *invite,
		   struct cc_msg *setup);
/* What was wrong, in a response to a call that goes on all the same, as
 * Reason (RFC 8224 6.2.2). */
void sip_stir_tell(const struct leg *, struct sip_msg *response);
/* The same in the response that refuses one; its phrase, NULL = the usual
 * one. Nothing for a status of other reasons. */
const char *sip_stir_phrase(int status);
void sip_stir_reason(struct sip_msg *response, int status);

#endif
