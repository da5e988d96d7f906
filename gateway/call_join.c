/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two parties on lines talk to each other, after a trunk has transferred one
 * to the other. A call has one line and one media; so these are two calls
 * without a trunk, whose media send each other their RTP:
 *
 *   line X == media of P <--RTP--> media of C == line Y
 *
 * Attended, both calls are there: the trunk talks to X in P, to Y in C.
 *
 *    TRANSFER ATTENDED other = its leg in C -> TRYING, DONE; C's is released
 *
 * Y may still ring: then C's trunk is released at once, and C goes on as
 * below.
 *
 * Blind, to a number that is reached over a line: C is made for it, has no
 * caller's leg and goes by the routes of the trunk.
 *
 *    TRANSFER BLIND    -> SETUP to Y, TRYING
 *    <- RINGING           <- ALERTING
 *    <- DONE              <- ANSWER
 *
 * What ends one of the two ends the other. Each has its CDR.
 */
#include "gateway/call.h"

#include "gateway/base/str.h"
#include "gateway/policy.h"

#include <string.h>

static struct call *partner(const struct call *call, enum call_join_state s)
{
	return call->join.state == s ? call_get(call->core, call->join.with)
				     : NULL;
}

struct call *call_joined(const struct call *call)
{
	return partner(call, JOIN_UP);
}

static void pair(struct call *p, enum call_join_state ps, struct call *c,
		 enum call_join_state cs)
{
	p->join = (struct call_join){c->id, ps};
	c->join = (struct call_join){p->id, cs};
}

static void part(struct call *call, struct call *other)
{
	call->join.state = other->join.state = JOIN_NONE;
}

static struct leg *line_of(struct call *call)
{
	struct leg *a = &call->leg[SIDE_A];

	return leg_is_line(a) ? a : &call->leg[SIDE_B];
}

/* --- how it comes about --- */

/* The trunk's leg of this call, if it is still there, is what is left over. */
static struct leg *leave(struct call *call)
{
	struct core *core = call->core;
	struct leg *x = &call->leg[SIDE_X];
	struct leg *leg = &call->leg[line_of(call)->side == SIDE_A ? SIDE_B
								   : SIDE_A];
	uint8_t side = leg->side;

	if (leg->id == 0) {
		return NULL;
	}
	timer_stop(core->role.loop, &leg->timer);
	leg_remove(&core->legs, leg);
	*x = *leg;
	x->side = SIDE_X;
	leg_add(&core->legs, x);
	*leg = (struct leg){.call = call, .side = side, .state = LEG_GONE};
	return x;
}

/* Who is at the other end of the line, as a trunk is shown it. */
static struct cc_number party_of(struct call *call)
{
	const struct cdr_numbers *n = &call->cdr.num;
	const struct leg *line = line_of(call);
	struct cc_msg m = {.connected = n->connected};

	if (line->side == SIDE_A) {
		return n->from_out.valid ? n->from_out : n->from;
	}
	if (!m.connected.valid) {
		return n->to;
	}
	policy_connected_to_trunk(&call->core->conf->spans[line->end.index],
				  &m);
	return m.connected;
}

static void introduce(struct call *call, struct call *other, bool was_held)
{
	struct leg *line = line_of(call);
	struct cc_msg m = {.connected = party_of(other)};

	if (was_held) {
		call_send(line, &(struct cc_msg){0}, CC_RETRIEVE);
	}
	if (m.connected.valid) {
		policy_connected_to_line(
			&call->core->conf->spans[line->end.index], &m);
		call_send(line, &m, CC_UPDATE);
	}
}

static void note(struct call *call, const struct call *other)
{
	struct cdr_transfer *t = &call->cdr.transfer;

	t->result = CDR_TRANSFER_DONE;
	str_copy(t->call, sizeof(t->call), other->cdr.id);
	core_note(call->core, call, "joined with call %s", other->cdr.id);
}

/* P's trunk has asked for it, and clears by itself; C's has had its due. */
static void join(struct call *p, struct call *c)
{
	static const struct cc_cause done = {CAUSE_NORMAL, CC_LOC_NONE};
	bool leaves = call_transfer_leaves(p);
	struct leg *asker = leave(p), *other = leave(c);
	bool p_held = asker != NULL && asker->held;
	bool c_held = other != NULL && other->held;

	pair(p, JOIN_UP, c, JOIN_UP);
	note(p, c);
	note(c, p);
	if (asker != NULL) {
		call_transfer_left(asker, leaves);
	}
	if (other != NULL) {
		call_set_state(other, X_LEAVING);
		call_release_leg(other, done);
	}
	call_media_update(p);
	call_media_update(c);
	call_save(p);
	call_save(c);
	introduce(p, c, p_held);
	introduce(c, p, c_held);
}

static bool is_data(const struct call *call)
{
	return call->cdr.bearer == CC_BEARER_UNRESTRICTED;
}

static bool can_talk(const struct call *a, const struct call *b)
{
	return a->media.rtp.family == b->media.rtp.family &&
	       is_data(a) == is_data(b);
}

