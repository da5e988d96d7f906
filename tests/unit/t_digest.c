/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip conf base */
/* Digest answers: the examples of RFC 2617 and RFC 7616, choice among several
 * challenges, nonce counting, and when not to answer. */
#include "sip/digest.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sip_msg *request;
static struct sip_digest state;

static void setup(void)
{
	struct sip_request q = {
		.method = "INVITE",
		.uri = "sip:1@provider.example",
		.from = "<sip:2@us.example>;tag=a",
		.to = "<sip:1@provider.example>",
		.call_id = "c",
		.cseq = 1,
	};

	request = sip_request_new(&q);
	memset(&state, 0, sizeof(state));
}

static void teardown(void)
{
	sip_msg_free(request);
}

/* A 401 or 407 with these challenges, one a line. */
static struct sip_msg *challenge(int status, const char *const *list)
{
	char text[4096];
	struct sip_msg *m;
	int n;

	n = snprintf(text, sizeof(text),
		     "SIP/2.0 %d No\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		     "From: <sip:2@us.example>;tag=a\r\n"
		     "To: <sip:1@provider.example>;tag=b\r\nCall-ID: c\r\n"
		     "CSeq: 1 INVITE\r\n",
		     status);
	for (; *list; list++) {
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "%s: %s\r\n",
			      status == 407 ? "Proxy-Authenticate"
					    : "WWW-Authenticate",
			      *list);
	}
	n += snprintf(text + n, sizeof(text) - (size_t)n,
		      "Content-Length: 0\r\n\r\n");
	m = sip_msg_from_text(text, (size_t)n);
	ck_assert_msg(m, "%s", text);
	return m;
}

static int answer(int status, const char *one, const char *two)
{
	const char *list[] = {one, two, NULL};
	struct sip_msg *m = challenge(status, list);
	int err = sip_digest_answer(&state, m, request, "", "gw1", "s3cret");

	sip_msg_free(m);
	return err;
}

/* The credentials of the request; "" when there are none or several. */
static const char *credentials(const char *name)
{
	static char text[2048];

	if (sip_msg_header(request, name, 0, text, sizeof(text)) < 0 ||
	    sip_msg_header(request, name, 1, text, sizeof(text)) >= 0) {
		return "";
	}
	ck_assert_int_ge(
		sip_msg_header(request, name, 0, text, sizeof(text)), 0);
	return text;
}

/* What the peer would compute from what we sent. */
static void expect_verified(const char *text, const char *method,
			    const char *uri)
{
	struct sip_digest_input in = {.user = "gw1", .password = "s3cret"};
	char realm[128], nonce[128], cnonce[64] = "", want[80];
	char out[SIP_DIGEST_HEX];
	const char *p;

	ck_assert_int_eq(sscanf(strstr(text, "realm=\"") + 7, "%127[^\"]",
				realm), 1);
	ck_assert_int_eq(sscanf(strstr(text, "nonce=\"") + 7, "%127[^\"]",
				nonce), 1);
	p = strstr(text, "cnonce=\"");
	in.qop = p ? "auth" : "";
	if (p) {
		ck_assert_int_eq(sscanf(p + 8, "%63[^\"]", cnonce), 1);
		ck_assert_int_eq(
			sscanf(strstr(text, "nc=") + 3, "%x", &in.nc), 1);
		ck_assert_ptr_nonnull(strstr(text, "qop=auth"));
	}
	in.algorithm = strstr(text, "algorithm=SHA-256") ? SIP_DIGEST_SHA256
							 : SIP_DIGEST_MD5;
	in.realm = realm;
	in.nonce = nonce;
	in.cnonce = cnonce;
	in.method = method;
	in.uri = uri;
	sip_digest_compute(&in, out);
	snprintf(want, sizeof(want), "response=\"%s\"", out);
	ck_assert_msg(strstr(text, want), "%s not in %s", want, text);
	snprintf(want, sizeof(want), "uri=\"%s\"", uri);
	ck_assert_ptr_nonnull(strstr(text, want));
	ck_assert_ptr_nonnull(strstr(text, "username=\"gw1\""));
}

struct vector {
	struct sip_digest_input in;
	const char *response;
};

