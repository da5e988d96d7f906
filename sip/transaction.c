/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/txn_priv.h"

#include "sip/via.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define T2_MS 4000
#define T4_MS 5000
#define NO_GROWTH INT64_MAX

/* First run: t1 * T1 + ms. Repeats double up to cap (0: it is no repeat). */
struct timer_rule {
	const char *name;
	unsigned t1;
	int64_t ms, cap_ms;
};

static const struct timer_rule timer_rules[TXN_TIMERS] = {
	[TXN_TIMER_A] = {"A", 1, 0, NO_GROWTH},
	[TXN_TIMER_B] = {"B", 64, 0, 0},
	[TXN_TIMER_D] = {"D", 0, 32000, 0},
	[TXN_TIMER_E] = {"E", 1, 0, T2_MS},
	[TXN_TIMER_F] = {"F", 64, 0, 0},
	[TXN_TIMER_G] = {"G", 1, 0, T2_MS},
	[TXN_TIMER_H] = {"H", 64, 0, 0},
	[TXN_TIMER_I] = {"I", 0, T4_MS, 0},
	[TXN_TIMER_J] = {"J", 64, 0, 0},
	[TXN_TIMER_K] = {"K", 0, T4_MS, 0},
	[TXN_TIMER_L] = {"L", 64, 0, 0},
	[TXN_TIMER_M] = {"M", 64, 0, 0},
	[TXN_TIMER_100] = {"100", 0, 200, 0},
	[TXN_TIMER_1XX] = {"1xx", 0, 60000, 60000},
	[TXN_TIMER_2XX] = {"2xx", 1, 0, T2_MS},
	[TXN_TIMER_CANCEL] = {"CANCEL", 64, 0, 0},
	[TXN_TIMER_USER] = {"user", 64, 0, 0},
	[TXN_TIMER_TRANSPORT] = {"transport", 0, 0, 0},
};

const char *txn_timer_name(enum txn_timer t)
{
	return (unsigned)t < TXN_TIMERS ? timer_rules[t].name : "?";
}

int64_t txn_timer_ms(enum txn_timer t, unsigned t1_ms)
{
	if ((unsigned)t >= TXN_TIMERS) {
		return 0;
	}
	return (int64_t)timer_rules[t].t1 * t1_ms + timer_rules[t].ms;
}

/* --- layer --- */

#define TXNS_READY 3072 /* 20 calls a second, 32 s each */

/* Touched now, so that load does not look like a leak. */
static void make_ready(struct txn_layer *l)
{
	pool_touch(l->pool, TXNS_READY);
	memset(l->bucket, 0, l->n_buckets * sizeof(*l->bucket));
	memset(l->merge, 0, l->n_buckets * sizeof(*l->merge));
}

struct txn_layer *txn_layer_new(struct loop *loop, struct txn_owner *owner,
				unsigned t1_ms, unsigned max)
{
	struct txn_layer *l = calloc(1, sizeof(*l));

	if (!l) {
		return NULL;
	}
	l->loop = loop;
	l->owner = owner;
	l->t1_ms = t1_ms ? t1_ms : 500;
	l->max = max;
	txn_layer_limit(l, 0);
	for (unsigned i = 0; i < CONF_TRUNKS; i++) {
		txn_layer_limit_trunk(l, i, 0);
	}
	l->n_buckets = 1;
	while (l->n_buckets < max) {
		l->n_buckets *= 2;
	}
	l->pool = pool_new(sizeof(struct txn), max);
	l->bucket = calloc(l->n_buckets, sizeof(*l->bucket));
	l->merge = calloc(l->n_buckets, sizeof(*l->merge));
	if (!l->pool || !l->bucket || !l->merge ||
	    getrandom(l->secret, sizeof(l->secret), 0) !=
		    (ssize_t)sizeof(l->secret)) {
		txn_layer_free(l);
		errno = ENOMEM;
		return NULL;
	}
	make_ready(l);
	return l;
}

/* The last eighth of the table is for dialogs that exist. */
void txn_layer_limit(struct txn_layer *l, unsigned most)
{
	unsigned room = l->max - l->max / 8;

	l->most = most && most < room ? most : room;
}

void txn_layer_limit_trunk(struct txn_layer *l, unsigned trunk, unsigned most)
{
	unsigned room = l->max - l->max / 4;

	if (trunk < CONF_TRUNKS) {
		l->most_of_trunk[trunk] = most && most < room ? most : room;
	}
}

void txn_layer_free(struct txn_layer *l)
{
	pool_id id;

	if (!l) {
		return;
	}
	while (l->pool && (id = pool_next(l->pool, 0))) {
		txn_destroy(pool_get(l->pool, id));
	}
	pool_destroy(l->pool);
	free(l->bucket);
	free(l->merge);
	free(l);
}

const struct txn_stats *txn_layer_stats(const struct txn_layer *l)
{
	return &l->stats;
}

unsigned txn_layer_used(const struct txn_layer *l)
{
	return pool_used(l->pool);
}

