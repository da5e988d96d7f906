/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media */
/*
 * The non-linear processor and the comfort noise of the echo canceller.
 */
#include "media/echo.h"

#include <check.h>
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
	.seconds = 10,
	.seed = 1234,
};

static struct rig cancelled(const struct rig_case *c)
{
	struct rig r;

	ck_assert(rig_open(&r, c));
	rig_cancel(&r, c->tail_ms, ECHO_ISA_BEST, ECHO_ON | ECHO_NLP);
	return r;
}

/* G.168 test 2A: -65 dBm0 at most from the first second on. */
START_TEST(test_returned_level)
{
	static const double dbm0[] = { -30, -20, -10, -3 };
	struct rig_case c = base;
	struct rig r;

	c.far = _i % 2 ? RIG_SPEECH : RIG_CSS;
	c.far_dbm0 = dbm0[_i / 2];
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		double from = _i % 2 ? 4 : 1;

		ck_assert_double_le(rig_dbm0(r.out, n, from, 10), -65);
	}
	rig_close(&r);
}
END_TEST

/* Nothing comes back from second a to b, but for a moment here and there. */
static void leak_check(const struct rig *r, double a, double b)
{
	double leak = 0, parts = 0;

	for (unsigned n = 0; n < ECHO_LANES; n++) {
		for (double t = a; t < b; t += 0.1) {
			double e = rig_dbm0(r->echo, n, t, t + 0.1);
			double o = rig_dbm0(r->out, n, t, t + 0.1);

			if (e > -50) {
				leak += o > fmax(e - 45, -65);
				parts++;
			}
		}
	}
	ck_assert_double_ge(parts, 300);
	ck_assert_double_le(leak, 0.03 * parts);
}

START_TEST(test_recorded_echo)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.law = _i ? LAW_ULAW : LAW_ALAW;
	r = cancelled(&c);
	leak_check(&r, 1.2, 9.9);
	rig_close(&r);
}
END_TEST

/* The called party says a word first, and the far end is quick to answer. */
START_TEST(test_near_first)
{
	struct rig_case c = base;
	struct rig r;

	c.far = c.near = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.far_from = 6;
	c.near_dbm0 = -18;
	c.near_to = _i ? 5.7 : 5.9;
	c.seconds = 12;
	r = cancelled(&c);
	leak_check(&r, 6, 11.9);
	rig_close(&r);
}
END_TEST

/*
 * One long prompt on all lines, each behind its hybrid: from 1.2 s on at
 * least 45 dB are gone on those behind D.5, 50 in the mean; D.2 and D.9 let
 * moments through. An offset, the law's silence, does not count.
 */
START_TEST(test_prompt)
{
	const size_t from = 9600;
	struct rig_case c = base;
	double mean = 0;
	struct rig r;

	c.far = RIG_PROMPT;
	c.far_dbm0 = -16;
	c.delay_ms = 40;
	c.seconds = 30;
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		double in[2] = { 0 }, out[2] = { 0 };
		double count = (double)(r.n - from), db;

		for (size_t i = from; i < r.n; i++) {
			double a = r.near[i][n], b = r.out[i][n];

			in[0] += a / count;
			in[1] += a * a / count;
			out[0] += b / count;
			out[1] += b * b / count;
		}
		in[1] -= in[0] * in[0];
		out[1] -= out[0] * out[0];
		ck_assert_double_gt(in[1], 1e4);
		db = 10 * log10(in[1] / (out[1] + 1e-3));
		ck_assert_double_ge(db, n % 8 == 3 ? 45 : 28);
		mean += db / ECHO_LANES;
	}
	ck_assert_double_ge(mean, 50);
	rig_close(&r);
}
END_TEST

/* Near-end speech alone comes through whole. */
START_TEST(test_near_alone)
{
	static const double dbm0[] = { -35, -25, -15, -5 };
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_SILENCE;
	c.near = RIG_SPEECH;
	c.near_dbm0 = dbm0[_i];
	c.near_from = 1;
	c.near_to = 9;
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		ck_assert_double_eq_tol(rig_dbm0(r.out, n, 1, 9),
					rig_dbm0(r.near, n, 1, 9), 0.1);
	}
	rig_close(&r);
}
END_TEST

/*
 * On a line without echo, which most digital ones are, there is nothing to take
 * a soft talker for while the far end speaks.
 */
START_TEST(test_near_without_echo)
{
	struct rig_case c = base;
	double lost = 0, parts = 0;
	struct rig r;

	c.far = c.near = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.erl_db = 90;
	c.near_dbm0 = _i ? -25 : -35;
	c.near_from = 4;
	c.near_to = c.seconds = 16;
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		for (double t = 4; t < 15.9; t += 0.05) {
			double talk = rig_dbm0(r.talk, n, t, t + 0.05);
			double out = rig_dbm0(r.out, n, t, t + 0.05);

			if (talk > -48) {
				lost += out < talk - 6;
				parts++;
			}
		}
	}
	ck_assert_double_ge(parts, 300);
	ck_assert_double_le(lost, (_i ? 0.01 : 0.03) * parts);
	rig_close(&r);
}
END_TEST

/* In double talk the near end is not chopped: its level stays. */
START_TEST(test_near_in_double_talk)
{
	static const double dbm0[] = { -25, -20, -15, -10 };
	struct rig_case c = base;
	struct rig r;

	c.near = RIG_SPEECH;
	c.near_dbm0 = dbm0[_i];
	c.near_from = 5;
	c.near_to = 9;
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		ck_assert_double_eq_tol(rig_dbm0(r.out, n, 5, 9),
					rig_dbm0(r.talk, n, 5, 9), 1.0);
	}
	rig_close(&r);
}
END_TEST

/* G.168 test 9: comfort noise within 2 dB of the background it stands for. */
START_TEST(test_comfort_noise)
{
	static const double dbm0[] = { -55, -50, -45, -40 };
	struct rig_case c = base;
	struct rig r;

	c.far = _i % 2 ? RIG_SPEECH : RIG_CSS;
	c.far_from = 2;
	c.noise_dbm0 = dbm0[_i / 2];
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		ck_assert_double_eq_tol(rig_dbm0(r.out, n, 5, 10),
					dbm0[_i / 2],
					2.0);
	}
	rig_close(&r);
}
END_TEST

/* Loud noise from the first sample on, and a far end that never pauses. */
START_TEST(test_noise_from_start)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_NOISE;
	c.noise_dbm0 = -31;
	r = cancelled(&c);
	for (unsigned n = 0; n < ECHO_LANES; n++)
		ck_assert_double_eq_tol(rig_dbm0(r.out, n, 6, 10), -31, 3.0);
	rig_close(&r);
}
END_TEST

static Suite *nlp_suite(void)
{
	Suite *s = suite_create("echo nlp");
	TCase *t = tcase_create("nlp");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_returned_level, 0, 8);
	tcase_add_loop_test(t, test_recorded_echo, 0, 2);
	tcase_add_loop_test(t, test_near_first, 0, 2);
	tcase_add_test(t, test_prompt);
	tcase_add_loop_test(t, test_near_alone, 0, 4);
	tcase_add_loop_test(t, test_near_without_echo, 0, 2);
	tcase_add_loop_test(t, test_near_in_double_talk, 0, 4);
	tcase_add_loop_test(t, test_comfort_noise, 0, 8);
	tcase_add_test(t, test_noise_from_start);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(nlp_suite(), CK_NOFORK);
}
