/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Calls as other software writes them: what is allowed by the grammar but
 * seldom seen, and what is not allowed but sent all the same.
 */
#include "tests/stack/sip_rig.h"

static leg_id leg;

static void begin(void)
{
	rig_conf();
	rig.conf.trunks[0].dialog.prack = CONF_PRACK_ON;
	rig.conf.trunks[0].dialog.session_expires_s = 1800;
	rig.conf.trunks[0].dialog.min_se_s = 90;
	rig.conf.trunks[0].who.trusted = true;
	rig_open();
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static void clear_by_us(void)
{
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}

/* With that many octets of body. */
static void say(const char *head, const char *body)
{
	char out[RIG_TEXT] = "";

	append(out, "%sl: %zu\r\n\r\n%s", head, strlen(body), body);
	peer_says(out);
}

static bool has_line(const char *text, const char *line)
{
	return strstr(text, line) != NULL;
}

/* --- headers --- */

#define COMPACT                                                              \
	"INVITE sip:+49711123@" OUR_IP ":5060;user=phone SIP/2.0\r\n"        \
	"v: SIP/2.0/UDP " PEER_IP ":5060;branch=z9hG4bKa;rport ,\r\n"        \
	"  SIP / 2.0 / UDP 10.0.0.1 : 5070 ;branch=z9hG4bKb\r\n"             \
	"Via:SIP/2.0/TCP first.example.net;branch=z9hG4bKc;received=1.2.3.4" \
	"\r\n"                                                               \
	"f:   \"Huber, Max \\\"M\\\"\"\r\n"                                  \
	"\t<sip:+4930123@" PEER_IP ";user=phone>;x=\"a;b\";tag=1c.2-3~4\r\n" \
	"t : sip:+49711123@" OUR_IP "\r\n"                                   \
	"i: call-id-without-host\r\n"                                        \
	"CSeq:  000102   INVITE\r\n"                                         \
	"m: \"x y\" <sip:line1@" PEER_IP ":5062;transport=udp;ob>"           \
	";expires=3600;+sip.instance=\"<urn:uuid:0-1>\";reg-id=1;q=0.7\r\n"  \
	"Record-Route: <sip:" PEER_IP ":5064;lr;ftag=1c.2-3~4>, "            \
	"<sip:10.0.0.9;lr=on>\r\n"                                           \
	"k: 100rel,timer ,  replaces\r\n"                                    \
	"x: 1800;refresher=uac\r\n"                                          \
	"Max-Forwards: 68\r\n"                                               \
	"Allow: INVITE,ACK\r\nAllow: BYE, UPDATE\r\n"                        \
	"s: \r\n"                                                            \
	"X-Empty:\r\n"                                                       \
	"c: application/SDP ; charset=utf-8\r\n"

START_TEST(compact)
{
	const struct cc_msg *m;
	const char *text;
	char via[3][RIG_TEXT];
	unsigned i;

	begin();
	say(COMPACT, PEER_SDP);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(m->cause.value, 0);
	ck_assert_str_eq(m->called.digits, "49711123");
	ck_assert_str_eq(m->calling.digits, "4930123");
	ck_assert_str_eq(m->name, "Huber, Max \"M\"");
	core_tells(leg, CC_ANSWER);
	text = expect_sent("SIP/2.0 200");
	for (i = 0; i < 3; i++)
		ck_assert(header(text, "Via", i, via[i], sizeof(via[i])));
	ck_assert(has_line(via[0], "z9hG4bKa"));
	ck_assert(has_line(via[0], "rport=5060"));
	ck_assert(has_line(via[1], "z9hG4bKb"));
	ck_assert(has_line(via[2], "received=1.2.3.4"));
	ck_assert_str_eq(value_of(text, "Session-Expires"),
			 "1800;refresher=uac");
	ck_assert(has_line(text, "<sip:10.0.0.9;lr=on>"));
	ack_from_peer(text, NULL);
	wait_ms(10);
	core_releases(leg, 16);
	text = expect_sent("BYE sip:line1@" PEER_IP ":5062;transport=udp;ob ");
	ck_assert(has_line(text, "<sip:" PEER_IP ":5064;lr;ftag=1c.2-3~4>"));
	ck_assert(has_line(text, "<sip:10.0.0.9;lr=on>"));
	ck_assert(has_line(value_of(text, "To"), ";tag=1c.2-3~4"));
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5064);
	answer(text, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* An answer in which nothing is as we would write it. */
START_TEST(odd_answer)
{
	const char *invite, *text;
	char out[RIG_TEXT] = "";

	begin();
	invite = place_call(&leg);
	append(out, "SIP/2.0 200 \r\n"); /* no phrase */
	append(out, "v:%s\r\n", value_of(invite, "Via"));
	append(out, "f:%s\r\n", value_of(invite, "From"));
	append(out, "t:%s ; tag = T1\r\n", value_of(invite, "To"));
	append(out, "i:%s\r\n", value_of(invite, "Call-ID"));
	append(out, "CSEQ:%s\r\n", value_of(invite, "CSeq"));
	append(out, "m:sip:x@" PEER_IP ":5070\r\n"
		    "Record-Route: \"proxy\" <sip:" PEER_IP
		    ":5072;lr>;x=1\r\n"
		    "c:application/sdp;x=y\r\n"
		    "Session-Expires: 900\r\nRequire: timer\r\n");
	append(out, "Content-Length : %zu\r\n\r\n%s", strlen(PEER_SDP),
	       PEER_SDP);
	peer_says(out);
	text = expect_sent("ACK sip:x@" PEER_IP ":5070 SIP/2.0");
	ck_assert(has_line(value_of(text, "To"), "T1"));
	ck_assert(has_line(value_of(text, "Route"), "5072"));
	ck_assert_uint_eq(expect_cc(CC_ANSWER)->media.rtp.port, 7000);
	clear_by_us();
}
END_TEST

/* RFC 2543 had answers without Contact: then To is the target. */
START_TEST(answer_without_contact)
{
	const char *invite, *text;
	char out[RIG_TEXT] = "";

	begin();
	invite = place_call(&leg);
	append(out, "SIP/2.0 200 OK\r\nVia: %s\r\n", value_of(invite, "Via"));
	append(out, "From: %s\r\n", value_of(invite, "From"));
	append(out, "To: %s;tag=T1\r\n", value_of(invite, "To"));
	append(out, "Call-ID: %s\r\n", value_of(invite, "Call-ID"));
	append(out, "CSeq: %s\r\nContent-Type: application/sdp\r\n",
	       value_of(invite, "CSeq"));
	say(out, PEER_SDP);
	text = expect_sent("ACK sip:+49711123@");
	ck_assert(has_line(value_of(text, "To"), "T1"));
	expect_cc(CC_ANSWER);
	clear_by_us();
}
END_TEST

/* --- descriptions --- */

static const struct {
	const char *name, *sdp;
	unsigned port; /* of what is taken; 0: refused */
	const char *answer;
} offers[] = {
	{"video, two audio lines, one of them off",
	 "v=0\r\no=- 1 1 IN IP4 x\r\ns= \r\nt=0 0\r\n"
	 "m=video 9000 RTP/AVP 96\r\nc=IN IP4 " PEER_IP "\r\n"
	 "m=audio 0 RTP/AVP 8\r\nc=IN IP4 " PEER_IP "\r\n"
	 "m=audio 7004 RTP/AVP 18 0 8\r\nc=IN IP4 " PEER_IP "\r\n"
	 "m=image 7006 udptl t38\r\nc=IN IP4 " PEER_IP "\r\n",
	 7004, "m=audio 0 RTP/AVP 8\r\nm=audio 40000 RTP/AVP 8\r\n"},
	{"LF alone, no s=, bandwidth, phone, attributes of the session",
	 "v=0\no=- 1 1 IN IP4 x\nc=IN IP4 " PEER_IP "\nb=AS:64\nt=0 0\n"
	 "a=sendrecv\nm=audio 7000 RTP/AVP 8 101 13\nb=AS:64\n"
	 "a=rtpmap:8 pcma/8000/1\na=rtpmap:101 TELEPHONE-EVENT/8000\n"
	 "a=fmtp:101 0-16\na=maxptime:40\na=ptime:30\na=silenceSupp:off - - "
	 "- -\n",
	 7000, "RTP/AVP 8 101\r\n"},
	{"a dynamic number for PCMA, and its own",
	 "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 " PEER_IP "\r\nt=0 0\r\n"
	 "m=audio 7000 RTP/AVP 97 8\r\na=rtpmap:97 PCMA/16000\r\n",
	 7000, "RTP/AVP 8\r\n"},
	{"one port, counted",
	 "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 " PEER_IP "\r\n"
	 "t=0 0\r\nm=audio 7000/1 RTP/AVP 8\r\n",
	 7000, "m=audio 40000 RTP/AVP 8\r\n"},
	{"times, zones, keys and unknown lines",
	 "v=0\r\no=- 18446744073709551615 0 IN IP4 x\r\ns=a b\r\ni=x\r\n"
	 "u=http://x\r\ne=x@y\r\np=+1\r\nc=IN IP4 " PEER_IP "\r\n"
	 "b=TIAS:64000\r\nt=3034423619 3042462419\r\nr=7d 1h 0 25h\r\nz=0 0\r\n"
	 "k=prompt\r\na=tool:x\r\nm=audio 7000 RTP/AVP 8\r\ny=0\r\n",
	 7000, "m=audio 40000 RTP/AVP 8\r\n"},
	{"G.729 alone", "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 " PEER_IP
			"\r\nt=0 0\r\nm=audio 7000 RTP/AVP 18\r\n",
	 0, NULL},
};

START_TEST(odd_offers)
{
	const struct cc_msg *m;
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		begin();
		invite_from_peer(PEER_URI, "c1", NULL, offers[i].sdp);
		m = expect_cc(CC_SETUP);
		leg = m->leg;
		if (!offers[i].port) {
			ck_assert_uint_ne(m->cause.value, 0);
			ack_from_peer(expect_sent("SIP/2.0 488"), NULL);
			finish();
			continue;
		}
		ck_assert_msg(m->media.rtp.port == offers[i].port, "%s: %u",
			      offers[i].name, m->media.rtp.port);
		core_tells(leg, CC_ANSWER);
		text = expect_sent("SIP/2.0 200");
		ck_assert_msg(has_line(body_of(text), offers[i].answer),
			      "%s\n%s", offers[i].name, body_of(text));
		ack_from_peer(text, NULL);
		wait_ms(10);
		clear_by_us();
	}
}
END_TEST

/* Hold as it has been written through the years, and its end. */
START_TEST(holds)
{
	static const struct {
		const char *hold, *answer;
	} rows[] = {
		{SDP(PEER_IP, "7000", "a=sendonly\r\n"), "a=recvonly"},
		{SDP(PEER_IP, "7000", "a=inactive\r\n"), "a=inactive"},
		{SDP("0.0.0.0", "7000", ""), "a=recvonly"},
		{SDP("0.0.0.0", "7000", "a=sendonly\r\n"), "a=recvonly"},
		{SDP("0.0.0.0", "7000", "a=inactive\r\n"), "a=inactive"},
		{"v=0\r\no=- 1 2 IN IP4 x\r\ns=-\r\nc=IN IP4 " PEER_IP
		 "\r\nt=0 0\r\na=sendonly\r\nm=audio 7000 RTP/AVP 8\r\n",
		 "a=recvonly"},
	};
	const char *ok, *text;
	size_t i;

	begin();
	ok = take_and_answer(&leg, "c1");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request_in("INVITE", ok, NULL, NULL, rows[i].hold);
		text = expect_sent("SIP/2.0 200");
		ck_assert_msg(has_line(body_of(text), rows[i].answer),
			      "row %zu\n%s", i, text);
		ack_from_peer(text, NULL);
		expect_cc(CC_UPDATE);
		expect_cc(CC_HOLD);
		request_in("INVITE", ok, NULL, NULL, NULL); /* resumed so */
		text = expect_sent("SIP/2.0 200");
		ck_assert(has_line(body_of(text), "a=sendrecv"));
		ack_from_peer(text, PEER_SDP);
		expect_cc(CC_UPDATE);
		expect_cc(CC_RETRIEVE);
	}
	clear_by_us();
}
END_TEST

