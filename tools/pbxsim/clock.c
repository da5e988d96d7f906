/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gettimeofday() in line time. libpri takes its timers from it; here samples
 * are time, so the signalling of a line that stands still waits with it, and
 * in lockstep a second is 8,000 frames, however long they take. A definition
 * in the program comes before libc's and before the one in isdn/.
 */
#include "tools/pbxsim/clock.h"

#include <stddef.h>
#include <sys/time.h>

static const struct loop *line_loop; /* set once by main */

void sim_clock_set(const struct loop *loop)
{
	line_loop = loop;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t ns = line_loop ? loop_now(line_loop).ns : 0;

	(void)tz;
	tv->tv_sec = ns / NS_PER_S;
	tv->tv_usec = ns % NS_PER_S / 1000;
	return 0;
}
