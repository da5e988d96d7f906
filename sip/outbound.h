/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a registration says, and is told, of the way that calls are to come by
 * (RFC 5626): reg-id and +sip.instance in Contact; Require: outbound and
 * Flow-Timer in the 200.
 *
 * Pure functions: any thread.
 */
#ifndef SIP_OUTBOUND_H
#define SIP_OUTBOUND_H

#include "conf/conf.h"
#include "sip/msg.h"

#define SIP_INSTANCE	  48
#define SIP_FLOW_TIMER_S  3600 /* a longer Flow-Timer counts as this */

/* "urn:uuid:..." (RFC 5626 4.1): the same after a restart, another for another
 * gateway with the same account. node: gateway.node. */
void sip_outbound_instance(const char *node, const struct conf_trunk *,
			   char out[SIP_INSTANCE]);
/* The registrar sends calls by the way of the REGISTER (RFC 5626 6). */
bool sip_outbound_granted(const struct sip_msg *response);
/* Its Flow-Timer in s; 0: none, or no number. */
unsigned sip_outbound_flow_s(const struct sip_msg *response);

#endif
