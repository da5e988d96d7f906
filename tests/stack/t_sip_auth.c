/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Challenges (RFC 3261 22) to what we ask within a call: PRACK, re-INVITE,
 * UPDATE, REFER, NOTIFY, BYE; and to what follows a fork. What is said of wrong
 * credentials. */
#include "gateway/base/log.h"
#include "tests/stack/sip_rig.h"
#include "tests/suite.h"

static leg_id leg;

static void begin(void)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	rig_conf();
	strcpy(t->auth_user, "gw1");
	strcpy(t->auth_password, "s3cret");
	strcpy(t->reg.realm, "r");
	t->dialog.prack = CONF_PRACK_ON;
	t->refer.mode = CONF_REFER_ON;
	rig_open();
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

/* The next of its kind, whatever was sent before. */
static const char *next_sent(const char *start)
{
	wait_ms(20);
	return skip_to(start);
}

static void challenge(const char *request, bool proxy, const char *realm)
{
	static unsigned nonce;
	char extra[256];

	snprintf(extra, sizeof(extra),
		 "%s-Authenticate: Digest realm=\"%s\", nonce=\"n%u\", "
		 "algorithm=MD5, qop=\"auth\"\r\n",
		 proxy ? "Proxy" : "WWW", realm, ++nonce);
	answer(request, proxy ? "407 Proxy Authentication Required"
			      : "401 Unauthorized", "t", extra, NULL);
}

/* The same request with credentials and the next CSeq. */
static const char *expect_answered(const char *request, bool proxy)
{
	char line[32];
	const char *again, *who;

	snprintf(line, sizeof(line), "%.*s ", (int)strcspn(request, " "),
		 request);
	again = next_sent(line);
	who = value_of(again, proxy ? "Proxy-Authorization" : "Authorization");
	ck_assert_ptr_nonnull(strstr(who, "username=\"gw1\", realm=\"r\""));
	ck_assert_int_eq(atoi(value_of(again, "CSeq")),
			 atoi(value_of(request, "CSeq")) + 1);
	ck_assert_str_eq(value_of(again, "To"), value_of(request, "To"));
	ck_assert_str_eq(body_of(again), body_of(request));
	return again;
}

static const char *ring_reliably(const char *invite, const char *tag,
				 unsigned rseq)
{
	char extra[128];

	snprintf(extra, sizeof(extra), "Require: 100rel\r\nRSeq: %u\r\n"
		 "Record-Route: <sip:" PEER_IP ":5066;lr>\r\n", rseq);
	answer(invite, "180 Ringing", tag, extra, NULL);
	return expect_sent("PRACK ");
}

static void answered_and_cleared(const char *invite)
{
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	core_releases(leg, 16);
	answer(next_sent("BYE "), "200 OK", NULL, NULL, NULL);
	rig.cc_seen = rig.n_cc;
	finish();
}

/* Where it went, though that response has no Record-Route. */
START_TEST(prack)
{
	const char *invite, *p, *again;
	bool proxy = _i;

	begin();
	invite = place_call(&leg);
	p = ring_reliably(invite, "t", 7);
	challenge(p, proxy, "r");
	again = expect_answered(p, proxy);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5066);
	ck_assert_str_eq(value_of(again, "RAck"), "7 1 INVITE");
	ck_assert_str_eq(value_of(again, "Route"), value_of(p, "Route"));
	answer(again, "200 OK", "t", NULL, NULL);
	/* the next one is challenged anew */
	p = ring_reliably(invite, "t", 8);
	challenge(p, proxy, "r");
	answer(expect_answered(p, proxy), "200 OK", "t", NULL, NULL);
	answered_and_cleared(invite);
}
END_TEST

