/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media */
/*
 * The line echo canceller against hybrids of G.168 Annex D.
 */
#include "media/echo.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/echo_rig.c"
#include "tests/suite.h"

static const struct rig_case base = {
	.tail_ms = 128,
	.law = LAW_ALAW,
	.far = RIG_CSS,
	.far_dbm0 = -10,
	.erl_db = 10,
	.seconds = 8,
	.seed = 4711,
};

/* Open a case and cancel it with the best build. */
static struct rig cancelled(const struct rig_case *c, unsigned flags)
{
	struct rig r;

	ck_assert(rig_open(&r, c));
	rig_cancel(&r, c->tail_ms, ECHO_ISA_BEST, flags);
	return r;
}

START_TEST(test_arguments)
{
	ck_assert_ptr_null(echo_group_new(48, ECHO_ISA_BEST));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(echo_group_new(64, (enum echo_isa)99));
	ck_assert_int_eq(errno, ENOTSUP);
	echo_group_free(NULL);
}
END_TEST

/* Tails and laws by number; the limits are those of design.md 9. */
START_TEST(test_erle)
{
	static const unsigned tail[3] = { 32, 64, 128 };
	struct rig_case c = base;
	struct rig_score erle;
	struct rig r;

	c.tail_ms = tail[_i % 3];
	c.law = _i / 3 ? LAW_ULAW : LAW_ALAW;
	r = cancelled(&c, ECHO_ON);
	erle = rig_erle_score(&r, 5, 8);
	ck_assert_double_ge(erle.mean, 34.5);
	ck_assert_double_ge(erle.worst, 34);
	rig_close(&r);
}
END_TEST

START_TEST(test_levels)
{
	static const struct {
		double far_dbm0;
		double erl_db;
		double mean;
	} row[] = {
		{ 0, 6, 34 }, { 0, 20, 33 }, { -10, 6, 34 }, { -10, 20, 33 },
		{ -20, 6, 34 }, { -20, 20, 28 }, { -30, 6, 28 },
		{ -30, 10, 26 },
	};
	struct rig_case c = base;
	struct rig r;

	c.far_dbm0 = row[_i].far_dbm0;
	c.erl_db = row[_i].erl_db;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_erle_score(&r, 5, 8).mean, row[_i].mean);
	rig_close(&r);
}
END_TEST

START_TEST(test_convergence)
{
	struct rig_case c = base;
	struct rig r;

	c.change_at = 4;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_le(rig_reach_score(&r, 0, 20).mean, 0.7);
	ck_assert_double_le(rig_reach_score(&r, 0, 30).mean, 1.0);
	ck_assert_double_le(rig_reach_score(&r, 4, 20).mean, 1.1);
	rig_close(&r);
}
END_TEST

START_TEST(test_second_reflection)
{
	struct rig_case c = base;
	struct rig r;

	c.second_db = 16;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_le(rig_reach_score(&r, 0, 20).mean, 1.1);
	ck_assert_double_ge(rig_erle_score(&r, 5, 8).mean, 34);
	rig_close(&r);
}
END_TEST

/* A reflection that comes up while the first one is cancelled. */
START_TEST(test_late_reflection)
{
	struct rig_case c = base;
	struct rig r;

	c.second_db = 16;
	c.second_at = 5;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_le(rig_reach_score(&r, 5, 20).mean, 1.3);
	ck_assert_double_ge(rig_erle_score(&r, 7, 8).worst, 25);
	rig_close(&r);
}
END_TEST

START_TEST(test_speech)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_SPEECH;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_erle_score(&r, 2, 5).mean, 28);
	ck_assert_double_ge(rig_erle_score(&r, 5, 8).mean, 32);
	rig_close(&r);
}
END_TEST

/* Behind noise no filter is ever good, and still a path may change. */
START_TEST(test_change_in_noise)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_SPEECH;
	c.far_dbm0 = -22;
	c.erl_db = 15;
	c.noise_dbm0 = -50;
	c.seconds = 12;
	c.change_at = 6;
	c.seed = base.seed + (uint32_t)_i;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_erle_score(&r, 9, 12).worst, 6);
	rig_close(&r);
}
END_TEST

/*
 * Where two clocks of the network differ a frame is left out or repeated now
 * and then: the echo moves by one sample. What is left of it is gone in half a second.
 */
