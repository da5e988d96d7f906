/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pseudo-random bits for modems (ITU-T O.153, 511 bits), and a judge that
 * needs no synchronism: each bit must follow from the nine before it.
 */
#ifndef TESTS_G168_BITS_H
#define TESTS_G168_BITS_H

#include <stdint.h>

struct g168_bits {
	uint32_t sent;		/* register of the sender */
	uint32_t heard;		/* of the judge */
	long count;		/* heard; the first only fill the register */
	long wrong;
};

/* get_bit and put_bit functions for spandsp; user_data is a g168_bits. What
 * is no bit (a status) does not count. */
int g168_bits_get(void *user_data);
void g168_bits_put(void *user_data, int bit);

/* Begin to judge anew. */
void g168_bits_start(struct g168_bits *b);

/* Bits wrong, and those that did not come; one wrong bit is told thrice. */
double g168_bits_missed(const struct g168_bits *b, long expected);

#endif
