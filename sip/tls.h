/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.2 and 1.3 by GnuTLS, for connections whose octets somebody else waits
 * for: nothing here blocks.
 *
 *   struct sip_tls          what a trunk shows (certificate, key) and believes
 *                           (CAs); made of a bundle, replaced at a reload
 *   struct sip_tls_session  one connection; keeps its sip_tls alive
 *
 * Rules (RFC 9325, RFC 5922): forward secrecy and AEAD alone; SNI is sent; the
 * peer's chain is verified, and its name: the names we expect, without regard
 * to case, against the SAN URIs "sip:NAME" and the SAN DNS names, the common
 * name only when there is neither; no wildcards; for an expected address the
 * SAN IP addresses.
 *
 * What a CA has revoked is no valid certificate (RFC 5280 6.3), where there is a
 * list of that CA; nor is any other, once one of the lists has ended.
 *
 * The bundle (sip/cert.h) holds certificate chain, key, CAs and revocation
 * lists. Nothing of the key is ever logged.
 *
 * Owner: the stack; the transport owns sessions. Thread: the role's loop.
 */
#ifndef SIP_TLS_H
#define SIP_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TLS_WHY_MAX  200
#define TLS_NAMES    10 /* that a peer may have */
#define TLS_NAME_MAX   256

struct sip_tls;
struct sip_tls_session;

/* Whose certificate must be there and valid: of peers that we connect to, of
 * those that connect to us (else they are not asked for one). */
struct sip_tls_verify {
	bool server, client;
};

/* From a bundle. NULL: why not, in words ("tls.certificate: expired on
 * 2026-01-02"). */
struct sip_tls *sip_tls_new(const void *bundle, size_t len,
			    struct sip_tls_verify, char why[TLS_WHY_MAX]);
void sip_tls_free(struct sip_tls *); /* sessions go on */
/* Has it a certificate to show? */
bool sip_tls_has_certificate(const struct sip_tls *);
/* Is its certificate for that name of ours (SNI)? */
bool sip_tls_is_for(const struct sip_tls *, const char *name);
/* Wall-clock second of the end of its own certificate; 0: has none. */
int64_t sip_tls_expires(const struct sip_tls *);

/* The same of the revocation list that ends first; 0: there is none. */
int64_t sip_tls_crl_ends(const struct sip_tls *);

/* --- sessions --- */

/* Which name of ours does the peer ask for (SNI; "" none)? The sip_tls to
 * answer with; NULL: the handshake fails. */
typedef struct sip_tls *sip_tls_choose(void *arg, const char *name);

/* fd: connected, non-blocking; stays the caller's. server_name: for SNI; an
 * address or "" sends none. NULL: no memory. */
struct sip_tls_session *sip_tls_client(struct sip_tls *, int fd,
				       const char *server_name);
/* choose is called during sip_tls_handshake(). */
struct sip_tls_session *sip_tls_server(struct sip_tls *first, int fd,
				       sip_tls_choose *choose, void *arg);
void sip_tls_session_free(struct sip_tls_session *);

/* 0: done, the peer's chain is verified (its names are not: below). -EAGAIN:
 * again when fd is readable or, see wants_write, writable. Else -EPROTO
 * (handshake) or -EACCES (certificate), and sip_tls_why() says what. */
int sip_tls_handshake(struct sip_tls_session *);
bool sip_tls_wants_write(const struct sip_tls_session *);
const char *sip_tls_why(const struct sip_tls_session *);
/* Octets; 0: closed in good order (recv); -EAGAIN; -errno. */
ssize_t sip_tls_recv(struct sip_tls_session *, void *buf, size_t size);
ssize_t sip_tls_send(struct sip_tls_session *, const void *data, size_t len);
/* Octets that have come and wait here, not in fd. */
bool sip_tls_has_more(const struct sip_tls_session *);
/* Says goodbye, if it can without waiting. */
void sip_tls_bye(struct sip_tls_session *);

/* The peer has shown a certificate that was verified. */
bool sip_tls_is_verified(const struct sip_tls_session *);
/* Does it bear that name (a domain or an address)? */
bool sip_tls_has_name(const struct sip_tls_session *, const char *name);
/* Its names as text, for a log line. */
const char *sip_tls_names(const struct sip_tls_session *, char *buf,
			  size_t size);

/* --- names alone, for tests: what RFC 5922 7 takes from a certificate --- */
struct tls_names {
	unsigned n;
	char name[TLS_NAMES][TLS_NAME_MAX];
};
/* A SAN URI "sip:example.net" gives its domain; false: no identity. */
bool tls_name_of_uri(const char *uri, char out[TLS_NAME_MAX]);
bool tls_names_have(const struct tls_names *, const char *name);

#endif
