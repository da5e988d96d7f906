/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip conf base */
/* One fault at a time in a good INVITE: verdict and reason of the gate; its
 * limits at the limit and one beyond; what it lets pass. */
#include "sip/gate_priv.h"
#include "sip/msg.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
	"INVITE sip:1@198.51.100.1 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\r\n"
	"From: \"A\" <sip:2@192.0.2.1>;tag=f\r\n"
	"To: <sip:1@198.51.100.1>\r\n"
	"Call-ID: c1@192.0.2.1\r\n"
	"CSeq: 1 INVITE\r\n"
	"Max-Forwards: 70\r\n"
	"Contact: <sip:2@192.0.2.1:5070>\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: 5\r\n"
	"\r\n"
	"v=0\r\n";

static char text[65536];
static struct sip_gate_result result;

/* good with the first old replaced by new. */
static size_t change(const char *old, const char *new)
{
	const char *at = strstr(good, old);
	size_t n;

	ck_assert_msg(at, "%s", old);
	n = (size_t)(at - good);
	memcpy(text, good, n);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", new,
			      at + strlen(old));
	return n;
}

/* On an exact heap copy, so that the sanitizer sees one octet too far. */
static enum sip_gate_verdict check(const char *data, size_t len,
				   struct sip_gate_stats *s)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	memset(&result, 0xa5, sizeof(result)); /* nothing relies on zeros */
	sip_gate_check(copy, len, &result, s);
	free(copy);
	return result.verdict;
}

struct fault {
	const char *old, *new;
	enum sip_gate_verdict verdict;
	enum sip_gate_reason reason;
};

