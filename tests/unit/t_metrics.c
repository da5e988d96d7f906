/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: console base */
#include "gateway/console/metrics.c"
#include "tests/suite.h"

#include <check.h>

static void merged(const char *in, const char *want)
{
	char *got = metrics_merge(in, strlen(in));

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(families_stand_together)
{
	merged("# TYPE a counter\na{s=\"1\"} 1\n# TYPE b gauge\nb 2\n"
	       "# TYPE a counter\na{s=\"2\"} 3\n",
	       "# TYPE a counter\na{s=\"1\"} 1\na{s=\"2\"} 3\n"
	       "# TYPE b gauge\nb 2\n");
	merged("b 1\n# HELP b x\n# TYPE b counter\nab 1\n",
	       "ab 1\n# HELP b x\n# TYPE b counter\nb 1\n");
}
END_TEST

START_TEST(parts_of_a_histogram_stay_in_it)
{
	merged("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"
	       "h_other 1\n",
	       "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"
	       "h_other 1\n");
	/* A counter whose name ends so is a family of its own. */
	merged("# TYPE x_count counter\nx_count 1\n",
	       "# TYPE x_count counter\nx_count 1\n");
}
END_TEST

START_TEST(odd_input)
{
	merged("", "");
	merged("\n\n", "");
	merged("a 1", "a 1\n");
	merged("{no name} 1\n-1\na 1\n", "a 1\n");
	merged("# HELP \n# TYPE \n", "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_test(t, families_stand_together);
	tcase_add_test(t, parts_of_a_histogram_stay_in_it);
	tcase_add_test(t, odd_input);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
