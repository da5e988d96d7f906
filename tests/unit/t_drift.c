/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* A line's clock against ours, from counts that are late by chance. */
#include "media/drift.h"
#include "tests/unit/rnd.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

static struct drift d;
static struct rnd r;

/* So many seconds of a line that runs `ppm` fast, seen in blocks of 80 frames
 * each of which is noticed up to a tick late. */
static void feed(double ppm, unsigned from_s, unsigned seconds)
{
	for (unsigned s = from_s; s < from_s + seconds; s++) {
		double ns = s * 1e9 + rnd_below(&r, 1000000);
		int64_t frames = (int64_t)(ns / 125000 * (1 + ppm * 1e-6));
		double due = (double)(frames / 80 * 80) * 125000 /
			     (1 + ppm * 1e-6);

		drift_add(&d, (int64_t)due + rnd_below(&r, 1000000),
			  frames / 80 * 80);
	}
}

START_TEST(how_fast)
{
	static const double all[] = { 0, 1, -1, 38, -38, 50, -130 };
	int32_t ppb;

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		drift_reset(&d);
		feed(all[i], 5, DRIFT_LEAST_S - 1);
		ck_assert(!drift_ppb(&d, &ppb));
		feed(all[i], 5 + DRIFT_LEAST_S - 1, 1);
		ck_assert(drift_ppb(&d, &ppb));
		ck_assert_int_le(abs(ppb - (int)(all[i] * 1000)), 9000);
		feed(all[i], 5 + DRIFT_LEAST_S, 500);
		ck_assert(drift_ppb(&d, &ppb));
		ck_assert_int_le(abs(ppb - (int)(all[i] * 1000)), 1000);
	}
}
END_TEST

/* What is old is forgotten: the rate may change. */
START_TEST(a_change)
{
	int32_t ppb;

	drift_reset(&d);
	feed(20, 0, 400);
	drift_reset(&d);
	feed(-20, 400, 300);
	ck_assert(drift_ppb(&d, &ppb));
	ck_assert_int_le(abs(ppb + 20000), 1000);
}
END_TEST

START_TEST(nothing_moves)
{
	int32_t ppb;

	drift_reset(&d);
	for (unsigned i = 0; i < 400; i++)
		drift_add(&d, 77, 5);
	ck_assert(!drift_ppb(&d, &ppb));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drift");
	TCase *tc = tcase_create("drift");

	rnd_init(&r, "drift");
	tcase_add_test(tc, how_fast);
	tcase_add_test(tc, a_change);
	tcase_add_test(tc, nothing_moves);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
