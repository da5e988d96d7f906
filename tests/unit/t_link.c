/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Both transports of a link by the same tests; then a hostile peer. */
#include "gateway/base/link.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

#define FDS_MOST 64

struct number {
	struct link_head head;
	uint32_t n;
};

/* What one end of the link under test does and saw. */
struct end {
	struct link link;
	uint32_t next; /* number expected */
	unsigned msgs, downs, errors;
	size_t last_len;
	uint16_t last_type;
	int fd; /* the last that came */
	void (*then)(struct end *);
};

static struct loop *loop;
static struct end a, b;
static int fds_before;

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

static void on_msg(struct link *l, const struct link_head *msg, int fd)
{
	struct end *e = container_of(l, struct end, link);
	const struct number *m = (const void *)msg;

	e->msgs++;
	e->last_len = msg->len;
	e->last_type = msg->type;
	if ((uintptr_t)msg % 8 != 0 || msg->version != LINK_VERSION) {
		e->errors++;
	}
	if (msg->len >= sizeof(*m) && m->n != e->next++) {
		e->errors++;
	}
	if (fd >= 0) {
		e->fd = fd;
	}
	if (e->then != NULL) {
		e->then(e);
	}
	/* The message outlives the link for the length of this call. */
	e->last_len = msg->len;
}

static void on_down(struct link *l)
{
	struct end *e = container_of(l, struct end, link);

	e->downs++;
	if (e->then != NULL) {
		e->then(e);
	}
}

static const struct link_ops ops = {.on_msg = on_msg, .on_down = on_down};

static void pump(void)
{
	int i;

	for (i = 0; i < 200; i++) {
		loop_poll(loop);
	}
}

static void start(void)
{
	a = (struct end){.fd = -1};
	b = (struct end){.fd = -1};
	alarm(60);
}

static void setup_mem(void)
{
	loop = loop_new_sim(0);
	start();
	fds_before = count_fds();
	ck_assert_int_eq(link_open_mem(&a.link, &ops, &b.link, &ops, loop), 0);
}

/* Deliveries in memory by the other loop. */
static void setup_mem_uv(void)
{
	loop = loop_new_uv();
	start();
	fds_before = count_fds();
	ck_assert_int_eq(link_open_mem(&a.link, &ops, &b.link, &ops, loop), 0);
}

static void setup_sock(void)
{
	int fds[2];

	loop = loop_new_uv();
	start();
	fds_before = count_fds();
	ck_assert_int_eq(link_socketpair(fds), 0);
	ck_assert_int_eq(link_open_fd(&a.link, loop, fds[0], &ops), 0);
	ck_assert_int_eq(link_open_fd(&b.link, loop, fds[1], &ops), 0);
}

static void teardown(void)
{
	link_close(&a.link);
	link_close(&b.link);
	pump();
	ck_assert_int_eq(count_fds(), fds_before);
	loop_free(loop);
}

static int send_number(struct end *e, uint32_t n, int fd)
{
	struct number m = {.n = n};

	if (fd >= 0) {
		return link_send_fd(&e->link, &m.head, 7, sizeof(m), fd);
	}
	return link_send(&e->link, &m.head, 7, sizeof(m));
}

START_TEST(test_in_order_both_ways)
{
	uint32_t i;

	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(send_number(&a, i, -1), 0);
		ck_assert_int_eq(send_number(&b, i, -1), 0);
	}
	/* Nothing is delivered from inside link_send. */
	ck_assert_uint_eq(a.msgs + b.msgs, 0);
	pump();
	ck_assert_uint_eq(a.msgs, 100);
	ck_assert_uint_eq(b.msgs, 100);
	ck_assert_uint_eq(a.errors + b.errors + a.downs + b.downs, 0);
	ck_assert_uint_eq(b.last_type, 7);
	ck_assert_uint_eq(b.last_len, sizeof(struct number));
	ck_assert_uint_eq(a.link.stats.tx, 100);
	ck_assert_uint_eq(b.link.stats.rx, 100);
}
END_TEST

