/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What talks at both ends of the sixteen lines: composite source signals,
 * voices, Hoth noise, tones. A bank holds some seconds of each signal for
 * each line, made once from a seed, and plays them in a loop.
 */
#ifndef TESTS_G168_SOURCE_H
#define TESTS_G168_SOURCE_H

#include "tests/media/g168.h"

enum g168_kind {
	G168_SILENCE,
	G168_CSS,	/* or a voice, if the condition says so */
	G168_CSS_DT,	/* the double-talk form, or another voice */
	G168_HOTH,	/* room noise */
	G168_TONE,	/* hz[0], or hz[0] and hz[1] */
	G168_TONE_SPREAD, /* a frequency of its own on each line */
	G168_TONE_SIGNAL, /* those of signalling systems No. 5 to 7 */
};

/* A signal and its level: LRin + rel, at most most. */
struct g168_source {
	enum g168_kind kind;
	double rel;
	double most;
	int hz[2];
};

/* For sources whose level has nothing to do with LRin. */
#define G168_FIXED 1000.0

struct g168_bank;

/* NULL: no memory. The caller owns it. */
struct g168_bank *g168_bank_new(uint32_t seed);
void g168_bank_free(struct g168_bank *b);

double g168_source_dbm0(const struct g168_source *s,
			const struct g168_condition *c);

/* A block of the source; at: samples since its beginning. */
void g168_source_run(const struct g168_bank *b, const struct g168_source *s,
		     const struct g168_condition *c, size_t at,
		     float (*x)[G168_LANES]);

#endif
