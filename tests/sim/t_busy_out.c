/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * No trunk is up: the line is told by a cause, by SERVICE or by its D channel,
 * as configured, so that a PBX calls elsewhere; calls that are there stay; and
 * all is as before when a trunk is back.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "isdn/isdn_priv.h"
#include "tests/sim/look.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/scene.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

static const char *yaml_of(const char *span)
{
	static char yaml[2048];

	snprintf(yaml, sizeof(yaml),
		 "sip: {bind: \"192.0.2.1:5060\"}\n"
		 "media: {address: \"127.0.0.1\", ports: 20000-20511}\n"
		 "trunks:\n"
		 "  - {name: provider, server: \"192.0.2.9:5060\", options: 5}\n"
		 "emergency: [\"110\", \"112\"]\n"
		 "routes:\n"
		 "  - {from: carrier, to: provider}\n"
		 "  - {from: provider, to: carrier, allow: [\"0*\", \"+49*\"]}\n"
		 "spans:\n"
		 "  - name: carrier\n"
		 "    country_code: \"49\"\n"
		 "    area_code: \"711\"\n"
		 "    line: {driver: pseudowire, local: \"127.0.0.1:5000\","
		 " peer: \"127.0.0.1:5001\"}\n"
		 "%s\n",
		 span);
	return yaml;
}

static void trunk_away(void)
{
	sip_peer.silent = true;
	sim_advance(60000); /* three OPTIONS, each for timer F */
}

static void trunk_back(void)
{
	sip_peer.silent = false;
	sim_advance(12000);
}

/* Such a call ends with that cause, at once. */
static void expect_refused(unsigned cause)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct xch_leg *x = xch_call(0, &s);

	sim_advance(200);
	ck_assert(x->released);
	ck_assert_uint_eq(x->cause.value, cause);
	sim_advance(500);
	ck_assert(x->over);
}

static void works(void)
{
	struct scene c = scene_up(true);

	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
	c = scene_up(false);
	sip_peer_hangup(c.p);
	scene_expect_over(&c);
}

static void finish(void)
{
	struct look_core c;

	sim_advance(40000);
	look_core(sim_role(ROLE_CORE, 0), &c);
	ck_assert_uint_eq(c.calls, 0);
	ck_assert_uint_eq(c.bad, 0);
	ck_assert_uint_eq(c.owned, 0);
	ck_assert_uint_eq(c.written, c.seen);
	sim_close();
}

/* The cause that is configured, 38 unless it is. */
START_TEST(test_cause)
{
	static const unsigned causes[] = {38, 34, 41, 42};
	char span[128];

	snprintf(span, sizeof(span), "    busy_out_cause: %u\n"
		 "    isdn: {side: network}\n", causes[_i]);
	scene_open(yaml_of(_i ? span : "    isdn: {side: network}\n"), false);
	works();
	trunk_away();
	expect_refused(causes[_i]);
	ck_assert(xch_of(0)->state.up);
	trunk_back();
	works();
	finish();
}
END_TEST

/* Layer 2 goes when the last call has, and comes back. */
START_TEST(test_d_channel)
{
	struct scene c;

	scene_open(yaml_of(_i ? "    busy_out: d_channel\n"
				"    isdn: {side: network}\n"
			      : "    busy_out: d_channel\n"
				"    isdn: {side: user}\n"),
		   false);
	c = scene_up(true);
	trunk_away();
	ck_assert(!c.x->released);
	ck_assert(xch_of(0)->state.up);
	expect_refused(38);
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(1000);
	ck_assert(!xch_of(0)->state.up);
	sim_advance(120000);
	ck_assert(!xch_of(0)->state.up);
	trunk_back();
	ck_assert(xch_of(0)->state.up);
	works();
	/* a trunk that is away for a moment is no news */
	sip_peer.silent = true;
	sim_advance(4000);
	ck_assert(xch_of(0)->state.up);
	sip_peer.silent = false;
	sim_advance(40000);
	ck_assert(xch_of(0)->state.up);
	works();
	finish();
}
END_TEST

/* SERVICE for each idle channel, for a busy one when its call has ended. */
START_TEST(test_service)
{
	struct scene c;

	scene_open(yaml_of("    busy_out: service\n"
			   "    isdn: {side: network, switch: ni2}\n"),
		   false);
	ck_assert_uint_eq(xch_of(0)->state.free, 30);
	c = scene_up(true);
	trunk_away();
	ck_assert(xch_of(0)->state.up);
	ck_assert_uint_eq(xch_of(0)->state.free, 0);
	ck_assert(!c.x->released);
	sim_advance(1000);
	ck_assert_uint_eq(xch_of(0)->state.channels, 1); /* the busy one */
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(1000);
	ck_assert_uint_eq(xch_of(0)->state.channels, 0);
	/* a D channel that bounces meanwhile is told again */
	sim.wire[0].cut = true;
	sim_advance(40000);
	sim.wire[0].cut = false;
	sim_advance(20000);
	ck_assert(xch_of(0)->state.up);
	ck_assert_uint_eq(xch_of(0)->state.free, 0);
	trunk_back();
	ck_assert_uint_eq(xch_of(0)->state.free, 30);
	works();
	finish();
}
END_TEST

