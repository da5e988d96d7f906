/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a role: descriptors, timers, deferred calls. One thread.
 *
 * Two backends behind one interface: loop_new_uv() (libuv, real time) and
 * loop_new_sim() (never sleeps; owns the virtual clock: when nothing is
 * deferred the clock jumps to the next timer). Timers are our own heap in
 * both. Handles are embedded in their owner, need no allocation, and are
 * cancelled by the owner's free; stopping an idle handle does nothing. A
 * callback may start or stop any handle, its own included, and may free the
 * owner of the handle if it touches neither afterwards.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "gateway/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;

/* From an embedded handle back to its owner. */
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

struct loop *loop_new_uv(void);		    /* NULL + errno */
struct loop *loop_new_sim(int64_t wall_ms); /* wall clock at the start */
void loop_free(struct loop *);		    /* all handles stopped before */

/* Runs until loop_stop(); the sim backend also returns when idle (nothing
 * deferred, no timer). */
void loop_run(struct loop *);
/* After the current callback; outside of one, the next loop_run returns at
 * once. */
void loop_stop(struct loop *);
/* Sim only: run everything due up to now + ms, then set the clock there. */
void loop_advance(struct loop *, int64_t ms);
/* Runs deferred calls and what is due or readable now; does not wait. */
void loop_poll(struct loop *);

mono_t loop_now(const struct loop *);
int64_t loop_wall_ms(const struct loop *);
/* Sim only: step the wall clock (tests of wall-clock steps). */
void loop_wall_step(struct loop *, int64_t ms);

/* --- timers: one shot; restart by starting again --- */
struct timer;
typedef void timer_fn(struct timer *);

struct timer {
	timer_fn *fn;
	mono_t at;
	size_t heap;	/* 1-based place in the heap; 0 = idle */
	uint64_t order; /* equal times fire in starting order */
};

/* A zeroed struct timer is idle. Starting a running timer moves it. Returns
 * 0 or -ENOMEM (heap growth; the heap never shrinks). */
int timer_start(struct loop *, struct timer *, timer_fn *, int64_t ms);
int timer_start_at(struct loop *, struct timer *, timer_fn *, mono_t);
void timer_stop(struct loop *, struct timer *);
bool timer_is_running(const struct timer *);
/* ms until it fires, rounded up; -1 when idle. */
int64_t timer_left_ms(const struct loop *, const struct timer *);

/* --- descriptors (uv backend; the sim backend answers -ENOTSUP) --- */
enum { WATCH_READ = 1, WATCH_WRITE = 2 };

struct watch;
typedef void watch_fn(struct watch *, int events);

struct watch {
	watch_fn *fn;
	int fd;
	void *handle; /* backend's; NULL = idle */
};

int watch_start(struct loop *, struct watch *, int fd, int events, watch_fn *);
void watch_stop(struct loop *, struct watch *);

/* --- deferred calls: run once, in order, before the loop waits again --- */
struct defer;
typedef void defer_fn(struct defer *);

struct defer {
	defer_fn *fn;
	struct defer *next;
	bool queued;
};

/* Does nothing when already queued. */
void loop_defer(struct loop *, struct defer *, defer_fn *);
void loop_defer_cancel(struct loop *, struct defer *);

/* --- work in a helper thread (uv), or at once and then deferred (sim) --- */
struct work;
typedef void work_fn(struct work *);

struct work {
	work_fn *run;  /* in the helper thread: touches only its own data */
	work_fn *done; /* back in the loop's thread */
	void *handle;
	struct defer defer;
};

/* -EBUSY while the same work is under way. The owner lives until done, except
 * that loop_free waits for the helper thread and then drops done. */
int loop_work(struct loop *, struct work *, work_fn *run, work_fn *done);

/* --- signals (uv backend) --- */
struct sigwatch;
typedef void sig_fn(struct sigwatch *, int signum);

struct sigwatch {
	sig_fn *fn;
	void *handle;
};

int sig_start(struct loop *, struct sigwatch *, int signum, sig_fn *);
void sig_stop(struct loop *, struct sigwatch *);

#endif
