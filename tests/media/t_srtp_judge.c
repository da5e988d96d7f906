/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lsrtp2 */
/*
 * libsrtp2 judges media/srtp.h. One sender's packets are sealed by both, and
 * are the same octets; a bad network then brings them to a receiver of each
 * (losses, duplicates, late ones, damage), that give the same verdict and
 * the same plain text. It ends when a million packets were accepted, over all
 * suites, RTP and RTCP, with MKI and without.
 */
#include "media/srtp_priv.h"

#include <check.h>
#include <errno.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { GENUINE = 30000 }; /* accepted, over all suites */
#else
enum { GENUINE = 1000000 };
#endif

enum {
	SUITES = SRTP_SUITES - 1,
	TRIALS = 2 * SUITES,
	SOURCES = 8,
	PAYLOAD = 1400,
	WIRE = 1600,
	HELD = 64, /* packets on their way */
};

struct source {
	uint32_t ssrc;
	uint16_t seq;
	bool known; /* its first packet arrived */
};

struct wire { /* a sealed packet */
	bool rtcp, damaged;
	size_t len;
	uint8_t octets[WIRE];
};

struct trial {
	struct rnd rnd;
	struct srtp tx, rx;
	srtp_t judge_tx, judge_rx;
	unsigned mki; /* is there one? */
	bool no_rtcp; /* the judge looks for the MKI in the wrong place */
	struct source sources[SOURCES];
	struct source *now;
	struct wire held[HELD];
	struct { /* arrivals by verdict */
		unsigned good, replayed, refused;
	} seen;
};

static void random_octets(struct rnd *r, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rnd_u32(r);
}

static void set_policy(srtp_policy_t *p, unsigned suite)
{
	memset(p, 0, sizeof(*p));
	switch (suite) {
	case SRTP_AES_CM_128_SHA1_80:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_CM_128_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_CM_256_SHA1_80:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_CM_256_SHA1_32:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
		break;
	}
	p->window_size = 128;
}

static srtp_t judge(unsigned suite, const struct srtp_master *m,
		    srtp_ssrc_type_t direction)
{
	size_t len = srtp_suites[suite].key;
	uint8_t key[SRTP_KEY + SRTP_SALT], mki[SRTP_MKI];
	srtp_master_key_t one = { key, mki, m->mki_len }, *keys[] = { &one };
	srtp_policy_t p;
	srtp_t s;

	memcpy(key, m->key, len);
	memcpy(key + len, m->salt, srtp_suites[suite].salt);
	memcpy(mki, m->mki, sizeof(mki));
	set_policy(&p, suite);
	if (m->mki_len) {
		p.keys = keys;
		p.num_master_keys = 1;
	} else {
		p.key = key;
	}
	p.ssrc.type = direction;
	ck_assert_int_eq(srtp_create(&s, &p), srtp_err_status_ok);
	return s;
}

static void put_ssrc(uint8_t *out, uint32_t ssrc)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(ssrc >> (24 - 8 * i));
}

static size_t make_rtp(struct trial *t, uint8_t *out)
{
	struct rnd *r = &t->rnd;
	size_t csrcs = rnd_below(r, 10) ? 0 : rnd_below(r, 16);
	size_t words = rnd_below(r, 10) ? 0 : rnd_below(r, 4);
	size_t len = 12 + 4 * csrcs;

	random_octets(r, out, len + 4 + 4 * words);
	out[0] = (uint8_t)(0x80 | csrcs);
	out[2] = (uint8_t)(t->now->seq >> 8);
	out[3] = (uint8_t)t->now->seq;
	put_ssrc(out + 8, t->now->ssrc);
	if (words) {
		out[0] |= 0x10;
		out[len + 2] = 0;
		out[len + 3] = (uint8_t)words;
		len += 4 + 4 * words;
	}
	words = rnd_below(r, 2) ? 160 : rnd_below(r, PAYLOAD + 1);
	memset(out + len, (int)rnd_u32(r), words);
	return len + words;
}

