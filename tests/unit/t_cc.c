/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Names, numbers and the check of messages between the core and a leg. */
#include "gateway/cc.c"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct cc_msg good(void)
{
	struct cc_msg m = {.head = {LINK_VERSION, CC_SETUP, sizeof(m)},
			   .leg = 1};

	return m;
}

START_TEST(test_names)
{
	ck_assert_str_eq(cc_type_name(CC_SETUP), "SETUP");
	ck_assert_str_eq(cc_type_name(CC_RELEASED), "RELEASED");
	ck_assert_str_eq(cc_type_name(CC_END_STATE), "END_STATE");
	ck_assert_str_eq(cc_type_name(0), "?");
	ck_assert_str_eq(cc_type_name(CC_TYPES), "?");
	ck_assert_str_eq(cc_type_name(65535), "?");
	ck_assert_str_eq(cause_name(17), "User busy");
	ck_assert_str_eq(cause_name(127), "Interworking, unspecified");
	ck_assert_str_eq(cause_name(0), "");
	ck_assert_str_eq(cause_name(128), "");
	for (unsigned i = 1; i < CC_TYPES; i++) {
		ck_assert_str_ne(cc_type_name(i), "?");
	}
}
END_TEST

START_TEST(test_number)
{
	static const struct {
		const char *in;
		int err;
		const char *out;
		int type;
	} v[] = {
		{"+49-711-123456", 0, "+49711123456", CC_TON_INTERNATIONAL},
		{"+49 (711) 12.34/56", 0, "+49711123456",
		 CC_TON_INTERNATIONAL},
		{"0711 123", 0, "0711123", CC_TON_UNKNOWN},
		{"*31#112", 0, "*31#112", CC_TON_UNKNOWN},
		{"", -EINVAL, "", 0},
		{"+", -EINVAL, "", 0},
		{"--", -EINVAL, "", 0},
		{"1+2", -EINVAL, "", 0},
		{"++12", -EINVAL, "", 0},
		{"12a", -EINVAL, "", 0},
		{"12\n", -EINVAL, "", 0},
		{"12345678901234567890123456789012345", 0,
		 "12345678901234567890123456789012345", CC_TON_UNKNOWN},
		{"+12345678901234567890123456789012345", 0,
		 "+12345678901234567890123456789012345",
		 CC_TON_INTERNATIONAL},
		{"123456789012345678901234567890123456", -ERANGE, "", 0},
	};
	char buf[CC_DIGITS_MAX + 2];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct cc_number n = {0};

		ck_assert_int_eq(cc_number_set(&n, v[i].in), v[i].err);
		ck_assert_str_eq(cc_number_str(&n, buf), v[i].out);
		ck_assert_int_eq(n.type, v[i].type);
		ck_assert_int_eq(n.valid, v[i].err == 0);
	}
}
END_TEST

START_TEST(test_good)
{
	struct cc_msg m = good();
	struct cc_end_state e = {.head = {LINK_VERSION, CC_END_STATE,
					  sizeof(e)},
				 .up = 1, .channels = 30, .free = 30};

	ck_assert(cc_msg_ok(&m.head));
	m.cause.location = CC_LOC_NONE;
	ck_assert(cc_msg_ok(&m.head));
	ck_assert(cc_msg_ok(&e.head));
	m.head.type = CC_DTMF;
	ck_assert(!cc_msg_ok(&m.head));
	m.digit = 'D';
	ck_assert(cc_msg_ok(&m.head));
}
END_TEST

#define AT(member) offsetof(struct cc_msg, member)

START_TEST(test_bad)
{
	/* Octets from `at` on that get `value`, in a message that was good. */
	static const struct {
		size_t at;
		uint8_t len, value;
	} v[] = {
		{AT(head.version), 1, 2},
		{AT(head.type), 1, 0},
		{AT(head.type), 1, CC_END_STATE},
		{AT(head.type), 1, CC_RELOAD},
		{AT(head.type), 2, 255},
		{AT(head.len), 1, 0},
		{AT(head.len), 1, 1},
		{AT(head.len), 2, 255},
		{AT(leg), 1, 0},
		{AT(end.kind), 1, 2},
		{AT(cause.value), 1, 128},
		{AT(cause.location), 1, 16},
		{AT(bearer), 1, CC_BEARER_OTHER + 1},
		{AT(progress), 1, 16},
		{AT(transfer), 1, CC_TRANSFERS},
		{AT(head.type), 1, CC_TRANSFER}, /* without saying which */
		{AT(channel), 1, 32},
		{AT(complete), 1, 2},
		{AT(emergency), 1, 2},
		{AT(media.valid), 1, 2},
		{AT(media.rtp.family), 1, 5},
		{AT(media.codec), 1, 18},
		{AT(media.dtmf_pt), 1, 128},
		{AT(media.direction), 1, 4},
		{AT(name), CC_NAME_MAX, 'x'},
		{AT(ref), CC_REF_MAX, 'x'},
		{AT(detail), CC_DETAIL_MAX, 'x'},
		{AT(called.digits), CC_DIGITS_MAX, '1'},
		{AT(called.digits), 1, '+'},
		{AT(called.digits), 1, '\n'},
		{AT(called.valid), 1, 2},
		{AT(calling.type), 1, 8},
		{AT(asserted.plan), 1, 16},
		{AT(connected.presentation), 1, 3},
		{AT(redirecting.screening), 1, 4},
		{AT(extra.divert.reason), 1, 16},
		{AT(extra.divert.original_reason), 1, 16},
		{AT(extra.divert.count), 1, CC_DIVERT_MAX + 1},
		{AT(extra.divert.original.valid), 1, 2},
		{AT(extra.called_sub.type), 1, 8},
		{AT(extra.called_sub.odd), 1, 2},
		{AT(extra.called_sub.len), 1, CC_SUB_MAX + 1},
		{AT(extra.calling_sub.len), 1, CC_SUB_MAX + 1},
		{AT(extra.uui.len), 1, CC_UUI_MAX + 1},
		{AT(extra.carrier), CC_CARRIER_MAX, '1'},
		{AT(extra.carrier), 1, 'x'},
		{AT(extra.group), CC_GROUP_MAX, 'x'},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct cc_msg m = good();

		memset((uint8_t *)&m + v[i].at, v[i].value, v[i].len);
		ck_assert_msg(!cc_msg_ok(&m.head), "row %zu", i);
	}
}
END_TEST

