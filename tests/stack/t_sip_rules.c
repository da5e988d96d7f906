/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Header rules in the whole role: once for each message, before it is read and
 * after it is written; CANCEL, ACK and answers stay true to what the peer has
 * sent and got.
 */
#include "tests/stack/sip_rig.h"

#include "sip/rules.h"

static leg_id leg;

static void begin(void)
{
	rig_conf();
	strcpy(rig.conf.file, "t.yaml");
}

static struct conf_rule *rule(enum conf_rule_way way, const char *messages,
			      enum conf_rule_action action, const char *header,
			      const char *value)
{
	struct conf_rule *r = &rig.conf.rules[rig.conf.n_rules++];

	r->way = way;
	r->action = action;
	if (*messages) {
		strcpy(r->messages[0], messages);
		r->n_messages = 1;
	}
	strcpy(r->header, header);
	strcpy(r->value, value);
	r->line = rig.conf.n_rules;
	return r;
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static struct rules_stats counted(void)
{
	struct rules_stats s;

	rules_count(sip_stack_rules(sip_role_stack(rig.role)), 0, &s);
	return s;
}

static const char *first_line(const char *text)
{
	static char line[4][512];
	static unsigned turn;
	char *p = line[turn++ % 4];

	snprintf(p, sizeof(line[0]), "%.*s", (int)strcspn(text, "\r\n"), text);
	return p;
}

/* --- out --- */

/* RFC 3261 9.1: Request-URI, To and From of a CANCEL are the INVITE's; a rule
 * for all messages does not change them twice. */
START_TEST(cancel_is_like_its_invite)
{
	const char *invite, *cancel, *ack;

	begin();
	strcpy(rule(CONF_RULE_OUT, "", CONF_RULE_REPLACE, "Request-URI",
		    "sip:0")->pattern, "^sip:\\+49");
	strcpy(rule(CONF_RULE_OUT, "INVITE", CONF_RULE_REPLACE, "From",
		    "sip:+49800@")->pattern, "sip:[^@]*@");
	rule(CONF_RULE_OUT, "", CONF_RULE_ADD, "X-Trunk", "7");
	rig_open();
	invite = place_call(&leg);
	ck_assert_msg(strstr(first_line(invite), " sip:0711123@") != NULL,
		      "%s", invite);
	ck_assert(strstr(value_of(invite, "From"), "sip:+49800@") != NULL);
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	core_releases(leg, 16);
	cancel = expect_sent("CANCEL ");
	ck_assert_str_eq(strchr(first_line(cancel), ' '),
			 strchr(first_line(invite), ' '));
	ck_assert_str_eq(value_of(cancel, "From"), value_of(invite, "From"));
	ck_assert_str_eq(value_of(cancel, "To"), value_of(invite, "To"));
	ck_assert_str_eq(value_of(cancel, "X-Trunk"), "7");
	answer(cancel, "200 OK", "t", NULL, NULL);
	answer(invite, "487 Request Terminated", "t", NULL, NULL);
	ack = expect_sent("ACK ");
	ck_assert_str_eq(strchr(first_line(ack), ' '),
			 strchr(first_line(invite), ' '));
	ck_assert_str_eq(value_of(ack, "From"), value_of(invite, "From"));
	ck_assert_str_eq(value_of(ack, "X-Trunk"), "7");
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

/* What is sent again is the very same, and no rule works twice on it. */
START_TEST(a_repeat_is_the_same)
{
	const char *invite;
	unsigned i, n;

	begin();
	strcpy(rule(CONF_RULE_OUT, "INVITE", CONF_RULE_REPLACE, "Request-URI",
		    "sip:0\\0")->pattern, "[^:@]+@");
	strcpy(rig.conf.rules[0].value, "0\\0");
	rig_open();
	invite = place_call(&leg);
	wait_ms(1600); /* timer A twice */
	n = rig.n_sent;
	ck_assert_uint_ge(n, 3);
	for (i = rig.seen; i < n; i++)
		ck_assert_str_eq(rig.sent[i].text, invite);
	rig.seen = n;
	ck_assert_uint_eq(counted().applied, 1);
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* A challenged INVITE goes out anew: changed once, from what the leg made. */
START_TEST(the_next_try_is_changed_once)
{
	const char *invite;

	begin();
	strcpy(rig.conf.trunks[0].auth_user, "u");
	strcpy(rig.conf.trunks[0].auth_password, "p");
	strcpy(rule(CONF_RULE_OUT, "INVITE", CONF_RULE_REPLACE, "Request-URI",
		    "sip:0")->pattern, "^sip:\\+?");
	rule(CONF_RULE_OUT, "", CONF_RULE_ADD, "X-Trunk", "7");
	rig_open();
	invite = place_call(&leg);
	ck_assert(strstr(first_line(invite), " sip:049711123@") != NULL);
	answer(invite, "401 Unauthorized", "t",
	       "WWW-Authenticate: Digest realm=\"" PEER_IP "\", nonce=\"n\"\r\n",
	       NULL);
	expect_sent("ACK ");
	invite = expect_sent("INVITE ");
	ck_assert(has_header(invite, "Authorization"));
	ck_assert(strstr(first_line(invite), " sip:049711123@") != NULL);
	ck_assert_ptr_null(strstr(strstr(invite, "X-Trunk") + 1, "X-Trunk"));
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* --- in --- */

/* What the call sees is the new number; what the peer gets back is its own
 * (RFC 3261 8.2.6.2). */
START_TEST(an_answer_says_what_the_peer_said)
{
	const struct cc_msg *m;
	const char *ok;

	begin();
	strcpy(rule(CONF_RULE_IN, "INVITE", CONF_RULE_REPLACE, "Request-URI",
		    "sip:+49711")->pattern, "^sip:0?");
	strcpy(rule(CONF_RULE_IN, "INVITE", CONF_RULE_REPLACE, "From",
		    "sip:+49800@")->pattern, "sip:[^@]*@");
	rig_open();
	invite_from_peer("sip:099@" OUR_IP, "c1", NULL, PEER_SDP);
	m = expect_cc(CC_SETUP);
	ck_assert_str_eq(m->called.digits, "4971199");
	ck_assert_str_eq(m->calling.digits, "49800");
	leg = m->leg;
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(ok, "From"),
			 "<sip:+4930123@" PEER_IP ">;tag=ft");
	ck_assert_ptr_nonnull(strstr(value_of(ok, "To"), "sip:099@"));
	ack_from_peer(ok, NULL);
	wait_ms(10);
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(a_response_is_changed_before_it_is_read)
{
	const char *invite;

	begin();
	rule(CONF_RULE_IN, "486 INVITE", CONF_RULE_REPLACE, "Status",
	     "404 Not Found");
	rig_open();
	invite = place_call(&leg);
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(1, "404 Not Found");
	finish();
}
END_TEST

/* The gate stands before the rules, and after them. */
START_TEST(what_a_rule_breaks_comes_as_it_was)
{
	const struct cc_msg *m;

	begin();
	rule(CONF_RULE_IN, "INVITE", CONF_RULE_REPLACE, "Request-URI",
	     "not a uri");
	rule(CONF_RULE_IN, "INVITE", CONF_RULE_REMOVE, "X-None", "");
	rig_open();
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	m = expect_cc(CC_SETUP);
	ck_assert_str_eq(m->called.digits, "49711123");
	ck_assert_uint_eq(counted().broken, 1);
	ck_assert_uint_eq(counted().applied, 0);
	core_releases(m->leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

/* --- reload --- */

START_TEST(new_rules_leave_calls_alone)
{
	struct conf_for_sip *again = malloc(sizeof(*again));
	const char *ok, *bye;

	begin();
	rule(CONF_RULE_OUT, "", CONF_RULE_ADD, "X-Trunk", "7");
	rig_open();
	ok = take_and_answer(&leg, "c1");
	ck_assert_str_eq(value_of(ok, "X-Trunk"), "7");
	*again = rig.conf;
	strcpy(again->rules[0].value, "8");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, again, sizeof(*again)),
			 0);
	core_releases(leg, 16);
	bye = expect_sent("BYE ");
	ck_assert_str_eq(value_of(bye, "X-Trunk"), "8");
	answer(bye, "200 OK", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	free(again);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {cancel_is_like_its_invite,
				      a_repeat_is_the_same,
				      the_next_try_is_changed_once,
				      an_answer_says_what_the_peer_said,
				      a_response_is_changed_before_it_is_read,
				      what_a_rule_breaks_comes_as_it_was,
				      new_rules_leave_calls_alone,
				      NULL};

	return rig_run("sip_rules", tests);
}
