/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/call_priv.h"

#include <errno.h>
#include <string.h>

static struct loop *loop_of(const struct call *c)
{
	return c->all->span->loop;
}

/* --- finding --- */

struct call *call_new(struct calls *all, bool made)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct call *c = &all->call[i];

		if (c->state == CALL_FREE) {
			memset(c, 0, sizeof(*c));
			c->all = all;
			c->state = CALL_SETUP;
			c->made = made;
			c->number = ++all->last_number;
			c->begin_s = report_time(all->report);
			all->alive++;
			return c;
		}
	}
	return NULL;
}

static struct call *call_find(struct calls *all, leg_id leg)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct call *c = &all->call[i];

		if (c->state != CALL_FREE && c->leg == leg) {
			return c;
		}
	}
	return NULL;
}

/* --- voice --- */

static void leave_channel(struct call *c)
{
	struct call **at = &c->all->by_slot[c->wire][c->channel];

	if (c->channel && *at == c) {
		*at = NULL;
	}
}

/* The channel is known, or another one than before. */
void call_set_channel(struct call *c, const struct cc_msg *m)
{
	struct calls *all = c->all;
	uint8_t channel = m->channel, wire = m->end.index;
	struct voice_config vc = {
		.law = all->law,
		.zone = all->zone,
		.source = c->profile.play,
		.echo = c->profile.echo,
		.seed = all->random + c->number,
	};

	if (!channel || channel >= LINE_SLOTS || wire >= all->span->n_wires ||
	    (channel == c->channel && wire == c->wire)) {
		return;
	}
	leave_channel(c);
	c->channel = channel;
	c->wire = wire;
	all->by_slot[wire][channel] = c;
	if (!c->voice) {
		c->voice = voice_new(&vc);
	}
	if (!c->voice) {
		report_error(all->report, "call %u: no voice: %s", c->number,
			     strerror(errno));
	}
}

static void on_dial(struct timer *t)
{
	struct call *c = container_of(t, struct call, dial);

	voice_dial(c->voice, c->profile.dtmf);
}

static void begin_talk(struct call *c)
{
	char name[COMMAND_WORD];
	bool record = c->profile.record[0];
	int r;

	if (!c->voice) {
		return;
	}
	profile_record_name(&c->profile, c->number, c->channel, name);
	r = voice_talk(c->voice, record ? name : NULL);
	if (r < 0) {
		report_error(c->all->report, "call %u: cannot record to %s: %s",
			     c->number, name, strerror(-r));
	}
	if (c->profile.dtmf[0]) {
		timer_start(loop_of(c), &c->dial, on_dial,
			    (int64_t)(c->profile.dtmf_after_s * 1000));
	}
}

static void call_end(struct call *c)
{
	struct calls *all = c->all;
	int r;

	timer_stop(loop_of(c), &c->timer);
	timer_stop(loop_of(c), &c->dial);
	leave_channel(c);
	r = voice_free(c->voice);
	if (r < 0) {
		report_error(all->report, "call %u: recording: %s", c->number,
			     strerror(-r));
	}
	c->voice = NULL;
	c->state = CALL_FREE;
	all->alive--;
}

/* --- acting --- */

int call_send(struct call *c, struct cc_msg *m, enum cc_type type)
{
	m->leg = c->leg;
	return span_send(c->all->span, m, type);
}

void call_release(struct call *c, uint8_t cause)
{
	struct cc_msg m = { .cause = { cause, CC_LOC_NONE } };

	if (c->state == CALL_RELEASING) {
		return;
	}
	timer_stop(loop_of(c), &c->timer);
	timer_stop(loop_of(c), &c->dial);
	if (!c->cause.value) {
		c->cause = m.cause;
	}
	c->state = CALL_RELEASING;
	call_state_event(c, "hangup");
	report_cause(c->all->report, &m.cause);
	report_end(c->all->report);
	call_send(c, &m, CC_RELEASE);
}

static void on_hold_over(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);

	call_release(c, c->profile.cause);
}

static void on_give_up(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);

	c->given_up = true;
	call_release(c, c->profile.cause);
}

void call_after(struct call *c, timer_fn *fn, double seconds)
{
	timer_start(loop_of(c), &c->timer, fn, (int64_t)(seconds * 1000));
}

static double draw(struct calls *all, const double range[2])
{
	all->random = all->random * 6364136223846793005u + 1442695040888963407u;
	return range[0] + (range[1] - range[0]) *
				  ((double)(all->random >> 33) / 2147483648.0);
}

void call_answered(struct call *c)
{
	const struct profile *p = &c->profile;
	const double *range = p->hangup_after_s;

	c->state = CALL_ANSWERED;
	c->answered = true;
	c->answer_s = report_time(c->all->report);
	timer_stop(loop_of(c), &c->timer);
	if (c->made && range[1] <= 0) {
		range = p->hold_s;
	}
	if (range[1] > 0) {
		call_after(c, on_hold_over, draw(c->all, range));
	}
	begin_talk(c);
}

