/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * Calls through the whole gateway, all roles in this process on a virtual
 * clock: both ways, and every way a call can fail. Each test ends with a look
 * into all roles: nothing left, one CDR for each call.
 */
#include <check.h>
#include <string.h>

#include "tests/sim/peer_media.h"
#include "tests/sim/scene.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

#define N_OF(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* --- calls; _i: who hangs up, who calls, which media --- */

static void call_and_clear(bool from_line, bool by_line, bool real_media)
{
	struct scene c;

	scene_open(NULL, real_media);
	c = scene_up(from_line);
	sim_advance(1000);
	if (by_line) {
		xch_release(c.x, CAUSE_NORMAL);
	} else {
		sip_peer_hangup(c.p);
	}
	scene_expect_over(&c);
	ck_assert_uint_eq(c.x->cause.value, CAUSE_NORMAL);
	ck_assert(c.p->sends_bye == !by_line);
	scene_expect_cdr(from_line ? "\"dir\":\"pstn>sip\""
				   : "\"dir\":\"sip>pstn\"");
	scene_expect_cdr(by_line ? "\"ended_by\":\"pstn\""
				 : "\"ended_by\":\"sip\"");
	scene_expect_cdr("\"q850\":16");
	scene_expect_cdr("\"t_answer\"");
	scene_close(1);
}

START_TEST(test_call)
{
	call_and_clear(_i & 1, _i & 2, _i & 4);
}
END_TEST

/* What one side refuses with, and what the other side hears. */
static const struct refusal {
	const char *status;
	unsigned cause;
} to_line[] = {
	{"486 Busy Here", CAUSE_USER_BUSY},
	{"600 Busy Everywhere", CAUSE_USER_BUSY},
	{"404 Not Found", CAUSE_UNALLOCATED},
	{"480 Temporarily Unavailable", 18},
	{"603 Decline", CAUSE_REJECTED},
	{"484 Address Incomplete", CAUSE_INVALID_NUMBER},
	{"503 Service Unavailable", CAUSE_TEMPORARY},
	{"488 Not Acceptable Here", CAUSE_UNSPECIFIED},
};

START_TEST(test_sip_refuses)
{
	const struct refusal *r = &to_line[_i];
	struct scene c;

	scene_open(NULL, false);
	c = scene_from_line();
	sip_peer_say(c.p, r->status, false);
	sim_advance(500);
	ck_assert_int_eq(c.p->state, SP_OVER);
	ck_assert_msg(c.x->cause.value == r->cause, "%s became %u", r->status,
		      c.x->cause.value);
	xch_release(c.x, r->cause);
	scene_close(1);
}
END_TEST

static const struct refusal to_sip[] = {
	{"486", CAUSE_USER_BUSY},
	{"404", CAUSE_UNALLOCATED},
	{"404", CAUSE_NO_ROUTE},
	{"480", CAUSE_NO_ANSWER},
	{"403", CAUSE_REJECTED},
	{"484", CAUSE_INVALID_NUMBER},
	{"503", CAUSE_TEMPORARY},
	{"502", CAUSE_OUT_OF_ORDER},
};

START_TEST(test_line_refuses)
{
	const struct refusal *r = &to_sip[_i];
	struct scene c;
	int want = (r->status[0] - '0') * 100 + (r->status[1] - '0') * 10 +
		   r->status[2] - '0';

	scene_open(NULL, false);
	c = scene_from_sip();
	xch_release(c.x, r->cause);
	scene_expect_over(&c);
	ck_assert_msg(c.p->status == want, "cause %u became %d", r->cause,
		      c.p->status);
	scene_close(1);
}
END_TEST

/* --- who gives up --- */

START_TEST(test_caller_gives_up)
{
	struct scene c;

	scene_open(NULL, false);
	if (_i & 1) {
		c = scene_from_line();
		scene_ring(&c, true);
		xch_release(c.x, CAUSE_NORMAL);
	} else {
		c = scene_from_sip();
		scene_ring(&c, false);
		sip_peer_hangup(c.p);
	}
	scene_expect_over(&c);
	if (!(_i & 1)) {
		ck_assert_int_eq(c.p->status, 487);
		ck_assert_uint_eq(c.x->cause.value, CAUSE_NORMAL);
	}
	scene_close(1);
}
END_TEST

