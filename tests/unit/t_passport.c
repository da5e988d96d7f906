/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* PASSporT: the example of RFC 8225, what we write and read again, and tokens
 * that are no good. */
#include "../../sip/passport.c"
#include "tests/suite.h"

#include <check.h>

/* The example of RFC 8225 A. Its last drafts have iat as text, and a signature
 * that the key printed there has made; the signature in the RFC itself, where
 * iat is a number, was made by another key (checked with OpenSSL). */
#define DRAFT_CLAIMS                                                       \
	"eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI" \
	"6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0"
#define DRAFT_SIG                                                          \
	"rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojN" \
	"CpTzO3QfPOlckGaS6hEck7w"
#define RFC_HEADER                                                          \
	"eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9j" \
	"ZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9"
#define RFC_CLAIMS                                                         \
	"eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI" \
	"6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19"
#define RFC_SIG                                                            \
	"VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkb" \
	"a7UWYRM47ZbNFdOJquE35cw"
#define RFC_INFO ";info=<https://cert.example.org/passport.cer>"

static const char rfc_key[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH\n"
	"78YTU8qLS8I5HLHSSmlATLcslQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g==\n"
	"-----END PUBLIC KEY-----\n";

static struct passport_token t;

START_TEST(test_rfc8225)
{
	static const char input[] = RFC_HEADER "." DRAFT_CLAIMS;
	uint8_t sig[JWS_SIG + 2];
	gnutls_datum_t pem = {(unsigned char *)(uintptr_t)rfc_key,
			      (unsigned)strlen(rfc_key)};
	gnutls_pubkey_t key;

	ck_assert_int_eq(passport_read(&t, RFC_HEADER "." RFC_CLAIMS "." RFC_SIG
					       RFC_INFO),
			 PASSPORT_OK);
	ck_assert(!t.compact && !t.says.loose);
	ck_assert_int_eq(t.says.iat, 1471375418);
	ck_assert_str_eq(t.says.orig, "12155551212");
	ck_assert_str_eq(t.says.x5u, "https://cert.example.org/passport.cer");
	ck_assert_uint_eq(t.says.n_dest, 0);
	ck_assert_int_eq(passport_read(&t, RFC_HEADER "." DRAFT_CLAIMS
					       "." DRAFT_SIG RFC_INFO),
			 PASSPORT_CLAIMS);
	ck_assert_int_eq(gnutls_pubkey_init(&key), 0);
	ck_assert_int_eq(gnutls_pubkey_import(key, &pem, GNUTLS_X509_FMT_PEM),
			 0);
	ck_assert_int_eq(decode(sig, sizeof(sig), DRAFT_SIG, SIG_TEXT),
			 JWS_SIG);
	ck_assert(jws_verify(key, input, strlen(input), sig));
	ck_assert(!jws_verify(key, input, strlen(input) - 1, sig));
	sig[63] ^= 1;
	ck_assert(!jws_verify(key, input, strlen(input), sig));
	gnutls_pubkey_deinit(key);
}
END_TEST

/* A key to sign with, and its other half. */
static gnutls_privkey_t private;
static gnutls_pubkey_t public;

static void setup(void)
{
	ck_assert_int_eq(gnutls_privkey_init(&private), 0);
	ck_assert_int_eq(
		gnutls_privkey_generate(
			private, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	gnutls_pubkey_init(&public);
	ck_assert_int_eq(gnutls_pubkey_import_privkey(public, private, 0, 0),
			 0);
}

static void teardown(void)
{
	gnutls_privkey_deinit(private);
	gnutls_pubkey_deinit(public);
}

static const struct passport shaken = {
	.ppt = "shaken",
	.x5u = "https://cert.example.org/a.pem",
	.iat = 1443208345,
	.attest = 'A',
	.origid = "123e4567-e89b-42d3-a456-426655440000",
	.orig = "12155551212",
	.n_dest = 1,
	.dest = {"12125551213"},
};

/* reference: keys in the order of their names, no blanks */
static const char shaken_head[] =
	"{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\","
	"\"x5u\":\"https://cert.example.org/a.pem\"}";
static const char shaken_claims[] =
	"{\"attest\":\"A\",\"dest\":{\"tn\":[\"12125551213\"]},"
	"\"iat\":1443208345,\"orig\":{\"tn\":\"12155551212\"},"
	"\"origid\":\"123e4567-e89b-42d3-a456-426655440000\"}";

/* An Identity value of two JSON texts, signed. */
static const char *signed_value(const char *head, const char *claims)
{
	static char value[2 * PASSPORT_MAX];
	uint8_t sig[JWS_SIG];
	size_t at = 0;

	ck_assert(encode(value, sizeof(value), &at, head, strlen(head)));
	value[at++] = '.';
	ck_assert(encode(value, sizeof(value), &at, claims, strlen(claims)));
	ck_assert_int_eq(jws_sign(private, value, at, sig), 0);
	value[at++] = '.';
	ck_assert(encode(value, sizeof(value), &at, sig, sizeof(sig)));
	strcpy(value + at, ";info=<https://cert.example.org/a.pem>");
	return value;
}

START_TEST(test_write)
{
	char input[PASSPORT_MAX], value[PASSPORT_MAX], text[PASSPORT_MAX] = "";
	uint8_t sig[JWS_SIG];
	int n = passport_input(&shaken, input);
	size_t dot = strcspn(input, ".");

	ck_assert_int_gt(n, 0);
	ck_assert_int_gt(decode((uint8_t *)text, sizeof(text), input, dot), 0);
	ck_assert_str_eq(text, shaken_head);
	memset(text, 0, sizeof(text));
	ck_assert_int_gt(decode((uint8_t *)text, sizeof(text), input + dot + 1,
				(size_t)n - dot - 1),
			 0);
	ck_assert_str_eq(text, shaken_claims);
	ck_assert_int_eq(jws_sign(private, input, (size_t)n, sig), 0);
	ck_assert_int_gt(passport_write(&shaken, input, sig, value), 0);
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert(!t.says.loose);
	ck_assert_mem_eq(&t.says, &shaken, sizeof(shaken));
	ck_assert(jws_verify(public, t.input, t.input_len, t.sig));
}
END_TEST

/* Some signature has a leading zero octet in r or s: 64 octets all the same. */
START_TEST(test_many_signatures)
{
	char text[16];
	uint8_t sig[JWS_SIG];
	unsigned zeros = 0;

	for (unsigned i = 0; i < 2000 && zeros < 2; i++) {
		snprintf(text, sizeof(text), "%u", i);
		ck_assert_int_eq(jws_sign(private, text, strlen(text), sig),
				 0);
		zeros += !sig[0] || !sig[32];
		ck_assert(jws_verify(public, text, strlen(text), sig));
	}
	ck_assert_uint_gt(zeros, 0);
}
END_TEST

START_TEST(test_compact)
{
	struct passport plain = shaken;
	char input[PASSPORT_MAX], value[PASSPORT_MAX];
	uint8_t sig[JWS_SIG];
	int n;

	plain.ppt[0] = plain.origid[0] = plain.attest = '\0';
	n = passport_input(&plain, input);
	ck_assert_int_eq(jws_sign(private, input, (size_t)n, sig), 0);
	ck_assert_int_gt(passport_write(&plain, NULL, sig, value), 0);
	ck_assert_int_eq(strncmp(value, "..", 2), 0);
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert(t.compact);
	ck_assert_str_eq(t.says.x5u, plain.x5u);
	plain.x5u[0] = '\0';
	ck_assert(passport_complete(&t, &plain));
	ck_assert(jws_verify(public, t.input, t.input_len, t.sig));
	plain.iat++;
	ck_assert(passport_complete(&t, &plain));
	ck_assert(!jws_verify(public, t.input, t.input_len, t.sig));
}
END_TEST

#define X5U "\"x5u\":\"https://cert.example.org/a.pem\""
#define HEAD(alg) "{\"alg\":" alg ",\"typ\":\"passport\"," X5U "}"
#define BASE(iat, orig, dest) \
	"{\"dest\":" dest ",\"iat\":" iat ",\"orig\":" orig "}"
#define TN "{\"tn\":\"1\"}"
#define TNS "{\"tn\":[\"2\"]}"

START_TEST(test_claims)
{
	static const struct {
		enum passport_fault fault;
		bool loose;
		const char *head, *claims;
	} rows[] = {
		{PASSPORT_OK, false, shaken_head, shaken_claims},
		{PASSPORT_OK, false, HEAD("\"ES256\""), BASE("7", TN, TNS)},
		/* not canonical, but clear */
		{PASSPORT_OK, true, HEAD("\"ES256\""),
		 "{\"orig\":" TN ",\"dest\":" TNS ",\"iat\":7}"},
		{PASSPORT_OK, true, HEAD("\"ES256\""), BASE(" 7", TN, TNS)},
		{PASSPORT_OK, true, HEAD("\"ES256\""),
		 BASE("7", "{\"tn\":\"+1\"}", TNS)},
		/* twice the same key */
		{PASSPORT_JSON, false, HEAD("\"ES256\""),
		 "{\"iat\":7,\"iat\":7,\"orig\":" TN ",\"dest\":" TNS "}"},
		{PASSPORT_JSON, false, HEAD("\"ES256\""), "[7]"},
		{PASSPORT_JSON, false, HEAD("\"ES256\""), "{\"iat\":7"},
		{PASSPORT_JSON, false, HEAD("\"ES256\""), "\xff\xfe{}"},
		{PASSPORT_JSON, false, "{}{}", shaken_claims},
		{PASSPORT_ALG, false, HEAD("\"none\""), BASE("7", TN, TNS)},
		{PASSPORT_ALG, false, HEAD("\"HS256\""), BASE("7", TN, TNS)},
		{PASSPORT_ALG, false, HEAD("\"es256\""), BASE("7", TN, TNS)},
		{PASSPORT_ALG, false, HEAD("5"), BASE("7", TN, TNS)},
		{PASSPORT_HEADER, false,
		 "{\"alg\":\"ES256\",\"typ\":\"JWT\"," X5U "}",
		 BASE("7", TN, TNS)},
		{PASSPORT_HEADER, false,
		 "{\"alg\":\"ES256\",\"crit\":[\"x\"],\"typ\":\"passport\"," X5U
		 "}",
		 BASE("7", TN, TNS)},
		{PASSPORT_HEADER, false,
		 "{\"alg\":\"ES256\",\"typ\":\"passport\"}",
		 BASE("7", TN, TNS)},
		{PASSPORT_INFO, false,
		 "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":"
		 "\"https://cert.example.org/b.pem\"}",
		 BASE("7", TN, TNS)},
		/* as printed in RFC 8588 */
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("\"7\"", TN, TNS)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("-7", TN, TNS)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("7.5", TN, TNS)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("7", TNS, TNS)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""), BASE("7", TN, TN)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("7", TN, "{\"tn\":[]}")},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("7", "{\"tn\":\"alice\"}", TNS)},
		{PASSPORT_CLAIMS, false, HEAD("\"ES256\""),
		 BASE("7", "{\"tn\":\"12345678901234567890123456789012\"}",
		      TNS)},
		/* shaken without what it is about */
		{PASSPORT_CLAIMS, false, shaken_head, BASE("7", TN, TNS)},
		{PASSPORT_CLAIMS, false, shaken_head,
		 "{\"attest\":\"D\",\"dest\":" TNS ",\"iat\":7,\"orig\":" TN
		 ",\"origid\":\"x\"}"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *v = signed_value(rows[i].head, rows[i].claims);
		enum passport_fault f = passport_read(&t, v);

		ck_assert_msg(f == rows[i].fault, "row %zu: %s", i,
			      passport_fault_name(f));
		ck_assert_msg(f || t.says.loose == rows[i].loose, "row %zu", i);
		ck_assert(f || jws_verify(public, t.input, t.input_len,
					    t.sig));
	}
}
END_TEST

/* The header's value, for the rest that can be wrong with it. */
START_TEST(test_values)
{
	static const struct {
		enum passport_fault fault;
		const char *value;
	} rows[] = {
		{PASSPORT_SYNTAX, ""},
		{PASSPORT_SYNTAX, ";"},
		{PASSPORT_SYNTAX, "garbage"},
		{PASSPORT_SYNTAX, "a.b"},
		{PASSPORT_SYNTAX, "." RFC_CLAIMS "." RFC_SIG RFC_INFO},
		{PASSPORT_BASE64, RFC_HEADER ".." RFC_SIG RFC_INFO},
		{PASSPORT_SYNTAX, ".." RFC_SIG ";info=<https://open"},
		{PASSPORT_SYNTAX, ".." RFC_SIG ";=x"},
		{PASSPORT_SYNTAX, ".." RFC_SIG " x"},
		{PASSPORT_OK, ".." RFC_SIG RFC_INFO},
		{PASSPORT_OK, " .." RFC_SIG " ; info = <https://a.b> ; x"},
		{PASSPORT_OK, ".." RFC_SIG ";INFO=\"https://a.b\";ALG=es256"},
		{PASSPORT_ALG, ".." RFC_SIG RFC_INFO ";alg=RS256"},
		{PASSPORT_INFO, ".." RFC_SIG},
		{PASSPORT_INFO, ".." RFC_SIG ";info=<http://a.b>"},
		{PASSPORT_INFO, ".." RFC_SIG ";info"},
		{PASSPORT_LONG, ".." RFC_SIG RFC_INFO
				";ppt=seventeen-letters-long"},
		{PASSPORT_PPT_DIFFERS, RFC_HEADER "." RFC_CLAIMS "." RFC_SIG
					       RFC_INFO ";ppt=shaken"},
		{PASSPORT_BASE64, ".." RFC_SIG "A" RFC_INFO},
		{PASSPORT_BASE64, "..AAAA" RFC_INFO},
		{PASSPORT_BASE64, ".." RFC_SIG "==" RFC_INFO},
		{PASSPORT_BASE64, "e+/=." RFC_CLAIMS "." RFC_SIG RFC_INFO},
		/* one character short, and bits that nobody needs */
		{PASSPORT_BASE64, "eyJhb." RFC_CLAIMS "." RFC_SIG RFC_INFO},
		{PASSPORT_BASE64, "e31." RFC_CLAIMS "." RFC_SIG RFC_INFO},
		{PASSPORT_ALG, "e30." RFC_CLAIMS "." RFC_SIG RFC_INFO},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum passport_fault f = passport_read(&t, rows[i].value);

		ck_assert_msg(f == rows[i].fault, "row %zu: %s", i,
			      passport_fault_name(f));
	}
}
END_TEST

/* Cut anywhere, or with any octet changed: never the same token. */
START_TEST(test_truncated)
{
	char value[2 * PASSPORT_MAX];
	size_t len;

	strcpy(value, signed_value(shaken_head, shaken_claims));
	len = strlen(value);
	for (size_t n = 0; n < len; n++) {
		char *exact = strndup(value, n);

		ck_assert_int_ne(passport_read(&t, exact), PASSPORT_OK);
		free(exact);
	}
	len = strcspn(value, ";");
	for (size_t n = 0; n < len; n++) {
		char was = value[n];

		value[n] = was == 'A' ? 'B' : 'A';
		ck_assert(passport_read(&t, value) != PASSPORT_OK ||
			  !jws_verify(public, t.input, t.input_len, t.sig));
		value[n] = was;
	}
}
END_TEST

START_TEST(test_long)
{
	char value[2 * PASSPORT_MAX + 1];

	memset(value, 'e', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_LONG);
	value[PASSPORT_MAX - 1] = '\0';
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_SYNTAX);
}
END_TEST

