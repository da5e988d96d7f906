/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * The D channel bounces under calls through the whole gateway, on the virtual
 * clock: for half a second to two minutes, as user and as network, its layer 2
 * or its line, alone or with a backup. Answered calls stay as long as T309
 * runs; those in setup go by the rule; the far end calls meanwhile.
 */
#include <check.h>
#include <string.h>

#include "tests/sim/look.h"
#include "tests/sim/outage.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

static const int64_t lengths[] = {500, 2000, 5000, 30000, 120000};
#define LENGTHS ((int)(sizeof(lengths) / sizeof(lengths[0])))
#define T309_MS 90000
#define CALLS	6

/* Calls of both ends while nothing can come of them: glare is certain when
 * the link is back, and each has its end. */
static unsigned try_to_call(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");

		xch_call(0, &s);
		sip_peer_call(SCENE_LINE_NUMBER, NULL);
	}
	return 2 * n;
}

static void end_all_young(const struct scene *c, unsigned n)
{
	for (struct sip_peer_call *p = sip_peer.calls; p != NULL;
	     p = p->next) {
		bool known = false;

		for (unsigned i = 0; i < n; i++) {
			known |= c[i].p == p;
		}
		if (!known && p->state < SP_ENDING) {
			sip_peer_hangup(p);
		}
	}
	sim_advance(2000);
	for (unsigned i = 0; i < XCH_LEGS; i++) {
		struct xch_leg *l = &xch_of(0)->legs[i];
		bool known = false;

		for (unsigned k = 0; k < n; k++) {
			known |= c[k].x == l;
		}
		if (l->id != 0 && !known && !l->over && !l->released) {
			xch_release(l, CAUSE_NORMAL);
		}
	}
	sim_advance(2000);
}

/* RESTART of both ends so far; and the D channel is never "Down, Active". */
static uint64_t restarts(void)
{
	struct look_isdn near, far;

	look_isdn(sim_role(ROLE_ISDN, 0), &near);
	look_isdn(xch_of(0)->role, &far);
	ck_assert_str_eq(near.state, "Up, Active");
	ck_assert_str_eq(far.state, "Up, Active");
	ck_assert(near.up && far.up);
	ck_assert_uint_eq(near.other + far.other, 0);
	return near.restarts + far.restarts;
}

/* Bits of _i: network side, the line is lost too; the rest: how long. */
static void bounce(int64_t ms, bool network, bool line)
{
	/* a lost line that is not held against its calls: T309 alone counts */
	const char *conf = outage_yaml(network, 60000);
	bool kept = ms < (line ? 60000 : T309_MS);
	struct scene c[CALLS];
	unsigned lost;
	uint64_t had;

	scene_open(conf, false);
	outage_calls(c, CALLS);
	had = restarts();
	outage_begin(0, line);
	sim_advance(ms / 2);
	try_to_call(2);
	sim_advance(ms - ms / 2);
	outage_end(0, line);
	sim_advance(ms > 20000 ? 30000 : 15000);
	lost = outage_lost(c, CALLS);
	ck_assert_msg(lost == (kept ? 0 : CALLS), "%u of %u calls lost", lost,
		      CALLS);
	for (unsigned i = 0; !kept && i < CALLS; i++) {
		ck_assert_uint_eq(c[i].x->cause.value, CAUSE_OUT_OF_ORDER);
	}
	ck_assert(xch_of(0)->state.up);
	/* channels of calls that ended in vain */
	ck_assert(kept || restarts() > had);
	restarts();
	end_all_young(c, CALLS);
	outage_clear(c, CALLS);
	/* the span is as good as new */
	c[0] = scene_up(true);
	c[1] = scene_up(false);
	outage_clear(c, 2);
	scene_expect_idle(sim_cdrs());
	sim_close();
}

START_TEST(test_bounce)
{
	bounce(lengths[_i >> 2], _i & 1, _i & 2);
}
END_TEST

