/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cells of the call tables do. Each gets the leg the event came
 * from, and its message (NULL for timers and lost links). */
#include "gateway/call.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "gateway/policy.h"

#include <string.h>

static struct leg *other_leg(const struct leg *leg)
{
	return &leg->call->leg[leg->side == SIDE_A ? SIDE_B : SIDE_A];
}

static struct cdr_side *side_of(struct leg *leg)
{
	return leg->side == SIDE_A ? &leg->call->cdr.a : &leg->call->cdr.b;
}

/* Of an NFAS group any span may have it. */
static void learn_channel(struct call *call, struct leg *leg,
			  const struct cc_msg *m)
{
	struct core *core = call->core;
	pool_id *owner = &core->spans[leg->span].owner[leg->channel];
	uint8_t span = m->end.kind == CC_END_SPAN &&
				       m->end.index < core->conf->n_spans &&
				       core_same_group(core, m->end.index,
						       leg->end.index)
			       ? m->end.index
			       : leg->span;
	struct cdr_side *s = side_of(leg);

	if ((leg->channel != m->channel || leg->span != span) &&
	    *owner == call->id) {
		*owner = 0;
	}
	if (leg->span != span) {
		leg->span = s->end.index = span;
		str_copy(s->name, CONF_NAME, core->conf->spans[span].name);
	}
	leg->channel = m->channel;
	s->slot = m->channel;
	call_media_connect(call, leg);
}

/* How far the callee's trunk vouches for the caller. */
static void note_attest(struct call *call, const struct leg *leg,
			const struct cc_msg *m)
{
	if (!leg_is_line(leg) && leg->side == SIDE_B &&
	    m->extra.verified.attest != 0) {
		call->cdr.num.verified.attest = m->extra.verified.attest;
	}
}

/* Whatever a message tells of its leg: channel, reference, far end. */
static void learn(struct call *call, struct leg *leg, const struct cc_msg *m)
{
	struct cdr_side *s = side_of(leg);

	if (m->ref[0] != '\0') {
		memcpy(s->ref, m->ref, sizeof(s->ref));
	}
	note_attest(call, leg, m);
	if (leg_is_line(leg) && m->channel != 0) {
		learn_channel(call, leg, m);
	}
	if (leg->end.kind == CC_END_TRUNK && m->media.valid) {
		leg->remote = m->media;
		s->rtp = m->media.rtp;
		call_media_update(call);
	}
}

/* A message to the caller that says: there is something to hear. */
static void add_inband(struct call *call, struct cc_msg *m)
{
	m->progress = CC_PROG_INBAND;
	if (call->leg[SIDE_A].end.kind == CC_END_TRUNK) {
		call_media_offer(call, m);
	}
}

void call_tell_inband(struct call *call)
{
	struct cc_msg m = {0};

	if (call->told.inband || call->told.answered || call->ending) {
		return;
	}
	call->told.inband = true;
	add_inband(call, &m);
	call_media_update(call);
	call_send(&call->leg[SIDE_A], &m, CC_PROGRESS);
}

/* --- the caller's number --- */

static void act_digits(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	struct cc_number *called = &call->setup.called;
	char all[2 * CC_DIGITS_MAX];

	(void)leg;
	str_copy(all, sizeof(all), called->digits);
	str_copy(all + strlen(all), sizeof(all) - strlen(all),
		 m->called.digits);
	call->setup.complete = m->complete;
	if (!called->valid) {
		*called = m->called;
	} else if (!str_copy(called->digits, sizeof(called->digits), all)) {
		call_clear_gw(call, CAUSE_INVALID_NUMBER, "number too long");
		return;
	}
	call_route(call);
}

static void act_digits_end(struct call *call, struct leg *leg,
			   const struct cc_msg *m)
{
	(void)leg;
	(void)m;
	call->setup.complete = 1;
	call_route(call);
}

/* Q.931 5.1.6: PROGRESS keeps the caller's T310 from ending the call. */
static void act_late(struct call *call, struct leg *leg,
		     const struct cc_msg *unused)
{
	struct cc_msg m = {.progress = CC_PROG_INBAND};

	(void)unused;
	if (!call->told.inband) {
		call_send(leg, &m, CC_PROGRESS);
	}
}

