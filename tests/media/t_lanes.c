/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* A group of lanes: the canceller's switches as the call and the modems of
 * both sides want them, and that a lane has nothing of its neighbours. */
#include "media/lanes.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "media/law.h"
#include "tests/suite.h"

enum { LANE = 5, NLP = ECHO_ON | ECHO_NLP };

static struct lane_group g;
static struct lane_block b;
static uint32_t samples; /* of the tone so far */

static void setup(void)
{
	ck_assert_int_eq(lane_group_init(&g, 32, ECHO_ISA_BEST), 0);
	memset(&b, 0, sizeof(b));
	b.used = 1u << LANE;
	samples = 0;
	lane_group_want(&g, LANE, true, true);
}

static void teardown(void)
{
	lane_group_fini(&g);
}

/* Blocks of 2,100 Hz, its phase turned over each 450 ms if so wanted; how
 * many told of a fax. */
static unsigned tone(float (*x)[ECHO_LANES], unsigned blocks, bool reversals)
{
	unsigned told = 0;

	for (; blocks; blocks--) {
		memset(b.near, 0, sizeof(b.near));
		memset(b.far, 0, sizeof(b.far));
		for (unsigned i = 0; i < ECHO_BLOCK; i++, samples++) {
			double turn = reversals && samples / 3600 % 2 ? M_PI
								      : 0;

			x[i][LANE] = (float)(3000 * sin(2 * M_PI * 2100 *
							samples / 8000 + turn));
		}
		lane_group_run(&g, &b);
		told += b.fax >> LANE & 1;
		ck_assert_uint_eq(b.fax & ~(1u << LANE), 0);
	}
	return told;
}

static unsigned flags_after(float (*x)[ECHO_LANES], unsigned silent_blocks)
{
	for (; silent_blocks; silent_blocks--) {
		memset(x, 0, sizeof(b.near));
		lane_group_run(&g, &b);
	}
	return g.lanes[LANE].flags;
}

START_TEST(test_plain_answer_tone)
{
	ck_assert_uint_eq(flags_after(b.near, 1), NLP);
	ck_assert_uint_eq(tone(b.near, 100, false), 1);
	ck_assert_uint_eq(g.lanes[LANE].flags, ECHO_ON);
	/* G.168 7: re-enabled after 250 +- 150 ms of silence. */
	ck_assert_uint_eq(flags_after(b.near, 9), ECHO_ON);
	ck_assert_uint_eq(flags_after(b.near, 32), NLP);
}
END_TEST

START_TEST(test_reversals_of_either_side)
{
	ck_assert_uint_eq(tone(b.near, 200, true), 1);
	ck_assert_uint_eq(g.lanes[LANE].flags, 0);
	ck_assert_uint_eq(b.cancelled, 0);
	ck_assert_uint_eq(flags_after(b.near, 41), NLP);
	/* From the far end it is no event of the line, but it counts. */
	ck_assert_uint_eq(tone(b.far, 200, true), 0);
	ck_assert_uint_eq(g.lanes[LANE].flags, 0);
	ck_assert_uint_eq(flags_after(b.far, 41), NLP);
	ck_assert_uint_eq(b.cancelled, 1u << LANE);
}
END_TEST

START_TEST(test_wants)
{
	struct echo_stats st;

	lane_group_want(&g, LANE, true, false);
	ck_assert_uint_eq(lane_group_wanted(&g), 1u << LANE);
	ck_assert_uint_eq(flags_after(b.near, 1), ECHO_ON);
	ck_assert(lane_group_stats(&g, LANE, &st));
	ck_assert(!lane_group_stats(&g, LANE + 1, &st));
	/* Without samples of the lane nothing runs in it. */
	b.used = 1;
	lane_group_run(&g, &b);
	ck_assert_uint_eq(b.cancelled, 0);
	lane_group_reset(&g, LANE);
	ck_assert_uint_eq(lane_group_wanted(&g), 0);
	ck_assert(!lane_group_stats(&g, LANE, &st));
}
END_TEST

