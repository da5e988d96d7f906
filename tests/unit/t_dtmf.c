/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The DTMF detector at the limits of Q.24: levels, twist, times, frequency,
 * noise; and what it must not hear. */
#include "media/dtmf.h"
#include "media/law.h"
#include "media/tone.h"
#include "tests/media/line_signal.c"
#include "tests/suite.h"

#include <check.h>

static const char digits[] = "0123456789*#ABCD";
static struct dtmf_detect *d;

/* Frequencies off by `off`, levels, for ms, then ms of silence; noise below.
 * Returns what was heard, each digit once. */
struct press {
	double low_dbm0, high_dbm0, off_low, off_high, noise_dbm0;
	unsigned on_ms, off_ms;
	enum law law;
};

static char heard[64];
static unsigned n_heard;
static char sounding;

static void feed(const int16_t *x, size_t n)
{
	for (size_t i = 0; i + 80 <= n; i += 80) {
		char now = dtmf_detect_run(d, x + i, 80);

		if (now && now != sounding && n_heard + 1 < sizeof(heard))
			heard[n_heard++] = now;
		sounding = now;
	}
	heard[n_heard] = '\0';
}

static void press(char digit, const struct press *p)
{
	static int16_t x[8000];
	const float *hz = dtmf_hz(dtmf_code(digit));
	unsigned on = p->on_ms * 8, n = (p->on_ms + p->off_ms) * 8;
	double a = tone_peak((float)p->low_dbm0);
	double b = tone_peak((float)p->high_dbm0);
	static uint32_t seed = 1;
	double wl = 2 * M_PI / 8000 * (1 + p->off_low);
	double wh = 2 * M_PI / 8000 * (1 + p->off_high);

	ck_assert_uint_le(n, 8000);
	for (unsigned i = 0; i < n; i++) {
		double v = 0;

		if (i < on)
			v = a * sin(wl * hz[0] * i + 1) +
			    b * sin(wh * hz[1] * i + 2);
		if (p->noise_dbm0 > -90)
			v += signal_random(&seed) * sqrt(3.0) *
			     signal_rms(p->noise_dbm0);
		x[i] = law_decode(p->law, law_encode(p->law, (int)lrint(v)));
	}
	feed(x, n);
}

/* All digits twice; were they heard, and nothing else? */
static bool all_heard(const struct press *p)
{
	char want[64] = "";

	dtmf_detect_reset(d);
	n_heard = 0;
	sounding = 0;
	for (unsigned i = 0; i < 32; i++) {
		press(digits[i % 16], p);
		want[i] = digits[i % 16];
	}
	want[32] = '\0';
	return strcmp(want, heard) == 0;
}

static const struct press normal = {
	.low_dbm0 = -10, .high_dbm0 = -8, .noise_dbm0 = -100,
	.on_ms = 70, .off_ms = 70,
};

static void set_up(void)
{
	d = dtmf_detect_new();
	ck_assert_ptr_nonnull(d);
}

static void tear_down(void)
{
	dtmf_detect_free(d);
}

START_TEST(test_codes)
{
	for (uint8_t i = 0; i < 16; i++) {
		ck_assert_uint_eq(dtmf_code(digits[i]), i);
		ck_assert_int_eq(dtmf_digit(i), digits[i]);
	}
	ck_assert_uint_eq(dtmf_code('a'), 12);
	ck_assert_uint_eq(dtmf_code('E'), DTMF_NONE);
	ck_assert_uint_eq(dtmf_code('\0'), DTMF_NONE);
	ck_assert_int_eq(dtmf_digit(16), 0);
	ck_assert_float_eq(dtmf_hz(dtmf_code('5'))[0], 770);
	ck_assert_float_eq(dtmf_hz(dtmf_code('D'))[1], 1633);
}
END_TEST

START_TEST(test_levels_and_laws)
{
	for (int law = LAW_A; law <= LAW_U; law++) {
		for (int level = 0; level >= -27; level -= 3) {
			struct press p = normal;

			p.law = (enum law)law;
			p.low_dbm0 = p.high_dbm0 = level;
			ck_assert_msg(all_heard(&p), "law %d level %d: %s",
				      law, level, heard);
		}
	}
}
END_TEST

START_TEST(test_too_weak)
{
	struct press p = normal;

	p.low_dbm0 = p.high_dbm0 = -55;
	all_heard(&p);
	ck_assert_str_eq(heard, "");
}
END_TEST

