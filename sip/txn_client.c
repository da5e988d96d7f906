/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client transactions: RFC 3261 17.1 and RFC 6026 7.2.
 *
 *  INVITE:  calling --1xx--> proceeding --2xx--> accepted --M--> end
 *              |  A resends      |
 *              +--B: fail        +--3xx-6xx, ACK--> completed --D--> end
 *  others:  trying --1xx--> proceeding --final--> completed --K--> end
 *              E resends, F: fail
 */
#include "sip/txn_priv.h"

#include "sip/msg_priv.h"
#include "sip/via.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_branch(char out[SIP_BRANCH_MAX])
{
	char token[SIP_TAG_LEN];

	sip_token(token);
	snprintf(out, SIP_BRANCH_MAX, SIP_COOKIE "%s", token);
}

void txn_client_forget(struct txn *t)
{
	struct txn_client *c = &t->u.client;

	for (unsigned i = 0; i < c->n_acks; i++) {
		free(c->ack[i].to_tag);
		free(c->ack[i].wire);
	}
	c->n_acks = 0;
	free(c->reason);
	c->reason = NULL;
	sip_msg_free(c->sent);
	c->sent = NULL;
}

/* --- sending a request --- */

/* Puts our Via on, with a fresh branch. */
static int put_via(struct txn_layer *l, struct sip_msg *m,
		   const struct sip_path *path)
{
	char branch[SIP_BRANCH_MAX];
	struct net_addr local;

	make_branch(branch);
	l->owner->ops->local(l->owner, path, &local);
	return via_set(m, path->proto, &local, branch);
}

/* The same request by another transport: its Via says which. */
static int change_proto(struct txn *t, enum sip_proto proto)
{
	struct txn_layer *l = t->layer;
	char branch[SIP_BRANCH_MAX];
	struct net_addr local;
	int err;

	snprintf(branch, sizeof(branch), "%s", sip_msg_branch(t->request));
	t->path.proto = (uint8_t)proto;
	t->path.flow = 0;
	l->owner->ops->local(l->owner, &t->path, &local);
	err = via_set(t->request, proto, &local, branch);
	return err ? err : txn_store(t, t->request);
}

static int print_request(struct txn *t)
{
	struct txn_owner *o = t->layer->owner;
	int err = txn_store(t, t->request);
	unsigned max;

	if (err || t->path.proto != SIP_UDP || !o->ops->udp_max) {
		return err;
	}
	max = o->ops->udp_max(o, &t->path);
	if (!max || t->wire_len <= max) {
		return 0;
	}
	t->u.client.was_udp = true;
	return change_proto(t, SIP_TCP);
}

static void send_request(struct txn *t)
{
	bool invite = t->kind == TXN_INVITE_CLIENT;
	int err = txn_send(t);

	if (err && err != -ENOBUFS) { /* a full socket is like a loss */
		txn_life(t, TXN_TIMER_TRANSPORT);
		return;
	}
	txn_retry(t, invite ? TXN_TIMER_A : TXN_TIMER_E);
	txn_life(t, invite ? TXN_TIMER_B : TXN_TIMER_F);
}

/* A request whose Via stands. */
static int start(struct txn_layer *l, struct txn_user *user,
		 struct sip_msg *m, const struct sip_path *path, txn_id *id)
{
	bool invite = sip_msg_is(m, "INVITE");
	struct txn *t = txn_new(l, invite ? TXN_INVITE_CLIENT : TXN_CLIENT, m);
	int err;

	if (!t) {
		l->stats.refused_full++;
		sip_msg_free(m);
		return -ENOBUFS;
	}
	t->user = user;
	t->path = *path;
	t->state = invite ? TXN_CALLING : TXN_TRYING;
	txn_key_client(l, m, &t->key);
	txn_link(t);
	err = print_request(t);
	if (err) {
		txn_destroy(t);
		return err;
	}
	*id = t->id;
	send_request(t);
	return 0;
}

/* TCP was only tried for its length (18.1.1): now by UDP after all. */
static bool back_to_udp(struct txn *t)
{
	if (!t->u.client.was_udp || t->path.proto == SIP_UDP ||
	    change_proto(t, SIP_UDP)) {
		return false;
	}
	send_request(t);
	return true;
}

