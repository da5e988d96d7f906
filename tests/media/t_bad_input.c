/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* RTP that is none of the call's: strangers, junk, wrong types, repetitions,
 * old packets, other senders. Counted, never heard, no reason to end it. */
#include "rig.c"
#include "rig_feed.c"
#include "tests/suite.h"

START_TEST(test_garbage_and_strangers)
{
	struct rig_config c = { .law = LAW_A };
	uint8_t junk[1500], tone[160];
	struct net_addr a;
	unsigned before;
	struct rig r;
	int stranger;

	start_call(&r, &c);
	rig_run(&r, 100);
	srand(11);
	for (unsigned i = 0; i < 3000; i++) {
		size_t n = (size_t)rand() % 1501;

		for (size_t k = 0; k < n; k++)
			junk[k] = (uint8_t)rand();
		rig_send_raw(&r, junk, n);
		if (i % 20 == 0)
			rig_run(&r, 10);
	}
	rig_run(&r, 200);
	for (size_t i = 0; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], LAW_A_SILENCE);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_RTP), 0);
	before = r.e->sessions[0].rx.stray;
	/* The real sender, then a stranger beside it. */
	stranger = rig_socket(&a);
	memset(tone, 0x2a, sizeof(tone));
	memset(junk, LAW_A_SILENCE, sizeof(junk));
	for (unsigned i = 0; i < 100; i++) {
		uint8_t out[RTP_HEADER + 160];
		struct rtp_packet p = { .pt = 8, .seq = r.seq, .ts = r.ts,
					.ssrc = r.ssrc };

		rig_send(&r, 8, false, junk, 160);
		rtp_header(out, &p);
		memcpy(out + RTP_HEADER, tone, 160);
		udp_send(stranger, &r.ours, out, sizeof(out));
		r.ts += 160;
		rig_run(&r, 20);
	}
	for (size_t i = 0; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], LAW_A_SILENCE);
	/* And what of the junk was left on probation. */
	ck_assert_uint_ge(r.e->sessions[0].rx.stray, before + 100);
	ck_assert_uint_le(r.e->sessions[0].rx.stray, before + 101);
	ck_assert_uint_eq(r.e->sessions[0].rx.packets, 100);
	ck_assert_uint_ge(r.e->sessions[0].rx.bad, 2000);
	close(stranger);
	rig_fini(&r);
}
END_TEST

/* What comes from the very address of the peer while it speaks. */
struct junk {
	struct feed good;
	uint32_t seed, ssrc;
	int stranger;
	unsigned random, pt, ssrcs, dups, old, strangers;
};

static unsigned chance(struct junk *j, unsigned n)
{
	j->seed = j->seed * 1664525 + 1013904223;
	return (j->seed >> 8) % n;
}

static void send_random(struct rig *r, struct junk *j)
{
	uint8_t out[1500];
	size_t n = chance(j, 1501);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)chance(j, 256);
	rig_send_raw(r, out, n);
	j->random++;
}

/* Loud, and like the stream but for one thing. */
static void send_wrong(struct rig *r, struct junk *j, unsigned what)
{
	uint8_t out[RTP_HEADER + 160];
	struct rtp_packet p = { .pt = 8, .seq = r->seq, .ssrc = r->ssrc,
				.ts = r->ts + (uint32_t)j->good.at };

	memset(out, 0x2a, sizeof(out));
	switch (what) {
	case 0:
		p.pt = (uint8_t)(20 + chance(j, 60));
		j->pt++;
		break;
	case 1:
		p.ssrc = ++j->ssrc;
		j->ssrcs++;
		break;
	case 2: /* it was there already */
		p.seq--;
		p.ts -= 160;
		j->dups++;
		break;
	case 3: /* long ago */
		p.seq = (uint16_t)(p.seq - 60);
		p.ts -= 60 * 160;
		j->old++;
		break;
	}
	rtp_header(out, &p);
	if (what == 4) {
		udp_send(j->stranger, &r->ours, out, sizeof(out));
		j->strangers++;
	} else {
		rig_send_raw(r, out, sizeof(out));
	}
}

