/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_meter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void g168_meter_init(struct g168_meter *m)
{
	memset(m, 0, sizeof(*m));
}

/* Two samples at a time: as many sums as there are registers. */
static void band_pass(const float (*x)[G168_LANES], float (*y)[G168_LANES])
{
	size_t n;
	const float *tap = signal_meter_taps(&n);
	float a[G168_LANES] = { 0 }, b[G168_LANES] = { 0 };

	assert(n == G168_METER_TAPS);
	for (size_t k = 0; k < G168_METER_TAPS; k++)
		for (size_t lane = 0; lane < G168_LANES; lane++) {
			a[lane] += tap[k] * x[k][lane];
			b[lane] += tap[k] * x[k + 1][lane];
		}
	memcpy(y[0], a, sizeof(a));
	memcpy(y[1], b, sizeof(b));
}

void g168_meter_run(struct g168_meter *m, float (*x)[G168_LANES],
		    struct g168_reading *r)
{
	const float step = 1.0f / (0.035f * G168_RATE);
	float y[G168_BLOCK][G168_LANES];

	memcpy(m->past + G168_METER_TAPS - 1, x, G168_BLOCK * sizeof(*x));
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < G168_BLOCK; i += 2)
		band_pass((const float (*)[G168_LANES])(m->past + i), y + i);
	for (size_t i = 0; i < G168_BLOCK; i++)
		for (size_t lane = 0; lane < G168_LANES; lane++) {
			float p = y[i][lane] * y[i][lane];

			r->sum[lane] += p;
			m->power[lane] += step * (p - m->power[lane]);
			r->most[lane] = r->most[lane] > m->power[lane] ?
						r->most[lane] : m->power[lane];
		}
	memmove(m->past, m->past + G168_BLOCK,
		(G168_METER_TAPS - 1) * sizeof(*m->past));
}

double g168_dbm0(double power)
{
	double rms = signal_rms(0);

	return 10 * log10(power / (rms * rms) + 1e-10);
}
