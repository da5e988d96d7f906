/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SRTP and SRTCP: RFC 3711 with AES-CM and HMAC-SHA1, RFC 6188 (256 bit),
 * RFC 7714 (AES-GCM). A struct srtp is one direction of one session: keys,
 * and for each SSRC the highest index and the window of 128 behind it.
 *
 *    RTP    | header | payload, secret           | MKI | tag |
 *    RTCP   | 8      | rest, secret | E, index | MKI | tag |
 *
 * (GCM: the tag stands before E and MKI). There is an MKI when the keys have
 * one; a packet with another is not for these keys.
 *
 * Nothing that a packet says changes anything before its tag is verified,
 * and then only the stream of its own SSRC (RFC 3711 3.3). A stream is never
 * forgotten while its keys are in use, for then all of it could be played
 * again; who shows more than SRTP_STREAMS is not heard (-ENOSPC).
 *
 * The roll-over counter (ROC) is estimated as in 3.3.1, and once for each
 * stream and key, until a tag has been verified, two more are tried: 0, for
 * peers that begin anew with new keys, and 1, if what came before the wrap of
 * a new stream was lost. New keys keep all indexes (3.3.1, 3.4).
 *
 * Not there: key derivation rates, unencrypted SRTCP (E = 0 is refused),
 * encrypted header extensions. Keys live as long as 9.2 allows.
 *
 * Plain values of their owner, no allocation; all may run in the tick. A
 * zeroed struct srtp has no keys. It holds secrets: srtp_wipe it at the end.
 */
#ifndef MEDIA_SRTP_H
#define MEDIA_SRTP_H

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/sha1.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/srtp_suite.h"

enum {
	SRTP_TRAILER = 20 + SRTP_MKI, /* octets that a packet grows by, at most */
	SRTP_STREAMS = 16, /* SSRCs of a direction under the same keys */
};

struct srtp_window {
	bool any;     /* under the present keys */
	uint64_t top; /* highest index; of earlier keys if there is !any */
	unsigned __int128 seen; /* bit n: top - n */
};

struct srtp_stream {
	uint32_t ssrc;
	struct srtp_window rtp, rtcp;
};

struct srtp_keys { /* session keys, of SRTP or SRTCP */
	uint8_t salt[AES_BLOCK_SIZE];
	struct aes256_ctx aes; /* AES-128 fills less of it */
	union {
		struct gcm_key gcm;
		struct sha1_ctx hmac[2]; /* inner, outer; after the key */
	} auth;
};

struct srtp {
	uint8_t suite;
	uint8_t mki_len, mki[SRTP_MKI];
	uint64_t packets, reports; /* under these keys */
	struct srtp_stream stream[SRTP_STREAMS];
	struct srtp_keys rtp, rtcp;
};

/* Other keys; the same again change nothing. SRTP_PLAIN wipes. 0, or -EINVAL:
 * no such suite. */
int srtp_set(struct srtp *, unsigned suite, const struct srtp_master *);
void srtp_wipe(struct srtp *);

/* In place, with room for SRTP_TRAILER. The new length, or -EINVAL: not a
 * packet; -EALREADY: that index was sent; -EKEYEXPIRED, -ENOSPC. */
int srtp_seal(struct srtp *, uint8_t *packet, size_t len);
int srtp_seal_rtcp(struct srtp *, uint8_t *packet, size_t len);

/* out: len octets, not in; only to be believed on success. The length in it,
 * or -EINVAL: too short, or not a packet; -EALREADY: replayed, or older than
 * the window; -EBADMSG: forged, damaged, or plain; -EKEYEXPIRED, -ENOSPC. */
int srtp_open(struct srtp *, const uint8_t *in, size_t len, uint8_t *out);
int srtp_open_rtcp(struct srtp *, const uint8_t *in, size_t len,
			uint8_t *out);

#endif
