/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a libcheck program ends: its suite is run as CK_RUN_SUITE and the like
 * in the environment say. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* CK_NOFORK: all in this process; CK_FORK_GETENV: as CK_FORK says. The exit
 * status; the suite is freed. */
static inline int suite_run(Suite *s, enum fork_status fork)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_set_fork_status(sr, fork);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}

#endif
