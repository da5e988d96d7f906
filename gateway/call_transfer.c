/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One leg takes the place of another: the peer of a trunk transfers the party
 * on the line (REFER), or takes a call over (Replaces).
 *
 *   leg T (trunk)           core                 leg X (trunk)
 *    TRANSFER BLIND --> policy, routes of the line
 *    <- TRANSFER TRYING       SETUP other=T ---------->
 *    <- TRANSFER RINGING      <--------------- ALERTING
 *    <- TRANSFER DONE         <----------------- ANSWER
 *                       X has the place of T; T is leg X now
 *    RELEASED -------->       (RELEASE after 3 s)
 *
 * The party on the line stays where it is all the time. T may clear as soon as
 * it likes: then the call waits for X alone, and T's role, which has sent
 * RELEASE, is told how it ends before RELEASED comes. A target that is on a
 * line is another call: call_join.c.
 */
#include "gateway/call.h"

#include "gateway/base/str.h"
#include "gateway/policy.h"

#include <errno.h>
#include <string.h>

static const uint8_t active[] = {A_ACTIVE, B_ACTIVE};

static struct leg *asker(struct call *call)
{
	return &call->leg[call->transfer.side];
}

static struct leg *other_of(struct call *call, const struct leg *leg)
{
	return &call->leg[leg->side == SIDE_A ? SIDE_B : SIDE_A];
}

static bool is_active(const struct leg *leg)
{
	return leg->id != 0 && leg->state == active[leg->side];
}

/* Its far end has cleared, but its role still wants to know. */
static bool is_listening(const struct leg *leg)
{
	static const uint8_t clearing[] = {A_CLEARING, B_CLEARING};

	return leg->id != 0 && leg->state == clearing[leg->side];
}

/* While there is no role, a result is kept for the next one. */
static void tell(struct leg *leg, enum cc_transfer what, struct cc_cause cause)
{
	struct call_transfer *t = &leg->call->transfer;
	struct cc_msg m = {.transfer = (uint8_t)what, .cause = cause};
	bool missed = leg->waits;

	if (call_send(leg, &m, CC_TRANSFER) != 0) {
		missed = true;
	}
	if (missed && what == CC_TRANSFER_FAILED) {
		t->owed = (uint8_t)what;
		t->cause = cause;
	}
}

void call_transfer_resume(struct leg *leg)
{
	struct call_transfer *t = &leg->call->transfer;
	uint8_t owed = t->owed;

	if (owed != CC_TRANSFER_NONE && leg->side == t->side) {
		t->owed = CC_TRANSFER_NONE;
		tell(leg, (enum cc_transfer)owed, t->cause);
	}
}

static const struct cc_cause no_cause = {0, CC_LOC_NONE};

/* --- the target --- */

/* The party on the line calls; what it may be shown as is the same policy's
 * matter as in any call of it. */
static void fill_setup(struct call *call, struct cc_msg *m)
{
	const struct conf *conf = call->core->conf;
	const struct leg *line = other_of(call, asker(call));
	const struct cdr_numbers *num = &call->cdr.num;

	*m = (struct cc_msg){.bearer = call->cdr.bearer, .complete = 1,
			     .cause = no_cause, .other = asker(call)->id};
	m->called = call->hunt.number;
	m->calling = line->side == SIDE_A ? num->from : num->to;
	if (line->side == SIDE_A) {
		memcpy(m->name, num->name, sizeof(m->name));
	}
	str_copy(m->ref, sizeof(m->ref), call->cdr.id);
	call_media_offer(call, m);
	policy_caller_to_trunk(&conf->spans[line->end.index],
			       &conf->trunks[call->hunt.to.index], m);
}

static void end_x(struct leg *x)
{
	call_leg_end(x);
	x->state = LEG_GONE;
}

/* For people. */
static const char *name_of(const struct cc_number *n,
			   char buf[CC_DIGITS_MAX + 2])
{
	return n->valid ? cc_number_str(n, buf) : "another call there";
}

