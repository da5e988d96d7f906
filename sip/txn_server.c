/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server transactions: RFC 3261 17.2 and RFC 6026 7.1.
 *
 *  INVITE:  proceeding --2xx--> accepted --L--> end (fail without ACK)
 *              |                   2XX resends until txn_acked()
 *              +--3xx-6xx--> completed --ACK--> confirmed --I--> end
 *                    G resends, H: fail
 *  others:  trying --1xx--> proceeding --final--> completed --J--> end
 */
#include "sip/txn_priv.h"

#include "sip/via.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where the answers to a request go. */
static struct sip_path way_back(const struct sip_msg *m)
{
	struct sip_path path = m->path;

	via_route(m, &path.remote);
	return path;
}

/* An answer that leaves nothing behind. */
static void reply_stateless(struct txn_layer *l, const struct sip_msg *request,
			    int status, const char *tag)
{
	struct sip_path path = way_back(request);
	struct sip_msg *m = sip_response_new(request, status, NULL, tag);
	struct txn_printed p = {.msg = m, .path = &path};

	if (!m) {
		return;
	}
	if (!txn_print(l, &p)) {
		if (l->owner->ops->send(l->owner, &path, p.wire, p.len)) {
			l->stats.send_failed++;
		}
		free(p.wire);
		sip_msg_free(p.sent);
	}
	sip_msg_free(m);
}

/* --- ACK and CANCEL --- */

static struct txn *find_invite(struct txn_layer *l, const struct sip_msg *m)
{
	struct txn_key key;

	txn_key_server(l, m, "INVITE", &key);
	return txn_find(l, &key, true);
}

/* Without a unique branch the To tag tells an ACK of ours from another's. */
static bool ack_fits(const struct txn *t, const struct sip_msg *m)
{
	size_t cookie = strlen(SIP_COOKIE);

	return !strncasecmp(sip_msg_branch(m), SIP_COOKIE, cookie) ||
	       !strcmp(sip_msg_to_tag(m), txn_local_tag(t->layer, t->id));
}

static void on_ack(struct txn_layer *l, const struct sip_msg *m)
{
	struct txn *t = find_invite(l, m);

	if (t && ack_fits(t, m) && t->state == TXN_COMPLETED) {
		t->state = TXN_CONFIRMED;
		txn_stop_retry(t);
		txn_life(t, TXN_TIMER_I);
	} else if (t && ack_fits(t, m) && t->state == TXN_CONFIRMED) {
		l->stats.absorbed[t->kind]++;
	} else if (t && t->state == TXN_PROCEEDING) {
		l->stats.stray_acks++;
	} else if (l->owner->ops->on_ack) {
		l->owner->ops->on_ack(l->owner, m);
	}
}

static void on_cancel(struct txn_layer *l, const struct sip_msg *m)
{
	struct txn *t = find_invite(l, m);

	if (!t || t->kind != TXN_INVITE_SERVER) {
		l->stats.stray_cancels++;
		reply_stateless(l, m, 481, NULL);
		return;
	}
	reply_stateless(l, m, 200, txn_local_tag(l, t->id));
	if (t->state != TXN_PROCEEDING) {
		return; /* RFC 3261 9.2: too late, no effect */
	}
	if (t->user && t->user->ops->on_cancel) {
		t->user->ops->on_cancel(t->user, t->id, m);
	} else {
		txn_reply(l, t->id, 487, NULL);
	}
}

/* --- repeats --- */

static void repeated(struct txn *t)
{
	t->layer->stats.absorbed[t->kind]++;
	if (t->state == TXN_CONFIRMED || t->state == TXN_ACCEPTED) {
		return;
	}
	if (t->wire) {
		txn_send(t);
	} else if (t->kind == TXN_INVITE_SERVER) {
		txn_server_trying(t);
	}
}

/* The same request once more by another way (RFC 3261 8.2.2.2)? Not one that
 * was refused: the peer may try again with the same CSeq. */
static bool is_merged(struct txn_layer *l, const struct sip_msg *m,
		      struct txn_key *key)
{
	const struct txn *t;

	txn_key_merge(l, m, key);
	t = txn_merge_find(l, key);
	return t && t->status < 300;
}

/* --- new ones --- */

void txn_server_trying(struct txn *t)
{
	struct sip_msg *m = sip_response_new(t->request, 100, NULL, NULL);

	if (m) {
		txn_respond(t->layer, t->id, m);
	}
}

/* After the final response only its octets are of use, for 32 s to come. */
static void drop_request(struct txn *t)
{
	if (t->status >= 200 && !t->u.server.in_request) {
		sip_msg_free(t->request);
		t->request = NULL;
	}
}