static size_t make_rtcp(struct trial *t, uint8_t *out)
{
	size_t len = 8 + rnd_below(&t->rnd, 200);

	random_octets(&t->rnd, out, len);
	put_ssrc(out + 4, t->now->ssrc);
	return len;
}

/* A step of the sequence numbers: mostly one, sometimes a gap, or a leap, so
 * that they wrap often. */
static void next_seq(struct trial *t)
{
	struct rnd *r = &t->rnd;
	unsigned step = 1;

	if (rnd_below(r, 50) == 0)
		step = 1 + rnd_below(r, 300);
	if (rnd_below(r, 100) == 0)
		step = 1 + rnd_below(r, 20000);
	t->now->seq = (uint16_t)(t->now->seq + step);
}

static int judge_seals(struct trial *t, bool rtcp, uint8_t *packet, int n)
{
	srtp_err_status_t err = rtcp
		? srtp_protect_rtcp_mki(t->judge_tx, packet, &n, t->mki, 0)
		: srtp_protect_mki(t->judge_tx, packet, &n, t->mki, 0);

	ck_assert_int_eq(err, srtp_err_status_ok);
	return n;
}

/* The octets of both implementations are the same. */
static void send_one(struct trial *t, struct wire *w)
{
	uint8_t his[WIRE];
	size_t n;
	int len;

	w->damaged = false;
	w->rtcp = t->now->known && !t->no_rtcp && rnd_below(&t->rnd, 8) == 0;
	if (w->rtcp) {
		n = make_rtcp(t, w->octets);
	} else {
		n = make_rtp(t, w->octets);
		next_seq(t);
	}
	memcpy(his, w->octets, n);
	len = w->rtcp ? srtp_seal_rtcp(&t->tx, w->octets, n)
		      : srtp_seal(&t->tx, w->octets, n);
	ck_assert_int_gt(len, (int)n);
	ck_assert_int_le(len, (int)n + SRTP_TRAILER);
	ck_assert_int_eq(judge_seals(t, w->rtcp, his, (int)n), len);
	ck_assert_mem_eq(w->octets, his, (size_t)len);
	w->len = (size_t)len;
}

/* Receivers agree. */
static void arrive(struct trial *t, const struct wire *w)
{
	uint8_t his[WIRE], ours[WIRE];
	int n = (int)w->len, len;
	srtp_err_status_t err;

	memcpy(his, w->octets, w->len);
	if (w->rtcp) {
		len = srtp_open_rtcp(&t->rx, w->octets, w->len, ours);
		err = srtp_unprotect_rtcp_mki(t->judge_rx, his, &n,
					      t->mki);
	} else {
		len = srtp_open(&t->rx, w->octets, w->len, ours);
		err = srtp_unprotect_mki(t->judge_rx, his, &n, t->mki);
	}
	switch (err) {
	case srtp_err_status_ok:
		ck_assert_int_eq(len, n);
		ck_assert_mem_eq(ours, his, (size_t)n);
		t->seen.good++;
		break;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		ck_assert(len == -EALREADY || (w->damaged && len < 0));
		t->seen.replayed++;
		break;
	default:
		ck_assert_msg(len == -EBADMSG || (w->damaged && len < 0),
			      "judge: %d, we: %d", (int)err, len);
		t->seen.refused++;
		break;
	}
}

/* One bit, or the length. */
static void damage(struct trial *t, struct wire *w)
{
	w->damaged = true;
	if (rnd_below(&t->rnd, 8) == 0)
		w->len = rnd_below(&t->rnd, (uint32_t)w->len);
	else
		w->octets[rnd_below(&t->rnd, (uint32_t)w->len)] ^=
			(uint8_t)(1 << rnd_below(&t->rnd, 8));
}

/* The network: keeps some, for a short or long time, loses, repeats and
 * damages some. The first of a source comes at once, for the judge, other
 * than we, would not find out that a wrap went by before it. */
