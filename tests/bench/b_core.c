/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* libs: -lcheck -lsubunit -lrt */
/*
 * calls_per_s_core: whole calls (SETUP, ALERTING, ANSWER, RELEASE, CDR on
 * disk, journal) through the core alone, over links in memory, with this
 * program as its peers; so somewhat lower than the core's own speed.
 */
#include "tests/core/script.h"

#define CALLS 20000

static void tell(struct cc_end end, leg_id leg, unsigned type)
{
	struct cc_msg m = {.leg = leg, .end = end, .complete = 1,
			   .cause = {16, CC_LOC_NONE}};

	if (type == CC_SETUP) {
		m.channel = (uint8_t)(1 + leg % 15);
		cc_number_set(&m.called, "0711123");
	} else if (type == CC_ANSWER) {
		m.media.valid = 1;
		net_parse(&m.media.rtp, "198.51.100.1:4000");
	}
	link_send(end.kind == CC_END_SPAN ? &rig.span[0] : &rig.sip, &m.head,
		  (uint16_t)type, sizeof(m));
	loop_poll(rig.loop);
	loop_poll(rig.loop);
	loop_poll(rig.loop);
	loop_poll(rig.loop);
}

START_TEST(bench)
{
	struct cc_end line = {CC_END_SPAN, 0}, trunk = {CC_END_TRUNK, 0};
	mono_t start, end;

	rig_init();
	rig.quiet = true;
	rig_start();
	rig_settle();
	start = clock_mono();
	for (leg_id i = 1; i <= CALLS; i++) {
		tell(line, i, CC_SETUP);
		tell(trunk, CC_LEG_CORE | i, CC_ALERTING);
		tell(trunk, CC_LEG_CORE | i, CC_ANSWER);
		tell(line, i, CC_RELEASE);
		tell(line, i, CC_RELEASED);
		tell(trunk, CC_LEG_CORE | i, CC_RELEASED);
	}
	rig_settle();
	end = clock_mono();
	ck_assert_uint_eq(rig.core->cdr.stats.written, CALLS);
	printf("calls_per_s_core\t%.0f\t1/s\n",
	       CALLS * 1e9 / (double)mono_diff_ns(end, start));
	rig_fini();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench");
	TCase *tc = tcase_create("bench");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, bench);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
