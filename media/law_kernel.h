/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * G.711 in vectors. A file law_<isa>.c sets LAW_VL (lanes of a vector) and
 * LAW_KERNEL (the table it defines), defines widen(), narrow() and convert(),
 * and includes this.
 *
 * A code without its inversions is sign, segment s, mantissa m; that is nearly
 * the format of a float, so that no table and no shift by a variable is
 * needed:
 *    u-law   (33 + 2m) 2^(2+s) - 132        = float of bits s.m1, less 132
 *    A-law   (33 + 2m) 2^(2+s), s > 0       = float of bits s.m1
 *            (1 + 2m) 2^3 = (33 + 2m) 2^3 - 256 for s = 0
 * and back by the same way.
 */
#ifndef MEDIA_LAW_KERNEL_H
#define MEDIA_LAW_KERNEL_H

#include <string.h>

#include "media/cross.h"

enum {
	LEAD = 134 << 23, /* 2^7 as a float: exponent of segment 0 */
	HALF = 1 << 18,	  /* the middle of a step */
	STEP = 19,	  /* place of segment and mantissa in a float */
	PACKS = LAW_LANES / LAW_VL,
};

/* What differs between the laws, per lane. */
struct law_lanes {
	vi flip;  /* bits of a code that stand inverted */
	vi small; /* codes below are of the segment that is none: A-law */
	vf bias;
	vi small_linear, bias_linear;
	vi one; /* u-law: negative values are negated, not inverted */
};

static inline vi vi_pick(vi mask, vi yes, vi no)
{
	return (yes & mask) | (no & ~mask);
}

static inline vf vf_pick(vi mask, vf yes, vf no)
{
	return (vf)vi_pick(mask, (vi)yes, (vi)no);
}

/* u: all ones in the lanes of u-law. */
static inline struct law_lanes law_lanes(vi u)
{
	struct law_lanes l;

	l.flip = vi_pick(u, 0x7f - (vi){ 0 }, 0x55 - (vi){ 0 });
	l.small = ~u & 16;
	l.bias = vf_pick(u, 132 - (vf){ 0 }, (vf){ 0 });
	l.small_linear = ~u & 256;
	l.bias_linear = u & 132;
	l.one = u & 1;
	return l;
}

/* The lanes of a pack whose bit is set. */
static inline vi law_mask(unsigned bits)
{
	vi m;

	for (int i = 0; i < LAW_VL; i++)
		m[i] = bits >> i & 1 ? -1 : 0;
	return m;
}

static inline vf decode(vi code, const struct law_lanes *l)
{
	vi c = code ^ l->flip, size = c & 0x7f, small = size < l->small;
	vf x = (vf)(((size + (small & 16)) << STEP) + (LEAD | HALF));

	x -= vf_pick(small, 256 - (vf){ 0 }, l->bias);
	return vf_pick((c & 0x80) != 0, x, 0 - x);
}

/* linear: -32768 to 32767. */
static inline vi encode(vi linear, const struct law_lanes *l)
{
	vi neg = linear < 0, size, small;

	size = (linear ^ neg) + (neg & l->one) + l->bias_linear;
	small = size < l->small_linear;
	size += small & 256;
	size = ((vi)__builtin_convertvector(size, vf) >> STEP) -
	       (LEAD >> STEP) - (small & 16);
	size = vi_pick(size > 0x7f, 0x7f - (vi){ 0 }, size);
	return size ^ l->flip ^ (~neg & 0x80);
}

/* Rounded and clipped; NaN is the lower bound. */
static inline vi to_linear(vf x)
{
	x = vf_pick(x > -32768.0f, x, -32768.0f - (vf){ 0 });
	x = vf_pick(x < 32767.0f, x, 32767.0f - (vf){ 0 });
	return (vi)(x + LAW_ROUND) - LAW_ROUND_BITS;
}

/* tick */
static void lanes_decode(const uint8_t *const codes[LAW_LANES], unsigned ulaw,
			 float (*out)[LAW_LANES])
{
	struct law_lanes laws[PACKS];
	_Alignas(CROSS) uint8_t row[CROSS][LAW_LANES];
	cross_row r[CROSS];

	for (unsigned p = 0; p < PACKS; p++)
		laws[p] = law_lanes(law_mask(ulaw >> (p * LAW_VL)));
	for (unsigned from = 0; from < LAW_BLOCK; from += CROSS) {
#pragma GCC unroll 16
		for (unsigned i = 0; i < LAW_LANES; i++)
			memcpy(&r[i], codes[i] + from, CROSS);
		cross(r);
#pragma GCC unroll 16
		for (unsigned i = 0; i < CROSS; i++)
			memcpy(row[i], &r[i], CROSS);
		for (unsigned i = 0; i < CROSS; i++)
			for (unsigned p = 0; p < PACKS; p++) {
				unsigned at = p * LAW_VL;
				vf x = decode(widen(&row[i][at]), &laws[p]);

				memcpy(&out[from + i][at], &x, sizeof(x));
			}
	}
}

/* tick */
static void lanes_encode(const float (*x)[LAW_LANES], unsigned ulaw,
			 unsigned lanes, uint8_t *const codes[LAW_LANES])
{
	struct law_lanes laws[PACKS];
	_Alignas(CROSS) uint8_t row[CROSS][LAW_LANES];
	cross_row r[CROSS];
	vf v;

	for (unsigned p = 0; p < PACKS; p++)
		laws[p] = law_lanes(law_mask(ulaw >> (p * LAW_VL)));
	for (unsigned from = 0; from < LAW_BLOCK; from += CROSS) {
		for (unsigned i = 0; i < CROSS; i++)
			for (unsigned p = 0; p < PACKS; p++) {
				unsigned at = p * LAW_VL;

				memcpy(&v, &x[from + i][at], sizeof(v));
				narrow(&row[i][at],
				       encode(to_linear(v), &laws[p]));
			}
#pragma GCC unroll 16
		for (unsigned i = 0; i < CROSS; i++)
			memcpy(&r[i], row[i], CROSS);
		cross(r);
#pragma GCC unroll 16
		for (unsigned i = 0; i < LAW_LANES; i++)
			if (lanes >> i & 1)
				memcpy(codes[i] + from, &r[i], CROSS);
	}
}

/* tick: n is a multiple of LAW_VL */
static void decode_n(enum law law, const uint8_t *codes, int16_t *linear,
		     size_t n)
{
	struct law_lanes l = law_lanes(law_mask(law == LAW_U ? ~0u : 0));
	vs s;

	for (size_t i = 0; i < n; i += LAW_VL) {
		s = __builtin_convertvector(decode(widen(codes + i), &l), vs);
		memcpy(linear + i, &s, sizeof(s));
	}
}

/* tick: likewise */
static void encode_n(enum law law, const int16_t *linear, uint8_t *codes,
		     size_t n)
{
	struct law_lanes l = law_lanes(law_mask(law == LAW_U ? ~0u : 0));
	vs s;

	for (size_t i = 0; i < n; i += LAW_VL) {
		memcpy(&s, linear + i, sizeof(s));
		narrow(codes + i, encode(__builtin_convertvector(s, vi), &l));
	}
}

const struct law_kernel LAW_KERNEL = {
	.step = LAW_VL,
	.decode = decode_n,
	.encode = encode_n,
	.convert = convert,
	.lanes_decode = lanes_decode,
	.lanes_encode = lanes_encode,
};

#endif
