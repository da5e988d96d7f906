/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load_cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/load.h"

static int read_stat(struct load_cpu *c, int cpu)
{
	long long v[8];
	char line[512], name[16];
	FILE *f = fopen("/proc/stat", "r");
	int64_t unit = NS_PER_S / sysconf(_SC_CLK_TCK);
	int n = 0;

	snprintf(name, sizeof(name), "cpu%d ", cpu);
	while (f && n < 8 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			n = sscanf(line + strlen(name),
				   "%lld %lld %lld %lld %lld %lld %lld %lld",
				   v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6,
				   v + 7);
	if (f)
		fclose(f);
	if (n < 8)
		return -1;
	c->idle_ns = (v[3] + v[4]) * unit;
	c->softirq_ns = v[6] * unit;
	c->steal_ns = v[7] * unit;
	return 0;
}

static int64_t thread_ns(pid_t pid, const char *tid)
{
	char path[64];
	long long ns = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, tid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%lld", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

static int64_t busiest_ns(pid_t pid)
{
	char path[32];
	struct dirent *e;
	int64_t most = 0, ns;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		ns = thread_ns(pid, e->d_name);
		most = ns > most ? ns : most;
	}
	if (d)
		closedir(d);
	return most;
}

int load_cpu_read(struct load_cpu *c, int cpu, pid_t pid)
{
	c->thread_ns = busiest_ns(pid);
	c->at_ns = load_now();
	return read_stat(c, cpu);
}

double load_cpu_percent(const struct load_cpu *a, const struct load_cpu *b)
{
	double all = (double)(b->at_ns - a->at_ns);

	return 100 * (1 - (double)(b->idle_ns - a->idle_ns) / all);
}

double load_cpu_thread_percent(const struct load_cpu *a,
			       const struct load_cpu *b)
{
	return 100 * (double)(b->thread_ns - a->thread_ns) /
	       (double)(b->at_ns - a->at_ns);
}
