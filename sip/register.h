/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations of the trunks (RFC 3261 10, RFC 6140): for each trunk one
 * binding of each of its users, at one of its servers, or at each of them.
 *
 *   WAITING -> TRYING -200-> UP -refresh-> TRYING ...
 *                 |    401, 423, 420: at once, as the response wants it
 *                 `-- other server, when there is one; else WAITING
 *
 * A refresh comes after 80-90 % of the time granted, of a short one after
 * half. After a failure the wait is a random 50-100 % of min(30 min, 30 s *
 * 2^failures) (RFC 5626 4.5), at least what Retry-After says; after a refusal
 * for good (403, 404, wrong password) 30 min. A reload ends it, but for a
 * Retry-After: what was wrong may have been put right. Beginnings are spread, so
 * that a restart is no storm.
 *
 * With register.outbound calls are to come by the way of the REGISTER (RFC
 * 5626); 439 says that they cannot, then it is a plain registration.
 *
 * One Call-ID for each, CSeq one more each time. The Service-Route of a
 * server's last 200 (RFC 3608) is the route set of the trunk's calls to it.
 *
 * Owner: the role. Thread: its loop.
 */
#ifndef SIP_REGISTER_H
#define SIP_REGISTER_H

#include "conf/conf.h"
#include "sip/stack.h"

#define SIP_REGISTERS	512
#define SIP_ROUTE_TEXT	1024

struct registers;

struct register_stats {
	uint64_t sent, ok, refused, failed;
};

/* NULL + errno. Begins at once. */
struct registers *sip_registers_new(struct loop *, struct sip_stack *,
				    const struct conf_for_sip *);
/* Says nothing to the registrars. */
void sip_registers_free(struct registers *);
/* What is the same stays registered, or is tried again; what was registered at a
 * server that is no more in the file is so anew; the rest is taken back, or
 * begins. */
int sip_registers_reload(struct registers *, const struct conf_for_sip *);
/* Takes all of them back. */
void sip_registers_drain(struct registers *);

/* That way has failed (stack.h): what was registered by it is so anew, at once,
 * or after half a minute where it did not last that long. */
void sip_registers_flow_down(struct registers *, const struct sip_path *,
			     int err);

/* No registration is wanted there, or one of it is in force. */
bool sip_registers_up(const struct registers *, unsigned trunk);
/* Of its bindings, how many are wanted, and in force. */
unsigned sip_registers_count(const struct registers *, unsigned trunk,
			     unsigned *up);
/* Adds the Route headers of the trunk's calls to that address. */
void sip_registers_route(const struct registers *, unsigned trunk,
			 const struct net_addr *, struct sip_msg *);
/* Is that the user part of one of its Contacts? */
bool sip_registers_has_user(const struct registers *, unsigned trunk,
			    const char *user);
const struct register_stats *sip_registers_stats(const struct registers *);

#endif
