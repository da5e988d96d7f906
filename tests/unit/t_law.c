/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* G.711: every code and every sample against spandsp, and G.711's own
 * figures. */
#include "media/law.c"

#include <check.h>
#include <spandsp.h>

START_TEST(test_decode_all)
{
	for (int i = 0; i < 256; i++) {
		uint8_t c = (uint8_t)i;

		ck_assert_int_eq(law_decode(LAW_A, c), alaw_to_linear(c));
		ck_assert_int_eq(law_decode(LAW_U, c), ulaw_to_linear(c));
	}
}
END_TEST

START_TEST(test_encode_all)
{
	for (int x = -32768; x <= 32767; x++) {
		ck_assert_uint_eq(law_encode(LAW_A, x), linear_to_alaw(x));
		ck_assert_uint_eq(law_encode(LAW_U, x), linear_to_ulaw(x));
	}
	ck_assert_uint_eq(law_encode(LAW_A, 100000), law_encode(LAW_A, 32767));
	ck_assert_uint_eq(law_encode(LAW_U, -100000),
			  law_encode(LAW_U, -32768));
}
END_TEST

START_TEST(test_convert_all)
{
	uint8_t all[256];

	for (int i = 0; i < 256; i++) {
		uint8_t c = (uint8_t)i;

		ck_assert_uint_eq(law_convert(LAW_A, LAW_U, c),
				  alaw_to_ulaw(c));
		ck_assert_uint_eq(law_convert(LAW_U, LAW_A, c),
				  ulaw_to_alaw(c));
		ck_assert_uint_eq(law_convert(LAW_A, LAW_A, c), c);
		all[i] = c;
	}
	law_convert_n(LAW_A, LAW_U, all, 256);
	ck_assert_uint_eq(all[0xd5], alaw_to_ulaw(0xd5));
	law_convert_n(LAW_U, LAW_U, all, 256);
	ck_assert_uint_eq(all[0x55], alaw_to_ulaw(0x55));
}
END_TEST

/* What is decoded and encoded again stays what it was (u-law has two
 * zeroes). */
START_TEST(test_round_trip)
{
	for (int i = 0; i < 256; i++) {
		uint8_t c = (uint8_t)i;

		ck_assert_uint_eq(law_encode(LAW_A, law_decode(LAW_A, c)), c);
		if (c != 0x7f)
			ck_assert_uint_eq(
				law_encode(LAW_U, law_decode(LAW_U, c)), c);
	}
	ck_assert_uint_eq(law_encode(LAW_U, law_decode(LAW_U, 0x7f)), 0xff);
}
END_TEST

/* G.711 tables 5 and 6: these eight codes are a 1 kHz sine of 0 dBm0. */
START_TEST(test_digital_milliwatt)
{
	static const uint8_t a[8] = { 0x34, 0x21, 0x21, 0x34,
				      0xb4, 0xa1, 0xa1, 0xb4 };
	static const uint8_t u[8] = { 0x1e, 0x0b, 0x0b, 0x1e,
				      0x9e, 0x8b, 0x8b, 0x9e };
	double ea = 0, eu = 0;

	for (int i = 0; i < 8; i++) {
		ea += pow(law_decode(LAW_A, a[i]), 2) / 8;
		eu += pow(law_decode(LAW_U, u[i]), 2) / 8;
	}
	ck_assert_double_eq_tol(10 * log10(ea), 20 * log10(22828 / sqrt(2)),
				0.05);
	ck_assert_double_eq_tol(10 * log10(eu), 20 * log10(22828 / sqrt(2)),
				0.08);
}
END_TEST

START_TEST(test_lane)
{
	float lane[4][16] = { { 0 } };
	int16_t out[4];

	lane[0][3] = 1e9f;
	lane[1][3] = -1e9f;
	lane[2][3] = NAN;
	lane[3][3] = 1000.4f;
	law_lane(&lane[0][3], 16, out, 4);
	ck_assert_int_eq(out[0], 32767);
	ck_assert_int_eq(out[1], -32768);
	ck_assert_int_eq(out[2], -32768);
	ck_assert_int_eq(out[3], 1000);
}
END_TEST

START_TEST(test_blocks)
{
	uint8_t in[256], out[256];
	int16_t mid[256];

	for (int i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	law_decode_n(LAW_A, in, mid, 256);
	law_encode_n(LAW_A, mid, out, 256);
	ck_assert_mem_eq(in, out, 256);
	law_encode_n(LAW_U, mid, out, 256);
	for (int i = 0; i < 256; i++)
		ck_assert_uint_eq(out[i], linear_to_ulaw(mid[i]));
	ck_assert_int_eq(law_decode(LAW_A, law_silence(LAW_A)), 8);
	ck_assert_int_eq(law_decode(LAW_U, law_silence(LAW_U)), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("law");
	TCase *tc = tcase_create("law");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, test_decode_all);
	tcase_add_test(tc, test_encode_all);
	tcase_add_test(tc, test_convert_all);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_digital_milliwatt);
	tcase_add_test(tc, test_lane);
	tcase_add_test(tc, test_blocks);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
