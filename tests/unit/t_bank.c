/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The tone bank: every kernel against the sums that define it, and that no
 * lane is passed over in which the detectors would find something. */
#include "media/bank_priv.h"
#include "media/dtmf.h"
#include "media/modem.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

static const double hz[BANK_TONES] = { 697,  770,  852,	 941,  1209,
				       1336, 1477, 1633, 1100, 2100 };
static _Alignas(64) float x[BANK_BLOCK][BANK_LANES];
static struct bank out, before;
static struct rnd rnd;

static float between(float low, float high)
{
	return low + (high - low) * (float)(rnd_below(&rnd, 100001)) / 1e5f;
}

/* By definition: phases refer to the middle of the block. */
static void sums(unsigned lane, struct bank_block *b, double *energy)
{
	*energy = 0;
	for (unsigned i = 0; i < BANK_BLOCK; i++)
		*energy += (double)x[i][lane] * x[i][lane];
	for (unsigned t = 0; t < BANK_TONES; t++) {
		double re = 0, im = 0, w = 2 * M_PI * hz[t] / 8000;

		for (unsigned i = 0; i < BANK_BLOCK; i++) {
			re += x[i][lane] * cos(w * (39.5 - i));
			im += x[i][lane] * sin(w * (39.5 - i));
		}
		b->re[t] = (float)re;
		b->im[t] = (float)im;
	}
}

static void check_lane(unsigned lane, unsigned first)
{
	struct bank_block want;
	double energy, off;

	sums(lane, &want, &energy);
	off = 1e-5 * sqrt(energy * BANK_BLOCK);
	ck_assert_double_eq_tol(out.energy[lane], energy, 1e-5 * energy);
	for (unsigned t = first; t < BANK_TONES; t++) {
		ck_assert_double_eq_tol(out.re[t][lane], want.re[t], off);
		ck_assert_double_eq_tol(out.im[t][lane], want.im[t], off);
	}
}

START_TEST(test_kernels)
{
	const struct bank_kernel *k = bank_kernels[_i];

	if (!isa_has((enum isa)_i))
		return;
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < BANK_BLOCK; i++)
			for (unsigned lane = 0; lane < BANK_LANES; lane++)
				x[i][lane] = between(-32768, 32767);
		memset(&out, 0x7f, sizeof(out));
		k->run((const float (*)[BANK_LANES])x,
		       round % 2 ? BANK_CNG : 0, &out);
		for (unsigned lane = 0; lane < BANK_LANES; lane++)
			check_lane(lane, round % 2 ? BANK_CNG : 0);
	}
}
END_TEST

/* A lane that holds NaN stays alone. */
START_TEST(test_nan)
{
	const struct bank_kernel *k = bank_kernels[_i];

	if (!isa_has((enum isa)_i))
		return;
	for (unsigned i = 0; i < BANK_BLOCK; i++)
		for (unsigned lane = 0; lane < BANK_LANES; lane++)
			x[i][lane] = between(-30000, 30000);
	x[7][3] = NAN;
	k->run((const float (*)[BANK_LANES])x, 0, &out);
	for (unsigned lane = 0; lane < BANK_LANES; lane++)
		if (lane != 3)
			check_lane(lane, 0);
	ck_assert_uint_eq(k->hits(&out, BANK_CED, -1, 0), 0xffff & ~8u);
	ck_assert_uint_eq(k->pairs(&out, &out, -1, 0), 0xffff & ~8u);
}
END_TEST

START_TEST(test_one)
{
	struct bank_block one;
	float single[BANK_BLOCK];

	for (unsigned i = 0; i < BANK_BLOCK; i++)
		x[i][2] = single[i] = between(-32768, 32767);
	bank_one(single, &one);
	bank_run((const float (*)[BANK_LANES])x, 0, &out);
	for (unsigned t = 0; t < BANK_TONES; t++) {
		ck_assert_float_eq_tol(one.re[t], out.re[t][2], 20);
		ck_assert_float_eq_tol(one.im[t], out.im[t][2], 20);
	}
	ck_assert_float_eq_tol(one.energy, out.energy[2], one.energy * 1e-5f);
}
END_TEST

/* Two blocks that are digits, or nearly: levels, twist, frequency, noise, a
 * begin or an end within. */
static _Alignas(64) float two[2 * BANK_BLOCK][BANK_LANES];

