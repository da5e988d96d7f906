/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the transaction layer: transaction.c (table, life, public calls),
 * txn_match.c (keys), txn_client.c and txn_server.c (the four machines).
 *
 * A callback may end the transaction it is about: after each, look it up
 * again by id.
 */
#ifndef SIP_TXN_PRIV_H
#define SIP_TXN_PRIV_H

#include "conf/conf.h"
#include "sip/transaction.h"

#define TXN_ACKS 4 /* forks whose 2xx we can answer again */

/* Digest of what identifies a transaction, keyed by the layer's secret. */
struct txn_key {
	uint8_t octets[16];
};

struct txn_ack {
	char *to_tag, *wire;
	size_t len;
	struct sip_path path;
};

struct txn_client {
	struct txn_ack ack[TXN_ACKS]; /* [0] alone for a non-2xx */
	unsigned n_acks;
	bool cancel; /* wanted, or sent */
	bool cancel_sent;
	bool was_udp; /* too long for it; TCP is tried */
	char *reason; /* of the CANCEL, until sent */
	struct sip_msg *sent; /* the request as rewritten; NULL: as it is */
};

struct txn_server {
	struct txn_key merge;
	struct txn *merge_next;
	bool merge_linked;
	bool acked;
	bool in_request; /* on_request is running */
	char tag[SIP_TAG_LEN];
};

struct txn {
	struct txn_layer *layer;
	txn_id id;
	enum txn_kind kind;
	enum txn_state state;
	struct txn_user *user;
	struct sip_msg *request;
	struct sip_path path; /* where we send */
	struct txn_key key;
	struct txn *next; /* in the bucket */
	struct txn *older, *newer; /* of those that absorb */
	mono_t absorbs_since;
	bool absorbs;
	int status;	  /* last response; 0 = none */
	char *wire;	  /* client: request; server: last response */
	size_t wire_len;
	struct timer retry, life;
	enum txn_timer retry_is, life_is;
	int64_t retry_ms;
	union {
		struct txn_client client;
		struct txn_server server;
	} u;
};

struct txn_layer {
	struct loop *loop;
	struct txn_owner *owner;
	struct pool *pool;
	unsigned t1_ms, max;
	unsigned of_trunk[CONF_TRUNKS]; /* server transactions */
	unsigned most, most_of_trunk[CONF_TRUNKS]; /* before new calls are
						      refused */
	unsigned n_buckets; /* power of two */
	struct txn **bucket, **merge;
	uint8_t secret[16];
	struct txn *oldest, *newest; /* of those that only absorb repeats */
	struct txn_stats stats;
};

/* --- transaction.c --- */
struct txn *txn_new(struct txn_layer *, enum txn_kind, struct sip_msg *);
struct txn *txn_get(const struct txn_layer *, txn_id);
void txn_destroy(struct txn *);
bool txn_is_server(const struct txn *);
/* Starts the resending of wire; 0 ms, by the table. */
void txn_retry(struct txn *, enum txn_timer);
void txn_life(struct txn *, enum txn_timer);
/* From now on it only absorbs repeats, and may give way. */
void txn_absorb(struct txn *);
void txn_make_room(struct txn_layer *);
void txn_stop_retry(struct txn *);
/* Prints p->msg and lets the owner rewrite it: wire and sent are the caller's.
 * 0 or -errno. */
int txn_print(struct txn_layer *, struct txn_printed *p);
/* Prints msg into wire. 0 or -errno. */
int txn_store(struct txn *, const struct sip_msg *);
int txn_send(struct txn *);
/* Ends it with a word to its user. */
void txn_end(struct txn *);
void txn_fail(struct txn *, enum txn_fail);

/* --- txn_match.c --- */
void txn_key_client(const struct txn_layer *, const struct sip_msg *,
		    struct txn_key *);
/* method: that of the transaction wanted (INVITE for ACK and CANCEL). */
void txn_key_server(const struct txn_layer *, const struct sip_msg *,
		    const char *method, struct txn_key *);
void txn_key_merge(const struct txn_layer *, const struct sip_msg *,
		   struct txn_key *);
void txn_link(struct txn *);
void txn_unlink(struct txn *);
struct txn *txn_find(const struct txn_layer *, const struct txn_key *,
		     bool server);
void txn_merge_link(struct txn *);
struct txn *txn_merge_find(const struct txn_layer *, const struct txn_key *);

/* --- txn_client.c, txn_server.c --- */
void txn_client_response(struct txn_layer *, const struct sip_msg *);
void txn_client_life(struct txn *);
void txn_client_forget(struct txn *);
void txn_server_request(struct txn_layer *, struct sip_msg *);
void txn_server_life(struct txn *);
/* The 100 of an INVITE that nobody answered yet. */
void txn_server_trying(struct txn *);

#endif
