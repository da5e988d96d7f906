/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * Two lines over real loopback UDP, with a relay between them that loses,
 * reorders and doubles packets. Time is virtual: the lines are told it.
 * PW_DUMP=FILE writes some of the packets there, for tests/interop/pw_tshark.sh.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
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
	unsigned dumped;
	uint8_t last_flags;
};

enum { DUMP_FIRST = 200 }; /* of a direction, then what differs in flags */

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
	int fd, off = 0;

	local.ip[0] = 127;
	local.ip[3] = 1;
	ck_assert_int_eq(pseudowire_socket(&local, &none, &fd), 0);
	/* the kernel's arrival times are not those of our virtual clock */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof(off));
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

/* A line of text2pcap's format. */
static void dump(struct direction *d, const uint8_t *octets, ssize_t n)
{
	const char *path = getenv("PW_DUMP");
	FILE *f;

	if (!path || octets[0] == 0x80 ||
	    (d->dumped >= DUMP_FIRST && octets[0] == d->last_flags))
		return;
	d->dumped++;
	d->last_flags = octets[0];
	f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "000000");
	for (ssize_t i = 0; i < n; i++)
		fprintf(f, " %02x", octets[i]);
	fprintf(f, "\n");
	fclose(f);
}

static void pass(struct direction *d, const uint8_t *octets, ssize_t n)
{
	dump(d, octets, n);
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

/* Wall time: each frame carries its number in slots 1-4. */
struct meter {
	struct line *line;
	uint64_t written;
	uint64_t frames, filler, breaks;
	uint64_t next; /* number expected next */
	bool in_step;
};

static void meter_write(struct meter *m)
{
	static uint8_t tx[LINE_SLOTS][LINE_BLOCK];

	memset(tx, 0x55, sizeof(tx));
	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		uint64_t n = ++m->written;

		for (unsigned s = 0; s < 4; s++)
			tx[1 + s][i] = (uint8_t)(n >> 8 * s);
	}
	line_write(m->line, (const uint8_t(*)[LINE_BLOCK])tx, LINE_BLOCK);
}

static void meter_frame(struct meter *m, uint8_t (*rx)[LINE_BLOCK], unsigned i)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < 4; s++)
		n |= (uint64_t)rx[1 + s][i] << 8 * s;
	m->frames++;
	/* 0x55 stands in slot 20 of every frame that was written */
	if (rx[20][i] != 0x55 || rx[16][i] != 0x55)
		n = 0;
	if (m->in_step && n && n != m->next)
		m->breaks++;
	if (n)
		m->in_step = true;
	m->next = n ? n + 1 : m->next + 1;
}

static void meter_serve(struct meter *m)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK];

	while (line_avail(m->line) >= LINE_BLOCK) {
		m->filler += (unsigned)line_read(m->line, rx, LINE_BLOCK);
		for (unsigned i = 0; i < LINE_BLOCK; i++)
			meter_frame(m, rx, i);
		meter_write(m);
	}
}

struct wall {
	struct pair p;
	struct meter a, b;
};

static void wall_open(struct wall *w, const struct line_config *a,
		      const struct line_config *b)
{
	memset(w, 0, sizeof(*w));
	pair_open(&w->p, a, b);
	w->a.line = w->p.a;
	w->b.line = w->p.b;
}

/* Both ends wake whenever either is due, as precise sleepers would. */
static void wall_run(struct wall *w, int64_t ms)
{
	mono_t end = mono_add_ms(w->p.now, ms);
	mono_t a, b;

	for (;;) {
		a = line_due(w->p.a);
		b = line_due(w->p.b);
		if (b.ns < a.ns)
			a = b;
		if (a.ns > end.ns)
			break;
		if (a.ns > w->p.now.ns)
			w->p.now = a;
		line_tick(w->p.a, w->p.now);
		relay(&w->p.ab, &w->p.rng);
		line_tick(w->p.b, w->p.now);
		relay(&w->p.ba, &w->p.rng);
		meter_serve(&w->a);
		meter_serve(&w->b);
	}
	w->p.now = end;
}