/* --- the callee on the way to its answer --- */

static void act_more(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	learn(call, leg, m);
}

static bool is_heard(const struct leg *leg, const struct cc_msg *m)
{
	if (leg->end.kind == CC_END_TRUNK) {
		return (m->progress & CC_PROG_INBAND) != 0 ||
		       (m->media.valid && call_may_hear(&m->media));
	}
	return (m->progress & (CC_PROG_INBAND | CC_PROG_NON_ISDN_DEST)) != 0;
}

static void act_proceeding(struct call *call, struct leg *leg,
			   const struct cc_msg *m)
{
	learn(call, leg, m);
	if (leg_is_line(leg) && is_heard(leg, m)) {
		call_tell_inband(call);
	}
}

static void tell_diverted(struct call *call)
{
	struct cc_msg m = {.progress = CC_PROG_DIVERTED};

	if (!call->told.diverted && !call->told.answered) {
		call->told.diverted = true;
		call_send(&call->leg[SIDE_A], &m, CC_PROGRESS);
	}
}

/* The network generates ringback for its callers, we do for our PBX's. */
static bool wants_ringback(const struct call *call)
{
	const struct leg *a = &call->leg[SIDE_A];
	const struct conf_span *span;

	if (!leg_is_line(a) ||
	    (call->media.heard && call_may_hear(&call->leg[SIDE_B].remote))) {
		return false; /* media beats a local tone, RFC 3960 3.2 */
	}
	span = &call->core->conf->spans[a->end.index];
	if (span->ringback == CONF_RINGBACK_AUTO) {
		return span->isdn.side == CONF_SIDE_NETWORK;
	}
	return span->ringback == CONF_RINGBACK_ON;
}

static void act_progress(struct call *call, struct leg *leg,
			 const struct cc_msg *m)
{
	learn(call, leg, m);
	if (m->progress & CC_PROG_DIVERTED) {
		tell_diverted(call);
	}
	if (is_heard(leg, m)) {
		call_tell_inband(call);
	}
	if (call->told.alerting && m->media.valid) { /* it comes and goes */
		call_media_ringback(call, wants_ringback(call));
	}
}

static void note_alert(struct call *call)
{
	struct loop *loop = call->core->role.loop;

	call->alerted = loop_now(loop);
	call->cdr.t.alert = loop_wall_ms(loop);
	call->cdr.t.pdd_ms = mono_diff_ms(call->alerted, call->began);
}

static void act_alerting(struct call *call, struct leg *leg,
			 const struct cc_msg *m)
{
	bool said = (m->progress & CC_PROG_INBAND) != 0, ringback;
	struct cc_msg out = {0};

	learn(call, leg, m);
	ringback = wants_ringback(call);
	if (call->told.alerting) {
		if (said) {
			call_tell_inband(call);
		}
		return;
	}
	call->told.alerting = true;
	note_alert(call);
	out.extra.uui = m->extra.uui;
	call_set_state(&call->leg[SIDE_A], A_ALERTED);
	if (leg_is_line(&call->leg[SIDE_A]) && call->media.heard) {
		said = true;
	}
	if (ringback || said || call->told.inband) {
		call->told.inband = true;
		add_inband(call, &out);
	}
	call_media_ringback(call, ringback);
	call_media_update(call);
	call_save(call);
	core_note(call->core, call, "rings");
	call_send(&call->leg[SIDE_A], &out, CC_ALERTING);
	call_join_rings(call);
}

/* A connected number or name, in the way of the other side. */
static void copy_connected(struct call *call, const struct leg *from,
			   const struct cc_msg *m, struct cc_msg *out)
{
	const struct leg *to = other_leg(from);
	const struct conf *conf = call->core->conf;

	out->connected = m->connected;
	memcpy(out->name, m->name, sizeof(out->name));
	if (to->end.kind == CC_END_SPAN) {
		policy_connected_to_line(&conf->spans[to->end.index], out);
	} else {
		policy_connected_to_trunk(&conf->spans[from->end.index],
					  out);
	}
}