static const struct vector vectors[] = {
	/* RFC 2617 3.5 */
	{{SIP_DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life",
	  "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	  "0a4f113b", "auth", 1, false},
	 "6629fae49393a05397450978507c4ef1"},
	/* RFC 2069 2.4 as corrected: no qop */
	{{SIP_DIGEST_MD5, "Mufasa", "testrealm@host.com", "CircleOfLife",
	  "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "",
	  "", 0, false},
	 "1949323746fe6a43ef61f9606e7febea"},
	/* RFC 7616 3.9.1 */
	{{SIP_DIGEST_MD5, "Mufasa", "http-auth@example.org", "Circle of Life",
	  "GET", "/dir/index.html",
	  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	  "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", 1, false},
	 "8ca523f5e9506fed4657c9700eebdbec"},
	{{SIP_DIGEST_SHA256, "Mufasa", "http-auth@example.org",
	  "Circle of Life", "GET", "/dir/index.html",
	  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	  "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", 1, false},
	 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	/* REGISTER, computed by another implementation */
	{{SIP_DIGEST_MD5, "gw1", "sip.example.net", "s3cret", "REGISTER",
	  "sip:sip.example.net", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	  "0a4f113b", "auth", 1, false},
	 "6488a5d6421876a86a124523b9b143d0"},
	{{SIP_DIGEST_SHA256, "gw1", "sip.example.net", "s3cret", "REGISTER",
	  "sip:sip.example.net", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	  "0a4f113b", "auth", 1, false},
	 "97018834d482d504fc98de2b9d354566d73ce5be31dde93496846eff0b01f750"},
	{{SIP_DIGEST_SHA512_256, "gw1", "sip.example.net", "s3cret",
	  "REGISTER", "sip:sip.example.net",
	  "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b", "auth", 1, false},
	 "bf78b6d3aa1b4db7951378df0822df83ca18eee701a741fea8a411cd651bf5a1"},
	{{SIP_DIGEST_SHA512_256, "gw1", "sip.example.net", "s3cret",
	  "REGISTER", "sip:sip.example.net",
	  "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b", "auth", 1, true},
	 "8f4180b7c67831b45194bcda68cc3d0684d96b8c2ca409648d910040e5095ccb"},
	{{SIP_DIGEST_MD5, "gw1", "sip.example.net", "s3cret", "REGISTER",
	  "sip:sip.example.net", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	  "0a4f113b", "auth", 1, true},
	 "0ba2a1fe9dd4b434c678c483f473272e"},
};

START_TEST(test_vectors)
{
	char out[SIP_DIGEST_HEX];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		sip_digest_compute(&vectors[i].in, out);
		ck_assert_str_eq(out, vectors[i].response);
	}
}
END_TEST

START_TEST(test_answer_401)
{
	const char *text;

	ck_assert_int_eq(answer(401,
				"Digest realm=\"r\", nonce=\"n1\", "
				"qop=\"auth,auth-int\", opaque=\"o\", "
				"algorithm=MD5",
				NULL),
			 0);
	text = credentials("Authorization");
	expect_verified(text, "INVITE", "sip:1@provider.example");
	ck_assert_ptr_nonnull(strstr(text, "nc=00000001"));
	ck_assert_ptr_nonnull(strstr(text, "opaque=\"o\""));
	ck_assert_ptr_nonnull(strstr(text, "algorithm=MD5"));
	ck_assert_str_eq(credentials("Proxy-Authorization"), "");
}
END_TEST

START_TEST(test_answer_407_without_qop)
{
	const char *text;

	ck_assert_int_eq(answer(407, "Digest realm=\"r\",nonce=\"n1\"", NULL),
			 0);
	text = credentials("Proxy-Authorization");
	expect_verified(text, "INVITE", "sip:1@provider.example");
	ck_assert_ptr_null(strstr(text, "algorithm"));
	ck_assert_ptr_null(strstr(text, "nc="));
}
END_TEST

/* Tokens where RFC 3261 wants quoted strings, as some registrars have them. */
START_TEST(test_tokens)
{
	static const char *const from[] = {
		"Digest realm=\"r\", nonce=\"n1\", qop=auth, opaque=\"o\"",
		"Digest qop=auth,realm=r,nonce=n1,opaque=o,algorithm=MD5",
		"Digest realm = r , nonce = n1\r\n , opaque=o,  qop = auth",
		"Digest nonce=n1, realm=\"r\",, opaque=o, qop=auth, "
		"domain=sip:x",
		"Digest opaque=\"o\", odd=\"qop=none, \\\", \", qop=auth,"
		"realm=r,nonce=\"n1\"",
	};

	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++) {
		const char *text;

		memset(&state, 0, sizeof(state));
		ck_assert_msg(!answer(401, from[i], NULL), "%s", from[i]);
		text = credentials("Authorization");
		expect_verified(text, "INVITE", "sip:1@provider.example");
		ck_assert_ptr_nonnull(strstr(text, "realm=\"r\""));
		ck_assert_ptr_nonnull(strstr(text, "nonce=\"n1\""));
		ck_assert_ptr_nonnull(strstr(text, "opaque=\"o\""));
		ck_assert_ptr_nonnull(strstr(text, "qop=auth, nc=00000001"));
	}
	ck_assert_int_eq(answer(401, "Digest realm=, nonce=\"n\"", NULL),
			 -ENOENT);
	ck_assert_int_eq(answer(401, "Digest =, ==,\"qop=auth", NULL),
			 -ENOENT);
}
END_TEST

