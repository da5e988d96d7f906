/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The level meter of G.168 6.4.1.2 on sixteen lines: a band-pass of 300 to
 * 3,400 Hz, then the mean of squares over 35 ms (single pole).
 */
#ifndef TESTS_G168_METER_H
#define TESTS_G168_METER_H

#include "tests/media/g168.h"

enum { G168_METER_TAPS = 101 };

struct g168_meter {
	_Alignas(64) float past[G168_METER_TAPS - 1 + G168_BLOCK][G168_LANES];
	float power[G168_LANES];
};

/* What it read in a block. */
struct g168_reading {
	float most[G168_LANES];	/* highest power */
	float sum[G168_LANES];	/* of the squares behind the band-pass */
};

void g168_meter_init(struct g168_meter *m);
void g168_meter_run(struct g168_meter *m, float (*x)[G168_LANES],
		    struct g168_reading *r);

/* A mean square as a level; -100 for nothing. */
double g168_dbm0(double power);

#endif
