/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media */
/*
 * The echo canceller on what is not speech: tones, silence, offset, full
 * scale, rubbish. Nothing of it may make it howl or forget.
 */
#include "media/echo.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/echo_rig.c"
#include "tests/suite.h"

enum { TONES = 8 };

/* G.168 6.4.2.7, and PBX tones. */
static const struct {
	double hz[2];
} tones[TONES] = {
	{ { 697, 0 }, }, { { 1336, 0 } }, { { 1633, 0 } }, { { 852, 1477 } },
	{ { 941, 1633 } }, { { 425, 0 } }, { { 350, 440 } }, { { 2100, 0 } },
};

static const struct rig_case base = {
	.tail_ms = 128,
	.law = LAW_ALAW,
	.far = RIG_CSS,
	.far_dbm0 = -10,
	.erl_db = 10,
	.seconds = 4.9,
	.seed = 77,
};

/* The case with a tone pair at the far end. */
static void tone_open(struct rig *r, const struct rig_case *base_case,
		      const double *hz)
{
	struct rig_case c = *base_case;
	struct rig second;

	c.far = RIG_TONE;
	c.far_hz = hz[0];
	c.far_dbm0 = hz[1] > 0 ? -13 : -10;
	c.law = LAW_NONE;
	ck_assert(rig_open(r, &c));
	if (hz[1] > 0) {
		c.far_hz = hz[1];
		ck_assert(rig_open(&second, &c));
		for (size_t i = 0; i < r->n; i++) {
			for (unsigned n = 0; n < ECHO_LANES; n++) {
				r->far[i][n] += second.far[i][n];
				r->near[i][n] += second.near[i][n];
			}
		}
		rig_close(&second);
	}
}

/* Test 6: converged, then a tone for 5 s; speech finds the taps as before. */
START_TEST(test_tone_after)
{
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct rig css, tone;
	double before;

	ck_assert(rig_open(&css, &base));
	tone_open(&tone, &base, tones[_i].hz);
	rig_run(&css, g);
	before = rig_erle_score(&css, 4, 4.9).mean;
	rig_run(&tone, g);
	ck_assert_double_ge(rig_erle_score(&tone, 3, 4.9).mean, 20);
	rig_run(&css, g);
	ck_assert_double_ge(rig_erle_score(&css, 0.2, 0.9).mean, before - 3);
	rig_close(&css);
	rig_close(&tone);
	echo_group_free(g);
}
END_TEST

/* Test 7: a tone from reset is cancelled, and what follows it learnt. */
START_TEST(test_tone_first)
{
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct rig css, tone;

	ck_assert(rig_open(&css, &base));
	tone_open(&tone, &base, tones[_i].hz);
	rig_run(&tone, g);
	ck_assert_double_ge(rig_erle_score(&tone, 3, 4.9).mean, 20);
	ck_assert_double_ge(rig_erle_score(&tone, 1, 4.9).worst, 0);
	rig_run(&css, g);
	ck_assert_double_ge(rig_erle_score(&css, 3, 4.9).mean, 30);
	rig_close(&css);
	rig_close(&tone);
	echo_group_free(g);
}
END_TEST

/* A tone while the path is being learnt, as a long vowel is, undoes nothing. */
START_TEST(test_tone_between)
{
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct rig_case c = base;
	struct rig css, tone;

	c.seconds = 1.3;
	ck_assert(rig_open(&css, &c));
	c.seconds = 0.5;
	tone_open(&tone, &c, tones[_i].hz);
	rig_run(&css, g);
	rig_run(&tone, g);
	rig_run(&css, g);
	ck_assert_double_ge(rig_erle_score(&css, 0.02, 0.25).mean, 15);
	rig_close(&css);
	rig_close(&tone);
	echo_group_free(g);
}
END_TEST

/* Test 4: two minutes of silence, and nothing is forgotten. */
START_TEST(test_leak)
{
	static float far[ECHO_BLOCK][ECHO_LANES], near[ECHO_BLOCK][ECHO_LANES];
	struct echo_group *g = rig_group(128, ECHO_ISA_BEST, ECHO_ON);
	struct rig css;
	double before;

	ck_assert(rig_open(&css, &base));
	rig_run(&css, g);
	rig_run(&css, g);
	before = rig_erle_score(&css, 0.15, 0.25).mean;
	for (int i = 0; i < 12000; i++) {
		memset(near, 0, sizeof(near));
		echo_group_run(g, (const float (*)[ECHO_LANES])far, near,
			       0xffff);
	}
	rig_run(&css, g);
	ck_assert_double_ge(rig_erle_score(&css, 0.15, 0.25).mean, before - 3);
	rig_close(&css);
	echo_group_free(g);
}
END_TEST

/* A line whose codes have an offset, sent, received or both. */
static void offset_open(struct rig *r, double sent, double received)
{
	struct rig_case c = base;
	struct hybrid h;
	float *far, *near;

	c.law = LAW_NONE;
	ck_assert(rig_open(r, &c));
	far = calloc(2 * r->n, sizeof(*far));
	ck_assert_ptr_nonnull(far);
	near = far + r->n;
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		for (size_t i = 0; i < r->n; i++)
			far[i] = r->far[i][n] + (float)sent;
		signal_law(far, r->n, LAW_ALAW);
		line_hybrid(&h, &c, n, false);
		hybrid_run(&h, far, near, r->n);
		for (size_t i = 0; i < r->n; i++) {
			r->echo[i][n] = near[i];
			near[i] += (float)received;
		}
		signal_law(near, r->n, LAW_ALAW);
		for (size_t i = 0; i < r->n; i++) {
			r->far[i][n] = far[i];
			r->near[i][n] = near[i];
		}
	}
	free(far);
}

