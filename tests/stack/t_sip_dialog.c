/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Within a call: further INVITEs both ways, glare, UPDATE, INFO, OPTIONS. */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *first; /* our INVITE, or our 200 */

/* The call is ours (UAC) or the peer's. */
static void begin(bool ours)
{
	rig_conf();
	rig_open();
	first = ours ? place_and_answer(&leg, "t")
		     : take_and_answer(&leg, "c1");
	rig.seen = rig.n_sent;
	rig.cc_seen = rig.n_cc;
}

static void in_call(const char *method, const char *extra, const char *sdp)
{
	request_in(method, first, "t", extra, sdp);
}

static void finish(void)
{
	in_call("BYE", NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	expect_silence();
	rig_settle();
	rig_close();
}

static uint32_t version_of(const char *text)
{
	unsigned id, version;

	ck_assert_int_eq(
		sscanf(strstr(text, "o=- "), "o=- %u %u", &id, &version), 2);
	return version;
}

/* --- the peer's --- */

START_TEST(hold_and_retrieve)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		const struct cc_msg *m;
		const char *ok;
		uint32_t version;

		begin(ours);
		in_call("INVITE", NULL, SDP(PEER_IP, "7000", "a=sendonly\r\n"));
		ok = expect_sent("SIP/2.0 200");
		version = version_of(ok);
		ck_assert_ptr_nonnull(strstr(body_of(ok), "a=recvonly"));
		ack_from_peer(ok, NULL);
		m = expect_cc(CC_UPDATE);
		ck_assert_uint_eq(m->media.direction, CC_RECVONLY);
		expect_cc(CC_HOLD);
		/* the same once more changes nothing */
		in_call("INVITE", NULL, SDP(PEER_IP, "7000", "a=sendonly\r\n"));
		ok = expect_sent("SIP/2.0 200");
		ck_assert_uint_eq(version_of(ok), version);
		ack_from_peer(ok, NULL);
		expect_silence();
		in_call("INVITE", NULL, PEER_SDP);
		ok = expect_sent("SIP/2.0 200");
		ck_assert_uint_eq(version_of(ok), version + 1);
		ck_assert_ptr_nonnull(strstr(body_of(ok), "a=sendrecv"));
		ack_from_peer(ok, NULL);
		m = expect_cc(CC_UPDATE);
		ck_assert_uint_eq(m->media.direction, CC_SENDRECV);
		expect_cc(CC_RETRIEVE);
		/* the hold of RFC 2543 */
		in_call("INVITE", NULL, SDP("0.0.0.0", "7000", ""));
		ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
		expect_cc(CC_UPDATE);
		expect_cc(CC_HOLD);
		finish();
	}
}
END_TEST

START_TEST(media_moves)
{
	const struct cc_msg *m;

	begin(true);
	in_call("INVITE", "Contact: <sip:new@" PEER_IP ":5090>\r\n",
		SDP("192.0.2.66", "9000", "a=ptime:30\r\n"));
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.rtp.ip[3], 66);
	ck_assert_uint_eq(m->media.ptime_ms, 30);
	expect_silence();
	core_releases(leg, 16); /* to the new Contact */
	answer(expect_sent("BYE sip:new@" PEER_IP ":5090"), "200 OK", NULL,
	       NULL, NULL);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5090);
	expect_released(16, "BYE");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

/* RFC 6141, RFC 4497 8.5: a refused offer leaves the call as it is. */
START_TEST(unusable_offer)
{
	begin(false);
	in_call("INVITE", NULL,
		"v=0\r\nc=IN IP4 " PEER_IP "\r\nm=audio 4 RTP/AVP 18\r\n");
	ack_from_peer(expect_sent("SIP/2.0 488"), NULL);
	in_call("INVITE", NULL, "nonsense");
	ack_from_peer(expect_sent("SIP/2.0 400"), NULL);
	in_call("INVITE", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	expect_silence();
	finish();
}
END_TEST

START_TEST(offerless)
{
	const struct cc_msg *m;
	const char *ok;

	begin(true);
	in_call("INVITE", NULL, NULL);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(body_of(ok), "m=audio 40000 RTP/AVP 8 0"));
	/* while its answer is to come, nothing else is negotiated */
	in_call("INVITE", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 491"), NULL);
	rig.cseq--;
	ack_from_peer(ok, SDP(PEER_IP, "7008", ""));
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.rtp.port, 7008);
	finish();
}
END_TEST