static void press(unsigned lane)
{
	double low = 2 * M_PI / 8000 * hz[rnd_below(&rnd, 4)];
	double high = 2 * M_PI / 8000 * hz[4 + rnd_below(&rnd, 4)];
	float a = powf(10, between(1.8f, 4)), b;
	float noise = rnd_below(&rnd, 2) ? 0 : a * between(0, 1);
	unsigned from = rnd_below(&rnd, 3) ? 0 : rnd_below(&rnd, 160);

	low *= between(0.965f, 1.035f);
	high *= between(0.965f, 1.035f);
	b = a * powf(10, between(-0.6f, 0.6f));
	for (unsigned i = 0; i < 2 * BANK_BLOCK; i++) {
		two[i][lane] = noise * between(-1, 1);
		if (i >= from)
			two[i][lane] += a * (float)sin(low * i) +
					b * (float)cos(high * i);
	}
}

/* 2,100 or 1,100 Hz, more or less. */
static void answer(unsigned lane)
{
	double w = 2 * M_PI / 8000 * hz[BANK_CNG + rnd_below(&rnd, 2)];
	float a = powf(10, between(1.5f, 4));
	float noise = a * between(0, 1.5f);

	w *= between(0.96f, 1.04f);
	for (unsigned i = 0; i < 2 * BANK_BLOCK; i++)
		two[i][lane] = a * (float)sin(w * i) + noise * between(-1, 1);
}

static void run_both(void)
{
	const float(*block)[BANK_LANES] = (const float(*)[BANK_LANES])two;

	bank_run(block, 0, &before);
	bank_run(block + BANK_BLOCK, 0, &out);
}

/* Digits are looked for only where bank_pairs() says: none may be missed, and
 * few lanes be looked at in vain. */
START_TEST(test_no_digit_missed)
{
	unsigned found = 0, vain = 0, blocks = 3000;

	isa_limit((enum isa)_i);
	for (unsigned k = 0; k < blocks; k++) {
		unsigned lanes;

		for (unsigned lane = 0; lane < BANK_LANES; lane++)
			press(lane);
		run_both();
		lanes = dtmf_lanes(&before, &out);
		for (unsigned lane = 0; lane < BANK_LANES; lane++) {
			struct bank_block a, b;

			bank_lane(&before, lane, &a);
			bank_lane(&out, lane, &b);
			if (!dtmf_look(&a, &b))
				continue;
			found++;
			ck_assert_msg(lanes >> lane & 1, "block %u lane %u",
				      k, lane);
		}
	}
	isa_limit(ISA_AVX512);
	ck_assert_uint_gt(found, blocks);
	/* What is no digit at all: noise. */
	for (unsigned k = 0; k < 100; k++) {
		for (unsigned i = 0; i < 2 * BANK_BLOCK; i++)
			for (unsigned lane = 0; lane < BANK_LANES; lane++)
				two[i][lane] = between(-8000, 8000);
		run_both();
		vain += (unsigned)__builtin_popcount(
			dtmf_lanes(&before, &out));
	}
	ck_assert_uint_lt(vain, 16);
}
END_TEST

/* An idle modem that is passed over would have stayed idle, and told
 * nothing. */
START_TEST(test_no_modem_missed)
{
	unsigned found = 0;

	isa_limit((enum isa)_i);
	for (unsigned k = 0; k < 3000; k++) {
		unsigned lanes;

		for (unsigned lane = 0; lane < BANK_LANES; lane++)
			answer(lane);
		run_both();
		lanes = modem_lanes(&out);
		for (unsigned lane = 0; lane < BANK_LANES; lane++) {
			struct modem m = { .state = MODEM_NONE };
			struct bank_block b;

			bank_lane(&out, lane, &b);
			ck_assert(modem_is_idle(&m));
			ck_assert(!modem_run(&m, NULL, &b));
			if (modem_is_idle(&m))
				continue;
			found++;
			ck_assert_msg(lanes >> lane & 1, "block %u lane %u",
				      k, lane);
		}
	}
	isa_limit(ISA_AVX512);
	ck_assert_uint_gt(found, 3000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bank");
	TCase *tc = tcase_create("bank");

	rnd_init(&rnd, "bank");
	tcase_add_loop_test(tc, test_kernels, 0, ISA_COUNT);
	tcase_add_loop_test(tc, test_nan, 0, ISA_COUNT);
	tcase_add_test(tc, test_one);
	tcase_add_loop_test(tc, test_no_digit_missed, 0, ISA_COUNT);
	tcase_add_loop_test(tc, test_no_modem_missed, 0, ISA_COUNT);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
