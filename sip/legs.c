/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/legs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/check.h"

#define BUCKETS 4096 /* a power of two */

struct legs {
	struct legs_env env;
	struct pool *pool;
	struct leg *by_id[BUCKETS];  /* those the core knows */
	struct leg *by_tag[BUCKETS]; /* all with a dialog */
	uint32_t last_id;
	unsigned known; /* in by_id */
	bool draining;
	uint16_t n_emergency;
	char emergency[CONF_EMERGENCY][CONF_NUMBER];
};

static const struct txn_user_ops leg_user_ops;

/*
 * Calls placed stay for 32 s after their end (LEG_OVER). Those of 20 calls a
 * second are touched at the start, so that load does not look like a leak.
 */
#define LEGS_READY 704

struct legs *sip_legs_new(struct loop *loop, struct sip_stack *stack,
			  const struct conf_for_sip *conf, struct link *core)
{
	struct legs *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->pool = pool_new(sizeof(struct leg), SIP_LEGS);
	if (!t->pool) {
		free(t);
		return NULL;
	}
	pool_touch(t->pool, LEGS_READY);
	/* Legs of an earlier process that live on have ids, too. */
	(void)!getrandom(&t->last_id, sizeof(t->last_id), 0);
	t->env.legs = t;
	t->env.loop = loop;
	t->env.stack = stack;
	t->env.core = core;
	sip_legs_reload(t, conf);
	return t;
}

void sip_legs_reload(struct legs *t, const struct conf_for_sip *conf)
{
	t->env.conf = conf->sip;
	t->n_emergency = conf->n_emergency;
	memcpy(t->emergency, conf->emergency, sizeof(t->emergency));
}

void sip_legs_drain(struct legs *t)
{
	t->draining = true;
}

struct legs_env *sip_legs_env(struct legs *t)
{
	return &t->env;
}

const struct legs_stats *sip_legs_stats(const struct legs *t)
{
	return &t->env.stats;
}

unsigned sip_legs_active(const struct legs *t)
{
	return t->known;
}

/* --- the two tables --- */

static unsigned id_bucket(leg_id id)
{
	return (id * 2654435761u) >> 20 & (BUCKETS - 1);
}

/* Local tags are our own random characters. */
static unsigned tag_bucket(const char *tag)
{
	uint32_t h = 2166136261u;

	for (; *tag; tag++)
		h = (h ^ (uint8_t)*tag) * 16777619u;
	return (h ^ h >> 15) & (BUCKETS - 1);
}

static struct leg *find_id(const struct legs *t, leg_id id)
{
	struct leg *l = t->by_id[id_bucket(id)];

	while (l && l->id != id)
		l = l->in.next_id;
	return l;
}

struct leg *sip_legs_by_id(const struct legs *t, leg_id id)
{
	return id ? find_id(t, id) : NULL;
}

bool sip_legs_has_id(const struct legs *t, leg_id id)
{
	return find_id(t, id) != NULL;
}

static void add_id(struct legs *t, struct leg *l)
{
	struct leg **head = &t->by_id[id_bucket(l->id)];

	l->in.next_id = *head;
	*head = l;
	t->known++;
}

void sip_legs_forget_id(struct legs *t, struct leg *l)
{
	struct leg **p = &t->by_id[id_bucket(l->id)];

	while (*p && *p != l)
		p = &(*p)->in.next_id;
	if (!*p)
		return;
	*p = l->in.next_id;
	t->known--;
}

void sip_legs_add_tag(struct legs *t, struct leg *l)
{
	struct leg **head = &t->by_tag[tag_bucket(l->dialog.local_tag)];

	l->in.next_tag = *head;
	*head = l;
}

static void forget_tag(struct legs *t, struct leg *l)
{
	struct leg **p = &t->by_tag[tag_bucket(l->dialog.local_tag)];

	while (*p && *p != l)
		p = &(*p)->in.next_tag;
	if (*p)
		*p = l->in.next_tag;
}

