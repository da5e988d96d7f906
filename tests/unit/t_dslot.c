/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * HDLC in a time slot: the captured octets of a real driver, a bit-wise
 * encoder of our own as the other opinion, and bad frames.
 */
#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "media/dslot.c"
#include "tests/suite.h"

/* [hdlc-sabme] of tests/vectors/pseudowire.txt */
static const uint8_t captured[] = {0x7e, 0x40, 0x80, 0xfb,
				   0x1d, 0xc3, 0xbf, 0x3f};
static const uint8_t sabme[] = {0x02, 0x01, 0x7f};

static struct dslot_stats stats_of(const struct dslot *d)
{
	struct dslot_stats s;

	dslot_stats(d, &s);
	return s;
}

/* Bits in the order of transmission, first into 0x80 (G.704). */
struct bits {
	uint8_t octets[4096];
	size_t n;
	unsigned ones;
};

static void put_bit(struct bits *b, unsigned bit)
{
	if (bit)
		b->octets[b->n / 8] |= (uint8_t)(0x80 >> b->n % 8);
	b->n++;
}

static void put_flag(struct bits *b)
{
	for (unsigned i = 0; i < 8; i++)
		put_bit(b, 0x7e >> i & 1);
	b->ones = 0;
}

/* Least significant bit first, a 0 after five ones. */
static void put_octet(struct bits *b, uint8_t octet)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned bit = octet >> i & 1;

		put_bit(b, bit);
		b->ones = bit ? b->ones + 1 : 0;
		if (b->ones == 5) {
			put_bit(b, 0);
			b->ones = 0;
		}
	}
}

/* CRC-16/X.25, bit by bit. */
static uint16_t fcs(const uint8_t *octets, size_t n)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < n; i++) {
		crc = (uint16_t)(crc ^ octets[i]);
		for (unsigned k = 0; k < 8; k++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408
						 : crc >> 1);
	}
	return (uint16_t)~crc;
}

static void put_frame(struct bits *b, const uint8_t *octets, size_t n)
{
	uint16_t crc = fcs(octets, n);

	for (size_t i = 0; i < n; i++)
		put_octet(b, octets[i]);
	put_octet(b, (uint8_t)crc);
	put_octet(b, (uint8_t)(crc >> 8));
	put_flag(b);
}

/* Whole octets; the bits that are left go first the next time. */
static void feed(struct dslot *d, struct bits *b)
{
	uint8_t rest = b->octets[b->n / 8];

	dslot_rx(d, b->octets, b->n / 8);
	memset(b->octets, 0, sizeof(b->octets));
	b->octets[0] = rest;
	b->n %= 8;
}

START_TEST(captured_in)
{
	struct dslot *d = dslot_new();
	uint8_t frame[DSLOT_MAX];

	dslot_rx(d, captured, sizeof(captured));
	ck_assert_uint_eq(dslot_take(d, frame), sizeof(sabme));
	ck_assert_mem_eq(frame, sabme, sizeof(sabme));
	ck_assert_uint_eq(dslot_take(d, frame), 0);
	ck_assert_uint_eq(stats_of(d).rx_frames, 1);
	dslot_free(d);
}
END_TEST

START_TEST(captured_out)
{
	struct dslot *d = dslot_new();
	uint8_t octets[8 + 3];

	dslot_tx(d, octets, 3);
	ck_assert_mem_eq(octets, "\x7e\x7e\x7e", 3);
	ck_assert_int_eq(dslot_send(d, sabme, sizeof(sabme)), 0);
	dslot_tx(d, octets, 7);
	ck_assert_mem_eq(octets, captured + 1, 7);
	/* idle goes on with flags, turned by what was stuffed */
	dslot_tx(d, octets, 2);
	ck_assert_mem_eq(octets, "\x3f\x3f", 2);
	dslot_free(d);
}
END_TEST

