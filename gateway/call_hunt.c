/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the number to the callee: routes, and the next one when one fails. */
#include "gateway/call.h"

#include "gateway/base/str.h"
#include "gateway/policy.h"

#include <string.h>

/* More digits may follow those that a pattern with a wildcard matches:
 * RFC 3578 2.1, timer T10. */
#define T10_MS 5000

/* A SETUP with fewer digits, not marked as complete, is overlap sending. */
#define EN_BLOC_DIGITS 3

struct pick {
	unsigned step;
	uint16_t index;
	struct cc_end to;
	struct cc_number number;
	bool full; /* an end was passed over: media has no time for it */
};

/* Causes after which another way may work (RFC 3398 7.2.4.1 gives most of
 * them 503); 102: nobody answered at all. */
bool call_is_failover(unsigned cause)
{
	static const uint8_t causes[] = {6, 34, 35, 38, 39, 41, 42,
					 44, 47, 58, 82, 102};

	return cause != 0 && memchr(causes, (int)cause, sizeof(causes));
}

static struct cc_end end_to(const struct conf_route *r)
{
	return (struct cc_end){r->to_end == CONF_END_SPAN ? CC_END_SPAN
							  : CC_END_TRUNK,
			       r->to};
}

/* An emergency call is tried wherever there is a role to ask. */
static bool may_try(struct core *core, const struct route_ask *ask,
		    struct cc_end to)
{
	return core_end_up(core, to) ||
	       (ask->emergency && link_is_up(core_link(core, to)));
}

/* RFC 4904: is the end in the trunk group that the caller asked for? A span's
 * name stands for all of its NFAS group. */
static bool in_group(const struct call *call, struct cc_end to)
{
	const struct conf *conf = call->core->conf;
	const char *group = call->setup.extra.group;
	unsigned i;

	if (group[0] == '\0' || call->hunt.ask.emergency ||
	    to.kind != CC_END_SPAN) {
		return true;
	}
	for (i = 0; i < conf->n_spans; i++) {
		if (!conf->spans[i].gone &&
		    strcmp(conf->spans[i].name, group) == 0) {
			return core_leader(call->core, i) == to.index;
		}
	}
	return false;
}

/* The cause that the trunk of a call from or to it refuses the bearer with. */
static uint8_t refused_bearer(const struct call *call, struct cc_end to)
{
	struct cc_end trunk = to.kind == CC_END_TRUNK ? to
						      : call->leg[SIDE_A].end;

	const struct conf_trunk *t = &call->core->conf->trunks[trunk.index];

	return policy_bearer(call->setup.bearer, t->wire.clear_mode);
}

/* The same when none of the trunks that the number has a route to takes it;
 * when there is no route, what is no speech is refused all the same. */
static uint8_t refused_everywhere(const struct call *call)
{
	const struct conf *conf = call->core->conf;
	uint8_t cause = policy_bearer(call->setup.bearer, false);
	struct cc_number out;
	unsigned step = 0;
	int i;

	while (cause != 0 && (i = route_next(conf, &call->hunt.ask, &step,
					     &out)) >= 0) {
		cause = refused_bearer(call, end_to(&conf->routes[i]));
	}
	return cause;
}

/* The next end to try. Another channel of the same span is isdn's business. */
static bool find_next(const struct call *call, struct pick *p)
{
	const struct call_hunt *h = &call->hunt;
	struct core *core = call->core;
	int i;

	p->step = h->step;
	p->full = false;
	if (h->epoch != core->epoch) {
		return false; /* the routes it was on are no more */
	}
	while ((i = route_next(core->conf, &h->ask, &p->step, &p->number)) >=
	       0) {
		p->index = (uint16_t)i;
		p->to = end_to(&core->conf->routes[i]);
		if (!may_try(core, &h->ask, p->to) || !in_group(call, p->to) ||
		    refused_bearer(call, p->to) != 0) {
			continue;
		}
		if (h->ask.emergency || !core_end_full(core, p->to)) {
			return true;
		}
		p->full = true;
	}
	return false;
}

bool call_has_next(const struct call *call, struct cc_cause cause)
{
	struct pick p;

	return !call->ending && !call->told.alerting &&
	       !call->told.answered && call_is_failover(cause.value) &&
	       find_next(call, &p);
}

/* --- the callee's leg --- */

