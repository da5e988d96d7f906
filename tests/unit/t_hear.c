/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What pbxsim hears: levels, digits, the tones of countries; and the echo it
 * makes. All behind A-law, as on a line.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/rnd.h"
#include "tools/pbxsim/hear.c"
#include "tools/pbxsim/hybrid.c"
#include "media/law.h"
#include "tests/suite.h"

enum { BLOCK = HEAR_BLOCK };

static void behind_law(const float *in, int16_t *out)
{
	for (unsigned i = 0; i < BLOCK; i++) {
		out[i] = law_decode(LAW_A, law_encode(LAW_A, (int)in[i]));
	}
}

/* Plays a pattern for ms, after an offset that is not a whole window; what
 * is heard first, and how many news there were. */
static enum tone_kind hear_pattern(const struct tone_zone *zone,
				   const struct tone_pattern *p, unsigned ms,
				   unsigned *news)
{
	struct tone_gen gen = { 0 };
	enum tone_kind first = TONE_NONE;
	struct hear_news n;
	float out[BLOCK];
	int16_t samples[BLOCK];
	struct hear h;

	ck_assert_int_eq(hear_init(&h, zone), 0);
	*news = 0;
	tone_start(&gen, p);
	tone_run(&gen, out, 37); /* begins within a window */
	for (unsigned i = 0; i < ms / 10; i++) {
		tone_run(&gen, out, BLOCK);
		behind_law(out, samples);
		hear_run(&h, samples, &n);
		if (n.tone != TONE_NONE) {
			first = *news ? first : n.tone;
			++*news;
		}
	}
	hear_fini(&h);
	return first;
}

START_TEST(knows_the_tones_of_countries)
{
	static const char *const countries[] = { "de", "uk", "us", "fr", "it",
						 "ch", "at", "nl", "se" };
	static const enum tone_kind kinds[] = { TONE_RINGBACK, TONE_BUSY,
						TONE_CONGESTION, TONE_INFO };

	for (unsigned c = 0; c < sizeof(countries) / sizeof(char *); c++) {
		struct tone_zone zone;

		ck_assert_int_eq(tone_zone_init(&zone, countries[c]), 0);
		for (unsigned k = 0; k < 4; k++) {
			unsigned news;
			enum tone_kind heard =
				hear_pattern(&zone, &zone.kinds[kinds[k]],
					     9000, &news);

			ck_assert_msg(heard == kinds[k] && news == 1,
				      "%s %s: heard %s, %u news", countries[c],
				      hear_tone_name(kinds[k]),
				      hear_tone_name(heard), news);
		}
	}
}
END_TEST

START_TEST(knows_a_dial_tone_that_never_pauses)
{
	struct tone_zone zone;
	unsigned news;

	tone_zone_init(&zone, "de");
	ck_assert_int_eq(hear_pattern(&zone, &zone.kinds[TONE_DIAL], 5000,
				      &news),
			 TONE_DIAL);
	ck_assert_uint_eq(news, 1);
	ck_assert_int_eq(hear_pattern(&zone, &zone.kinds[TONE_DIAL], 1500,
				      &news),
			 TONE_NONE);
}
END_TEST

START_TEST(other_sounds_are_no_tones)
{
	static const char *const others[] = {
		"600/1000,0/4000", "425/100,0/100", "425/3000,0/500",
		"425+600/480,0/480", "1000",
	};
	struct tone_zone zone;

	tone_zone_init(&zone, "de");
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct tone_pattern p;
		unsigned news;

		ck_assert_int_eq(tone_parse(&p, others[i]), 0);
		hear_pattern(&zone, &p, 15000, &news);
		/* 3 s of 425 Hz is dial tone while it lasts */
		ck_assert_msg(news == (i == 2), "%s: %u", others[i], news);
	}
}
END_TEST

