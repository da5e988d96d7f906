/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load_srtp.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "media/srtp.h"

struct load_srtp {
	unsigned n;
	struct srtp *out; /* of each channel */
	srtp_t in[LOAD_CHECKED];
};

static void fill(uint32_t *x, uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*x = *x * 1664525u + 1013904223u;
		at[i] = (uint8_t)(*x >> 24);
	}
}

/* Without MKI. */
void load_srtp_keys(const struct load_plan *p, unsigned channel,
		    bool to_gateway, struct srtp_master *m)
{
	uint32_t x = p->seed ^ (channel * 2u + to_gateway) * 2654435761u;

	memset(m, 0, sizeof(*m));
	fill(&x, m->key, sizeof(m->key));
	fill(&x, m->salt, sizeof(m->salt));
}

/* Octets of the master key, salt behind it. */
static unsigned key_octets(unsigned suite)
{
	return suite == SRTP_AES_CM_256_SHA1_80 ||
		       suite == SRTP_AES_CM_256_SHA1_32 ||
		       suite == SRTP_AEAD_AES_256_GCM
		       ? 32
		       : 16;
}

static bool set_policy(srtp_policy_t *p, unsigned suite)
{
	static const srtp_profile_t profiles[SRTP_SUITES] = {
		[SRTP_AES_CM_128_SHA1_80] = srtp_profile_aes128_cm_sha1_80,
		[SRTP_AES_CM_128_SHA1_32] = srtp_profile_aes128_cm_sha1_32,
		[SRTP_AEAD_AES_128_GCM] = srtp_profile_aead_aes_128_gcm,
		[SRTP_AEAD_AES_256_GCM] = srtp_profile_aead_aes_256_gcm,
	};

	return profiles[suite] &&
	       srtp_crypto_policy_set_from_profile_for_rtp(
		       &p->rtp, profiles[suite]) == srtp_err_status_ok &&
	       srtp_crypto_policy_set_from_profile_for_rtcp(
		       &p->rtcp, profiles[suite]) == srtp_err_status_ok;
}

static srtp_t new_judge(const struct load_plan *p, unsigned channel)
{
	uint8_t key[SRTP_KEY + SRTP_SALT];
	unsigned n = key_octets(p->suite);
	struct srtp_master m;
	srtp_policy_t policy = { 0 };
	srtp_t s = NULL;

	load_srtp_keys(p, channel, false, &m);
	memcpy(key, m.key, n);
	memcpy(key + n, m.salt, SRTP_SALT);
	policy.ssrc.type = ssrc_any_inbound;
	policy.key = key;
	policy.window_size = 1024;
	if (!set_policy(&policy, p->suite) ||
	    srtp_create(&s, &policy) != srtp_err_status_ok)
		return NULL;
	return s;
}

struct load_srtp *load_srtp_new(const struct load_plan *p,
				const struct load_shared *shared)
{
	struct load_srtp *s = calloc(1, sizeof(*s));
	struct srtp_master m;

	if (!s || srtp_init() != srtp_err_status_ok)
		goto fail;
	s->out = aligned_alloc(64, (p->channels * sizeof(*s->out) + 63) /
					   64 * 64);
	if (!s->out)
		goto fail;
	memset(s->out, 0, p->channels * sizeof(*s->out));
	for (unsigned c = 0; c < p->channels; c++) {
		load_srtp_keys(p, c, true, &m);
		if (srtp_set(&s->out[c], p->suite, &m) < 0)
			goto fail;
	}
	for (; s->n < shared->n_checked; s->n++) {
		s->in[s->n] = new_judge(p, shared->checked[s->n]);
		if (!s->in[s->n])
			goto fail;
	}
	return s;
fail:
	load_srtp_free(s);
	return NULL;
}

void load_srtp_free(struct load_srtp *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++)
		srtp_dealloc(s->in[i]);
	free(s->out);
	free(s);
}

size_t load_srtp_seal(struct load_srtp *s, unsigned channel, uint8_t *packet,
		      size_t len)
{
	int n = srtp_seal(&s->out[channel], packet, len);

	return n < 0 ? 0 : (size_t)n;
}

size_t load_srtp_open(struct load_srtp *s, unsigned i, uint8_t *packet,
		      size_t len)
{
	int n = (int)len;

	if (srtp_unprotect(s->in[i], packet, &n) != srtp_err_status_ok)
		return 0;
	return (size_t)n;
}
