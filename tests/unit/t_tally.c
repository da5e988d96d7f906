/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core media base */
/* What pbxsim counts and expects of its calls, and when it makes them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pbxsim/hybrid.c"
#include "tools/pbxsim/offer.c"
#include "tools/pbxsim/profile.c"
#include "tools/pbxsim/report.c"
#include "tools/pbxsim/script.c"
#include "tools/pbxsim/source.c"
#include "tools/pbxsim/tally.c"
#include "tools/pbxsim/wav.c"
#include "tests/suite.h"

static char made[1024];
static int make_result;

int call_make(struct calls *all, const char *to, const struct profile *p)
{
	(void)all;
	(void)p;
	strcat(made, to);
	strcat(made, " ");
	return make_result;
}

static struct loop *loop;
static FILE *out;
static char *text;
static size_t text_len;
static struct report report;

static void setup(void)
{
	loop = loop_new_sim(0);
	out = open_memstream(&text, &text_len);
	report_init(&report, out, false, loop);
}

static void teardown(void)
{
	fclose(out);
	free(text);
	loop_free(loop);
}

static void ended(struct tally *t, uint8_t cause, bool answered, bool ours)
{
	struct tally_end e = { .cause = { cause, CC_LOC_NONE },
			       .answered = answered,
			       .made = ours };

	tally_ended(t, &e);
}

START_TEST(counts_ends)
{
	struct tally t = { .expects = 0 };
	struct tally_end given_up = { .cause = { CAUSE_NORMAL, 0 },
				      .made = true,
				      .given_up = true };

	ended(&t, CAUSE_NORMAL, true, true);
	ended(&t, CAUSE_USER_BUSY, false, true);
	ended(&t, CAUSE_NO_ANSWER, false, true);
	ended(&t, CAUSE_NORMAL, false, false); /* the caller gave up */
	ended(&t, CAUSE_NORMAL, false, true);
	ended(&t, CAUSE_NO_CHANNEL, false, true);
	tally_ended(&t, &given_up);
	ck_assert_uint_eq(t.count[TALLY_ENDED], 7);
	ck_assert_uint_eq(t.count[TALLY_ANSWERED], 1);
	ck_assert_uint_eq(t.count[TALLY_MADE_ANSWERED], 1);
	ck_assert_uint_eq(t.count[TALLY_BUSY], 1);
	ck_assert_uint_eq(t.count[TALLY_NO_ANSWER], 3);
	ck_assert_uint_eq(t.count[TALLY_FAILED], 2);
	ck_assert_uint_eq(t.causes[CAUSE_NORMAL], 4);
	ck_assert_uint_eq(t.unanswered[CAUSE_NORMAL], 3);
}
END_TEST

START_TEST(expects)
{
	struct tally t = { .expects = 0 };

	ended(&t, CAUSE_NO_CHANNEL, false, true);
	ended(&t, CAUSE_NORMAL, true, false);
	ck_assert_int_eq(tally_expect(&t, "answered=1,cause.34=1"), 0);
	ck_assert(tally_verdict(&t, &report));
	ck_assert_int_eq(tally_expect(&t, "busy=2"), 0);
	ck_assert(!tally_verdict(&t, &report));
	fflush(out);
	ck_assert_ptr_nonnull(strstr(text, "\"key\":\"busy\",\"expected\":2"));
}
END_TEST

START_TEST(without_expectation_calls_made_must_be_answered)
{
	struct tally t = { .expects = 0 };

	ck_assert(tally_verdict(&t, &report));
	t.count[TALLY_MADE] = 1;
	ck_assert(!tally_verdict(&t, &report));
	ended(&t, CAUSE_NORMAL, true, true);
	ck_assert(tally_verdict(&t, &report));
}
END_TEST

