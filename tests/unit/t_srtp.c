/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* SRTP against the vectors of RFC 3711 B, RFC 6188 7 and RFC 7714 16 and 17;
 * indexes, windows, streams, new keys, limits, refusals. That packets are
 * those of another implementation: tests/media/t_srtp_judge.c. */
#include "media/srtp.c"
#include "media/srtp_crypt.c"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static size_t hex(uint8_t *out, const char *text)
{
	size_t n = 0;
	unsigned v;

	for (; *text; text += 2) {
		while (*text == ' ')
			text++;
		ck_assert_int_eq(sscanf(text, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
	}
	return n;
}

static void ck_hex(const uint8_t *is, const char *want)
{
	uint8_t octets[256];
	size_t n = hex(octets, want);

	ck_assert_mem_eq(is, octets, n);
}

static struct srtp_master master_of(unsigned suite, const char *key,
				    const char *salt)
{
	struct srtp_master m = { .key = { 0 } };

	ck_assert_uint_eq(hex(m.key, key), srtp_suites[suite].key);
	ck_assert_uint_eq(hex(m.salt, salt), srtp_suites[suite].salt);
	return m;
}

/* --- vectors --- */

static const struct {
	unsigned suite;
	const char *key, *block[6]; /* 0, 1, 2, feff, ff00, ff01 */
} key_streams[] = {
	{ SRTP_AES_CM_128_SHA1_80, "2b7e151628aed2a6abf7158809cf4f3c",
	  { "e03ead0935c95e80e166b16dd92b4eb4",
	    "d23513162b02d0f72a43a2fe4a5f97ab",
	    "41e95b3bb0a2e8dd477901e4fca894c0",
	    "ec8cdf7398607cb0f2d21675ea9ea1e4",
	    "362b7c3c6773516318a077d7fc5073ae",
	    "6a2cc3787889374fbeb4c81b17ba6c44" } },
	{ SRTP_AES_CM_256_SHA1_80,
	  "57f82fe3613fd170a85ec93c40b1f092"
	  "2ec4cb0dc025b58272147cc438944a98",
	  { "92bdd28a93c3f52511c677d08b5515a4",
	    "9da71b2378a854f67050756ded165bac",
	    "63c4868b7096d88421b563b8c94c9a31",
	    "cea518c90fd91ced9cbb18c078a54711",
	    "3dbc4814f4da5f00a08772b63c6a046d",
	    "6eb246913062a16891433e97dd01a57f" } },
};

/* RFC 3711 B.2, RFC 6188 7.1 */
START_TEST(test_key_stream)
{
	static const unsigned at[] = { 0, 1, 2, 0xfeff, 0xff00, 0xff01 };
	size_t len = 16 * 0xff02;
	uint8_t *buf = calloc(1, len), key[32], sum[20];
	struct srtp_unit u = { .seals = true, .len = len };
	static struct srtp s;

	s.suite = (uint8_t)key_streams[_i].suite;
	hex(key, key_streams[_i].key);
	srtp_suites[s.suite].aes->set_encrypt_key(&s.rtp.aes, key);
	hex(s.rtp.salt, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
	srtp_transform(&s, &u, buf, buf, sum);
	for (unsigned i = 0; i < 6; i++)
		ck_hex(buf + 16 * at[i], key_streams[_i].block[i]);
	free(buf);
}
END_TEST

static const struct {
	unsigned suite;
	const char *key, *salt, *out_key, *out_salt, *out_auth;
} derivations[] = {
	{ SRTP_AES_CM_128_SHA1_80, "e1f97a0d3e018be0d64fa32c06de4139",
	  "0ec675ad498afeebb6960b3aabe6", "c61e7a93744f39ee10734afe3ff7a087",
	  "30cbbc08863d8c85d49db34a9ae1",
	  "cebe321f6ff7716b6fd4ab49af256a156d38baa4" },
	{ SRTP_AES_CM_256_SHA1_80,
	  "f0f04914b513f2763a1b1fa130f10e29"
	  "98f6f6e43e4309d1e622a0e332b9f1b6",
	  "3b04803de51ee7c96423ab5b78d2",
	  "5ba1064e30ec51613cad926c5a28ef73"
	  "1ec7fb397f70a960653caf06554cd8c4",
	  "fa31791685ca444a9e07c6c64e93",
	  "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05" },
};

/* RFC 3711 B.3, RFC 6188 7.2 */
START_TEST(test_derivation)
{
	struct srtp_master m = master_of(derivations[_i].suite,
					 derivations[_i].key,
					 derivations[_i].salt);
	const struct srtp_cipher *c = &srtp_suites[derivations[_i].suite];
	struct aes256_ctx master, want;
	struct sha1_ctx half[2];
	static struct srtp s;
	uint8_t key[SRTP_KEY];

	c->aes->set_encrypt_key(&master, m.key);
	derive(c, &master, m.salt, LABEL_KEY, key);
	ck_hex(key, derivations[_i].out_key);
	derive(c, &master, m.salt, LABEL_SALT, key);
	ck_hex(key, derivations[_i].out_salt);
	derive(c, &master, m.salt, LABEL_AUTH, key);
	ck_hex(key, derivations[_i].out_auth);

	memset(&s, 0, sizeof(s));
	ck_assert_int_eq(srtp_set(&s, derivations[_i].suite, &m), 0);
	memset(&want, 0, sizeof(want));
	hex(key, derivations[_i].out_key);
	c->aes->set_encrypt_key(&want, key);
	ck_assert_mem_eq(&s.rtp.aes, &want, sizeof(want));
	ck_hex(s.rtp.salt, derivations[_i].out_salt);
	hex(key, derivations[_i].out_auth);
	hmac_key(&half[0], key, 0x36);
	hmac_key(&half[1], key, 0x5c);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_mem_eq(s.rtp.auth.hmac[i].state, half[i].state,
				 sizeof(half[i].state));
}
END_TEST

static const char octets_of_key[] = "000102030405060708090a0b0c0d0e0f"
				    "101112131415161718191a1b1c1d1e1f";

/* Session keys as RFC 7714 16 and 17 give them. */
static void set_session_keys(struct srtp *s, unsigned suite)
{
	const struct srtp_cipher *c = &srtp_suites[suite];
	uint8_t key[32];

	memset(s, 0, sizeof(*s));
	s->suite = (uint8_t)suite;
	hex(key, octets_of_key);
	for (unsigned i = 0; i < 2; i++) {
		struct srtp_keys *k = i ? &s->rtcp : &s->rtp;

		c->aes->set_encrypt_key(&k->aes, key);
		gcm_set_key(&k->auth.gcm, &k->aes, c->aes->encrypt);
		hex(k->salt, "517569642070726f2071756f");
	}
}

static const char rtp_plain[] =
	"8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976"
	"69736120696e207061727465732074726573";

static const char *const rtp_gcm[] = {
	"8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5"
	"0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee439"
	"0cce",
	"8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab1801238"
	"9a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a7"
	"6c13",
};

/* RFC 7714 16.1, 16.2 */
START_TEST(test_gcm_rtp)
{
	static struct srtp tx, rx;
	uint8_t buf[128], out[128], plain[128];
	size_t len = hex(plain, rtp_plain);

	set_session_keys(&tx, SRTP_AEAD_AES_128_GCM + (unsigned)_i);
	set_session_keys(&rx, SRTP_AEAD_AES_128_GCM + (unsigned)_i);
	memcpy(buf, plain, len);
	ck_assert_int_eq(srtp_protect(&tx, buf, len), (int)len + 16);
	ck_hex(buf, rtp_gcm[_i]);
	ck_assert_int_eq(srtp_unprotect(&rx, buf, len + 16, out), (int)len);
	ck_assert_mem_eq(out, plain, len);
}
END_TEST
static const char rtcp_plain[] =
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
	"deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

static const char *const rtcp_gcm[] = {
	"81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32d"
	"c676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf872"
	"45d9eade800005d4",
	"81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50"
	"a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6c"
	"b26ac3be800005d4",
};

/* RFC 7714 17.1, 17.2 */
START_TEST(test_gcm_rtcp)
{
	static struct srtp tx, rx;
	uint8_t buf[128], out[128], plain[128];
	size_t len = hex(plain, rtcp_plain);

	set_session_keys(&tx, SRTP_AEAD_AES_128_GCM + (unsigned)_i);
	set_session_keys(&rx, SRTP_AEAD_AES_128_GCM + (unsigned)_i);
	memcpy(buf, plain, len);
	tx.stream[0] = (struct srtp_stream){ .ssrc = 0x4d617273,
					     .rtcp.top = 0x5d4 };
	ck_assert_int_eq(srtp_protect_rtcp(&tx, buf, len), (int)len + 20);
	ck_hex(buf, rtcp_gcm[_i]);
	ck_assert_int_eq(srtp_unprotect_rtcp(&rx, buf, len + 20, out),
			 (int)len);
	ck_assert_mem_eq(out, plain, len);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("srtp");
	TCase *tc = tcase_create("srtp");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, test_key_stream, 0, 2);
	tcase_add_loop_test(tc, test_derivation, 0, 2);
	tcase_add_loop_test(tc, test_gcm_rtp, 0, 2);
	tcase_add_loop_test(tc, test_gcm_rtcp, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
