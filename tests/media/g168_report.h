/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the runs found: a table on the terminal, a report in Markdown. */
#ifndef TESTS_G168_REPORT_H
#define TESTS_G168_REPORT_H

#include <stdio.h>

#include "tests/media/g168_pool.h"

struct g168_report {
	const struct g168_result *result;
	size_t results;
	const struct g168_condition *reference;
	const char *command;
	uint32_t seed;
};

/* One row a check; cancellers beside each other. */
void g168_report_table(const struct g168_report *r, FILE *f);
/* The same and all else: conditions, limits, failures, plots by name. */
void g168_report_markdown(const struct g168_report *r, FILE *f);
/* Why each must that is not met is not. Returns how many. */
unsigned g168_report_failures(const struct g168_report *r, FILE *f);

#endif
