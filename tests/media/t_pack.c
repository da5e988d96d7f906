/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Packs: which spans share one, calls of several spans in one group, a line
 * that misses a block, lines that stop and come back, a tick that is late. */
#include "rig.c"
#include "line_fake.h"
#include "line_signal.c"
#include "tests/suite.h"

enum { SPANS = 3, SECOND = 8000, PACKETS = 1000 };

struct far_end { /* of one call, on slot 1 of the span of its number */
	int fd, rtcp;
	struct net_addr at;
	struct rig_packet packets[PACKETS];
	unsigned n;
};

static struct {
	struct engine *e;
	struct fake_line *line[SPANS];
	struct far_end far[SPANS];
	struct engine_span_state state[SPANS];
	uint8_t heard[SPANS][10 * SECOND];
	mono_t now;
	unsigned closed;
} p;

static uint8_t speech[10 * SECOND];

static void make_speech(unsigned seed)
{
	static float x[10 * SECOND];

	signal_speech(x, 10 * SECOND, -16, seed);
	for (size_t i = 0; i < 10 * SECOND; i++)
		speech[i] = law_encode(LAW_A, (int)lrintf(x[i]));
}

static void start_call(unsigned i)
{
	struct engine_command c = { .op = ENGINE_OPEN, .session = (uint16_t)i,
				    .id = i + 1 };
	struct media_modify m = { .rtp = p.far[i].at, .codec = 8,
				  .ptime_ms = 20, .answered = 1, .echo = 1 };

	ck_assert(engine_command(p.e, &c));
	c.op = ENGINE_MODIFY;
	c.u.modify = m;
	ck_assert(engine_command(p.e, &c));
	c.op = ENGINE_CONNECT;
	memset(&c.u, 0, sizeof(c.u));
	c.u.connect.span = (uint16_t)i;
	c.u.connect.slot = 1;
	ck_assert(engine_command(p.e, &c));
}

/* Three spans with a call each; of the first two, or of all, the lines have
 * one clock. */
static void setup_for(unsigned together, unsigned sessions)
{
	struct engine_config cfg = {
		.spans = SPANS, .sessions = sessions, .jitter_min_ms = 20,
		.jitter_max_ms = 200,
	};
	struct engine_span_config span = {
		.law = LAW_A, .idle = LAW_A_SILENCE, .echo_tail_ms = 32,
		.country = "de",
	};
	struct net_addr ours;
	int fd[2];

	memset(&p, 0, sizeof(p));
	p.e = engine_new(&cfg);
	p.now.ns = 1000 * NS_PER_S;
	for (unsigned i = 0; i < SPANS; i++) {
		p.line[i] = fake_line_new();
		p.line[i]->line.cfg.clock = i < together ? LINE_CLOCK_MASTER
							 : LINE_CLOCK_SLAVE;
		p.line[i]->heard = p.heard[i];
		p.line[i]->max_heard = sizeof(p.heard[i]);
		ck_assert_int_eq(engine_set_span(p.e, i, &span), 0);
		engine_set_line(p.e, i, &p.line[i]->line);
		rig_pair(&ours, fd);
		engine_set_sockets(p.e, i, fd[0], fd[1]);
		rig_pair(&p.far[i].at, fd);
		p.far[i].fd = fd[0];
		p.far[i].rtcp = fd[1];
	}
	ck_assert_int_eq(engine_prepare(p.e), 0);
	for (unsigned i = 0; i < SPANS; i++)
		start_call(i);
}

static void setup(unsigned together)
{
	setup_for(together, SPANS);
}

static void teardown(void)
{
	engine_free(p.e);
	for (unsigned i = 0; i < SPANS; i++) {
		close(p.far[i].fd);
		close(p.far[i].rtcp);
	}
}

