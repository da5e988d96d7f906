/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* DTMF, tones and modems through the whole engine: line to RTP events, RTP
 * events to the line, in-band copies kept out, RTCP with a peer. */
#include "rig.c"
#include "line_signal.c"
#include "tests/suite.h"

enum { SECOND = 8000 };

static const char all[] = "1234567890*#ABCD";
static uint8_t said[40 * SECOND];

static void call(struct rig *r, uint8_t dtmf_pt)
{
	struct rig_config c = { .law = LAW_A };
	struct media_modify m;

	rig_init(r, &c);
	rig_run(r, 50);
	rig_open(r);
	m = rig_modify_default(r);
	m.dtmf_pt = dtmf_pt;
	rig_modify(r, &m);
	rig_connect(r, false);
	rig_run(r, 50);
}

/* on ms of each digit, then off ms. */
static size_t dial(const char *digits, unsigned on, unsigned off)
{
	static const float levels[2] = { -10, -8 };
	size_t n = 800;

	memset(said, LAW_A_SILENCE, sizeof(said));
	for (; *digits; digits++) {
		struct tone_pattern p;
		struct tone_gen g = { 0 };
		float x[80];

		tone_pair(&p, dtmf_hz(dtmf_code(*digits)), levels, on);
		tone_start(&g, &p);
		for (unsigned i = 0; i < on + off; i += 10) {
			tone_run(&g, x, 80);
			for (unsigned k = 0; k < 80; k++)
				said[n++] = law_encode(LAW_A,
						       (int)lrintf(x[k]));
		}
	}
	return n;
}

/* The digits whose events were sent, with their checks. */
static void sent_digits(const struct rig *r, char *out)
{
	struct dtmf_event e;
	struct rtp_packet p;
	uint32_t last_ts = 0;
	unsigned ends = 0;

	for (unsigned i = 0; i < r->n_packets; i++) {
		rtp_parse(&p, r->packets[i].data, r->packets[i].len);
		if (p.pt != 101)
			continue;
		ck_assert_int_eq(dtmf_event_parse(&e, p.payload, p.len), 0);
		if (!last_ts || p.ts != last_ts) {
			ck_assert(p.marker);
			ck_assert(!last_ts || ends == 3);
			*out++ = dtmf_digit(e.code);
			ends = 0;
		} else {
			ck_assert(!p.marker);
		}
		last_ts = p.ts;
		ends += e.end;
	}
	ck_assert_uint_eq(ends, 3);
	*out = '\0';
}

START_TEST(test_line_to_events)
{
	char got[64];
	struct rig r;
	double worst = -100;

	call(&r, 101);
	r.n_said = dial(all, 80, 80) + SECOND;
	r.said = said;
	rig_run(&r, 4500);
	sent_digits(&r, got);
	ck_assert_str_eq(got, all);
	rig_digits(&r, MEDIA_EV_DTMF_LINE, got);
	ck_assert_str_eq(got, all);
	/* The in-band copy is out after the first moments: no packet of
	 * audio is all tone but the first one or two of each digit. */
	unsigned loud = 0;
	for (unsigned i = 0; i < r.n_packets; i++) {
		struct rtp_packet p;

		rtp_parse(&p, r.packets[i].data, r.packets[i].len);
		if (p.pt != 8)
			continue;
		worst = rig_level(LAW_A, p.payload, p.len);
		loud += worst > -12;
	}
	ck_assert_uint_le(loud, 2 * 16);
	/* One sequence of numbers over both. */
	for (unsigned i = 1; i < r.n_packets; i++) {
		struct rtp_packet p, q;

		rtp_parse(&p, r.packets[i - 1].data, r.packets[i - 1].len);
		rtp_parse(&q, r.packets[i].data, r.packets[i].len);
		ck_assert_uint_eq((uint16_t)(q.seq - p.seq), 1);
	}
	rig_fini(&r);
}
END_TEST

START_TEST(test_line_in_band)
{
	struct rig r;
	char got[64];
	unsigned loud = 0;

	call(&r, 0);
	r.n_said = dial("159D", 100, 100) + SECOND;
	r.said = said;
	rig_run(&r, 2000);
	for (unsigned i = 0; i < r.n_packets; i++) {
		struct rtp_packet p;

		rtp_parse(&p, r.packets[i].data, r.packets[i].len);
		ck_assert_uint_eq(p.pt, 8);
		loud += rig_level(LAW_A, p.payload, p.len) > -12;
	}
	ck_assert_uint_ge(loud, 4 * 4);
	rig_digits(&r, MEDIA_EV_DTMF_LINE, got);
	ck_assert_str_eq(got, "159D");
	rig_fini(&r);
}
END_TEST

