/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* G.711: every code and every sample against spandsp, and G.711's own
 * figures. */
#include "media/law.c"
#include "tests/suite.h"

#include <check.h>
#include <math.h>
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

/* Every kernel that this machine runs, against the scalar functions. */
START_TEST(test_kernel_all)
{
	const struct law_kernel *k = law_kernels[_i];
	static int16_t all[65536], back[65536];
	static uint8_t codes[65536];
	uint8_t every[256];

	if (!isa_has((enum isa)_i))
		return;
	for (int x = 0; x < 65536; x++)
		all[x] = (int16_t)(x - 32768);
	for (int i = 0; i < 256; i++)
		every[i] = (uint8_t)i;
	for (enum law law = LAW_A; law <= LAW_U; law++) {
		k->encode(law, all, codes, 65536);
		for (int x = 0; x < 65536; x++)
			ck_assert_uint_eq(codes[x], law_encode(law, all[x]));
		k->decode(law, codes, back, 65536);
		for (int x = 0; x < 65536; x++)
			ck_assert_int_eq(back[x], law_decode(law, codes[x]));
		k->decode(law, every, back, 256);
		for (int i = 0; i < 256; i++)
			ck_assert_int_eq(back[i], law_decode(law, every[i]));
	}
}
END_TEST

/* Any length, at any place, nothing beside it touched. */
START_TEST(test_kernel_convert)
{
	const struct law_kernel *k = law_kernels[_i];
	uint8_t codes[300];

	if (!isa_has((enum isa)_i))
		return;
	for (size_t n = 0; n <= 280; n++) {
		size_t at = n % 7 + 3;

		for (size_t i = 0; i < sizeof(codes); i++)
			codes[i] = (uint8_t)(i * 3 + n);
		k->convert(n % 2 ? alaw_ulaw : ulaw_alaw, codes + at, n);
		for (size_t i = 0; i < sizeof(codes); i++) {
			uint8_t was = (uint8_t)(i * 3 + n);

			if (i >= at && i < at + n)
				was = law_convert(n % 2 ? LAW_A : LAW_U,
						  n % 2 ? LAW_U : LAW_A, was);
			ck_assert_uint_eq(codes[i], was);
		}
	}
}
END_TEST

START_TEST(test_kernel_lanes_decode)
{
	const struct law_kernel *k = law_kernels[_i];
	static _Alignas(64) float x[LAW_BLOCK][LAW_LANES];
	static uint8_t codes[LAW_LANES][LAW_BLOCK + 1];
	const uint8_t *in[LAW_LANES];
	const unsigned ulaw = 0xa5c3;

	if (!isa_has((enum isa)_i))
		return;
	for (unsigned lane = 0; lane < LAW_LANES; lane++) {
		in[lane] = codes[lane] + lane % 2;
		for (unsigned i = 0; i <= LAW_BLOCK; i++)
			codes[lane][i] = (uint8_t)(lane * 83 + i * 7);
	}
	k->lanes_decode(in, ulaw, x);
	for (unsigned lane = 0; lane < LAW_LANES; lane++)
		for (unsigned i = 0; i < LAW_BLOCK; i++) {
			float want = law_decode(ulaw >> lane & 1 ? LAW_U
								 : LAW_A,
						in[lane][i]);

			/* The sign of zero too. */
			ck_assert_mem_eq(&x[i][lane], &want, sizeof(want));
		}
}
END_TEST

/* Between the integers, beyond the scale, no numbers; lanes that are not
 * asked for stay as they are. */
START_TEST(test_kernel_lanes_encode)
{
	static const float odd[] = { 0.5f,    1.5f,   -0.5f,  -2.5f, 1e9f,
				     -1e9f,   NAN,    32767.4f, 32767.6f,
				     -32768.4f, -32769, INFINITY, -INFINITY,
				     1e-40f, -0.0f };
	const struct law_kernel *k = law_kernels[_i];
	static _Alignas(64) float x[LAW_BLOCK][LAW_LANES];
	static uint8_t codes[LAW_LANES][LAW_BLOCK];
	uint8_t *out[LAW_LANES];
	const unsigned ulaw = 0x0ff0, lanes = 0xbeef;
	int16_t linear[LAW_BLOCK];
	float value = -33000;

	if (!isa_has((enum isa)_i))
		return;
	for (unsigned round = 0; round < 60; round++) {
		memset(codes, 0x11, sizeof(codes));
		for (unsigned lane = 0; lane < LAW_LANES; lane++) {
			out[lane] = codes[lane];
			for (unsigned i = 0; i < LAW_BLOCK; i++)
				x[i][lane] = value += 0.87f;
		}
		for (unsigned i = 0; i < sizeof(odd) / sizeof(*odd); i++)
			x[i + round % 60][i] = odd[i];
		k->lanes_encode((const float (*)[LAW_LANES])x, ulaw, lanes,
				out);
		for (unsigned lane = 0; lane < LAW_LANES; lane++) {
			law_lane(&x[0][lane], LAW_LANES, linear, LAW_BLOCK);
			for (unsigned i = 0; i < LAW_BLOCK; i++) {
				uint8_t want = law_encode(ulaw >> lane & 1
								  ? LAW_U
								  : LAW_A,
							  linear[i]);

				ck_assert_uint_eq(codes[lane][i],
						  lanes >> lane & 1 ? want
								    : 0x11);
			}
		}
	}
}
END_TEST

/* Half goes to the even neighbour, as lrintf() has it. */
START_TEST(test_lane_rounds)
{
	for (float v = -300; v < 300; v += 0.125f) {
		int16_t got;

		law_lane(&v, 1, &got, 1);
		ck_assert_int_eq(got, lrintf(v));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("law");
	TCase *tc = tcase_create("law");

	tcase_add_test(tc, test_decode_all);
	tcase_add_test(tc, test_encode_all);
	tcase_add_test(tc, test_convert_all);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_digital_milliwatt);
	tcase_add_test(tc, test_lane);
	tcase_add_test(tc, test_blocks);
	tcase_add_test(tc, test_lane_rounds);
	tcase_add_loop_test(tc, test_kernel_all, 0, ISA_COUNT);
	tcase_add_loop_test(tc, test_kernel_convert, 0, ISA_COUNT);
	tcase_add_loop_test(tc, test_kernel_lanes_decode, 0, ISA_COUNT);
	tcase_add_loop_test(tc, test_kernel_lanes_encode, 0, ISA_COUNT);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
