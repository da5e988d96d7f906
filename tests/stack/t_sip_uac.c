/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Calls we place: the flows of RFC 3261 13.2, 9.1, 22 and their races. */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *invite;

static void begin(void)
{
	rig_conf();
	rig_open();
	invite = place_call(&leg);
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

START_TEST(plain_call)
{
	const struct cc_msg *m;
	const char *text;

	begin();
	ck_assert_ptr_nonnull(strstr(invite, "INVITE sip:+49711123@" PEER_IP
					     ":5060;user=phone "
					     "SIP/2.0\r\n"));
	ck_assert_ptr_nonnull(strstr(value_of(invite, "From"),
				     "<sip:+4930555@" OUR_IP
				     ":5060;user=phone>;tag="));
	ck_assert_str_eq(value_of(invite, "To"),
			 "<sip:+49711123@" PEER_IP ":5060;user=phone>");
	ck_assert_str_eq(value_of(invite, "Contact"), "<sip:" OUR_IP ":5060>");
	ck_assert_str_eq(value_of(invite, "Max-Forwards"), "70");
	ck_assert_str_eq(value_of(invite, "User-Agent"), "trunkgate");
	ck_assert(!has_header(invite, "P-Asserted-Identity"));
	ck_assert_ptr_nonnull(
		strstr(body_of(invite), "m=audio 40000 RTP/AVP 8 0 101\r\n"));
	answer(invite, "100 Trying", NULL, NULL, NULL);
	m = expect_cc(CC_PROCEEDING);
	ck_assert_uint_eq(m->leg, leg);
	answer(invite, "180 Ringing", "t", NULL, NULL);
	m = expect_cc(CC_ALERTING);
	ck_assert_uint_eq(m->progress, 0);
	ck_assert_uint_eq(m->media.valid, 0);
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_silence();
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	text = expect_sent("ACK sip:peer@" PEER_IP);
	ck_assert_str_eq(value_of(text, "CSeq"), "1 ACK");
	ck_assert_ptr_nonnull(strstr(value_of(text, "To"), ";tag=t"));
	ck_assert_str_eq(body_of(text), "");
	m = expect_cc(CC_ANSWER);
	ck_assert_uint_eq(m->media.valid, 1);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	ck_assert_uint_eq(m->media.codec, CC_PCMA);
	ck_assert_uint_eq(m->media.dtmf_pt, 101);
	ck_assert_uint_eq(m->connected.valid, 0);
	core_releases(leg, 16);
	text = expect_sent("BYE sip:peer@" PEER_IP " SIP/2.0\r\n");
	ck_assert_str_eq(value_of(text, "CSeq"), "2 BYE");
	ck_assert_ptr_nonnull(
		strstr(value_of(text, "Reason"), "Q.850;cause=16"));
	expect_released(16, "BYE");
	answer(text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(peer_clears)
{
	begin();
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	rig.cseq = 7;
	request_in("BYE", invite, "t", "Reason: Q.850;cause=31;location=TN\r\n",
		   NULL);
	expect_sent("SIP/2.0 200");
	ck_assert_uint_eq(rig.cc[rig.n_cc - 1].cause.location, CC_LOC_TRANSIT);
	expect_released(31, "BYE");
	request_in("BYE", invite, "t", NULL, NULL); /* once more: gone */
	expect_sent("SIP/2.0 481");
	finish();
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *status, *extra;
		unsigned cause;
		const char *detail;
	} rows[] = {
		{"486 Busy Here", NULL, 17, "486 Busy Here"},
		{"404 Nope", NULL, 1, "404 Not Found"},
		{"404 x", "Reason: Q.850;cause=3\r\n", 3, "404 Not Found"},
		{"486 x", "Reason: Q.850;cause=44\r\n", 17, "486 Busy Here"},
		{"503 x", "Retry-After: 30\r\n", 42, "503 Service Unavailable"},
		{"488 x", "Warning: 304 h \"x\"\r\n", 65,
		 "488 Not Acceptable Here"},
		{"488 x", NULL, 31, "488 Not Acceptable Here"},
		{"302 x", "Contact: <sip:elsewhere@192.0.2.77>\r\n", 31,
		 "302 Moved Temporarily"},
		{"401 x", NULL, 21, "401 Unauthorized"},
		{"487 x", NULL, 31, "487 Request Terminated"},
		{"603 x", NULL, 21, "603 Decline"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		answer(invite, rows[i].status, "t", rows[i].extra, NULL);
		expect_sent("ACK ");
		expect_released(rows[i].cause, rows[i].detail);
		finish();
	}
}
END_TEST

/* causes.md 5, 3: 480 is 19 after ringing. */
START_TEST(refused_after_ringing)
{
	begin();
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	answer(invite, "480 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(19, "480 Temporarily Unavailable");
	finish();
}
END_TEST

START_TEST(early_media)
{
	const struct cc_msg *m;

	begin();
	answer(invite, "183 Session Progress", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	answer(invite, "183 Session Progress", "t", NULL, PEER_SDP);
	m = expect_cc(CC_PROGRESS);
	ck_assert_uint_eq(m->progress, CC_PROG_INBAND);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	answer(invite, "180 Ringing", "t", NULL, SDP(PEER_IP, "7000", ""));
	m = expect_cc(CC_ALERTING);
	ck_assert_uint_eq(m->progress, CC_PROG_INBAND);
	ck_assert_uint_eq(m->media.valid, 1);
	/* another branch, other media; and the answer is different again */
	answer(invite, "183 Session Progress", "u", NULL,
	       SDP(PEER_IP, "7002", ""));
	m = expect_cc(CC_PROGRESS);
	ck_assert_uint_eq(m->media.rtp.port, 7002);
	answer(invite, "199 Early Dialog Terminated", "u", NULL, NULL);
	answer(invite, "200 OK", "v", NULL, SDP(PEER_IP, "7004", ""));
	expect_sent("ACK ");
	m = expect_cc(CC_ANSWER);
	ck_assert_uint_eq(m->media.rtp.port, 7004);
	rig.cseq = 1;
	request_in("BYE", invite, "v", NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(diverted)
{
	const struct cc_msg *m;

	begin();
	answer(invite, "181 Call Is Being Forwarded", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	m = expect_cc(CC_PROGRESS);
	ck_assert_uint_eq(m->progress, CC_PROG_DIVERTED);
	ck_assert_uint_eq(m->media.valid, 0);
	answer(invite, "480 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

START_TEST(early_media_not_to_be_heard)
{
	const struct cc_msg *m;

	begin();
	ck_assert_str_eq(value_of(invite, "P-Early-Media"), "supported");
	answer(invite, "180 Ringing", "t", "P-Early-Media: gated, inactive\r\n",
	       PEER_SDP);
	expect_cc(CC_PROCEEDING);
	m = expect_cc(CC_ALERTING);
	ck_assert_uint_eq(m->progress, 0);
	answer(invite, "200 OK", "t", NULL, NULL); /* SDP was in the 180 */
	expect_sent("ACK ");
	m = expect_cc(CC_ANSWER);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(unusable_answers)
{
	static const struct {
		const char *sdp, *detail;
	} rows[] = {
		{NULL, "200 without SDP"},
		{"hello", "200 with unusable SDP"},
		{"v=0\r\nc=IN IP4 " PEER_IP "\r\nm=audio 0 RTP/AVP 8\r\n",
		 "200 with unusable SDP"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		answer(invite, "200 OK", "t", NULL, rows[i].sdp);
		expect_sent("ACK ");
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(41, rows[i].detail);
		finish();
	}
}
END_TEST

START_TEST(nobody_answers)
{
	unsigned n = 0;

	begin();
	wait_ms(31900);
	ck_assert_uint_eq(rig.cc_seen, rig.n_cc);
	expect_released(102, "no answer to INVITE");
	for (; rig.seen < rig.n_sent; rig.seen++)
		n += strncmp(rig.sent[rig.seen].text, "INVITE", 6) == 0;
	ck_assert_uint_eq(n, 6); /* T1 doubling: 0.5 1.5 3.5 7.5 15.5 31.5 */
	finish();
}
END_TEST

/* --- CANCEL --- */

START_TEST(cancelled)
{
	const char *cancel;

	begin();
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	core_releases(leg, 16);
	cancel = expect_sent("CANCEL sip:+49711123@");
	ck_assert_str_eq(value_of(cancel, "Via"), value_of(invite, "Via"));
	ck_assert_str_eq(value_of(cancel, "CSeq"), "1 CANCEL");
	ck_assert_ptr_nonnull(strstr(value_of(cancel, "Reason"), "cause=16"));
	expect_released(16, "CANCEL");
	answer(cancel, "200 OK", "t", NULL, NULL);
	answer(invite, "487 Request Terminated", "t", NULL, NULL);
	expect_sent("ACK ");
	finish();
}
END_TEST

/* RFC 3261 9.1: CANCEL waits for the first 1xx. */
START_TEST(cancel_waits)
{
	begin();
	core_releases(leg, 16);
	expect_released(16, "CANCEL");
	expect_silence();
	answer(invite, "100 Trying", NULL, NULL, NULL);
	answer(expect_sent("CANCEL "), "200 OK", "t", NULL, NULL);
	answer(invite, "487 Request Terminated", "t", NULL, NULL);
	expect_sent("ACK ");
	finish();
}
END_TEST

START_TEST(cancel_needless)
{
	begin();
	core_releases(leg, 16);
	expect_released(16, "CANCEL");
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	finish();
}
END_TEST

/* The answer crosses our CANCEL: it gets ACK and BYE. */
START_TEST(cancel_crosses_answer)
{
	begin();
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	core_releases(leg, 19);
	answer(expect_sent("CANCEL "), "481 x", "t", NULL, NULL);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_released(19, "CANCEL");
	expect_sent("ACK sip:peer@");
	answer(expect_sent("BYE sip:peer@"), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* ... also when the 200 was the first word from there. */
START_TEST(answer_without_1xx_after_release)
{
	begin();
	core_releases(leg, 16);
	expect_released(16, "CANCEL");
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(ring_timeout)
{
	const char *cancel;

	begin();
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	wait_ms(179000);
	expect_silence();
	wait_ms(1000);
	cancel = expect_sent("CANCEL ");
	expect_released(19, "no answer in 180 s");
	answer(cancel, "200 OK", "t", NULL, NULL);
	answer(invite, "487 Request Terminated", "t", NULL, NULL);
	expect_sent("ACK ");
	finish();
}
END_TEST

/* --- forks --- */

/* --- routes --- */

START_TEST(record_route)
{
	const char *ack;

	begin();
	answer(invite, "200 OK", "t",
	       "Record-Route: <sip:" PEER_IP ":5070;lr>\r\n"
	       "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\n"
	       "Contact: <sip:peer@10.9.9.9:5062;x=y>\r\n",
	       PEER_SDP);
	ack = expect_sent("ACK sip:peer@10.9.9.9:5062;x=y SIP/2.0\r\n");
	ck_assert_str_eq(value_of(ack, "Route"), "<sip:p1.example;lr>");
	ck_assert_ptr_nonnull(strstr(ack,
				     "Route: <sip:p1.example;lr>\r\n"
				     "Route: <sip:p2.example;lr>\r\n"
				     "Route: <sip:" PEER_IP ":5070;lr>\r\n"));
	/* p1.example is no address: to where the INVITE went */
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5060);
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(strict_route)
{
	const char *ack;

	begin();
	answer(invite, "200 OK", "t",
	       "Record-Route: <sip:a;lr@" PEER_IP ":5070;lrx>\r\n", PEER_SDP);
	ack = expect_sent("ACK sip:a;lr@" PEER_IP ":5070;lrx SIP/2.0\r\n");
	ck_assert_str_eq(value_of(ack, "Route"), "<sip:peer@" PEER_IP ">");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5070);
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* --- digest --- */

#define CHALLENGE \
	"Digest realm=\"r\", nonce=\"n%d\", algorithm=MD5, qop=\"auth\"\r\n"

static void begin_auth(void)
{
	rig_conf();
	strcpy(rig.conf.trunks[0].auth_user, "gw1");
	strcpy(rig.conf.trunks[0].auth_password, "s3cret");
	rig_open();
	invite = place_call(&leg);
}

static void challenge(const char *request, const char *status, const char *name,
		      int n)
{
	char extra[256];

	snprintf(extra, sizeof(extra), "%s: " CHALLENGE, name, n);
	answer(request, status, "t", extra, NULL);
}

START_TEST(digest)
{
	const char *second, *ack, *bye;

	begin_auth();
	challenge(invite, "407 Proxy Authentication Required",
		  "Proxy-Authenticate", 1);
	expect_sent("ACK ");
	second = expect_sent("INVITE ");
	ck_assert_str_eq(value_of(second, "CSeq"), "2 INVITE");
	ck_assert_str_eq(value_of(second, "Call-ID"),
			 value_of(invite, "Call-ID"));
	ck_assert_str_eq(value_of(second, "From"), value_of(invite, "From"));
	ck_assert_str_ne(value_of(second, "Via"), value_of(invite, "Via"));
	ck_assert_ptr_nonnull(strstr(value_of(second, "Proxy-Authorization"),
				     "username=\"gw1\""));
	answer(second, "200 OK", "t", NULL, PEER_SDP);
	ack = expect_sent("ACK ");
	ck_assert_str_eq(value_of(ack, "CSeq"), "2 ACK");
	ck_assert_str_eq(value_of(ack, "Proxy-Authorization"),
			 value_of(second, "Proxy-Authorization"));
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	bye = expect_sent("BYE ");
	challenge(bye, "401 Unauthorized", "WWW-Authenticate", 2);
	bye = expect_sent("BYE ");
	ck_assert_str_eq(value_of(bye, "CSeq"), "4 BYE");
	ck_assert_ptr_nonnull(
		strstr(value_of(bye, "Authorization"), "nonce=\"n2\""));
	answer(bye, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(digest_refused)
{
	begin_auth();
	challenge(invite, "401 Unauthorized", "WWW-Authenticate", 1);
	expect_sent("ACK ");
	invite = expect_sent("INVITE ");
	challenge(invite, "401 Unauthorized", "WWW-Authenticate", 2);
	expect_sent("ACK ");
	expect_released(21, "401 Unauthorized");
	finish();
}
END_TEST

/* --- several servers --- */

static void begin_two(void)
{
	rig_conf();
	strcpy(rig.conf.trunks[0].servers[1], PEER2_IP);
	rig.conf.trunks[0].n_servers = 2;
	rig_open();
	invite = place_call(&leg);
}

START_TEST(next_after_503)
{
	const char *second;

	begin_two();
	answer(invite, "503 Service Unavailable", "t", NULL, NULL);
	expect_sent("ACK ");
	second = expect_sent("INVITE sip:+49711123@" PEER2_IP);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 10);
	ck_assert_str_eq(value_of(second, "Call-ID"),
			 value_of(invite, "Call-ID"));
	answer(second, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	/* the first one is tried last for a while */
	invite = place_call(&leg);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 10);
	answer(invite, "503 Service Unavailable", "t", NULL, NULL);
	expect_sent("ACK ");
	invite = expect_sent("INVITE sip:+49711123@" PEER_IP);
	answer(invite, "503 Service Unavailable", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(41, "503 Service Unavailable");
	finish();
}
END_TEST

/* No word in 4 s: the next; an answer of the first that comes after all is
 * acknowledged and cleared. */
START_TEST(next_after_silence)
{
	const char *second;

	begin_two();
	wait_ms(3900);
	expect_sent("INVITE "); /* repeats */
	expect_sent("INVITE ");
	expect_sent("INVITE ");
	second = expect_sent("INVITE sip:+49711123@" PEER2_IP);
	answer(second, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	answer(invite, "100 Trying", NULL, NULL, NULL);
	answer(expect_sent("CANCEL "), "481 x", "t", NULL, NULL);
	answer(invite, "200 OK", "late", NULL, PEER_SDP);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	answer(second, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* Ringing: no further server, whatever comes. */
START_TEST(no_next_after_ringing)
{
	begin_two();
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	answer(invite, "503 Service Unavailable", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(41, "503 Service Unavailable");
	finish();
}
END_TEST

/* --- privacy: the digits stand nowhere else --- */

static unsigned occurrences(const char *text, const char *digits)
{
	unsigned n = 0;

	while ((text = strstr(text, digits)) != NULL) {
		n++;
		text++;
	}
	return n;
}

START_TEST(privacy)
{
	bool trusted;
	int i;

	for (i = 0; i < 2; i++) {
		struct cc_msg m;

		trusted = i == 1;
		rig_conf();
		rig.conf.trunks[0].who.trusted = trusted;
		rig_open();
		m = setup_msg();
		cc_number_set(&m.calling, "+4930987654");
		m.calling.screening = CC_SCREEN_PASSED;
		m.calling.presentation = CC_PRES_RESTRICTED;
		m.asserted = m.calling;
		m.redirecting = m.calling;
		m.redirecting.presentation = CC_PRES_RESTRICTED;
		strcpy(m.name, "Secret Agent");
		strcpy(m.ref, "carrier 30987654");
		if (trusted)
			m.redirecting.valid = 0;
		core_sends(CC_SETUP, m);
		invite = expect_sent("INVITE ");
		ck_assert_ptr_nonnull(strstr(
			value_of(invite, "From"),
			"\"Anonymous\" <sip:anonymous@anonymous.invalid>"));
		ck_assert_str_eq(value_of(invite, "Privacy"), "id");
		ck_assert_ptr_null(strstr(invite, "Secret"));
		ck_assert_uint_eq(occurrences(invite, "30987654"), trusted);
		if (trusted)
			ck_assert_ptr_nonnull(
				strstr(value_of(invite, "P-Asserted-Identity"),
				       "30987654"));
		answer(invite, "486 x", "t", NULL, NULL);
		expect_sent("ACK ");
		expect_released(17, "486 Busy Here");
		finish();
	}
}
END_TEST

START_TEST(connected_number)
{
	const struct cc_msg *m;

	rig_conf();
	rig.conf.trunks[0].who.trusted = true;
	strcpy(rig.conf.trunks[0].domain, "pbx.example");
	rig_open();
	invite = place_call(&leg);
	ck_assert_ptr_nonnull(strstr(invite, "INVITE sip:+49711123@pbx.example"
					     ";user=phone SIP/2.0"));
	ck_assert_str_eq(value_of(invite, "P-Asserted-Identity"),
			 "<sip:+4930555@pbx.example;user=phone>");
	answer(invite, "200 OK", "t",
	       "P-Asserted-Identity: \"Z\" <tel:+4977>\r\n", PEER_SDP);
	expect_sent("ACK ");
	m = expect_cc(CC_ANSWER);
	ck_assert_str_eq(m->connected.digits, "4977");
	ck_assert_str_eq(m->name, "Z");
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* A peer that leaves our BYE without an answer: over after 64*T1. */
START_TEST(bye_unanswered)
{
	begin();
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	expect_released(16, "BYE");
	expect_sent("BYE ");
	wait_ms(35000);
	rig.seen = rig.n_sent;
	finish();
}
END_TEST

#define MOVED(contact) "Contact: " contact "\r\n"

/* 3xx: placed anew where that is set, over the same trunk. */
START_TEST(redirected)
{
	const char *again;
	int i;

	rig_conf();
	rig.conf.trunks[0].dialog.follow_3xx = true;
	rig_open();
	invite = place_call(&leg);
	answer(invite, "302 Moved Temporarily", "t",
	       MOVED("<sip:+49711124@evil.example>;q=0.4, "
		     "<tel:+49711125>;q=0.9, <sip:alice@x>;q=1"),
	       NULL);
	expect_sent("ACK ");
	again = expect_sent("INVITE sip:+49711125@" PEER_IP);
	ck_assert_str_eq(value_of(again, "CSeq"), "2 INVITE");
	ck_assert_ptr_nonnull(
		strstr(value_of(again, "Diversion"), "<sip:+49711123@"));
	/* to where it was already: it ends */
	answer(again, "301 Moved Permanently", "t",
	       MOVED("<sip:+49711125@x>"), NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
	finish();
	/* round and round */
	rig_conf();
	rig.conf.trunks[0].dialog.follow_3xx = true;
	rig_open();
	again = place_call(&leg);
	for (i = 0; i <= 5; i++) {
		answer(again, "302 Moved Temporarily", "t",
		       i % 2 ? MOVED("<sip:+49711124@x>")
			     : MOVED("<sip:+49711125@x>"),
		       NULL);
		expect_sent("ACK ");
		if (i < 5)
			again = expect_sent("INVITE ");
	}
	expect_cc(CC_RELEASED);
	finish();
	/* not followed, unless that is set */
	begin();
	answer(invite, "302 Moved Temporarily", "t",
	       MOVED("<sip:+49711125@x>"), NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {plain_call,
				      peer_clears,
				      refusals,
				      refused_after_ringing,
				      early_media,
				      diverted,
				      early_media_not_to_be_heard,
				      unusable_answers,
				      nobody_answers,
				      cancelled,
				      cancel_waits,
				      cancel_needless,
				      cancel_crosses_answer,
				      answer_without_1xx_after_release,
				      ring_timeout,
				      record_route,
				      strict_route,
				      digest,
				      digest_refused,
				      next_after_503,
				      next_after_silence,
				      no_next_after_ringing,
				      privacy,
				      connected_number,
				      bye_unanswered,
				      redirected,
				      NULL};

	return rig_run("sip_uac", tests);
}
