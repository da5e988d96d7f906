/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* SRTP against the vectors of RFC 3711 B, RFC 6188 7 and RFC 7714 16 and 17;
 * indexes, windows, streams, new keys, limits, refusals. That packets are
 * those of another implementation: tests/media/t_srtp_judge.c. */
#include "media/srtp.c"
#include "media/srtp_crypt.c"
#include "tests/suite.h"

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
	ck_assert_int_eq(srtp_seal(&tx, buf, len), (int)len + 16);
	ck_hex(buf, rtp_gcm[_i]);
	ck_assert_int_eq(srtp_open(&rx, buf, len + 16, out), (int)len);
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
	ck_assert_int_eq(srtp_seal_rtcp(&tx, buf, len), (int)len + 20);
	ck_hex(buf, rtcp_gcm[_i]);
	ck_assert_int_eq(srtp_open_rtcp(&rx, buf, len + 20, out),
			 (int)len);
	ck_assert_mem_eq(out, plain, len);
}
END_TEST


/* --- behaviour --- */

static const struct srtp_master master_a = {
	.key = "one master key of 32 octets, one", .salt = "salt of 14 oct"
};
static const struct srtp_master master_b = {
	.key = "two master key of 32 octets, two", .salt = "salt of 14 oct"
};

enum { PLAIN_LEN = 12 + 20 };

static struct srtp tx, rx;

static void set_both(unsigned suite)
{
	memset(&tx, 0, sizeof(tx));
	memset(&rx, 0, sizeof(rx));
	ck_assert_int_eq(srtp_set(&tx, suite, &master_a), 0);
	ck_assert_int_eq(srtp_set(&rx, suite, &master_a), 0);
}

static void make_plain(uint8_t *out, uint32_t ssrc, unsigned seq)
{
	memset(out, 0x55, PLAIN_LEN);
	out[0] = 0x80;
	out[1] = 8;
	out[2] = (uint8_t)(seq >> 8);
	out[3] = (uint8_t)seq;
	memcpy(out + 8, &(uint32_t){ htobe32(ssrc) }, 4);
}

/* A sealed packet, as long as it says. */
struct sealed {
	int len;
	uint8_t octets[PLAIN_LEN + SRTP_TRAILER];
};

static struct sealed seal_seq(uint32_t ssrc, unsigned seq)
{
	struct sealed p;

	make_plain(p.octets, ssrc, seq);
	p.len = srtp_seal(&tx, p.octets, PLAIN_LEN);
	return p;
}

static struct sealed seal_report(uint32_t ssrc)
{
	struct sealed p;

	make_plain(p.octets, 0, 0);
	memcpy(p.octets + 4, &(uint32_t){ htobe32(ssrc) }, 4);
	p.len = srtp_seal_rtcp(&tx, p.octets, PLAIN_LEN);
	return p;
}

static int arrives(const struct sealed *p)
{
	uint8_t out[sizeof(p->octets)];

	ck_assert_int_gt(p->len, PLAIN_LEN);
	return srtp_open(&rx, p->octets, (size_t)p->len, out);
}

static int report_arrives(const struct sealed *p)
{
	uint8_t out[sizeof(p->octets)];

	ck_assert_int_gt(p->len, PLAIN_LEN);
	return srtp_open_rtcp(&rx, p->octets, (size_t)p->len, out);
}

static uint64_t top(uint32_t ssrc)
{
	return stream_of(&rx, ssrc)->rtp.top;
}

/* Every bit of every octet, and every length: refused, and nothing moves. */
START_TEST(test_tampered)
{
	struct sealed p, bad;
	static struct srtp before;

	set_both((unsigned)_i);
	for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
		int (*arrive)(const struct sealed *) =
			rtcp ? report_arrives : arrives;

		p = rtcp ? seal_report(7) : seal_seq(7, 9);
		before = rx;
		for (int at = 0; at < p.len * 8; at++) {
			bad = p;
			bad.octets[at / 8] ^= (uint8_t)(1 << at % 8);
			ck_assert_int_lt(arrive(&bad), 0);
			ck_assert_mem_eq(&rx, &before, sizeof(rx));
		}
		for (int len = PLAIN_LEN + 1; len < p.len; len++) {
			bad = p;
			bad.len = len;
			ck_assert_int_lt(arrive(&bad), 0);
		}
		ck_assert_mem_eq(&rx, &before, sizeof(rx));
		ck_assert_int_eq(arrive(&p), PLAIN_LEN);
		ck_assert_int_eq(arrive(&p), -EALREADY);
	}
}
END_TEST

