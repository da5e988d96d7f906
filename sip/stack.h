/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower half of the sip role put together:
 *
 *   message -> known source? -> gate -> parse -> rules -> transaction -> user
 *              (trunk.h)        (gate.h)(msg.h) (rules.h)(transaction.h)
 *
 * An ICMP error from a server, or no connection to it, marks it down (trunk.h)
 * and fails what waits for its answer at once. Who is unknown cannot even
 * connect.
 *
 * An unknown source gets nothing: it is counted, and at most once a second a
 * line names it, in the form that fail2ban's filter for Asterisk reads, with what
 * came from it since the last one; SIP_STACK_SECURITY_PER_S of all sources, since
 * who forges his may have many. Where a
 * trunk has accept: registration such messages are looked at, some in a
 * second, and still get nothing unless they show whose they are. Malformed messages of known trunks are answered or dropped
 * as the gate says; the first of each second is named in a line.
 *
 * What known sources send is limited (guard.h): what is more is dropped, or
 * refused where it is a connection or would need a transaction; a line a minute
 * says which limit of which trunk it was.
 *
 * When there are more new calls than we can take (transport.h), or than the user
 * gets done, emergency calls are taken all the same; of the others, those by
 * connections and some a second of those by UDP are told so: 503 without state, and without Retry-After, which
 * would take us out of service altogether (RFC 5390, RFC 7339 5.9). The rest
 * is dropped: an answer costs more than it.
 *
 * Owner: the sip role. Thread: its loop.
 */
#ifndef SIP_STACK_H
#define SIP_STACK_H

#include "sip/gate.h"
#include "sip/rules.h"
#include "sip/trunk_tls.h"
#include "sip/transaction.h"
#include "sip/transport.h"
#include "sip/trunk.h"

#define SIP_STACK_TXNS	32768 /* transactions at a time */
#define SIP_STACK_OUTSIDE_PER_S 20 /* messages from outside all sources that are
				      looked at, with accept: registration */
#define SIP_STACK_SECURITY_PER_S 20 /* lines about strangers */
#define SIP_STACK_BUSY_PER_S 500 /* 503 to INVITEs by UDP that are shed */

struct guard;
struct sip_stack;
struct sip_stack_user;

struct sip_stack_user_ops {
	/* As in struct txn_owner_ops. */
	void (*on_request)(struct sip_stack_user *, txn_id,
			   const struct sip_msg *);
	void (*on_ack)(struct sip_stack_user *, const struct sip_msg *);
	void (*on_stray_2xx)(struct sip_stack_user *, const struct sip_msg *);
	/* The trunk of the dialog that a request is of; -1: of none that we
	 * know. NULL: no dialogs. */
	int (*dialog_trunk)(struct sip_stack_user *, const struct sip_msg *);
	/* As in struct sip_transport_user_ops. */
	bool (*is_behind)(struct sip_stack_user *);
	/* A connection is no more (transport.h), or STUN by UDP says that its
	 * flow has failed (RFC 5626 4.4.2): a registration that went over it
	 * has to be made anew. May be NULL. */
	void (*on_flow_down)(struct sip_stack_user *, const struct sip_path *,
			     int err);
	/* Each message of a known trunk, as on the wire, before it is handled
	 * or after it was sent; for the trace. May be NULL. */
	void (*on_wire)(struct sip_stack_user *, bool sent,
			const struct sip_path *, const char *data, size_t len);
};

struct sip_stack_user {
	const struct sip_stack_user_ops *ops;
};

struct sip_stack_stats {
	uint64_t unknown_source;
	uint64_t outside_dropped; /* of them above SIP_STACK_OUTSIDE_PER_S */
	uint64_t nobodys; /* requests for none, or several, of the trunks */
	uint64_t unreachable; /* servers found dead by ICMP */
	uint64_t shed_answered; /* 503: more calls than we can take */
	uint64_t shed_emergency; /* taken all the same */
	uint64_t shed_full; /* for want of a transaction, or behind */
	uint64_t stun_sent, stun_answers; /* keep-alives by UDP */
	uint64_t stun_asked;		  /* the peers' */
	struct sip_gate_stats gate;
};

/* NULL + errno. max = transactions at a time, 0 = SIP_STACK_TXNS. */
struct sip_stack *sip_stack_new(struct loop *, const struct conf_for_sip *,
				struct sip_stack_user *, unsigned max);
void sip_stack_free(struct sip_stack *);
int sip_stack_reload(struct sip_stack *, const struct conf_for_sip *);

struct txn_layer *sip_stack_txns(struct sip_stack *);
struct rules *sip_stack_rules(struct sip_stack *);
struct trunk_table *sip_stack_trunks(struct sip_stack *);
struct sip_transport *sip_stack_transport(struct sip_stack *);
struct trunk_tls *sip_stack_tls(struct sip_stack *);
const struct guard *sip_stack_guard(const struct sip_stack *);
const struct sip_stack_stats *sip_stack_stats(const struct sip_stack *);
/* A keep-alive by UDP: STUN. 0 or -errno. */
int sip_stack_keep(struct sip_stack *, struct sip_path *);
/* What is registered by that way is not reached by it any more: tells the user
 * as of a connection. */
void sip_stack_flow_failed(struct sip_stack *, const struct sip_path *,
			   int err);
/* The address to write into Via, Contact and From towards that path: ours, or
 * the trunk's external one. */
void sip_stack_local(struct sip_stack *, const struct sip_path *,
		     struct net_addr *out);

#endif