/* Two branches at the same time, and one that goes on asking is left. */
START_TEST(prack_of_forks)
{
	const char *invite, *p[2];
	unsigned i;

	begin();
	invite = place_call(&leg);
	p[0] = ring_reliably(invite, "a", 1);
	p[1] = ring_reliably(invite, "t", 1);
	for (i = 0; i < 2; i++) {
		challenge(p[i], true, "r");
		p[i] = next_sent("PRACK ");
		ck_assert_ptr_nonnull(strstr(p[i], i ? ";tag=t" : ";tag=a"));
	}
	answer(p[0], "200 OK", NULL, NULL, NULL);
	for (i = 0; i < SIP_DIGEST_TRIES - 1; i++) {
		challenge(p[1], true, "r");
		p[1] = next_sent("PRACK ");
	}
	challenge(p[1], true, "r");
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	expect_silence();
	answered_and_cleared(invite);
}
END_TEST

/* Another realm's: nothing is given away. */
START_TEST(prack_of_others)
{
	const char *invite, *p;

	begin();
	invite = place_call(&leg);
	p = ring_reliably(invite, "t", 7);
	challenge(p, true, "other");
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	expect_silence();
	answered_and_cleared(invite);
}
END_TEST

/* A challenge that comes when the call is over already. */
START_TEST(prack_too_late)
{
	const char *invite, *p;

	begin();
	invite = place_call(&leg);
	p = ring_reliably(invite, "t", 7);
	core_releases(leg, 16);
	(void)expect_sent("CANCEL ");
	challenge(p, true, "r");
	wait_ms(20);
	answer(rig.sent[rig.seen - 1].text, "200 OK", "t", NULL, NULL);
	answer(invite, "487 x", "t", NULL, NULL);
	expect_sent("ACK ");
	rig.cc_seen = rig.n_cc;
	finish();
}
END_TEST

/* The second branch that is answered gets a BYE that needs no challenge. */
START_TEST(bye_of_a_fork)
{
	const char *invite, *bye;

	begin();
	invite = place_call(&leg);
	challenge(invite, true, "r");
	invite = expect_answered(invite, true);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	(void)next_sent("ACK ");
	answer(invite, "200 OK", "u", NULL, PEER_SDP);
	bye = next_sent("BYE ");
	ck_assert(has_header(bye, "Proxy-Authorization"));
	answer(bye, "200 OK", NULL, NULL, NULL);
	core_releases(leg, 16);
	answer(next_sent("BYE "), "200 OK", NULL, NULL, NULL);
	rig.cc_seen = rig.n_cc;
	finish();
}
END_TEST

/* --- in a call --- */

static void ask_refer(void)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0},
			   .transfer = CC_TRANSFER_BLIND};

	cc_number_set(&m.called, "+49711999");
	core_sends(CC_TRANSFER, m);
}

static void ask_notify(void)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0},
			   .transfer = CC_TRANSFER_TRYING};

	core_sends(CC_TRANSFER, m);
}

static void ask_hold(void)
{
	core_tells(leg, CC_HOLD);
}

static void ask_refresh(void)
{
	wait_ms(901 * 1000);
}

static const struct {
	const char *method;
	void (*ask)(void);
	const char *before; /* the peer's REFER */
} in_call[] = {
	{"INVITE ", ask_hold, NULL},
	{"UPDATE ", ask_refresh, NULL},
	{"REFER ", ask_refer, NULL},
	{"NOTIFY ", ask_notify, "Refer-To: <sip:+49711999@x>\r\n"},
};

static const char *call_up(void)
{
	const char *invite;

	begin();
	rig.conf.trunks[0].dialog.session_expires_s = 1800;
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)), 0);
	invite = place_call(&leg);
	answer(invite, "200 OK", "t",
	       "Allow: UPDATE\r\n"
	       "Session-Expires: 1800;refresher=uac\r\n", PEER_SDP);
	expect_sent("ACK ");
	return invite;
}

START_TEST(within_a_call)
{
	const char *invite = call_up(), *request, *again;
	bool proxy = _i & 1;
	size_t i = (size_t)_i / 2;

	if (in_call[i].before) {
		rig.cseq = 1;
		request_in("REFER", invite, "t", in_call[i].before, NULL);
		wait_ms(20);
	}
	in_call[i].ask();
	request = next_sent(in_call[i].method);
	challenge(request, proxy, "r");
	again = expect_answered(request, proxy);
	answer(again, "200 OK", NULL, NULL,
	       i ? NULL : SDP(PEER_IP, "7000", "a=recvonly\r\n"));
	wait_ms(20);
	core_releases(leg, 16);
	request = next_sent("BYE ");
	challenge(request, proxy, "r");
	answer(expect_answered(request, proxy), "200 OK", NULL, NULL, NULL);
	wait_ms(20);
	rig_close();
}
END_TEST

