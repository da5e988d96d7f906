/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum {
	BLOCK_MS = 10,
	BLOCKS_A_TICK = LINE_STALL / LINE_BLOCK,
	OFFERS = 2 * LINE_SLOTS, /* a power of two */
	SAME_OFFER_MS = 1000,
};

/* tick: all queues empty, then lead frames of idle codes on their way. First
 * all are emptied, so that they begin their blocks at the same time. */
static void begin(struct dahdi *p)
{
	unsigned lead = p->line.cfg.tx_lead;
	uint8_t idle[LINE_BLOCK];
	int what = DAHDI_ABI_FLUSH_ALL, on = 1;

	memset(idle, p->line.cfg.idle, sizeof(idle));
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (p->b_slots >> s & 1)
			p->sys->control(p->fds[s], DAHDI_ABI_FLUSH, &what);
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		if (!(p->b_slots >> s & 1))
			continue;
		for (unsigned n = 0; n < lead; n += LINE_BLOCK)
			dahdi_write(p, p->fds[s], idle,
				    lead - n < LINE_BLOCK ? lead - n
							  : LINE_BLOCK);
		/* Only now: the empty queue is not worth an event. */
		p->sys->control(p->fds[s], DAHDI_ABI_BUFFER_EVENTS, &on);
	}
	p->line.tx.tail = p->line.tx.head;
	p->stale = line_fifo_count(&p->line.rx);
	p->got = 0;
	p->begun = true;
	p->slipped = false;
	p->watch.news = true; /* events of alarms are gone with the others */
}

/* tick: at its own ms of the ten, so that spans take turns; or, if we are
 * not woken in that one, ten later. */
static void begin_in_phase(struct dahdi *p, mono_t now)
{
	struct line_clock_stats *c = &p->line.stats.clock;

	if (p->begun && p->slipped) {
		c->slips++;
		c->stalls++;
		p->line.epoch++;
		p->begun = false;
		p->stopped = now;
	}
	if (p->begun)
		return;
	if (now.ns / NS_PER_MS % BLOCK_MS == p->line.cfg.dahdi.phase_ms ||
	    mono_diff_ms(now, p->stopped) >= BLOCK_MS)
		begin(p);
}

/* tick: octets of a block that did not come. */
static void fill_up(struct dahdi *p, unsigned slot, size_t from)
{
	memset(p->rx[slot] + from, p->line.cfg.idle, LINE_BLOCK - from);
	p->line.stats.rx.lost++;
}

/* tick: a channel that fails for good is left out; the others go on. */
static void lose_channel(struct dahdi *p, unsigned slot)
{
	p->b_slots &= ~(1u << slot);
	p->got &= ~(1u << slot);
	p->line.stats.rx.invalid++;
}

/* tick: false: nothing there. */
static bool read_channel(struct dahdi *p, unsigned slot)
{
	ssize_t n = dahdi_read(p, p->fds[slot], p->rx[slot], LINE_BLOCK);

	if (n < 0) {
		if (n != -EAGAIN && !p->watch.gone)
			lose_channel(p, slot);
		return false;
	}
	if (n != LINE_BLOCK)
		p->line.stats.rx.malformed++;
	if (n == 0)
		return false;
	if (n < LINE_BLOCK)
		fill_up(p, slot, (size_t)n);
	p->got |= 1u << slot;
	return true;
}

/* tick: is the block of all channels here? Those that have theirs wait for
 * the others; the first that has none ends the search. */
static bool read_block(struct dahdi *p)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		bool wanted = (p->b_slots & ~p->got) >> s & 1;

		if (wanted && !read_channel(p, s))
			return false;
	}
	return p->got;
}

/* tick */
static void queue_block(struct dahdi *p)
{
	bool dead = p->line.out || p->line.down;

	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		uint8_t *frame = line_fifo_slot(&p->line.rx, 0);

		for (unsigned s = 0; s < LINE_SLOTS; s++)
			frame[s] = !dead && p->got >> s & 1 ?
					   p->rx[s][i] :
					   line_idle_octet(&p->line, s);
		line_fifo_push(&p->line.rx, dead);
	}
	p->got = 0;
	p->line.stats.rx.packets++;
}

/* tick */
static void receive_blocks(struct dahdi *p)
{
	for (unsigned i = 0; i < BLOCKS_A_TICK; i++) {
		if (p->watch.gone ||
		    line_fifo_room(&p->line.rx) < LINE_BLOCK ||
		    !read_block(p))
			return;
		queue_block(p);
	}
}

/* tick: one block from the queue into rows. */
static void take_block(struct dahdi *p)
{
	bool dead = p->line.out || p->line.down;

	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		const uint8_t *frame = line_fifo_peek(&p->line.tx);

		for (unsigned s = 0; s < LINE_SLOTS; s++)
			p->tx[s][i] = dead ? p->line.cfg.idle : frame[s];
		line_fifo_pop(&p->line.tx);
	}
}

/* tick: a channel that does not take its block has another queue than the
 * others from now on. */
static void write_channel(struct dahdi *p, unsigned slot)
{
	ssize_t n = dahdi_write(p, p->fds[slot], p->tx[slot], LINE_BLOCK);

	if (n == LINE_BLOCK || p->watch.gone)
		return;
	if (n < 0 && n != -EAGAIN) {
		p->line.stats.tx.errors++;
		lose_channel(p, slot);
		return;
	}
	p->slipped = true;
	p->line.stats.tx.dropped_frames += LINE_BLOCK;
}

