/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES256 (RFC 7518 3.4): ECDSA on P-256 with SHA-256, the signature as the 64
 * octets r || s. No other curve, no other algorithm. Keys by GnuTLS; the
 * caller frees them. Nothing of a private key is ever logged.
 *
 * Thread: any.
 */
#ifndef SIP_JWS_H
#define SIP_JWS_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWS_SIG 64

/* From PEM. 0; -EINVAL: no such key in it; -ENOTSUP: not on P-256; -ENOMEM. */
int jws_private(gnutls_privkey_t *out, const void *pem, size_t len);
bool jws_is_p256(gnutls_pubkey_t);
/* 0 or -EIO. */
int jws_sign(gnutls_privkey_t, const void *data, size_t len,
	       uint8_t sig[JWS_SIG]);
bool jws_verify(gnutls_pubkey_t, const void *data, size_t len,
		  const uint8_t sig[JWS_SIG]);

#endif
