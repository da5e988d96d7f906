/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * The batched datagram I/O: the same tests for both back ends, over loopback,
 * where what was sent has arrived when the call returns; then what the system
 * may refuse.
 */
#include "netio_bed.c"
#include "tests/suite.h"

/* Every socket gets its own, with source and time of arrival. */
START_TEST(test_receive)
{
	struct bed b;
	mono_t from, now;

	set_up(&b, _i, SOCKETS, 4);
	from = clock_mono();
	for (unsigned i = 0; i < SOCKETS; i++)
		from_far(&b, i, &i, sizeof(i));
	now = clock_mono();
	settle();
	netio_run(b.n, now, udp_wall_ns());
	ck_assert_uint_eq(b.n_seen, SOCKETS);
	for (unsigned i = 0; i < SOCKETS; i++) {
		struct seen *s = &b.seen[i];

		ck_assert_uint_eq(s->slot, i);
		ck_assert_uint_eq(s->len, sizeof(i));
		ck_assert_int_eq(memcmp(s->data, &i, sizeof(i)), 0);
		ck_assert(net_addr_eq(&s->from, &b.far_addr));
		ck_assert_int_le(s->at.ns, now.ns);
		/* The wall clock is read a little later than `now`. */
		ck_assert_int_ge(s->at.ns, from.ns - 50 * NS_PER_MS);
		if (i)
			ck_assert_int_ge(s->at.ns, s[-1].at.ns);
	}
	run(b.n);
	ck_assert_uint_eq(b.n_seen, SOCKETS);
	tear_down(&b);
}
END_TEST

/* Out and in at once, in few system calls: with io_uring it is one. */
START_TEST(test_calls)
{
	struct netio_stats st;
	struct bed b;
	uint64_t before;
	char c[32];

	set_up(&b, _i, SOCKETS, 4);
	before = calls(b.n);
	run(b.n);
	ck_assert_uint_le(calls(b.n) - before, 1);
	for (unsigned round = 0; round < 20; round++) {
		b.n_seen = 0;
		for (unsigned i = 0; i < SOCKETS; i++) {
			from_far(&b, i, "to", 2);
			ck_assert_int_eq(netio_send(b.n, i, &b.far_addr,
						    "from", 4), 0);
		}
		before = calls(b.n);
		run(b.n);
		ck_assert_uint_eq(b.n_seen, SOCKETS);
		ck_assert_uint_le(calls(b.n) - before,
				  _i ? 2 * SOCKETS + 1 : 1);
		for (unsigned i = 0; i < SOCKETS; i++)
			ck_assert_int_eq(recv(b.far, c, sizeof(c), 0), 4);
		ck_assert_int_lt(recv(b.far, c, sizeof(c), 0), 0);
	}
	netio_stats(b.n, &st);
	ck_assert_uint_eq(st.sent, 20 * SOCKETS);
	ck_assert_uint_eq(st.received, 20 * SOCKETS);
	ck_assert_uint_eq(st.refused, 0);
	ck_assert_uint_eq(st.renewed, 0);
	tear_down(&b);
}
END_TEST

/* Nothing is sent while everybody speaks: all is heard all the same. */
START_TEST(test_receive_only)
{
	struct bed b;

	set_up(&b, _i, SOCKETS, 4);
	for (unsigned round = 0; round < 10; round++) {
		b.n_seen = 0;
		for (unsigned i = 0; i < SOCKETS; i++)
			from_far(&b, i, &i, sizeof(i));
		run(b.n);
		ck_assert_uint_eq(b.n_seen, SOCKETS);
	}
	tear_down(&b);
}
END_TEST

