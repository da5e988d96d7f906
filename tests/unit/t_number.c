/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* Numbers between a span's conventions and E.164; bearers; callers. */
#include "gateway/number.c"

#include "gateway/policy.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

static struct conf_span span_of(const char *country, const char *area)
{
	struct conf_span s = {0};

	snprintf(s.country_code, sizeof(s.country_code), "%s", country);
	snprintf(s.area_code, sizeof(s.area_code), "%s", area);
	return s;
}

static struct cc_number num(unsigned type, const char *digits)
{
	struct cc_number n = {.valid = 1, .type = (uint8_t)type,
			      .plan = CC_PLAN_E164};

	snprintf(n.digits, sizeof(n.digits), "%s", digits);
	return n;
}

START_TEST(test_from_line)
{
	static const struct {
		const char *country, *area;
		int type;
		const char *digits, *want;
	} v[] = {
		{"1", "", CC_TON_NATIONAL, "2125550100", "+12125550100"},
		{"1", "", CC_TON_UNKNOWN, "2125550100", "+12125550100"},
		{"1", "", CC_TON_UNKNOWN, "12125550100", "+12125550100"},
		{"1", "", CC_TON_UNKNOWN, "01144201234", "+44201234"},
		{"1", "", CC_TON_UNKNOWN, "911", "911"},
		{"49", "711", CC_TON_UNKNOWN, "004420123", "+4420123"},
		{"49", "711", CC_TON_UNKNOWN, "0711123456", "+49711123456"},
		{"49", "711", CC_TON_UNKNOWN, "123456", "123456"},
		{"49", "711", CC_TON_UNKNOWN, "110", "110"},
		{"49", "711", CC_TON_UNKNOWN, "0", "0"},
		{"49", "711", CC_TON_UNKNOWN, "00", "00"},
		{"49", "711", CC_TON_SUBSCRIBER, "123456", "+49711123456"},
		{"49", "", CC_TON_SUBSCRIBER, "123456", "123456"},
		{"49", "711", CC_TON_NATIONAL, "711123456", "+49711123456"},
		{"+49", "711", CC_TON_NATIONAL, "711123456", "+49711123456"},
		/* The type wins over the digits. */
		{"49", "711", CC_TON_NATIONAL, "0044123", "+490044123"},
		{"49", "711", CC_TON_INTERNATIONAL, "390612345678",
		 "+390612345678"},
		{"49", "711", CC_TON_NETWORK, "0711", "0711"},
		{"49", "711", CC_TON_ABBREVIATED, "0711", "0711"},
		{"49", "711", CC_TON_UNKNOWN, "*21*0711#", "*21*0711#"},
		{"", "", CC_TON_NATIONAL, "711123456", "711123456"},
		{"36", "", CC_TON_UNKNOWN, "0612345678", "+3612345678"},
		{"34", "", CC_TON_UNKNOWN, "912345678", "+34912345678"},
		{"39", "", CC_TON_NATIONAL, "0612345678", "+390612345678"},
		{"7", "", CC_TON_UNKNOWN, "81049711", "+49711"},
		{"7", "", CC_TON_UNKNOWN, "84951234567", "+74951234567"},
		{"999", "", CC_TON_UNKNOWN, "0044123", "0044123"},
		{"49", "711", CC_TON_NATIONAL,
		 "12345678901234567890123456789012345",
		 "12345678901234567890123456789012345"},
	};
	char text[CC_DIGITS_MAX + 2];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct conf_span s = span_of(v[i].country, v[i].area);
		struct cc_number n = num((unsigned)v[i].type, v[i].digits);

		number_from_line(&s, &n);
		ck_assert_str_eq(cc_number_str(&n, text), v[i].want);
	}
}
END_TEST

START_TEST(test_to_line)
{
	struct conf_span s = span_of("49", "711");
	struct cc_number n = num(CC_TON_INTERNATIONAL, "49711123456");

	number_to_line(&s, &n);
	ck_assert_int_eq(n.type, CC_TON_NATIONAL);
	ck_assert_str_eq(n.digits, "711123456");
	n = num(CC_TON_INTERNATIONAL, "4");
	number_to_line(&s, &n);
	ck_assert_str_eq(n.digits, "4");
	n = num(CC_TON_INTERNATIONAL, "49");
	number_to_line(&s, &n);
	ck_assert_str_eq(n.digits, "49");
	n = num(CC_TON_INTERNATIONAL, "390612345678");
	number_to_line(&s, &n);
	ck_assert_int_eq(n.type, CC_TON_INTERNATIONAL);
	ck_assert_str_eq(n.digits, "390612345678");
	n = num(CC_TON_UNKNOWN, "4971");
	number_to_line(&s, &n);
	ck_assert_str_eq(n.digits, "4971");
}
END_TEST

START_TEST(test_rewrite)
{
	static const struct {
		const char *in;
		unsigned strip;
		const char *prefix, *want;
		int err;
	} v[] = {
		{"+49711123", 0, "", "+49711123", 0},
		{"+49711123", 5, "", "123", 0},
		{"+49711123", 0, "00", "0049711123", 0},
		{"0711123", 1, "+49", "+49711123", 0},
		{"0711123", 0, "9", "90711123", 0},
		{"123", 3, "", "123", -EINVAL},
		{"123", 4, "5", "123", -EINVAL},
		{"1234567890123456789012345678901", 0, "12345",
		 "1234567890123456789012345678901", -ERANGE},
		{"123456789012345678901234567890", 0, "+12345",
		 "+12345123456789012345678901234567890", 0},
	};
	char text[CC_DIGITS_MAX + 2];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct cc_number n = {0};

		ck_assert_int_eq(cc_number_set(&n, v[i].in), 0);
		ck_assert_int_eq(number_rewrite(&n, v[i].strip, v[i].prefix),
				 v[i].err);
		ck_assert_str_eq(cc_number_str(&n, text), v[i].want);
	}
}
END_TEST

