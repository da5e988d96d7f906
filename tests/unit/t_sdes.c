/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* The crypto attribute, and RTP or SRTP by offer and answer. */
#include "sip/secure.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY30 "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj" /* RFC 4568 */
#define KEY46 \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ=="
#define KEY28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="
#define KEY44 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="
#define S80   "AES_CM_128_HMAC_SHA1_80"

/* --- reading --- */

static const struct {
	const char *text;
	int err;
	unsigned suite, tag, mki_len, mki_end;
} lines[] = {
	{"1 " S80 " inline:" KEY30, 0, 1, 1, 0, 0},
	{"1 " S80 " inline:" KEY30 "|2^20|1:4", 0, 1, 1, 4, 1},
	{"999999999 " S80 " inline:" KEY30 "|1:1", 0, 1, 999999999, 1, 1},
	{"0 " S80 " inline:" KEY30 "|2^48", 0, 1, 0, 0, 0},
	{"7 " S80 " inline:" KEY30 "|1048576|258:2", 0, 1, 7, 2, 2},
	{"7  AES_CM_128_HMAC_SHA1_32  inline:" KEY30, 0, 2, 7, 0, 0},
	{"2 AES_256_CM_HMAC_SHA1_80 inline:" KEY46, 0, 3, 2, 0, 0},
	{"2 AES_CM_256_HMAC_SHA1_80 inline:" KEY46, 0, 3, 2, 0, 0},
	{"2 aes_256_cm_hmac_sha1_32 inline:" KEY46, 0, 4, 2, 0, 0},
	{"3 AEAD_AES_128_GCM inline:" KEY28, 0, 5, 3, 0, 0},
	{"4 AEAD_AES_256_GCM inline:" KEY44, 0, 6, 4, 0, 0},
	{"1 " S80 " inline:" KEY30 " WSH=64 KDR=0 -later=1", 0, 1, 1, 0, 0},
	/* for others, or more than we do */
	{"1 F8_128_HMAC_SHA1_80 inline:" KEY30, -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|1:4;inline:" KEY30 "|2:4", -ENOTSUP, 0, 0,
	 0, 0},
	{"1 " S80 " outline:" KEY30, -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|1:9", -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " KDR=1", -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " UNENCRYPTED_SRTP", -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " UNENCRYPTED_SRTCP", -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " UNAUTHENTICATED_SRTP", -ENOTSUP, 0, 0, 0,
	 0},
	{"1 " S80 " inline:" KEY30 " FEC_ORDER=FEC_SRTP", -ENOTSUP, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " later=1", -ENOTSUP, 0, 0, 0, 0},
	/* malformed */
	{"", -EBADMSG, 0, 0, 0, 0},
	{"1", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80, -EBADMSG, 0, 0, 0, 0},
	{"x " S80 " inline:" KEY30, -EBADMSG, 0, 0, 0, 0},
	{"1000000000 " S80 " inline:" KEY30, -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " " KEY30, -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY46, -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "AA", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:?0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj", -EBADMSG,
	 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|2^49", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|0", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|1:0", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|1:129", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|256:1", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|:1", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 "|2^20|1:4|1:4", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " WSH=63", -EBADMSG, 0, 0, 0, 0},
	{"1 " S80 " inline:" KEY30 " WSH=", -EBADMSG, 0, 0, 0, 0},
};

START_TEST(test_read)
{
	const char *text = lines[_i].text;
	static const struct sdes none;
	struct sdes k;

	ck_assert_int_eq(sdes_read(&k, text, strlen(text)), lines[_i].err);
	if (lines[_i].err) {
		ck_assert_mem_eq(&k, &none, sizeof(k));
		return;
	}
	ck_assert_uint_eq(k.suite, lines[_i].suite);
	ck_assert_uint_eq(k.tag, lines[_i].tag);
	ck_assert_uint_eq(k.key.mki_len, lines[_i].mki_len);
	if (k.key.mki_len)
		ck_assert_uint_eq(k.key.mki[k.key.mki_len - 1],
				  lines[_i].mki_end);
}
END_TEST