/* Many at once on one socket come in order; the others are not forgotten. */
START_TEST(test_burst)
{
	enum { BURST = 100 };
	struct bed b;
	unsigned next = 0, others = 0;

	set_up(&b, _i, 3, 4);
	for (unsigned i = 0; i < BURST; i++)
		from_far(&b, 1, &i, sizeof(i));
	from_far(&b, 0, "x", 1);
	from_far(&b, 2, "x", 1);
	run(b.n);
	for (unsigned i = 0; i < b.n_seen; i++)
		others += b.seen[i].slot != 1;
	ck_assert_uint_eq(others, 2);
	for (unsigned i = 0; i < BURST && b.n_seen < BURST + 2; i++)
		run(b.n);
	ck_assert_uint_eq(b.n_seen, BURST + 2);
	for (unsigned i = 0; i < b.n_seen; i++) {
		if (b.seen[i].slot != 1)
			continue;
		ck_assert_int_eq(memcmp(b.seen[i].data, &next, sizeof(next)),
				 0);
		next++;
	}
	tear_down(&b);
}
END_TEST

static void flood(struct bed *b, unsigned each)
{
	for (unsigned k = 0; k < each; k++)
		for (unsigned i = 0; i < SOCKETS; i++)
			from_far(b, i, &k, sizeof(k));
}

/* Each socket's in their order, from 0. */
static void check_order(const struct bed *b, unsigned each)
{
	unsigned got[SOCKETS] = { 0 };

	ck_assert_uint_eq(b->n_seen, each * SOCKETS);
	for (unsigned i = 0; i < b->n_seen; i++) {
		unsigned slot = b->seen[i].slot;

		ck_assert_int_eq(memcmp(b->seen[i].data, &got[slot],
					sizeof(got[slot])), 0);
		got[slot]++;
	}
}

/* The owner has overslept: it finds all that came, at once, and goes on. */
START_TEST(test_stall)
{
	enum { EACH = 64 };
	struct bed b;

	set_up(&b, _i, SOCKETS, 4);
	flood(&b, EACH);
	run(b.n);
	check_order(&b, EACH);
	b.n_seen = 0;
	flood(&b, 1);
	run(b.n);
	check_order(&b, 1);
	tear_down(&b);
}
END_TEST

/* A flood on all: each wake-up takes a bounded share, no socket starves, and
 * nothing is lost that the kernel had. */
START_TEST(test_flood)
{
	enum { EACH = 220 };
	unsigned runs = 0, before;
	struct bed b;

	set_up(&b, _i, SOCKETS, 4);
	flood(&b, EACH);
	while (b.n_seen < EACH * SOCKETS) {
		before = b.n_seen;
		run(b.n);
		ck_assert_uint_le(b.n_seen - before, NETIO_RECEIVE + 4096);
		ck_assert_uint_lt(++runs, 8);
	}
	ck_assert_uint_ge(runs, 2);
	check_order(&b, EACH);
	tear_down(&b);
}
END_TEST

/* One that is flooded for ever does not keep another from its turn. */
START_TEST(test_flooded_neighbour)
{
	struct bed b;
	unsigned late = 0;

	set_up(&b, _i, 2, 4);
	for (unsigned round = 0; round < 50; round++) {
		unsigned heard = 0;

		for (unsigned i = 0; i < 1000; i++)
			(void)udp_send(b.far, &b.addr[0], "flood", 5);
		from_far(&b, 1, &round, sizeof(round));
		b.n_seen = 0;
		run(b.n);
		for (unsigned i = 0; i < b.n_seen; i++)
			heard += b.seen[i].slot == 1;
		late += heard == 0;
	}
	ck_assert_uint_le(late, 1);
	tear_down(&b);
}
END_TEST

