/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* Error performance: canned seconds, and random ones against the definition. */
#include "media/perf.h"
#include "tests/unit/rnd.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct perf p;

static const struct perf_second good;
static const struct perf_second dead = { .defect = true };

static void add(const struct perf_second *s, unsigned n)
{
	while (n--)
		perf_add(&p, s);
}

static const struct perf_sum *sum(unsigned ago)
{
	const struct perf_sum *s = perf_interval(&p, ago);

	ck_assert_ptr_nonnull(s);
	return s;
}

START_TEST(what_is_errored_and_severe)
{
	static const struct {
		enum perf_kind kind;
		struct perf_second s;
		unsigned es, ses, bbe;
	} all[] = {
		{ PERF_E1, { 0 }, 0, 0, 0 },
		{ PERF_E1, { .crc = 1 }, 1, 0, 1 },
		{ PERF_E1, { .crc = 299 }, 1, 0, 299 },
		{ PERF_E1, { .crc = 300 }, 1, 1, 0 },
		{ PERF_E1, { .fe = 1 }, 1, 0, 0 },
		{ PERF_E1, { .fe = 28 }, 1, 1, 0 },
		{ PERF_E1, { .cv = 2047 }, 1, 0, 0 },
		{ PERF_E1, { .cv = 2048 }, 1, 1, 0 },
		{ PERF_E1, { .defect = true }, 1, 1, 0 },
		{ PERF_E1, { .slips = 1 }, 0, 0, 0 },
		{ PERF_E1, { .ebit = 1000 }, 0, 0, 0 },
		{ PERF_T1, { .crc = 319 }, 1, 0, 319 },
		{ PERF_T1, { .crc = 320 }, 1, 1, 0 },
		{ PERF_T1, { .cv = 1544 }, 1, 1, 0 },
		{ PERF_PACKETS, { .blocks = 1000, .crc = 299 }, 1, 0, 299 },
		{ PERF_PACKETS, { .blocks = 1000, .crc = 300 }, 1, 1, 0 },
		{ PERF_PACKETS, { .crc = 5 }, 1, 0, 5 },
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		perf_init(&p, all[i].kind, 0);
		add(&all[i].s, 1);
		add(&good, 20);
		ck_assert_uint_eq(p.all.seconds, 21);
		ck_assert_uint_eq(p.all.es, all[i].es);
		ck_assert_uint_eq(p.all.ses, all[i].ses);
		ck_assert_uint_eq(p.all.bbe, all[i].bbe);
		ck_assert_uint_eq(p.all.uas, 0);
		ck_assert_uint_eq(p.all.far_es, all[i].s.ebit > 0);
		ck_assert_uint_eq(p.all.slip_s, all[i].s.slips > 0);
	}
}
END_TEST

START_TEST(ten_in_a_row)
{
	perf_init(&p, PERF_E1, 0);
	add(&good, 100);
	add(&dead, 9);
	add(&good, 1);
	ck_assert_uint_eq(p.all.ses, 9);
	ck_assert_uint_eq(p.all.uas, 0);
	add(&dead, 9);
	ck_assert_uint_eq(p.all.seconds, 110); /* not decided */
	add(&dead, 1);
	ck_assert(p.unavailable);
	ck_assert_uint_eq(p.all.uas, 10);
	ck_assert_uint_eq(p.all.ses, 9);
	add(&dead, 50);
	add(&good, 9);
	ck_assert_uint_eq(p.all.uas, 60);
	add(&dead, 1); /* not ten good ones: all of it was unavailable */
	ck_assert_uint_eq(p.all.uas, 70);
	add(&good, 10);
	ck_assert(!p.unavailable);
	ck_assert_uint_eq(p.all.uas, 70);
	ck_assert_uint_eq(p.all.seconds, 190);
}
END_TEST

/* The ten belong to what they begin, also over the end of an interval. */
START_TEST(over_the_end_of_an_interval)
{
	perf_init(&p, PERF_E1, 0);
	add(&good, PERF_INTERVAL_S - 4);
	add(&dead, 4);
	add(&dead, 6);
	ck_assert_uint_eq(sum(1)->uas, 4);
	ck_assert_uint_eq(sum(1)->seconds, PERF_INTERVAL_S);
	ck_assert_uint_eq(sum(0)->uas, 6);
	perf_init(&p, PERF_E1, 0);
	add(&good, PERF_INTERVAL_S - 4);
	add(&dead, 9);
	add(&good, 1);
	ck_assert_uint_eq(sum(1)->ses, 4);
	ck_assert_uint_eq(sum(1)->uas, 0);
	ck_assert_uint_eq(sum(0)->ses, 5);
	ck_assert_uint_eq(perf_elapsed(&p), 6);
}
END_TEST

