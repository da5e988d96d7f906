/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip conf base */
/* Messages: parse, print, headers by name, bodies and their parts, and the
 * immediate refusals. */
#include "sip/check.h"
#include "sip/msg.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                  \
	"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"    \
	"Via: SIP/2.0/UDP h2\r\nFrom: <sip:2@h>;tag=f\r\nTo: <sip:1@h>\r\n"   \
	"Call-ID: c@h\r\nCSeq: 17 INVITE\r\n"

static struct sip_msg *parse(const char *text)
{
	struct sip_msg *m = sip_msg_from_text(text, strlen(text));

	ck_assert_msg(m, "%s", text);
	return m;
}

START_TEST(test_questions)
{
	struct sip_msg *m = parse(HEAD "\r\n");

	ck_assert(sip_msg_is_request(m));
	ck_assert_int_eq(sip_msg_status(m), 0);
	ck_assert_str_eq(sip_msg_method(m), "INVITE");
	ck_assert_str_eq(sip_msg_call_id(m), "c@h");
	ck_assert_str_eq(sip_msg_from_tag(m), "f");
	ck_assert_str_eq(sip_msg_to_tag(m), "");
	ck_assert_str_eq(sip_msg_branch(m), "z9hG4bKa");
	ck_assert_uint_eq(sip_msg_cseq(m), 17);
	sip_msg_free(m);
	sip_msg_free(NULL);
}
END_TEST

START_TEST(test_headers)
{
	struct sip_msg *m = parse(
		HEAD "k: timer, 100rel\r\nx: 90\r\nP-Asserted-Identity: "
		     "\"a, b\" <sip:x@y>,\r\n <tel:+49>\r\n"
		     "Allow: INVITE, ACK\r\nAccept: a/b;q=1, c/d\r\n"
		     "Reason: Q.850;cause=16;text=\"a, b\"\r\n"
		     "m: <sip:a@b>;x, <sip:c@d>\r\n\r\n");
	char buf[128];

	ck_assert_str_eq(sip_msg_plain(m, "Supported", 0), "timer");
	ck_assert_str_eq(sip_msg_plain(m, "supported", 1), "100rel");
	ck_assert_ptr_null(sip_msg_plain(m, "Supported", 2));
	ck_assert_str_eq(sip_msg_plain(m, "Session-Expires", 0), "90");
	ck_assert_str_eq(sip_msg_plain(m, "P-Asserted-Identity", 0),
			 "\"a, b\" <sip:x@y>");
	ck_assert_str_eq(sip_msg_plain(m, "P-Asserted-Identity", 1),
			 "<tel:+49>");
	ck_assert_str_eq(sip_msg_plain(m, "Reason", 0),
			 "Q.850;cause=16;text=\"a, b\"");
	ck_assert(sip_msg_has_token(m, "Supported", "100REL"));
	ck_assert(!sip_msg_has_token(m, "Supported", "100"));
	ck_assert(sip_msg_has_token(m, "Allow", "ACK"));
	ck_assert(sip_msg_has_token(m, "Accept", "a/b"));
	ck_assert(!sip_msg_has_token(m, "Accept", "e/f"));
	ck_assert_int_gt(sip_msg_header(m, "Contact", 1, buf, 128), 0);
	ck_assert_str_eq(buf, "<sip:c@d>");
	ck_assert_int_eq(sip_msg_header(m, "Contact", 2, buf, 128), -ENOENT);
	ck_assert_int_eq(sip_msg_header(m, "From", 0, buf, 128), 15);
	ck_assert_int_eq(sip_msg_header(m, "From", 1, buf, 128), -ENOENT);
	ck_assert_int_eq(sip_msg_header(m, "From", 0, buf, 15), -EMSGSIZE);
	ck_assert_int_eq(sip_msg_header(m, "Route", 0, buf, 128), -ENOENT);
	ck_assert_int_eq(sip_msg_header(m, "Reason", 0, buf, 128), 26);
	sip_msg_free(m);
}
END_TEST