START_TEST(test_strongest)
{
	static const char md5[] =
		"Digest realm=\"r\", nonce=\"m\", qop=\"auth\", algorithm=MD5";
	static const char sha[] = "Digest realm=\"r\", nonce=\"s\", "
				  "qop=\"auth\", algorithm=SHA-256";
	static const char best[] = "Digest realm=\"r\", nonce=\"x\", "
				   "qop=\"auth\", algorithm=SHA-512-256";
	static const char odd[] = "Digest realm=\"r\", nonce=\"x\", "
				  "qop=\"auth\", algorithm=SHA3-512";

	ck_assert_int_eq(answer(401, md5, sha), 0);
	ck_assert_ptr_nonnull(strstr(credentials("Authorization"), "SHA-256"));
	memset(&state, 0, sizeof(state));
	ck_assert_int_eq(answer(401, sha, md5), 0);
	expect_verified(credentials("Authorization"), "INVITE",
			"sip:1@provider.example");
	ck_assert_ptr_nonnull(strstr(credentials("Authorization"), "SHA-256"));
	memset(&state, 0, sizeof(state));
	ck_assert_int_eq(answer(401, sha, best), 0);
	ck_assert_ptr_nonnull(strstr(credentials("Authorization"),
				     "algorithm=SHA-512-256"));
	memset(&state, 0, sizeof(state));
	ck_assert_int_eq(answer(401, odd, md5), 0);
	ck_assert_ptr_nonnull(
		strstr(credentials("Authorization"), "algorithm=MD5"));
}
END_TEST

START_TEST(test_none_for_us)
{
	ck_assert_int_eq(answer(401, "Basic realm=\"r\"", NULL), -ENOENT);
	ck_assert_int_eq(answer(401,
				"Digest realm=\"r\", nonce=\"n\", "
				"qop=\"auth-int\"",
				NULL),
			 -ENOENT);
	ck_assert_int_eq(answer(401, "Digest realm=\"r\"", NULL), -ENOENT);
	ck_assert_int_eq(answer(401,
				"Digest realm=\"r\", nonce=\"n\", "
				"algorithm=MD5-sess",
				NULL),
			 -ENOENT);
	ck_assert_str_eq(credentials("Authorization"), "");
	ck_assert_uint_eq(state.tries, 0);
}
END_TEST

/* Credentials are for the realm that is set. */
START_TEST(test_realm)
{
	static const char one[] = "Digest realm=\"r\", nonce=\"1\"";
	static const char two[] = "Digest realm=\"R\", nonce=\"2\"";
	const char *list[] = {one, two, NULL};
	struct sip_msg *m = challenge(401, list);

	ck_assert_int_eq(sip_digest_answer(&state, m, request, "x", "u", "p"),
			 -EPERM);
	ck_assert_str_eq(credentials("Authorization"), "");
	ck_assert_int_eq(sip_digest_answer(&state, m, request, "R", "u", "p"),
			 0);
	ck_assert_ptr_nonnull(
		strstr(credentials("Authorization"), "realm=\"R\""));
	sip_msg_free(m);
}
END_TEST