/* RFC 8224 8.3 */
START_TEST(test_tn)
{
	char tn[PASSPORT_TN];

	ck_assert(passport_tn(tn, "+1-215-555-1212"));
	ck_assert_str_eq(tn, "12155551212");
	ck_assert(passport_tn(tn, "(0711) 12.34"));
	ck_assert_str_eq(tn, "07111234");
	ck_assert(passport_tn(tn, "*67#"));
	ck_assert(!passport_tn(tn, ""));
	ck_assert(!passport_tn(tn, "+"));
	ck_assert(!passport_tn(tn, "1+2"));
	ck_assert(!passport_tn(tn, "alice"));
	ck_assert_str_eq(tn, "");
}
END_TEST

/* Keys of another curve or kind. */
START_TEST(test_keys)
{
	static const struct {
		gnutls_pk_algorithm_t kind;
		unsigned bits;
		int err;
	} rows[] = {
		{GNUTLS_PK_ECDSA,
		 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0},
		{GNUTLS_PK_ECDSA,
		 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), -ENOTSUP},
		{GNUTLS_PK_RSA, 2048, -ENOTSUP},
	};
	gnutls_privkey_t k;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		gnutls_x509_privkey_t made;
		gnutls_datum_t pem;

		gnutls_x509_privkey_init(&made);
		ck_assert_int_eq(gnutls_x509_privkey_generate(
					 made, rows[i].kind, rows[i].bits, 0),
				 0);
		ck_assert_int_eq(gnutls_x509_privkey_export2(
					 made, GNUTLS_X509_FMT_PEM, &pem),
				 0);
		ck_assert_msg(jws_private(&k, pem.data, pem.size) ==
				      rows[i].err,
			      "key %zu", i);
		if (!rows[i].err) {
			gnutls_privkey_deinit(k);
		}
		gnutls_free(pem.data);
		gnutls_x509_privkey_deinit(made);
	}
	ck_assert_int_eq(jws_private(&k, "", 0), -EINVAL);
	ck_assert_int_eq(jws_private(&k, "nonsense", 8), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("passport");
	TCase *tc = tcase_create("tokens");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_rfc8225);
	tcase_add_test(tc, test_write);
	tcase_add_test(tc, test_many_signatures);
	tcase_add_test(tc, test_compact);
	tcase_add_test(tc, test_claims);
	tcase_add_test(tc, test_values);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_long);
	tcase_add_test(tc, test_tn);
	tcase_add_test(tc, test_keys);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
