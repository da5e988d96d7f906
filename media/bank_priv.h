/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels of the tone bank, one per instruction set. */
#ifndef MEDIA_BANK_PRIV_H
#define MEDIA_BANK_PRIV_H

#include "media/bank.h"
#include "media/isa.h"

struct bank_kernel {
	void (*run)(const float (*x)[BANK_LANES], unsigned first,
		    struct bank *out);
	unsigned (*hits)(const struct bank *, unsigned tone, float share,
			 float floor);
	unsigned (*pairs)(const struct bank *before, const struct bank *now,
			  float share, float floor);
};

extern const struct bank_kernel bank_kernel_c, bank_kernel_avx2,
	bank_kernel_avx512;
extern const struct bank_kernel *const bank_kernels[ISA_COUNT];

extern const float bank_waves[BANK_BLOCK / 2][2 * BANK_TONES];

#endif
