/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the loop that no backend changes: deferred calls, dispatch. */
#include "gateway/base/loop_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void loop_init(struct loop *loop, const struct loop_ops *ops)
{
	*loop = (struct loop){.ops = ops};
}

void loop_fini(struct loop *loop)
{
	free(loop->timers.slot);
	loop->timers = (struct timer_heap){0};
}

void loop_free(struct loop *loop)
{
	if (loop != NULL) {
		loop->ops->free(loop);
	}
}

void loop_run(struct loop *loop)
{
	loop->ops->run(loop);
	loop->stop = false;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

void loop_advance(struct loop *loop, int64_t ms)
{
	assert(loop->ops->advance != NULL);
	loop->ops->advance(loop, ms);
}

void loop_poll(struct loop *loop)
{
	loop->ops->poll(loop);
}

mono_t loop_now(const struct loop *loop)
{
	return loop->ops->now(loop);
}

int64_t loop_wall_ms(const struct loop *loop)
{
	return loop->ops->wall_ms(loop);
}

void loop_wall_step(struct loop *loop, int64_t ms)
{
	assert(loop->ops->wall_step != NULL);
	loop->ops->wall_step(loop, ms);
}

int watch_start(struct loop *loop, struct watch *w, int fd, int events,
		watch_fn *fn)
{
	if (w->handle != NULL && w->fd != fd) {
		watch_stop(loop, w);
	}
	w->fn = fn;
	w->fd = fd;
	return loop->ops->watch_start(loop, w, events);
}

void watch_stop(struct loop *loop, struct watch *w)
{
	if (w->handle != NULL) {
		loop->ops->watch_stop(w);
		w->handle = NULL;
	}
}

void loop_defer(struct loop *loop, struct defer *d, defer_fn *fn)
{
	if (d->queued) {
		return;
	}
	d->fn = fn;
	d->next = NULL;
	d->queued = true;
	if (loop->first == NULL) {
		loop->first = d;
	} else {
		loop->last->next = d;
	}
	loop->last = d;
	loop->deferred++;
}

void loop_defer_cancel(struct loop *loop, struct defer *d)
{
	struct defer *before = NULL, *at;

	if (!d->queued) {
		return;
	}
	for (at = loop->first; at != d; at = at->next) {
		before = at;
	}
	if (before == NULL) {
		loop->first = d->next;
	} else {
		before->next = d->next;
	}
	if (loop->last == d) {
		loop->last = before;
	}
	loop->deferred--;
	d->queued = false;
}

void loop_run_deferred(struct loop *loop, size_t max)
{
	struct defer *d;

	while (max > 0 && loop->first != NULL && !loop->stop) {
		d = loop->first;
		loop->first = d->next;
		loop->deferred--;
		d->queued = false;
		d->fn(d);
		max--;
	}
}

int loop_work(struct loop *loop, struct work *w, work_fn *run, work_fn *done)
{
	if (w->handle != NULL) {
		return -EBUSY;
	}
	w->run = run;
	w->done = done;
	return loop->ops->work(loop, w);
}

int sig_start(struct loop *loop, struct sigwatch *s, int signum, sig_fn *fn)
{
	sig_stop(loop, s);
	s->fn = fn;
	return loop->ops->sig_start(loop, s, signum);
}

void sig_stop(struct loop *loop, struct sigwatch *s)
{
	if (s->handle != NULL) {
		loop->ops->sig_stop(s);
		s->handle = NULL;
	}
}
