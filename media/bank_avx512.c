/* SPDX-License-Identifier: GPL-2.0-or-later */
#define BANK_VL 16
#define BANK_AT_ONCE 10
#define BANK_KERNEL bank_kernel_avx512
#include "media/bank_vec.h"

#include <immintrin.h>

static inline unsigned bits(vi mask)
{
	return _mm512_movepi32_mask((__m512i)mask);
}

#include "media/bank_kernel.h"