int txn_request(struct txn_layer *l, struct txn_user *user, struct sip_msg *m,
		const struct sip_path *path, txn_id *id)
{
	int err = 0;

	*id = 0;
	if (!sip_msg_is_request(m) || sip_msg_is(m, "ACK")) {
		err = -EINVAL;
	}
	if (!err) {
		err = put_via(l, m, path);
	}
	if (err) {
		sip_msg_free(m);
		return err;
	}
	return start(l, user, m, path, id);
}

int txn_resume_client(struct txn_layer *l, struct txn_user *user,
		      struct sip_msg *m, const struct sip_path *path,
		      txn_id *id)
{
	struct txn *t = txn_new(l, TXN_INVITE_CLIENT, m);

	if (!t) {
		l->stats.refused_full++;
		sip_msg_free(m);
		return -ENOBUFS;
	}
	t->user = user;
	t->path = *path;
	t->state = TXN_PROCEEDING;
	txn_key_client(l, m, &t->key);
	txn_link(t);
	*id = t->id;
	return 0;
}

/* --- ACK and CANCEL, made from the INVITE (RFC 3261 17.1.1.3, 9.1) --- */

static int clone_route(void *from, void **to)
{
	osip_route_t *copy = NULL;
	int err = osip_route_clone(from, &copy);

	*to = copy;
	return err;
}

static int clone_parts(osip_message_t *to, const osip_message_t *invite,
		       const osip_to_t *party, const char *method)
{
	osip_via_t *via = NULL;

	to->sip_method = osip_strdup(method);
	to->sip_version = osip_strdup("SIP/2.0");
	if (!to->sip_method || !to->sip_version ||
	    osip_uri_clone(invite->req_uri, &to->req_uri) ||
	    osip_from_clone(invite->from, &to->from) ||
	    osip_to_clone(party, &to->to) ||
	    osip_call_id_clone(invite->call_id, &to->call_id) ||
	    osip_cseq_clone(invite->cseq, &to->cseq) ||
	    osip_list_clone(&invite->routes, &to->routes, clone_route) ||
	    osip_via_clone(osip_list_get(&invite->vias, 0), &via)) {
		return -ENOMEM;
	}
	osip_list_add(&to->vias, via, -1);
	osip_free(to->cseq->method);
	to->cseq->method = osip_strdup(method);
	return to->cseq->method ? 0 : -ENOMEM;
}

static const struct sip_msg *sent_of(const struct txn *t)
{
	return t->u.client.sent ? t->u.client.sent : t->request;
}

/* party: To of the response for an ACK, of the request for a CANCEL. */
static struct sip_msg *like_invite(const struct txn *t, const char *method,
				   const osip_to_t *party)
{
	struct sip_msg *m = calloc(1, sizeof(*m));

	if (!m || osip_message_init(&m->osip)) {
		free(m);
		return NULL;
	}
	if (clone_parts(m->osip, sent_of(t)->osip, party, method) ||
	    sip_msg_set_call_id(m) || sip_msg_add(m, "Max-Forwards", "70")) {
		sip_msg_free(m);
		return NULL;
	}
	return m;
}

/* Remembers an ACK and sends it. Takes wire. */
static void keep_ack(struct txn *t, const char *to_tag, char *wire, size_t len,
		     const struct sip_path *path)
{
	struct txn_client *c = &t->u.client;
	struct txn_ack *a;

	if (c->n_acks == TXN_ACKS) {
		free(wire);
		return;
	}
	a = &c->ack[c->n_acks];
	a->to_tag = strdup(to_tag);
	if (!a->to_tag) {
		free(wire);
		return;
	}
	a->wire = wire;
	a->len = len;
	a->path = *path;
	c->n_acks++;
}

static void send_raw(struct txn_layer *l, const struct sip_path *path,
		     const char *wire, size_t len)
{
	struct sip_path to = *path;

	if (l->owner->ops->send(l->owner, &to, wire, len)) {
		l->stats.send_failed++;
	}
}

static void ack_non_2xx(struct txn *t, const struct sip_msg *response)
{
	struct sip_msg *m = like_invite(t, "ACK", response->osip->to);
	struct txn_printed p = {.msg = m, .path = &t->path, .derived = true};

	if (!m) {
		return;
	}
	if (!txn_print(t->layer, &p)) {
		send_raw(t->layer, &t->path, p.wire, p.len);
		keep_ack(t, "", p.wire, p.len, &t->path);
		sip_msg_free(p.sent);
	}
	sip_msg_free(m);
}

