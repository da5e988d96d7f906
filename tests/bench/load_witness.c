/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The witness: on each processor a thread that outranks everybody and looks
 * at the clock every 2 ms. When it comes late, the host had the processor.
 */
#include "tests/bench/load_witness.h"

enum {
	PERIOD_NS = 2 * NS_PER_MS,
	LATE_NS = 1 * NS_PER_MS,
	PRIORITY = 90,
};

static void *look(void *arg)
{
	struct load_watch *l = arg;
	int64_t due = load_now(), now;

	load_pin(l->cpu);
	load_priority(PRIORITY);
	while (!atomic_load(&l->over)) {
		due += PERIOD_NS;
		load_sleep_until(due);
		now = load_now();
		if (now - due < LATE_NS)
			continue;
		load_note_stall(l->shared, (enum load_teller)l->cpu, due, now);
		due = now;
	}
	return NULL;
}

int load_watch_start(struct load_watch *l, int cpu, struct load_shared *s)
{
	l->cpu = cpu;
	l->shared = s;
	atomic_store(&l->over, false);
	return -pthread_create(&l->thread, NULL, look, l);
}

void load_watch_stop(struct load_watch *l)
{
	atomic_store(&l->over, true);
	pthread_join(l->thread, NULL);
}
