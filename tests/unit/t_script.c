/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core media base */
/* The words of pbxsim: commands, settings, rules, expectations. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/rnd.h"
#include "tools/pbxsim/agenda.c"
#include "tools/pbxsim/hybrid.c"
#include "tools/pbxsim/profile.c"
#include "tools/pbxsim/rule.c"
#include "tools/pbxsim/script.c"
#include "tools/pbxsim/source.c"
#include "tools/pbxsim/wav.c"
#include "tests/suite.h"

static struct command parsed(const char *line)
{
	struct command c;
	const char *why = "";

	ck_assert_msg(command_parse(&c, line, &why) == 1, "%s: %s", line, why);
	return c;
}

START_TEST(reads_commands)
{
	struct command c = parsed("  on 1* answer 0.5 ringback\r\n");

	ck_assert_int_eq(c.verb, VERB_ON);
	ck_assert_uint_eq(c.words, 3);
	ck_assert_str_eq(c.word[0], "1*");
	ck_assert_str_eq(c.word[2], "ringback");
	ck_assert_double_eq(c.number[0], 0.5);
	ck_assert(c.at_s < 0);
	c = parsed("at 2.5 flip 0.001 3 16");
	ck_assert_int_eq(c.verb, VERB_FLIP);
	ck_assert_double_eq(c.at_s, 2.5);
	ck_assert_uint_eq(c.numbers, 3);
	c = parsed("flip 0.5 20 24 3");
	ck_assert_double_eq(c.number[3], 3);
	c = parsed("drop 5 1");
	ck_assert_double_eq(c.number[1], 1);
	c = parsed("play  /a dir/with space.wav  ");
	ck_assert_str_eq(c.word[0], "/a dir/with space.wav");
	c = parsed("busy");
	ck_assert_int_eq(c.verb, VERB_BUSY);
	c = parsed("hangup all");
	ck_assert_uint_eq(c.numbers, 0);
}
END_TEST

START_TEST(knows_empty_lines)
{
	struct command c;
	const char *why;

	ck_assert_int_eq(command_parse(&c, "", &why), 0);
	ck_assert_int_eq(command_parse(&c, " \t\r\n", &why), 0);
	ck_assert_int_eq(command_parse(&c, "# on * busy", &why), 0);
}
END_TEST

START_TEST(refuses_commands)
{
	static const char *const bad[] = {
		"nothing",	 "call",	  "call 1 2",
		"on 1",		 "busy 1",	  "drop",
		"drop x",	 "drop -1",	  "drop 1e9",
		"drop 0x10",	 "drop nan",	  "at",
		"at 1",		 "at x call 1",	  "at 1 from 2",
		"at 1 wait 1",	 "at 1 on * busy", "flip 1",
		"flip 1 2 3 4 5", "count",	  "at 1 at 2 call 3",
		"drop 10000000", "on 1 answer 0.5 ringback more",
	};
	char line[1000];
	struct command c;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		ck_assert_msg(command_parse(&c, bad[i], &why) == -EINVAL,
			      "%s was taken", bad[i]);
		ck_assert_ptr_nonnull(why);
	}
	memset(line, 'x', sizeof(line));
	line[999] = '\0';
	ck_assert_int_eq(command_parse(&c, line, &why), -EINVAL);
	memcpy(line, "play ", 5);
	ck_assert_int_eq(command_parse(&c, line, &why), -EINVAL);
	memcpy(line, "call ", 5);
	ck_assert_int_eq(command_parse(&c, line, &why), -EINVAL);
}
END_TEST

START_TEST(every_verb_has_its_line)
{
	for (unsigned v = 0; v < VERBS; v++) {
		ck_assert_ptr_nonnull(verb_name((enum verb)v));
		ck_assert_int_eq(verb_find(verb_name((enum verb)v)), v);
	}
	ck_assert_int_eq(verb_find("none"), VERBS);
}
END_TEST

START_TEST(reads_ranges)
{
	double r[2];

	ck_assert_int_eq(range_parse("2", r), 0);
	ck_assert_double_eq(r[0], 2);
	ck_assert_double_eq(r[1], 2);
	ck_assert_int_eq(range_parse("0.5-1.5", r), 0);
	ck_assert_double_eq(r[1], 1.5);
	ck_assert_int_eq(range_parse("2-1", r), -EINVAL);
	ck_assert_int_eq(range_parse("-1", r), -EINVAL);
	ck_assert_int_eq(range_parse("1-", r), -EINVAL);
	ck_assert_int_eq(range_parse("", r), -EINVAL);
	ck_assert_int_eq(range_parse("1-2-3", r), -EINVAL);
}
END_TEST

static int set(struct profile *p, const char *line)
{
	struct command c = parsed(line);
	struct shelf shelf = { 0 };
	const char *why = NULL;
	int r = profile_set(p, &c, &shelf, &why);

	ck_assert(r == 0 || why);
	return r;
}

START_TEST(settings_reach_the_setup)
{
	struct cc_msg m = { .leg = 0 };
	struct profile p;

	profile_init(&p);
	ck_assert_int_eq(set(&p, "presentation restricted"), 0);
	ck_assert_int_eq(set(&p, "from +4971112345"), 0);
	ck_assert_int_eq(set(&p, "screening passed"), 0);
	ck_assert_int_eq(set(&p, "to-type national"), 0);
	ck_assert_int_eq(cc_number_set(&m.called, "711"), 0);
	profile_numbers(&p, &m);
	ck_assert_str_eq(m.calling.digits, "4971112345");
	ck_assert_uint_eq(m.calling.type, CC_TON_INTERNATIONAL);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_PASSED);
	ck_assert_uint_eq(m.called.type, CC_TON_NATIONAL);
	ck_assert_int_eq(set(&p, "from 123"), 0);
	profile_numbers(&p, &m);
	ck_assert_uint_eq(m.calling.type, CC_TON_UNKNOWN);
	ck_assert_int_eq(set(&p, "from none"), 0);
	memset(&m, 0, sizeof(m));
	profile_numbers(&p, &m);
	ck_assert(!m.calling.valid);
}
END_TEST

START_TEST(refuses_settings)
{
	static const char *const bad[] = {
		"from 12a",	   "from-type x",  "presentation x",
		"bearer fax",	   "hold x",	   "cause 0",
		"cause 128",	   "dtmf 12x",	   "play tone:5000",
		"play tone:x",	   "play noise:5", "play /none.wav",
		"play noise:-99",  "echo 1:10:20", "echo 10:10:20",
		"echo 2:61:20",	   "echo 2:10:501", "echo 2",
		"echo 2:10:",	   "echo 2:10:20x", "count 0",
		"rate 0",	   "echo D.2:-1:0", "play tone:400@",
		"play noise-10",
	};
	struct profile p, was;

	profile_init(&p);
	was = p;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(set(&p, bad[i]) < 0, "%s was taken", bad[i]);
	}
	ck_assert_uint_eq(p.cause, was.cause);
	ck_assert_uint_eq(p.count, was.count);
}
END_TEST

START_TEST(reads_sounds_and_echoes)
{
	struct profile p;

	profile_init(&p);
	ck_assert_int_eq(set(&p, "play tone:1020@-20"), 0);
	ck_assert_int_eq(p.play.kind, SOURCE_TONE);
	ck_assert_float_eq(p.play.dbm0, -20);
	ck_assert_int_eq(set(&p, "play noise"), 0);
	ck_assert_int_eq(set(&p, "play noise:-15"), 0);
	ck_assert_int_eq(set(&p, "play silence"), 0);
	ck_assert_int_eq(set(&p, "echo D.9:12.5:100"), 0);
	ck_assert_uint_eq(p.echo.model, 9);
	ck_assert_double_eq(p.echo.erl_db, 12.5);
	ck_assert_uint_eq(p.echo.delay_ms, 100);
	ck_assert_int_eq(set(&p, "echo 3:6"), 0);
	ck_assert_uint_eq(p.echo.delay_ms, 0);
	ck_assert_int_eq(set(&p, "echo off"), 0);
	ck_assert_uint_eq(p.echo.model, 0);
}
END_TEST

START_TEST(names_recordings)
{
	struct profile p;
	char name[COMMAND_WORD];

	profile_init(&p);
	strcpy(p.record, "a%n-%c%%%x.wav%");
	profile_record_name(&p, 12, 31, name);
	ck_assert_str_eq(name, "a12-31%%x.wav%");
	for (size_t i = 0; i + 2 < sizeof(p.record); i += 2) {
		memcpy(p.record + i, "%n", 3);
	}
	profile_record_name(&p, 4000000000u, 1, name);
	ck_assert_uint_eq(strlen(name), COMMAND_WORD - 1);
}
END_TEST

static int rule(struct rules *rules, const char *line)
{
	struct command c = parsed(line);
	struct profile p;
	const char *why;

	profile_init(&p);
	return rules_add(rules, &c, &p, &why);
}

START_TEST(first_rule_holds)
{
	static struct rules rules;

	rules_init(&rules);
	ck_assert_int_eq(rules_find(&rules, "1")->action, RULE_ANSWER);
	ck_assert_int_eq(rule(&rules, "on 1* busy 2"), 0);
	ck_assert_int_eq(rule(&rules, "on 2X reject 34"), 0);
	ck_assert_int_eq(rule(&rules, "no-answer"), 0);
	ck_assert_int_eq(rule(&rules, "on 3 answer"), 0);
	ck_assert_int_eq(rules_find(&rules, "123")->action, RULE_BUSY);
	ck_assert_uint_eq(rules_find(&rules, "25")->cause, 34);
	ck_assert_int_eq(rules_find(&rules, "2")->action, RULE_NO_ANSWER);
	ck_assert_int_eq(rules_find(&rules, "3")->action, RULE_NO_ANSWER);
	ck_assert_int_eq(rule(&rules, "on 1 reject"), -EINVAL);
	ck_assert_int_eq(rule(&rules, "on 1 reject 200"), -EINVAL);
	ck_assert_int_eq(rule(&rules, "on [1 busy"), -EINVAL);
	ck_assert_int_eq(rule(&rules, "on 1 answer 1 music"), -EINVAL);
	for (unsigned i = 3; i < RULES - 1; i++) {
		ck_assert_int_eq(rule(&rules, "reject 21"), 0);
	}
	ck_assert_int_eq(rule(&rules, "reject 21"), -ENOSPC);
}
END_TEST

START_TEST(agenda_keeps_order_and_time)
{
	char path[] = "/tmp/t_script.XXXXXX";
	struct agenda a = { 0 };
	struct command c;
	const char *why;
	unsigned line;
	FILE *f = fdopen(mkstemp(path), "w");

	fputs("on * busy\nat 2 call 2\nat 1 call 1\ncall 3", f);
	fclose(f);
	ck_assert_int_eq(agenda_load(&a, path, &line, &why), 0);
	ck_assert_int_eq(agenda_peek(&a)->verb, VERB_ON);
	agenda_pop(&a);
	ck_assert_str_eq(agenda_peek(&a)->word[0], "3");
	agenda_pop(&a);
	ck_assert_ptr_null(agenda_peek(&a));
	ck_assert(!agenda_due(&a, 0.9, &c));
	ck_assert(agenda_due(&a, 1, &c));
	ck_assert_str_eq(c.word[0], "1");
	ck_assert(!agenda_is_empty(&a));
	ck_assert(agenda_due(&a, 9, &c));
	ck_assert(agenda_is_empty(&a));
	f = fopen(path, "w");
	fputs("call 1\n\nnonsense\n", f);
	fclose(f);
	ck_assert_int_eq(agenda_load(&a, path, &line, &why), -EINVAL);
	ck_assert_uint_eq(line, 3);
	agenda_free(&a);
	unlink(path);
}
END_TEST

START_TEST(survives_chance)
{
	static const char letters[] = "onbusycall0123456789. *#:-@ \tat";
	struct rnd r;

	rnd_init(&r, "script");
	for (unsigned i = 0; i < 50000; i++) {
		char line[40] = "";
		struct command c;
		struct hybrid_spec h;
		const char *why;
		unsigned n = rnd_below(&r, sizeof(line));

		for (unsigned k = 0; k < n; k++) {
			line[k] = letters[rnd_below(&r, sizeof(letters) - 1)];
		}
		command_parse(&c, line, &why);
		hybrid_spec_parse(&h, line);
	}
}
END_TEST

static void add_tests(TCase *t)
{
	tcase_add_test(t, reads_commands);
	tcase_add_test(t, knows_empty_lines);
	tcase_add_test(t, refuses_commands);
	tcase_add_test(t, every_verb_has_its_line);
	tcase_add_test(t, reads_ranges);
	tcase_add_test(t, settings_reach_the_setup);
	tcase_add_test(t, refuses_settings);
	tcase_add_test(t, reads_sounds_and_echoes);
	tcase_add_test(t, names_recordings);
	tcase_add_test(t, first_rule_holds);
	tcase_add_test(t, agenda_keeps_order_and_time);
	tcase_add_test(t, survives_chance);
}

int main(void)
{
	Suite *s = suite_create("script");
	TCase *t = tcase_create("script");

	suite_add_tcase(s, t);
	add_tests(t);
	return suite_run(s, CK_NOFORK);
}
