/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emergency call finds every channel of a line taken: another call gives
 * way (Q.850 cause 8), and its channel is used as soon as it is free. Calls
 * that nobody has answered go first, then the youngest; emergency calls never.
 */
#include "gateway/call.h"

#define PREEMPTIONS 3 /* a channel may be lost again to a call from the line */

static bool is_full(unsigned cause)
{
	return cause == CAUSE_NO_CHANNEL || cause == CAUSE_CHANNEL_BUSY;
}

static bool goes_first(const struct call *a, const struct call *b)
{
	if (a->told.answered != b->told.answered) {
		return !a->told.answered;
	}
	return mono_diff_ns(a->began, b->began) > 0;
}

/* The call on this span that is missed least, if less than best. */
static struct call *find_on_span(const struct call *call,
				 const struct core_span *s, struct call *best)
{
	for (unsigned slot = 1; slot < CORE_SLOTS; slot++) {
		struct call *c = call_get(call->core, s->owner[slot]);

		if (c != NULL && c != call && !c->ending &&
		    !c->cdr.emergency &&
		    (best == NULL || goes_first(c, best))) {
			best = c;
		}
	}
	return best;
}

/* The one of this span or its group; NULL: none may be taken. */
static struct call *find_victim(const struct call *call, unsigned span)
{
	const struct core *core = call->core;
	struct call *best = NULL;

	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (core_same_group(core, i, span)) {
			best = find_on_span(call, &core->spans[i], best);
		}
	}
	return best;
}

void call_note_full(struct call *call, struct cc_cause cause)
{
	struct call_hunt *h = &call->hunt;

	if (!h->ask.emergency || h->full || !is_full(cause.value) ||
	    h->to.kind != CC_END_SPAN ||
	    core_free(call->core, h->to.index) != 0) {
		return;
	}
	h->full = true;
	h->full_index = h->index;
	h->full_to = h->to;
	h->full_number = h->number;
}

bool call_may_preempt(const struct call *call)
{
	const struct call_hunt *h = &call->hunt;

	return h->full && !call->ending && !call->told.alerting &&
	       h->preempted < PREEMPTIONS &&
	       h->epoch == call->core->epoch &&
	       find_victim(call, h->full_to.index) != NULL;
}

void call_preempt(struct call *call)
{
	struct call_hunt *h = &call->hunt;
	struct call *victim = find_victim(call, h->full_to.index);

	h->full = false;
	h->preempted++;
	h->index = h->full_index;
	h->to = h->full_to;
	h->number = h->full_number;
	victim->gives_way_to = call->id;
	core_note(call->core, call, "%s is full: call %s gives way",
		  core_end_name(call->core, h->to), victim->cdr.id);
	call->core->n.preempted++;
	call_clear_gw(victim, CAUSE_PREEMPTION,
		      "gives way to an emergency call");
}

void call_resume(struct core *core, const struct leg *gone)
{
	struct call *victim = gone->call;
	struct call *call = call_get(core, victim->gives_way_to);

	if (call == NULL || gone->end.kind != CC_END_SPAN ||
	    gone->end.index != call->hunt.to.index) {
		return;
	}
	victim->gives_way_to = 0;
	if (!call->ending) {
		call_again(call);
	}
}
