/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * What few calls carry, through the whole gateway: from the wire of SIP into
 * elements on the line, and back.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/peer_media.h"
#include "tests/sim/scene.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

/* The trunk with more settings, which is the only one of the file. */
static void open_with(const char *settings)
{
	static char yaml[4096];
	const char *trunk = strstr(sim_yaml, "- name: provider\n");
	size_t n;

	ck_assert_ptr_nonnull(trunk);
	n = (size_t)(trunk - sim_yaml) + strlen("- name: provider\n");
	snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)n, sim_yaml, settings,
		 sim_yaml + n);
	scene_open(yaml, false);
}

static void open_span(bool network, bool own_numbers)
{
	static char yaml[4096];
	const char *side = strstr(sim_yaml, "side: user");

	snprintf(yaml, sizeof(yaml), "%.*sside: %s, own_numbers: %s%s",
		 (int)(side - sim_yaml), sim_yaml, network ? "network" : "user",
		 own_numbers ? "true" : "false", side + strlen("side: user"));
	strcpy(strstr(yaml, "emergency:"), "    trusted: true\n");
	strcat(yaml, strstr(sim_yaml, "emergency:"));
	scene_open(yaml, false);
}

static struct xch_leg *from_sip(const char *extra, struct sip_peer_call **p)
{
	struct xch_leg *x;

	*p = sip_peer_call(SCENE_LINE_NUMBER, extra);
	sim_advance(300);
	x = xch_last(0);
	ck_assert_ptr_nonnull(x);
	return x;
}

static struct sip_peer_call *from_line(struct cc_msg *s, struct xch_leg **x)
{
	struct sip_peer_call *p;

	*x = xch_call(0, s);
	sim_advance(300);
	p = sip_peer_last();
	ck_assert_ptr_nonnull(p);
	return p;
}

static void end_from_line(struct xch_leg *x)
{
	xch_release(x, CAUSE_NORMAL);
	sim_advance(300);
}

/* --- diversions --- */

START_TEST(test_diversion_to_line)
{
	static const char *const extras[] = {
		"Diversion: <sip:+49711777@h>;reason=user-busy\r\n",
		"History-Info: <sip:+49711777@h>;index=1, "
		"<sip:+49711555@gw;cause=486>;index=1.1;mp=1\r\n"};
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("");
	x = from_sip(extras[_i], &p);
	ck_assert_str_eq(x->setup.redirecting.digits, "711777");
	ck_assert_uint_eq(x->setup.redirecting.type, CC_TON_NATIONAL);
	ck_assert_uint_eq(x->setup.extra.divert.reason, CC_DIVERT_BUSY);
	sip_peer_hangup(p);
	sim_advance(300);
	scene_expect_cdr("\"redirect_reason\":\"busy\",\"redirect_count\":1");
	scene_close(1);
}
END_TEST

START_TEST(test_diversion_from_line)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;
	char value[TEXT_LINE];

	open_with("    diversion: both\n");
	ck_assert_int_eq(cc_number_set(&s.redirecting, "+49711777"), 0);
	s.extra.divert.reason = CC_DIVERT_DEFLECTION;
	s.extra.divert.count = 1;
	p = from_line(&s, &x);
	text_value(p->invite, "Diversion", value);
	ck_assert_ptr_nonnull(strstr(value, "<sip:+49711777@"));
	ck_assert_ptr_nonnull(strstr(value, ";reason=deflection;counter=1;"));
	text_value(p->invite, "History-Info", value);
	ck_assert_ptr_nonnull(strstr(value, ";cause=480>;index=1.1;mp=1"));
	end_from_line(x);
	scene_close(1);
}
END_TEST

/* --- user-to-user information --- */

static struct cc_uui uui_of(const char *text)
{
	struct cc_uui u = {.len = (uint8_t)strlen(text)};

	memcpy(u.octets, text, u.len);
	return u;
}

static void expect_header(const char *message, const char *name,
			  const char *want)
{
	char value[TEXT_LINE];

	text_value(message, name, value);
	ck_assert_msg(strstr(value, want) != NULL, "%s in\n%s", want, message);
}

START_TEST(test_uui_from_line)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    user_to_user: true\n");
	s.extra.uui = uui_of("\004abc");
	p = from_line(&s, &x);
	expect_header(p->invite, "User-to-User",
		      "04616263;encoding=hex;purpose=isdn-uui");
	sip_peer_answer(p);
	sim_advance(300);
	end_from_line(x);
	scene_close(1);
}
END_TEST

START_TEST(test_uui_to_line)
{
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    user_to_user: true\n");
	x = from_sip("User-to-User: 04616263;encoding=hex\r\n", &p);
	ck_assert_uint_eq(x->setup.extra.uui.len, 4);
	ck_assert_mem_eq(x->setup.extra.uui.octets, "\004abc", 4);
	sip_peer_hangup(p);
	sim_advance(300);
	scene_close(1);
}
END_TEST

