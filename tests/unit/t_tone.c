/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Tones: the table equals tones.tsv; each row as sound: frequency within
 * 0.5 Hz, level within 0.5 dB, times within 1 ms, phases without a jump. */
#include "media/tone.c"
#include "media/tone_zone.c"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>

enum { SECONDS = 10, N = 8000 * SECONDS };

static float sound_of[N];

static void play(const char *text)
{
	static struct tone_pattern p;
	struct tone_gen g = { 0 };

	ck_assert_msg(tone_parse(&p, text) == 0, "%s", text);
	/* Phases begin anywhere. */
	g.phase[0] = 0x12345678;
	g.sounding = &p.el[0];
	tone_start(&g, &p);
	/* Any division into blocks gives the same. */
	for (size_t i = 0; i < N; i += 80)
		tone_run(&g, sound_of + i, 80);
}

static double level(size_t from, size_t n)
{
	double e = 1e-9;

	for (size_t i = from; i < from + n; i++)
		e += (double)sound_of[i] * sound_of[i];
	return 10 * log10(e / (double)n) -
	       20 * log10((double)LAW_PEAK_0DBM0 / sqrt(2));
}

/* Power of a frequency, Hann window. */
static double power(size_t from, size_t n, double hz)
{
	double re = 0, im = 0, w;

	for (size_t i = 0; i < n; i++) {
		w = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
		re += w * sound_of[from + i] *
		      cos(2 * M_PI * hz * (double)i / 8000);
		im += w * sound_of[from + i] *
		      sin(2 * M_PI * hz * (double)i / 8000);
	}
	return re * re + im * im;
}

/* The peak near hz by parabola over three points. */
static double peak_near(size_t from, size_t n, double hz)
{
	double step = 0.5, best = hz, top = 0, p[3];

	for (double f = hz - 3; f <= hz + 3; f += step)
		if (power(from, n, f) > top) {
			top = power(from, n, f);
			best = f;
		}
	for (int i = 0; i < 3; i++)
		p[i] = log(power(from, n, best + (i - 1) * step));
	return best + step * 0.5 * (p[0] - p[2]) / (p[0] - 2 * p[1] + p[2]);
}

static double want_level(const struct tone_element *e)
{
	double ms = 0;

	for (int i = 0; i < TONE_PARTS; i++)
		ms += (double)e->peak[i] * e->peak[i] / 2;
	if (e->am_hz > 0)
		ms *= 1 + (double)AM_DEPTH * AM_DEPTH / 2;
	return 10 * log10(ms) - 20 * log10((double)LAW_PEAK_0DBM0 / sqrt(2));
}

static void check_element(const struct tone_element *e, size_t from, size_t n,
			  const char *text)
{
	unsigned parts = 0;

	while (parts < TONE_PARTS && e->hz[parts] > 0)
		parts++;
	if (is_silent(e)) {
		ck_assert_msg(level(from + 24, n - 24) < -80, "%s", text);
		return;
	}
	/* Close pairs beat slowly: only long ones have a level. */
	if (n >= (parts > 1 || e->am_hz > 0 ? 3200u : 400u))
		ck_assert_msg(fabs(level(from + 40, n - 80) - want_level(e)) <
				      0.5,
			      "%s: level %f", text, level(from + 40, n - 80));
	if (n < (parts > 1 ? 3000u : 1200u) || e->am_hz > 0)
		return;
	for (unsigned i = 0; i < parts; i++) {
		bool alone = true;

		for (unsigned k = 0; k < parts; k++)
			if (k != i && fabs(e->hz[k] - e->hz[i]) <
					      4.5 * 8000 / (double)(n - 80))
				alone = false;
		if (alone)
			ck_assert_msg(fabs(peak_near(from + 40, n - 80,
						     e->hz[i]) -
					   e->hz[i]) < 0.5,
				      "%s: %f", text, e->hz[i]);
	}
}