/* False: its role cannot be reached. */
static bool call_target(struct call *call)
{
	struct leg *x = &call->leg[SIDE_X];
	char number[CC_DIGITS_MAX + 2];
	struct cc_msg m;

	memset(x, 0, sizeof(*x));
	x->call = call;
	x->side = SIDE_X;
	call_leg_begin(x, call_next_leg_id(call->core, call->hunt.to),
		       call->hunt.to);
	call_set_state(x, X_CALLED);
	fill_setup(call, &m);
	core_note(call->core, call, "transfer to %s on %s",
		  name_of(&m.called, number),
		  core_end_name(call->core, x->end));
	if (call_send(x, &m, CC_SETUP) != 0) {
		end_x(x);
		return false;
	}
	return true;
}

static bool call_next_target(struct call *call)
{
	while (!call->transfer.attended && call_hunt_next(call)) {
		if (call_target(call)) {
			return true;
		}
	}
	return false;
}

/* --- may it? --- */

static bool is_allowed(const struct conf_trunk *trunk,
		       const struct cc_number *called)
{
	char text[CC_DIGITS_MAX + 2];

	cc_number_str(called, text);
	for (unsigned i = 0; i < trunk->refer.n_allow; i++) {
		if (str_pattern_match(trunk->refer.allow[i], text)) {
			return true;
		}
	}
	return false;
}

/* To a number: by the routes of the party that is transferred, or to a line, by
 * those of who asks. 0 or cause. */
static unsigned place_blind(struct call *call, const struct leg *leg,
			    const struct cc_msg *m)
{
	const struct conf *conf = call->core->conf;
	struct call_hunt *h = &call->hunt;

	if (conf->trunks[leg->end.index].refer.mode != CONF_REFER_ON ||
	    !is_allowed(&conf->trunks[leg->end.index], &m->called)) {
		return CAUSE_BARRED;
	}
	memset(h, 0, sizeof(*h));
	h->epoch = call->core->epoch;
	route_ask_init(&h->ask, conf, other_of(call, leg)->end, &m->called);
	if (call_next_target(call) || call_join_fetch(call, leg, m)) {
		return 0;
	}
	return route_refusal(conf, &h->ask).value;
}

/* To one that the peer talks to: there, whatever it is called by. */
static unsigned place_attended(struct call *call, const struct leg *leg,
			       const struct cc_msg *m)
{
	const struct conf *conf = call->core->conf;
	struct call_hunt *h = &call->hunt;

	if (conf->trunks[leg->end.index].refer.mode == CONF_REFER_OFF) {
		return CAUSE_BARRED;
	}
	if (m->other != 0) {
		return call_join_find(call, leg, m->other) != NULL
			       ? 0 : CAUSE_TEMPORARY;
	}
	memset(h, 0, sizeof(*h));
	h->to = leg->end;
	h->number = m->called;
	return call_target(call) ? 0 : CAUSE_TEMPORARY;
}

static bool is_free(const struct call *call)
{
	return call->told.answered && !call->ending &&
	       call->leg[SIDE_X].id == 0 && call->join.state == JOIN_NONE &&
	       call->media.state == CM_OPEN;
}

bool call_may_transfer(struct call *call, struct leg *leg)
{
	const struct leg *line = other_of(call, leg);

	return is_free(call) && is_active(leg) && !leg_is_line(leg) &&
	       is_active(line) && leg_is_line(line);
}

static void note(struct call *call, enum cdr_transfer_result result,
		 struct cc_cause cause)
{
	call->cdr.transfer.result = (uint8_t)result;
	call->cdr.transfer.cause = cause;
	call_save(call);
}

static unsigned place(struct call *call, struct leg *leg,
		      const struct cc_msg *m)
{
	if (!call_may_transfer(call, leg)) {
		return CAUSE_TEMPORARY;
	}
	call->transfer = (struct call_transfer){
		.going = true,
		.attended = m->transfer == CC_TRANSFER_ATTENDED,
		.side = leg->side};
	return call->transfer.attended ? place_attended(call, leg, m)
				       : place_blind(call, leg, m);
}

