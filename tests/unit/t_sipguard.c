/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/* What sources may send, each and together; virtual time. */
#include "sip/guard.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct guard *guard;
static mono_t now;
static struct conf_limits of_source, of_all;
static struct guard_breach breach;

static void begin(void)
{
	guard = guard_new(60000);
	ck_assert_ptr_nonnull(guard);
	now = (mono_t){100 * NS_PER_S};
	of_source = of_all = (struct conf_limits){0};
}

static bool says(const char *who, size_t octets, enum guard_kind kind)
{
	struct net_addr source;
	struct guard_event e = {now, &source, &of_source, &of_all, octets, kind};

	ck_assert_int_eq(net_parse(&source, who), 0);
	return guard_message(guard, &e, &breach);
}

/* How many of n are taken? */
static unsigned taken(unsigned n, const char *who, size_t octets,
		      enum guard_kind kind)
{
	unsigned ok = 0;

	for (unsigned i = 0; i < n; i++) {
		ok += says(who, octets, kind);
	}
	return ok;
}

START_TEST(test_no_limit)
{
	begin();
	ck_assert_uint_eq(taken(100000, "192.0.2.1", 60000, GUARD_NEW_CALL),
			  100000);
	guard_free(guard);
}
END_TEST

/* A second's worth at once, then so many a second; another address has its
 * own, whatever its port. */
START_TEST(test_messages)
{
	begin();
	of_source.messages_per_s = 100;
	ck_assert_uint_eq(taken(500, "192.0.2.1:5060", 500, GUARD_OF_A_CALL),
			  100);
	ck_assert_int_eq(breach.limit, GUARD_MESSAGES);
	ck_assert(!breach.total);
	ck_assert_uint_eq(taken(500, "192.0.2.1:5070", 500, GUARD_OF_A_CALL), 0);
	ck_assert_uint_eq(taken(500, "192.0.2.2", 500, GUARD_OF_A_CALL), 100);
	ck_assert_uint_eq(taken(500, "[2001:db8::1]", 500, GUARD_OF_A_CALL),
			  100);
	now = mono_add_ms(now, 500);
	ck_assert_uint_eq(taken(500, "192.0.2.1", 500, GUARD_OF_A_CALL), 50);
	ck_assert_uint_eq(guard_count(guard, GUARD_MESSAGES),
			  400 + 500 + 400 + 400 + 450);
	guard_free(guard);
}
END_TEST

/* A long message is paid for, though it is taken. */
START_TEST(test_octets)
{
	begin();
	of_source.octets_per_s = 10000;
	ck_assert_uint_eq(taken(100, "192.0.2.1", 1000, GUARD_OF_A_CALL), 10);
	ck_assert_int_eq(breach.limit, GUARD_OCTETS);
	now = mono_add_ms(now, 1000);
	ck_assert(says("192.0.2.1", 15000, GUARD_OF_A_CALL));
	now = mono_add_ms(now, 400);
	ck_assert(!says("192.0.2.1", 1, GUARD_OF_A_CALL));
	now = mono_add_ms(now, 200);
	ck_assert(says("192.0.2.1", 1, GUARD_OF_A_CALL));
	guard_free(guard);
}
END_TEST

/* New calls leave a quarter to the others; emergency calls are taken. */
START_TEST(test_kinds)
{
	begin();
	of_source.messages_per_s = 100;
	ck_assert_uint_eq(taken(500, "192.0.2.1", 500, GUARD_NEW_CALL), 75);
	ck_assert_uint_eq(taken(500, "192.0.2.1", 500, GUARD_OF_A_CALL), 25);
	ck_assert_uint_eq(taken(500, "192.0.2.1", 500, GUARD_EMERGENCY), 500);
	/* They cost a second at most. */
	now = mono_add_ms(now, 2000);
	ck_assert(says("192.0.2.1", 500, GUARD_OF_A_CALL));
	guard_free(guard);
}
END_TEST

START_TEST(test_total)
{
	char who[32];
	unsigned n = 0;

	begin();
	of_source.messages_per_s = 100;
	of_all.messages_per_s = 250;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(who, sizeof(who), "192.0.2.%u", i);
		n += taken(100, who, 500, GUARD_OF_A_CALL);
	}
	ck_assert_uint_eq(n, 250);
	ck_assert(breach.total);
	guard_free(guard);
}
END_TEST