START_TEST(test_add_remove)
{
	struct sip_msg *m = parse(HEAD "\r\n");
	char *wire;
	size_t len;

	ck_assert_int_eq(sip_msg_add(m, "Reason", "SIP;cause=1"), 0);
	ck_assert_int_eq(sip_msg_add(m, "Contact", "<sip:a@b>"), 0);
	ck_assert_int_eq(sip_msg_add(m, "Allow", "INVITE, ACK"), 0);
	ck_assert_int_eq(sip_msg_add(m, "Route", "<sip:r;lr>"), 0);
	ck_assert_int_eq(sip_msg_add(m, "X", "a\r\nEvil: b"), -EINVAL);
	ck_assert_int_eq(sip_msg_add(m, "X\nY", "a"), -EINVAL);
	ck_assert_int_eq(sip_msg_set_cseq(m, 18), 0);
	ck_assert_int_eq(sip_msg_set_body(m, "a/b", "xyz", 3), 0);
	ck_assert_int_eq(sip_msg_print(m, &wire, &len), 0);
	ck_assert_ptr_nonnull(strstr(wire, "\r\nReason: SIP;cause=1\r\n"));
	ck_assert_ptr_nonnull(strstr(wire, "\r\nAllow: INVITE, ACK\r\n"));
	ck_assert_ptr_nonnull(strstr(wire, "\r\nCSeq: 18 INVITE\r\n"));
	ck_assert_ptr_nonnull(strstr(wire, "\r\nContent-Type: a/b\r\n"));
	ck_assert_ptr_nonnull(
		strstr(wire, "\r\nContent-Length: 3\r\n\r\nxyz"));
	free(wire);
	sip_msg_remove(m, "Reason");
	sip_msg_remove(m, "Route");
	sip_msg_remove(m, "via");
	ck_assert_int_eq(sip_msg_set_body(m, NULL, NULL, 0), 0);
	ck_assert_int_eq(sip_msg_print(m, &wire, &len), 0);
	ck_assert_ptr_null(strstr(wire, "Reason"));
	ck_assert_ptr_null(strstr(wire, "Route"));
	ck_assert_ptr_null(strstr(wire, "Via"));
	ck_assert_ptr_null(strstr(wire, "Content-Type"));
	free(wire);
	sip_msg_free(m);
}
END_TEST

START_TEST(test_clone)
{
	static const char text[] = HEAD "c: a/b\r\nl: 3\r\n\r\n\1\0\2";
	struct sip_msg *m = sip_msg_from_text(text, sizeof(text) - 1);
	struct sip_msg *c;
	char *one, *two;
	size_t n1, n2;

	ck_assert_ptr_nonnull(m);
	m->path.trunk = 5;
	c = sip_msg_clone(m);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->path.trunk, 5);
	ck_assert_int_eq(sip_msg_print(m, &one, &n1), 0);
	sip_msg_free(m);
	ck_assert_int_eq(sip_msg_print(c, &two, &n2), 0);
	ck_assert_uint_eq(n1, n2);
	ck_assert_int_eq(memcmp(one, two, n1), 0);
	ck_assert_int_eq(memcmp(two + n2 - 3, "\1\0\2", 3), 0);
	ck_assert_str_eq(sip_msg_call_id(c), "c@h");
	free(one);
	free(two);
	sip_msg_free(c);
}
END_TEST

START_TEST(test_percent_nul)
{
	struct sip_msg *m = parse("INVITE sip:12%0034@h;x=%00 SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP h;branch=z9hG4bK%00a\r\n"
				  "From: \"sip:%00@\" <SIP:a%00@h>;tag=%00f\r\n"
				  "To: sips:1%00%00@h\r\nCall-ID: sip:%00@c\r\n"
				  "CSeq: 1 INVITE\r\n\r\n");

	/* user parts are not cut */
	ck_assert_str_eq(m->osip->req_uri->username, "12_34");
	ck_assert_str_eq(m->osip->from->url->username, "a_");
	ck_assert_str_eq(m->osip->to->url->username, "1__");
	/* where % is a character like others it stays */
	ck_assert_str_eq(sip_msg_branch(m), "z9hG4bK%00a");
	ck_assert_str_eq(sip_msg_from_tag(m), "%00f");
	ck_assert_str_eq(sip_msg_call_id(m), "sip:%00@c");
	sip_msg_free(m);
}
END_TEST