static struct line_stats stats_of(struct line *l)
{
	struct line_stats s;

	line_stats(l, &s);
	return s;
}

START_TEST(wall_clean)
{
	struct line_config ca, cb;
	struct wall w;
	uint64_t filler_a, filler_b;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 500);
	filler_a = w.a.filler;
	filler_b = w.b.filler;
	wall_run(&w, 20000);
	ck_assert_uint_eq(w.a.filler, filler_a);
	ck_assert_uint_eq(w.b.filler, filler_b);
	ck_assert_uint_eq(w.a.breaks + w.b.breaks, 0);
	ck_assert_uint_ge(w.a.frames, 20400 * 8);
	ck_assert_uint_eq(line_defects(w.p.a) | line_alarms(w.p.a), 0);
	ck_assert_uint_eq(line_defects(w.p.b) | line_alarms(w.p.b), 0);
	ck_assert_uint_eq(stats_of(w.p.b).clock.slips, 0);
	pair_close(&w.p);
}
END_TEST

/* Locked within 20 s, then not one frame lost, repeated or replaced. */
START_TEST(wall_slave_locks)
{
	static const int32_t ppm[] = {50, -50, 0};
	struct line_config ca, cb;
	struct line_stats s;
	struct wall w;
	uint64_t filler;

	configs(&ca, &cb, LINE_WALL);
	ca.skew_ppm = ppm[_i];
	wall_open(&w, &ca, &cb);
	wall_run(&w, 20000);
	s = stats_of(w.p.b);
	ck_assert(s.clock.locked);
	ck_assert_int_le(abs(s.clock.rate_ppb - 1000 * ppm[_i]), 1000);
	filler = w.a.filler + w.b.filler;
	wall_run(&w, 60000);
	s = stats_of(w.p.b);
	ck_assert(s.clock.locked);
	ck_assert_int_le(abs(s.clock.rate_ppb - 1000 * ppm[_i]), 1000);
	ck_assert_int_le(abs(s.clock.phase_us), 100);
	ck_assert_uint_eq(s.clock.slips + s.clock.steps, 0);
	ck_assert_uint_eq(stats_of(w.p.a).clock.slips, 0);
	ck_assert_uint_eq(w.a.filler + w.b.filler, filler);
	ck_assert_uint_eq(w.a.breaks + w.b.breaks, 0);
	pair_close(&w.p);
}
END_TEST

/* Two masters slip, now and then and not in heaps: 400 ppm is one packet
 * each 2.5 s. */
START_TEST(wall_two_masters_slip)
{
	struct line_config ca, cb;
	struct line_stats s;
	struct wall w;

	configs(&ca, &cb, LINE_WALL);
	cb.clock = LINE_CLOCK_MASTER;
	cb.skew_ppm = _i ? 400 : -400;
	wall_open(&w, &ca, &cb);
	wall_run(&w, 100000);
	s = stats_of(w.p.b);
	ck_assert_uint_ge(s.clock.slips, 1);
	ck_assert_uint_le(s.clock.slips, 20);
	ck_assert_uint_le(w.b.filler, 16 * 20 * 8);
	ck_assert_uint_eq(line_alarms(w.p.a) | line_alarms(w.p.b), 0);
	pair_close(&w.p);
}
END_TEST

START_TEST(wall_impaired)
{
	struct line_config ca, cb;
	struct line_stats s;
	struct wall w;
	unsigned lost;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	w.p.ab.mess = (struct mess){.loss = 10, .reorder = 20, .duplicate = 20};
	lost = w.p.ab.lost;
	wall_run(&w, 30000);
	w.p.ab.mess = (struct mess){0};
	lost = w.p.ab.lost - lost;
	wall_run(&w, 1000);
	s = stats_of(w.p.b);
	ck_assert_uint_ge(lost, 200);
	ck_assert_uint_ge(s.rx.lost, lost);
	ck_assert_uint_le(s.rx.lost, lost + s.rx.late);
	/* some were held back for longer than the buffer is deep */
	ck_assert_uint_ge(s.rx.reordered, 400);
	ck_assert_uint_le(s.rx.late, s.rx.reordered / 10);
	ck_assert_uint_ge(s.rx.duplicate, 200);
	ck_assert_uint_eq(w.b.breaks, 0);
	ck_assert_uint_ge(s.errors.es, 25);
	ck_assert_uint_eq(s.errors.ses, 0);
	ck_assert_uint_eq(s.rx.resync + s.rx.malformed + s.clock.slips, 0);
	ck_assert(s.clock.locked);
	pair_close(&w.p);
}
END_TEST

