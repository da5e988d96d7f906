/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/plc.h"

#include <math.h>
#include <string.h>

enum { BLEND = 32 }; /* samples, more after a long hole */

void plc_reset(struct plc *p, enum law law)
{
	memset(p, 0, sizeof(*p));
	memset(p->history, law_silence(law), sizeof(p->history));
	p->pitch = PLC_PITCH_MAX;
}

static void remember(struct plc *p, const uint8_t *codes, size_t n)
{
	size_t run;

	if (n > PLC_RING) {
		codes += n - PLC_RING;
		n = PLC_RING;
	}
	run = n < PLC_RING - p->end ? n : PLC_RING - p->end;
	memcpy(p->history + p->end, codes, run);
	memcpy(p->history, codes + run, n - run);
	p->end = (unsigned)(p->end + n) % PLC_RING;
}

/* Likeness of the last PLC_MATCH samples with those `lag` earlier, every
 * step-th of them. */
static float likeness(const float *h, unsigned lag, unsigned step)
{
	const float *x = h + PLC_HISTORY - PLC_MATCH, *y = x - lag;
	float xy = 0, yy = 1;

	for (unsigned i = 0; i < PLC_MATCH; i += step) {
		xy += x[i] * y[i];
		yy += y[i] * y[i];
	}
	return xy > 0 ? xy / sqrtf(yy) : 0;
}

static unsigned find_pitch(const float *h)
{
	unsigned best = PLC_PITCH_MAX, from, to;
	float top = 0, l;

	for (unsigned lag = PLC_PITCH_MIN; lag <= PLC_PITCH_MAX; lag += 2) {
		l = likeness(h, lag, 2);
		if (l > top) {
			top = l;
			best = lag;
		}
	}
	from = best > PLC_PITCH_MIN ? best - 1 : best;
	to = best < PLC_PITCH_MAX ? best + 1 : best;
	top = 0;
	for (unsigned lag = from; lag <= to; lag++) {
		l = likeness(h, lag, 1);
		if (l > top) {
			top = l;
			best = lag;
		}
	}
	return best;
}

/* The hole begins: take the last period out of the history. */
static void begin(struct plc *p, enum law law)
{
	const int16_t *table = law_table(law);
	float h[PLC_HISTORY], w;
	unsigned quarter;

	for (unsigned i = 0; i < PLC_HISTORY; i++)
		h[i] = table[p->history[(p->end + PLC_RING - PLC_HISTORY + i) %
					PLC_RING]];
	p->pitch = find_pitch(h);
	p->at = 0;
	quarter = p->pitch / 4;
	memcpy(p->period, h + PLC_HISTORY - p->pitch,
	       p->pitch * sizeof(*p->period));
	for (unsigned i = 0; i < quarter; i++) {
		w = ((float)i + 0.5f) / (float)quarter;
		/* The period's end flows into what precedes its begin. */
		p->period[p->pitch - quarter + i] =
			(1 - w) * h[PLC_HISTORY - quarter + i] +
			w * h[PLC_HISTORY - p->pitch - quarter + i];
		/* And the mirrored past flows into its begin. */
		p->start[i] = (1 - w) * h[PLC_HISTORY - 1 - i] +
			      w * p->period[i];
	}
}

static float gain(unsigned lost)
{
	if (lost < PLC_FULL)
		return 1;
	if (lost >= PLC_END)
		return 0;
	return (float)(PLC_END - lost) / (PLC_END - PLC_FULL);
}

static float next(struct plc *p)
{
	float x = p->lost < p->pitch / 4 ? p->start[p->lost]
					 : p->period[p->at];

	x *= gain(p->lost);
	if (++p->at == p->pitch)
		p->at = 0;
	if (p->lost < PLC_END)
		p->lost++;
	return x;
}

/* tick */
bool plc_fill(struct plc *p, enum law law, uint8_t *codes, size_t n)
{
	if (p->lost == 0)
		begin(p, law);
	if (p->lost >= PLC_END) {
		memset(codes, law_silence(law), n);
		remember(p, codes, n);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		codes[i] = law_encode(law, (int)lrintf(next(p)));
	remember(p, codes, n);
	return true;
}

static void blend(struct plc *p, enum law law, uint8_t *codes, size_t n)
{
	size_t len = BLEND + BLEND * (p->lost / PLC_FULL) / 2;
	float w, x;

	if (len > n)
		len = n;
	for (size_t i = 0; i < len; i++) {
		w = ((float)i + 0.5f) / (float)len;
		x = w * (float)law_decode(law, codes[i]) + (1 - w) * next(p);
		codes[i] = law_encode(law, (int)lrintf(x));
	}
	p->lost = 0;
}

/* tick */
void plc_good(struct plc *p, enum law law, uint8_t *codes, size_t n)
{
	if (p->lost)
		blend(p, law, codes, n);
	remember(p, codes, n);
}
