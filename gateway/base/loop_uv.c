/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop on libuv: real time. One round is: deferred calls, due timers
 * (deferred calls again after each), then libuv once, which waits only when
 * nothing is deferred or due. One uv_timer is the wake-up for our heap; it
 * always runs, since libuv does not wait without an active handle.
 */
#include "gateway/base/loop_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

/* The wake-up when no timer runs. */
#define IDLE_MS 3600000

struct loop_uv {
	struct loop loop;
	uv_loop_t uv;
	uv_timer_t wake;
	bool closing;
};

/* libuv's handles outlive their stop by one round, so they are not in the
 * struct watch, sigwatch or work but here. */
struct uv_watch {
	uv_poll_t poll;
	struct watch *owner;
	int events;
};

struct uv_sig {
	uv_signal_t signal;
	struct sigwatch *owner;
};

struct uv_job {
	uv_work_t req;
	struct work *owner;
};

static struct loop_uv *uv_of(struct loop *loop)
{
	return container_of(loop, struct loop_uv, loop);
}

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void on_wake(uv_timer_t *wake)
{
	(void)wake;
}

/* libuv counts whole ms of the same clock: round up, never early. */
static void arm(struct loop_uv *lu)
{
	uint64_t now_ms, at_ms, left = IDLE_MS;
	mono_t at;

	uv_update_time(&lu->uv);
	now_ms = uv_now(&lu->uv);
	if (timer_next(&lu->loop, &at)) {
		at_ms = at.ns <= 0
				? 0
				: ((uint64_t)at.ns + NS_PER_MS - 1) / NS_PER_MS;
		left = at_ms > now_ms ? at_ms - now_ms : 0;
		left = left > IDLE_MS ? IDLE_MS : left;
	}
	uv_timer_start(&lu->wake, on_wake, left, 0);
}

static void run_due(struct loop *loop)
{
	mono_t now = clock_mono();
	uint64_t order = loop->timers.order;

	do {
		loop_run_deferred(loop, loop->deferred);
	} while (!loop->stop && timer_run_one(loop, now, order));
}

static bool is_due(const struct loop *loop)
{
	mono_t at;

	return loop->first != NULL ||
	       (timer_next(loop, &at) && at.ns <= clock_mono().ns);
}

static void uv_backend_run(struct loop *loop)
{
	struct loop_uv *lu = uv_of(loop);

	while (!loop->stop) {
		run_due(loop);
		if (loop->stop) {
			break;
		}
		if (is_due(loop)) {
			uv_run(&lu->uv, UV_RUN_NOWAIT);
		} else {
			arm(lu);
			uv_run(&lu->uv, UV_RUN_ONCE);
		}
	}
}

static void uv_backend_poll(struct loop *loop)
{
	uv_run(&uv_of(loop)->uv, UV_RUN_NOWAIT);
	run_due(loop);
	loop->stop = false;
}

static mono_t uv_backend_now(const struct loop *loop)
{
	(void)loop;
	return clock_mono();
}

static int64_t uv_backend_wall_ms(const struct loop *loop)
{
	(void)loop;
	return clock_wall_ms();
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct uv_watch *uw = poll->data;
	int seen = 0;

	if (uw->owner == NULL) {
		return;
	}
	if (status < 0) {
		/* libuv stops at POLLERR, which on a socket is only a
		 * pending error: the owner's next call collects it. */
		uv_poll_start(poll, uw->events, on_poll);
		events = uw->events;
	}
	if (events & (UV_READABLE | UV_DISCONNECT)) {
		seen |= WATCH_READ;
	}
	if (events & UV_WRITABLE) {
		seen |= WATCH_WRITE;
	}
	uw->owner->fn(uw->owner, seen);
}

