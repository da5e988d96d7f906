/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/bank_priv.h"

const struct bank_kernel *const bank_kernels[ISA_COUNT] = {
	[ISA_C] = &bank_kernel_c,
	[ISA_AVX2] = &bank_kernel_avx2,
	[ISA_AVX512] = &bank_kernel_avx512,
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
	bank_kernels[isa_now()]->run(x, first, out);
}

/* tick */
unsigned bank_hits(const struct bank *b, unsigned tone, float share,
		   float floor)
{
	return bank_kernels[isa_now()]->hits(b, tone, share, floor);
}

/* tick */
unsigned bank_pairs(const struct bank *before, const struct bank *now,
		    float share, float floor)
{
	return bank_kernels[isa_now()]->pairs(before, now, share, floor);
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
void bank_clear(struct bank *b, unsigned lane)
{
	for (unsigned t = 0; t < BANK_TONES; t++)
		b->re[t][lane] = b->im[t][lane] = 0;
	b->energy[lane] = 0;
}

/* tick */
void bank_one(const float *x, struct bank_block *out)
{
	float a, b;

	*out = (struct bank_block){ .energy = 0 };
	for (unsigned i = 0; i < BANK_BLOCK / 2; i++) {
		a = x[BANK_BLOCK / 2 - 1 - i];
		b = x[BANK_BLOCK / 2 + i];
		out->energy += a * a + b * b;
		for (unsigned t = 0; t < BANK_TONES; t++) {
			out->re[t] += (a + b) * bank_waves[i][t];
			out->im[t] += (a - b) * bank_waves[i][BANK_TONES + t];
		}
	}
}
