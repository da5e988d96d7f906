/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions that the tests are run in: a fixed list, and random ones. */
#ifndef TESTS_G168_CONDITION_H
#define TESTS_G168_CONDITION_H

#include "tests/media/g168_test.h"

struct g168_listed {
	enum g168_list list;
	struct g168_condition c;
};

enum { G168_CONDITIONS = 64 };

/*
 * The lists in lists, the reference first, with signals of seed; then random
 * ones, as many as asked for, whose seeds derive from it. Returns how many.
 */
size_t g168_conditions(struct g168_listed *out, unsigned lists, uint32_t seed,
		       unsigned random);

#endif
