/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* The journal: what a killed core leaves is found again, and only that. */
#include "gateway/journal.c"
#include "tests/suite.h"

#include <check.h>
#include <sys/wait.h>

struct rec {
	uint32_t n;
	char text[60];
};

static char path[] = "/tmp/t_journal.XXXXXX";
static int dir_fd;

static void clean(void)
{
	unlinkat(dir_fd, NAME, 0);
	unlinkat(dir_fd, NAME_NEW, 0);
	unlinkat(dir_fd, NAME_BAD, 0);
}

static void open_ok(struct journal *j, unsigned slots)
{
	ck_assert_int_eq(journal_open(j, dir_fd, 1, sizeof(struct rec), slots),
			 0);
}

static unsigned count(const struct journal *j)
{
	struct rec r;
	unsigned n = 0;

	for (int i = journal_next(j, -1, &r); i >= 0;
	     i = journal_next(j, i, &r)) {
		n++;
	}
	return n;
}

START_TEST(test_take_put_drop)
{
	struct journal j;
	struct rec r = {7, "seven"};
	int s[4];

	open_ok(&j, 3);
	ck_assert_int_eq(journal_next(&j, -1, &r), -1);
	for (int i = 0; i < 3; i++) {
		s[i] = journal_take(&j);
		ck_assert_int_ge(s[i], 0);
		r.n = (uint32_t)i;
		journal_put(&j, s[i], &r);
	}
	ck_assert_int_eq(journal_take(&j), -1);
	ck_assert_uint_eq(j.full, 1);
	ck_assert_uint_eq(count(&j), 3);
	journal_drop(&j, s[1]);
	ck_assert_uint_eq(count(&j), 2);
	ck_assert_int_eq(journal_take(&j), s[1]);
	journal_drop(&j, -1);
	journal_close(&j);
	ck_assert_int_eq(journal_take(&j), -1);
	journal_put(&j, 0, &r);
	journal_drop(&j, 0);
	ck_assert_int_eq(journal_next(&j, -1, &r), -1);
}
END_TEST

START_TEST(test_found_again)
{
	struct journal j;
	struct rec r = {1, "one"};
	int a, b;

	open_ok(&j, 8);
	a = journal_take(&j);
	b = journal_take(&j);
	journal_put(&j, a, &r);
	r.n = 2;
	journal_put(&j, b, &r);
	r.n = 3;
	journal_put(&j, b, &r);
	journal_drop(&j, a);
	journal_close(&j);
	/* With fewer slots than were used, nothing is forgotten. */
	open_ok(&j, 1);
	a = journal_next(&j, -1, &r);
	ck_assert_int_ge(a, 0);
	ck_assert_uint_eq(r.n, 3);
	ck_assert_int_eq(journal_next(&j, a, &r), -1);
	ck_assert_int_ge(journal_take(&j), 0);
	journal_drop(&j, a);
	journal_close(&j);
	open_ok(&j, 4);
	ck_assert_uint_eq(count(&j), 0);
	ck_assert_uint_eq(j.bad, 0);
	journal_close(&j);
}
END_TEST

/* Flips each octet of the file in turn: never a wrong record. */
START_TEST(test_damage)
{
	struct rec r = {0x11111111, "old"}, got;
	struct journal j;
	size_t len;
	int fd, a;

	open_ok(&j, 1);
	a = journal_take(&j);
	journal_put(&j, a, &r);
	r.n = 0x22222222;
	journal_put(&j, a, &r);
	len = j.map_len;
	journal_close(&j);
	for (size_t i = sizeof(struct file_head); i < len; i++) {
		uint8_t c, flipped;

		fd = openat(dir_fd, NAME, O_RDWR);
		ck_assert_int_eq(pread(fd, &c, 1, (off_t)i), 1);
		flipped = c ^ 0x40;
		ck_assert_int_eq(pwrite(fd, &flipped, 1, (off_t)i), 1);
		memset(&j, 0, sizeof(j));
		j.map_len = len;
		j.record = sizeof(r);
		j.slots = 1;
		j.map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
		ck_assert_int_eq(journal_next(&j, -1, &got), 0);
		ck_assert(got.n == 0x11111111 || got.n == 0x22222222);
		journal_close(&j);
		ck_assert_int_eq(pwrite(fd, &c, 1, (off_t)i), 1);
		close(fd);
	}
}
END_TEST

START_TEST(test_foreign_file)
{
	static const char *const junk[] = {
		"", "x", "no journal, but longer than a head"};
	struct journal j;
	int fd;

	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		clean();
		fd = openat(dir_fd, NAME, O_RDWR | O_CREAT, 0600);
		ck_assert_int_eq(write(fd, junk[i], strlen(junk[i])),
				 (ssize_t)strlen(junk[i]));
		close(fd);
		open_ok(&j, 2);
		ck_assert_uint_eq(j.bad, 1);
		journal_close(&j);
		ck_assert_int_eq(faccessat(dir_fd, NAME_BAD, F_OK, 0), 0);
	}
	/* Another version or size of record is set aside, not read. */
	ck_assert_int_eq(journal_open(&j, dir_fd, 2, sizeof(struct rec), 2),
			 0);
	ck_assert_uint_eq(j.bad, 1);
	journal_close(&j);
	ck_assert_int_eq(journal_open(&j, dir_fd, 2, 8, 2), 0);
	ck_assert_uint_eq(j.bad, 1);
	journal_close(&j);
	ck_assert_int_eq(journal_open(&j, -1, 1, 8, 2), -EBADF);
	ck_assert_ptr_null(j.map);
	ck_assert_int_eq(journal_open(&j, dir_fd, 2, 8, SLOTS_MAX + 1),
			 -E2BIG);
}
END_TEST

/* A child writes without end and is killed at a random place. */
START_TEST(test_killed)
{
	for (int round = 0; round < 20; round++) {
		struct journal j;
		struct rec r;
		pid_t pid = fork();

		if (pid == 0) {
			int a, b;

			if (journal_open(&j, dir_fd, 1, sizeof(r), 2) != 0) {
				_exit(1);
			}
			while ((a = journal_next(&j, -1, &r)) >= 0) {
				journal_drop(&j, a);
			}
			a = journal_take(&j);
			b = journal_take(&j);
			for (uint32_t n = 0;; n++) {
				r.n = n;
				memset(r.text, 'a' + (int)(n % 26),
				       sizeof(r.text));
				journal_put(&j, a, &r);
				journal_put(&j, b, &r);
			}
		}
		usleep(2000 + 500 * (useconds_t)round);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		open_ok(&j, 2);
		ck_assert_uint_eq(j.bad, 0);
		for (int i = journal_next(&j, -1, &r); i >= 0;
		     i = journal_next(&j, i, &r)) {
			for (size_t k = 0; k < sizeof(r.text); k++) {
				ck_assert_int_eq(r.text[k],
						 'a' + (int)(r.n % 26));
			}
		}
		journal_close(&j);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");
	int failed;

	if (mkdtemp(path) == NULL ||
	    (dir_fd = open(path, O_RDONLY | O_DIRECTORY)) < 0) {
		return 1;
	}
	tcase_add_checked_fixture(tc, clean, clean);
	tcase_add_test(tc, test_take_put_drop);
	tcase_add_test(tc, test_found_again);
	tcase_add_test(tc, test_damage);
	tcase_add_test(tc, test_foreign_file);
	tcase_add_test(tc, test_killed);
	suite_add_tcase(s, tc);
	failed = suite_run(s, CK_NOFORK);
	close(dir_fd);
	rmdir(path);
	return failed == 0 ? 0 : 1;
}
