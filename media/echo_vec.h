/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vectors of ECHO_VL float lanes, one channel a lane. Each echo_<isa>.c sets
 * ECHO_VL and includes this; everything is static, so that the instruction
 * set of a file never leaks into another one.
 */
#ifndef MEDIA_ECHO_VEC_H
#define MEDIA_ECHO_VEC_H

#include <stdint.h>

typedef float vf __attribute__((vector_size(4 * ECHO_VL)));
typedef int32_t vi __attribute__((vector_size(4 * ECHO_VL)));
typedef uint32_t vu __attribute__((vector_size(4 * ECHO_VL)));

/* The same in memory of any alignment (rows of the caller's blocks). */
typedef float vf_row
	__attribute__((vector_size(4 * ECHO_VL), aligned(4), may_alias));

/* A complex number per lane. */
struct vc {
	vf re;
	vf im;
};

static inline vf vf_set(float s)
{
	return s + (vf){ 0 };
}

static inline vf vf_load(const float *p)
{
	return *(const vf_row *)p;
}

static inline void vf_store(float *p, vf v)
{
	*(vf_row *)p = v;
}

/* yes where mask is set, no elsewhere; mask is the result of a compare. */
static inline vf vf_pick(vi mask, vf yes, vf no)
{
	return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}

/* All ones in the lanes that are in mask. */
static inline vi vi_mask(unsigned mask)
{
	vi m;

	for (int i = 0; i < ECHO_VL; i++)
		m[i] = (mask >> i & 1) ? -1 : 0;
	return m;
}

static inline vf vf_max(vf a, vf b)
{
	return vf_pick(a > b, a, b);
}

static inline vf vf_min(vf a, vf b)
{
	return vf_pick(a < b, a, b);
}

static inline vf vf_abs(vf a)
{
	return (vf)((vi)a & 0x7fffffff);
}

#endif
