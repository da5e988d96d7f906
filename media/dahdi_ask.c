/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dahdi_ask.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum ask_state { IDLE, ASKED, ANSWERED };

enum { STACK = 65536 };

struct dahdi_ask {
	const struct dahdi_sys *sys;
	sem_t wake;
	/* ASKED is set by the owner (with fd), ANSWERED by the thread (with err
	 * and span): each has what stands beside it until then. */
	atomic_int state;
	atomic_bool left; /* by the owner, after `kept` is set: the thread's all */
	int fd;
	int kept;	  /* the owner's: to be closed after the answer; -1 */
	int err;
	struct dahdi_abi_span span;
};

static void ask(struct dahdi_ask *a)
{
	a->span = (struct dahdi_abi_span){ .number = 0 };
	a->err = a->sys->control(a->fd, DAHDI_ABI_SPANSTAT, &a->span);
	atomic_store_explicit(&a->state, ANSWERED, memory_order_release);
}

static void release(struct dahdi_ask *a)
{
	if (a->kept >= 0)
		a->sys->close(a->kept);
	if (a->sys->threads)
		sem_destroy(&a->wake);
	free(a);
}

static void *run(void *arg)
{
	struct dahdi_ask *a = arg;

	for (;;) {
		while (sem_wait(&a->wake) < 0)
			;
		if (atomic_load_explicit(&a->left, memory_order_acquire))
			break;
		if (atomic_load_explicit(&a->state, memory_order_acquire) ==
		    ASKED)
			ask(a);
	}
	release(a);
	return NULL;
}

/* It gets no signals: those are for the loop. */
static int start(struct dahdi_ask *a)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int err;

	sem_init(&a->wake, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, run, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

struct dahdi_ask *dahdi_ask_new(const struct dahdi_sys *sys)
{
	struct dahdi_ask *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return NULL;
	a->sys = sys;
	a->kept = -1;
	err = sys->threads ? start(a) : 0;
	if (!err)
		return a;
	release(a);
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
int dahdi_ask_begin(struct dahdi_ask *a, int fd)
{
	if (atomic_load_explicit(&a->state, memory_order_acquire) != IDLE)
		return -EBUSY;
	a->fd = fd;
	if (!a->sys->threads) {
		ask(a);
		return 0;
	}
	atomic_store_explicit(&a->state, ASKED, memory_order_release);
	sem_post(&a->wake);
	return 0;
}

/* tick */
bool dahdi_ask_take(struct dahdi_ask *a, int *err, struct dahdi_abi_span *span)
{
	bool counts = a->kept < 0;

	if (atomic_load_explicit(&a->state, memory_order_acquire) != ANSWERED)
		return false;
	*err = a->err;
	*span = a->span;
	if (!counts)
		a->sys->close(a->kept);
	a->kept = -1;
	atomic_store_explicit(&a->state, IDLE, memory_order_release);
	return counts;
}

/* tick */
bool dahdi_ask_keep(struct dahdi_ask *a, int fd)
{
	if (atomic_load_explicit(&a->state, memory_order_acquire) == IDLE ||
	    a->fd != fd || a->kept >= 0)
		return false;
	a->kept = fd;
	return true;
}