static const struct fault faults[] = {
	{"SIP/2.0\r", "SIP/3.0\r", SIP_GATE_REPLY, SIP_GATE_VERSION},
	{"SIP/2.0\r", "SIP/2.0 \r", SIP_GATE_REPLY, SIP_GATE_START_LINE},
	{"SIP/2.0\r", "HTTP/1.1\r", SIP_GATE_REPLY, SIP_GATE_START_LINE},
	{"INVITE sip:", "INVITE  sip:", SIP_GATE_REPLY, SIP_GATE_START_LINE},
	{"INVITE sip:", "INV(ITE sip:", SIP_GATE_REPLY, SIP_GATE_START_LINE},
	{"INVITE sip:", "INVITE\tsip:", SIP_GATE_DROP, SIP_GATE_START_LINE},
	{"sip:1@198.51.100.1 ", "mailto:1@h ", SIP_GATE_REPLY,
	 SIP_GATE_SCHEME},
	{"sip:1@198.51.100.1 ", "<sip:1@h> ", SIP_GATE_REPLY, SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip: ", SIP_GATE_REPLY, SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:@h ", SIP_GATE_REPLY, SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:1@h:0 ", SIP_GATE_REPLY, SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:1@h:65536 ", SIP_GATE_REPLY,
	 SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:1@h?Route=x ", SIP_GATE_REPLY,
	 SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:1@2001:db8::1 ", SIP_GATE_REPLY,
	 SIP_GATE_URI},
	{"sip:1@198.51.100.1 ", "sip:1@[::1 ", SIP_GATE_REPLY, SIP_GATE_URI},
	{"Via: SIP", "Via SIP", SIP_GATE_DROP, SIP_GATE_HEADER_NAME},
	{"Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\r\n", "",
	 SIP_GATE_DROP, SIP_GATE_MISSING},
	{";branch=z9hG4bKa", ";;branch=a", SIP_GATE_REPLY, SIP_GATE_VIA},
	{";branch=z9hG4bKa", ";branch=a;branch=b", SIP_GATE_REPLY,
	 SIP_GATE_VIA},
	{";branch=z9hG4bKa", ";branch=", SIP_GATE_REPLY, SIP_GATE_VIA},
	{":5070;branch", ":x;branch", SIP_GATE_REPLY, SIP_GATE_VIA},
	{"SIP/2.0/UDP 192", "SIP/2.0 192", SIP_GATE_REPLY, SIP_GATE_VIA},
	{"UDP 192.0.2.1", "UDP ", SIP_GATE_REPLY, SIP_GATE_VIA},
	{"\"A\" <", "\"A <", SIP_GATE_REPLY, SIP_GATE_FROM},
	{"\"A\" <", "\"A\" ", SIP_GATE_REPLY, SIP_GATE_FROM},
	{"\"A\" <", "A, B <", SIP_GATE_REPLY, SIP_GATE_FROM},
	{";tag=f", ";tag=f;tag=g", SIP_GATE_REPLY, SIP_GATE_FROM},
	{";tag=f", ";tag=", SIP_GATE_REPLY, SIP_GATE_FROM},
	{";tag=f", ";tag=\"f\"", SIP_GATE_REPLY, SIP_GATE_FROM},
	{";tag=f", ";tag=f, <sip:x@y>", SIP_GATE_REPLY, SIP_GATE_FROM},
	{"To: <sip:1@198.51.100.1>", "To: <sip:1@h", SIP_GATE_REPLY,
	 SIP_GATE_TO},
	{"To: <sip:1@198.51.100.1>", "To: ", SIP_GATE_DROP, SIP_GATE_TO},
	{"To: <sip:1@198.51.100.1>", "To: <sip:a b@h>", SIP_GATE_REPLY,
	 SIP_GATE_TO},
	{"To: <", "To: <sip:x@y>\r\nTo: <", SIP_GATE_REPLY,
	 SIP_GATE_REPEATED},
	{"c1@192.0.2.1", "c1 x", SIP_GATE_REPLY, SIP_GATE_CALL_ID},
	{"c1@192.0.2.1", "a@b@c", SIP_GATE_REPLY, SIP_GATE_CALL_ID},
	{"CSeq: 1 ", "CSeq: ", SIP_GATE_REPLY, SIP_GATE_CSEQ},
	{"CSeq: 1 ", "CSeq: -1 ", SIP_GATE_REPLY, SIP_GATE_CSEQ},
	{"CSeq: 1 ", "CSeq: 2147483648 ", SIP_GATE_REPLY, SIP_GATE_CSEQ},
	{"CSeq: 1 ", "CSeq: 99999999999999999999999 ", SIP_GATE_REPLY,
	 SIP_GATE_CSEQ},
	{"CSeq: 1 INVITE", "CSeq: 1 invite", SIP_GATE_REPLY,
	 SIP_GATE_CSEQ_METHOD},
	{"Max-Forwards: 70", "Max-Forwards: 256", SIP_GATE_REPLY,
	 SIP_GATE_MAX_FORWARDS},
	{"Max-Forwards: 70", "Max-Forwards: x", SIP_GATE_REPLY,
	 SIP_GATE_MAX_FORWARDS},
	{"Max-Forwards: 70", "Expires: 4294967296", SIP_GATE_REPLY,
	 SIP_GATE_EXPIRES},
	{"5070>\r\n", "5070>;;\r\n", SIP_GATE_REPLY, SIP_GATE_CONTACT},
	{"Contact: <sip:2@192.0.2.1:5070>", "Contact: sip:2@h?a=b",
	 SIP_GATE_REPLY, SIP_GATE_CONTACT},
	{"Contact: <", "Route: sip:x@y\r\nContact: <", SIP_GATE_REPLY,
	 SIP_GATE_ROUTE},
	{"Contact: <", "Record-Route: <sip:x@y\r\nContact: <", SIP_GATE_REPLY,
	 SIP_GATE_ROUTE},
	{"application/sdp", "application", SIP_GATE_REPLY,
	 SIP_GATE_CONTENT_TYPE},
	{"Content-Length: 5", "Content-Length: -5", SIP_GATE_REPLY,
	 SIP_GATE_CONTENT_LENGTH},
	{"Content-Length: 5", "Content-Length: +5", SIP_GATE_REPLY,
	 SIP_GATE_CONTENT_LENGTH},
	{"Content-Length: 5", "Content-Length: 0x5", SIP_GATE_REPLY,
	 SIP_GATE_CONTENT_LENGTH},
	{"Content-Length: 5", "Content-Length: 5\r\nl: 5", SIP_GATE_REPLY,
	 SIP_GATE_REPEATED},
	{"Content-Length: 5", "Content-Length: 6", SIP_GATE_REPLY,
	 SIP_GATE_SHORT_BODY},
	{"Content-Length: 5\r\n\r\nv=0", "X: y\r\nv=0", SIP_GATE_REPLY,
	 SIP_GATE_HEADER_NAME},
	{"\r\n\r\nv=0\r\n", "\r\n", SIP_GATE_REPLY, SIP_GATE_NO_END},
	{"Max-Forwards: 70\r\n", "Max-Forwards: 70\n", SIP_GATE_REPLY,
	 SIP_GATE_CONTROL},
	{"Max-Forwards: 70", "Subject: a\001b", SIP_GATE_REPLY,
	 SIP_GATE_CONTROL},
	{"Max-Forwards: 70", "Subject: a\rb", SIP_GATE_REPLY,
	 SIP_GATE_CONTROL},
	{"Max-Forwards: 70", "Subject: a\\\rb", SIP_GATE_REPLY,
	 SIP_GATE_CONTROL},
	{"Max-Forwards: 70", "Sub ject: a", SIP_GATE_REPLY,
	 SIP_GATE_HEADER_NAME},
	{"Max-Forwards: 70", ": a", SIP_GATE_REPLY, SIP_GATE_HEADER_NAME},
	/* nothing of an ACK is answered */
	{"INVITE sip:1@", "ACK sip:1@", SIP_GATE_DROP, SIP_GATE_CSEQ_METHOD},
	/* nor of a response */
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 700 X", SIP_GATE_DROP,
	 SIP_GATE_STATUS},
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 20 X", SIP_GATE_DROP,
	 SIP_GATE_START_LINE},
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 2000 X", SIP_GATE_DROP,
	 SIP_GATE_START_LINE},
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 0200 X", SIP_GATE_DROP,
	 SIP_GATE_START_LINE},
};

