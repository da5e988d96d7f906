/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to 401 and 407: digest of RFC 7616 and 8760, MD5, SHA-256 and
 * SHA-512-256, each also with -sess, qop auth or none. Hashing by nettle.
 *
 * A response may carry several challenges; the strongest algorithm we know
 * wins, among equals the topmost. Challenges with an
 * unknown scheme, algorithm or only unknown qop are passed over.
 *
 * The state belongs to one request as it is repeated (a leg's INVITE, a
 * BYE...): zero it before the first. A second challenge is answered only if
 * the nonce is new and stale=true, or the realm another; otherwise our
 * password is wrong and asking again would loop (-EACCES).
 *
 * Who may be answered is decided by the caller: only the trunk's own peer, and
 * only with the trunk's own credentials. Any thread.
 */
#ifndef SIP_DIGEST_H
#define SIP_DIGEST_H

#include "sip/msg.h"

enum sip_digest_algorithm { /* the stronger the later */
	SIP_DIGEST_MD5,
	SIP_DIGEST_SHA256,
	SIP_DIGEST_SHA512_256
};

#define SIP_DIGEST_TRIES 3 /* challenges answered for one request */

struct sip_digest {
	char realm[128], nonce[256], opaque[128];
	enum sip_digest_algorithm algorithm;
	bool named; /* the challenge named its algorithm */
	bool sess;  /* -sess: the key is bound to nonce and cnonce */
	bool qop;   /* auth */
	bool proxy; /* 407 */
	uint32_t nc; /* uses of that nonce */
	uint8_t tries;
};

/* Adds Authorization (401) or Proxy-Authorization (407) to request (those of
 * an older answer are removed), computed from its method and Request-URI. The
 * caller raises CSeq. 0; -ENOENT no challenge that we can answer; -EPERM none
 * of the realm that is meant ("" = any); -EACCES asked again; -EINVAL no user,
 * or one that cannot be quoted; -ENOMEM. */
int sip_digest_answer(struct sip_digest *, const struct sip_msg *response,
		      struct sip_msg *request, const char *realm,
		      const char *user, const char *password);
/* Credentials for a further request under the same nonce (nc + 1), so that it
 * need not be challenged. -ENOENT when nothing was answered yet. */
int sip_digest_repeat(struct sip_digest *, struct sip_msg *request,
		      const char *user, const char *password);

/* A final response to what bore credentials may name the nonce of the next
 * request (Authentication-Info with nextnonce, RFC 7616 3.5). */
void sip_digest_next(struct sip_digest *, const struct sip_msg *response);

/* The parts of one computation, for tests: "" qop for RFC 2069 style. */
struct sip_digest_input {
	enum sip_digest_algorithm algorithm;
	const char *user, *realm, *password;
	const char *method, *uri;
	const char *nonce, *cnonce, *qop;
	uint32_t nc;
	bool sess;
};

#define SIP_DIGEST_HEX 65
/* Lower-case hexadecimal response into out. */
void sip_digest_compute(const struct sip_digest_input *,
			char out[SIP_DIGEST_HEX]);

#endif
