/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "../../sip/sdp.c"
#include "../../sip/offer.c"
#include "tests/suite.h"

#include <check.h>

static struct sdp_session s;
static struct cc_media m;
static char out[SDP_OUT_MAX];

static enum sdp_clear clear; /* of us */

static struct sdp_local us(void)
{
	return (struct sdp_local){
		.clear = (uint8_t)clear,
		.rtp = {.family = 4, .port = 40000, .ip = {192, 0, 2, 1}},
		.n_codecs = 2,
		.codecs = {CC_PCMA, CC_PCMU},
		.events = true,
		.ptime_ms = 20,
		.dir = SDP_BOTH,
	};
}

#define HEAD	    "v=0\r\no=x 7 7 IN IP4 192.0.2.9\r\ns=-\r\n"
#define BODY(media) HEAD "c=IN IP4 192.0.2.9\r\nt=0 0\r\n" media

static int offer(const char *text)
{
	struct sdp_local l = us();

	return sdp_on_offer(&s, &l, text, strlen(text), &m);
}

static int answer(const char *text)
{
	struct sdp_local l = us();

	return sdp_on_answer(&s, &l, text, strlen(text), &m);
}

static void write_answer(void)
{
	struct sdp_local l = us();

	ck_assert_int_gt(sdp_write_answer(&s, &l, out), 0);
}

static void write_offer(void)
{
	struct sdp_local l = us();

	ck_assert_int_gt(sdp_write_offer(&s, &l, out), 0);
}

static void fresh(void)
{
	clear = SDP_CLEAR_NEVER;
	memset(&m, 0xff, sizeof(m));
	sdp_session_init(&s, 5);
}

START_TEST(plain_offer)
{
	fresh();
	ck_assert_int_eq(offer(BODY("m=audio 4000 RTP/AVP 0 8 18 101\r\n"
				    "a=rtpmap:101 telephone-event/8000\r\n"
				    "a=fmtp:101 0-15\r\na=ptime:30\r\n")),
			 0);
	ck_assert_uint_eq(m.valid, 1);
	ck_assert_uint_eq(m.codec, CC_PCMA);
	ck_assert_uint_eq(m.dtmf_pt, 101);
	ck_assert_uint_eq(m.ptime_ms, 30);
	ck_assert_uint_eq(m.direction, CC_SENDRECV);
	ck_assert_uint_eq(m.rtp.port, 4000);
	ck_assert_uint_eq(m.rtp.ip[3], 9);
	write_answer();
	ck_assert_str_eq(out, "v=0\r\no=- 5 1 IN IP4 192.0.2.1\r\ns=-\r\n"
			      "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
			      "m=audio 40000 RTP/AVP 8 101\r\n"
			      "a=rtpmap:8 PCMA/8000\r\n"
			      "a=rtpmap:101 telephone-event/8000\r\n"
			      "a=fmtp:101 0-15\r\n"
			      "a=ptime:30\r\na=sendrecv\r\n");
}
END_TEST

START_TEST(line_ends_and_missing_lines)
{
	fresh();
	ck_assert_int_eq(offer("v=0\nc=IN IP4 192.0.2.9\nm=audio 4 RTP/AVP 0"),
			 0);
	ck_assert_uint_eq(m.codec, CC_PCMU);
	ck_assert_uint_eq(m.dtmf_pt, 0);
	ck_assert_uint_eq(m.ptime_ms, 20);
	write_answer();
	ck_assert_ptr_null(strstr(out, "telephone-event"));
}
END_TEST

/* Address of the media line wins; IPv6. */
START_TEST(addresses)
{
	static const char six[] = BODY("m=audio 4 RTP/AVP 0\r\n"
				       "c=IN IP6 2001:db8::7\r\n");
	struct sdp_local l = us();

	/* of the IP version that ours is not: not to be reached */
	fresh();
	ck_assert_int_eq(offer(six), -ENOTSUP);
	ck_assert_int_eq(offer(HEAD "c=IN IP6 ::7\r\nm=audio 4 RTP/AVP 8\r\n"
			       "m=audio 6 RTP/AVP 8\r\nc=IN IP4 192.0.2.7\r\n"),
			 0);
	ck_assert_uint_eq(m.rtp.port, 6);
	fresh();
	write_offer();
	ck_assert_int_eq(answer(six), -ENOTSUP);
	/* ours is not known yet */
	fresh();
	l.rtp.family = 0;
	ck_assert_int_eq(sdp_on_offer(&s, &l, six, strlen(six), &m), 0);
	ck_assert_uint_eq(m.rtp.family, 6);
	ck_assert_uint_eq(m.rtp.port, 4);
	ck_assert_uint_eq(m.rtp.ip[15], 7);
	fresh();
	ck_assert_int_eq(offer(HEAD "m=audio 4 RTP/AVP 0\r\n"), -ENOTSUP);
	ck_assert_int_eq(offer(HEAD "c=IN IP4 media.example\r\n"
				    "m=audio 4 RTP/AVP 0\r\n"),
			 -ENOTSUP);
	ck_assert_int_eq(offer(HEAD "c=IN IP4 2001:db8::7\r\n"
				    "m=audio 4 RTP/AVP 0\r\n"),
			 -ENOTSUP);
	ck_assert_int_eq(offer(HEAD "c=IN IP4 224.2.1.1/127\r\n"
				    "m=audio 4 RTP/AVP 0\r\n"),
			 -ENOTSUP);
}
END_TEST