static bool repeat_ack(struct txn *t, const char *to_tag)
{
	struct txn_client *c = &t->u.client;

	for (unsigned i = 0; i < c->n_acks; i++) {
		if (!strcmp(c->ack[i].to_tag, to_tag)) {
			send_raw(t->layer, &c->ack[i].path, c->ack[i].wire,
				 c->ack[i].len);
			return true;
		}
	}
	return false;
}

int txn_ack(struct txn_layer *l, txn_id invite, struct sip_msg *m,
	    const struct sip_path *path)
{
	struct txn *t = txn_get(l, invite);
	struct txn_printed p = {.msg = m, .path = path};
	int err = put_via(l, m, path);

	if (!err) {
		err = txn_print(l, &p);
	}
	if (!err) {
		send_raw(l, path, p.wire, p.len);
		sip_msg_free(p.sent);
		if (t && t->kind == TXN_INVITE_CLIENT &&
		    t->state == TXN_ACCEPTED) {
			keep_ack(t, sip_msg_to_tag(m), p.wire, p.len, path);
		} else {
			free(p.wire);
		}
	}
	sip_msg_free(m);
	return err;
}

static void send_cancel(struct txn *t)
{
	struct txn_client *c = &t->u.client;
	struct sip_msg *m = like_invite(t, "CANCEL", sent_of(t)->osip->to);
	txn_id id;

	c->cancel_sent = true;
	txn_life(t, TXN_TIMER_CANCEL);
	if (!m) {
		return;
	}
	if (c->reason) {
		sip_msg_add(m, "Reason", c->reason);
	}
	/* Nobody waits for its answer: the INVITE's final response counts. */
	start(t->layer, NULL, m, &t->path, &id);
}

int txn_cancel(struct txn_layer *l, txn_id invite, const char *reason)
{
	struct txn *t = txn_get(l, invite);
	struct txn_client *c;

	if (!t || t->kind != TXN_INVITE_CLIENT) {
		return -ESTALE;
	}
	if (t->state != TXN_CALLING && t->state != TXN_PROCEEDING) {
		return -EALREADY;
	}
	c = &t->u.client;
	if (c->cancel) {
		return 0;
	}
	c->cancel = true;
	c->reason = reason ? strdup(reason) : NULL;
	if (t->state == TXN_PROCEEDING) {
		send_cancel(t);
	}
	return 0;
}

/* --- responses --- */

static void tell(struct txn *t, const struct sip_msg *m)
{
	if (t->user && t->user->ops->on_response) {
		t->user->ops->on_response(t->user, t->id, m);
	}
}

static void invite_provisional(struct txn *t, const struct sip_msg *m)
{
	bool first = t->state == TXN_CALLING;
	struct txn_layer *l = t->layer;
	txn_id id = t->id;

	t->state = TXN_PROCEEDING;
	if (first) {
		txn_stop_retry(t);
		timer_stop(l->loop, &t->life);
	}
	tell(t, m);
	t = txn_get(l, id);
	if (t && t->state == TXN_PROCEEDING && t->u.client.cancel &&
	    !t->u.client.cancel_sent) {
		send_cancel(t);
	}
}

static void invite_final(struct txn *t, const struct sip_msg *m)
{
	txn_stop_retry(t);
	if (t->status < 300) {
		t->state = TXN_ACCEPTED;
		txn_life(t, TXN_TIMER_M);
	} else {
		t->state = TXN_COMPLETED;
		ack_non_2xx(t, m);
		txn_life(t, TXN_TIMER_D);
	}
	tell(t, m);
}

static void invite_response(struct txn *t, const struct sip_msg *m, int status)
{
	struct txn_stats *s = &t->layer->stats;

	switch (t->state) {
	case TXN_CALLING:
	case TXN_PROCEEDING:
		t->status = status;
		if (status < 200) {
			invite_provisional(t, m);
		} else {
			invite_final(t, m);
		}
		return;
	case TXN_COMPLETED:
		s->absorbed[t->kind]++;
		if (status >= 300) {
			repeat_ack(t, "");
		}
		return;
	case TXN_ACCEPTED:
		if (status >= 200 && status < 300 &&
		    !repeat_ack(t, sip_msg_to_tag(m))) {
			tell(t, m);
			return;
		}
		s->absorbed[t->kind]++;
		return;
	default:
		s->bad++;
		return;
	}
}

