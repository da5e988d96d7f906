/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sipload sip core conf base */
/*
 * What a call costs the sip role: its processor time, user and system, for a
 * call of seven messages (INVITE 100 180 200 ACK BYE 200; tests/bench/sipload.h),
 * CALLS of them begun at RATE a second, which leaves it mostly waiting, so that
 * each message wakes it; and the same with OPEN INVITEs ringing meanwhile. Each
 * round has a fresh role. Must: 330 us, both.
 *
 * sip_core_calls_per_s: whole calls (INVITE 180 200 ACK BYE 200; journal and
 * CDR written) of sip and core together on one processor, by their processor
 * time, with stand-ins for lines and media in the core's process. Must: 1500.
 *
 * Medians of ROUNDS.
 */
#include "tests/bench/sipload.h"

#include <stdio.h>

#define ROUNDS	5
#define CALLS	1200
#define RATE	600
#define OPEN	5000
#define OPEN_RATE 2500
#define WINDOW	24

/* n calls at that rate; false: not all of them came about. */
static bool place(const char *number, unsigned n, unsigned rate,
		  const unsigned *done)
{
	unsigned begun = 0, goal = *done + n;
	mono_t start = clock_mono();

	while (mono_diff_ns(clock_mono(), start) <
	       (int64_t)n * NS_PER_S / rate + 5 * NS_PER_S) {
		int64_t now = mono_diff_ns(clock_mono(), start);

		while (begun < n && begun * NS_PER_S / rate <= now) {
			sipload_invite(number, false);
			begun++;
		}
		if (!sipload_take(64)) {
			sipload_wait(1);
		}
		if (*done >= goal) {
			return true;
		}
	}
	return false;
}

/* us; negative: failed. */
static double cost(unsigned open)
{
	unsigned messages;
	double cpu;
	bool ok;

	if (sipload_open(SIPLOAD_RINGING)) {
		return -1;
	}
	ok = !open || place("49001", open, OPEN_RATE, &sipload.ringing);
	messages = sipload.messages_in;
	cpu = sipload_cpu_s();
	ok = ok && place("49711123", CALLS, RATE, &sipload.ended);
	cpu = sipload_cpu_s() - cpu;
	messages = sipload.messages_in - messages;
	sipload_close();
	/* 100, 180, 200 and the 200 of BYE; the others are ours. */
	if (!ok || messages < 4 * CALLS) {
		fprintf(stderr, "b_sip_call: %u messages of %u calls\n",
			messages, CALLS);
		return -1;
	}
	return cpu * 1e6 / CALLS;
}

/* 0: failed. */
static double together(void)
{
	double rate;

	if (sipload_open(SIPLOAD_REAL)) {
		return 0;
	}
	sipload_capacity(WINDOW); /* to warm up */
	rate = sipload_capacity(WINDOW);
	sipload_close();
	return rate;
}

int main(void)
{
	double none[ROUNDS], many[ROUNDS], both[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		none[i] = cost(0);
		many[i] = cost(OPEN);
		both[i] = together();
		if (none[i] < 0 || many[i] < 0 || !(both[i] > 0)) {
			return 1;
		}
	}
	printf("sip_cpu_us_per_call\t%.0f\tus\n", sipload_median(none, ROUNDS));
	printf("sip_cpu_us_per_call_5k\t%.0f\tus\n",
	       sipload_median(many, ROUNDS));
	printf("sip_core_calls_per_s\t%.0f\tcalls/s\n",
	       sipload_median(both, ROUNDS));
	return 0;
}
