/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Audio through the engine, line to RTP and back: exact samples, levels,
 * delay, laws, packet times, holes. */
#include "rig.c"
#include "rig_feed.c"
#include "tests/suite.h"

START_TEST(test_line_to_rtp_exact)
{
	static uint8_t out[4 * SECOND];
	struct rig_config c = { .law = LAW_A };
	struct rig r;
	size_t n, at;

	make_speech(LAW_A, 1);
	start_call(&r, &c);
	r.said = speech;
	r.n_said = 2 * SECOND;
	rig_run(&r, 2500);
	n = joined(&r, 8, out, sizeof(out));
	ck_assert(contains(out, n, speech + 400, 2 * SECOND - 400, &at));
	/* RTP timestamps run with the line: 2.4 s at least. */
	ck_assert_uint_ge(n, 19000);
	rig_fini(&r);
}
END_TEST

/* Timestamps, numbers, marker, and the same distance between packets. */
START_TEST(test_packets_evenly_spaced)
{
	static const unsigned ptimes[] = { 10, 20, 30, 40, 50, 60 };
	struct rig_config c = { .law = LAW_A };

	for (unsigned k = 0; k < 6; k++) {
		struct rtp_packet p, q;
		struct media_modify m;
		struct rig r;
		unsigned pt = ptimes[k];

		start_call(&r, &c);
		m = rig_modify_default(&r);
		m.ptime_ms = (uint8_t)pt;
		rig_modify(&r, &m);
		rig_run(&r, 1200);
		ck_assert_uint_ge(r.n_packets, 1100 / pt - 1);
		for (unsigned i = 0; i + 1 < r.n_packets; i++) {
			rtp_parse(&p, r.packets[i].data, r.packets[i].len);
			rtp_parse(&q, r.packets[i + 1].data,
				  r.packets[i + 1].len);
			ck_assert_uint_eq(p.marker, i == 0);
			ck_assert_uint_eq(p.len, pt * 8);
			ck_assert_uint_eq((uint16_t)(q.seq - p.seq), 1);
			ck_assert_uint_eq(q.ts - p.ts, pt * 8);
			ck_assert_uint_eq(q.ssrc, p.ssrc);
			ck_assert_int_eq(r.packets[i + 1].at_ms -
						 r.packets[i].at_ms, pt);
		}
		rig_fini(&r);
	}
}
END_TEST

START_TEST(test_rtp_to_line_exact)
{
	static const unsigned ptimes[] = { 10, 20, 30, 40, 50, 60, 5, 25 };
	struct rig_config c = { .law = LAW_A };

	make_speech(LAW_A, 2);
	for (unsigned k = 0; k < 8; k++) {
		struct feed f = { .codes = speech, .n = 2 * SECOND,
				  .ptime = ptimes[k], .codec = 8 };
		struct rig r;
		size_t at;

		start_call(&r, &c);
		feed_start(&r, &f);
		rig_run(&r, 2500);
		/* The first packet was on probation, the last may be cut. */
		ck_assert_msg(contains(r.heard, r.n_heard, speech + 480,
				       2 * SECOND - 1120, &at),
			      "ptime %u", ptimes[k]);
		ck_assert_uint_eq(r.e->sessions[0].rx.jitter.stats.late, 0);
		ck_assert_uint_eq(rig_count(&r, MEDIA_EV_RTP), 1);
		rig_fini(&r);
	}
}
END_TEST

/* Speech that enters at the far line at t comes out of RTP, and the other
 * way round: what the engine adds. */
START_TEST(test_delay)
{
	struct rig_config c = { .law = LAW_A, .jitter_min_ms = 10 };
	struct feed f = { .codes = speech, .n = SECOND, .ptime = 20,
			  .codec = 8 };
	static uint8_t out[4 * SECOND];
	size_t n, at, from;
	int64_t now;
	struct rig r;

	make_speech(LAW_A, 3);
	start_call(&r, &c);
	rig_run(&r, 200);
	feed_start(&r, &f);
	from = r.n_heard;
	rig_run(&r, 1500);
	ck_assert(contains(r.heard, r.n_heard, speech + 160, SECOND - 800, &at));
	/* 20 ms packet, 10 + 10 ms buffer and block, 10 ms queue, the line
	 * 5 ms jitter and 10 ms block of the far end. */
	ck_assert_uint_le(at - 160 - from, 8 * 75);
	r.said = speech;
	r.n_said = SECOND;
	r.n_packets = 0;
	now = r.now.ns / NS_PER_MS;
	rig_run(&r, 1500);
	n = joined(&r, 8, out, sizeof(out));
	ck_assert(contains(out, n, speech + 800, 800, &at));
	/* The sample 800 was said 100 ms later; up to 10 ms block and 10 ms
	 * queue at the far line, 5 ms its jitter buffer here, 10 ms block,
	 * up to 20 ms packet. */
	ck_assert_int_le(r.packets[at / 160].at_ms - now, 100 + 55);
	rig_fini(&r);
}
END_TEST