/* --- what is wrong in the file --- */

static char lines[4096];
static unsigned n_lines;

static void keep_line(enum log_level level, const char *line)
{
	if (level > LOG_LVL_WARN)
		return;
	append(lines, "%s\n", line);
	n_lines++;
}

static void expect_line(const char *line)
{
	log_set_sink(NULL);
	ck_assert_uint_eq(n_lines, 1);
	ck_assert_msg(strstr(lines, line), "%s\n%s", line, lines);
}

static void open_place(bool registers)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	begin();
	rig_close();
	strcpy(rig.conf.file, "/etc/gw.yaml");
	t->reg.auth_line = 17;
	t->reg.expires_s = 3600;
	if (registers)
		t->reg.mode = CONF_REGISTER_PLAIN;
	lines[0] = '\0';
	n_lines = 0;
	rig_open();
	log_set_sink(keep_line);
}

START_TEST(registration_refused)
{
	static const char *const why[] = {"user or password refused",
					  "403 Forbidden", "404 Not Found"};
	const char *r;
	char line[128];

	open_place(true);
	r = expect_sent("REGISTER ");
	challenge(r, _i != 0, "r");
	r = next_sent("REGISTER ");
	if (_i)
		answer(r, why[_i], "t", NULL, NULL);
	else
		challenge(r, false, "r");
	wait_ms(20);
	snprintf(line, sizeof(line), "trunk provider: /etc/gw.yaml:17: user "
		 "gw1 not registered: %s; again in ", why[_i]);
	expect_line(line);
	rig_close();
}
END_TEST

START_TEST(call_refused)
{
	static const char *const text[] = {
		"trunk provider: /etc/gw.yaml:17: user or password refused",
		"trunk provider: /etc/gw.yaml:17: asked for the password of "
		"another realm than \"r\": not answered",
	};
	const char *invite;

	open_place(false);
	invite = place_call(&leg);
	if (_i == 0) {
		challenge(invite, true, "r");
		invite = next_sent("INVITE ");
	}
	challenge(invite, true, _i ? "other" : "r");
	wait_ms(20);
	expect_line(text[_i]);
	rig_close();
}
END_TEST

/* A peer that wants to know who we are, though the file says nothing. */
START_TEST(no_auth)
{
	const char *request;
	bool registers = _i;

	open_place(registers);
	log_set_sink(NULL);
	rig_close();
	rig.conf.trunks[0].auth_user[0] = '\0';
	lines[0] = '\0';
	n_lines = 0;
	if (registers) {
		strcpy(rig.conf.trunks[0].reg.users[0], "+49711");
		rig.conf.trunks[0].reg.n_users = 1;
	}
	rig_open();
	log_set_sink(keep_line);
	request = registers ? expect_sent("REGISTER ") : place_call(&leg);
	challenge(request, false, "r");
	wait_ms(20);
	expect_line(registers ? "trunk provider: /etc/gw.yaml:17: user +49711 "
				"not registered: asked for a password, but it "
				"has no auth; again in "
			      : "trunk provider: /etc/gw.yaml:17: asked for a "
				"user and a password, but it has no auth");
	rig_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sip_auth");
	TCase *t = tcase_create("sip_auth");

	tcase_add_loop_test(t, prack, 0, 2);
	tcase_add_test(t, prack_of_forks);
	tcase_add_test(t, prack_of_others);
	tcase_add_test(t, prack_too_late);
	tcase_add_test(t, bye_of_a_fork);
	tcase_add_loop_test(t, within_a_call, 0,
			    2 * (int)(sizeof(in_call) / sizeof(in_call[0])));
	tcase_add_loop_test(t, registration_refused, 0, 3);
	tcase_add_loop_test(t, call_refused, 0, 2);
	tcase_add_loop_test(t, no_auth, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
