/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dtmf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/law.h"

enum { GROUP = 4, MISSES = 3 };

static const char digits[] = "0123456789*#ABCD";
/* Row by row, low frequency first. */
static const char keys[GROUP][GROUP + 1] = { "123A", "456B", "789C", "*0#D" };

/* Energy of two blocks of a sine of -38 dBm0: the weakest tone heard. */
#define WEAKEST (LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2 * 2 * BANK_BLOCK * 1.6e-4f)
#define SHARE	    0.86f /* of the energy, in the two tones */
#define LOW_LOUDER  8.0f  /* 9 dB, Q.24 and a margin */
#define HIGH_LOUDER 3.2f  /* 5 dB */
#define UNSTEADY    2.5f  /* 4 dB from block to block */
#define OTHERS	    0.2f  /* another tone of the group, against the best */
#define OFF_MAX	    0.027f /* of the frequency; 1.5 % must, 3.5 % must not */

uint8_t dtmf_code(char digit)
{
	const char *p;

	if (digit >= 'a' && digit <= 'd')
		digit = (char)(digit - 'a' + 'A');
	p = digit ? strchr(digits, digit) : NULL;
	return p ? (uint8_t)(p - digits) : DTMF_NONE;
}

char dtmf_digit(uint8_t code)
{
	return code < DTMF_DIGITS ? digits[code] : 0;
}

const float *dtmf_hz(uint8_t code)
{
	static const float hz[DTMF_DIGITS][2] = {
		{ 941, 1336 }, { 697, 1209 }, { 697, 1336 }, { 697, 1477 },
		{ 770, 1209 }, { 770, 1336 }, { 770, 1477 }, { 852, 1209 },
		{ 852, 1336 }, { 852, 1477 }, { 941, 1209 }, { 941, 1477 },
		{ 697, 1633 }, { 770, 1633 }, { 852, 1633 }, { 941, 1633 },
	};

	return hz[code];
}

/* A tone in the window of two blocks. */
struct found {
	unsigned tone;
	float energy; /* in it, corrected for its being off */
};

static float power(const struct bank_block *b, unsigned t)
{
	return b->re[t] * b->re[t] + b->im[t] * b->im[t];
}

/* Both blocks as one: finer by half, needed for the low group. */
static float joint(const struct bank_block *a, const struct bank_block *b,
		   unsigned t)
{
	float c = bank_turn_cos[t], s = bank_turn_sin[t];
	float re = a->re[t] + b->re[t] * c + b->im[t] * s;
	float im = a->im[t] + b->im[t] * c - b->re[t] * s;

	return (re * re + im * im) / 2;
}

/* How far off its frequency: the turn from block to block, in Hz. */
static float offset(const struct bank_block *a, const struct bank_block *b,
		    unsigned t)
{
	float c = bank_turn_cos[t], s = bank_turn_sin[t];
	float re = b->re[t] * c + b->im[t] * s;
	float im = b->im[t] * c - b->re[t] * s;

	return atan2f(im * a->re[t] - re * a->im[t],
		      re * a->re[t] + im * a->im[t]) *
	       (8000.0f / BANK_BLOCK / 6.2831853f);
}

/* What a filter of 100 Hz lets through of a tone that far off. */
static float passed(float off_hz)
{
	float x = 3.14159265f * off_hz * BANK_BLOCK / 8000;
	float y = 1 - x * x / 6 + x * x * x * x / 120;

	return y * y;
}

static bool find(const struct bank_block *a, const struct bank_block *b,
		 unsigned first, struct found *f)
{
	static const float hz[2 * GROUP] = { 697,  770,	 852,  941,
					     1209, 1336, 1477, 1633 };
	float p[GROUP], pa, pb, off;
	unsigned best = 0;

	for (unsigned i = 0; i < GROUP; i++) {
		p[i] = first == BANK_LOW
			       ? joint(a, b, first + i)
			       : power(a, first + i) + power(b, first + i);
		best = p[i] > p[best] ? i : best;
	}
	for (unsigned i = 0; i < GROUP; i++)
		if (i != best && p[i] > OTHERS * p[best])
			return false;
	f->tone = first + best;
	pa = power(a, f->tone);
	pb = power(b, f->tone);
	if (pa > UNSTEADY * pb || pb > UNSTEADY * pa)
		return false;
	off = offset(a, b, f->tone);
	if (fabsf(off) > OFF_MAX * hz[f->tone])
		return false;
	f->energy = (pa + pb) * BANK_SHARE / passed(off);
	return f->energy > WEAKEST;
}

/* tick */
char dtmf_look(const struct bank_block *a, const struct bank_block *b)
{
	float energy = a->energy + b->energy;
	struct found low, high;

	if (energy < 2 * WEAKEST)
		return 0;
	if (!find(a, b, BANK_LOW, &low) || !find(a, b, BANK_HIGH, &high))
		return 0;
	if (low.energy > LOW_LOUDER * high.energy ||
	    high.energy > HIGH_LOUDER * low.energy ||
	    low.energy + high.energy < SHARE * energy)
		return 0;
	return keys[low.tone - BANK_LOW][high.tone - BANK_HIGH];
}

/* tick */
unsigned dtmf_lanes(const struct bank *before, const struct bank *now)
{
	/* A tone that is as far off as it may be passes by half. */
	return bank_pairs(before, now, SHARE * 0.5f, 1.99f * WEAKEST);
}

/* tick */
char dtmf_track(struct dtmf_track *t, char seen)
{
	if (seen && seen == t->maybe)
		t->sounding = seen;
	if (t->sounding && seen != t->sounding) {
		if (++t->misses >= MISSES)
			t->sounding = 0;
	} else {
		t->misses = 0;
	}
	t->maybe = seen;
	return t->sounding;
}

struct dtmf_detect *dtmf_detect_new(void)
{
	return calloc(1, sizeof(struct dtmf_detect));
}

void dtmf_detect_free(struct dtmf_detect *d)
{
	free(d);
}

/* tick */
void dtmf_detect_reset(struct dtmf_detect *d)
{
	memset(d, 0, sizeof(*d));
}

/* tick */
char dtmf_detect_run(struct dtmf_detect *d, const int16_t *samples, size_t n)
{
	struct bank_block b;

	for (size_t i = 0; i < n; i++) {
		d->part[d->filled++] = samples[i];
		if (d->filled < BANK_BLOCK)
			continue;
		d->filled = 0;
		bank_one(d->part, &b);
		dtmf_track(&d->track, dtmf_look(&d->before, &b));
		d->before = b;
	}
	return d->track.sounding;
}