START_TEST(test_too_short)
{
	uint8_t in[64] = { 0x80 }, out[64];
	size_t tag;

	set_both((unsigned)_i);
	tag = srtp_suites[_i].tag[0];
	for (size_t n = 0; n < 12 + tag; n++)
		ck_assert_int_eq(srtp_open(&rx, in, n, out), -EINVAL);
	ck_assert_int_eq(srtp_open(&rx, in, 12 + tag, out), -EBADMSG);
	in[0] = 0x8f; /* CSRCs that are not there */
	ck_assert_int_eq(srtp_open(&rx, in, 12 + 59 + tag, out), -EINVAL);
	in[0] = 0x90; /* an extension that is not there */
	ck_assert_int_eq(srtp_open(&rx, in, 15 + tag, out), -EINVAL);
	in[14] = 0xff;
	ck_assert_int_eq(srtp_open(&rx, in, 16 + tag, out), -EINVAL);
	ck_assert_int_eq(srtp_seal(&tx, in, 16), -EINVAL);
	ck_assert_int_eq(srtp_seal(&tx, in, 11), -EINVAL);

	tag = srtp_suites[_i].tag[1];
	memset(in, 0x80, sizeof(in));
	for (size_t n = 0; n < 12 + tag; n++)
		ck_assert_int_eq(srtp_open_rtcp(&rx, in, n, out), -EINVAL);
	ck_assert_int_eq(srtp_open_rtcp(&rx, in, 12 + tag, out), -EBADMSG);
	ck_assert_int_eq(srtp_seal_rtcp(&tx, in, 7), -EINVAL);
}
END_TEST

/* RFC 7714 17.3: authentic, but not secret. */
START_TEST(test_unencrypted_rtcp)
{
	static const char tagged[] =
		"81c8000d4d6172734e5450314e545032525450200000042a0000e930"
		"4c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
		"841dd9683dd78ec92ae58790125f62b3000005d4";
	uint8_t in[128], out[128];
	size_t len = hex(in, tagged);

	set_session_keys(&rx, SRTP_AEAD_AES_128_GCM);
	ck_assert_int_eq(srtp_open_rtcp(&rx, in, len, out), -EINVAL);
}
END_TEST

START_TEST(test_no_keys)
{
	uint8_t in[64] = { 0x80, [63] = 0x80 }, out[64];
	static struct srtp none, zero;

	ck_assert_int_eq(srtp_set(&none, SRTP_SUITES, &master_a), -EINVAL);
	ck_assert_int_eq(srtp_set(&none, 255, &master_a), -EINVAL);
	ck_assert_int_eq(srtp_seal(&none, in, 32), -EINVAL);
	ck_assert_int_eq(srtp_seal_rtcp(&none, in, 32), -EINVAL);
	ck_assert_int_eq(srtp_open(&none, in, 64, out), -EINVAL);
	ck_assert_int_eq(srtp_open_rtcp(&none, in, 64, out), -EINVAL);
	ck_assert_mem_eq(&none, &zero, sizeof(none));
	ck_assert_int_eq(srtp_set(&none, SRTP_AES_CM_256_SHA1_32, &master_a),
			 0);
	ck_assert_int_eq(srtp_set(&none, SRTP_PLAIN, &master_a), 0);
	ck_assert_mem_eq(&none, &zero, sizeof(none));
}
END_TEST

/* The window reaches 127 back, each index counts once. */
START_TEST(test_window)
{
	struct sealed p[300];

	set_both((unsigned)_i);
	for (unsigned i = 0; i < 300; i++)
		p[i] = seal_seq(1, i);
	ck_assert_int_eq(arrives(&p[200]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[72]), -EALREADY);
	ck_assert_int_eq(arrives(&p[73]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[73]), -EALREADY);
	ck_assert_int_eq(arrives(&p[137]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[136]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[137]), -EALREADY);
	ck_assert_int_eq(arrives(&p[200]), -EALREADY);
	ck_assert_int_eq(arrives(&p[201]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[73]), -EALREADY);
	ck_assert_int_eq(arrives(&p[74]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[299]), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p[201]), -EALREADY);
	ck_assert_int_eq(arrives(&p[200]), -EALREADY);
	for (unsigned i = 0; i < 300; i++)
		arrives(&p[i]);
	for (unsigned i = 0; i < 300; i++)
		ck_assert_int_eq(arrives(&p[i]), -EALREADY);
}
END_TEST

