/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PASSporT (RFC 8225) as the value of a SIP Identity header (RFC 8224): text
 * to claims and back. The signature and whose it is are not looked at here
 * (jws.h, stir.h).
 *
 *   full      HEADER.CLAIMS.SIGNATURE;info=<URL>;alg=ES256;ppt=shaken
 *   compact   ..SIGNATURE;info=<URL>       header and claims are what the
 *                                          message says: passport_complete()
 *
 * What is signed is HEADER.CLAIMS, each the base64url of JSON in canonical
 * form (RFC 8225 9). A full one that is readable but not in that form is
 * taken, and said to be loose: its signature covers what was sent.
 *
 * Telephone numbers stand in canonical form (RFC 8224 8.3): digits, * and #.
 * Identities that are URIs are left out: a line has no use for them.
 *
 * Pure functions; JSON by jansson. Thread: any.
 */
#ifndef SIP_PASSPORT_H
#define SIP_PASSPORT_H

#include "sip/jws.h"

#define PASSPORT_MAX   3072 /* octets of the header's value */
#define PASSPORT_URL   256
#define PASSPORT_TN    32
#define PASSPORT_DESTS 8 /* more are not looked at */
#define PASSPORT_ID    64
#define PASSPORT_PPT   16

enum passport_fault {
	PASSPORT_OK,
	PASSPORT_LONG,	 /* or one of its parts */
	PASSPORT_SYNTAX, /* no token, or broken parameters */
	PASSPORT_BASE64,
	PASSPORT_JSON,	 /* not an object, or a key twice */
	PASSPORT_HEADER, /* typ, crit, or no x5u */
	PASSPORT_ALG,	 /* anything but ES256 */
	PASSPORT_PPT_DIFFERS,
	PASSPORT_INFO,	 /* missing, not https, or not x5u */
	PASSPORT_CLAIMS, /* one is missing or of another type */
	PASSPORT_FAULTS
};

struct passport {
	char ppt[PASSPORT_PPT]; /* "" = none */
	char x5u[PASSPORT_URL];
	int64_t iat;
	char attest;		  /* 'A', 'B', 'C'; 0 = none */
	char origid[PASSPORT_ID]; /* "" = none */
	char orig[PASSPORT_TN];	  /* "" = a URI */
	char div[PASSPORT_TN];	  /* RFC 8946: who diverts; "" = none */
	uint8_t n_dest;		  /* 0: URIs alone */
	char dest[PASSPORT_DESTS][PASSPORT_TN];
	bool loose;
};

struct passport_token {
	struct passport says;
	bool compact;	/* says holds ppt and x5u alone until completed */
	size_t input_len;
	char input[PASSPORT_MAX]; /* what is signed; compact: when completed */
	uint8_t sig[JWS_SIG];
};

/* "unreadable claims" and the like, for a log line. */
const char *passport_fault_text(enum passport_fault);
const char *passport_fault_name(enum passport_fault); /* a word, for metrics */

/* Canonical form of a number as it stands in a URI: no '+', no visual
 * separators. False: not a number, or too long. */
bool passport_tn(char out[PASSPORT_TN], const char *text);

/* From a header's value. On a fault of anything behind it, ppt is right. */
enum passport_fault passport_read(struct passport_token *, const char *value);
/* A compact one, with what the message says; its x5u and ppt count. False:
 * too long. */
bool passport_complete(struct passport_token *, const struct passport *);

/* What is to be signed. Length, or -E2BIG. */
int passport_input(const struct passport *, char out[PASSPORT_MAX]);
/* The header's value. input: of passport_input(); NULL: the compact form.
 * Length, or -E2BIG. */
int passport_write(const struct passport *, const char *input,
		   const uint8_t sig[JWS_SIG], char out[PASSPORT_MAX]);

#endif
