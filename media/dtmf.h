/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DTMF (Q.23, Q.24) in samples: the digits and their frequencies, and a
 * detector. A digit is one of "0123456789*#ABCD"; its place in that string is
 * its event code (RFC 4733 table 3).
 *
 * The detector looks at the last two blocks of 10 ms, each 10 ms:
 *
 *    tone     ____|##################################|__________
 *    blocks    |    |    |    |    |    |    |    |    |    |
 *    windows        -    -    +    +    +    +    -    -
 *    digit                         ^ confirmed               ^ over
 *
 * A window counts when nearly all of its energy is in one low and one high
 * tone, each near its frequency, steady, and not too unequal. Two in a row
 * make a digit (so 24 ms of it at least, 40 ms always), three without end it.
 *
 * A detector belongs to one thread; all but new and free is for the tick.
 */
#ifndef MEDIA_DTMF_H
#define MEDIA_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/bank.h"

enum {
	DTMF_DIGITS = 16,
	DTMF_NONE = 255,
};

#define DTMF_LOW_DBM0  (-10.0f) /* as we generate it: Q.23, twist +2 dB */
#define DTMF_HIGH_DBM0 (-8.0f)

/* DTMF_NONE: not a digit. 'a'-'d' are taken as 'A'-'D'. */
uint8_t dtmf_code(char digit);
char dtmf_digit(uint8_t code); /* 0: no such code */
/* Low, high. code < DTMF_DIGITS. */
const float *dtmf_hz(uint8_t code);

/* What the windows say so far. Zeroed = nothing. */
struct dtmf_track {
	char sounding;	/* confirmed; 0 = none */
	char maybe;	/* seen in the last window; 0 = none */
	uint8_t misses; /* windows without it */
};

/* The digit in the window of two blocks, 0 = none. */
char dtmf_look(const struct bank_block *before, const struct bank_block *now);
/* Lanes in which dtmf_look() might find one; in all others it does not. */
unsigned dtmf_lanes(const struct bank *before, const struct bank *now);
/* The next window; returns the digit that sounds at its end, 0 = none. */
char dtmf_track(struct dtmf_track *, char seen);

/* All of it for one channel. */
struct dtmf_detect {
	struct dtmf_track track;
	struct bank_block before; /* the last block */
	float part[BANK_BLOCK];	  /* samples short of a block */
	unsigned filled;
};

struct dtmf_detect *dtmf_detect_new(void); /* NULL + errno */
void dtmf_detect_free(struct dtmf_detect *);
/* Forget what was heard. A zeroed one is ready too. */
void dtmf_detect_reset(struct dtmf_detect *);
/* n samples; returns the digit that sounds at their end, 0 = none. */
char dtmf_detect_run(struct dtmf_detect *, const int16_t *samples, size_t n);

#endif
