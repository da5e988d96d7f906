/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/clock.h"

#include <time.h>

mono_t clock_mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (mono_t){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

int64_t clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / NS_PER_MS;
}
