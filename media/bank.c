/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/bank_priv.h"

const float bank_cos[BANK_TONES] = {
	0.853868905f,
	0.822640518f,
	0.784343492f,
	0.739102284f,
	0.582052012f,
	0.498185105f,
	0.399309195f,
	0.284266353f,
	0.649448048f,
	-0.0784590957f,
};

const float bank_sin[BANK_TONES] = {
	0.52048813f,
	0.568561851f,
	0.620326758f,
	0.673593211f,
	0.813151558f,
	0.867070701f,
	0.916816321f,
	0.958745347f,
	0.760405966f,
	0.996917334f,
};

const float bank_turn_cos[BANK_TONES] = {
	0.982287251f,
	-0.309016994f,
	-0.992114701f,
	-0.844327926f,
	0.844327926f,
	-0.63742399f,
	0.125333234f,
	-0.481753674f,
	1.0f,
	1.0f,
};

const float bank_turn_sin[BANK_TONES] = {
	-0.187381315f,
	-0.951056516f,
	-0.125333234f,
	0.535826795f,
	0.535826795f,
	0.770513243f,
	-0.992114701f,
	0.87630668f,
	-9.79965032e-15f,
	1.9619108e-15f,
};

/* tick */
void bank_run(const float (*x)[BANK_LANES], unsigned first, struct bank *out)
{
	if (__builtin_cpu_supports("avx512f"))
		bank_kernel_avx512(x, first, out);
	else if (__builtin_cpu_supports("avx2") &&
		 __builtin_cpu_supports("fma"))
		bank_kernel_avx2(x, first, out);
	else
		bank_kernel_c(x, first, out);
}

/* tick */
void bank_lane(const struct bank *b, unsigned lane, struct bank_block *out)
{
	for (unsigned t = 0; t < BANK_TONES; t++) {
		out->re[t] = b->re[t][lane];
		out->im[t] = b->im[t][lane];
	}
	out->energy = b->energy[lane];
}

/* tick */
void bank_one(const float *x, struct bank_block *out)
{
	float s1[BANK_TONES] = { 0 }, s2[BANK_TONES] = { 0 }, e = 0, s0;

	for (unsigned i = 0; i < BANK_BLOCK; i++) {
		e += x[i] * x[i];
		for (unsigned t = 0; t < BANK_TONES; t++) {
			s0 = x[i] + 2 * bank_cos[t] * s1[t] - s2[t];
			s2[t] = s1[t];
			s1[t] = s0;
		}
	}
	for (unsigned t = 0; t < BANK_TONES; t++) {
		out->re[t] = s1[t] - s2[t] * bank_cos[t];
		out->im[t] = s2[t] * bank_sin[t];
	}
	out->energy = e;
}
