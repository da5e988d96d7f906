/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What signalling agrees upon for SRTP: suite and keys, as values. */
#ifndef MEDIA_SRTP_SUITE_H
#define MEDIA_SRTP_SUITE_H

#include <stdint.h>

enum srtp_suite {
	SRTP_PLAIN, /* no keys: RTP */
	SRTP_AES_CM_128_SHA1_80,
	SRTP_AES_CM_128_SHA1_32, /* of SRTP; SRTCP has 80 bits (RFC 4568) */
	SRTP_AES_CM_256_SHA1_80,
	SRTP_AES_CM_256_SHA1_32,
	SRTP_AEAD_AES_128_GCM,
	SRTP_AEAD_AES_256_GCM,
	SRTP_SUITES
};

enum { SRTP_KEY = 32, SRTP_SALT = 14, SRTP_MKI = 8 }; /* octets, at most */

/* Of one direction. Shorter keys and salts fill the beginning (AES-CM: 16 or
 * 32 and 14 octets, GCM: 16 or 32 and 12); the rest is not looked at. Each
 * packet names the key by its MKI when that has a length. */
struct srtp_master {
	uint8_t key[SRTP_KEY], salt[SRTP_SALT];
	uint8_t mki_len, mki[SRTP_MKI];
};

#endif