static double mean_of(float (*x)[ECHO_LANES], unsigned lane, size_t from,
		      size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += (double)x[i][lane];
	return sum / (double)(to - from);
}

/* Test 15: an offset costs nothing, and none comes out. */
START_TEST(test_offset)
{
	static const double row[][2] = {
		{ 0, 0 }, { 0, 50 }, { 0, -500 }, { 300, 0 }, { -500, 500 },
	};
	struct rig r;

	offset_open(&r, row[_i][0], row[_i][1]);
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		double early = rig_dbm0(r.echo, n, 0.7, 0.95);
		double late = rig_dbm0(r.echo, n, 3, 4.9);

		ck_assert_double_ge(early - rig_dbm0(r.out, n, 0.7, 0.95), 26);
		ck_assert_double_ge(late - rig_dbm0(r.out, n, 3, 4.9), 34);
		ck_assert_double_le(fabs(mean_of(r.out, n, 24000, 39000)), 2);
	}
	rig_close(&r);
}
END_TEST

/* A number of no use to anyone, of one of some kinds. */
static float rubbish(int kind, size_t i, uint32_t *seed)
{
	float v = signal_random(seed);

	switch (kind) {
	case 0:
		return v * 32767;
	case 1:
		return i / 37 % 2 ? 32767.0f : -32768.0f;
	case 2:
		return v > 0.9f ? NAN : v < -0.9f ? -INFINITY : v * 1e38f;
	case 3:
		return i % 1000 ? 0 : 32767.0f;
	case 4:
		return 32767;
	default:
		return v * 1e-38f;
	}
}

static void rubbish_fill(float (*x)[ECHO_LANES], int kind, uint32_t *seed)
{
	for (size_t i = 0; i < ECHO_BLOCK; i++) {
		for (size_t n = 0; n < ECHO_LANES; n++) {
			x[i][n] = rubbish(kind, i * ECHO_LANES + n, seed);
		}
	}
}

static bool is_finite(float (*x)[ECHO_LANES])
{
	for (size_t i = 0; i < ECHO_BLOCK; i++) {
		for (size_t n = 0; n < ECHO_LANES; n++) {
			if (!(fabsf(x[i][n]) < 1e6f)) {
				return false;
			}
		}
	}
	return true;
}

/* Whatever comes in, what goes out is finite; and speech then works. */
START_TEST(test_rubbish)
{
	static float far[ECHO_BLOCK][ECHO_LANES], near[ECHO_BLOCK][ECHO_LANES];
	struct echo_group *g =
		rig_group(128, ECHO_ISA_BEST, ECHO_ON | ECHO_NLP);
	uint32_t seed = 5;
	struct rig css;

	for (int block = 0; block < 500; block++) {
		rubbish_fill(far, _i % 6, &seed);
		rubbish_fill(near, _i / 6, &seed);
		echo_group_run(g, (const float (*)[ECHO_LANES])far, near,
			       0xffff);
		ck_assert(is_finite(near));
	}
	for (unsigned n = 0; n < ECHO_LANES; n++) {
		echo_group_set_lane(g, n, ECHO_ON);
	}
	ck_assert(rig_open(&css, &base));
	rig_run(&css, g);
	ck_assert_double_ge(rig_erle_score(&css, 3, 4.9).mean, 25);
	rig_close(&css);
	echo_group_free(g);
}
END_TEST

/* A lane that is off, or not in the mask, passes every bit. */
START_TEST(test_off)
{
	struct echo_group *g = rig_group(64, ECHO_ISA_BEST, ECHO_ON);
	static float far[ECHO_BLOCK][ECHO_LANES], near[ECHO_BLOCK][ECHO_LANES];
	static float keep[ECHO_BLOCK][ECHO_LANES];
	uint32_t seed = 9;

	echo_group_set_lane(g, 3, 0);
	for (int block = 0; block < 100; block++) {
		rubbish_fill(far, 0, &seed);
		rubbish_fill(near, 0, &seed);
		memcpy(keep, near, sizeof(keep));
		echo_group_run(g, (const float (*)[ECHO_LANES])far, near,
			       0x7fff);
		for (size_t i = 0; i < ECHO_BLOCK; i++) {
			ck_assert_mem_eq(&near[i][3], &keep[i][3], 4);
			ck_assert_mem_eq(&near[i][15], &keep[i][15], 4);
		}
	}
	echo_group_free(g);
}
END_TEST

static Suite *signals_suite(void)
{
	Suite *s = suite_create("echo signals");
	TCase *t = tcase_create("signals");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_tone_after, 0, TONES);
	tcase_add_loop_test(t, test_tone_first, 0, TONES);
	tcase_add_loop_test(t, test_tone_between, 0, TONES);
	tcase_add_test(t, test_leak);
	tcase_add_loop_test(t, test_offset, 0, 5);
	tcase_add_loop_test(t, test_rubbish, 0, 36);
	tcase_add_test(t, test_off);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(signals_suite(), CK_NOFORK);
}
