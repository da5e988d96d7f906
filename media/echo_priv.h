/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the echo canceller share. A block goes
 *
 *    kernel filter   near - estimate = error, sums of the block   (lanes)
 *    echo_control    what each lane does about it                 (scalar)
 *    kernel finish   step of the next update, output, noise       (lanes)
 *
 * The kernel exists once per instruction set; control is common to all.
 */
#ifndef MEDIA_ECHO_PRIV_H
#define MEDIA_ECHO_PRIV_H

#include "media/echo.h"

enum {
	ECHO_PARTS_MAX = 13,	/* partitions of 10 ms: 128 ms and the rest */
	ECHO_BINS_SUMMED = 68,	/* 200 to 3,600 Hz: speech on a line */
	ECHO_SCRATCH = 403,	/* vectors that a block needs until its end */
};

/* Sums over one block, per lane; tap and doubt over the bins of speech. */
struct echo_sums {
	float far[ECHO_LANES];
	float near[ECHO_LANES];
	float err[ECHO_LANES];		/* near less the estimate */
	float est[ECHO_LANES];		/* the estimate of the echo */
	float near_est[ECHO_LANES];	/* their product */
	float lag[ECHO_LANES];		/* error times error a sample ago */
	float slope[ECHO_LANES];	/* the estimate's slope, squared */
	float err_slope[ECHO_LANES];	/* error times it */
	float out[ECHO_LANES];
	float heard[ECHO_LANES];	/* what doubt makes of far */
	float psi[ECHO_LANES];		/* the power that is not echo */
	float bad[ECHO_LANES];		/* samples refused */
	float bins[ECHO_LANES];		/* far bins that hold the energy */
	float tap[ECHO_PARTS_MAX][ECHO_LANES];	/* |W|^2 per partition */
	float doubt[ECHO_PARTS_MAX][ECHO_LANES];	/* P per partition */
	float merit[ECHO_PARTS_MAX][ECHO_LANES]; /* |W|^2 / P, now and then */
};

/* What control asks of the kernel, per lane. */
struct echo_orders {
	float step[ECHO_LANES];		/* 1 adapts, 0 holds the taps */
	float drift[ECHO_LANES];	/* process noise per block */
	float floor[ECHO_LANES];	/* and what is added to |W|^2 for it */
	float cancel[ECHO_LANES];	/* share of the estimate to subtract */
	float pass[ECHO_LANES];		/* gain of the residual */
	float noise[ECHO_LANES];	/* RMS of comfort noise */
	float tilt[ECHO_LANES];		/* its correlation from tap to tap */
	unsigned clock;			/* blocks of the group */
	bool rest;			/* nobody learns, to save time */
	/* lanes that a partition is worked in; W = P = 0 in the others */
	uint16_t work[ECHO_PARTS_MAX];
	/* of these, lanes that it learns in but adds no estimate to */
	uint16_t shadow[ECHO_PARTS_MAX];
	/* once, at the next block, in the lanes of scaled */
	uint16_t scaled[ECHO_PARTS_MAX];
	float tap_scale[ECHO_PARTS_MAX][ECHO_LANES];
	float doubt_scale[ECHO_PARTS_MAX][ECHO_LANES];
	float doubt_add[ECHO_PARTS_MAX][ECHO_LANES];
};

/* The samples of a block; lanes out of mask are silence and stay as are. */
struct echo_block {
	const float (*far)[ECHO_LANES];
	float (*near)[ECHO_LANES];
	unsigned mask;
	float (*scratch)[ECHO_LANES];	/* ECHO_SCRATCH rows, aligned to 64 */
};

/* One build of the vector code. The state is of state_size() bytes. */
struct echo_kernel {
	const char *name;
	size_t (*state_size)(unsigned parts);
	void (*init)(void *state, unsigned parts);
	void (*reset_lane)(void *state, unsigned lane);
	/* a lane becomes what one of another state of this size is */
	void (*copy_lane)(void *state, unsigned lane, const void *from,
			  unsigned from_lane);
	/* block in, sums of it out (all but out) */
	void (*filter)(void *state, const struct echo_block *block,
		       const struct echo_orders *orders,
		       struct echo_sums *sums);
	/* orders in, near replaced */
	void (*finish)(void *state, const struct echo_block *block,
		       const struct echo_orders *orders,
		       struct echo_sums *sums);
};

extern const struct echo_kernel echo_kernel_c;
extern const struct echo_kernel echo_kernel_avx2;
extern const struct echo_kernel echo_kernel_avx512;

#endif
