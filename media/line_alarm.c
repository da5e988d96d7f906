/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/line_alarm.h"

#include <string.h>

static const struct {
	unsigned bit;
	const char *name;
	const char *why;
} alarm_names[] = {
	/* the worst first: it hides the others */
	{LINE_DOWN, "down", "taken down by the operator"},
	{LINE_STALLED, "stalled",
	 "the driver brings no frames: calls hear silence until it does"},
	{LINE_LOS, "los",
	 "nothing usable arrives from the peer: is it running, are address, "
	 "port, slots and frames per packet the same at both ends?"},
	{LINE_AIS, "ais",
	 "the peer has no signal on its own circuit, or has taken it down"},
	{LINE_REMOTE_LOSS, "remote-loss",
	 "the peer does not receive our packets: look at the path towards it"},
	{LINE_RAI, "rai", "the peer's circuit reports a fault of its far end"},
	{LINE_CLOCK_LOOP, "clock-loop",
	 "no steady clock comes from the peer: one end must be master, "
	 "the other slave"},
};

enum { NAMES = sizeof(alarm_names) / sizeof(alarm_names[0]) };

/* tick */
void line_alarm_init(struct line_alarm_state *a, mono_t now)
{
	memset(a, 0, sizeof(*a));
	for (unsigned i = 0; i < LINE_ALARMS; i++)
		a->since[i] = now;
}

/* tick */
void line_alarm_update(struct line_alarm_state *a, unsigned defects,
		       mono_t now)
{
	for (unsigned i = 0; i < LINE_ALARMS; i++) {
		unsigned bit = 1u << i;
		bool on = defects & bit;
		int64_t lasted;

		if (on != (bool)(a->defects & bit))
			a->since[i] = now;
		lasted = mono_diff_ms(now, a->since[i]);
		if (on && (bit == LINE_DOWN || lasted >= LINE_RAISE_MS))
			a->raised |= bit;
		if (!on && (bit == LINE_DOWN || lasted >= LINE_CLEAR_MS))
			a->raised &= ~bit;
	}
	a->defects = defects;
}

const char *line_alarm_name(unsigned bit)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (alarm_names[i].bit == bit)
			return alarm_names[i].name;
	}
	return NULL;
}

const char *line_alarm_why(unsigned alarms)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (alarm_names[i].bit & alarms)
			return alarm_names[i].why;
	}
	return "in service";
}