static void fill_setup(struct call *call, struct cc_msg *m)
{
	const struct conf *conf = call->core->conf;
	struct cc_end from = call->leg[SIDE_A].end, to = call->hunt.to;

	*m = call->setup;
	memset(&m->media, 0, sizeof(m->media));
	memset(&m->cause, 0, sizeof(m->cause));
	m->called = call->hunt.number;
	m->channel = 0;
	m->complete = 1;
	m->emergency = call->hunt.ask.emergency;
	str_copy(m->ref, sizeof(m->ref), call->cdr.id);
	m->detail[0] = '\0';
	if (to.kind == CC_END_SPAN) {
		m->progress = CC_PROG_NON_ISDN_ORIG;
		m->extra.group[0] = '\0';
		policy_caller_to_line(&conf->spans[to.index], m);
	} else {
		call_media_offer(call, m);
		str_copy(m->extra.group, sizeof(m->extra.group),
			 conf->spans[from.index].name);
		policy_caller_to_trunk(&conf->spans[from.index],
				       &conf->trunks[to.index], m);
	}
}

static void note_callee(struct call *call, const struct cc_msg *m)
{
	struct cdr_side *b = &call->cdr.b;
	char from[CC_DIGITS_MAX + 2], to[CC_DIGITS_MAX + 2];

	memset(b, 0, sizeof(*b));
	b->used = 1;
	b->end = call->hunt.to;
	str_copy(b->name, CONF_NAME, core_end_name(call->core, b->end));
	call->cdr.num.from_out = m->calling;
	call->cdr.num.to_out = m->called;
	call->cdr.route = (uint16_t)(call->hunt.index + 1);
	cc_number_str(&m->calling, from);
	core_note(call->core, call, "%s %s calls %s on %s, route %u",
		  call->cdr.a.name, from[0] != '\0' ? from : "unknown",
		  cc_number_str(&m->called, to), b->name,
		  call->hunt.index + 1u);
}

leg_id call_next_leg_id(struct core *core, struct cc_end end)
{
	do {
		core->last_leg = (core->last_leg + 1) | CC_LEG_CORE;
	} while (leg_find(&core->legs, end, core->last_leg) != NULL);
	return core->last_leg;
}

/* False: its role cannot be reached. */
static bool call_callee(struct call *call)
{
	struct core *core = call->core;
	struct leg *b = &call->leg[SIDE_B];
	struct cc_msg m;

	memset(b, 0, sizeof(*b));
	b->call = call;
	b->side = SIDE_B;
	b->span = call->hunt.to.index;
	call_leg_begin(b, call_next_leg_id(core, call->hunt.to),
		       call->hunt.to);
	call_set_state(b, B_CALLED);
	fill_setup(call, &m);
	note_callee(call, &m);
	call_save(call);
	if (call_send(b, &m, CC_SETUP) != 0) {
		call_leg_end(b);
		return false;
	}
	return true;
}

static void take(struct call *call, const struct pick *p)
{
	struct call_hunt *h = &call->hunt;

	h->step = p->step;
	h->index = p->index;
	h->to = p->to;
	h->number = p->number;
}

bool call_hunt_next(struct call *call)
{
	struct pick p;

	if (!find_next(call, &p)) {
		return false;
	}
	take(call, &p);
	return true;
}

static void note_try(struct call *call, unsigned cause)
{
	struct cdr *cdr = &call->cdr;

	if (cdr->n_tries < CDR_TRIES) {
		cdr->tries[cdr->n_tries].cause = (uint8_t)cause;
		cdr->tries[cdr->n_tries].route =
			(uint16_t)(call->hunt.index + 1);
		cdr->n_tries++;
	}
}

void call_again(struct call *call)
{
	call_media_disconnect(call);
	if (call_callee(call)) {
		call_media_update(call);
	} else {
		call_next(call, CDR_BY_GW,
			  (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE});
	}
}

void call_next(struct call *call, enum cdr_by by, struct cc_cause cause)
{
	struct pick p;

	call_note_full(call, cause);
	while (call_has_next(call, cause) &&
	       find_next(call, &p)) {
		note_try(call, cause.value);
		call->core->n.hunted++;
		call_media_disconnect(call);
		take(call, &p);
		if (call_callee(call)) {
			call_media_update(call);
			return;
		}
		by = CDR_BY_GW;
		cause = (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE};
	}
	if (call_may_preempt(call)) {
		note_try(call, cause.value);
		call_preempt(call);
		return;
	}
	call_clear(call, by, cause, "");
}

static void media_is_full(struct call *call)
{
	call_clear_gw(call, CAUSE_CONGESTION,
		      "the media engine has no time for more calls");
}

/* A PBX is to overflow: by the cause that it does it for. */
static void no_end_is_left(struct call *call, const struct pick *p)
{
	const struct cc_end *from = &call->leg[SIDE_A].end;
	unsigned cause = CAUSE_NET_OUT_OF_ORDER;

	if (p->full) {
		media_is_full(call);
		return;
	}
	if (from->kind == CC_END_SPAN) {
		cause = call->core->conf->spans[from->index].busy_out_cause;
	}
	call_clear_gw(call, (uint8_t)cause, "no end of a route is up");
}