static void network(struct trial *t, const struct wire *w)
{
	struct rnd *r = &t->rnd;
	struct wire *held = &t->held[rnd_below(r, HELD)], bad;

	if (!t->now->known) {
		t->now->known = true;
		arrive(t, w);
		return;
	}
	switch (rnd_below(r, 16)) {
	case 0:
		return;
	case 1:
	case 2:
	case 3:
		if (held->len)
			arrive(t, held);
		*held = *w;
		return;
	case 4:
		arrive(t, w);
		arrive(t, w);
		return;
	case 5:
		bad = *w;
		damage(t, &bad);
		arrive(t, &bad);
		break;
	}
	arrive(t, w);
	if (rnd_below(r, 4) == 0)
		*held = *w; /* to be replayed */
}

/* Sources begin anywhere, at the wrap, too. */
static void begin(struct trial *t, unsigned suite, bool mki)
{
	struct srtp_master m = { .mki_len = mki ? 4 : 0 };

	memset(t, 0, sizeof(*t));
	t->mki = mki;
	t->no_rtcp = mki && srtp_suites[suite].tag[0] != srtp_suites[suite].tag[1];
	rnd_init(&t->rnd, "t_srtp_judge");
	random_octets(&t->rnd, m.key, sizeof(m.key));
	random_octets(&t->rnd, m.salt, sizeof(m.salt));
	random_octets(&t->rnd, m.mki, sizeof(m.mki));
	ck_assert_int_eq(srtp_set(&t->tx, suite, &m), 0);
	ck_assert_int_eq(srtp_set(&t->rx, suite, &m), 0);
	t->judge_tx = judge(suite, &m, ssrc_any_outbound);
	t->judge_rx = judge(suite, &m, ssrc_any_inbound);
	for (unsigned i = 0; i < SOURCES; i++) {
		uint16_t seq = (uint16_t)rnd_u32(&t->rnd);

		t->sources[i].ssrc = rnd_u32(&t->rnd);
		t->sources[i].seq = i % 2 ? seq : (uint16_t)(0 - seq % 4);
		/* The judge's SRTCP index begins at 1, not at 0. */
		t->tx.stream[i].ssrc = t->sources[i].ssrc;
		t->tx.stream[i].rtcp.top = 1;
	}
	t->now = t->sources;
}

static uint64_t wraps(const struct trial *t)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SRTP_STREAMS; i++)
		n += t->rx.stream[i].rtp.top >> 16;
	return n;
}

START_TEST(test_suite)
{
	unsigned need = GENUINE / TRIALS + 1, suite = (unsigned)_i / 2 + 1, n;
	static struct trial t;
	static struct wire w;

	begin(&t, suite, _i % 2);
	for (n = 0; n < 3 * need && t.seen.good < need; n++) {
		if (rnd_below(&t.rnd, 500) == 0)
			t.now = &t.sources[rnd_below(&t.rnd, SOURCES)];
		send_one(&t, &w);
		network(&t, &w);
	}
	printf("suite %u%s: %u sent, %u accepted, %u replayed, %u refused, %u "
	       "wraps\n", suite, t.mki ? ", MKI" : "", n, t.seen.good, t.seen.replayed, t.seen.refused,
	       (unsigned)wraps(&t));
	ck_assert_uint_ge(t.seen.good, need);
	ck_assert_uint_ge(t.seen.replayed, n / 20);
	ck_assert_uint_ge(t.seen.refused, n / 30);
	/* 1.6 of a thousand are expected. A sanitizer's run has few: one. */
	ck_assert_uint_ge(wraps(&t), 1 + n / 4000);
	srtp_dealloc(t.judge_tx);
	srtp_dealloc(t.judge_rx);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("srtp_judge");
	TCase *tc = tcase_create("srtp_judge");

	if (srtp_init() != srtp_err_status_ok)
		return 1;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_suite, 0, TRIALS);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
