/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes between two configurations, and what applying it costs. */
#include "conf/schema.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct diff {
	FILE *f;
	enum conf_cost worst;
};

static const char *const cost_notes[] = {
	[CONF_COST_NONE] = "no call is touched",
	[CONF_COST_SPAN] = "ends the calls of this span",
	[CONF_COST_LINE] = "ends the calls of this span, which begins anew",
	[CONF_COST_ALL] = "ends all calls",
};

static void changed(struct diff *d, enum conf_cost cost, const char *name,
		    const char *path)
{
	fprintf(d->f, "%s%s%s: %s\n", name, *path ? "." : "", path,
		cost_notes[cost]);
	if (cost > d->worst) {
		d->worst = cost;
	}
}

static void noted(struct diff *d, const char *name, const char *note)
{
	fprintf(d->f, "%s: %s\n", name, note);
}

static size_t octets_of(const struct setting *s)
{
	switch (s->type) {
	case VALUE_PORTS:
		return 2 * s->size;
	case VALUE_HOSTS:
	case VALUE_PATTERNS:
	case VALUE_NETWORKS:
	case VALUE_CODES:
	case VALUE_CORES:
	case VALUE_USERS:
	case VALUE_MESSAGES:
		return (size_t)s->max * s->size;
	default:
		return s->size;
	}
}

/* The header rules of the i-th trunk; their lines in the file do not count. */
static const struct conf_rule *rules_of(const struct conf *c, unsigned trunk,
					unsigned *n)
{
	unsigned first = 0;

	while (first < c->n_rules && c->rules[first].trunk != trunk) {
		first++;
	}
	*n = first;
	while (*n < c->n_rules && c->rules[*n].trunk == trunk) {
		(*n)++;
	}
	*n -= first;
	return &c->rules[first];
}

static bool rules_differ(const struct conf *a, const struct conf *b,
			 unsigned trunk)
{
	unsigned na, nb;
	const struct conf_rule *ra = rules_of(a, trunk, &na);
	const struct conf_rule *rb = rules_of(b, trunk, &nb);

	if (na != nb) {
		return true;
	}
	for (unsigned i = 0; i < na; i++) {
		if (memcmp(&ra[i], &rb[i], offsetof(struct conf_rule, line))) {
			return true;
		}
	}
	return false;
}

static bool differs(const struct setting *s, const char *a, const char *b)
{
	if (memcmp(a + s->at, b + s->at, octets_of(s))) {
		return true;
	}
	return s->count_at && a[s->count_at] != b[s->count_at];
}

/* An item is known to people by its name, which comes first in the struct. */
static void diff_item(struct diff *d, const struct section *sec,
		      const char *a, const char *b)
{
	bool has_name = !strcmp(sec->settings[0].path, "name");
	const char *name = has_name ? b : sec->name;

	for (unsigned i = 0; i < sec->n; i++) {
		const struct setting *s = &sec->settings[i];

		if (differs(s, a, b)) {
			changed(d, s->cost, name, s->path);
		}
	}
}

static const struct section *section_of(const char *name)
{
	const struct section *sec = conf_sections;

	while (strcmp(sec->name, name)) {
		sec++;
	}
	return sec;
}

enum conf_cost conf_span_cost(const struct conf_span *was,
			      const struct conf_span *is)
{
	const struct section *sec = section_of("spans");
	enum conf_cost worst = CONF_COST_NONE;

	for (unsigned i = 0; i < sec->n; i++) {
		const struct setting *s = &sec->settings[i];

		if (s->cost > worst && differs(s, (const char *)was,
					       (const char *)is)) {
			worst = s->cost;
		}
	}
	return worst;
}

/* Spans that have been arranged (conf_arrange()) come and go one by one. */
static void diff_spans(struct diff *d, const struct section *sec,
		       const struct conf *a, const struct conf *b)
{
	bool anew[CONF_SPANS];

	conf_find_anew(a, b, anew);
	for (unsigned i = 0; i < b->n_spans; i++) {
		const struct conf_span *sb = &b->spans[i];
		bool was = i < a->n_spans && !a->spans[i].gone;

		if (!was && !sb->gone) {
			noted(d, sb->name, "a new span; no call is touched");
		} else if (was && sb->gone) {
			noted(d, sb->name, "removed; its calls are released");
		} else if (was) {
			diff_item(d, sec, (const char *)&a->spans[i],
				  (const char *)sb);
			if (anew[i] && conf_span_cost(&a->spans[i], sb) !=
					       CONF_COST_LINE) {
				changed(d, CONF_COST_LINE, sb->name,
					"isdn.nfas (other spans of the group)");
			}
		}
	}
}

static bool is_arranged(const struct conf *a, const struct conf *b)
{
	for (unsigned i = 0; i < a->n_spans; i++) {
		if (i >= b->n_spans ||
		    (strcmp(a->spans[i].name, b->spans[i].name) != 0 &&
		     !a->spans[i].gone)) {
			return false;
		}
	}
	return true;
}

/* Spans and trunks are known to the roles by their place: one more or one
 * less, or another order, is a restart. Routes are not. */
static void diff_list(struct diff *d, const struct section *sec,
		      const struct conf *a, const struct conf *b)
{
	const char *pa = (const char *)a + sec->at;
	const char *pb = (const char *)b + sec->at;
	bool routes = !strcmp(sec->name, "routes");
	uint16_t na, nb;

	memcpy(&na, (const char *)a + sec->count_at, sizeof(na));
	memcpy(&nb, (const char *)b + sec->count_at, sizeof(nb));
	if (na != nb) {
		changed(d, routes ? CONF_COST_NONE : CONF_COST_ALL, sec->name,
			"");
	}
	if (routes) {
		if (na == nb && memcmp(pa, pb, na * sec->size)) {
			changed(d, CONF_COST_NONE, sec->name, "");
		}
		return;
	}
	for (unsigned i = 0; i < na && i < nb; i++) {
		diff_item(d, sec, pa + i * sec->size, pb + i * sec->size);
		if (!strcmp(sec->name, "trunks") && rules_differ(a, b, i)) {
			changed(d, CONF_COST_NONE, b->trunks[i].name,
				"header_rules");
		}
	}
}

enum conf_cost conf_diff(const struct conf *from, const struct conf *to,
			 char **changes)
{
	struct diff d = { .worst = CONF_COST_NONE };
	size_t size;

	*changes = NULL;
	d.f = open_memstream(changes, &size);
	if (!d.f) {
		*changes = strdup("");
		return CONF_COST_ALL;
	}
	for (unsigned i = 0; i < conf_n_sections; i++) {
		const struct section *sec = &conf_sections[i];

		if (!strcmp(sec->name, "spans") && is_arranged(from, to)) {
			diff_spans(&d, sec, from, to);
		} else if (sec->is_list) {
			diff_list(&d, sec, from, to);
		} else {
			diff_item(&d, sec, (const char *)from + sec->at,
				  (const char *)to + sec->at);
		}
	}
	if (from->n_emergency != to->n_emergency ||
	    memcmp(from->emergency, to->emergency, sizeof(to->emergency))) {
		changed(&d, CONF_COST_NONE, CONF_EMERGENCY_KEY, "");
	}
	fclose(d.f);
	return d.worst;
}
