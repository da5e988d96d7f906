/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new configuration with its spans where the roles have them. */
#include "conf/load.h"

#include <stdlib.h>
#include <string.h>

struct plan {
	const struct conf *was, *fresh;
	uint8_t place[CONF_SPANS]; /* of each fresh span */
	bool taken[CONF_SPANS];
	unsigned n, room; /* places in use, and that there may be */
};

static bool is_there(const struct conf *c, unsigned place)
{
	return place < c->n_spans && !c->spans[place].gone;
}

/* Where the name stands; -1: nowhere. One that is gone is found, too. */
static int place_of(const struct conf *was, const char *name)
{
	for (unsigned i = 0; i < was->n_spans; i++) {
		if (!strcmp(was->spans[i].name, name)) {
			return (int)i;
		}
	}
	return -1;
}

/* Those that are vacated now are not free yet: somebody still sits there. */
static int free_place(const struct plan *p)
{
	for (unsigned i = 0; i < p->room; i++) {
		if (!p->taken[i] && !is_there(p->was, i)) {
			return (int)i;
		}
	}
	return -1;
}

static void take(struct plan *p, unsigned fresh, int place)
{
	p->place[fresh] = (uint8_t)place;
	p->taken[place] = true;
	if ((unsigned)place >= p->n) {
		p->n = (unsigned)place + 1;
	}
}

/* In the order of the file, so that a group's spans stay in theirs. */
static bool make_plan(struct plan *p)
{
	p->n = p->was->n_spans;
	for (unsigned i = 0; i < p->fresh->n_spans; i++) {
		int at = place_of(p->was, p->fresh->spans[i].name);

		if (at >= 0) {
			take(p, i, at);
		}
	}
	for (unsigned i = 0; i < p->fresh->n_spans; i++) {
		if (place_of(p->was, p->fresh->spans[i].name) < 0) {
			int at = free_place(p);

			if (at < 0) {
				return false;
			}
			take(p, i, at);
		}
	}
	return true;
}

/* Its name stays, for the records of its last calls. */
static void vacate(struct conf_span *s)
{
	s->gone = s->shutdown = true;
	s->isdn.nfas = (struct conf_nfas){ .leader = 0 };
	s->busy_out = CONF_BUSY_REJECT;
}

static void put_spans(const struct plan *p, struct conf *out)
{
	memcpy(out->spans, p->was->spans, sizeof(out->spans));
	for (unsigned i = 0; i < p->n; i++) {
		vacate(&out->spans[i]);
	}
	for (unsigned i = 0; i < p->fresh->n_spans; i++) {
		struct conf_span *s = &out->spans[p->place[i]];
		unsigned leader;

		*s = p->fresh->spans[i];
		leader = s->isdn.nfas.leader;
		if (leader) {
			s->isdn.nfas.leader = p->place[leader - 1] + 1;
		}
	}
	out->n_spans = (uint16_t)p->n;
}

static void put_routes(const struct plan *p, struct conf *out)
{
	for (unsigned i = 0; i < out->n_routes; i++) {
		struct conf_route *r = &out->routes[i];

		if (r->from_end == CONF_END_SPAN) {
			r->from = p->place[r->from];
		}
		if (r->to_end == CONF_END_SPAN) {
			r->to = p->place[r->to];
		}
	}
}

struct conf *conf_arrange(const struct conf *was, const struct conf *fresh,
			  unsigned room)
{
	struct plan p = { .was = was, .fresh = fresh, .room = room };
	struct conf *out = make_plan(&p) ? malloc(sizeof(*out)) : NULL;

	if (!out) {
		return NULL;
	}
	*out = *fresh;
	put_spans(&p, out);
	put_routes(&p, out);
	return out;
}

/* --- spans that begin anew --- */

static bool is_with(const struct conf *c, unsigned i, unsigned k)
{
	return is_there(c, i) && is_there(c, k) &&
	       conf_leader(c->spans, i) == conf_leader(c->spans, k);
}

/* One that leaves its group, comes to it or begins anew takes this with it. */
static bool is_taken_along(const struct conf *was, const struct conf *now,
			   const bool *anew, unsigned span)
{
	for (unsigned i = 0; i < now->n_spans; i++) {
		bool before = is_with(was, i, span);
		bool after = is_with(now, i, span);

		if (before != after || (before && anew[i])) {
			return true;
		}
	}
	return false;
}

void conf_find_anew(const struct conf *was, const struct conf *now,
		    bool anew[CONF_SPANS])
{
	bool more = true;

	memset(anew, 0, CONF_SPANS * sizeof(anew[0]));
	while (more) {
		more = false;
		for (unsigned i = 0; i < now->n_spans; i++) {
			if (anew[i] || !is_there(was, i) || !is_there(now, i)) {
				continue;
			}
			anew[i] = is_taken_along(was, now, anew, i) ||
				  conf_span_cost(&was->spans[i],
						 &now->spans[i]) ==
					  CONF_COST_LINE;
			more |= anew[i];
		}
	}
}

struct conf *conf_without(const struct conf *was, const struct conf *now,
			  const bool anew[CONF_SPANS])
{
	struct conf *out = malloc(sizeof(*out));

	if (!out) {
		return NULL;
	}
	*out = *now;
	for (unsigned i = 0; i < out->n_spans; i++) {
		if (anew[i] || !is_there(was, i)) {
			vacate(&out->spans[i]);
		}
	}
	return out;
}