/* All sizes, random content; what is too long is seen to be so. */
START_TEST(test_sizes)
{
	static uint8_t data[2048];
	unsigned seed = (unsigned)time(NULL);
	struct bed b;

	printf("t_netio: seed %u\n", seed);
	srandom(seed);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random();
	set_up(&b, _i, 1, 4);
	for (size_t len = 0; len <= sizeof(data); len++) {
		b.n_seen = 0;
		data[len / 2] = (uint8_t)random();
		from_far(&b, 0, data, len);
		run(b.n);
		ck_assert_uint_eq(b.n_seen, 1);
		if (len > UDP_MAX) {
			ck_assert_uint_eq(b.seen[0].len, 0);
			continue;
		}
		ck_assert_uint_eq(b.seen[0].len, len);
		ck_assert_int_eq(memcmp(b.last, data, len), 0);
	}
	/* Datagrams without content, many, do not hold up the one with. */
	for (unsigned i = 0; i < 20; i++)
		from_far(&b, 0, "", 0);
	from_far(&b, 0, "end", 3);
	b.n_seen = 0;
	for (unsigned i = 0; i < 3 && b.n_seen < 21; i++)
		run(b.n);
	ck_assert_uint_eq(b.n_seen, 21);
	ck_assert_uint_eq(b.seen[20].len, 3);
	tear_down(&b);
}
END_TEST

START_TEST(test_send)
{
	static uint8_t data[UDP_MAX + 1], in[2048];
	struct net_addr other_addr;
	struct bed b;
	int other = socket_at(4, &other_addr);

	set_up(&b, _i, 2, 4);
	/* In order, to different ends, of different sizes. */
	for (unsigned i = 0; i < 100; i++) {
		data[0] = (uint8_t)i;
		ck_assert_int_eq(netio_send(b.n, i % 2,
					    i % 3 ? &b.far_addr : &other_addr,
					    data, 1 + i * 14), 0);
	}
	ck_assert_int_lt(recv(b.far, in, sizeof(in), 0), 0);
	netio_flush(b.n);
	settle();
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_int_eq(recv(i % 3 ? b.far : other, in, sizeof(in),
				      0), 1 + i * 14);
		ck_assert_uint_eq(in[0], i);
	}
	ck_assert_int_eq(netio_send(b.n, 0, &b.far_addr, data, UDP_MAX), 0);
	ck_assert_int_eq(netio_send(b.n, 0, &b.far_addr, data, 0), 0);
	ck_assert_int_eq(netio_send(b.n, 0, &b.far_addr, data, UDP_MAX + 1),
			 -EMSGSIZE);
	/* Without a socket. */
	ck_assert_int_eq(netio_send(b.n, 2, &b.far_addr, data, 10), 0);
	ck_assert_int_eq(netio_send(b.n, 99, &b.far_addr, data, 10), 0);
	run(b.n);
	ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), UDP_MAX);
	ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), 0);
	ck_assert_int_lt(recv(b.far, in, sizeof(in), 0), 0);
	ck_assert_uint_eq(b.refused, 0);
	close(other);
	tear_down(&b);
}
END_TEST

/* No room is told, and what had room goes. */
START_TEST(test_queue_full)
{
	struct netio_stats st;
	struct net_addr nowhere;
	struct bed b;
	int fd = socket_at(4, &nowhere);

	set_up(&b, _i, 1, 4);
	for (unsigned i = 0; i < NETIO_SEND; i++)
		ck_assert_int_eq(netio_send(b.n, 0, &nowhere, "x", 1), 0);
	ck_assert_int_eq(netio_send(b.n, 0, &nowhere, "x", 1), -ENOBUFS);
	run(b.n);
	ck_assert_int_eq(netio_send(b.n, 0, &b.far_addr, "y", 1), 0);
	run(b.n);
	netio_stats(b.n, &st);
	ck_assert_uint_eq(st.sent, NETIO_SEND + 1);
	ck_assert_int_eq(recv(b.far, &st, sizeof(st), 0), 1);
	close(fd);
	tear_down(&b);
}
END_TEST