/* A lane without canceller passes to the bit, tones are heard in it. */
START_TEST(test_no_canceller)
{
	struct lane_group none;

	ck_assert_int_eq(lane_group_init(&none, 50, ECHO_ISA_BEST), -EINVAL);
	ck_assert_int_eq(lane_group_init(&none, 0, ECHO_ISA_BEST), 0);
	lane_group_want(&none, LANE, true, true);
	ck_assert_uint_eq(lane_group_wanted(&none), 0);
	for (unsigned i = 0; i < ECHO_BLOCK; i++)
		b.near[i][LANE] = (float)i;
	lane_group_forget(&none, LANE);
	lane_group_run(&none, &b);
	ck_assert_uint_eq(b.cancelled, 0);
	for (unsigned i = 0; i < ECHO_BLOCK; i++)
		ck_assert(b.near[i][LANE] == (float)i);
	/* 770 and 1,336 Hz; a window is two blocks. */
	b.used = 1u << LANE;
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_int_eq(b.digit[LANE], 0);
		for (unsigned i = 0; i < ECHO_BLOCK; i++)
			b.near[i][LANE] =
				4000 * (sinf(0.604757f * (float)(80 * k + i)) +
					sinf(1.049292f * (float)(80 * k + i)));
		lane_group_run(&none, &b);
	}
	ck_assert_int_eq(b.digit[LANE], '5');
	b.used = 0;
	lane_group_run(&none, &b);
	ck_assert_int_eq(b.digit[LANE], 0);
	lane_group_fini(&none);
}
END_TEST

/* An echo of white noise is cancelled, forgotten, and cancelled again. */
static float residual(unsigned blocks)
{
	static uint32_t seed = 7;
	static float last[ECHO_BLOCK];
	float err = 0;

	for (; blocks; blocks--) {
		for (unsigned i = 0; i < ECHO_BLOCK; i++) {
			seed = seed * 1664525 + 1013904223;
			b.near[i][LANE] = last[i] / 4;
			last[i] = b.far[i][LANE] =
				(float)(int32_t)seed / 400000.0f;
		}
		lane_group_run(&g, &b);
		err = 0;
		for (unsigned i = 0; i < ECHO_BLOCK; i++)
			err += fabsf(b.near[i][LANE]);
	}
	return err;
}

START_TEST(test_forget)
{
	float first, learnt, again;

	lane_group_want(&g, LANE, true, false);
	residual(1);
	first = residual(1);
	learnt = residual(200);
	lane_group_forget(&g, LANE);
	again = residual(1);
	ck_assert_float_lt(learnt, first / 10);
	ck_assert_float_gt(again, learnt * 5);
	ck_assert_float_lt(residual(200), first / 10);
}
END_TEST

/* A block of the near end is lost; what was sent goes on echoing. */
START_TEST(test_bridged)
{
	float before, learnt;

	lane_group_want(&g, LANE, true, false);
	residual(1);
	before = residual(1);
	learnt = residual(200);
	b.used = 0;
	b.bridged = 1u << LANE;
	residual(1);
	ck_assert_uint_eq(b.cancelled, 0);
	ck_assert_uint_eq(g.lanes[LANE].flags, ECHO_ON);
	b.used = 1u << LANE;
	b.bridged = 0;
	for (unsigned i = 0; i < 10; i++)
		ck_assert_float_lt(residual(1), before / 10);
	ck_assert_float_lt(residual(20), 2 * learnt);
}
END_TEST

/* Over to another group: what was wanted, heard and learnt goes along. */
START_TEST(test_move)
{
	struct lane_group to;
	float learnt, before;

	ck_assert_int_eq(lane_group_init(&to, 32, ECHO_ISA_BEST), 0);
	before = residual(2);
	learnt = residual(200);
	lane_group_move(&to, LANE, &g, LANE);
	ck_assert_uint_eq(lane_group_wanted(&g), 0);
	ck_assert_uint_eq(flags_after(b.near, 1), 0);
	ck_assert_uint_eq(lane_group_wanted(&to), 1u << LANE);
	lane_group_move(&g, LANE, &to, LANE);
	ck_assert_float_lt(residual(1), before / 10);
	ck_assert_float_lt(learnt, before / 10);
	/* In the midst of 2,100 Hz: it is plain, and then has reversals. */
	ck_assert_uint_eq(tone(b.near, 60, false), 1);
	lane_group_move(&to, LANE, &g, LANE);
	lane_group_move(&g, LANE, &to, LANE);
	ck_assert_uint_eq(tone(b.near, 1, false), 0);
	ck_assert_uint_eq(g.lanes[LANE].flags, ECHO_ON);
	lane_group_fini(&to);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lanes");
	TCase *tc = tcase_create("lanes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_plain_answer_tone);
	tcase_add_test(tc, test_reversals_of_either_side);
	tcase_add_test(tc, test_wants);
	tcase_add_test(tc, test_no_canceller);
	tcase_add_test(tc, test_forget);
	tcase_add_test(tc, test_bridged);
	tcase_add_test(tc, test_move);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
