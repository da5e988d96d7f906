/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How late something was, as a histogram in microseconds: four buckets an
 * octave, so that a quantile is known to 25 % from a microsecond to 131 ms.
 *
 * Plain value; one thread; noting is for the tick.
 */
#ifndef MEDIA_LATENESS_H
#define MEDIA_LATENESS_H

#include <stdint.h>

enum {
	LATENESS_BUCKETS = 64, /* the last one: 114,688 us and more */
	LATENESS_SPLIT = 4,    /* of them in an octave */
};

struct lateness {
	uint32_t bucket[LATENESS_BUCKETS];
	uint32_t max_us;
	uint64_t sum_us;
};

void lateness_note(struct lateness *, int64_t ns);
void lateness_add(struct lateness *sum, const struct lateness *);
/* Above the last value that belongs to the bucket. */
uint32_t lateness_edge_us(unsigned bucket);
/* So many of 10,000 were not later than this; 0 if nothing was noted. */
uint32_t lateness_quantile_us(const struct lateness *, unsigned of_10000);

#endif
