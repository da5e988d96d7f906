/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* CDRs on a disk that fails at every place: none lost, none twice, no part
 * of a line, and the numbers go on after a restart. */
#include "gateway/cdr_file.c"
#include "gateway/cdr_log.c"
#include "tests/suite.h"

#include <check.h>

static char path[] = "/tmp/t_cdr.XXXXXX";
static int dir_fd;
static struct loop *loop;

/* The failing kernel: each call counts; the fail_at-th and the following
 * fail_for - 1 fail. A failing write first writes `partial` octets. */
static struct {
	unsigned calls, fail_at, fail_for;
	size_t partial;
	bool no_cut; /* ftruncate fails too */
} bad;

static bool fails(void)
{
	unsigned n = ++bad.calls;

	return bad.fail_at != 0 && n >= bad.fail_at &&
	       n < bad.fail_at + bad.fail_for;
}

static int bad_open(int dir, const char *name, int flags, mode_t mode)
{
	if (fails()) {
		errno = EROFS;
		return -1;
	}
	return openat(dir, name, flags, mode);
}

static ssize_t bad_pwrite(int fd, const void *buf, size_t n, off_t at)
{
	if (fails()) {
		if (bad.partial > 0 && bad.partial < n) {
			bad.fail_at = bad.calls + 1;
			return pwrite(fd, buf, bad.partial, at);
		}
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, buf, n, at);
}

static int bad_fsync(int fd)
{
	(void)fd;
	if (fails()) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static int bad_ftruncate(int fd, off_t len)
{
	if (bad.no_cut && fails()) {
		errno = EIO;
		return -1;
	}
	return ftruncate(fd, len);
}

static const struct cdr_io bad_io = {bad_open, bad_pwrite, bad_fsync,
				     bad_ftruncate};

static void clean(void)
{
	DIR *d = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		unlinkat(dir_fd, e->d_name, 0);
	}
	closedir(d);
}

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void setup(void)
{
	clean();
	memset(&bad, 0, sizeof(bad));
	loop = loop_new_sim(1700000000000);
	ck_assert_ptr_nonnull(loop);
	log_set_sink(quiet);
}

static void teardown(void)
{
	loop_free(loop);
	log_set_sink(NULL);
}

static int dup_dir(void)
{
	return fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
}

static uint64_t open_log(struct cdr_log *log)
{
	cdr_log_init(log, loop, &bad_io);
	str_copy(log->node, sizeof(log->node), "node1");
	ck_assert_int_eq(cdr_log_set_dir(log, dup_dir()), 0);
	ck_assert_int_eq(cdr_log_set_state_dir(log, dup_dir()), 0);
	return cdr_log_start(log);
}

static struct cdr record(int64_t t_end)
{
	struct cdr c = {.id = "01HF0000000000000000000000"};

	c.t.end = t_end;
	c.a.used = c.b.used = 1;
	c.a.end.kind = CC_END_SPAN;
	c.b.end.kind = CC_END_TRUNK;
	str_copy(c.a.name, CONF_NAME, "carrier");
	str_copy(c.b.name, CONF_NAME, "provider");
	c.end.cause.value = 16;
	c.end.cause.location = CC_LOC_NONE;
	return c;
}

static void put(struct cdr_log *log, unsigned n)
{
	while (n-- > 0) {
		struct cdr c = record(loop_wall_ms(loop));

		ck_assert_int_eq(cdr_log_put(log, &c, -1), 0);
	}
}

/* All files in the order of their names hold the numbers 1..n, each once,
 * in whole lines. */
static void check_numbers(uint64_t n)
{
	char name[CDR_FILE_NAME], names[64][CDR_FILE_NAME], line[8192];
	char below[CDR_FILE_NAME] = "";
	unsigned files = 0;
	uint64_t want = 1;

	while (newest_name(dir_fd, below, name)) {
		memcpy(names[files++], name, sizeof(name));
		memcpy(below, name, sizeof(name));
	}
	while (files-- > 0) {
		FILE *f = fdopen(openat(dir_fd, names[files], O_RDONLY), "r");

		while (fgets(line, sizeof(line), f) != NULL) {
			const char *p = strstr(line, "\"seq\":");

			ck_assert_ptr_nonnull(p);
			ck_assert_uint_eq(parse_seq(p + 6, 20), want);
			want++;
			ck_assert_str_eq(line + strlen(line) - 2, "}\n");
		}
		fclose(f);
	}
	ck_assert_uint_eq(want - 1, n);
}

