/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/line_alarm.h"

#include <string.h>

struct words {
	unsigned bit;
	const char *name;
	const char *why;   /* on a pseudowire: what, likely cause, what to do */
	const char *dahdi; /* on a card; NULL: the same */
};

/* The first that is there is told: those that say most, or that explain the
 * others, come first. */
static const struct words alarm_words[] = {
	{LINE_DOWN, "down",
	 "taken down by the operator: trunkctl span NAME up takes it back",
	 NULL},
	{LINE_GONE, "gone", "the line's device is not there",
	 "the card is not there: was it pulled, or its module unloaded? "
	 "dahdi_scan shows; it is taken again by itself when it is back"},
	{LINE_STALLED, "stalled",
	 "the driver brings no frames: calls hear silence until it does",
	 "the card brings no samples: is it there, is its driver loaded and "
	 "the span started (dahdi_cfg)?"},
	{LINE_NOT_OPEN, "not-open", "the line's channels are not open",
	 "not open: the driver waits for channels to be opened: run "
	 "dahdi_cfg, and let no other program have the span"},
	{LINE_LOS, "los",
	 "LOS: nothing usable arrives: does the peer run, are addresses, "
	 "ports, slots and frames per packet the same at both ends?",
	 "LOS (red): no signal at all: is the cable in, is the far end on, "
	 "are receive and transmit pair changed over?"},
	{LINE_LFA, "lfa", "LFA: a signal, but no frame alignment",
	 "LFA (red): a signal, but no frames: compare framing and coding of "
	 "the span= line in /etc/dahdi/system.conf with the far end"},
	{LINE_RED, "red", "red alarm: no signal or no framing",
	 "red alarm: no signal or no framing: look at the cable, then at "
	 "framing, coding and CRC-4 in /etc/dahdi/system.conf"},
	{LINE_AIS, "ais",
	 "AIS: the peer has no signal on its own circuit, or has taken it "
	 "down: ask the far end",
	 "AIS (blue): the far end's equipment says that its own line has "
	 "failed: call the carrier"},
	{LINE_REMOTE_LOSS, "remote-loss",
	 "the peer does not receive our packets: look at the path towards it",
	 NULL},
	{LINE_RAI, "rai",
	 "RAI: the peer's circuit reports a fault of its far end: ask there",
	 "RAI (yellow): the far end does not hear us: look at the transmit "
	 "pair of the cable, and whether its framing is ours"},
	{LINE_LOOPBACK, "loopback",
	 "the line is looped for a test: no calls until the loop is away",
	 NULL},
	{LINE_RECOVERING, "recovering",
	 "recovering: the line is good again, and takes calls when it has "
	 "stayed so", NULL},
	{LINE_LMFA, "lmfa",
	 "LMFA: no CRC-4 multiframes, calls go on: CRC-4 is on at one end and "
	 "off at the other",
	 "LMFA: no CRC-4 multiframes, calls go on: set or remove crc4 in the "
	 "span= line of /etc/dahdi/system.conf, as the far end has it"},
	{LINE_CLOCK_LOOP, "clock-loop",
	 "no steady clock comes from the peer: one end must be master, "
	 "the other slave", NULL},
};

enum { WORDS = sizeof(alarm_words) / sizeof(alarm_words[0]) };

/* tick */
void line_alarm_init(struct line_alarm_state *a, uint16_t raise_ms,
		     uint16_t clear_ms, mono_t now)
{
	memset(a, 0, sizeof(*a));
	a->raise_ms = raise_ms;
	a->clear_ms = clear_ms;
	for (unsigned i = 0; i < LINE_ALARMS; i++)
		a->since[i] = now;
}

/* tick */
void line_alarm_update(struct line_alarm_state *a, unsigned defects,
		       mono_t now)
{
	for (unsigned i = 0; i < LINE_ALARMS; i++) {
		unsigned bit = 1u << i;
		bool on = defects & bit, at_once = LINE_NOT_DELAYED & bit;
		int64_t lasted;

		if (on != (bool)(a->defects & bit))
			a->since[i] = now;
		lasted = mono_diff_ms(now, a->since[i]);
		if (on && (at_once || lasted >= a->raise_ms))
			a->raised |= bit;
		if (!on && (at_once || lasted >= a->clear_ms))
			a->raised &= ~bit;
	}
	a->defects = defects;
}

const char *line_alarm_name(unsigned bit)
{
	for (unsigned i = 0; i < WORDS; i++) {
		if (alarm_words[i].bit == bit)
			return alarm_words[i].name;
	}
	return NULL;
}

const char *line_alarm_why(enum line_driver driver, unsigned alarms)
{
	for (unsigned i = 0; i < WORDS; i++) {
		if (!(alarm_words[i].bit & alarms))
			continue;
		if (driver == LINE_DAHDI && alarm_words[i].dahdi)
			return alarm_words[i].dahdi;
		return alarm_words[i].why;
	}
	return "in service";
}
