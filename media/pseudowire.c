/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "media/pseudowire_priv.h"

enum {
	FRAME_NS = 125000,
	FRAMES_PER_S = 8000,
	N_OUT = 10,		/* defaults of RFC 5604 */
	N_IN = 2,
	FILL_MS = 5000,
	TOKENS_MAX = 512,	/* packets a stalled machine may have waiting */
	SES_PERCENT = 30,
	CLOCK_SHIFT = 24,
	DUE_MAX = FRAMES_PER_S,	/* packet times counted one by one */
};

static struct pseudowire *to_pseudowire(struct line *l)
{
	return line_container(l, struct pseudowire, line);
}

/* tick */
static void set_period(struct pseudowire *p)
{
	double period = p->period_ns;

	if (p->line.cfg.clock == LINE_CLOCK_SLAVE)
		period *= 1 + p->servo.rate;
	else
		period /= 1 + p->line.cfg.skew_ppm * 1e-6 +
			  p->line.steer_ppb * 1e-9;
	p->clock.period_fp = (uint64_t)(period * (1 << CLOCK_SHIFT) + 0.5);
}

/* tick: packet times up to now. */
static unsigned take_due(struct pw_clock *c, int64_t now_ns)
{
	int64_t period_ns = (int64_t)(c->period_fp >> CLOCK_SHIFT);
	int64_t waiting = (now_ns - c->next_ns) / period_ns;
	unsigned n = 0;

	if (waiting > DUE_MAX) {
		n = waiting < INT32_MAX ? (unsigned)waiting : INT32_MAX;
		c->next_ns += waiting * period_ns;
	}
	for (unsigned i = 0; i <= DUE_MAX && c->next_ns <= now_ns; i++) {
		uint64_t frac = c->frac + c->period_fp;

		c->next_ns += (int64_t)(frac >> CLOCK_SHIFT);
		c->frac = (uint32_t)(frac & ((1 << CLOCK_SHIFT) - 1));
		n++;
	}
	return n;
}

/* tick: the owner overslept: n packet times are lost both ways, and the
 * peer learns it from the sequence number. */
static void give_up(struct pseudowire *p, unsigned n)
{
	pw_jitter_skip(&p->rx.jitter, n);
	p->tx.seq = (uint16_t)(p->tx.seq + n);
	p->tx.timestamp += n * p->frames;
	p->line.stats.clock.stalls++;
	p->line.stats.clock.slips++;
	p->line.stats.clock.slip_frames += (uint64_t)n * p->frames;
	p->line.epoch++;
}

/* tick: one packet from the queue; the owner's frames or idle. */
static void send_one(struct pseudowire *p)
{
	uint8_t frames[PW_FRAMES_MAX][LINE_SLOTS];
	struct line_fifo *tx = &p->line.tx;

	if (line_fifo_count(tx) < p->frames) {
		unsigned n = p->frames - line_fifo_count(tx);

		line_fill_idle(&p->line, tx, n);
		p->line.stats.tx.idle_frames += n;
		p->line.epoch++;
	}
	for (unsigned f = 0; f < p->frames; f++) {
		memcpy(frames[f], line_fifo_peek(tx), LINE_SLOTS);
		line_fifo_pop(tx);
	}
	pw_queue(p, (const uint8_t(*)[LINE_SLOTS])frames);
	p->tx.due--;
}

/* tick: what is due waits for its frames, but not for ever. */
static void send_due(struct pseudowire *p)
{
	unsigned patience = LINE_STALL / p->frames;

	while (p->tx.due && (line_fifo_count(&p->line.tx) >= p->frames ||
			     p->tx.due > patience))
		send_one(p);
	pw_flush(p);
}

/* tick: a second of the line's time ends. */
static void close_second(struct pseudowire *p)
{
	struct line_error_stats *e = &p->line.stats.errors;
	unsigned lost = p->second.lost;

	e->es += lost > 0;
	e->ses += lost * 100 >= SES_PERCENT * p->second.ticks;
	for (unsigned i = 0; i < LINE_ALARMS; i++)
		e->alarm_s[i] += p->line.alarms.raised >> i & 1;
	p->second.ticks = p->second.lost = 0;
}

