/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that never sleeps. Its clock stands still while callbacks run,
 * and jumps to the next timer when nothing is deferred. Between two timers
 * everything that the first one deferred is done, so that messages on
 * in-memory links take no time.
 */
#include "gateway/base/loop_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Not 0, so that a time that was never set is not taken for the start. */
#define SIM_START_NS (1000 * NS_PER_S)

struct loop_sim {
	struct loop loop;
	mono_t now;
	int64_t wall_ms; /* at SIM_START_NS, steps included */
};

static struct loop_sim *sim_of(struct loop *loop)
{
	return container_of(loop, struct loop_sim, loop);
}

static void sim_free(struct loop *loop)
{
	loop_fini(loop);
	free(sim_of(loop));
}

/* Deferred calls, then one timer due by `until`; false: nothing to do. */
static bool sim_step(struct loop *loop, mono_t until)
{
	struct loop_sim *sim = sim_of(loop);
	mono_t at;

	loop_run_deferred(loop, SIZE_MAX);
	if (loop->stop || !timer_next(loop, &at) || at.ns > until.ns) {
		return false;
	}
	if (at.ns > sim->now.ns) {
		sim->now = at;
	}
	return timer_run_one(loop, sim->now, UINT64_MAX);
}

static void sim_run(struct loop *loop)
{
	while (sim_step(loop, (mono_t){INT64_MAX})) {
	}
}

static void sim_advance(struct loop *loop, int64_t ms)
{
	struct loop_sim *sim = sim_of(loop);
	mono_t until = mono_add_ms(sim->now, ms > 0 ? ms : 0);

	while (sim_step(loop, until)) {
	}
	if (!loop->stop) {
		sim->now = until;
	}
	loop->stop = false;
}

/* What is due now, but not what that starts for now: else a timer that
 * restarts itself with 0 ms would keep us here. */
static void sim_poll(struct loop *loop)
{
	struct loop_sim *sim = sim_of(loop);
	uint64_t order = loop->timers.order;

	do {
		loop_run_deferred(loop, SIZE_MAX);
	} while (!loop->stop && timer_run_one(loop, sim->now, order));
	loop->stop = false;
}

static mono_t sim_now(const struct loop *loop)
{
	const struct loop_sim *sim = (const struct loop_sim *)loop;

	return sim->now;
}

static int64_t sim_wall_ms(const struct loop *loop)
{
	const struct loop_sim *sim = (const struct loop_sim *)loop;

	return sim->wall_ms + mono_diff_ms(sim->now, (mono_t){SIM_START_NS});
}

static void sim_wall_step(struct loop *loop, int64_t ms)
{
	sim_of(loop)->wall_ms += ms;
}

static int sim_watch_start(struct loop *loop, struct watch *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	return -ENOTSUP;
}

static void sim_watch_stop(struct watch *w)
{
	(void)w;
}

static void sim_work_done(struct defer *d)
{
	struct work *w = container_of(d, struct work, defer);

	w->handle = NULL;
	w->done(w);
}

static int sim_work(struct loop *loop, struct work *w)
{
	w->handle = w;
	w->run(w);
	loop_defer(loop, &w->defer, sim_work_done);
	return 0;
}

static int sim_sig_start(struct loop *loop, struct sigwatch *s, int signum)
{
	(void)loop;
	(void)s;
	(void)signum;
	return -ENOTSUP;
}

static void sim_sig_stop(struct sigwatch *s)
{
	(void)s;
}

static const struct loop_ops sim_ops = {
	.free = sim_free,
	.run = sim_run,
	.advance = sim_advance,
	.poll = sim_poll,
	.now = sim_now,
	.wall_ms = sim_wall_ms,
	.wall_step = sim_wall_step,
	.watch_start = sim_watch_start,
	.watch_stop = sim_watch_stop,
	.work = sim_work,
	.sig_start = sim_sig_start,
	.sig_stop = sim_sig_stop,
};

struct loop *loop_new_sim(int64_t wall_ms)
{
	struct loop_sim *sim = calloc(1, sizeof(*sim));

	if (sim == NULL) {
		return NULL;
	}
	loop_init(&sim->loop, &sim_ops);
	sim->now = (mono_t){SIM_START_NS};
	sim->wall_ms = wall_ms;
	return &sim->loop;
}