START_TEST(other_lines_get_port_0)
{
	fresh();
	ck_assert_int_eq(offer(BODY("m=video 6 RTP/AVP 96 97\r\n"
				    "a=rtpmap:96 H264/90000\r\n"
				    "m=audio 8 RTP/SAVP 8\r\n"
				    "m=audio 10 RTP/AVP 8\r\n"
				    "m=audio 12 RTP/AVP 0\r\n"
				    "m=image 14 udptl t38\r\n")),
			 0);
	ck_assert_uint_eq(m.rtp.port, 10);
	write_answer();
	ck_assert_ptr_nonnull(strstr(out, "m=video 0 RTP/AVP 96 97\r\n"
					  "m=audio 0 RTP/SAVP 8\r\n"
					  "m=audio 40000 RTP/AVP 8\r\n"));
	ck_assert_ptr_nonnull(strstr(out, "a=sendrecv\r\n"
					  "m=audio 0 RTP/AVP 0\r\n"
					  "m=image 0 udptl t38\r\n"));
	/* Lines never go away again. */
	ck_assert_int_eq(offer(BODY("m=audio 10 RTP/AVP 8\r\n")), -EBADMSG);
}
END_TEST

/* An answer that has left out the lines it does not want. */
START_TEST(answer_with_fewer_lines)
{
	fresh();
	ck_assert_int_eq(offer(BODY("m=audio 10 RTP/AVP 8\r\n"
				    "m=video 6 RTP/AVP 96\r\n")), 0);
	write_answer();
	write_offer();
	ck_assert_int_eq(answer(BODY("m=audio 10 RTP/AVP 8\r\n")), 0);
	write_offer();
	ck_assert_ptr_nonnull(strstr(out, "m=video 0 RTP/AVP 96\r\n"));
	ck_assert_int_eq(answer(BODY("m=audio 12 RTP/AVP 8\r\n"
				     "m=video 0 RTP/AVP 96\r\n")), 0);
	ck_assert_uint_eq(m.rtp.port, 12);
}
END_TEST

/* More numbers than anybody has codecs, the one that we have last. */
START_TEST(many_formats)
{
	char text[1024] = BODY("m=audio 10 RTP/AVP");
	size_t len = strlen(text);
	unsigned pt;

	for (pt = 127; pt > 0; pt--) {
		if (pt != 8)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						" %u", pt);
	}
	snprintf(text + len, sizeof(text) - len,
		 " 8\r\na=rtpmap:101 telephone-event/8000\r\n");
	fresh();
	ck_assert_int_eq(offer(text), 0);
	ck_assert_uint_eq(m.codec, CC_PCMA);
	ck_assert_uint_eq(m.dtmf_pt, 101);
}
END_TEST

START_TEST(refused)
{
	static const char *const texts[] = {
		BODY("m=audio 4 UDP/TLS/RTP/SAVP 8\r\n"),
		BODY("m=audio 4 UDP 8\r\n"),
		BODY("m=audio 0 RTP/AVP 8\r\n"),
		BODY("m=audio 4 RTP/AVP 18\r\n"),
		BODY("m=audio 4 RTP/AVP 101\r\n"
		     "a=rtpmap:101 telephone-event/8000\r\n"),
		BODY("m=audio 4 RTP/AVP 96\r\na=rtpmap:96 PCMA/8000\r\n"),
		BODY("m=audio 4 RTP/AVP 8\r\na=rtpmap:8 PCMA/16000\r\n"),
		BODY("m=video 4 RTP/AVP 8\r\n"),
		BODY(""),
	};
	size_t i;

	fresh();
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(offer(texts[i]) == -ENOTSUP, "%s", texts[i]);
	ck_assert_uint_eq(s.n_media, 0);
}
END_TEST

