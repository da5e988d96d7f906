/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * Two lines over real loopback UDP, with a relay between them that loses,
 * reorders and doubles packets. Time is virtual: the lines are told it.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/line.h"

enum { RELAY_HELD = 8 };

/* What the relay does to a direction. */
struct mess {
	unsigned loss, reorder, duplicate; /* of 1000 packets */
	bool hole;			   /* lose everything */
};

struct direction {
	int in, out; /* the far side's sockets */
	struct mess mess;
	uint8_t held[2048];
	ssize_t held_len;
	unsigned passed, lost;
};

struct pair {
	struct line *a, *b; /* a: master */
	struct direction ab, ba;
	uint64_t rng;
	mono_t now;
};

static uint32_t chance(uint64_t *rng)
{
	*rng = *rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*rng >> 33);
}

static int udp(struct net_addr *addr)
{
	struct net_addr none = {0}, local = {.family = 4};
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd;

	local.ip[0] = 127;
	local.ip[3] = 1;
	ck_assert_int_eq(pseudowire_socket(&local, &none, &fd), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	net_from_sockaddr(addr, (struct sockaddr *)&sa);
	return fd;
}

static void join(int fd, const struct net_addr *peer)
{
	struct sockaddr_storage sa;
	socklen_t len = net_to_sockaddr(peer, &sa);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
}

/* a <-> ra (relay) rb <-> b */
static void pair_open(struct pair *p, const struct line_config *a,
		      const struct line_config *b)
{
	struct net_addr addr[4];
	int fd[4];

	memset(p, 0, sizeof(*p));
	p->rng = 1;
	p->now.ns = NS_PER_S;
	for (unsigned i = 0; i < 4; i++)
		fd[i] = udp(&addr[i]);
	join(fd[0], &addr[1]);
	join(fd[1], &addr[0]);
	join(fd[2], &addr[3]);
	join(fd[3], &addr[2]);
	p->ab.in = p->ba.out = fd[1];
	p->ab.out = p->ba.in = fd[2];
	p->a = line_open(a, fd[0]);
	p->b = line_open(b, fd[3]);
	ck_assert_ptr_nonnull(p->a);
	ck_assert_ptr_nonnull(p->b);
	line_start(p->a, p->now);
	line_start(p->b, p->now);
}

static void pair_close(struct pair *p)
{
	line_close(p->a);
	line_close(p->b);
	close(p->ab.in);
	close(p->ab.out);
}

static void pass(struct direction *d, const uint8_t *octets, ssize_t n)
{
	d->passed++;
	if (send(d->out, octets, (size_t)n, 0) < 0)
		ck_assert_int_eq(errno, ECONNREFUSED);
}

static void relay(struct direction *d, uint64_t *rng)
{
	uint8_t octets[2048];
	ssize_t n;

	while ((n = recv(d->in, octets, sizeof(octets), 0)) > 0) {
		if (d->mess.hole || chance(rng) % 1000 < d->mess.loss) {
			d->lost++;
			continue;
		}
		if (!d->held_len && chance(rng) % 1000 < d->mess.reorder) {
			memcpy(d->held, octets, (size_t)n);
			d->held_len = n;
			continue;
		}
		pass(d, octets, n);
		if (chance(rng) % 1000 < d->mess.duplicate)
			pass(d, octets, n);
		if (d->held_len && chance(rng) % 2) {
			pass(d, d->held, d->held_len);
			d->held_len = 0;
		}
	}
}

static void relay_both(struct pair *p)
{
	relay(&p->ab, &p->rng);
	relay(&p->ba, &p->rng);
}

/* Octet of frame n in a slot; different in each direction. */
static uint8_t pattern(uint64_t n, unsigned slot, unsigned salt)
{
	uint64_t x = (n * 32 + slot) * 0x9e3779b97f4a7c15u + salt;

	return (uint8_t)(x >> 40);
}

/* One end that writes its pattern and compares what it reads. */
struct end {
	struct line *line;
	unsigned tx_salt, rx_salt;
	uint64_t written, read;
	uint64_t skip; /* idle frames the peer had queued ahead */
	uint64_t filler;
};

static void end_write(struct end *e)
{
	static uint8_t tx[LINE_SLOTS][LINE_BLOCK];

	for (unsigned s = 0; s < LINE_SLOTS; s++) {
		for (unsigned i = 0; i < LINE_BLOCK; i++)
			tx[s][i] = pattern(e->written + i, s, e->tx_salt);
	}
	ck_assert_int_eq(line_write(e->line, (const uint8_t(*)[LINE_BLOCK])tx,
				    LINE_BLOCK),
			 0);
	e->written += LINE_BLOCK;
}

static void end_compare(const struct end *e, uint8_t (*rx)[LINE_BLOCK])
{
	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		uint64_t n = e->read + i;

		for (unsigned s = 1; s < LINE_SLOTS; s++) {
			uint8_t want = s == 16 ? 0xff : 0xd5;

			if (n >= e->skip)
				want = pattern(n - e->skip, s, e->rx_salt);
			ck_assert_msg(rx[s][i] == want,
				      "frame %lu slot %u: %02x, not %02x", n,
				      s, rx[s][i], want);
		}
	}
}