/* What cannot leave is told, and holds up nothing. */
START_TEST(test_refused)
{
	struct net_addr v6 = { .family = 6, .port = 9 };
	struct net_addr cast = { .family = 4, .port = 9,
				 .ip = { 255, 255, 255, 255 } };
	struct bed b;
	char in[8];

	set_up(&b, _i, 2, 4);
	v6.ip[15] = 1;
	netio_send(b.n, 0, &b.far_addr, "a", 1);
	netio_send(b.n, 1, &cast, "bad", 3);
	netio_send(b.n, 1, &b.far_addr, "b", 1);
	run(b.n);
	ck_assert_uint_eq(b.refused, 1);
	ck_assert_uint_eq(b.refused_slot, 1);
	ck_assert_uint_eq(b.refused_len, 3);
	ck_assert_int_lt(b.refused_err, 0);
	netio_send(b.n, 0, &v6, "verybad", 7);
	netio_send(b.n, 0, NULL, "whereto", 7);
	netio_send(b.n, 0, &b.far_addr, "c", 1);
	run(b.n);
	ck_assert_uint_eq(b.refused, 3);
	for (const char *want = "abc"; *want; want++) {
		ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), 1);
		ck_assert_int_eq(in[0], *want);
	}
	tear_down(&b);
}
END_TEST

/* The far end of a connected socket is away: no stall, no spinning; when it
 * is there again, packets arrive, and are received. */
START_TEST(test_port_unreachable)
{
	struct sockaddr_storage ss;
	struct bed b;
	uint64_t before;
	socklen_t n;
	char in[8];

	set_up(&b, _i, 2, 4);
	connect_to(b.fd[0], &b.far_addr);
	close(b.far);
	before = calls(b.n);
	for (unsigned i = 0; i < 50; i++) {
		netio_send(b.n, 0, NULL, "away", 4);
		netio_send(b.n, 1, &b.addr[1], "self", 4);
		run(b.n);
	}
	ck_assert_uint_le(calls(b.n) - before, 50 * 8);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 50);
	b.far = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	n = net_to_sockaddr(&b.far_addr, &ss);
	ck_assert_int_eq(bind(b.far, (struct sockaddr *)&ss, n), 0);
	run(b.n);
	netio_send(b.n, 0, NULL, "back", 4);
	run(b.n);
	ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), 4);
	b.n_seen = 0;
	from_far(&b, 0, "hear", 4);
	run(b.n);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 1);
	ck_assert_uint_eq(b.seen[0].slot, 0);
	tear_down(&b);
}
END_TEST

START_TEST(test_ipv6)
{
	struct bed b;
	char in[8];

	set_up(&b, _i, 2, 6);
	from_far(&b, 1, "six", 3);
	netio_send(b.n, 0, &b.far_addr, "sixth", 5);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 1);
	ck_assert_uint_eq(b.seen[0].slot, 1);
	ck_assert(net_addr_eq(&b.seen[0].from, &b.far_addr));
	ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), 5);
	tear_down(&b);
}
END_TEST

/* A descriptor that its owner has closed by mistake. */
START_TEST(test_closed)
{
	struct bed b;
	uint64_t before;

	set_up(&b, _i, 2, 4);
	close(b.fd[0]);
	before = calls(b.n);
	for (unsigned i = 0; i < 50; i++) {
		netio_send(b.n, 0, &b.far_addr, "x", 1);
		from_far(&b, 1, "y", 1);
		run(b.n);
	}
	ck_assert_uint_le(calls(b.n) - before, 50 * 4);
	ck_assert_uint_eq(b.n_seen, 50);
	b.fd[0] = -1;
	tear_down(&b);
}
END_TEST

/* A socket goes from one thread's netio to another's: what is sent is
 * received by one of them, or dropped in between, never by both; afterwards
 * all of it by the new one. */
