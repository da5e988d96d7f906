/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The RTP header, and the book kept on a sender. */
#include "media/rtp.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

static uint8_t plain[] = { 0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160,
			   0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4 };

START_TEST(test_plain)
{
	struct rtp_packet p;
	uint8_t out[RTP_HEADER];

	ck_assert_int_eq(rtp_parse(&p, plain, sizeof(plain)), 0);
	ck_assert(p.marker);
	ck_assert_uint_eq(p.pt, 8);
	ck_assert_uint_eq(p.seq, 0x1234);
	ck_assert_uint_eq(p.ts, 160);
	ck_assert_uint_eq(p.ssrc, 0xdeadbeef);
	ck_assert_uint_eq(p.len, 4);
	ck_assert_ptr_eq(p.payload, plain + 12);
	rtp_header(out, &p);
	ck_assert_mem_eq(out, plain, RTP_HEADER);
}
END_TEST

START_TEST(test_csrc_extension_padding)
{
	uint8_t in[] = { 0xb1, 0x00, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2,
			 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 7, 7, 7, 7,
			 0x55, 0x66, 0, 2 };
	struct rtp_packet p;

	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), 0);
	ck_assert_uint_eq(p.len, 2);
	ck_assert_uint_eq(p.payload[0], 0x55);
	in[27] = 4; /* all of the payload is padding */
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), 0);
	ck_assert_uint_eq(p.len, 0);
	in[27] = 5;
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), -EINVAL);
	in[27] = 0;
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), -EINVAL);
	in[27] = 2;
	in[19] = 3; /* extension runs past the end */
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), -EINVAL);
	ck_assert_int_eq(rtp_parse(&p, in, 19), -EINVAL);
	ck_assert_int_eq(rtp_parse(&p, in, 15), -EINVAL);
}
END_TEST

START_TEST(test_refused)
{
	struct rtp_packet p;
	uint8_t in[sizeof(plain)];

	for (size_t n = 0; n < 12; n++)
		ck_assert_int_eq(rtp_parse(&p, plain, n), -EINVAL);
	memcpy(in, plain, sizeof(in));
	in[0] = 0x40;
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), -EINVAL);
	in[0] = 0x80;
	in[1] = 200; /* RTCP */
	ck_assert_int_eq(rtp_parse(&p, in, sizeof(in)), -EINVAL);
}
END_TEST

static enum rtp_verdict on(struct rtp_source *s, uint32_t ssrc, unsigned seq,
			   uint32_t ts, uint32_t arrival)
{
	struct rtp_packet p = { .ssrc = ssrc, .seq = (uint16_t)seq, .ts = ts };

	return rtp_source_on(s, &p, arrival);
}

START_TEST(test_probation)
{
	struct rtp_source s = { 0 };

	ck_assert_int_eq(on(&s, 1, 10, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 2, 11, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 1, 11, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 1, 13, 0, 0), RTP_PROBATION);
	ck_assert_uint_eq(rtp_source_expected(&s), 0);
	ck_assert_int_eq(on(&s, 1, 14, 0, 0), RTP_NEW);
	ck_assert_uint_eq(rtp_source_expected(&s), 2);
	ck_assert_int_eq(on(&s, 1, 15, 0, 0), RTP_NEXT);
	/* A stray one in between changes nothing. */
	ck_assert_int_eq(on(&s, 3, 16, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 1, 16, 0, 0), RTP_NEXT);
	ck_assert_int_eq(on(&s, 3, 17, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 3, 18, 0, 0), RTP_NEW);
	ck_assert_uint_eq(s.changes, 1);
	ck_assert_uint_eq(s.ssrc, 3);
}
END_TEST

START_TEST(test_wrap_loss_order)
{
	struct rtp_source s = { 0 };

	on(&s, 1, 65533, 0, 0);
	ck_assert_int_eq(on(&s, 1, 65534, 0, 0), RTP_NEW);
	ck_assert_int_eq(on(&s, 1, 1, 0, 0), RTP_NEXT); /* 65535, 0 lost */
	ck_assert_uint_eq(rtp_source_expected(&s), 5);
	ck_assert_uint_eq(rtp_source_lost(&s), 2);
	ck_assert_uint_eq(rtp_source_fraction(&s), 2 * 256 / 5);
	ck_assert_int_eq(on(&s, 1, 65535, 0, 0), RTP_LATE);
	ck_assert_uint_eq(rtp_source_lost(&s), 1);
	ck_assert_int_eq(on(&s, 1, 1, 0, 0), RTP_LATE); /* duplicate */
	ck_assert_uint_eq(rtp_source_fraction(&s), 0);
	/* Numbering restarts far away. */
	ck_assert_int_eq(on(&s, 1, 30000, 0, 0), RTP_PROBATION);
	ck_assert_int_eq(on(&s, 1, 30001, 0, 0), RTP_NEW);
	ck_assert_int_eq(on(&s, 1, 30002, 0, 0), RTP_NEXT);
}
END_TEST

START_TEST(test_wrap_at_adoption)
{
	struct rtp_source s = { 0 };

	on(&s, 1, 65535, 0, 0);
	ck_assert_int_eq(on(&s, 1, 0, 0, 0), RTP_NEW);
	ck_assert_uint_eq(rtp_source_expected(&s), 2);
	ck_assert_uint_eq(rtp_source_lost(&s), 0);
}
END_TEST

/* RFC 3550 A.8 by hand: packets of 160, the third 32 late. */
START_TEST(test_jitter)
{
	struct rtp_source s = { 0 };
	unsigned i;

	on(&s, 1, 1, 0, 1000);
	on(&s, 1, 2, 160, 1160);
	on(&s, 1, 3, 320, 1320 + 32);
	ck_assert_uint_eq(s.jitter_x16, 32);
	on(&s, 1, 4, 480, 1480);
	ck_assert_uint_eq(s.jitter_x16, 32 + 32 - 2);
	/* Alternating by 64: tends to 64. */
	for (i = 5; i < 200; i++)
		on(&s, 1, i, i * 160, i * 160 + (i & 1 ? 64 : 0));
	ck_assert_uint_le(rtp_source_jitter(&s), 64);
	ck_assert_uint_ge(rtp_source_jitter(&s), 62);
	/* A jump of the timestamps is not jitter. */
	on(&s, 1, 200, 5000000, 200 * 160);
	ck_assert_uint_le(rtp_source_jitter(&s), 64);
}
END_TEST

START_TEST(test_random_octets)
{
	uint8_t in[1500];
	struct rtp_packet p;

	srand(7);
	for (int i = 0; i < 100000; i++) {
		size_t n = (size_t)rand() % sizeof(in);

		for (size_t k = 0; k < n && k < 40; k++)
			in[k] = (uint8_t)rand();
		if (n)
			in[n - 1] = (uint8_t)rand();
		if (rtp_parse(&p, in, n) == 0)
			ck_assert(p.payload >= in + 12 &&
				  p.payload + p.len <= in + n);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rtp");
	TCase *tc = tcase_create("rtp");

	tcase_add_test(tc, test_plain);
	tcase_add_test(tc, test_csrc_extension_padding);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_probation);
	tcase_add_test(tc, test_wrap_loss_order);
	tcase_add_test(tc, test_wrap_at_adoption);
	tcase_add_test(tc, test_jitter);
	tcase_add_test(tc, test_random_octets);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
