/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The sip role is killed and opened anew. What it left with the core, given
 * back as KEEP, goes on as if nothing had been; as CLEAR, it clears the call
 * towards the peer.
 */
#include "tests/stack/sip_rig.h"

#include "sip/snapshot.h"

static leg_id leg;
static struct cc_snapshot kept;
static char said[RIG_TEXT]; /* by us, before the death */

static int say_nothing(struct sip_wire *w, const struct net_addr *local,
		       const struct net_addr *remote, const char *data,
		       size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	(void)data;
	(void)len;
	return 0;
}

static const struct sip_wire_ops dead_ops = {.send = say_nothing};
static struct sip_wire dead = {&dead_ops};

/* SIGKILL: no word to anybody. Then a new one, its sockets the same. */
static void kill_role(const char *text)
{
	if (text != said)
		snprintf(said, sizeof(said), "%s", text);
	kept = rig.snapshot;
	sip_transport_wire(sip_stack_transport(sip_role_stack(rig.role)),
			   &dead);
	rig_close();
	rig_open_unsettled();
}

static void core_clears(void)
{
	kept.cause = (struct cc_cause){41, CC_LOC_NONE};
	ck_assert_int_eq(link_send(&rig.core, &kept.head, CC_CLEAR,
				   sizeof(kept)),
			 0);
}

static void core_keeps(void)
{
	kept.cause = (struct cc_cause){0};
	ck_assert_int_eq(link_send(&rig.core, &kept.head, CC_KEEP,
				   sizeof(kept)),
			 0);
	core_settles();
}

static const struct trunk_stats *trunk(void)
{
	return trunk_stats(sip_stack_trunks(sip_role_stack(rig.role)), 0);
}

static void begin(void)
{
	rig_conf();
	rig_open();
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static void same(const char *a, const char *name_a, const char *b,
		 const char *name_b)
{
	ck_assert_str_eq(value_of(a, name_a), value_of(b, name_b));
}

static void cause_41(const char *text)
{
	ck_assert_ptr_nonnull(strstr(value_of(text, "Reason"), "cause=41"));
}

static void first_line(const char *text, const char *line)
{
	ck_assert_msg(strncmp(text, line, strlen(line)) == 0, "%s\n%s", line,
		      text);
}

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

static void check_dialog(const char *text)
{
	same(text, "Call-ID", said, "Call-ID");
}

/* Both ends may do again whatever they could, and then hang up. */
static void goes_on(const char *ours, const char *tag)
{
	const char *text;

	ck_assert_uint_eq(trunk()->active, 1);
	core_tells(leg, CC_HOLD);
	text = expect_sent("INVITE ");
	check_dialog(text);
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8"));
	ck_assert_ptr_nonnull(strstr(text, "a=sendonly"));
	answer(text, "200 OK", NULL, NULL, PEER_SDP);
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.direction, CC_SENDONLY);
	request_in("INVITE", ours, tag, NULL,
		   SDP(PEER_IP, "7002", "a=sendonly\r\n"));
	text = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8"));
	ack_from_peer(text, NULL);
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.rtp.port, 7002);
	expect_cc(CC_HOLD);
	request_in("OPTIONS", ours, tag, NULL, NULL);
	expect_sent("SIP/2.0 200");
}

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

/* --- calls that go on --- */

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
		answered_in, answered_out,     refreshed,	offered,
		offered_again, calling,	       calling_answered,
		calling_in_vain, challenged,   still_there,	too_long,
		core_killed,
		nonsense,    kept_in,	       kept_out,	kept_twice,
		kept_lines,  kept_unacked,     kept_unheard,	kept_no_ack,
		kept_ack_lost, early_request,
		kept_too_early, kept_nonsense, kept_srtp,	kept_timer,
		kept_transfer,
		NULL,
	};

	return rig_run("sip_restore", tests);
}
