/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* Routes: first match, allow lists, hunting, emergency, explaining. */
#include "gateway/route.c"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct conf *conf;

static const struct cc_end carrier = {CC_END_SPAN, 0};
static const struct cc_end provider = {CC_END_TRUNK, 0};

static struct conf_route *add(struct cc_end from, struct cc_end to,
			      const char *match, const char *allow)
{
	struct conf_route *r = &conf->routes[conf->n_routes++];

	r->from_end = from.kind == CC_END_SPAN ? CONF_END_SPAN
					       : CONF_END_TRUNK;
	r->to_end = to.kind == CC_END_SPAN ? CONF_END_SPAN : CONF_END_TRUNK;
	r->from = from.index;
	r->to = to.index;
	if (match != NULL) {
		r->n_match = 1;
		str_copy(r->match[0], CONF_NUMBER, match);
	}
	if (allow != NULL) {
		r->n_allow = 1;
		str_copy(r->allow[0], CONF_NUMBER, allow);
	}
	return r;
}

static void setup(void)
{
	conf = calloc(1, sizeof(*conf));
	ck_assert_ptr_nonnull(conf);
	conf->n_spans = 2;
	conf->n_trunks = 2;
	str_copy(conf->spans[0].name, CONF_NAME, "carrier");
	str_copy(conf->spans[1].name, CONF_NAME, "pbx");
	str_copy(conf->trunks[0].name, CONF_NAME, "provider");
	str_copy(conf->trunks[1].name, CONF_NAME, "backup");
	str_copy(conf->spans[0].country_code, 8, "49");
	str_copy(conf->emergency[0], CONF_NUMBER, "112");
	conf->n_emergency = 1;
}

static void teardown(void)
{
	free(conf);
}

/* The routes hunted for a number, as "13", and the first number sent. */
static const char *hunt(struct cc_end from, unsigned type, const char *digits,
			char sent[CC_DIGITS_MAX + 2])
{
	static char order[64];
	struct cc_number n = {0}, out;
	struct route_ask ask;
	unsigned step = 0;
	size_t len = 0;
	int i;

	ck_assert_int_eq(cc_number_set(&n, digits), 0);
	if (type != 99) {
		n.type = (uint8_t)type;
	}
	route_ask_init(&ask, conf, from, &n);
	sent[0] = '\0';
	while ((i = route_next(conf, &ask, &step, &out)) >= 0) {
		if (len == 0) {
			cc_number_str(&out, sent);
		}
		order[len++] = (char)('1' + i);
	}
	order[len] = '\0';
	return order;
}

static unsigned refusal(struct cc_end from, const char *digits)
{
	struct cc_number n = {0};
	struct route_ask ask;

	cc_number_set(&n, digits);
	route_ask_init(&ask, conf, from, &n);
	return route_refusal(conf, &ask).value;
}

START_TEST(test_form_rewritten)
{
	char sent[CC_DIGITS_MAX + 2];
	struct conf_route *r = add(carrier, provider, "0N*", NULL);

	r->strip = 1;
	str_copy(r->prefix, CONF_NUMBER, "+43");
	r = add(carrier, provider, "+49*", NULL);
	r->strip = 2;
	str_copy(r->prefix, CONF_NUMBER, "0");
	r = add(carrier, provider, "9*", NULL);
	str_copy(r->prefix, CONF_NUMBER, "7");
	/* as dialled: the 0 goes, although +49711 is what it means */
	ck_assert_str_eq(hunt(carrier, 99, "0711", sent), "12");
	ck_assert_str_eq(sent, "+43711");
	ck_assert_str_eq(hunt(carrier, CC_TON_NATIONAL, "711", sent), "2");
	ck_assert_str_eq(sent, "0711");
	ck_assert_str_eq(hunt(carrier, CC_TON_NATIONAL, "911", sent), "23");
	ck_assert_str_eq(hunt(carrier, 99, "911", sent), "3");
	ck_assert_str_eq(sent, "7911");
}
END_TEST