START_TEST(test_bearer)
{
	ck_assert_int_eq(policy_bearer(CC_BEARER_SPEECH, false), 0);
	ck_assert_int_eq(policy_bearer(CC_BEARER_AUDIO_31, false), 0);
	for (unsigned b = CC_BEARER_UNRESTRICTED; b <= CC_BEARER_OTHER; b++) {
		ck_assert_int_eq(policy_bearer(b, false), 65);
		ck_assert_int_eq(policy_bearer(b, true),
				 b == CC_BEARER_UNRESTRICTED ? 0 : 65);
	}
}
END_TEST

START_TEST(test_caller_to_line)
{
	struct conf_span s = span_of("49", "711");
	struct cc_msg m = {.name = "Anna"};

	/* From alone: not screened. */
	m.calling = num(CC_TON_INTERNATIONAL, "49711123");
	m.calling.screening = CC_SCREEN_NETWORK;
	s.isdn.side = CONF_SIDE_USER;
	policy_caller_to_line(&s, &m);
	ck_assert_str_eq(m.calling.digits, "711123");
	ck_assert_int_eq(m.calling.screening, CC_SCREEN_NONE);
	ck_assert_str_eq(m.name, "Anna");
	/* Asserted wins; who may say what is the side's. */
	m.asserted = num(CC_TON_INTERNATIONAL, "49711999");
	policy_caller_to_line(&s, &m);
	ck_assert_str_eq(m.calling.digits, "711999");
	ck_assert_int_eq(m.calling.screening, CC_SCREEN_PASSED);
	ck_assert_int_eq(m.asserted.valid, 0);
	s.isdn.side = CONF_SIDE_NETWORK;
	m.asserted = num(CC_TON_INTERNATIONAL, "49711999");
	policy_caller_to_line(&s, &m);
	ck_assert_int_eq(m.calling.screening, CC_SCREEN_NETWORK);
	/* Privacy: id with an anonymous From and an asserted number. */
	m.asserted = num(CC_TON_INTERNATIONAL, "49711999");
	memset(&m.calling, 0, sizeof(m.calling));
	m.calling.valid = 1;
	m.calling.presentation = CC_PRES_RESTRICTED;
	policy_caller_to_line(&s, &m);
	ck_assert_str_eq(m.calling.digits, "711999");
	ck_assert_int_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.name, "");
}
END_TEST

START_TEST(test_caller_to_trunk)
{
	struct conf_span s = span_of("49", "711");
	struct conf_trunk t = {0};
	struct cc_msg m = {.name = "Anna"};
	char text[CC_DIGITS_MAX + 2];

	/* Not screened, the trunk has no number: nothing is asserted. */
	m.calling = num(CC_TON_NATIONAL, "711123");
	policy_caller_to_trunk(&s, &t, &m);
	ck_assert_str_eq(cc_number_str(&m.calling, text), "+49711123");
	ck_assert_int_eq(m.asserted.valid, 0);
	/* Not screened: the trunk's own number. */
	snprintf(t.who.number, sizeof(t.who.number), "+49711555");
	policy_caller_to_trunk(&s, &t, &m);
	ck_assert_str_eq(cc_number_str(&m.asserted, text), "+49711555");
	ck_assert_int_eq(m.asserted.presentation, CC_PRES_ALLOWED);
	ck_assert_str_eq(cc_number_str(&m.calling, text), "+49711123");
	/* Screened. */
	memset(&m.asserted, 0, sizeof(m.asserted));
	m.calling = num(CC_TON_NATIONAL, "711123");
	m.calling.screening = CC_SCREEN_PASSED;
	policy_caller_to_trunk(&s, &t, &m);
	ck_assert_str_eq(cc_number_str(&m.asserted, text), "+49711123");
	/* Two numbers: each has its place. */
	m.calling = num(CC_TON_NATIONAL, "711123");
	m.asserted = num(CC_TON_NATIONAL, "711777");
	m.asserted.screening = CC_SCREEN_NETWORK;
	policy_caller_to_trunk(&s, &t, &m);
	ck_assert_str_eq(cc_number_str(&m.calling, text), "+49711123");
	ck_assert_str_eq(cc_number_str(&m.asserted, text), "+49711777");
	ck_assert_str_eq(m.name, "Anna");
	/* Restricted stays restricted wherever it goes. */
	memset(&m.asserted, 0, sizeof(m.asserted));
	m.calling = num(CC_TON_NATIONAL, "711123");
	m.calling.presentation = CC_PRES_RESTRICTED;
	policy_caller_to_trunk(&s, &t, &m);
	ck_assert_int_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_int_eq(m.asserted.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.name, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("number");
	TCase *tc = tcase_create("number");

	tcase_add_test(tc, test_from_line);
	tcase_add_test(tc, test_to_line);
	tcase_add_test(tc, test_rewrite);
	tcase_add_test(tc, test_bearer);
	tcase_add_test(tc, test_caller_to_line);
	tcase_add_test(tc, test_caller_to_trunk);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