START_TEST(test_laws)
{
	struct rig_config c = { .law = LAW_A };
	struct feed f = { .codes = speech, .n = SECOND, .ptime = 20,
			  .codec = 0 };
	static uint8_t out[4 * SECOND], want[SECOND];
	struct media_modify m;
	struct rig r;
	size_t n, at;

	make_speech(LAW_U, 4);
	start_call(&r, &c);
	m = rig_modify_default(&r);
	m.codec = 0;
	rig_modify(&r, &m);
	feed_start(&r, &f);
	rig_run(&r, 1500);
	memcpy(want, speech, sizeof(want));
	law_convert_n(LAW_U, LAW_A, want, sizeof(want));
	ck_assert(contains(r.heard, r.n_heard, want + 160, sizeof(want) - 800,
			   &at));
	r.said = want;
	r.n_said = SECOND;
	r.n_packets = 0;
	rig_run(&r, 1500);
	n = joined(&r, 0, out, sizeof(out));
	law_convert_n(LAW_A, LAW_U, want, sizeof(want));
	ck_assert(contains(out, n, want + 400, SECOND - 400, &at));
	rig_fini(&r);
}
END_TEST

static void with_faults(const struct feed *f, double *corr,
			struct media_figures *fig)
{
	struct rig_config c = { .law = LAW_A };
	struct feed feed = *f;
	struct rig r;
	size_t lag;

	start_call(&r, &c);
	feed_start(&r, &feed);
	rig_run(&r, 6000);
	/* The fourth second: the delay has settled by then. */
	*corr = rig_correlate(LAW_A, r.heard + 3 * SECOND, speech + 3 * SECOND,
			      SECOND, 2000, &lag);
	session_figures(&r.e->sessions[0], fig);
	rig_fini(&r);
}

START_TEST(test_loss_order_repetition)
{
	struct feed f = { .codes = speech, .n = 5 * SECOND, .ptime = 20,
			  .codec = 8 };
	struct media_figures fig;
	double corr;

	make_speech(LAW_A, 5);
	f.dup_every = 5;
	with_faults(&f, &corr, &fig);
	ck_assert_double_gt(corr, 0.9999);
	ck_assert_uint_eq(fig.rtp_dup, 50);
	ck_assert_uint_eq(fig.rtp_lost, 0);
	f.dup_every = 0;
	f.swap_every = 7;
	with_faults(&f, &corr, &fig);
	/* The first swap costs the delay its adaption, no more. */
	ck_assert_double_gt(corr, 0.95);
	ck_assert_uint_eq(fig.rtp_lost, 0);
	ck_assert_uint_le(fig.rtp_late, 3);
	f.swap_every = 0;
	f.drop_every = 20;
	with_faults(&f, &corr, &fig);
	ck_assert_uint_eq(fig.rtp_lost, 12);
	ck_assert_uint_ge(fig.concealed_ms, 12 * 20);
	ck_assert_uint_le(fig.concealed_ms, 12 * 20 + 100);
	ck_assert_double_gt(corr, 0.93);
	ck_assert_uint_ge(fig.mos_c, 340);
	ck_assert_uint_le(fig.mos_c, 420);
}
END_TEST

/* Random octets of any length from the right place, and good packets from
 * wrong places, are never heard and all counted. */
