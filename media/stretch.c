/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/stretch.h"

#include <math.h>

/* Mean square of -50 dBm0: nobody hears what happens below. */
#define QUIET (LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2 * 1e-5f)

static float energy(const float *x)
{
	float e = 1;

	for (unsigned i = 0; i < STRETCH_OUT; i++)
		e += x[i] * x[i];
	return e;
}

/* Correlation coefficient of the first samples with those lag later. */
static float likeness(const float *x, unsigned lag, float e0)
{
	float xy = 0;

	for (unsigned i = 0; i < STRETCH_OUT; i++)
		xy += x[i] * x[i + lag];
	return xy / sqrtf(e0 * energy(x + lag));
}

/* tick */
unsigned stretch_cut(enum law law, const uint8_t *in, uint8_t *out)
{
	const int16_t *table = law_table(law);
	float x[STRETCH_IN], e0, top = 0, l, w;
	unsigned best = STRETCH_MAX;

	for (unsigned i = 0; i < STRETCH_IN; i++)
		x[i] = table[in[i]];
	e0 = energy(x);
	for (unsigned lag = STRETCH_MIN; lag <= STRETCH_MAX; lag++) {
		l = likeness(x, lag, e0);
		if (l > top) {
			top = l;
			best = lag;
		}
	}
	if (top < 0.6f && (e0 > QUIET * STRETCH_OUT ||
			   energy(x + STRETCH_MAX) > QUIET * STRETCH_OUT))
		return 0;
	for (unsigned i = 0; i < STRETCH_OUT; i++) {
		w = ((float)i + 0.5f) / STRETCH_OUT;
		l = (1 - w) * x[i] + w * x[i + best];
		out[i] = law_encode(law, (int)lrintf(l));
	}
	return best;
}