START_TEST(a_day_is_kept)
{
	static const struct perf_second bad = { .crc = 2 };
	struct perf_sum day;

	/* the first interval is short: they begin at quarters of the hour */
	perf_init(&p, PERF_E1, 600);
	add(&bad, 300);
	ck_assert_uint_eq(sum(0)->seconds, 300);
	add(&good, 1);
	ck_assert_uint_eq(sum(1)->es, 300);
	ck_assert_ptr_null(perf_interval(&p, 2));
	/* 95 more: the first one is still there */
	add(&good, 95 * PERF_INTERVAL_S);
	ck_assert_uint_eq(sum(96)->es, 300);
	ck_assert_ptr_null(perf_interval(&p, 97));
	perf_day(&p, &day);
	ck_assert_uint_eq(day.es, 300);
	ck_assert_uint_eq(day.bbe, 600);
	/* and then it is not; what is counted since the start stays */
	add(&good, PERF_INTERVAL_S);
	perf_day(&p, &day);
	ck_assert_uint_eq(day.es, 0);
	ck_assert_uint_eq(day.seconds, 96 * PERF_INTERVAL_S);
	ck_assert_uint_eq(p.all.es, 300);
}
END_TEST

/* Seconds by chance, judged by the definition, looked at as a
 * whole. */
enum { LONG = 3000 };

static void judge(const bool *ses, unsigned n, bool *out)
{
	bool state = false;

	for (unsigned i = 0; i < n;) {
		unsigned run = 0;

		while (i + run < n && run < PERF_DECIDE_S &&
		       ses[i + run] != state)
			run++;
		if (run == PERF_DECIDE_S)
			state = !state;
		else
			run = run ? run : 1;
		for (unsigned k = 0; k < run; k++)
			out[i++] = state;
	}
}

START_TEST(by_the_definition)
{
	struct rnd r;
	static bool ses[LONG + 10], uas[LONG + 10];
	unsigned want_ses = 0, want_uas = 0;
	bool on = false;

	rnd_init(&r, "perf");
	perf_init(&p, PERF_E1, 123);
	for (unsigned i = 0; i < LONG; i++) {
		if (rnd_below(&r, 9) == 0)
			on = !on;
		ses[i] = on;
	}
	memset(ses + LONG, 0, 10); /* so that all is decided */
	judge(ses, LONG + 10, uas);
	for (unsigned i = 0; i < LONG + 10; i++) {
		perf_add(&p, ses[i] ? &dead : &good);
		want_uas += uas[i];
		want_ses += ses[i] && !uas[i];
	}
	ck_assert_uint_eq(p.all.seconds, LONG + 10);
	ck_assert_uint_eq(p.all.uas, want_uas);
	ck_assert_uint_eq(p.all.ses, want_ses);
	for (unsigned ago = 0; perf_interval(&p, ago); ago++) {
		want_uas -= sum(ago)->uas;
		want_ses -= sum(ago)->ses;
	}
	ck_assert_uint_eq(want_uas | want_ses, 0);
}
END_TEST

START_TEST(verdicts)
{
	struct perf_sum s = { .seconds = 599 };

	ck_assert_ptr_nonnull(strstr(perf_verdict(&s), "long enough"));
	s.seconds = 10000;
	s.es = 400;
	s.ses = 20;
	ck_assert_ptr_nonnull(strstr(perf_verdict(&s), "as good"));
	s.es = 401;
	ck_assert_ptr_nonnull(strstr(perf_verdict(&s), "errored"));
	s.ses = 21;
	ck_assert_ptr_nonnull(strstr(perf_verdict(&s), "severely"));
	s.uas = 1000;
	ck_assert_ptr_nonnull(strstr(perf_verdict(&s), "out of service"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf");
	TCase *tc = tcase_create("perf");

	tcase_add_test(tc, what_is_errored_and_severe);
	tcase_add_test(tc, ten_in_a_row);
	tcase_add_test(tc, over_the_end_of_an_interval);
	tcase_add_test(tc, a_day_is_kept);
	tcase_add_loop_test(tc, by_the_definition, 0, 10);
	tcase_add_test(tc, verdicts);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
