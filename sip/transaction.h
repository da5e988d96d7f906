/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP transactions: RFC 3261 17 with the corrections of RFC 6026. Over a
 * connection nothing is repeated but a 2xx, and nothing is waited for that only
 * a lost datagram could bring (17.1.1.2, timers D, I, J, K are 0).
 *
 *   user (role, leg)      this layer                     transport
 *   txn_request() ------> Via, branch, A B E F --------> wire
 *   on_response <-------- match, absorb, ACK non-2xx <-- stack_input
 *   on_request  <-------- new server transaction <------ stack_input
 *   txn_respond() ------> store, G H I J L ------------> wire
 *
 * A transaction is named by txn_id, which carries a generation: using the id
 * of one that has ended is harmless (-ESTALE, NULL). A user is a struct
 * txn_user embedded in its owner; when the owner goes it calls txn_detach()
 * for each transaction it still knows, and the transaction goes on by itself
 * (absorbs, retransmits) without telling anybody.
 *
 * Done here, not above: 100 Trying after 200 ms and a repeated 18x each minute
 * (13.3.1.1); retransmissions both ways; the resending of a 2xx until txn_acked() or 64*T1 (RFC 3261 13.3.1.4); the
 * ACK to a non-2xx; the repeated ACK to a repeated 2xx (txn_ack() remembers
 * it per To tag); 200 to a CANCEL, 481 to one without INVITE (both without
 * state: a repeated CANCEL is answered again); CANCEL held until the first
 * 1xx; merged requests (482, RFC 3261 8.2.2.2, while the first one is
 * unanswered or answered 2xx); 503 when the table is full, for requests
 * outside of dialogs already at 7/8, or when one trunk has 3/4; received, rport
 * and where a response goes (RFC 3581); RFC 2543 branches. When the
 * table is half full, the oldest that only absorb repeats (D, I, J, K, M, L
 * after the ACK) give way to new requests after a second.
 * Done above: dialogs, 487 after on_cancel, ACK for 2xx, BYE after a lost ACK,
 * digest, sip_request_check().
 *
 * A match also needs the same trunk, or one that may be it (sip_msg.trunks): a
 * CANCEL or a response from another peer finds nothing. Stray responses are dropped and counted (RFC 6026 8.4).
 *
 * Memory: a fixed number of transactions (pool); the lookup is O(1) by a keyed
 * digest of branch, sent-by and method. Thread: the role's loop. Callbacks
 * come from the loop, and from no txn_ function but txn_input(); a callback
 * may call any txn_ function but txn_layer_free().
 */
#ifndef SIP_TRANSACTION_H
#define SIP_TRANSACTION_H

#include "gateway/base/loop.h"
#include "gateway/base/pool.h"
#include "sip/msg.h"

typedef pool_id txn_id; /* 0 = none */

struct txn_layer;
struct txn_user;

enum txn_kind {
	TXN_INVITE_CLIENT,
	TXN_CLIENT,
	TXN_INVITE_SERVER,
	TXN_SERVER,
	TXN_KINDS
};

enum txn_state {
	TXN_CALLING,	/* INVITE client */
	TXN_TRYING,	/* non-INVITE */
	TXN_PROCEEDING,
	TXN_COMPLETED,	/* final response other than 2xx to INVITE */
	TXN_CONFIRMED,	/* INVITE server: ACK seen */
	TXN_ACCEPTED,	/* INVITE: 2xx (RFC 6026) */
	TXN_TERMINATED,
	TXN_STATES
};

/* RFC 3261 table 4, RFC 6026 8.x; T1 from the configuration. */
enum txn_timer {
	TXN_TIMER_A, /* INVITE resent: T1, doubling */
	TXN_TIMER_B, /* INVITE without answer: 64*T1 */
	TXN_TIMER_D, /* client absorbs repeated finals: 32 s */
	TXN_TIMER_E, /* request resent: T1, doubling to T2 */
	TXN_TIMER_F, /* request without final answer: 64*T1 */
	TXN_TIMER_G, /* non-2xx resent: T1, doubling to T2 */
	TXN_TIMER_H, /* no ACK to a non-2xx: 64*T1 */
	TXN_TIMER_I, /* server absorbs ACKs: T4 */
	TXN_TIMER_J, /* server absorbs requests: 64*T1 */
	TXN_TIMER_K, /* client absorbs responses: T4 */
	TXN_TIMER_L, /* server Accepted: 64*T1 */
	TXN_TIMER_M, /* client Accepted: 64*T1 */
	TXN_TIMER_100, /* 100 Trying if the user said nothing: 200 ms */
	TXN_TIMER_1XX, /* 18x repeated for proxies on the way: 60 s (13.3.1.1) */
	TXN_TIMER_2XX, /* 2xx resent: T1, doubling to T2 (13.3.1.4) */
	TXN_TIMER_CANCEL, /* no final after CANCEL: 64*T1 (9.1) */
	TXN_TIMER_USER, /* non-INVITE server, user says nothing: 64*T1 */
	TXN_TIMER_TRANSPORT, /* request could not be sent: at once */
	TXN_TIMERS
};

