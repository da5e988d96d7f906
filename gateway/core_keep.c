/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answered legs of a sip role that was killed. Their calls go on: speech runs
 * through the media role, and the next sip process takes over the dialogs by
 * the snapshots that are kept here (cc.h, KEEP).
 *
 *   answered --link gone--> waits --link up: KEEP--> answered
 *                             | \--its call is cleared--> lost (CLEAR)
 *                             \---CORE_KEEP_S--> lost, cause 41
 */
#include "gateway/call.h"

#include "gateway/base/log.h"

static bool is_answered(const struct leg *leg)
{
	return leg->side == SIDE_A ? leg->state == A_ACTIVE
				   : leg->state == B_ACTIVE;
}

static void on_guard(struct timer *t)
{
	struct core *core = container_of(t, struct core, keep_guard);
	pool_id id = pool_next(core->calls, 0);
	unsigned n = 0;

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		for (unsigned side = SIDE_A; side <= SIDE_B; side++) {
			struct leg *leg = &call->leg[side];

			if (leg->id != 0 && leg->waits) {
				n++;
				core_snapshot_lose(core, leg, call_lost_cause);
				call_on_down(leg);
				break; /* the other one is no trunk's */
			}
		}
	}
	if (n > 0) {
		log_err("sip: no new role within %d s: %u calls are lost",
			CORE_KEEP_S, n);
	}
}

bool core_keep_leg(struct core *core, struct leg *leg)
{
	if (leg->waits) {
		return true;
	}
	if (leg->snapshot == 0 || !is_answered(leg) || leg->call->ending) {
		return false;
	}
	if (!timer_is_running(&core->keep_guard) &&
	    timer_start(core->role.loop, &core->keep_guard, on_guard,
			CORE_KEEP_S * 1000) != 0) {
		core->drops.no_timer++;
		return false;
	}
	leg->waits = true;
	leg->missed = false;
	return true;
}

/* The new role knows the hold of before; what changed while there was none it
 * is told now. */
static void tell_missed(struct core *core, struct leg *leg)
{
	struct call *call = leg->call;
	const struct leg *other = &call->leg[leg->side == SIDE_A ? SIDE_B
								 : SIDE_A];
	struct cc_msg m = {0};

	if (leg->missed) {
		call_send(leg, &m, other->held ? CC_HOLD : CC_RETRIEVE);
	}
	leg->missed = false;
	core->n.kept++;
}

static bool keep(struct core *core, struct leg *leg)
{
	struct cc_snapshot s = *core_snapshot_of(core, leg);

	s.leg = leg->id;
	s.cause = (struct cc_cause){0};
	if (link_send(&core->sip, &s.head, CC_KEEP, sizeof(s)) != 0) {
		core->drops.unsent++;
		return false;
	}
	leg->waits = false;
	tell_missed(core, leg);
	return true;
}

void core_keep_tell(struct core *core)
{
	struct link_head settled;
	pool_id id = pool_next(core->calls, 0);
	unsigned n = 0;
	bool all = true;

	for (; id != 0; id = pool_next(core->calls, id)) {
		struct call *call = call_get(core, id);

		for (unsigned side = SIDE_A; side <= SIDE_B; side++) {
			if (call->leg[side].waits && call->leg[side].id != 0) {
				all &= keep(core, &call->leg[side]);
				n++;
			}
		}
	}
	if (link_send(&core->sip, &settled, CC_SETTLED, sizeof(settled)) != 0) {
		core->drops.unsent++;
	}
	if (all) {
		timer_stop(core->role.loop, &core->keep_guard);
	}
	if (n > 0) {
		log_info("sip: the new role goes on with %u calls", n);
	}
}