static void note_answer(struct call *call, const struct cc_msg *m)
{
	struct core *core = call->core;

	call->answered = loop_now(core->role.loop);
	call->cdr.t.answer = loop_wall_ms(core->role.loop);
	if (call->cdr.t.alert == 0) {
		call->cdr.t.pdd_ms = mono_diff_ms(call->answered,
						  call->began);
	}
	call->cdr.num.connected = m->connected;
	core->n.answered[call->cdr.a.end.kind]++;
}

static void act_answer(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	struct cc_msg out = {.extra.uui = m->extra.uui};

	call->told.answered = true;
	learn(call, leg, m);
	note_answer(call, m);
	call_set_state(&call->leg[SIDE_A], A_ACTIVE);
	call_media_ringback(call, false);
	call_media_update(call);
	call_save(call);
	copy_connected(call, leg, m, &out);
	if (call->leg[SIDE_A].end.kind == CC_END_TRUNK) {
		call_media_offer(call, &out);
	}
	core_note(call->core, call, "answered");
	call_send(&call->leg[SIDE_A], &out, CC_ANSWER);
	call_join_answered(call);
}

/* Q.931 5.4.2: the line plays a tone or announcement and then clears. */
static void act_tone(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	learn(call, leg, m);
	leg->cause = m->cause;
	call_tell_inband(call);
}

static void act_tone_end(struct call *call, struct leg *leg,
			 const struct cc_msg *m)
{
	(void)m;
	call_clear(call, call_by(leg), leg->cause, "tone phase over");
}

static void act_timeout(struct call *call, struct leg *leg,
			const struct cc_msg *m)
{
	(void)m;
	switch (leg->state) {
	case B_MORE:
		call_clear_gw(call, CAUSE_INVALID_NUMBER, "T304 expired");
		break;
	case B_ALERTING:
		call_clear_gw(call, CAUSE_NO_ANSWER, "T301 expired");
		break;
	case B_PROGRESSED:
		call_clear_gw(call, CAUSE_TIMER, "T301 expired");
		break;
	case B_PROCEEDING:
		call_clear_gw(call, CAUSE_TIMER, "T310 expired");
		break;
	default:
		call_clear_gw(call, CAUSE_TIMER, "T303 expired");
		break;
	}
}

/* --- during the call --- */

static void act_update(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	struct cc_msg out = {0};

	learn(call, leg, m);
	if (call->told.answered && m->connected.valid) {
		copy_connected(call, leg, m, &out);
		call_send(other_leg(leg), &out, CC_UPDATE);
	}
}

static void hold(struct call *call, struct leg *leg, const struct cc_msg *m,
		 bool held)
{
	struct cc_msg out = {0};

	leg->held = held;
	learn(call, leg, m);
	call_media_update(call);
	call_save(call);
	call_send(other_leg(leg), &out, held ? CC_HOLD : CC_RETRIEVE);
	call_join_hold(call, held);
}

static void act_hold(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	hold(call, leg, m, true);
}

static void act_retrieve(struct call *call, struct leg *leg,
			 const struct cc_msg *m)
{
	hold(call, leg, m, false);
}

static void act_dtmf(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	call_media_dtmf(call, leg, m->digit);
}

/* --- clearing --- */

static void note_detail(struct leg *leg, const struct cc_msg *m)
{
	struct cdr_side *s = side_of(leg);

	if (m->ref[0] != '\0') {
		memcpy(s->ref, m->ref, sizeof(s->ref));
	}
	if (m->detail[0] != '\0' && s->detail[0] == '\0') {
		memcpy(s->detail, m->detail, sizeof(s->detail));
	}
}

/* The first cause that a leg gave is the one that counts. */
static struct cc_cause first_cause(const struct leg *leg, struct cc_cause c)
{
	return leg->cause.value != 0 ? leg->cause : c;
}

static void act_hangup(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	call_clear(call, call_by(leg), m->cause, "");
}

static void act_release(struct call *call, struct leg *leg,
			const struct cc_msg *m)
{
	note_detail(leg, m);
	if (call_is_transferred(call, leg)) {
		return;
	}
	call->uui = m->extra.uui;
	call_clear(call, call_by(leg), first_cause(leg, m->cause), "");
}

