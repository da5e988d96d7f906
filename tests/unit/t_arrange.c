/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: conf base */
/* Spans that come to the file and leave it: each stays in its place, what is
 * said of it by place follows, and what that costs. */
#include "conf/load.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 4

/* A file of these spans, "a" or "a/group"; a route from each to the trunk. */
static struct conf *file_of(const char *spans)
{
	static unsigned port;
	char text[8192] = "spans:\n", routes[2048] = "routes:\n", *report;
	char list[256], *at, *word;
	unsigned members[128] = { 0 };
	struct conf *c;

	strcpy(list, spans);
	for (word = strtok_r(list, " ", &at); word;
	     word = strtok_r(NULL, " ", &at)) {
		char *group = strchr(word, '/');
		char isdn[200] = "    isdn: {side: user}\n";
		unsigned *n = NULL;

		port++;
		if (group) {
			*group++ = '\0';
			n = &members[(unsigned char)*group % 128];
			snprintf(isdn, sizeof(isdn), "    isdn: {side: user, "
				 "switch: ni2, nfas: %s, interface: %u, "
				 "d_channel: %s}\n", group, *n,
				 *n ? "none" : "primary");
			++*n;
		}
		snprintf(text + strlen(text), 600, "  - name: %s\n    line: "
			 "{driver: pseudowire, local: \"127.0.0.1:%u\", peer: "
			 "\"127.0.0.1:%u\"%s}\n%s%s", word, 20000 + port,
			 40000 + port, group ? ", last_slot: 24, d_slot: 24"
					     : "",
			 group ? "    law: ulaw\n" : "", isdn);
		if (!group || *n == 1) {
			snprintf(routes + strlen(routes), 100, "  - {from: %s, "
				 "to: p}\n", group ? group : word);
		}
	}
	strcat(text, "trunks:\n  - {name: p, server: 192.0.2.1}\n");
	strcat(text, routes);
	c = conf_load_text("t", text, strlen(text), NULL, &report);
	ck_assert_msg(c != NULL, "%s", report);
	free(report);
	return c;
}

/* "a b -c": the names by place, a hyphen before those that are gone; then from
 * which place each route is. */
static char *places(const struct conf *c)
{
	static char text[256];

	text[0] = '\0';
	for (unsigned i = 0; i < c->n_spans; i++) {
		strcat(text, c->spans[i].gone ? "-" : "");
		strcat(text, c->spans[i].name);
		strcat(text, " ");
	}
	for (unsigned i = 0; i < c->n_routes; i++) {
		snprintf(text + strlen(text), 12, "%u", c->routes[i].from);
	}
	return text;
}

/* Reload after reload: the new files, what becomes of them, and what is said.
 * "": it needs a restart; says NULL: some begin anew. */
static const struct {
	const char *spans, *places, *says;
} steps[] = {
	{ "a b", "a b 01", "" },
	{ "b a", "a b 10", "" },
	{ "a", "a -b 0", "b: removed; its calls are released\n" },
	{ "a c", "a c 01", "c: a new span; no call is touched\n" },
	/* Whoever leaves now still has its place. */
	{ "d a", "a -c d 20", "c: removed; its calls are released\n"
			      "d: a new span; no call is touched\n" },
	{ "d a c", "a c d 201", "c: a new span; no call is touched\n" },
	{ "a c d e", "a c d e 0123", "e: a new span; no call is touched\n" },
	{ "a c d e f", "", NULL },
	{ "a c d f", "", NULL },
	{ "e", "-a -c -d e 3", "a: removed; its calls are released\n" },
	{ "x/g y/g e", "x y -d e 03", "x: a new span; no call is touched\n" },
	{ "x/g y/g z/g e", "x y z e 03", NULL },
	{ "x/g e", "x -y -z e 03", NULL },
	{ "x/g y/g e", "x y -z e 03", NULL },
	{ "e", "-x -y -z e 3", "x: removed; its calls are released\n" },
};

static void on_step(struct conf **now, unsigned i)
{
	struct conf *fresh = file_of(steps[i].spans);
	struct conf *next = conf_arrange(*now, fresh, ROOM);
	char *text;

	free(fresh);
	if (!next) {
		ck_assert_str_eq(steps[i].places, "");
		return;
	}
	ck_assert_str_eq(places(next), steps[i].places);
	/* The ports of these files differ, which is not what is asked here. */
	for (unsigned k = 0; k < (*now)->n_spans; k++) {
		next->spans[k].line = (*now)->spans[k].line;
	}
	ck_assert_int_eq(conf_diff(*now, next, &text),
			 steps[i].says ? CONF_COST_NONE : CONF_COST_LINE);
	ck_assert_msg(!steps[i].says || !strncmp(text, steps[i].says,
						 strlen(steps[i].says)),
		      "%u: %s", i, text);
	free(text);
	free(*now);
	*now = next;
}

