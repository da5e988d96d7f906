/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/tls.h"

#include "gateway/base/net.h"
#include "gateway/base/str.h"
#include "sip/cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHAIN_MAX 16
#define SNI_MAX	  256

static const char priority[] =
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"
	"-KX-ALL:+ECDHE-RSA:+ECDHE-ECDSA:"
	"-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:"
	"-MAC-ALL:+AEAD:%SAFE_RENEGOTIATION:%SERVER_PRECEDENCE";

struct sip_tls {
	unsigned users; /* its owner and its sessions */
	gnutls_certificate_credentials_t cred;
	struct sip_tls_verify verify;
	bool has_certificate;
	int64_t expires, crl_ends; /* 0: none */
	struct tls_names names; /* of its certificate */
};

struct sip_tls_session {
	struct sip_tls *tls;
	gnutls_session_t session;
	bool server, verified;
	sip_tls_choose *choose;
	void *arg;
	struct tls_names names;
	char why[TLS_WHY_MAX];
};

/* --- the names in a certificate --- */

static void add_name(struct tls_names *n, const char *name, size_t len)
{
	if (n->n < TLS_NAMES && len && !memchr(name, 0, len) &&
	    !memchr(name, '*', len) &&
	    str_copy_n(n->name[n->n], TLS_NAME_MAX, name, len)) {
		n->n++;
	}
}

static void add_address(struct tls_names *n, const void *ip, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if ((len == 4 || len == 16) &&
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text))) {
		add_name(n, text, strlen(text));
	}
}

/* True: it has an identity of the kinds that rule out the common name. */
static bool add_alt_names(struct tls_names *n, gnutls_x509_crt_t crt)
{
	char san[TLS_NAME_MAX], domain[TLS_NAME_MAX];
	bool any = false;

	for (unsigned i = 0; i < 64; i++) {
		size_t len = sizeof(san) - 1;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, san,
								&len, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
			break;
		}
		if (type == GNUTLS_SAN_IPADDRESS) {
			add_address(n, san, len);
		} else if (type == GNUTLS_SAN_DNSNAME) {
			any = true;
			add_name(n, san, len);
		} else if (type == GNUTLS_SAN_URI) {
			san[len] = '\0';
			any = any || !strncmp(san, "sip:", 4);
			if (strlen(san) == len && tls_name_of_uri(san, domain)) {
				add_name(n, domain, strlen(domain));
			}
		}
	}
	return any;
}

static void read_names(struct tls_names *n, gnutls_x509_crt_t crt)
{
	char cn[TLS_NAME_MAX];
	size_t len = sizeof(cn);

	n->n = 0;
	if (!add_alt_names(n, crt) &&
	    gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
					  0, cn, &len) >= 0) {
		add_name(n, cn, len);
	}
}

/* --- bundles --- */

/* Our own certificate: is it good today? */
static bool check_own(struct sip_tls *t, const gnutls_datum_t *pem,
		      char why[TLS_WHY_MAX])
{
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned n = CHAIN_MAX;
	time_t now = time(NULL), from;
	char text[CERT_DATE_MAX];
	int err = gnutls_x509_crt_list_import(crt, &n, pem,
					      GNUTLS_X509_FMT_PEM, 0);

	if (err < 0 || !n) {
		snprintf(why, TLS_WHY_MAX, "tls.certificate: %s",
			 err < 0 ? gnutls_strerror(err) : "is empty");
		return false;
	}
	t->expires = gnutls_x509_crt_get_expiration_time(crt[0]);
	from = gnutls_x509_crt_get_activation_time(crt[0]);
	read_names(&t->names, crt[0]);
	for (unsigned i = 0; i < n; i++) {
		gnutls_x509_crt_deinit(crt[i]);
	}
	if (t->expires < now) {
		snprintf(why, TLS_WHY_MAX, "tls.certificate: expired on %s",
			 cert_date(t->expires, text));
		return false;
	}
	if (from > now) {
		snprintf(why, TLS_WHY_MAX, "tls.certificate: valid only from %s",
			 cert_date(from, text));
		return false;
	}
	return true;
}

static bool take_own(struct sip_tls *t, const gnutls_datum_t part[CERT_PARTS],
		     char why[TLS_WHY_MAX])
{
	int err;

	if (!part[CERT_OWN].size) {
		return true;
	}
	if (!check_own(t, &part[CERT_OWN], why)) {
		return false;
	}
	err = gnutls_certificate_set_x509_key_mem(t->cred, &part[CERT_OWN],
						  &part[CERT_KEY],
						  GNUTLS_X509_FMT_PEM);
	if (err < 0) {
		snprintf(why, TLS_WHY_MAX, "%s: %s",
			 err == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
				 ? "tls.certificate and tls.key"
				 : "tls.key",
			 gnutls_strerror(err));
		return false;
	}
	t->has_certificate = true;
	return true;
}

