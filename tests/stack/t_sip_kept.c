/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Calls that go on with another process of the sip role (KEEP): wherever they
 * stood, both ends may do again whatever they could. */
#include "tests/stack/sip_heir.h"

START_TEST(kept_in)
{
	begin();
	kill_role(take_and_answer(&leg, "c1"));
	core_keeps();
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(kept_out)
{
	const char *text;

	begin();
	kill_role(place_and_answer(&leg, "t"));
	core_keeps();
	goes_on(said, "t");
	core_releases(leg, 16);
	expect_released(16, "BYE");
	text = expect_sent("BYE ");
	check_dialog(text);
	ck_assert_str_eq(value_of(text, "CSeq"), "3 BYE");
	answer(text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* The next death, before and after the dialog has moved on. */
START_TEST(kept_twice)
{
	begin();
	kill_role(take_and_answer(&leg, "c1"));
	core_keeps();
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, 0); /* the core has that one */
	request_in("INVITE", said, NULL, NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	wait_ms(10);
	ck_assert_uint_eq(rig.n_snapshots, 1);
	kill_role(said);
	core_keeps();
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* Its lines: those of an earlier description are answered as before. */
START_TEST(kept_lines)
{
	const char *text;

	begin();
	invite_from_peer(PEER_URI, "c1", NULL,
			 PEER_SDP "m=video 7008 RTP/AVP 31\r\n");
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	text = expect_sent("SIP/2.0 200");
	ack_from_peer(text, NULL);
	wait_ms(10);
	kill_role(text);
	core_keeps();
	core_tells(leg, CC_HOLD);
	text = expect_sent("INVITE ");
	ck_assert_ptr_nonnull(strstr(text, "m=video 0 RTP/AVP 31"));
	answer(text, "200 OK", NULL, NULL,
	       PEER_SDP "m=video 0 RTP/AVP 31\r\n");
	expect_sent("ACK ");
	expect_cc(CC_UPDATE);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* SRTP goes on under the keys there are. */
START_TEST(kept_srtp)
{
	static char key[128];
	const char *text;

	rig_conf();
	rig.conf.trunks[0].srtp.mode = CONF_SRTP_REQUIRED;
	rig.conf.trunks[0].srtp.n_suites = 1;
	rig.conf.trunks[0].srtp.suites[0] = CC_SRTP_AES_128_80;
	rig_open();
	invite_from_peer(PEER_URI, "c1", NULL,
			 "v=0\r\no=- 1 1 IN IP4 " PEER_IP "\r\ns=-\r\n"
			 "c=IN IP4 " PEER_IP "\r\nt=0 0\r\n"
			 "m=audio 7000 RTP/SAVP 8\r\n"
			 "a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:"
			 "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n");
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	text = expect_sent("SIP/2.0 200");
	snprintf(key, sizeof(key), "%.*s",
		 (int)strcspn(strstr(text, "a=crypto:4 "), "\r"),
		 strstr(text, "a=crypto:4 "));
	ack_from_peer(text, NULL);
	wait_ms(10);
	kill_role(text);
	core_keeps();
	core_tells(leg, CC_HOLD);
	text = expect_sent("INVITE ");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/SAVP 8"));
	ck_assert_ptr_nonnull(strstr(text, key));
	answer(text, "488 Not Acceptable Here", NULL, NULL, NULL);
	expect_sent("ACK ");
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* The session timer (RFC 4028): ours to refresh, and soon, for nobody knows
 * when it was done last; and over when no answer comes. */
START_TEST(kept_timer)
{
	const char *text;
	unsigned i;

	rig_conf();
	rig.conf.trunks[0].dialog.session_expires_s = 1800;
	rig_open();
	invite_from_peer(PEER_URI, "c1",
			 "Supported: timer\r\nAllow: UPDATE\r\n"
			 "Session-Expires: 1800;refresher=uas\r\n",
			 PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	text = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(text, "Session-Expires: 1800"));
	ack_from_peer(text, NULL);
	wait_ms(10);
	kill_role(text);
	core_keeps();
	for (i = 0; i < 1200 && rig.seen == rig.n_sent; i++)
		wait_ms(10);
	text = expect_sent("UPDATE ");
	ck_assert_ptr_nonnull(strstr(text, "Session-Expires: 1800"));
	answer(text, "200 OK", NULL,
	       "Session-Expires: 1800;refresher=uac\r\n", NULL);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* Answered, the ACK still to come: it finds the dialog. */
START_TEST(kept_unacked)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	kill_role(expect_sent("SIP/2.0 200"));
	core_keeps();
	ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
	ack_from_peer(said, NULL);
	wait_ms(10);
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* An answer that the peer has not had: it repeats its INVITE, and then gets
 * the same answer, again and again until its ACK. No second call. */
START_TEST(kept_unheard)
{
	const char *extra = "Record-Route: <sip:" PEER_IP ";lr>\r\n";
	unsigned i;

	begin();
	invite_from_peer(PEER_URI, "c1", extra, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	kill_role(expect_sent("SIP/2.0 200"));
	invite_from_peer(PEER_URI, "c1", extra, PEER_SDP);
	expect_silence();
	core_keeps();
	ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
	invite_from_peer(PEER_URI, "c1", extra, PEER_SDP);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
	kill_role(said); /* and once more */
	core_keeps();
	ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
	ack_from_peer(said, NULL);
	wait_ms(10);
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The offer is in our answer: the ACK has the peer's. */
START_TEST(kept_offer)
{
	begin();
	invite_from_peer(PEER_URI, "c1", NULL, NULL);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	kill_role(expect_sent("SIP/2.0 200"));
	core_keeps();
	ck_assert_str_eq(expect_sent("SIP/2.0 200"), said);
	ack_from_peer(said, PEER_SDP);
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.rtp.port, 7000);
	goes_on(said, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* That peer is gone: without ACK in 64*T1 the call ends. */
START_TEST(kept_no_ack)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	kill_role(expect_sent("SIP/2.0 200"));
	core_keeps();
	wait_ms(40000);
	expect_released(102, "no ACK");
	answer(skip_to("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* Our ACK was lost: the peer's answer comes again, and is acknowledged by who
 * does not know the INVITE. */
START_TEST(kept_ack_lost)
{
	const char *text;

	begin();
	kill_role(place_and_answer(&leg, "t"));
	core_keeps();
	answer(said, "200 OK", "t", NULL, PEER_SDP);
	text = expect_sent("ACK ");
	first_line(text, "ACK sip:peer@" PEER_IP " SIP/2.0\r\n");
	check_dialog(text);
	ck_assert_str_eq(value_of(text, "CSeq"), "1 ACK");
	answer(said, "200 OK", "u", NULL, PEER_SDP); /* of another */
	answer(said, "180 Ringing", "t", NULL, NULL);
	expect_silence();
	goes_on(said, "t");
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* A request before the core has told of its dialog: no word; then 200. */
START_TEST(early_request)
{
	begin();
	kill_role(take_and_answer(&leg, "c1"));
	request_in("BYE", said, NULL, NULL, NULL);
	expect_silence();
	core_keeps();
	rig.cseq--;
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	kill_role(said);
	core_settles();
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 481");
	finish();
}
END_TEST

/* The answer had not reached the peer when the role was killed. */
START_TEST(kept_too_early)
{
	const char *no;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	wait_ms(10);
	kill_role(skip_to("SIP/2.0 180"));
	core_keeps();
	no = expect_sent("SIP/2.0 503");
	cause_41(no);
	expect_released(41, "lost with the sip role");
	ack_from_peer(no, NULL);
	finish();
}
END_TEST

START_TEST(kept_nonsense)
{
	begin();
	(void)take_and_answer(&leg, "c1");
	kill_role("");
	memset(kept.bytes, 0xff, sizeof(kept.bytes));
	core_keeps();
	expect_released(41, "lost with the sip role");
	finish();
}
END_TEST

/* Its answer had the offer: so has its repeat, and the ACK the answer. */
START_TEST(kept_late_offer)
{
	const char *text;

	rig_conf();
	rig.conf.trunks[0].dialog.late_offer = true;
	rig_open();
	kill_role(place_and_answer(&leg, "t"));
	core_keeps();
	answer(said, "200 OK", "t", NULL, PEER_SDP);
	text = expect_sent("ACK ");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8 101"));
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* A transfer that the peer is told of goes on. */
START_TEST(kept_transfer)
{
	struct cc_msg m = {.end = {CC_END_TRUNK, 0},
			   .transfer = CC_TRANSFER_TRYING,
			   .cause = {0, CC_LOC_NONE}};
	const char *text;

	rig_conf();
	rig.conf.trunks[0].refer.mode = CONF_REFER_ON;
	rig_open();
	text = take_and_answer(&leg, "c1");
	m.leg = leg;
	request_in("REFER", text, NULL, "Refer-To: <sip:+4971199@x>\r\n",
		   NULL);
	expect_cc(CC_TRANSFER);
	core_sends(CC_TRANSFER, m);
	(void)expect_sent("SIP/2.0 202");
	snprintf(said, sizeof(said), "%s", text);
	answer(expect_sent("NOTIFY "), "200 OK", NULL, NULL, NULL);
	wait_ms(10);
	kill_role(said);
	core_keeps();
	m.transfer = CC_TRANSFER_FAILED;
	m.cause.value = 17;
	core_sends(CC_TRANSFER, m);
	text = expect_sent("NOTIFY ");
	ck_assert_str_eq(body_of(text), "SIP/2.0 486 Busy Here\r\n");
	ck_assert_str_eq(value_of(text, "Event"), "refer");
	ck_assert_str_eq(value_of(text, "CSeq"), "2 NOTIFY");
	answer(text, "200 OK", NULL, NULL, NULL);
	request_in("BYE", said, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		kept_in, kept_out, kept_twice, kept_lines,
		kept_srtp, kept_timer, kept_unacked, kept_unheard, kept_offer,
		kept_no_ack, kept_ack_lost, early_request, kept_too_early,
		kept_nonsense, kept_late_offer, kept_transfer,
		NULL,
	};

	return rig_run("sip_kept", tests);
}
