/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many runs, by some processes at a time: a peer that crashes costs its run. */
#ifndef TESTS_G168_POOL_H
#define TESTS_G168_POOL_H

#include "tests/media/g168_scene.h"

/* A run and what came of it. */
struct g168_result {
	const struct g168_test *test;
	const struct g168_condition *condition;
	enum g168_who who;
	bool done;	/* false: not to be had on this machine, or crashed */
	struct g168_verdict v[G168_CHECKS];
};

/* Room for n results that the processes share; NULL: no memory. */
struct g168_result *g168_pool_new(size_t n);
void g168_pool_free(struct g168_result *r, size_t n);

/* Do them all. -1 if no process could be made. */
int g168_pool_run(struct g168_result *r, size_t n, unsigned processes);

#endif
