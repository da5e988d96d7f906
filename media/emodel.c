/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/emodel.h"

#include <math.h>

#define R_DEFAULT 93.2f /* R0 - Is with the defaults of G.107 */
#define IE	  0.0f	/* G.711, G.113 appendix I */
#define BPL	  25.1f /* with concealment */

/* Idd of G.107: nothing up to 100 ms. */
static float delay_impairment(float ms)
{
	float x, a, b;

	if (ms <= 100)
		return 0;
	x = log2f(ms / 100);
	a = powf(1 + powf(x, 6), 1.0f / 6);
	b = powf(1 + powf(x / 3, 6), 1.0f / 6);
	return 25 * (a - 3 * b + 2);
}

float emodel_rating(float delay_ms, float loss_percent)
{
	float ie = IE + (95 - IE) * loss_percent / (loss_percent + BPL);
	float r = R_DEFAULT - delay_impairment(delay_ms) - ie;

	return r < 0 ? 0 : r;
}

float emodel_mos(float r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5f;
	return 1 + 0.035f * r + r * (r - 60) * (100 - r) * 7e-6f;
}
