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
	char list[256], *at, *word, *d;
	struct conf *c;
	unsigned n = 0;

	strcpy(list, spans);
	for (word = strtok_r(list, " ", &at); word;
	     word = strtok_r(NULL, " ", &at)) {
		char *group = strchr(word, '/');
		char isdn[200] = "    isdn: {side: user}\n";

		port++;
		if (group) {
			*group++ = '\0';
			d = n++ ? "none" : "primary";
			snprintf(isdn, sizeof(isdn), "    isdn: {side: user, "
				 "switch: ni2, nfas: %s, interface: %u, "
				 "d_channel: %s}\n", group, n - 1, d);
		}
		snprintf(text + strlen(text), 600, "  - name: %s\n    line: "
			 "{driver: pseudowire, local: \"127.0.0.1:%u\", peer: "
			 "\"127.0.0.1:%u\"%s}\n%s%s", word, 20000 + port,
			 40000 + port, group ? ", last_slot: 24, d_slot: 24"
					     : "",
			 group ? "    law: ulaw\n" : "", isdn);
		if (!group || n == 1) {
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
 * "": it needs a restart. */
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
	{ "x/g y/g z/g e", "", NULL },
	{ "x/g e", "", NULL },
	{ "e", "-x -y -d e 3", "x: removed; its calls are released\n" },
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
	ck_assert_int_eq(conf_diff(*now, next, &text), CONF_COST_NONE);
	ck_assert_msg(!strncmp(text, steps[i].says, strlen(steps[i].says)),
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
	tcase_add_test(tc, the_room);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