/* The same for SRTCP, whose index is told. */
START_TEST(test_rtcp_window)
{
	struct sealed p[300];

	set_both((unsigned)_i);
	for (unsigned i = 0; i < 300; i++)
		p[i] = seal_report(1);
	/* The first index is 0 (RFC 3711 3.4). */
	ck_assert_uint_eq(stream_of(&tx, 1)->rtcp.top, 299);
	ck_assert_int_eq(report_arrives(&p[150]), PLAIN_LEN);
	ck_assert_int_eq(report_arrives(&p[22]), -EALREADY);
	ck_assert_int_eq(report_arrives(&p[23]), PLAIN_LEN);
	ck_assert_int_eq(report_arrives(&p[23]), -EALREADY);
	ck_assert_int_eq(report_arrives(&p[299]), PLAIN_LEN);
	ck_assert_int_eq(report_arrives(&p[150]), -EALREADY);
}
END_TEST

/* 40 wraps, late packets over each; then the far past is not the future. */
START_TEST(test_wraps)
{
	struct sealed late = { .len = 0 }, p;
	unsigned index = 65500;

	set_both(SRTP_AES_CM_128_SHA1_80);
	while (index < 40 * 65536) {
		p = seal_seq(1, index & 0xffff);
		if (index % 65536 == 65530) {
			late = p;
		} else {
			ck_assert_int_eq(arrives(&p), PLAIN_LEN);
			ck_assert_uint_eq(top(1), index);
		}
		if (index % 65536 == 40) {
			ck_assert_int_eq(arrives(&late), PLAIN_LEN);
			ck_assert_int_eq(arrives(&late), -EALREADY);
			ck_assert_uint_eq(top(1), index);
		}
		index += index % 65536 > 65400 || index % 65536 < 100 ? 1
								       : 9999;
		if (index % 65536 > 55500 && index % 65536 < 65520)
			index = index / 65536 * 65536 + 65520;
	}
}
END_TEST

/* RFC 3711 3.3.1 at its edges: the index nearest to the highest. */
START_TEST(test_estimate)
{
	static const struct {
		uint64_t top;
		unsigned seq;
		uint64_t want;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 65535, 65535 }, { 32768, 0, 32768 - 32768 },
		{ 32769, 0, 65536 }, { 65535, 0, 65536 },
		{ 65535, 32767, 32767 }, { 65535, 32766, 65536 + 32766 },
		{ 65536, 32768, 65536 + 32768 }, { 65536, 32769, 32769 },
		{ 65536, 65535, 65535 }, { 3 * 65536 + 5, 65535, 3 * 65536 - 1 },
		{ 5, 65535, 65535 },
		{ RTP_INDEX_END - 1, 0, RTP_INDEX_END },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct srtp_window w = { .any = true, .top = cases[i].top };

		ck_assert_uint_eq(estimate(&w, cases[i].seq), cases[i].want);
	}
}
END_TEST

/* The packets before a wrap were lost: found all the same, once verified not
 * tried again, and no way to play anything twice. */
START_TEST(test_lost_before_wrap)
{
	struct sealed before, p;

	set_both((unsigned)_i);
	before = seal_seq(1, 65535);
	p = seal_seq(1, 0);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	ck_assert_uint_eq(top(1), 65536);
	ck_assert_int_eq(arrives(&p), -EALREADY);
	ck_assert_int_eq(arrives(&before), PLAIN_LEN);
	ck_assert_int_eq(arrives(&before), -EALREADY);
	/* Verified at 0: there is no second guess any more. */
	set_both((unsigned)_i);
	p = seal_seq(1, 3);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	tx.stream[0].rtp.top = 65536;
	p = seal_seq(1, 4);
	ck_assert_int_eq(arrives(&p), -EBADMSG);
	ck_assert_uint_eq(top(1), 3);
}
END_TEST

