/* SPDX-License-Identifier: GPL-2.0-or-later */
#define LAW_VL 16
#define LAW_KERNEL law_kernel_avx512
#include "media/law_vec.h"

static inline vi widen(const uint8_t *codes)
{
	return (vi)_mm512_cvtepu8_epi32(
		_mm_loadu_si128((const __m128i *)(const void *)codes));
}

static inline void narrow(uint8_t *codes, vi v)
{
	_mm_storeu_si128((__m128i *)(void *)codes,
			 _mm512_cvtepi32_epi8((__m512i)v));
}

static void convert(const uint8_t table[128], uint8_t *codes, size_t n)
{
	__m512i part[8];

	for (int k = 0; k < 8; k++)
		part[k] = _mm512_broadcast_i32x4(_mm_loadu_si128(
			(const __m128i *)(const void *)(table + 16 * k)));
	for (size_t i = 0; i < n; i += 64) {
		__mmask64 in = n - i < 64 ? (1ull << (n - i)) - 1 : ~0ull;
		__m512i c = _mm512_maskz_loadu_epi8(in, codes + i);
		__m512i sign = _mm512_and_si512(c, _mm512_set1_epi8(-128));
		__m512i low = _mm512_and_si512(c, _mm512_set1_epi8(15));
		__m512i high = _mm512_and_si512(c, _mm512_set1_epi8(0x70));

		for (int k = 0; k < 8; k++)
			c = _mm512_mask_shuffle_epi8(
				c,
				_mm512_cmpeq_epi8_mask(
					high,
					_mm512_set1_epi8((char)(16 * k))),
				part[k], low);
		_mm512_mask_storeu_epi8(codes + i, in,
					_mm512_or_si512(c, sign));
	}
}

#include "media/law_kernel.h"
