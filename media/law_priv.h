/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels of G.711, one per instruction set; and its tables. */
#ifndef MEDIA_LAW_PRIV_H
#define MEDIA_LAW_PRIV_H

#include "media/isa.h"
#include "media/law.h"

/* Adding it leaves a float of up to 22 bits rounded to the nearest (even)
 * integer, in its lowest bits. */
#define LAW_ROUND      12582912.0f
#define LAW_ROUND_BITS 0x4b400000

struct law_kernel {
	size_t step; /* n of decode and encode is a multiple of it */
	void (*decode)(enum law law, const uint8_t *codes, int16_t *linear,
		       size_t n);
	void (*encode)(enum law law, const int16_t *linear, uint8_t *codes,
		       size_t n);
	/* table: of the codes 0 to 127; bit 7 is kept. */
	void (*convert)(const uint8_t table[128], uint8_t *codes, size_t n);
	void (*lanes_decode)(const uint8_t *const codes[LAW_LANES],
			     unsigned ulaw, float (*out)[LAW_LANES]);
	void (*lanes_encode)(const float (*x)[LAW_LANES], unsigned ulaw,
			     unsigned lanes, uint8_t *const codes[LAW_LANES]);
};

extern const struct law_kernel law_kernel_c, law_kernel_avx2,
	law_kernel_avx512;
extern const struct law_kernel *const law_kernels[ISA_COUNT];

#endif