static struct isdn *ours(void)
{
	return container_of(sim_role(ROLE_ISDN, 0), struct isdn, role);
}

static void order(const char *text, const char *answer)
{
	struct isdn *isdn = ours();
	char buf[200];
	bool out = false;
	unsigned number = busy_ordered(isdn, text, &out);

	ck_assert_int_eq(number != 0, answer != NULL);
	if (answer) {
		ck_assert_int_gt(busy_order(isdn, number, out, buf,
					    sizeof(buf)), 0);
		ck_assert_ptr_nonnull(strstr(buf, answer));
	}
	sim_advance(1000);
}

static unsigned free_there(void)
{
	return channel_count_free(&ours()->channels, 0);
}

/* The operator takes a channel out: NI2 says so to the far end. The call that
 * is there stays; no other comes, until it is in again. */
START_TEST(test_channel)
{
	const char *span = _i ? "    isdn: {side: network, switch: ni2}\n"
			      : "    isdn: {side: network}\n";
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct scene c;
	struct xch_leg *x;
	char text[60];
	unsigned slot;

	scene_open(yaml_of(span), false);
	order("carrier/16 out", NULL); /* the D channel */
	order("carrier/32 out", NULL);
	order("carrier/1x out", NULL);
	order("carrier/1 away", NULL);
	order("carrie/1 out", NULL);
	order("carrier/31 out", "out of service\"");
	ck_assert_uint_eq(free_there(), 29);
	ck_assert_uint_eq(xch_of(0)->state.free, _i ? 29 : 30);
	c = scene_up(true);
	slot = c.x->channel;
	snprintf(text, sizeof(text), "carrier/%u out", slot);
	order(text, "the call that is there stays");
	ck_assert(!c.x->released);
	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
	ck_assert_uint_eq(free_there(), 28);
	ck_assert_uint_eq(xch_of(0)->state.free, _i ? 28 : 30);
	/* a bounce of the D channel changes nothing */
	sim.wire[0].cut = true;
	sim_advance(40000);
	sim.wire[0].cut = false;
	sim_advance(20000);
	ck_assert_uint_eq(free_there(), 28);
	ck_assert_uint_eq(xch_of(0)->state.free, _i ? 28 : 30);
	/* a far end that insists on it is refused, unless it knows */
	s.channel = (uint8_t)slot;
	x = xch_call(0, &s);
	sim_advance(2000);
	ck_assert(x->released);
	ck_assert_uint_eq(x->cause.value, CAUSE_NO_CHANNEL);
	ck_assert((ours()->stats.refused > 0) == !_i);
	order("carrier/31 in", "in service");
	snprintf(text, sizeof(text), "carrier/%u in", slot);
	order(text, "in service");
	ck_assert_uint_eq(free_there(), 30);
	ck_assert_uint_eq(xch_of(0)->state.free, 30);
	works();
	finish();
}
END_TEST

/* Roles that die and come back learn how it is. */
START_TEST(test_roles)
{
	scene_open(yaml_of("    busy_out: d_channel\n"
			   "    isdn: {side: network}\n"),
		   false);
	works();
	trunk_away();
	ck_assert(!xch_of(0)->state.up);
	/* a new isdn role is told */
	sim_kill(ROLE_ISDN, 0);
	sim_revive(ROLE_ISDN, 0);
	sim_advance(20000);
	ck_assert(!xch_of(0)->state.up);
	/* the isdn role of a core that died hears the new one */
	sim_kill(ROLE_CORE, 0);
	sip_peer.silent = false;
	sim_advance(12000);
	sim_revive(ROLE_CORE, 0);
	sim_advance(12000);
	ck_assert(xch_of(0)->state.up);
	works();
	/* sip is away for a moment: nothing happens to the D channel */
	sim_kill(ROLE_SIP, 0);
	sim_advance(500);
	sim_revive(ROLE_SIP, 0);
	sim_advance(20000);
	ck_assert(xch_of(0)->state.up);
	works();
	sim_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("busy_out");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_cause, 0, 4);
	tcase_add_loop_test(t, test_d_channel, 0, 2);
	tcase_add_test(t, test_service);
	tcase_add_loop_test(t, test_channel, 0, 2);
	tcase_add_test(t, test_roles);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
