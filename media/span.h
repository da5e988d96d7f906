/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A span in the engine: its line, its D slot, its B channels with their
 * calls, and the groups of lanes that they go through. Part of the engine;
 * all but init and fini runs in the tick.
 *
 *   line_read -> D slot -> frames
 *             -> lanes: near, far (what was sent) -> residual, tones
 *                -> session_from_line
 *   session_to_line -> line_write, and remembered: the far of later blocks
 */
#ifndef MEDIA_SPAN_H
#define MEDIA_SPAN_H

#include "media/dslot.h"
#include "media/lanes.h"
#include "media/session.h"

enum {
	SPAN_GROUPS = 2, /* of ECHO_LANES: room for 30 B channels */
	SPAN_LANES = SPAN_GROUPS * ECHO_LANES,
	SPAN_HISTORY = 1024, /* frames sent that are remembered */
	SPAN_NO_LANE = 255,
};

/* Scratch of one block, shared by all spans. */
struct span_block {
	uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	uint8_t tx[LINE_SLOTS][LINE_BLOCK];
	struct lane_block lanes[SPAN_GROUPS];
	uint8_t residual[LINE_SLOTS][LINE_BLOCK]; /* codes for RTP */
};

struct span {
	uint16_t index;
	struct engine_span_config cfg;
	struct line *line;   /* NULL: none */
	struct dslot *dslot; /* NULL: no D slot */
	struct lane_group groups[SPAN_GROUPS];
	struct tone_zone zone;
	struct session *slots[LINE_SLOTS]; /* who has the B channel */
	struct session *lanes[SPAN_LANES];
	unsigned align;	  /* frames to leave out at the start */
	uint32_t written; /* frames */
	uint8_t sent[LINE_SLOTS][SPAN_HISTORY + LINE_BLOCK];
	uint8_t alarms;
	bool told; /* the state was sent since its last change */
	uint64_t d_refused;
};

/* 0 or -errno; -ENOENT: unknown country, all else is done. */
int span_init(struct span *, unsigned index,
	      const struct engine_span_config *);
void span_fini(struct span *);

/* Give the B channel to a session. 0, -EINVAL (no such channel) or -EBUSY. */
int span_connect(struct span *, unsigned slot, struct session *, bool clear);
void span_disconnect(struct span *, struct session *);
/* What a session of this span wants of its canceller may have changed. */
void span_adjust(struct span *, struct session *);

/* The arithmetic of one block: b->rx to b->tx. */
void span_run(struct span *, struct tick *, struct span_block *b);
/* Line I/O and all blocks that wait, at most `most`; how many were done. */
unsigned span_tick(struct span *, struct tick *, struct span_block *b,
		   unsigned most);
/* Frames for the D channel. 0 or -errno. */
int span_send_frame(struct span *, const struct engine_frame *);
void span_state(const struct span *, struct engine_span_state *);
/* Echo figures of the calls, for their sessions (once a second). */
void span_measure(struct span *);

/* --- engine.c --- */
/* A frame came; false: no room. */
bool engine_tell_frame(struct tick *, const struct engine_frame *);

#endif