/* --- one transaction --- */

bool txn_is_server(const struct txn *t)
{
	return t->kind == TXN_INVITE_SERVER || t->kind == TXN_SERVER;
}

/* Over a connection, which loses nothing. */
static bool is_reliable(const struct txn *t)
{
	return t->path.proto != SIP_UDP;
}

struct txn *txn_get(const struct txn_layer *l, txn_id id)
{
	return pool_get(l->pool, id);
}

struct txn *txn_new(struct txn_layer *l, enum txn_kind kind,
		    struct sip_msg *request)
{
	txn_id id;
	struct txn *t = pool_alloc(l->pool, &id);

	if (!t) {
		return NULL;
	}
	t->layer = l;
	t->id = id;
	t->kind = kind;
	t->request = request;
	l->stats.begun[kind]++;
	return t;
}

static void leave_absorbers(struct txn *t)
{
	struct txn_layer *l = t->layer;

	if (!t->absorbs) {
		return;
	}
	*(t->older ? &t->older->newer : &l->oldest) = t->newer;
	*(t->newer ? &t->newer->older : &l->newest) = t->older;
	t->older = t->newer = NULL;
	t->absorbs = false;
}

void txn_destroy(struct txn *t)
{
	struct txn_layer *l = t->layer;

	timer_stop(l->loop, &t->retry);
	timer_stop(l->loop, &t->life);
	leave_absorbers(t);
	txn_unlink(t);
	if (txn_is_server(t)) {
		l->of_trunk[t->path.trunk]--;
	} else {
		txn_client_forget(t);
	}
	sip_msg_free(t->request);
	free(t->wire);
	pool_free(l->pool, t->id);
}

void txn_end(struct txn *t)
{
	struct txn_user *u = t->user;

	t->state = TXN_TERMINATED;
	if (u && u->ops->on_end) {
		struct txn_layer *l = t->layer;
		txn_id id = t->id;

		t->user = NULL;
		u->ops->on_end(u, id);
		t = txn_get(l, id);
	}
	if (t) {
		txn_destroy(t);
	}
}

void txn_fail(struct txn *t, enum txn_fail why)
{
	struct txn_user *u = t->user;

	t->state = TXN_TERMINATED;
	t->layer->stats.timeouts[t->kind] += why != TXN_FAIL_TRANSPORT;
	if (u && u->ops->on_fail) {
		struct txn_layer *l = t->layer;
		txn_id id = t->id;

		t->user = NULL;
		u->ops->on_fail(u, id, why);
		t = txn_get(l, id);
	}
	if (t) {
		txn_destroy(t);
	}
}

int txn_print(struct txn_layer *l, struct txn_printed *p)
{
	int err = sip_msg_print(p->msg, &p->wire, &p->len);

	p->sent = NULL;
	if (!err && l->owner->ops->rewrite) {
		l->owner->ops->rewrite(l->owner, p);
	}
	return err;
}

int txn_store(struct txn *t, const struct sip_msg *m)
{
	struct txn_printed p = {
		.msg = m,
		.path = &t->path,
		.derived = !txn_is_server(t) && sip_msg_is(m, "CANCEL"),
	};
	int err = txn_print(t->layer, &p);

	if (err) {
		return err;
	}
	free(t->wire);
	t->wire = p.wire;
	t->wire_len = p.len;
	if (txn_is_server(t)) {
		sip_msg_free(p.sent);
	} else {
		sip_msg_free(t->u.client.sent);
		t->u.client.sent = p.sent;
	}
	return 0;
}

int txn_send(struct txn *t)
{
	struct txn_owner *o = t->layer->owner;
	int err = o->ops->send(o, &t->path, t->wire, t->wire_len);

	t->layer->stats.send_failed += err != 0;
	return err;
}

static void on_retry(struct timer *timer)
{
	struct txn *t = container_of(timer, struct txn, retry);
	int64_t cap = timer_rules[t->retry_is].cap_ms;

	if (t->retry_is == TXN_TIMER_100) {
		txn_server_trying(t);
		return;
	}
	t->layer->stats.resent[t->kind]++;
	txn_send(t);
	if (cap != NO_GROWTH && cap < t->layer->t1_ms) {
		cap = t->layer->t1_ms;
	}
	/* RFC 3261 17.1.2.2: E runs at T2 once a 1xx has come. */
	if (t->retry_ms > cap / 2 ||
	    (t->retry_is == TXN_TIMER_E && t->state == TXN_PROCEEDING)) {
		t->retry_ms = cap;
	} else {
		t->retry_ms *= 2;
	}
	timer_start(t->layer->loop, &t->retry, on_retry, t->retry_ms);
}

/* --- what only absorbs repeats gives way --- */

#define LEAST_ABSORB_MS 1000
#define ROOM_AT_ONCE	4

static void join_absorbers(struct txn *t)
{
	struct txn_layer *l = t->layer;

	leave_absorbers(t);
	t->absorbs = true;
	t->absorbs_since = loop_now(l->loop);
	t->older = l->newest;
	*(t->older ? &t->older->newer : &l->oldest) = t;
	l->newest = t;
}