/* Sound begins and ends within 1 ms of the plan, at half the envelope. */
static void check_edge(size_t at, bool rising, const char *text)
{
	double before = level(at - 24, 16), after = level(at + 24, 16);

	ck_assert_msg(rising ? before < -60 && after > -40
			     : before > -40 && after < -60,
		      "%s: edge at %zu: %f %f", text, at, before, after);
}

static void check_row(const char *text)
{
	struct tone_pattern p;
	size_t at = 0;
	uint64_t seen = 0;
	unsigned i = 0;
	bool was = true;

	if (!text[0])
		return;
	play(text);
	tone_parse(&p, text);
	while (at < N && i < p.count) {
		const struct tone_element *e = &p.el[i];
		size_t n = e->samples && e->samples < N - at ? e->samples
							     : N - at;
		bool on = !is_silent(e);

		if (n > 400 && !(seen >> i & 1))
			check_element(e, at, n < 8000 ? n : 8000, text);
		if (on != was && at && n > 100 && e->am_hz <= 0 &&
		    e->hz[1] <= 0 && p.el[i ? i - 1 : 0].hz[1] <= 0 &&
		    p.el[i ? i - 1 : 0].am_hz <= 0)
			check_edge(at, on, text);
		was = on;
		seen |= 1ull << i;
		at += n;
		if (++i == p.count)
			i = p.again;
	}
}

static char *field(char **line)
{
	char *f = *line, *tab = strchr(f, '\t');

	if (tab) {
		*tab = '\0';
		*line = tab + 1;
	} else {
		*line += strlen(*line);
	}
	return f;
}

/* Row by row: the table in the program is the file. */
START_TEST(test_table_is_tsv)
{
	FILE *f = fopen("tests/vectors/tones.tsv", "r");
	const struct tone_row *r = tone_rows;
	char line[4096], *p, *v[10];
	unsigned rows = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || strncmp(line, "iso\t", 4) == 0)
			continue;
		p = line;
		for (int i = 0; i < 8; i++)
			v[i] = field(&p);
		ck_assert_ptr_nonnull(r->iso);
		ck_assert_str_eq(r->iso, v[0]);
		ck_assert_str_eq(r->dial, v[3]);
		ck_assert_str_eq(r->ring, v[4]);
		ck_assert_str_eq(r->busy, v[5]);
		ck_assert_str_eq(r->congestion, v[6]);
		ck_assert_str_eq(r->info, v[7]);
		r++;
		rows++;
	}
	fclose(f);
	ck_assert_ptr_null(r->iso);
	ck_assert_uint_eq(rows, 67);
}
END_TEST

START_TEST(test_every_row_sounds)
{
	for (const struct tone_row *r = tone_rows; r->iso; r++) {
		check_row(r->dial);
		check_row(r->ring);
		check_row(r->busy);
		check_row(r->congestion);
		check_row(r->info);
	}
}
END_TEST

START_TEST(test_levels)
{
	play("425");
	ck_assert_double_eq_tol(level(400, 8000), -10, 0.1);
	play("350+440");
	ck_assert_double_eq_tol(level(400, 8000), -10, 0.1);
	play("440+480");
	ck_assert_double_eq_tol(level(400, 8000), -16, 0.1);
	play("480+620");
	ck_assert_double_eq_tol(level(400, 8000), -21, 0.1);
	play("400*25");
	ck_assert_double_eq_tol(level(400, 8000), -10, 0.1);
	play("425@");
	ck_assert_double_eq_tol(level(400, 8000), -20, 0.1);
	play("400+425+450");
	ck_assert_double_eq_tol(level(400, 8000), -10, 0.1);
	for (size_t i = 0; i < N; i++)
		ck_assert_float_lt(fabsf(sound_of[i]), 32767);
}
END_TEST

