/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lockstep: one block of LINE_BLOCK frames each way in turn.
 *
 *	master   block 0 ->            block 1 ->            block 2 ->
 *	slave            -> block 0 ->         -> block 1 ->
 *
 * The master sends block n + 1 when it has the peer's block n and the owner
 * has written; the slave answers block n when its owner has. Should packets
 * be lost, or the peer not yet be there, the master sends its block again;
 * the slave, when it hears a block again, its last answer.
 */
#include <string.h>

#include "media/pseudowire_priv.h"

enum {
	AGAIN_MS = 20,		/* first wait of the master, then doubled */
	AGAIN_MAX_MS = 320,
	DEAD_MS = 10000,	/* silence that means the peer is gone */
	BLOCK_MS = 10,
};

/* tick: also called again for the block sent last. */
static void send_block(struct pseudowire *p)
{
	struct pw_lockstep *s = &p->step;

	p->tx.seq = s->seq;
	p->tx.timestamp = s->timestamp;
	for (unsigned f = 0; f < LINE_BLOCK; f += p->frames)
		pw_queue(p, (const uint8_t(*)[LINE_SLOTS]) & s->block[f]);
	pw_flush(p);
}

/* tick */
static void send_next(struct pseudowire *p, mono_t now)
{
	struct pw_lockstep *s = &p->step;

	for (unsigned f = 0; f < LINE_BLOCK; f++) {
		memcpy(s->block[f], line_fifo_peek(&p->line.tx), LINE_SLOTS);
		line_fifo_pop(&p->line.tx);
	}
	s->seq = p->tx.seq;
	s->timestamp = p->tx.timestamp;
	send_block(p);
	s->sent++;
	s->sent_at = now;
	s->wait_ns = AGAIN_MS * NS_PER_MS;
}

/* tick: a whole block has come: to the owner. */
static void take_block(struct pseudowire *p, mono_t now)
{
	pw_jitter_begin(&p->rx.jitter);
	for (unsigned f = 0; f < LINE_BLOCK; f += p->frames)
		pw_rx_play(p);
	p->step.received++;
	p->step.heard_at = now;
}

/* tick */
static bool is_our_turn(const struct pseudowire *p)
{
	const struct pw_lockstep *s = &p->step;

	if (p->line.cfg.clock == LINE_CLOCK_MASTER)
		return s->sent <= s->received;
	return s->sent < s->received;
}

/*
 * tick: an owner that has taken a part of a block and waits for a whole one
 * (its blocks begin within ours) would wait for ever, since it has not
 * written a whole one: idle frames go ahead of it, once.
 */
static void make_room(struct pseudowire *p)
{
	unsigned rx = line_fifo_count(&p->line.rx);
	unsigned tx = line_fifo_count(&p->line.tx);

	if (!rx || rx >= LINE_BLOCK || tx >= LINE_BLOCK)
		return;
	line_fill_idle(&p->line, &p->line.tx, LINE_BLOCK - tx);
	p->line.lead += LINE_BLOCK - tx;
	p->line.stats.tx.idle_frames += LINE_BLOCK - tx;
	p->line.epoch++;
}

/* tick: is it time to send the last block once more? */
static bool is_again_due(struct pseudowire *p, mono_t now)
{
	struct pw_lockstep *s = &p->step;

	if (!s->sent)
		return false;
	if (p->line.cfg.clock == LINE_CLOCK_SLAVE)
		return p->rx.repeated;
	if (s->sent == s->received ||
	    mono_diff_ns(now, s->sent_at) < s->wait_ns)
		return false;
	s->sent_at = now;
	if (s->wait_ns < AGAIN_MAX_MS * NS_PER_MS)
		s->wait_ns *= 2;
	return true;
}

void pw_lockstep_start(struct pseudowire *p, mono_t now)
{
	bool master = p->line.cfg.clock == LINE_CLOCK_MASTER;

	p->line.lead = master ? LINE_BLOCK : 0;
	line_fill_idle(&p->line, &p->line.tx, p->line.lead);
	p->step.heard_at = now;
}

/* tick: alarms count the line's own time, ten milliseconds a block; only a
 * peer that is gone has to be told by the clock. */
static void update_alarms(struct pseudowire *p, mono_t now)
{
	mono_t line_time = {(int64_t)p->step.received * BLOCK_MS * NS_PER_MS};
	bool dead = mono_diff_ms(now, p->step.heard_at) >= DEAD_MS;

	pw_update_alarms(p, dead ? LINE_LOS : pw_defects(p), line_time);
	if (dead)
		p->line.alarms.raised |= LINE_LOS;
}

/* tick */
void pw_lockstep_tick(struct pseudowire *p, mono_t now)
{
	unsigned packets = LINE_BLOCK / p->frames;

	p->rx.repeated = false;
	pw_receive(p, now);
	if (line_fifo_count(&p->line.rx) < LINE_BLOCK &&
	    pw_jitter_has(&p->rx.jitter, packets))
		take_block(p, now);
	if (is_our_turn(p))
		make_room(p);
	if (is_our_turn(p) && line_fifo_count(&p->line.tx) >= LINE_BLOCK) {
		send_next(p, now);
	} else if (is_again_due(p, now)) {
		send_block(p);
		p->line.stats.tx.repeated += packets;
	}
	update_alarms(p, now);
}
