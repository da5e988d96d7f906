/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loss concealment in the manner of G.711 Appendix I, without its delay: a
 * hole is filled with the last pitch period of what was played, repeated; it
 * stays at full level for 10 ms and has faded to silence after 60 ms. The
 * first samples after the hole are blended in.
 *
 *    played | hole: pitch pitch pit.. (fading)  | blend | as received
 *
 * One thread; no allocation; tick.
 */
#ifndef MEDIA_PLC_H
#define MEDIA_PLC_H

#include "media/law.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLC_PITCH_MIN = 40,  /* 200 Hz */
	PLC_PITCH_MAX = 120, /* 66 Hz */
	PLC_MATCH = 160,     /* samples compared */
	PLC_HISTORY = 400,   /* samples looked at */
	PLC_RING = 512,
	PLC_FULL = 80,	     /* samples at full level */
	PLC_END = 480,	     /* silent from here */
};

struct plc {
	unsigned lost;		      /* samples of this hole so far; 0: none */
	unsigned pitch, at;	      /* length and place in period */
	unsigned end;		      /* of the history, in the ring */
	uint8_t history[PLC_RING];    /* codes played */
	float period[PLC_PITCH_MAX];  /* one period, loops without a step */
	float start[PLC_PITCH_MAX / 4]; /* leads over into it */
};

void plc_reset(struct plc *, enum law);
/* n codes as received: blended after a hole, and remembered. */
void plc_good(struct plc *, enum law, uint8_t *codes, size_t n);
/* n codes of a hole are written. False: it is only silence (by now). */
bool plc_fill(struct plc *, enum law, uint8_t *codes, size_t n);

#endif
