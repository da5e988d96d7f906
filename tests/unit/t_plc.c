/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Concealment: a hole in a periodic sound is hardly a hole, all fades to
 * silence, nothing clicks; and time taken out by cuts. */
#include "media/plc.c"
#include "media/stretch.h"
#include "tests/media/line_signal.c"
#include "tests/suite.h"

#include <check.h>
#include <spandsp.h>
#include <stdlib.h>

enum { N = 8000 * 20 };

static float x[N];
static uint8_t c[N], out[N];
static struct plc p;

static void codes(enum law law)
{
	for (size_t i = 0; i < N; i++)
		c[i] = law_encode(law, (int)lrintf(x[i]));
	memcpy(out, c, N);
}

static double dbm0_of(enum law law, const uint8_t *a, size_t n)
{
	float v[8000];

	for (size_t i = 0; i < n; i++)
		v[i] = law_decode(law, a[i]);
	return signal_dbm0(v, n);
}

static double dbm0(const uint8_t *a, size_t n)
{
	return dbm0_of(LAW_A, a, n);
}

/* Blocks of 80; those for which lost(k) are concealed. */
static void run(enum law law, bool (*lost)(size_t))
{
	plc_reset(&p, law);
	for (size_t k = 0; k < N / 80; k++) {
		if (lost(k))
			plc_fill(&p, law, out + 80 * k, 80);
		else
			plc_good(&p, law, out + 80 * k, 80);
	}
}

static bool never(size_t k)
{
	(void)k;
	return false;
}

static bool two_in_twenty(size_t k)
{
	return k % 20 >= 18;
}

static bool from_50(size_t k)
{
	return k >= 50;
}

static double error_db(size_t from, size_t n)
{
	double e = 1e-9, s = 1e-9;

	for (size_t i = from; i < from + n; i++) {
		double a = law_decode(LAW_A, c[i]), b = law_decode(LAW_A, out[i]);

		e += (a - b) * (a - b);
		s += a * a;
	}
	return 10 * log10(s / e);
}

START_TEST(test_good_is_untouched)
{
	signal_speech(x, N, -16, 1);
	codes(LAW_A);
	run(LAW_A, never);
	ck_assert_mem_eq(c, out, N);
}
END_TEST

START_TEST(test_periodic)
{
	static const double hz[] = { 70, 100, 125, 160, 190 };

	for (unsigned k = 0; k < 5; k++) {
		for (size_t i = 0; i < N; i++) {
			double w = 2 * M_PI * hz[k] * (double)i / 8000;

			x[i] = (float)(4000 * sin(w) + 3000 * sin(2 * w + 1) +
				       2000 * sin(5 * w + 2));
		}
		codes(LAW_A);
		run(LAW_A, two_in_twenty);
		ck_assert_msg(error_db(8000, 80000) > 15, "%g Hz: %g dB", hz[k],
			      error_db(8000, 80000));
	}
}
END_TEST

START_TEST(test_speech)
{
	double silent, concealed;

	signal_speech(x, N, -16, 3);
	codes(LAW_A);
	run(LAW_A, two_in_twenty);
	concealed = error_db(8000, N - 16000);
	for (size_t k = 0; k < N / 80; k++)
		if (two_in_twenty(k))
			memset(out + 80 * k, LAW_A_SILENCE, 80);
		else
			memcpy(out + 80 * k, c + 80 * k, 80);
	silent = error_db(8000, N - 16000);
	ck_assert_double_ge(concealed, silent);
}
END_TEST

START_TEST(test_fades)
{
	double before, tenth;

	signal_tone(x, N, -10, 400);
	codes(LAW_A);
	run(LAW_A, from_50);
	before = dbm0(out + 48 * 80, 160);
	tenth = dbm0(out + 50 * 80, 80);
	ck_assert_double_eq_tol(tenth, before, 1);
	ck_assert_double_lt(dbm0(out + 53 * 80, 80), before - 3);
	ck_assert_double_lt(dbm0(out + 55 * 80, 80), before - 10);
	for (size_t i = 56 * 80; i < N; i++)
		ck_assert_uint_eq(out[i], LAW_A_SILENCE);
	ck_assert(!plc_fill(&p, LAW_A, out, 80));
}
END_TEST

/* No step between samples is larger than the sound itself has, by far. */
START_TEST(test_no_click)
{
	int most = 0, had = 0;

	signal_tone(x, N, -10, 410);
	codes(LAW_A);
	run(LAW_A, two_in_twenty);
	for (size_t i = 1; i < N; i++) {
		int a = abs(law_decode(LAW_A, out[i]) -
			    law_decode(LAW_A, out[i - 1]));
		int b = abs(law_decode(LAW_A, c[i]) -
			    law_decode(LAW_A, c[i - 1]));

		most = a > most ? a : most;
		had = b > had ? b : had;
	}
	ck_assert_int_le(most, 3 * had);
}
END_TEST

/* Before anything was heard a hole is silence. */
START_TEST(test_at_the_start)
{
	uint8_t a[80];

	for (int law = LAW_A; law <= LAW_U; law++) {
		plc_reset(&p, (enum law)law);
		plc_fill(&p, (enum law)law, a, 80);
		for (int i = 0; i < 80; i++)
			ck_assert_int_le(abs(law_decode((enum law)law, a[i])),
					 8);
	}
}
END_TEST