/* T301 of the gateway: 180 s; the network's is as long. */
START_TEST(test_line_does_not_answer)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_from_sip();
	scene_ring(&c, false);
	sim_advance(170000);
	ck_assert_int_eq(c.p->state, SP_EARLY);
	sim_advance(12000);
	scene_expect_over(&c);
	ck_assert_int_eq(c.p->status, 480);
	scene_expect_cdr("\"q850\":19");
	scene_close(1);
}
END_TEST

START_TEST(test_sip_does_not_answer)
{
	static char yaml[4096];
	struct scene c;

	strcpy(yaml, sim_yaml);
	memcpy(strstr(yaml, ":5060\"}"), ":5060\",", 7);
	strcpy(strstr(yaml, ":5060\",") + 7, " ring: 60}");
	strcat(yaml, strstr(sim_yaml, ":5060\"}") + 7);
	scene_open(yaml, false);
	c = scene_from_line();
	scene_ring(&c, true);
	sim_advance(58000);
	ck_assert(!c.x->released);
	sim_advance(4000);
	ck_assert_int_eq(c.p->state, SP_OVER);
	ck_assert_uint_eq(c.x->cause.value, CAUSE_NO_ANSWER);
	xch_release(c.x, CAUSE_NO_ANSWER);
	scene_close(1);
}
END_TEST

/* Nothing comes back from the peer at all: timer B. */
START_TEST(test_sip_is_silent)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, NULL);
	struct xch_leg *x;

	scene_open(NULL, false);
	sip_peer.silent = true;
	x = xch_call(0, &s);
	sim_advance(20000);
	ck_assert(!x->released);
	sim_advance(15000);
	ck_assert(x->released);
	ck_assert_uint_eq(x->cause.value, CAUSE_TIMER);
	xch_release(x, CAUSE_TIMER);
	scene_close(1);
}
END_TEST

/* The peer goes silent in the middle of a call: our BYE is in vain. */
START_TEST(test_sip_dies_while_up)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(true);
	sip_peer.silent = true;
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(40000);
	ck_assert(c.x->over);
	sip_peer.silent = false;
	sip_peer_hangup(c.p);
	scene_close(1);
}
END_TEST

/* --- what is refused at the door --- */

START_TEST(test_not_allowed)
{
	struct sip_peer_call *p;

	scene_open(NULL, false);
	p = sip_peer_call("+15551234", NULL);
	sim_advance(300);
	ck_assert_int_eq(p->status, 403);
	ck_assert_ptr_null(xch_last(0));
	scene_close(1);
}
END_TEST

START_TEST(test_data_bearer)
{
	static const enum cc_bearer bearers[] = {CC_BEARER_UNRESTRICTED,
						 CC_BEARER_RESTRICTED};
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, NULL);
	struct xch_leg *x;

	scene_open(NULL, false);
	s.bearer = (uint8_t)bearers[_i];
	x = xch_call(0, &s);
	sim_advance(300);
	ck_assert_uint_eq(x->cause.value, CAUSE_BEARER_NOT_IMPLEMENTED);
	ck_assert_ptr_null(sip_peer_last());
	scene_close(1);
}
END_TEST

static bool digits_seen;

static void look_for_digits(bool to_gateway, const char *text)
{
	digits_seen |= !to_gateway && strstr(text, "711999") != NULL;
}

START_TEST(test_restricted_caller)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct xch_leg *x;
	char from[TEXT_LINE], privacy[TEXT_LINE];

	scene_open(NULL, false);
	digits_seen = false;
	sip_peer.on_wire = look_for_digits;
	s.calling.presentation = CC_PRES_RESTRICTED;
	strcpy(s.name, "Number 711999");
	x = xch_call(0, &s);
	sim_advance(300);
	ck_assert_ptr_nonnull(sip_peer_last());
	text_value(sip_peer_last()->invite, "From", from);
	ck_assert_ptr_nonnull(strstr(from, "anonymous"));
	text_value(sip_peer_last()->invite, "Privacy", privacy);
	ck_assert_ptr_nonnull(strstr(privacy, "id"));
	sip_peer_answer(sip_peer_last());
	sim_advance(300);
	xch_release(x, CAUSE_NORMAL);
	sim_advance(300);
	ck_assert(!digits_seen);
	scene_close(1);
}
END_TEST

