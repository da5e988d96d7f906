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
};

/* Sums over one block, per lane. */
struct echo_sums {
	float far[ECHO_LANES];
	float near[ECHO_LANES];
	float err[ECHO_LANES];		/* near less the estimate */
	float est[ECHO_LANES];		/* the estimate of the echo */
	float near_est[ECHO_LANES];	/* their product */
	float lag[ECHO_LANES];		/* error times error a sample ago */
	float out[ECHO_LANES];
	float bad[ECHO_LANES];		/* samples refused */
	float bins[ECHO_LANES];		/* far bins that hold the energy */
	float tap[ECHO_PARTS_MAX][ECHO_LANES];	/* |W|^2 per partition */
	float doubt[ECHO_PARTS_MAX][ECHO_LANES];	/* P per partition */
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
	/* once, at the next block, if rescale is set */
	float tap_scale[ECHO_PARTS_MAX][ECHO_LANES];
	float doubt_scale[ECHO_PARTS_MAX][ECHO_LANES];
	float doubt_add[ECHO_PARTS_MAX][ECHO_LANES];
	bool rescale;
};

/* The samples of a block; lanes out of mask are silence and stay as are. */
struct echo_block {
	const float (*far)[ECHO_LANES];
	float (*near)[ECHO_LANES];
	unsigned mask;
};

/* One build of the vector code. The state is of state_size() bytes. */
struct echo_kernel {
	const char *name;
	size_t (*state_size)(unsigned parts);
	void (*init)(void *state, unsigned parts);
	void (*reset_lane)(void *state, unsigned lane);
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
