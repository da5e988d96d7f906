/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels of the tone bank, one per instruction set. */
#ifndef MEDIA_BANK_PRIV_H
#define MEDIA_BANK_PRIV_H

#include "media/bank.h"

typedef void bank_kernel(const float (*x)[BANK_LANES], unsigned first,
			 struct bank *out);

bank_kernel bank_kernel_c, bank_kernel_avx2, bank_kernel_avx512;

#endif