/* Our frames read by the other opinion's rules, and the reverse. */
START_TEST(random_frames)
{
	static struct bits b;
	struct dslot *d = dslot_new(), *e = dslot_new(), *f = dslot_new();
	uint8_t frame[DSLOT_MAX], got[DSLOT_MAX], octets[2 * DSLOT_MAX + 64];

	srand(3);
	for (unsigned i = 0; i < 500; i++) {
		size_t n = DSLOT_MIN +
			   (size_t)rand() % (DSLOT_MAX - DSLOT_MIN + 1);

		for (size_t k = 0; k < n; k++)
			frame[k] = rand() % 3 ? (uint8_t)rand() : 0xff;
		put_flag(&b);
		put_frame(&b, frame, n);
		put_flag(&b);
		feed(d, &b);
		ck_assert_uint_eq(dslot_take(d, got), n);
		ck_assert_mem_eq(got, frame, n);
		ck_assert_int_eq(dslot_send(e, frame, n), 0);
		dslot_tx(e, octets, n + n / 4 + 8);
		dslot_rx(f, octets, n + n / 4 + 8);
		ck_assert_uint_eq(dslot_take(f, got), n);
		ck_assert_mem_eq(got, frame, n);
	}
	ck_assert_uint_eq(stats_of(d).rx_frames, 500);
	ck_assert_uint_eq(stats_of(f).rx_frames, 500);
	ck_assert_uint_eq(stats_of(f).rx_bad_fcs + stats_of(f).rx_aborts, 0);
	dslot_free(d);
	dslot_free(e);
	dslot_free(f);
}
END_TEST

/* Two frames may share one flag, and a slot may idle with ones. */
START_TEST(shared_flag_and_ones)
{
	static struct bits b;
	struct dslot *d = dslot_new();
	uint8_t frame[DSLOT_MAX];

	for (unsigned i = 0; i < 8 * 20; i++)
		put_bit(&b, 1);
	put_flag(&b);
	put_frame(&b, sabme, 3);
	put_frame(&b, (const uint8_t *)"\x02\x01\x73", 3);
	put_flag(&b);
	feed(d, &b);
	ck_assert_uint_eq(dslot_take(d, frame), 3);
	ck_assert_uint_eq(dslot_take(d, frame), 3);
	ck_assert_uint_eq(frame[2], 0x73);
	ck_assert_uint_eq(stats_of(d).rx_bad_fcs + stats_of(d).rx_too_short, 0);
	dslot_free(d);
}
END_TEST

START_TEST(bad_frames)
{
	static struct bits b;
	struct dslot *d = dslot_new();
	uint8_t big[600], frame[DSLOT_MAX];

	memset(big, 0x12, sizeof(big));
	put_flag(&b);
	put_frame(&b, sabme, 3);
	put_flag(&b);
	b.octets[2] ^= 0x10; /* a bit flips */
	feed(d, &b);
	ck_assert_uint_eq(stats_of(d).rx_bad_fcs, 1);
	put_frame(&b, sabme, 2);
	put_frame(&b, sabme, 1);
	put_flag(&b);
	feed(d, &b);
	ck_assert_uint_eq(stats_of(d).rx_too_short, 2);
	for (unsigned n = DSLOT_MAX; n <= 600; n += 50) {
		put_flag(&b);
		put_frame(&b, big, n);
		put_flag(&b);
		feed(d, &b);
	}
	ck_assert_uint_eq(dslot_take(d, frame), DSLOT_MAX);
	ck_assert_uint_eq(dslot_take(d, frame), 0);
	ck_assert_uint_eq(stats_of(d).rx_too_long, 6);
	/* what a lost packet leaves in the D slot: ones, at once */
	put_flag(&b);
	for (unsigned i = 0; i < 10; i++)
		put_octet(&b, 0x12);
	for (unsigned i = 0; i < 64; i++)
		put_bit(&b, 1);
	put_flag(&b);
	put_frame(&b, sabme, 3);
	put_flag(&b);
	feed(d, &b);
	ck_assert_uint_eq(stats_of(d).rx_aborts, 1);
	ck_assert_uint_eq(dslot_take(d, frame), 3);
	ck_assert_uint_eq(dslot_take(d, frame), 0);
	dslot_free(d);
}
END_TEST

START_TEST(limits)
{
	struct dslot *d = dslot_new(), *e = dslot_new();
	uint8_t frame[DSLOT_MAX + 1] = {0}, octets[800];
	unsigned sent = 0, got = 0;

	ck_assert_int_eq(dslot_send(d, frame, 2), -EMSGSIZE);
	ck_assert_int_eq(dslot_send(d, frame, DSLOT_MAX + 1), -EMSGSIZE);
	while (dslot_send(d, frame, 20) == 0)
		sent++;
	ck_assert_uint_ge(sent, DSLOT_QUEUE);
	ck_assert_int_eq(dslot_send(d, frame, 20), -ENOBUFS);
	ck_assert_uint_eq(stats_of(d).tx_frames, sent);
	ck_assert_uint_eq(stats_of(d).tx_refused, 4);
	dslot_tx(d, octets, sizeof(octets));
	dslot_rx(e, octets, sizeof(octets));
	while (dslot_take(e, frame))
		got++;
	ck_assert_uint_eq(got, DSLOT_QUEUE);
	ck_assert_uint_eq(stats_of(e).rx_frames, sent);
	ck_assert_uint_eq(stats_of(e).rx_dropped, sent - got);
	dslot_free(d);
	dslot_free(e);
}
END_TEST