static void collect(void)
{
	struct engine_event ev;

	for (unsigned i = 0; i < SPANS; i++) {
		struct far_end *f = &p.far[i];
		ssize_t n;

		while (f->n < PACKETS) {
			struct rig_packet *k = &f->packets[f->n];

			n = recv(f->fd, k->data, sizeof(k->data), MSG_DONTWAIT);
			if (n < 0)
				break;
			k->len = (size_t)n;
			k->at_ms = p.now.ns / NS_PER_MS;
			f->n++;
		}
	}
	while (engine_event(p.e, &ev)) {
		if (ev.kind == ENGINE_EV_SPAN)
			p.state[ev.u.span.span] = ev.u.span;
		p.closed += ev.kind == ENGINE_EV_CLOSED;
	}
}

static void step(unsigned ms)
{
	p.now = mono_add_ms(p.now, ms);
	engine_step(p.e, p.now);
	collect();
}

static void run(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++)
		step(1);
}

static uint32_t ts_of(const struct rig_packet *k)
{
	struct rtp_packet r;

	ck_assert_int_eq(rtp_parse(&r, k->data, k->len), 0);
	return r.ts;
}

/* From packet `from` on: at most `slack` ms from its time, in order, and
 * the timestamps are those of the time, to the block. */
static void check_pace(unsigned i, unsigned from, int64_t slack)
{
	const struct far_end *f = &p.far[i];
	const struct rig_packet *a = &f->packets[from];

	ck_assert_uint_gt(f->n, from + 2);
	for (unsigned k = from + 1; k < f->n; k++) {
		const struct rig_packet *b = &f->packets[k];
		int64_t late = b->at_ms - a->at_ms - 20 * (int64_t)(k - from);
		uint32_t samples = (uint32_t)(8 * (b->at_ms - a->at_ms));
		int32_t off = (int32_t)(ts_of(b) - ts_of(a) - samples);

		ck_assert_msg(llabs(late) <= slack, "span %u packet %u: %d ms",
			      i, k, (int)late);
		ck_assert_msg(abs(off) <= 160, "span %u packet %u: ts %d", i,
			      k, off);
	}
}

/* By how many samples the last packet's timestamp is not its time, seen from
 * an earlier packet. */
static int ts_off(unsigned i, unsigned from)
{
	const struct rig_packet *a = &p.far[i].packets[from];
	const struct rig_packet *b = &p.far[i].packets[p.far[i].n - 1];
	uint32_t samples = (uint32_t)(8 * (b->at_ms - a->at_ms));

	return abs((int32_t)(ts_of(b) - ts_of(a) - samples));
}

static const struct lane *lane_of(unsigned i)
{
	unsigned lane = p.e->sessions[i].place.lane;

	return &p.e->spans[i].pack->groups[lane / ECHO_LANES]
			.lanes[lane % ECHO_LANES];
}

/* Where the card cancels we do not, nor is anything non-linear done. */
START_TEST(test_cards_canceller)
{
	struct engine_command c = { .op = ENGINE_MODIFY, .id = 1 };

	setup(2);
	p.line[0]->cancels = true;
	run(100);
	ck_assert(!lane_of(0)->echo && !lane_of(0)->nlp);
	ck_assert(lane_of(1)->echo);
	ck_assert_uint_eq(lane_group_wanted(p.e->spans[0].pack->groups),
			  1u << p.e->sessions[1].place.lane);
	/* nor when it is asked for; another card does not */
	c.u.modify = (struct media_modify){ .rtp = p.far[0].at, .codec = 8,
					    .ptime_ms = 20, .answered = 1,
					    .echo = 1, .nlp = 1 };
	ck_assert(engine_command(p.e, &c));
	run(10);
	ck_assert(!lane_of(0)->echo && !lane_of(0)->nlp);
	p.line[0]->cancels = false;
	ck_assert(engine_command(p.e, &c));
	run(10);
	ck_assert(lane_of(0)->echo && lane_of(0)->nlp);
	teardown();
}
END_TEST