START_TEST(test_line)
{
	struct cdr c = record(1700000005000);
	char buf[CDR_LINE_MAX];
	int n;

	c.seq = 7;
	c.bearer = CC_BEARER_AUDIO_31;
	cc_number_set(&c.num.from, "+49711123");
	c.num.from.presentation = CC_PRES_RESTRICTED;
	cc_number_set(&c.num.to, "0711");
	str_copy(c.num.name, CC_NAME_MAX, "A \"b\"\n");
	c.a.slot = 3;
	str_copy(c.b.ref, CC_REF_MAX, "x@y");
	str_copy(c.b.detail, CC_DETAIL_MAX, "486 Busy Here");
	c.t.setup = 1700000000000;
	c.t.dur_ms = 5000;
	c.end.cause.value = 17;
	c.end.by = CDR_BY_SIP;
	c.route = 1;
	c.n_tries = 1;
	c.tries[0] = (struct cdr_try){34, 1};
	n = cdr_line(&c, "node1", buf, sizeof(buf));
	ck_assert_int_eq(n, (int)strlen(buf));
	ck_assert_str_eq(
		buf,
		"{\"id\":\"01HF0000000000000000000000\",\"seq\":7,"
		"\"node\":\"node1\",\"dir\":\"pstn>sip\","
		"\"emergency\":false,\"bearer\":\"3.1kHz\","
		"\"from\":\"+49711123\",\"to\":\"0711\","
		"\"name\":\"A \\\"b\\\"\\n\",\"presentation\":\"restricted\","
		"\"screening\":\"none\",\"span\":\"carrier\",\"slot\":3,"
		"\"trunk\":\"provider\",\"call_id\":\"x@y\","
		"\"sip_detail\":\"486 Busy Here\","
		"\"t_setup\":1700000000000,\"t_end\":1700000005000,"
		"\"dur_ms\":5000,\"bill_ms\":0,\"q850\":17,"
		"\"cause\":\"User busy\",\"ended_by\":\"sip\",\"route\":1,"
		"\"tries\":[{\"route\":1,\"q850\":34}]}\n");
	ck_assert_int_eq(cdr_line(&c, "node1", buf, 100), -ENOSPC);
	ck_assert_int_eq(cdr_line(&c, "node1", buf, (size_t)n), -ENOSPC);
}
END_TEST

/* The greatest record there can be fits a line. */
START_TEST(test_longest)
{
	struct cdr c;
	char buf[CDR_LINE_MAX];

	memset(&c, 0xff, sizeof(c));
	memset(c.id, 'i', sizeof(c.id) - 1);
	c.id[sizeof(c.id) - 1] = '\0';
	c.a.end.kind = CC_END_SPAN;
	c.b.end.kind = CC_END_TRUNK;
	c.b.rtp = (struct net_addr){.family = 6, .port = 65535};
	memset(c.b.rtp.ip, 0xab, 16);
	for (int i = 0; i < 2; i++) {
		struct cdr_side *s = i == 0 ? &c.a : &c.b;

		s->name[CONF_NAME - 1] = '\0';
		memset(s->ref, '\001', CC_REF_MAX);
		s->ref[CC_REF_MAX - 1] = '\0';
		memset(s->detail, '"', CC_DETAIL_MAX);
		s->detail[CC_DETAIL_MAX - 1] = '\0';
	}
	struct cc_number *n = &c.num.from;

	for (int i = 0; i < 6; i++) {
		memset(n[i].digits, '9', CC_DIGITS_MAX);
		n[i].digits[CC_DIGITS_MAX - 1] = '\0';
		n[i].valid = 1;
		n[i].type = CC_TON_INTERNATIONAL;
	}
	c.num.name[CC_NAME_MAX - 1] = '\0';
	c.end.reason[CDR_REASON - 1] = '\0';
	c.end.cause = (struct cc_cause){98, 10};
	c.transfer.by[sizeof(c.transfer.by) - 1] = '\0';
	memset(c.transfer.call, 'c', sizeof(c.transfer.call) - 1);
	c.transfer.call[sizeof(c.transfer.call) - 1] = '\0';
	c.transfer.to = c.num.from;
	c.transfer.cause = c.end.cause;
	c.n_tries = CDR_TRIES;
	c.has_figures = 1;
	ck_assert_int_gt(cdr_line(&c, "node1", buf, sizeof(buf)), 1000);
}
END_TEST

START_TEST(test_numbers_and_hours)
{
	struct cdr_log log;

	ck_assert_uint_eq(open_log(&log), 0);
	put(&log, 5);
	loop_advance(loop, 3600000);
	put(&log, 5);
	loop_advance(loop, 1);
	ck_assert_uint_eq(log.queued, 0);
	ck_assert_uint_eq(log.stats.written, 10);
	check_numbers(10);
	ck_assert_int_eq(faccessat(dir_fd, "cdr-20231114T22.jsonl", F_OK, 0),
			 0);
	ck_assert_int_eq(faccessat(dir_fd, "cdr-20231114T23.jsonl", F_OK, 0),
			 0);
	cdr_log_close(&log);
	/* Without the state file, and without the CDR files. */
	unlinkat(dir_fd, CDR_STATE_NAME, 0);
	ck_assert_uint_eq(open_log(&log), 10);
	put(&log, 1);
	cdr_log_close(&log);
	check_numbers(11);
	unlinkat(dir_fd, "cdr-20231114T22.jsonl", 0);
	unlinkat(dir_fd, "cdr-20231114T23.jsonl", 0);
	ck_assert_uint_eq(open_log(&log), 11);
	cdr_log_close(&log);
}
END_TEST

