/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * Lines in wall time, under a virtual clock: pace and clock recovery, loss
 * and disorder, alarms, an owner that oversleeps, strangers.
 */
#include "tests/media/line_pair.h"

#include "media/udp.h"
#include "tests/suite.h"

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

/* A new line on the same descriptor, not started. */
static void reopen(struct line **l, const struct line_config *cfg)
{
	int fd = dup(line_fd(*l));

	line_close(*l);
	*l = line_open(cfg, fd);
	ck_assert_ptr_nonnull(*l);
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

/* b's datagrams are its owner's business. */
static unsigned refuse; /* every so many packets; 0: none */

static int port_send(void *arg, const struct net_addr *to, const void *data,
		     size_t len)
{
	static unsigned count;
	struct line *l = arg;

	ck_assert_ptr_null(to);
	if (refuse && ++count % refuse == 0)
		return -ENOBUFS;
	return send(line_fd(l), data, len, 0) < 0 ? -errno : 0;
}

static void port_tick(struct line *l, mono_t now)
{
	uint8_t octets[2048];
	struct udp_datagram d = { .data = octets, .at = now };
	ssize_t n;

	line_begin(l, now);
	while ((n = recv(line_fd(l), octets, sizeof(octets), 0)) >= 0) {
		d.len = (size_t)n;
		line_packet(l, now, &d);
	}
	line_end(l, now);
}

static void port_run(struct wall *w, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		w->p.now = mono_add_ms(w->p.now, 1);
		line_tick(w->p.a, w->p.now);
		relay(&w->p.ab, &w->p.rng);
		port_tick(w->p.b, w->p.now);
		relay(&w->p.ba, &w->p.rng);
		meter_serve(&w->a);
		meter_serve(&w->b);
	}
}

/* With a port a line does what it does without. */
START_TEST(wall_port)
{
	struct line_config ca, cb;
	struct line_port port = { port_send, NULL };
	struct line_stats s;
	struct wall w;
	uint64_t filler;

	configs(&ca, &cb, LINE_WALL);
	wall_open(&w, &ca, &cb);
	ck_assert_int_eq(line_set_port(w.p.b, &port), -EINVAL);
	reopen(&w.p.b, &cb);
	w.b.line = w.p.b;
	port.arg = w.p.b;
	ck_assert_int_eq(line_set_port(w.p.b, &port), 0);
	line_start(w.p.b, w.p.now);
	port_run(&w, 1000);
	filler = w.a.filler + w.b.filler;
	w.a.breaks = w.b.breaks = 0;
	port_run(&w, 10000);
	ck_assert_uint_eq(w.a.filler + w.b.filler, filler);
	ck_assert_uint_eq(w.a.breaks + w.b.breaks, 0);
	ck_assert_uint_ge(w.a.frames, 10900 * 8);
	ck_assert_uint_eq(line_defects(w.p.a) | line_defects(w.p.b), 0);
	s = stats_of(w.p.b);
	ck_assert_uint_ge(s.tx.packets, 10990);
	ck_assert_uint_ge(s.rx.packets, 10990);
	ck_assert_uint_eq(s.tx.errors, 0);
	ck_assert_uint_eq(s.clock.slips, 0);
	/* What is refused at once, and what is refused later. */
	refuse = 10;
	port_run(&w, 1000);
	ck_assert_uint_eq(stats_of(w.p.b).tx.errors, 100);
	ck_assert_uint_eq(stats_of(w.p.b).tx.packets, s.tx.packets + 900);
	refuse = 0;
	port_run(&w, 100);
	ck_assert_uint_eq(stats_of(w.p.a).rx.lost, 100);
	line_refused(w.p.b);
	ck_assert_uint_eq(stats_of(w.p.b).tx.errors, 101);
	ck_assert_uint_eq(stats_of(w.p.b).tx.packets, s.tx.packets + 999);
	/* Unplugged: not a word either way. */
	line_unplug(w.p.b, true);
	s = stats_of(w.p.b);
	port_run(&w, 100);
	ck_assert_uint_eq(stats_of(w.p.b).tx.packets, s.tx.packets);
	ck_assert_uint_eq(stats_of(w.p.b).rx.packets, s.rx.packets);
	pair_close(&w.p);
}
END_TEST

