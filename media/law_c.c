/* SPDX-License-Identifier: GPL-2.0-or-later */
/* G.711 in plain C, by the functions and tables of law.c. */
#include "media/law_priv.h"

static enum law law_of(unsigned ulaw, unsigned lane)
{
	return ulaw >> lane & 1 ? LAW_U : LAW_A;
}

/* tick */
static void decode_n(enum law law, const uint8_t *codes, int16_t *linear,
		     size_t n)
{
	const int16_t *table = law_table(law);

	for (size_t i = 0; i < n; i++)
		linear[i] = table[codes[i]];
}

/* tick */
static void encode_n(enum law law, const int16_t *linear, uint8_t *codes,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		codes[i] = law_encode(law, linear[i]);
}

/* tick */
static void convert(const uint8_t table[128], uint8_t *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		codes[i] = table[codes[i] & 0x7f] | (codes[i] & 0x80);
}

/* tick */
static void lanes_decode(const uint8_t *const codes[LAW_LANES], unsigned ulaw,
			 float (*out)[LAW_LANES])
{
	for (unsigned lane = 0; lane < LAW_LANES; lane++) {
		const int16_t *table = law_table(law_of(ulaw, lane));

		for (unsigned i = 0; i < LAW_BLOCK; i++)
			out[i][lane] = table[codes[lane][i]];
	}
}

/* tick */
static void lanes_encode(const float (*x)[LAW_LANES], unsigned ulaw,
			 unsigned lanes, uint8_t *const codes[LAW_LANES])
{
	int16_t linear[LAW_BLOCK];

	for (unsigned lane = 0; lane < LAW_LANES; lane++) {
		if (!(lanes >> lane & 1))
			continue;
		law_lane(&x[0][lane], LAW_LANES, linear, LAW_BLOCK);
		encode_n(law_of(ulaw, lane), linear, codes[lane], LAW_BLOCK);
	}
}

const struct law_kernel law_kernel_c = {
	.step = 1,
	.decode = decode_n,
	.encode = encode_n,
	.convert = convert,
	.lanes_decode = lanes_decode,
	.lanes_encode = lanes_encode,
};