static void hand_up(struct txn *t)
{
	struct txn_layer *l = t->layer;
	txn_id id = t->id;

	t->u.server.in_request = true;
	if (l->owner->ops->on_request) {
		l->owner->ops->on_request(l->owner, id, t->request);
	}
	t = txn_get(l, id);
	if (!t) {
		return;
	}
	t->u.server.in_request = false;
	drop_request(t);
	if (!t->user && t->status < 200) {
		l->stats.unanswered++;
		txn_reply(l, id, 500, NULL);
	}
}

static struct txn *server_new(struct txn_layer *l, struct sip_msg *m,
			      const struct txn_key *key)
{
	bool invite = sip_msg_is(m, "INVITE");
	struct txn *t = txn_new(l, invite ? TXN_INVITE_SERVER : TXN_SERVER, m);

	if (!t) {
		l->stats.refused_full++;
		return NULL;
	}
	t->key = *key;
	t->path = way_back(m);
	l->of_trunk[t->path.trunk]++;
	t->state = invite ? TXN_PROCEEDING : TXN_TRYING;
	sip_token(t->u.server.tag);
	txn_link(t);
	return t;
}

int txn_resume_server(struct txn_layer *l, struct sip_msg *m, txn_id *id)
{
	struct txn_key key;
	struct txn *t;
	int err = 0;

	txn_key_server(l, m, "INVITE", &key);
	if (txn_find(l, &key, true)) {
		err = -EEXIST;
	} else {
		t = server_new(l, m, &key);
		err = t ? 0 : -ENOBUFS;
	}
	if (err) {
		sip_msg_free(m);
	} else {
		*id = t->id;
	}
	return err;
}

static void begin(struct txn_layer *l, struct sip_msg *m,
		  const struct txn_key *key, const struct txn_key *merge)
{
	bool invite = sip_msg_is(m, "INVITE");
	struct txn *t = server_new(l, m, key);

	if (!t) {
		reply_stateless(l, m, 503, NULL);
		sip_msg_free(m);
		return;
	}
	if (merge) {
		t->u.server.merge = *merge;
		txn_merge_link(t);
	}
	if (invite) {
		txn_retry(t, TXN_TIMER_100);
	} else {
		txn_life(t, TXN_TIMER_USER);
	}
	hand_up(t);
}

static bool is_crowded(const struct txn_layer *l, unsigned trunk)
{
	return pool_used(l->pool) >= l->most ||
	       l->of_trunk[trunk] >= l->most_of_trunk[trunk];
}

/* Who asks may leave the message alone, and then nothing else would make room
 * for the next one. */
bool txn_is_crowded(struct txn_layer *l, unsigned trunk)
{
	if (is_crowded(l, trunk)) {
		txn_make_room(l);
	}
	return is_crowded(l, trunk);
}

bool txn_trunk_is_full(const struct txn_layer *l, unsigned trunk)
{
	return l->of_trunk[trunk] >= l->most_of_trunk[trunk];
}

static void on_request(struct txn_layer *l, struct sip_msg *m)
{
	bool outside = !*sip_msg_to_tag(m);
	struct txn_key key, merge;
	struct txn *t;

	txn_key_server(l, m, sip_msg_method(m), &key);
	t = txn_find(l, &key, true);
	if (t) {
		repeated(t);
	} else if (outside && is_merged(l, m, &merge)) {
		l->stats.merged++;
		reply_stateless(l, m, 482, NULL);
	} else if (outside && !m->urgent &&
		   txn_is_crowded(l, m->path.trunk)) {
		l->stats.refused_full++;
		reply_stateless(l, m, 503, NULL);
	} else {
		begin(l, m, &key, outside ? &merge : NULL);
		return;
	}
	sip_msg_free(m);
}

void txn_server_request(struct txn_layer *l, struct sip_msg *m)
{
	if (sip_msg_is(m, "ACK")) {
		on_ack(l, m);
		sip_msg_free(m);
	} else if (sip_msg_is(m, "CANCEL")) {
		on_cancel(l, m);
		sip_msg_free(m);
	} else {
		on_request(l, m);
	}
}

/* --- answering --- */

static void provisional_sent(struct txn *t)
{
	t->state = TXN_PROCEEDING;
	txn_stop_retry(t);
	if (t->kind == TXN_INVITE_SERVER && t->status > 100) {
		txn_retry(t, TXN_TIMER_1XX);
	}
}

