/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registrations, shared by register.c (REGISTER, and what comes of it) and
 * register_ask.c (what calls want to know of them). */
#ifndef SIP_REGISTER_PRIV_H
#define SIP_REGISTER_PRIV_H

#include "sip/auth.h"
#include "sip/register.h"
#include "sip/uri.h"

/* PUT_OFF: it waits because its registrar has said so (Retry-After). */
enum register_state { WAITING, PUT_OFF, TRYING, UP, TAKEN_BACK };

/* One binding at one server. */
struct binding {
	struct txn_user user;
	struct registers *all;
	struct timer timer;
	txn_id txn;
	struct sip_path path;
	struct sip_digest digest;
	bool reused; /* its nonce is of an earlier round */
	enum register_state state;
	bool wanted, gin;
	bool no_outbound; /* its first hop has no RFC 5626 (439) */
	uint8_t trunk;
	uint8_t server;	  /* fixed, with register.all; or tried last */
	uint8_t tried;	  /* servers of this round */
	uint8_t longer;	  /* answers of this round that wanted more time (423) */
	unsigned failures;
	uint32_t cseq, expires_s;
	mono_t since, until; /* in force */
	char name[48];	  /* of the user; "" = the trunk itself (GIN) */
	char call_id[SIP_TAG_LEN + NET_STR_MAX], tag[SIP_TAG_LEN];
	char contact[SIP_URI_MAX];
	char routes[SIP_ROUTE_TEXT]; /* Service-Route; ", " between */
};

struct registers {
	struct loop *loop;
	struct sip_stack *stack;
	struct register_stats stats;
	char user_agent[CONF_NAME], node[CONF_NAME];
	unsigned n;
	struct binding *binding[SIP_REGISTERS];
};

/* It has been granted, and has not lapsed. */
bool binding_in_force(const struct binding *);
const struct conf_trunk *binding_conf(const struct binding *);

#endif
