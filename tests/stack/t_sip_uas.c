/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Calls that come in: the flows of RFC 3261 13.3 and 9.2 and their races. */
#include "tests/stack/sip_rig.h"

static leg_id leg;

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

START_TEST(plain_call)
{
	const struct cc_msg *m;
	const char *ringing, *ok, *bye;

	begin();
	invite_from_peer(PEER_URI, "c1",
			 "From: \"Bob\" <sip:+4930123@h;user=phone>;tag=ft\r\n"
			 "Diversion: <sip:+4940@h>;reason=user-busy\r\n",
			 PEER_SDP);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(leg & CC_LEG_CORE, 0);
	ck_assert_uint_eq(m->end.kind, CC_END_TRUNK);
	ck_assert_uint_eq(m->end.index, 0);
	ck_assert_str_eq(m->called.digits, "49711123");
	ck_assert_uint_eq(m->called.type, CC_TON_INTERNATIONAL);
	ck_assert_str_eq(m->calling.digits, "4930123");
	ck_assert_str_eq(m->redirecting.digits, "4940");
	ck_assert_str_eq(m->name, "Bob");
	ck_assert_str_eq(m->ref, "c1");
	ck_assert_uint_eq(m->bearer, CC_BEARER_AUDIO_31);
	ck_assert_uint_eq(m->complete, 1);
	ck_assert_uint_eq(m->media.valid, 1);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	expect_sent("SIP/2.0 100");
	core_tells(leg, CC_PROCEEDING);
	expect_silence();
	core_tells(leg, CC_ALERTING);
	ringing = expect_sent("SIP/2.0 180");
	ck_assert_str_eq(body_of(ringing), "");
	ck_assert_str_eq(value_of(ringing, "Contact"), "<sip:" OUR_IP ":5060>");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200 OK");
	ck_assert_str_eq(value_of(ok, "To"), value_of(ringing, "To"));
	ck_assert_ptr_nonnull(
		strstr(body_of(ok), "m=audio 40000 RTP/AVP 8 101\r\n"));
	ck_assert_ptr_nonnull(strstr(value_of(ok, "Allow"), "UPDATE"));
	ack_from_peer(ok, NULL);
	expect_silence();
	core_releases(leg, 16);
	bye = expect_sent("BYE sip:peer@" PEER_IP " SIP/2.0\r\n");
	ck_assert_str_eq(value_of(bye, "From"), value_of(ok, "To"));
	ck_assert_str_eq(value_of(bye, "To"), value_of(ok, "From"));
	ck_assert_str_eq(value_of(bye, "Call-ID"), "c1");
	expect_released(16, "BYE");
	answer(bye, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(peer_clears)
{
	const char *ok;

	begin();
	ok = take_and_answer(&leg, "c1");
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	core_releases(leg, 16); /* crosses */
	finish();
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		unsigned cause, location;
		const char *status, *detail;
	} rows[] = {
		{17, CC_LOC_PUBLIC_REMOTE, "SIP/2.0 486", "486 Busy Here"},
		{1, CC_LOC_NONE, "SIP/2.0 404", "404 Not Found"},
		{34, CC_LOC_NONE, "SIP/2.0 503", "503 Service Unavailable"},
		{0, CC_LOC_NONE, "SIP/2.0 480", "480 Temporarily Unavailable"},
		{21, CC_LOC_PRIVATE_LOCAL, "SIP/2.0 403", "403 Forbidden"},
		{21, CC_LOC_USER, "SIP/2.0 603", "603 Decline"},
		{65, CC_LOC_NONE, "SIP/2.0 488", "488 Not Acceptable Here"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cc_msg m = {.end = {CC_END_TRUNK, 0}};
		char want[32];
		const char *no;

		begin();
		m.leg = take_call("c1");
		m.cause.value = (uint8_t)rows[i].cause;
		m.cause.location = (uint8_t)rows[i].location;
		core_sends(CC_RELEASE, m);
		no = expect_sent(rows[i].status);
		snprintf(want, sizeof(want), "Q.850;cause=%u;",
			 rows[i].cause ? rows[i].cause : 31);
		ck_assert_ptr_nonnull(strstr(value_of(no, "Reason"), want));
		ck_assert(!has_header(no, "Retry-After"));
		ack_from_peer(no, NULL);
		expect_released(rows[i].cause, rows[i].detail);
		finish();
	}
}
END_TEST

START_TEST(early_media)
{
	const char *progress, *ringing, *ok;
	struct cc_msg m;

	begin();
	invite_from_peer(PEER_URI, "c1", "P-Early-Media: supported\r\n",
			 PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	progress = expect_sent("SIP/2.0 183");
	ck_assert_ptr_nonnull(strstr(body_of(progress), "m=audio 40000"));
	ck_assert_str_eq(value_of(progress, "P-Early-Media"), "sendrecv");
	m = (struct cc_msg){.leg = leg, .progress = CC_PROG_INBAND};
	core_sends(CC_ALERTING, m);
	ringing = expect_sent("SIP/2.0 180");
	ck_assert_str_eq(body_of(ringing), body_of(progress));
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(body_of(ok), body_of(progress));
	ack_from_peer(ok, NULL);
	wait_ms(10);
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The line says that the call goes on to somebody else. */
START_TEST(diverted)
{
	begin();
	leg = take_call("c1");
	core_sends(CC_PROGRESS, (struct cc_msg){.leg = leg,
						.progress = CC_PROG_DIVERTED});
	ck_assert_str_eq(body_of(expect_sent("SIP/2.0 181 Call Is Being")), "");
	core_tells(leg, CC_ALERTING);
	expect_sent("SIP/2.0 180");
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* RFC 3261 13.3.1.1: a 1xx each minute. */
START_TEST(long_ringing)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	expect_sent("SIP/2.0 180");
	wait_ms(59000);
	expect_silence();
	wait_ms(1000);
	expect_sent("SIP/2.0 180");
	core_releases(leg, 19);
	ack_from_peer(expect_sent("SIP/2.0 480"), NULL);
	expect_released(19, "480 Temporarily Unavailable");
	finish();
}
END_TEST

START_TEST(delayed_offer)
{
	const struct cc_msg *m;
	const char *ok;

	begin();
	invite_from_peer(PEER_URI, "c1", NULL, NULL);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(m->media.valid, 0);
	core_tells(leg, CC_PROGRESS);
	ck_assert_str_eq(body_of(expect_sent("SIP/2.0 183")), "");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(
		strstr(body_of(ok), "m=audio 40000 RTP/AVP 8 0 101\r\n"));
	ack_from_peer(ok, PEER_SDP);
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.valid, 1);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	/* and without an answer in the ACK */
	invite_from_peer(PEER_URI, "c2", NULL, NULL);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(41, "ACK without usable SDP");
	finish();
}
END_TEST

/* Answered without the core ever seeing it. */
START_TEST(unusable_requests)
{
	static const struct {
		const char *uri, *extra, *sdp, *status, *header;
		unsigned cause; /* in the CDR; 0: none */
	} rows[] = {
		{"sip:alice@" OUR_IP, NULL, PEER_SDP, "SIP/2.0 404", NULL, 1},
		{"sip:" OUR_IP, NULL, PEER_SDP, "SIP/2.0 484", NULL,
		 28},
		{"sip:12345678901234567890123456789012345678901@" OUR_IP, NULL,
		 PEER_SDP, "SIP/2.0 484", NULL,
		 28},
		{"sips2:1@" OUR_IP, NULL, PEER_SDP, "SIP/2.0 416", NULL, 0},
		{PEER_URI, NULL,
		 "v=0\r\nc=IN IP4 " PEER_IP "\r\nm=audio 4 RTP/SAVP 8\r\n",
		 "SIP/2.0 488", "Warning", 65},
		{PEER_URI, NULL,
		 "v=0\r\nc=IN IP4 " PEER_IP "\r\nm=audio 4 RTP/AVP 18\r\n",
		 "SIP/2.0 488", "Warning", 65},
		{PEER_URI, NULL, "v=0\r\nc=IN IP4 " PEER_IP "\r\n",
		 "SIP/2.0 488", "Warning", 65},
		{PEER_URI, NULL, "nonsense", "SIP/2.0 400", NULL, 41},
		{PEER_URI, "Require: x-none\r\n", PEER_SDP, "SIP/2.0 420",
		 "Unsupported", 0},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *no;

		begin();
		invite_from_peer(rows[i].uri, "c1", rows[i].extra, rows[i].sdp);
		no = expect_sent(rows[i].status);
		if (rows[i].header)
			ck_assert(has_header(no, rows[i].header));
		ack_from_peer(no, NULL);
		if (rows[i].cause) {
			ck_assert_uint_eq(expect_cc(CC_SETUP)->cause.value,
					  rows[i].cause);
			ck_assert_str_eq(rig.cc[rig.cc_seen - 1].ref, "c1");
		}
		finish();
	}
}
END_TEST

START_TEST(uris)
{
	static const struct {
		const char *uri;
		unsigned type, plan;
		const char *digits;
	} rows[] = {
		{"tel:+49-711-123", CC_TON_INTERNATIONAL, CC_PLAN_E164,
		 "49711123"},
		{"sip:0711123@" OUR_IP, CC_TON_UNKNOWN, CC_PLAN_E164,
		 "0711123"},
		{"sip:123;phone-context=+49711@" OUR_IP ";user=phone",
		 CC_TON_INTERNATIONAL, CC_PLAN_E164, "49711123"},
		{"sip:7042;phone-context=pbx.example@" OUR_IP, CC_TON_UNKNOWN,
		 CC_PLAN_PRIVATE, "7042"},
		{"sip:%2b49711@" OUR_IP, CC_TON_INTERNATIONAL, CC_PLAN_E164,
		 "49711"},
		{"sip:*31%23@" OUR_IP, CC_TON_UNKNOWN, CC_PLAN_E164, "*31#"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cc_msg *m;

		begin();
		invite_from_peer(rows[i].uri, "c1", NULL, PEER_SDP);
		m = expect_cc(CC_SETUP);
		ck_assert_str_eq(m->called.digits, rows[i].digits);
		ck_assert_uint_eq(m->called.type, rows[i].type);
		ck_assert_uint_eq(m->called.plan, rows[i].plan);
		core_releases(m->leg, 17);
		ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
		expect_released(17, "486 Busy Here");
		finish();
	}
}
END_TEST

START_TEST(trusted_identity)
{
	const struct cc_msg *m;
	const char *ok;
	struct cc_msg up = {.media = our_rtp()};

	rig_conf();
	rig.conf.trunks[0].who.trusted = true;
	rig_open();
	invite_from_peer(PEER_URI, "c1",
			 "From: \"Anonymous\" "
			 "<sip:anonymous@anonymous.invalid>;tag=ft\r\n"
			 "P-Asserted-Identity: <tel:+4930777>\r\n"
			 "Privacy: id\r\n",
			 PEER_SDP);
	m = expect_cc(CC_SETUP);
	ck_assert_str_eq(m->asserted.digits, "4930777");
	ck_assert_uint_eq(m->asserted.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m->calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m->name, "");
	up.leg = m->leg;
	cc_number_set(&up.connected, "+49711123");
	core_sends(CC_ANSWER, up);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(ok, "P-Asserted-Identity"),
			 "<sip:+49711123@" OUR_IP ":5060;user=phone>");
	ack_from_peer(ok, NULL);
	wait_ms(10);
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* --- CANCEL --- */

START_TEST(cancelled)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	expect_sent("SIP/2.0 180");
	cancel_from_peer(PEER_URI, "c1", NULL);
	ck_assert_str_eq(value_of(expect_sent("SIP/2.0 200"), "CSeq"),
			 "1 CANCEL");
	ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
	expect_released(16, "CANCEL");
	finish();
}
END_TEST

START_TEST(cancel_reasons)
{
	static const struct {
		const char *reason;
		unsigned cause;
	} rows[] = {
		{"Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n",
		 26},
		{"Reason: Q.850;cause=102\r\n", 102},
		{"Reason: Q.850;cause=999\r\n", 16},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		take_call("c1");
		cancel_from_peer(PEER_URI, "c1", rows[i].reason);
		expect_sent("SIP/2.0 200");
		ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
		expect_released(rows[i].cause, "CANCEL");
		finish();
	}
}
END_TEST

/* The 2xx was out already: CANCEL has no effect (RFC 3261 9.2). */
START_TEST(cancel_too_late)
{
	const char *ok;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	cancel_from_peer(PEER_URI, "c1", NULL);
	ck_assert_str_eq(value_of(expect_sent("SIP/2.0 200"), "CSeq"),
			 "1 CANCEL");
	ack_from_peer(ok, NULL);
	expect_silence();
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The core's ANSWER crosses the CANCEL: one final response, by arrival. */
START_TEST(cancel_crosses_answer)
{
	begin();
	leg = take_call("c1");
	cancel_from_peer(PEER_URI, "c1", NULL);
	wait_ms(1);
	core_tells(leg, CC_ANSWER);
	expect_sent("SIP/2.0 200");
	ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
	expect_released(16, "CANCEL");
	finish();
}
END_TEST

START_TEST(cancel_of_nothing)
{
	begin();
	cancel_from_peer(PEER_URI, "c1", NULL);
	expect_sent("SIP/2.0 481");
	finish();
}
END_TEST

START_TEST(bye_before_answer)
{
	const char *ringing;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	ringing = expect_sent("SIP/2.0 180");
	request_in("BYE", ringing, NULL, NULL, NULL);
	ck_assert_str_eq(value_of(expect_sent("SIP/2.0 200"), "CSeq"), "2 BYE");
	ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* --- the ACK --- */

START_TEST(ack_late)
{
	const char *ok;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	wait_ms(500);
	expect_sent("SIP/2.0 200");
	wait_ms(1000);
	expect_sent("SIP/2.0 200");
	ack_from_peer(ok, NULL);
	expect_silence();
	wait_ms(4000);
	expect_silence();
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(no_ack)
{
	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	wait_ms(31900);
	ck_assert_uint_eq(count_cc(CC_RELEASED), 0);
	wait_ms(200);
	expect_released(102, "no ACK");
	answer(skip_to("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* The core clears before the ACK: BYE waits for it (RFC 3261 15). */
START_TEST(release_before_ack)
{
	const char *ok;

	begin();
	leg = take_call("c1");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	core_releases(leg, 31);
	expect_released(31, "BYE");
	expect_silence();
	ack_from_peer(ok, NULL);
	ck_assert_ptr_nonnull(
		strstr(value_of(expect_sent("BYE "), "Reason"), "cause=31"));
	answer(rig.sent[rig.seen - 1].text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* The INVITE once more, at any time: no second call (RFC 6026). */
START_TEST(invite_repeated)
{
	const char *ok;

	begin();
	leg = take_call("c1");
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	expect_sent("SIP/2.0 100");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ack_from_peer(ok, NULL);
	wait_ms(10);
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	wait_ms(100);
	ck_assert_uint_eq(count_cc(CC_SETUP), 1);
	rig.seen = rig.n_sent;
	request_in("BYE", ok, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(answer_without_address)
{
	struct cc_msg m = {0};

	begin();
	m.leg = take_call("c1");
	core_sends(CC_ANSWER, m);
	ack_from_peer(expect_sent("SIP/2.0 500"), NULL);
	expect_released(47, "500 Server Internal Error");
	finish();
}
END_TEST

START_TEST(record_route)
{
	const char *ok, *bye;

	begin();
	invite_from_peer(PEER_URI, "c1",
			 "Record-Route: <sip:" PEER_IP ":5080;lr>\r\n"
			 "Record-Route: <sip:p2.example;lr>\r\n",
			 PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(
		strstr(ok, "Record-Route: <sip:" PEER_IP ":5080;lr>\r\n"));
	ack_from_peer(ok, NULL);
	wait_ms(10);
	core_releases(leg, 16);
	bye = expect_sent("BYE sip:peer@" PEER_IP);
	ck_assert_ptr_nonnull(strstr(bye, "Route: <sip:" PEER_IP ":5080;lr>\r\n"
					  "Route: <sip:p2.example;lr>\r\n"));
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5080);
	answer(bye, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {plain_call,
				      peer_clears,
				      refusals,
				      early_media,
				      diverted,
				      long_ringing,
				      delayed_offer,
				      unusable_requests,
				      uris,
				      trusted_identity,
				      cancelled,
				      cancel_reasons,
				      cancel_too_late,
				      cancel_crosses_answer,
				      cancel_of_nothing,
				      bye_before_answer,
				      ack_late,
				      no_ack,
				      release_before_ack,
				      invite_repeated,
				      answer_without_address,
				      record_route,
				      NULL};

	return rig_run("sip_uas", tests);
}
