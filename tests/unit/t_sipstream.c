/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip base */
/* Messages out of a stream: however the octets are cut, the same messages come
 * out, and the limits hold. */
#include "tests/unit/rnd.h"

#include "sip/gate.h"
#include "sip/stream.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\n"

/* What came out, as text: one line for each event. */
static char out[65536];
static struct sip_stream stream;
static struct rnd rnd;

static bool drain(void)
{
	enum sip_stream_event e;
	const char *data;
	size_t len;

	while ((e = sip_stream_next(&stream, &data, &len)) != STREAM_MORE) {
		size_t at = strlen(out);

		if (e == STREAM_CRLF) {
			snprintf(out + at, sizeof(out) - at, "crlf\n");
		} else if (e == STREAM_BAD) {
			snprintf(out + at, sizeof(out) - at, "bad %zu\n", len);
			return false;
		} else {
			snprintf(out + at, sizeof(out) - at, "%zu %.*s\n", len,
				 (int)len, data);
		}
	}
	return true;
}

/* Feeds text in pieces of the given size (0: at random). */
static void feed(const char *text, size_t len, size_t piece)
{
	bool good = true;

	memset(&stream, 0, sizeof(stream));
	out[0] = '\0';
	while (len && good) {
		size_t room, n = piece ? piece : 1 + rnd_below(&rnd, 40);
		char *to = sip_stream_space(&stream, &room);

		ck_assert_ptr_nonnull(to);
		ck_assert_uint_gt(room, 0);
		n = n < len ? n : len;
		n = n < room ? n : room;
		memcpy(to, text, n);
		sip_stream_fill(&stream, n);
		text += n;
		len -= n;
		good = drain();
	}
	if (good) {
		ck_assert(!stream.bad);
	}
}

static void expect(const char *text, const char *want)
{
	size_t len = strlen(text);

	for (size_t piece = 1; piece <= len + 1; piece++) {
		feed(text, len, piece);
		ck_assert_msg(!strcmp(out, want), "pieces of %zu:\n%s", piece,
			      out);
		sip_stream_fini(&stream);
	}
	for (int i = 0; i < 50; i++) {
		feed(text, len, 0);
		ck_assert_str_eq(out, want);
		sip_stream_fini(&stream);
	}
}

START_TEST(test_cuts)
{
	static const char one[] = HEAD "Content-Length: 3\r\n\r\nabc";
	static const char two[] = HEAD "l : \r\n 0\r\n\r\n";
	char text[1024], want[1024];

	snprintf(text, sizeof(text), "\r\n\r\n%s%s\r\n%s", one, two, one);
	snprintf(want, sizeof(want), "crlf\ncrlf\n%zu %s\n%zu %s\ncrlf\n%zu %s\n",
		 strlen(one), one, strlen(two), two, strlen(one), one);
	expect(text, want);
}
END_TEST

/* A body that looks like a message is a body. */
START_TEST(test_body_is_opaque)
{
	static const char text[] =
		HEAD "CONTENT-LENGTH:24\r\n\r\n\r\n\r\nINVITE\r\n\r\nabcdefgh"
		     "\r\n" HEAD "Content-Length: 0\r\n\r\n";
	char want[1024];

	snprintf(want, sizeof(want),
		 "%zu " HEAD "CONTENT-LENGTH:24\r\n\r\n\r\n\r\nINVITE\r\n\r\n"
		 "abcdefgh\r\n\n%zu " HEAD "Content-Length: 0\r\n\r\n\n",
		 strlen(HEAD "CONTENT-LENGTH:24\r\n\r\n") + 24,
		 strlen(HEAD "Content-Length: 0\r\n\r\n"));
	expect(text, want);
}
END_TEST

START_TEST(test_bad)
{
	static const char *const lengths[] = {
		"",			     /* none */
		"Content-Length: -1\r\n",
		"Content-Length: 1 2\r\n",
		"Content-Length: 0x3\r\n",
		"Content-Length:\r\n",
		"Content-Length: 1\r\nl: 1\r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Content-Length: 10241\r\n",
		"X: y\r\n Content-Length: 0\r\n", /* folded: another header's */
	};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		char text[512], want[32];

		snprintf(text, sizeof(text), HEAD "%s\r\n", lengths[i]);
		snprintf(want, sizeof(want), "bad %zu\n", strlen(text));
		expect(text, want);
	}
}
END_TEST

START_TEST(test_endless_header)
{
	char *text = malloc(40000);

	memset(text, 'a', 40000);
	feed(text, 40000, 100);
	ck_assert_str_eq(out, "bad 0\n");
	ck_assert_uint_le(stream.len, STREAM_ROOM);
	sip_stream_fini(&stream);
	free(text);
}
END_TEST

/* Limits are the gate's: the longest that passes there comes through here. */
START_TEST(test_longest)
{
	char *text = malloc(STREAM_ROOM + 1);
	size_t len = (size_t)sprintf(text, HEAD "Content-Length: %d\r\n\r\n",
				     SIP_GATE_BODY);

	memset(text + len, 'x', SIP_GATE_BODY);
	len += SIP_GATE_BODY;
	feed(text, len, 1);
	ck_assert_uint_eq(strtoul(out, NULL, 10), len);
	ck_assert(!sip_stream_is_partial(&stream));
	sip_stream_fini(&stream);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipstream");
	TCase *t = tcase_create("sipstream");

	rnd_init(&rnd, "t_sipstream");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_cuts);
	tcase_add_test(t, test_body_is_opaque);
	tcase_add_test(t, test_bad);
	tcase_add_test(t, test_endless_header);
	tcase_add_test(t, test_longest);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