static void act_released(struct call *call, struct leg *leg,
			 const struct cc_msg *m)
{
	note_detail(leg, m);
	call_leg_end(leg);
	if (call_is_transferred(call, leg)) {
		return;
	}
	if (!call->ending) {
		call->uui = m->extra.uui;
	}
	call_clear(call, call_by(leg), first_cause(leg, m->cause), "");
}

static void act_b_release(struct call *call, struct leg *leg,
			  const struct cc_msg *m)
{
	note_detail(leg, m);
	note_attest(call, leg, m);
	leg->cause = m->cause;
	call->uui = m->extra.uui;
	call_note_full(call, m->cause);
	if (!call_has_next(call, m->cause) && !call_may_preempt(call)) {
		call_clear(call, call_by(leg), m->cause, "");
	}
}

static void act_b_gone(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	note_detail(leg, m);
	note_attest(call, leg, m);
	call_leg_end(leg);
	if (!call->ending && !call_is_transferred(call, leg)) {
		call->uui = m->extra.uui;
		call_next(call, call_by(leg), first_cause(leg, m->cause));
	}
}

const struct cc_cause call_lost_cause = {CAUSE_TEMPORARY, CC_LOC_NONE};

static void act_lost(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	(void)m;
	call->core->drops.legs_lost++;
	log_warn("call %s: no RELEASED from %s", call->cdr.id,
		 core_end_name(call->core, leg->end));
	call_leg_end(leg);
	if (!call_is_transferred(call, leg)) {
		call_clear(call, call_by(leg),
			   first_cause(leg, call_lost_cause), "");
	}
}

static void act_down(struct call *call, struct leg *leg,
		     const struct cc_msg *m)
{
	(void)m;
	call_leg_end(leg);
	if (!call_is_transferred(call, leg)) {
		call_clear(call, CDR_BY_GW, call_lost_cause,
			   leg->end.kind == CC_END_SPAN ? "isdn role lost"
							: "sip role lost");
	}
}

static void act_b_down(struct call *call, struct leg *leg,
		       const struct cc_msg *m)
{
	(void)m;
	call_leg_end(leg);
	if (!call->ending && !call_is_transferred(call, leg)) {
		call_next(call, CDR_BY_GW, call_lost_cause);
	}
}

call_act_fn *const call_acts[CALL_ACTS] = {
	[ACT_DIGITS] = act_digits,
	[ACT_DIGITS_END] = act_digits_end,
	[ACT_LATE] = act_late,
	[ACT_MORE] = act_more,
	[ACT_PROCEEDING] = act_proceeding,
	[ACT_PROGRESS] = act_progress,
	[ACT_ALERTING] = act_alerting,
	[ACT_ANSWER] = act_answer,
	[ACT_TONE] = act_tone,
	[ACT_TONE_END] = act_tone_end,
	[ACT_UPDATE] = act_update,
	[ACT_HOLD] = act_hold,
	[ACT_RETRIEVE] = act_retrieve,
	[ACT_DTMF] = act_dtmf,
	[ACT_TIMEOUT] = act_timeout,
	[ACT_HANGUP] = act_hangup,
	[ACT_RELEASE] = act_release,
	[ACT_RELEASED] = act_released,
	[ACT_B_RELEASE] = act_b_release,
	[ACT_B_GONE] = act_b_gone,
	[ACT_LOST] = act_lost,
	[ACT_DOWN] = act_down,
	[ACT_B_DOWN] = act_b_down,
	[ACT_TRANSFER] = call_act_transfer,
	[ACT_X_LEARN] = call_act_x_learn,
	[ACT_X_ALERTING] = call_act_x_alerting,
	[ACT_X_ANSWER] = call_act_x_answer,
	[ACT_X_TIMEOUT] = call_act_x_timeout,
	[ACT_X_REFUSED] = call_act_x_refused,
	[ACT_X_GONE] = call_act_x_gone,
	[ACT_X_RELEASE] = call_act_x_release,
	[ACT_X_LEFT] = call_act_x_left,
};