START_TEST(test_servers)
{
	struct cc_servers good = {.head = {LINK_VERSION, CC_SERVERS,
					   sizeof(good)},
				  .end = {CC_END_TRUNK, 3},
				  .server = CC_SERVERS_MAX - 1, .n = 2,
				  .host = "sip.example"}, s;

	net_parse(&good.at[0].addr, "192.0.2.1:5060");
	net_parse(&good.at[1].addr, "[2001:db8::1]:5060");
	ck_assert(cc_msg_ok(&good.head));
	s = good;
	s.end.kind = CC_END_SPAN;
	ck_assert(!cc_msg_ok(&s.head));
	s = good;
	s.server = CC_SERVERS_MAX;
	ck_assert(!cc_msg_ok(&s.head));
	s = good;
	s.n = 0;
	ck_assert(!cc_msg_ok(&s.head));
	s.n = CC_ADDRESSES + 1;
	ck_assert(!cc_msg_ok(&s.head));
	s.n = 3;
	ck_assert(!cc_msg_ok(&s.head)); /* the third is none */
	s = good;
	s.at[1].addr.port = 0;
	ck_assert(!cc_msg_ok(&s.head));
	s = good;
	s.host[0] = '\0';
	ck_assert(!cc_msg_ok(&s.head));
	memset(s.host, 'x', sizeof(s.host));
	ck_assert(!cc_msg_ok(&s.head));
	s = good;
	s.head.len--;
	ck_assert(!cc_msg_ok(&s.head));
}
END_TEST

START_TEST(test_bad_end_state)
{
	struct cc_end_state e = {.head = {LINK_VERSION, CC_END_STATE,
					  sizeof(e)},
				 .channels = 30, .free = 31};

	ck_assert(!cc_msg_ok(&e.head));
	e.free = 0;
	e.up = 2;
	ck_assert(!cc_msg_ok(&e.head));
	e.up = 0;
	e.end.kind = 9;
	ck_assert(!cc_msg_ok(&e.head));
	e.end.kind = CC_END_TRUNK;
	memset(e.text, 'x', sizeof(e.text));
	ck_assert(!cc_msg_ok(&e.head));
	e.text[0] = '\0';
	ck_assert(cc_msg_ok(&e.head));
	e.head.len++;
	ck_assert(!cc_msg_ok(&e.head));
}
END_TEST

START_TEST(test_snapshot)
{
	struct cc_snapshot s = {.head = {LINK_VERSION, CC_SNAPSHOT, sizeof(s)},
				.leg = 1, .len = 1};

	ck_assert(cc_msg_ok(&s.head));
	s.head.type = CC_CLEAR;
	s.len = CC_SNAPSHOT_MAX;
	ck_assert(cc_msg_ok(&s.head));
	s.len++;
	ck_assert(!cc_msg_ok(&s.head));
	s.len = 0;
	ck_assert(!cc_msg_ok(&s.head));
	s.len = 1;
	s.cause.value = 128;
	ck_assert(!cc_msg_ok(&s.head));
	s.cause.value = 41;
	s.leg = 0;
	ck_assert(!cc_msg_ok(&s.head));
	s.leg = CC_LEG_CORE | 1;
	ck_assert(cc_msg_ok(&s.head));
	s.head.len--;
	ck_assert(!cc_msg_ok(&s.head));
	s.head.len = sizeof(struct cc_msg);
	ck_assert(!cc_msg_ok(&s.head));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cc");
	TCase *tc = tcase_create("cc");

	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_number);
	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_bad);
	tcase_add_test(tc, test_bad_end_state);
	tcase_add_test(tc, test_servers);
	tcase_add_test(tc, test_snapshot);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
