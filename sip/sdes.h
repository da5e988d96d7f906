/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of SRTP in a session description: the crypto attribute of RFC 4568,
 * with the suites of RFC 4568, 6188 and 7714.
 *
 *   a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY-AND-SALT|2^31|1:4 WSH=64
 *            tag        suite                 base64    lifetime MKI  session
 *
 * An attribute that asks for what the media engine does not do (another
 * suite, several keys, a key derivation rate, streams that are not encrypted
 * or not authenticated, FEC) is not usable; the next one may be. So is one
 * that is malformed: RFC 4568 6.1 lets the answerer choose among the rest.
 *
 * The values hold secrets: whoever keeps one wipes it; nothing here is ever
 * logged. Pure functions on caller's storage. Thread: any.
 */
#ifndef SIP_SDES_H
#define SIP_SDES_H

#include "gateway/cc.h"

#include <stddef.h>

#define SDES_TAG_MAX  999999999u /* 1*9DIGIT */
#define SDES_LINE_MAX 160	 /* octets that sdes_write() needs, at most */
#define SDES_OFFERS   8		 /* usable attributes read of an m= line */

struct sdes {
	uint32_t tag;
	uint8_t suite;	/* enum cc_srtp; never CC_RTP_PLAIN */
	uint8_t name;	/* which of the suite's names was used */
	struct cc_key key; /* of the sender of the description */
};

/* The value behind "a=crypto:". 0; -EBADMSG malformed; -ENOTSUP. */
int sdes_read(struct sdes *, const char *text, size_t len);
/* The usable ones of the line-th m= line (from 0) of a description. */
unsigned sdes_read_all(struct sdes out[SDES_OFFERS], const char *sdp,
		       size_t len, unsigned line);
/* The value. Its length; -ENOSPC. */
int sdes_write(const struct sdes *, char *buf, size_t size);
/* The name that we give to a suite. */
uint8_t sdes_name_of(unsigned suite);
bool sdes_is_name_of(uint8_t name, unsigned suite);
/* A new secret of our own, from the kernel. 0 or -errno. */
int sdes_make_key(struct cc_key *);

/* In place: the keys of a message or description for people to see, even if
 * it is malformed; "x" for each octet. */
void sdes_mask(char *text, size_t len);

#endif
