/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows and columns of octets change places, CROSS of them at a time: by
 * vectors of 16 octets, which the plainest machines of the kind have.
 *
 * Pure; tick.
 */
#ifndef MEDIA_CROSS_H
#define MEDIA_CROSS_H

#include <stdint.h>

enum { CROSS = 16 };

typedef uint8_t cross_row __attribute__((vector_size(CROSS)));

/* The upper half of the rows is shuffled into the lower one. */
static inline __attribute__((always_inline)) void
cross_shuffle(const cross_row in[CROSS], cross_row out[CROSS])
{
#pragma GCC unroll 8
	for (int i = 0; i < CROSS / 2; i++) {
		cross_row a = in[i], b = in[i + CROSS / 2];

		out[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18,
						     3, 19, 4, 20, 5, 21, 6,
						     22, 7, 23);
		out[2 * i + 1] = __builtin_shufflevector(
			a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
			30, 15, 31);
	}
}

static inline __attribute__((always_inline)) void cross(cross_row r[CROSS])
{
	cross_row other[CROSS];

	cross_shuffle(r, other);
	cross_shuffle(other, r);
	cross_shuffle(r, other);
	cross_shuffle(other, r);
}

#endif