START_TEST(malformed)
{
	static const char *const texts[] = {
		"",
		"\r\n",
		"v=1\r\n",
		"o=x\r\n",
		"v=0\r\nv=0\r\n",
		"v=0\r\nxx\r\n",
		"v=0\r\nM=audio 4 RTP/AVP 8\r\n",
		"v=0\r\nm=audio 65536 RTP/AVP 8\r\n",
		"v=0\r\nm=audio -1 RTP/AVP 8\r\n",
		"v=0\r\nm=audio 4 RTP/AVP\r\n",
		"v=0\r\nm=audio\r\n",
		"v=0\r\nm=\r\n",
		"v=0\r\nm=vi\rdeo 1 x 1\r\n",
		"v=0\r\nc=IN IP4\r\n",
		"v=0\r\nm",
		"v=0\r\n=\r\n",
	};
	char many[SDP_IN_MAX + 2];
	size_t i;

	fresh();
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(offer(texts[i]) == -EBADMSG, "%s", texts[i]);
	ck_assert_int_eq(sdp_parse(&s.remote, "v=0\r\ns=\0\r\n", 10), -EBADMSG);
	memset(many, 'x', sizeof(many));
	ck_assert_int_eq(sdp_parse(&s.remote, many, sizeof(many)), -E2BIG);
	for (i = 0; i < SDP_LINES + 2; i++)
		memcpy(many + 4 * i, i ? "a=b\n" : "v=0\n", 4);
	ck_assert_int_eq(sdp_parse(&s.remote, many, 4 * SDP_LINES), 0);
	ck_assert_int_eq(sdp_parse(&s.remote, many, 4 * SDP_LINES + 4), -E2BIG);
	ck_assert_int_eq(offer(BODY("m=a 1 x 1\r\nm=a 1 x 1\r\nm=a 1 x 1\r\n"
				    "m=a 1 x 1\r\nm=a 1 x 1\r\nm=a 1 x 1\r\n"
				    "m=a 1 x 1\r\nm=a 1 x 1\r\n"
				    "m=audio 1 RTP/AVP 8\r\n")),
			 -E2BIG);
}
END_TEST

START_TEST(ptime_limits)
{
	static const struct {
		const char *lines;
		unsigned ms;
	} rows[] = {
		{"", 20},
		{"a=ptime:10\r\n", 10},
		{"a=ptime:60\r\n", 60},
		{"a=ptime:5\r\n", 10},
		{"a=ptime:120\r\n", 60},
		{"a=ptime:25\r\n", 20},
		{"a=ptime:30.0\r\n", 30},
		{"a=ptime:x\r\n", 20},
		{"a=ptime:0\r\n", 20},
		{"a=ptime:60\r\na=maxptime:40\r\n", 40},
		{"a=maxptime:15\r\n", 10},
		{"a=maxptime:150\r\n", 20},
	};
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh();
		snprintf(text, sizeof(text), "%s%s",
			 BODY("m=audio 4 RTP/AVP 8\r\n"), rows[i].lines);
		ck_assert_int_eq(offer(text), 0);
		ck_assert_msg(m.ptime_ms == rows[i].ms, "%s: %u", rows[i].lines,
			      m.ptime_ms);
	}
}
END_TEST

START_TEST(directions)
{
	static const struct {
		const char *lines, *ours;
		uint8_t direction;
	} rows[] = {
		{"a=sendrecv\r\n", "a=sendrecv", CC_SENDRECV},
		{"a=sendonly\r\n", "a=recvonly", CC_RECVONLY},
		{"a=recvonly\r\n", "a=sendonly", CC_SENDONLY},
		{"a=inactive\r\n", "a=inactive", CC_INACTIVE},
		{"c=IN IP4 0.0.0.0\r\n", "a=recvonly", CC_RECVONLY},
		{"c=IN IP4 0.0.0.0\r\na=inactive\r\n", "a=inactive",
		 CC_INACTIVE},
	};
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh();
		snprintf(text, sizeof(text), "%s%s",
			 BODY("m=audio 4 RTP/AVP 8\r\n"), rows[i].lines);
		ck_assert_int_eq(offer(text), 0);
		ck_assert_uint_eq(m.direction, rows[i].direction);
		ck_assert_int_eq(sdp_is_held(&s),
				 rows[i].direction == CC_RECVONLY ||
					 rows[i].direction == CC_INACTIVE);
		write_answer();
		ck_assert_ptr_nonnull(strstr(out, rows[i].ours));
	}
	fresh(); /* session level, overruled by the line's own */
	ck_assert_int_eq(offer(HEAD "c=IN IP4 192.0.2.9\r\na=inactive\r\n"
				    "m=video 4 RTP/AVP 8\r\n"
				    "m=audio 4 RTP/AVP 8\r\na=sendonly\r\n"),
			 0);
	ck_assert_uint_eq(m.direction, CC_RECVONLY);
}
END_TEST

