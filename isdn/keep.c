/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The death of the core (cc.h, "Loss of a link"): answered calls go on for
 * CC_KEEP_S and are told to a new core; the others are cleared.
 */
#include <string.h>

#include "isdn/isdn_priv.h"

/* Nobody is left who knows these calls. Returns how many are kept. */
static unsigned lose(struct isdn *isdn, bool answered)
{
	struct cc_cause cause = { CAUSE_TEMPORARY, isdn_location(isdn) };
	unsigned i, kept = 0;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase == LEG_FREE) {
			continue;
		}
		if (!answered && l->s.phase == LEG_ACTIVE) {
			kept++;
			continue;
		}
		l->s.orphan = 1;
		leg_clear(l, cause);
	}
	isdn_settle(isdn);
	return kept;
}

static void on_keep(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, health.keep);

	log_warn("%s: no new core within %d s, clearing all calls",
		 isdn_name(isdn), CC_KEEP_S);
	lose(isdn, true);
}

void keep_await(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->n_spans; i++) {
		memset(&isdn->spans[i].told, 0, sizeof(isdn->spans[i].told));
		isdn->spans[i].barred_told = 0;
	}
	if (lose(isdn, false) > 0 &&
	    timer_start(isdn_loop(isdn), &isdn->health.keep, on_keep,
			CC_KEEP_S * 1000) < 0) {
		lose(isdn, true);
	}
}

void keep_tell(struct isdn *isdn)
{
	struct link_head settled;
	unsigned i;

	keep_stop(isdn);
	busy_tell_core(isdn);
	for (i = 0; i < isdn->n_legs; i++) {
		const struct leg *l = &isdn->legs[i];
		struct cc_kept k = { .leg = l->s.id, .held = l->s.held };

		if (l->s.phase != LEG_ACTIVE || l->s.orphan) {
			continue;
		}
		leg_where(l, &k.end, &k.channel);
		link_send(&isdn->core, &k.head, CC_KEPT, sizeof(k));
	}
	link_send(&isdn->core, &settled, CC_SETTLED, sizeof(settled));
}

void keep_stop(struct isdn *isdn)
{
	timer_stop(isdn_loop(isdn), &isdn->health.keep);
}
