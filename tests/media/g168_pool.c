/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_pool.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *shared_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct g168_result *g168_pool_new(size_t n)
{
	return shared_new(n * sizeof(struct g168_result));
}

void g168_pool_free(struct g168_result *r, size_t n)
{
	if (r)
		munmap(r, n * sizeof(*r));
}

/* A process: the next run that no other has taken, until there is none. */
static void work(struct g168_result *r, size_t n, atomic_size_t *next)
{
	struct g168_bank *bank = NULL;
	uint32_t seed = 0;
	size_t i;

	while ((i = atomic_fetch_add(next, 1)) < n) {
		struct g168_job job = { r[i].test, r[i].condition, NULL,
					r[i].who, NULL };

		if (!bank || seed != job.condition->seed) {
			g168_bank_free(bank);
			seed = job.condition->seed;
			bank = g168_bank_new(seed);
		}
		job.bank = bank;
		r[i].done = bank && g168_scene_run(&job, r[i].v) == 0;
	}
	g168_bank_free(bank);
}

int g168_pool_run(struct g168_result *r, size_t n, unsigned processes)
{
	atomic_size_t *next = shared_new(sizeof(*next));
	unsigned made = 0;

	if (!next)
		return -1;
	atomic_init(next, 0);
	fflush(stdout);
	while (made < processes) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			work(r, n, next);
			_exit(0);
		}
		made++;
	}
	/* one that crashed leaves its run undone and the rest to others */
	for (unsigned i = 0; i < made; i++)
		wait(NULL);
	while (made && atomic_load(next) < n) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			work(r, n, next);
			_exit(0);
		}
		wait(NULL);
	}
	munmap(next, sizeof(*next));
	return made ? 0 : -1;
}
