/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/* libs: -lcheck -lsubunit -lrt */
/*
 * Answered calls lost when a D channel goes: shorter than T309, and with a
 * backup (NFAS). The whole gateway on the virtual clock; 0 is wanted.
 */
#include <check.h>
#include <stdio.h>

#include "tests/sim/outage.h"
#include "tests/sim/sim.h"

#define CALLS 28

static unsigned bounce(int64_t ms, bool network)
{
	struct scene c[CALLS];
	unsigned lost;

	scene_open(outage_yaml(network, 2500), false);
	outage_calls(c, CALLS);
	outage_begin(0, false);
	sim_advance(ms);
	outage_end(0, false);
	sim_advance(30000);
	lost = outage_lost(c, CALLS);
	outage_clear(c, CALLS);
	sim_advance(40000);
	sim_close();
	return lost;
}

static unsigned switch_over(unsigned spans, bool network)
{
	unsigned lost, n = spans * 24 - 2;
	struct scene c[OUTAGE_CALLS];

	scene_open(outage_nfas_yaml(network, spans), false);
	sim_advance(3000);
	outage_calls(c, n);
	outage_begin(0, false);
	sim_advance(40000);
	lost = outage_lost(c, n);
	outage_end(0, false);
	sim_advance(10000);
	outage_clear(c, n);
	sim_advance(40000);
	sim_close();
	return lost;
}

/* The simulation's own checks are libcheck's, and want a test to be in. */
START_TEST(bench)
{
	static const int64_t lengths[] = {500, 2000, 5000, 30000, 60000};
	unsigned lost = 0;

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		lost += bounce(lengths[i], false) + bounce(lengths[i], true);
	}
	printf("dchannel_bounce_calls_lost\t%u\tcalls\n", lost);
	lost = switch_over(2, false) + switch_over(2, true) +
	       switch_over(4, false) + switch_over(4, true);
	printf("nfas_switchover_calls_lost\t%u\tcalls\n", lost);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dchannel");
	TCase *tc = tcase_create("dchannel");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, bench);
	suite_add_tcase(s, tc);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