static int uv_backend_watch_start(struct loop *loop, struct watch *w,
				  int events)
{
	struct uv_watch *uw = w->handle;
	int err;

	if (uw == NULL) {
		uw = calloc(1, sizeof(*uw));
		if (uw == NULL) {
			return -ENOMEM;
		}
		err = uv_poll_init(&uv_of(loop)->uv, &uw->poll, w->fd);
		if (err < 0) {
			free(uw);
			return err;
		}
		uw->poll.data = uw;
		uw->owner = w;
		w->handle = uw;
	}
	uw->events = (events & WATCH_READ ? UV_READABLE : 0) |
		     (events & WATCH_WRITE ? UV_WRITABLE : 0);
	err = uv_poll_start(&uw->poll, uw->events, on_poll);
	if (err < 0) {
		watch_stop(loop, w);
	}
	return err;
}

static void uv_backend_watch_stop(struct watch *w)
{
	struct uv_watch *uw = w->handle;

	uw->owner = NULL;
	uv_close((uv_handle_t *)&uw->poll, on_closed);
}

static void on_work(uv_work_t *req)
{
	struct uv_job *job = req->data;

	job->owner->run(job->owner);
}

static void on_work_done(uv_work_t *req, int status)
{
	struct uv_job *job = req->data;
	struct loop_uv *lu = container_of(req->loop, struct loop_uv, uv);
	struct work *w = job->owner;

	(void)status;
	free(job);
	w->handle = NULL;
	if (!lu->closing) {
		w->done(w);
	}
}

static int uv_backend_work(struct loop *loop, struct work *w)
{
	struct uv_job *job = calloc(1, sizeof(*job));
	int err;

	if (job == NULL) {
		return -ENOMEM;
	}
	job->owner = w;
	job->req.data = job;
	w->handle = job;
	err = uv_queue_work(&uv_of(loop)->uv, &job->req, on_work, on_work_done);
	if (err < 0) {
		w->handle = NULL;
		free(job);
	}
	return err;
}

static void on_signal(uv_signal_t *signal, int signum)
{
	struct uv_sig *us = signal->data;

	if (us->owner != NULL) {
		us->owner->fn(us->owner, signum);
	}
}

static int uv_backend_sig_start(struct loop *loop, struct sigwatch *s,
				int signum)
{
	struct uv_sig *us = calloc(1, sizeof(*us));
	int err;

	if (us == NULL) {
		return -ENOMEM;
	}
	err = uv_signal_init(&uv_of(loop)->uv, &us->signal);
	if (err < 0) {
		free(us);
		return err;
	}
	us->signal.data = us;
	us->owner = s;
	s->handle = us;
	err = uv_signal_start(&us->signal, on_signal, signum);
	if (err < 0) {
		sig_stop(loop, s);
	}
	return err;
}

static void uv_backend_sig_stop(struct sigwatch *s)
{
	struct uv_sig *us = s->handle;

	us->owner = NULL;
	uv_close((uv_handle_t *)&us->signal, on_closed);
}

static void close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h)) {
		uv_close(h, on_closed);
	}
}

/* Waits for helper threads: they work on memory of their owners. */
static void uv_backend_free(struct loop *loop)
{
	struct loop_uv *lu = uv_of(loop);

	lu->closing = true;
	uv_walk(&lu->uv, close_handle, NULL);
	uv_run(&lu->uv, UV_RUN_DEFAULT);
	uv_loop_close(&lu->uv);
	loop_fini(loop);
	free(lu);
}

static const struct loop_ops uv_ops = {
	.free = uv_backend_free,
	.run = uv_backend_run,
	.poll = uv_backend_poll,
	.now = uv_backend_now,
	.wall_ms = uv_backend_wall_ms,
	.watch_start = uv_backend_watch_start,
	.watch_stop = uv_backend_watch_stop,
	.work = uv_backend_work,
	.sig_start = uv_backend_sig_start,
	.sig_stop = uv_backend_sig_stop,
};

struct loop *loop_new_uv(void)
{
	struct loop_uv *lu = calloc(1, sizeof(*lu));
	int err;

	if (lu == NULL) {
		return NULL;
	}
	loop_init(&lu->loop, &uv_ops);
	err = uv_loop_init(&lu->uv);
	if (err < 0) {
		free(lu);
		errno = -err;
		return NULL;
	}
	uv_timer_init(&lu->uv, &lu->wake);
	return &lu->loop;
}