START_TEST(wall_port_lockstep)
{
	struct line_config ca, cb;
	struct line_port port = { port_send, NULL };
	struct pair p;

	configs(&ca, &cb, LINE_LOCKSTEP);
	pair_open(&p, &ca, &cb);
	reopen(&p.b, &cb);
	ck_assert_int_eq(line_set_port(p.b, &port), -EINVAL);
	pair_close(&p);
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

/* Two masters slip: 400 ppm is one packet each 2.5 s, 40 in all. */
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
	ck_assert_uint_le(s.clock.slips, 42);
	ck_assert_uint_le(s.clock.slip_frames, 60 * 8);
	ck_assert_uint_le(w.b.filler, 100 * 8);
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

/* A master that is steered is followed. */
START_TEST(steered)
{
	struct line_config a, b;
	struct wall w;

	configs(&a, &b, LINE_WALL);
	wall_open(&w, &a, &b);
	wall_run(&w, 60000);
	line_steer(w.p.a, 30000);
	wall_run(&w, 240000);
	ck_assert_int_ge(stats_of(w.p.b).clock.rate_ppb, 29000);
	ck_assert_int_le(stats_of(w.p.b).clock.rate_ppb, 31000);
	ck_assert_uint_eq(stats_of(w.p.b).clock.slips, 0);
	pair_close(&w.p);
}
END_TEST

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
	ck_assert_str_eq(line_alarm_why(LINE_PSEUDOWIRE, 0), "in service");
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

START_TEST(peer_restarts)
{
	struct line_config ca, cb;
	struct wall w;

	configs(&ca, &cb, LINE_WALL);
	ca.pw.rtp = cb.pw.rtp = true;
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	reopen_a(&w.p, &ca);
	w.a = (struct meter){.line = w.p.a};
	w.b = (struct meter){.line = w.p.b};
	wall_run(&w, 2000);
	ck_assert_uint_le(stats_of(w.p.b).rx.resync, 1);
	ck_assert_uint_eq(line_alarms(w.p.a) | line_alarms(w.p.b), 0);
	ck_assert_uint_eq(line_defects(w.p.a) | line_defects(w.p.b), 0);
	ck_assert(w.a.in_step && w.b.in_step);
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

/* The same source, but another SSRC, payload type or version; and the kinds
 * of packets that are not TDM data. None gets into the line. */
START_TEST(wrong_packets)
{
	static const struct {
		uint8_t at, value;
	} changes[] = {
		{1, 97},	 /* payload type */
		{8, 1},		 /* SSRC */
		{0, 0x81},	 /* a CSRC */
		{0, 0x40},	 /* no version at all */
		{12, 0x10},	 /* associated channel */
		{12, 0x03},	 /* signalling */
		{12, 0x01},	 /* reserved */
		{13, 0x40},	 /* fragment */
	};
	struct line_config ca, cb;
	struct line_stats s;
	struct wall w;
	uint8_t packet[12 + 4 + 248] = {0x80, 96};
	uint64_t filler;

	configs(&ca, &cb, LINE_WALL);
	ca.pw.rtp = cb.pw.rtp = true;
	ca.pw.rtp_ssrc = 0x12345678;
	wall_open(&w, &ca, &cb);
	wall_run(&w, 1000);
	filler = w.b.filler;
	for (unsigned i = 0; i < 100 * 8; i++) {
		uint8_t o = packet[changes[i % 8].at];

		packet[2] = packet[14] = (uint8_t)(i >> 8);
		packet[3] = packet[15] = (uint8_t)i;
		memcpy(packet + 8, "\x12\x34\x56\x78", 4);
		packet[changes[i % 8].at] = changes[i % 8].value;
		send(w.p.ab.out, packet, sizeof(packet), 0);
		packet[changes[i % 8].at] = o;
		wall_run(&w, 1);
	}
	s = stats_of(w.p.b);
	ck_assert_uint_eq(s.rx.stray, 200);
	ck_assert_uint_eq(s.rx.malformed, 500);
	ck_assert_uint_eq(s.rx.signalling, 100);
	ck_assert_uint_eq(w.b.filler, filler);
	ck_assert_uint_eq(w.b.breaks + s.rx.resync + s.rx.lost, 0);
	pair_close(&w.p);
}
END_TEST

/* Lose every packet for some packet times; what the line plays then. */
static void lose(struct wall *w, unsigned packets, uint8_t (*rx)[LINE_BLOCK])
{
	static uint8_t tx[LINE_SLOTS][LINE_BLOCK];
	struct line *a = w->p.a, *b = w->p.b;

	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		memset(tx[1], 0xaa, LINE_BLOCK);	  /* loudest */
		tx[2][i] = (uint8_t)(0x80 | (i % 16));	  /* a ramp */
		tx[16][i] = 0x12;
	}
	for (unsigned ms = 0; ms < 200; ms++) {
		w->p.now = mono_add_ms(w->p.now, 1);
		line_tick(a, w->p.now);
		w->p.ab.mess.hole = ms >= 100 && ms < 100 + packets;
		relay_both(&w->p);
		line_tick(b, w->p.now);
		while (line_avail(a) >= LINE_BLOCK) {
			line_read(a, rx, LINE_BLOCK);
			line_write(a, (const uint8_t(*)[LINE_BLOCK])tx,
				   LINE_BLOCK);
		}
		while (line_avail(b) >= LINE_BLOCK) {
			int filler = line_read(b, rx, LINE_BLOCK);

			line_write(b, (const uint8_t(*)[LINE_BLOCK])tx,
				   LINE_BLOCK);
			if (ms > 100 && filler)
				return;
		}
	}
	ck_abort_msg("nothing was replaced");
}

START_TEST(conceals)
{
	struct line_config ca, cb;
	uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	struct wall w;
	unsigned at = 0;

	configs(&ca, &cb, LINE_WALL);
	cb.conceal = _i == 0;
	wall_open(&w, &ca, &cb);
	wall_run(&w, 200);
	lose(&w, 3, rx);
	/* the D slot shows where: 24 frames of ones, which end a frame */
	while (rx[16][at] == 0x12 && at < LINE_BLOCK)
		at++;
	ck_assert_uint_ge(at, 24);
	ck_assert_uint_le(at, LINE_BLOCK - 25);
	for (unsigned i = 0; i < 24; i++) {
		uint8_t loud = i < 20 ? 0xaa : 0xba; /* then 6 dB less */
		uint8_t ramp = rx[2][at - 1 - i];

		ck_assert_uint_eq(rx[16][at + i], 0xff);
		ck_assert_uint_eq(rx[1][at + i], _i ? 0xd5 : loud);
		if (i < 20)
			ck_assert_uint_eq(rx[2][at + i], _i ? 0xd5 : ramp);
	}
	ck_assert_uint_eq(rx[16][at + 24], 0x12);
	ck_assert_uint_eq(stats_of(w.p.b).rx.lost, 3);
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

static Suite *suite(void)
{
	Suite *s = suite_create("line_wall");
	TCase *t = tcase_create("wall");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, wall_clean);
	tcase_add_loop_test(t, wall_slave_locks, 0, 3);
	tcase_add_loop_test(t, wall_two_masters_slip, 0, 2);
	tcase_add_test(t, wall_impaired);
	tcase_add_test(t, stall_short);
	tcase_add_test(t, stall_long);
	tcase_add_test(t, peer_restarts);
	tcase_add_test(t, stranger);
	tcase_add_test(t, flood);
	tcase_add_test(t, wrong_packets);
	tcase_add_loop_test(t, conceals, 0, 2);
	tcase_add_test(t, any_port);
	tcase_add_test(t, wall_port);
	tcase_add_test(t, wall_port_lockstep);
	suite_add_tcase(s, t);

	t = tcase_create("alarm");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, steered);
	tcase_add_test(t, alarm_loss);
	tcase_add_test(t, alarm_down);
	tcase_add_test(t, alarm_unplugged);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_NOFORK);
}