START_TEST(test_twist)
{
	struct press p = normal;

	p.low_dbm0 = -10;
	p.high_dbm0 = -6;
	ck_assert_msg(all_heard(&p), "high +4: %s", heard);
	p.low_dbm0 = -6;
	p.high_dbm0 = -14; /* low 8 dB louder */
	ck_assert_msg(all_heard(&p), "low +8: %s", heard);
	p.high_dbm0 = -20;
	all_heard(&p);
	ck_assert_str_eq(heard, "");
}
END_TEST

START_TEST(test_times)
{
	struct press p = normal;

	p.on_ms = p.off_ms = 40;
	ck_assert_msg(all_heard(&p), "40/40: %s", heard);
	p.on_ms = 50;
	p.off_ms = 50;
	ck_assert_msg(all_heard(&p), "50/50: %s", heard);
	p.on_ms = 23;
	all_heard(&p);
	ck_assert_str_eq(heard, "");
	p.on_ms = 900;
	p.off_ms = 80;
	ck_assert_msg(all_heard(&p), "long: %s", heard);
}
END_TEST

/* Both off by 1.5 %: heard; by 3.5 %: not (Q.24). */
START_TEST(test_frequency)
{
	static const double off[][2] = {
		{ 0.015, 0 }, { -0.015, 0 }, { 0, 0.015 }, { 0, -0.015 },
		{ 0.015, 0.015 }, { -0.015, -0.015 }, { 0.015, -0.015 },
	};
	struct press p = normal;

	for (unsigned i = 0; i < sizeof(off) / sizeof(*off); i++) {
		p.off_low = off[i][0];
		p.off_high = off[i][1];
		ck_assert_msg(all_heard(&p), "%g %g: %s", p.off_low,
			      p.off_high, heard);
	}
	for (unsigned i = 0; i < 4; i++) {
		p.off_low = off[i][0] * 3.5 / 1.5;
		p.off_high = off[i][1] * 3.5 / 1.5;
		all_heard(&p);
		ck_assert_msg(!heard[0], "%g %g: %s", p.off_low, p.off_high,
			      heard);
	}
}
END_TEST

START_TEST(test_noise)
{
	struct press p = normal;

	p.noise_dbm0 = -6 - 15; /* 15 dB below both together */
	ck_assert_msg(all_heard(&p), "%s", heard);
}
END_TEST

/* A minute of speech-like sound, noise, tones: not a digit. */
START_TEST(test_talk_off)
{
	static float x[60 * 8000];
	static int16_t y[60 * 8000];

	for (uint32_t seed = 1; seed <= 3; seed++) {
		n_heard = 0;
		sounding = 0;
		signal_speech(x, 60 * 8000, -12, seed);
		for (size_t i = 0; i < 60 * 8000; i++)
			y[i] = law_decode(LAW_A, law_encode(LAW_A,
							(int)lrintf(x[i])));
		feed(y, 60 * 8000);
		ck_assert_uint_le(n_heard, 0);
	}
	n_heard = 0;
	signal_noise(x, 60 * 8000, -15, 9);
	for (size_t i = 0; i < 60 * 8000; i++)
		y[i] = (int16_t)lrintf(x[i]);
	feed(y, 60 * 8000);
	for (double hz = 300; hz < 3000; hz += 37) {
		signal_tone(x, 1600, -10, hz);
		for (size_t i = 0; i < 1600; i++)
			y[i] = (int16_t)lrintf(x[i]);
		feed(y, 1600);
	}
	ck_assert_str_eq(heard, "");
}
END_TEST

/* After a second of silence it still hears at once. */
START_TEST(test_after_silence)
{
	static int16_t zero[8000];
	struct press p = normal;

	n_heard = 0;
	feed(zero, 8000);
	press('9', &p);
	feed(zero, 8000);
	feed(zero, 8000);
	press('9', &p);
	ck_assert_str_eq(heard, "99");
	ck_assert_int_eq(sounding, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dtmf");
	TCase *tc = tcase_create("dtmf");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_codes);
	tcase_add_test(tc, test_levels_and_laws);
	tcase_add_test(tc, test_too_weak);
	tcase_add_test(tc, test_twist);
	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_frequency);
	tcase_add_test(tc, test_noise);
	tcase_add_test(tc, test_talk_off);
	tcase_add_test(tc, test_after_silence);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