START_TEST(test_hand_over)
{
	struct bed b, c = { 0 };
	unsigned before, turns = 0;

	set_up(&b, _i, 2, 4);
	c.seen = calloc(LOG, sizeof(*c.seen));
	c.n = make(&c, _i == 1, 2);
	ck_assert_int_eq(netio_add(c.n, 0, b.fd[0]), 0);
	ck_assert_int_eq(netio_add(c.n, 0, b.fd[0]), -EINVAL);
	netio_bind(c.n);
	from_far(&b, 0, "1", 1);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 1);
	netio_mute(b.n, 0);
	from_far(&b, 0, "2", 1);
	while (!netio_is_quiet(b.n, 0)) {
		run(b.n);
		ck_assert_uint_lt(++turns, 5);
	}
	ck_assert_uint_eq(b.n_seen, 1);
	netio_listen(c.n, 0);
	run(c.n);
	before = c.n_seen;
	ck_assert_uint_le(before, 1);
	from_far(&b, 0, "3", 1);
	run(b.n);
	run(c.n);
	ck_assert_uint_eq(b.n_seen, 1);
	ck_assert_uint_eq(c.n_seen, before + 1);
	ck_assert_int_eq(c.seen[before].data[0], '3');
	/* Back, at once, and to and fro. */
	netio_mute(c.n, 0);
	netio_listen(c.n, 0);
	run(c.n);
	netio_mute(c.n, 0);
	run(c.n);
	netio_listen(c.n, 0);
	for (unsigned i = 0; i < 3; i++)
		run(c.n);
	c.n_seen = 0;
	from_far(&b, 0, "4", 1);
	run(c.n);
	ck_assert_uint_eq(c.n_seen, 1);
	netio_unbind(c.n);
	netio_free(c.n);
	free(c.seen);
	tear_down(&b);
}
END_TEST

/* When it is gone its ports are free at once. */
START_TEST(test_ports_are_free)
{
	struct sockaddr_storage ss;
	struct net_addr addr;
	struct bed b;
	socklen_t n;
	int fd;

	for (unsigned i = 0; i < 20; i++) {
		set_up(&b, _i, SOCKETS, 4);
		from_far(&b, 1, "x", 1);
		run(b.n);
		addr = b.addr[1];
		tear_down(&b);
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		n = net_to_sockaddr(&addr, &ss);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
		close(fd);
	}
}
END_TEST

/* --- what the system may refuse --- */

/* Both directions by a netio that asked for io_uring. */
static void works_all_the_same(bool uring, int why)
{
	static const struct netio_ops ops = { on_receive, on_refused, NULL };
	struct bed b = { 0 };
	struct netio_config cfg = { SOCKETS, false, &ops, &b };
	int refused;
	char in[8];

	b.seen = calloc(LOG, sizeof(*b.seen));
	b.n = netio_new(&cfg, &refused);
	ck_assert_ptr_nonnull(b.n);
	ck_assert_int_eq(refused, why);
	b.fd[0] = socket_at(4, &b.addr[0]);
	b.far = socket_at(4, &b.far_addr);
	b.sockets = 1;
	ck_assert_int_eq(netio_add(b.n, 0, b.fd[0]), 0);
	netio_bind(b.n);
	ck_assert(netio_is_uring(b.n) == uring);
	netio_listen(b.n, 0);
	run(b.n);
	from_far(&b, 0, "in", 2);
	netio_send(b.n, 0, &b.far_addr, "out", 3);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 1);
	ck_assert_int_eq(recv(b.far, in, sizeof(in), 0), 3);
	tear_down(&b);
}

static const struct {
	long call;
	int err;
} forbidden[] = {
	{ SYS_io_uring_setup, EPERM },
	{ SYS_io_uring_setup, ENOSYS },
	{ SYS_io_uring_setup, ENOMEM },
	{ SYS_io_uring_register, EPERM },
	{ SYS_io_uring_enter, EPERM },
};

START_TEST(test_uring_forbidden)
{
	forbid(forbidden[_i].call, forbidden[_i].err);
	works_all_the_same(false, -forbidden[_i].err);
}
END_TEST

/* Forbidden between netio_new and netio_bind. */
START_TEST(test_forbidden_late)
{
	static const struct netio_ops ops = { on_receive, on_refused, NULL };
	struct bed b = { 0 };
	struct netio_config cfg = { 1, false, &ops, &b };
	int refused;

	b.seen = calloc(LOG, sizeof(*b.seen));
	b.n = netio_new(&cfg, &refused);
	ck_assert_int_eq(refused, 0);
	b.fd[0] = socket_at(4, &b.addr[0]);
	b.far = socket_at(4, &b.far_addr);
	b.sockets = 1;
	netio_add(b.n, 0, b.fd[0]);
	netio_listen(b.n, 0);
	forbid(SYS_io_uring_register, EPERM);
	netio_bind(b.n);
	ck_assert(!netio_is_uring(b.n));
	from_far(&b, 0, "in", 2);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 1);
	tear_down(&b);
}
END_TEST

