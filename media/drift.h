/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast a line's clock runs against CLOCK_MONOTONIC: a straight line laid
 * through what was counted of its frames, once a second for some minutes. A
 * count is late by up to the owner's tick, by chance, which averages out: after
 * a minute the error is below 2 ppm, after five below 0.3.
 *
 * After a slip or a stall frames are missing: begin anew. One owner and thread.
 */
#ifndef MEDIA_DRIFT_H
#define MEDIA_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DRIFT_SAMPLES = 300,
	DRIFT_LEAST_S = 60, /* to say anything */
};

struct drift {
	unsigned n, next; /* in the ring */
	int64_t at_ns[DRIFT_SAMPLES];
	int64_t frames[DRIFT_SAMPLES];
};

void drift_reset(struct drift *);
/* So many frames had come at that instant; both only grow. */
void drift_add(struct drift *, int64_t at_ns, int64_t frames);
/* False: not known yet. */
bool drift_ppb(const struct drift *, int32_t *ppb);

#endif