START_TEST(test_parse)
{
	static const char *const bad[] = {
		"", ",", "425/", "425/x", "x", "425,", "1+2+3+4", "9999",
		"425/1000,,0/1", "-425", "425/1e9", "400*9999", "1+2*3",
		"nan", "inf", "425|450", "425||", " 425",
	};
	struct tone_pattern p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_msg(tone_parse(&p, bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert_uint_eq(p.count, 0);
	}
	ck_assert_int_eq(tone_parse(&p, "!950/330,!1400/330,0"), 0);
	ck_assert_uint_eq(p.count, 3);
	ck_assert_uint_eq(p.again, 2);
	ck_assert_int_eq(tone_parse(&p, "!950/330"), 0);
	ck_assert_uint_eq(p.again, 1);
	ck_assert_int_eq(tone_parse(&p, "400||450/200,0/10"), 0);
	ck_assert_float_eq(p.el[0].hz[0], 400);
	ck_assert_uint_eq(p.el[0].samples, 1600);
	/* An element of no length is none. */
	ck_assert_int_eq(tone_parse(&p, "950/0,0/325,950/325"), 0);
	ck_assert_uint_eq(p.count, 2);
}
END_TEST

START_TEST(test_start_stop)
{
	struct tone_pattern p;
	struct tone_gen g = { 0 };
	float out[80];

	ck_assert(!tone_is_active(&g));
	tone_start(&g, NULL);
	ck_assert(!tone_is_active(&g));
	tone_parse(&p, "425");
	tone_start(&g, &p);
	tone_run(&g, out, 80);
	ck_assert(tone_is_active(&g));
	tone_start(&g, NULL);
	ck_assert(tone_is_active(&g)); /* the ramp */
	tone_run(&g, out, 80);
	ck_assert(!tone_is_active(&g));
	/* No jump anywhere. */
	for (int i = 1; i < 80; i++)
		ck_assert_float_lt(fabsf(out[i] - out[i - 1]), 3200);
	ck_assert_float_eq(out[79], 0);
}
END_TEST

START_TEST(test_zone)
{
	static struct tone_zone z;

	ck_assert_int_eq(tone_zone_init(&z, "DE"), 0);
	ck_assert_uint_eq(z.kinds[TONE_RINGBACK].count, 2);
	ck_assert_uint_eq(z.kinds[TONE_RINGBACK].el[1].samples, 32000);
	ck_assert_uint_eq(z.kinds[TONE_NONE].count, 0);
	ck_assert_int_eq(tone_zone_init(&z, "gb"), 0);
	ck_assert_uint_eq(z.kinds[TONE_RINGBACK].count, 4);
	ck_assert_int_eq(tone_zone_init(&z, "xx"), -ENOENT);
	ck_assert_uint_eq(z.kinds[TONE_BUSY].count, 2);
	/* Whatever the row lacks, no kind is silent, in no country. */
	for (const struct tone_row *r = tone_rows; r->iso; r++) {
		ck_assert_int_eq(tone_zone_init(&z, r->iso), 0);
		for (unsigned k = TONE_RINGBACK; k < TONE_KINDS; k++)
			ck_assert_msg(z.kinds[k].count, "%s %u", r->iso, k);
	}
}
END_TEST

/* Encoded in either law nothing clips and the level stays. */
START_TEST(test_in_g711)
{
	uint8_t c[8000];
	int16_t x[8000];

	for (int law = LAW_A; law <= LAW_U; law++) {
		double e = 0;

		play("350+440");
		law_lane(sound_of + 800, 1, x, 8000);
		law_encode_n((enum law)law, x, c, 8000);
		law_decode_n((enum law)law, c, x, 8000);
		for (int i = 0; i < 8000; i++)
			e += (double)x[i] * x[i] / 8000;
		ck_assert_double_eq_tol(
			10 * log10(e) -
				20 * log10((double)LAW_PEAK_0DBM0 / sqrt(2)),
			-10, 0.2);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tone");
	TCase *tc = tcase_create("tone");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_table_is_tsv);
	tcase_add_test(tc, test_every_row_sounds);
	tcase_add_test(tc, test_levels);
	tcase_add_test(tc, test_parse);
	tcase_add_test(tc, test_start_stop);
	tcase_add_test(tc, test_zone);
	tcase_add_test(tc, test_in_g711);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
