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
#define BLOCK_ENERGY (LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2 * BANK_BLOCK)
#define FLOOR	     (BLOCK_ENERGY * 2.5e-4f) /* -36 dBm0 */
#define SHARE_CED    0.7f  /* of the energy is in the tone */
#define SHARE_CNG    0.55f /* it may be 38 Hz off (T.30) */
#define PI	     3.14159265f
#define REVERSAL     (PI * 132 / 180) /* 155 to 205 degrees are; 110 not */

/* Share of the block's energy that is in the tone. */
static float share(const struct bank_block *b, unsigned tone)
{
	float re = b->re[tone], im = b->im[tone];

	return (re * re + im * im) * BANK_SHARE / b->energy;
}

static float wrap(float phase)
{
	while (phase > PI)
		phase -= 2 * PI;
	while (phase < -PI)
		phase += 2 * PI;
	return phase;
}

/*
 * Not even the answering modem speaks all the time: a fax machine listens for
 * a minute. So a state ends when both directions are silent (G.165 4.6).
 */
static void rest(struct modem *m, const struct modem *other)
{
	m->ced_blocks = 0;
	m->cng_blocks = 0;
	m->holes = 0;
	if (m->quiet_blocks < QUIET_BLOCKS)
		m->quiet_blocks++;
	if (m->quiet_blocks == QUIET_BLOCKS &&
	    (!other || other->quiet_blocks == QUIET_BLOCKS))
		m->state = MODEM_NONE;
}

/* The tone stands in this block. Did its phase turn over? */
static void on_ced(struct modem *m, float phase)
{
	float blocks = (float)(m->holes + 1);
	float off = wrap(phase - m->phase - m->turn * blocks);

	if (m->ced_blocks > STEADY && fabsf(off) > REVERSAL &&
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
unsigned modem_lanes(const struct bank *b)
{
	const float all = 0.99f; /* rounding must not cost a lane */

	return bank_hits(b, BANK_CED, all * SHARE_CED, all * FLOOR) |
	       bank_hits(b, BANK_CNG, all * SHARE_CNG, all * FLOOR);
}

/* tick */
bool modem_is_idle(const struct modem *m)
{
	return m->state == MODEM_NONE && !m->ced_blocks && !m->cng_blocks;
}

/* tick */
bool modem_run(struct modem *m, const struct modem *other,
	       const struct bank_block *b)
{
	enum modem_state before = m->state;

	if (b->energy < FLOOR) {
		rest(m, other);
		return m->state != before;
	}
	m->quiet_blocks = 0;
	if (share(b, BANK_CED) > SHARE_CED)
		on_ced(m, atan2f(b->im[BANK_CED], b->re[BANK_CED]));
	else if (m->ced_blocks && ++m->holes > HOLES_MAX)
		m->ced_blocks = m->holes = 0;
	m->cng_blocks = share(b, BANK_CNG) > SHARE_CNG ? m->cng_blocks + 1 : 0;
	if (m->cng_blocks == CNG_BLOCKS && !m->cng) {
		m->cng = true;
		return true;
	}
	return m->state != before;
}