START_TEST(test_runs_of_any_length)
{
	signal_speech(x, N, -16, 5);
	codes(LAW_U);
	plc_reset(&p, LAW_U);
	for (size_t i = 0, n = 1; i + n < N; i += n, n = 1 + i * 7 % 79) {
		uint8_t after = out[i + n];

		if (i % 5 == 0)
			plc_fill(&p, LAW_U, out + i, n);
		else
			plc_good(&p, LAW_U, out + i, n);
		ck_assert_uint_eq(out[i + n], after);
	}
	/* Holes of up to 10 ms leave the speech about as loud as it was. */
	for (size_t i = 0; i + 8000 < N; i += 8000)
		ck_assert_double_le(fabs(dbm0_of(LAW_U, out + i, 8000) -
					 dbm0_of(LAW_U, c + i, 8000)), 3);
}
END_TEST

/* What a concealment of holes of so many packets of 20 ms, one each half
 * second, makes of speech. */
struct judged {
	double likeness; /* correlation with what was lost */
	double level_db; /* there, against the speech */
	double click_db; /* largest step at the edges, against speech's own */
};

static int16_t lost_of(size_t i)
{
	return law_decode(LAW_A, c[i]);
}

static void judge(const int16_t *y, unsigned packets, struct judged *q)
{
	double both = 0, s = 1, l = 1, step = 1, own = 1;

	for (size_t from = 4000; from + 4000 < N; from += 4000) {
		size_t to = from + 160 * packets;

		for (size_t i = from; i < to; i++) {
			both += (double)y[i] * lost_of(i);
			s += pow(lost_of(i), 2);
			l += pow(y[i], 2);
		}
		for (size_t i = to - 2; i < to + 40; i++)
			step = fmax(step, abs(y[i] - y[i - 1]));
		for (size_t i = from - 2; i < from + 40; i++)
			step = fmax(step, abs(y[i] - y[i - 1]));
		for (size_t i = from - 80; i < to + 80; i++)
			own = fmax(own, abs(lost_of(i) - lost_of(i - 1)));
	}
	q->likeness = both / sqrt(s * l);
	q->level_db = 10 * log10(l / s);
	q->click_db = 20 * log10(step / own);
}

static void conceal_ours(int16_t *y, unsigned packets)
{
	plc_reset(&p, LAW_A);
	memcpy(out, c, N);
	for (size_t i = 0; i < N; i += 80)
		if (i >= 4000 && i + 4000 < N && i % 4000 < 160u * packets)
			plc_fill(&p, LAW_A, out + i, 80);
		else
			plc_good(&p, LAW_A, out + i, 80);
	law_decode_n(LAW_A, out, y, N);
}

/* spandsp 0.0.6 copies within its history by memcpy(): the peer's business. */
const char *__asan_default_suppressions(void);

const char *__asan_default_suppressions(void)
{
	return "interceptor_via_lib:libspandsp";
}

static void conceal_spandsp(int16_t *y, unsigned packets)
{
	plc_state_t *s = plc_init(NULL);

	law_decode_n(LAW_A, c, y, N);
	for (size_t i = 0; i < N; i += 80)
		if (i >= 4000 && i + 4000 < N && i % 4000 < 160u * packets)
			plc_fillin(s, y + i, 80);
		else
			plc_rx(s, y + i, 80);
	plc_free(s);
}

/* One to six packets lost: about as like the speech as spandsp's (which fades
 * sooner, and so weighs what is unlike less), never louder than the speech
 * was, no clicks. */
START_TEST(test_beside_spandsp)
{
	static int16_t y[N];

	signal_speech(x, N, -16, 11);
	codes(LAW_A);
	for (unsigned packets = 1; packets <= 6; packets++) {
		struct judged ours, theirs;

		conceal_ours(y, packets);
		judge(y, packets, &ours);
		conceal_spandsp(y, packets);
		judge(y, packets, &theirs);
		printf("plc, %u lost: likeness %.3f (spandsp %.3f), "
		       "level %.1f dB (%.1f), click %.1f dB (%.1f)\n",
		       packets, ours.likeness, theirs.likeness, ours.level_db,
		       theirs.level_db, ours.click_db, theirs.click_db);
		ck_assert_double_ge(ours.likeness, theirs.likeness - 0.04);
		ck_assert_double_le(ours.level_db, 1);
		ck_assert_double_le(ours.click_db, 1);
	}
}
END_TEST

START_TEST(test_cut)
{
	uint8_t y[STRETCH_OUT];
	unsigned n;

	/* A periodic sound loses whole periods. */
	signal_tone(x, N, -10, 100);
	codes(LAW_A);
	n = stretch_cut(LAW_A, c + 800, y);
	ck_assert_uint_eq(n, 80);
	for (int i = 0; i < STRETCH_OUT; i++)
		ck_assert_int_le(abs(law_decode(LAW_A, y[i]) -
				     law_decode(LAW_A, c[800 + i])), 600);
	/* Silence loses what it may. */
	memset(c, LAW_A_SILENCE, 1000);
	ck_assert_uint_gt(stretch_cut(LAW_A, c, y), 0);
	/* Noise is not alike anywhere. */
	signal_noise(x, N, -10, 3);
	codes(LAW_A);
	ck_assert_uint_eq(stretch_cut(LAW_A, c, y), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plc");
	TCase *tc = tcase_create("plc");

	tcase_add_test(tc, test_good_is_untouched);
	tcase_add_test(tc, test_periodic);
	tcase_add_test(tc, test_speech);
	tcase_add_test(tc, test_fades);
	tcase_add_test(tc, test_no_click);
	tcase_add_test(tc, test_at_the_start);
	tcase_add_test(tc, test_runs_of_any_length);
	tcase_add_test(tc, test_beside_spandsp);
	tcase_add_test(tc, test_cut);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
