/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The histogram of lateness: every value lies in its bucket, quantiles are
 * known to a quarter. */
#include "media/lateness.c"
#include "tests/suite.h"

#include <check.h>
#include <string.h>

static unsigned bucket_of(uint32_t us)
{
	struct lateness l = { { 0 }, 0, 0 };

	lateness_note(&l, (int64_t)us * 1000 + 999);
	ck_assert_uint_eq(l.max_us, us);
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		if (l.bucket[i])
			return i;
	ck_abort_msg("%u us is nowhere", us);
	return 0;
}

START_TEST(test_buckets)
{
	unsigned before = 0, i;

	for (uint32_t us = 0; us < 131072; us++) {
		i = bucket_of(us);
		ck_assert_uint_ge(i, before);
		ck_assert_uint_le(i, before + 1);
		ck_assert_uint_lt(us, lateness_edge_us(i));
		if (i)
			ck_assert_uint_ge(us, lateness_edge_us(i - 1));
		ck_assert_uint_le(lateness_edge_us(i), us + us / 4 + 1);
		before = i;
	}
	ck_assert_uint_eq(before, LATENESS_BUCKETS - 1);
	ck_assert_uint_eq(bucket_of(4000000), LATENESS_BUCKETS - 1);
}
END_TEST

START_TEST(test_quantiles)
{
	struct lateness l = { { 0 }, 0, 0 }, sum = { { 0 }, 0, 0 };

	ck_assert_uint_eq(lateness_quantile_us(&l, 9990), 0);
	for (unsigned i = 0; i < 9980; i++)
		lateness_note(&l, 50000 + i);
	for (unsigned i = 0; i < 20; i++)
		lateness_note(&l, 700000);
	lateness_note(&l, -5000); /* early is not late */
	ck_assert_uint_ge(lateness_quantile_us(&l, 9900), 50);
	ck_assert_uint_le(lateness_quantile_us(&l, 9900), 64);
	ck_assert_uint_ge(lateness_quantile_us(&l, 9990), 700);
	ck_assert_uint_eq(lateness_quantile_us(&l, 10000), 700);
	lateness_note(&l, 400 * 1000000LL);
	ck_assert_uint_eq(lateness_quantile_us(&l, 10000), 400000);
	lateness_add(&sum, &l);
	lateness_add(&sum, &l);
	ck_assert_uint_eq(sum.bucket[0], 2);
	ck_assert_uint_eq(sum.max_us, 400000);
	ck_assert_uint_eq(sum.sum_us, 2 * l.sum_us);
	ck_assert_uint_le(lateness_quantile_us(&sum, 9900), 64);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lateness");
	TCase *tc = tcase_create("lateness");

	tcase_add_test(tc, test_buckets);
	tcase_add_test(tc, test_quantiles);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
