/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The sip role is killed and opened anew. What it left with the core, given
 * back as KEEP, goes on as if nothing had been; as CLEAR, it clears the call
 * towards the peer.
 */
#include "tests/stack/sip_heir.h"

START_TEST(answered_in)
{
	const char *bye;

	begin();
	kill_role(take_and_answer(&leg, "c1"));
	ck_assert_uint_eq(kept.leg, leg);
	core_clears();
	bye = expect_sent("BYE ");
	first_line(bye, "BYE sip:peer@" PEER_IP " SIP/2.0\r\n");
	same(bye, "From", said, "To");
	same(bye, "To", said, "From");
	same(bye, "Call-ID", said, "Call-ID");
	ck_assert_str_eq(value_of(bye, "CSeq"), "1 BYE");
	cause_41(bye);
	expect_sent("BYE "); /* resent until it is answered */
	answer(bye, "200 OK", NULL, NULL, NULL);
	wait_ms(100);
	rig.seen = rig.n_sent;
	finish();
}
END_TEST

/* Not acknowledged yet: BYE waits for it (RFC 3261 15), or for 64*T1. */
START_TEST(answered_unacked)
{
	const char *bye;

	for (unsigned i = 0; i < 2; i++) {
		begin();
		leg = take_call("c1");
		core_tells(leg, CC_ANSWER);
		wait_ms(10);
		kill_role(expect_sent("SIP/2.0 200"));
		core_clears();
		ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
		if (i == 0) {
			ack_from_peer(said, NULL);
			bye = expect_sent("BYE ");
		} else {
			wait_ms(33000);
			bye = skip_to("BYE ");
		}
		cause_41(bye);
		answer(bye, "200 OK", NULL, NULL, NULL);
		wait_ms(100);
		rig.seen = rig.n_sent;
		finish();
	}
}
END_TEST

