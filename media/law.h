/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * G.711 A-law and u-law: 8-bit codes as they stand on the line and in RTP
 * (A-law with its even bits inverted), linear samples on the 16-bit scale.
 * A full-scale sine is +3.14 dBm0 (A-law), +3.17 dBm0 (u-law).
 *
 * Pure functions and const tables: any thread; all may run in the tick. What
 * takes many codes has a variant per instruction set (law_kernel.h), all of
 * which give the same bits.
 */
#ifndef MEDIA_LAW_H
#define MEDIA_LAW_H

#include <stddef.h>
#include <stdint.h>

enum law { /* = enum conf_law */
	LAW_A,
	LAW_U
};

enum {
	LAW_A_SILENCE = 0xd5,
	LAW_U_SILENCE = 0xff,
};

enum {
	LAW_LANES = 16, /* channels of a group */
	LAW_BLOCK = 80, /* samples of a block */
};

/* Peak of a sine of 0 dBm0 on the 16-bit scale (both laws, within 0.1 dB):
 * 32768 / 10^(3.14 / 20). */
#define LAW_PEAK_0DBM0 22828.0f

/* code -> linear, 256 entries. */
const int16_t *law_table(enum law law);

int16_t law_decode(enum law law, uint8_t code);
/* Values beyond 16 bits are clipped. */
uint8_t law_encode(enum law law, int linear);
uint8_t law_silence(enum law law);

/* A code of one law as a code of the other, by G.711 tables 3 and 4; the
 * same code if the laws are equal. */
uint8_t law_convert(enum law from, enum law to, uint8_t code);
void law_convert_n(enum law from, enum law to, uint8_t *codes, size_t n);

void law_decode_n(enum law law, const uint8_t *codes, int16_t *linear,
		  size_t n);
void law_encode_n(enum law law, const int16_t *linear, uint8_t *codes,
		  size_t n);
/* A lane of a group (floats, stride apart) as samples, rounded, clipped. */
void law_lane(const float *lane, size_t stride, int16_t *linear, size_t n);

/*
 * A block of LAW_LANES channels between LAW_BLOCK codes of each and rows of
 * floats, one channel a lane. ulaw has a bit for each lane of u-law.
 *
 * All of codes[] must be there; lanes that mean nothing may repeat another.
 * Rows are aligned to 64.
 */
void law_lanes_decode(const uint8_t *const codes[LAW_LANES], unsigned ulaw,
		      float (*out)[LAW_LANES]);
/* Rounded and clipped; only the lanes with a bit in `lanes` have codes. */
void law_lanes_encode(const float (*x)[LAW_LANES], unsigned ulaw,
		      unsigned lanes, uint8_t *const codes[LAW_LANES]);

#endif