static bool take_cas(struct sip_tls *t, const gnutls_datum_t *pem,
		     char why[TLS_WHY_MAX])
{
	int n = pem->size ? gnutls_certificate_set_x509_trust_mem(
				    t->cred, pem, GNUTLS_X509_FMT_PEM)
			  : 0;

	if (n < 0 || (!n && (t->verify.server || t->verify.client))) {
		snprintf(why, TLS_WHY_MAX, "tls.ca: %s",
			 n < 0 ? gnutls_strerror(n)
			       : "there is no certificate to verify peers with");
		return false;
	}
	return true;
}

/* When does the first of them end? Negative: an error of GnuTLS. */
static int64_t end_of_crls(const gnutls_datum_t *pem)
{
	gnutls_x509_crl_t *crl;
	unsigned n;
	int64_t first = 0;
	int err = gnutls_x509_crl_list_import2(&crl, &n, pem,
					       GNUTLS_X509_FMT_PEM, 0);

	if (err < 0) {
		return err;
	}
	for (unsigned i = 0; i < n; i++) {
		int64_t end = gnutls_x509_crl_get_next_update(crl[i]);

		if (end > 0 && (!first || end < first)) {
			first = end;
		}
		gnutls_x509_crl_deinit(crl[i]);
	}
	gnutls_free(crl);
	return first;
}

static bool take_crls(struct sip_tls *t, const gnutls_datum_t *pem,
		      char why[TLS_WHY_MAX])
{
	int n;

	if (!pem->size) {
		return true;
	}
	t->crl_ends = end_of_crls(pem);
	n = t->crl_ends < 0 ? (int)t->crl_ends
			    : gnutls_certificate_set_x509_crl_mem(
				      t->cred, pem, GNUTLS_X509_FMT_PEM);
	if (n < 0) {
		snprintf(why, TLS_WHY_MAX, "tls.crl: %s", gnutls_strerror(n));
	}
	return n >= 0;
}

static void drop(struct sip_tls *t)
{
	if (--t->users == 0) {
		gnutls_certificate_free_credentials(t->cred);
		free(t);
	}
}

struct sip_tls *sip_tls_new(const void *bundle, size_t len,
			    struct sip_tls_verify verify,
			    char why[TLS_WHY_MAX])
{
	gnutls_datum_t part[CERT_PARTS];
	struct sip_tls *t;

	snprintf(why, TLS_WHY_MAX, "out of memory");
	if (!cert_split(bundle, len, part)) {
		snprintf(why, TLS_WHY_MAX, "no bundle of certificates");
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t || gnutls_certificate_allocate_credentials(&t->cred) < 0) {
		free(t);
		return NULL;
	}
	t->users = 1;
	t->verify = verify;
	if (!take_own(t, part, why) || !take_cas(t, &part[CERT_CAS], why) ||
	    !take_crls(t, &part[CERT_MORE], why)) {
		drop(t);
		return NULL;
	}
	why[0] = '\0';
	return t;
}

void sip_tls_free(struct sip_tls *t)
{
	if (t) {
		drop(t);
	}
}

bool sip_tls_has_certificate(const struct sip_tls *t)
{
	return t->has_certificate;
}

bool sip_tls_is_for(const struct sip_tls *t, const char *name)
{
	return tls_names_have(&t->names, name);
}

int64_t sip_tls_expires(const struct sip_tls *t)
{
	return t->expires;
}

int64_t sip_tls_crl_ends(const struct sip_tls *t)
{
	return t->crl_ends;
}

/* --- a session --- */

static void use(struct sip_tls_session *s, struct sip_tls *t)
{
	t->users++;
	if (s->tls) {
		drop(s->tls);
	}
	s->tls = t;
	gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, t->cred);
	if (s->server) {
		gnutls_certificate_server_set_request(
			s->session, t->verify.client ? GNUTLS_CERT_REQUEST
						     : GNUTLS_CERT_IGNORE);
	}
}

static struct sip_tls_session *session_new(struct sip_tls *t, int fd,
					   unsigned flags)
{
	struct sip_tls_session *s = calloc(1, sizeof(*s));

	if (!s || gnutls_init(&s->session, flags | GNUTLS_NONBLOCK |
						   GNUTLS_NO_SIGNAL) < 0) {
		free(s);
		return NULL;
	}
	s->server = flags & GNUTLS_SERVER;
	use(s, t);
	gnutls_session_set_ptr(s->session, s);
	gnutls_transport_set_int(s->session, fd);
	/* The caller has the clock. */
	gnutls_handshake_set_timeout(s->session, GNUTLS_INDEFINITE_TIMEOUT);
	if (gnutls_priority_set_direct(s->session, priority, NULL) < 0) {
		sip_tls_session_free(s);
		return NULL;
	}
	return s;
}

