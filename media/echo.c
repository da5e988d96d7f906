/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/echo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct echo_group {
	unsigned tail_ms;
	unsigned flags[ECHO_LANES];
};

struct echo_group *echo_group_new(unsigned tail_ms, enum echo_isa isa)
{
	struct echo_group *g;

	if (tail_ms != 32 && tail_ms != 64 && tail_ms != 128) {
		errno = EINVAL;
		return NULL;
	}
	if (isa != ECHO_ISA_BEST && isa != ECHO_ISA_C) {
		errno = ENOTSUP;
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (g)
		g->tail_ms = tail_ms;
	return g;
}

void echo_group_free(struct echo_group *g)
{
	free(g);
}

const char *echo_group_isa(const struct echo_group *g)
{
	(void)g;
	return "c";
}

/* tick */
void echo_group_run(struct echo_group *g, const float (*far)[ECHO_LANES],
		    float (*near)[ECHO_LANES], unsigned active_mask)
{
	(void)g;
	(void)far;
	(void)near;
	(void)active_mask;
}

/* tick */
void echo_group_reset_lane(struct echo_group *g, unsigned lane)
{
	(void)g;
	(void)lane;
}

/* tick */
void echo_group_set_lane(struct echo_group *g, unsigned lane, unsigned flags)
{
	if (lane < ECHO_LANES)
		g->flags[lane] = flags;
}

void echo_group_stats(const struct echo_group *g, unsigned lane,
		      struct echo_stats *stats)
{
	(void)g;
	(void)lane;
	memset(stats, 0, sizeof(*stats));
}
