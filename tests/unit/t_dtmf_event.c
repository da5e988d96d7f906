/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* RFC 4733: what is sent for a key press, and what is made of packets that
 * are lost, late, repeated, out of order, or nonsense. */
#include "media/dtmf_event.c"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct dtmf_send tx;
static struct dtmf_recv rx;

struct sent {
	uint32_t at;
	struct dtmf_send_packet p;
	struct dtmf_event e;
};

static struct sent sent[1000];
static unsigned n_sent;

/* Run the sender for that many blocks; the key goes up at block `up`. */
static void run_tx(uint32_t *ts, unsigned blocks, unsigned up,
		   uint32_t interval)
{
	for (unsigned i = 0; i < blocks; i++, *ts += 80) {
		if (i == up)
			dtmf_send_release(&tx);
		if (dtmf_send_step(&tx, *ts, interval, &sent[n_sent].p)) {
			sent[n_sent].at = *ts;
			dtmf_event_parse(&sent[n_sent].e,
					 sent[n_sent].p.payload, 4);
			n_sent++;
		}
	}
}

static void reset(void)
{
	memset(&tx, 0, sizeof(tx));
	memset(&rx, 0, sizeof(rx));
	n_sent = 0;
}

START_TEST(test_octets)
{
	static const uint8_t want[4] = { 11, 0x80 | 10, 0x03, 0x20 };
	struct dtmf_event e = { 11, true, 10, 800 }, back;
	uint8_t out[4];

	dtmf_event_write(out, &e);
	ck_assert_mem_eq(out, want, 4);
	ck_assert_int_eq(dtmf_event_parse(&back, out, 4), 0);
	ck_assert(back.end && back.code == 11 && back.volume == 10 &&
		  back.duration == 800);
	ck_assert_int_eq(dtmf_event_parse(&back, out, 3), -EINVAL);
	out[1] |= 0x40; /* reserved */
	ck_assert_int_eq(dtmf_event_parse(&back, out, 4), 0);
	ck_assert_uint_eq(back.volume, 10);
}
END_TEST

START_TEST(test_press)
{
	uint32_t ts = 1600;

	reset();
	ck_assert(dtmf_send_press(&tx, 5, ts));
	ck_assert(!dtmf_send_press(&tx, 6, ts));
	run_tx(&ts, 30, 10, 160);
	ck_assert(!tx.active);
	/* Every 20 ms while down: blocks 0 2 4 6 8, then the end thrice. */
	ck_assert_uint_eq(n_sent, 5 + 3);
	for (unsigned i = 0; i < n_sent; i++) {
		ck_assert_uint_eq(sent[i].p.marker, i == 0);
		ck_assert_uint_eq(sent[i].p.ts, 1600);
		ck_assert_uint_eq(sent[i].e.code, 5);
		ck_assert_uint_eq(sent[i].e.volume, 10);
		ck_assert_uint_eq(sent[i].e.end, i >= 5);
		ck_assert_uint_eq(sent[i].e.duration,
				  i < 5 ? 80 + 160 * i : 800);
	}
	ck_assert_uint_eq(sent[6].at - sent[5].at, 160);
	ck_assert_uint_eq(sent[7].at - sent[6].at, 160);
}
END_TEST

START_TEST(test_queue)
{
	uint32_t ts = 0;
	unsigned ends = 0;

	reset();
	for (uint8_t i = 0; i < DTMF_EVENT_QUEUE; i++)
		ck_assert(dtmf_send_put(&tx, i % 16, 100));
	ck_assert(!dtmf_send_put(&tx, 1, 100));
	run_tx(&ts, 800, 9999, 400);
	for (unsigned i = 0; i < n_sent; i++)
		if (sent[i].e.end && sent[i].e.code == ends / 3 % 16) {
			ck_assert_uint_eq(sent[i].e.duration, 800);
			ends++;
		}
	ck_assert_uint_eq(ends, 3 * DTMF_EVENT_QUEUE);
	/* Timestamps never go back, and digits do not overlap. */
	for (unsigned i = 1; i < n_sent; i++)
		ck_assert_int_ge((int32_t)(sent[i].p.ts - sent[i - 1].p.ts),
				 0);
}
END_TEST

