/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sixteen lines with their hybrids: what comes back of what is sent. Line n
 * has the model D.(2 + n % 8), scaled as Annex D does; the delays lie all
 * over the tail and depend on the seed. Each line has another path to change
 * to: another model at another delay.
 */
#ifndef TESTS_G168_LINE_H
#define TESTS_G168_LINE_H

#include "tests/media/g168.h"

enum {
	G168_PATH_TAPS = 128,	/* the longest model */
	G168_PAST = 1024,	/* samples a hybrid may lie back */
};

enum g168_path {
	G168_PATH_FIRST,
	G168_PATH_OTHER,
	G168_PATH_OPEN,		/* no echo at all */
};

/* A reflection on each line. */
struct g168_hybrid {
	_Alignas(64) float tap[G168_PATH_TAPS][G168_LANES];
	size_t delay[G168_LANES];
};

struct g168_line {
	struct g168_hybrid main[2];	/* by path */
	struct g168_hybrid second[2];
	bool has_second;
	enum signal_law law;
	float offset[G168_LANES];	/* DC at Sin */
	bool overloaded[G168_LANES];	/* the law clips the echo alone */
	float past[G168_PAST + G168_PATH_TAPS + G168_BLOCK][G168_LANES];
};

void g168_line_init(struct g168_line *l, const struct g168_condition *c);

/* All that a block passes: far through the law, its echo, gen and echo
 * through the law as near. */
void g168_line_block(struct g168_line *l, enum g168_path path,
		     struct g168_block *b);

#endif
