/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum {
	BLOCK_MS = 10,
	BLOCKS_A_TICK = LINE_STALL / LINE_BLOCK,
	OFFERS = 2 * LINE_SLOTS, /* a power of two */
	SLOW_MS = 20,	   /* a tick's calls to the driver */
	SUSPECT_MS = 1000,
	ASIDE_MS = 5000,   /* doubled each time that it is no better */
	ASIDE_TIMES = 4,
	OVERDUE_MS = 20,   /* a block */
};

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
	if (!p->begun &&
	    (now.ns / NS_PER_MS % BLOCK_MS == p->line.cfg.dahdi.phase_ms ||
	     mono_diff_ms(now, p->stopped) >= BLOCK_MS))
		p->orders.begin = true;
}

/* tick: octets of a block that did not come. */
static void fill_up(struct dahdi *p, unsigned slot, size_t from)
{
	memset(p->rx[slot] + from, p->line.cfg.idle, LINE_BLOCK - from);
	p->line.stats.rx.lost++;
}

/* tick: blocks of these channels, all at once; where events wait, none; and none
 * more once the driver has let us wait. */
static void move_blocks(struct dahdi *p, uint32_t slots, bool out,
			void (*done)(struct dahdi *, unsigned, ssize_t))
{
	struct dahdi_move m[LINE_SLOTS];
	unsigned n = 0;

	for (unsigned s = 1; s < LINE_SLOTS && !p->guard.interrupted; s++)
		if (slots >> s & 1 && !dahdi_waits(p, s))
			m[n++] = (struct dahdi_move){
				.fd = p->fds[s],
				.slot = (uint8_t)s,
				.out = out,
				.octets = out ? p->tx[s] : p->rx[s],
				.n = LINE_BLOCK,
			};
	if (!n)
		return;
	dahdi_step(p);
	dahdi_batch_run(p->batch, m, n);
	dahdi_step(p);
	for (unsigned i = 0; i < n; i++)
		done(p, m[i].slot, dahdi_verdict(p, m[i].slot, m[i].result));
}

/* tick: what comes of a wrong length is used; one that fails for it, and is
 * tried again, has been told of. */
static void on_read(struct dahdi *p, unsigned slot, ssize_t n)
{
	if (n < 0) {
		if (n != -EAGAIN && !p->watch.gone)
			dahdi_lose_channel(p, slot);
		return;
	}
	if (n)
		p->got |= 1u << slot;
	if (n == LINE_BLOCK) {
		dahdi_read_is_good(p, slot);
		return;
	}
	p->line.stats.rx.malformed +=
		!(p->line.stats.rx.silent_slots >> slot & 1);
	if (n && n < LINE_BLOCK)
		fill_up(p, slot, (size_t)n);
	dahdi_read_is_bad(p, slot);
}

/* tick: those on trial are not waited for, unless there are no others. */
static uint32_t missing(const struct dahdi *p)
{
	uint32_t others = p->b_slots & ~p->trust.trial;

	return (others ? others : p->b_slots) & ~p->got;
}

/* tick: these have no block and no events, but others have theirs. */
static void blame(struct dahdi *p, uint32_t slots)
{
	for (unsigned s = 1; s < LINE_SLOTS && !p->guard.interrupted; s++)
		if (slots >> s & 1 && !dahdi_waits(p, s))
			dahdi_read_is_bad(p, s);
}

/* tick: once in a ms, also when ticks are made up for. */
static void blame_missing(struct dahdi *p, mono_t now)
{
	if (mono_diff_ms(now, p->trust.blamed) < 1)
		return;
	p->trust.blamed = now;
	blame(p, missing(p));
}

/* tick: the first channel has no block for so long: is it the only one? */
static bool is_overdue(struct dahdi *p, mono_t now)
{
	if (mono_diff_ms(now, p->trust.looked) < OVERDUE_MS)
		return false;
	p->trust.looked = now;
	return true;
}

/* tick: is the block of all channels here? Those that have theirs wait for
 * the others. As long as the first has none they are not looked for, unless
 * it is for its events: others have those as well. */
static bool read_block(struct dahdi *p, mono_t now)
{
	uint32_t first = missing(p) & -missing(p);

	move_blocks(p, first, false, on_read);
	if (missing(p) & first & ~p->orders.eventful && !p->got &&
	    !is_overdue(p, now))
		return false;
	move_blocks(p, missing(p) & ~first, false, on_read);
	if (missing(p)) {
		if (p->got)
			blame_missing(p, now);
		return false;
	}
	p->trust.looked = now;
	move_blocks(p, p->trust.trial & ~p->got, false, on_read);
	blame(p, p->trust.trial & ~p->got);
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
	p->guard.times = 0;
	p->line.stats.rx.packets++;
}

