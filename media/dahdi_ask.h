/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs for the driver (dahdi_job.h), done by a thread of their own: a driver
 * that takes its time over one, or waits for another card, then holds up no
 * tick.
 *
 *   tick: idle, filled in, begin ................. answer, done
 *   thread:                      calls to the driver
 *
 * The owner never waits for the thread: when it leaves while the driver has not
 * answered, the thread ends itself after the answer. Descriptors are closed by
 * the thread too, after the job that may use them.
 */
#ifndef MEDIA_DAHDI_ASK_H
#define MEDIA_DAHDI_ASK_H

#include "media/dahdi_job.h"

struct dahdi_ask;

/* NULL + errno. With a table of calls that may not be used by a thread (those
 * of a card that is played) each job is done by begin. */
struct dahdi_ask *dahdi_ask_new(const struct dahdi_sys *);
void dahdi_ask_free(struct dahdi_ask *); /* or NULL */
/* tick: the job, to be filled in; NULL: the last one has not been answered,
 * or its answer not been taken. */
struct dahdi_job *dahdi_ask_idle(struct dahdi_ask *);
/* tick: it is the thread's until the answer. */
void dahdi_ask_begin(struct dahdi_ask *);
/* tick: NULL: there is none; else it is ours until done. */
struct dahdi_job *dahdi_ask_answer(struct dahdi_ask *);
void dahdi_ask_done(struct dahdi_ask *);
/* tick: the answer to what is being asked will count for nothing. */
void dahdi_ask_drop(struct dahdi_ask *);
/* tick: it is not ours any more, and closed as soon as nothing uses it. */
void dahdi_ask_close(struct dahdi_ask *, int fd);

#endif