START_TEST(test_faults)
{
	struct sip_gate_stats s;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		const struct fault *f = &faults[i];
		size_t n = change(f->old, f->new);

		memset(&s, 0, sizeof(s));
		check(text, n, &s);
		ck_assert_msg(result.verdict == f->verdict &&
				      result.reason == f->reason,
			      "%s -> %s: verdict %d, %s", f->old, f->new,
			      result.verdict,
			      sip_gate_reason_name(result.reason));
		ck_assert_uint_eq(s.seen, 1);
		ck_assert_uint_eq(s.reason[f->reason], 1);
		ck_assert_uint_eq(s.replied, f->verdict == SIP_GATE_REPLY);
		ck_assert_uint_eq(s.dropped, f->verdict == SIP_GATE_DROP);
	}
}
END_TEST

static const struct {
	const char *old, *new;
} fine[] = {
	{"INVITE sip", "INVITE sip"},
	{"INVITE sip:1@198.51.100.1", "INVITE tel:+4971112345"},
	{"sip:1@198.51.100.1 ", "sip:1?x;y@h:5061;lr "},
	{"sip:1@198.51.100.1 ", "SIPS:[2001:db8::1]:5061;transport=tls "},
	{"SIP/2.0\r", "sip/2.0\r"},
	{"Via: SIP/2.0/UDP", "v  : SIP / 2.0 /\r\n UDP"},
	{";branch=z9hG4bKa", ""},
	{";branch=z9hG4bKa",
	 ";branch=a;x=\"q;,\";rport , SIP/2.0/TCP [::1]:1;received=::1"},
	{"From: \"A\" <", "f: <"},
	{"From: \"A\" <", "From: A B<"},
	{"From: \"A\" <", "From: \"\\\"\xc3\xa4, ;<\" <"},
	{"From: \"A\" <sip:2@192.0.2.1>", "From: sip:2@192.0.2.1"},
	{";tag=f", " ; tag = f ; x ; y=\"z\""},
	{"To: <sip:1@198.51.100.1>", "t\t:\r\n\t<http://x?y>"},
	{"CSeq: 1 INVITE", "cseq:\r\n 002147483647\r\n INVITE"},
	{"Max-Forwards: 70", "Max-Forwards: 000"},
	{"Max-Forwards: 70", "Subject:"},
	{"Max-Forwards: 70", "Subject: \";,<"},
	{"Contact: <sip:2@192.0.2.1:5070>", "m: *"},
	{"5070>", "5070>;q=0.5;expires=5, \"x\" <sip:a@b>;+sip.instance=\"<u>\""},
	{"Content-Type: application/sdp\r\nContent-Length: 5\r\n", ""},
	{"Content-Length: 5", "l:3"},
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 100 "},
	{"INVITE sip:1@198.51.100.1 SIP/2.0", "SIP/2.0 699 \xc3\xa4"},
};

START_TEST(test_fine)
{
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		size_t n = change(fine[i].old, fine[i].new);
		struct sip_msg *m;

		check(text, n, NULL);
		ck_assert_msg(result.verdict == SIP_GATE_PASS, "%s: %s",
			      fine[i].new,
			      sip_gate_reason_name(result.reason));
		m = sip_msg_from_text(text, n);
		ck_assert_msg(m, "osip refuses %s", fine[i].new);
		sip_msg_free(m);
	}
}
END_TEST

