/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key derivation, AES-CM with HMAC-SHA1, AES-GCM. */
#include "media/srtp_priv.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <nettle/ctr.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>

/* RFC 3711 4.3.1; those of SRTCP follow (4.3.2). */
enum { LABEL_KEY, LABEL_AUTH, LABEL_SALT, LABEL_RTCP };

const struct srtp_cipher srtp_suites[SRTP_SUITES] = {
	[SRTP_AES_CM_128_SHA1_80] = { 16, 14, { 10, 10 }, 0, &nettle_aes128 },
	[SRTP_AES_CM_128_SHA1_32] = { 16, 14, { 4, 10 }, 0, &nettle_aes128 },
	[SRTP_AES_CM_256_SHA1_80] = { 32, 14, { 10, 10 }, 0, &nettle_aes256 },
	[SRTP_AES_CM_256_SHA1_32] = { 32, 14, { 4, 10 }, 0, &nettle_aes256 },
	[SRTP_AEAD_AES_128_GCM] = { 16, 12, { 16, 16 }, 1, &nettle_aes128 },
	[SRTP_AEAD_AES_256_GCM] = { 32, 12, { 16, 16 }, 1, &nettle_aes256 },
};

/* The pseudo-random function of 4.3.3, at key derivation rate 0. */
static void derive(const struct srtp_cipher *t, const void *master,
		   const uint8_t *salt, unsigned label, uint8_t out[SRTP_KEY])
{
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };

	memcpy(iv, salt, t->salt);
	iv[7] ^= (uint8_t)label;
	memset(out, 0, SRTP_KEY);
	ctr_crypt(master, t->aes->encrypt, sizeof(iv), iv, SRTP_KEY, out, out);
}

static void hmac_key(struct sha1_ctx *half, const uint8_t *key, uint8_t pad)
{
	uint8_t block[SHA1_BLOCK_SIZE];

	memset(block, pad, sizeof(block));
	for (unsigned i = 0; i < SHA1_DIGEST_SIZE; i++)
		block[i] ^= key[i];
	sha1_init(half);
	sha1_update(half, sizeof(block), block);
	explicit_bzero(block, sizeof(block));
}

static void derive_keys(struct srtp_keys *k, const struct srtp_cipher *t,
			const struct srtp_master *m, unsigned label)
{
	struct aes256_ctx master;
	uint8_t key[SRTP_KEY];

	t->aes->set_encrypt_key(&master, m->key);
	derive(t, &master, m->salt, label + LABEL_SALT, key);
	memcpy(k->salt, key, t->salt);
	derive(t, &master, m->salt, label + LABEL_KEY, key);
	t->aes->set_encrypt_key(&k->aes, key);
	if (t->gcm) {
		gcm_set_key(&k->auth.gcm, &k->aes, t->aes->encrypt);
	} else {
		derive(t, &master, m->salt, label + LABEL_AUTH, key);
		hmac_key(&k->auth.hmac[0], key, 0x36);
		hmac_key(&k->auth.hmac[1], key, 0x5c);
	}
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&master, sizeof(master));
}

/* It goes on where it was, but nothing was seen under the new keys. */
static void rekey(struct srtp_stream *st)
{
	/* The report sent next has an index of its own (3.4). */
	st->rtcp.top += st->rtcp.any;
	st->rtcp.any = st->rtp.any = false;
}

/* tick */
int srtp_set(struct srtp *s, unsigned suite, const struct srtp_master *m)
{
	struct srtp_keys rtp = { .salt = { 0 } };

	if (suite >= SRTP_SUITES || m->mki_len > SRTP_MKI)
		return -EINVAL;
	if (suite == SRTP_PLAIN) {
		srtp_wipe(s);
		return 0;
	}
	derive_keys(&rtp, &srtp_suites[suite], m, 0);
	if (!memeql_sec(&s->rtp.aes, &rtp.aes, sizeof(rtp.aes))) {
		s->packets = s->reports = 0;
		for (unsigned i = 0; i < SRTP_STREAMS; i++)
			rekey(&s->stream[i]);
	}
	s->suite = (uint8_t)suite;
	s->mki_len = m->mki_len;
	memcpy(s->mki, m->mki, sizeof(s->mki));
	s->rtp = rtp;
	derive_keys(&s->rtcp, &srtp_suites[suite], m, LABEL_RTCP);
	explicit_bzero(&rtp, sizeof(rtp));
	return 0;
}

/* tick */
void srtp_wipe(struct srtp *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* RFC 3711 4.1.1. In the 12 octets of GCM, SSRC and index stand two earlier
 * (RFC 7714 8.1, 9.1). */
static void make_iv(uint8_t iv[AES_BLOCK_SIZE], const struct srtp_keys *k,
		    const struct srtp_unit *u, unsigned at)
{
	uint32_t ssrc = htobe32(u->ssrc);
	uint64_t index = htobe64(u->index << 16);

	memset(iv, 0, AES_BLOCK_SIZE);
	memcpy(iv + at, &ssrc, sizeof(ssrc));
	memcpy(iv + at + sizeof(ssrc), &index, sizeof(index));
	memxor(iv, k->salt, AES_BLOCK_SIZE);
}

/* RFC 2104, of the packet and what is beside it. */
static void hmac(const struct srtp_keys *k, const struct srtp_unit *u,
		 const uint8_t *in, uint8_t *sum)
{
	struct sha1_ctx c = k->auth.hmac[0];

	sha1_update(&c, u->len, in);
	sha1_update(&c, 4, (const uint8_t *)&u->beside);
	sha1_digest(&c, SHA1_DIGEST_SIZE, sum);
	c = k->auth.hmac[1];
	sha1_update(&c, SHA1_DIGEST_SIZE, sum);
	sha1_digest(&c, SHA1_DIGEST_SIZE, sum);
}

/* What is authenticated in the clear (RFC 7714 8.2, 9.2). */
static void gcm_begin(struct gcm_ctx *c, const struct srtp_keys *k,
		      const struct srtp_unit *u, const uint8_t *in)
{
	uint8_t iv[AES_BLOCK_SIZE], rtcp[12];

	make_iv(iv, k, u, 2);
	gcm_set_iv(c, &k->auth.gcm, GCM_IV_SIZE, iv);
	memcpy(rtcp, in, 8);
	memcpy(rtcp + 8, &u->beside, 4);
	gcm_update(c, &k->auth.gcm, u->rtcp ? sizeof(rtcp) : u->head,
		   u->rtcp ? rtcp : in);
}

/* tick */
void srtp_transform(const struct srtp *s, const struct srtp_unit *u,
		    const uint8_t *in, uint8_t *out,
		    uint8_t sum[SHA1_DIGEST_SIZE])
{
	const struct srtp_keys *k = u->rtcp ? &s->rtcp : &s->rtp;
	nettle_cipher_func *aes = srtp_suites[s->suite].aes->encrypt;
	size_t head = u->head, len = u->len - head;
	uint8_t iv[AES_BLOCK_SIZE];
	struct gcm_ctx c;

	memmove(out, in, head);
	if (srtp_suites[s->suite].gcm) {
		gcm_begin(&c, k, u, in);
		(u->seals ? gcm_encrypt : gcm_decrypt)(
			&c, &k->auth.gcm, &k->aes, aes, len, out + head,
			in + head);
		gcm_digest(&c, &k->auth.gcm, &k->aes, aes, GCM_DIGEST_SIZE,
			   sum);
		return;
	}
	make_iv(iv, k, u, 4);
	ctr_crypt(&k->aes, aes, sizeof(iv), iv, len, out + head, in + head);
	hmac(k, u, u->seals ? out : in, sum);
}