START_TEST(our_offer)
{
	struct sdp_local l = us();

	fresh();
	ck_assert_int_gt(sdp_write_offer(&s, &l, out), 0);
	ck_assert_str_eq(out, "v=0\r\no=- 5 1 IN IP4 192.0.2.1\r\ns=-\r\n"
			      "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
			      "m=audio 40000 RTP/AVP 8 0 101\r\n"
			      "a=rtpmap:8 PCMA/8000\r\n"
			      "a=rtpmap:0 PCMU/8000\r\n"
			      "a=rtpmap:101 telephone-event/8000\r\n"
			      "a=fmtp:101 0-15\r\n"
			      "a=ptime:20\r\na=sendrecv\r\n");
	ck_assert_int_eq(answer(BODY("m=audio 4 RTP/AVP 0 97 8\r\n"
				     "a=rtpmap:97 telephone-event/8000\r\n")),
			 0);
	ck_assert_uint_eq(m.codec, CC_PCMU);
	ck_assert_uint_eq(m.dtmf_pt, 97);
	ck_assert_uint_eq(s.event_rx, 101);
	ck_assert_int_eq(answer(BODY("m=audio 0 RTP/AVP 0\r\n")), -ENOTSUP);
	ck_assert_int_eq(answer(BODY("m=audio 4 RTP/AVP 18\r\n")), -ENOTSUP);
	ck_assert_int_eq(answer(BODY("m=audio 4 RTP/SAVP 0\r\n")), -ENOKEY);
	ck_assert_int_eq(answer(BODY("")), -EBADMSG);
	ck_assert_int_eq(answer("hello"), -EBADMSG);
}
END_TEST

/* RFC 3264 8: version + 1 when, and only when, something has changed. */
START_TEST(versions)
{
	struct sdp_local l = us();

	fresh();
	ck_assert_int_eq(offer(BODY("m=audio 4 RTP/AVP 8\r\n")), 0);
	write_answer();
	write_answer();
	ck_assert_uint_eq(s.version, 1);
	ck_assert_int_eq(offer(BODY("m=audio 4 RTP/AVP 8\r\na=sendonly\r\n")),
			 0);
	write_answer();
	ck_assert_uint_eq(s.version, 2);
	ck_assert_int_eq(offer(BODY("m=audio 4 RTP/AVP 8\r\na=sendonly\r\n")),
			 0);
	write_answer();
	ck_assert_uint_eq(s.version, 2);
	ck_assert_int_eq(offer(BODY("m=audio 4 RTP/AVP 8\r\n")), 0);
	write_answer();
	ck_assert_uint_eq(s.version, 3);
	l.dir = SDP_SEND;
	ck_assert_int_gt(sdp_write_offer(&s, &l, out), 0);
	ck_assert_ptr_nonnull(strstr(out, "o=- 5 4 "));
	ck_assert_ptr_nonnull(strstr(out, "a=sendonly\r\n"));
}
END_TEST

START_TEST(our_policy)
{
	struct sdp_local l = us();
	const char *text = BODY("m=audio 4 RTP/AVP 8 0 101\r\n"
				"a=rtpmap:101 telephone-event/8000\r\n");

	fresh();
	l.n_codecs = 1;
	l.codecs[0] = CC_PCMU;
	l.events = false;
	ck_assert_int_eq(sdp_on_offer(&s, &l, text, strlen(text), &m), 0);
	ck_assert_uint_eq(m.codec, CC_PCMU);
	ck_assert_uint_eq(m.dtmf_pt, 0);
	ck_assert_int_gt(sdp_write_offer(&s, &l, out), 0);
	ck_assert_ptr_nonnull(strstr(out, "RTP/AVP 0\r\n"));
	fresh();
	l = us();
	l.dir = SDP_SEND; /* we hold: the answer may not receive */
	ck_assert_int_eq(sdp_on_offer(&s, &l, text, strlen(text), &m), 0);
	ck_assert_uint_eq(m.direction, CC_SENDONLY);
}
END_TEST

/* --- data: CLEARMODE, RFC 4040 --- */

#define DATA "a=rtpmap:98 CLEARMODE/8000\r\n"

