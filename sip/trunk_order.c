/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order the addresses of a trunk are tried (RFC 2782). */
#include "sip/trunk_priv.h"

#include <string.h>
#include <sys/random.h>

static uint32_t random_below(uint32_t n)
{
	uint32_t r;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		return 0;
	}
	return (uint32_t)((uint64_t)r * n >> 32);
}

/* Of two targets: must a go before b, whatever their weights? */
static bool goes_before(const struct trunk_target *a,
			const struct trunk_target *b)
{
	return a->server != b->server ? a->server < b->server
				      : a->at.priority < b->at.priority;
}

static void sort(struct trunk *k)
{
	for (unsigned i = 0; i < k->n_targets; i++) {
		unsigned at = i;

		for (; at && goes_before(&k->target[i],
					 &k->target[k->order[at - 1]]);
		     at--) {
			k->order[at] = k->order[at - 1];
		}
		k->order[at] = (uint8_t)i;
	}
}

/* The first of order[from..to) is drawn by weight; those of weight 0 have a
 * very small chance. */
static void draw(struct trunk *k, unsigned from, unsigned to)
{
	uint32_t sum = 0, r;
	uint8_t taken;
	unsigned i;

	for (i = from; i < to; i++) {
		sum += k->target[k->order[i]].at.weight * 100u + 1;
	}
	r = random_below(sum);
	for (i = from; i + 1 < to; i++) {
		uint32_t w = k->target[k->order[i]].at.weight * 100u + 1;

		if (r < w) {
			break;
		}
		r -= w;
	}
	taken = k->order[i];
	memmove(&k->order[from + 1], &k->order[from], i - from);
	k->order[from] = taken;
}

/* Without weights the order of the answer stands. */
static bool has_weight(const struct trunk *k, unsigned from, unsigned to)
{
	while (from < to && !k->target[k->order[from]].at.weight) {
		from++;
	}
	return from < to;
}

void trunk_shuffle(struct trunk *k)
{
	unsigned from = 0, to;

	sort(k);
	for (; from < k->n_targets; from = to) {
		const struct trunk_target *first = &k->target[k->order[from]];

		for (to = from + 1;
		     to < k->n_targets &&
		     !goes_before(first, &k->target[k->order[to]]);
		     to++) {
		}
		for (unsigned i = from; has_weight(k, from, to) && i + 1 < to;
		     i++) {
			draw(k, i, to);
		}
	}
}
