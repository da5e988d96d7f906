/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which trunks have no line left: told to sip, which tells it to the far end
 * when that asks (OPTIONS), so that it calls elsewhere before a call is lost.
 * Told at a change alone; sip begins with all of them being served.
 */
#include "gateway/core_priv.h"

/* Has a call of that trunk a line to go to? One without routes to lines is
 * not judged. */
static bool is_served(struct core *core, unsigned trunk)
{
	bool any = false;

	for (unsigned i = 0; i < core->conf->n_routes; i++) {
		const struct conf_route *r = &core->conf->routes[i];

		if (r->from_end != CONF_END_TRUNK || r->from != trunk ||
		    r->to_end != CONF_END_SPAN) {
			continue;
		}
		if (core_end_up(core, (struct cc_end){CC_END_SPAN, r->to})) {
			return true;
		}
		any = true;
	}
	return !any;
}

void core_tell_reach(struct core *core)
{
	for (unsigned t = 0; t < core->conf->n_trunks; t++) {
		struct cc_end_state s = {.end = {CC_END_TRUNK, (uint8_t)t},
					 .up = is_served(core, t)};
		struct core_trunk *trunk = &core->trunks[t];

		/* Lines that have not come up yet are no news. */
		trunk->served |= s.up != 0;
		if (!trunk->served || trunk->unserved == !s.up) {
			continue;
		}
		if (link_is_up(&core->sip) &&
		    link_send(&core->sip, &s.head, CC_END_STATE,
			      sizeof(s)) == 0) {
			trunk->unserved = !s.up;
			core_note(core, NULL, "trunk %s: %s",
				  core->conf->trunks[t].name,
				  s.up ? "a line takes its calls again"
				       : "no line takes its calls: OPTIONS "
					 "are answered with 503");
		}
	}
}
