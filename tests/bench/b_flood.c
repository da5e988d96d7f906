/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sipload sip core conf base */
/*
 * A flood of INVITEs from a known trunk: the sip role with a core that answers
 * at once (tests/bench/sipload.h).
 *
 *   capacity   calls (INVITE 200 ACK BYE 200) in a second of the role's
 *              processor time, with WINDOW under way
 *   goodput    the same while INVITEs come at ten times that rate, in a second
 *              in which role and peer had their processors, or could have
 *              had them: idleness counts, what other programs took does
 *              not, and the processor time for the calls that were under way
 *              when it ended is added; and how many of the calls before it can be ended
 *
 * Medians of ROUNDS; each compares a flood with the capacity found just before.
 */
#include "tests/bench/sipload.h"

#include <stdio.h>
#include <unistd.h>

#define ROUNDS	 5
#define WINDOW	 64
#define STANDING 50
#define FACTOR	 10
#define FLOOD_S	 2
#define FLOOD_MOST_S 8

struct flood {
	double goodput, offered; /* calls, INVITEs a second */
};

/* So many INVITEs in a second of the time that role and peer have, or could
 * have; looked at each 10 ms, FLOOD_MOST_S at most. */
static struct flood flood(double rate)
{
	unsigned first = sipload.ended, sent = 0;
	double waited = sipload_waited_s(), wall = 0, had = 0, look = 0, cpu;
	mono_t start = clock_mono();

	while (had < FLOOD_S && wall < FLOOD_MOST_S) {
		wall = (double)mono_diff_ns(clock_mono(), start) / 1e9;
		if (wall >= look) {
			had = wall - (sipload_waited_s() - waited);
			look = wall + 0.01;
		}
		for (unsigned i = 0; i < 16 && sent < rate * (had + 0.01);
		     i++, sent++) {
			sipload_invite("49711123", false);
		}
		sipload_take(16);
	}
	cpu = sipload_cpu_s();
	sipload_drain();
	cpu = sipload_cpu_s() - cpu;
	return (struct flood){(sipload.ended - first) / (had + cpu),
			      sent / had};
}

/* Calls that stand while the flood goes on. */
static void stand(void)
{
	while (sipload.answered < STANDING) {
		sipload_invite("49711123", true);
		sipload_wait(20);
		sipload_take(64);
	}
	sipload_drain();
}

int main(void)
{
	double can[ROUNDS], percent[ROUNDS], times[ROUNDS];
	unsigned lost;

	if (sipload_open(SIPLOAD_AT_ONCE)) {
		return 1;
	}
	stand();
	sipload_capacity(WINDOW); /* to warm up */
	for (int i = 0; i < ROUNDS; i++) {
		struct flood f;

		can[i] = sipload_capacity(WINDOW);
		f = flood(FACTOR * can[i]);
		percent[i] = 100 * f.goodput / can[i];
		times[i] = f.offered / can[i];
	}
	lost = sipload_end_kept();
	sipload_close();
	printf("sip_calls_per_s\t%.0f\tcalls/s\n", sipload_median(can, ROUNDS));
	printf("sip_goodput_percent_at_10x\t%.0f\t%%\n",
	       sipload_median(percent, ROUNDS));
	printf("sip_flood_times_capacity\t%.1f\t\n",
	       sipload_median(times, ROUNDS));
	printf("sip_calls_kept_in_flood\t%u\tof %u\n", STANDING - lost,
	       STANDING);
	return lost ? 1 : 0;
}
