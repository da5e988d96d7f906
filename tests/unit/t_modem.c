/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* CNG, ANS with and without phase reversals (G.168 7, T.30), speech; and the
 * E-model's own figures. */
#include "media/emodel.h"
#include "media/modem.c"
#include "tests/media/line_signal.c"
#include "tests/media/line_recording.c"
#include "tests/suite.h"

#include <check.h>

static struct modem m;
static const struct modem *other; /* of the other direction */

/* A tone as modems send it, and what a line adds. */
struct wave {
	double hz;
	double dbm0;
	double turn;	/* degrees, each 450 ms */
	double am;	/* depth at 15 Hz: ANSam has 0.2 */
	double noise_db; /* so far below the tone; 0 is none */
};

static double wave_next(const struct wave *w, unsigned at)
{
	static double phase;
	static uint32_t seed = 1;
	double a = LAW_PEAK_0DBM0 * pow(10, w->dbm0 / 20), v;

	phase += 2 * M_PI * w->hz / 8000;
	if (at % 3600 == 3599)
		phase += w->turn * M_PI / 180;
	v = sin(phase) * (1 + w->am * sin(2 * M_PI * 15 * at / 8000));
	if (w->noise_db > 0)
		v += sqrt(1.5) * pow(10, -w->noise_db / 20) *
		     (double)signal_random(&seed);
	return a * v;
}

static void send(const struct wave *w, unsigned ms)
{
	struct bank_block b;
	float x[BANK_BLOCK];

	for (unsigned t = 0; t < ms * 8; t += BANK_BLOCK) {
		for (unsigned i = 0; i < BANK_BLOCK; i++) {
			int v = (int)lrint(wave_next(w, t + i));

			x[i] = law_decode(LAW_A, law_encode(LAW_A, v));
		}
		bank_one(x, &b);
		modem_run(&m, other, &b);
	}
}

static void tone(double hz, double dbm0, double turn, unsigned ms)
{
	struct wave w = { .hz = hz, .dbm0 = dbm0, .turn = turn };

	send(&w, ms);
}

static void reset(void)
{
	memset(&m, 0, sizeof(m));
	other = NULL;
}

/* G.168 7: 2,079 to 2,121 Hz, 0 to -31 dBm0. */
START_TEST(test_answer_tone)
{
	static const double hz[] = { 2079, 2085, 2100, 2115, 2121 };
	static const double dbm0[] = { 0, -10, -20, -31 };

	for (unsigned i = 0; i < 5; i++) {
		for (unsigned k = 0; k < 4; k++) {
			reset();
			tone(hz[i], dbm0[k], 0, 300);
			ck_assert_int_eq(m.state, MODEM_NONE);
			tone(hz[i], dbm0[k], 0, 300);
			ck_assert_int_eq(m.state, MODEM_ANSWER);
			tone(hz[i], dbm0[k], 0, 2900);
			ck_assert_int_eq(m.state, MODEM_ANSWER);
		}
	}
}
END_TEST

/* 155 to 205 degrees within a second of the first, with and without AM. */
START_TEST(test_reversals)
{
	static const double turn[] = { 155, 165, 180, 195, 205 };
	struct wave w = { .am = _i % 2 ? 0.2 : 0,
			  .noise_db = _i / 2 % 2 ? 11 : 0,
			  .dbm0 = _i / 4 ? -31 : -12 };

	for (unsigned i = 0; i < 5; i++) {
		for (w.hz = 2079; w.hz <= 2121; w.hz += 10.5) {
			w.turn = turn[i];
			reset();
			send(&w, 1450);
			ck_assert_msg(m.state == MODEM_REVERSED, "%g %g",
				      w.hz, turn[i]);
		}
	}
	for (w.turn = -110; w.turn <= 110; w.turn += 55) {
		w.hz = 2100;
		reset();
		send(&w, 3300);
		ck_assert_int_eq(m.state, MODEM_ANSWER);
	}
}
END_TEST

/* Silence of 250 +-150 ms in both directions ends it, 100 ms does not. */
START_TEST(test_release)
{
	struct modem quiet = { 0 }, busy = { 0 };

	quiet.quiet_blocks = QUIET_BLOCKS;
	reset();
	tone(2100, -12, 180, 2000);
	tone(2100, -60, 0, 100);
	ck_assert_int_eq(m.state, MODEM_REVERSED);
	tone(1200, -20, 0, 500);
	tone(500, -35, 0, 500);
	ck_assert_int_eq(m.state, MODEM_REVERSED);
	other = &busy;
	tone(2100, -60, 0, 2000);
	ck_assert_int_eq(m.state, MODEM_REVERSED);
	other = &quiet;
	tone(2100, -60, 0, 10);
	ck_assert_int_eq(m.state, MODEM_NONE);

	reset();
	tone(2100, -12, 0, 1000);
	tone(2100, -37, 0, 400);
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
	enum { VOICE = 8000 * 240 };
	static float x[VOICE];
	struct bank_block b;

	for (double hz = 300; hz < 3400; hz += 50) {
		if (fabs(hz - 1100) < 120 || fabs(hz - 2100) < 120)
			continue;
		reset();
		tone(hz, -10, 0, 1000);
		ck_assert_msg(!m.cng && m.state == MODEM_NONE, "%g", hz);
	}
	for (unsigned kind = 0; kind < 2; kind++) {
		reset();
		if (kind)
			signal_recording(x, VOICE, -14, 3);
		else
			signal_speech(x, VOICE, -14, 2);
		for (size_t i = 0; i < VOICE; i += BANK_BLOCK) {
			bank_one(x + i, &b);
			modem_run(&m, NULL, &b);
			ck_assert(!m.cng && m.state == MODEM_NONE);
		}
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

	tcase_add_test(tc, test_answer_tone);
	tcase_add_loop_test(tc, test_reversals, 0, 8);
	tcase_add_test(tc, test_release);
	tcase_add_test(tc, test_cng);
	tcase_add_test(tc, test_nothing);
	tcase_add_test(tc, test_emodel);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
