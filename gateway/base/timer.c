/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer heap of a loop; struct timer is declared in loop.h. */
#include "gateway/base/loop_priv.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_FIRST 64

static bool is_before(const struct timer *a, const struct timer *b)
{
	if (a->at.ns != b->at.ns) {
		return a->at.ns < b->at.ns;
	}
	return a->order < b->order;
}

static void put(struct timer_heap *h, size_t place, struct timer *t)
{
	h->slot[place] = t;
	t->heap = place;
}

static void sift_up(struct timer_heap *h, size_t place, struct timer *t)
{
	while (place > 1 && is_before(t, h->slot[place / 2])) {
		put(h, place, h->slot[place / 2]);
		place /= 2;
	}
	put(h, place, t);
}

static void sift_down(struct timer_heap *h, size_t place, struct timer *t)
{
	size_t child = place * 2;

	while (child <= h->used) {
		if (child < h->used &&
		    is_before(h->slot[child + 1], h->slot[child])) {
			child++;
		}
		if (is_before(t, h->slot[child])) {
			break;
		}
		put(h, place, h->slot[child]);
		place = child;
		child = place * 2;
	}
	put(h, place, t);
}

/* Room for one more; slot[0] counts as room. */
static int grow(struct timer_heap *h)
{
	size_t room = h->room == 0 ? ROOM_FIRST : h->room * 2;
	struct timer **slot;

	if (h->used + 1 < h->room) {
		return 0;
	}
	slot = realloc(h->slot, room * sizeof(struct timer *));
	if (slot == NULL) {
		return -ENOMEM;
	}
	h->slot = slot;
	h->room = room;
	return 0;
}

int timer_start_at(struct loop *loop, struct timer *t, timer_fn *fn, mono_t at)
{
	struct timer_heap *h = &loop->timers;
	int err;

	if (t->heap == 0) {
		err = grow(h);
		if (err < 0) {
			return err;
		}
	} else {
		timer_stop(loop, t);
	}
	t->fn = fn;
	t->at = at;
	t->order = h->order++;
	h->used++;
	sift_up(h, h->used, t);
	return 0;
}

int timer_start(struct loop *loop, struct timer *t, timer_fn *fn, int64_t ms)
{
	mono_t now = loop_now(loop);
	int64_t most = (INT64_MAX - now.ns) / NS_PER_MS;

	if (ms < 0) {
		ms = 0;
	} else if (ms > most) {
		ms = most;
	}
	return timer_start_at(loop, t, fn, mono_add_ms(now, ms));
}

void timer_stop(struct loop *loop, struct timer *t)
{
	struct timer_heap *h = &loop->timers;
	size_t place = t->heap;
	struct timer *moved;

	if (place == 0) {
		return;
	}
	t->heap = 0;
	moved = h->slot[h->used];
	h->used--;
	if (moved == t) {
		return;
	}
	if (place > 1 && is_before(moved, h->slot[place / 2])) {
		sift_up(h, place, moved);
	} else {
		sift_down(h, place, moved);
	}
}

bool timer_is_running(const struct timer *t)
{
	return t->heap != 0;
}

int64_t timer_left_ms(const struct loop *loop, const struct timer *t)
{
	int64_t left;

	if (t->heap == 0) {
		return -1;
	}
	left = mono_diff_ns(t->at, loop_now(loop));
	if (left <= 0) {
		return 0;
	}
	return left / NS_PER_MS + (left % NS_PER_MS != 0 ? 1 : 0);
}

bool timer_run_one(struct loop *loop, mono_t now, uint64_t order)
{
	struct timer_heap *h = &loop->timers;
	struct timer *t;

	if (h->used == 0) {
		return false;
	}
	t = h->slot[1];
	if (t->at.ns > now.ns || t->order >= order) {
		return false;
	}
	timer_stop(loop, t);
	t->fn(t);
	return true;
}

bool timer_next(const struct loop *loop, mono_t *at)
{
	if (loop->timers.used == 0) {
		return false;
	}
	*at = loop->timers.slot[1]->at;
	return true;
}
