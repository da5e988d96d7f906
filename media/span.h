/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A span in the engine: its line, its D slot and its B channels with their
 * calls. When its blocks are run, and what is done to their samples, is the
 * business of its pack (pack.h). Part of the engine; all but init and fini
 * runs in the tick.
 *
 *   span_io_begin, span_io: line_begin, line_end, alarms, watchdog   each tick
 *   span_begin: line_read                       each block
 *       -> D slot -> frames
 *       -> pack: lanes, sessions
 *   span_end: line_write, and remembered: the far of later blocks
 *
 * The watchdog is on the line's clock. A line in wall time that brings no
 * frame for SPAN_STALL_MS has stopped, and from then on
 * its blocks are made of idle codes by the engine's clock, so that tones,
 * RTP and RTCP go on; what is sent to it is lost. After SPAN_ALARM_MS that is
 * an alarm. When it brings frames again it is followed from there, what it
 * has too many is dropped.
 */
#ifndef MEDIA_SPAN_H
#define MEDIA_SPAN_H

#include "media/dslot.h"
#include "media/service.h"
#include "media/session.h"

enum {
	SPAN_HISTORY = 1024, /* frames sent that are remembered */
	SPAN_STALL_MS = 30,
	SPAN_ALARM_MS = 500, /* shorter ones are no reason to refuse calls */
	SPAN_CALM_MS = 20,
};

/* Scratch of one block. */
struct span_block {
	bool bridged; /* the line had none */
	uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	uint8_t tx[LINE_SLOTS][LINE_BLOCK];
};

struct span_watch {
	mono_t heard;	  /* when a frame came last */
	unsigned waiting; /* frames at the line then */
	bool stalled;
	bool back; /* it has just begun again */
	bool looked; /* at the line, once at least: its state is known */
};

struct span {
	uint16_t index;
	struct engine_span_config cfg;
	struct line *line;   /* NULL: none; as one that has stopped */
	struct dslot *dslot; /* NULL: no D slot */
	struct pack *pack;
	struct pack *spare; /* not a worker's: of its own, to be freed with it */
	unsigned seat; /* in the pack */
	struct tone_zone zone;
	struct session *slots[LINE_SLOTS]; /* who has the B channel */
	unsigned align;	  /* frames to leave out at the start */
	uint32_t written; /* frames */
	uint8_t sent[LINE_SLOTS][SPAN_HISTORY + LINE_BLOCK];
	struct span_watch watch;
	struct netio *net; /* does the line's I/O; NULL: the line itself */
	unsigned net_slot;
	mono_t due; /* of a packet that this tick has sent; 0: none was */
	struct engine_span_clock clock;
	uint64_t taken; /* frames, from the line */
	uint16_t alarms, defects; /* enum line_alarm */
	struct service service;
	bool told; /* the state was sent since its last change */
	mono_t told_at;
	uint64_t d_refused;
};

/* 0 or -errno; -ENOENT: unknown country, all else is done. */
int span_init(struct span *, unsigned index,
	      const struct engine_span_config *);
void span_fini(struct span *);

/* Give the B channel to a session. 0, -EINVAL (no such channel) or -EBUSY. */
int span_connect(struct span *, unsigned slot, struct session *, bool clear);
void span_disconnect(struct span *, struct session *);

unsigned span_channels(const struct span *); /* B channels */

void span_start(struct span *, mono_t now);
/* What is due on the line leaves; then, with what has come: its frames and
 * alarms. */
void span_io_begin(struct span *, mono_t now);
void span_io(struct span *, mono_t now);
/* Blocks that can be read. */
unsigned span_blocks(const struct span *);
/* A block from the line, or idle codes if it has none; and one to it. */
void span_begin(struct span *, struct span_block *);
void span_end(struct span *, struct tick *, struct span_block *);
/* A block that came too late for its calls: only the D channel has it. */
void span_drop(struct span *, struct tick *, struct span_block *);
/* So many blocks of time have passed without any. */
void span_skip(struct span *, uint32_t blocks);
/*
 * What left on the slot while this block arrived, LINE_BLOCK codes: written
 * before, and held up by the transmit queue. What is not written yet cannot
 * echo yet.
 */
const uint8_t *span_far(const struct span *, unsigned slot);

/* Frames for the D channel. 0 or -errno. */
int span_send_frame(struct span *, const struct engine_frame *);
void span_state(const struct span *, struct engine_span_state *);
/* tick: is there news to tell by now? A line that flaps is told of calmly. */
bool span_has_news(const struct span *, mono_t now);
/* Echo figures of the calls, for their sessions (once a second). */
void span_measure(struct span *);

/* --- worker.c --- */
/* A frame came; false: no room. */
bool engine_tell_frame(struct tick *, const struct engine_frame *);

#endif