/* The answers' way back. */
START_TEST(test_uui_back)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    user_to_user: true\n");
	s.extra.uui = uui_of("\004abc");
	p = from_line(&s, &x);
	sip_peer.says = "User-to-User: 0431\r\n";
	sip_peer_say(p, "180 Ringing", false);
	sim_advance(300);
	ck_assert(x->alerting);
	ck_assert_uint_eq(x->last.extra.uui.len, 2);
	sip_peer.says = "User-to-User: 0432\r\nReason: Q.850;cause=17;"
		  "text=\"busy\";location=LN\r\n";
	sip_peer_say(p, "486 Busy Here", false);
	sim_advance(300);
	ck_assert(x->over);
	ck_assert_uint_eq(x->last.extra.uui.octets[1], '2');
	ck_assert_uint_eq(x->cause.value, CAUSE_USER_BUSY);
	ck_assert_uint_eq(x->cause.location, CC_LOC_PUBLIC_LOCAL);
	scene_close(1);
}
END_TEST

/* 130 octets are more than ISDN has room for: the call goes on without. */
START_TEST(test_uui_too_long)
{
	char extra[400] = "User-to-User: ";
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    user_to_user: true\n");
	memset(extra + strlen(extra), '0', 260);
	strcat(extra, "\r\n");
	x = from_sip(extra, &p);
	ck_assert_uint_eq(x->setup.extra.uui.len, 0);
	sip_peer_hangup(p);
	sim_advance(300);
	scene_close(1);
}
END_TEST

/* --- numbers with parameters --- */

START_TEST(test_subaddress)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("");
	p = sip_peer_call(SCENE_LINE_NUMBER ";isub=1234", NULL);
	sim_advance(300);
	x = xch_last(0);
	ck_assert_ptr_nonnull(x);
	ck_assert_str_eq(x->setup.called.digits, "711555");
	ck_assert_uint_eq(x->setup.extra.called_sub.len, 5);
	ck_assert_mem_eq(x->setup.extra.called_sub.octets, "P1234", 5);
	sip_peer_hangup(p);
	sim_advance(300);
	s.extra.called_sub = x->setup.extra.called_sub;
	s.extra.calling_sub = x->setup.extra.called_sub;
	p = from_line(&s, &x);
	expect_header(p->invite, "To", ";isub=1234@");
	expect_header(p->invite, "From", ";isub=1234@");
	end_from_line(x);
	scene_close(2);
}
END_TEST

START_TEST(test_groups_and_carriers)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    trunk_context: example.com\n"
		  "    carrier_context: \"+49\"\n");
	p = sip_peer_call(SCENE_LINE_NUMBER ";cic=+49-01013;tgrp=carrier;"
			  "trunk-context=example.com", NULL);
	sim_advance(300);
	x = xch_last(0);
	ck_assert_ptr_nonnull(x);
	ck_assert_str_eq(x->setup.extra.carrier, "01013");
	sip_peer_hangup(p);
	sim_advance(300);
	p = sip_peer_call(SCENE_LINE_NUMBER ";tgrp=elsewhere;"
			  "trunk-context=example.com", NULL);
	sim_advance(300);
	ck_assert_int_eq(p->status, 404);
	strcpy(s.extra.carrier, "01013");
	p = from_line(&s, &x);
	expect_header(p->invite, "To", ";cic=+49-01013@");
	expect_header(p->invite, "Contact", ";tgrp=carrier;trunk-context="
					    "example.com@");
	end_from_line(x);
	scene_close(3);
}
END_TEST

/* --- two calling numbers --- */

/* _i: side of our span, and whether callers' own numbers may be sent. */
START_TEST(test_two_callers_to_line)
{
	bool network = _i & 1, own = _i & 2;
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_span(network, own);
	x = from_sip("P-Asserted-Identity: <sip:+4930999@h>\r\n", &p);
	if (!own) {
		ck_assert_str_eq(x->setup.calling.digits, "30999");
		ck_assert_uint_eq(x->setup.asserted.valid, 0);
	} else {
		ck_assert_str_ne(x->setup.calling.digits, "30999");
		ck_assert_uint_eq(x->setup.calling.screening, CC_SCREEN_NONE);
		ck_assert_uint_eq(x->setup.asserted.valid, network);
	}
	if (own && network) {
		ck_assert_str_eq(x->setup.asserted.digits, "30999");
		ck_assert_uint_eq(x->setup.asserted.screening,
				  CC_SCREEN_NETWORK);
	}
	sip_peer_hangup(p);
	sim_advance(300);
	scene_close(1);
}
END_TEST