/* Each single call into the kernel fails once, for a while, and with a
 * partial write before it. */
START_TEST(test_every_failure)
{
	for (unsigned at = 2; at < 40; at++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			struct cdr_log log;

			teardown();
			setup();
			bad.fail_at = at;
			bad.fail_for = kind == 3 ? 30 : kind + 1;
			bad.partial = kind == 0 ? 0 : 50;
			bad.no_cut = kind >= 2;
			open_log(&log);
			for (int i = 0; i < 6; i++) {
				put(&log, 3);
				loop_advance(loop, 100);
			}
			loop_advance(loop, 600000);
			ck_assert_uint_eq(log.queued, 0);
			ck_assert_uint_eq(log.stats.written, 18);
			ck_assert_uint_eq(log.stats.lost, 0);
			check_numbers(18);
			cdr_log_close(&log);
		}
	}
}
END_TEST

START_TEST(test_full_disk_keeps_all)
{
	struct cdr_log log;

	open_log(&log);
	put(&log, 2);
	loop_advance(loop, 1);
	bad.fail_at = bad.calls + 1;
	bad.fail_for = UINT32_MAX - bad.fail_at;
	put(&log, 2000);
	loop_advance(loop, 60000);
	ck_assert(log.failing);
	ck_assert_uint_gt(log.stats.failures, 5);
	ck_assert_uint_eq(log.queued, 2000);
	bad.fail_at = 0;
	loop_advance(loop, 11000);
	ck_assert(!log.failing);
	ck_assert_uint_eq(log.queued, 0);
	check_numbers(2002);
	cdr_log_close(&log);
}
END_TEST

START_TEST(test_queue_full)
{
	struct cdr_log log;
	struct cdr c = record(loop_wall_ms(loop));

	cdr_log_init(&log, loop, NULL); /* no directory at all */
	put(&log, CDR_QUEUE_MAX);
	ck_assert_int_eq(cdr_log_put(&log, &c, -1), -ENOBUFS);
	ck_assert_uint_eq(log.stats.lost, 1);
	ck_assert_int_eq(cdr_log_set_dir(&log, dup_dir()), 0);
	put(&log, 0);
	cdr_log_close(&log);
	check_numbers(CDR_QUEUE_MAX);
}
END_TEST

START_TEST(test_killed_in_a_line)
{
	struct cdr_log log;
	int fd;

	open_log(&log);
	put(&log, 4);
	cdr_log_close(&log);
	unlinkat(dir_fd, CDR_STATE_NAME, 0);
	fd = openat(dir_fd, "cdr-20231114T22.jsonl", O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "{\"id\":\"x\",\"seq\":5,", 18), 18);
	close(fd);
	ck_assert_uint_eq(open_log(&log), 4);
	put(&log, 1);
	cdr_log_close(&log);
	check_numbers(5);
}
END_TEST

static int safe[8], n_safe;

static void on_safe(void *owner, int slot)
{
	(void)owner;
	safe[n_safe++] = slot;
}

START_TEST(test_slots)
{
	struct cdr_log log;
	struct cdr c = record(loop_wall_ms(loop));

	n_safe = 0;
	open_log(&log);
	log.on_safe = on_safe;
	bad.fail_at = bad.calls + 1;
	bad.fail_for = 1;
	ck_assert_int_eq(cdr_log_put(&log, &c, 3), 0);
	ck_assert_int_eq(cdr_log_put(&log, &c, 5), 0);
	loop_advance(loop, 10);
	ck_assert_int_eq(n_safe, 0);
	loop_advance(loop, 1000);
	ck_assert_int_eq(n_safe, 2);
	ck_assert_int_eq(safe[0], 3);
	ck_assert_int_eq(safe[1], 5);
	cdr_log_close(&log);
}
END_TEST

/* The same through libuv's helper threads, on a real file. */
START_TEST(test_threads)
{
	struct cdr_log log;

	loop_free(loop);
	loop = loop_new_uv();
	open_log(&log);
	log.io = &cdr_file_io;
	for (int i = 0; i < 200; i++) {
		put(&log, 5);
		loop_poll(loop);
	}
	cdr_log_close(&log);
	check_numbers(1000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cdr");
	TCase *tc = tcase_create("cdr");
	int failed;

	if (mkdtemp(path) == NULL ||
	    (dir_fd = open(path, O_RDONLY | O_DIRECTORY)) < 0) {
		return 1;
	}
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_line);
	tcase_add_test(tc, test_longest);
	tcase_add_test(tc, test_numbers_and_hours);
	tcase_add_test(tc, test_every_failure);
	tcase_add_test(tc, test_full_disk_keeps_all);
	tcase_add_test(tc, test_queue_full);
	tcase_add_test(tc, test_killed_in_a_line);
	tcase_add_test(tc, test_slots);
	tcase_add_test(tc, test_threads);
	suite_add_tcase(s, tc);
	failed = suite_run(s, CK_NOFORK);
	clean();
	close(dir_fd);
	rmdir(path);
	return failed == 0 ? 0 : 1;
}
