/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/load.h"

static bool is_over(uint32_t busy, uint32_t limit, bool rested)
{
	return limit < 1000 && (rested || busy >= limit);
}

static bool is_calm(uint32_t busy, uint32_t limit, bool rested)
{
	return limit >= 1000 ||
	       (!rested && busy + LOAD_CALM_PERMILLE < limit);
}

bool load_note(struct load *l, uint32_t busy_permille, uint32_t limit_permille,
	       bool rested)
{
	bool turns = l->full ? is_calm(busy_permille, limit_permille, rested)
			     : is_over(busy_permille, limit_permille, rested);

	l->turn_s = turns ? l->turn_s + 1 : 0;
	if (l->turn_s < LOAD_HOLD_S)
		return false;
	l->full = !l->full;
	l->turn_s = 0;
	return true;
}
