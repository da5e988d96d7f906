/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* CNG, ANS with and without phase reversals (G.168 7, T.30), speech; and the
 * E-model's own figures. */
#include "media/emodel.h"
#include "media/modem.c"
#include "tests/media/line_signal.c"

#include <check.h>

static struct modem m;

/* ms of a tone; the phase turns by `turn` degrees each 450 ms. */
static void tone(double hz, double dbm0, double turn, unsigned ms)
{
	static double phase;
	struct bank_block b;
	float x[BANK_BLOCK];
	double a = LAW_PEAK_0DBM0 * pow(10, dbm0 / 20);

	for (unsigned t = 0; t < ms * 8; t += BANK_BLOCK) {
		for (unsigned i = 0; i < BANK_BLOCK; i++) {
			phase += 2 * M_PI * hz / 8000;
			if ((t + i) % 3600 == 3599)
				phase += turn * M_PI / 180;
			x[i] = law_decode(LAW_A,
					  law_encode(LAW_A,
						     (int)lrint(a *
								sin(phase))));
		}
		bank_one(x, &b);
		modem_run(&m, &b);
	}
}

static void reset(void)
{
	memset(&m, 0, sizeof(m));
}

START_TEST(test_answer_tone)
{
	static const double hz[] = { 2085, 2100, 2115 };

	for (unsigned i = 0; i < 3; i++) {
		for (double level = 0; level >= -30; level -= 10) {
			reset();
			tone(hz[i], level, 0, 300);
			ck_assert_int_eq(m.state, MODEM_NONE);
			tone(hz[i], level, 0, 700);
			ck_assert_int_eq(m.state, MODEM_ANSWER);
			tone(hz[i], level, 0, 2500);
			ck_assert_int_eq(m.state, MODEM_ANSWER);
		}
	}
}
END_TEST

START_TEST(test_reversals)
{
	static const double turn[] = { 165, 180, 195 };

	for (unsigned i = 0; i < 3; i++) {
		for (double hz = 2090; hz <= 2110; hz += 10) {
			reset();
			tone(hz, -12, turn[i], 2000);
			ck_assert_msg(m.state == MODEM_REVERSED, "%g %g", hz,
				      turn[i]);
		}
	}
	/* A turn of 110 degrees is not a reversal. */
	reset();
	tone(2100, -12, 110, 3000);
	ck_assert_int_eq(m.state, MODEM_ANSWER);
	/* Released by silence of a quarter of a second, not before. */
	reset();
	tone(2100, -12, 180, 2000);
	tone(2100, -60, 0, 100);
	ck_assert_int_eq(m.state, MODEM_REVERSED);
	tone(1200, -20, 0, 500);
	ck_assert_int_eq(m.state, MODEM_REVERSED);
	tone(2100, -60, 0, 400);
	ck_assert_int_eq(m.state, MODEM_NONE);
}
END_TEST

START_TEST(test_cng)
{
	reset();
	tone(1100, -15, 0, 300);
	ck_assert(!m.cng);
	tone(1100, -15, 0, 200);
	ck_assert(m.cng);
	reset();
	tone(1062, -15, 0, 500);
	ck_assert(m.cng);
	reset();
	tone(1138, -15, 0, 500);
	ck_assert(m.cng);
}
END_TEST

START_TEST(test_nothing)
{
	static float x[8000 * 60];
	struct bank_block b;

	for (double hz = 300; hz < 3400; hz += 50) {
		if (fabs(hz - 1100) < 120 || fabs(hz - 2100) < 120)
			continue;
		reset();
		tone(hz, -10, 0, 1000);
		ck_assert_msg(!m.cng && m.state == MODEM_NONE, "%g", hz);
	}
	reset();
	signal_speech(x, 8000 * 60, -14, 2);
	for (size_t i = 0; i < 8000 * 60; i += BANK_BLOCK) {
		bank_one(x + i, &b);
		modem_run(&m, &b);
		ck_assert(!m.cng && m.state == MODEM_NONE);
	}
}
END_TEST

/* bearer-media figures: R -> MOS, and G.711 with 1 % loss at 150 ms. */
START_TEST(test_emodel)
{
	ck_assert_float_eq_tol(emodel_mos(93.2f), 4.41f, 0.005f);
	ck_assert_float_eq_tol(emodel_mos(80), 4.02f, 0.01f);
	ck_assert_float_eq_tol(emodel_mos(70), 3.60f, 0.01f);
	ck_assert_float_eq_tol(emodel_mos(60), 3.10f, 0.01f);
	ck_assert_float_eq_tol(emodel_mos(50), 2.58f, 0.01f);
	ck_assert_float_eq(emodel_mos(-5), 1);
	ck_assert_float_eq(emodel_mos(120), 4.5f);
	ck_assert_float_eq_tol(emodel_rating(150, 1), 89.4f, 0.1f);
	ck_assert_float_eq_tol(emodel_mos(emodel_rating(150, 1)), 4.32f,
			       0.01f);
	ck_assert_float_eq_tol(emodel_rating(50, 0), 93.2f, 0.001f);
	ck_assert_float_ge(emodel_rating(2000, 100), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("modem");
	TCase *tc = tcase_create("modem");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, test_answer_tone);
	tcase_add_test(tc, test_reversals);
	tcase_add_test(tc, test_cng);
	tcase_add_test(tc, test_nothing);
	tcase_add_test(tc, test_emodel);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