enum txn_fail {
	TXN_FAIL_TIMEOUT,   /* B, F, CANCEL */
	TXN_FAIL_TRANSPORT, /* could not be sent, or ICMP error */
	TXN_FAIL_NO_ACK	    /* H (non-2xx), L (2xx) */
};

/* A message as it is on the wire. */
struct txn_octets {
	const char *text;
	size_t len;
};

/* Any of them may be NULL. */
struct txn_user_ops {
	/* Client: each 1xx; the final response once; each 2xx to INVITE whose
	 * To tag has not been txn_ack()ed (repeats, other forks). */
	void (*on_response)(struct txn_user *, txn_id, const struct sip_msg *);
	/* Client: there will be no final response. Server INVITE: no ACK came
	 * (after a 2xx: send BYE). The id is dead after the call. */
	void (*on_fail)(struct txn_user *, txn_id, enum txn_fail);
	/* Server INVITE without final response: CANCEL came and was answered
	 * 200. The user sends 487. */
	void (*on_cancel)(struct txn_user *, txn_id, const struct sip_msg *);
	/* The transaction has ended in good order; the id is dead after the
	 * call. Never after on_fail. */
	void (*on_end)(struct txn_user *, txn_id);
};

struct txn_user {
	const struct txn_user_ops *ops;
};

/* The role: requests that begin a server transaction. Embedded in it. */
struct txn_owner;
struct txn_printed;

struct txn_owner_ops {
	/* A new request (not ACK, not CANCEL). Must be answered by
	 * txn_respond() or txn_reply() before this returns, or be attached to
	 * a user who will; otherwise it is answered 500. */
	void (*on_request)(struct txn_owner *, txn_id, const struct sip_msg *);
	/* An ACK that belongs to a 2xx: find the dialog, call txn_acked(). */
	void (*on_ack)(struct txn_owner *, const struct sip_msg *);
	/* A 2xx to an INVITE that is none of the transactions here: an earlier
	 * process's, whose ACK was lost, maybe. May be NULL. */
	void (*on_stray_2xx)(struct txn_owner *, const struct sip_msg *);
	/* Puts octets on the wire. 0 or -errno (transport.h). */
	int (*send)(struct txn_owner *, struct sip_path *, const char *data,
		    size_t len);
	/* Once for each message, before it is sent, and sent again: may put
	 * another text for it (wire, len, sent). May be NULL. */
	void (*rewrite)(struct txn_owner *, struct txn_printed *);
	/* A longer request goes by TCP instead of UDP (RFC 3261 18.1.1), and by
	 * UDP again when nobody takes the connection. 0 or NULL: never. */
	unsigned (*udp_max)(struct txn_owner *, const struct sip_path *);
	/* The address to write into Via for this path. */
	void (*local)(struct txn_owner *, const struct sip_path *,
		      struct net_addr *out);
};

/* A message as it has been printed. */
struct txn_printed {
	const struct sip_msg *msg;
	const struct sip_path *path;
	bool derived; /* CANCEL, or ACK of a non-2xx: made from the INVITE */
	char *wire;   /* malloc()ed, with a NUL */
	size_t len;
	struct sip_msg *sent; /* what wire says when that is not msg; or NULL */
};

struct txn_owner {
	const struct txn_owner_ops *ops;
};

struct txn_stats {
	uint64_t begun[TXN_KINDS];
	uint64_t resent[TXN_KINDS];   /* by our timers */
	uint64_t absorbed[TXN_KINDS]; /* repeats from the peer */
	uint64_t timeouts[TXN_KINDS];
	uint64_t stray_responses, stray_acks, stray_cancels;
	uint64_t merged;
	uint64_t refused_full; /* 503, or -ENOBUFS to the user */
	uint64_t made_room;    /* absorbers that gave way */
	uint64_t bad;	       /* impossible in the state, or not ours */
	uint64_t unanswered;   /* requests the user forgot: 500 */
	uint64_t send_failed;
};

/* t1_ms: RFC 3261 T1; max: transactions at a time (1...65535). NULL + errno.
 * owner lives longer than the layer. */
struct txn_layer *txn_layer_new(struct loop *, struct txn_owner *,
				unsigned t1_ms, unsigned max);
void txn_layer_free(struct txn_layer *); /* tells no user */
const struct txn_stats *txn_layer_stats(const struct txn_layer *);
unsigned txn_layer_used(const struct txn_layer *);

/* With more transactions than that, in all or of one trunk, there is no place
 * for new calls. At most, and with 0, it is 7/8 and 3/4 of the table. */
void txn_layer_limit(struct txn_layer *, unsigned most);
void txn_layer_limit_trunk(struct txn_layer *, unsigned trunk, unsigned most);
/* Is it the trunk's own limit that leaves no place? */
bool txn_trunk_is_full(const struct txn_layer *, unsigned trunk);

/* There is no place for a new call of that trunk (requests outside of dialogs
 * are answered 503), unless it is urgent. */
bool txn_is_crowded(struct txn_layer *, unsigned trunk);