/* tick: how many. */
static unsigned receive_blocks(struct dahdi *p, mono_t now)
{
	unsigned n = 0;

	while (n < BLOCKS_A_TICK && !p->watch.gone &&
	       line_fifo_room(&p->line.rx) >= LINE_BLOCK && read_block(p, now)) {
		queue_block(p);
		n++;
	}
	return n;
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

/* tick: a channel that has no room for its block has another queue than the
 * others from now on; where events wait, the block does too. */
static void on_write(struct dahdi *p, unsigned slot, ssize_t n)
{
	if (dahdi_waits(p, slot))
		return;
	p->unsent &= ~(1u << slot);
	if (p->watch.gone)
		return;
	if (n == LINE_BLOCK) {
		dahdi_write_is_good(p, slot);
	} else if (n != -EAGAIN || p->trust.trial >> slot & 1) {
		p->line.stats.tx.errors++;
		dahdi_lose_channel(p, slot);
	} else {
		p->slipped = true;
		p->line.stats.tx.dropped_frames += LINE_BLOCK;
	}
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
	while (p->unsent || line_fifo_count(&p->line.tx) >= LINE_BLOCK) {
		if (!p->unsent) {
			take_block(p);
			p->unsent = p->b_slots;
			p->line.stats.tx.packets++;
		}
		move_blocks(p, p->unsent, true, on_write);
		if (p->unsent)
			break;
	}
}

/* tick: read, write, and begin again where needed. */
static void move_samples(struct dahdi *p, mono_t now)
{
	if (p->held.n)
		dahdi_send_held(p);
	if (p->begun) {
		send_blocks(p);
		if ((receive_blocks(p, now) && !p->got) || !p->b_slots)
			dahdi_retry_channels(p, now);
	}
	begin_in_phase(p, now);
}

/* tick */
static void leave_alone(struct dahdi *p, mono_t now)
{
	struct dahdi_guard *g = &p->guard;

	g->aside = true;
	g->suspect = g->interrupted = false;
	g->times += g->times < ASIDE_TIMES;
	g->since = now;
	p->line.stats.clock.stalls++;
}

/*
 * tick: a driver that lets us wait in spite of O_NONBLOCK would hold up all
 * spans of this thread. One call from which the role had to wake us, or two
 * slow ones near each other and the thread has slept in the second: the card is
 * left alone for a while. (The machine's own stalls are no sleep.)
 */
static void guard(struct dahdi *p, mono_t now, mono_t from, uint64_t waits)
{
	struct dahdi_guard *g = &p->guard;
	int64_t ms = mono_diff_ms(p->sys->clock(), from);

	if (g->interrupted) {
		leave_alone(p, now);
	} else if (ms < SLOW_MS) {
		g->suspect &= mono_diff_ms(now, g->since) < SUSPECT_MS;
	} else if (!g->suspect) {
		g->suspect = true;
		g->since = now;
	} else if (p->sys->waits() != waits) {
		leave_alone(p, now);
	}
}

/* tick: is it left alone? Afterwards all begins anew. */
static bool is_aside(struct dahdi *p, mono_t now)
{
	struct dahdi_guard *g = &p->guard;

	if (!g->aside ||
	    mono_diff_ms(now, g->since) < ASIDE_MS << (g->times - 1))
		return g->aside;
	g->aside = p->begun = p->slipped = false;
	p->stopped = now;
	p->line.epoch++;
	return false;
}

/* tick */
static void dahdi_tick(struct line *l, mono_t now)
{
	struct dahdi *p = dahdi_of(l);
	uint64_t waits = p->guard.suspect ? p->sys->waits() : 0;
	mono_t from = p->sys->clock();
	bool aside = is_aside(p, now);

	if (!p->watch.gone && !aside)
		move_samples(p, now);
	dahdi_give_orders(p, now);
	dahdi_look(p, now);
	if (!aside)
		guard(p, now, from, waits);
}

static void dahdi_start(struct line *l, mono_t now)
{
	struct dahdi *p = dahdi_of(l);

	l->lead = l->cfg.tx_lead;
	p->stopped = now;
	p->orders.asked = p->watch.second = now;
	p->watch.news = true;
	begin_in_phase(p, now);
	dahdi_give_orders(p, now);
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
	struct dahdi_fact f = { .fd = fd };
	int err;

	dahdi_job_look(p->sys, &f);
	err = dahdi_take_channel(p, &f);
	if (!err)
		p->watch.gone = !dahdi_is_whole(p);
	return err;
}

/* tick */
static void dahdi_release(struct line *l)
{
	struct dahdi *p = dahdi_of(l);

	dahdi_forget_channels(p);
	p->watch.gone = true;
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
	dahdi_forget_channels(p);
	dahdi_ask_free(p->orders.ask);
	dahdi_batch_free(p->batch);
	free(p);
}

/* not in the owner's thread */
static unsigned dahdi_calls(const struct line *l)
{
	const struct dahdi *p = line_container(l, const struct dahdi, line);

	return atomic_load_explicit(&p->guard.calls, memory_order_relaxed);
}

static const struct line_ops dahdi_ops = {
	.close = dahdi_close,
	.start = dahdi_start,
	.tick = dahdi_tick,
	.due = dahdi_due,
	.add = dahdi_add,
	.offer = dahdi_offer,
	.calls = dahdi_calls,
	.release = dahdi_release,
	.frame_get = dahdi_frame_get,
	.frame_put = dahdi_frame_put,
	.frame_stats = dahdi_frame_stats,
	.cancels = dahdi_cancels,
	.set_clear = dahdi_set_clear,
};

struct line *dahdi_line_open(const struct line_config *cfg, int fd)
{
	struct dahdi *p = calloc(1, sizeof(*p));
	int err, refused;

	if (!p)
		return NULL;
	p->line.ops = &dahdi_ops;
	p->line.cfg = *cfg;
	p->line.fd = fd;
	p->sys = cfg->dahdi.sys ? cfg->dahdi.sys : &dahdi_kernel;
	for (unsigned s = 0; s < LINE_SLOTS; s++)
		p->fds[s] = -1;
	p->watch.gone = true;
	p->orders.ask = dahdi_ask_new(p->sys);
	err = p->orders.ask ? ring_init(&p->offers, sizeof(fd), OFFERS) : -errno;
	if (!err) {
		p->batch = dahdi_batch_new(p->sys, &refused);
		err = p->batch ? 0 : -errno;
	}
	if (!err && fd >= 0)
		err = dahdi_add(&p->line, fd);
	if (!err)
		return &p->line;
	ring_fini(&p->offers);
	dahdi_ask_free(p->orders.ask);
	dahdi_batch_free(p->batch);
	free(p);
	errno = -err;
	return NULL;
}
