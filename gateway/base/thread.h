/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for calls into the kernel that may never come back, as those of a
 * card's driver may: nobody waits for them.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <stddef.h>

/* A detached thread without signals, which are for the loop. stack: octets, 0
 * the system's default. 0 or -errno (EAGAIN: no more threads). */
int thread_detached(void *(*fn)(void *arg), void *arg, size_t stack);

#endif
