/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which partitions of a lane hold echo. Once the search is over, those that
 * hold nothing but the noise of estimating go dormant: their taps and their
 * doubt are zero and the filter passes them by, unless another lane of the
 * group needs them, which makes no difference to this one.
 *
 * New echo is found in two ways. Each dormant partition is visited in turn:
 * for some blocks it learns in the shadow, that is, from the error but without
 * a say in the estimate. And when the residual rises far above what it was,
 * all of them do. What has nothing to do with the far end adds up to what the
 * loss of doubt foretells; an echo adds up to more. So double talk costs time,
 * and never quality.
 */
#ifndef MEDIA_ECHO_WINDOW_H
#define MEDIA_ECHO_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "media/echo_priv.h"

struct echo_window {
	uint16_t dormant;	/* partitions, by bit */
	uint16_t probed;	/* dormant ones that learn in the shadow */
	bool alarm;		/* all do, since the residual rose */
	float start;		/* doubt that they began with */
	unsigned slot;		/* of the visit; 0 is none */
	unsigned blocks;	/* active ones of this visit or alarm */
	unsigned calm;		/* of the alarm: since the residual fell */
	unsigned age;		/* active blocks since the last judgment */
	unsigned raised;	/* how long the residual was far above known */
	float known;		/* residual over far, as it was */
	uint8_t empty[ECHO_PARTS_MAX];	/* judgments in a row */
};

/* What a lane's window goes by in a block. */
struct echo_sight {
	const struct echo_sums *sums;
	unsigned parts;
	unsigned lane;
	bool active;	/* far end may echo, and taps may move */
	bool sure;	/* the filter has converged */
	float rest;	/* power of the residual over the far end's */
	float residual;	/* what of it is beyond the noise */
};

/* All partitions at work, nothing known. */
void echo_window_open(struct echo_window *w, struct echo_orders *o,
		      unsigned parts, unsigned lane);
/* No partition at work: the lane is off. */
void echo_window_close(struct echo_orders *o, unsigned parts, unsigned lane);
/*
 * Orders for the next block; true if they hold scales. For a lane whose
 * search is over.
 */
bool echo_window_run(struct echo_window *w, const struct echo_sight *s,
		     struct echo_orders *o);

#endif
