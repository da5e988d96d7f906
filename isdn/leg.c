/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isdn/isdn_priv.h"
#include "isdn/name.h"

#define WAIT_MS	    5000
#define T304_MS	    30000
#define TONE_MS	    20000
#define NAME_MS	    500
#define T313_MS	    4100  /* libpri's 4 s, and then some */
#define CLEARING_MS 45000 /* T305 and T308 twice: 38 s */

static const struct {
	const char *name;
	unsigned q931; /* user side, Q.931 2.1.1 */
} phases[LEG_PHASES] = {
	[LEG_FREE] = { "free", 0 },
	[LEG_WAIT] = { "waiting", 0 },
	[LEG_CALLING] = { "calling", 1 },
	[LEG_OVERLAP] = { "overlap sending", 2 },
	[LEG_PROCEEDING] = { "proceeding", 3 },
	[LEG_DELIVERED] = { "delivered", 4 },
	[LEG_OVERLAP_IN] = { "overlap receiving", 25 },
	[LEG_PROCEEDING_IN] = { "incoming proceeding", 9 },
	[LEG_RECEIVED] = { "received", 7 },
	[LEG_ACTIVE] = { "active", 10 },
	[LEG_TONE] = { "tones", 12 },
	[LEG_CLEARING] = { "clearing", 11 },
};

const char *leg_phase_name(enum leg_phase phase)
{
	return phase < LEG_PHASES ? phases[phase].name : "?";
}

unsigned leg_q931_state(const struct leg *l)
{
	return phases[l->s.phase].q931;
}

struct leg *leg_new(struct isdn *isdn, leg_id id)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase == LEG_FREE) {
			*l = (struct leg){ .isdn = isdn, .s.id = id };
			l->s.since_wall_ms = loop_wall_ms(isdn_loop(isdn));
			l->s.seen.location = CC_LOC_NONE;
			return l;
		}
	}
	return NULL;
}

struct leg *leg_by_id(struct isdn *isdn, leg_id id)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase != LEG_FREE && l->s.id == id && !l->s.orphan) {
			return l;
		}
	}
	return NULL;
}

struct leg *leg_by_call(struct isdn *isdn, const q931_call *call)
{
	unsigned i;

	for (i = 0; call && i < isdn->n_legs; i++) {
		if (isdn->legs[i].call == call) {
			return &isdn->legs[i];
		}
	}
	return NULL;
}

struct leg *leg_by_cref(struct isdn *isdn, uint16_t cref, bool ours)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->call && l->s.cref == cref && l->s.ours == ours) {
			return l;
		}
	}
	return NULL;
}

unsigned leg_count(const struct isdn *isdn)
{
	unsigned i, n = 0;

	for (i = 0; i < isdn->n_legs; i++) {
		n += isdn->legs[i].s.phase != LEG_FREE;
	}
	return n;
}

void leg_ref(const struct leg *l, char ref[CC_REF_MAX])
{
	snprintf(ref, CC_REF_MAX, "%s 0x%04x", isdn_name(l->isdn),
		 l->s.cref | (l->s.ours ? 0x8000u : 0u));
}

static struct cc_cause own_cause(struct leg *l, uint8_t value)
{
	return (struct cc_cause){ value, isdn_location(l->isdn) };
}

/* Our own supervision ran out: both sides learn the cause. */
static void give_up(struct leg *l, uint8_t value)
{
	struct cc_cause cause = own_cause(l, value);

	log_info("%s 0x%04x: %s too long", isdn_name(l->isdn), l->s.cref,
		 leg_phase_name(l->s.phase));
	leg_tell_release(l, cause);
	leg_clear(l, cause);
}

/* The SETUP that waited for the name. */
static void tell_setup(struct leg *l)
{
	struct cc_msg *m = l->setup;

	l->setup = NULL;
	l->untold = false;
	leg_tell(l, CC_SETUP, m);
	free(m);
}

static void on_timer(struct timer *t)
{
	struct leg *l = container_of(t, struct leg, timer);
	struct isdn *isdn = l->isdn;

	switch ((enum leg_phase)l->s.phase) {
	case LEG_WAIT:
		l->s.seen = own_cause(l, CAUSE_NET_OUT_OF_ORDER);
		leg_end(l);
		break;
	case LEG_PROCEEDING_IN:
		leg_settle(l);
		break;
	case LEG_OVERLAP:
	case LEG_PROCEEDING:
		give_up(l, CAUSE_TIMER);
		break;
	case LEG_DELIVERED:
		give_up(l, CAUSE_NO_ANSWER);
		break;
	case LEG_TONE:
		leg_clear(l, l->s.seen);
		break;
	case LEG_ACTIVE:
		leg_on_t313(l);
		break;
	case LEG_CLEARING:
		log_warn("%s 0x%04x: never cleared, dropped",
			 isdn_name(isdn), l->s.cref);
		leg_drop(l, CAUSE_TIMER);
		break;
	default:
		break;
	}
	isdn_settle(isdn);
}