START_TEST(test_first_match)
{
	char sent[CC_DIGITS_MAX + 2];

	add(carrier, provider, "0800*", NULL);
	add(carrier, (struct cc_end){CC_END_TRUNK, 1}, NULL, NULL);
	add((struct cc_end){CC_END_SPAN, 1}, provider, NULL, NULL);
	ck_assert_str_eq(hunt(carrier, 99, "0800123", sent), "12");
	ck_assert_str_eq(sent, "+49800123"); /* matched as dialled */
	ck_assert_str_eq(hunt(carrier, 99, "0711", sent), "2");
	ck_assert_str_eq(hunt(provider, 99, "0711", sent), "");
	ck_assert_uint_eq(refusal(provider, "0711"), CAUSE_NO_ROUTE);
	add(carrier, provider, "+49711*", NULL);
	ck_assert_str_eq(hunt(carrier, CC_TON_NATIONAL, "7115", sent), "24");
}
END_TEST

START_TEST(test_allow)
{
	char sent[CC_DIGITS_MAX + 2];
	static const char *const tricks[] = {"+33123", "00", "900", "0049",
					     "*0711", "#0711", "1"};

	add(provider, carrier, NULL, NULL);
	ck_assert_str_eq(hunt(provider, 99, "0711", sent), "");
	ck_assert_uint_eq(refusal(provider, "0711"), CAUSE_REJECTED);
	conf->n_routes = 0;
	add(provider, carrier, NULL, "0[1-9]*");
	ck_assert_str_eq(hunt(provider, 99, "0711", sent), "1");
	ck_assert_str_eq(sent, "0711");
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		ck_assert_str_eq(hunt(provider, 99, tricks[i], sent), "");
		ck_assert_uint_eq(refusal(provider, tricks[i]),
				  CAUSE_REJECTED);
	}
	str_copy(conf->routes[0].allow[1], CONF_NUMBER, "+49*");
	conf->routes[0].n_allow = 2;
	ck_assert_str_eq(hunt(provider, 99, "+49711123", sent), "1");
	ck_assert_str_eq(sent, "711123"); /* national on this span */
}
END_TEST

START_TEST(test_rewriting)
{
	char sent[CC_DIGITS_MAX + 2];
	struct conf_route *r = add(provider, carrier, "9*", "9*");

	r->strip = 1;
	str_copy(r->prefix, CONF_NUMBER, "00");
	ck_assert_str_eq(hunt(provider, 99, "944123", sent), "1");
	ck_assert_str_eq(sent, "0044123");
	ck_assert_str_eq(hunt(provider, 99, "9", sent), "");
	ck_assert_uint_eq(refusal(provider, "9"), CAUSE_INVALID_NUMBER);
	ck_assert_uint_eq(refusal(provider, "8"), CAUSE_UNALLOCATED);
}
END_TEST

START_TEST(test_same_kind)
{
	char sent[CC_DIGITS_MAX + 2];

	add(carrier, (struct cc_end){CC_END_SPAN, 1}, NULL, "*");
	add(provider, (struct cc_end){CC_END_TRUNK, 1}, NULL, NULL);
	ck_assert_str_eq(hunt(carrier, 99, "0711", sent), "");
	ck_assert_str_eq(hunt(provider, 99, "0711", sent), "");
	ck_assert_uint_eq(refusal(carrier, "0711"), CAUSE_NO_ROUTE);
}
END_TEST

START_TEST(test_emergency)
{
	char sent[CC_DIGITS_MAX + 2];
	struct conf_route *r = add(provider, carrier, "0*", "0*");

	r->strip = 2;
	str_copy(r->prefix, CONF_NUMBER, "99");
	r = add(provider, (struct cc_end){CC_END_SPAN, 1}, "11*", "0*");
	r->strip = 1;
	/* The fitting one first, then the others; nothing is changed. */
	ck_assert_str_eq(hunt(provider, 99, "112", sent), "21");
	ck_assert_str_eq(sent, "112");
	/* A longer number, or one from abroad, is no emergency number. */
	ck_assert_str_eq(hunt(provider, 99, "1123", sent), "");
	ck_assert_str_eq(hunt(provider, 99, "+112", sent), "");
	/* From the line: not taken for a local number either. */
	add(carrier, provider, "+*", NULL);
	ck_assert_str_eq(hunt(carrier, CC_TON_NATIONAL, "112", sent), "3");
	ck_assert_str_eq(sent, "112");
}
END_TEST