struct sip_tls_session *sip_tls_client(struct sip_tls *t, int fd,
				       const char *server_name)
{
	struct sip_tls_session *s = session_new(t, fd, GNUTLS_CLIENT);
	struct net_addr a;

	/* RFC 6066 3: no literal addresses. */
	if (s && *server_name && net_parse(&a, server_name) < 0) {
		gnutls_server_name_set(s->session, GNUTLS_NAME_DNS, server_name,
				       strlen(server_name));
	}
	return s;
}

static int on_client_hello(gnutls_session_t session)
{
	struct sip_tls_session *s = gnutls_session_get_ptr(session);
	char name[SNI_MAX] = "";
	size_t len = sizeof(name) - 1;
	unsigned type = GNUTLS_NAME_DNS;
	struct sip_tls *t;

	if (gnutls_server_name_get(session, name, &len, &type, 0) < 0 ||
	    type != GNUTLS_NAME_DNS) {
		name[0] = '\0';
	}
	t = s->choose(s->arg, name);
	if (!t) {
		return GNUTLS_E_UNRECOGNIZED_NAME;
	}
	if (t != s->tls) {
		use(s, t);
	}
	return 0;
}

struct sip_tls_session *sip_tls_server(struct sip_tls *first, int fd,
				       sip_tls_choose *choose, void *arg)
{
	struct sip_tls_session *s = session_new(first, fd, GNUTLS_SERVER);

	if (!s) {
		return NULL;
	}
	s->choose = choose;
	s->arg = arg;
	gnutls_handshake_set_post_client_hello_function(s->session,
							on_client_hello);
	return s;
}

void sip_tls_session_free(struct sip_tls_session *s)
{
	if (s) {
		gnutls_deinit(s->session);
		drop(s->tls);
		free(s);
	}
}

/* --- the peer's certificate --- */

/* "expired on 2026-01-02": the reason, the gravest first. */
static void say_status(struct sip_tls_session *s, unsigned status,
		       gnutls_x509_crt_t crt)
{
	char text[CERT_DATE_MAX];

	if (status & GNUTLS_CERT_EXPIRED) {
		snprintf(s->why, sizeof(s->why), "certificate expired on %s",
			 cert_date(gnutls_x509_crt_get_expiration_time(crt), text));
	} else if (status & GNUTLS_CERT_NOT_ACTIVATED) {
		snprintf(s->why, sizeof(s->why), "certificate not valid yet, "
			 "but from %s on",
			 cert_date(gnutls_x509_crt_get_activation_time(crt), text));
	} else if (status & GNUTLS_CERT_REVOKED) {
		snprintf(s->why, sizeof(s->why), "certificate revoked");
	} else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND) {
		snprintf(s->why, sizeof(s->why), "certificate %s",
			 gnutls_x509_crt_check_issuer(crt, crt)
				 ? "is self-signed and not in tls.ca"
				 : "signed by a CA that is not in tls.ca");
	} else if (status & GNUTLS_CERT_INSECURE_ALGORITHM) {
		snprintf(s->why, sizeof(s->why),
			 "certificate with an insecure algorithm or a short "
			 "key");
	} else {
		snprintf(s->why, sizeof(s->why), "certificate not valid "
			 "(status 0x%x)", status);
	}
}

static bool must_be_valid(const struct sip_tls_session *s)
{
	return s->server ? s->tls->verify.client : s->tls->verify.server;
}

/* GnuTLS uses a list for ever; but who withholds a newer one must not win. */
static bool crl_has_ended(struct sip_tls_session *s)
{
	int64_t end = s->tls->crl_ends;
	char text[CERT_DATE_MAX];

	if (!end || end >= time(NULL)) {
		return false;
	}
	snprintf(s->why, sizeof(s->why), "tls.crl has ended on %s",
		 cert_date(end, text));
	return true;
}

static int judge(struct sip_tls_session *s, gnutls_x509_crt_t crt)
{
	unsigned status = 0;
	int err;

	read_names(&s->names, crt);
	if (!must_be_valid(s)) {
		return 0;
	}
	err = gnutls_certificate_verify_peers2(s->session, &status);
	if (err < 0) {
		snprintf(s->why, sizeof(s->why), "certificate: %s",
			 gnutls_strerror(err));
		return -EACCES;
	}
	if (status) {
		say_status(s, status, crt);
		return -EACCES;
	}
	if (crl_has_ended(s)) {
		return -EACCES;
	}
	s->verified = true;
	return 0;
}

