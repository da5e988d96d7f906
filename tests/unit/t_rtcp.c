/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* RTCP compounds: ours, foreign ones, broken ones. */
#include "media/rtcp.c"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static const struct rtcp_report full = {
	.ssrc = 0x11223344,
	.sender = true,
	.ntp = 0xe0000000c0000000,
	.rtp_ts = 160,
	.packets = 7,
	.octets = 1120,
	.has_block = true,
	.block = { .ssrc = 5, .fraction = 12, .lost = -3, .max_seq = 70000,
		   .jitter = 9, .lsr = 0x12345678, .dlsr = 65536 },
	.bye = true,
	.cname = "abc@gateway",
};

START_TEST(test_round_trip_of_octets)
{
	uint8_t out[RTCP_MAX];
	struct rtcp_report r;
	size_t n = rtcp_write(out, &full);

	ck_assert_uint_eq(n, 28 + 24 + 8 + 2 + 11 + 3 + 8);
	ck_assert_int_eq(rtcp_parse(&r, out, n, 5), 0);
	ck_assert_uint_eq(r.ssrc, full.ssrc);
	ck_assert(r.sender && r.has_block && r.bye);
	ck_assert_uint_eq(r.ntp, full.ntp);
	ck_assert_uint_eq(r.packets, 7);
	ck_assert_int_eq(r.block.lost, -3);
	ck_assert_uint_eq(r.block.fraction, 12);
	ck_assert_uint_eq(r.block.max_seq, 70000);
	ck_assert_uint_eq(r.block.dlsr, 65536);
	/* A block about somebody else is not for us. */
	ck_assert_int_eq(rtcp_parse(&r, out, n, 6), 0);
	ck_assert(!r.has_block);
	for (size_t cut = 1; cut < n; cut++)
		if (cut != 52 && cut != n - 8)
			ck_assert_int_eq(rtcp_parse(&r, out, cut, 5), -EINVAL);
}
END_TEST

/* RR without a block, as octets. */
START_TEST(test_octets)
{
	static const uint8_t want[] = {
		0x80, 201, 0, 1, 0, 0, 0, 9,
		0x81, 202, 0, 3, 0, 0, 0, 9, 1, 2, 'm', 'e', 0, 0, 0, 0,
	};
	struct rtcp_report r = { .ssrc = 9, .cname = "me" };
	uint8_t out[RTCP_MAX];

	/* 4 + 4 + "\1\2me" + at least one zero, padded to a word */
	ck_assert_uint_eq(rtcp_write(out, &r), 24);
	ck_assert_mem_eq(out, want, 24);
}
END_TEST

START_TEST(test_foreign)
{
	/* RR with two blocks, then an APP packet with padding. */
	uint8_t in[8 + 48 + 16] = { 0x82, 201, 0, 13, 0, 0, 0, 1 };
	struct rtcp_report r;

	in[8 + 24 + 3] = 42;
	in[8 + 24 + 4] = 128;
	in[56] = 0xa0;
	in[57] = 204;
	in[59] = 3;
	in[71] = 4;
	ck_assert_int_eq(rtcp_parse(&r, in, sizeof(in), 42), 0);
	ck_assert(r.has_block && !r.sender);
	ck_assert_uint_eq(r.block.fraction, 128);
	in[71] = 0;
	ck_assert_int_eq(rtcp_parse(&r, in, sizeof(in), 42), -EINVAL);
	in[71] = 3;
	ck_assert_int_eq(rtcp_parse(&r, in, sizeof(in), 42), -EINVAL);
	in[71] = 4;
	in[0] = 0x83; /* three blocks announced, two there */
	ck_assert_int_eq(rtcp_parse(&r, in, sizeof(in), 42), -EINVAL);
	in[0] = 0x82;
	in[1] = 202; /* begins with SDES */
	ck_assert_int_eq(rtcp_parse(&r, in, sizeof(in), 42), -EINVAL);
}
END_TEST

/* RFC 3550 figure 2: A = 0xb710_8000, DLSR 5.250 s, LSR 0xb705_2000 -> 6.125 s. */
START_TEST(test_round_trip_time)
{
	struct rtcp_block b = { .lsr = 0xb7052000, .dlsr = 0x00054000 };

	ck_assert_uint_eq(rtcp_round_trip(&b, 0xb7108000), 0x00062000);
	ck_assert_uint_eq(rtcp_round_trip(&b, 0xb7052000), 0);
	b.lsr = 0;
	ck_assert_uint_eq(rtcp_round_trip(&b, 0xb7108000), 0);
}
END_TEST

START_TEST(test_ntp)
{
	ck_assert_uint_eq(rtcp_ntp(0), (uint64_t)2208988800u << 32);
	ck_assert_uint_eq(rtcp_ntp(1500000000), (uint64_t)2208988801u << 32 |
							0x80000000u);
	ck_assert_uint_eq(rtcp_middle(0x1111222233334444), 0x22223333);
}
END_TEST

START_TEST(test_random_octets)
{
	struct rtcp_report r;
	int good = 0;

	srand(9);
	for (int i = 0; i < 100000; i++) {
		size_t n = (size_t)rand() % 300;
		uint8_t *in = malloc(n ? n : 1); /* no octet too many is read */
		int result;

		ck_assert_ptr_nonnull(in);
		for (size_t k = 0; k < n; k++)
			in[k] = (uint8_t)(k % 4 == 2 ? 0 : rand());
		if (n > 1)
			in[1] = (uint8_t)(200 + rand() % 4);
		if (n > 3 && i % 2) {
			in[0] = 0x80;
			in[2] = 0;
			in[3] = (uint8_t)(n / 4 - 1);
		}
		result = rtcp_parse(&r, in, n - (i % 2 ? n % 4 : 0), 1);
		ck_assert(result == 0 || result == -EINVAL);
		ck_assert(result != 0 || (n >= 4 && in[0] >> 6 == 2));
		good += result == 0;
		free(in);
	}
	ck_assert_int_gt(good, 1000); /* not all fail at the first look */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rtcp");
	TCase *tc = tcase_create("rtcp");

	tcase_add_test(tc, test_round_trip_of_octets);
	tcase_add_test(tc, test_octets);
	tcase_add_test(tc, test_foreign);
	tcase_add_test(tc, test_round_trip_time);
	tcase_add_test(tc, test_ntp);
	tcase_add_test(tc, test_random_octets);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
