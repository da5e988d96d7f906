/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load.h"

#include <math.h>
#include <string.h>

/* All slots of a frame; the compiler cuts it to the machine's registers. */
typedef float row __attribute__((vector_size(4 * LOAD_SLOTS), aligned(64)));

static float chance(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (float)((double)*seed / 2147483648.0 - 1.0);
}

/*
 * What a two-wire line with a PBX gives: a few samples of delay, then a
 * decaying response without DC, 10 to 15 dB below what was sent.
 */
static void make_lane(struct load_hybrids *h, unsigned lane, uint32_t *seed)
{
	unsigned delay = (unsigned)(5 + 5 * chance(seed));
	float decay = 8 + 3 * chance(seed), last = 0, sum = 0;
	float erl_db = 12.5f + 2.5f * chance(seed), gain;

	for (unsigned i = delay; i < LOAD_TAPS; i++) {
		float x = chance(seed) * expf(-(float)(i - delay) / decay);

		h->tap[i][lane] = x - 0.9f * last;
		last = x;
		sum += h->tap[i][lane] * h->tap[i][lane];
	}
	gain = powf(10, -erl_db / 20) / sqrtf(sum);
	for (unsigned i = 0; i < LOAD_TAPS; i++)
		h->tap[i][lane] *= gain;
}

void load_hybrids_make(struct load_hybrids *h, uint32_t seed)
{
	memset(h, 0, sizeof(*h));
	for (unsigned lane = 0; lane < LOAD_SLOTS; lane++)
		make_lane(h, lane, &seed);
}

__attribute__((target_clones("avx512f", "avx2", "default")))
void load_hybrids_run(const struct load_hybrids *h,
		      const float (*x)[LOAD_SLOTS], float (*y)[LOAD_SLOTS])
{
	for (int f = 0; f < LOAD_FRAMES; f += 2) {
		row a = { 0 }, b = { 0 };

		for (int k = 0; k < LOAD_TAPS; k++) {
			const row *tap = (const void *)h->tap[k];

			a += *tap * *(const row *)(const void *)x[f - k];
			b += *tap * *(const row *)(const void *)x[f + 1 - k];
		}
		memcpy(y[f], &a, sizeof(a));
		memcpy(y[f + 1], &b, sizeof(b));
	}
}