/* A UAC leg without 2xx has no remote tag yet, but early dialogs. */
static bool is_early(const struct leg *l, const struct sip_msg *m)
{
	const struct sip_dialog *d = &l->dialog;

	return l->uac && !d->remote_tag[0] &&
	       strcmp(d->local_tag, sip_msg_to_tag(m)) == 0 &&
	       strcmp(d->call_id, sip_msg_call_id(m)) == 0 &&
	       (m->trunks >> d->path.trunk & 1) &&
	       sip_rel_is_fork(l, sip_msg_from_tag(m));
}

/* The dialog of a request. */
static struct leg *find_dialog(const struct legs *t, const struct sip_msg *m)
{
	struct leg *l = t->by_tag[tag_bucket(sip_msg_to_tag(m))];

	while (l && !sip_dialog_has(&l->dialog, m) && !is_early(l, m))
		l = l->in.next_tag;
	return l;
}

struct leg *sip_legs_find_peer(const struct legs *t, const struct sip_msg *m)
{
	struct leg *l = t->by_tag[tag_bucket(sip_msg_from_tag(m))];

	while (l && !sip_dialog_is_answered(&l->dialog, m))
		l = l->in.next_tag;
	return l;
}

int sip_legs_trunk_of(const struct legs *t, const struct sip_msg *m)
{
	const struct leg *l = find_dialog(t, m);

	return l ? l->trunk : -1;
}

static bool is_replaced(const struct leg *l, const struct sip_replaces *r)
{
	const struct sip_dialog *d = &l->dialog;

	return strcmp(d->local_tag, r->to_tag) == 0 &&
	       strcmp(d->call_id, r->call_id) == 0 &&
	       (d->remote_tag[0] ? strcmp(d->remote_tag, r->from_tag) == 0
				 : sip_rel_is_fork(l, r->from_tag));
}

struct leg *sip_legs_find_replaced(const struct legs *t,
				   const struct sip_replaces *r)
{
	struct leg *l = t->by_tag[tag_bucket(r->to_tag)];

	while (l && !is_replaced(l, r))
		l = l->in.next_tag;
	return l;
}

bool sip_legs_has_dialog(const struct legs *t, const struct sip_dialog *d)
{
	const struct leg *l = t->by_tag[tag_bucket(d->local_tag)];

	while (l && (strcmp(l->dialog.local_tag, d->local_tag) != 0 ||
		     strcmp(l->dialog.call_id, d->call_id) != 0))
		l = l->in.next_tag;
	return l != NULL;
}

/* --- life --- */

leg_id sip_legs_new_id(struct legs *t)
{
	do {
		t->last_id = (t->last_id + 1) & ~CC_LEG_CORE;
	} while (t->last_id == 0 || find_id(t, t->last_id));
	return t->last_id;
}

static struct leg *leg_take(struct legs *t, leg_id id, uint8_t trunk)
{
	pool_id self;
	struct leg *l = pool_alloc(t->pool, &self);

	if (!l) {
		t->env.stats.refused_full++;
		return NULL;
	}
	l->user.ops = &leg_user_ops;
	l->legs = t;
	l->in.self = self;
	l->id = id;
	l->trunk = trunk;
	l->uac = (id & CC_LEG_CORE) != 0;
	return l;
}

struct leg *sip_legs_orphan(struct legs *t, leg_id id, uint8_t trunk)
{
	struct leg *l = leg_take(t, id, trunk);

	if (l)
		l->released = true;
	return l;
}

struct leg *sip_legs_adopt(struct legs *t, leg_id id, uint8_t trunk)
{
	struct leg *l = find_id(t, id) ? NULL : leg_take(t, id, trunk);

	if (!l)
		return NULL;
	add_id(t, l);
	trunk_call_kept(sip_stack_trunks(t->env.stack), trunk);
	return l;
}

