/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random input for tests: xorshift64*, seeded from the environment (SEED) or
 * the clock, and the seed is always printed, so that a failure can be had
 * again. One thread.
 */
#ifndef TESTS_RND_H
#define TESTS_RND_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct rnd {
	uint64_t x;
};

static inline void rnd_init(struct rnd *r, const char *what)
{
	const char *env = getenv("SEED");
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	r->x = (uint64_t)ts.tv_sec * 1000003u + (uint64_t)ts.tv_nsec;
	if (env != NULL) {
		r->x = strtoull(env, NULL, 10);
	}
	r->x = r->x == 0 ? 1 : r->x;
	printf("%s: SEED=%llu\n", what, (unsigned long long)r->x);
	fflush(stdout);
}

static inline uint32_t rnd_u32(struct rnd *r)
{
	r->x ^= r->x >> 12;
	r->x ^= r->x << 25;
	r->x ^= r->x >> 27;
	return (uint32_t)((r->x * 0x2545f4914f6cdd1dull) >> 32);
}

/* 0 to n - 1 */
static inline uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rnd_u32(r) * n >> 32);
}

#endif