START_TEST(test_clear_mode)
{
	static uint8_t bits[2 * SECOND], out[4 * SECOND];
	struct rig_config c = { .law = LAW_A, .echo_tail_ms = 32 };
	struct feed f = { .codes = bits, .n = SECOND, .ptime = 20,
			  .codec = 97 };
	struct media_modify m;
	struct rig r;
	size_t n, at;

	srand(3);
	for (size_t i = 0; i < sizeof(bits); i++)
		bits[i] = (uint8_t)rand();
	rig_init(&r, &c);
	rig_open(&r);
	m = rig_modify_default(&r);
	m.codec = 97;
	m.echo = 1;
	rig_modify(&r, &m);
	rig_connect(&r, true);
	rig_run(&r, 100);
	feed_start(&r, &f);
	r.said = bits;
	r.n_said = SECOND;
	rig_run(&r, 1600);
	ck_assert(contains(r.heard, r.n_heard, bits + 160, SECOND - 480, &at));
	n = joined(&r, 97, out, sizeof(out));
	ck_assert(contains(out, n, bits, SECOND, &at));
	/* After the end: what is lost is all ones. */
	ck_assert_uint_eq(r.heard[r.n_heard - 1], 0xff);
	rig_fini(&r);
}
END_TEST

/* All ones in the place of what is lost, and no more than that; counted. */
START_TEST(test_loss_in_clear_mode)
{
	static uint8_t bits[SECOND];
	struct rig_config c = { .law = LAW_A };
	struct feed f = { .codes = bits, .n = SECOND, .ptime = 20,
			  .codec = 97, .drop_every = 10 };
	struct media_figures fig;
	struct media_modify m;
	struct rig r;
	size_t filled = 0;

	memset(bits, 0x5a, sizeof(bits));
	rig_init(&r, &c);
	rig_open(&r);
	m = rig_modify_default(&r);
	m.codec = 97;
	rig_modify(&r, &m);
	rig_connect(&r, true);
	rig_run(&r, 100);
	feed_start(&r, &f);
	rig_run(&r, 900);
	for (size_t i = 0; i < r.n_heard; i++)
		filled += i > 200 * 8 && r.heard[i] != 0x5a;
	session_figures(&r.e->sessions[0], &fig);
	ck_assert_uint_eq(fig.rtp_lost, 4);
	ck_assert_uint_eq(filled, 4 * 160);
	ck_assert_uint_eq(fig.concealed_ms, 4 * 20);
	rig_fini(&r);
}
END_TEST

START_TEST(test_directions)
{
	struct rig_config c = { .law = LAW_A };
	struct feed f = { .codes = speech, .n = 20 * SECOND, .ptime = 20,
			  .codec = 8 };
	struct media_modify m;
	unsigned before;
	size_t at;
	struct rig r;

	make_speech(LAW_A, 7);
	start_call(&r, &c);
	feed_start(&r, &f);
	rig_run(&r, 300);
	m = rig_modify_default(&r);
	m.direction = MEDIA_RECVONLY;
	rig_modify(&r, &m);
	rig_run(&r, 30);
	before = r.n_packets;
	rig_run(&r, 300);
	ck_assert_uint_eq(r.n_packets, before);
	m.direction = MEDIA_SENDONLY;
	rig_modify(&r, &m);
	rig_run(&r, 400);
	ck_assert_uint_gt(r.n_packets, before + 15);
	at = r.n_heard;
	rig_run(&r, 300);
	ck_assert_double_lt(rig_level(LAW_A, r.heard + at, r.n_heard - at),
			    -60);
	m.direction = MEDIA_INACTIVE;
	rig_modify(&r, &m);
	rig_run(&r, 30);
	before = r.n_packets;
	rig_run(&r, 200);
	ck_assert_uint_eq(r.n_packets, before);
	m.direction = MEDIA_SENDRECV;
	rig_modify(&r, &m);
	at = r.n_heard;
	rig_run(&r, 1500);
	ck_assert_uint_gt(r.n_packets, before + 60);
	ck_assert_double_gt(rig_level(LAW_A, r.heard + at, r.n_heard - at),
			    -40);
	rig_fini(&r);
}
END_TEST

