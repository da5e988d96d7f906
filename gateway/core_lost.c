/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Legs that a killed sip role left behind: their far ends still wait. Each
 * leg's latest snapshot (cc.h) is kept here, and given to the next process.
 *
 *   SNAPSHOT --> kept --RELEASED--> dropped
 *                  \---link gone--> lost --link up, CLEAR--> dropped
 *
 * Answered legs are not lost at once: core_keep.c.
 */
#include "gateway/core_priv.h"

#include "gateway/base/log.h"

#include <errno.h>

/* A burst must not crowd calls out of the link, nor out of the far end. */
#define BATCH	 32
#define BATCH_MS 20

struct kept {
	pool_id next; /* lost: the one behind it */
	struct cc_snapshot snapshot;
};

int core_lost_open(struct core *core, unsigned calls)
{
	/* A call has one leg at most on the link to sip. As many again may be
	 * lost and not yet cleared. */
	core->lost.pool = pool_new(sizeof(struct kept), 2 * calls);
	return core->lost.pool == NULL ? -ENOMEM : 0;
}

void core_lost_close(struct core *core)
{
	timer_stop(core->role.loop, &core->lost.timer);
	if (core->lost.pool != NULL) {
		pool_destroy(core->lost.pool);
	}
}

void core_snapshot_keep(struct core *core, struct leg *leg,
			const struct cc_snapshot *s)
{
	struct kept *k = pool_get(core->lost.pool, leg->snapshot);

	if (k == NULL) {
		k = pool_alloc(core->lost.pool, &leg->snapshot);
	}
	if (k == NULL) {
		leg->snapshot = 0;
		core->drops.snapshots_full++;
		return;
	}
	k->snapshot = *s;
}

void core_snapshot_drop(struct core *core, struct leg *leg)
{
	if (leg->snapshot != 0) {
		pool_free(core->lost.pool, leg->snapshot);
		leg->snapshot = 0;
	}
}

const struct cc_snapshot *core_snapshot_of(const struct core *core,
					   const struct leg *leg)
{
	const struct kept *k = pool_get(core->lost.pool, leg->snapshot);

	return &k->snapshot;
}

void core_snapshot_lose(struct core *core, struct leg *leg,
			struct cc_cause cause)
{
	struct core_lost *lost = &core->lost;
	struct kept *last = pool_get(lost->pool, lost->last);
	struct kept *k = pool_get(lost->pool, leg->snapshot);

	if (k == NULL) {
		return;
	}
	k->snapshot.cause = cause;
	if (last != NULL) {
		last->next = leg->snapshot;
	} else {
		lost->first = leg->snapshot;
	}
	lost->last = leg->snapshot;
	leg->snapshot = 0;
}

/* 0 or -errno: then it is still the first. */
static int clear_first(struct core *core)
{
	struct core_lost *lost = &core->lost;
	struct kept *k = pool_get(lost->pool, lost->first);
	pool_id id = lost->first;
	int err;

	err = link_send(&core->sip, &k->snapshot.head, CC_CLEAR,
			sizeof(k->snapshot));
	if (err != 0) {
		return err;
	}
	core->n.cleared++;
	lost->first = k->next;
	if (lost->first == 0) {
		lost->last = 0;
	}
	pool_free(lost->pool, id);
	return 0;
}

static void on_batch(struct timer *t)
{
	struct core *core = container_of(t, struct core, lost.timer);
	int err = 0;

	for (unsigned i = 0; i < BATCH && err == 0; i++) {
		if (core->lost.first == 0) {
			return;
		}
		err = clear_first(core);
	}
	if (err != 0 && err != -ENOBUFS) {
		return; /* the link is gone again: what is left waits */
	}
	if (timer_start(core->role.loop, t, on_batch, BATCH_MS) != 0) {
		core->drops.no_timer++;
	}
}

void core_lost_clear(struct core *core)
{
	if (core->lost.first == 0) {
		return;
	}
	log_info("sip: calls of the lost role are cleared towards their ends");
	on_batch(&core->lost.timer);
}