void call_place(struct call *call)
{
	struct call_hunt *h = &call->hunt;
	struct leg *a = &call->leg[SIDE_A];
	struct pick p;

	if (h->epoch != call->core->epoch) {
		route_ask_init(&h->ask, call->core->conf, a->end,
			       &call->setup.called);
		h->step = 0;
		h->epoch = call->core->epoch;
	}
	call_set_state(a, A_CALLING);
	call_media_connect(call, a);
	call_media_update(call);
	if (!find_next(call, &p)) {
		no_end_is_left(call, &p);
		return;
	}
	take(call, &p);
	if (!call_callee(call)) {
		call_next(call, CDR_BY_GW,
			  (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE});
	}
}

/* --- the number --- */

static void tell_proceeding(struct call *call)
{
	struct leg *a = &call->leg[SIDE_A];
	struct cc_msg m = {.channel = a->channel};

	if (leg_is_line(a) && !call->told.proceeding) {
		call->told.proceeding = true;
		call_send(a, &m, CC_PROCEEDING);
	}
}

static void want_digits(struct call *call, bool fits)
{
	struct leg *a = &call->leg[SIDE_A];
	struct cc_msg m = {.channel = a->channel};

	call_set_state(a, A_DIGITS); /* T302 */
	if (fits && timer_start(call->core->role.loop, &a->timer,
				a->timer.fn, T10_MS) != 0) {
		call->core->drops.no_timer++;
	}
	if (!call->told.more) {
		call->told.more = true;
		call_send(a, &m, CC_MORE);
	}
}

static void go(struct call *call)
{
	call_set_state(&call->leg[SIDE_A], A_OPENING);
	tell_proceeding(call);
	if (!call_media_open(call)) {
		call_clear_gw(call, CAUSE_TEMPORARY,
			      "media role cannot be reached");
	}
}

static void refuse(struct call *call, bool fits, const struct pick *p)
{
	struct cc_cause cause = route_refusal(call->core->conf,
					      &call->hunt.ask);

	if (fits && call->setup.extra.group[0] != '\0') {
		call_clear_gw(call, CAUSE_NO_ROUTE,
			      "no route to the trunk group");
	} else if (fits) {
		no_end_is_left(call, p);
	} else if (call->told.more && cause.value == CAUSE_UNALLOCATED) {
		call_clear_gw(call, CAUSE_INVALID_NUMBER,
			      "number is not complete");
	} else {
		call_clear_gw(call, cause.value,
			      cause.value == CAUSE_REJECTED
				      ? "number is not in an allow list"
				      : "no route");
	}
}

/* En bloc without "sending complete" is the habit of most switches: what fits
 * in the SETUP is taken, unless it is too short to be more than a beginning;
 * what comes digit by digit waits. */
static bool must_wait(const struct call *call, bool fits)
{
	const struct conf *conf = call->core->conf;
	const struct route_ask *ask = &call->hunt.ask;

	if (call->setup.complete || !leg_is_line(&call->leg[SIDE_A])) {
		return false;
	}
	if (!fits) {
		return route_could_fit(conf, ask);
	}
	return (call->told.more ||
		strlen(ask->dialled.digits) < EN_BLOC_DIGITS) &&
	       !route_is_complete(conf, ask);
}

void call_route(struct call *call)
{
	struct core *core = call->core;
	struct call_hunt *h = &call->hunt;
	struct leg *a = &call->leg[SIDE_A];
	struct cc_number out;
	unsigned step = 0;
	struct pick p;
	uint8_t cause;
	bool fits;

	a->channel = a->end.kind == CC_END_SPAN ? call->setup.channel : 0;
	route_ask_init(&h->ask, core->conf, a->end, &call->setup.called);
	h->step = 0;
	h->epoch = core->epoch;
	call->cdr.emergency = h->ask.emergency;
	call->cdr.num.to = call->setup.called;
	fits = route_next(core->conf, &h->ask, &step, &out) >= 0;
	cause = refused_everywhere(call);
	if (cause != 0 && (fits || call->setup.bearer !=
					   CC_BEARER_UNRESTRICTED)) {
		call_clear_gw(call, cause, "bearer cannot be carried");
	} else if (must_wait(call, fits)) {
		want_digits(call, fits);
	} else if (leg_is_line(a) && core->spans[a->span].full &&
		   !h->ask.emergency) {
		media_is_full(call);
	} else if (find_next(call, &p)) {
		go(call);
	} else {
		refuse(call, fits, &p);
	}
}
