/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/echo.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/echo_control.h"
#include "media/isa.h"
#include "media/law.h"

struct echo_group {
	const struct echo_kernel *kernel;
	void *state;
	void *own;		/* the state, if it is not the caller's */
	unsigned parts;
	unsigned on;		/* lanes with ECHO_ON */
	struct echo_sums sums;
	struct echo_orders orders;
	struct echo_lane lane[ECHO_LANES];
};

enum {
	GROUP_ALIGN = 64,	/* a vector of the widest instruction set */
};

static const struct echo_kernel *kernel_find(enum echo_isa isa)
{
	switch (isa) {
	case ECHO_ISA_BEST:
		return isa_now() == ISA_AVX512 ? &echo_kernel_avx512 :
		       isa_now() == ISA_AVX2 ? &echo_kernel_avx2 :
					       &echo_kernel_c;
	case ECHO_ISA_C:
		return &echo_kernel_c;
	case ECHO_ISA_AVX2:
		return isa_has(ISA_AVX2) ? &echo_kernel_avx2 : NULL;
	case ECHO_ISA_AVX512:
		return isa_has(ISA_AVX512) ? &echo_kernel_avx512 : NULL;
	}
	return NULL;
}

/* Partitions that cover a tail, 0 if there is no such tail. */
static unsigned tail_parts(unsigned tail_ms)
{
	switch (tail_ms) {
	case 32:
		return 4;
	case 64:
		return 7;
	case 128:
		return 13;
	}
	return 0;
}

size_t echo_group_size(unsigned tail_ms, enum echo_isa isa)
{
	const struct echo_kernel *kernel = kernel_find(isa);
	unsigned parts = tail_parts(tail_ms);

	if (!parts || !kernel)
		return 0;
	return (kernel->state_size(parts) + GROUP_ALIGN - 1) / GROUP_ALIGN *
	       GROUP_ALIGN;
}

struct echo_group *echo_group_new_at(unsigned tail_ms, enum echo_isa isa,
				     void *state)
{
	unsigned parts = tail_parts(tail_ms);
	struct echo_group *g;

	if (!echo_group_size(tail_ms, isa)) {
		errno = parts ? ENOTSUP : EINVAL;
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->state = state;
	g->kernel = kernel_find(isa);
	g->parts = parts;
	g->kernel->init(g->state, parts);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		echo_lane_reset(&g->lane[n], &g->orders, parts, n);
		echo_window_close(&g->orders, parts, n);
	}
	return g;
}

struct echo_group *echo_group_new(unsigned tail_ms, enum echo_isa isa)
{
	size_t size = echo_group_size(tail_ms, isa);
	struct echo_group *g;
	void *state = aligned_alloc(GROUP_ALIGN, size ? size : GROUP_ALIGN);

	if (!state)
		return NULL;
	g = echo_group_new_at(tail_ms, isa, state);
	if (g)
		g->own = state;
	else
		free(state);
	return g;
}

void echo_group_free(struct echo_group *g)
{
	if (!g)
		return;
	free(g->own);
	free(g);
}

const char *echo_group_isa(const struct echo_group *g)
{
	return g->kernel->name;
}

/* tick */
void echo_group_run(struct echo_group *g, const float (*far)[ECHO_LANES],
		    float (*near)[ECHO_LANES], unsigned active_mask)
{
	_Alignas(GROUP_ALIGN) float scratch[ECHO_SCRATCH][ECHO_LANES];
	struct echo_block block = { far, near, active_mask & g->on, scratch };

	if (!block.mask)
		return;
	g->orders.clock++;
	g->kernel->filter(g->state, &block, &g->orders, &g->sums);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		if (block.mask >> n & 1)
			echo_lane_control(&g->lane[n], &g->sums, &g->orders,
					  g->parts, n);
		else
			echo_lane_idle(&g->lane[n], &g->orders, g->parts, n);
	}
	g->kernel->finish(g->state, &block, &g->orders, &g->sums);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		if (block.mask >> n & 1)
			echo_lane_account(&g->lane[n], &g->sums, g->parts,
					  n);
	}
}

/* tick */
void echo_group_rest(struct echo_group *g, bool rest)
{
	g->orders.rest = rest;
}

