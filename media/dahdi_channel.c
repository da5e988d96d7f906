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
	TRAIN_MS = 1, /* the shortest: asked only whether there is one */
	TAIL_TAPS = 1024,
};

/* tick */
static int control(struct dahdi *p, unsigned slot, unsigned long what, int value)
{
	int err = p->sys->control(p->fds[slot], what, &value);

	return dahdi_verdict(p, err) < 0 ? err : 0;
}

/* tick */
void dahdi_lose_channel(struct dahdi *p, unsigned slot)
{
	uint32_t bit = 1u << slot;

	if (!(p->b_slots & bit))
		return;
	p->b_slots &= ~bit;
	p->got &= ~bit;
	p->line.stats.rx.silent_slots |= bit;
	p->line.stats.rx.invalid++;
}

/* tick */
int dahdi_empty_channel(struct dahdi *p, unsigned slot)
{
	return control(p, slot, DAHDI_ABI_FLUSH, DAHDI_ABI_FLUSH_ALL);
}

/* tick */
int dahdi_fill_channel(struct dahdi *p, unsigned slot, unsigned frames)
{
	uint8_t idle[LINE_BLOCK];
	int err;

	memset(idle, p->line.cfg.idle, sizeof(idle));
	for (unsigned left = frames; left;) {
		unsigned n = left < LINE_BLOCK ? left : LINE_BLOCK;
		ssize_t put = dahdi_write(p, p->fds[slot], idle, n);

		if (put != (ssize_t)n)
			return put < 0 ? (int)put : -EIO;
		left -= n;
	}
	/* Only now: the empty queue is not worth an event. A driver that has
	 * none of these is followed without. */
	err = control(p, slot, DAHDI_ABI_BUFFER_EVENTS, 1);
	return err == -ENOTTY || err == -EINVAL ? 0 : err;
}

/* tick: at the end of a block of the others, so that they share it again; if
 * there are no others, all of them begin together. */
void dahdi_retry_channels(struct dahdi *p, mono_t now)
{
	/* The others have sent a block since they had all of it. */
	unsigned lead = p->line.cfg.tx_lead - LINE_BLOCK;
	uint32_t *silent = &p->line.stats.rx.silent_slots;

	if (!*silent || mono_diff_ms(now, p->retried) < RETRY_MS)
		return;
	p->retried = now;
	p->slipped |= !p->b_slots;
	for (unsigned s = 1; s < LINE_SLOTS && !p->watch.gone && !p->slipped; s++) {
		if (!(*silent >> s & 1) || dahdi_empty_channel(p, s) < 0 ||
		    dahdi_fill_channel(p, s, lead) < 0)
			continue;
		*silent &= ~(1u << s);
		p->b_slots |= 1u << s;
		p->line.epoch++;
	}
}

/* --- taking them --- */

/* tick */
static bool has_right_use(const struct dahdi *p,
			  const struct dahdi_abi_channel *c)
{
	if (c->position == p->line.cfg.d_slot)
		return c->signalling == DAHDI_ABI_HDLCFCS ||
		       c->signalling == DAHDI_ABI_HARDHDLC;
	return c->signalling == DAHDI_ABI_CLEAR;
}

/* tick: whoever opened the channel has switched on none but the card's. A
 * card's does not train; only one that is on lets itself be asked to. */
static void look_for_canceller(struct dahdi *p, unsigned slot)
{
	int ms = TRAIN_MS;

	if (p->sys->control(p->fds[slot], DAHDI_ABI_ECHOTRAIN, &ms) == 0)
		p->cancels |= 1u << slot;
}

/* tick */
int dahdi_take_channel(struct dahdi *p, int fd)
{
	struct dahdi_abi_channel c = { .number = 0 };
	int err = p->sys->control(fd, DAHDI_ABI_GET_PARAMS, &c);

	if (err < 0)
		return err;
	if (c.position < 1 || c.position >= LINE_SLOTS ||
	    !(p->line.cfg.slot_mask >> c.position & 1) ||
	    !has_right_use(p, &c) || (p->span && c.span != p->span))
		return -EINVAL;
	if (p->fds[c.position] >= 0)
		return -EBUSY;
	p->span = (uint16_t)c.span;
	p->fds[c.position] = fd;
	if (c.position == p->line.cfg.d_slot) {
		p->line.fd = fd;
		return 0;
	}
	p->b_slots |= 1u << c.position;
	look_for_canceller(p, (unsigned)c.position);
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
		if (p->fds[s] >= 0 && !dahdi_ask_keep(p->watch.ask, p->fds[s]))
			p->sys->close(p->fds[s]);
		p->fds[s] = -1;
	}
	p->b_slots = p->got = p->cancels = 0;
	p->line.stats.rx.silent_slots = 0;
	p->span = 0;
	p->line.fd = -1;
}

/* tick: a card is there again; all of its channels come in a row. */
void dahdi_take_offers(struct dahdi *p, mono_t now)
{
	int fd;

	while (ring_get(&p->offers, &fd)) {
		if (p->watch.gone &&
		    mono_diff_ms(now, p->offered) > SAME_OFFER_MS)
			dahdi_forget_channels(p);
		p->offered = now;
		if (dahdi_take_channel(p, fd) < 0) {
			p->line.stats.rx.stray++;
			p->sys->close(fd);
		}
		if (p->watch.gone && dahdi_is_whole(p)) {
			p->watch.gone = p->begun = p->slipped = false;
			p->watch.known = false;
			p->watch.news = true;
			p->stopped = now;
			p->line.epoch++;
		}
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

	if (p->cancels >> slot & 1 && !p->watch.gone)
		control(p, slot, DAHDI_ABI_ECHOCANCEL, clear ? 0 : TAIL_TAPS);
}