static struct leg *leg_new(struct legs *t, leg_id id, uint8_t trunk)
{
	struct leg *l = leg_take(t, id, trunk);

	if (!l)
		return NULL;
	add_id(t, l);
	t->env.stats.begun[l->uac]++;
	return l;
}

static void leg_free(struct leg *l)
{
	struct legs *t = l->legs;
	struct txn_layer *txns = sip_stack_txns(t->env.stack);

	timer_stop(t->env.loop, &l->timer);
	loop_defer_cancel(t->env.loop, &l->end);
	txn_detach(txns, l->inv.id);
	txn_detach(txns, l->again.client);
	txn_detach(txns, l->again.server);
	txn_detach(txns, l->bye.id);
	sip_rel_stop(l);
	sip_rel_forget(l);
	sip_refer_free(l);
	sip_se_stop(l);
	sip_legs_forget_id(t, l);
	forget_tag(t, l);
	pool_free(t->pool, l->in.self);
}

static void on_end(struct defer *d)
{
	leg_free(container_of(d, struct leg, end));
}

void sip_legs_end(struct legs *t, struct leg *l)
{
	loop_defer(t->env.loop, &l->end, on_end);
}

void sip_legs_free(struct legs *t)
{
	pool_id id, next;

	if (!t)
		return;
	timer_stop(t->env.loop, &t->env.guard);
	for (id = pool_next(t->pool, 0); id; id = next) {
		next = pool_next(t->pool, id);
		leg_free(pool_get(t->pool, id));
	}
	pool_destroy(t->pool);
	free(t);
}

bool sip_legs_is_idle(const struct legs *t)
{
	pool_id id;

	for (id = pool_next(t->pool, 0); id; id = pool_next(t->pool, id)) {
		const struct leg *l = pool_get(t->pool, id);

		if (l->state != LEG_OVER)
			return false;
	}
	return true;
}

void sip_legs_each(struct legs *t, void (*what)(struct leg *))
{
	struct leg *l, *next;
	unsigned i;

	for (i = 0; i < BUCKETS; i++) {
		for (l = t->by_id[i]; l; l = next) {
			next = l->in.next_id;
			what(l);
		}
	}
}

/* --- the core's messages --- */

static bool bearer_ok(const struct conf_trunk *c, uint8_t bearer)
{
	return bearer == CC_BEARER_SPEECH || bearer == CC_BEARER_AUDIO_31 ||
	       (bearer == CC_BEARER_UNRESTRICTED && c->wire.clear_mode);
}

/* 0 or the cause. */
static unsigned setup_refusal(struct legs *t, const struct cc_msg *m,
			      const char **why)
{
	struct trunk_table *trunks = sip_stack_trunks(t->env.stack);
	int err;

	if (m->end.kind != CC_END_TRUNK || !trunk_conf(trunks, m->end.index)) {
		*why = "no such trunk";
		return CAUSE_NO_ROUTE;
	}
	if (t->draining) {
		t->env.stats.refused_drain++;
		*why = "shutting down";
		return CAUSE_TEMPORARY;
	}
	if (!bearer_ok(trunk_conf(trunks, m->end.index), m->bearer)) {
		*why = "bearer is not speech";
		return CAUSE_BEARER_NOT_IMPLEMENTED;
	}
	if ((!m->called.valid || !m->called.digits[0]) && !m->other) {
		*why = "no called number";
		return CAUSE_INVALID_NUMBER;
	}
	err = trunk_call_begin(trunks, m->end.index,
			       m->emergency ? TRUNK_CALL_ALWAYS : TRUNK_CALL);
	if (!err)
		return 0;
	t->env.stats.refused_limit++;
	*why = err == -EDQUOT ? "max_calls" : "max_calls_per_s";
	return err == -EDQUOT ? CAUSE_NO_CHANNEL : CAUSE_CONGESTION;
}