START_TEST(data_offered)
{
	static const struct {
		const char *line;
		enum sdp_clear clear;
		int err;
		unsigned codec;
	} rows[] = {
		{"m=audio 4 RTP/AVP 98\r\n" DATA, SDP_CLEAR_TOO, 0, 98},
		{"m=audio 4 RTP/AVP 98\r\n" DATA, SDP_CLEAR_ONLY, 0, 98},
		{"m=audio 4 RTP/AVP 98\r\n" DATA, SDP_CLEAR_NEVER, -ENOTSUP, 0},
		/* what is named first */
		{"m=audio 4 RTP/AVP 98 8\r\n" DATA, SDP_CLEAR_TOO, 0, 98},
		{"m=audio 4 RTP/AVP 8 98\r\n" DATA, SDP_CLEAR_TOO, 0, 8},
		{"m=audio 4 RTP/AVP 18 98 8\r\n" DATA, SDP_CLEAR_TOO, 0, 98},
		{"m=audio 4 RTP/AVP 98 8\r\n" DATA, SDP_CLEAR_NEVER, 0, 8},
		/* a session of data stays one */
		{"m=audio 4 RTP/AVP 8 98\r\n" DATA, SDP_CLEAR_ONLY, 0, 98},
		{"m=audio 4 RTP/AVP 8\r\n", SDP_CLEAR_ONLY, -ENOTSUP, 0},
		/* names */
		{"m=audio 4 RTP/AVP 99\r\na=rtpmap:99 clearmode/8000/1\r\n",
		 SDP_CLEAR_TOO, 0, 99},
		{"m=audio 4 RTP/AVP 125\r\na=rtpmap:125 X-CCD/8000\r\n",
		 SDP_CLEAR_TOO, 0, 125},
		{"m=audio 4 RTP/AVP 99\r\na=rtpmap:99 CLEARMODE/16000\r\n",
		 SDP_CLEAR_TOO, -ENOTSUP, 0},
		/* not a dynamic number */
		{"m=audio 4 RTP/AVP 20\r\na=rtpmap:20 CLEARMODE/8000\r\n",
		 SDP_CLEAR_TOO, -ENOTSUP, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), HEAD "c=IN IP4 192.0.2.9\r\n%s",
			 rows[i].line);
		fresh();
		clear = rows[i].clear;
		ck_assert_msg(offer(text) == rows[i].err, "row %u", i);
		if (!rows[i].err)
			ck_assert_msg(m.codec == rows[i].codec, "row %u", i);
	}
}
END_TEST

/* No events, no other codec beside it. */
START_TEST(data_is_alone)
{
	fresh();
	clear = SDP_CLEAR_TOO;
	ck_assert_int_eq(offer(BODY("m=audio 4000 RTP/AVP 98 101\r\n" DATA
				    "a=rtpmap:101 telephone-event/8000\r\n")),
			 0);
	ck_assert_uint_eq(m.dtmf_pt, 0);
	write_answer();
	ck_assert_ptr_nonnull(strstr(out, "m=audio 40000 RTP/AVP 98\r\n"
					  "a=rtpmap:98 CLEARMODE/8000\r\n"
					  "a=ptime:20\r\n"));
	fresh();
	clear = SDP_CLEAR_ONLY;
	write_offer();
	ck_assert_ptr_nonnull(strstr(out, "m=audio 40000 RTP/AVP 97\r\n"
					  "a=rtpmap:97 CLEARMODE/8000\r\n"
					  "a=ptime:20\r\n"));
	ck_assert_int_eq(answer(BODY("m=audio 4000 RTP/AVP 8\r\n")),
			 -ENOTSUP);
	ck_assert_int_eq(answer(BODY("m=audio 4000 RTP/AVP 98\r\n" DATA)), 0);
	ck_assert_uint_eq(m.codec, 98);
	/* once agreed, offered by its number */
	write_offer();
	ck_assert_ptr_nonnull(strstr(out, "m=audio 40000 RTP/AVP 98\r\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sdp");
	TCase *t = tcase_create("all");

	tcase_add_test(t, plain_offer);
	tcase_add_test(t, data_offered);
	tcase_add_test(t, data_is_alone);
	tcase_add_test(t, line_ends_and_missing_lines);
	tcase_add_test(t, addresses);
	tcase_add_test(t, other_lines_get_port_0);
	tcase_add_test(t, answer_with_fewer_lines);
	tcase_add_test(t, many_formats);
	tcase_add_test(t, refused);
	tcase_add_test(t, malformed);
	tcase_add_test(t, ptime_limits);
	tcase_add_test(t, directions);
	tcase_add_test(t, our_offer);
	tcase_add_test(t, versions);
	tcase_add_test(t, our_policy);
	suite_add_tcase(suite, t);
	return suite_run(suite, CK_NOFORK);
}
