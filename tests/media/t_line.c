/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * Lines in lockstep: every octet arrives, whatever the path does. And what
 * configurations are refused.
 */
#include <fcntl.h>
#include <poll.h>

#include "tests/media/line_pair.h"
#include "tests/suite.h"

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
			/* each check costs libcheck a message */
			if (rx[s][i] != want)
				ck_abort_msg("frame %lu slot %u: %02x, not %02x",
					     n, s, rx[s][i], want);
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
	run_lockstep(&a, &b, &mess, 150);
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

/* Either end starts again in the middle of it all. */
START_TEST(lockstep_restart)
{
	struct line_config a, b;
	struct pair p;
	struct meter ma = {0}, mb = {0};

	configs(&a, &b, LINE_LOCKSTEP);
	if (_i) {
		a.clock = LINE_CLOCK_SLAVE;
		b.clock = LINE_CLOCK_MASTER;
	}
	a.pw.rtp = b.pw.rtp = true;
	pair_open(&p, &a, &b);
	for (unsigned i = 0; i < 4000; i++) {
		if (i % 1000 == 500)
			reopen_a(&p, &a);
		ma.line = p.a;
		mb.line = p.b;
		if (i % 1000 == 500)
			ma.frames = mb.frames = 0;
		p.now = mono_add_ms(p.now, 1);
		line_tick(p.a, p.now);
		relay_both(&p);
		line_tick(p.b, p.now);
		relay_both(&p);
		meter_serve(&ma);
		meter_serve(&mb);
	}
	ck_assert_uint_ge(ma.frames, 100 * LINE_BLOCK);
	ck_assert_uint_ge(mb.frames, 100 * LINE_BLOCK);
	ck_assert_uint_eq(line_defects(p.a) | line_defects(p.b), 0);
	pair_close(&p);
}
END_TEST

/* A bundle of a few slots: the others are idle; and its packets are small. */
START_TEST(lockstep_bundle)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	struct line_config a, b;
	struct pair p;
	struct end ea = {.tx_salt = 1}, eb = {.tx_salt = 2};
	uint64_t n = 0;

	configs(&a, &b, LINE_LOCKSTEP);
	a.slot_mask = b.slot_mask = 1u << 16 | 1u << 3 | 1u << 31;
	pair_open(&p, &a, &b);
	ea.line = p.a;
	eb.line = p.b;
	for (unsigned i = 0; i < 200; i++) {
		line_tick(p.a, p.now);
		end_serve(&ea, false);
		relay_both(&p);
		line_tick(p.b, p.now);
		while (line_avail(p.b) >= LINE_BLOCK) {
			line_read(p.b, rx, LINE_BLOCK);
			end_write(&eb);
			for (unsigned k = 0; n && k < LINE_BLOCK; k++) {
				uint64_t f = n - LINE_BLOCK + k;

				ck_assert_uint_eq(rx[3][k], pattern(f, 3, 1));
				ck_assert_uint_eq(rx[16][k], pattern(f, 16, 1));
				ck_assert_uint_eq(rx[31][k], pattern(f, 31, 1));
				ck_assert_uint_eq(rx[1][k], 0xd5);
				ck_assert_uint_eq(rx[15][k], 0xd5);
			}
			n += LINE_BLOCK;
		}
		relay_both(&p);
	}
	ck_assert_uint_ge(n, 50 * LINE_BLOCK);
	ck_assert_uint_eq(p.ab.octets / p.ab.passed, 4 + 3 * 8);
	pair_close(&p);
}
END_TEST

/* Take or give n frames of the meter's numbers, not only whole blocks. */
static void offset_owner(struct meter *m, unsigned n)
{
	static uint8_t block[LINE_SLOTS][LINE_BLOCK];

	if (line_read(m->line, block, n) < 0)
		return;
	memset(block, 0xd5, sizeof(block));
	ck_assert_int_eq(line_write(m->line,
				    (const uint8_t(*)[LINE_BLOCK])block, n),
			 0);
	m->frames += n;
}

/* Owners whose blocks do not begin with the line's do not wait for ever. */
START_TEST(lockstep_offset)
{
	static const unsigned first[][2] = {{24, 0}, {0, 24}, {24, 72}};
	struct line_config a, b;
	struct pair p;
	struct meter ma = {0}, mb = {0};

	configs(&a, &b, LINE_LOCKSTEP);
	pair_open(&p, &a, &b);
	ma.line = p.a;
	mb.line = p.b;
	for (unsigned i = 0; i < 1500; i++) {
		line_tick(p.a, p.now);
		relay_both(&p);
		line_tick(p.b, p.now);
		relay_both(&p);
		if (!ma.frames && first[_i][0])
			offset_owner(&ma, first[_i][0]);
		else
			meter_serve(&ma);
		if (!mb.frames && first[_i][1])
			offset_owner(&mb, first[_i][1]);
		else
			meter_serve(&mb);
	}
	ck_assert_uint_ge(ma.frames, 400 * LINE_BLOCK);
	ck_assert_uint_ge(mb.frames, 400 * LINE_BLOCK);
	ck_assert_uint_eq(ma.breaks + mb.breaks, 0);
	ck_assert(ma.in_step && mb.in_step);
	pair_close(&p);
}
END_TEST

