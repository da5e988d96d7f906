/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/route.h"

#include "gateway/base/str.h"
#include "gateway/number.h"

#include <string.h>

const char *route_verdict_name(enum route_verdict v)
{
	static const char *const names[] = {
		[ROUTE_FITS] = "fits",
		[ROUTE_NOT_FROM] = "belongs to another end",
		[ROUTE_NO_MATCH] = "no pattern matches",
		[ROUTE_NOT_ALLOWED] = "number is not in the allow list",
		[ROUTE_SAME_KIND] = "not possible between ends of one kind",
		[ROUTE_BAD_NUMBER] = "strip and prefix leave no usable number",
	};

	return names[v];
}

bool route_is_emergency(const struct conf *conf,
			const struct cc_number *dialled)
{
	if (!dialled->valid || dialled->type == CC_TON_INTERNATIONAL) {
		return false;
	}
	for (unsigned i = 0; i < conf->n_emergency; i++) {
		if (strcmp(conf->emergency[i], dialled->digits) == 0) {
			return true;
		}
	}
	return false;
}

void route_ask_init(struct route_ask *ask, const struct conf *conf,
		    struct cc_end from, const struct cc_number *dialled)
{
	memset(ask, 0, sizeof(*ask));
	ask->from = from;
	ask->dialled = *dialled;
	ask->called = *dialled;
	ask->emergency = route_is_emergency(conf, dialled);
	if (from.kind == CC_END_SPAN && !ask->emergency) {
		number_from_line(&conf->spans[from.index], &ask->called);
	}
}

/* The form of the number that a pattern fits, NULL: none does. */
static const struct cc_number *matched(const char (*patterns)[CONF_NUMBER],
				       unsigned n,
				       const struct route_ask *ask)
{
	char as_called[CC_DIGITS_MAX + 2], as_dialled[CC_DIGITS_MAX + 2];

	cc_number_str(&ask->called, as_called);
	cc_number_str(&ask->dialled, as_dialled);
	for (unsigned i = 0; i < n; i++) {
		if (str_pattern_match(patterns[i], as_called)) {
			return &ask->called;
		}
		if (str_pattern_match(patterns[i], as_dialled)) {
			return &ask->dialled;
		}
	}
	return NULL;
}

static bool matches(const char (*patterns)[CONF_NUMBER], unsigned n,
		    const struct route_ask *ask)
{
	return matched(patterns, n, ask) != NULL;
}

/* Digits are changed in the form that the route's pattern speaks of: with "0*"
 * and strip 1 it is the 0 that goes. */
static int rewrite(const struct conf_route *r, const struct route_ask *ask,
		   struct cc_number *out)
{
	const struct cc_number *form = matched(r->match, r->n_match, ask);

	if (form != NULL && (r->strip > 0 || r->prefix[0] != '\0')) {
		*out = *form;
	}
	return number_rewrite(out, r->strip, r->prefix);
}

static bool is_from(const struct conf_route *r, struct cc_end from)
{
	return (unsigned)r->from_end == from.kind && r->from == from.index;
}

enum route_verdict route_judge(const struct conf *conf, unsigned index,
			       const struct route_ask *ask,
			       struct cc_number *out)
{
	const struct conf_route *r = &conf->routes[index];

	*out = ask->called;
	if (!is_from(r, ask->from)) {
		return ROUTE_NOT_FROM;
	}
	if (r->from_end == r->to_end) {
		return ROUTE_SAME_KIND;
	}
	if (r->n_match > 0 && !matches(r->match, r->n_match, ask)) {
		return ROUTE_NO_MATCH;
	}
	if (ask->emergency) {
		return ROUTE_FITS;
	}
	if (r->to_end == CONF_END_SPAN &&
	    !matches(r->allow, r->n_allow, ask)) {
		return ROUTE_NOT_ALLOWED;
	}
	if (!out->valid || out->digits[0] == '\0' ||
	    rewrite(r, ask, out) != 0) {
		return ROUTE_BAD_NUMBER;
	}
	if (r->to_end == CONF_END_SPAN) {
		number_to_line(&conf->spans[r->to], out);
	}
	return ROUTE_FITS;
}

