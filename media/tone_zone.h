/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call progress tones of a country (E.180 Supplement 2 and practice).
 * What a country's row does not say is filled in: 425 Hz, European cadence,
 * and the special information tone of E.180.
 *
 * Set up at start, then const: any thread.
 */
#ifndef MEDIA_TONE_ZONE_H
#define MEDIA_TONE_ZONE_H

#include "media/tone.h"

enum tone_kind { /* = enum media_tone_kind */
	TONE_NONE,
	TONE_RINGBACK,
	TONE_BUSY,
	TONE_CONGESTION,
	TONE_DIAL,
	TONE_INFO,
	TONE_KINDS
};

struct tone_zone {
	struct tone_pattern kinds[TONE_KINDS]; /* [TONE_NONE] is silence */
};

/* country: two letters as in "de" ("gb" is "uk"). 0, or -ENOENT: not in the
 * table, the zone is then the default one. */
int tone_zone_init(struct tone_zone *, const char *country);

#endif