static int64_t phase_ms(const struct leg *l)
{
	const struct conf_isdn *conf = &l->isdn->conf.span.isdn;
	int64_t down;

	switch ((enum leg_phase)l->s.phase) {
	case LEG_WAIT:
		down = mono_diff_ms(loop_now(isdn_loop(l->isdn)),
				    l->isdn->active->since);
		return down < WAIT_MS ? WAIT_MS - down : 0;
	case LEG_OVERLAP:
		return T304_MS;
	case LEG_PROCEEDING:
		return conf->t310_s * 1000;
	case LEG_DELIVERED:
		return conf->t301_s * 1000;
	case LEG_TONE:
		return TONE_MS;
	case LEG_ACTIVE:
		return l->unacked ? T313_MS : -1;
	case LEG_CLEARING:
		return CLEARING_MS;
	default:
		return -1;
	}
}

void leg_enter(struct leg *l, enum leg_phase phase)
{
	struct loop *loop = isdn_loop(l->isdn);
	int64_t ms;

	l->s.phase = (uint8_t)phase;
	ms = phase_ms(l);
	if (ms < 0 || (ms == 0 && phase != LEG_WAIT)) {
		timer_stop(loop, &l->timer);
	} else {
		timer_start(loop, &l->timer, on_timer, ms);
	}
}

/* libpri clears by itself and tells nobody. Its DISCONNECT is noticed when it is
 * sent (patch.c), but may wait behind frames that a D channel does not
 * acknowledge, and be lost with that. */
void leg_on_t313(struct leg *l)
{
	struct cc_cause cause = own_cause(l, CAUSE_TIMER);

	l->unacked = false;
	l->s.out = cause;
	leg_tell_release(l, cause);
	leg_enter(l, LEG_CLEARING);
}

void leg_hear_ack(struct isdn *isdn, const struct ie_msg *m)
{
	struct leg *l = leg_by_cref(isdn, m->cref, m->flag);

	if (l && l->unacked && l->s.phase == LEG_ACTIVE) {
		l->unacked = false;
		leg_enter(l, LEG_ACTIVE);
	}
}

void leg_ease(struct leg *l)
{
	timer_start(isdn_loop(l->isdn), &l->timer, on_timer,
		    l->isdn->conf.span.isdn.t301_s * 1000);
}

void leg_place(struct leg *l)
{
	struct isdn *isdn = l->isdn;
	uint16_t number;
	int r;

	number = l->setup->channel
			 ? (uint16_t)number_wanted(isdn, l->setup)
			 : channel_hunt(&isdn->channels, &l->s.tried);
	if (!number || (l->setup->channel &&
			(l->s.tries || !channel_is_free(&isdn->channels,
							number)))) {
		leg_drop(l, CAUSE_NO_CHANNEL);
		return;
	}
	l->s.number = number;
	l->s.tried.at[l->s.tried.n++] = number;
	l->s.tries++;
	channel_take(&isdn->channels, number, l);
	leg_enter(l, LEG_CALLING);
	r = setup_send(isdn, l);
	if (r < 0) {
		leg_drop(l, r == -EMSGSIZE ? CAUSE_INVALID_NUMBER
					   : CAUSE_CONGESTION);
		return;
	}
	isdn_state_changed(isdn);
}

bool leg_await_name(struct leg *l, const struct cc_msg *setup)
{
	l->setup = malloc(sizeof(*l->setup));
	if (!l->setup) {
		return false;
	}
	*l->setup = *setup;
	l->untold = true;
	timer_start(isdn_loop(l->isdn), &l->timer, on_timer, NAME_MS);
	return true;
}

void leg_hear_name(struct isdn *isdn, const struct ie_msg *m)
{
	struct leg *l = leg_by_cref(isdn, m->cref, m->flag);
	char name[CC_NAME_MAX];

	if (!l || !l->untold) {
		return;
	}
	name_read(m, name);
	if (name[0]) {
		memcpy(l->setup->name, name, sizeof(name));
		timer_stop(isdn_loop(isdn), &l->timer);
		tell_setup(l);
	}
}

void leg_where(const struct leg *l, struct cc_end *end, uint8_t *channel)
{
	const struct isdn *isdn = l->isdn;

	*channel = (uint8_t)channel_slot(l->s.number);
	*end = (struct cc_end){ CC_END_SPAN, 0 };
	end->index = (uint8_t)isdn->spans[channel_span(l->s.number)]
			     .conf->index;
}

void leg_tell(struct leg *l, enum cc_type type, struct cc_msg *m)
{
	if (l->untold) {
		tell_setup(l); /* it comes first */
	}
	if (l->s.orphan || (l->s.told_release && type != CC_RELEASED)) {
		return;
	}
	m->leg = l->s.id;
	leg_where(l, &m->end, &m->channel);
	link_send(&l->isdn->core, &m->head, (uint16_t)type, sizeof(*m));
}

