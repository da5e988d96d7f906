/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* The command lines of trunkctl: what is one, and what is said of others. */
#include "tools/trunkctl/command.c"

#include <check.h>
#include <stdlib.h>

#include "tests/suite.h"

static const struct command table[] = {
	{ "status", "all", NULL },
	{ "spans", "lines", NULL },
	{ "span NAME up|down|restart", "one of them", NULL },
	{ "channel SPAN/N out|in", "two\nlines", NULL },
	{ "nfas switch GROUP", "g", NULL },
	{ "nfas verify GROUP NUMBER", "v", NULL },
	{ "trace [-w FILE]", "t", NULL },
	{ NULL, NULL, NULL },
};

static char *said; /* of the last line */

/* The syntax of the command that the line is, or NULL. */
static const char *find(const char *line)
{
	char copy[200], *argv[10], *save;
	const struct command *c;
	size_t size;
	FILE *err;
	int argc = 0;

	free(said);
	strcpy(copy, line);
	for (char *p = strtok_r(copy, " ", &save); p;
	     p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	err = open_memstream(&said, &size);
	c = command_find(table, argc, argv, err);
	fclose(err);
	return c ? c->syntax : NULL;
}

START_TEST(test_fits)
{
	ck_assert_str_eq(find("status"), "status");
	ck_assert_str_eq(find("span carrier down"), table[2].syntax);
	ck_assert_str_eq(find("span up up"), table[2].syntax);
	ck_assert_str_eq(find("channel carrier/7 in"), table[3].syntax);
	ck_assert_str_eq(find("nfas verify west 4155550100"), table[5].syntax);
	ck_assert_str_eq(find("trace"), table[6].syntax);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_wrong_arguments)
{
	static const char *const lines[] = {
		"span", "span carrier", "span carrier sideways",
		"span carrier up now", "span carrier up|down", "span carrier u",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_ptr_null(find(lines[i]));
		ck_assert_str_eq(said, "usage: trunkctl "
				       "span NAME up|down|restart\n");
	}
	ck_assert_ptr_null(find("channel carrier in"));
	ck_assert_str_eq(said, "usage: trunkctl channel SPAN/N out|in\n");
	ck_assert_ptr_null(find("trace x"));
	ck_assert_str_eq(said, "usage: trunkctl trace [-w FILE]\n");
	ck_assert_ptr_null(find("nfas"));
	ck_assert_str_eq(said, "usage: trunkctl nfas switch GROUP\n"
			       "       trunkctl nfas verify GROUP NUMBER\n");
}
END_TEST

START_TEST(test_unknown)
{
	ck_assert_ptr_null(find("sttus"));
	ck_assert_str_eq(said, "trunkctl: there is no command \"sttus\"; did "
			       "you mean \"status\"? (trunkctl --help lists "
			       "them)\n");
	ck_assert_ptr_null(find("snap carrier up"));
	ck_assert_ptr_nonnull(strstr(said, "did you mean \"span\"?"));
	ck_assert_ptr_null(find("frobnicate"));
	ck_assert_str_eq(said, "trunkctl: there is no command \"frobnicate\" "
			       "(trunkctl --help lists them)\n");
	ck_assert_ptr_null(find("NAME"));
	ck_assert_ptr_null(find("stat us"));
}
END_TEST

START_TEST(test_list)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	command_list(table + 2, f);
	fclose(f);
	ck_assert_str_eq(text,
			 "  span NAME up|down|restart one of them\n"
			 "  channel SPAN/N out|in     two\n"
			 "                            lines\n"
			 "  nfas switch GROUP         g\n"
			 "  nfas verify GROUP NUMBER  v\n"
			 "  trace [-w FILE]           t\n");
	free(text);
}
END_TEST

START_TEST(test_options)
{
	ck_assert(command_knows(&table[6], "-w"));
	ck_assert(!command_knows(&table[6], "--restart"));
	ck_assert(!command_knows(&table[0], "-w"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("command");
	TCase *tc = tcase_create("command");
	int failed;

	tcase_add_test(tc, test_fits);
	tcase_add_test(tc, test_wrong_arguments);
	tcase_add_test(tc, test_unknown);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_options);
	suite_add_tcase(s, tc);
	failed = suite_run(s, CK_NOFORK);
	free(said);
	return failed;
}