/* The octets of the key are those that an independent reader sees. */
START_TEST(test_octets)
{
	struct sdes k;
	char text[SDES_LINE_MAX];
	unsigned i;

	ck_assert_int_eq(
		sdes_read(&k, "2 AES_256_CM_HMAC_SHA1_80 inline:" KEY46 "|1:4",
			  strlen("2 AES_256_CM_HMAC_SHA1_80 inline:" KEY46
				 "|1:4")),
		0);
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(k.key.key[i], i);
	for (i = 0; i < 14; i++)
		ck_assert_uint_eq(k.key.salt[i], 32 + i);
	ck_assert_int_gt(sdes_write(&k, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "2 AES_256_CM_HMAC_SHA1_80 inline:" KEY46
			       "|1:4");
	ck_assert_int_eq(sdes_write(&k, text, 40), -ENOSPC);
}
END_TEST

START_TEST(test_mask)
{
	char text[] = "a=crypto:1 X inline:" KEY30 "|2^20|1:4;INLINE: QQ== W\n"
		      "k=clear:abc\nk=x\r\na=INLINE:cut";

	sdes_mask(text, strlen(text));
	ck_assert_ptr_null(strstr(text, "d0Rm"));
	ck_assert_str_eq(text,
			 "a=crypto:1 X inline:"
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			 "|2^20|1:4;INLINE: xxxx W\n"
			 "k=xxxxxxxxx\nk=x\r\na=INLINE:xxx");
}
END_TEST

/* --- offer and answer --- */

static struct sdp_local ours;
static struct sdp_session s;
static struct cc_media m;
static char out[SDP_OUT_MAX];

static void begin(enum conf_srtp policy)
{
	ours = (struct sdp_local){
		.rtp = {.family = 4, .port = 40000, .ip = {192, 0, 2, 1}},
		.n_codecs = 1,
		.codecs = {CC_PCMA},
		.ptime_ms = 20,
		.dir = SDP_BOTH,
		.srtp = (uint8_t)policy,
		.n_suites = 3,
		.suites = {CC_SRTP_AES_128_80, CC_SRTP_GCM_256,
			   CC_SRTP_AES_256_80},
	};
	sdp_session_init(&s, 7);
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n" \
	     "t=0 0\r\n"
#define LINE(proto, port) "m=audio " port " " proto " 8\r\n"
#define CRYPTO(text)	  "a=crypto:" text "\r\n"
#define GOOD		  CRYPTO("5 " S80 " inline:" KEY30 "|2^31|1:4")

static int offer(const char *text)
{
	return sdp_on_offer(&s, &ours, text, strlen(text), &m);
}

static int answer(const char *text)
{
	return sdp_on_answer(&s, &ours, text, strlen(text), &m);
}

static const char *our_answer(void)
{
	ck_assert_int_gt(sdp_write_answer(&s, &ours, out), 0);
	return out;
}

static const char *our_offer(void)
{
	ck_assert_int_gt(sdp_write_offer(&s, &ours, out), 0);
	return out;
}

/* What our description says, as its reader sees it. */
static struct sdes said(const char *text, unsigned n)
{
	struct sdes all[SDES_OFFERS];

	ck_assert_uint_gt(sdes_read_all(all, text, strlen(text), 0), n);
	return all[n];
}

static const struct {
	const char *text;
	enum conf_srtp policy;
	int err;
	bool srtp;
} offers[] = {
	{HEAD LINE("RTP/AVP", "7000"), CONF_SRTP_OFF, 0, false},
	{HEAD LINE("RTP/AVP", "7000"), CONF_SRTP_PREFERRED, 0, false},
	{HEAD LINE("RTP/AVP", "7000"), CONF_SRTP_REQUIRED, -ENOKEY, false},
	{HEAD LINE("RTP/AVP", "7000") GOOD, CONF_SRTP_OFF, 0, false},
	{HEAD LINE("RTP/AVP", "7000") GOOD, CONF_SRTP_PREFERRED, 0, true},
	{HEAD LINE("RTP/AVP", "7000") GOOD, CONF_SRTP_REQUIRED, 0, true},
	{HEAD LINE("RTP/AVPF", "7000") GOOD, CONF_SRTP_REQUIRED, 0, true},
	{HEAD LINE("RTP/SAVP", "7000") GOOD, CONF_SRTP_OFF, -ENOKEY, false},
	{HEAD LINE("RTP/SAVP", "7000") GOOD, CONF_SRTP_PREFERRED, 0, true},
	{HEAD LINE("RTP/SAVP", "7000") GOOD, CONF_SRTP_REQUIRED, 0, true},
	{HEAD LINE("RTP/SAVPF", "7000") GOOD, CONF_SRTP_REQUIRED, 0, true},
	{HEAD LINE("RTP/SAVP", "7000"), CONF_SRTP_PREFERRED, -ENOKEY, false},
	{HEAD LINE("RTP/SAVP", "7000"), CONF_SRTP_REQUIRED, -ENOKEY, false},
	/* a suite that is not allowed here, then one that is broken */
	{HEAD LINE("RTP/SAVP", "7000")
		 CRYPTO("1 AEAD_AES_128_GCM inline:" KEY28)
			 CRYPTO("2 " S80 " inline:abc"),
	 CONF_SRTP_REQUIRED, -ENOKEY, false},
	/* keys of another line, or of the session, are not this line's */
	{HEAD GOOD LINE("RTP/SAVP", "7000"), CONF_SRTP_REQUIRED, -ENOKEY,
	 false},
	{HEAD LINE("RTP/SAVP", "7000") "m=video 7002 RTP/SAVP 96\r\n" GOOD,
	 CONF_SRTP_REQUIRED, -ENOKEY, false},
	{HEAD LINE("RTP/SAVP", "0") GOOD LINE("RTP/SAVP", "7000"),
	 CONF_SRTP_REQUIRED, -ENOKEY, false},
	{HEAD LINE("UDP/TLS/RTP/SAVP", "7000") GOOD, CONF_SRTP_REQUIRED,
	 -ENOTSUP, false},
};

START_TEST(test_offer)
{
	begin(offers[_i].policy);
	ck_assert_int_eq(offer(offers[_i].text), offers[_i].err);
	if (offers[_i].err)
		return;
	ck_assert_int_eq(m.crypto.suite != CC_RTP_PLAIN, offers[_i].srtp);
	ck_assert_int_eq(strstr(our_answer(), "a=crypto:") != NULL,
			 offers[_i].srtp);
	if (!offers[_i].srtp)
		return;
	ck_assert_uint_eq(said(out, 0).tag, 5);
	ck_assert_uint_eq(said(out, 0).suite, CC_SRTP_AES_128_80);
	ck_assert_mem_eq(m.crypto.tx.key, said(out, 0).key.key, 16);
	ck_assert_mem_eq(m.crypto.tx.salt, said(out, 0).key.salt, 14);
	ck_assert_mem_eq(m.crypto.rx.key, "wDfvg&T+)xG7@fb5", 16);
	ck_assert_uint_eq(m.crypto.rx.mki_len, 4);
	ck_assert_uint_eq(m.crypto.tx.mki_len, 4);
	ck_assert_int_ne(memcmp(m.crypto.tx.key, m.crypto.rx.key, 16), 0);
}
END_TEST

/* The line with keys wins over an earlier one without, where both may be. */
START_TEST(test_two_lines)
{
	static const char both[] = HEAD LINE("RTP/AVP", "7000")
		LINE("RTP/SAVP", "7002") GOOD;

	begin(CONF_SRTP_PREFERRED);
	ck_assert_int_eq(offer(both), 0);
	ck_assert_uint_eq(m.rtp.port, 7002);
	ck_assert_ptr_nonnull(strstr(our_answer(), "m=audio 0 RTP/AVP 8\r\n"
						   "m=audio 40000 RTP/SAVP 8"));
	begin(CONF_SRTP_OFF);
	ck_assert_int_eq(offer(both), 0);
	ck_assert_uint_eq(m.rtp.port, 7000);
	ck_assert_ptr_nonnull(strstr(our_answer(), "m=audio 0 RTP/SAVP 8"));
	ck_assert_ptr_null(strstr(out, "crypto"));
}
END_TEST

static const char *crypto_answer(const char *proto, unsigned tag,
				 const char *rest)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 HEAD "m=audio 7000 %s 8\r\na=crypto:%u %s\r\n", proto, tag,
		 rest);
	return text;
}