static void junk_ms(struct rig *r, void *arg)
{
	struct junk *j = arg;

	feed_ms(r, &j->good);
	/* The sender must be known, and not begin or end with it. */
	if (j->good.at < SECOND / 2 || j->good.at >= j->good.n)
		return;
	if (j->good.phase % 7 == 3)
		send_random(r, j);
	if (j->good.phase % 5 == 1)
		send_wrong(r, j, chance(j, 5));
}

START_TEST(test_bad_input_is_never_heard)
{
	struct rig_config c = { .law = LAW_A, .silent_alarm_s = 1,
				.silent_release_s = 2 };
	struct junk j = { .good = { .codes = speech, .n = 5 * SECOND,
				    .ptime = 20, .codec = 8 },
			  .seed = 20261126, .ssrc = 0x1000 };
	static uint8_t out[7 * SECOND];
	const struct session_rx *rx;
	struct media_figures f;
	struct net_addr a;
	struct rig r;
	size_t n, at;

	make_speech(LAW_A, 12);
	start_call(&r, &c);
	j.stranger = rig_socket(&a);
	r.said = speech;
	r.n_said = 5 * SECOND;
	r.on_ms = junk_ms;
	r.on_ms_arg = &j;
	rig_run(&r, 5400);
	rx = &r.e->sessions[0].rx;
	session_figures(&r.e->sessions[0], &f);
	/* All of the speech, to the bit, and nothing else. */
	ck_assert(contains(r.heard, r.n_heard, speech + 480,
			   5 * SECOND - 1120, &at));
	n = joined(&r, 8, out, sizeof(out));
	ck_assert(contains(out, n, speech + 400, 5 * SECOND - 480, &at));
	ck_assert_uint_eq(rx->source.changes, 0);
	ck_assert_uint_ge(j.random, 500);
	ck_assert_uint_ge(f.rtp_bad,
			  j.random * 9 / 10 + j.pt + j.strangers + j.ssrcs);
	ck_assert_uint_le(f.rtp_bad, j.random + j.pt + j.strangers + j.ssrcs);
	ck_assert_uint_eq(f.rtp_dup, j.dups);
	ck_assert_uint_eq(f.rtp_late, j.old);
	/* Never a reason to end the call. */
	ck_assert(!r.closed);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_SILENT), 0);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DEAD), 0);
	ck_assert_ptr_eq(r.e->spans[0].slots[RIG_SLOT], &r.e->sessions[0]);
	close(j.stranger);
	rig_fini(&r);
}
END_TEST

/* A new SSRC in the middle, with other numbers, is followed. */
START_TEST(test_new_ssrc)
{
	struct rig_config c = { .law = LAW_A };
	struct feed f = { .codes = speech, .n = SECOND, .ptime = 20,
			  .codec = 8 };
	struct rig r;
	size_t at;

	make_speech(LAW_A, 6);
	start_call(&r, &c);
	feed_start(&r, &f);
	rig_run(&r, 1200);
	r.ssrc = 77;
	r.seq = 60000;
	r.ts = 4000000000u;
	f.at = 0;
	f.codes = speech + SECOND;
	rig_run(&r, 1500);
	ck_assert(contains(r.heard, r.n_heard, speech + 160, SECOND - 800, &at));
	ck_assert(contains(r.heard, r.n_heard, speech + SECOND + 640,
			   SECOND - 1280, &at));
	ck_assert_uint_eq(r.e->sessions[0].rx.source.changes, 1);
	rig_fini(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bad_input");
	TCase *tc = tcase_create("bad_input");

	tcase_add_test(tc, test_garbage_and_strangers);
	tcase_add_test(tc, test_bad_input_is_never_heard);
	tcase_add_test(tc, test_new_ssrc);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
