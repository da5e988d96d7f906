/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bank of tone filters for blocks of 10 ms, one channel a lane: the eight
 * frequencies of DTMF, and 1,100 and 2,100 Hz of fax and modems. What a block
 * holds of a tone is a complex number, re + j im; a sine of peak A gives the
 * size 40 A. Phases refer to the block's middle; from block to block a tone
 * of the exact frequency turns by bank_turn.
 *
 * Pure; any thread; tick.
 */
#ifndef MEDIA_BANK_H
#define MEDIA_BANK_H

#include <stddef.h>
#include <stdint.h>

enum {
	BANK_TONES = 10,
	BANK_LOW = 0,	/* 697 770 852 941 */
	BANK_HIGH = 4,	/* 1209 1336 1477 1633 */
	BANK_CNG = 8,	/* 1100 */
	BANK_CED = 9,	/* 2100 */
	BANK_LANES = 16,
	BANK_BLOCK = 80,
};

/* Share of a block's energy that is in a tone: (re^2 + im^2) * this / energy. */
#define BANK_SHARE (2.0f / BANK_BLOCK)

struct bank {
	_Alignas(64) float re[BANK_TONES][BANK_LANES];
	_Alignas(64) float im[BANK_TONES][BANK_LANES];
	_Alignas(64) float energy[BANK_LANES]; /* sum of squares */
};

/* One lane of it. */
struct bank_block {
	float re[BANK_TONES], im[BANK_TONES];
	float energy;
};

/* Of each tone w: the turn of a block, 80 w. */
extern const float bank_turn_cos[BANK_TONES], bank_turn_sin[BANK_TONES];

/* All lanes: all tones (first 0), or those from BANK_CNG on; and the
 * energies. x is aligned to 64. */
void bank_run(const float (*x)[BANK_LANES], unsigned first, struct bank *out);
/* Lanes with an energy of at least floor, of which the tone has a share. */
unsigned bank_hits(const struct bank *, unsigned tone, float share,
		   float floor);
/* Likewise of two blocks together, the strongest low and high tone. */
unsigned bank_pairs(const struct bank *before, const struct bank *now,
		    float share, float floor);
/* Nothing is left of a lane. */
void bank_clear(struct bank *, unsigned lane);
void bank_lane(const struct bank *, unsigned lane, struct bank_block *out);
/* One channel, all tones. */
void bank_one(const float *x, struct bank_block *out);

#endif
