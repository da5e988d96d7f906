/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run: a test in a condition with a canceller, and what its checks say.
 */
#ifndef TESTS_G168_SCENE_H
#define TESTS_G168_SCENE_H

#include "tests/media/g168_peer.h"
#include "tests/media/g168_test.h"

/* Squares of a block of a line, for curves. */
struct g168_point {
	float near;
	float out;
	float echo;
	float left;	/* of the echo */
};

struct g168_job {
	const struct g168_test *test;
	const struct g168_condition *condition;
	const struct g168_bank *bank;
	enum g168_who who;
	struct g168_point (*curve)[G168_LANES];	/* a row a block, or NULL */
};

/* What a check found over the sixteen lines. */
struct g168_verdict {
	double limit;
	double worst;
	double mean;
	unsigned lane;	/* of the worst */
	double late;	/* s of the phase when it was last beyond the limit */
	unsigned overloaded; /* lines whose echo alone the law clips: the
				test is not theirs to meet */
	bool pass;
	bool applies;
	bool held;	/* adaptation was inhibited where the test says so */
};

/* The figures of a check by line, and what is needed to judge them. */
struct g168_measured {
	double figure[G168_LANES];
	double far[G168_LANES];		/* LRin */
	bool overloaded[G168_LANES];
};

struct g168_verdict g168_judge(const struct g168_check *c,
			       const struct g168_measured *m);

/* Verdicts by check; -1 if the canceller is not to be had. */
int g168_scene_run(const struct g168_job *job,
		   struct g168_verdict v[G168_CHECKS]);

/* Blocks that the test takes. */
size_t g168_scene_blocks(const struct g168_test *t);

#endif