static void final_sent(struct txn *t)
{
	txn_stop_retry(t);
	t->state = TXN_COMPLETED;
	if (t->kind == TXN_SERVER) {
		txn_life(t, TXN_TIMER_J);
	} else if (t->status < 300) {
		t->state = TXN_ACCEPTED;
		txn_retry(t, TXN_TIMER_2XX);
		txn_life(t, TXN_TIMER_L);
	} else {
		txn_retry(t, TXN_TIMER_G);
		txn_life(t, TXN_TIMER_H);
	}
	drop_request(t);
}

struct txn_octets txn_answer_of(const struct txn_layer *l, txn_id id)
{
	const struct txn *t = txn_get(l, id);

	if (!t || !txn_is_server(t)) {
		return (struct txn_octets){NULL, 0};
	}
	return (struct txn_octets){t->wire, t->wire_len};
}

static int copy_wire(struct txn *t, const struct txn_octets *o)
{
	t->wire = malloc(o->len + 1);
	if (!t->wire) {
		return -ENOBUFS;
	}
	memcpy(t->wire, o->text, o->len);
	t->wire[o->len] = '\0';
	t->wire_len = o->len;
	return 0;
}

int txn_resume_answered(struct txn_layer *l, struct txn_user *user,
			const struct txn_octets *o,
			const struct sip_path *path, txn_id *id)
{
	struct sip_msg *m = sip_msg_from_text(o->text, o->len);
	struct txn *t;
	int err;

	if (!m || sip_msg_is_request(m) || sip_msg_status(m) < 200 ||
	    sip_msg_status(m) > 299 || !sip_msg_is(m, "INVITE")) {
		sip_msg_free(m);
		return -EBADMSG;
	}
	m->path = *path;
	err = txn_resume_server(l, m, id);
	if (err) {
		return err;
	}
	t = txn_get(l, *id);
	err = copy_wire(t, o);
	if (err) {
		txn_destroy(t);
		return err;
	}
	t->user = user;
	t->status = sip_msg_status(m);
	snprintf(t->u.server.tag, sizeof(t->u.server.tag), "%s",
		 sip_msg_to_tag(m));
	txn_send(t);
	final_sent(t);
	return 0;
}

int txn_respond(struct txn_layer *l, txn_id id, struct sip_msg *m)
{
	struct txn *t = txn_get(l, id);
	int status = sip_msg_status(m);
	int err = 0;

	if (!t || t->state == TXN_TERMINATED) {
		err = -ESTALE;
	} else if (!txn_is_server(t) || status < 100 || status > 699) {
		err = -EINVAL;
	} else if (t->state != TXN_TRYING && t->state != TXN_PROCEEDING) {
		err = -EALREADY;
	} else {
		err = txn_store(t, m);
	}
	sip_msg_free(m);
	if (err) {
		return err;
	}
	t->status = status;
	txn_send(t); /* a failure is like a loss: it is sent again */
	if (status < 200) {
		provisional_sent(t);
	} else {
		final_sent(t);
	}
	return 0;
}

int txn_reply(struct txn_layer *l, txn_id id, int status, const char *reason)
{
	struct txn *t = txn_get(l, id);
	struct sip_msg *m;

	if (!t || !txn_is_server(t)) {
		return -ESTALE;
	}
	if (!t->request) {
		return -EALREADY;
	}
	m = sip_response_new(t->request, status, reason, txn_local_tag(l, id));
	return m ? txn_respond(l, id, m) : -ENOMEM;
}

int txn_repeat(struct txn_layer *l, txn_id id)
{
	struct txn *t = txn_get(l, id);

	if (!t || !txn_is_server(t) || !t->wire)
		return -ESTALE;
	if (t->state != TXN_PROCEEDING)
		return -EALREADY;
	l->stats.resent[t->kind]++;
	txn_send(t);
	return 0;
}

void txn_acked(struct txn_layer *l, txn_id id)
{
	struct txn *t = txn_get(l, id);

	if (t && t->kind == TXN_INVITE_SERVER && t->state == TXN_ACCEPTED) {
		t->u.server.acked = true;
		txn_stop_retry(t);
		txn_absorb(t);
	}
}

void txn_server_life(struct txn *t)
{
	switch (t->life_is) {
	case TXN_TIMER_H:
		txn_fail(t, TXN_FAIL_NO_ACK);
		return;
	case TXN_TIMER_L:
		if (t->u.server.acked) {
			txn_end(t);
		} else {
			txn_fail(t, TXN_FAIL_NO_ACK);
		}
		return;
	case TXN_TIMER_USER:
		t->layer->stats.unanswered++;
		txn_reply(t->layer, t->id, 500, NULL);
		return;
	default: /* I, J */
		txn_end(t);
		return;
	}
}