static void on_setup(struct legs *t, const struct cc_msg *m)
{
	const char *why = "";
	unsigned cause = setup_refusal(t, m, &why);
	struct leg *l;
	int err;

	if (cause) {
		sip_legs_refuse(t, m->leg, cause, why);
		return;
	}
	l = leg_new(t, m->leg, m->end.index);
	if (!l) {
		trunk_call_end(sip_stack_trunks(t->env.stack), m->end.index);
		sip_legs_refuse(t, m->leg, CAUSE_RESOURCE, "too many calls");
		return;
	}
	l->setup = *m;
	err = sip_uac_begin(l);
	if (err)
		sip_legs_not_begun(t, l, err);
}

/* The event a message of the core is; -1: none for us. */
static int core_event(unsigned type)
{
	switch (type) {
	case CC_PROGRESS:
		return LEG_C_PROGRESS;
	case CC_ALERTING:
		return LEG_C_ALERTING;
	case CC_ANSWER:
		return LEG_C_ANSWER;
	case CC_UPDATE:
	case CC_HOLD:
	case CC_RETRIEVE:
		return LEG_C_CHANGE;
	case CC_RELEASE:
		return LEG_C_RELEASE;
	default: /* PROCEEDING, MORE, INFO...: nothing to say in SIP */
		return -1;
	}
}

/* Of the process that was here before us. */
static bool about_earlier(struct legs *t, const struct link_head *head)
{
	switch (head->type) {
	case CC_CLEAR:
		sip_legs_restore(t, (const void *)head);
		return true;
	case CC_KEEP:
		sip_legs_keep(t, (const void *)head);
		return true;
	case CC_SETTLED:
		sip_legs_settle(t);
		return true;
	default:
		return false;
	}
}

void sip_legs_core(struct legs *t, const struct link_head *head)
{
	const struct cc_msg *m = (const struct cc_msg *)(const void *)head;
	struct leg_event e = {.cc = m};
	struct leg *l;
	int ev;

	if (cc_msg_ok(head) && about_earlier(t, head))
		return;
	if (!cc_msg_ok(head) || head->type > CC_RELEASED) {
		t->env.stats.core_bad++;
		return;
	}
	l = find_id(t, m->leg);
	if (head->type == CC_SETUP) {
		if (l || !(m->leg & CC_LEG_CORE))
			t->env.stats.core_bad++;
		else
			on_setup(t, m);
		return;
	}
	if (!l) { /* it crossed our RELEASED */
		t->env.stats.core_unknown++;
		return;
	}
	if (head->type == CC_TRANSFER) {
		sip_refer_core(l, m);
		sip_leg_checkpoint(l);
		return;
	}
	ev = core_event(head->type);
	if (ev < 0)
		return;
	e.ev = (enum leg_ev)ev;
	e.cause = m->cause;
	sip_leg_event(l, &e);
}

/* --- the peers' requests --- */

static bool is_emergency(const struct legs *t, const struct sip_msg *m)
{
	const osip_uri_t *uri = m->osip->req_uri;
	const char *user = uri->username;
	size_t n, i;

	if (!user)
		user = uri->string ? uri->string : "";
	n = strcspn(user, ";:@");
	for (i = 0; i < t->n_emergency; i++) {
		if (strlen(t->emergency[i]) == n &&
		    strncmp(t->emergency[i], user, n) == 0)
			return true;
	}
	return false;
}

/* 0 or the cause of a 503. */
static unsigned invite_refusal(struct legs *t, const struct sip_msg *m,
			       enum trunk_call what)
{
	int err;

	if (t->draining) {
		t->env.stats.refused_drain++;
		return CAUSE_TEMPORARY;
	}
	if (!link_is_up(t->env.core)) {
		t->env.stats.refused_down++;
		return CAUSE_TEMPORARY;
	}
	err = trunk_call_begin(sip_stack_trunks(t->env.stack), m->path.trunk,
			       what);
	if (!err)
		return 0;
	t->env.stats.refused_limit++;
	return err == -EDQUOT ? CAUSE_NO_CHANNEL : CAUSE_CONGESTION;
}