/* A socket that is taken out, and another one in its slot. */
START_TEST(test_comes_and_goes)
{
	unsigned turns = 0;
	struct bed b;

	set_up(&b, _i, 2, 4);
	ck_assert(!netio_remove(b.n, 1));
	netio_mute(b.n, 1);
	netio_send(b.n, 1, &b.far_addr, "last", 4);
	ck_assert(!netio_remove(b.n, 1));
	while (!netio_remove(b.n, 1)) {
		run(b.n);
		ck_assert_uint_lt(++turns, 5);
	}
	ck_assert(netio_remove(b.n, 1));
	from_far(&b, 1, "lost", 4);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 0);
	close(b.fd[1]);
	b.fd[1] = socket_at(4, &b.addr[1]);
	ck_assert_int_eq(netio_add(b.n, 1, b.fd[1]), 0);
	netio_listen(b.n, 1);
	run(b.n);
	from_far(&b, 1, "new", 3);
	from_far(&b, 0, "old", 3);
	run(b.n);
	ck_assert_uint_eq(b.n_seen, 2);
	ck_assert_int_eq(b.seen[0].data[0], 'n');
	tear_down(&b);
}
END_TEST

/* Sockets cannot be registered: io_uring does without that. */
START_TEST(test_few_descriptors)
{
	struct rlimit l = { 40, 40 };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &l), 0);
	works_all_the_same(true, 0);
}
END_TEST

START_TEST(test_bad_arguments)
{
	struct netio_config cfg = { .slots = 0 };
	int refused;

	ck_assert_ptr_null(netio_new(&cfg, &refused));
	ck_assert_int_eq(errno, EINVAL);
	cfg.slots = NETIO_SLOTS_MAX + 1;
	ck_assert_ptr_null(netio_new(&cfg, &refused));
	netio_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netio");
	TCase *tc = tcase_create("both");
	TCase *no = tcase_create("refused");

	tcase_add_loop_test(tc, test_receive, 0, KINDS);
	tcase_add_loop_test(tc, test_calls, 0, KINDS);
	tcase_add_loop_test(tc, test_receive_only, 0, KINDS);
	tcase_add_loop_test(tc, test_burst, 0, KINDS);
	tcase_add_loop_test(tc, test_stall, 0, KINDS);
	tcase_add_loop_test(tc, test_flood, 0, KINDS);
	tcase_add_loop_test(tc, test_flooded_neighbour, 0, KINDS);
	tcase_add_loop_test(tc, test_sizes, 0, KINDS);
	tcase_add_loop_test(tc, test_send, 0, KINDS);
	tcase_add_loop_test(tc, test_queue_full, 0, KINDS);
	tcase_add_loop_test(tc, test_refused, 0, KINDS);
	tcase_add_loop_test(tc, test_port_unreachable, 0, KINDS);
	tcase_add_loop_test(tc, test_ipv6, 0, KINDS);
	tcase_add_loop_test(tc, test_closed, 0, KINDS);
	tcase_add_loop_test(tc, test_hand_over, 0, KINDS);
	tcase_add_loop_test(tc, test_ports_are_free, 0, KINDS);
	tcase_add_loop_test(tc, test_comes_and_goes, 0, KINDS);
	suite_add_tcase(s, tc);
	tcase_add_loop_test(no, test_uring_forbidden, 0,
			    sizeof(forbidden) / sizeof(*forbidden));
	tcase_add_test(no, test_forbidden_late);
	tcase_add_test(no, test_few_descriptors);
	tcase_add_test(no, test_bad_arguments);
	suite_add_tcase(s, no);
	return suite_run(s, CK_FORK_GETENV);
}