static void other_response(struct txn *t, const struct sip_msg *m, int status)
{
	if (t->state != TXN_TRYING && t->state != TXN_PROCEEDING) {
		t->layer->stats.absorbed[t->kind]++;
		return;
	}
	t->status = status;
	if (status >= 200) {
		txn_stop_retry(t);
		t->state = TXN_COMPLETED;
		txn_life(t, TXN_TIMER_K);
	} else if (t->state == TXN_TRYING) {
		t->state = TXN_PROCEEDING;
	}
	tell(t, m);
}

/* Branch and method are right; what else our request fixed must be too. */
static bool answers(const struct txn *t, const struct sip_msg *m)
{
	return sip_msg_cseq(m) == sip_msg_cseq(t->request) &&
	       !strcmp(sip_msg_call_id(m), sip_msg_call_id(t->request)) &&
	       !strcmp(sip_msg_from_tag(m), sip_msg_from_tag(t->request));
}

int txn_trunk_of(const struct txn_layer *l, const struct sip_msg *m)
{
	struct txn_key key;
	const struct txn *t;

	txn_key_client(l, m, &key);
	t = txn_find(l, &key, false);
	return t ? t->path.trunk : -1;
}

const struct sip_msg *txn_sent_of(const struct txn_layer *l, txn_id id)
{
	const struct txn *t = txn_get(l, id);

	return !t || txn_is_server(t) ? NULL : sent_of(t);
}

static void stray(struct txn_layer *l, const struct sip_msg *m)
{
	int status = sip_msg_status(m);

	l->stats.stray_responses++;
	if (status >= 200 && status < 300 && sip_msg_is(m, "INVITE") &&
	    l->owner->ops->on_stray_2xx) {
		l->owner->ops->on_stray_2xx(l->owner, m);
	}
}

void txn_client_response(struct txn_layer *l, const struct sip_msg *m)
{
	struct txn_key key;
	struct txn *t;

	txn_key_client(l, m, &key);
	t = txn_find(l, &key, false);
	if (!t || t->state == TXN_TERMINATED ||
	    !(m->trunks >> t->path.trunk & 1)) {
		stray(l, m);
	} else if (!answers(t, m)) {
		l->stats.bad++;
	} else if (t->kind == TXN_INVITE_CLIENT) {
		invite_response(t, m, sip_msg_status(m));
	} else {
		other_response(t, m, sip_msg_status(m));
	}
}

void txn_client_life(struct txn *t)
{
	switch (t->life_is) {
	case TXN_TIMER_TRANSPORT:
		if (!back_to_udp(t)) {
			txn_fail(t, TXN_FAIL_TRANSPORT);
		}
		return;
	case TXN_TIMER_B:
	case TXN_TIMER_F:
	case TXN_TIMER_CANCEL:
		txn_fail(t, TXN_FAIL_TIMEOUT);
		return;
	default: /* D, K, M */
		txn_end(t);
		return;
	}
}

/* Ours, and nothing came back for it. */
static bool is_unanswered(const struct txn *t)
{
	return !txn_is_server(t) &&
	       (t->state == TXN_CALLING || t->state == TXN_TRYING);
}

static void give_up(struct txn *t)
{
	txn_stop_retry(t);
	txn_life(t, TXN_TIMER_TRANSPORT);
}

void txn_unreachable(struct txn_layer *l, const struct sip_path *to)
{
	for (pool_id id = pool_next(l->pool, 0); id;
	     id = pool_next(l->pool, id)) {
		struct txn *t = txn_get(l, id);

		if (is_unanswered(t) && t->path.bind == to->bind &&
		    t->path.proto == to->proto &&
		    net_addr_eq(&t->path.remote, &to->remote)) {
			give_up(t);
		}
	}
}

void txn_flow_down(struct txn_layer *l, uint32_t flow)
{
	for (pool_id id = pool_next(l->pool, 0); id;
	     id = pool_next(l->pool, id)) {
		struct txn *t = txn_get(l, id);

		if (is_unanswered(t) && t->path.flow == flow) {
			give_up(t);
		}
	}
}