static void on_invite(struct legs *t, txn_id id, const struct sip_msg *m)
{
	bool emergency = is_emergency(t, m);
	leg_id other;
	int status = sip_refer_replaced(t, m, &other);
	struct leg *l;
	unsigned cause;

	if (status) {
		sip_legs_refuse_bad(t, id, m, &(struct cc_verified){0},
				    status);
		return;
	}
	/* One that takes over another call is none more. */
	cause = invite_refusal(t, m, other	 ? TRUNK_CALL_ALWAYS
				     : emergency ? TRUNK_CALL_URGENT
						 : TRUNK_CALL);
	if (cause) {
		sip_legs_refuse_busy(t, id, m, cause);
		return;
	}
	l = leg_new(t, sip_legs_new_id(t), m->path.trunk);
	if (!l) {
		trunk_call_end(sip_stack_trunks(t->env.stack), m->path.trunk);
		sip_legs_refuse_busy(t, id, m, CAUSE_RESOURCE);
		return;
	}
	l->setup.emergency = emergency;
	l->setup.other = other;
	status = sip_uas_begin(l, id, m);
	if (!status)
		return;
	sip_legs_refuse_bad(t, id, m, &l->setup.extra.verified, status);
	l->released = true; /* the core has never heard of it */
	trunk_call_end(sip_stack_trunks(t->env.stack), l->trunk);
	leg_free(l);
}

static void to_leg(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct leg_event e = {.msg = m, .txn = id};

	if (sip_msg_is(m, "BYE")) {
		e.ev = LEG_N_BYE;
		sip_leg_event(l, &e);
	} else if (sip_msg_is(m, "INVITE")) {
		e.ev = LEG_N_INVITE;
		sip_leg_event(l, &e);
	} else {
		sip_dlg_other(l, id, m);
		sip_leg_checkpoint(l);
	}
}

/* It may belong to a call of an earlier process that the core is about to tell
 * us: 481, or a second call, would end it. It comes again. */
static bool is_too_early(struct legs *t, txn_id id, const struct sip_msg *m)
{
	bool inside = sip_msg_to_tag(m)[0] != '\0';
	bool may_wait = inside || (m->path.proto == SIP_UDP &&
				   link_is_up(t->env.core));

	if (t->env.settled || !may_wait)
		return false;
	t->env.stats.unsettled++;
	txn_kill(sip_stack_txns(t->env.stack), id);
	return true;
}

static void in_dialog(struct legs *t, txn_id id, const struct sip_msg *m)
{
	struct txn_layer *txns = sip_stack_txns(t->env.stack);
	struct leg *l = find_dialog(t, m);

	if (!l && is_too_early(t, id, m))
		return;
	if (!l) {
		t->env.stats.no_dialog++;
		(void)txn_reply(txns, id, 481, NULL);
	} else if (l->dialog.remote_tag[0] &&
		   !sip_dialog_in_order(&l->dialog, m)) {
		(void)txn_reply(txns, id, 500, NULL);
	} else {
		sip_dialog_session_learn(&l->dialog, m);
		sip_dialog_follow(&l->dialog, m);
		to_leg(l, id, m);
	}
}

void sip_legs_request(struct legs *t, txn_id id, const struct sip_msg *m)
{
	if (sip_msg_to_tag(m)[0]) {
		in_dialog(t, id, m);
	} else if (sip_msg_is(m, "INVITE")) {
		if (!is_too_early(t, id, m))
			on_invite(t, id, m);
	} else if (sip_msg_is(m, "REFER")) { /* whom should it move? */
		t->env.stats.moves.refused++;
		(void)txn_reply(sip_stack_txns(t->env.stack), id, 603, NULL);
	} else {
		t->env.stats.no_dialog++;
		(void)txn_reply(sip_stack_txns(t->env.stack), id, 481, NULL);
	}
}