START_TEST(test_who_shares)
{
	setup(2);
	ck_assert_uint_eq(p.e->workers[0].n_packs, 2);
	ck_assert_ptr_eq(p.e->spans[0].pack, p.e->spans[1].pack);
	ck_assert_ptr_ne(p.e->spans[0].pack, p.e->spans[2].pack);
	run(30);
	ck_assert_uint_eq(p.e->sessions[0].place.lane, 0);
	ck_assert_uint_eq(p.e->sessions[1].place.lane, 1);
	ck_assert_uint_eq(p.e->sessions[2].place.lane, 0);
	/* 2 x 31 channels: a lane for each in four groups. */
	ck_assert_uint_eq(p.e->workers[0].packs[0]->n_groups, 4);
	teardown();
}
END_TEST

/* Two tails, two packet sizes, ten phases. */
START_TEST(test_who_does_not)
{
	struct engine_config cfg = { .spans = 24, .sessions = 1 };
	struct engine *e = engine_new(&cfg);
	struct engine_span_config c = { .law = LAW_A, .align = true,
					.country = "de" };

	for (unsigned i = 0; i < 24; i++) {
		struct fake_line *l = fake_line_new();

		c.echo_tail_ms = i == 10 ? 64 : 32;
		l->line.cfg.pw.frames = i == 11 ? 16 : 8;
		l->line.cfg.skew_ppm = i == 12 ? 3 : 0;
		ck_assert_int_eq(engine_set_span(e, i, &c), 0);
		if (i == 13)
			line_close(&l->line);
		else
			engine_set_line(e, i, &l->line);
	}
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert_uint_eq(e->workers[0].n_packs, 10 + 4);
	for (unsigned i = 10; i < 14; i++)
		ck_assert_uint_eq(e->spans[i].pack->n_spans, 1);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_eq(e->spans[i].pack->n_spans,
				  i < 4 ? 1 + (i + 20 < 24) : 2);
	engine_free(e);
}
END_TEST

/* Lanes are the pack's: the lowest free one, given back with the call. */
START_TEST(test_lowest_lane)
{
	struct engine_command c = { .op = ENGINE_CLOSE, .id = 1 };

	setup(3);
	run(10);
	ck_assert_uint_eq(p.e->sessions[2].place.lane, 2);
	ck_assert(engine_command(p.e, &c));
	run(10);
	ck_assert_ptr_null(p.e->workers[0].packs[0]->lanes[0]);
	ck_assert_uint_eq(p.closed, 1);
	start_call(0);
	run(10);
	ck_assert_uint_eq(p.e->sessions[0].place.lane, 0);
	ck_assert_ptr_eq(p.e->workers[0].packs[0]->lanes[0], &p.e->sessions[0]);
	teardown();
}
END_TEST

static size_t joined(unsigned i, uint8_t *all, size_t max)
{
	size_t have = 0;

	for (unsigned k = 0; k < p.far[i].n && have + 160 <= max; k++) {
		memcpy(all + have, p.far[i].packets[k].data + RTP_HEADER, 160);
		have += 160;
	}
	return have;
}

/* What each of three lines says comes out of its own call. */
static bool says(unsigned i, const uint8_t *codes, size_t n)
{
	static uint8_t all[10 * SECOND];
	size_t have = joined(i, all, sizeof(all));

	for (size_t at = 0; at + n <= have; at++)
		if (memcmp(all + at, codes, n) == 0)
			return true;
	return false;
}

START_TEST(test_channels_stay_apart)
{
	setup(3);
	make_speech(1);
	for (unsigned i = 0; i < SPANS; i++) {
		p.line[i]->said = speech + 1000 * i;
		p.line[i]->said_from = 4000 + 777 * i;
		p.line[i]->said_n = SECOND;
	}
	for (unsigned i = 0; i < SPANS; i++) {
		struct engine_command c = { .op = ENGINE_MODIFY, .id = i + 1,
					    .session = (uint16_t)i };

		/* To the bit, so without canceller. */
		c.u.modify = (struct media_modify){ .rtp = p.far[i].at,
						    .codec = 8,
						    .ptime_ms = 20 };
		ck_assert(engine_command(p.e, &c));
	}
	run(2500);
	for (unsigned i = 0; i < SPANS; i++) {
		ck_assert(says(i, speech + 1000 * i, SECOND));
		check_pace(i, 1, 0);
		ck_assert_uint_eq(p.e->spans[i].clock.bridged, 0);
	}
	teardown();
}
END_TEST