/* The trunk has called a line that has not answered yet. */
static bool is_ringing(const struct call *c, const struct leg *leg)
{
	const struct leg *b = &c->leg[SIDE_B];

	return leg->side == SIDE_A && !leg_is_line(leg) && !c->ending &&
	       (leg->state == A_CALLING || leg->state == A_ALERTED) &&
	       leg_is_line(b) && b->state < B_TONE &&
	       c->leg[SIDE_X].id == 0 && c->join.state == JOIN_NONE &&
	       c->media.state == CM_OPEN;
}

struct call *call_join_find(struct call *p, const struct leg *asker,
			    leg_id other)
{
	struct leg *leg = leg_find(&p->core->legs, asker->end, other);
	struct call *c = leg == NULL ? NULL : leg->call;

	if (c == NULL || c == p || leg->end.index != asker->end.index ||
	    leg->side == SIDE_X ||
	    !(call_may_transfer(c, leg) || is_ringing(c, leg)) ||
	    !can_talk(p, c)) {
		return NULL;
	}
	return c;
}

/* Its trunk has done its part; whose routes it goes by stays known. */
static void take_ringing(struct call *p, struct call *c)
{
	static const struct cc_cause cause = {CAUSE_NOT_SELECTED, CC_LOC_NONE};
	struct leg *a = &c->leg[SIDE_A], *x;
	uint8_t state = a->state;

	call_join_begin(p, c);
	x = leave(c);
	a->end = x->end;
	a->state = state;
	call_set_state(x, X_LEAVING);
	call_release_leg(x, cause);
	call_media_update(c);
	if (c->told.alerting) {
		call_transfer_rings(p);
	}
}

void call_join(struct call *p, struct call *c)
{
	if (!c->told.answered) {
		take_ringing(p, c);
		return;
	}
	p->transfer.going = false;
	str_copy(c->cdr.transfer.by, CONF_NAME, p->cdr.transfer.by);
	join(p, c);
}

/* --- to a number --- */

static bool fits(const struct conf *conf, const struct cc_msg *setup)
{
	struct cc_number out;
	struct route_ask ask;
	unsigned step = 0;

	route_ask_init(&ask, conf, setup->end, &setup->called);
	return route_next(conf, &ask, &step, &out) >= 0;
}

bool call_join_fetch(struct call *p, const struct leg *asker,
		     const struct cc_msg *m)
{
	struct cc_msg setup = {.end = asker->end, .called = m->called,
			       .bearer = p->cdr.bearer, .complete = 1,
			       .cause = {0, CC_LOC_NONE}};

	setup.calling = party_of(p);
	if (setup.calling.valid) {
		setup.calling.screening = CC_SCREEN_PASSED;
	}
	str_copy(setup.ref, sizeof(setup.ref), p->cdr.id);
	return fits(p->core->conf, &setup) && call_fetch(p, &setup);
}

void call_join_begin(struct call *p, struct call *c)
{
	pair(p, JOIN_FETCHES, c, JOIN_FETCHED);
	c->cdr.transfer.result = CDR_TRANSFER_GOING;
	str_copy(c->cdr.transfer.by, CONF_NAME, p->cdr.transfer.by);
	str_copy(c->cdr.transfer.call, sizeof(c->cdr.transfer.call),
		 p->cdr.id);
}

void call_join_rings(struct call *c)
{
	struct call *p = partner(c, JOIN_FETCHED);

	if (p != NULL) {
		call_transfer_rings(p);
	}
}

void call_join_answered(struct call *c)
{
	struct call *p = partner(c, JOIN_FETCHED);

	if (p == NULL) {
		return;
	}
	if (!can_talk(p, c)) {
		call_clear_gw(c, CAUSE_BEARER_NOT_IMPLEMENTED,
			      "RTP address is of the other IP version");
		return;
	}
	p->transfer.going = false;
	call_media_ringback(p, false);
	join(p, c);
}

void call_join_hold(struct call *call, bool held)
{
	struct call *other = call_joined(call);

	if (other != NULL) {
		call_media_update(other);
		call_send(line_of(other), &(struct cc_msg){0},
			  held ? CC_HOLD : CC_RETRIEVE);
	}
}

/* --- after the death of a core --- */

void call_join_resume(struct call *call)
{
	struct call *other = call_find(call->core, call->cdr.transfer.call);

	/* The first of the two waits for the second one. */
	call->join.state = JOIN_LOST;
	if (other != NULL && other->join.state == JOIN_LOST) {
		pair(call, JOIN_UP, other, JOIN_UP);
	}
}

void call_join_recovered(struct core *core)
{
	pool_id id = pool_next(core->calls, 0);

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		if (call->join.state == JOIN_LOST) {
			call->join.state = JOIN_NONE;
			call_clear_gw(call, CAUSE_TEMPORARY,
				      "the call it was joined with is lost");
		}
	}
}

/* --- the end --- */

void call_join_cleared(struct call *call, struct cc_cause cause)
{
	struct call *other = call_get(call->core, call->join.with);
	enum call_join_state was = call->join.state;

	if (was == JOIN_NONE || other == NULL) {
		return;
	}
	part(call, other);
	if (was == JOIN_FETCHED) {
		call_transfer_fail(other, cause);
	} else {
		call_clear(other, (enum cdr_by)call->cdr.end.by, cause,
			   "the party it was joined with is gone");
	}
}
