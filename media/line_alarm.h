/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integration of alarms (RFC 5086 6.3, RFC 4553 6.3): a defect becomes an
 * alarm after 2.5 s without a break, and the alarm ends after 10 s without
 * the defect. LINE_DOWN is our own doing and not delayed. tick.
 */
#ifndef MEDIA_LINE_ALARM_H
#define MEDIA_LINE_ALARM_H

#include <stdint.h>

#include "media/line.h"

enum {
	LINE_ALARMS = 8,		/* bits of enum line_alarm */
	LINE_RAISE_MS = 2500,
	LINE_CLEAR_MS = 10000,
};

struct line_alarm_state {
	unsigned defects;		/* at this moment */
	unsigned raised;
	mono_t since[LINE_ALARMS];	/* last change of each defect */
};

void line_alarm_init(struct line_alarm_state *a, mono_t now);
void line_alarm_update(struct line_alarm_state *a, unsigned defects,
		       mono_t now);

#endif
