/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFAS: several T1s that share one D channel and perhaps its backup. What the
 * carrier has set up must be said the same way here, or calls come up silent.
 */
#include "conf/check_priv.h"

#include <stdio.h>
#include <string.h>

#define T1_SLOTS 24

static struct conf_nfas *nfas_of(const struct checker *c, unsigned i)
{
	return &c->conf->spans[i].isdn.nfas;
}

static bool has_isdn_key(const struct checker *c, unsigned i, const char *key)
{
	const struct node *map = check_item(c, "spans", i);
	const struct node *isdn = map ? tree_get(map, "isdn") : NULL;

	return isdn && isdn->kind == NODE_MAP && tree_get(isdn, key);
}

static struct problem *wrong(const struct checker *c, unsigned i,
			     const char *key, const char *text)
{
	return report_error(c->report,
			    check_place(check_item(c, "spans", i), "isdn",
					key),
			    "%s", text);
}

static void check_alone(const struct checker *c, unsigned i)
{
	static const char *const keys[] = { "interface", "d_channel" };

	for (unsigned k = 0; k < 2; k++) {
		if (has_isdn_key(c, i, keys[k])) {
			problem_fix(wrong(c, i, keys[k],
					  "this is for the spans of an NFAS "
					  "group"),
				    "nfas: NAME-OF-THE-GROUP");
		}
	}
	*nfas_of(c, i) = (struct conf_nfas){ .leader = 0 };
}

/* What the spans of a group have in common is said at each of them. */
static void check_same(const struct checker *c, unsigned i, unsigned first)
{
	const struct conf_span *s = &c->conf->spans[i];
	const struct conf_span *f = &c->conf->spans[first];
	struct conf_isdn mine, theirs;
	const char *key = NULL;
	char text[120];

	memcpy(&mine, &s->isdn, sizeof(mine)); /* padding too */
	memcpy(&theirs, &f->isdn, sizeof(theirs));
	memset(&mine.nfas, 0, sizeof(mine.nfas));
	memset(&theirs.nfas, 0, sizeof(theirs.nfas));
	if (mine.side != theirs.side) {
		key = "side";
	} else if (mine.exchange != theirs.exchange) {
		key = "switch";
	} else if (memcmp(&mine, &theirs, sizeof(mine))) {
		key = "nfas";
	}
	snprintf(text, sizeof(text), "the isdn settings of a group are those "
		 "of its first span, %s", f->name);
	if (key) {
		wrong(c, i, key, text);
	}
	if (s->law != f->law || strcmp(s->country, f->country) ||
	    strcmp(s->country_code, f->country_code) ||
	    strcmp(s->area_code, f->area_code)) {
		wrong(c, i, "nfas", "the spans of a group have one law, "
				    "country, country_code and area_code");
	}
}

static void check_number(const struct checker *c, unsigned i)
{
	char text[120];

	if (!has_isdn_key(c, i, "interface")) {
		problem_fix(wrong(c, i, "nfas", "which interface of the group "
						"is this?"),
			    "interface: 0 (the carrier tells the numbers)");
		return;
	}
	for (unsigned k = 0; k < i; k++) {
		if (nfas_of(c, k)->leader == nfas_of(c, i)->leader &&
		    nfas_of(c, k)->interface == nfas_of(c, i)->interface) {
			snprintf(text, sizeof(text), "span %s is interface %u "
				 "of the group already",
				 c->conf->spans[k].name,
				 nfas_of(c, i)->interface);
			wrong(c, i, "interface", text);
			return;
		}
	}
}

static void check_member(const struct checker *c, unsigned i, unsigned first)
{
	struct conf_line *l = &c->conf->spans[i].line;

	check_number(c, i);
	check_same(c, i, first);
	if (!has_isdn_key(c, i, "d_channel")) {
		problem_fix(wrong(c, i, "nfas",
				  "does this span carry a D channel?"),
			    "d_channel: primary, backup or none");
	}
	if (nfas_of(c, i)->d == CONF_D_NONE) {
		l->d_slot = 0;
	}
	if (l->last_slot != T1_SLOTS || l->first_slot != 1 ||
	    (l->d_slot && l->d_slot != T1_SLOTS)) {
		problem_fix(report_error(c->report,
					 check_place(check_item(c, "spans", i),
						     "line", "last_slot"),
					 "the spans of an NFAS group are T1s"),
			    "last_slot: 24, d_slot: 24");
	}
}

/* One primary, at most one backup. */
static void check_d_channels(const struct checker *c, unsigned first)
{
	unsigned n[3] = { 0 }, spans = 0;

	for (unsigned i = first; i < c->conf->n_spans; i++) {
		const struct conf_nfas *f = nfas_of(c, i);

		if (f->leader != first + 1) {
			continue;
		}
		spans++;
		if (++n[f->d] == 2 && f->d != CONF_D_NONE) {
			wrong(c, i, "d_channel",
			      f->d == CONF_D_PRIMARY
				      ? "the group has a primary already"
				      : "the group has a backup already");
		}
	}
	if (!n[CONF_D_PRIMARY]) {
		problem_fix(wrong(c, first, "d_channel",
				  "the group has no primary D channel"),
			    "d_channel: primary");
	}
	if (spans > CONF_NFAS_SPANS) {
		wrong(c, first, "nfas", "a group has at most 20 spans");
	}
}

static bool name_is_taken(const struct checker *c, const char *name)
{
	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		if (!strcmp(c->conf->spans[i].name, name)) {
			return true;
		}
	}
	for (unsigned i = 0; i < c->conf->n_trunks; i++) {
		if (!strcmp(c->conf->trunks[i].name, name)) {
			return true;
		}
	}
	return false;
}

bool check_nfas_group(const struct checker *c, const char *name,
		      uint8_t *index)
{
	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		if (nfas_of(c, i)->group[0] &&
		    !strcmp(nfas_of(c, i)->group, name)) {
			*index = (uint8_t)i;
			return true;
		}
	}
	return false;
}

bool check_nfas_route(const struct checker *c, const struct node *n,
		      const uint8_t *index)
{
	const char *group = nfas_of(c, *index)->group;

	if (!group[0]) {
		return true;
	}
	problem_fix(report_error(c->report, n->at,
				 "span %s is of an NFAS group: a route names "
				 "the group", c->conf->spans[*index].name),
		    "%s", group);
	return false;
}

void check_nfas(const struct checker *c)
{
	uint8_t first = 0;

	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		const char *group = nfas_of(c, i)->group;

		if (!group[0]) {
			check_alone(c, i);
			continue;
		}
		check_nfas_group(c, group, &first);
		nfas_of(c, i)->leader = (uint8_t)(first + 1);
		if (first == i && name_is_taken(c, group)) {
			wrong(c, i, "nfas", "a span or trunk has this name");
		}
		check_member(c, i, first);
	}
	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		if (nfas_of(c, i)->leader == i + 1) {
			check_d_channels(c, i);
		}
	}
}