START_TEST(test_slip)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.change_at = 6;
	c.slip = _i % 2 ? 1 : -1;
	c.law = _i / 2 ? LAW_ULAW : LAW_ALAW;
	c.seconds = 9;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_erle_score(&r, 6.5, 9).mean, 18);
	ck_assert_double_ge(rig_erle_score(&r, 6.5, 9).worst, 7);
	rig_close(&r);
}
END_TEST

/* With the filter converged the other end speaks, softly to loudly. */
START_TEST(test_double_talk)
{
	static const struct {
		enum rig_signal near;
		double dbm0;
		double during;
		double after;
	} row[] = {
		{ RIG_CSS, -30, 20, 28 }, { RIG_CSS, -20, 20, 28 },
		{ RIG_CSS, -10, 20, 28 }, { RIG_CSS, -5, 18, 26 },
		{ RIG_CSS, 0, 12, 22 }, { RIG_SPEECH, -25, 20, 28 },
		{ RIG_SPEECH, -16, 20, 28 }, { RIG_SPEECH, -5, 18, 24 },
		{ RIG_NOISE, -16, 17, 28 },
	};
	struct rig_case c = base;
	struct rig r;

	c.near = row[_i].near;
	c.near_dbm0 = row[_i].dbm0;
	c.near_from = 4;
	c.near_to = 7;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_echo_reduction_score(&r, 4, 7).mean,
			    row[_i].during);
	ck_assert_double_ge(rig_reduction_score(&r, 4, 7).worst, 0);
	ck_assert_double_ge(rig_erle_score(&r, 7, 7.7).mean, row[_i].after);
	rig_close(&r);
}
END_TEST

/* Two voices that have a pitch in common for a while are no new echo path. */
START_TEST(test_voices_alike)
{
	struct rig_case c = base;
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct echo_stats stats;
	unsigned changes = 0;
	struct rig r;

	c.far = c.near = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.near_dbm0 = -16 + 3.0 * (_i % 3);
	c.near_from = 8;
	c.near_to = c.seconds = 20;
	c.seed = base.seed + (uint32_t)_i;
	ck_assert(rig_open(&r, &c));
	rig_run(&r, g);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		echo_group_stats(g, n, &stats);
		changes += stats.path_changes;
	}
	ck_assert_uint_eq(changes, 0);
	rig_close(&r);
	echo_group_free(g);
}
END_TEST

/* Both speak from the first sample on: no worse than no canceller. */
START_TEST(test_double_talk_from_start)
{
	static const double dbm0[] = { -30, -25, -20, -15, -10, -5, 0 };
	struct rig_case c = base;
	struct rig r;

	c.near = _i % 2 ? RIG_SPEECH : RIG_CSS;
	c.near_dbm0 = dbm0[_i / 2];
	c.near_to = 5;
	r = cancelled(&c, ECHO_ON);
	ck_assert_double_ge(rig_reduction_score(&r, 0, 5).worst, 0);
	ck_assert_double_ge(rig_reduction_score(&r, 1, 5).worst, 0);
	ck_assert_double_ge(rig_erle_score(&r, 7, 8).mean, 30);
	rig_close(&r);
}
END_TEST

/* Whatever the filter believes, the line gets no louder by it. */
START_TEST(test_never_louder)
{
	static const struct {
		enum rig_signal far;
		enum rig_signal near;
		double erl_db;
		double change_at;
		double mean;
	} row[] = {
		{ RIG_RECORDING, RIG_SILENCE, 10, 3, 1.2 },
		{ RIG_SPEECH, RIG_SILENCE, 10, 3, 1.2 },
		{ RIG_RECORDING, RIG_RECORDING, 10, 0, 1.5 },
		{ RIG_RECORDING, RIG_RECORDING, 90, 0, 1.5 },
		{ RIG_RECORDING, RIG_SILENCE, -3, 0, 1.2 },
	};
	struct rig_case c = base;
	double sum = 0;
	struct rig r;

	c.far = row[_i].far;
	c.far_dbm0 = -16;
	c.near = row[_i].near;
	c.near_dbm0 = -16;
	c.near_to = 6;
	c.erl_db = row[_i].erl_db;
	c.change_at = row[_i].change_at;
	c.seconds = 6;
	r = cancelled(&c, ECHO_ON | ECHO_NLP);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		double rise = rig_rise(&r, n);

		ck_assert_double_le(rise, 6);
		sum += fmax(rise, 0);
	}
	ck_assert_double_le(sum / ECHO_LANES, row[_i].mean);
	rig_close(&r);
}
END_TEST

