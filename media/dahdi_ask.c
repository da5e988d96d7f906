/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dahdi_ask.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/base/ring.h"
#include "gateway/base/thread.h"

enum ask_state { IDLE, ASKED, ANSWERED };

enum {
	STACK = 65536,
	PRIORITY = 19, /* SCHED_FIFO, just below the engine's */
	CLOSING = 8 * LINE_SLOTS, /* a power of two */
};

struct dahdi_ask {
	const struct dahdi_sys *sys;
	sem_t wake;
	/* ASKED is set by the owner, ANSWERED by the thread: each has the job
	 * until then. */
	atomic_int state;
	atomic_bool left;    /* by the owner: all is the thread's */
	struct ring closing; /* from the owner to the thread */
	bool dropped;	     /* the owner's: the answer counts for nothing */
	struct dahdi_job job;
};

static void run_job(struct dahdi_ask *a)
{
	dahdi_job_run(a->sys, &a->job);
	atomic_store_explicit(&a->state, ANSWERED, memory_order_release);
}

static void close_all(struct dahdi_ask *a)
{
	int fd;

	while (ring_get(&a->closing, &fd))
		a->sys->close(fd);
}

/* Channels that nobody has taken yet are closed by us. */
static void release(struct dahdi_ask *a)
{
	if (a->state != IDLE && a->job.kind == DAHDI_JOB_LOOK)
		for (unsigned i = 0; i < a->job.n_facts; i++)
			a->sys->close(a->job.facts[i].fd);
	close_all(a);
	ring_fini(&a->closing);
	if (a->sys->threads)
		sem_destroy(&a->wake);
	free(a);
}

/* A refusal is no news: the engine's own priority is refused then, too. */
static void raise_priority(void)
{
	struct sched_param p = { .sched_priority = PRIORITY };

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &p);
}

static void *run(void *arg)
{
	struct dahdi_ask *a = arg;

	raise_priority();
	for (;;) {
		while (sem_wait(&a->wake) < 0)
			;
		if (atomic_load_explicit(&a->left, memory_order_acquire))
			break;
		if (atomic_load_explicit(&a->state, memory_order_acquire) ==
		    ASKED)
			run_job(a);
		close_all(a);
	}
	release(a);
	return NULL;
}

struct dahdi_ask *dahdi_ask_new(const struct dahdi_sys *sys)
{
	struct dahdi_ask *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return NULL;
	a->sys = sys;
	err = -ring_init(&a->closing, sizeof(int), CLOSING);
	if (!err && sys->threads) {
		sem_init(&a->wake, 0, 0);
		err = -thread_detached(run, a, STACK);
	}
	if (!err)
		return a;
	ring_fini(&a->closing);
	free(a);
	errno = err;
	return NULL;
}

void dahdi_ask_free(struct dahdi_ask *a)
{
	if (!a)
		return;
	if (!a->sys->threads) {
		release(a);
		return;
	}
	atomic_store_explicit(&a->left, true, memory_order_release);
	sem_post(&a->wake);
}

/* tick */
struct dahdi_job *dahdi_ask_idle(struct dahdi_ask *a)
{
	return atomic_load_explicit(&a->state, memory_order_acquire) == IDLE ?
		       &a->job : NULL;
}

/* tick */
void dahdi_ask_begin(struct dahdi_ask *a)
{
	a->dropped = false;
	if (!a->sys->threads) {
		run_job(a);
		return;
	}
	atomic_store_explicit(&a->state, ASKED, memory_order_release);
	sem_post(&a->wake);
}

/* tick */
struct dahdi_job *dahdi_ask_answer(struct dahdi_ask *a)
{
	if (atomic_load_explicit(&a->state, memory_order_acquire) != ANSWERED)
		return NULL;
	if (!a->dropped)
		return &a->job;
	dahdi_ask_done(a);
	return NULL;
}

/* tick */
void dahdi_ask_done(struct dahdi_ask *a)
{
	atomic_store_explicit(&a->state, IDLE, memory_order_release);
}

/* tick */
void dahdi_ask_drop(struct dahdi_ask *a)
{
	a->dropped = true;
}

/* tick: with no room the thread has been stuck over many cards. */
void dahdi_ask_close(struct dahdi_ask *a, int fd)
{
	if (!a->sys->threads || !ring_put(&a->closing, &fd))
		a->sys->close(fd);
	else
		sem_post(&a->wake);
}