START_TEST(spans_come_and_go)
{
	struct conf *now = file_of("a b");

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		on_step(&now, i);
	}
	free(now);
}
END_TEST

START_TEST(a_group_is_known_by_its_first)
{
	struct conf *was = file_of("a b c"), *fresh = file_of("x/g y/g c");
	struct conf *now = conf_arrange(was, fresh, 8);

	ck_assert_str_eq(places(now), "-a -b c x y 32");
	ck_assert_uint_eq(conf_leader(now->spans, 4), 3);
	ck_assert_uint_eq(conf_leader(now->spans, 0), 0);
	ck_assert(now->spans[0].shutdown);
	free(was);
	free(fresh);
	free(now);
}
END_TEST

/* From one file to the other: who has to leave before, and what is said. */
static const struct {
	const char *was, *now, *anew, *says;
} regroups[] = {
	{ "a b", "a b", "", "" },
	{ "a b", "a c", "", "" },
	/* one comes to a group, or leaves it, or the file */
	{ "x/g y/g c", "x/g y/g c z/g", "xy", "x.isdn.nfas (other spans" },
	{ "x/g y/g c", "x/g c", "x", "x.isdn.nfas (other spans" },
	{ "x/g y/g c", "x/g y c", "xy", "y.isdn.nfas: ends the calls" },
	{ "x/g y/g c", "x/g y/g c/g", "xyc", "c.isdn.nfas: ends the calls" },
	/* by its group one takes others along */
	{ "x/g y/g c/h d/h", "x/g y/h c/h d/h", "xycd", "x.isdn.nfas (oth" },
	{ "x/g y/g c", "x/h y/h c", "xy", "x.isdn.nfas: ends the calls" },
};

START_TEST(who_begins_anew)
{
	struct conf *was = file_of(regroups[_i].was);
	struct conf *fresh = file_of(regroups[_i].now), *now, *without;
	char *text, names[CONF_SPANS + 1] = "";
	bool anew[CONF_SPANS];
	unsigned n = 0;

	now = conf_arrange(was, fresh, 8);
	for (unsigned i = 0; i < was->n_spans; i++) {
		was->spans[i].line = now->spans[i].line;
	}
	conf_find_anew(was, now, anew);
	without = conf_without(was, now, anew);
	for (unsigned i = 0; i < now->n_spans; i++) {
		ck_assert_int_eq(without->spans[i].gone,
				 anew[i] || now->spans[i].gone ||
					 i >= was->n_spans);
		if (anew[i]) {
			names[n++] = now->spans[i].name[0];
		}
	}
	ck_assert_str_eq(names, regroups[_i].anew);
	ck_assert_int_eq(conf_diff(was, now, &text),
			 n ? CONF_COST_LINE : CONF_COST_NONE);
	ck_assert_msg(strstr(text, regroups[_i].says) != NULL, "%s", text);
	/* and then they are new ones, which costs nothing */
	conf_find_anew(without, now, anew);
	ck_assert_ptr_null(memchr(anew, true, sizeof(anew)));
	free(text);
	free(was);
	free(fresh);
	free(now);
	free(without);
}
END_TEST

START_TEST(what_a_setting_costs)
{
	struct conf *c = file_of("a");
	struct conf_span was = c->spans[0], is = was;

	ck_assert_int_eq(conf_span_cost(&was, &is), CONF_COST_NONE);
	is.isdn.own_numbers = is.shutdown = true;
	is.clock_source = 3;
	ck_assert_int_eq(conf_span_cost(&was, &is), CONF_COST_NONE);
	is.busy_out = CONF_BUSY_SERVICE;
	ck_assert_int_eq(conf_span_cost(&was, &is), CONF_COST_SPAN);
	is.line.jitter_ms++;
	ck_assert_int_eq(conf_span_cost(&was, &is), CONF_COST_LINE);
	free(c);
}
END_TEST

START_TEST(the_room)
{
	ck_assert_uint_eq(conf_room(3, 2), 5);
	ck_assert_uint_eq(conf_room(CONF_SPANS - 1, 2), CONF_SPANS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arrange");
	TCase *tc = tcase_create("arrange");

	tcase_add_test(tc, spans_come_and_go);
	tcase_add_test(tc, a_group_is_known_by_its_first);
	tcase_add_loop_test(tc, who_begins_anew, 0,
			    sizeof(regroups) / sizeof(regroups[0]));
	tcase_add_test(tc, what_a_setting_costs);
	tcase_add_test(tc, the_room);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
