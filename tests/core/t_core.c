/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/*
 * The scripts tests/core/<name>.cc against their complete traces <name>.ok:
 * every message the core sends, every log line, every CDR. UPDATE_OK=1 writes
 * the traces anew, to be read before they are committed. Then each script
 * again with no call record free at its n-th SETUP.
 */
#include "tests/core/script.h"
#include "tests/suite.h"

#include <sys/wait.h>

#define DIR_NAME "tests/core"
#define FILE_MAX (256 << 10)

static char *read_file(const char *dir, const char *name, const char *ext)
{
	char path[320];
	char *text = calloc(1, FILE_MAX);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, ext);
	f = fopen(path, "r");
	if (f != NULL && text != NULL) {
		size_t n = fread(text, 1, FILE_MAX - 1, f);

		text[n] = '\0';
		fclose(f);
	}
	return text;
}

static void write_ok(const char *name)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.ok", DIR_NAME, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fwrite(rig.trace, 1, rig.len, f);
	fclose(f);
}

static void compare(const char *name)
{
	char *ok = read_file(DIR_NAME, name, ".ok");
	char *a = ok, *b = rig.trace;
	unsigned line = 1;

	for (; *a == *b && *a != '\0'; a++, b++) {
		line += *a == '\n';
	}
	if (*a != *b) {
		while (b > rig.trace && b[-1] != '\n') {
			b--;
			a--;
		}
		fprintf(stderr, "%s.ok:%u\nwant: %.*s\n got: %.*s\n", name,
			line, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"),
			b);
		ck_abort_msg("%s: trace differs in line %u", name, line);
	}
	free(ok);
}

static unsigned finish(void)
{
	unsigned cdrs;

	if (rig.role != NULL) {
		core_role_ops.close(rig.role);
		rig.role = NULL;
		rig_settle();
	}
	rig_unlink();
	cdrs = rig_cdrs();
	return cdrs;
}

static void run_script(const char *name)
{
	char *text = read_file(DIR_NAME, name, ".cc");

	rig_init();
	script_setups = script_fail_at = 0;
	script_run(text);
	finish();
	if (getenv("UPDATE_OK") != NULL) {
		write_ok(name);
	}
	compare(name);
	rig_fini();
	free(text);
}

/* With the n-th call refused for want of a record: the books balance. */
static bool run_refused(const char *text, unsigned n)
{
	struct core_counts counts;
	bool reached;
	unsigned cdrs;

	rig_init();
	script_setups = 0;
	script_fail_at = n;
	script_run(text);
	reached = script_setups >= n;
	if (rig.role == NULL) {
		rig_fini(); /* the script has stopped the core itself */
		return reached;
	}
	script_clean();
	counts = rig.core->n;
	script_check((unsigned)(counts.calls[0] + counts.calls[1] +
				counts.crashed));
	cdrs = finish();
	ck_assert_uint_eq(cdrs, counts.calls[0] + counts.calls[1]);
	rig_fini();
	return reached;
}

static int is_script(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && strcmp(e->d_name + n - 3, ".cc") == 0;
}

static struct dirent **scripts;
static int n_scripts;

START_TEST(test_scripts)
{
	char name[256];

	str_copy_n(name, sizeof(name), scripts[_i]->d_name,
		   strlen(scripts[_i]->d_name) - 3);
	run_script(name);
}
END_TEST

START_TEST(test_no_record_free)
{
	char name[256];
	char *text;

	str_copy_n(name, sizeof(name), scripts[_i]->d_name,
		   strlen(scripts[_i]->d_name) - 3);
	text = read_file(DIR_NAME, name, ".cc");
	for (unsigned n = 1; run_refused(text, n); n++) {
		ck_assert_uint_lt(n, 1000);
	}
	free(text);
}
END_TEST

/* A core is killed with calls up and records on their way. The next one
 * writes those of calls that were over or not answered, once each, with their
 * numbers. The answered one goes on when its roles still have it. */