START_TEST(test_our_offer)
{
	struct sdes a, b, c;

	begin(CONF_SRTP_REQUIRED);
	ck_assert_ptr_nonnull(strstr(our_offer(), "m=audio 40000 RTP/SAVP 8"));
	a = said(out, 0);
	b = said(out, 1);
	c = said(out, 2);
	ck_assert_uint_eq(a.suite, CC_SRTP_AES_128_80);
	ck_assert_uint_eq(b.suite, CC_SRTP_GCM_256);
	ck_assert_uint_eq(c.suite, CC_SRTP_AES_256_80);
	ck_assert_int_ne(memcmp(b.key.key, c.key.key, 32), 0);
	/* refusals leave all as it is */
	ck_assert_int_eq(answer(HEAD LINE("RTP/SAVP", "7000")), -ENOKEY);
	ck_assert_int_eq(answer(HEAD LINE("RTP/AVP", "7000")), -ENOKEY);
	ck_assert_int_eq(answer(crypto_answer("RTP/SAVP", 4,
					      S80 " inline:" KEY30)),
			 -ENOKEY);
	ck_assert_int_eq(answer(crypto_answer("RTP/SAVP", 2,
					      S80 " inline:" KEY30)),
			 -ENOKEY);
	ck_assert_int_eq(
		answer(crypto_answer("RTP/SAVP", 2,
				     "AEAD_AES_256_GCM inline:" KEY44)),
		0);
	ck_assert_uint_eq(m.crypto.suite, CC_SRTP_GCM_256);
	ck_assert_mem_eq(m.crypto.tx.key, b.key.key, 32);
	ck_assert_uint_eq(m.crypto.rx.key[31], 31);
	/* a further offer says the same again, and takes no answer without */
	a = said(our_offer(), 0);
	ck_assert_uint_eq(a.tag, 2);
	ck_assert_mem_eq(&a.key, &b.key, sizeof(a.key));
	ck_assert_int_eq(answer(HEAD LINE("RTP/SAVP", "7000")), -ENOKEY);
}
END_TEST