enum { CROWD = 40 };

static void command(unsigned session, unsigned op)
{
	struct engine_command c = { .op = (uint8_t)op, .id = session + 1,
				    .session = (uint16_t)session };

	ck_assert(engine_command(p.e, &c));
}

/* Calls without sockets on the two spans, beside call 0 of the rig. */
static void crowd(void)
{
	for (unsigned i = SPANS; i < CROWD; i++) {
		struct engine_command c = { .op = ENGINE_CONNECT, .id = i + 1,
					    .session = (uint16_t)i };

		command(i, ENGINE_OPEN);
		c.u.connect.span = i % 2;
		c.u.connect.slot = (uint8_t)(2 + i / 2);
		ck_assert(engine_command(p.e, &c));
	}
	run(30);
}

static void check_lanes(const struct pack *k, unsigned calls)
{
	unsigned n = 0;

	for (unsigned g = 0; g < k->n_groups; g++) {
		unsigned taken = 0;

		for (unsigned i = g * ECHO_LANES; i < (g + 1) * ECHO_LANES; i++)
			if (k->lanes[i]) {
				ck_assert_uint_eq(k->lanes[i]->place.lane, i);
				taken++;
			}
		ck_assert_uint_eq(taken, k->taken[g]);
		n += taken;
	}
	ck_assert_uint_eq(n, calls);
}

/* Many calls end; those that are left come together in few groups, and who
 * is moved does not hear of it. */
START_TEST(test_calls_are_moved_together)
{
	static uint8_t out[10 * SECOND];
	const struct pack *k;
	size_t lag;

	setup_for(2, CROWD);
	k = p.e->workers[0].packs[0];
	make_speech(3);
	p.line[0]->said = speech;
	p.line[0]->said_from = 8000;
	p.line[0]->said_n = 3 * SECOND;
	crowd();
	/* All but that of span 2, which is a pack of its own. */
	check_lanes(k, CROWD - 1);
	ck_assert_uint_eq(k->taken[0], ECHO_LANES);
	ck_assert_uint_eq(k->taken[1], ECHO_LANES);
	ck_assert_uint_lt(p.e->sessions[0].place.lane, ECHO_LANES);
	run(1500);
	ck_assert_uint_eq(k->moves, 0);
	/* In the first group call 0 is left, in the second ten, in the third
	 * all: 18 calls need two groups. */
	for (unsigned i = 1; i < CROWD; i++) {
		unsigned at = p.e->sessions[i].place.lane;

		if (i != 2 && (at < ECHO_LANES || (at >= 26 && at < 32)))
			command(i, ENGINE_CLOSE);
	}
	run(1500);
	check_lanes(k, 18);
	ck_assert_uint_eq(k->moves, 1);
	ck_assert_uint_eq(k->taken[0], 0);
	ck_assert_uint_eq(p.e->sessions[0].place.lane, 26);
	/* A new one fills up, it does not begin a group. */
	start_call(1);
	run(2000);
	ck_assert_uint_eq(p.e->sessions[1].place.lane, 27);
	check_lanes(k, 19);
	ck_assert_uint_eq(k->moves, 1);
	check_pace(0, 1, 0);
	/* Its canceller lets the near end through before and after. */
	ck_assert_uint_ge(joined(0, out, sizeof(out)), 5 * SECOND);
	ck_assert_double_gt(rig_correlate(LAW_A, out, speech, 3 * SECOND,
					  2 * SECOND, &lag), 0.999);
	teardown();
}
END_TEST

/* A line is late by some ms from now on: the others wait a tick for it, no
 * longer; it is bridged once and then has its block in time. */