void sip_legs_ack(struct legs *t, const struct sip_msg *m)
{
	struct leg *l = find_dialog(t, m);

	if (!l)
		return;
	sip_dialog_follow(&l->dialog, m);
	sip_leg_event(l, &(struct leg_event){.ev = LEG_N_ACK, .msg = m});
}

/* --- what the transactions report --- */

static struct leg *of_user(struct txn_user *u)
{
	return container_of(u, struct leg, user);
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	struct leg *l = of_user(u);

	if (sip_refer_has(l, id)) {
		sip_refer_response(l, id, m);
		sip_leg_checkpoint(l);
	} else if (sip_rel_has(l, id)) {
		sip_rel_response(l, id, m);
	} else if (id == l->bye.id) {
		sip_dlg_bye_response(l, id, m);
	} else if (id == l->se.update) {
		sip_se_response(l, m);
	} else if (id == l->again.client) {
		sip_dlg_response(l, id, m);
		sip_leg_checkpoint(l);
	} else {
		sip_uac_response(l, id, m);
	}
}

static void invite_ended(struct leg *l)
{
	if (l->inv.open > 0)
		l->inv.open--;
	sip_leg_end_if_over(l);
}

#define UNSENT_MS 10000 /* a change that could not be sent is tried again */

static void again_failed(struct leg *l, enum txn_fail why)
{
	struct leg_event e = {.ev = LEG_N_DEAD,
			      .detail = "no answer to INVITE"};

	l->again.client = 0;
	/* Not sent is as 503 (RFC 3261 8.1.3.1): a refresh comes again with the
	 * session timer, which ends the call when none gets through; and
	 * without that timer nothing else would. */
	if (why == TXN_FAIL_TRANSPORT && l->se.interval_s &&
	    l->state == LEG_UP) {
		if (!l->again.same) {
			l->again.due = true;
			sip_leg_timer(l, UNSENT_MS);
		}
		return;
	}
	e.cause = sip_cause_in(SIP_BY_TIMEOUT, 0, NULL);
	sip_leg_event(l, &e);
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	struct leg *l = of_user(u);

	if (sip_refer_has(l, id)) {
		sip_refer_fail(l, id);
	} else if (sip_rel_has(l, id)) {
		sip_rel_txn_end(l, id);
	} else if (id == l->bye.id) {
		l->bye.id = 0;
		sip_leg_event(l, &(struct leg_event){.ev = LEG_N_CLEARED});
	} else if (id == l->se.update) {
		sip_se_fail(l, why);
	} else if (id == l->again.client) {
		again_failed(l, why);
	} else if (why == TXN_FAIL_NO_ACK) {
		if (id == l->again.server)
			l->again.server = 0;
		sip_leg_event(l, &(struct leg_event){.ev = LEG_N_NO_ACK});
	} else {
		bool present = id == l->inv.id;

		if (present)
			sip_uac_fail(l, why);
		invite_ended(l);
	}
}

static void on_cancel(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	sip_leg_event(
		of_user(u),
		&(struct leg_event){.ev = LEG_N_CANCEL, .txn = id, .msg = m});
}

static void on_txn_end(struct txn_user *u, txn_id id)
{
	struct leg *l = of_user(u);

	if (sip_refer_has(l, id))
		sip_refer_txn_end(l, id);
	else if (sip_rel_has(l, id))
		sip_rel_txn_end(l, id);
	else if (id == l->bye.id)
		l->bye.id = 0;
	else if (id == l->se.update)
		l->se.update = 0;
	else if (id == l->again.client)
		l->again.client = 0;
	else if (id == l->again.server)
		l->again.server = 0;
	else if (l->uac)
		invite_ended(l);
}

static const struct txn_user_ops leg_user_ops = {
	.on_response = on_response,
	.on_fail = on_fail,
	.on_cancel = on_cancel,
	.on_end = on_txn_end,
};