/* What the far line heard, as digits. */
static void line_digits(const struct rig *r, size_t from, char *out)
{
	struct dtmf_detect *d = dtmf_detect_new();
	int16_t x[80];
	char now, was = 0;

	for (size_t i = from; i + 80 <= r->n_heard; i += 80) {
		law_decode_n(LAW_A, r->heard + i, x, 80);
		now = dtmf_detect_run(d, x, 80);
		if (now && now != was)
			*out++ = now;
		was = now;
	}
	*out = '\0';
	dtmf_detect_free(d);
}

/* An event of ms, beside an in-band copy if wanted. */
static void send_event(struct rig *r, char digit, unsigned ms, bool copy,
		       uint8_t pt)
{
	static uint8_t tone[40 * SECOND];
	uint32_t begin = r->ts;

	memcpy(tone, said, sizeof(tone));
	for (unsigned at = 20; at <= ms + 40; at += 20) {
		unsigned len = at < ms ? at : ms;
		struct dtmf_event e = { dtmf_code(digit), at >= ms, 10,
					(uint16_t)(len * 8) };
		uint32_t now = r->ts;
		uint8_t p[4];

		dtmf_event_write(p, &e);
		r->ts = begin;
		rig_send(r, pt, at == 20, p, 4);
		r->ts = now;
		if (copy)
			rig_send(r, 8, false, tone + 800 + (at - 20) * 8, 160);
		r->ts += 160;
		rig_run(r, 20);
	}
}

static void send_silence(struct rig *r, unsigned ms)
{
	uint8_t quiet[160];

	memset(quiet, LAW_A_SILENCE, sizeof(quiet));
	for (unsigned at = 0; at < ms; at += 20) {
		rig_send(r, 8, false, quiet, 160);
		r->ts += 160;
		rig_run(r, 20);
	}
}

START_TEST(test_events_to_line)
{
	struct rig r;
	char got[64];
	size_t from;

	call(&r, 101);
	send_silence(&r, 200);
	from = r.n_heard;
	for (const char *d = all; *d; d++) {
		/* 96: the number of our own offer, not the peer's. */
		send_event(&r, *d, 100, false, *d == '7' ? 96 : 101);
		send_silence(&r, 60);
	}
	send_silence(&r, 400);
	line_digits(&r, from, got);
	ck_assert_str_eq(got, all);
	rig_digits(&r, MEDIA_EV_DTMF_RTP, got);
	ck_assert_str_eq(got, all);
	ck_assert_double_gt(rig_level(LAW_A, r.heard + from,
				      r.n_heard - from), -20);
	rig_fini(&r);
}
END_TEST

/* The peer also leaves the tone in its audio: once on the line. */
START_TEST(test_copy_is_muted)
{
	struct rig r;
	char got[64];
	size_t from, on = 0;

	call(&r, 101);
	dial("5", 200, 200);
	send_silence(&r, 200);
	from = r.n_heard;
	send_event(&r, '5', 200, true, 101);
	send_silence(&r, 600);
	line_digits(&r, from, got);
	ck_assert_str_eq(got, "5");
	for (size_t i = from; i + 80 <= r.n_heard; i += 80)
		on += rig_level(LAW_A, r.heard + i, 80) > -30;
	/* 200 ms of ours; of the copy only what it overlaps by. */
	ck_assert_uint_le(on, 26);
	rig_fini(&r);
}
END_TEST

START_TEST(test_digits_of_the_core)
{
	struct engine_command c = { 0 };
	char got[64], *p = got;
	size_t from;
	struct rig r;

	call(&r, 101);
	from = r.n_heard;
	for (const char *d = all; *d; d++) {
		c.u.dtmf.code = dtmf_code(*d);
		c.u.dtmf.to_rtp = 0;
		rig_command(&r, ENGINE_DTMF, &c);
		c.u.dtmf.to_rtp = 1;
		rig_command(&r, ENGINE_DTMF, &c);
	}
	rig_run(&r, 6000);
	line_digits(&r, from, got);
	ck_assert_str_eq(got, all);
	sent_digits(&r, p);
	ck_assert_str_eq(got, all);
	/* Nobody is told of digits he has ordered. */
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DTMF_RTP), 0);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DTMF_LINE), 0);
	rig_fini(&r);
}
END_TEST

START_TEST(test_tones_both_ways)
{
	struct engine_command c = { 0 };
	struct rtp_packet p;
	unsigned loud = 0;
	size_t from, on = 0;
	struct rig r;

	call(&r, 101);
	c.u.tone.kind = MEDIA_TONE_RINGBACK;
	rig_command(&r, ENGINE_TONE, &c);
	rig_run(&r, 100);
	from = r.n_heard;
	rig_run(&r, 10000);
	for (size_t i = from; i < from + 80000 && i + 80 <= r.n_heard; i += 80)
		on += rig_level(LAW_A, r.heard + i, 80) > -12;
	ck_assert_uint_ge(on, 195); /* 2 s of 10 s */
	ck_assert_uint_le(on, 205);
	c.u.tone.kind = MEDIA_TONE_NONE;
	rig_command(&r, ENGINE_TONE, &c);
	c.u.tone.kind = MEDIA_TONE_DIAL;
	c.u.tone.to_rtp = 1;
	rig_command(&r, ENGINE_TONE, &c);
	rig_run(&r, 100);
	r.n_packets = 0;
	from = r.n_heard;
	rig_run(&r, 1000);
	for (unsigned i = 0; i < r.n_packets; i++) {
		rtp_parse(&p, r.packets[i].data, r.packets[i].len);
		loud += rig_level(LAW_A, p.payload, p.len) > -10.5;
	}
	ck_assert_uint_ge(loud, 48);
	ck_assert_double_lt(rig_level(LAW_A, r.heard + from,
				      r.n_heard - from), -60);
	rig_fini(&r);
}
END_TEST