/* Every build cancels the same, within -50 dB of what comes in. */
START_TEST(test_variants)
{
	static const enum echo_isa isa[] = { ECHO_ISA_AVX2, ECHO_ISA_AVX512 };
	static const char *const name[] = { "avx2", "avx512" };
	struct rig_case c = base;
	struct echo_group *g = rig_group(128, isa[_i], ECHO_ON | ECHO_NLP);
	struct rig plain, r;
	double diff = 0, near = 0;

	if (!g) {
		ck_assert_int_eq(errno, ENOTSUP);
		return;
	}
	ck_assert_str_eq(echo_group_isa(g), name[_i]);
	c.seconds = 4;
	c.near = RIG_SPEECH;
	c.near_dbm0 = -20;
	c.near_from = 2;
	c.near_to = 3;
	ck_assert(rig_open(&plain, &c));
	ck_assert(rig_open(&r, &c));
	rig_cancel(&plain, 128, ECHO_ISA_C, ECHO_ON);
	rig_cancel(&r, 128, isa[_i], ECHO_ON);
	for (size_t i = 0; i < r.n; i++) {
		for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
			double d = r.out[i][lane] - plain.out[i][lane];

			diff += d * d;
			near += (double)(r.near[i][lane] * r.near[i][lane]);
		}
	}
	ck_assert_double_le(diff, 1e-5 * near);
	rig_close(&plain);
	rig_close(&r);
	echo_group_free(g);
}
END_TEST

/* What happens in one lane leaves the others as they are, to the bit. */
START_TEST(test_lanes_apart)
{
	struct rig_case c = base;
	struct rig a, b;
	struct echo_group *g;

	c.near = RIG_SPEECH;
	c.near_dbm0 = -15;
	c.near_from = 5.5;
	c.near_to = 6;
	ck_assert(rig_open(&a, &c));
	ck_assert(rig_open(&b, &c));
	rig_cancel(&a, 128, ECHO_ISA_BEST, ECHO_ON | ECHO_NLP);
	for (size_t i = 0; i < b.n; i++) {
		b.near[i][7] = i % 3 ? NAN : INFINITY;
		b.far[i][7] = i % 5 ? 1e30f : NAN;
	}
	g = rig_group(128, ECHO_ISA_BEST, ECHO_ON | ECHO_NLP);
	memcpy(b.out, b.near, b.n * sizeof(*b.out));
	for (size_t i = 0; i < b.n; i += ECHO_BLOCK) {
		if (i == 10000 / ECHO_BLOCK * ECHO_BLOCK) {
			echo_group_reset_lane(g, 2);
			echo_group_set_lane(g, 11, 0);
		}
		echo_group_run(g, (const float (*)[ECHO_LANES])(b.far + i),
			       b.out + i, i % 800 ? 0xffff : 0xffef);
	}
	for (size_t i = 0; i < b.n; i++) {
		for (unsigned n = 0; n < ECHO_LANES; n++) {
			if (n == 2 || n == 4 || n == 7 || n == 11) {
				continue;
			}
			ck_assert_mem_eq(&a.out[i][n], &b.out[i][n],
					 sizeof(float));
		}
	}
	echo_group_free(g);
	rig_close(&a);
	rig_close(&b);
}
END_TEST

/* The samples of lane 3 from block `at` on, in lane 9; the rest is silence. */
static void one_block(const struct rig *r, size_t at, struct echo_group *g,
		      float *out)
{
	_Alignas(64) float far[ECHO_BLOCK][ECHO_LANES] = { { 0 } };
	_Alignas(64) float near[ECHO_BLOCK][ECHO_LANES] = { { 0 } };

	for (unsigned i = 0; i < ECHO_BLOCK; i++) {
		far[i][9] = r->far[at + i][3];
		near[i][9] = r->near[at + i][3];
	}
	echo_group_run(g, (const float (*)[ECHO_LANES])far, near, 1u << 9);
	for (unsigned i = 0; i < ECHO_BLOCK; i++)
		out[i] = near[i][9];
}

/*
 * A lane goes over to another group in the middle, which is elsewhere in its
 * own time: nothing is to be heard of it.
 */