/* Blocks of flags are passed over: in every place of the bits, the library's
 * state after one is that after many, and the next frame is heard. */
START_TEST(idle_is_passed_over)
{
	static const uint8_t ones[80] = { [0 ... 79] = 0xff };

	for (unsigned turn = 0; turn < 8; turn++) {
		uint8_t flags[80], bits[240], frame[DSLOT_MAX], late[240];
		uint8_t flag = (uint8_t)(0x7e << turn | 0x7e >> (8 - turn));
		struct dslot *a = dslot_new(), *b = dslot_new();
		hdlc_rx_state_t before;

		ck_assert(a && b);
		memset(flags, flag, sizeof(flags));
		dslot_rx(a, flags, 80);
		ck_assert_uint_eq(a->idle, flag);
		before = *a->hdlc_rx;
		for (unsigned i = 0; i < 80; i++)
			rx_octet(a, flag);
		ck_assert_mem_eq(&before, a->hdlc_rx, sizeof(before));
		dslot_rx(a, flags, 80);
		ck_assert_uint_eq(a->idle, flag);
		/* A frame that begins at the same place of the bits. */
		ck_assert_int_eq(dslot_send(b, (const uint8_t *)"\2\1\3abc", 6),
				 0);
		dslot_tx(b, bits, sizeof(bits));
		for (unsigned i = 1; i < sizeof(bits); i++)
			late[i] = (uint8_t)(bits[i - 1] << turn |
					    bits[i] >> (8 - turn));
		late[0] = flag;
		for (unsigned i = 0; i < sizeof(late); i += 80)
			dslot_rx(a, late + i, 80);
		ck_assert_uint_eq(dslot_take(a, frame), 6);
		ck_assert_mem_eq(frame, "\2\1\3abc", 6);
		dslot_rx(a, ones, 80);
		ck_assert_uint_eq(a->idle, 0);
		ck_assert_uint_eq(a->stats.rx_bad_fcs, 0);
		dslot_free(a);
		dslot_free(b);
	}
}
END_TEST

START_TEST(reset_forgets)
{
	struct dslot *d = dslot_new(), *e = dslot_new();
	uint8_t frame[DSLOT_MAX], octets[64];

	dslot_send(d, sabme, 3);
	dslot_send(d, sabme, 3);
	dslot_tx(d, octets, 3);
	dslot_reset(d);
	dslot_rx(e, octets, 3);
	dslot_reset(e);
	dslot_tx(d, octets, 64);
	dslot_rx(e, octets, 64);
	ck_assert_uint_eq(dslot_take(e, frame), 0);
	ck_assert_uint_eq(stats_of(e).rx_frames, 0);
	dslot_send(d, sabme, 3);
	dslot_tx(d, octets, 64);
	dslot_rx(e, octets, 64);
	ck_assert_uint_eq(dslot_take(e, frame), 3);
	dslot_free(d);
	dslot_free(e);
}
END_TEST

/* The library takes no memory once it runs. (Sanitizers bring a malloc of
 * their own that reports nothing here; then this proves nothing.) */
START_TEST(no_memory)
{
	struct dslot *d = dslot_new();
	uint8_t frame[DSLOT_MAX] = {0}, octets[80];
	size_t before = mallinfo2().uordblks;

	for (unsigned i = 0; i < 2000; i++) {
		if (i % 3 == 0)
			dslot_send(d, frame, DSLOT_MIN + i % 250);
		dslot_tx(d, octets, sizeof(octets));
		if (i % 50 == 0)
			octets[i % 80] ^= 0xff;
		dslot_rx(d, octets, sizeof(octets));
		dslot_take(d, frame);
		if (i % 500 == 0)
			dslot_reset(d);
	}
	ck_assert_uint_eq(mallinfo2().uordblks, before);
	dslot_free(d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dslot");
	TCase *t = tcase_create("dslot");

	tcase_add_test(t, captured_in);
	tcase_add_test(t, captured_out);
	tcase_add_test(t, random_frames);
	tcase_add_test(t, shared_flag_and_ones);
	tcase_add_test(t, bad_frames);
	tcase_add_test(t, limits);
	tcase_add_test(t, reset_forgets);
	tcase_add_test(t, idle_is_passed_over);
	tcase_add_test(t, no_memory);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