START_TEST(test_fax_is_heard)
{
	static float x[4 * SECOND];
	struct rig r;

	call(&r, 101);
	signal_tone(x, 4 * SECOND, -12, 1100);
	for (size_t i = 0; i < 4 * SECOND; i++)
		said[i] = law_encode(LAW_A, (int)lrintf(x[i]));
	r.said = said;
	r.n_said = 4000;
	rig_run(&r, 1000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_FAX), 1);
	signal_tone(x, 4 * SECOND, -12, 2100);
	for (size_t i = 0; i < 4 * SECOND; i++)
		said[i] = law_encode(LAW_A, (int)lrintf(x[i]));
	r.at_said = 0;
	r.n_said = 2 * SECOND;
	rig_run(&r, 3000);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_FAX), 2);
	rig_fini(&r);
}
END_TEST

static void rtcp_in(struct rig *r, const struct rtcp_report *rep)
{
	uint8_t out[RTCP_MAX];
	struct net_addr to = r->ours;

	to.port++;
	udp_send(r->rtcp, &to, out, rtcp_write(out, rep));
}

START_TEST(test_rtcp)
{
	struct rtcp_report got = { 0 }, rep = { .ssrc = 0xabcdef01,
						.sender = true };
	struct engine_command c = { 0 };
	uint8_t in[500];
	unsigned reports = 0;
	struct rig r;
	ssize_t n;

	call(&r, 101);
	memcpy(rep.cname, "peer", 5);
	for (unsigned i = 0; i < 500; i++) {
		uint8_t quiet[160] = { 0 };

		if (i % 10 != 9) /* every tenth is lost */
			rig_send(&r, 8, false, quiet, 160);
		else
			r.seq++;
		r.ts += 160;
		rig_run(&r, 20);
		if (i == 100) {
			rep.ntp = 0x1234567800000000;
			rtcp_in(&r, &rep);
		}
		n = recv(r.rtcp, in, sizeof(in), MSG_DONTWAIT);
		if (n <= 0)
			continue;
		reports++;
		ck_assert_int_eq(rtcp_parse(&got, in, (size_t)n, r.ssrc), 0);
		ck_assert(got.sender && got.has_block);
		/* Answer 50 ms later, having held it for 30: 20 ms trip. */
		rig_run(&r, 50);
		rep.has_block = true;
		rep.block.ssrc = got.ssrc;
		rep.block.lsr = rtcp_middle(got.ntp);
		rep.block.dlsr = 65536 * 30 / 1000;
		rep.block.lost = 17;
		rtcp_in(&r, &rep);
	}
	ck_assert_uint_ge(reports, 2);
	ck_assert_uint_le(reports, 5);
	ck_assert_uint_ge(got.block.fraction, 20);
	ck_assert_uint_le(got.block.fraction, 32);
	ck_assert_int_ge(got.block.lost, 20);
	ck_assert_uint_eq(got.block.lsr, 0x56780000);
	rig_command(&r, ENGINE_CLOSE, &c);
	rig_run(&r, 5);
	ck_assert(r.closed);
	ck_assert_uint_eq(r.figures.peer_lost, 17);
	/* 20 ms, and up to 100 until the engine looks. */
	ck_assert_uint_ge(r.figures.rtt_us, 18000);
	ck_assert_uint_le(r.figures.rtt_us, 125000);
	n = recv(r.rtcp, in, sizeof(in), MSG_DONTWAIT);
	ck_assert_int_gt((int)n, 0);
	ck_assert_int_eq(rtcp_parse(&got, in, (size_t)n, r.ssrc), 0);
	ck_assert(got.bye);
	rig_fini(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("digits");
	TCase *tc = tcase_create("digits");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_line_to_events);
	tcase_add_test(tc, test_line_in_band);
	tcase_add_test(tc, test_events_to_line);
	tcase_add_test(tc, test_copy_is_muted);
	tcase_add_test(tc, test_digits_of_the_core);
	tcase_add_test(tc, test_tones_both_ways);
	tcase_add_test(tc, test_fax_is_heard);
	tcase_add_test(tc, test_rtcp);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
