/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The non-linear processor of a lane: while what is left can only be echo,
 * it gives way to comfort noise, as loud as the background of the near end
 * and of about its colour. It opens at once and closes after a while, so
 * that words keep their ends.
 */
#ifndef MEDIA_ECHO_NLP_H
#define MEDIA_ECHO_NLP_H

#include <stdbool.h>

#include "media/echo_priv.h"

enum {
	NLP_WINDOWS = 4,	/* the background is their softest moment */
};

/* The background noise of the near end. */
struct echo_noise {
	float level;	/* energy of a block, believed */
	float now;	/* of the residual, smoothed */
	float lag;	/* correlation from sample to sample */
	float least[NLP_WINDOWS];	/* of the last windows and this one */
	unsigned window;
	unsigned age;	/* blocks of this window */
};

struct echo_nlp {
	struct echo_noise noise;
	float far_most;	/* the loudest far block that may echo now */
	unsigned open;	/* blocks it stays open yet */
};

/* What it goes by; energies of a block, smoothed over some 50 ms. */
struct echo_scene {
	const struct echo_sums *sums;
	unsigned lane;
	float near;
	float err;
	float est;
	float near_est;
	float miss;	/* share of est left over at the best moments */
	unsigned heard;	/* blocks the filter has learnt from */
	unsigned since;	/* blocks since the far end spoke */
	bool wrong;	/* most of err is what wrong taps leave over */
	bool sure;	/* the filter has converged */
	bool searching;	/* or has just begun to learn */
	bool on;
};

void echo_nlp_reset(struct echo_nlp *nlp);
/* Orders for the block: pass, noise, tilt. */
void echo_nlp_run(struct echo_nlp *nlp, const struct echo_scene *s,
		  struct echo_orders *o);

#endif