static void live_and_die(void)
{
	static const char life[] =
		"> span0 SETUP 1 called=0711 ch=1\n"
		"> sip ANSWER c1 media=192.0.2.9:4000\n"
		"> span0 SETUP 2 called=0712 ch=2\n"
		"> span0 SETUP 3 called=0713 ch=3\n"
		"> span0 RELEASED 3 cause=16\n"
		"> sip RELEASED c3 cause=16\n";
	pid_t pid;
	int status;

	script_fail_at = 0;
	rig_init();
	pid = fork();
	if (pid == 0) {
		script_run(life);
		_exit(rig.core->cdr.stats.written == 1 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	rig_start();
	rig_settle();
	ck_assert_uint_eq(rig.core->n.crashed, 1);
	ck_assert_uint_eq(rig.core->journal.used, 1);
	ck_assert_uint_eq(pool_used(rig.core->calls), 1);
}

static void three_cdrs(const char *want)
{
	/* Nothing is left for a third life. */
	rig_stop();
	rig_start();
	ck_assert_uint_eq(rig.core->n.crashed, 0);
	ck_assert_uint_eq(rig.core->cdr.next_seq, 4);
	ck_assert_uint_eq(rig.core->journal.used, 0);
	rig_stop();
	rig.len = 0;
	ck_assert_uint_eq(rig_cdrs(), 3);
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"seq\":1,"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"seq\":2,"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"seq\":3,"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"ended_by\":\"crash\""));
	ck_assert_ptr_nonnull(strstr(rig.trace, want));
	rig_fini();
}

START_TEST(test_killed)
{
	live_and_die();
	script_run("> span0 KEPT 1 ch=1\n"
		   "> span0 SETTLED\n"
		   "> sip KEPT c1 media=192.0.2.9:4002 held\n"
		   "> sip KEPT c9 media=192.0.2.9:4004\n"
		   "> sip SETTLED\n"
		   "advance 20000\n");
	ck_assert_ptr_nonnull(strstr(rig.trace, "< media CLAIM 1\n"));
	ck_assert_ptr_nonnull(strstr(rig.trace,
				     "MODIFY 1 rtp=192.0.2.9:4002 pt=8"));
	/* Until it is known what both want their media goes on as it was. */
	ck_assert_ptr_null(strstr(rig.trace, "rtp=none"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "< span0 HOLD 1"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "< sip RELEASE c9 cause=41"));
	ck_assert_uint_eq(pool_used(rig.core->calls), 1);
	script_run("> span0 RELEASED 1 cause=16\n"
		   "> sip RELEASED c1 cause=16\n");
	ck_assert_uint_eq(pool_used(rig.core->calls), 0);
	three_cdrs("\"dur_ms\":20000,\"bill_ms\":20000,\"pdd_ms\":0,"
		   "\"q850\":16");
}
END_TEST

/* One side, or the media, did not outlive the core: the rest is released. */
START_TEST(test_killed_with_role)
{
	live_and_die();
	if (_i == 0) {
		script_run("> span0 KEPT 1 ch=1\n> span0 SETTLED\n"
			   "> sip SETTLED\n");
		ck_assert_ptr_nonnull(
			strstr(rig.trace, "< span0 RELEASE 1 cause=41"));
		script_run("> span0 RELEASED 1 cause=41\n");
	} else if (_i == 1) {
		script_run("> sip KEPT c1 media=192.0.2.9:4000\n"
			   "> sip SETTLED\n> span0 SETTLED\n");
		ck_assert_ptr_nonnull(
			strstr(rig.trace, "< sip RELEASE c1 cause=41"));
		script_run("> sip RELEASED c1 cause=41\n");
	} else {
		script_run("advance 11000\n"); /* no word from any */
	}
	ck_assert_uint_eq(pool_used(rig.core->calls), 0);
	three_cdrs("\"q850\":41");
}
END_TEST

