/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each lane of an echo canceller group does about the sums of a block:
 * when to adapt, where to look for the echo, when the path has changed, what
 * goes out. Plain scalar C, the same for every instruction set.
 */
#ifndef MEDIA_ECHO_CONTROL_H
#define MEDIA_ECHO_CONTROL_H

#include "media/echo_nlp.h"
#include "media/echo_priv.h"
#include "media/echo_window.h"

/* Energies of a block, smoothed. */
struct echo_levels {
	float far;
	float near;
	float err;
	float est;
	float near_est;
	float slope;	/* of the estimate, twice, squared */
	float err_slope;	/* error times it */
	float out;
};

/* The residual over the estimate, smallest of a window and of the last. */
struct echo_miss {
	float err;	/* smoothed over some 20 ms */
	float est;
	float least;
	float before;
	unsigned age;
};

/* The state of a lane outside of the vectors. */
struct echo_lane {
	unsigned flags;
	unsigned heard;		/* blocks of far-end activity since start */
	unsigned since;		/* blocks since the far end was active */
	unsigned tone;		/* blocks of narrow-band far end in a row */
	unsigned pure;		/* of what is a tone or two, no voice */
	unsigned changed;	/* evidence of a changed path */
	float wrong;		/* share of the estimate that is wrong */
	unsigned worse;		/* blocks the filter was worse than none */
	float kept[ECHO_PARTS_MAX];	/* share of doubt not cut away */
	struct echo_levels brief;	/* over some 50 ms */
	struct echo_levels mean;	/* over 0.5 s of far-end activity */
	struct echo_nlp nlp;
	struct echo_miss miss;
	struct echo_window window;
	unsigned path_changes;
	unsigned divergences;
	unsigned bad_samples;
	unsigned peak;		/* partition of the strongest echo */
	bool futile;		/* the search before found no echo */
	bool converged;
	bool double_talk;
	bool held;		/* taps stand still for a tone */
	bool scaled;		/* the orders hold scales, to be used once */
};

/* Forget everything but the flags; neutral orders for lane n. */
void echo_lane_reset(struct echo_lane *l, struct echo_orders *orders,
		     unsigned parts, unsigned n);

/* Orders for lane n in a block that it has no part in. */
void echo_lane_idle(struct echo_lane *l, struct echo_orders *orders,
		    unsigned parts, unsigned n);

/* Orders for lane n after the sums of a block; before the kernel finishes. */
void echo_lane_control(struct echo_lane *l, const struct echo_sums *sums,
		       struct echo_orders *orders, unsigned parts,
		       unsigned n);

/* Count the output of lane n in; after the kernel has finished. */
void echo_lane_account(struct echo_lane *l, const struct echo_sums *sums,
		       unsigned parts, unsigned n);

#endif
