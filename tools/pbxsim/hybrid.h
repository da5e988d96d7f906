/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The echo of a far hybrid: an echo path model of G.168 Annex D (D.2 to D.9)
 * at an echo return loss, behind a delay. The loss is that of white noise.
 * Samples are floats on the 16-bit scale, 8 kHz. One thread owns an object.
 */
#ifndef PBXSIM_HYBRID_H
#define PBXSIM_HYBRID_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HYBRID_FIRST = 2, /* models by their number in Annex D */
	HYBRID_LAST = 9,
	HYBRID_DELAY_MAX_MS = 500,
	HYBRID_TAPS = 128, /* of the longest model */
	HYBRID_PAST = 4096 + HYBRID_TAPS,
};

struct hybrid_spec {
	unsigned model; /* 0: no echo */
	double erl_db;	/* 0 to 60 */
	unsigned delay_ms;
};

/* "2:10:20", "D.2:10:20" (model, ERL in dB, delay in ms; the delay may be
 * left out) or "off". 0 or -EINVAL. */
int hybrid_spec_parse(struct hybrid_spec *, const char *text);

struct hybrid {
	size_t taps; /* 0: no echo */
	size_t delay;
	size_t fill; /* samples in past, that of the last call included */
	float tap[HYBRID_TAPS];
	float past[HYBRID_PAST];
};

void hybrid_init(struct hybrid *, const struct hybrid_spec *);
/* Adds the echo of in[n] to out[n]; n <= 80. */
void hybrid_add(struct hybrid *, const float *in, float *out, size_t n);

#endif
