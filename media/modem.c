/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/modem.h"

#include <math.h>

#include "media/law.h"

enum {
	CNG_BLOCKS = 40,  /* 0.4 s of 0.5 s - 15 % */
	CED_BLOCKS = 40,  /* G.165 4: no answer in less */
	QUIET_BLOCKS = 25, /* 250 ms below -36 dBm0: released */
	HOLES_MAX = 2,
	STEADY = 5, /* blocks before a reversal counts */
};

/* Sum of squares of a block at that level, dBm0. */
#define BLOCK_ENERGY (LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2 * MODEM_BLOCK)
#define FLOOR	     (BLOCK_ENERGY * 2.5e-4f) /* -36 dBm0 */
#define SHARE_CED    0.7f  /* of the energy is in the tone */
#define SHARE_CNG    0.55f /* it may be 38 Hz off (T.30) */
#define PI	     3.14159265f

struct tone {
	float share; /* of the block's energy */
	float phase;
};

/* Goertzel with 2 cos(w) and w of a whole number of periods a block. */
static struct tone measure(const int16_t *x, float w, float energy)
{
	float c = 2 * cosf(w), s1 = 0, s2 = 0, s0, re, im;

	for (unsigned i = 0; i < MODEM_BLOCK; i++) {
		s0 = (float)x[i] + c * s1 - s2;
		s2 = s1;
		s1 = s0;
	}
	re = s1 - s2 * c / 2;
	im = s2 * sinf(w);
	return (struct tone){
		.share = (re * re + im * im) * 2 / MODEM_BLOCK / energy,
		.phase = atan2f(im, re),
	};
}

static float wrap(float phase)
{
	while (phase > PI)
		phase -= 2 * PI;
	while (phase < -PI)
		phase += 2 * PI;
	return phase;
}

static void release(struct modem *m)
{
	m->ced_blocks = 0;
	m->cng_blocks = 0;
	m->holes = 0;
	if (++m->quiet_blocks == QUIET_BLOCKS)
		m->state = MODEM_NONE;
}

/* The tone stands in this block. Did its phase turn over? */
static void on_ced(struct modem *m, float phase)
{
	float blocks = (float)(m->holes + 1);
	float off = wrap(phase - m->phase - m->turn * blocks);

	if (m->ced_blocks > STEADY && fabsf(off) > PI * 155 / 180 &&
	    m->state == MODEM_ANSWER)
		m->state = MODEM_REVERSED;
	else if (m->ced_blocks && !m->holes)
		m->turn = wrap(phase - m->phase);
	m->phase = phase;
	m->holes = 0;
	if (++m->ced_blocks == CED_BLOCKS && m->state == MODEM_NONE)
		m->state = MODEM_ANSWER;
}

/* tick */
bool modem_run(struct modem *m, const int16_t *samples)
{
	const float w_cng = 2 * PI * 1100 / 8000, w_ced = 2 * PI * 2100 / 8000;
	enum modem_state before = m->state;
	float energy = 0;
	struct tone t;

	for (unsigned i = 0; i < MODEM_BLOCK; i++)
		energy += (float)samples[i] * (float)samples[i];
	if (energy < FLOOR) {
		release(m);
		return m->state != before;
	}
	m->quiet_blocks = 0;
	t = measure(samples, w_ced, energy);
	if (t.share > SHARE_CED)
		on_ced(m, t.phase);
	else if (m->ced_blocks && ++m->holes > HOLES_MAX)
		m->ced_blocks = m->holes = 0;
	t = measure(samples, w_cng, energy);
	m->cng_blocks = t.share > SHARE_CNG ? m->cng_blocks + 1 : 0;
	if (m->cng_blocks == CNG_BLOCKS && !m->cng) {
		m->cng = true;
		return true;
	}
	return m->state != before;
}
