/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* What the media role says and does about its lines: faults, their words, error
 * performance, the source of the clock. */
#include "tests/unit/media_rig.h"
#include "tests/suite.h"

START_TEST(test_line_states)
{
	set_up();
	loop_advance(t.loop, 5000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	/* Cable out: no new calls at once, an alarm after 2.5 s; the calls
	 * that are there go after the hold-off. */
	t.silent = true;
	loop_advance(t.loop, 150);
	ck_assert(!t.line.up);
	ck_assert(!t.span.up);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	ck_assert_uint_eq(t.span.alarms, 0);
	ck_assert_ptr_nonnull(strstr(t.span.text, "LOS: nothing usable"));
	loop_advance(t.loop, 2500);
	ck_assert_uint_eq(t.span.alarms & LINE_LOS, LINE_LOS);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	loop_advance(t.loop, 600);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_RELEASE);
	/* Good again: it takes calls after 10 s. */
	t.silent = false;
	loop_advance(t.loop, 9000);
	ck_assert(!t.span.up);
	ck_assert_ptr_nonnull(strstr(t.span.text, "recovering"));
	loop_advance(t.loop, 4000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	tear_down();
}
END_TEST

/* 60 s of a line that comes and goes: calls avoid it for all of that time,
 * those that are there stay, and nobody is flooded with messages. */
START_TEST(test_line_flaps)
{
	unsigned lines;

	set_up();
	loop_advance(t.loop, 5000);
	lines = t.n_line;
	for (unsigned i = 0; i < 1000; i++) {
		t.silent = true;
		loop_advance(t.loop, 30);
		t.silent = false;
		loop_advance(t.loop, 30);
		ck_assert_uint_ne(t.line.calls, FRAME_CALLS_RELEASE);
		if (i > 5)
			ck_assert(!t.line.up);
	}
	ck_assert_uint_lt(t.n_line - lines, 3100);
	loop_advance(t.loop, 2000);
	ck_assert(t.line.up);
	tear_down();
}
END_TEST

/* A cable that is out for 20 s: unavailable; ten good seconds end that. */
START_TEST(test_performance)
{
	set_up();
	loop_advance(t.loop, 30000);
	t.silent = true;
	loop_advance(t.loop, 20000);
	t.silent = false;
	loop_advance(t.loop, 30000);
	ask_about("performance", "carrier");
	ck_assert(!t.error);
	ck_assert_ptr_nonnull(strstr(t.text, "\"available\":true"));
	ck_assert_ptr_nonnull(strstr(t.text, "\"intervals\":[{"));
	ck_assert_uint_ge(media_role_of(t.role)->spans[0].perf.all.uas, 19);
	ck_assert_uint_le(media_role_of(t.role)->spans[0].perf.all.uas, 23);
	ask_about("performance", "nobody");
	ck_assert(t.error);
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text,
				     "trunkgate_media_line_unavailable_"
				     "seconds_total{span=\"carrier\"} 2"));
	tear_down();
}
END_TEST

/* The carrier's clock is the master's of all lines where we give it; when it
 * is gone its rate is held. */
START_TEST(test_clock_source)
{
	const struct media_clock *c;

	follows = true;
	set_up();
	follows = false;
	c = &media_role_of(t.role)->clock;
	loop_advance(t.loop, 3000);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "this machine's own"));
	loop_advance(t.loop, 240000);
	ck_assert_int_eq(c->source, 0);
	ck_assert_int_le(abs(c->ppb), 500);
	ck_assert_int_le(abs(c->steered - c->ppb), 20);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "from span carrier, "));
	t.silent = true;
	loop_advance(t.loop, 5000);
	ck_assert_int_eq(c->source, -1);
	ck_assert(c->held);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "no source is good"));
	ask("lines");
	ck_assert_ptr_nonnull(strstr(t.text, "not measured yet"));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("media lines");
	TCase *tc = tcase_create("lines");

	tcase_add_test(tc, test_line_states);
	tcase_add_test(tc, test_line_flaps);
	tcase_add_test(tc, test_performance);
	tcase_add_test(tc, test_clock_source);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