/* The body: cut by Content-Length, to the end without it. */
START_TEST(test_body)
{
	size_t n = change("Content-Length: 5", "Content-Length: 3");

	check(text, n, NULL);
	ck_assert_uint_eq(result.body.len, 3);
	n = change("Content-Length: 5\r\n", "");
	memcpy(text + n, "\0\1\2", 3); /* a body may hold anything */
	check(text, n + 3, NULL);
	ck_assert_int_eq(result.verdict, SIP_GATE_PASS);
	ck_assert_uint_eq(result.body.len, 8);
	n = change("Content-Length: 5", "Content-Length: 0");
	check(text, n, NULL);
	ck_assert_uint_eq(result.body.len, 0);
}
END_TEST

static enum sip_gate_reason with_pad(size_t line, unsigned count)
{
	size_t n = (size_t)(strstr(good, "Max-Forwards") - good);
	size_t rest = strlen(good) - n;

	memcpy(text, good, n);
	for (unsigned i = 0; i < count; i++) {
		memcpy(text + n, "X: ", 3);
		memset(text + n + 3, 'a', line - 3);
		n += line;
		memcpy(text + n, "\r\n", 2);
		n += 2;
	}
	memcpy(text + n, strstr(good, "Max-Forwards"), rest);
	check(text, n + rest, NULL);
	return result.reason;
}

START_TEST(test_limits)
{
	char body[64];
	size_t n;

	ck_assert_int_eq(with_pad(SIP_GATE_LINE, 1), SIP_GATE_OK);
	ck_assert_int_eq(with_pad(SIP_GATE_LINE + 1, 1), SIP_GATE_LINE_LENGTH);
	ck_assert_int_eq(with_pad(4, SIP_GATE_HEADERS - 9), SIP_GATE_OK);
	ck_assert_int_eq(with_pad(4, SIP_GATE_HEADERS - 8),
			 SIP_GATE_HEADER_COUNT);
	ck_assert_int_eq(with_pad(4000, 4), SIP_GATE_OK);
	ck_assert_int_eq(with_pad(4000, 5), SIP_GATE_TOO_LONG);
	ck_assert_int_eq(result.verdict, SIP_GATE_DROP);
	snprintf(body, sizeof(body), "Content-Length: %d", SIP_GATE_BODY);
	n = change("Content-Length: 5", body);
	memset(text + n, 'b', SIP_GATE_BODY);
	check(text, n - 5 + SIP_GATE_BODY, NULL);
	ck_assert_int_eq(result.reason, SIP_GATE_OK);
	snprintf(body, sizeof(body), "Content-Length: %d", SIP_GATE_BODY + 1);
	n = change("Content-Length: 5", body);
	memset(text + n, 'b', SIP_GATE_BODY + 1);
	check(text, n - 4 + SIP_GATE_BODY, NULL);
	ck_assert_int_eq(result.reason, SIP_GATE_LONG_BODY);
	ck_assert_int_eq(result.verdict, SIP_GATE_REPLY);
	ck_assert_int_eq(sip_gate_status(result.reason), 513);
}
END_TEST

START_TEST(test_vias)
{
	char vias[2048] = "";
	size_t n;

	for (int i = 0; i < SIP_GATE_VIAS - 1; i++) {
		strcat(vias, "Via: SIP/2.0/UDP h\r\n");
	}
	strcat(vias, "Via: SIP");
	n = change("Via: SIP", vias);
	check(text, n, NULL);
	ck_assert_int_eq(result.verdict, SIP_GATE_PASS);
	ck_assert_uint_eq(result.n_via, SIP_GATE_VIAS);
	n = change("Max-Forwards: 70", "v: a/b/c d, e/f/g h");
	check(text, n, NULL);
	ck_assert_uint_eq(result.n_via, 3);
	strcat(vias, "/2.0/UDP h\r\nVia: SIP");
	n = change("Via: SIP", vias);
	check(text, n, NULL);
	ck_assert_int_eq(result.reason, SIP_GATE_VIA);
}
END_TEST

START_TEST(test_keepalive)
{
	static const char *const noise[] = {"", "\r\n", "\r\n\r\n", "\0\1\0\0",
					    "\1"};
	static const size_t len[] = {0, 2, 4, 4, 1};

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(check(noise[i], len[i], NULL), SIP_GATE_DROP);
		ck_assert_int_eq(result.reason, SIP_GATE_KEEPALIVE);
	}
	memcpy(text, "\r\n\r\n", 4); /* RFC 3261 7.5 */
	memcpy(text + 4, good, sizeof(good) - 1);
	ck_assert_int_eq(check(text, sizeof(good) + 3, NULL), SIP_GATE_PASS);
}
END_TEST