/* Two lines that were joined are so in the next life, if both are there. */
START_TEST(test_killed_joined)
{
	static const char life[] =
		"> sip SETUP 1 called=+49711123 media=198.51.100.7:4000\n"
		"> span0 ANSWER c1 ch=31\n"
		"> sip SETUP 2 called=+49711124 media=198.51.100.7:4002\n"
		"> span0 ANSWER c2 ch=30\n"
		"> sip TRANSFER 1 transfer=2 other=2\n"
		"> sip RELEASED 2 cause=16\n"
		"> sip RELEASED 1 cause=16\n";
	pid_t pid;
	int status;

	script_fail_at = 0;
	rig_init();
	pid = fork();
	if (pid == 0) {
		script_run(life);
		_exit(pool_used(rig.core->calls) == 2 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	rig_start();
	rig_settle();
	ck_assert_uint_eq(pool_used(rig.core->calls), 2);
	script_run(_i == 0 ? "> span0 KEPT c1 ch=31\n> span0 KEPT c2 ch=30\n"
			     "> span0 SETTLED\n> sip SETTLED\n"
			     "advance 20000\n"
			   : "> span0 KEPT c1 ch=31\n> span0 SETTLED\n"
			     "> sip SETTLED\n");
	ck_assert_uint_eq(pool_used(rig.core->calls), _i == 0 ? 2 : 1);
	ck_assert_ptr_null(strstr(rig.trace, "rtp=none"));
	script_run(_i == 0 ? "> span0 RELEASED c2 cause=16\n" : "");
	ck_assert_ptr_nonnull(strstr(rig.trace, "< span0 RELEASE c1 cause="));
	script_run("> span0 RELEASED c1 cause=16\n");
	ck_assert_uint_eq(pool_used(rig.core->calls), 0);
	rig_stop();
	rig.len = 0;
	ck_assert_uint_eq(rig_cdrs(), 2);
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"joined_with\""));
	rig_fini();
}
END_TEST

/* The same with the disk gone: what only memory and the journal knew. */
START_TEST(test_killed_with_queue)
{
	static const char life[] =
		"> span0 SETUP 1 called=0711 ch=1\n"
		"> sip ANSWER c1 media=192.0.2.9:4000\n"
		"> span0 RELEASED 1 cause=16\n"
		"> sip RELEASED c1 cause=16\n"
		"> span0 SETUP 2 called=0712 ch=2\n";
	pid_t pid;
	int status;

	script_fail_at = 0;
	rig_init();
	pid = fork();
	if (pid == 0) {
		rig_start();
		close(rig.core->cdr.dir_fd);
		rig.core->cdr.dir_fd = -1;
		script_run(life);
		_exit(rig.core->cdr.queued == 1 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	rig_start();
	rig_settle();
	rig_stop();
	rig.len = 0;
	ck_assert_uint_eq(rig_cdrs(), 2);
	/* The one that had ended did not end by the crash. */
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"seq\":1,"));
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"ended_by\":\"pstn\""));
	ck_assert_ptr_nonnull(strstr(rig.trace, "\"ended_by\":\"crash\""));
	rig_fini();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("core");
	TCase *tc = tcase_create("core");
	int failed;

	n_scripts = scandir(DIR_NAME, &scripts, is_script, alphasort);
	if (n_scripts <= 0) {
		fprintf(stderr, "no scripts in %s\n", DIR_NAME);
		return 1;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_scripts, 0, n_scripts);
	tcase_add_loop_test(tc, test_no_record_free, 0, n_scripts);
	tcase_add_test(tc, test_killed);
	tcase_add_loop_test(tc, test_killed_with_role, 0, 3);
	tcase_add_loop_test(tc, test_killed_joined, 0, 2);
	tcase_add_test(tc, test_killed_with_queue);
	suite_add_tcase(s, tc);
	failed = suite_run(s, CK_NOFORK);
	for (int i = 0; i < n_scripts; i++) {
		free(scripts[i]);
	}
	free(scripts);
	return failed == 0 ? 0 : 1;
}
