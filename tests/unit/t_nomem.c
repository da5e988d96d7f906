/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Each constructor of base when the n-th allocation fails, for each n: an
 * error comes back and nothing is left behind. */
#include <errno.h>
#include <stdlib.h>

/* Those that succeed from here on; -1: all. After one failure all do. */
static long allocations_left;

static int may_allocate(void)
{
	if (allocations_left < 0 || allocations_left-- > 0) {
		return 1;
	}
	errno = ENOMEM;
	return 0;
}

static void *test_malloc(size_t n)
{
	return may_allocate() ? malloc(n) : NULL;
}

static void *test_calloc(size_t n, size_t size)
{
	return may_allocate() ? calloc(n, size) : NULL;
}

static void *test_realloc(void *p, size_t n)
{
	return may_allocate() ? realloc(p, n) : NULL;
}

#define malloc	test_malloc
#define calloc	test_calloc
#define realloc test_realloc
#include "gateway/base/link.c"
#include "gateway/base/link_mem.c"
#include "gateway/base/link_sock.c"
#include "gateway/base/loop.c"
#include "gateway/base/loop_sim.c"
#include "gateway/base/loop_uv.c"
#include "gateway/base/pool.c"
#include "gateway/base/ring.c"
#include "gateway/base/timer.c"
#include "tests/suite.h"
#undef malloc
#undef calloc
#undef realloc

#include <check.h>
#include <dirent.h>
#include <signal.h>

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL) {
		n++;
	}
	closedir(d);
	return n;
}

static void no_msg(struct link *l, const struct link_head *msg, int fd)
{
	(void)l;
	(void)msg;
	if (fd >= 0) {
		close(fd);
	}
}

static void no_down(struct link *l)
{
	(void)l;
}

static void no_timer(struct timer *t)
{
	(void)t;
}

static void no_work(struct work *w)
{
	(void)w;
}

static void no_signal(struct sigwatch *s, int signum)
{
	(void)s;
	(void)signum;
}

static const struct link_ops ops = {.on_msg = no_msg, .on_down = no_down};

static int pools_and_rings(void)
{
	struct pool *p = pool_new(100, 10);
	struct ring r;
	int err;

	if (p == NULL) {
		return -errno;
	}
	err = ring_init(&r, 4, 8);
	if (err == 0) {
		ring_fini(&r);
	}
	pool_destroy(p);
	return err;
}

static int timers(void)
{
	struct loop *loop = loop_new_sim(0);
	static struct timer t[200];
	int i, err = 0;

	if (loop == NULL) {
		return -errno;
	}
	memset(t, 0, sizeof(t));
	for (i = 0; i < 200 && err == 0; i++) {
		err = timer_start(loop, &t[i], no_timer, i);
		ck_assert(timer_is_running(&t[i]) == (err == 0));
	}
	/* Those that were started still work. */
	loop_run(loop);
	ck_assert_uint_eq(loop->timers.used, 0);
	loop_free(loop);
	return err;
}

static int memory_links(void)
{
	struct loop *loop = loop_new_sim(0);
	struct link a, b;
	struct link_head head;
	int err;

	if (loop == NULL) {
		return -errno;
	}
	err = link_open_mem(&a, &ops, &b, &ops, loop);
	if (err == 0) {
		err = link_send_fd(&a, &head, 1, sizeof(head), 2);
		ck_assert((a.stats.dropped_full == 1) == (err < 0));
		loop_run(loop);
	}
	link_close(&a);
	link_close(&b);
	loop_run(loop);
	loop_free(loop);
	return err;
}

/* Sends until the socket is full and a message must be queued. */
static int fill(struct link *l)
{
	static struct {
		struct link_head head;
		uint8_t octets[8000];
	} m;
	struct link_sock *s = l->priv;
	int err = 0;

	while (err == 0 && s->outbox.count == 0) {
		err = link_send(l, &m.head, 1, sizeof(m));
	}
	return err;
}

static int socket_links(void)
{
	struct loop *loop = loop_new_uv();
	struct link a = {0}, b = {0};
	int fds[2], err;

	if (loop == NULL) {
		return -errno;
	}
	ck_assert_int_eq(link_socketpair(fds), 0);
	err = link_open_fd(&a, loop, fds[0], &ops);
	if (err == 0) {
		err = link_open_fd(&b, loop, fds[1], &ops);
		err = err == 0 ? fill(&a) : err;
	} else {
		close(fds[1]);
	}
	link_close(&a);
	link_close(&b);
	loop_free(loop);
	return err;
}

static int uv_handles(void)
{
	struct loop *loop = loop_new_uv();
	struct sigwatch s = {0};
	struct work w = {0};
	int err;

	if (loop == NULL) {
		return -errno;
	}
	err = sig_start(loop, &s, SIGUSR2, no_signal);
	ck_assert((s.handle == NULL) == (err < 0));
	if (err == 0) {
		err = loop_work(loop, &w, no_work, no_work);
		ck_assert((w.handle == NULL) == (err < 0));
	}
	sig_stop(loop, &s);
	loop_free(loop);
	return err;
}

static int (*const cases[])(void) = {pools_and_rings, timers, memory_links,
				     socket_links, uv_handles};

START_TEST(test_nth_allocation_fails)
{
	int fds, err = -ENOMEM;
	long n;

	/* libuv opens descriptors for good at its first use. */
	allocations_left = -1;
	ck_assert_int_eq(cases[_i](), 0);
	fds = count_fds();
	for (n = 0; err != 0; n++) {
		ck_assert_int_lt(n, 100);
		allocations_left = n;
		err = cases[_i]();
		ck_assert(err == 0 || err == -ENOMEM || err == -ENOBUFS);
		ck_assert_int_eq(count_fds(), fds);
	}
	ck_assert_int_ge(n, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nomem");
	TCase *tc = tcase_create("nomem");

	tcase_add_loop_test(tc, test_nth_allocation_fails, 0,
			    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