START_TEST(test_long_press)
{
	uint32_t ts = 0;
	unsigned full = 0;

	reset();
	dtmf_send_press(&tx, 1, ts);
	run_tx(&ts, 1000, 900, 400); /* 9 s */
	for (unsigned i = 0; i < n_sent; i++) {
		full += sent[i].e.duration == 0xffff && !sent[i].e.end;
		ck_assert_uint_eq(sent[i].p.marker, i == 0);
		if (i && sent[i].p.ts != sent[i - 1].p.ts)
			ck_assert_uint_eq(sent[i].p.ts - sent[i - 1].p.ts,
					  0xffff);
	}
	ck_assert_uint_eq(full, 1);
	ck_assert(sent[n_sent - 1].e.end);
	ck_assert_uint_eq(sent[n_sent - 1].p.ts +
				  sent[n_sent - 1].e.duration, 72000);
}
END_TEST

static enum dtmf_recv_verdict on(uint8_t code, uint32_t ts, bool end,
				 uint16_t duration)
{
	struct dtmf_event e = { code, end, 10, duration };
	uint8_t out[4];

	dtmf_event_write(out, &e);
	return dtmf_recv_on(&rx, ts, out, 4);
}

/* Digits played in that many blocks: "5:10 " is digit 5 for 10 blocks. */
static void play(unsigned blocks, char *out)
{
	static unsigned len;

	for (unsigned i = 0; i < blocks; i++) {
		switch (dtmf_recv_step(&rx)) {
		case DTMF_RECV_BEGIN:
			len = 1;
			break;
		case DTMF_RECV_END:
			out += sprintf(out, "%c:%u ",
				       dtmf_digit(rx.now.code), len);
			break;
		case DTMF_RECV_SAME:
			len += rx.playing;
			break;
		}
	}
	*out = '\0';
}

START_TEST(test_receive)
{
	char got[200];

	reset();
	ck_assert_int_eq(on(5, 1000, false, 160), DTMF_RECV_OK);
	play(2, got);
	ck_assert(rx.playing);
	on(5, 1000, false, 320);
	play(2, got);
	on(5, 1000, false, 480);
	play(2, got);
	ck_assert_int_eq(on(5, 1000, true, 960), DTMF_RECV_OK);
	ck_assert_int_eq(on(5, 1000, true, 960), DTMF_RECV_REPEAT);
	ck_assert_int_eq(on(5, 1000, true, 960), DTMF_RECV_REPEAT);
	play(20, got);
	ck_assert_str_eq(got, "5:12 ");
	/* Not started again by stragglers, nor by what is older. */
	ck_assert_int_eq(on(5, 1000, false, 480), DTMF_RECV_REPEAT);
	ck_assert_int_eq(on(4, 900, false, 480), DTMF_RECV_REPEAT);
	play(20, got);
	ck_assert_str_eq(got, "");
}
END_TEST

START_TEST(test_short_and_only_the_end)
{
	char got[200];

	reset();
	on(7, 1000, true, 160); /* all but the end was lost; 20 ms */
	play(30, got);
	ck_assert_str_eq(got, "7:8 ");
	/* Two at once: a gap of 50 ms lies between them. */
	on(1, 5000, true, 400);
	on(2, 5500, true, 400);
	play(7, got);
	ck_assert_str_eq(got, "");
	play(2, got);
	ck_assert_str_eq(got, "1:8 ");
	play(4, got);
	ck_assert(!rx.playing);
	play(20, got);
	ck_assert_str_eq(got, "2:8 ");
}
END_TEST

START_TEST(test_end_lost)
{
	char got[200];

	reset();
	on(9, 1000, false, 800);
	play(100, got);
	/* 150 ms without a word: over. */
	ck_assert_str_eq(got, "9:15 ");
	/* Ended by the next event. */
	on(1, 20000, false, 400);
	play(3, got);
	on(2, 21000, false, 400);
	play(9, got);
	ck_assert_str_eq(got, "1:8 ");
}
END_TEST