/* tick */
static void play_one(struct pseudowire *p)
{
	pw_rx_play(p);
	if (++p->second.ticks >= FRAMES_PER_S / p->frames)
		close_second(p);
}

/* tick */
unsigned pw_defects(const struct pseudowire *p)
{
	unsigned defects = p->line.down ? LINE_DOWN : 0;

	if (p->servo.loop)
		defects |= LINE_CLOCK_LOOP;
	if (p->rx.jitter.state != PW_NORMAL || p->line.out)
		return defects | LINE_LOS;
	if (p->rx.l)
		defects |= LINE_AIS;
	if (p->rx.m == PW_M_RDI)
		defects |= LINE_RAI;
	if (p->rx.r)
		defects |= LINE_REMOTE_LOSS;
	return defects;
}

/* tick: the jitter buffer's slips become the line's. */
static void count_slips(struct pseudowire *p)
{
	struct line_clock_stats *c = &p->line.stats.clock;
	struct pw_jitter *j = &p->rx.jitter;

	if (!j->slips)
		return;
	c->slips += j->slips;
	c->slip_frames += j->slip_packets * p->frames;
	j->slips = j->slip_packets = 0;
	p->line.epoch++;
}

/* tick */
void pw_update_alarms(struct pseudowire *p, unsigned defects, mono_t now)
{
	const struct pw_jitter *j = &p->rx.jitter;
	struct line_clock_stats *c = &p->line.stats.clock;

	if (j->state == PW_LOSS) {
		p->rx.l = p->rx.r = false;
		p->rx.m = PW_M_DATA;
	}
	count_slips(p);
	line_alarm_update(&p->line.alarms, defects, now);
	p->line.stats.errors.loss_events = j->loss_events;
	c->depth_frames = (int32_t)(pw_jitter_depth(j) * p->frames);
	c->steps = p->servo.steps;
	c->rate_ppb = (int32_t)(-p->servo.rate * 1e9);
	c->phase_us = (int32_t)(p->servo.error_ns / 1e3);
	c->locked = p->line.cfg.clock == LINE_CLOCK_SLAVE &&
		    pw_servo_locked(&p->servo);
}

/* tick */
static void refill_tokens(struct pseudowire *p, mono_t now)
{
	double passed = (double)(now.ns - p->clock.tick_ns);

	p->rx.tokens += 2 * passed / p->period_ns;
	if (p->rx.tokens > TOKENS_MAX ||
	    p->line.cfg.time == LINE_LOCKSTEP)
		p->rx.tokens = TOKENS_MAX;
}

/* tick: the line's clock up to now, and what leaves by it. */
static void pseudowire_begin(struct line *l, mono_t now)
{
	struct pseudowire *p = to_pseudowire(l);
	unsigned most = LINE_STALL / p->frames;
	unsigned room = line_fifo_room(&p->line.rx) / p->frames;
	unsigned due;

	refill_tokens(p, now);
	set_period(p);
	due = take_due(&p->clock, now.ns);
	if (most > room)
		most = room;
	if (due > most) {
		give_up(p, due - most);
		due = most;
	}
	p->clock.due = due;
	p->tx.due += due;
	send_due(p);
}

/* tick */
static void pseudowire_packet(struct line *l, mono_t now,
			      const struct udp_datagram *d)
{
	pw_packet(to_pseudowire(l), now, d);
}

/* tick: with what has come: the packet times that pass. */
static void pseudowire_end(struct line *l, mono_t now)
{
	struct pseudowire *p = to_pseudowire(l);

	for (unsigned i = 0; i < p->clock.due; i++)
		play_one(p);
	pw_jitter_trim(&p->rx.jitter);
	pw_update_alarms(p, pw_defects(p), now);
	p->clock.tick_ns = now.ns;
}