/* --- bodies --- */

#define ISUP "\x01\x11\x48\x20\x0a\x03\x02\x0a\x08\x83\x90\x17\x11\x32\x54"
#define MIXED "c: multipart/mixed;boundary="

static const struct {
	const char *name, *type, *body, *status;
} bodies[] = {
	{"ISUP behind", MIXED "b1\r\n",
	 "--b1\r\nContent-Type: application/sdp\r\n\r\n" PEER_SDP "\r\n--b1\r\n"
	 "Content-Type: application/ISUP;version=itu-t92+;base=itu-t92+\r\n"
	 "Content-Disposition: signal;handling=optional\r\n\r\n" ISUP
	 "\r\n--b1--\r\n", NULL},
	{"ISUP before, preamble, padding, epilogue",
	 MIXED "\"a b?c\"; charset=x\r\nMIME-Version: 1.0\r\n",
	 "this is MIME\r\n--a b?c  \r\nContent-Type: application/isup\r\n"
	 "Content-Disposition: signal; handling=required\r\n\r\n" ISUP
	 "\r\n--a b?c\r\nCONTENT-TYPE :application/sdp\r\n"
	 "Content-Disposition: session\r\nContent-Length: 9\r\n\r\n"
	 PEER_SDP "\r\n--a b?c--", NULL},
	{"folded header of a part", MIXED "b1\r\n",
	 "--b1\r\nContent-Type:\r\n application/sdp\r\n\r\n" PEER_SDP
	 "\r\n--b1--\r\n", NULL},
	{"in a part of a part", MIXED "o\r\n",
	 "--o\r\nContent-Type: multipart/alternative;boundary=i\r\n\r\n"
	 "--i\r\nContent-Type: text/plain\r\n\r\nx\r\n"
	 "--i\r\nContent-Type: application/sdp\r\n\r\n" PEER_SDP
	 "\r\n--i--\r\n\r\n--o--\r\n", NULL},
	{"no description in it", MIXED "b1\r\n",
	 "--b1\r\nContent-Type: application/isup\r\n\r\n" ISUP "\r\n--b1--",
	 "SIP/2.0 415"},
	{"ISUP alone", "c: application/isup\r\n", ISUP, "SIP/2.0 415"},
	{"another one that is optional",
	 "c: application/x-q931\r\nContent-Disposition: signal ; "
	 "handling = optional\r\n", "x", NULL},
	{"no boundary", "c: multipart/mixed\r\n", "--b1\r\n\r\n--b1--",
	 "SIP/2.0 400"},
	{"no type", "", "v=0\r\n", "SIP/2.0 4"},
};