void leg_tell_proceeding(struct leg *l)
{
	struct cc_msg m = { 0 };

	if (!l->s.told_proceeding) {
		l->s.told_proceeding = 1;
		leg_ref(l, m.ref);
		leg_tell(l, CC_PROCEEDING, &m);
	}
}

void leg_say_uui(struct leg *l, const struct cc_uui *uui, uint8_t type)
{
	l->uui = *uui;
	l->uui_in = type;
}

void leg_tell_release(struct leg *l, struct cc_cause cause)
{
	struct cc_msg m = { .cause = cause, .extra.uui = l->heard };

	if (!l->s.told_release) {
		l->s.seen = cause;
		leg_tell(l, CC_RELEASE, &m);
		l->s.told_release = 1;
	}
}

void leg_settle(struct leg *l)
{
	if (l->untold) {
		tell_setup(l);
	}
	free(l->setup);
	l->setup = NULL;
}

/*
 * libpri chooses the message by the cause as well as by the state (cause 34
 * in the state call initiated would give RELEASE COMPLETE). So it is always
 * told 16, and patch.c writes the cause into what it sends.
 */
void leg_clear(struct leg *l, struct cc_cause cause)
{
	if (l->s.phase == LEG_WAIT || !l->call) {
		l->s.seen = l->s.seen.value ? l->s.seen : cause;
		leg_end(l);
		return;
	}
	leg_settle(l);
	l->s.out = cause;
	if (!l->s.seen.value) {
		l->s.seen = cause;
	}
	if (l->s.phase == LEG_CLEARING) {
		return;
	}
	leg_enter(l, LEG_CLEARING);
	pri_hangup(isdn_pri(l->isdn), l->call, CAUSE_NORMAL);
}

void leg_hangup(struct leg *l, int cause)
{
	q931_call *call = l->call;

	if (call) {
		pri_hangup(isdn_pri(l->isdn), call, cause);
		l->call = NULL;
	}
}

void leg_end(struct leg *l)
{
	struct isdn *isdn = l->isdn;
	struct cc_msg m = { .cause = l->s.seen, .extra.uui = l->heard };

	timer_stop(isdn_loop(isdn), &l->timer);
	leg_settle(l);
	leg_ref(l, m.ref);
	snprintf(m.detail, sizeof(m.detail), "cause %u %s", m.cause.value,
		 cause_name(m.cause.value));
	leg_tell(l, CC_RELEASED, &m);
	channel_drop(&isdn->channels, l->s.number, l);
	*l = (struct leg){ 0 };
	isdn_state_changed(isdn);
}

void leg_drop(struct leg *l, uint8_t cause)
{
	if (l->call) {
		pri_destroycall(isdn_pri(l->isdn), l->call);
		l->call = NULL;
	}
	if (!l->s.told_release) {
		l->s.seen = own_cause(l, cause);
	}
	leg_end(l);
}

void leg_clear_all(struct isdn *isdn, uint8_t cause)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase != LEG_FREE) {
			leg_clear(l, own_cause(l, cause));
		}
	}
}

/* The far end may still have the call when the line is back, and layer 2 may
 * have outlived it: then RESTART of the channel says so. */
static void drop_unsaid(struct leg *l, uint8_t cause)
{
	restart_note(l->isdn, l->s.number);
	leg_drop(l, cause);
}

void leg_drop_all(struct isdn *isdn, uint8_t cause)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		if (isdn->legs[i].s.phase != LEG_FREE) {
			drop_unsaid(&isdn->legs[i], cause);
		}
	}
}

static bool is_on_span(const struct leg *l, unsigned span)
{
	return l->s.phase != LEG_FREE && l->s.number &&
	       channel_span(l->s.number) == span;
}

/* EN 300 207-1 7.2.1 */
#define DIVERSION_ACTIVATED 0x68
#define CALL_DIVERTING	    0x7b

void leg_hear_notify(struct isdn *isdn, const struct ie_msg *m)
{
	struct cc_msg out = { .progress = CC_PROG_DIVERTED };
	struct leg *l = leg_by_cref(isdn, m->cref, m->flag);
	struct ie ie;

	if (!l || l->s.phase < LEG_CALLING || l->s.phase > LEG_DELIVERED ||
	    !ie_find(m, IE_NOTIFY, 0, &ie) || ie.len == 0) {
		return;
	}
	switch (ie.data[0] & 0x7f) {
	case DIVERSION_ACTIVATED:
	case CALL_DIVERTING:
		leg_tell(l, CC_PROGRESS, &out);
		break;
	default:
		break;
	}
}

void leg_clear_span(struct isdn *isdn, unsigned span, uint8_t cause)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (is_on_span(l, span)) {
			leg_tell_release(l, own_cause(l, cause));
			leg_clear(l, own_cause(l, cause));
		}
	}
}

void leg_drop_span(struct isdn *isdn, unsigned span, uint8_t cause)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		if (is_on_span(&isdn->legs[i], span)) {
			drop_unsaid(&isdn->legs[i], cause);
		}
	}
}
