/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integration of alarms. Pseudowire (RFC 5086 6.3, RFC 4553 6.3): a defect
 * becomes an alarm after 2.5 s without a break, and the alarm ends after 10 s
 * without the defect; a card's driver has integrated the first already. What
 * is our own doing, or certain, is not delayed. tick.
 */
#ifndef MEDIA_LINE_ALARM_H
#define MEDIA_LINE_ALARM_H

#include <stdint.h>

#include "media/line.h"

/* Told and taken back at once. */
#define LINE_NOT_DELAYED (LINE_DOWN | LINE_GONE | LINE_RECOVERING)

struct line_alarm_state {
	uint16_t raise_ms, clear_ms;
	unsigned defects;		/* at this moment */
	unsigned raised;
	mono_t since[LINE_ALARMS];	/* last change of each defect */
};

void line_alarm_init(struct line_alarm_state *a, uint16_t raise_ms,
		     uint16_t clear_ms, mono_t now);
void line_alarm_update(struct line_alarm_state *a, unsigned defects,
		       mono_t now);

#endif
