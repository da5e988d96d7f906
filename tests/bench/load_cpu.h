/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How busy a processor and a process were, as the kernel counts it. */
#ifndef BENCH_LOAD_CPU_H
#define BENCH_LOAD_CPU_H

#include <stdint.h>
#include <sys/types.h>

struct load_cpu {
	int64_t at_ns;
	int64_t idle_ns;   /* of the processor: idle and iowait */
	int64_t softirq_ns, steal_ns;
	int64_t thread_ns; /* of the process's busiest thread */
};

/* Processor `cpu` and process `pid` now; 0 or -1. */
int load_cpu_read(struct load_cpu *, int cpu, pid_t pid);

/*
 * Percent of the time between two readings in which the processor was not
 * idle: user, nice, system, interrupts, soft interrupts and steal. What is
 * not idle is taken and not the sum of those fields, for the kernel samples
 * them at its tick, which may stand in step with the engine's wake-ups; the
 * time of idling it measures.
 */
double load_cpu_percent(const struct load_cpu *a, const struct load_cpu *b);
double load_cpu_thread_percent(const struct load_cpu *a,
			       const struct load_cpu *b);

#endif