START_TEST(test_our_offer_preferred)
{
	begin(CONF_SRTP_PREFERRED);
	ck_assert_ptr_nonnull(strstr(our_offer(), "m=audio 40000 RTP/AVP 8"));
	said(out, 2);
	/* one branch has none, the other has */
	ck_assert_int_eq(answer(HEAD LINE("RTP/AVP", "7000")), 0);
	ck_assert_uint_eq(m.crypto.suite, CC_RTP_PLAIN);
	ck_assert_int_eq(
		answer(crypto_answer("RTP/AVP", 1, S80 " inline:" KEY30)), 0);
	ck_assert_uint_eq(m.crypto.suite, CC_SRTP_AES_128_80);
	/* once there are keys they stay */
	our_offer();
	ck_assert_int_eq(answer(HEAD LINE("RTP/AVP", "7000")), -ENOKEY);
	/* a call without stays without */
	begin(CONF_SRTP_PREFERRED);
	our_offer();
	ck_assert_int_eq(answer(HEAD LINE("RTP/AVP", "7000")), 0);
	ck_assert_ptr_null(strstr(our_offer(), "crypto"));
}
END_TEST

START_TEST(test_off)
{
	begin(CONF_SRTP_OFF);
	ck_assert_ptr_null(strstr(our_offer(), "crypto"));
	ck_assert_int_eq(answer(HEAD LINE("RTP/SAVP", "7000") GOOD), -ENOKEY);
	ck_assert_int_eq(answer(HEAD LINE("RTP/AVP", "7000") GOOD), 0);
	ck_assert_uint_eq(m.crypto.suite, CC_RTP_PLAIN);
}
END_TEST

/* The peer's offers again: the same changes nothing; another key of its gets
 * another of ours. */
START_TEST(test_rekey)
{
	static const char other[] = HEAD LINE("RTP/SAVP", "7000")
		CRYPTO("5 " S80
		       " inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd");
	static const char one[] = HEAD LINE("RTP/SAVP", "7000") GOOD;
	char first[SDP_OUT_MAX];
	struct cc_media was;

	begin(CONF_SRTP_REQUIRED);
	ck_assert_int_eq(offer(one), 0);
	strcpy(first, our_answer());
	was = m;
	ck_assert_int_eq(offer(one), 0);
	ck_assert_str_eq(our_answer(), first);
	ck_assert_mem_eq(&m, &was, sizeof(m));
	ck_assert_int_eq(offer(HEAD LINE("RTP/AVP", "7000")), -ENOKEY);
	ck_assert_str_eq(our_answer(), first);
	ck_assert_int_eq(offer(other), 0);
	ck_assert_str_ne(our_answer(), first);
	ck_assert_int_ne(memcmp(m.crypto.tx.key, was.crypto.tx.key, 16), 0);
	ck_assert_uint_eq(m.crypto.rx.key[15], 15);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sdes");
	TCase *t = tcase_create("sdes");

	tcase_add_loop_test(t, test_read, 0, sizeof(lines) / sizeof(*lines));
	tcase_add_test(t, test_octets);
	tcase_add_test(t, test_mask);
	tcase_add_loop_test(t, test_offer, 0, sizeof(offers) / sizeof(*offers));
	tcase_add_test(t, test_two_lines);
	tcase_add_test(t, test_our_offer);
	tcase_add_test(t, test_our_offer_preferred);
	tcase_add_test(t, test_off);
	tcase_add_test(t, test_rekey);
	suite_add_tcase(suite, t);
	return suite_run(suite, CK_NOFORK);
}
