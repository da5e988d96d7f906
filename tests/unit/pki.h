/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates for tests of STIR, made on the spot and as bad as needed: a CA
 * and what it signs, with TNAuthList. Included by one test program each.
 */
#ifndef TESTS_PKI_H
#define TESTS_PKI_H

#include <check.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <string.h>

#include "sip/tnauth.h"

#define PKI_PEM 4096

struct pki {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	char pem[PKI_PEM], key_pem[PKI_PEM];
};

struct pki_want {
	const struct pki *issuer; /* NULL: itself */
	int64_t from, until;	  /* seconds of the wall clock */
	const char *tnauth;	  /* DER; NULL: none */
	size_t tnauth_len;
	gnutls_ecc_curve_t curve; /* 0: P-256 */
	unsigned usage;		  /* 0: not said */
};

/* [0] "709J" */
#define PKI_SPC	    "\x30\x08\xa0\x06\x16\x04""709J"
#define PKI_SPC_LEN 10

static inline void pki_make(struct pki *m, const struct pki_want *w)
{
	static uint8_t serial;
	gnutls_ecc_curve_t curve =
		w->curve ? w->curve : GNUTLS_ECC_CURVE_SECP256R1;
	const struct pki *issuer = w->issuer ? w->issuer : m;
	const char *name = w->issuer ? "signer" : "ca";
	size_t n = PKI_PEM - 1;

	memset(m, 0, sizeof(*m));
	serial++;
	gnutls_x509_privkey_init(&m->key);
	ck_assert_int_eq(gnutls_x509_privkey_generate(
				 m->key, GNUTLS_PK_ECDSA,
				 GNUTLS_CURVE_TO_BITS(curve), 0),
			 0);
	gnutls_x509_crt_init(&m->crt);
	gnutls_x509_crt_set_version(m->crt, 3);
	gnutls_x509_crt_set_serial(m->crt, &serial, 1);
	gnutls_x509_crt_set_activation_time(m->crt, w->from);
	gnutls_x509_crt_set_expiration_time(m->crt, w->until);
	gnutls_x509_crt_set_key(m->crt, m->key);
	gnutls_x509_crt_set_dn_by_oid(m->crt, GNUTLS_OID_X520_COMMON_NAME, 0,
				      name, (unsigned)strlen(name));
	gnutls_x509_crt_set_basic_constraints(m->crt, !w->issuer, -1);
	if (w->usage)
		gnutls_x509_crt_set_key_usage(m->crt, w->usage);
	if (w->tnauth)
		gnutls_x509_crt_set_extension_by_oid(
			m->crt, TNAUTH_OID, w->tnauth, w->tnauth_len, 0);
	ck_assert_int_eq(gnutls_x509_crt_sign2(m->crt, issuer->crt, issuer->key,
					       GNUTLS_DIG_SHA256, 0),
			 0);
	ck_assert_int_eq(gnutls_x509_crt_export(m->crt, GNUTLS_X509_FMT_PEM,
						m->pem, &n),
			 0);
	n = PKI_PEM - 1;
	ck_assert_int_eq(gnutls_x509_privkey_export(
				 m->key, GNUTLS_X509_FMT_PEM, m->key_pem, &n),
			 0);
}

static inline void pki_free(struct pki *m)
{
	gnutls_x509_crt_deinit(m->crt);
	gnutls_x509_privkey_deinit(m->key);
}

/* What gateway/certs.c makes of four files. */
static inline size_t pki_bundle(uint8_t *out, const char *const part[4])
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t n = (uint32_t)strlen(part[i]);

		memcpy(out + at, &n, sizeof(n));
		memcpy(out + at + sizeof(n), part[i], n);
		at += sizeof(n) + n;
	}
	return at;
}

#endif
