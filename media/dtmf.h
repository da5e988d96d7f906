/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DTMF (Q.23, Q.24) in samples: the digits and their frequencies, and a
 * detector. A digit is one of "0123456789*#ABCD"; its place in that string is
 * its event code (RFC 4733 table 3).
 *
 * A detector belongs to one thread. dtmf_detect_new() takes its memory (from
 * one thread at a time); the rest is for the tick.
 */
#ifndef MEDIA_DTMF_H
#define MEDIA_DTMF_H

#include <stddef.h>
#include <stdint.h>

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

struct dtmf_detect;

struct dtmf_detect *dtmf_detect_new(void); /* NULL + errno */
void dtmf_detect_free(struct dtmf_detect *);
/* tick: forget what was heard. */
void dtmf_detect_reset(struct dtmf_detect *);
/* tick: n samples; returns the digit that sounds at their end, 0 = none.
 * A digit is confirmed about 25 ms after its begin. */
char dtmf_detect_run(struct dtmf_detect *, const int16_t *samples, size_t n);

#endif