START_TEST(test_two_callers_from_line)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    trusted: true\n");
	ck_assert_int_eq(cc_number_set(&s.asserted, "+497110"), 0);
	s.asserted.screening = CC_SCREEN_NETWORK;
	s.calling.screening = CC_SCREEN_NONE;
	p = from_line(&s, &x);
	expect_header(p->invite, "From", "<sip:+49711999@");
	expect_header(p->invite, "P-Asserted-Identity", "<sip:+497110@");
	end_from_line(x);
	scene_close(1);
}
END_TEST

static bool seen;

static void look_for_secret(bool to_gateway, const char *text)
{
	seen |= !to_gateway && (strstr(text, "711999") != NULL ||
				strstr(text, "711777") != NULL ||
				strstr(text, "37313139") != NULL);
}

/* A restricted caller and diverter: nothing tells who they are, whichever
 * headers the trunk has. */
START_TEST(test_nothing_leaks)
{
	static const char *const headers[] = {"p-asserted-identity",
					      "p-preferred-identity",
					      "remote-party-id"};
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;
	char settings[200];

	snprintf(settings, sizeof(settings),
		 "    identity: %s\n    identity_tel: true\n"
		 "    diversion: both\n", headers[_i]);
	open_with(settings);
	seen = false;
	sip_peer.on_wire = look_for_secret;
	s.calling.presentation = CC_PRES_RESTRICTED;
	s.calling.screening = CC_SCREEN_PASSED;
	ck_assert_int_eq(cc_number_set(&s.redirecting, "+49711777"), 0);
	s.redirecting.presentation = CC_PRES_RESTRICTED;
	s.extra.calling_sub = (struct cc_sub){0, 0, 5, {0x50, '7', '1', '1',
							'9'}};
	strcpy(s.name, "711999");
	p = from_line(&s, &x);
	sip_peer_answer(p);
	sim_advance(300);
	end_from_line(x);
	sim_advance(300);
	ck_assert(!seen);
	scene_close(1);
}
END_TEST

/* --- who is connected changes --- */

static char asserted[TEXT_LINE];

static void look_for_asserted(bool to_gateway, const char *text)
{
	const char *p = strstr(text, "\r\nP-Asserted-Identity: ");

	if (!to_gateway && strncmp(text, "INVITE ", 7) == 0 && p)
		snprintf(asserted, sizeof(asserted), "%.*s",
			 (int)strcspn(p + 2, "\r"), p + 2);
}

/* A transfer beyond the line, and one beyond the trunk. */
START_TEST(test_connected_changes)
{
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    trusted: true\n");
	x = from_sip(NULL, &p);
	xch_say(x, CC_ANSWER);
	sim_advance(500);
	ck_assert_int_eq(p->state, SP_UP);
	asserted[0] = '\0';
	sip_peer.on_wire = look_for_asserted;
	xch_connect(x, "+49711888");
	sim_advance(1000);
	ck_assert_uint_eq(p->n_reinvite, 1);
	ck_assert_msg(strstr(asserted, "<sip:+49711888@") != NULL, "%s",
		      asserted);
	sip_peer_update(p, "P-Asserted-Identity: <tel:+4930777>\r\n");
	sim_advance(500);
	ck_assert_uint_eq(x->last.head.type, CC_UPDATE);
	ck_assert_str_eq(x->last.connected.digits, "30777");
	ck_assert_uint_eq(x->last.connected.type, CC_TON_NATIONAL);
	end_from_line(x);
	scene_close(1);
}
END_TEST

/* COLP at the answer: Connected Number and P-Asserted-Identity. */
START_TEST(test_connected_at_answer)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *p;
	struct xch_leg *x;

	open_with("    trusted: true\n");
	p = from_line(&s, &x);
	sip_peer.says = "P-Asserted-Identity: <tel:+4930778>\r\nPrivacy: id\r\n";
	sip_peer_answer(p);
	sim_advance(500);
	ck_assert(x->answered);
	ck_assert_str_eq(x->last.connected.digits, "30778");
	ck_assert_uint_eq(x->last.connected.presentation, CC_PRES_RESTRICTED);
	end_from_line(x);
	scene_close(1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("extra");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_diversion_to_line, 0, 2);
	tcase_add_test(t, test_diversion_from_line);
	tcase_add_test(t, test_uui_from_line);
	tcase_add_test(t, test_uui_to_line);
	tcase_add_test(t, test_uui_back);
	tcase_add_test(t, test_uui_too_long);
	tcase_add_test(t, test_subaddress);
	tcase_add_test(t, test_groups_and_carriers);
	tcase_add_loop_test(t, test_two_callers_to_line, 0, 4);
	tcase_add_test(t, test_two_callers_from_line);
	tcase_add_loop_test(t, test_nothing_leaks, 0, 3);
	tcase_add_test(t, test_connected_changes);
	tcase_add_test(t, test_connected_at_answer);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
