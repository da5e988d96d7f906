/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/jws.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <string.h>

#define HALF (JWS_SIG / 2)

static gnutls_datum_t datum(const void *data, size_t len)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)data,
				(unsigned)len};
}

bool jws_is_p256(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;

	return gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA &&
	       gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) == 0 &&
	       curve == GNUTLS_ECC_CURVE_SECP256R1;
}

/* A private key on P-256? By its public half. */
static bool is_p256(gnutls_privkey_t key)
{
	gnutls_pubkey_t half;
	bool ok;

	if (gnutls_pubkey_init(&half) < 0) {
		return false;
	}
	ok = gnutls_pubkey_import_privkey(half, key, 0, 0) == 0 &&
	     jws_is_p256(half);
	gnutls_pubkey_deinit(half);
	return ok;
}

int jws_private(gnutls_privkey_t *out, const void *pem, size_t len)
{
	gnutls_datum_t d = datum(pem, len);
	int err;

	if (gnutls_privkey_init(out) < 0) {
		return -ENOMEM;
	}
	err = len && gnutls_privkey_import_x509_raw(*out, &d,
						    GNUTLS_X509_FMT_PEM, NULL,
						    0) == 0
		      ? 0
		      : -EINVAL;
	if (!err && !is_p256(*out)) {
		err = -ENOTSUP;
	}
	if (err) {
		gnutls_privkey_deinit(*out);
		*out = NULL;
	}
	return err;
}

/* A big-endian number into HALF octets, whatever zeros stand before it. */
static bool put_half(uint8_t out[HALF], const gnutls_datum_t *n)
{
	const unsigned char *p = n->data;
	unsigned len = n->size;

	while (len > HALF && *p == 0) {
		p++;
		len--;
	}
	if (len > HALF) {
		return false;
	}
	memset(out, 0, HALF - len);
	memcpy(out + HALF - len, p, len);
	return true;
}

int jws_sign(gnutls_privkey_t key, const void *data, size_t len,
	       uint8_t sig[JWS_SIG])
{
	gnutls_datum_t d = datum(data, len), der, r, s;
	bool ok;

	if (gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &d,
				      &der) < 0) {
		return -EIO;
	}
	if (gnutls_decode_rs_value(&der, &r, &s) < 0) {
		gnutls_free(der.data);
		return -EIO;
	}
	ok = put_half(sig, &r) && put_half(sig + HALF, &s);
	gnutls_free(der.data);
	gnutls_free(r.data);
	gnutls_free(s.data);
	return ok ? 0 : -EIO;
}

bool jws_verify(gnutls_pubkey_t key, const void *data, size_t len,
		  const uint8_t sig[JWS_SIG])
{
	gnutls_datum_t d = datum(data, len), der;
	gnutls_datum_t r = datum(sig, HALF), s = datum(sig + HALF, HALF);
	bool ok;

	if (gnutls_encode_rs_value(&der, &r, &s) < 0) {
		return false;
	}
	ok = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &d,
					&der) >= 0;
	gnutls_free(der.data);
	return ok;
}
