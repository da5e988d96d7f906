/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pack: the spans of one engine thread whose blocks begin together (one
 * clock domain, phase and tail), and the lanes that their calls share. A
 * call takes a free lane of the group that is fullest, on whatever span it
 * is, so that few groups have work; when calls have ended, those left over
 * are moved together, one at a time.
 *
 *   spans   0        1        2            lines: read, write
 *            \ slots  |       /
 *   lanes   [0 .. 15][16 .. 31] ..         a group each: canceller, tones
 *
 * All lanes of a pack advance by one block together. When all of its spans
 * have a block, the pack runs; of one that has none the others wait for a
 * millisecond over the time the block was due, no longer: its lanes are
 * then bridged. They hear idle codes for 10 ms, the canceller keeps its taps,
 * RTP goes on; the late block is dropped when it comes, so that no lane ever
 * lags behind its group. Both are counted with the span.
 *
 * A line that has stopped (span.h) is not waited for; a pack of nothing but
 * stopped lines runs by the tick's own clock.
 *
 * Owner: an engine thread; all but init and fini runs in the tick.
 */
#ifndef MEDIA_PACK_H
#define MEDIA_PACK_H

#include "media/lanes.h"
#include "media/span.h"

/* Scratch of a block, for all packs of a thread. */
struct pack_block {
	struct lane_block lanes;
	uint8_t residual[ECHO_LANES][ECHO_BLOCK]; /* codes for RTP */
	struct span_block spans[]; /* as many as the largest pack has */
};

struct pack {
	struct span **spans;
	unsigned n_spans;
	struct lane_group *groups;
	unsigned n_groups;
	uint8_t *states;	/* of their cancellers; NULL: none */
	struct session **lanes; /* of all groups; NULL: free */
	uint8_t *taken;		/* of these, in each group */
	uint32_t blocks;	/* runs so far; begins as the plan wants */
	uint64_t moves;		/* of lanes */
	mono_t due;		/* when the next block should be there */
};

/*
 * A pack of these spans: it is theirs from now on (span->pack), and has a
 * lane for each of their B channels. The spans must outlive it. 0, -ENOMEM,
 * or -EINVAL for a tail that there is none of.
 */
int pack_init(struct pack *, struct span *const *spans, unsigned n);
void pack_fini(struct pack *);

/* NULL: no memory. Freed with free(). */
struct pack_block *pack_block_new(unsigned spans);

/* tick: a span whose calls have gone leaves; those that are left. */
unsigned pack_leave(struct pack *, struct span *);

void pack_start(struct pack *, mono_t now);
/* A block, if the lines have brought one by now. How many there were: those
 * beyond the first wait for the next ticks. */
unsigned pack_tick(struct pack *, struct tick *, struct pack_block *);
/* One block, whatever the time. */
void pack_run(struct pack *, struct tick *, struct pack_block *);

/* A free lane for a call whose place is known. */
void pack_take(struct pack *, struct session *);
void pack_give(struct pack *, struct session *);
/* What a session wants of its canceller may have changed. */
void pack_adjust(struct pack *, struct session *);
/* The canceller's figures, for the session. */
void pack_measure(const struct pack *, struct session *);

#endif