START_TEST(test_lengths)
{
	static struct {
		struct link_head head;
		uint8_t octets[LINK_MSG_MAX];
	} big;
	size_t len;

	b.next = 0;
	for (len = sizeof(big.head); len <= LINK_MSG_MAX; len += 2048) {
		ck_assert_int_eq(link_send(&a.link, &big.head, 1, len), 0);
		pump();
		ck_assert_uint_eq(b.last_len, len);
	}
	ck_assert_int_eq(link_send(&a.link, &big.head, 1, LINK_MSG_MAX), 0);
	pump();
	ck_assert_uint_eq(b.last_len, LINK_MSG_MAX);
	ck_assert_int_eq(link_send(&a.link, &big.head, 1, LINK_MSG_MAX + 1),
			 -EMSGSIZE);
	ck_assert_int_eq(link_send(&a.link, &big.head, 1, sizeof(big.head) - 1),
			 -EMSGSIZE);
}
END_TEST

START_TEST(test_descriptor)
{
	int p[2];
	char c = 0;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(send_number(&a, 0, p[1]), 0);
	ck_assert_int_ge(fcntl(p[1], F_GETFD), 0);
	close(p[1]);
	pump();
	ck_assert_int_ge(b.fd, 0);
	ck_assert_int_eq(fcntl(b.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(write(b.fd, "x", 1), 1);
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	ck_assert_int_eq(c, 'x');
	close(b.fd);
	close(p[0]);
	/* One that is no descriptor. */
	ck_assert_int_eq(send_number(&a, 1, 9999), -EBADF);
	pump();
	ck_assert_uint_eq(b.msgs, 1);
}
END_TEST

START_TEST(test_close_after_send)
{
	int p[2], i;

	ck_assert_int_eq(pipe(p), 0);
	for (i = 0; i < 10; i++) {
		ck_assert_int_eq(send_number(&a, (uint32_t)i, -1), 0);
		/* Never read: must not keep a's messages from b. */
		ck_assert_int_eq(send_number(&b, (uint32_t)i, p[1]), 0);
	}
	ck_assert(link_is_up(&a.link));
	link_close(&a.link);
	link_close(&a.link);
	ck_assert(!link_is_up(&a.link));
	ck_assert_int_eq(send_number(&a, 0, -1), -EPIPE);
	ck_assert_int_eq(send_number(&b, 0, -1), -EPIPE);
	ck_assert_uint_eq(b.msgs + b.downs, 0);
	pump();
	ck_assert_uint_eq(b.msgs, 10);
	ck_assert_uint_eq(b.errors, 0);
	ck_assert_uint_eq(b.downs, 1);
	ck_assert_uint_eq(a.msgs + a.downs, 0);
	ck_assert(!link_is_up(&b.link));
	ck_assert_int_eq(send_number(&b, 0, -1), -EPIPE);
	link_close(&b.link);
	pump();
	ck_assert_uint_eq(b.downs, 1);
	close(p[0]);
	close(p[1]);
}
END_TEST

static void close_own(struct end *e)
{
	link_close(&e->link);
}

static void close_both(struct end *e)
{
	(void)e;
	link_close(&a.link);
	link_close(&b.link);
}

static void close_other(struct end *e)
{
	link_close(e == &a ? &b.link : &a.link);
}

START_TEST(test_handler_closes)
{
	static void (*const how[])(struct end *) = {close_own, close_both,
						    close_other};
	static const unsigned b_msgs[] = {1, 1, 5}, a_downs[] = {1, 0, 0};
	uint32_t i;

	b.then = how[_i];
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(send_number(&a, i, -1), 0);
		ck_assert_int_eq(send_number(&b, i, -1), 0);
	}
	pump();
	ck_assert_uint_eq(b.msgs, b_msgs[_i]);
	ck_assert_uint_eq(a.downs, a_downs[_i]);
	ck_assert_uint_eq(b.downs, how[_i] == close_other ? 1 : 0);
	ck_assert_uint_eq(b.last_len, sizeof(struct number));
}
END_TEST

START_TEST(test_down_handler_closes)
{
	b.then = close_own;
	link_close(&a.link);
	pump();
	ck_assert_uint_eq(b.downs, 1);
	ck_assert_ptr_null(b.link.priv);
}
END_TEST

static void reply(struct end *e)
{
	if (e->downs == 0 && e->msgs < 1000) {
		ck_assert_int_eq(send_number(e, e->msgs, -1), 0);
	}
}

START_TEST(test_ping_pong)
{
	int i;

	a.then = reply;
	b.then = reply;
	b.next = 0;
	ck_assert_int_eq(send_number(&a, 0, -1), 0);
	a.next = 1;
	for (i = 0; i < 100; i++) {
		pump();
	}
	ck_assert_uint_eq(b.msgs, 1000);
	ck_assert_uint_eq(a.msgs, 999);
}
END_TEST

/* Nobody reads: the socket fills, then the queue, then it is refused; all
 * that was accepted arrives, descriptors too. */
START_TEST(test_full)
{
	uint32_t sent = 0, refused = 0;
	int p[2], err, i;
	char c;

	ck_assert_int_eq(pipe(p), 0);
	while (refused < 10) {
		err = send_number(&a, sent, -1);
		ck_assert(err == 0 || err == -ENOBUFS);
		if (err == 0) {
			ck_assert_uint_eq(refused, 0);
			sent++;
		} else {
			refused++;
		}
	}
	ck_assert_uint_ge(sent, LINK_QUEUE);
	ck_assert_uint_eq(a.link.stats.dropped_full, 10);
	ck_assert_uint_eq(a.link.stats.tx, sent);
	ck_assert_uint_eq(link_waiting(&a.link), LINK_QUEUE);
	ck_assert_int_eq(send_number(&a, sent, p[1]), -ENOBUFS);
	for (i = 0; i < 1000 && b.msgs < sent / 2; i++) {
		loop_poll(loop);
	}
	/* Some room again: behind what still waits. */
	ck_assert_int_eq(send_number(&a, sent, p[1]), 0);
	close(p[1]);
	for (i = 0; i < 100 && b.msgs < sent + 1; i++) {
		pump();
	}
	ck_assert_uint_eq(b.msgs, sent + 1);
	ck_assert_uint_eq(link_waiting(&a.link), 0);
	ck_assert_uint_eq(b.errors, 0);
	ck_assert_int_ge(b.fd, 0);
	ck_assert_int_eq(write(b.fd, "x", 1), 1);
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	close(b.fd);
	close(p[0]);
}
END_TEST

START_TEST(test_close_while_full)
{
	int p[2], err = 0;
	uint32_t n;

	ck_assert_int_eq(pipe(p), 0);
	for (n = 0; err == 0; n++) {
		err = send_number(&a, n, n % 100 == 0 ? p[1] : -1);
	}
	ck_assert_int_eq(err, -ENOBUFS);
	if (_i == 0) {
		link_close(&a.link);
	} else {
		link_close(&b.link);
		pump();
		ck_assert_uint_eq(a.downs, 1);
		ck_assert_int_eq(send_number(&a, 0, -1), -EPIPE);
	}
	close(p[0]);
	close(p[1]);
	b.then = NULL;
	link_close(&b.link);
}
END_TEST

/* --- a hostile peer on a socket --- */

static int evil;

static void setup_evil(void)
{
	int fds[2];

	loop = loop_new_uv();
	start();
	fds_before = count_fds();
	ck_assert_int_eq(link_socketpair(fds), 0);
	evil = fds[0];
	ck_assert_int_eq(link_open_fd(&b.link, loop, fds[1], &ops), 0);
}

static void teardown_evil(void)
{
	if (evil >= 0) {
		close(evil);
	}
	teardown();
}

static ssize_t send_raw(const void *octets, size_t len, int n_fds)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(FDS_MOST * sizeof(int))];
	} ctl = {0};
	struct iovec iov = {(void *)(uintptr_t)octets, len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t fd_octets = (size_t)n_fds * sizeof(int);
	int fds[FDS_MOST], i;
	struct cmsghdr *c;

	if (n_fds > 0) {
		for (i = 0; i < n_fds; i++) {
			fds[i] = STDERR_FILENO;
		}
		mh.msg_control = &ctl;
		mh.msg_controllen = CMSG_SPACE(fd_octets);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_octets);
		memcpy(CMSG_DATA(c), fds, fd_octets);
	}
	return sendmsg(evil, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void expect_dropped(const void *octets, size_t len, int n_fds)
{
	uint64_t bad = b.link.stats.dropped_bad;
	int before = count_fds();

	ck_assert_int_eq(send_raw(octets, len, n_fds), (ssize_t)len);
	pump();
	ck_assert_uint_eq(b.link.stats.dropped_bad, bad + 1);
	ck_assert_uint_eq(b.msgs + b.downs, 0);
	ck_assert_int_eq(count_fds(), before);
}

START_TEST(test_evil_datagrams)
{
	static uint8_t big[LINK_MSG_MAX + 64];
	struct number m = {.head = {LINK_VERSION, 1, sizeof(m)}};
	struct number bad;
	struct link_head head = {LINK_VERSION, 1, sizeof(big)};
	static const int fds[] = {0, 1, 2, 20};
	size_t i, len;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		for (len = 0; len < sizeof(struct link_head); len++) {
			expect_dropped(&m, len, fds[i]);
		}
		bad = m;
		bad.head.version++;
		expect_dropped(&bad, sizeof(bad), fds[i]);
		bad = m;
		bad.head.len++;
		expect_dropped(&bad, sizeof(bad), fds[i]);
		bad.head.len -= 2;
		expect_dropped(&bad, sizeof(bad), fds[i]);
		bad.head.len = UINT32_MAX;
		expect_dropped(&bad, sizeof(bad), fds[i]);
		memcpy(big, &head, sizeof(head));
		expect_dropped(big, sizeof(big), fds[i]);
		((struct link_head *)(void *)big)->len = LINK_MSG_MAX;
		expect_dropped(big, sizeof(big), fds[i]);
	}
	expect_dropped(&m, sizeof(m), 2);
	expect_dropped(&m, sizeof(m), 16);
	expect_dropped(&m, sizeof(m), 17);
	expect_dropped(&m, sizeof(m), FDS_MOST);
	/* And it still listens. */
	ck_assert_int_eq(send_raw(&m, sizeof(m), 1), sizeof(m));
	pump();
	ck_assert_uint_eq(b.msgs, 1);
	ck_assert_int_ge(b.fd, 0);
	close(b.fd);
}
END_TEST

