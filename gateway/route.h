/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which end a call goes to. Routes are tried in the order of the file; a
 * route fits when its `from` is the caller's end and one of its patterns
 * matches the called number (no pattern: every number). Patterns see the
 * number as text, "+49711..." when international; for a caller on a line both
 * as dialled and in E.164. Towards a span one of `allow` must match as well;
 * nothing else reaches a line. Several fitting routes hunt: the next one is
 * taken when an end is down or refuses.
 *
 * Emergency numbers are compared as dialled. They go to the fitting routes
 * first, then to every other route of that end, in the order of the file;
 * allow, strip and prefix do not apply to them.
 *
 * Values only; thread: any.
 */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include "conf/conf.h"
#include "gateway/cc.h"

struct route_ask {
	struct cc_end from;
	bool emergency;
	struct cc_number dialled; /* as received */
	struct cc_number called;  /* in E.164 where that is known */
};

enum route_verdict {
	ROUTE_FITS,
	ROUTE_NOT_FROM,	   /* belongs to another end */
	ROUTE_NO_MATCH,	   /* no pattern matches */
	ROUTE_NOT_ALLOWED, /* towards a line, and not in its allow list */
	ROUTE_SAME_KIND,   /* span to span, trunk to trunk: not possible yet */
	ROUTE_BAD_NUMBER   /* strip and prefix leave no usable number */
};

/* Ends that can take calls now. */
struct route_ends {
	bool span_up[CONF_SPANS], trunk_up[CONF_TRUNKS];
};

const char *route_verdict_name(enum route_verdict);

bool route_is_emergency(const struct conf *, const struct cc_number *dialled);

/* From the number as received: emergency, and the called number in E.164. */
void route_ask_init(struct route_ask *, const struct conf *,
		    struct cc_end from, const struct cc_number *dialled);

/* One route alone. ROUTE_FITS: *out is the number to send. */
enum route_verdict route_judge(const struct conf *, unsigned index,
			       const struct route_ask *,
			       struct cc_number *out);

/*
 * The next route in hunting order. *step is 0 before the first call, and is
 * moved on. Returns the route's index and *out, or -1 when there is none left.
 */
int route_next(const struct conf *, const struct route_ask *, unsigned *step,
	       struct cc_number *out);

/* Does a route fit whose pattern is a full number (no wildcard)? Then no
 * further digit can change the choice. */
bool route_is_complete(const struct conf *, const struct route_ask *);

/* Overlap: could further digits make a route fit? */
bool route_could_fit(const struct conf *, const struct route_ask *);

/* The cause when route_next gives nothing at all: 3 no route from this end,
 * 21 only routes that do not allow the number, 28, else 1. */
struct cc_cause route_refusal(const struct conf *, const struct route_ask *);

/*
 * JSON for the operator: each route of the end `from` (a span's or trunk's
 * name) with its verdict for `number`, and which one would be taken.
 * Length, -ENOENT (no such end), -EINVAL (no number), -ENOSPC.
 */
int route_explain(const struct conf *, const struct route_ends *,
		  const char *from, const char *number, char *buf,
		  size_t size);

#endif
