/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the state of a line means for calls:
 *
 *   FULL --defect--> FAULT --hold-off over--> LOST
 *    ^                 |                        |
 *    +--- settled -- RECOVERING <----- good ----+
 *
 * No new calls but in FULL; calls that are there stay until LOST. The hold-off
 * is of time spent in fault, from which good time is taken off again: short
 * breaks of a fault do not begin it anew, short faults of a good line add up
 * to nothing. A fault of the far end's receiver is held longer: it hears us
 * badly, but the D channel knows better. RECOVERING ends when no alarm is
 * raised and SERVICE_SETTLE_MS have been good.
 *
 * One owner and thread. tick.
 */
#ifndef MEDIA_SERVICE_H
#define MEDIA_SERVICE_H

#include "media/line.h"

enum { SERVICE_SETTLE_MS = 1000 };

enum service_state {
	SERVICE_FULL,
	SERVICE_RECOVERING,
	SERVICE_FAULT,
	SERVICE_LOST,
};

struct service {
	enum service_state state;
	uint16_t hold_ms, far_hold_ms;
	unsigned defects;	 /* at the last update */
	int64_t near_ns, far_ns; /* in fault, less what was good */
	mono_t at;		 /* of the last update */
	mono_t good;		 /* no fault since */
};

void service_init(struct service *, uint16_t hold_ms, uint16_t far_hold_ms,
		  mono_t now);
/* Defects of this moment and alarms that are raised (enum line_alarm). */
enum service_state service_update(struct service *, unsigned defects,
				  unsigned alarms, mono_t now);

#endif
