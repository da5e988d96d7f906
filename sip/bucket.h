/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * So many a second, a second's worth at once at most. Zeroed = ready, full
 * after a second. Any thread, one at a time.
 */
#ifndef SIP_BUCKET_H
#define SIP_BUCKET_H

#include "gateway/base/clock.h"

#include <stdbool.h>

struct bucket {
	int64_t ns; /* NS_PER_S is a second's worth */
	mono_t at;
};

static inline void bucket_fill(struct bucket *b, mono_t now)
{
	b->ns += mono_diff_ns(now, b->at);
	b->at = now;
	if (b->ns > NS_PER_S) {
		b->ns = NS_PER_S;
	}
}

/* False: none is left. */
static inline bool bucket_take(struct bucket *b, mono_t now, unsigned per_s)
{
	int64_t cost = NS_PER_S / per_s;

	bucket_fill(b, now);
	if (b->ns < cost) {
		return false;
	}
	b->ns -= cost;
	return true;
}

#endif
