/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the stack: stack.c (what comes in, what goes out, life),
 * stack_overload.c (more new calls than we can take), stack_limit.c (more than
 * a peer may send).
 */
#ifndef SIP_STACK_PRIV_H
#define SIP_STACK_PRIV_H

#include "gateway/base/log.h"
#include "sip/bucket.h"
#include "sip/guard.h"
#include "sip/keep.h"
#include "sip/stack.h"

#define REPLY_MAX 8192

struct sip_stack {
	struct sip_transport_user transport_user;
	struct txn_owner txn_owner;
	struct loop *loop;
	struct sip_stack_user *user;
	struct sip_transport *transport;
	struct trunk_table *trunks;
	struct trunk_tls *tls;
	struct txn_layer *txns;
	struct rules *rules;
	struct sip_stack_stats stats;
	struct log_limit bad_log;
	struct bucket outside, shed;
	struct net_addr unreachable; /* the last one */
	mono_t unreachable_until;
	struct guard *guard, *strangers;
	struct bucket security; /* lines about strangers */
	struct conf_limits limits; /* of all trunks together */
	unsigned n_emergency;
	char emergency[CONF_EMERGENCY][CONF_NUMBER]; /* never shed */
	struct sip_keep keep;
};

/* What has come, and whose it may be. */
struct arrival {
	struct sip_path path;
	uint64_t trunks;
	bool outside; /* of all sources */
	bool framed;
	bool urgent; /* an emergency call, to be preferred (guard.h) */
	const char *data;
	size_t len;
};

static inline struct sip_stack *stack_of(struct sip_transport_user *u)
{
	return container_of(u, struct sip_stack, transport_user);
}

/* --- stack.c --- */
int stack_put_on_wire(struct sip_stack *, struct sip_path *, const char *data,
		      size_t len);
/* False: nobody's, nothing more is to be done for it. */
bool stack_find_trunks(struct sip_stack *, struct arrival *);

/* Whose a connection can be, by its source. */
uint64_t stack_candidates(const struct sip_stack *, const struct sip_path *,
			  bool inbound);

/* --- stack_limit.c --- */
void stack_take_limits(struct sip_stack *, const struct conf_for_sip *);
/* No: it has been counted, and told if it is time to. */
bool stack_within_limits(struct sip_stack *, const struct arrival *);
/* An emergency call may be preferred; this message is one and is. */
bool stack_may_urge(const struct sip_stack *, const struct sip_path *from);
bool stack_urge(struct sip_stack *, const struct arrival *);
void stack_refused(struct sip_stack *, const struct sip_path *from,
		   enum guard_limit, bool total);
/* Of the transport's user. */
void stack_limits_of(struct sip_transport_user *, const struct sip_path *,
		     struct sip_conn_limits *out);
void stack_on_limit(struct sip_transport_user *, const struct sip_path *,
		    enum sip_conn_limit);

/* --- stack_overload.c --- */
void stack_take_emergency(struct sip_stack *, const struct conf_for_sip *);
/* Is its Request-URI one of the emergency numbers? */
bool stack_dials_emergency(const struct sip_stack *, const char *data,
			   size_t len);
/* Of the transport's user. */
bool stack_on_shed(struct sip_transport_user *, const struct sip_path *from,
		   const char *data, size_t len);
bool stack_is_behind(struct sip_transport_user *);
/* Is the table so full that a new call of that trunk would find no place, or is
 * the user behind? Then it is not even parsed. */
bool stack_is_left_alone(struct sip_stack *, struct arrival *);

#endif
