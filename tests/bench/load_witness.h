/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_LOAD_WITNESS_H
#define BENCH_LOAD_WITNESS_H

#include <pthread.h>

#include "tests/bench/load.h"

/* A witness on one processor, 0 or 1; writes shared->witness[cpu]. */
struct load_watch {
	int cpu;
	struct load_shared *shared;
	_Atomic bool over;
	pthread_t thread;
};

/* 0 or -errno. Stop only what was started. */
int load_watch_start(struct load_watch *, int cpu, struct load_shared *);
void load_watch_stop(struct load_watch *);

#endif