/* tick */
void echo_group_reset_lane(struct echo_group *g, unsigned lane)
{
	if (lane >= ECHO_LANES)
		return;
	g->kernel->reset_lane(g->state, lane);
	echo_lane_reset(&g->lane[lane], &g->orders, g->parts, lane);
}

/* tick */
void echo_group_set_lane(struct echo_group *g, unsigned lane, unsigned flags)
{
	if (lane >= ECHO_LANES)
		return;
	if ((flags & ECHO_ON) && !(g->on >> lane & 1))
		echo_group_reset_lane(g, lane);
	g->lane[lane].flags = flags;
	if (flags & ECHO_ON) {
		g->on |= 1u << lane;
	} else {
		g->on &= ~(1u << lane);
		echo_window_close(&g->orders, g->parts, lane);
	}
}

static uint16_t bit_moved(uint16_t to, unsigned lane, uint16_t from,
			  unsigned from_lane)
{
	unsigned kept = to & ~(1u << lane);
	unsigned bit = (unsigned)from >> from_lane & 1;

	return (uint16_t)(kept | bit << lane);
}

/* What the next block is to do for the lane. */
static void move_orders(struct echo_orders *to, unsigned n,
			const struct echo_orders *from, unsigned m)
{
	to->step[n] = from->step[m];
	to->drift[n] = from->drift[m];
	to->floor[n] = from->floor[m];
	to->cancel[n] = from->cancel[m];
	to->pass[n] = from->pass[m];
	to->noise[n] = from->noise[m];
	to->tilt[n] = from->tilt[m];
	for (unsigned k = 0; k < ECHO_PARTS_MAX; k++) {
		to->work[k] = bit_moved(to->work[k], n, from->work[k], m);
		to->shadow[k] = bit_moved(to->shadow[k], n, from->shadow[k],
					  m);
		to->scaled[k] = bit_moved(to->scaled[k], n, from->scaled[k],
					  m);
		to->tap_scale[k][n] = from->tap_scale[k][m];
		to->doubt_scale[k][n] = from->doubt_scale[k][m];
		to->doubt_add[k][n] = from->doubt_add[k][m];
	}
}

/* tick */
void echo_group_move_lane(struct echo_group *to, unsigned lane,
			  struct echo_group *from, unsigned from_lane)
{
	if (lane >= ECHO_LANES || from_lane >= ECHO_LANES ||
	    to->kernel != from->kernel || to->parts != from->parts)
		return;
	to->kernel->copy_lane(to->state, lane, from->state, from_lane);
	move_orders(&to->orders, lane, &from->orders, from_lane);
	to->lane[lane] = from->lane[from_lane];
	to->on = bit_moved((uint16_t)to->on, lane, (uint16_t)from->on,
			   from_lane);
	echo_group_set_lane(from, from_lane, 0);
	echo_group_reset_lane(from, from_lane);
	echo_window_close(&from->orders, from->parts, from_lane);
}

/* Level in dBm0 of a block's energy; -100 for silence. */
static float level_dbm0(float energy)
{
	const float power = LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2;

	return 10.0f * log10f(energy / (ECHO_BLOCK * power) + 1e-10f);
}

void echo_group_stats(const struct echo_group *g, unsigned lane,
		      struct echo_stats *stats)
{
	const struct echo_lane *l = &g->lane[lane % ECHO_LANES];

	stats->far_dbm0 = level_dbm0(l->mean.far);
	stats->near_dbm0 = level_dbm0(l->mean.near);
	stats->residual_dbm0 = level_dbm0(l->mean.err);
	stats->out_dbm0 = level_dbm0(l->mean.out);
	stats->erl_db = stats->far_dbm0 - stats->near_dbm0;
	stats->erle_db = stats->near_dbm0 - stats->residual_dbm0;
	stats->acom_db = stats->far_dbm0 - stats->out_dbm0;
	stats->tail_samples = l->peak * ECHO_BLOCK;
	stats->path_changes = l->path_changes;
	stats->divergences = l->divergences;
	stats->bad_samples = l->bad_samples;
	stats->converged = l->converged;
	stats->double_talk = l->double_talk;
	stats->narrow_band = l->held && l->pure;
}