int route_next(const struct conf *conf, const struct route_ask *ask,
	       unsigned *step, struct cc_number *out)
{
	unsigned n = conf->n_routes;
	unsigned end = ask->emergency ? 2 * n : n;

	while (*step < end) {
		unsigned at = (*step)++;
		enum route_verdict v = route_judge(conf, at % n, ask, out);

		if (v == (at < n ? ROUTE_FITS : ROUTE_NO_MATCH)) {
			return (int)(at % n);
		}
	}
	return -1;
}

/* One element of a pattern, as a pattern of its own. Returns what follows. */
static const char *take_element(const char *p, char one[CONF_NUMBER])
{
	size_t n = 1;

	if (*p == '\\' && p[1] != '\0') {
		n = 2;
	} else if (*p == '[' && strchr(p, ']') != NULL) {
		n = (size_t)(strchr(p, ']') - p) + 1;
	}
	str_copy_n(one, CONF_NUMBER, p, n);
	return p + n;
}

/* Can further digits make the number match? */
static bool could_match(const char *pattern, const char *number)
{
	char one[CONF_NUMBER], digit[2] = "";

	for (; *number != '\0'; number++) {
		if (*pattern == '*') {
			return true;
		}
		digit[0] = *number;
		if (*pattern == '\0') {
			return false;
		}
		pattern = take_element(pattern, one);
		if (!str_pattern_match(one, digit)) {
			return false;
		}
	}
	return true;
}

/* Shorter numbers may still be on the way to a form with '+'. */
#define PREFIX_DIGITS 3

bool route_could_fit(const struct conf *conf, const struct route_ask *ask)
{
	char as_called[CC_DIGITS_MAX + 2], as_dialled[CC_DIGITS_MAX + 2];

	cc_number_str(&ask->called, as_called);
	cc_number_str(&ask->dialled, as_dialled);
	for (unsigned i = 0; i < conf->n_routes; i++) {
		const struct conf_route *r = &conf->routes[i];

		if (!is_from(r, ask->from) || r->from_end == r->to_end) {
			continue;
		}
		if (r->n_match == 0 || strlen(as_dialled) <= PREFIX_DIGITS) {
			return true;
		}
		for (unsigned k = 0; k < r->n_match; k++) {
			if (could_match(r->match[k], as_called) ||
			    could_match(r->match[k], as_dialled)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_exact(const char *pattern)
{
	return strpbrk(pattern, "*?XNZ[") == NULL;
}

bool route_is_complete(const struct conf *conf, const struct route_ask *ask)
{
	struct cc_number out;

	if (ask->emergency) {
		return true;
	}
	for (unsigned i = 0; i < conf->n_routes; i++) {
		const struct conf_route *r = &conf->routes[i];

		if (route_judge(conf, i, ask, &out) != ROUTE_FITS) {
			continue;
		}
		for (unsigned k = 0; k < r->n_match; k++) {
			if (is_exact(r->match[k]) &&
			    matches(&r->match[k], 1, ask)) {
				return true;
			}
		}
		return false;
	}
	return false;
}

struct cc_cause route_refusal(const struct conf *conf,
			      const struct route_ask *ask)
{
	struct cc_cause cause = {CAUSE_NO_ROUTE, CC_LOC_NONE};
	struct cc_number out;

	for (unsigned i = 0; i < conf->n_routes; i++) {
		switch (route_judge(conf, i, ask, &out)) {
		case ROUTE_NOT_ALLOWED:
			cause.value = CAUSE_REJECTED;
			return cause;
		case ROUTE_BAD_NUMBER:
			cause.value = CAUSE_INVALID_NUMBER;
			break;
		case ROUTE_NO_MATCH:
			if (cause.value == CAUSE_NO_ROUTE) {
				cause.value = CAUSE_UNALLOCATED;
			}
			break;
		default:
			break;
		}
	}
	return cause;
}
