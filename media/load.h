/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has an engine thread processor time for another call? Told once a second
 * what it was busy with. A second is full at the limit, or if cancellers had to
 * rest in it. A stall of the host makes one look so; LOAD_HOLD_S of them in a
 * row are taken at their word, and as many calm ones say that there is room
 * again.
 */
#ifndef MEDIA_LOAD_H
#define MEDIA_LOAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LOAD_HOLD_S = 5,
	LOAD_CALM_PERMILLE = 50, /* so much below the limit is calm */
};

/* All zero: idle. Of one thread, no locks. */
struct load {
	bool full;	/* takes no more calls, but for emergencies */
	uint8_t turn_s; /* seconds in a row that speak for a change */
};

/*
 * A second has passed. busy_permille: of the thread's time; limit_permille:
 * media.max_load, 1000: no limit; rested: cancellers had to. True: `full`
 * changed.
 */
bool load_note(struct load *, uint32_t busy_permille, uint32_t limit_permille,
	       bool rested);

#endif
