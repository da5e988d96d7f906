/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_bits.h"

enum {
	FILL = 32,	/* bits until they are judged */
};

int g168_bits_get(void *user_data)
{
	struct g168_bits *b = user_data;
	uint32_t bit;

	if (!b->sent)
		b->sent = 0x1ff;
	bit = (b->sent >> 8 ^ b->sent >> 4) & 1;
	b->sent = (b->sent << 1 | bit) & 0x1ff;
	return (int)bit;
}

void g168_bits_put(void *user_data, int bit)
{
	struct g168_bits *b = user_data;
	uint32_t due = (b->heard >> 8 ^ b->heard >> 4) & 1;

	if (bit < 0)
		return;
	/* nothing but zeros would follow from itself */
	if (b->count >= FILL && (due != (uint32_t)bit || !b->heard))
		b->wrong++;
	b->heard = (b->heard << 1 | (uint32_t)bit) & 0x1ff;
	b->count++;
}

void g168_bits_start(struct g168_bits *b)
{
	b->count = 0;
	b->wrong = 0;
}

double g168_bits_missed(const struct g168_bits *b, long expected)
{
	long lost = expected > b->count ? expected - b->count : 0;

	return (double)(b->wrong + lost);
}
