/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tick does to the samples of ECHO_LANES calls between the line and
 * RTP, a block of 10 ms at a time: the echo canceller and its switches, the
 * tone bank, the watch for fax machines and modems in both directions. Knows
 * samples only, no sessions, packets or lines: ecproc runs this very code.
 *
 *   near (from the line) -> canceller -> near (residual) -> tone bank -> line
 *   far (to the line) ---------^---------------------> 1,100, 2,100 Hz   modem
 *
 * A lane's canceller is off while 2,100 Hz with phase reversals has been
 * heard from either side, without NLP while it is plain 2,100 Hz, and on
 * again when the line has fallen silent (G.168 7); modem.h has the times.
 *
 * Owner: one thread. All memory is taken by lane_group_init(); the rest runs
 * in the tick.
 */
#ifndef MEDIA_LANES_H
#define MEDIA_LANES_H

#include "media/bank.h"
#include "media/dtmf.h"
#include "media/echo.h"
#include "media/modem.h"

/* A block of all lanes, in and out; on the linear 16-bit scale. */
struct lane_block {
	_Alignas(64) float near[ECHO_BLOCK][ECHO_LANES];
	_Alignas(64) float far[ECHO_BLOCK][ECHO_LANES];
	unsigned used;	    /* in: lanes that near was filled for */
	unsigned bridged;   /* in: lanes whose near was lost, but not far: it
			       is on the line, and its echo will come */
	bool rest;	    /* in: the canceller learns nothing, to save time */
	unsigned cancelled; /* out: lanes where near is a residual now */
	unsigned fax;	    /* out: lanes whose line began with CNG or CED */
	char digit[ECHO_LANES]; /* out: DTMF in the last 20 ms, 0 = none */
	struct bank sent;   /* scratch: 1,100 and 2,100 Hz of far */
};

struct lane {
	bool echo, nlp; /* wanted */
	uint8_t flags;	/* of the canceller, as set */
	struct modem line, far;
};

struct lane_group {
	struct echo_group *echo; /* NULL: no canceller */
	struct bank *heard;	 /* two: this block's and the one before */
	unsigned turn;		 /* which is which */
	bool changed;		 /* flags of the canceller are to be set */
	unsigned wanted, on;	 /* lanes with canceller: wanted, at work */
	unsigned line_busy, far_busy; /* lanes whose modem is not idle */
	struct lane lanes[ECHO_LANES];
};

/* tail_ms 0: without a canceller. 0 or -errno as of echo_group_new(). */
int lane_group_init(struct lane_group *, unsigned tail_ms, enum echo_isa);
/* The same with a canceller's state in memory of the caller, see
 * echo_group_new_at(). */
int lane_group_init_at(struct lane_group *, unsigned tail_ms, enum echo_isa,
		       void *state);
void lane_group_fini(struct lane_group *);

/* A call begins: nothing of an earlier one is left; canceller off. */
void lane_group_reset(struct lane_group *, unsigned lane);
/* What the call wants; it gets less while a modem speaks. */
void lane_group_want(struct lane_group *, unsigned lane, bool echo, bool nlp);
/* The path has changed for sure: what the canceller has learnt is wrong. */
void lane_group_forget(struct lane_group *, unsigned lane);

/* A call goes over to a lane of another group of its kind, between two blocks
 * and without a trace in what is heard; its old lane is as after a reset. */
void lane_group_move(struct lane_group *to, unsigned lane,
		     struct lane_group *from, unsigned from_lane);

/* Lanes that a block must have far for. */
unsigned lane_group_wanted(const struct lane_group *);
void lane_group_run(struct lane_group *, struct lane_block *);

/* False: no canceller is at work in that lane. */
bool lane_group_stats(const struct lane_group *, unsigned lane,
		      struct echo_stats *);

#endif
