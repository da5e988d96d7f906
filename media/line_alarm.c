/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/line_alarm.h"

#include <string.h>

static const struct {
	unsigned bit;
	const char *name;
	const char *why;   /* on a pseudowire */
	const char *dahdi; /* on a card; NULL: the same */
} alarm_names[] = {
	/* the worst first: it hides the others */
	{LINE_DOWN, "down", "taken down by the operator", NULL},
	{LINE_STALLED, "stalled",
	 "the driver brings no frames: calls hear silence until it does",
	 "the card brings no samples: is it there, is its driver loaded and "
	 "the span started (dahdi_cfg)?"},
	{LINE_LOS, "los",
	 "nothing usable arrives from the peer: is it running, are address, "
	 "port, slots and frames per packet the same at both ends?",
	 "red alarm: no signal or no framing on the line: look at the cable, "
	 "then at framing, coding and CRC-4 in /etc/dahdi/system.conf"},
	{LINE_AIS, "ais",
	 "the peer has no signal on its own circuit, or has taken it down",
	 "blue alarm: the far end's equipment says that its own line has "
	 "failed: call the carrier"},
	{LINE_REMOTE_LOSS, "remote-loss",
	 "the peer does not receive our packets: look at the path towards it",
	 NULL},
	{LINE_RAI, "rai", "the peer's circuit reports a fault of its far end",
	 "yellow alarm: the far end does not hear us: look at the transmit "
	 "pair of the cable, and whether its framing is ours"},
	{LINE_LOOPBACK, "loopback",
	 "the line is looped for a test: no calls",
	 "the span is looped for a test: no calls until the loop is taken "
	 "away"},
	{LINE_CLOCK_LOOP, "clock-loop",
	 "no steady clock comes from the peer: one end must be master, "
	 "the other slave", NULL},
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

const char *line_alarm_why(enum line_driver driver, unsigned alarms)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (!(alarm_names[i].bit & alarms))
			continue;
		if (driver == LINE_DAHDI && alarm_names[i].dahdi)
			return alarm_names[i].dahdi;
		return alarm_names[i].why;
	}
	return "in service";
}