START_TEST(invite_unacknowledged)
{
	begin(true);
	in_call("INVITE", NULL, PEER_SDP);
	wait_ms(31000);
	ck_assert_uint_eq(count_cc(CC_RELEASED), 0);
	wait_ms(2000);
	expect_released(102, "no ACK");
	answer(skip_to("BYE "), "200 OK", NULL, NULL, NULL);
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

START_TEST(invite_before_answer)
{
	const char *ringing, *no;

	rig_conf();
	rig_open();
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	first = ringing = expect_sent("SIP/2.0 180");
	in_call("INVITE", NULL, PEER_SDP);
	no = expect_sent("SIP/2.0 500");
	ck_assert(has_header(no, "Retry-After"));
	ack_from_peer(no, NULL);
	in_call("UPDATE", NULL, PEER_SDP);
	ck_assert(has_header(expect_sent("SIP/2.0 500"), "Retry-After"));
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

/* RFC 3261 12.2.2: CSeq must not go back. */
START_TEST(old_cseq)
{
	begin(true);
	in_call("OPTIONS", NULL, NULL);
	expect_sent("SIP/2.0 200");
	rig.cseq -= 10;
	in_call("BYE", NULL, NULL);
	expect_sent("SIP/2.0 500");
	rig.cseq += 10;
	finish();
}
END_TEST

/* Re-INVITE crosses our BYE: the connected-line update of some switches. */
START_TEST(invite_crosses_bye)
{
	const char *bye;

	begin(true);
	core_releases(leg, 16);
	bye = expect_sent("BYE ");
	in_call("INVITE", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 481"), NULL);
	answer(bye, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

START_TEST(byes_cross)
{
	const char *bye;

	begin(false);
	core_releases(leg, 16);
	bye = expect_sent("BYE ");
	in_call("BYE", NULL, NULL);
	expect_sent("SIP/2.0 200");
	answer(bye, "481 x", NULL, NULL, NULL);
	expect_released(16, "BYE");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

/* --- ours --- */

START_TEST(our_hold)
{
	const char *re, *ack;
	const struct cc_msg *m;

	begin(true);
	core_tells(leg, CC_HOLD);
	re = expect_sent("INVITE sip:peer@" PEER_IP " SIP/2.0\r\n");
	ck_assert_ptr_nonnull(strstr(value_of(re, "To"), ";tag=t"));
	ck_assert_str_eq(value_of(re, "CSeq"), "2 INVITE");
	ck_assert_ptr_nonnull(strstr(body_of(re), "a=sendonly"));
	ck_assert_uint_eq(version_of(re), version_of(first) + 1);
	answer(re, "200 OK", NULL, NULL,
	       SDP(PEER_IP, "7000", "a=recvonly\r\n"));
	ack = expect_sent("ACK ");
	ck_assert_str_eq(value_of(ack, "CSeq"), "2 ACK");
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.direction, CC_SENDONLY);
	core_tells(leg, CC_HOLD); /* nothing new */
	expect_silence();
	core_tells(leg, CC_RETRIEVE);
	re = expect_sent("INVITE ");
	ck_assert_ptr_nonnull(strstr(body_of(re), "a=sendrecv"));
	answer(re, "488 x", NULL, NULL, NULL); /* stays as it is */
	expect_sent("ACK ");
	finish();
}
END_TEST

/* RFC 3261 14.1 */
START_TEST(glare)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		const char *re;
		mono_t at;
		int64_t ms;

		begin(ours);
		core_tells(leg, CC_HOLD);
		re = expect_sent("INVITE ");
		in_call("INVITE", NULL, PEER_SDP);
		ack_from_peer(expect_sent("SIP/2.0 491"), NULL);
		answer(re, "491 Request Pending", NULL, NULL, NULL);
		expect_sent("ACK ");
		at = loop_now(rig.loop);
		re = expect_sent("INVITE ");
		ms = mono_diff_ms(loop_now(rig.loop), at);
		ck_assert_int_ge(ms, ours ? 2090 : 0);
		ck_assert_int_le(ms, ours ? 4020 : 2020);
		answer(re, "200 OK", NULL, NULL,
		       SDP(PEER_IP, "7000", "a=recvonly\r\n"));
		expect_sent("ACK ");
		expect_cc(CC_UPDATE);
		finish();
	}
}
END_TEST

/* RFC 3261 14.2: the peer's own exchange was in the way. */
START_TEST(our_invite_later)
{
	const char *re;
	mono_t at;
	int64_t ms;

	begin(true);
	core_tells(leg, CC_HOLD);
	answer(expect_sent("INVITE "), "500 x", NULL, "Retry-After: 3\r\n",
	       NULL);
	expect_sent("ACK ");
	at = loop_now(rig.loop);
	re = expect_sent("INVITE ");
	ms = mono_diff_ms(loop_now(rig.loop), at);
	ck_assert_int_ge(ms, 2980);
	ck_assert_int_le(ms, 3020);
	ck_assert_ptr_nonnull(strstr(body_of(re), "a=sendonly"));
	answer(re, "500 x", NULL, NULL, NULL); /* and when it does not say */
	expect_sent("ACK ");
	wait_ms(5000);
	finish();
}
END_TEST

START_TEST(our_invite_finds_nothing)
{
	begin(true);
	core_tells(leg, CC_HOLD);
	answer(expect_sent("INVITE "), "481 x", NULL, NULL, NULL);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "481 x", NULL, NULL, NULL);
	expect_released(41, "Call/Transaction Does Not Exist");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

START_TEST(our_invite_unanswered)
{
	begin(true);
	core_tells(leg, CC_HOLD);
	wait_ms(33000);
	expect_released(102, "no answer to INVITE");
	answer(skip_to("BYE "), "200 OK", NULL, NULL, NULL);
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

/* The call ends while our INVITE is open: a late 2xx gets its ACK. */
START_TEST(our_invite_crosses_bye)
{
	const char *re;

	begin(true);
	core_tells(leg, CC_HOLD);
	re = expect_sent("INVITE ");
	in_call("BYE", NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	answer(re, "487 x", NULL, NULL, NULL);
	expect_sent("ACK ");
	expect_silence();
	rig_settle();
	rig_close();
}
END_TEST

/* --- the rest --- */

START_TEST(other_requests)
{
	const struct cc_msg *m;
	const char *text;
	char out[RIG_TEXT] = "";

	begin(true);
	in_call("OPTIONS", NULL, NULL);
	text = expect_sent("SIP/2.0 200");
	ck_assert(has_header(text, "Allow"));
	in_call("UPDATE", NULL, NULL);
	expect_sent("SIP/2.0 200");
	in_call("UPDATE", NULL, SDP(PEER_IP, "7000", "a=inactive\r\n"));
	text = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(body_of(text), "a=inactive"));
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.direction, CC_INACTIVE);
	expect_cc(CC_HOLD);
	in_call("INFO", NULL, NULL);
	expect_sent("SIP/2.0 200");
	in_call("NOTIFY", "Event: refer\r\n", NULL); /* of no REFER */
	expect_sent("SIP/2.0 481");
	in_call("PRACK", "RAck: 1 1 INVITE\r\n", NULL);
	expect_sent("SIP/2.0 481");
	in_call("SUBSCRIBE", NULL, NULL);
	expect_sent("SIP/2.0 405");
	in_call("FLY", NULL, NULL);
	expect_sent("SIP/2.0 501");
	rig.cseq++;
	append(out, "INFO sip:" OUR_IP " SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKinfo\r\n");
	append(out, "From: %s;tag=t\r\n", value_of(first, "To"));
	append(out, "To: %s\r\n", value_of(first, "From"));
	copy_headers(out, first, "Call-ID");
	append(out,
	       "CSeq: %u INFO\r\nMax-Forwards: 70\r\n"
	       "Content-Type: application/dtmf-relay\r\n"
	       "Content-Length: 23\r\n\r\nSignal=#\r\nDuration=160\n",
	       rig.cseq);
	peer_says(out);
	expect_sent("SIP/2.0 200");
	m = expect_cc(CC_DTMF);
	ck_assert_uint_eq(m->digit, '#');
	finish();
}
END_TEST

/* A dialog that is not there, or is somebody else's. */
START_TEST(no_dialog)
{
	char other[RIG_TEXT];

	begin(false);
	snprintf(other, sizeof(other), "%s", first);
	memcpy(strstr(other, "tag=ft"), "tag=xx", 6);
	request_in("BYE", other, NULL, NULL, NULL);
	expect_sent("SIP/2.0 481");
	request_in("INVITE", other, NULL, NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 481"), NULL);
	request_in("INFO", other, NULL, NULL, NULL);
	expect_sent("SIP/2.0 481");
	finish();
}
END_TEST

/* --- keys of SRTP --- */

#define KEY_A "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define KEY_B "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define SRTP_SDP(proto, crypto)                                           \
	"v=0\r\no=- 1 1 IN IP4 " PEER_IP "\r\ns=-\r\nc=IN IP4 " PEER_IP \
	"\r\nt=0 0\r\nm=audio 7000 " proto " 8\r\n" crypto
#define CRYPTO(tag, key) \
	"a=crypto:" tag " AES_CM_128_HMAC_SHA1_80 inline:" key "\r\n"

static void conf_srtp(enum conf_srtp policy)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	rig_conf();
	t->srtp.mode = policy;
	t->srtp.n_suites = 2;
	t->srtp.suites[0] = CC_SRTP_AES_128_80;
	t->srtp.suites[1] = CC_SRTP_GCM_256;
	rig_open();
}

/* The key that the line of ours says, as it stands there. */
static const char *key_in(const char *text)
{
	static char key[4][128];
	static unsigned turn;
	char *to = key[turn++ % 4];
	const char *p = strstr(text, "80 inline:");

	ck_assert_msg(p, "no key in\n%s", text);
	snprintf(to, sizeof(key[0]), "%.*s", (int)strcspn(p, "\r|"), p);
	return to;
}

START_TEST(srtp_required_in)
{
	const struct cc_msg *m;
	const char *ok, *key;

	conf_srtp(CONF_SRTP_REQUIRED);
	invite_from_peer(PEER_URI, "plain", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 488"), NULL);
	expect_refused(65, "488 Not Acceptable Here");
	invite_from_peer(PEER_URI, "c1", NULL,
			 SRTP_SDP("RTP/SAVP", CRYPTO("3", KEY_A)));
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(m->media.crypto.suite, CC_SRTP_AES_128_80);
	ck_assert_mem_eq(m->media.crypto.rx.key, "wDfvg&T+)xG7@fb5", 16);
	core_tells(leg, CC_ANSWER);
	first = ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(ok, "m=audio 40000 RTP/SAVP 8"));
	ck_assert_ptr_nonnull(strstr(ok, "a=crypto:3 AES_CM"));
	key = key_in(ok);
	ack_from_peer(ok, NULL);
	/* the same again; without keys; with others */
	in_call("INVITE", NULL, SRTP_SDP("RTP/SAVP", CRYPTO("3", KEY_A)));
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(key_in(ok), key);
	ack_from_peer(ok, NULL);
	expect_silence();
	in_call("INVITE", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 488"), NULL);
	in_call("UPDATE", NULL, SRTP_SDP("RTP/SAVP", CRYPTO("1", KEY_B)));
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_ne(key_in(ok), key);
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.crypto.rx.key[15], 15);
	/* our hold says the same key */
	key = key_in(ok);
	core_tells(leg, CC_HOLD);
	ok = expect_sent("INVITE ");
	ck_assert_str_eq(key_in(ok), key);
	answer(ok, "200 OK", NULL, NULL,
	       SRTP_SDP("RTP/SAVP", CRYPTO("1", KEY_B) "a=recvonly\r\n"));
	expect_sent("ACK ");
	expect_cc(CC_UPDATE);
	finish();
}
END_TEST

START_TEST(srtp_required_out)
{
	const struct cc_msg *m;
	const char *invite;

	conf_srtp(CONF_SRTP_REQUIRED);
	invite = place_call(&leg);
	ck_assert_ptr_nonnull(strstr(invite, "m=audio 40000 RTP/SAVP 8 0"));
	ck_assert_ptr_nonnull(strstr(invite, "a=crypto:1 AES_CM_128_HMAC"));
	ck_assert_ptr_nonnull(strstr(invite, "a=crypto:2 AEAD_AES_256_GCM"));
	/* early media in the clear is not heard */
	answer(invite, "183 Session Progress", "t", NULL, PEER_SDP);
	m = expect_cc(CC_PROCEEDING);
	expect_silence();
	answer(invite, "200 OK", "t", NULL,
	       SRTP_SDP("RTP/SAVP", CRYPTO("1", KEY_B)));
	expect_sent("ACK ");
	m = expect_cc(CC_ANSWER);
	ck_assert_uint_eq(m->media.crypto.suite, CC_SRTP_AES_128_80);
	ck_assert_uint_eq(m->media.crypto.rx.key[15], 15);
	first = invite;
	rig.cseq = 100;
	finish();
	/* an answer without */
	conf_srtp(CONF_SRTP_REQUIRED);
	invite = place_call(&leg);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	rig_settle();
	rig_close();
}
END_TEST

START_TEST(srtp_preferred)
{
	const char *invite, *ok;
	const struct cc_msg *m;

	conf_srtp(CONF_SRTP_PREFERRED);
	invite = place_call(&leg);
	ck_assert_ptr_nonnull(strstr(invite, "m=audio 40000 RTP/AVP 8 0"));
	ck_assert_ptr_nonnull(strstr(invite, "a=crypto:1 AES_CM_128_HMAC"));
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK ");
	m = expect_cc(CC_ANSWER);
	ck_assert_uint_eq(m->media.crypto.suite, CC_RTP_PLAIN);
	first = invite;
	rig.cseq = 100;
	finish();
	/* an INVITE without offer: ours has the keys */
	conf_srtp(CONF_SRTP_PREFERRED);
	invite_from_peer(PEER_URI, "c1", NULL, NULL);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	first = ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(ok, "m=audio 40000 RTP/AVP 8 0"));
	ack_from_peer(ok, SRTP_SDP("RTP/AVP", CRYPTO("1", KEY_A)));
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.crypto.suite, CC_SRTP_AES_128_80);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {hold_and_retrieve,
				      media_moves,
				      unusable_offer,
				      offerless,
				      invite_unacknowledged,
				      invite_before_answer,
				      old_cseq,
				      invite_crosses_bye,
				      byes_cross,
				      our_hold,
				      glare,
				      our_invite_later,
				      our_invite_finds_nothing,
				      our_invite_unanswered,
				      our_invite_crosses_bye,
				      other_requests,
				      no_dialog,
				      srtp_required_in,
				      srtp_required_out,
				      srtp_preferred,
				      NULL};

	return rig_run("sip_dialog", tests);
}