/* A lost line ends its calls after alarm_hold, with cause 27 on both sides. */
START_TEST(test_line_hold)
{
	struct scene c[CALLS];

	scene_open(outage_yaml(_i, 2500), false);
	outage_calls(c, CALLS);
	outage_begin(0, true);
	sim_advance(2400);
	ck_assert_uint_eq(outage_lost(c, CALLS), 0);
	sim_advance(1000);
	ck_assert_uint_eq(outage_lost(c, CALLS), CALLS);
	scene_expect_cdr("\"q850\":27");
	outage_end(0, true);
	sim_advance(20000);
	c[0] = scene_up(true);
	outage_clear(c, 1);
	scene_close(CALLS + 1);
}
END_TEST

/* T309 over: what the CDR and the caller are told. */
START_TEST(test_t309_over)
{
	struct scene c;

	scene_open(outage_yaml(false, 2500), false);
	c = scene_up(_i);
	outage_begin(0, false);
	sim_advance(115000);
	ck_assert_uint_eq(outage_lost(&c, 1), 1);
	scene_expect_cdr("\"q850\":27");
	scene_expect_cdr("\"t_answer\"");
	outage_end(0, false);
	scene_close(1);
}
END_TEST

/* --- NFAS --- */

static void expect_media(const struct scene *c)
{
	ck_assert_ptr_nonnull(fake_media_modify(sim_role(ROLE_MEDIA, 0),
						c->x->on, c->slot));
}

/* Every B channel of the group has a call, its media on the right span; the
 * primary is lost, then the backup, and not one call is. */
START_TEST(test_nfas)
{
	unsigned spans = _i & 2 ? 2 : 4, n = spans * 24 - 2, i;
	struct scene c[OUTAGE_CALLS];
	struct look_core k;

	scene_open(outage_nfas_yaml(_i & 1, spans), false);
	sim_advance(3000);
	outage_calls(c, n);
	for (i = 0; i < n; i++) {
		expect_media(&c[i]);
	}
	look_core(sim_role(ROLE_CORE, 0), &k);
	ck_assert_uint_eq(k.owned, n);
	outage_begin(0, false);
	sim_advance(30000);
	ck_assert_uint_eq(outage_lost(c, n), 0);
	outage_end(0, false);
	sim_advance(10000);
	outage_begin(1, false);
	sim_advance(30000);
	outage_end(1, false);
	sim_advance(10000);
	ck_assert_uint_eq(outage_lost(c, n), 0);
	outage_clear(c, n);
	for (i = 0; i < 4; i++) {
		c[i] = scene_up(i & 1);
	}
	outage_clear(c, 4);
	scene_close(n + 4);
}
END_TEST

/* The primary's line is lost: its own calls go, the others do not notice,
 * and the next ones are placed on the other spans. */
START_TEST(test_nfas_line)
{
	struct scene c[60];
	unsigned i, gone = 0;

	scene_open(outage_nfas_yaml(_i, 4), false);
	sim_advance(3000);
	outage_calls(c, 60);
	outage_begin(0, true);
	sim_advance(30000);
	for (i = 0; i < 60; i++) {
		gone += c[i].x->on == 0;
		ck_assert(outage_lost(&c[i], 1) == (c[i].x->on == 0));
	}
	ck_assert_uint_gt(gone, 0);
	outage_clear(c, 60);
	c[0] = scene_up(true);
	c[1] = scene_up(false);
	ck_assert(c[0].x->on != 0 && c[1].x->on != 0);
	outage_clear(c, 2);
	outage_end(0, true);
	sim_advance(20000);
	scene_close(62);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("outage");
	TCase *tc = tcase_create("outage");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_bounce, 0, 4 * LENGTHS);
	tcase_add_loop_test(tc, test_line_hold, 0, 2);
	tcase_add_loop_test(tc, test_t309_over, 0, 2);
	tcase_add_loop_test(tc, test_nfas, 0, 4);
	tcase_add_loop_test(tc, test_nfas_line, 0, 2);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
