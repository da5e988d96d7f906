/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loop's backends and the timer heap share: the struct loop that
 * each backend embeds. For gateway/base alone.
 */
#ifndef BASE_LOOP_PRIV_H
#define BASE_LOOP_PRIV_H

#include "gateway/base/loop.h"

/* Binary min-heap by (at, order). slot[0] is unused, so that place 0 can
 * mean idle in struct timer. */
struct timer_heap {
	struct timer **slot;
	size_t used, room;
	uint64_t order; /* of the next timer started */
};

struct loop_ops {
	void (*free)(struct loop *);
	void (*run)(struct loop *);
	void (*advance)(struct loop *, int64_t ms); /* NULL: real time */
	void (*poll)(struct loop *);
	mono_t (*now)(const struct loop *);
	int64_t (*wall_ms)(const struct loop *);
	void (*wall_step)(struct loop *, int64_t ms); /* NULL: real time */
	int (*watch_start)(struct loop *, struct watch *, int events);
	void (*watch_stop)(struct watch *);
	int (*work)(struct loop *, struct work *);
	int (*sig_start)(struct loop *, struct sigwatch *, int signum);
	void (*sig_stop)(struct sigwatch *);
};

struct loop {
	const struct loop_ops *ops;
	struct timer_heap timers;
	struct defer *first, *last;
	size_t deferred;
	bool stop;
};

void loop_init(struct loop *, const struct loop_ops *);
void loop_fini(struct loop *);

/* Run up to max deferred calls; those they add are beyond the present end
 * of the queue. */
void loop_run_deferred(struct loop *, size_t max);

/* Run the first timer if it is due at t and was started before the timer
 * numbered `order`; false: there is none. */
bool timer_run_one(struct loop *, mono_t t, uint64_t order);
/* When the first timer fires; false: none runs. */
bool timer_next(const struct loop *, mono_t *at);

#endif