START_TEST(refuses_expectations)
{
	static const char *const bad[] = { "x=1",	"busy",	    "busy=",
					   "busy=x",	"busy=-1",  "=1",
					   "cause.=1",	"cause.x=1",
					   "cause.128=1" };
	struct tally t = { .expects = 0 };
	char many[512] = "";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(tally_expect(&t, bad[i]), -EINVAL);
	}
	ck_assert_uint_eq(t.expects, 0);
	for (unsigned i = 0; i <= TALLY_EXPECTS; i++) {
		strcat(many, "busy=1,");
	}
	ck_assert_int_eq(tally_expect(&t, many), -EINVAL);
	memset(many, 'x', sizeof(many) - 1);
	ck_assert_int_eq(tally_expect(&t, many), -EINVAL);
}
END_TEST

START_TEST(summary_is_one_line)
{
	static struct tally t;

	for (unsigned i = 0; i < TALLY_CAUSES; i++) {
		ended(&t, (uint8_t)i, false, true);
	}
	report_begin(&report, "summary");
	tally_report(&t, &report);
	report_end(&report);
	fflush(out);
	ck_assert_uint_eq(report.lost, 0);
	ck_assert_ptr_eq(strchr(text, '\n'), text + text_len - 1);
	ck_assert_ptr_nonnull(strstr(text, "\"127\":1"));
}
END_TEST

/* An event that is too long is counted, and the next one is whole. */
START_TEST(long_events_are_lost)
{
	char *big = calloc(1, REPORT_LINE + 1);

	memset(big, 'x', REPORT_LINE);
	report_begin(&report, "a");
	report_str(&report, "text", big);
	report_end(&report);
	ck_assert_uint_eq(report.lost, 1);
	report_begin(&report, "b");
	report_end(&report);
	fflush(out);
	ck_assert_str_eq(text, "{\"t\":0.000,\"ev\":\"b\"}\n");
	report.text = true;
	report_begin(&report, "c");
	report_str(&report, "text", big);
	report_end(&report);
	ck_assert_uint_eq(report.lost, 1);
	free(big);
}
END_TEST

START_TEST(offers_go_round_their_numbers)
{
	static struct offers o;
	struct profile p;

	profile_init(&p);
	p.count = 5;
	p.rate = 2;
	made[0] = '\0';
	make_result = 0;
	ck_assert_int_eq(offers_add(&o, "1,22,+3", &p, 10), 0);
	ck_assert_uint_eq(offers_run(&o, NULL, 9.9), 0);
	ck_assert_str_eq(made, "");
	offers_run(&o, NULL, 10);
	offers_run(&o, NULL, 10.4);
	ck_assert_str_eq(made, "1 ");
	offers_run(&o, NULL, 11);
	ck_assert_str_eq(made, "1 22 +3 ");
	ck_assert(offers_pending(&o));
	make_result = -ENOSPC;
	ck_assert_uint_eq(offers_run(&o, NULL, 100), 2);
	ck_assert_str_eq(made, "1 22 +3 1 22 ");
	ck_assert(!offers_pending(&o));
}
END_TEST

START_TEST(offers_have_limits)
{
	static struct offers o;
	struct profile p;

	profile_init(&p);
	ck_assert_int_eq(offers_add(&o, "", &p, 0), -EINVAL);
	ck_assert_int_eq(offers_add(&o, "1,,2", &p, 0), -EINVAL);
	ck_assert_int_eq(offers_add(&o, "1,x", &p, 0), -EINVAL);
	for (unsigned i = 0; i < OFFERS; i++) {
		ck_assert_int_eq(offers_add(&o, "1", &p, 0), 0);
	}
	ck_assert_int_eq(offers_add(&o, "1", &p, 0), -ENOSPC);
	offers_stop(&o);
	ck_assert(!offers_pending(&o));
	ck_assert_int_eq(offers_add(&o, "1", &p, 0), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tally");
	TCase *t = tcase_create("tally");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, counts_ends);
	tcase_add_test(t, expects);
	tcase_add_test(t, without_expectation_calls_made_must_be_answered);
	tcase_add_test(t, refuses_expectations);
	tcase_add_test(t, summary_is_one_line);
	tcase_add_test(t, long_events_are_lost);
	tcase_add_test(t, offers_go_round_their_numbers);
	tcase_add_test(t, offers_have_limits);
	return suite_run(s, CK_NOFORK);
}
