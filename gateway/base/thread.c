/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/thread.h"

#include <pthread.h>
#include <signal.h>

int thread_detached(void *(*fn)(void *arg), void *arg, size_t stack)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (stack != 0) {
		pthread_attr_setstacksize(&attr, stack);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}