START_TEST(test_sess)
{
	ck_assert_int_eq(answer(401,
				"Digest realm=\"r\", nonce=\"n\", "
				"qop=\"auth\", algorithm=MD5-sess",
				NULL),
			 0);
	ck_assert_ptr_nonnull(strstr(credentials("Authorization"),
				     "algorithm=MD5-sess"));
}
END_TEST

START_TEST(test_no_loop)
{
	static const char one[] = "Digest realm=\"r\", nonce=\"1\"";
	static const char two[] = "Digest realm=\"r\", nonce=\"2\"";
	static const char old[] = "Digest realm=\"r\", nonce=\"2\", stale=true";
	static const char more[] = "Digest realm=\"r\", nonce=\"3\", "
				   "stale=TRUE";
	static const char last[] = "Digest realm=\"r\", nonce=\"4\", "
				   "stale=true";

	ck_assert_int_eq(answer(401, one, NULL), 0);
	ck_assert_int_eq(answer(401, one, NULL), -EACCES);
	ck_assert_int_eq(answer(401, two, NULL), -EACCES);
	ck_assert_int_eq(answer(401, old, NULL), 0);
	ck_assert_int_eq(answer(401, old, NULL), -EACCES); /* same nonce */
	ck_assert_int_eq(answer(401, more, NULL), 0);
	ck_assert_int_eq(answer(401, last, NULL), -EACCES); /* enough */
}
END_TEST

START_TEST(test_proxy_then_server)
{
	ck_assert_int_eq(answer(407, "Digest realm=\"p\", nonce=\"1\"", NULL),
			 0);
	ck_assert_int_eq(answer(401, "Digest realm=\"s\", nonce=\"1\"", NULL),
			 0);
	ck_assert_str_ne(credentials("Authorization"), "");
	ck_assert_str_ne(credentials("Proxy-Authorization"), "");
}
END_TEST

START_TEST(test_nc_counts)
{
	ck_assert_int_eq(sip_digest_repeat(&state, request, "gw1", "s3cret"),
			 -ENOENT);
	ck_assert_int_eq(answer(401,
				"Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",
				NULL),
			 0);
	for (int i = 2; i < 4; i++) {
		char nc[16];

		ck_assert_int_eq(
			sip_digest_repeat(&state, request, "gw1", "s3cret"), 0);
		snprintf(nc, sizeof(nc), "nc=%08x", i);
		ck_assert_ptr_nonnull(
			strstr(credentials("Authorization"), nc));
		expect_verified(credentials("Authorization"), "INVITE",
				"sip:1@provider.example");
	}
}
END_TEST

START_TEST(test_hostile_challenges)
{
	char text[1024];

	/* nonce longer than we keep, quotes that would break out */
	snprintf(text, sizeof(text), "Digest realm=\"r\", nonce=\"%0300d\"", 1);
	ck_assert_int_eq(answer(401, text, NULL), -ENOENT);
	ck_assert_int_eq(
		answer(401, "Digest realm=\"a\\\"b\", nonce=\"n\"", NULL),
		-ENOENT);
	ck_assert_int_eq(sip_digest_answer(&state, request, request, "", "", "x"),
			 -EINVAL);
	ck_assert_int_eq(
		sip_digest_answer(&state, request, request, "", "a\"b", "x"),
		-EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("digest");
	TCase *t = tcase_create("digest");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_vectors);
	tcase_add_test(t, test_answer_401);
	tcase_add_test(t, test_answer_407_without_qop);
	tcase_add_test(t, test_tokens);
	tcase_add_test(t, test_strongest);
	tcase_add_test(t, test_none_for_us);
	tcase_add_test(t, test_no_loop);
	tcase_add_test(t, test_realm);
	tcase_add_test(t, test_sess);
	tcase_add_test(t, test_proxy_then_server);
	tcase_add_test(t, test_nc_counts);
	tcase_add_test(t, test_hostile_challenges);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
