/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* The datagrams of sd_notify(3), received by a socket of the test. */
#include "gateway/base/notify.c"
#include "tests/suite.h"

#include <check.h>
#include <sys/stat.h>

static char dir[] = "/tmp/t_notify.XXXXXX";
static char path[64];

/* A manager's socket at `addr`, which notify_open_at understands. */
static int listen_at(const char *addr)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;
	socklen_t len;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(make_address(addr, &sa, &len), 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sa, len), 0);
	return fd;
}

static const char *get(int fd)
{
	static char buf[2048];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	if (n < 0) {
		return NULL;
	}
	buf[n] = '\0';
	return buf;
}

static void all_messages(const char *addr)
{
	int fd = listen_at(addr);
	unsigned long long before, after, told;
	struct timespec ts;
	struct notify n;
	char want[64];

	ck_assert_int_eq(notify_open_at(&n, addr, "3000000"), 0);
	ck_assert_uint_eq(n.watchdog_us, 3000000);
	ck_assert_int_eq(notify_ready(&n), 0);
	snprintf(want, sizeof(want), "READY=1\nMAINPID=%ld", (long)getpid());
	ck_assert_str_eq(get(fd), want);
	ck_assert_int_eq(notify_watchdog(&n), 0);
	ck_assert_str_eq(get(fd), "WATCHDOG=1");
	clock_gettime(CLOCK_MONOTONIC, &ts);
	before = (unsigned long long)ts.tv_sec * 1000000;
	ck_assert_int_eq(notify_reloading(&n), 0);
	after = before + 60000000;
	ck_assert_int_eq(
		sscanf(get(fd), "RELOADING=1\nMONOTONIC_USEC=%llu", &told), 1);
	ck_assert(told >= before && told <= after);
	ck_assert_int_eq(notify_status(&n, "2 spans\nREADY=1"), 0);
	ck_assert_str_eq(get(fd), "STATUS=2 spans READY=1");
	ck_assert_int_eq(notify_stopping(&n), 0);
	ck_assert_str_eq(get(fd), "STOPPING=1");
	ck_assert_ptr_null(get(fd));
	notify_close(&n);
	notify_close(&n);
	ck_assert_int_eq(notify_ready(&n), -ENOTCONN);
	close(fd);
}

START_TEST(test_path)
{
	all_messages(path);
	unlink(path);
}
END_TEST

START_TEST(test_abstract)
{
	char addr[64];

	snprintf(addr, sizeof(addr), "@t_notify/%ld", (long)getpid());
	all_messages(addr);
}
END_TEST

START_TEST(test_long_status_is_cut)
{
	int fd = listen_at(path);
	struct notify n;
	char text[2000];
	const char *got;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(notify_open_at(&n, path, NULL), 0);
	ck_assert_uint_eq(n.watchdog_us, 0);
	ck_assert_int_eq(notify_status(&n, text), 0);
	got = get(fd);
	ck_assert_uint_eq(strlen(got), strlen("STATUS=") + STATUS_MAX);
	notify_close(&n);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(test_bad_values)
{
	static const char *const addrs[] = {"", "@", "/", "relative",
					    "vsock:2"};
	static const char *const usecs[] = {
		"", "-1", "1x", " 1", "0x10", "18446744073709551616"};
	int fd = listen_at(path);
	struct notify n;
	char longest[200];
	size_t i;

	for (i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		ck_assert_int_eq(notify_open_at(&n, addrs[i], NULL), -EINVAL);
		ck_assert_int_eq(notify_ready(&n), -ENOTCONN);
	}
	for (i = 0; i < sizeof(usecs) / sizeof(usecs[0]); i++) {
		ck_assert_int_eq(notify_open_at(&n, path, usecs[i]), -EINVAL);
		ck_assert_int_eq(notify_ready(&n), -ENOTCONN);
		ck_assert_uint_eq(n.watchdog_us, 0);
	}
	ck_assert_int_eq(notify_open_at(&n, path, "18446744073709551615"), 0);
	ck_assert(n.watchdog_us == UINT64_MAX);
	notify_close(&n);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(notify_open_at(&n, longest, NULL), -EINVAL);
	ck_assert_int_eq(notify_open_at(&n, "/tmp/no/such/socket", "1"),
			 -ENOENT);
	ck_assert_uint_eq(n.watchdog_us, 0);
	notify_close(&n);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(test_full_socket_does_not_block)
{
	int fd = listen_at(path);
	struct notify n;
	int i, err = 0;

	ck_assert_int_eq(notify_open_at(&n, path, NULL), 0);
	for (i = 0; i < 100000 && err == 0; i++) {
		err = notify_watchdog(&n);
	}
	ck_assert_int_eq(err, -EAGAIN);
	close(fd);
	ck_assert_int_eq(notify_watchdog(&n), -ECONNREFUSED);
	notify_close(&n);
	unlink(path);
}
END_TEST

START_TEST(test_environment)
{
	int fd = listen_at(path);
	struct notify n;
	char pid[32];

	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_int_eq(n.fd, -1);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "500000", 1);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_uint_eq(n.watchdog_us, 500000);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
	notify_close(&n);
	/* A watchdog meant for another process. */
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "500000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_uint_eq(n.watchdog_us, 0);
	ck_assert_int_eq(notify_ready(&n), 0);
	notify_close(&n);
	close(fd);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notify");
	TCase *tc = tcase_create("notify");
	int failed;

	if (mkdtemp(dir) == NULL) {
		return 1;
	}
	snprintf(path, sizeof(path), "%s/socket", dir);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	tcase_add_test(tc, test_path);
	tcase_add_test(tc, test_abstract);
	tcase_add_test(tc, test_long_status_is_cut);
	tcase_add_test(tc, test_bad_values);
	tcase_add_test(tc, test_full_socket_does_not_block);
	tcase_add_test(tc, test_environment);
	suite_add_tcase(s, tc);
	failed = suite_run(s, CK_NOFORK);
	rmdir(dir);
	return failed == 0 ? 0 : 1;
}