static void begin(struct call *call, struct leg *leg, const struct cc_msg *m)
{
	bool busy = call->leg[SIDE_X].id != 0 || call->join.state != JOIN_NONE;
	struct cc_cause cause = no_cause;
	char number[CC_DIGITS_MAX + 2];

	if (!busy) {
		call->cdr.transfer = (struct cdr_transfer){.to = m->called};
		str_copy(call->cdr.transfer.by, CONF_NAME,
			 core_end_name(call->core, leg->end));
	}
	cause.value = (uint8_t)place(call, leg, m);
	if (cause.value == 0) {
		note(call, CDR_TRANSFER_GOING, no_cause);
		tell(leg, CC_TRANSFER_TRYING, no_cause);
		if (call->transfer.attended && m->other != 0) {
			call_join(call, call_join_find(call, leg, m->other));
		}
		return;
	}
	if (!busy) {
		call->transfer.going = false;
		note(call, CDR_TRANSFER_FAILED, cause);
	}
	core_note(call->core, call, "transfer to %s refused, cause %u %s",
		  name_of(&m->called, number), cause.value,
		  cause_name(cause.value));
	tell(leg, CC_TRANSFER_FAILED, cause);
}

/* RELEASED must come now. */
static void tell_listening(struct leg *leg, struct cc_cause cause)
{
	if (is_listening(leg)) {
		tell(leg, CC_TRANSFER_FAILED, cause);
		call_set_state(leg, leg->state);
	}
}

static void fail(struct call *call, struct cc_cause cause)
{
	struct leg *leg = asker(call);

	if (!call->transfer.going) {
		return;
	}
	call->transfer.going = false;
	call_media_ringback(call, false);
	core_note(call->core, call, "transfer failed, cause %u %s",
		  cause.value, cause_name(cause.value));
	note(call, CDR_TRANSFER_FAILED, cause);
	if (is_active(leg)) {
		tell(leg, CC_TRANSFER_FAILED, cause);
		return;
	}
	tell_listening(leg, cause);
	call_clear(call, CDR_BY_SIP, cause, "transfer failed");
}

void call_transfer_end(struct call *call, struct cc_cause cause)
{
	if (call->transfer.going) {
		call->transfer.going = false;
		tell_listening(asker(call), cause);
	}
}

/* One that is being placed is refused by who places it. */
void call_transfer_fail(struct call *call, struct cc_cause cause)
{
	if (call->cdr.transfer.result == CDR_TRANSFER_GOING) {
		fail(call, cause);
	}
}

bool call_is_transferred(struct call *call, const struct leg *leg)
{
	if (!call->transfer.going || leg->side != call->transfer.side) {
		return false;
	}
	if (is_listening(leg)) { /* RELEASED comes when the target has */
		timer_stop(call->core->role.loop, &asker(call)->timer);
	}
	call_media_ringback(call, call->transfer.rings);
	call_media_update(call);
	return true;
}

/* --- in its place --- */

/* Leg X and that one change places; that one is what is left as leg X. */
static void swap(struct call *call, struct leg *leg)
{
	struct core *core = call->core;
	struct leg *x = &call->leg[SIDE_X], old = *leg;
	uint8_t side = leg->side;

	timer_stop(core->role.loop, &x->timer);
	leg_remove(&core->legs, x);
	if (leg->id != 0) {
		timer_stop(core->role.loop, &leg->timer);
		leg_remove(&core->legs, leg);
		old = *leg;
	}
	*leg = *x;
	leg->side = side;
	leg_add(&core->legs, leg);
	*x = old;
	x->side = SIDE_X;
	if (x->id != 0) {
		leg_add(&core->legs, x);
	}
}

static void note_side(struct call *call, const struct leg *leg,
		      const struct cc_msg *m)
{
	struct cdr_side *s = leg->side == SIDE_A ? &call->cdr.a
						 : &call->cdr.b;

	s->end = leg->end;
	str_copy(s->name, CONF_NAME, core_end_name(call->core, leg->end));
	memcpy(s->ref, m->ref, sizeof(s->ref));
	s->rtp = leg->remote.rtp;
}

/* What the party on the line has to know, and the new one. */
static void introduce(struct call *call, struct leg *leg, bool was_held,
		      const struct cc_msg *m)
{
	struct leg *line = other_of(call, leg);
	struct cc_msg out = {.connected = m->connected};

	if (was_held) {
		call_send(line, &(struct cc_msg){0}, CC_RETRIEVE);
	}
	if (m->connected.valid) {
		memcpy(out.name, m->name, sizeof(out.name));
		policy_connected_to_line(
			&call->core->conf->spans[line->end.index], &out);
		call_send(line, &out, CC_UPDATE);
	}
	if (line->held) {
		call_send(leg, &(struct cc_msg){0}, CC_HOLD);
	}
}