/* And the other way: presentation restricted on the line. */
START_TEST(test_anonymous_caller)
{
	struct sip_peer_call *p;

	scene_open(NULL, false);
	p = sip_peer_call(SCENE_LINE_NUMBER, "Privacy: id\r\n");
	sim_advance(300);
	ck_assert_ptr_nonnull(xch_last(0));
	ck_assert(!xch_last(0)->setup.calling.valid ||
		  xch_last(0)->setup.calling.presentation ==
			  CC_PRES_RESTRICTED);
	sip_peer_hangup(p);
	scene_close(1);
}
END_TEST

/* --- limits --- */

static unsigned hang_up_all(void)
{
	struct sip_peer_call *p;
	unsigned n = 0;

	for (p = sip_peer.calls; p != NULL; p = p->next) {
		if (p->state < SP_ENDING) {
			sip_peer_hangup(p);
			n++;
		}
	}
	return n;
}

START_TEST(test_full_group)
{
	struct sip_peer_call *p;

	scene_open(NULL, false);
	for (unsigned i = 0; i < 30; i++) {
		scene_up(i % 2);
	}
	p = sip_peer_call(SCENE_LINE_NUMBER, NULL);
	sim_advance(300);
	ck_assert_int_eq(p->state, SP_OVER);
	ck_assert_int_eq(p->status, 503);
	scene_expect_cdr("\"q850\":34");
	ck_assert_uint_eq(hang_up_all(), 30);
	sim_advance(1000);
	p = sip_peer_call(SCENE_LINE_NUMBER, NULL);
	sim_advance(300);
	ck_assert_int_eq(p->state, SP_EARLY);
	sip_peer_hangup(p);
	scene_close(32);
}
END_TEST

static const char *limited_yaml(void)
{
	static char yaml[4096];
	static const char server[] = "server: 192.0.2.9:5060\n";
	char *at;

	strcpy(yaml, sim_yaml);
	at = strstr(yaml, server) + strlen(server);
	strcpy(at, "    max_calls: 1\n");
	strcat(yaml, strstr(sim_yaml, server) + strlen(server));
	return yaml;
}

START_TEST(test_emergency_beyond_limit)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct cc_msg sos = xch_setup("112", "+49711999");
	struct xch_leg *x;
	struct scene c;
	struct sip_peer_call *p;

	scene_open(limited_yaml(), false);
	c = scene_up(true);
	x = xch_call(0, &s);
	sim_advance(300);
	ck_assert_uint_eq(x->cause.value, CAUSE_NO_CHANNEL);
	ck_assert_ptr_eq(sip_peer_last(), c.p);
	xch_release(x, CAUSE_NO_CHANNEL);
	x = xch_call(0, &sos);
	sim_advance(300);
	p = sip_peer_last();
	ck_assert_ptr_ne(p, c.p);
	ck_assert_ptr_nonnull(strstr(p->invite, "INVITE sip:112@"));
	sip_peer_answer(p);
	sim_advance(300);
	ck_assert(x->answered);
	xch_release(x, CAUSE_NORMAL);
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(300);
	scene_expect_cdr("\"q850\":16");
	scene_close(3);
}
END_TEST

START_TEST(test_sip_limit)
{
	struct scene c;
	struct sip_peer_call *p;

	scene_open(limited_yaml(), false);
	c = scene_up(false);
	p = sip_peer_call(SCENE_LINE_NUMBER, NULL);
	sim_advance(300);
	ck_assert_int_eq(p->status, 503);
	sip_peer_hangup(c.p);
	sim_advance(300);
	/* refused by the sip role: for its CDR the core hears of it */
	scene_close(2);
}
END_TEST

/* --- in the middle of a call --- */

