/* SPDX-License-Identifier: GPL-2.0-or-later */
#define LAW_VL 8
#define LAW_KERNEL law_kernel_avx2
#include "media/law_vec.h"

static inline vi widen(const uint8_t *codes)
{
	return (vi)_mm256_cvtepu8_epi32(
		_mm_loadl_epi64((const __m128i *)(const void *)codes));
}

static inline void narrow(uint8_t *codes, vi v)
{
	__m128i words = _mm_packs_epi32(
		_mm256_castsi256_si128((__m256i)v),
		_mm256_extracti128_si256((__m256i)v, 1));

	_mm_storel_epi64((__m128i *)(void *)codes,
			 _mm_packus_epi16(words, words));
}

/* A shuffle gives zero where bit 7 of its index is set: everywhere but in
 * the piece of the table that is looked at. */
static void convert(const uint8_t table[128], uint8_t *codes, size_t n)
{
	const __m128i *part = (const __m128i *)(const void *)table;
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		__m128i *at = (__m128i *)(void *)(codes + i);
		__m128i c = _mm_loadu_si128(at);
		__m128i out = _mm_and_si128(c, _mm_set1_epi8(-128));
		__m128i size = _mm_xor_si128(c, out);

		for (int k = 0; k < 8; k++) {
			__m128i index = _mm_xor_si128(
				size, _mm_set1_epi8((char)(16 * k)));

			index = _mm_adds_epu8(index, _mm_set1_epi8(0x70));
			out = _mm_or_si128(
				out, _mm_shuffle_epi8(
					     _mm_loadu_si128(part + k), index));
		}
		_mm_storeu_si128(at, out);
	}
	for (; i < n; i++)
		codes[i] = table[codes[i] & 0x7f] | (codes[i] & 0x80);
}

#include "media/law_kernel.h"