START_TEST(test_complete)
{
	struct cc_number n = {0};
	struct route_ask ask;

	add(carrier, provider, "0711123", NULL);
	add(carrier, provider, "*", NULL);
	cc_number_set(&n, "0711123");
	route_ask_init(&ask, conf, carrier, &n);
	ck_assert(route_is_complete(conf, &ask));
	cc_number_set(&n, "071112");
	route_ask_init(&ask, conf, carrier, &n);
	ck_assert(!route_is_complete(conf, &ask));
	cc_number_set(&n, "112");
	route_ask_init(&ask, conf, carrier, &n);
	ck_assert(route_is_complete(conf, &ask));
}
END_TEST

START_TEST(test_could_match)
{
	static const struct {
		const char *pattern, *number;
		bool want;
	} v[] = {
		{"0711*", "", true},	 {"0711*", "07", true},
		{"0711*", "0711", true}, {"0711*", "07119", true},
		{"0711*", "08", false},	 {"0711", "0711", true},
		{"0711", "07111", false}, {"0[1-3]X", "02", true},
		{"0[1-3]X", "04", false}, {"\\*21*", "*2", true},
		{"\\*21*", "2", false},	 {"NZ?", "21", true},
		{"NZ?", "20", false},	 {"+49*", "+4", true},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		ck_assert_msg(could_match(v[i].pattern, v[i].number) ==
				      v[i].want,
			      "%s %s", v[i].pattern, v[i].number);
	}
}
END_TEST

START_TEST(test_explain)
{
	struct route_ends ends = {.trunk_up = {false, true}};
	char buf[2048], small[64];
	int n;

	add(carrier, provider, "0*", NULL);
	add(carrier, (struct cc_end){CC_END_TRUNK, 1}, "+49*", NULL);
	add(provider, carrier, NULL, NULL);
	n = route_explain(conf, &ends, "carrier", "0711 123", buf,
			  sizeof(buf));
	ck_assert_int_eq(n, (int)strlen(buf));
	ck_assert_str_eq(
		buf,
		"{\"from\":\"carrier\",\"number\":\"0711123\","
		"\"number_e164\":\"+49711123\",\"emergency\":false,"
		"\"routes\":[{\"route\":1,\"to\":\"provider\","
		"\"verdict\":\"fits\",\"number_sent\":\"+49711123\","
		"\"up\":false},{\"route\":2,\"to\":\"backup\","
		"\"verdict\":\"fits\",\"number_sent\":\"+49711123\","
		"\"up\":true}],\"order\":[1,2],\"taken\":2}");
	n = route_explain(conf, &ends, "provider", "0711", buf, sizeof(buf));
	ck_assert_ptr_nonnull(strstr(buf, "not in the allow list"));
	ck_assert_ptr_nonnull(strstr(buf, "\"taken\":null,\"cause\":21"));
	ends.trunk_up[1] = false;
	route_explain(conf, &ends, "carrier", "0711", buf, sizeof(buf));
	ck_assert_ptr_nonnull(strstr(buf, "\"taken\":null,\"cause\":38"));
	ck_assert_int_eq(route_explain(conf, &ends, "nobody", "1", buf,
				       sizeof(buf)), -ENOENT);
	ck_assert_int_eq(route_explain(conf, &ends, "carrier", "x", buf,
				       sizeof(buf)), -EINVAL);
	ck_assert_int_eq(route_explain(conf, &ends, "carrier", "1", small,
				       sizeof(small)), -ENOSPC);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_first_match);
	tcase_add_test(tc, test_form_rewritten);
	tcase_add_test(tc, test_allow);
	tcase_add_test(tc, test_rewriting);
	tcase_add_test(tc, test_same_kind);
	tcase_add_test(tc, test_emergency);
	tcase_add_test(tc, test_complete);
	tcase_add_test(tc, test_could_match);
	tcase_add_test(tc, test_explain);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