START_TEST(test_hold)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i);
	sip_peer_reinvite(c.p, "sendonly");
	sim_advance(300);
	ck_assert_int_eq(c.p->info_status, 200);
	ck_assert_str_eq(c.p->direction, "recvonly");
	ck_assert_uint_eq(c.x->held, 1);
	ck_assert_int_eq(fake_media_modify(sim_role(ROLE_MEDIA, 0), 0,
					   c.slot)->direction,
			 MEDIA_RECVONLY);
	sip_peer_reinvite(c.p, "sendrecv");
	sim_advance(300);
	ck_assert_uint_eq(c.x->retrieved, 1);
	ck_assert_str_eq(c.p->direction, "sendrecv");
	ck_assert_int_eq(fake_media_modify(sim_role(ROLE_MEDIA, 0), 0,
					   c.slot)->direction,
			 MEDIA_SENDRECV);
	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

START_TEST(test_hang_up_on_hold)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i & 1);
	sip_peer_reinvite(c.p, "inactive");
	sim_advance(300);
	if (_i & 2) {
		xch_release(c.x, CAUSE_NORMAL);
	} else {
		sip_peer_hangup(c.p);
	}
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

/* Both hang up in the same instant. */
START_TEST(test_both_hang_up)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i & 1);
	xch_release(c.x, CAUSE_NORMAL);
	sip_peer_hangup(c.p);
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

/* Digit by digit; the gateway takes the number when the caller is done. */
START_TEST(test_overlap)
{
	struct cc_msg s = xch_setup("0", "+49711999");
	struct xch_leg *x;

	scene_open(NULL, false);
	s.complete = 0;
	memset(s.called.digits, 0, sizeof(s.called.digits));
	x = xch_call(0, &s);
	sim_advance(300);
	ck_assert_ptr_null(sip_peer_last());
	xch_digits(x, "030");
	sim_advance(300);
	xch_digits(x, "123456");
	sim_advance(20000);
	ck_assert_ptr_nonnull(sip_peer_last());
	ck_assert_ptr_nonnull(
		strstr(sip_peer_last()->invite, "+4930123456"));
	sip_peer_say(sip_peer_last(), "486 Busy Here", false);
	sim_advance(500);
	xch_release(x, CAUSE_USER_BUSY);
	scene_close(1);
}
END_TEST

/* Datagrams get lost: every message is said again until it is heard. */
START_TEST(test_lossy_wire)
{
	struct scene c = {0};
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, NULL);

	scene_open(NULL, false);
	sip_peer.loss = 300;
	c.x = xch_call(0, &s);
	sim_advance(20000);
	c.p = sip_peer_last();
	ck_assert_ptr_nonnull(c.p);
	sip_peer_answer(c.p);
	sim_advance(20000);
	ck_assert(c.x->answered);
	ck_assert_int_eq(c.p->state, SP_UP);
	sip_peer_hangup(c.p);
	sim_advance(40000);
	ck_assert(c.x->over);
	sip_peer.loss = 0;
	scene_close(1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gateway");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_call, 0, 6);
	tcase_add_loop_test(t, test_sip_refuses, 0, N_OF(to_line));
	tcase_add_loop_test(t, test_line_refuses, 0, N_OF(to_sip));
	tcase_add_loop_test(t, test_caller_gives_up, 0, 2);
	tcase_add_test(t, test_line_does_not_answer);
	tcase_add_test(t, test_sip_does_not_answer);
	tcase_add_test(t, test_sip_is_silent);
	tcase_add_test(t, test_sip_dies_while_up);
	tcase_add_test(t, test_not_allowed);
	tcase_add_loop_test(t, test_data_bearer, 0, 2);
	tcase_add_test(t, test_restricted_caller);
	tcase_add_test(t, test_anonymous_caller);
	tcase_add_test(t, test_full_group);
	tcase_add_test(t, test_emergency_beyond_limit);
	tcase_add_test(t, test_sip_limit);
	tcase_add_loop_test(t, test_hold, 0, 2);
	tcase_add_loop_test(t, test_hang_up_on_hold, 0, 4);
	tcase_add_loop_test(t, test_both_hang_up, 0, 2);
	tcase_add_test(t, test_overlap);
	tcase_add_test(t, test_lossy_wire);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