/* tick: answers to what came before all began anew: their time is over. */
static void drop_stale(struct dahdi *p)
{
	while (p->stale && line_fifo_count(&p->line.tx)) {
		line_fifo_pop(&p->line.tx);
		p->stale--;
	}
}

/* tick */
static void send_blocks(struct dahdi *p)
{
	drop_stale(p);
	while (line_fifo_count(&p->line.tx) >= LINE_BLOCK) {
		take_block(p);
		for (unsigned s = 1; s < LINE_SLOTS; s++)
			if (p->b_slots >> s & 1)
				write_channel(p, s);
		p->line.stats.tx.packets++;
	}
}

/* tick */
static bool has_right_use(const struct dahdi *p,
			  const struct dahdi_abi_channel *c)
{
	if (c->position == p->line.cfg.d_slot)
		return c->signalling == DAHDI_ABI_HDLCFCS ||
		       c->signalling == DAHDI_ABI_HARDHDLC;
	return c->signalling == DAHDI_ABI_CLEAR;
}

/* tick */
static int take_channel(struct dahdi *p, int fd)
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
	if (c.position == p->line.cfg.d_slot)
		p->line.fd = fd;
	else
		p->b_slots |= 1u << c.position;
	return 0;
}

/* tick: have all channels come? */
static bool is_whole(const struct dahdi *p)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (p->line.cfg.slot_mask >> s & 1 && p->fds[s] < 0)
			return false;
	return true;
}

/* tick: what was of a card that is no more. */
static void forget_channels(struct dahdi *p)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		if (p->fds[s] >= 0)
			p->sys->close(p->fds[s]);
		p->fds[s] = -1;
	}
	p->b_slots = p->got = 0;
	p->span = 0;
	p->line.fd = -1;
}

/* tick: a card is there again; all of its channels come in a row. */
static void take_offers(struct dahdi *p, mono_t now)
{
	int fd;

	while (ring_get(&p->offers, &fd)) {
		if (p->watch.gone &&
		    mono_diff_ms(now, p->offered) > SAME_OFFER_MS)
			forget_channels(p);
		p->offered = now;
		if (take_channel(p, fd) < 0) {
			p->line.stats.rx.stray++;
			p->sys->close(fd);
		}
		if (p->watch.gone && is_whole(p)) {
			p->watch.gone = p->begun = p->slipped = false;
			p->watch.news = true;
			p->stopped = now;
			p->line.epoch++;
		}
	}
}

/* tick */
static void dahdi_tick(struct line *l, mono_t now)
{
	struct dahdi *p = dahdi_of(l);

	take_offers(p, now);
	if (!p->watch.gone) {
		if (p->begun) {
			send_blocks(p);
			receive_blocks(p);
		}
		begin_in_phase(p, now);
	}
	dahdi_look(p, now);
}

static void dahdi_start(struct line *l, mono_t now)
{
	struct dahdi *p = dahdi_of(l);

	l->lead = l->cfg.tx_lead;
	p->stopped = now;
	p->watch.asked = p->watch.second = now;
	p->watch.news = true;
	begin_in_phase(p, now);
}

/* tick: nothing ever: the card paces us. */
static mono_t dahdi_due(const struct line *l)
{
	(void)l;
	return (mono_t){ INT64_MAX };
}

static int dahdi_add(struct line *l, int fd)
{
	struct dahdi *p = dahdi_of(l);
	int err = take_channel(p, fd);

	if (!err)
		p->watch.gone = !is_whole(p);
	return err;
}

/* not in the owner's thread */
static bool dahdi_offer(struct line *l, int fd)
{
	return ring_put(&dahdi_of(l)->offers, &fd);
}

static void dahdi_close(struct line *l)
{
	struct dahdi *p = dahdi_of(l);

	int fd;

	while (ring_get(&p->offers, &fd))
		p->sys->close(fd);
	ring_fini(&p->offers);
	forget_channels(p);
	free(p);
}

static const struct line_ops dahdi_ops = {
	.close = dahdi_close,
	.start = dahdi_start,
	.tick = dahdi_tick,
	.due = dahdi_due,
	.add = dahdi_add,
	.offer = dahdi_offer,
	.frame_get = dahdi_frame_get,
	.frame_put = dahdi_frame_put,
	.frame_stats = dahdi_frame_stats,
};

struct line *dahdi_line_open(const struct line_config *cfg, int fd)
{
	struct dahdi *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	p->line.ops = &dahdi_ops;
	p->line.cfg = *cfg;
	p->line.fd = fd;
	p->sys = cfg->dahdi.sys ? cfg->dahdi.sys : &dahdi_kernel;
	for (unsigned s = 0; s < LINE_SLOTS; s++)
		p->fds[s] = -1;
	p->watch.gone = true;
	err = ring_init(&p->offers, sizeof(fd), OFFERS);
	if (!err && fd >= 0)
		err = dahdi_add(&p->line, fd);
	if (!err)
		return &p->line;
	ring_fini(&p->offers);
	free(p);
	errno = -err;
	return NULL;
}
