/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One channel of the span: taken, given up when the driver refuses it, tried
 * again; and the card's own echo canceller on it.
 */
#include <errno.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum {
	SAME_OFFER_MS = 1000,
	RETRY_MS = 1000,
	/* One that is tried: fewer than the blocks that its queue towards the
	 * line holds. */
	TRIAL_READS = 8,
};

/* tick */
void dahdi_lose_channel(struct dahdi *p, unsigned slot)
{
	uint32_t bit = 1u << slot;

	if (!(p->b_slots & bit))
		return;
	p->b_slots &= ~bit;
	p->got &= ~bit;
	p->unsent &= ~bit;
	p->trust.trial &= ~bit;
	p->trust.bad[slot] = 0;
	p->line.stats.rx.silent_slots |= bit;
	p->line.stats.rx.invalid++;
}

/* tick */
void dahdi_read_is_bad(struct dahdi *p, unsigned slot)
{
	uint32_t bit = 1u << slot;
	bool tried = p->line.stats.rx.silent_slots & bit & p->b_slots;

	if (++p->trust.bad[slot] < (tried ? TRIAL_READS : DAHDI_BAD_READS))
		return;
	if (slot == p->line.cfg.d_slot)
		p->line.stats.rx.silent_slots |= bit;
	else
		dahdi_lose_channel(p, slot);
}

/* tick: nothing is written to try a D channel. */
void dahdi_read_is_good(struct dahdi *p, unsigned slot)
{
	p->trust.bad[slot] = 0;
	p->trust.trial &= ~(1u << slot);
	if (slot == p->line.cfg.d_slot)
		p->line.stats.rx.silent_slots &= ~(1u << slot);
}

/* tick */
void dahdi_write_is_good(struct dahdi *p, unsigned slot)
{
	if (!p->trust.bad[slot])
		p->line.stats.rx.silent_slots &= ~(1u << slot &
						   ~p->trust.trial);
}

/* tick: what had arrived before is still to be read, and its answers are too
 * late. */
void dahdi_begun(struct dahdi *p, const struct dahdi_job *j)
{
	uint32_t tried = j->slots & p->line.stats.rx.silent_slots;

	p->b_slots = j->slots;
	p->trust.trial = tried == j->slots ? 0 : tried;
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1 && j->err[s] < 0)
			dahdi_lose_channel(p, s);
	p->line.tx.tail = p->line.tx.head;
	p->stale = line_fifo_count(&p->line.rx);
	p->got = p->unsent = 0;
	p->begun = true;
	p->slipped = false;
	p->watch.news = true; /* events of alarms are gone with the others */
}

/* tick: they share a block with the others again. */
void dahdi_retried(struct dahdi *p, const struct dahdi_job *j)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		if (!(j->slots >> s & 1) || j->err[s] < 0)
			continue;
		p->trust.trial |= 1u << s;
		p->b_slots |= 1u << s;
		p->line.epoch++;
	}
}

/* tick: at the end of a block of the others; if there are no others, all of
 * them begin together. */
void dahdi_retry_channels(struct dahdi *p, mono_t now)
{
	if (!p->line.stats.rx.silent_slots ||
	    mono_diff_ms(now, p->trust.retried) < RETRY_MS)
		return;
	p->trust.retried = now;
	p->slipped |= !p->b_slots;
	p->orders.retry = p->b_slots && dahdi_lost(p);
	if (p->trust.bad[p->line.cfg.d_slot])
		p->trust.bad[p->line.cfg.d_slot]--; /* one more read */
}

/* --- taking them --- */

/* tick */
static bool has_right_use(const struct dahdi *p, const struct dahdi_fact *f)
{
	if (f->position == p->line.cfg.d_slot)
		return f->signalling == DAHDI_ABI_HDLCFCS ||
		       f->signalling == DAHDI_ABI_HARDHDLC;
	return f->signalling == DAHDI_ABI_CLEAR;
}

/* tick */
int dahdi_take_channel(struct dahdi *p, const struct dahdi_fact *f)
{
	uint32_t bit;

	if (f->err < 0)
		return f->err;
	if (f->position < 1 || f->position >= LINE_SLOTS ||
	    !(p->line.cfg.slot_mask >> f->position & 1) ||
	    !has_right_use(p, f) || (p->span && f->span != p->span))
		return -EINVAL;
	if (p->fds[f->position] >= 0)
		return -EBUSY;
	p->span = (uint16_t)f->span;
	p->fds[f->position] = f->fd;
	if (f->position == p->line.cfg.d_slot) {
		p->line.fd = f->fd;
		return 0;
	}
	bit = 1u << f->position;
	p->b_slots |= bit;
	p->cancels |= f->cancels ? bit : 0;
	return 0;
}

/* tick */
bool dahdi_is_whole(const struct dahdi *p)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (p->line.cfg.slot_mask >> s & 1 && p->fds[s] < 0)
			return false;
	return true;
}

/* tick */
void dahdi_forget_channels(struct dahdi *p)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		if (p->fds[s] >= 0)
			dahdi_ask_close(p->orders.ask, p->fds[s]);
		p->fds[s] = -1;
	}
	if (p->orders.last != DAHDI_JOB_LOOK) /* that is of others */
		dahdi_ask_drop(p->orders.ask);
	p->b_slots = p->got = p->unsent = p->cancels = 0;
	p->orders.eventful = p->orders.cleared = 0;
	p->orders.begin = p->orders.retry = false;
	p->held.n = 0;
	p->line.stats.rx.silent_slots = 0;
	p->trust = (struct dahdi_trust){ .trial = 0 };
	p->span = 0;
	p->line.fd = -1;
}

/* tick: all of its channels come in a row. */
void dahdi_take_offer(struct dahdi *p, const struct dahdi_fact *f, mono_t now)
{
	if (p->watch.gone && mono_diff_ms(now, p->offered) > SAME_OFFER_MS)
		dahdi_forget_channels(p);
	p->offered = now;
	if (dahdi_take_channel(p, f) < 0) {
		p->line.stats.rx.stray++;
		dahdi_ask_close(p->orders.ask, f->fd);
	}
	if (p->watch.gone && dahdi_is_whole(p)) {
		p->watch.gone = p->begun = p->slipped = false;
		p->watch.known = false;
		p->watch.news = true;
		p->stopped = now;
		p->line.epoch++;
	}
}

/* --- the card's canceller --- */

/* tick */
bool dahdi_cancels(const struct line *l, unsigned slot)
{
	const struct dahdi *p = line_container(l, struct dahdi, line);

	return p->cancels >> slot & 1;
}

/* tick: data must pass unchanged. */
void dahdi_set_clear(struct line *l, unsigned slot, bool clear)
{
	struct dahdi *p = dahdi_of(l);
	uint32_t bit = 1u << slot;

	p->orders.clear = clear ? p->orders.clear | bit
				: p->orders.clear & ~bit;
}