START_TEST(test_late_line)
{
	setup(3);
	run(1000);
	p.line[1]->late_ms = 4;
	run(1000);
	check_pace(0, 1, 1);
	check_pace(1, 1, 1);
	check_pace(2, 1, 1);
	ck_assert_uint_eq(p.e->spans[1].clock.bridged, 1);
	ck_assert_uint_eq(p.e->spans[1].clock.dropped, 0);
	ck_assert_uint_eq(p.e->spans[0].clock.bridged, 0);
	/* It is in time again: the block that it has too many goes. */
	p.line[1]->late_ms = 0;
	run(1000);
	check_pace(1, 1, 1);
	ck_assert_uint_eq(p.e->spans[1].clock.bridged, 1);
	ck_assert_uint_eq(p.e->spans[1].clock.dropped, 1);
	ck_assert_uint_eq(p.e->spans[0].clock.dropped, 0);
	ck_assert_uint_eq(p.e->spans[1].clock.stalls, 0);
	teardown();
}
END_TEST

/* One of three lines stops and comes back, with what it missed (as much as
 * a driver keeps) or without. */
static void stop_one(bool forgets)
{
	setup(3);
	run(1000);
	p.line[1]->forgets = forgets;
	p.line[1]->stopped = true;
	run(29);
	ck_assert(!p.e->spans[1].watch.stalled);
	run(20);
	ck_assert(p.e->spans[1].watch.stalled);
	run(440);
	ck_assert_uint_eq(p.e->spans[1].alarms, 0);
	run(20);
	ck_assert_uint_eq(p.state[1].alarms, LINE_STALLED);
	ck_assert_str_eq(line_alarm_name(LINE_STALLED), "stalled");
	ck_assert_ptr_nonnull(strstr(line_alarm_why(LINE_PSEUDOWIRE, p.state[1].alarms),
				     "brings no frames"));
	run(1540);
	p.line[1]->stopped = false;
	run(40);
	ck_assert_uint_eq(p.state[1].alarms, 0);
	run(1000);
	for (unsigned i = 0; i < SPANS; i++)
		check_pace(i, 1, 1);
	ck_assert_uint_eq(p.e->spans[1].clock.stalls, 1);
	ck_assert_uint_ge(p.e->spans[1].clock.bridged, 204);
	ck_assert_uint_le(p.e->spans[1].clock.bridged, 207);
	if (forgets)
		ck_assert_uint_le(p.e->spans[1].clock.dropped, 1);
	else
		ck_assert_uint_ge(p.e->spans[1].clock.dropped, 4);
	ck_assert_uint_eq(p.e->spans[0].clock.bridged, 0);
	ck_assert_uint_eq(p.closed, 0);
	ck_assert_ptr_eq(p.e->spans[1].slots[1], &p.e->sessions[1]);
	teardown();
}

START_TEST(test_one_stops)
{
	stop_one(true);
	stop_one(false);
}
END_TEST

/* All lines of a pack stop: it goes on by the tick's clock, 20 ms packets of
 * silence, tones and RTCP, and the time that passed until this was noticed
 * shows in the timestamps, not in a burst. */
START_TEST(test_all_stop)
{
	unsigned before[SPANS];

	setup(2);
	run(1000);
	for (unsigned i = 0; i < SPANS; i++) {
		before[i] = p.far[i].n;
		p.line[i]->stopped = true;
	}
	run(3000);
	for (unsigned i = 0; i < SPANS; i++) {
		ck_assert_uint_ge(p.far[i].n, before[i] + 147);
		ck_assert_uint_le(p.far[i].n, before[i] + 150);
		check_pace(i, before[i] + 1, 0);
	}
	for (unsigned i = 0; i < SPANS; i++)
		p.line[i]->stopped = false;
	run(1000);
	for (unsigned i = 0; i < SPANS; i++) {
		struct far_end *f = &p.far[i];

		check_pace(i, before[i] + 155, 1);
		ck_assert_int_le(ts_off(i, 1), 160);
		ck_assert_uint_eq(p.state[i].alarms, 0);
		ck_assert_uint_eq(p.e->spans[i].clock.stalls, 1);
		ck_assert_uint_ge(p.e->spans[i].clock.dropped, 4);
		for (unsigned k = 1; k < f->n; k++)
			ck_assert_int_ge(f->packets[k].at_ms -
						 f->packets[k - 1].at_ms, 9);
	}
	ck_assert_uint_eq(p.closed, 0);
	teardown();
}
END_TEST