#define HEAD                                                           \
	"INVITE " PEER_URI " SIP/2.0\r\n"                              \
	"Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKm\r\n"             \
	"From: <sip:+4930123@" PEER_IP ">;tag=ft\r\n"                  \
	"To: <" PEER_URI ">\r\nCall-ID: m\r\nCSeq: 1 INVITE\r\n"       \
	"Max-Forwards: 70\r\nContact: <sip:peer@" PEER_IP ">\r\n"

START_TEST(odd_bodies)
{
	const struct cc_msg *m;
	const char *text;
	char head[1024];
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		begin();
		snprintf(head, sizeof(head), HEAD "%s", bodies[i].type);
		say(head, bodies[i].body);
		if (bodies[i].status) {
			text = expect_sent("SIP/2.0 ");
			ck_assert_msg(has_line(text, bodies[i].status),
				      "%s\n%s", bodies[i].name, text);
			ack_from_peer(text, NULL);
			wait_ms(10);
			rig.cc_seen = rig.n_cc; /* a CDR for some */
			finish();
			continue;
		}
		m = expect_cc(CC_SETUP);
		leg = m->leg;
		ck_assert_msg(m->cause.value == 0, "%s: %s", bodies[i].name,
			      m->detail);
		core_tells(leg, CC_ANSWER);
		text = expect_sent("SIP/2.0 200");
		ack_from_peer(text, m->media.valid ? NULL : PEER_SDP);
		wait_ms(10);
		rig.cc_seen = rig.n_cc;
		clear_by_us();
	}
}
END_TEST