START_TEST(test_response)
{
	struct sip_msg *q = parse(HEAD "Record-Route: <sip:p;lr>\r\n"
				       "Timestamp: 54\r\n\r\n");
	struct sip_msg *r;
	char buf[64];

	r = sip_response_new(q, 100, NULL, NULL);
	ck_assert_str_eq(sip_msg_to_tag(r), "");
	ck_assert_str_eq(sip_msg_plain(r, "Timestamp", 0), "54");
	ck_assert_int_eq(sip_msg_header(r, "Record-Route", 0, buf, 64),
			 -ENOENT);
	sip_msg_free(r);
	r = sip_response_new(q, 180, NULL, "mine");
	ck_assert_str_eq(sip_msg_to_tag(r), "mine");
	ck_assert_int_gt(sip_msg_header(r, "Record-Route", 0, buf, 64), 0);
	ck_assert_int_gt(sip_msg_header(r, "Via", 1, buf, 64), 0);
	ck_assert_str_eq(r->osip->reason_phrase, "Ringing");
	ck_assert_str_eq(sip_msg_method(r), "INVITE");
	sip_msg_free(r);
	r = sip_response_new(q, 486, "a\r\nEvil: b", NULL);
	ck_assert_str_eq(r->osip->reason_phrase, "Busy Here");
	ck_assert_uint_eq(strlen(sip_msg_to_tag(r)), SIP_TAG_LEN - 1);
	ck_assert_int_eq(sip_msg_header(r, "Record-Route", 0, buf, 64),
			 -ENOENT);
	sip_msg_free(r);
	sip_msg_free(q);
}
END_TEST

START_TEST(test_request_new)
{
	struct sip_request q = {.method = "BYE", .uri = "sip:1@h;x",
				.from = "<sip:a@b>;tag=1", .to = "<sip:c@d>",
				.call_id = "x@y", .cseq = 3,
				.contact = "<sip:me@here>"};
	struct sip_msg *m = sip_request_new(&q);
	char *wire;
	size_t len;

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(sip_msg_print(m, &wire, &len), 0);
	ck_assert_int_eq(strncmp(wire, "BYE sip:1@h;x SIP/2.0\r\n", 23), 0);
	ck_assert_ptr_nonnull(strstr(wire, "\r\nMax-Forwards: 70\r\n"));
	ck_assert_ptr_nonnull(strstr(wire, "\r\nContent-Length: 0\r\n\r\n"));
	free(wire);
	sip_msg_free(m);
	q.call_id = "x\r\nEvil: y";
	ck_assert_ptr_null(sip_request_new(&q));
	ck_assert_int_eq(errno, EINVAL);
	q.call_id = "x";
	q.uri = "no uri";
	m = sip_request_new(&q);
	ck_assert_ptr_null(m);
}
END_TEST

/* --- bodies --- */
static int body(const char *type, const char *text, const char *want_type,
		struct sip_part *part, struct sip_msg **keep)
{
	char all[4096];
	int n = snprintf(all, sizeof(all), HEAD "Content-Type: %s\r\n\r\n%s",
			 type, text);

	sip_msg_free(*keep);
	*keep = sip_msg_from_text(all, (size_t)n);
	ck_assert_ptr_nonnull(*keep);
	return sip_msg_body(*keep, want_type, part);
}

#define MIXED "multipart/mixed;boundary=b1"
#define SDP   "application/sdp"

START_TEST(test_bodies)
{
	struct sip_msg *m = NULL;
	struct sip_part p;
	char nine[1024] = "";

	ck_assert_int_eq(body(SDP, "v=0\r\n", SDP, &p, &m), 0);
	ck_assert_uint_eq(p.len, 5);
	ck_assert_int_eq(memcmp(p.data + 5, "\0\0\0\0\0\0\0\0", SIP_BODY_PAD),
			 0);
	ck_assert_int_eq(body("Application/SDP;x=y", "v=0", SDP, &p, &m), 0);
	ck_assert_int_eq(body("text/plain", "v=0", SDP, &p, &m), -ENOENT);
	ck_assert_int_eq(body(SDP, "", SDP, &p, &m), -ENOENT);
	ck_assert_int_eq(
		body(MIXED,
		     "--b1\r\nContent-Type: a/b\r\n\r\nx\r\n--b1\r\n"
		     "Content-Type: application/sdp\r\nA: b\r\n\r\nv=0\r\n"
		     "\r\n--b1--\r\n",
		     SDP, &p, &m),
		0);
	ck_assert_uint_eq(p.len, 5);
	ck_assert_int_eq(memcmp(p.data, "v=0\r\n", 5), 0);
	ck_assert_int_eq(body("multipart/mixed;boundary=\"b1\"",
			      "preamble\r\n--b1\r\ncontent-type:application/"
			      "sdp;x\r\n\r\nv\r\n--b1--",
			      SDP, &p, &m),
			 0);
	ck_assert_int_eq(body(MIXED,
			      "--b1\r\nContent-Type: a/b\r\n\r\nx\r\n--b1--",
			      SDP, &p, &m),
			 -ENOENT);
	/* libosip2 would leak one of them */
	ck_assert_int_eq(body(MIXED,
			      "--b1\r\nContent-Type: a/b\r\n"
			      "Content-Type: application/sdp\r\n\r\nx\r\n"
			      "--b1--",
			      SDP, &p, &m),
			 -EBADMSG);
	ck_assert_int_eq(body(MIXED, "--b1\r\nContent-Type: a/b\r\n\r\nx",
			      SDP, &p, &m),
			 -EBADMSG);
	ck_assert_int_eq(body(MIXED, "nothing", SDP, &p, &m), -EBADMSG);
	ck_assert_int_eq(body("multipart/mixed", "--b1\r\n", SDP, &p, &m),
			 -EBADMSG);
	for (int i = 0; i < 9; i++) {
		strcat(nine, "--b1\r\nContent-Type: a/b\r\n\r\nx\r\n");
	}
	strcat(nine, "--b1--");
	ck_assert_int_eq(body(MIXED, nine, SDP, &p, &m), -EBADMSG);
	sip_msg_free(m);
}
END_TEST

