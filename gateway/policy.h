/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may pass from one network to the other: bearers, and who the caller
 * is said to be. Values only; thread: any.
 */
#ifndef GATEWAY_POLICY_H
#define GATEWAY_POLICY_H

#include "conf/conf.h"
#include "gateway/cc.h"

/* 0: may be routed; else the cause to refuse with. Speech and 3.1 kHz audio can
 * be carried, unrestricted digital with clear_mode of the trunk; video and the
 * rest cannot: 65. */
uint8_t policy_bearer(unsigned bearer, bool clear_mode);

/*
 * The caller of a SETUP from SIP as the line may show it: one number, or with
 * own_numbers of the span the user's own and, from a network, a second one.
 * The asserted one wins; its screening is "network provided" when we are the
 * network side, "verified and passed" when we are the user side. A number
 * from From is "not screened". Restricted on either number restricts what is
 * sent, and then no name and no subaddress goes along. Changes calling, asserted and name.
 */
void policy_caller_to_line(const struct conf_span *, struct cc_msg *setup);

/*
 * The caller of a SETUP from the line as SIP may see it. asserted: the
 * network-provided second number; else the calling number when its screening
 * says verified or network provided; else the trunk's own number; else none.
 * A restricted caller carries no name and no subaddress.
 */
void policy_caller_to_trunk(const struct conf_span *from,
			    const struct conf_trunk *to,
			    struct cc_msg *setup);

/* The connected number of an ANSWER or UPDATE, in the conventions of the
 * other side; nothing else is changed. */
void policy_connected_to_line(const struct conf_span *, struct cc_msg *);
void policy_connected_to_trunk(const struct conf_span *, struct cc_msg *);

#endif
