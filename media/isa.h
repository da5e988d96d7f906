/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction sets that vector code of the media engine is built for. The
 * suffix of a file says for which; the best one that the machine has is found
 * once, before main.
 *
 * Any thread; tick.
 */
#ifndef MEDIA_ISA_H
#define MEDIA_ISA_H

#include <stdbool.h>

enum isa {
	ISA_C,	  /* plain C, any machine */
	ISA_AVX2, /* and FMA */
	ISA_AVX512, /* F, BW, DQ, VL */
	ISA_COUNT
};

/* What the kernels are to use. */
enum isa isa_now(void);
bool isa_has(enum isa);
/* "c", "avx2", "avx512". */
const char *isa_name(enum isa);
/* For tests and benches, before the first engine: none beyond that. */
void isa_limit(enum isa);

#endif
