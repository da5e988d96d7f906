/* SPDX-License-Identifier: GPL-2.0-or-later */
#define BANK_VL 8
#define BANK_AT_ONCE 5
#define BANK_KERNEL bank_kernel_avx2
#include "media/bank_vec.h"

#include <immintrin.h>

static inline unsigned bits(vi mask)
{
	return (unsigned)_mm256_movemask_ps((__m256)mask);
}

#include "media/bank_kernel.h"
