/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wanted of the driver, one job at a time, each kind in its turn; and
 * what becomes of the answers.
 */
#include <errno.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum { STUCK_MS = 1000 /* no answer for so long is counted */ };

/* --- wanted: true: the job is filled in --- */

/* tick */
static void ask_at(struct dahdi *p, struct dahdi_job *j, uint32_t slots)
{
	j->slots = slots;
	memcpy(j->fds, p->fds, sizeof(j->fds));
	j->idle = p->line.cfg.idle;
	memset(j->err, 0, sizeof(j->err));
}

/* tick */
static bool want_look(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	int fd;

	(void)now;
	j->n_facts = 0;
	while (j->n_facts < LINE_SLOTS && ring_get(&p->offers, &fd))
		j->facts[j->n_facts++] = (struct dahdi_fact){ .fd = fd };
	return j->n_facts;
}

/* tick */
static bool want_events(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	(void)now;
	if (!p->orders.eventful || p->watch.gone)
		return false;
	ask_at(p, j, p->orders.eventful);
	return true;
}

/* tick: those that have failed wait for their turn, unless there are no others.
 */
static bool want_begin(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	(void)now;
	if (!p->orders.begin || p->begun || p->watch.gone)
		return false;
	ask_at(p, j, p->b_slots ? p->b_slots : dahdi_lost(p));
	j->lead = p->line.cfg.tx_lead;
	return true;
}

/* tick: the others have sent a block since they had all of their lead. */
static bool want_retry(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	(void)now;
	if (!p->orders.retry || !p->begun || p->watch.gone)
		return false;
	ask_at(p, j, dahdi_lost(p));
	j->lead = p->line.cfg.tx_lead - LINE_BLOCK;
	return true;
}

/* tick */
static bool want_cancel(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	struct dahdi_orders *o = &p->orders;
	uint32_t slots = p->cancels & (o->clear ^ o->cleared);

	(void)now;
	if (!slots || p->watch.gone)
		return false;
	ask_at(p, j, slots);
	j->on = ~o->clear;
	j->taps = p->line.cfg.dahdi.tail_ms * DAHDI_TAPS_MS;
	return true;
}

/* tick: any channel can ask for its span. */
static bool want_status(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	unsigned s = 1;

	if (p->watch.gone || !dahdi_status_is_due(p, now))
		return false;
	while (s < LINE_SLOTS && p->fds[s] < 0)
		s++;
	if (s == LINE_SLOTS)
		return false;
	ask_at(p, j, 1u << s);
	p->watch.asked = now;
	p->watch.news = false;
	return true;
}

/* --- answered --- */

/* tick */
static void on_look(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	for (unsigned i = 0; i < j->n_facts; i++)
		dahdi_take_offer(p, &j->facts[i], now);
}

/* tick: an error of the channel itself is found out by its next read. */
static void on_events(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	(void)now;
	p->orders.eventful &= ~j->slots;
}

/* tick */
static void on_begin(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	(void)now;
	p->orders.begin = p->orders.retry = false;
	p->orders.eventful &= ~j->slots;
	dahdi_begun(p, j);
}

/* tick: if meanwhile all are to begin anew it was in vain. */
static void on_retry(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	(void)now;
	p->orders.retry = false;
	p->orders.eventful &= ~j->slots;
	if (p->begun)
		dahdi_retried(p, j);
}

/* tick: what it does not want to do it is not asked for twice. */
static void on_cancel(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	struct dahdi_orders *o = &p->orders;

	(void)now;
	o->cleared = (o->cleared & ~j->slots) | (~j->on & j->slots);
}

/* tick */
static void on_status(struct dahdi *p, const struct dahdi_job *j, mono_t now)
{
	(void)now;
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1 && j->err[s] == 0)
			dahdi_on_status(p, &j->span);
}

static const struct {
	bool (*want)(struct dahdi *, struct dahdi_job *, mono_t now);
	void (*answer)(struct dahdi *, const struct dahdi_job *, mono_t now);
} kinds[DAHDI_JOB_KINDS] = {
	[DAHDI_JOB_LOOK] = { want_look, on_look },
	[DAHDI_JOB_EVENTS] = { want_events, on_events },
	[DAHDI_JOB_BEGIN] = { want_begin, on_begin },
	[DAHDI_JOB_RETRY] = { want_retry, on_retry },
	[DAHDI_JOB_CANCEL] = { want_cancel, on_cancel },
	[DAHDI_JOB_STATUS] = { want_status, on_status },
};

/* tick: events first: they came before the answer. */
static void take_answer(struct dahdi *p, mono_t now)
{
	const struct dahdi_job *j = dahdi_ask_answer(p->orders.ask);

	if (!j)
		return;
	for (unsigned i = 0; i < j->n_events; i++)
		dahdi_on_event(p, j->events[i]);
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->kind != DAHDI_JOB_LOOK && j->slots >> s & 1)
			dahdi_verdict(p, s, j->err[s]);
	if (j->kind == DAHDI_JOB_LOOK || !p->watch.gone)
		kinds[j->kind].answer(p, j, now);
	dahdi_ask_done(p->orders.ask);
}

/* tick: the next kind that is wanted; a card that is left alone for a while is
 * asked for nothing. */
static bool order(struct dahdi *p, struct dahdi_job *j, mono_t now)
{
	struct dahdi_orders *o = &p->orders;

	for (unsigned i = 1; i <= DAHDI_JOB_KINDS; i++) {
		unsigned k = (o->last + i) % DAHDI_JOB_KINDS;

		if ((p->guard.aside && k != DAHDI_JOB_LOOK) ||
		    !kinds[k].want(p, j, now))
			continue;
		j->kind = o->last = k;
		o->asked = now;
		o->stuck = false;
		dahdi_ask_begin(o->ask);
		return true;
	}
	return false;
}

/* tick: without a thread the answer is there at once. */
void dahdi_give_orders(struct dahdi *p, mono_t now)
{
	struct dahdi_orders *o = &p->orders;

	for (unsigned i = 0; i < DAHDI_JOB_KINDS; i++) {
		struct dahdi_job *j;

		take_answer(p, now);
		j = dahdi_ask_idle(o->ask);
		if (!j || !order(p, j, now))
			break;
	}
	if (!o->stuck && !dahdi_ask_idle(o->ask) &&
	    mono_diff_ms(now, o->asked) >= STUCK_MS) {
		o->stuck = true;
		p->line.stats.clock.stalls++;
	}
}