START_TEST(test_evil_random)
{
	uint64_t good = 0, bad = 0;
	uint8_t octets[64];
	struct link_head *head = (void *)octets;
	struct rnd rnd;
	int round, n_fds;
	size_t len, i;

	rnd_init(&rnd, "t_link");
	for (round = 0; round < 3000; round++) {
		len = rnd_below(&rnd, sizeof(octets) + 1);
		n_fds = rnd_below(&rnd, 4) == 0 ? (int)rnd_below(&rnd, 4) : 0;
		for (i = 0; i < sizeof(octets); i++) {
			octets[i] = (uint8_t)rnd_u32(&rnd);
		}
		head->version = (uint16_t)rnd_below(&rnd, 3);
		head->len =
			rnd_below(&rnd, 3) == 0 ? rnd_u32(&rnd) : (uint32_t)len;
		if (len >= sizeof(*head) && n_fds <= 1 && head->len == len &&
		    head->version == LINK_VERSION) {
			good++;
		} else {
			bad++;
		}
		b.fd = -1;
		ck_assert_int_eq(send_raw(octets, len, n_fds), (ssize_t)len);
		loop_poll(loop);
		if (b.fd >= 0) {
			close(b.fd);
		}
	}
	ck_assert_uint_eq(b.msgs, good);
	ck_assert_uint_eq(b.link.stats.rx, good);
	ck_assert_uint_eq(b.link.stats.dropped_bad, bad);
	ck_assert_uint_eq(b.downs, 0);
}
END_TEST

