/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One B channel of a call: what it says, the echo of what it hears, what it
 * records and notices.
 *
 *   rx codes -> linear -+-> recording, level, digits, tones
 *                       +-> hybrid --+
 *   source / digits / call tone -----+-> codes -> tx
 *
 * One thread owns an object; news come back from voice_run.
 */
#ifndef PBXSIM_VOICE_H
#define PBXSIM_VOICE_H

#include "media/law.h"
#include "tools/pbxsim/hear.h"
#include "tools/pbxsim/hybrid.h"
#include "tools/pbxsim/source.h"
#include "tools/pbxsim/wav.h"

enum { VOICE_BLOCK = 80, VOICE_DIGITS = 64 };

struct voice_digits { /* to be sent in band */
	char queue[VOICE_DIGITS];
	unsigned count;
	unsigned left; /* samples of the present digit and its pause */
	struct tone_pattern pattern;
	struct tone_gen gen;
};

struct voice {
	enum law law;
	const struct tone_zone *zone;
	bool talking;		/* the source plays (from the answer on) */
	struct source source;
	struct voice_digits digits;
	struct tone_gen call_tone;
	struct hybrid hybrid;
	struct hear hear;
	struct hear_level sent; /* without the echo */
	struct wav_writer record;
};

struct voice_config {
	enum law law;
	const struct tone_zone *zone; /* borrowed for the voice's life */
	struct source_spec source;
	struct hybrid_spec echo;
	uint64_t seed;
};

/* NULL and errno. */
struct voice *voice_new(const struct voice_config *);
/* Closes the recording; 0 or its error. */
int voice_free(struct voice *);
/* From now on the source plays. record: a file's name, NULL = none.
 * 0 or -errno: the recording could not begin. */
int voice_talk(struct voice *, const char *record);
/* Queues digits; false: not all of them were digits, or there is no room. */
bool voice_dial(struct voice *, const char *digits);
/* In place of the source; TONE_NONE ends it. */
void voice_tone(struct voice *, enum tone_kind);
/* 10 ms of the channel. */
void voice_run(struct voice *, const uint8_t rx[VOICE_BLOCK],
	       uint8_t tx[VOICE_BLOCK], struct hear_news *);

#endif
