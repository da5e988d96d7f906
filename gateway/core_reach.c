/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who can reach nobody. Trunks that have no line left: told to sip, which tells
 * it to the far end when that asks (OPTIONS), so that it calls elsewhere before
 * a call is lost. Lines that have no trunk left: told to isdn, after BUSY_OUT_MS
 * without one, where the PBX is to see it (busy_out). Told at a change alone;
 * sip begins with all of them being served.
 */
#include "gateway/core_priv.h"

/* --- trunks --- */

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

/* --- lines --- */

#define BUSY_OUT_MS 5000 /* a role that restarts, a trunk that flaps: no news */

/* Has a call of that line a trunk to go to? One without routes to trunks is
 * not judged. */
static bool has_trunk(struct core *core, unsigned span)
{
	bool any = false;

	for (unsigned i = 0; i < core->conf->n_routes; i++) {
		const struct conf_route *r = &core->conf->routes[i];

		if (r->from_end != CONF_END_SPAN ||
		    r->to_end != CONF_END_TRUNK ||
		    !core_same_group(core, r->from, span)) {
			continue;
		}
		if (core_end_up(core, (struct cc_end){CC_END_TRUNK, r->to})) {
			return true;
		}
		any = true;
	}
	return !any;
}

static void tell_line(struct core *core, unsigned span, bool busied)
{
	struct core_span *s = &core->spans[span];
	struct cc_end_state m = {.end = {CC_END_SPAN, (uint8_t)span},
				 .up = !busied};

	if (link_is_up(&s->link) &&
	    link_send(&s->link, &m.head, CC_END_STATE, sizeof(m)) == 0) {
		if (busied || s->reach == REACH_OUT) {
			core_note(core, NULL, "span %s: %s",
				  core->conf->spans[span].name,
				  busied ? "busied out: no trunk takes its calls"
					 : "a trunk takes its calls again");
		}
		s->reach = busied ? REACH_OUT : REACH_SERVED;
	}
}

static void on_busy_out(struct timer *t)
{
	struct core_span *s = container_of(t, struct core_span, busy_out);
	unsigned span = (unsigned)(s - s->core->spans);

	if (!has_trunk(s->core, span)) {
		tell_line(s->core, span, true);
	}
}

static void judge_line(struct core *core, unsigned span)
{
	struct core_span *s = &core->spans[span];
	struct loop *loop = core->role.loop;

	if (core_leader(core, span) != span) {
		return;
	}
	if (core->conf->spans[span].busy_out == CONF_BUSY_REJECT) {
		timer_stop(loop, &s->busy_out);
	} else if (has_trunk(core, span)) {
		timer_stop(loop, &s->busy_out);
		if (s->reach != REACH_SERVED) {
			tell_line(core, span, false);
		}
	} else if (s->reach != REACH_OUT && !timer_is_running(&s->busy_out) &&
		   timer_start(loop, &s->busy_out, on_busy_out,
			       BUSY_OUT_MS) != 0) {
		core->drops.no_timer++;
	}
}

void core_reach_forget(struct core *core, unsigned span)
{
	timer_stop(core->role.loop, &core->spans[span].busy_out);
	core->spans[span].reach = REACH_UNTOLD;
}

/* --- both --- */

void core_tell_reach(struct core *core)
{
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		judge_line(core, i);
	}
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