int call_make(struct calls *all, const char *to, const struct profile *p)
{
	struct cc_msg m = { .end = { CC_END_SPAN, 0 }, .complete = 1 };
	struct call *c;

	if (cc_number_set(&m.called, to) < 0) {
		return -EINVAL;
	}
	c = call_new(all, true);
	if (!c) {
		return -ENOSPC;
	}
	c->profile = *p;
	c->leg = CC_LEG_CORE | c->number;
	profile_numbers(p, &m);
	m.bearer = p->bearer;
	memcpy(m.name, p->name, sizeof(m.name));
	all->tally->count[TALLY_MADE]++;
	call_report_setup(c, &m);
	call_send(c, &m, CC_SETUP);
	if (p->give_up_s > 0) {
		call_after(c, on_give_up, p->give_up_s);
	}
	return 0;
}

/* --- the far end of a call we made, or the end of any --- */

static void on_moved(struct call *c, const struct cc_msg *m,
		     enum call_state state, const char *name)
{
	call_set_channel(c, m);
	if (c->state < state) {
		c->state = state;
	}
	call_state_event(c, name);
	call_report_progress(c, m->progress);
	report_cause(c->all->report, &m->cause);
	report_end(c->all->report);
}

static void on_answered(struct call *c, const struct cc_msg *m)
{
	call_set_channel(c, m);
	call_answered(c);
	call_state_event(c, "answered");
	report_number(c->all->report, "connected", &m->connected);
	report_end(c->all->report);
}

static void on_release(struct call *c, const struct cc_msg *m)
{
	timer_stop(loop_of(c), &c->timer);
	if (!c->cause.value) {
		c->cause = m->cause;
	}
	c->state = CALL_RELEASING;
	call_state_event(c, "release");
	report_cause(c->all->report, &m->cause);
	report_end(c->all->report);
}

static void on_released(struct call *c, const struct cc_msg *m)
{
	struct report *r = c->all->report;
	struct tally_end end = { .made = c->made, .answered = c->answered,
				 .given_up = c->given_up };

	if (!c->cause.value) {
		c->cause = m->cause;
	}
	if (c->voice) {
		call_report_heard(c);
	}
	end.cause = c->cause;
	tally_ended(c->all->tally, &end);
	call_state_event(c, "released");
	report_cause(r, &c->cause);
	if (m->detail[0]) {
		report_str(r, "detail", m->detail);
	}
	report_bool(r, "was_answered", c->answered);
	if (c->answered) {
		report_num(r, "talked_s", report_time(r) - c->answer_s, 2);
	}
	report_end(r);
	call_end(c);
}

static void call_message(struct call *c, const struct cc_msg *m)
{
	switch (m->head.type) {
	case CC_PROCEEDING:
		on_moved(c, m, CALL_PROCEEDING, "proceeding");
		break;
	case CC_PROGRESS:
		on_moved(c, m, c->state, "progress");
		break;
	case CC_ALERTING:
		on_moved(c, m, CALL_ALERTING, "alerting");
		break;
	case CC_ANSWER:
		on_answered(c, m);
		break;
	case CC_RELEASE:
		on_release(c, m);
		break;
	case CC_DTMF:
		call_report_digit(c, (char)m->digit, false);
		break;
	case CC_HOLD:
		call_report_state(c, "held");
		break;
	case CC_RETRIEVE:
		call_report_state(c, "retrieved");
		break;
	default:
		break;
	}
}

void calls_message(struct calls *all, const struct cc_msg *m)
{
	struct call *c = call_find(all, m->leg);

	if (m->head.type == CC_SETUP && m->cause.value) {
		return; /* refused by the role itself: a matter for CDRs */
	}
	if (m->head.type == CC_SETUP && !c) {
		call_received(all, m);
	} else if (c && m->head.type == CC_RELEASED) {
		on_released(c, m);
	} else if (c && c->state != CALL_RELEASING) {
		call_message(c, m);
	}
}

/* --- all of them --- */

unsigned calls_hang_up(struct calls *all, unsigned number, uint8_t cause)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CALLS; i++) {
		struct call *c = &all->call[i];

		if (c->state != CALL_FREE && (!number || c->number == number)) {
			call_release(c, cause ? cause : c->profile.cause);
			n++;
		}
	}
	return n;
}

unsigned calls_dial(struct calls *all, unsigned number, const char *digits)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CALLS; i++) {
		struct call *c = &all->call[i];

		if (c->state != CALL_FREE && c->voice &&
		    (!number || c->number == number)) {
			n += voice_dial(c->voice, digits);
		}
	}
	return n;
}

void calls_audio(struct calls *all, unsigned wire, uint8_t (*rx)[LINE_BLOCK],
		 uint8_t (*tx)[LINE_BLOCK])
{
	struct hear_news news;

	for (unsigned slot = 1; slot < LINE_SLOTS; slot++) {
		struct call *c = all->by_slot[wire][slot];

		if (!c || !c->voice) {
			continue;
		}
		voice_run(c->voice, rx[slot], tx[slot], &news);
		if (news.digit) {
			call_report_digit(c, news.digit, true);
		}
		if (news.tone != TONE_NONE) {
			call_report_tone(c, news.tone);
		}
	}
}

void calls_free(struct calls *all)
{
	for (unsigned i = 0; i < CALLS; i++) {
		if (all->call[i].state != CALL_FREE) {
			call_end(&all->call[i]);
		}
	}
}
