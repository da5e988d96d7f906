/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transforms below SRTP and SRTCP; for srtp*.c and tests. */
#ifndef MEDIA_SRTP_PRIV_H
#define MEDIA_SRTP_PRIV_H

#include "media/srtp.h"

struct srtp_cipher { /* of a suite; octets */
	uint8_t key, salt, tag[2]; /* of SRTP, of SRTCP */
	bool gcm;
	const struct nettle_cipher *aes;
};

extern const struct srtp_cipher srtp_suites[SRTP_SUITES];

/* A packet as the transforms see it. */
struct srtp_unit {
	bool rtcp, seals;
	uint32_t ssrc;
	uint64_t index;	  /* 48 bits: ROC and SEQ, or the SRTCP index */
	uint32_t beside;  /* authenticated, too: ROC, or E and index; BE */
	size_t head, len; /* octets in the clear; these and the secret */
};

/* Seals or opens from in to out, the same only when sealing; sum: the tag,
 * before it is cut, that belongs to the sealed packet. */
void srtp_transform(const struct srtp *, const struct srtp_unit *,
		    const uint8_t *in, uint8_t *out,
		    uint8_t sum[SHA1_DIGEST_SIZE]);

#endif