START_TEST(test_out_of_order_and_segments)
{
	char got[200];

	reset();
	on(3, 1000, false, 480);
	on(3, 1000, false, 160); /* overtaken */
	on(3, 1000, true, 960);
	play(30, got);
	ck_assert_str_eq(got, "3:12 ");
	/* A long press: one digit, in two segments. */
	reset();
	on(4, 1000, false, 0xffff);
	play(5, got);
	on(4, 1000 + 0xffff, false, 400);
	play(5, got);
	on(4, 1000 + 0xffff, true, 800);
	play(900, got);
	ck_assert_str_eq(got, "4:830 ");
}
END_TEST

START_TEST(test_nonsense)
{
	uint8_t three[3] = { 1, 0, 0 };

	reset();
	ck_assert_int_eq(dtmf_recv_on(&rx, 5, three, 3), DTMF_RECV_BAD);
	ck_assert_int_eq(on(16, 1000, false, 100), DTMF_RECV_BAD);
	ck_assert_int_eq(on(255, 1000, true, 100), DTMF_RECV_BAD);
	on(1, 2000, false, 100);
	ck_assert_int_eq(on(2, 2000, false, 200), DTMF_RECV_BAD);
	for (uint32_t i = 0; i < DTMF_EVENT_QUEUE - 1; i++)
		ck_assert_int_eq(on(1, 10000 + 1000 * i, true, 800),
				 DTMF_RECV_OK);
	ck_assert_int_eq(on(1, 900000, true, 800), DTMF_RECV_FULL);
}
END_TEST

START_TEST(test_mute)
{
	char got[200];

	reset();
	ck_assert(!dtmf_recv_mutes(&rx, 1000));
	on(3, 1000, false, 400);
	ck_assert(!dtmf_recv_mutes(&rx, 999));
	ck_assert(dtmf_recv_mutes(&rx, 1000));
	ck_assert(dtmf_recv_mutes(&rx, 5000)); /* not ended: all of it */
	on(3, 1000, true, 800);
	ck_assert(dtmf_recv_mutes(&rx, 1799));
	ck_assert(!dtmf_recv_mutes(&rx, 1800));
	on(4, 2400, true, 400);
	ck_assert(dtmf_recv_mutes(&rx, 1500)); /* still in the buffer */
	ck_assert(dtmf_recv_mutes(&rx, 2500));
	ck_assert(!dtmf_recv_mutes(&rx, 2000));
	play(50, got);
	ck_assert_str_eq(got, "3:10 4:8 ");
}
END_TEST

/* Packets of our own sender, lost and doubled at random: as long as one of
 * an event arrives, each digit is played once. */
START_TEST(test_both_ends_with_loss)
{
	char got[400], digits[64];
	unsigned n = 0;

	srand(4);
	reset();
	memset(&rx, 0, sizeof(rx));
	for (uint32_t ts = 0; ts < 80 * 3000; ts += 80) {
		struct dtmf_send_packet p;

		if (ts % (80 * 200) == 0)
			dtmf_send_put(&tx, (uint8_t)(ts / 16000 % 16), 120);
		if (dtmf_send_step(&tx, ts, 160, &p)) {
			if (rand() % 2)
				dtmf_recv_on(&rx, p.ts, p.payload, 4);
			if (rand() % 4 == 0)
				dtmf_recv_on(&rx, p.ts, p.payload, 4);
		}
		play(1, got);
		if (got[0])
			digits[n++] = got[0];
	}
	digits[n] = '\0';
	ck_assert_str_eq(digits, "0123456789*#ABC");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dtmf_event");
	TCase *tc = tcase_create("dtmf_event");

	tcase_add_test(tc, test_octets);
	tcase_add_test(tc, test_press);
	tcase_add_test(tc, test_queue);
	tcase_add_test(tc, test_long_press);
	tcase_add_test(tc, test_receive);
	tcase_add_test(tc, test_short_and_only_the_end);
	tcase_add_test(tc, test_end_lost);
	tcase_add_test(tc, test_out_of_order_and_segments);
	tcase_add_test(tc, test_nonsense);
	tcase_add_test(tc, test_mute);
	tcase_add_test(tc, test_both_ends_with_loss);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