/* Milliseconds until the alarms of a line are as wanted. */
static int until(struct wall *w, struct line *l, unsigned alarms, int most_ms)
{
	int ms = 0;

	while (line_alarms(l) != alarms && ms < most_ms) {
		wall_run(w, 1);
		ms++;
	}
	ck_assert_uint_eq(line_alarms(l), alarms);
	return ms;
}

START_TEST(alarm_loss)
{
	struct line_config ca, cb;
	struct wall w;
	int ms;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	/* shorter than the integration: a defect, but no alarm */
	w.p.ab.mess.hole = true;
	wall_run(&w, 2400);
	ck_assert_uint_eq(line_defects(w.p.b), LINE_LOS);
	ck_assert_uint_eq(line_defects(w.p.a), LINE_REMOTE_LOSS);
	w.p.ab.mess.hole = false;
	wall_run(&w, 300);
	ck_assert_uint_eq(line_defects(w.p.b) | line_alarms(w.p.b), 0);
	ck_assert_uint_eq(line_defects(w.p.a) | line_alarms(w.p.a), 0);
	ck_assert_uint_eq(stats_of(w.p.b).errors.loss_events, 1);
	/* longer */
	w.p.ab.mess.hole = true;
	ms = until(&w, w.p.b, LINE_LOS, 4000);
	ck_assert_int_ge(ms, 2500);
	ck_assert_int_le(ms, 2550);
	ms = until(&w, w.p.a, LINE_REMOTE_LOSS, 100);
	ck_assert_int_le(ms, 50);
	w.p.ab.mess.hole = false;
	ms = until(&w, w.p.b, 0, 12000);
	ck_assert_int_ge(ms, 10000);
	ck_assert_int_le(ms, 10050);
	until(&w, w.p.a, 0, 100);
	ck_assert_str_eq(line_alarm_why(0), "in service");
	pair_close(&w.p);
}
END_TEST

START_TEST(alarm_down)
{
	struct line_config ca, cb;
	struct wall w;
	int ms;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	line_set_down(w.p.a, true);
	wall_run(&w, 20);
	ck_assert_uint_eq(line_alarms(w.p.a), LINE_DOWN);
	ck_assert_uint_eq(line_defects(w.p.b), LINE_AIS);
	ck_assert_uint_eq(line_defects(w.p.a), LINE_DOWN | LINE_RAI);
	ms = until(&w, w.p.b, LINE_AIS, 4000);
	ck_assert_int_ge(ms, 2480);
	ck_assert_int_le(ms, 2530);
	line_set_down(w.p.a, false);
	ms = until(&w, w.p.b, 0, 12000);
	ck_assert_int_ge(ms, 10000);
	ck_assert_int_le(ms, 10050);
	ck_assert_uint_ge(stats_of(w.p.b).rx.invalid, 2400);
	ck_assert_uint_le(stats_of(w.p.b).rx.lost, 0);
	pair_close(&w.p);
}
END_TEST

START_TEST(alarm_unplugged)
{
	struct line_config ca, cb;
	struct wall w;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	line_unplug(w.p.b, true);
	wall_run(&w, 3000);
	ck_assert_uint_eq(line_alarms(w.p.a), LINE_LOS);
	ck_assert_uint_eq(line_alarms(w.p.b), LINE_LOS);
	line_unplug(w.p.b, false);
	wall_run(&w, 10100);
	ck_assert_uint_eq(line_alarms(w.p.a) | line_alarms(w.p.b), 0);
	pair_close(&w.p);
}
END_TEST