/* What is sent twice would be sent with the same key stream. */
START_TEST(test_nothing_twice)
{
	set_both((unsigned)_i);
	ck_assert_int_gt(seal_seq(1, 500).len, 0);
	ck_assert_int_eq(seal_seq(1, 500).len, -EALREADY);
	ck_assert_int_gt(seal_seq(2, 500).len, 0);
	ck_assert_int_eq(seal_seq(1, 500).len, -EALREADY);
	ck_assert_int_gt(seal_seq(1, 501).len, 0);
}
END_TEST

/* Streams come and go and come back; none is forgotten. */
START_TEST(test_streams)
{
	struct sealed p[SRTP_STREAMS + 1], again;

	set_both((unsigned)_i);
	for (uint32_t i = 0; i < SRTP_STREAMS; i++) {
		p[i] = seal_seq(i, 100);
		ck_assert_int_eq(arrives(&p[i]), PLAIN_LEN);
	}
	ck_assert_int_eq(seal_seq(99, 1).len, -ENOSPC);
	for (uint32_t i = 0; i < SRTP_STREAMS; i++) {
		ck_assert_int_eq(arrives(&p[i]), -EALREADY);
		again = seal_seq(i, 101);
		ck_assert_int_eq(arrives(&again), PLAIN_LEN);
	}
	/* One more than there is room for: genuine, and still refused. */
	memset(&tx.stream[0], 0, sizeof(tx.stream[0]));
	again = seal_seq(99, 1);
	ck_assert_int_eq(arrives(&again), -ENOSPC);
	again.octets[20] ^= 1;
	ck_assert_int_eq(arrives(&again), -EBADMSG);
	for (uint32_t i = 0; i < SRTP_STREAMS; i++)
		ck_assert_int_eq(arrives(&p[i]), -EALREADY);
	/* With new keys those that are silent make room. */
	srtp_set(&tx, (unsigned)_i, &master_b);
	srtp_set(&rx, (unsigned)_i, &master_b);
	again = seal_seq(99, 1);
	ck_assert_int_eq(arrives(&again), PLAIN_LEN);
	again = seal_seq(5, 102);
	ck_assert_int_eq(arrives(&again), PLAIN_LEN);
}
END_TEST

/* New keys in the middle: the index goes on, old packets are forged ones. */
START_TEST(test_rekey)
{
	struct sealed old, p, report;
	static struct srtp before;

	set_both((unsigned)_i);
	tx.stream[0] = rx.stream[0] = (struct srtp_stream){
		.ssrc = 1, .rtp.top = 5 * 65536 + 10, .rtp.any = true,
		.rtp.seen = 1,
	};
	old = seal_seq(1, 11);
	ck_assert_int_eq(arrives(&old), PLAIN_LEN);
	report = seal_report(1);
	ck_assert_int_eq(report_arrives(&report), PLAIN_LEN);
	/* The same keys again: nothing happens. */
	before = rx;
	srtp_set(&rx, (unsigned)_i, &master_a);
	ck_assert_mem_eq(&rx, &before, sizeof(rx));
	srtp_set(&tx, (unsigned)_i, &master_b);
	srtp_set(&rx, (unsigned)_i, &master_b);
	ck_assert_int_eq(arrives(&old), -EBADMSG);
	ck_assert_int_eq(report_arrives(&report), -EBADMSG);
	p = seal_seq(1, 12);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	ck_assert_int_eq(arrives(&p), -EALREADY);
	ck_assert_uint_eq(top(1), 5 * 65536 + 12);
	/* SRTCP counts on (RFC 3711 3.4). */
	report = seal_report(1);
	ck_assert_uint_eq(stream_of(&tx, 1)->rtcp.top, 1);
	ck_assert_int_eq(report_arrives(&report), PLAIN_LEN);
}
END_TEST

/* A shorter tag is the begin of the longer one: with the same key nothing is
 * forgotten. */
START_TEST(test_same_key_shorter_tag)
{
	struct sealed p;

	set_both(SRTP_AES_CM_128_SHA1_80);
	p = seal_seq(1, 12);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	srtp_set(&rx, SRTP_AES_CM_128_SHA1_32, &master_a);
	p.len -= 6;
	ck_assert_int_eq(arrives(&p), -EALREADY);
}
END_TEST