static int judge_peer(struct sip_tls_session *s)
{
	unsigned n = 0;
	const gnutls_datum_t *der =
		gnutls_certificate_get_peers(s->session, &n);
	gnutls_x509_crt_t crt;
	int err;

	if (!der || !n) {
		if (!must_be_valid(s)) {
			return 0;
		}
		snprintf(s->why, sizeof(s->why), "no certificate was shown");
		return -EACCES;
	}
	if (gnutls_x509_crt_init(&crt) < 0) {
		return -ENOMEM;
	}
	err = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER);
	if (err < 0) {
		snprintf(s->why, sizeof(s->why), "certificate: %s",
			 gnutls_strerror(err));
		err = -EACCES;
	} else {
		err = judge(s, crt);
	}
	gnutls_x509_crt_deinit(crt);
	return err;
}

/* --- handshake and octets --- */

static int say_failure(struct sip_tls_session *s, int err)
{
	gnutls_alert_description_t alert = gnutls_alert_get(s->session);

	if (err == GNUTLS_E_UNSUPPORTED_VERSION_PACKET ||
	    (err == GNUTLS_E_FATAL_ALERT_RECEIVED &&
	     alert == GNUTLS_A_PROTOCOL_VERSION)) {
		snprintf(s->why, sizeof(s->why), "no common TLS version, ours "
			 "are 1.2 and 1.3");
	} else if (err == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		const char *name = gnutls_alert_get_name(alert);

		snprintf(s->why, sizeof(s->why), "refused by the peer: %s",
			 name ? name : "unknown alert");
	} else {
		snprintf(s->why, sizeof(s->why), "%s", gnutls_strerror(err));
	}
	if (err != GNUTLS_E_FATAL_ALERT_RECEIVED) {
		gnutls_alert_send_appropriate(s->session, err);
	}
	return -EPROTO;
}

int sip_tls_handshake(struct sip_tls_session *s)
{
	int err = gnutls_handshake(s->session);

	if (err == GNUTLS_E_AGAIN || err == GNUTLS_E_INTERRUPTED ||
	    (err < 0 && !gnutls_error_is_fatal(err))) {
		return -EAGAIN;
	}
	if (err < 0) {
		return say_failure(s, err);
	}
	err = judge_peer(s);
	if (err) {
		gnutls_alert_send(s->session, GNUTLS_AL_FATAL,
				  GNUTLS_A_BAD_CERTIFICATE);
	}
	return err;
}

bool sip_tls_wants_write(const struct sip_tls_session *s)
{
	return gnutls_record_get_direction(s->session) != 0;
}

const char *sip_tls_why(const struct sip_tls_session *s)
{
	return s->why;
}

static ssize_t result(ssize_t n)
{
	if (n >= 0) {
		return n;
	}
	if (n == GNUTLS_E_PREMATURE_TERMINATION) {
		return -ECONNRESET;
	}
	/* A renegotiation, a new ticket: nothing for us, and go on. */
	return gnutls_error_is_fatal((int)n) ? -EPROTO : -EAGAIN;
}

ssize_t sip_tls_recv(struct sip_tls_session *s, void *buf, size_t size)
{
	return result(gnutls_record_recv(s->session, buf, size));
}

ssize_t sip_tls_send(struct sip_tls_session *s, const void *data, size_t len)
{
	return result(gnutls_record_send(s->session, data, len));
}

bool sip_tls_has_more(const struct sip_tls_session *s)
{
	return gnutls_record_check_pending(s->session) > 0;
}

void sip_tls_bye(struct sip_tls_session *s)
{
	gnutls_bye(s->session, GNUTLS_SHUT_WR);
}

/* --- who it is --- */

bool sip_tls_is_verified(const struct sip_tls_session *s)
{
	return s->verified;
}

bool sip_tls_has_name(const struct sip_tls_session *s, const char *name)
{
	return tls_names_have(&s->names, name);
}

const char *sip_tls_names(const struct sip_tls_session *s, char *buf,
			  size_t size)
{
	size_t at = 0;

	snprintf(buf, size, "%s", s->names.n ? "" : "no name");
	for (unsigned i = 0; i < s->names.n && at + 1 < size; i++) {
		at += (size_t)snprintf(buf + at, size - at, "%s%s",
				       i ? ", " : "", s->names.name[i]);
	}
	return buf;
}
