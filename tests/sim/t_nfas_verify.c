/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * nfas verify: the carrier sends each loop call back to the group, on a
 * channel of its choice, and carries the digit where its own numbering says.
 */
#include <check.h>
#include <string.h>

#include "gateway/call.h"
#include "gateway/nfas_verify.h"
#include "tests/sim/outage.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

#define LOOP "+4971199900"

static bool no_loop, deaf;

/* The call that comes in goes back to the group. */
static void exchange(struct xch_leg *l, const struct cc_msg *m)
{
	if (m->head.type == CC_SETUP && l->in) {
		struct cc_msg s = xch_setup("71199900", NULL);
		struct xch_leg *back;

		if (no_loop) {
			xch_release(l, CAUSE_UNALLOCATED);
			return;
		}
		s.called.type = CC_TON_SUBSCRIBER;
		back = xch_call(0, &s);
		back->user = l;
		l->user = back;
	} else if (m->head.type == CC_ANSWER && l->user != NULL) {
		xch_say(l->user, CC_ANSWER);
	} else if (m->head.type == CC_RELEASE ||
		   m->head.type == CC_RELEASED) {
		struct xch_leg *other = l->user;

		l->user = NULL;
		if (other != NULL && !other->released) {
			xch_release(other, CAUSE_NORMAL);
		}
	}
}

/* What is heard on a channel comes out where the other leg is. */
static void carry(unsigned span, unsigned slot, char digit)
{
	struct xch *x = xch_of(0);

	for (unsigned i = 0; i < XCH_LEGS && !deaf; i++) {
		struct xch_leg *l = &x->legs[i], *to = l->user;

		if (l->id != 0 && !l->over && l->on == span &&
		    l->channel == slot && to != NULL) {
			fake_media_event(sim_role(ROLE_MEDIA, 0), to->on,
					 to->channel, MEDIA_EV_DTMF_LINE,
					 digit);
		}
	}
}

static char *ask(const char *arg)
{
	static char text[8192];
	int n = nfas_verify_query(core_of(sim_role(ROLE_CORE, 0)), arg, text,
				  sizeof(text));

	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return text;
}

static void open_group(unsigned spans, int a, int b)
{
	xch_swapped[0] = a;
	xch_swapped[1] = b;
	no_loop = deaf = false;
	scene_open(outage_nfas_yaml(false, spans), false);
	xch_swapped[0] = -1;
	sim_advance(3000);
	xch_of(0)->on_msg = exchange;
	fake_media_on_digit = carry;
}

static char *run(void)
{
	ck_assert_ptr_nonnull(strstr(ask("verify carrier " LOOP),
				     "\"running\":true"));
	for (int i = 0; i < 300 && strstr(ask(""), "\"running\":true");
	     i++) {
		sim_advance(1000);
	}
	return ask("verify");
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void close_group(void)
{
	xch_of(0)->on_msg = NULL;
	fake_media_on_digit = NULL;
	scene_expect_idle(sim_cdrs());
	sim_close();
}

START_TEST(test_right)
{
	open_group(_i ? 2 : 4, -1, -1);
	ck_assert_uint_eq(count(run(), "\"right\""), _i ? 2 : 4);
	close_group();
}
END_TEST

/* Two numbers are exchanged: said in words which. */
START_TEST(test_swapped)
{
	const char *text;

	open_group(4, 2, 3);
	text = run();
	ck_assert_msg(strstr(text, "interfaces 2 and 3 are swapped: span t1-2 "
				   "has interface 3, span t1-3 has 2"),
		      "%s", text);
	ck_assert_uint_eq(count(text, "\"right\""), 2);
	close_group();
}
END_TEST

/* A customer's call goes on on each span meanwhile. */
START_TEST(test_with_calls)
{
	struct scene c[8];

	open_group(4, -1, -1);
	xch_of(0)->on_msg = NULL;
	outage_calls(c, 8);
	xch_of(0)->on_msg = exchange;
	ck_assert_uint_eq(count(run(), "\"right\""), 4);
	ck_assert_uint_eq(outage_lost(c, 8), 0);
	outage_clear(c, 8);
	close_group();
}
END_TEST

START_TEST(test_does_not_come_back)
{
	open_group(2, -1, -1);
	no_loop = true;
	ck_assert_uint_eq(count(run(), "the call did not come back"), 2);
	ck_assert_ptr_nonnull(strstr(ask(""), "\"cause\":1"));
	close_group();
}
END_TEST

START_TEST(test_silent)
{
	open_group(2, -1, -1);
	deaf = true;
	ck_assert_uint_eq(count(run(), "silent, and on no other line"), 2);
	close_group();
}
END_TEST

START_TEST(test_line_down)
{
	open_group(4, -1, -1);
	outage_begin(3, true);
	sim_advance(5000);
	ck_assert_uint_eq(count(run(), "\"right\""), 3);
	ck_assert_ptr_nonnull(strstr(ask(""), "span is down"));
	outage_end(3, true);
	close_group();
}
END_TEST

/* A role dies in the middle; then it is asked for again. */
START_TEST(test_role_dies)
{
	static const enum role_id roles[] = {ROLE_ISDN, ROLE_MEDIA};

	open_group(2, -1, -1);
	ask("verify carrier " LOOP);
	sim_advance(200);
	sim_kill(roles[_i], 0);
	sim_advance(100);
	sim_revive(roles[_i], 0);
	ck_assert_msg(strstr(ask(""), "role is gone") != NULL, "%s", ask(""));
	sim_advance(60000);
	ck_assert_uint_eq(count(run(), "\"right\""), 2);
	close_group();
}
END_TEST

START_TEST(test_refused)
{
	struct core *core;
	char buf[4096];

	open_group(2, -1, -1);
	core = core_of(sim_role(ROLE_CORE, 0));
	ck_assert_int_eq(nfas_verify_query(core, "verify west 123", buf,
					   sizeof(buf)), -22);
	ck_assert_int_eq(nfas_verify_query(core, "verify carrier", buf,
					   sizeof(buf)), -22);
	ck_assert_int_eq(nfas_verify_query(core, "verify carrier abc", buf,
					   sizeof(buf)), -22);
	ask("verify carrier 123");
	ck_assert_int_eq(nfas_verify_query(core, "verify carrier 123", buf,
					   sizeof(buf)), -16);
	sim_advance(100000);
	close_group();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nfas verify");
	TCase *tc = tcase_create("nfas verify");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_right, 0, 2);
	tcase_add_test(tc, test_swapped);
	tcase_add_test(tc, test_with_calls);
	tcase_add_test(tc, test_does_not_come_back);
	tcase_add_test(tc, test_silent);
	tcase_add_test(tc, test_line_down);
	tcase_add_loop_test(tc, test_role_dies, 0, 2);
	tcase_add_test(tc, test_refused);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