/* The owner of b sleeps for some time while a goes on. */
static void oversleep(struct wall *w, int64_t ms)
{
	mono_t end = mono_add_ms(w->p.now, ms);

	while (w->p.now.ns < end.ns) {
		w->p.now = mono_add_ms(w->p.now, 1);
		line_tick(w->p.a, w->p.now);
		relay(&w->p.ab, &w->p.rng);
		meter_serve(&w->a);
	}
}

START_TEST(stall_short)
{
	struct line_config ca, cb;
	struct wall w;
	uint64_t filler;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	filler = w.b.filler;
	oversleep(&w, 50);
	wall_run(&w, 2000);
	/* what came meanwhile was all there for the late owner */
	ck_assert_uint_eq(w.b.filler, filler);
	ck_assert_uint_eq(w.b.breaks, 0);
	ck_assert_uint_eq(stats_of(w.p.b).clock.stalls, 0);
	ck_assert_uint_eq(stats_of(w.p.b).tx.idle_frames, 0);
	pair_close(&w.p);
}
END_TEST

START_TEST(stall_long)
{
	struct line_config ca, cb;
	struct line_stats s;
	struct wall w;
	unsigned epoch;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	epoch = line_epoch(w.p.b);
	oversleep(&w, 200);
	wall_run(&w, 3000);
	s = stats_of(w.p.b);
	ck_assert_uint_eq(s.clock.stalls, 1);
	ck_assert_uint_ge(s.clock.slip_frames, (200 - 66) * 8);
	ck_assert_uint_le(s.clock.slip_frames, (200 - 60) * 8);
	ck_assert_uint_ne(line_epoch(w.p.b), epoch);
	ck_assert_uint_eq(w.b.breaks, 1);
	ck_assert_int_le(s.clock.depth_frames, 8 * 18);
	ck_assert_uint_eq(line_alarms(w.p.a) | line_alarms(w.p.b), 0);
	ck_assert_uint_eq(line_defects(w.p.a) | line_defects(w.p.b), 0);
	pair_close(&w.p);
}
END_TEST

/* A line opened anew at the same port has other sequence numbers. */
START_TEST(peer_restarts)
{
	struct line_config ca, cb;
	struct wall w;
	int fd;

	configs(&ca, &cb, _i ? LINE_LOCKSTEP : LINE_WALL);
	ca.pw.rtp = cb.pw.rtp = true;
	wall_open(&w, &ca, &cb);
	if (_i) {
		for (unsigned i = 0; i < 100; i++) {
			line_tick(w.p.a, w.p.now);
			relay_both(&w.p);
			line_tick(w.p.b, w.p.now);
			relay_both(&w.p);
			meter_serve(&w.a);
			meter_serve(&w.b);
		}
	} else {
		wall_run(&w, 1000);
	}
	fd = dup(line_fd(w.p.a));
	line_close(w.p.a);
	w.p.a = line_open(&ca, fd);
	ck_assert_ptr_nonnull(w.p.a);
	memset(&w.a, 0, sizeof(w.a));
	w.a.line = w.p.a;
	line_start(w.p.a, w.p.now);
	memset(&w.b, 0, sizeof(w.b));
	w.b.line = w.p.b;
	for (unsigned i = 0; _i && i < 3000; i++) {
		w.p.now = mono_add_ms(w.p.now, 1);
		line_tick(w.p.a, w.p.now);
		relay_both(&w.p);
		line_tick(w.p.b, w.p.now);
		relay_both(&w.p);
		meter_serve(&w.a);
		meter_serve(&w.b);
	}
	if (!_i)
		wall_run(&w, 2000);
	ck_assert_uint_ge(w.a.frames, 8 * 1900);
	ck_assert_uint_ge(w.b.frames, 8 * 1900);
	ck_assert_uint_le(stats_of(w.p.b).rx.resync, 1);
	ck_assert_uint_eq(line_alarms(w.p.a) | line_alarms(w.p.b), 0);
	ck_assert_uint_eq(line_defects(w.p.a) | line_defects(w.p.b), 0);
	pair_close(&w.p);
}
END_TEST