/* One line a minute for each source and limit, with the sum. */
START_TEST(test_told)
{
	begin();
	of_source.messages_per_s = 1;
	ck_assert(says("192.0.2.1", 500, GUARD_OF_A_CALL));
	ck_assert(!says("192.0.2.1", 500, GUARD_OF_A_CALL));
	ck_assert_uint_eq(breach.n, 1);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert(!says("192.0.2.1", 500, GUARD_OF_A_CALL));
		ck_assert_uint_eq(breach.n, 0);
	}
	ck_assert_uint_eq(taken(1, "192.0.2.2", 500, GUARD_OF_A_CALL), 1);
	ck_assert(!says("192.0.2.2", 500, GUARD_OF_A_CALL));
	ck_assert_uint_eq(breach.n, 1);
	now = mono_add_ms(now, 60000);
	ck_assert(says("192.0.2.1", 500, GUARD_OF_A_CALL));
	ck_assert(!says("192.0.2.1", 500, GUARD_OF_A_CALL));
	ck_assert_uint_eq(breach.n, 11);
	guard_free(guard);
}
END_TEST

static unsigned urged(unsigned n, const char *who)
{
	struct net_addr source;
	struct guard_event e = {.now = now, .source = &source};
	unsigned ok = 0;

	ck_assert_int_eq(net_parse(&source, who), 0);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_eq(guard_may_urge(guard, &e),
				 guard_may_urge(guard, &e));
		ok += guard_urge(guard, &e);
	}
	return ok;
}

/* One source's emergency calls do not take the privilege from another's, unless
 * there are very many sources. */
START_TEST(test_urgent)
{
	char who[32];
	unsigned n = 0;

	begin();
	ck_assert_uint_eq(urged(500, "192.0.2.1"), GUARD_URGENT_PER_S);
	ck_assert_uint_eq(urged(1, "192.0.2.2"), 1);
	ck_assert_uint_eq(urged(1, "192.0.2.1"), 0);
	now = mono_add_ms(now, 1000);
	ck_assert_uint_eq(urged(500, "192.0.2.1"), GUARD_URGENT_PER_S);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(who, sizeof(who), "198.51.100.%u", i);
		n += urged(50, who);
	}
	ck_assert_uint_eq(n, GUARD_URGENT_OF_ALL - GUARD_URGENT_PER_S);
	guard_free(guard);
}
END_TEST

/* More sources than there is room for: who is heard often is kept. */
START_TEST(test_many)
{
	char who[32];
	unsigned n = 0;

	begin();
	of_source.messages_per_s = 2;
	ck_assert_uint_eq(taken(3, "192.0.2.1", 500, GUARD_OF_A_CALL), 2);
	for (unsigned i = 0; i < 20 * GUARD_SOURCES; i++) {
		snprintf(who, sizeof(who), "10.%u.%u.%u", i >> 16, i >> 8 & 255,
			 i & 255);
		now.ns += 1000;
		ck_assert(says(who, 500, GUARD_OF_A_CALL));
		n += says("192.0.2.1", 500, GUARD_OF_A_CALL);
	}
	ck_assert_uint_le(n, 1); /* in 20 ms */
	guard_free(guard);
}
END_TEST

START_TEST(test_names)
{
	const struct conf_limits c = {1, 2, 3, 4, 5};

	for (unsigned i = 0; i < GUARD_LIMITS; i++) {
		ck_assert_uint_eq(guard_value(&c, (enum guard_limit)i), i + 1);
		ck_assert_str_ne(guard_name((enum guard_limit)i), "?");
		ck_assert_int_eq(strncmp(guard_setting((enum guard_limit)i),
					 "limits.", 7), 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipguard");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_no_limit);
	tcase_add_test(tc, test_messages);
	tcase_add_test(tc, test_octets);
	tcase_add_test(tc, test_kinds);
	tcase_add_test(tc, test_total);
	tcase_add_test(tc, test_told);
	tcase_add_test(tc, test_urgent);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
