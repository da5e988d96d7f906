/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Log lines: one event, one line, whatever the text holds. Forks, to see
 * how a fatal one ends. */
#include "gateway/base/log.c"

#include <check.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

static char got[LINE_SIZE + 100];
static enum log_level got_level;
static unsigned lines;

static void sink(enum log_level level, const char *line)
{
	str_copy(got, sizeof(got), line);
	got_level = level;
	lines++;
}

static void setup(void)
{
	log_init("sip", LOG_LVL_INFO);
	log_set_sink(sink);
	lines = 0;
}

static void teardown(void)
{
	log_set_sink(NULL);
}

START_TEST(test_levels)
{
	log_debug("unseen");
	ck_assert_uint_eq(lines, 0);
	log_info("trunk %s: up", "provider");
	ck_assert_str_eq(got, "sip: trunk provider: up");
	ck_assert_int_eq(got_level, LOG_LVL_INFO);
	log_warn("w");
	ck_assert_int_eq(got_level, LOG_LVL_WARN);
	log_err("e");
	ck_assert_int_eq(got_level, LOG_LVL_ERR);
	log_init("isdn carrier", LOG_LVL_DEBUG);
	log_debug("seen");
	ck_assert_str_eq(got, "isdn carrier: seen");
	log_init("x", LOG_LVL_ERR);
	log_warn("unseen");
	ck_assert_uint_eq(lines, 4);
}
END_TEST

START_TEST(test_escapes)
{
	static const char *const cases[][2] = {
		{"a\nb", "sip: a\\x0ab"},
		{"\x1b[31m", "sip: \\x1b[31m"},
		{"\t\r\x7f", "sip: \\x09\\x0d\\x7f"},
		{"gr\xc3\xbc\xc3\x9f", "sip: gr\xc3\xbc\xc3\x9f"},
		{"\xc2\x9b", "sip: \\xc2\\x9b"},
		{"\xff\xc3", "sip: \\xff\\xc3"},
		{"\xc2\xa0", "sip: \xc2\xa0"},
		{"", "sip: "},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_info("%s", cases[i][0]);
		ck_assert_str_eq(got, cases[i][1]);
	}
}
END_TEST

START_TEST(test_long_lines_are_cut)
{
	static char text[5000];
	size_t len;

	for (len = TEXT_MAX - 10; len < TEXT_MAX + 10; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		log_info("%s", text);
		if (len < TEXT_MAX) {
			ck_assert_uint_eq(strlen(got), len + 5);
		} else {
			ck_assert_uint_eq(strlen(got), TEXT_MAX - 1 + 5);
			ck_assert_str_eq(got + strlen(got) - 4, "x...");
		}
	}
	memset(text, '\x01', sizeof(text) - 1);
	log_info("%s", text);
	ck_assert_uint_lt(strlen(got), LINE_SIZE);
	ck_assert_str_eq(got + strlen(got) - 7, "\\x01...");
}
END_TEST

START_TEST(test_random_text_is_one_line)
{
	struct rnd rnd;
	char text[1500];
	size_t len, i;
	int round, wrong = 0;

	rnd_init(&rnd, "t_log");
	for (round = 0; round < 2000; round++) {
		len = rnd_below(&rnd, sizeof(text));
		for (i = 0; i < len; i++) {
			text[i] = (char)(1 + rnd_below(&rnd, 255));
		}
		text[len] = '\0';
		log_info("%s", text);
		for (i = 0; got[i] != '\0'; i++) {
			wrong += (unsigned char)got[i] < 0x20 || got[i] == 0x7f;
		}
		ck_assert_uint_lt(i, LINE_SIZE);
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(test_errno_survives)
{
	errno = EXDEV;
	log_info("%m");
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_str_eq(got, "sip: Invalid cross-device link");
	log_debug("unseen");
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(test_limit)
{
	struct log_limit l = {0};
	int64_t t = 5 * NS_PER_S;

	ck_assert_uint_eq(log_allow(&l, t), 1);
	ck_assert_uint_eq(log_allow(&l, t), 0);
	ck_assert_uint_eq(log_allow(&l, t + NS_PER_S - 1), 0);
	ck_assert_uint_eq(log_allow(&l, t + NS_PER_S), 3);
	ck_assert_uint_eq(log_allow(&l, t + 2 * NS_PER_S - 1), 0);
	ck_assert_uint_eq(log_allow(&l, t + 9 * NS_PER_S), 2);
}
END_TEST

static void say_and_die(void)
{
	log_set_sink(NULL);
	log_init("core", LOG_LVL_INFO);
	log_warn("disk full");
	log_info("a\nb");
	log_fatal("port %d in use", 5060);
}

START_TEST(test_stderr_and_fatal)
{
	static const char want[] = "<4>core: disk full\n<6>core: a\\x0ab\n"
				   "<2>core: port 5060 in use\n";
	char out[200];
	ssize_t n;
	int p[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], STDERR_FILENO);
		close(p[0]);
		close(p[1]);
		say_and_die();
	}
	close(p[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	n = read(p[0], out, sizeof(out) - 1);
	ck_assert_int_ge(n, 0);
	out[n] = '\0';
	ck_assert_str_eq(out, want);
	close(p[0]);
}
END_TEST

/* On a terminal people get the time instead of the priority. */
START_TEST(test_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, saved, h, m, s, ms;
	char out[200], rest[100];
	ssize_t n;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	saved = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	log_set_sink(NULL);
	log_init("core", LOG_LVL_INFO);
	log_info("call 7: answered");
	dup2(saved, STDERR_FILENO);
	n = read(master, out, sizeof(out) - 1);
	ck_assert_int_gt(n, 0);
	out[n] = '\0';
	ck_assert_int_eq(sscanf(out, "%2d:%2d:%2d.%3dZ %99[^\r\n]", &h, &m, &s,
				&ms, rest),
			 5);
	ck_assert_str_eq(rest, "core: call 7: answered");
	close(saved);
	close(slave);
	close(master);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_levels);
	tcase_add_test(tc, test_escapes);
	tcase_add_test(tc, test_long_lines_are_cut);
	tcase_add_test(tc, test_random_text_is_one_line);
	tcase_add_test(tc, test_errno_survives);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_stderr_and_fatal);
	tcase_add_test(tc, test_terminal);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