START_TEST(test_silence_alarm)
{
	struct rig_config c = { .law = LAW_A, .silent_alarm_s = 2,
				.silent_release_s = 5 };
	struct feed f = { .codes = speech, .n = SECOND, .ptime = 20,
			  .codec = 8 };
	struct media_modify m;
	struct rig r;

	start_call(&r, &c);
	feed_start(&r, &f);
	rig_run(&r, 2500);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_SILENT), 0);
	rig_run(&r, 1000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_SILENT), 1);
	/* It speaks again, then is put on hold for long. */
	f.at = 0;
	r.ts += 3 * SECOND;
	rig_run(&r, 1000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_HEARD), 1);
	m = rig_modify_default(&r);
	m.direction = MEDIA_SENDONLY;
	rig_modify(&r, &m);
	rig_run(&r, 8000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_SILENT), 1);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DEAD), 0);
	m.direction = MEDIA_SENDRECV;
	rig_modify(&r, &m);
	rig_run(&r, 4900);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_SILENT), 2);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DEAD), 0);
	rig_run(&r, 500);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DEAD), 1);
	rig_run(&r, 6000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DEAD), 1);
	rig_fini(&r);
}
END_TEST

/* Before the answer nothing is supervised. */
START_TEST(test_no_alarm_before_answer)
{
	struct rig_config c = { .law = LAW_A, .silent_alarm_s = 1,
				.silent_release_s = 2 };
	struct media_modify m;
	struct rig r;

	rig_init(&r, &c);
	rig_open(&r);
	m = rig_modify_default(&r);
	m.answered = 0;
	rig_modify(&r, &m);
	rig_connect(&r, false);
	rig_run(&r, 5000);
	ck_assert_uint_eq(r.n_events, 0);
	rig_fini(&r);
}
END_TEST

START_TEST(test_close_and_stale)
{
	struct rig_config c = { .law = LAW_A };
	struct engine_command cmd = { 0 };
	struct rig r;

	start_call(&r, &c);
	rig_run(&r, 500);
	rig_command(&r, ENGINE_CLOSE, &cmd);
	rig_run(&r, 5);
	ck_assert(r.closed);
	ck_assert_uint_ge(r.figures.rtp_tx, 20);
	/* A late word about the earlier call reaches nobody. */
	rig_command(&r, ENGINE_CLOSE, &cmd);
	rig_connect(&r, false);
	r.n_packets = 0;
	rig_run(&r, 100);
	ck_assert_uint_eq(r.n_packets, 0);
	ck_assert_uint_eq(r.e->workers[0].gauges.commands_stale, 2);
	ck_assert_ptr_null(r.e->spans[0].slots[RIG_SLOT]);
	/* And the pair is as new. */
	rig_open(&r);
	rig_run(&r, 5);
	ck_assert(r.e->sessions[0].open);
	rig_fini(&r);
}
END_TEST

/* With the ring of events full, the end of a session waits, and is told. */
START_TEST(test_closed_is_never_lost)
{
	struct rig_config c = { .law = LAW_A };
	struct engine_event ev = { .kind = 99 };
	struct engine_command cmd = { 0 };
	struct rig r;

	start_call(&r, &c);
	rig_run(&r, 100);
	while (ring_put(&r.e->workers[0].rings.events, &ev))
		;
	rig_command(&r, ENGINE_CLOSE, &cmd);
	for (unsigned i = 0; i < 50; i++) {
		r.now = mono_add_ms(r.now, 1);
		engine_step(r.e, r.now);
	}
	ck_assert(r.e->sessions[0].closing);
	ck_assert_uint_eq(r.e->workers[0].used, 1);
	ck_assert_uint_ge(r.e->workers[0].gauges.events_lost, 2);
	rig_run(&r, 30);
	ck_assert(r.closed);
	ck_assert_uint_eq(r.e->workers[0].used, 0);
	rig_fini(&r);
}
END_TEST

/* The engine oversleeps 70 ms: packets come in a burst with right
 * timestamps, the line hears what it would have heard. */
START_TEST(test_late_ticks)
{
	struct rig_config c = { .law = LAW_A };
	static uint8_t out[4 * SECOND];
	struct rig r;
	size_t n, at;

	make_speech(LAW_A, 8);
	start_call(&r, &c);
	r.said = speech;
	r.n_said = 2 * SECOND;
	rig_run(&r, 300);
	for (unsigned i = 0; i < 30; i++) {
		r.now = mono_add_ms(r.now, 1);
		rig_far_line(&r);
	}
	rig_run(&r, 2000);
	n = joined(&r, 8, out, sizeof(out));
	ck_assert(contains(out, n, speech + 400, 2 * SECOND - 400, &at));
	ck_assert_uint_ge(r.e->workers[0].gauges.catch_up, 1);
	rig_fini(&r);
}
END_TEST

/* Who stays behind lets the cancellers rest, for a while; a stall that is made
 * good does not count. */