/* A voice: harmonics of a gliding pitch in syllables, and noise. */
START_TEST(speech_is_no_tone)
{
	struct tone_zone zone;
	struct hear_news n;
	struct hear h;
	struct rnd r;
	double phase = 0, pitch = 120;
	unsigned digits = 0;

	rnd_init(&r, "hear");
	tone_zone_init(&zone, "de");
	ck_assert_int_eq(hear_init(&h, &zone), 0);
	for (unsigned b = 0; b < 6000; b++) {
		float out[BLOCK];
		int16_t samples[BLOCK];

		if (b % 20 == 0) {
			pitch = 90 + rnd_below(&r, 150);
		}
		for (unsigned i = 0; i < BLOCK; i++) {
			double v = 0;

			phase += pitch / 8000;
			for (int k = 1; k < 9; k++) {
				v += sin(2 * M_PI * k * phase) / k;
			}
			v *= b % 20 < 15 ? 4000 : 0;
			out[i] = (float)v + (float)rnd_below(&r, 40) - 20;
		}
		behind_law(out, samples);
		hear_run(&h, samples, &n);
		ck_assert_int_eq(n.tone, TONE_NONE);
		digits += n.digit != 0;
	}
	ck_assert_uint_le(digits, 2);
	hear_fini(&h);
}
END_TEST

START_TEST(measures_levels)
{
	struct hear_level l = { 0 };
	int16_t samples[BLOCK];

	ck_assert_double_eq(level_dbm0(&l), NONE_DBM0);
	for (unsigned b = 0; b < 200; b++) {
		for (unsigned i = 0; i < BLOCK; i++) {
			double t = b * BLOCK + i;

			samples[i] = (int16_t)lrint(
				(double)tone_peak(-20) *
				sin(2 * M_PI * 1020 * t / 8000));
		}
		level_add(&l, samples, BLOCK);
	}
	ck_assert_double_eq_tol(level_dbm0(&l), -20, 0.05);
	ck_assert_double_eq_tol(level_loudest_dbm0(&l), -20, 0.3);
	memset(samples, 0, sizeof(samples));
	for (unsigned b = 0; b < 200; b++) {
		level_add(&l, samples, BLOCK);
	}
	ck_assert_double_eq_tol(level_dbm0(&l), -20, 0.05);
	ck_assert_uint_eq(l.samples, 200 * BLOCK);
	ck_assert_uint_eq(l.all, 400 * BLOCK);
}
END_TEST

/* An impulse comes back as the model, after its delay, with its energy. */
START_TEST(echo_is_its_model)
{
	static struct hybrid h;

	for (unsigned model = HYBRID_FIRST; model <= HYBRID_LAST; model++) {
		for (unsigned delay = 0; delay <= HYBRID_DELAY_MAX_MS;
		     delay += 125) {
			struct hybrid_spec s = { model, 6, delay };
			double energy = 0;
			size_t first = 0;

			hybrid_init(&h, &s);
			for (unsigned b = 0; b < 120; b++) {
				float in[BLOCK] = { 0 }, out[BLOCK] = { 0 };

				/* late, so that the past wraps */
				in[7] = b == 60 ? 10000 : 0;
				hybrid_add(&h, in, out, BLOCK);
				for (unsigned i = 0; i < BLOCK; i++) {
					double y = (double)out[i] / 10000;

					if (!first && fabs(y) > 0) {
						first = b * BLOCK + i;
					}
					energy += y * y;
				}
			}
			ck_assert_double_eq_tol(10 * log10(energy), -6, 0.01);
			ck_assert_uint_eq(first, 60 * BLOCK + 7 + delay * 8);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hear");
	TCase *t = tcase_create("hear");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, knows_the_tones_of_countries);
	tcase_add_test(t, knows_a_dial_tone_that_never_pauses);
	tcase_add_test(t, other_sounds_are_no_tones);
	tcase_add_test(t, speech_is_no_tone);
	tcase_add_test(t, measures_levels);
	tcase_add_test(t, echo_is_its_model);
	return suite_run(s, CK_NOFORK);
}
