/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cancellers under test, sixteen lines each: ours as the tick runs it in
 * each instruction set, speexdsp and spandsp as peers, and controls that are
 * wrong on purpose, so that each test is seen to fail.
 */
#ifndef TESTS_G168_PEER_H
#define TESTS_G168_PEER_H

#include "tests/media/g168.h"

enum g168_who {
	G168_OURS,	/* the best this machine has */
	G168_OURS_AVX2,
	G168_OURS_C,
	G168_SPEEXDSP,
	G168_SPANDSP,
	G168_NOTHING,	/* control: Sin goes out as it is */
	G168_MUTE,	/* control: nothing goes out */
	G168_GREEDY,	/* control: NLMS that adapts to everything, leaks */
	G168_STUBBORN,	/* control: the same, learns for 8 s and never again */
	G168_WHO,
};

/* One of them at work. */
struct g168_canceller;

const char *g168_name(enum g168_who who);

/* NULL: no memory, or not on this machine. The caller owns it. */
struct g168_canceller *g168_open(enum g168_who who, unsigned tail_ms,
				 unsigned flags);
void g168_close(struct g168_canceller *c);

/* Flags: enum g168_flag. False: it cannot hold its taps. */
bool g168_set(struct g168_canceller *c, unsigned flags);
/* The block's out from its far and near. */
void g168_run(struct g168_canceller *c, struct g168_block *b);

#endif
