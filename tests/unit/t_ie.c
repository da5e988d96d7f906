/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn */
/* The reader of Q.931 messages and elements, on octets made by hand. */
#include "isdn/ie.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ie_msg parse(const uint8_t *octets, size_t len)
{
	struct ie_msg m;

	ck_assert_int_eq(ie_msg_parse(&m, octets, len), 0);
	return m;
}
#define PARSE(...)                                     \
	parse((const uint8_t[]){ 8, 2, 0, 1, 5, __VA_ARGS__ }, \
	      sizeof((const uint8_t[]){ 8, 2, 0, 1, 5, __VA_ARGS__ }))

START_TEST(test_header)
{
	static const uint8_t ok[] = { 8, 2, 0x81, 0x02, 0x07 };
	static const uint8_t dummy[] = { 8, 0, 0x62 };
	static const uint8_t pd[] = { 3, 2, 0, 1, 5 };
	static const uint8_t reserved[] = { 8, 0x12, 0, 1, 5 };
	struct ie_msg m;
	size_t i;

	ck_assert_int_eq(ie_msg_parse(&m, ok, sizeof(ok)), 0);
	ck_assert_uint_eq(m.cref, 0x0102);
	ck_assert(m.flag);
	ck_assert_uint_eq(m.type, Q931_CONNECT);
	ck_assert_uint_eq(m.len, 0);
	for (i = 0; i < sizeof(ok); i++) {
		ck_assert_int_eq(ie_msg_parse(&m, ok, i), -EMSGSIZE);
	}
	ck_assert_int_eq(ie_msg_parse(&m, dummy, sizeof(dummy)), -EINVAL);
	ck_assert_uint_eq(m.type, 0x62);
	ck_assert_int_eq(ie_msg_parse(&m, pd, sizeof(pd)), -EPROTO);
	ck_assert_int_eq(ie_msg_parse(&m, reserved, 5), -EINVAL);
}
END_TEST

START_TEST(test_walk)
{
	/* bearer, sending complete, shift once to 5, element, back in 0,
	 * lock 6, two elements */
	struct ie_msg m = PARSE(0x04, 2, 0x80, 0x90, 0xa1, 0x9d, 0x32, 1, 7,
				0x70, 1, 0x81, 0x96, 0x01, 0, 0x1c, 1, 9);
	static const struct {
		uint8_t codeset, id, len, at, size;
	} want[] = { { 0, 0x04, 2, 0, 4 },  { 0, 0xa1, 0, 4, 1 },
		     { 5, 0x32, 1, 5, 4 },  { 0, 0x70, 1, 9, 3 },
		     { 6, 0x01, 0, 13, 2 }, { 6, 0x1c, 1, 15, 3 } };
	struct ie_walk w;
	struct ie ie;
	size_t i;

	ie_walk(&w, &m);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(ie_next(&w, &ie), 1);
		ck_assert_uint_eq(ie.codeset, want[i].codeset);
		ck_assert_uint_eq(ie.id, want[i].id);
		ck_assert_uint_eq(ie.len, want[i].len);
		ck_assert_uint_eq(ie.at, want[i].at);
		ck_assert_uint_eq(ie.size, want[i].size);
	}
	ck_assert_int_eq(ie_next(&w, &ie), 0);
	ck_assert(ie_find(&m, 0x70, 0, &ie));
	ck_assert(!ie_find(&m, 0x70, 1, &ie));
	ck_assert(!ie_find(&m, 0x1c, 0, &ie));
}
END_TEST

static int walk_all(struct ie_msg m)
{
	struct ie_walk w;
	struct ie ie;
	int r;

	ie_walk(&w, &m);
	while ((r = ie_next(&w, &ie)) > 0) {
	}
	return r;
}