/* tick */
static void pseudowire_tick(struct line *l, mono_t now)
{
	struct pseudowire *p = to_pseudowire(l);

	if (l->cfg.time == LINE_LOCKSTEP) {
		refill_tokens(p, now);
		pw_lockstep_tick(p, now);
		p->clock.tick_ns = now.ns;
		return;
	}
	pseudowire_begin(l, now);
	pw_receive(p, now);
	pseudowire_end(l, now);
}

static void pseudowire_start(struct line *l, mono_t now)
{
	struct pseudowire *p = to_pseudowire(l);

	p->clock.next_ns = p->clock.tick_ns = now.ns;
	p->rx.tokens = TOKENS_MAX;
	if (l->cfg.time == LINE_LOCKSTEP) {
		pw_lockstep_start(p, now);
		return;
	}
	l->lead = l->cfg.tx_lead;
	line_fill_idle(l, &l->tx, l->lead);
}

static void pseudowire_close(struct line *l)
{
	struct pseudowire *p = to_pseudowire(l);

	pw_jitter_fini(&p->rx.jitter);
	close(l->fd);
	free(p);
}

static mono_t pseudowire_due(const struct line *l)
{
	const struct pseudowire *p =
		line_container(l, struct pseudowire, line);

	return (mono_t){p->clock.next_ns};
}

static const struct line_ops pseudowire_ops = {
	.close = pseudowire_close,
	.start = pseudowire_start,
	.tick = pseudowire_tick,
	.begin = pseudowire_begin,
	.packet = pseudowire_packet,
	.end = pseudowire_end,
	.due = pseudowire_due,
};

/* RFC 5086 4.3: the first sequence number should be random. */
static int init_tx(struct pseudowire *p, const struct pseudowire_config *cfg)
{
	struct {
		uint16_t seq;
		uint32_t timestamp, ssrc;
	} chance;

	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return -EIO;
	p->tx.seq = cfg->fixed_seq ? cfg->first_seq : chance.seq;
	p->tx.timestamp = chance.timestamp;
	p->tx.ssrc = cfg->rtp_ssrc ? cfg->rtp_ssrc : chance.ssrc;
	return 0;
}

static void init_geometry(struct pseudowire *p, const struct line_config *cfg)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++) {
		if (cfg->slot_mask >> s & 1)
			p->map[p->n_slots++] = (uint8_t)s;
	}
	p->frames = cfg->pw.frames;
	p->payload = (size_t)p->frames * p->n_slots;
	p->period_ns = (double)p->frames * FRAME_NS;
}

static int init_jitter(struct pseudowire *p, const struct line_config *cfg)
{
	unsigned per_second = FRAMES_PER_S / p->frames;
	struct pw_jitter_config jitter = {
		.depth = (cfg->pw.jitter_ms * per_second + 999) / 1000,
		.n_out = N_OUT,
		.n_in = N_IN,
		.fill_limit = FILL_MS * per_second / 1000,
		.settle = per_second,
		.payload = p->payload,
		.restart_ns = (int64_t)(1.5 * p->period_ns),
		.lockstep = cfg->time == LINE_LOCKSTEP,
	};

	if (jitter.lockstep)
		jitter.restart_ns = 0;
	return pw_jitter_init(&p->rx.jitter, &jitter);
}

struct line *pseudowire_open(const struct line_config *cfg, int fd)
{
	struct pseudowire *p = calloc(1, sizeof(*p));
	int err;

	if (!p) {
		errno = ENOMEM;
		return NULL;
	}
	p->line.ops = &pseudowire_ops;
	p->line.cfg = *cfg;
	p->line.fd = fd;
	init_geometry(p, cfg);
	err = init_tx(p, &cfg->pw);
	if (err < 0)
		goto free_line;
	err = init_jitter(p, cfg);
	if (err < 0)
		goto free_line;
	pw_servo_init(&p->servo, p->period_ns);
	pw_io_init(p);
	return &p->line;

free_line:
	free(p);
	errno = -err;
	return NULL;
}