static void move_lane(enum echo_isa isa)
{
	enum { MOVED = 32000, PARTS = 7 };
	struct echo_group *a, *b = rig_group(64, isa, ECHO_ON);
	struct rig_case c = base;
	float out[ECHO_BLOCK];
	struct rig r, moved;
	struct echo_stats st;
	size_t i;

	c.tail_ms = 64;
	c.seconds = 6;
	ck_assert(rig_open(&r, &c));
	ck_assert(rig_open(&moved, &c));
	rig_cancel(&r, 64, isa, ECHO_ON | ECHO_NLP);
	/* As many blocks as there are partitions: each has had its turn, and
	 * the ring of the past, which is one longer, stands elsewhere. */
	for (i = 0; i < PARTS * ECHO_BLOCK; i += ECHO_BLOCK)
		one_block(&r, i, b, out);
	a = rig_group(64, isa, ECHO_ON | ECHO_NLP);
	memcpy(moved.out, moved.near, moved.n * sizeof(*moved.out));
	for (i = 0; i < MOVED; i += ECHO_BLOCK) {
		echo_group_run(a, (const float (*)[ECHO_LANES])(moved.far + i),
			       moved.out + i, 0xffff);
		one_block(&r, i, b, out);
	}
	echo_group_move_lane(b, 9, a, 3);
	echo_group_stats(a, 3, &st);
	ck_assert(!st.converged);
	for (; i < r.n; i += ECHO_BLOCK) {
		one_block(&r, i, b, out);
		for (unsigned k = 0; k < ECHO_BLOCK; k++) {
			if (i == MOVED)
				ck_assert_float_eq(out[k], r.out[i + k][3]);
			moved.out[i + k][3] = out[k];
		}
	}
	ck_assert_double_eq_tol(rig_erle(&moved, 3, 4.01, 4.5),
				rig_erle(&r, 3, 4.01, 4.5), 0.5);
	ck_assert_double_eq_tol(rig_erle(&moved, 3, 4.5, 6),
				rig_erle(&r, 3, 4.5, 6), 1.0);
	rig_close(&moved);
	rig_close(&r);
	echo_group_free(a);
	echo_group_free(b);
}

START_TEST(test_move)
{
	struct echo_group *a, *b;

	move_lane(ECHO_ISA_BEST);
	move_lane(ECHO_ISA_C);
	/* A group of another kind is left alone. */
	a = rig_group(32, ECHO_ISA_C, ECHO_ON);
	b = rig_group(64, ECHO_ISA_C, ECHO_ON);
	echo_group_move_lane(b, 0, a, 0);
	echo_group_free(a);
	echo_group_free(b);
}
END_TEST

/* A lane that was reset does what a new one does. */
START_TEST(test_reset)
{
	struct rig_case c = base;
	struct echo_group *g = rig_group(64, ECHO_ISA_BEST, ECHO_ON);
	struct rig a, b;

	c.tail_ms = 64;
	c.seconds = 2;
	ck_assert(rig_open(&a, &c));
	rig_cancel(&a, 64, ECHO_ISA_BEST, ECHO_ON);
	c.seed = 99;
	ck_assert(rig_open(&b, &c));
	rig_run(&b, g);
	rig_close(&b);
	c.seed = base.seed;
	ck_assert(rig_open(&b, &c));
	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		echo_group_reset_lane(g, lane);
	}
	rig_run(&b, g);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		ck_assert_double_eq_tol(rig_erle(&a, n, 1, 2),
					rig_erle(&b, n, 1, 2), 1.0);
	}
	rig_close(&a);
	rig_close(&b);
	echo_group_free(g);
}
END_TEST

/* Held taps cancel what they did, whatever the path does; then they learn. */
START_TEST(test_hold)
{
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct rig_case c = base;
	struct rig_score before;
	struct rig r, other;

	c.seconds = 5;
	ck_assert(rig_open(&r, &c));
	rig_run(&r, g);
	c.erl_db = 6;
	c.change_at = 0.01;
	ck_assert(rig_open(&other, &c));
	for (unsigned n = 0; n < ECHO_LANES; n++)
		echo_group_set_lane(g, n, ECHO_ON | ECHO_HOLD);
	rig_run(&other, g);
	ck_assert_double_le(rig_erle_score(&other, 3, 5).mean, 5);
	rig_run(&r, g);
	before = rig_erle_score(&r, 3, 5);
	ck_assert_double_ge(before.worst, 30);
	for (unsigned n = 0; n < ECHO_LANES; n++)
		echo_group_set_lane(g, n, ECHO_ON);
	rig_run(&other, g);
	ck_assert_double_ge(rig_erle_score(&other, 3, 5).mean, 30);
	rig_close(&r);
	rig_close(&other);
	echo_group_free(g);
}
END_TEST

