/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topmost Via: what we put there and what it says about the way back. */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "sip/msg.h"

/* Received request: fills in rport if asked for, and received when it says
 * more than sent-by does (RFC 3261 18.2.1, RFC 3581 4). 0 or -errno. */
int via_stamp(struct sip_msg *);
/* Where responses go: the source's address; with UDP and rport its port, else
 * that of sent-by (18.2.2; maddr is not followed). On a connection this counts
 * only when it is no more. */
void via_route(const struct sip_msg *, struct net_addr *out);
/* RFC 5923: its sender wants to be called on this connection, as if it were open
 * to that port of it; 0: it does not say so. */
uint16_t via_alias(const struct sip_msg *);
/* Replaces every Via by one: "SIP/2.0/UDP local;rport;branch=...". */
int via_set(struct sip_msg *, enum sip_proto, const struct net_addr *local,
	    const char *branch);

#endif