void call_transfer_left(struct leg *x, bool leaves)
{
	call_set_state(x, leaves ? X_LEAVING : X_RELEASING);
	tell(x, CC_TRANSFER_DONE, no_cause);
	if (x->waits) { /* the next role ends it */
		call_set_state(x, X_LEAVING);
		call_release_leg(x, (struct cc_cause){CAUSE_NORMAL,
						    CC_LOC_NONE});
	}
}

bool call_transfer_leaves(struct call *call)
{
	return is_active(asker(call));
}

void call_act_x_answer(struct call *call, struct leg *x,
		       const struct cc_msg *m)
{
	struct leg *leg = asker(call);
	bool was_held = leg->id != 0 && leg->held;
	bool leaves = is_active(leg);

	x->remote = m->media.valid ? m->media : x->remote;
	call->transfer.going = false;
	call_media_ringback(call, false);
	swap(call, leg);
	call_set_state(leg, active[leg->side]);
	if (x->id != 0) {
		call_transfer_left(x, leaves);
	}
	note_side(call, leg, m);
	call->cdr.transfer.result = CDR_TRANSFER_DONE;
	core_note(call->core, call, "transferred to %s",
		  core_end_name(call->core, leg->end));
	call_media_update(call);
	call_save(call);
	introduce(call, leg, was_held, m);
}

/* --- on the way there --- */

void call_act_x_learn(struct call *call, struct leg *x, const struct cc_msg *m)
{
	(void)call;
	if (m->media.valid) {
		x->remote = m->media;
	}
}

void call_transfer_rings(struct call *call)
{
	call->transfer.rings = true;
	if (is_active(asker(call)) || is_listening(asker(call))) {
		tell(asker(call), CC_TRANSFER_RINGING, no_cause);
	}
	if (!is_active(asker(call))) {
		call_media_ringback(call, true);
	}
}

void call_act_x_alerting(struct call *call, struct leg *x,
			 const struct cc_msg *m)
{
	call_act_x_learn(call, x, m);
	call_transfer_rings(call);
}

void call_act_x_timeout(struct call *call, struct leg *x,
			const struct cc_msg *m)
{
	struct cc_cause cause = {CAUSE_NO_ANSWER, CC_LOC_NONE};

	(void)m;
	fail(call, cause);
	call_release_leg(x, cause);
}

void call_act_x_refused(struct call *call, struct leg *x,
			const struct cc_msg *m)
{
	(void)call;
	x->cause = m->cause;
}

void call_act_x_gone(struct call *call, struct leg *x, const struct cc_msg *m)
{
	bool rang = x->state == X_RINGING;
	struct cc_cause cause = x->cause.value != 0 ? x->cause
				: m != NULL	    ? m->cause
						    : call_lost_cause;

	end_x(x);
	call->transfer.rings = false;
	if (!call->transfer.going) {
		return;
	}
	if (rang || !call_is_failover(cause.value) ||
	    !call_next_target(call)) {
		fail(call, cause);
	}
}

void call_act_x_release(struct call *call, struct leg *x,
			const struct cc_msg *unused)
{
	struct cc_msg m = {.cause = {CAUSE_NORMAL, CC_LOC_NONE}};

	(void)call;
	(void)unused;
	call_send(x, &m, CC_RELEASE);
}

void call_act_x_left(struct call *call, struct leg *x, const struct cc_msg *m)
{
	if (m == NULL && x->state == X_RELEASING) {
		call->core->drops.legs_lost++;
	}
	end_x(x);
}

/* --- we ask a trunk --- */

static void on_result(struct call *call, const struct leg *leg,
		      const struct cc_msg *m)
{
	if (m->transfer == CC_TRANSFER_DONE) {
		core_note(call->core, call, "%s has transferred the call",
			  core_end_name(call->core, leg->end));
		call->cdr.transfer.result = CDR_TRANSFER_DONE;
		call_clear(call, CDR_BY_OPERATOR,
			   (struct cc_cause){CAUSE_NORMAL, CC_LOC_NONE},
			   "transferred");
	} else if (m->transfer == CC_TRANSFER_FAILED) {
		core_note(call->core, call,
			  "%s does not transfer the call, cause %u %s",
			  core_end_name(call->core, leg->end), m->cause.value,
			  cause_name(m->cause.value));
		note(call, CDR_TRANSFER_FAILED, m->cause);
	}
}