/*
 * A group at rest cancels as it did, is no louder than what comes in when the
 * path changes, and learns again when it is told to.
 */
START_TEST(test_rest)
{
	static const enum echo_isa isa[] = { ECHO_ISA_C, ECHO_ISA_AVX2,
					     ECHO_ISA_AVX512 };
	struct echo_group *g = rig_group(128, isa[_i], ECHO_ON);
	struct rig_case c = base;
	struct rig_score before, after;
	struct rig r, other;

	if (!g)
		return;
	c.seconds = 5;
	ck_assert(rig_open(&r, &c));
	rig_run(&r, g);
	before = rig_erle_score(&r, 3, 5);
	echo_group_rest(g, true);
	rig_run(&r, g);
	after = rig_erle_score(&r, 1, 5);
	ck_assert_double_ge(after.mean, before.mean - 1);
	ck_assert_double_ge(after.worst, before.worst - 2);
	c.erl_db = 6;
	c.change_at = 0.01;
	ck_assert(rig_open(&other, &c));
	rig_run(&other, g);
	for (unsigned n = 0; n < ECHO_LANES; n++)
		ck_assert_double_le(rig_rise(&other, n), 4);
	ck_assert_double_le(rig_erle_score(&other, 3, 5).mean, 5);
	echo_group_rest(g, false);
	rig_run(&other, g);
	ck_assert_double_ge(rig_erle_score(&other, 3, 5).mean, 30);
	rig_close(&r);
	rig_close(&other);
	echo_group_free(g);
}
END_TEST

/* The figures of a lane tell what the samples do. */
START_TEST(test_stats)
{
	struct rig_case c = base;
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct echo_stats s;
	struct rig r;

	ck_assert(rig_open(&r, &c));
	r.near[100][5] = NAN;
	rig_run(&r, g);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		double erl = rig_dbm0(r.far, n, 5, 8) -
			rig_dbm0(r.near, n, 5, 8);

		echo_group_stats(g, n, &s);
		ck_assert(s.converged && !s.path_changes && !s.divergences);
		ck_assert_uint_eq(s.bad_samples, n == 5 ? 1 : 0);
		ck_assert_double_eq_tol((double)s.far_dbm0, -9.0, 1.5);
		ck_assert_double_eq_tol((double)s.erl_db, erl, 2.0);
		ck_assert_double_eq_tol((double)s.erle_db,
					rig_erle(&r, n, 5, 8), 2.0);
		ck_assert_double_eq_tol((double)s.acom_db,
					(double)(s.erl_db + s.erle_db), 1.0);
		ck_assert_double_eq_tol(s.tail_samples, n * 884.0 / 15, 100);
	}
	rig_close(&r);
	echo_group_free(g);
}
END_TEST

static Suite *echo_suite(void)
{
	Suite *s = suite_create("echo");
	TCase *t = tcase_create("quality");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_arguments);
	tcase_add_loop_test(t, test_erle, 0, 6);
	tcase_add_loop_test(t, test_levels, 0, 8);
	tcase_add_test(t, test_convergence);
	tcase_add_test(t, test_second_reflection);
	tcase_add_test(t, test_late_reflection);
	tcase_add_test(t, test_speech);
	tcase_add_loop_test(t, test_change_in_noise, 0, 4);
	tcase_add_loop_test(t, test_slip, 0, 4);
	tcase_add_loop_test(t, test_double_talk, 0, 9);
	tcase_add_loop_test(t, test_voices_alike, 0, 12);
	tcase_add_loop_test(t, test_double_talk_from_start, 0, 14);
	tcase_add_loop_test(t, test_never_louder, 0, 5);
	tcase_add_loop_test(t, test_variants, 0, 2);
	tcase_add_test(t, test_lanes_apart);
	tcase_add_test(t, test_move);
	tcase_add_test(t, test_reset);
	tcase_add_test(t, test_hold);
	tcase_add_loop_test(t, test_rest, 0, 3);
	tcase_add_test(t, test_stats);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(echo_suite(), CK_NOFORK);
}