/* A parsed message from a known trunk (msg->path). Takes msg. */
void txn_input(struct txn_layer *, struct sip_msg *msg);

/* Nothing sent to that address by that transport arrives (ICMP, no connection):
 * requests of ours to it that have no answer yet fail, from the loop. */
void txn_unreachable(struct txn_layer *, const struct sip_path *);
/* A connection is gone: requests of ours on it without any answer fail, from
 * the loop. */
void txn_flow_down(struct txn_layer *, uint32_t flow);

/* --- client --- */

/* Sends a request in a new transaction; a Via in it is replaced. Takes msg,
 * on failure too. The id into *id (set before anything is sent). 0, -ENOBUFS
 * (full), -errno. A transport error after this comes as on_fail, later.
 * ACK is refused (-EINVAL): txn_ack(). */
int txn_request(struct txn_layer *, struct txn_user *, struct sip_msg *msg,
		const struct sip_path *, txn_id *id);
/* The ACK of a 2xx, with a fresh branch; remembered and repeated for each
 * repeat of a 2xx with the same To tag while the transaction lives. Takes
 * msg. invite may be stale: then it is only sent. */
int txn_ack(struct txn_layer *, txn_id invite, struct sip_msg *msg,
	    const struct sip_path *);
/* CANCEL of a pending INVITE: now, or when the first 1xx comes. The final
 * response (487 or a crossing 200) still comes by on_response; on_fail after
 * 64*T1 without it. reason = value of a Reason header or NULL. 0, -ESTALE,
 * -EALREADY (final response was there). */
int txn_cancel(struct txn_layer *, txn_id invite, const char *reason);

/* An INVITE of ours that an earlier process sent, its Via standing: makes its
 * transaction as if a 1xx had come, so that it can be cancelled and its final
 * response finds it. Nothing is sent; the caller cancels it. Takes msg, on
 * failure too. 0, -ENOBUFS. */
int txn_resume_client(struct txn_layer *, struct txn_user *,
		      struct sip_msg *invite, const struct sip_path *,
		      txn_id *id);

/* --- server --- */

/* An INVITE that an earlier process received and did not answer (path: its
 * source): its transaction, which the caller answers at once. Takes msg, on
 * failure too. 0, -ENOBUFS, -EEXIST (the peer has sent it anew). */
int txn_resume_server(struct txn_layer *, struct sip_msg *invite, txn_id *id);

/* A 2xx to an INVITE that an earlier process sent (path: the source of that)
 * and that had no ACK yet: its transaction, which sends those octets now and
 * until txn_acked(). 0, -EBADMSG (they are no such thing), -ENOBUFS, -EEXIST. */
int txn_resume_answered(struct txn_layer *, struct txn_user *,
			const struct txn_octets *, const struct sip_path *,
			txn_id *id);
/* The response sent last; text NULL: none, or no server transaction. They live
 * until the next one. */
struct txn_octets txn_answer_of(const struct txn_layer *, txn_id);

/* Sends a response: 1xx any number of times, a final one once. Takes msg, on
 * failure too. 0, -ESTALE, -EALREADY, -errno. */
int txn_respond(struct txn_layer *, txn_id, struct sip_msg *msg);
/* The same with a bare response; reason NULL = the usual phrase. */
int txn_reply(struct txn_layer *, txn_id, int status, const char *reason);
/* The last 1xx once more, as it was. 0, -ESTALE, -EALREADY (a final one). */
int txn_repeat(struct txn_layer *, txn_id);
/* ACK of our 2xx has come: stop resending it. */
void txn_acked(struct txn_layer *, txn_id);

/* --- both --- */
int txn_attach(struct txn_layer *, txn_id, struct txn_user *);
/* Without a final response a server transaction is answered 500, an INVITE
 * of ours is cancelled. */
void txn_detach(struct txn_layer *, txn_id);
/* A client's request as it is on the wire: as txn_request_of(), unless the
 * owner has rewritten it. NULL when stale. */
const struct sip_msg *txn_sent_of(const struct txn_layer *, txn_id);
/* The trunk of the client transaction that a response is for; -1: none. */
int txn_trunk_of(const struct txn_layer *, const struct sip_msg *);
/* NULL when stale. The request as the user made it, or as received; a server's until its
 * final response, or until on_request returns. */
const struct sip_msg *txn_request_of(const struct txn_layer *, txn_id);
/* Where it went, or came from. 0, -ESTALE. */
int txn_path_of(const struct txn_layer *, txn_id, struct sip_path *out);
/* Server: the To tag that txn_reply() uses (the request's own if it has one);
 * the local tag of a dialog made from this request, asked for before
 * the final response. "" when stale. */
const char *txn_local_tag(const struct txn_layer *, txn_id);
enum txn_state txn_state_of(const struct txn_layer *, txn_id);
/* Forget it at once, without a word to user or peer. */
void txn_kill(struct txn_layer *, txn_id);

const char *txn_timer_name(enum txn_timer);
/* ms of the first run of a timer with that T1. */
int64_t txn_timer_ms(enum txn_timer, unsigned t1_ms);

#endif
