/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time as types. mono_t is an instant of the loop's monotonic clock (never
 * steps, in tests it is virtual); a wall time is milliseconds since 1970 UTC
 * and is only for people: CDRs, logs, traces.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef struct {
	int64_t ns; /* since an arbitrary start, >= 0 */
} mono_t;

#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

static inline mono_t mono_add_ms(mono_t t, int64_t ms)
{
	t.ns += ms * NS_PER_MS;
	return t;
}

static inline mono_t mono_add_ns(mono_t t, int64_t ns)
{
	t.ns += ns;
	return t;
}

static inline int64_t mono_diff_ns(mono_t later, mono_t earlier)
{
	return later.ns - earlier.ns;
}

static inline int64_t mono_diff_ms(mono_t later, mono_t earlier)
{
	return (later.ns - earlier.ns) / NS_PER_MS;
}

/* The real CLOCK_MONOTONIC, for the media threads and the libuv loop only;
 * everybody else asks loop_now(). */
mono_t clock_mono(void);

/* The real wall clock, ms since 1970 UTC. Others ask loop_wall_ms(). */
int64_t clock_wall_ms(void);

#endif