START_TEST(test_walk_broken)
{
	ck_assert_int_eq(walk_all(PARSE(0x70)), -EMSGSIZE);
	ck_assert_int_eq(walk_all(PARSE(0x70, 2, 0x81)), -EMSGSIZE);
	ck_assert_int_eq(walk_all(PARSE(0x70, 1, 0x81, 0x6c, 255)), -EMSGSIZE);
	ck_assert_int_eq(walk_all(PARSE(0x90, 0x70, 0)), -EPROTO);
	ck_assert_int_eq(walk_all(PARSE(0x96, 1, 0, 0x95, 1, 0)), -EPROTO);
	ck_assert_int_eq(walk_all(PARSE(0x9e)), -EPROTO);
	ck_assert_int_eq(walk_all(PARSE(0x9e, 0x9d, 1, 0)), -EPROTO);
	ck_assert_int_eq(walk_all(PARSE(0x96)), 0);
	ck_assert_int_eq(walk_all(PARSE(0x96, 1, 0, 0x98, 0x70, 0)), 0);
}
END_TEST

START_TEST(test_number)
{
	struct ie_msg m = PARSE(0x6c, 5, 0x21, 0xa3, '7', '1', '1', 0x74, 4,
				0x11, 0x20, 0x8f, '9', 0x70, 1, 0x89, 0x4c, 2,
				0x21, 0x03, 0x4c, 0);
	struct ie_number n;
	struct ie ie;

	ck_assert(ie_find(&m, IE_CALLING, 0, &ie) && ie_number(&ie, &n));
	ck_assert_uint_eq(n.type, 2);
	ck_assert_uint_eq(n.plan, 1);
	ck_assert_uint_eq(n.presentation, 1);
	ck_assert_uint_eq(n.screening, 3);
	ck_assert_uint_eq(n.n, 3);
	ck_assert_mem_eq(n.digits, "711", 3);
	ck_assert(ie_find(&m, IE_REDIRECTING, 0, &ie) && ie_number(&ie, &n));
	ck_assert_uint_eq(n.presentation, 1);
	ck_assert_uint_eq(n.reason, 15);
	ck_assert_uint_eq(n.n, 1);
	ck_assert(ie_find(&m, IE_CALLED, 0, &ie) && ie_number(&ie, &n));
	ck_assert_uint_eq(n.plan, 9);
	ck_assert_uint_eq(n.n, 0);
	ck_assert(ie_find(&m, IE_CONNECTED, 0, &ie) && !ie_number(&ie, &n));
	ck_assert(ie_find(&m, IE_CONNECTED, 1, &ie) && !ie_number(&ie, &n));
}
END_TEST

START_TEST(test_cause)
{
	struct ie_msg m = PARSE(8, 2, 0x82, 0x91, 8, 4, 0x04, 0x80, 0x96, 'x',
				8, 1, 0x80, 8, 2, 0x00, 0x00, 8, 2, 0x00,
				0x90);
	struct ie_cause c;
	struct ie ie;

	ck_assert(ie_find(&m, IE_CAUSE, 0, &ie) && ie_cause(&ie, &c));
	ck_assert_uint_eq(c.value, 17);
	ck_assert_uint_eq(c.location, 2);
	ck_assert_uint_eq(c.diag_len, 0);
	ck_assert(ie_find(&m, IE_CAUSE, 1, &ie) && ie_cause(&ie, &c));
	ck_assert_uint_eq(c.value, 22);
	ck_assert_uint_eq(c.location, 4);
	ck_assert_uint_eq(c.diag_len, 1);
	ck_assert(ie_find(&m, IE_CAUSE, 2, &ie) && !ie_cause(&ie, &c));
	ck_assert(ie_find(&m, IE_CAUSE, 3, &ie) && !ie_cause(&ie, &c));
	ck_assert(ie_find(&m, IE_CAUSE, 4, &ie) && !ie_cause(&ie, &c));
}
END_TEST

static bool channel(struct ie_msg m, struct ie_channel *c)
{
	struct ie ie;

	ck_assert(ie_find(&m, IE_CHANNEL, 0, &ie));
	return ie_channel(&ie, c);
}

