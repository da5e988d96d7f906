/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call hears: level, DTMF digits, call progress tones of a country.
 *
 * A tone is known by its frequencies (75 % of the power in each window of
 * 20 ms) and its cadence: one sound and the silence after it, each within
 * 15 % or 50 ms; one that never pauses after 2 s. Of several that fit, the
 * one that fits longest, then best. It is told once, until another is heard.
 *
 * One thread owns an object. The zone is borrowed.
 */
#ifndef PBXSIM_HEAR_H
#define PBXSIM_HEAR_H

#include "media/dtmf.h"
#include "media/tone_zone.h"

#include <stdbool.h>

enum { HEAR_BLOCK = 80, HEAR_WINDOW = 160 };

/* Levels in dBm0; silence is below -50. */
struct hear_level {
	double power;	     /* sum of squares of the blocks with sound */
	uint64_t samples;    /* in them */
	uint64_t all;	     /* samples heard in all */
	double loudest;	     /* mean square of the loudest block */
};

/* The cadence of one tone, as heard so far. */
struct hear_cadence {
	uint8_t now;	  /* enum hear_sound of the present segment */
	uint8_t good;	  /* segments in a row that fit */
	bool torn;	  /* the last window was neither */
	uint32_t run_ms;  /* of the present segment */
	uint32_t off_ms;  /* by which the last ones missed, older ones less */
};

struct hear {
	const struct tone_zone *zone;
	struct dtmf_detect *dtmf; /* owned */
	char digit;	  /* that sounds now, 0 = none */
	int16_t window[HEAR_WINDOW];
	unsigned fill;
	struct hear_cadence cadence[TONE_KINDS];
	enum tone_kind told;
	struct hear_level level;
};

struct hear_news {
	char digit;	     /* begins now; 0 = none */
	enum tone_kind tone; /* recognised now; TONE_NONE = none */
};

int hear_init(struct hear *, const struct tone_zone *); /* 0 or -ENOMEM */
void hear_fini(struct hear *);
void hear_run(struct hear *, const int16_t samples[HEAR_BLOCK],
	      struct hear_news *);

void level_add(struct hear_level *, const int16_t *samples, size_t n);
/* Of the blocks with sound, and of the loudest block; -99 = none. */
double level_dbm0(const struct hear_level *);
double level_loudest_dbm0(const struct hear_level *);

const char *hear_tone_name(enum tone_kind); /* "ringback"; "none" */

#endif