START_TEST(answered_out)
{
	const char *bye, *invite;

	begin();
	invite = place_call(&leg);
	snprintf(said, sizeof(said), "%s", invite);
	answer(invite, "200 OK", "t",
	       "Record-Route: <sip:" PEER2_IP ";lr>\r\n"
	       "Record-Route: <sip:" PEER_IP ":5070;lr>\r\n",
	       PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	kill_role(invite);
	core_clears();
	bye = expect_sent("BYE ");
	first_line(bye, "BYE sip:peer@" PEER_IP " SIP/2.0\r\n");
	same(bye, "From", said, "From");
	ck_assert_ptr_nonnull(strstr(value_of(bye, "To"), ";tag=t"));
	ck_assert_str_eq(value_of(bye, "CSeq"), "2 BYE");
	ck_assert_ptr_nonnull(strstr(bye, "Route: <sip:" PEER_IP ":5070;lr>"));
	ck_assert_ptr_nonnull(strstr(bye, "Route: <sip:" PEER2_IP ";lr>"));
	cause_41(bye);
	answer(bye, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* A re-INVITE of ours raises CSeq, one of the peer moves the target. */
START_TEST(refreshed)
{
	unsigned before;
	const char *invite, *text;

	begin();
	invite = place_and_answer(&leg, "t");
	before = rig.n_snapshots;
	core_tells(leg, CC_HOLD);
	text = expect_sent("INVITE ");
	ck_assert_str_eq(value_of(text, "CSeq"), "2 INVITE");
	answer(text, "200 OK", NULL, NULL, PEER_SDP);
	expect_sent("ACK ");
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, before + 2); /* offer, answer */
	request_in("INVITE", invite, "t", "Contact: <sip:new@" PEER_IP ">\r\n",
		   PEER_SDP);
	expect_sent("SIP/2.0 200");
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, before + 3);
	kill_role(invite);
	core_clears();
	text = expect_sent("BYE ");
	first_line(text, "BYE sip:new@" PEER_IP " SIP/2.0\r\n");
	ck_assert_str_eq(value_of(text, "CSeq"), "3 BYE");
	answer(text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(offered)
{
	const char *no;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	wait_ms(10);
	kill_role(skip_to("SIP/2.0 180"));
	core_clears();
	no = expect_sent("SIP/2.0 503");
	same(no, "Via", said, "Via");
	same(no, "To", said, "To");
	same(no, "From", said, "From");
	same(no, "Call-ID", said, "Call-ID");
	same(no, "CSeq", said, "CSeq");
	cause_41(no);
	expect_sent("SIP/2.0 503"); /* until ACK */
	ack_from_peer(no, NULL);
	wait_ms(100);
	rig.seen = rig.n_sent;
	finish();
}
END_TEST

/* The peer repeats its INVITE before CLEAR comes: no word; then it is the call
 * that is cleared, and no new one. */
START_TEST(offered_again)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	wait_ms(10);
	kill_role(skip_to("SIP/2.0 180"));
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	expect_silence();
	core_clears();
	core_settles();
	(void)expect_sent("SIP/2.0 503");
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 503"), NULL);
	finish();
}
END_TEST

static const char *ring_and_die(void)
{
	const char *cancel;

	begin();
	answer(place_call(&leg), "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	kill_role(rig.sent[0].text);
	core_clears();
	cancel = expect_sent("CANCEL ");
	ck_assert_int_eq(strncmp(cancel + 7, said + 7, strcspn(said, "\r") - 7),
			 0);
	same(cancel, "Via", said, "Via");
	same(cancel, "From", said, "From");
	same(cancel, "To", said, "To");
	same(cancel, "Call-ID", said, "Call-ID");
	ck_assert_str_eq(value_of(cancel, "CSeq"), "1 CANCEL");
	cause_41(cancel);
	answer(cancel, "200 OK", "t", NULL, NULL);
	return cancel;
}

START_TEST(calling)
{
	ring_and_die();
	answer(said, "487 Request Terminated", "t", NULL, NULL);
	same(expect_sent("ACK "), "Via", said, "Via");
	finish();
}
END_TEST

START_TEST(calling_answered)
{
	const char *text;

	ring_and_die();
	answer(said, "200 OK", "t", NULL, PEER_SDP);
	text = expect_sent("ACK ");
	ck_assert_str_eq(value_of(text, "CSeq"), "1 ACK");
	text = expect_sent("BYE ");
	first_line(text, "BYE sip:peer@" PEER_IP " SIP/2.0\r\n");
	ck_assert_ptr_nonnull(strstr(value_of(text, "To"), ";tag=t"));
	cause_41(text);
	answer(text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(calling_in_vain)
{
	ring_and_die();
	finish(); /* no final response ever: 64*T1 */
}
END_TEST

START_TEST(challenged)
{
	const char *text;

	rig_conf();
	strcpy(rig.conf.trunks[0].auth_user, "u");
	strcpy(rig.conf.trunks[0].auth_password, "p");
	rig_open();
	kill_role(take_and_answer(&leg, "c1"));
	core_clears();
	answer(expect_sent("BYE "), "401 Unauthorized", NULL,
	       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", NULL);
	text = expect_sent("BYE ");
	ck_assert_str_eq(value_of(text, "CSeq"), "2 BYE");
	ck_assert(has_header(text, "Authorization"));
	answer(text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* The role lives, its link was lost: the call goes on, and is told. */
START_TEST(still_there)
{
	begin();
	snprintf(said, sizeof(said), "%s", take_and_answer(&leg, "c1"));
	kept = rig.snapshot;
	connect_core();
	core_keeps();
	ck_assert_uint_eq(rig.back.n_kept, 1);
	ck_assert_uint_eq(rig.back.kept.leg, leg);
	ck_assert_uint_eq(rig.back.kept.media.rtp.port, 7000);
	ck_assert_uint_eq(rig.back.n_settled, 2);
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The core was killed: answered calls go on with the next one, with what
 * changed meanwhile; those it has forgotten are released. */
START_TEST(core_killed)
{
	const char *text;
	leg_id lost;

	begin();
	snprintf(said, sizeof(said), "%s", take_and_answer(&leg, "c1"));
	(void)take_and_answer(&lost, "c2");
	rig.seen = rig.n_sent;
	link_close(&rig.core);
	wait_ms(2000);
	rig.cseq = 10;
	request_in("INVITE", said, NULL, NULL,
		   SDP(PEER_IP, "7002", "a=sendonly\r\n"));
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	wait_ms(10);
	connect_core();
	core_settles();
	ck_assert_uint_eq(rig.back.n_kept, 2);
	ck_assert_uint_eq(rig.back.n_settled, 2);
	core_releases(lost, 41);
	expect_released(41, "BYE");
	text = expect_sent("BYE ");
	cause_41(text);
	answer(text, "200 OK", NULL, NULL, NULL);
	wait_ms(20000);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* Names so long that the core cannot hold all that BYE would need; what it
 * has is the INVITE's, to which 503 would do no harm. */
START_TEST(too_long)
{
	static char more[3200], call_id[251];
	unsigned before;

	begin();
	snprintf(more, sizeof(more),
		 "From: <sip:%0350d@" PEER_IP ">;tag=f%0120d\r\n"
		 "Contact: <sip:%060d@" PEER_IP ">\r\n"
		 "Record-Route: <sip:%0475d@" PEER_IP ";lr>\r\n"
		 "Record-Route: <sip:%0475d@" PEER_IP ";lr>\r\n"
		 "Record-Route: <sip:%0475d@" PEER_IP ";lr>\r\n"
		 "Record-Route: <sip:%0475d@" PEER_IP ";lr>\r\n",
		 1, 1, 1, 1, 1, 1, 1);
	memset(call_id, 'c', sizeof(call_id) - 1);
	before = rig.n_snapshots;
	invite_from_peer(PEER_URI, call_id, more, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, before + 1);
	core_tells(leg, CC_ANSWER);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, before + 1);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(nonsense)
{
	begin();
	(void)take_and_answer(&leg, "c1");
	kill_role("");
	kept.bytes[2] = 9; /* no such trunk */
	core_clears();
	kept.bytes[2] = 0;
	kept.bytes[0] = SIP_SNAPSHOT_VERSION + 1;
	core_clears();
	memset(kept.bytes, 0xff, sizeof(kept.bytes));
	core_clears();
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		answered_in, answered_unacked, answered_out, refreshed,
		offered, offered_again, calling, calling_answered,
		calling_in_vain, challenged, still_there, core_killed,
		too_long, nonsense,
		NULL,
	};

	return rig_run("sip_restore", tests);
}