/* --- refusals --- */
static void refused(const char *method, const char *uri, const char *extra,
		    int status, const char *line)
{
	char text[2048];
	struct sip_msg *m, *r;
	char *wire;
	size_t len;

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		 "From: <sip:2@h>;tag=f\r\nTo: <sip:1@h>\r\nCall-ID: c\r\n"
		 "CSeq: 1 %s\r\n%s",
		 method, uri, method, *extra ? extra : "\r\n");
	m = parse(text);
	r = sip_request_check(m, "tt");
	if (!status) {
		ck_assert_msg(!r, "%s refused with %d", text,
			      r ? sip_msg_status(r) : 0);
	} else {
		ck_assert_msg(r, "%s", text);
		ck_assert_int_eq(sip_msg_status(r), status);
		ck_assert_str_eq(sip_msg_to_tag(r), "tt");
		ck_assert_int_eq(sip_msg_print(r, &wire, &len), 0);
		ck_assert_msg(strstr(wire, line), "%s", wire);
		free(wire);
		sip_msg_free(r);
	}
	sip_msg_free(m);
}

START_TEST(test_refusals)
{
	refused("INVITE", "sip:1@h", "", 0, "");
	refused("INVITE", "tel:+49", "", 0, "");
	refused("INVITE", "sips:1@h", "", 0, "");
	refused("OPTIONS", "sip:h", "Accept: text/plain\r\n\r\n", 0, "");
	refused("FOO", "sip:1@h", "", 501, "Allow: INVITE");
	refused("invite", "sip:1@h", "", 501, "Allow: INVITE");
	refused("MESSAGE", "sip:1@h", "", 405, "Allow: INVITE");
	refused("REGISTER", "sip:h", "", 405, "Allow: INVITE");
	refused("INVITE", "sip:1@h", "Require: a, b\r\nRequire: c\r\n\r\n",
		420, "Unsupported: a, b, c\r\n");
	refused("ACK", "sip:1@h", "Require: a\r\n\r\n", 0, "");
	refused("CANCEL", "sip:1@h", "Require: a\r\n\r\n", 0, "");
	refused("INVITE", "sip:1@h", "Proxy-Require: a\r\n\r\n", 0, "");
	refused("INVITE", "sip:1@h", "Content-Type: a/b\r\n\r\nx", 415,
		"Accept: application/sdp\r\n");
	refused("INVITE", "sip:1@h", "Content-Type: a/b\r\n\r\n", 0, "");
	refused("INVITE", "sip:1@h",
		"Content-Type: a/b\r\nContent-Disposition: x;handling=optional"
		"\r\n\r\nx",
		0, "");
	refused("INVITE", "sip:1@h",
		"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n"
		"\r\nx",
		415, "Accept-Encoding: identity\r\n");
	refused("INVITE", "sip:1@h", "Content-Type: multipart/mixed\r\n\r\nx",
		0, "");
	refused("INVITE", "sip:1@h", "Accept: text/plain\r\n\r\n", 406,
		"Warning: 399 ");
	refused("INVITE", "sip:1@h", "Accept: a/b, application/sdp\r\n\r\n", 0,
		"");
	refused("INVITE", "sip:1@h", "Accept: */*\r\n\r\n", 0, "");
	refused("BYE", "sip:1@h", "Content-Type: a/b\r\n\r\nx", 0, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipmsg");
	TCase *t = tcase_create("sipmsg");

	tcase_add_test(t, test_questions);
	tcase_add_test(t, test_headers);
	tcase_add_test(t, test_add_remove);
	tcase_add_test(t, test_clone);
	tcase_add_test(t, test_percent_nul);
	tcase_add_test(t, test_response);
	tcase_add_test(t, test_request_new);
	tcase_add_test(t, test_bodies);
	tcase_add_test(t, test_refusals);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