START_TEST(test_nul)
{
	size_t n = change("Max-Forwards: 70", "Subject: a_b");
	char *at = strstr(text, "a_b") + 1;

	*at = '\0';
	ck_assert_int_eq(check(text, n, NULL), SIP_GATE_REPLY);
	ck_assert_int_eq(result.reason, SIP_GATE_CONTROL);
	at[-1] = '\\'; /* RFC 4475 3.1.1.2: a quoted-pair */
	ck_assert_int_eq(check(text, n, NULL), SIP_GATE_PASS);
}
END_TEST

/* The answer repeats what it must and nothing that could break a line. */
START_TEST(test_reply)
{
	size_t n = change("Max-Forwards: 70", "Max-Forwards: 700");
	struct net_addr source;
	char out[8192];
	struct sip_msg *m;
	size_t len;

	net_parse(&source, "192.0.2.9:4321");
	check(text, n, NULL);
	len = sip_gate_reply(&result, text, &source, out, sizeof(out));
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(strncmp(out, "SIP/2.0 400 Bad Max-Forwards\r\n", 30),
			 0);
	m = sip_msg_from_text(out, len);
	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(sip_msg_call_id(m), "c1@192.0.2.1");
	ck_assert_str_eq(sip_msg_from_tag(m), "f");
	ck_assert_uint_eq(strlen(sip_msg_to_tag(m)), 16);
	ck_assert_ptr_nonnull(strstr(out, ";received=192.0.2.9\r\n"));
	sip_msg_free(m);
	ck_assert_uint_eq(sip_gate_reply(&result, text, &source, out, 200), 0);
	n = change(";branch=z9hG4bKa", ";rport;branch=z9hG4bKa;;");
	check(text, n, NULL);
	len = sip_gate_reply(&result, text, &source, out, sizeof(out));
	ck_assert_ptr_nonnull(
		strstr(out, ";rport=4321;branch=z9hG4bKa;received=192.0.2.9"));
	n = change("\"A\" <sip:2@192.0.2.1>", "\"A\r\n Evil: x\001");
	check(text, n, NULL);
	len = sip_gate_reply(&result, text, &source, out, sizeof(out));
	ck_assert_uint_gt(len, 0);
	ck_assert_ptr_null(strstr(out, "\nEvil"));
	ck_assert_ptr_null(strchr(out, 1));
}
END_TEST

START_TEST(test_names)
{
	for (int i = 0; i < SIP_GATE_REASONS; i++) {
		ck_assert_ptr_nonnull(
			sip_gate_reason_name((enum sip_gate_reason)i));
		ck_assert_ptr_nonnull(
			sip_gate_phrase((enum sip_gate_reason)i));
	}
	ck_assert_str_eq(sip_gate_reason_name(SIP_GATE_REASONS), "?");
}
END_TEST

/* The table against the sets of RFC 3261 25.1. */
START_TEST(test_classes)
{
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z');
		bool token = alnum || (i && strchr("-.!%*_+`'~", c));
		bool visible = i > 32 && i < 127;

		ck_assert_int_eq(gate_is(c, GATE_TOKEN), token);
		ck_assert_int_eq(gate_is(c, GATE_HOST),
				 alnum || (i && strchr("-._", c)));
		ck_assert_int_eq(gate_is(c, GATE_VALUE),
				 i && !strchr(" \t\r\n;,\"<>", c));
		ck_assert_int_eq(gate_is(c, GATE_CALL_ID),
				 token ||
					 (i && strchr("()<>:\\\"/[]?{}", c)));
		ck_assert_int_eq(gate_is(c, GATE_URI),
				 visible && !strchr("<>\"", c));
		ck_assert_int_eq(gate_is(c, GATE_WS),
				 i && strchr(" \t\r\n", c) != NULL);
		ck_assert_int_eq(gate_is(c, GATE_TEXT),
				 (i >= 32 && i != 127) || c == '\t');
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipgate");
	TCase *t = tcase_create("sipgate");

	tcase_add_test(t, test_classes);
	tcase_add_test(t, test_faults);
	tcase_add_test(t, test_fine);
	tcase_add_test(t, test_body);
	tcase_add_test(t, test_limits);
	tcase_add_test(t, test_vias);
	tcase_add_test(t, test_keepalive);
	tcase_add_test(t, test_nul);
	tcase_add_test(t, test_reply);
	tcase_add_test(t, test_names);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