/* Tones to RTP and RTCP go on while the line has stopped. */
START_TEST(test_tone_goes_on)
{
	struct engine_command c = { .op = ENGINE_TONE, .id = 1 };
	struct far_end *f = &p.far[0];
	uint8_t octets[500];
	unsigned reports = 0;
	double loud = -100;

	setup(1);
	run(500);
	p.line[0]->stopped = true;
	run(100);
	while (recv(f->rtcp, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
	c.u.tone.kind = MEDIA_TONE_DIAL;
	c.u.tone.to_rtp = 1;
	ck_assert(engine_command(p.e, &c));
	run(500);
	for (unsigned k = f->n - 10; k < f->n; k++)
		loud = fmax(loud, rig_level(LAW_A, f->packets[k].data +
						   RTP_HEADER, 160));
	ck_assert_double_gt(loud, -25);
	run(15000);
	while (recv(f->rtcp, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		reports++;
	ck_assert_uint_ge(reports, 2);
	ck_assert_uint_eq(p.closed, 0);
	teardown();
}
END_TEST

/* The engine oversleeps: what the lines kept is done a block a tick, and the
 * pace is as before. */
START_TEST(test_late_tick)
{
	unsigned n[SPANS];

	setup(2);
	run(1000);
	for (unsigned i = 0; i < SPANS; i++)
		n[i] = p.far[i].n;
	step(45);
	for (unsigned i = 0; i < SPANS; i++)
		ck_assert_uint_le(p.far[i].n, n[i] + 1);
	run(5);
	ck_assert_uint_ge(p.e->workers[0].gauges.catch_up, 9);
	for (unsigned i = 0; i < SPANS; i++) {
		ck_assert_uint_ge(p.far[i].n, n[i] + 2);
		/* Two blocks a packet: not in the same ms. */
		for (unsigned k = n[i] + 1; k < p.far[i].n; k++)
			ck_assert_int_ge(p.far[i].packets[k].at_ms -
					 p.far[i].packets[k - 1].at_ms, 2);
	}
	run(1000);
	step(400);
	run(10);
	for (unsigned i = 0; i < SPANS; i++)
		n[i] = p.far[i].n;
	run(1000);
	for (unsigned i = 0; i < SPANS; i++) {
		ck_assert_uint_ge(p.far[i].n, n[i] + 49);
		ck_assert_uint_le(p.far[i].n, n[i] + 51);
		check_pace(i, n[i] + 1, 1);
		ck_assert_uint_eq(p.e->spans[i].clock.stalls, 0);
		ck_assert_uint_eq(p.e->spans[i].clock.bridged, 0);
		ck_assert_uint_eq(p.e->spans[i].clock.dropped, 0);
		/* What was lost of the 400 ms is no delay for ever. */
		ck_assert_int_le(ts_off(i, 1), 160);
	}
	teardown();
}
END_TEST

/* A driver that loses 25 ms, too little for the watchdog. */
START_TEST(test_lost_frames)
{
	setup(1);
	run(1000);
	p.line[0]->forgets = true;
	p.line[0]->stopped = true;
	run(25);
	p.line[0]->stopped = false;
	run(1000);
	ck_assert_uint_eq(p.e->spans[0].clock.stalls, 0);
	ck_assert_int_le(ts_off(0, 1), 160);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pack");
	TCase *tc = tcase_create("pack");

	tcase_add_test(tc, test_cards_canceller);
	tcase_add_test(tc, test_who_shares);
	tcase_add_test(tc, test_who_does_not);
	tcase_add_test(tc, test_lowest_lane);
	tcase_add_test(tc, test_channels_stay_apart);
	tcase_add_test(tc, test_calls_are_moved_together);
	tcase_add_test(tc, test_late_line);
	tcase_add_test(tc, test_one_stops);
	tcase_add_test(tc, test_all_stop);
	tcase_add_test(tc, test_tone_goes_on);
	tcase_add_test(tc, test_late_tick);
	tcase_add_test(tc, test_lost_frames);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