/* A peer that begins anew with its new keys, though it should not. */
START_TEST(test_rekey_from_zero)
{
	struct sealed p;

	set_both((unsigned)_i);
	rx.stream[0] = (struct srtp_stream){
		.ssrc = 1, .rtp.top = 5 * 65536 + 10, .rtp.any = true,
		.rtp.seen = 1,
	};
	srtp_set(&rx, (unsigned)_i, &master_b);
	memset(&tx, 0, sizeof(tx));
	srtp_set(&tx, (unsigned)_i, &master_b);
	p = seal_seq(1, 12);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	ck_assert_uint_eq(top(1), 12);
	ck_assert_int_eq(arrives(&p), -EALREADY);
}
END_TEST

/* RFC 3711 9.2, and the ends of the indexes. */
START_TEST(test_lifetime)
{
	struct sealed p, report;

	set_both((unsigned)_i);
	p = seal_seq(1, 65534);
	report = seal_report(1);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	ck_assert_int_eq(report_arrives(&report), PLAIN_LEN);
	tx.stream[0].rtp.top = RTP_INDEX_END - 2;
	ck_assert_int_gt(seal_seq(1, 65535).len, 0);
	ck_assert_int_eq(seal_seq(1, 0).len, -EKEYEXPIRED);
	tx.stream[0].rtcp.top = RTCP_INDEX_END - 2;
	ck_assert_int_gt(seal_report(1).len, 0);
	ck_assert_int_eq(seal_report(1).len, -EKEYEXPIRED);

	tx.packets = rx.packets = RTP_INDEX_END - 1;
	tx.reports = rx.reports = RTCP_INDEX_END - 1;
	p = seal_seq(2, 1);
	report = seal_report(2);
	ck_assert_int_eq(arrives(&p), PLAIN_LEN);
	ck_assert_int_eq(report_arrives(&report), PLAIN_LEN);
	ck_assert_int_eq(seal_seq(2, 2).len, -EKEYEXPIRED);
	ck_assert_int_eq(seal_report(2).len, -EKEYEXPIRED);
	ck_assert_int_eq(arrives(&p), -EKEYEXPIRED);
	ck_assert_int_eq(report_arrives(&report), -EKEYEXPIRED);
	srtp_set(&tx, (unsigned)_i, &master_b);
	ck_assert_int_gt(seal_seq(2, 2).len, 0);
	ck_assert_int_gt(seal_report(2).len, 0);
}
END_TEST

/* Both directions and all suites have keys of their own. */
START_TEST(test_strangers)
{
	struct sealed p;

	for (unsigned a = 1; a < SRTP_SUITES; a++) {
		for (unsigned b = 1; b < SRTP_SUITES; b++) {
			set_both(a);
			p = seal_seq(1, 1);
			srtp_set(&rx, b, a == b ? &master_b : &master_a);
			ck_assert_int_lt(arrives(&p), 0);
			/* SHA1_80 and _32 differ in SRTP only. */
			if (srtp_suites[a].aes == srtp_suites[b].aes &&
			    srtp_suites[a].gcm == srtp_suites[b].gcm &&
			    a != b)
				continue;
			p = seal_report(1);
			ck_assert_int_lt(report_arrives(&p), 0);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("srtp");
	TCase *tc = tcase_create("srtp");

	tcase_add_loop_test(tc, test_key_stream, 0, 2);
	tcase_add_loop_test(tc, test_derivation, 0, 2);
	tcase_add_loop_test(tc, test_gcm_rtp, 0, 2);
	tcase_add_loop_test(tc, test_gcm_rtcp, 0, 2);
	tcase_add_loop_test(tc, test_tampered, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_too_short, 1, SRTP_SUITES);
	tcase_add_test(tc, test_unencrypted_rtcp);
	tcase_add_test(tc, test_no_keys);
	tcase_add_loop_test(tc, test_window, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_rtcp_window, 1, SRTP_SUITES);
	tcase_add_test(tc, test_wraps);
	tcase_add_test(tc, test_estimate);
	tcase_add_loop_test(tc, test_lost_before_wrap, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_nothing_twice, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_streams, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_rekey, 1, SRTP_SUITES);
	tcase_add_test(tc, test_same_key_shorter_tag);
	tcase_add_loop_test(tc, test_rekey_from_zero, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_lifetime, 1, SRTP_SUITES);
	tcase_add_test(tc, test_strangers);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
