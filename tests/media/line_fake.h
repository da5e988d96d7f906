/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line without a wire: a driver that the test holds in its hand. It brings
 * 8 frames a ms of the time it is given, with the sample number in each slot
 * as code, or from said; it may stop, be late, and come back with what it
 * had missed or without.
 */
#ifndef TESTS_MEDIA_LINE_FAKE_H
#define TESTS_MEDIA_LINE_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "media/line_priv.h"

struct fake_line {
	struct line line;
	bool stopped;	  /* brings nothing, takes nothing */
	bool forgets;	  /* what it did not bring is lost */
	bool cancels;	  /* as a card with a canceller of its own */
	unsigned late_ms; /* its time lags by so much */
	unsigned alarms;  /* what it says whenever it is looked at */
	mono_t start;
	uint64_t frames;    /* of its time so far */
	uint64_t brought;   /* of them */
	const uint8_t *said; /* of slot 1, from the frame said_from on */
	uint64_t said_from, said_n;
	uint8_t *heard; /* of slot 1, n_heard of max_heard */
	size_t n_heard, max_heard;
};

static inline struct fake_line *fake_of(struct line *l)
{
	return line_container(l, struct fake_line, line);
}

static inline void fake_close(struct line *l)
{
	free(fake_of(l));
}

static inline void fake_start(struct line *l, mono_t now)
{
	fake_of(l)->start = now;
	l->lead = LINE_BLOCK;
	line_fill_idle(l, &l->tx, l->lead);
}

/* One frame each way. */
static inline void fake_frame(struct fake_line *f)
{
	uint8_t *frame = line_fifo_slot(&f->line.rx, 0);
	uint64_t at = f->frames - f->said_from;

	for (unsigned s = 0; s < LINE_SLOTS; s++)
		frame[s] = line_idle_octet(&f->line, s);
	if (f->said && at < f->said_n)
		frame[1] = f->said[at];
	line_fifo_push(&f->line.rx, false);
	f->brought++;
	if (!line_fifo_count(&f->line.tx)) {
		f->line.stats.tx.idle_frames++;
		return;
	}
	if (f->n_heard < f->max_heard)
		f->heard[f->n_heard++] = line_fifo_peek(&f->line.tx)[1];
	line_fifo_pop(&f->line.tx);
}

static inline void fake_tick(struct line *l, mono_t now)
{
	struct fake_line *f = fake_of(l);
	int64_t ms = mono_diff_ms(now, f->start) - (int64_t)f->late_ms;
	unsigned given = 0;

	l->alarms.raised = l->alarms.defects = f->alarms;
	if (f->stopped && !f->forgets)
		return;
	while ((int64_t)f->frames < 8 * ms) {
		if (!f->stopped && given++ < LINE_STALL)
			fake_frame(f);
		f->frames++;
	}
}

static inline void fake_packet(struct line *l, mono_t now,
			       const struct udp_datagram *d)
{
	(void)l;
	(void)now;
	(void)d;
}

static inline void fake_end(struct line *l, mono_t now)
{
	(void)l;
	(void)now;
}

static inline mono_t fake_due(const struct line *l)
{
	const struct fake_line *f =
		line_container(l, const struct fake_line, line);

	return mono_add_ns(f->start, 125000 * (int64_t)(f->frames + 8) +
					     f->late_ms * NS_PER_MS);
}

static inline bool fake_cancels(const struct line *l, unsigned slot)
{
	(void)slot;
	return line_container(l, const struct fake_line, line)->cancels;
}

/* A master in wall time without skew; NULL: no memory. */
static inline struct fake_line *fake_line_new(void)
{
	static const struct line_ops ops = {
		.close = fake_close,
		.start = fake_start,
		.tick = fake_tick,
		.begin = fake_tick,
		.packet = fake_packet,
		.end = fake_end,
		.due = fake_due,
		.cancels = fake_cancels,
	};
	struct fake_line *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->line.ops = &ops;
	line_config_init(&f->line.cfg);
	f->line.fd = -1;
	return f;
}

#endif
