/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/drift.h"

#include <string.h>

enum { FRAME_NS = 125000 };

void drift_reset(struct drift *d)
{
	memset(d, 0, sizeof(*d));
}

void drift_add(struct drift *d, int64_t at_ns, int64_t frames)
{
	d->at_ns[d->next] = at_ns;
	d->frames[d->next] = frames;
	d->next = (d->next + 1) % DRIFT_SAMPLES;
	d->n += d->n < DRIFT_SAMPLES;
}

/* Time of the line less ours, against ours; relative to the oldest. */
bool drift_ppb(const struct drift *d, int32_t *ppb)
{
	unsigned first = d->n < DRIFT_SAMPLES ? 0 : d->next;
	double sx = 0, sy = 0, sxx = 0, sxy = 0, n = d->n, slope;

	if (d->n < DRIFT_LEAST_S)
		return false;
	for (unsigned i = 0; i < d->n; i++) {
		unsigned k = (first + i) % DRIFT_SAMPLES;
		double x = (double)(d->at_ns[k] - d->at_ns[first]);
		double y = (double)((d->frames[k] - d->frames[first]) *
				    FRAME_NS) - x;

		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	if (n * sxx - sx * sx <= 0)
		return false;
	slope = (n * sxy - sx * sy) / (n * sxx - sx * sx) * 1e9;
	if (slope > INT32_MAX || slope < INT32_MIN)
		return false;
	*ppb = (int32_t)slope;
	return true;
}
