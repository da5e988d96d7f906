/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/isa.h"

/* A constant after the constructor below, but for isa_limit(). */
static enum isa best, now;

__attribute__((constructor)) static void find(void)
{
	__builtin_cpu_init();
	best = ISA_C;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		best = ISA_AVX2;
	if (best == ISA_AVX2 && __builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vl"))
		best = ISA_AVX512;
	now = best;
}

/* tick */
enum isa isa_now(void)
{
	return now;
}

bool isa_has(enum isa isa)
{
	return isa <= best;
}

const char *isa_name(enum isa isa)
{
	static const char *const names[ISA_COUNT] = { "c", "avx2", "avx512" };

	return names[isa];
}

void isa_limit(enum isa isa)
{
	now = isa < best ? isa : best;
}