START_TEST(test_channel)
{
	struct ie_channel c;

	ck_assert(channel(PARSE(0x18, 3, 0xa9, 0x83, 0x85), &c));
	ck_assert(c.exclusive && !c.any && c.first == 5 && c.slots == 1u << 5);
	ck_assert(channel(PARSE(0x18, 3, 0xa1, 0x83, 0x91), &c));
	ck_assert(!c.exclusive && c.first == 17);
	ck_assert(channel(PARSE(0x18, 1, 0xa3), &c));
	ck_assert(c.any && !c.slots);
	ck_assert(channel(PARSE(0x18, 1, 0xa0), &c));
	ck_assert(c.none);
	ck_assert(channel(PARSE(0x18, 4, 0xe9, 0x81, 0x83, 0x85), &c));
	ck_assert(c.other_interface && c.interface == 1 && c.first == 5);
	ck_assert(channel(PARSE(0x18, 6, 0xa1, 0x93, 0x80, 0, 0, 2), &c));
	ck_assert(c.slots == (1u << 31 | 1u << 1) && c.first == 1);
	ck_assert(channel(PARSE(0x18, 5, 0xa1, 0x93, 0x80, 0, 1), &c));
	ck_assert(c.slots == (1u << 24 | 1u << 1) && c.first == 1);
	ck_assert(channel(PARSE(0x18, 5, 0xa9, 0x83, 1, 2, 0x9f), &c));
	ck_assert(c.slots == (1u << 1 | 1u << 2 | 1u << 31));
	ck_assert(channel(PARSE(0x18, 2, 0xe9, 0x81), &c)); /* all of it */
	ck_assert(c.first == 0 && c.slots == 0);
	ck_assert(channel(PARSE(0x18, 1, 0xac), &c) && c.d_channel);
	ck_assert(!channel(PARSE(0x18, 0), &c));
	ck_assert(!channel(PARSE(0x18, 1, 0xa1), &c) || c.first == 0);
	ck_assert(!channel(PARSE(0x18, 2, 0xa1, 0x83), &c));
	ck_assert(!channel(PARSE(0x18, 3, 0xa1, 0x86, 0x85), &c));
	ck_assert(!channel(PARSE(0x18, 2, 0xe9, 0x01), &c));
}
END_TEST

static bool bearer(struct ie_msg m, struct ie_bearer *b)
{
	struct ie ie;

	ck_assert(ie_find(&m, IE_BEARER, 0, &ie));
	return ie_bearer(&ie, b);
}

START_TEST(test_bearer)
{
	struct ie_bearer b;

	ck_assert(bearer(PARSE(4, 3, 0x80, 0x90, 0xa3), &b));
	ck_assert(b.capability == 0 && b.mode == 0x10 && b.layer1 == 3);
	ck_assert(bearer(PARSE(4, 2, 0x88, 0x90), &b));
	ck_assert(b.capability == 8 && b.layer1 == 0);
	ck_assert(bearer(PARSE(4, 4, 0x98, 0x98, 0x82, 0xa5), &b));
	ck_assert(b.capability == 0x18 && b.mode == 0x18 && b.layer1 == 5);
	ck_assert(!bearer(PARSE(4, 2, 0x98, 0x98), &b)); /* no octet 4.1 */
	ck_assert(!bearer(PARSE(4, 1, 0x80), &b));
	ck_assert(!bearer(PARSE(4, 0), &b));
	ck_assert(!bearer(PARSE(4, 2, 0x00, 0x10), &b));
}
END_TEST

START_TEST(test_progress)
{
	struct ie_msg m = PARSE(0x1e, 2, 0x82, 0x88, 0x1e, 1, 0x82);
	struct ie_progress p;
	struct ie ie;

	ck_assert(ie_find(&m, IE_PROGRESS, 0, &ie) && ie_progress(&ie, &p));
	ck_assert(p.location == 2 && p.value == 8 && p.coding == 0);
	ck_assert(ie_find(&m, IE_PROGRESS, 1, &ie) && !ie_progress(&ie, &p));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ie");
	TCase *tc = tcase_create("ie");

	tcase_add_test(tc, test_header);
	tcase_add_test(tc, test_walk);
	tcase_add_test(tc, test_walk_broken);
	tcase_add_test(tc, test_number);
	tcase_add_test(tc, test_cause);
	tcase_add_test(tc, test_channel);
	tcase_add_test(tc, test_bearer);
	tcase_add_test(tc, test_progress);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