/* Take and answer all whole blocks. */
static void end_serve(struct end *e, bool compare)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK];

	while (line_avail(e->line) >= LINE_BLOCK) {
		int filler = line_read(e->line, rx, LINE_BLOCK);

		ck_assert_int_ge(filler, 0);
		e->filler += (unsigned)filler;
		if (compare)
			end_compare(e, rx);
		e->read += LINE_BLOCK;
		end_write(e);
	}
}

static void wait_input(struct pair *p)
{
	struct pollfd fds[4] = {
		{.fd = line_fd(p->a), .events = POLLIN},
		{.fd = line_fd(p->b), .events = POLLIN},
		{.fd = p->ab.in, .events = POLLIN},
		{.fd = p->ba.in, .events = POLLIN},
	};

	poll(fds, 4, 1);
}

static void configs(struct line_config *a, struct line_config *b,
		    enum line_time time)
{
	line_config_init(a);
	a->time = time;
	*b = *a;
	b->clock = LINE_CLOCK_SLAVE;
}

/* Blocks through both ends in lockstep; each octet must be right. */
static void run_lockstep(struct line_config *a, struct line_config *b,
			 const struct mess *mess, unsigned blocks)
{
	struct pair p;
	struct end ea = {.tx_salt = 1, .rx_salt = 2};
	struct end eb = {.tx_salt = 2, .rx_salt = 1, .skip = LINE_BLOCK};

	pair_open(&p, a, b);
	p.ab.mess = p.ba.mess = *mess;
	ea.line = p.a;
	eb.line = p.b;
	for (unsigned i = 0; i < 200 * blocks; i++) {
		line_tick(p.a, p.now);
		end_serve(&ea, true);
		relay_both(&p);
		line_tick(p.b, p.now);
		end_serve(&eb, true);
		relay_both(&p);
		p.now = mono_add_ms(p.now, 1);
		if (ea.read >= blocks * (uint64_t)LINE_BLOCK)
			break;
		if (mess->loss)
			wait_input(&p);
	}
	ck_assert_uint_ge(ea.read, blocks * (uint64_t)LINE_BLOCK);
	ck_assert_uint_ge(eb.read, ea.read);
	ck_assert_uint_eq(ea.filler + eb.filler, 0);
	pair_close(&p);
}

START_TEST(lockstep_clean)
{
	struct line_config a, b;
	struct mess none = {0};

	configs(&a, &b, LINE_LOCKSTEP);
	run_lockstep(&a, &b, &none, 1000);
}
END_TEST

START_TEST(lockstep_wraps)
{
	struct line_config a, b;
	struct mess none = {0};

	configs(&a, &b, LINE_LOCKSTEP);
	a.pw.fixed_seq = b.pw.fixed_seq = true;
	a.pw.first_seq = 65530;
	b.pw.first_seq = 60000;
	a.pw.rtp = b.pw.rtp = true;
	run_lockstep(&a, &b, &none, 700);
}
END_TEST

START_TEST(lockstep_impaired)
{
	struct line_config a, b;
	struct mess mess = {.loss = 20, .reorder = 50, .duplicate = 50};

	configs(&a, &b, LINE_LOCKSTEP);
	run_lockstep(&a, &b, &mess, 400);
}
END_TEST

START_TEST(lockstep_sizes)
{
	static const uint8_t frames[] = {1, 4, 10, 16, 40};
	struct mess mess = {.reorder = 50};
	struct line_config a, b;

	configs(&a, &b, LINE_LOCKSTEP);
	a.pw.frames = b.pw.frames = frames[_i];
	a.pw.jitter_ms = b.pw.jitter_ms = 5;
	run_lockstep(&a, &b, &mess, 50);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("line");
	TCase *t = tcase_create("lockstep");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, lockstep_clean);
	tcase_add_test(t, lockstep_wraps);
	tcase_add_test(t, lockstep_impaired);
	tcase_add_loop_test(t, lockstep_sizes, 0, 5);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
