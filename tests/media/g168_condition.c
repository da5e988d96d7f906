/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_condition.h"

#include <math.h>
#include <stdio.h>

static const struct g168_listed listed[] = {
	{ G168_REFERENCE, { "", -10, 10, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -30, 6, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_LEVELS, { "", -30, 10, LAW_ULAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -30, 20, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_LEVELS, { "", -20, 6, LAW_ULAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -20, 10, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -20, 20, LAW_ULAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -15, 6, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_LEVELS, { "", -10, 6, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -10, 10, LAW_ULAW, 128, false, 0, 0 } },
	{ G168_LEVELS, { "", -10, 20, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", -5, 10, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", 0, 6, LAW_ULAW, 128, false, 0, 0 } },
	{ G168_LEVELS, { "", 0, 10, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_GRID, { "", 0, 20, LAW_ALAW, 128, false, 0, 0 } },
	{ G168_SPEECH, { "", -12, 6, LAW_ULAW, 128, true, 0, 0 } },
	{ G168_SPEECH, { "", -16, 10, LAW_ALAW, 128, true, 0, 0 } },
	{ G168_SPEECH, { "", -24, 10, LAW_ALAW, 128, true, 0, 0 } },
	{ G168_TWO, { "", -10, 10, LAW_ALAW, 128, false, 16, 0 } },
	{ G168_TWO, { "", -20, 8, LAW_ULAW, 128, false, 14, 0 } },
	{ G168_TAILS, { "", -10, 10, LAW_ALAW, 32, false, 0, 0 } },
	{ G168_TAILS, { "", -10, 10, LAW_ULAW, 64, false, 0, 0 } },
};

static void name(struct g168_condition *c, const char *kind)
{
	char second[24] = "";

	if (c->second_db > 0)
		snprintf(second, sizeof(second), "+%.0f dB", c->second_db);
	snprintf(c->name, sizeof(c->name), "%s%s %.0f dBm0, ERL %.0f%s, %s%s",
		 kind, c->speech ? "speech" : "CSS", c->far_dbm0, c->erl_db,
		 second, c->law == LAW_ALAW ? "A-law" : "u-law",
		 c->tail_ms == 128 ? "" : c->tail_ms == 64 ? ", 64 ms"
							     : ", 32 ms");
}

static double between(uint32_t *seed, double a, double b)
{
	double u = ((double)signal_random(seed) + 1) / 2;

	return a + u * (b - a);
}

/* Anything that a line may be. */
static void draw(struct g168_condition *c, uint32_t seed)
{
	uint32_t r = seed;

	for (int i = 0; i < 8; i++)
		signal_random(&r);
	c->seed = seed;
	c->far_dbm0 = round(between(&r, -30, 0));
	c->erl_db = round(between(&r, 6, 20));
	c->law = between(&r, 0, 1) < 0.5 ? LAW_ALAW : LAW_ULAW;
	c->speech = between(&r, 0, 1) < 0.4;
	if (c->speech)	/* louder ones are cut off by the law */
		c->far_dbm0 = fmin(c->far_dbm0, -10);
	c->tail_ms = 128;
	c->second_db = between(&r, 0, 1) < 0.3 ?
			       fmin(c->erl_db + round(between(&r, 4, 10)), 26) :
			       0;
	name(c, "random ");
}

size_t g168_conditions(struct g168_listed *out, unsigned lists, uint32_t seed,
		       unsigned random)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
		if (!(listed[i].list & lists))
			continue;
		out[n] = listed[i];
		out[n].c.seed = seed;
		name(&out[n].c, "");
		n++;
	}
	for (unsigned i = 0; i < random && n < G168_CONDITIONS; i++) {
		out[n].list = G168_RANDOM;
		draw(&out[n].c, seed * 31 + i + 1);
		n++;
	}
	return n;
}
