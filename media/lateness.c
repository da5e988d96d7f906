/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/lateness.h"

/* tick */
void lateness_note(struct lateness *l, int64_t ns)
{
	int64_t late = ns < 0 ? 0 : ns / 1000;
	uint32_t us = late < INT32_MAX ? (uint32_t)late : INT32_MAX;
	unsigned i = us, octave;

	if (us >= LATENESS_SPLIT) {
		octave = 31 - (unsigned)__builtin_clz(us);
		i = (octave - 1) * LATENESS_SPLIT + (us >> (octave - 2)) % LATENESS_SPLIT;
	}
	l->bucket[i < LATENESS_BUCKETS ? i : LATENESS_BUCKETS - 1]++;
	l->sum_us += us;
	if (us > l->max_us)
		l->max_us = us;
}

void lateness_add(struct lateness *sum, const struct lateness *l)
{
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		sum->bucket[i] += l->bucket[i];
	sum->sum_us += l->sum_us;
	if (l->max_us > sum->max_us)
		sum->max_us = l->max_us;
}

uint32_t lateness_edge_us(unsigned bucket)
{
	unsigned octave = bucket / LATENESS_SPLIT + 1;

	if (bucket < LATENESS_SPLIT)
		return bucket + 1;
	return (LATENESS_SPLIT + bucket % LATENESS_SPLIT + 1) << (octave - 2);
}

uint32_t lateness_quantile_us(const struct lateness *l, unsigned of_10000)
{
	uint64_t all = 0, sum = 0;

	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		all += l->bucket[i];
	if (!all)
		return 0;
	for (unsigned i = 0; i < LATENESS_BUCKETS - 1; i++) {
		uint32_t edge = lateness_edge_us(i);

		sum += l->bucket[i];
		if (sum * 10000 >= all * of_10000)
			return edge < l->max_us ? edge : l->max_us;
	}
	return l->max_us;
}
