/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answered calls outlive the process at either end of a link (cc.h, "Loss of
 * a link"). Their speech runs through the media role all the time.
 *
 *   a sip role was killed     its legs wait here with their snapshots
 *   the core was killed       calls come from the journal; both legs and the
 *                             media wait
 *
 *   answered --link gone--> waits --KEEP, or KEPT--> answered
 *                             | \--its call is cleared--> lost (CLEAR)
 *                             \---SETTLED or CC_KEEP_S without it--> lost, 41
 */
#include "gateway/call.h"

#include "gateway/base/log.h"

/* --- what does not come back --- */

static bool is_waiting(const struct leg *leg)
{
	return leg->id != 0 && leg->waits;
}

static void lose(struct core *core, struct leg *leg)
{
	core_snapshot_lose(core, leg, call_lost_cause);
	call_on_down(leg);
}

/* from NULL: whatever waits. */
static unsigned lose_waiting(struct core *core, const struct cc_end *from)
{
	pool_id id = pool_next(core->calls, 0);
	unsigned n = 0;

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		/* With one leg the call ends, and the other leg with it. */
		for (unsigned side = SIDE_A; side <= SIDE_B; side++) {
			struct leg *leg = &call->leg[side];

			if (is_waiting(leg) &&
			    (from == NULL || core_is_on_link(leg, *from))) {
				lose(core, leg);
				n++;
				break;
			}
		}
	}
	return n;
}

static void lose_waiting_media(struct core *core)
{
	pool_id id = pool_next(core->calls, 0);

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		if (call->media.waits) {
			call_on_media_down(call);
		}
	}
}

static void on_guard(struct timer *t)
{
	struct core *core = container_of(t, struct core, lost.guard);
	unsigned n = lose_waiting(core, NULL);

	lose_waiting_media(core);
	if (n > 0) {
		log_err("core: %u calls are lost: their role was not back "
			"within %d s", n, CC_KEEP_S);
	}
}

int core_keep_guard(struct core *core)
{
	int err = timer_start(core->role.loop, &core->lost.guard, on_guard,
			      CC_KEEP_S * 1000);

	core->drops.no_timer += err != 0;
	return err;
}

/* --- a role was killed --- */

static bool is_answered(const struct leg *leg)
{
	return leg->side == SIDE_A ? leg->state == A_ACTIVE
				   : leg->state == B_ACTIVE;
}

bool core_keep_leg(struct core *core, struct leg *leg)
{
	if (leg->waits) {
		return true;
	}
	if (leg->snapshot == 0 || !is_answered(leg) || leg->call->ending ||
	    core_keep_guard(core) != 0) {
		return false;
	}
	leg->waits = true;
	leg->missed = false;
	return true;
}

/* Is back. The role knows the hold of before; what changed while there was
 * none it is told now. */
static void go_on(struct core *core, struct leg *leg)
{
	struct call *call = leg->call;
	const struct leg *other = &call->leg[leg->side == SIDE_A ? SIDE_B
								 : SIDE_A];
	struct cc_msg m = {0};

	leg->waits = false;
	if (leg->missed) {
		call_send(leg, &m, other->held ? CC_HOLD : CC_RETRIEVE);
	}
	leg->missed = false;
	call_transfer_resume(leg);
	core->n.kept += leg->end.kind == CC_END_TRUNK;
}

static void keep(struct core *core, struct leg *leg)
{
	struct cc_snapshot s = *core_snapshot_of(core, leg);

	s.leg = leg->id;
	s.cause = (struct cc_cause){0};
	if (link_send(&core->sip, &s.head, CC_KEEP, sizeof(s)) == 0) {
		go_on(core, leg);
	} else {
		core->drops.unsent++;
	}
}

static void settle(struct core *core, struct link *l)
{
	struct link_head settled;

	if (link_send(l, &settled, CC_SETTLED, sizeof(settled)) != 0) {
		core->drops.unsent++;
	}
}

void core_keep_sip(struct core *core)
{
	unsigned n = 0;

	for (pool_id id = pool_next(core->calls, 0); id != 0;
	     id = pool_next(core->calls, id)) {
		struct call *call = call_get(core, id);

		for (unsigned side = SIDE_A; side <= SIDE_B; side++) {
			struct leg *leg = &call->leg[side];

			if (is_waiting(leg) && leg->snapshot != 0) {
				keep(core, leg);
				n++;
			}
		}
	}
	settle(core, &core->sip);
	if (n > 0) {
		log_info("sip: the new role goes on with %u calls", n);
	}
}

/* What the operator said to the role that was there before. */
static void tell_barred(struct core *core, unsigned span)
{
	struct cc_barred m = {.end = {CC_END_SPAN, (uint8_t)span},
			      .slots = core->spans[span].barred};

	if (m.slots != 0 && link_send(core_link(core, m.end), &m.head,
				      CC_BARRED, sizeof(m)) != 0) {
		core->drops.unsent++;
	}
}

void core_keep_isdn(struct core *core, unsigned span)
{
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (core_same_group(core, i, span)) {
			tell_barred(core, i);
		}
	}
	settle(core, &core->spans[span].link);
}

void core_keep_media(struct core *core)
{
	struct link_head settled;

	for (pool_id id = pool_next(core->calls, 0); id != 0;
	     id = pool_next(core->calls, id)) {
		struct call *call = call_get(core, id);
		struct media_claim m = {.ref = call->id, .id = call->media.id};

		if (call->media.waits &&
		    link_send(&core->media, &m.head, MEDIA_CLAIM,
			      sizeof(m)) != 0) {
			core->drops.unsent++;
		}
	}
	if (link_send(&core->media, &settled, MEDIA_SETTLED,
		      sizeof(settled)) != 0) {
		core->drops.unsent++;
	}
}

/* --- what the roles still have --- */

static void refuse_kept(struct core *core, const struct cc_kept *k)
{
	struct cc_msg m = {.leg = k->leg, .end = k->end,
			   .cause = call_lost_cause};

	core->drops.unknown_leg++;
	if (link_send(core_link(core, k->end), &m.head, CC_RELEASE,
		      sizeof(m)) != 0) {
		core->drops.unsent++;
	}
}

void core_on_kept(struct core *core, const struct cc_kept *k,
		  struct cc_end from)
{
	struct cc_end end = {from.kind, from.kind == CC_END_TRUNK ? k->end.index
								  : from.index};
	struct leg *leg = leg_find(&core->legs, end, k->leg);
	struct cc_msg m = {.leg = k->leg, .end = k->end, .media = k->media,
			   .channel = k->channel};

	if (leg == NULL) {
		refuse_kept(core, k);
		return;
	}
	if (leg->waits) {
		go_on(core, leg);
	}
	m.head.type = k->held == leg->held ? CC_UPDATE
		      : k->held		   ? CC_HOLD
					   : CC_RETRIEVE;
	call_on_msg(leg, &m);
}

void core_on_settled(struct core *core, struct cc_end from)
{
	unsigned n = lose_waiting(core, &from);

	if (n > 0) {
		log_warn("core: %u calls had ended while it was away", n);
	}
}
