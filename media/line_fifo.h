/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of TDM frames, LINE_SLOTS octets each, between a driver and the
 * owner of the line, in one thread. Invariant: head - tail <= LINE_FIFO;
 * the frames at tail .. head - 1 are queued, those before tail stay readable
 * until they are overwritten (concealment looks back at them).
 * All functions may run in the tick.
 */
#ifndef MEDIA_LINE_FIFO_H
#define MEDIA_LINE_FIFO_H

#include <stdbool.h>
#include <stdint.h>

#include "media/line.h"

enum { LINE_FIFO = 1024 }; /* frames, a power of two */

struct line_fifo {
	uint32_t head, tail;
	uint8_t frames[LINE_FIFO][LINE_SLOTS];
	bool filler[LINE_FIFO];
};

static inline unsigned line_fifo_count(const struct line_fifo *f)
{
	return f->head - f->tail;
}

static inline unsigned line_fifo_room(const struct line_fifo *f)
{
	return LINE_FIFO - line_fifo_count(f);
}

/* The frame `ahead` after the newest one, to be filled in; 0 is the next. */
static inline uint8_t *line_fifo_slot(struct line_fifo *f, unsigned ahead)
{
	return f->frames[(f->head + ahead) % LINE_FIFO];
}

static inline void line_fifo_push(struct line_fifo *f, bool filler)
{
	f->filler[f->head++ % LINE_FIFO] = filler;
}

/* The frame so many behind the oldest one. */
static inline const uint8_t *line_fifo_at(const struct line_fifo *f,
					  unsigned behind)
{
	return f->frames[(f->tail + behind) % LINE_FIFO];
}

static inline const uint8_t *line_fifo_peek(const struct line_fifo *f)
{
	return f->frames[f->tail % LINE_FIFO];
}

/* Was the oldest one filler? It leaves the queue. */
static inline bool line_fifo_pop(struct line_fifo *f)
{
	return f->filler[f->tail++ % LINE_FIFO];
}

#endif
