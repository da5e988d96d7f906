/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gettimeofday() from CLOCK_MONOTONIC, for programs that link libpri. libpri
 * takes its timers from the wall clock: a step of it, by hand or by NTP, would
 * fire all of them at once or none for an hour. A definition in the program
 * comes before libc's, also for the calls of shared libraries. Nothing here
 * asks gettimeofday() for the date (loop_wall_ms() does not use it).
 *
 * A test with a virtual clock defines its own; then this one is not linked.
 */
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
