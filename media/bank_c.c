/* SPDX-License-Identifier: GPL-2.0-or-later */
#define BANK_VL 4
#define BANK_AT_ONCE 5
#define BANK_KERNEL bank_kernel_c
#include "media/bank_vec.h"

static inline unsigned bits(vi mask)
{
	unsigned b = 0;

	for (unsigned i = 0; i < BANK_VL; i++)
		b |= (unsigned)(mask[i] & 1) << i;
	return b;
}

#include "media/bank_kernel.h"