/* Somebody else's packets, good ones included, change nothing. */
START_TEST(stranger)
{
	struct line_config ca, cb;
	struct wall w;
	struct net_addr other, b_addr;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	uint8_t packet[252] = {0};
	int fd = udp(&other);

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	getsockname(line_fd(w.p.b), (struct sockaddr *)&sa, &len);
	net_from_sockaddr(&b_addr, (struct sockaddr *)&sa);
	join(fd, &b_addr);
	for (unsigned i = 0; i < 500; i++) {
		packet[3] = (uint8_t)i;
		send(fd, packet, sizeof(packet), 0);
		wall_run(&w, 1);
	}
	ck_assert_uint_eq(w.b.breaks, 0);
	ck_assert_uint_eq(stats_of(w.p.b).rx.resync, 0);
	close(fd);
	pair_close(&w.p);
}
END_TEST

/* The right source at ten times the rate, and rubbish. */
START_TEST(flood)
{
	struct line_config ca, cb;
	struct wall w;
	uint8_t packet[300];

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	for (unsigned i = 0; i < 2000; i++) {
		for (unsigned k = 0; k < 10; k++) {
			for (size_t o = 0; o < sizeof(packet); o++)
				packet[o] = (uint8_t)chance(&w.p.rng);
			if (k < 5)
				packet[0] &= 0x0f;
			send(w.p.ab.out, packet, k < 5 ? 252 : 100 + k, 0);
		}
		wall_run(&w, 1);
	}
	ck_assert_uint_ge(stats_of(w.p.b).rx.excess, 10000);
	ck_assert_uint_ge(stats_of(w.p.b).rx.malformed, 100);
	wall_run(&w, 1000);
	ck_assert_uint_eq(line_defects(w.p.b), 0);
	pair_close(&w.p);
}
END_TEST

/* Not connected: any port of the peer's address will do. */
START_TEST(any_port)
{
	struct line_config ca, cb;
	struct net_addr a_addr, b_addr;
	struct wall w;
	int a, b;

	memset(&w, 0, sizeof(w));
	configs(&ca, &cb, LINE_WALL);
	a = udp(&a_addr);
	b = udp(&b_addr);
	ca.pw.peer = b_addr;
	cb.pw.peer = a_addr;
	w.p.now.ns = NS_PER_S;
	w.p.ab.in = w.p.ba.in = udp(&a_addr);
	w.p.ab.out = dup(w.p.ab.in);
	w.a.line = w.p.a = line_open(&ca, a);
	w.b.line = w.p.b = line_open(&cb, b);
	line_start(w.p.a, w.p.now);
	line_start(w.p.b, w.p.now);
	wall_run(&w, 1000);
	ck_assert_uint_eq(line_defects(w.p.a) | line_defects(w.p.b), 0);
	ck_assert_uint_ge(stats_of(w.p.a).rx.packets, 990);
	pair_close(&w.p);
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
	suite_add_tcase(s, t);

	t = tcase_create("wall");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, wall_clean);
	tcase_add_loop_test(t, wall_slave_locks, 0, 3);
	tcase_add_loop_test(t, wall_two_masters_slip, 0, 2);
	tcase_add_test(t, wall_impaired);
	tcase_add_test(t, stall_short);
	tcase_add_test(t, stall_long);
	tcase_add_loop_test(t, peer_restarts, 0, 2);
	tcase_add_test(t, stranger);
	tcase_add_test(t, flood);
	tcase_add_test(t, any_port);
	tcase_add_test(t, bad_configs);
	suite_add_tcase(s, t);

	t = tcase_create("alarm");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, alarm_loss);
	tcase_add_test(t, alarm_down);
	tcase_add_test(t, alarm_unplugged);
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
