/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of the tone bank. A file bank_<isa>.c sets BANK_VL (lanes of a
 * vector) and BANK_KERNEL (the function it defines) and includes this.
 */
#ifndef MEDIA_BANK_KERNEL_H
#define MEDIA_BANK_KERNEL_H

#include "media/bank_priv.h"

typedef float vf __attribute__((vector_size(BANK_VL * sizeof(float))));

enum { AT_ONCE = 5 }; /* tones, so that their chains overlap */

static inline vf load(const float *x)
{
	return *(const vf *)(const void *)x;
}

static inline void store(float *x, vf v)
{
	*(vf *)(void *)x = v;
}

static inline void some(const float (*x)[BANK_LANES], unsigned lane,
			unsigned from, struct bank *out)
{
	vf s1[AT_ONCE], s2[AT_ONCE], c[AT_ONCE], v, s0;

	for (unsigned t = 0; t < AT_ONCE; t++) {
		s1[t] = s2[t] = (vf){ 0 };
		c[t] = 2 * bank_cos[from + t] - (vf){ 0 };
	}
	for (unsigned i = 0; i < BANK_BLOCK; i++) {
		v = load(&x[i][lane]);
		for (unsigned t = 0; t < AT_ONCE; t++) {
			s0 = v + c[t] * s1[t] - s2[t];
			s2[t] = s1[t];
			s1[t] = s0;
		}
	}
	for (unsigned t = 0; t < AT_ONCE; t++) {
		store(&out->re[from + t][lane],
		      s1[t] - s2[t] * bank_cos[from + t]);
		store(&out->im[from + t][lane], s2[t] * bank_sin[from + t]);
	}
}

/* tick */
void BANK_KERNEL(const float (*x)[BANK_LANES], unsigned first,
		 struct bank *out)
{
	for (unsigned lane = 0; lane < BANK_LANES; lane += BANK_VL) {
		vf e = { 0 }, v;

		for (unsigned i = 0; i < BANK_BLOCK; i++) {
			v = load(&x[i][lane]);
			e += v * v;
		}
		store(&out->energy[lane], e);
		if (first < AT_ONCE)
			some(x, lane, 0, out);
		some(x, lane, AT_ONCE, out);
	}
}

#endif
