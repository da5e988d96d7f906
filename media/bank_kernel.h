/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loops of the tone bank. A file bank_<isa>.c sets BANK_VL (lanes of a
 * vector), BANK_AT_ONCE (tones that fit into the registers) and BANK_KERNEL
 * (the table it defines), defines bits(), and includes this.
 *
 * A block is folded at its middle: what is even in time meets the cosines,
 * what is odd the sines, so that a tone costs one multiplication a sample.
 */
#ifndef MEDIA_BANK_KERNEL_H
#define MEDIA_BANK_KERNEL_H

static inline vf load(const float *x)
{
	return *(const vf *)(const void *)x;
}

static inline void store(float *x, vf v)
{
	*(vf *)(void *)x = v;
}

static inline vf larger(vf a, vf b)
{
	vi m = a > b;

	return (vf)(((vi)a & m) | ((vi)b & ~m));
}

/* count is a constant where this is called. */
static inline __attribute__((always_inline)) void
some(const float (*x)[BANK_LANES], unsigned from, unsigned count,
     unsigned lane, struct bank *out)
{
	vf re[BANK_AT_ONCE], im[BANK_AT_ONCE], sum = { 0 };

	for (unsigned t = 0; t < count; t++)
		re[t] = im[t] = (vf){ 0 };
	for (unsigned i = 0; i < BANK_BLOCK / 2; i++) {
		const float *wave = bank_waves[i] + from;
		vf a = load(&x[BANK_BLOCK / 2 - 1 - i][lane]);
		vf b = load(&x[BANK_BLOCK / 2 + i][lane]);
		vf even = a + b, odd = a - b;

		sum += even * even + odd * odd;
#pragma GCC unroll 10
		for (unsigned t = 0; t < count; t++) {
			re[t] += even * wave[t];
			im[t] += odd * wave[BANK_TONES + t];
		}
	}
	for (unsigned t = 0; t < count; t++) {
		store(&out->re[from + t][lane], re[t]);
		store(&out->im[from + t][lane], im[t]);
	}
	store(&out->energy[lane], sum / 2);
}

/* tick */
static void run(const float (*x)[BANK_LANES], unsigned first,
		struct bank *out)
{
	for (unsigned lane = 0; lane < BANK_LANES; lane += BANK_VL) {
		if (first)
			some(x, BANK_CNG, BANK_TONES - BANK_CNG, lane, out);
		else
			for (unsigned t = 0; t < BANK_TONES; t += BANK_AT_ONCE)
				some(x, t, BANK_AT_ONCE, lane, out);
	}
}

static inline vf power(const struct bank *b, unsigned tone, unsigned lane)
{
	vf re = load(&b->re[tone][lane]), im = load(&b->im[tone][lane]);

	return re * re + im * im;
}

/* tick */
static unsigned hits(const struct bank *b, unsigned tone, float share,
		     float floor)
{
	unsigned lanes = 0;

	for (unsigned lane = 0; lane < BANK_LANES; lane += BANK_VL) {
		vf e = load(&b->energy[lane]);
		vi hit = (e >= floor) & (power(b, tone, lane) * BANK_SHARE >=
					 e * share);

		lanes |= bits(hit) << lane;
	}
	return lanes;
}

static inline vf strongest(const struct bank *a, const struct bank *b,
			   unsigned from, unsigned lane)
{
	vf most = { 0 };

	for (unsigned t = from; t < from + BANK_HIGH - BANK_LOW; t++)
		most = larger(most, power(a, t, lane) + power(b, t, lane));
	return most;
}

/* tick */
static unsigned pairs(const struct bank *a, const struct bank *b, float share,
		      float floor)
{
	unsigned lanes = 0;

	for (unsigned lane = 0; lane < BANK_LANES; lane += BANK_VL) {
		vf e = load(&a->energy[lane]) + load(&b->energy[lane]), p;
		vi loud = e >= floor;

		if (!bits(loud))
			continue;
		p = strongest(a, b, BANK_LOW, lane) +
		    strongest(a, b, BANK_HIGH, lane);
		lanes |= bits(loud & (p * BANK_SHARE >= e * share)) << lane;
	}
	return lanes;
}

const struct bank_kernel BANK_KERNEL = {
	.run = run,
	.hits = hits,
	.pairs = pairs,
};

#endif
