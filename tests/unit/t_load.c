/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media */
/* When an engine thread is full, and when it is no more. */
#include "media/load.h"
#include "tests/suite.h"

#include <check.h>

#define LIMIT 900

/* Seconds until `full` changes; 0: not in a minute. */
static unsigned seconds(struct load *l, uint32_t busy, bool rested)
{
	for (unsigned s = 1; s <= 60; s++)
		if (load_note(l, busy, LIMIT, rested))
			return s;
	return 0;
}

START_TEST(test_busy)
{
	struct load l = { 0 };

	ck_assert_uint_eq(seconds(&l, LIMIT - 1, false), 0);
	ck_assert_uint_eq(seconds(&l, LIMIT, false), LOAD_HOLD_S);
	ck_assert(l.full);
	/* Between the two limits all stays as it is. */
	ck_assert_uint_eq(seconds(&l, LIMIT - LOAD_CALM_PERMILLE, false), 0);
	ck_assert_uint_eq(seconds(&l, LIMIT - LOAD_CALM_PERMILLE - 1, false),
			  LOAD_HOLD_S);
	ck_assert(!l.full);
}
END_TEST

/* A stalled host is no load. */
START_TEST(test_stall)
{
	struct load l = { 0 };

	for (unsigned i = 0; i < 100; i++)
		ck_assert(!load_note(&l, i % LOAD_HOLD_S ? 1000 : 10, LIMIT,
				     false));
}
END_TEST

START_TEST(test_rest)
{
	struct load l = { 0 };

	ck_assert_uint_eq(seconds(&l, 300, true), LOAD_HOLD_S);
	/* They have had to rest again. */
	ck_assert_uint_eq(seconds(&l, 300, true), 0);
	ck_assert(l.full);
	ck_assert_uint_eq(seconds(&l, 300, false), LOAD_HOLD_S);
}
END_TEST

START_TEST(test_no_limit)
{
	struct load l = { 0 };

	for (unsigned i = 0; i < 100; i++)
		ck_assert(!load_note(&l, 1000, 1000, true));
	/* The limit is taken away while it is full. */
	for (unsigned i = 0; i < LOAD_HOLD_S; i++)
		load_note(&l, 1000, LIMIT, true);
	ck_assert(l.full);
	for (unsigned i = 1; i < LOAD_HOLD_S; i++)
		ck_assert(!load_note(&l, 1000, 1000, true));
	ck_assert(load_note(&l, 1000, 1000, true));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("load");
	TCase *tc = tcase_create("load");

	tcase_add_test(tc, test_busy);
	tcase_add_test(tc, test_stall);
	tcase_add_test(tc, test_rest);
	tcase_add_test(tc, test_no_limit);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