/* Octets of ISUP are any octets. */
START_TEST(nul_in_body)
{
	static const char body[] =
		"--b\r\nContent-Type: application/isup\r\n\r\n\x01\0\x0a\0"
		"\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" PEER_SDP
		"\r\n--b--\r\n";
	struct net_addr from = address(PEER_IP ":5060");
	char out[RIG_TEXT];
	size_t n;

	begin();
	n = (size_t)snprintf(out, sizeof(out),
			     HEAD MIXED "b\r\nl: %zu\r\n\r\n",
			     sizeof(body) - 1);
	memcpy(out + n, body, sizeof(body));
	sip_transport_inject(sip_stack_transport(sip_role_stack(rig.role)), 0,
			     &from, out, n + sizeof(body) - 1);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	wait_ms(10);
	clear_by_us();
}
END_TEST

/* Digits in INFO. */
START_TEST(digits)
{
	static const struct {
		const char *type, *body;
		char digit;
	} rows[] = {
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'},
		{"application/dtmf-relay", "Signal= #\r\nDuration= 250", '#'},
		{"application/dtmf-relay", "signal =*\n", '*'},
		{"application/dtmf-relay", "Duration=1\r\nSignal=10\r\n", '*'},
		{"application/dtmf-relay", "Signal=11\r\n", '#'},
		{"application/dtmf-relay", "Signal=d\r\n", 'D'},
		{"application/dtmf-relay", "Signal=16\r\n", 0},
		{"application/dtmf-relay", "Signal=", 0},
		{"application/dtmf-relay", "Signal", 0},
		{"application/dtmf", "7", '7'},
		{"application/dtmf", "11\r\n", '#'},
		{"application/dtmf", "x", 0},
		{"application/x", "7", 0},
	};
	const char *ok;
	char out[1024];
	size_t i;

	begin();
	ok = take_and_answer(&leg, "c1");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(out, sizeof(out),
			 "INFO sip:" OUR_IP " SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKn%zu\r\n"
			 "From: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
			 "CSeq: %zu INFO\r\nMax-Forwards: 70\r\nc: %s\r\n",
			 i, value_of(ok, "From"), value_of(ok, "To"),
			 value_of(ok, "Call-ID"), 10 + i, rows[i].type);
		say(out, rows[i].body);
		expect_sent("SIP/2.0 200");
		if (rows[i].digit)
			ck_assert_int_eq(expect_cc(CC_DTMF)->digit,
					 rows[i].digit);
		expect_silence();
	}
	clear_by_us();
}
END_TEST

/* A caller that says how long it waits (RFC 3261 13.3.1). */
START_TEST(expires)
{
	begin();
	invite_from_peer(PEER_URI, "c1", "Expires: 30\r\n", PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ALERTING);
	expect_sent("SIP/2.0 180");
	wait_ms(29000);
	expect_silence();
	ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
	expect_released(102, "INVITE has expired");
	finish();
	begin();
	invite_from_peer(PEER_URI, "c1", "Expires: 3\r\n", PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	wait_ms(5000);
	clear_by_us();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {compact,	  odd_answer,
				      answer_without_contact, odd_offers,
				      holds,	  odd_bodies,
				      nul_in_body, digits,
				      expires,	  NULL};

	return rig_run("sip_vendors", tests);
}
