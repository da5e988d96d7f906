/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tones: a pattern of elements (up to three frequencies or one amplitude
 * modulated, for a time), and a generator whose phases never jump. Sound
 * begins and ends by ramps of 2 ms.
 *
 * Pattern as text, times in ms (the notation of tests/vectors/tones.tsv):
 *    425/1000,0/4000   425 Hz for 1 s, silence for 4 s, again and again
 *    350+440           both together, for ever
 *    400*25            400 Hz modulated by 25 Hz
 *    !950/330          played once; the rest is what repeats
 *    425@/375          10 dB lower
 *    425||450          either: the first is taken
 *
 * Levels: -10 dBm0 in all, shared by the frequencies of an element; the
 * precise tones of North America have their own (350+440 -13 dBm0 each,
 * 440+480 -19, 480+620 -24).
 *
 * One thread owns a generator; tone_run is for the tick.
 */
#ifndef MEDIA_TONE_H
#define MEDIA_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TONE_PARTS = 3,
	TONE_ELEMENTS = 40,
};

struct tone_element {
	float hz[TONE_PARTS];	/* 0 = unused */
	float peak[TONE_PARTS]; /* linear, 16-bit scale */
	float am_hz;		/* modulation of the first, 0 = none */
	uint32_t samples;	/* 0 = for ever */
};

struct tone_pattern {
	uint8_t count; /* 0: silence */
	uint8_t again; /* element after the last one; = count: none */
	struct tone_element el[TONE_ELEMENTS];
};

/* 0 or -EINVAL: not a pattern, or too long. *p is then silence. */
int tone_parse(struct tone_pattern *p, const char *text);

/* Two frequencies (DTMF) for ms at levels in dBm0, then silence. */
void tone_pair(struct tone_pattern *p, const float hz[2],
	       const float dbm0[2], unsigned ms);

struct tone_gen {
	const struct tone_pattern *pattern; /* borrowed while playing */
	const struct tone_element *sounding; /* NULL: silent */
	unsigned index;	     /* element */
	uint32_t left;	     /* samples of it to play */
	uint32_t phase[TONE_PARTS], am_phase;
	float envelope;	     /* 0..1 */
	bool falling;	     /* ramp down, towards silence */
};

/* NULL: stop, with a ramp. The pattern must stay as it is until the
 * generator is silent (tone_is_active) or has another one. */
void tone_start(struct tone_gen *, const struct tone_pattern *);
/* tick: n samples, overwritten. */
void tone_run(struct tone_gen *, float *out, size_t n);
/* Is anything to be played, be it silence of its cadence? */
bool tone_is_active(const struct tone_gen *);

/* Peak of a sine of that level on the 16-bit scale. */
float tone_peak(float dbm0);

#endif
