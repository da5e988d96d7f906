/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call comes in: what its rule wants. */
#include "tools/pbxsim/call_priv.h"

static void on_answer_due(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);
	struct cc_msg m = { .leg = c->leg };

	if (c->voice) {
		voice_tone(c->voice, TONE_NONE);
	}
	call_send(c, &m, CC_ANSWER);
	call_answered(c);
	call_state_event(c, "answered");
	report_end(c->all->report);
}

static void on_tone_over(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);

	call_release(c, c->rule->cause);
}

static void ring(struct call *c)
{
	struct cc_msg m = { .leg = c->leg };

	if (c->rule->ringback && c->voice) {
		m.progress = CC_PROG_INBAND;
		voice_tone(c->voice, TONE_RINGBACK);
	}
	call_send(c, &m, CC_ALERTING);
	c->state = CALL_ALERTING;
}

static void busy_tone(struct call *c)
{
	struct cc_msg m = { .progress = CC_PROG_INBAND };

	m.cause = (struct cc_cause){ c->rule->cause, CC_LOC_NONE };
	call_send(c, &m, CC_PROGRESS);
	if (c->voice) {
		voice_tone(c->voice, TONE_BUSY);
	}
	call_after(c, on_tone_over, c->rule->after_s);
}

static void obey(struct call *c)
{
	const struct rule *rule = c->rule;

	switch (rule->action) {
	case RULE_ANSWER:
		if (rule->after_s > 0) {
			ring(c);
		}
		call_after(c, on_answer_due, rule->after_s);
		break;
	case RULE_NO_ANSWER:
		ring(c);
		break;
	case RULE_BUSY:
		if (rule->after_s > 0) {
			busy_tone(c);
			break;
		}
		call_release(c, rule->cause);
		break;
	case RULE_REJECT:
		call_release(c, rule->cause);
		break;
	}
}

void call_received(struct calls *all, const struct cc_msg *m)
{
	struct call *c = call_new(all, false);
	struct cc_msg reply = { .leg = m->leg };

	all->tally->count[TALLY_RECEIVED]++;
	if (!c) {
		reply.cause = (struct cc_cause){ CAUSE_CONGESTION,
						 CC_LOC_NONE };
		span_send(all->span, &reply, CC_RELEASE);
		tally_ended(all->tally, &(struct tally_end){
						.cause = reply.cause });
		return;
	}
	c->leg = m->leg;
	c->rule = rules_find(all->rules, m->called.digits);
	c->profile = c->rule->profile;
	call_set_channel(c, m);
	call_report_setup(c, m);
	if (all->refusing) {
		call_release(c, CAUSE_TEMPORARY);
		return;
	}
	call_send(c, &reply, CC_PROCEEDING);
	c->state = CALL_PROCEEDING;
	obey(c);
}