/* Alarms count the line's time; only silence is told by the clock. */
START_TEST(lockstep_alarms)
{
	struct line_config a, b;
	struct pair p;
	struct meter ma = {0}, mb = {0};
	unsigned blocks = 0;

	configs(&a, &b, LINE_LOCKSTEP);
	pair_open(&p, &a, &b);
	ma.line = p.a;
	mb.line = p.b;
	line_set_down(p.a, true);
	while (!line_alarms(p.b) && blocks++ < 2000) {
		line_tick(p.a, p.now);
		relay_both(&p);
		line_tick(p.b, p.now);
		relay_both(&p);
		meter_serve(&ma);
		meter_serve(&mb);
	}
	ck_assert_uint_eq(line_alarms(p.b), LINE_AIS);
	ck_assert_uint_ge(mb.frames, 2500 * 8);
	ck_assert_uint_le(mb.frames, 2550 * 8);
	/* b is not heard for ten seconds */
	for (unsigned i = 0; i < 10; i++) {
		line_tick(p.a, p.now);
		ck_assert_uint_eq(line_alarms(p.a) & LINE_LOS, 0);
		meter_serve(&ma);
		p.now = mono_add_ms(p.now, 1000);
	}
	line_tick(p.a, p.now);
	ck_assert_uint_eq(line_alarms(p.a) & LINE_LOS, LINE_LOS);
	pair_close(&p);
}
END_TEST

static uint16_t bound_port(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	return ntohs(sa.sin_port);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* RFC 5086 4.2 and 8: do not fragment, expedited forwarding. */
START_TEST(socket_options)
{
	struct net_addr addr = {.family = 4, .ip = {127, 0, 0, 1}};
	struct net_addr none = {0};
	int fd, other;

	ck_assert_int_eq(pseudowire_socket(&addr, &none, &fd), 0);
	ck_assert_int_eq(option(fd, IPPROTO_IP, IP_MTU_DISCOVER),
			 IP_PMTUDISC_DO);
	ck_assert_int_eq(option(fd, IPPROTO_IP, IP_TOS), 46 << 2);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_PRIORITY), 6);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	/* a port that is taken is refused, not shared */
	addr.port = bound_port(fd);
	ck_assert_int_eq(pseudowire_socket(&addr, &none, &other), -EADDRINUSE);
	close(fd);
	addr = (struct net_addr){.family = 6, .ip = {[15] = 1}};
	if (pseudowire_socket(&addr, &none, &fd) == 0) {
		ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_TCLASS),
				 46 << 2);
		ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER),
				 IPV6_PMTUDISC_DO);
		close(fd);
	}
}
END_TEST

START_TEST(bad_configs)
{
	struct line_config c;
	int fd = open("/dev/null", O_RDONLY);

	line_config_init(&c);
	ck_assert_int_eq(line_config_check(&c), 0);
	c.pw.frames = 48; /* 1,488 octets of payload */
	c.pw.jitter_ms = 20;
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	ck_assert_ptr_null(line_open(&c, fd));
	ck_assert_int_eq(errno, EINVAL);
	line_config_init(&c);
	c.slot_mask = 0x0000fffe;
	ck_assert_int_eq(line_config_check(&c), -EINVAL); /* D not carried */
	c.d_slot = 0;
	ck_assert_int_eq(line_config_check(&c), 0);
	c.slot_mask |= 1;
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	line_config_init(&c);
	c.pw.rtp = true;
	c.pw.rtp_pt = 0;
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	line_config_init(&c);
	c.pw.frames = 1;
	c.pw.jitter_ms = 20; /* 160 packets: more than the ring is good for */
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	line_config_init(&c);
	c.time = LINE_LOCKSTEP;
	c.pw.frames = 12; /* not a whole number in a block */
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	close(fd);
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
	tcase_add_loop_test(t, lockstep_restart, 0, 2);
	tcase_add_test(t, lockstep_bundle);
	tcase_add_loop_test(t, lockstep_offset, 0, 3);
	tcase_add_test(t, lockstep_alarms);
	tcase_add_test(t, socket_options);
	tcase_add_test(t, bad_configs);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_NOFORK);
}