START_TEST(test_behind)
{
	struct rig_config c = { .law = LAW_A };
	struct worker *w;
	uint64_t blocks;
	struct rig r;

	start_call(&r, &c);
	w = &r.e->workers[0];
	for (unsigned i = 0; i < 600; i++)
		worker_note_late(w, r.now,
				 mono_add_ms(r.now, i % 300 < 149 ? 3 : 1));
	rig_run(&r, 100);
	ck_assert_uint_eq(w->gauges.rested, 0);
	for (unsigned i = 0; i < 150; i++)
		worker_note_late(w, r.now, mono_add_ms(r.now, 3));
	blocks = w->gauges.blocks;
	rig_run(&r, 3000);
	ck_assert_uint_ge(w->gauges.rested, 199);
	ck_assert_uint_le(w->gauges.rested, 201);
	ck_assert_uint_ge(w->gauges.blocks, blocks + 299);
	rig_fini(&r);
}
END_TEST

START_TEST(test_echo_cancelled)
{
	static uint8_t out[20 * SECOND];
	struct rig_config c = { .law = LAW_A, .echo_tail_ms = 64 };
	struct feed f = { .codes = speech, .n = 8 * SECOND, .ptime = 20,
			  .codec = 8 };
	static float far[8 * SECOND], echo[8 * SECOND];
	static uint8_t said[8 * SECOND];
	struct media_modify m;
	struct hybrid h;
	double in, res;
	size_t n, at;
	struct rig r;

	make_speech(LAW_A, 9);
	rig_init(&r, &c);
	rig_run(&r, 50);
	rig_open(&r);
	m = rig_modify_default(&r);
	m.echo = 1;
	m.answered = 0;
	rig_modify(&r, &m);
	rig_connect(&r, false);
	/* First learn where the speech comes out on the line (nobody has
	 * answered, there is no echo yet)... */
	feed_start(&r, &f);
	rig_run(&r, 1000);
	ck_assert(contains(r.heard, r.n_heard, speech, 4000, &at));
	/* ...then say its echo, 10 dB lower, from there on. The far line
	 * answers what it hears a block later. */
	hybrid_model(&h, 2, 0, 10);
	for (size_t i = 0; i < 8 * SECOND; i++)
		far[i] = law_decode(LAW_A, speech[i]);
	hybrid_run(&h, far, echo, 8 * SECOND);
	for (size_t i = 0; i < 8 * SECOND; i++)
		said[i] = law_encode(LAW_A, (int)lrintf(echo[i]));
	r.said = said;
	r.n_said = 8 * SECOND;
	r.at_said = r.n_heard - at - (r.n_heard - at) % 80;
	m.answered = 1;
	rig_modify(&r, &m);
	rig_run(&r, 6500);
	n = joined(&r, 8, out, sizeof(out));
	ck_assert_uint_gt(n, 7 * SECOND);
	in = rig_level(LAW_A, said + 5 * SECOND, SECOND);
	res = rig_level(LAW_A, out + n - 2 * SECOND, SECOND);
	ck_assert_double_lt(res, in - 20);
	session_figures(&r.e->sessions[0], &r.figures);
	ck_assert_int_gt(r.figures.erl_cdb, 700);
	ck_assert_int_lt(r.figures.erl_cdb, 1400);
	ck_assert_int_gt(r.figures.erle_cdb, 1500);
	rig_fini(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine");
	TCase *tc = tcase_create("engine");

	tcase_add_test(tc, test_line_to_rtp_exact);
	tcase_add_test(tc, test_packets_evenly_spaced);
	tcase_add_test(tc, test_rtp_to_line_exact);
	tcase_add_test(tc, test_delay);
	tcase_add_test(tc, test_laws);
	tcase_add_test(tc, test_loss_order_repetition);
	tcase_add_test(tc, test_clear_mode);
	tcase_add_test(tc, test_loss_in_clear_mode);
	tcase_add_test(tc, test_directions);
	tcase_add_test(tc, test_silence_alarm);
	tcase_add_test(tc, test_no_alarm_before_answer);
	tcase_add_test(tc, test_close_and_stale);
	tcase_add_test(tc, test_closed_is_never_lost);
	tcase_add_test(tc, test_late_ticks);
	tcase_add_test(tc, test_behind);
	tcase_add_test(tc, test_echo_cancelled);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