void call_act_transfer(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	bool asks = m->transfer == CC_TRANSFER_BLIND ||
		    m->transfer == CC_TRANSFER_ATTENDED;

	if (leg->end.kind != CC_END_TRUNK) {
		call->core->drops.ignored++; /* no line asks for it yet */
	} else if (asks) {
		begin(call, leg, m);
	} else {
		on_result(call, leg, m);
	}
}

struct call *call_find(struct core *core, const char *id)
{
	for (pool_id i = pool_next(core->calls, 0); i != 0;
	     i = pool_next(core->calls, i)) {
		struct call *call = call_get(core, i);

		if (strcmp(call->cdr.id, id) == 0) {
			return call;
		}
	}
	return NULL;
}

int call_transfer_out(struct core *core, const char *id, const char *number)
{
	struct cc_msg m = {.transfer = CC_TRANSFER_BLIND};
	struct call *call = call_find(core, id);
	struct leg *leg;

	if (call == NULL || !call->told.answered || call->ending) {
		return -ENOENT;
	}
	if (cc_number_set(&m.called, number) != 0) {
		return -EINVAL;
	}
	leg = &call->leg[leg_is_line(&call->leg[SIDE_A]) ? SIDE_B : SIDE_A];
	if (!is_active(leg) || leg->waits || call->leg[SIDE_X].id != 0 ||
	    call->join.state != JOIN_NONE) {
		return -EBUSY;
	}
	core_note(core, call, "%s is asked to transfer to %s",
		  core_end_name(core, leg->end), number);
	if (call_send(leg, &m, CC_TRANSFER) != 0) {
		return -EBUSY;
	}
	call->cdr.transfer = (struct cdr_transfer){.to = m.called,
						   .by = "operator"};
	note(call, CDR_TRANSFER_GOING, no_cause);
	return 0;
}

/* --- Replaces --- */

/* Answered, or ringing: then the new leg answers for it. */
static bool can_replace(struct call *call, const struct leg *leg,
			const struct cc_msg *setup)
{
	bool rings = leg->side == SIDE_B &&
		     (leg->state == B_PROCEEDING || leg->state == B_ALERTING ||
		      leg->state == B_PROGRESSED);

	return leg->end.kind == CC_END_TRUNK &&
	       leg->end.index == setup->end.index &&
	       leg->side != SIDE_X && (is_active(leg) || rings) &&
	       !call->ending && call->leg[SIDE_X].id == 0 &&
	       call->media.state == CM_OPEN && !call->media.waits &&
	       (!setup->media.valid ||
		setup->media.rtp.family == call->media.rtp.family);
}

static void answer_new(struct call *call, struct leg *leg)
{
	struct cc_msg m = {0};

	call_media_offer(call, &m);
	call_send(leg, &m, CC_ANSWER);
}

bool call_replace(struct core *core, const struct cc_msg *setup)
{
	struct leg *leg = leg_find(&core->legs, setup->end, setup->other);
	struct cc_cause cause = {CAUSE_NORMAL, CC_LOC_NONE};
	struct call *call = leg == NULL ? NULL : leg->call;
	struct leg *x;
	bool was_held, up;

	if (call == NULL || !can_replace(call, leg, setup)) {
		return false;
	}
	up = call->told.answered;
	was_held = leg->held;
	x = &call->leg[SIDE_X];
	memset(x, 0, sizeof(*x));
	x->call = call;
	x->side = SIDE_X;
	x->remote = setup->media;
	call_leg_begin(x, setup->leg, setup->end);
	swap(call, leg);
	call_set_state(leg, active[leg->side]);
	call_set_state(x, X_LEAVING);
	note_side(call, leg, setup);
	core_note(core, call, "taken over by another call of %s",
		  core_end_name(core, leg->end));
	answer_new(call, leg);
	if (up) {
		call_media_update(call);
		call_save(call);
		introduce(call, leg, was_held, setup);
	} else {
		call_acts[ACT_ANSWER](call, leg, setup);
		cause.value = CAUSE_NOT_SELECTED;
	}
	call_release_leg(x, cause);
	return true;
}