/* Without a free descriptor number here the message is dropped whole. */
START_TEST(test_out_of_descriptors)
{
	struct number m = {.head = {LINK_VERSION, 1, sizeof(m)}};
	struct rlimit before, few;
	int spare[256], n = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 256;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((spare[n] = dup(STDERR_FILENO)) >= 0) {
		n++;
	}
	ck_assert_int_eq(send_raw(&m, sizeof(m), 1), sizeof(m));
	pump();
	ck_assert_uint_eq(b.msgs, 0);
	ck_assert_uint_eq(b.link.stats.dropped_bad, 1);
	while (n > 0) {
		close(spare[--n]);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(test_flood_lets_others_run)
{
	struct number m = {.head = {LINK_VERSION, 1, sizeof(m)}};
	unsigned n;

	for (n = 0; n < 200; n++) {
		ck_assert_int_eq(send_raw(&m, sizeof(m), 0), sizeof(m));
	}
	loop_poll(loop);
	ck_assert_uint_gt(b.msgs, 0);
	ck_assert_uint_lt(b.msgs, 100);
	close(evil);
	evil = -1;
	pump();
	ck_assert_uint_eq(b.msgs, 200);
	ck_assert_uint_eq(b.downs, 1);
}
END_TEST

START_TEST(test_open_wrong)
{
	struct loop *sim = loop_new_sim(0);
	struct link l;
	int before = count_fds(), fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(link_open_fd(&l, loop, fds[0], &ops), -EPROTOTYPE);
	close(fds[1]);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(link_open_fd(&l, loop, fds[0], &ops), -ENOTSOCK);
	close(fds[1]);
	ck_assert_int_eq(link_open_fd(&l, loop, -1, &ops), -EBADF);
	ck_assert_int_eq(link_socketpair(fds), 0);
	ck_assert_int_eq(link_open_fd(&l, sim, fds[0], &ops), -ENOTSUP);
	close(fds[1]);
	link_close(&l);
	ck_assert_int_eq(count_fds(), before);
	loop_free(sim);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, test_in_order_both_ways);
	tcase_add_test(tc, test_lengths);
	tcase_add_test(tc, test_descriptor);
	tcase_add_test(tc, test_close_after_send);
	tcase_add_loop_test(tc, test_handler_closes, 0, 3);
	tcase_add_test(tc, test_down_handler_closes);
	tcase_add_test(tc, test_ping_pong);
	tcase_add_test(tc, test_full);
	tcase_add_loop_test(tc, test_close_while_full, 0, 2);
}

int main(void)
{
	Suite *s = suite_create("link");
	TCase *mem = tcase_create("mem"), *sock = tcase_create("sock");
	TCase *mem_uv = tcase_create("mem_uv"), *evil_tc = tcase_create("evil");

	tcase_add_checked_fixture(mem, setup_mem, teardown);
	add_both(mem);
	suite_add_tcase(s, mem);
	tcase_add_checked_fixture(mem_uv, setup_mem_uv, teardown);
	add_both(mem_uv);
	suite_add_tcase(s, mem_uv);
	tcase_add_checked_fixture(sock, setup_sock, teardown);
	add_both(sock);
	suite_add_tcase(s, sock);
	tcase_add_checked_fixture(evil_tc, setup_evil, teardown_evil);
	tcase_add_test(evil_tc, test_evil_datagrams);
	tcase_add_test(evil_tc, test_evil_random);
	tcase_add_test(evil_tc, test_out_of_descriptors);
	tcase_add_test(evil_tc, test_flood_lets_others_run);
	tcase_add_test(evil_tc, test_open_wrong);
	suite_add_tcase(s, evil_tc);
	return suite_run(s, CK_NOFORK);
}
