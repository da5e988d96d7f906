/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificates that tokens of others are verified with, by the URL that
 * the token names (x5u). Nothing is fetched: they come from a file, as
 *
 *   # who it is
 *   https://cert.example.org/passport.pem
 *   -----BEGIN CERTIFICATE-----  ... the chain, as that URL gives it
 *
 * and so on. A chain is looked at when it is first asked for: to a CA of ours,
 * its key on P-256, good for signatures, with a TNAuthList (RFC 8226). Its
 * dates count each time.
 *
 * Owner: stir.c. Thread: the role's loop.
 */
#ifndef SIP_STIR_STORE_H
#define SIP_STIR_STORE_H

#include "sip/jws.h"

#define STIR_STORE_MAX 4096 /* chains */
#define STIR_WHY_MAX   200

enum stir_cert {
	STIR_CERT_OK,
	STIR_CERT_UNKNOWN,  /* not in the file */
	STIR_CERT_BAD,	    /* cannot be read, or not for signatures */
	STIR_CERT_KEY,	    /* not on P-256 */
	STIR_CERT_CHAIN,    /* does not lead to a CA of ours */
	STIR_CERT_DATES,    /* expired, or not yet valid */
	STIR_CERT_SCOPE	    /* no TNAuthList, or not for that number */
};

struct stir_store;

/* Copies text. cas: PEM. NULL: why not, in words. */
struct stir_store *stir_store_new(const void *text, size_t len,
				  const void *cas, size_t cas_len,
				  char why[STIR_WHY_MAX]);
void stir_store_free(struct stir_store *); /* NULL does nothing */
unsigned stir_store_count(const struct stir_store *);
/* The key of that URL's certificate, borrowed, if it may sign for that number
 * at that second of the wall clock. */
enum stir_cert stir_store_find(struct stir_store *, const char *url,
			       int64_t now_s, const char *tn,
			       gnutls_pubkey_t *out);

#endif