void txn_absorb(struct txn *t)
{
	join_absorbers(t);
}

/* 32 s of absorbing for each of many calls a second would leave no room for the
 * next ones: then the oldest end, which have had their second. Some at a time. */
void txn_make_room(struct txn_layer *l)
{
	mono_t now = loop_now(l->loop);

	for (unsigned i = 0; i < ROOM_AT_ONCE && l->oldest &&
			     pool_used(l->pool) > l->max / 2 &&
			     mono_diff_ms(now, l->oldest->absorbs_since) >=
				     LEAST_ABSORB_MS;
	     i++) {
		l->stats.made_room++;
		txn_end(l->oldest);
	}
}

/* What only repairs the loss of a datagram. */
static bool is_for_loss(enum txn_timer timer)
{
	return timer == TXN_TIMER_A || timer == TXN_TIMER_E ||
	       timer == TXN_TIMER_G;
}

/* What only waits for datagrams that may still come. */
static bool is_for_repeats(enum txn_timer timer)
{
	return timer == TXN_TIMER_D || timer == TXN_TIMER_I ||
	       timer == TXN_TIMER_J || timer == TXN_TIMER_K;
}

void txn_retry(struct txn *t, enum txn_timer timer)
{
	if (is_reliable(t) && is_for_loss(timer)) {
		txn_stop_retry(t);
		return;
	}
	t->retry_is = timer;
	t->retry_ms = txn_timer_ms(timer, t->layer->t1_ms);
	timer_start(t->layer->loop, &t->retry, on_retry, t->retry_ms);
}

void txn_stop_retry(struct txn *t)
{
	timer_stop(t->layer->loop, &t->retry);
}

static void on_life(struct timer *timer)
{
	struct txn *t = container_of(timer, struct txn, life);

	if (txn_is_server(t)) {
		txn_server_life(t);
	} else {
		txn_client_life(t);
	}
}

void txn_life(struct txn *t, enum txn_timer timer)
{
	int64_t ms = txn_timer_ms(timer, t->layer->t1_ms);

	if (is_for_repeats(timer)) {
		ms = is_reliable(t) ? 0 : ms;
	}
	if (is_for_repeats(timer) || timer == TXN_TIMER_M) {
		join_absorbers(t);
	}
	t->life_is = timer;
	timer_start(t->layer->loop, &t->life, on_life, ms);
}

/* --- what comes in --- */

/* Responses must come back through our Via alone (RFC 3261 8.1.3.3). */
static bool is_sane(struct sip_msg *m)
{
	if (!sip_msg_is_request(m)) {
		return osip_list_size(&m->osip->vias) == 1;
	}
	return m->osip->sip_method && m->osip->req_uri && !via_stamp(m);
}

void txn_input(struct txn_layer *l, struct sip_msg *m)
{
	if (!is_sane(m)) {
		l->stats.bad++;
		sip_msg_free(m);
	} else if (sip_msg_is_request(m)) {
		txn_make_room(l);
		txn_server_request(l, m);
	} else {
		txn_client_response(l, m);
		sip_msg_free(m);
	}
}

/* --- both kinds, public --- */

int txn_attach(struct txn_layer *l, txn_id id, struct txn_user *u)
{
	struct txn *t = txn_get(l, id);

	if (!t) {
		return -ESTALE;
	}
	t->user = u;
	return 0;
}

void txn_detach(struct txn_layer *l, txn_id id)
{
	struct txn *t = txn_get(l, id);

	if (!t) {
		return;
	}
	t->user = NULL;
	if (t->kind == TXN_INVITE_CLIENT) {
		txn_cancel(l, id, NULL);
	} else if (txn_is_server(t) && t->status < 200 &&
		   !t->u.server.in_request) {
		l->stats.unanswered++;
		txn_reply(l, id, 500, NULL);
	}
}

const struct sip_msg *txn_request_of(const struct txn_layer *l, txn_id id)
{
	const struct txn *t = txn_get(l, id);

	return t ? t->request : NULL;
}

int txn_path_of(const struct txn_layer *l, txn_id id, struct sip_path *out)
{
	const struct txn *t = txn_get(l, id);

	if (!t) {
		return -ESTALE;
	}
	*out = t->path;
	return 0;
}

const char *txn_local_tag(const struct txn_layer *l, txn_id id)
{
	const struct txn *t = txn_get(l, id);
	const char *tag;

	if (!t || !txn_is_server(t)) {
		return "";
	}
	tag = t->request ? sip_msg_to_tag(t->request) : "";
	return *tag ? tag : t->u.server.tag;
}

enum txn_state txn_state_of(const struct txn_layer *l, txn_id id)
{
	const struct txn *t = txn_get(l, id);

	return t ? t->state : TXN_TERMINATED;
}

void txn_kill(struct txn_layer *l, txn_id id)
{
	struct txn *t = txn_get(l, id);

	if (t) {
		txn_destroy(t);
	}
}
