/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* TLS: names of certificates (RFC 5922), bundles that are no good, handshakes
 * over a socket pair, and how a trunk's end is chosen. Certificates are made
 * here, as bad as needed. */
#include "sip/tls.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEM 8192

/* A certificate and its key; signed by itself when issuer is NULL. */
struct made {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	char pem[PEM], key_pem[PEM];
};

static struct made ca, ours, theirs, stale, self;

static void make(struct made *m, const struct made *issuer, const char *cn,
		 const char *dns, const char *uri, int from_days, int to_days)
{
	static uint8_t serial;
	time_t now = time(NULL);
	size_t n;

	serial++;
	ck_assert_int_eq(gnutls_x509_privkey_init(&m->key), 0);
	ck_assert_int_eq(
		gnutls_x509_privkey_generate(
			m->key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	gnutls_x509_crt_init(&m->crt);
	gnutls_x509_crt_set_version(m->crt, 3);
	gnutls_x509_crt_set_serial(m->crt, &serial, 1);
	gnutls_x509_crt_set_activation_time(m->crt, now + from_days * 86400);
	gnutls_x509_crt_set_expiration_time(m->crt, now + to_days * 86400);
	gnutls_x509_crt_set_key(m->crt, m->key);
	gnutls_x509_crt_set_dn_by_oid(m->crt, GNUTLS_OID_X520_COMMON_NAME, 0,
				      cn, (unsigned)strlen(cn));
	gnutls_x509_crt_set_basic_constraints(m->crt, issuer ? 0 : 1, -1);
	if (dns) {
		gnutls_x509_crt_set_subject_alt_name(
			m->crt, GNUTLS_SAN_DNSNAME, dns, (unsigned)strlen(dns),
			GNUTLS_FSAN_APPEND);
	}
	if (uri) {
		gnutls_x509_crt_set_subject_alt_name(
			m->crt, GNUTLS_SAN_URI, uri, (unsigned)strlen(uri),
			GNUTLS_FSAN_APPEND);
	}
	ck_assert_int_eq(gnutls_x509_crt_sign2(
				 m->crt, issuer ? issuer->crt : m->crt,
				 issuer ? issuer->key : m->key,
				 GNUTLS_DIG_SHA256, 0),
			 0);
	n = PEM - 1;
	ck_assert_int_eq(gnutls_x509_crt_export(m->crt, GNUTLS_X509_FMT_PEM,
						m->pem, &n), 0);
	n = PEM - 1;
	ck_assert_int_eq(gnutls_x509_privkey_export(
				 m->key, GNUTLS_X509_FMT_PEM, m->key_pem, &n),
			 0);
}

static void unmake(struct made *m)
{
	gnutls_x509_crt_deinit(m->crt);
	gnutls_x509_privkey_deinit(m->key);
	memset(m, 0, sizeof(*m));
}

static void setup(void)
{
	make(&ca, NULL, "ca", NULL, NULL, -1, 60);
	make(&ours, &ca, "us", "us.example", NULL, -1, 60);
	make(&theirs, &ca, "ignored.example", "gw7.example", "sip:Peer.Example",
	     -1, 60);
	make(&stale, &ca, "stale", "peer.example", NULL, -20, -10);
	make(&self, NULL, "peer.example", "peer.example", NULL, -1, 60);
}

static void teardown(void)
{
	unmake(&ca);
	unmake(&ours);
	unmake(&theirs);
	unmake(&stale);
	unmake(&self);
}

static size_t bundle(uint8_t *out, const char *cert, const char *key,
		     const char *cas, const char *crls)
{
	const char *const part[] = {cert, key, cas, crls};
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t n = (uint32_t)strlen(part[i]);

		memcpy(out + at, &n, sizeof(n));
		memcpy(out + at + sizeof(n), part[i], n);
		at += sizeof(n) + n;
	}
	return at;
}

static char why[TLS_WHY_MAX];
static const char *crls = ""; /* of what tls_of() makes */

static struct sip_tls *tls_of(const char *cert, const char *key,
			      const char *cas, bool verify)
{
	uint8_t data[4 * PEM];
	size_t len = bundle(data, cert, key, cas, crls);

	return sip_tls_new(data, len, (struct sip_tls_verify){verify, verify},
			   why);
}

START_TEST(test_names)
{
	static const struct {
		const char *uri, *name; /* NULL: no identity */
	} rows[] = {
		{"sip:example.net", "example.net"},
		{"SIP:example.net", "example.net"},
		{"sip:example.net;x=y", "example.net"},
		{"sips:example.net", NULL},
		{"sip:alice@example.net", NULL},
		{"sip:example.net:5061", NULL},
		{"sip:*.example.net", NULL},
		{"sip:", NULL},
		{"http:example.net", NULL},
	};
	struct tls_names n = {2, {"example.net", "192.0.2.1"}};
	char name[TLS_NAME_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool ok = tls_name_of_uri(rows[i].uri, name);

		ck_assert_msg(ok == (rows[i].name != NULL), "%s", rows[i].uri);
		if (ok) {
			ck_assert_str_eq(name, rows[i].name);
		}
	}
	ck_assert(tls_names_have(&n, "EXAMPLE.net"));
	ck_assert(tls_names_have(&n, "192.0.2.1"));
	ck_assert(!tls_names_have(&n, "a.example.net"));
	ck_assert(!tls_names_have(&n, ""));
}
END_TEST

START_TEST(test_bundles)
{
	uint8_t data[4 * PEM];
	struct sip_tls_verify v = {true, true};
	struct sip_tls *t = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	size_t len = bundle(data, ours.pem, ours.key_pem, ca.pem, "");

	ck_assert_ptr_nonnull(t);
	ck_assert(sip_tls_has_certificate(t));
	ck_assert(sip_tls_is_for(t, "us.example"));
	ck_assert(!sip_tls_is_for(t, "us")); /* there are SANs: no CN */
	ck_assert_int_gt(sip_tls_expires(t), time(NULL) + 59 * 86400);
	sip_tls_free(t);
	for (size_t cut = 0; cut < len; cut += 7) {
		uint8_t *exact = malloc(cut ? cut : 1);

		memcpy(exact, data, cut);
		ck_assert_ptr_null(sip_tls_new(exact, cut, v, why));
		free(exact);
	}
	ck_assert_ptr_null(tls_of(stale.pem, stale.key_pem, ca.pem, true));
	ck_assert_ptr_nonnull(strstr(why, "tls.certificate: expired on "));
	ck_assert_ptr_null(tls_of(ours.pem, theirs.key_pem, ca.pem, true));
	ck_assert_ptr_nonnull(strstr(why, "tls.certificate and tls.key"));
	ck_assert_ptr_null(tls_of("rubbish", ours.key_pem, ca.pem, true));
	ck_assert_ptr_nonnull(strstr(why, "tls.certificate: "));
	ck_assert_ptr_null(tls_of(ours.pem, "rubbish", ca.pem, true));
	ck_assert_ptr_nonnull(strstr(why, "tls.key: "));
	ck_assert_ptr_null(tls_of("", "", "", true));
	ck_assert_ptr_nonnull(strstr(why, "tls.ca: "));
	ck_assert_ptr_null(strstr(why, "PRIVATE"));
	t = tls_of("", "", "", false);
	ck_assert_ptr_nonnull(t);
	ck_assert(!sip_tls_has_certificate(t));
	sip_tls_free(t);
}
END_TEST

/* --- two ends --- */

static struct sip_tls *choice;
static char asked[TLS_NAME_MAX];

static struct sip_tls *choose(void *arg, const char *name)
{
	(void)arg;
	snprintf(asked, sizeof(asked), "%s", name);
	return choice;
}

struct ends {
	int fd[2];
	struct sip_tls_session *client, *server;
	int client_err, server_err;
};

/* Runs both handshakes to their ends. */
static void meet(struct ends *e, struct sip_tls *client, struct sip_tls *server,
		 const char *name)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    e->fd), 0);
	choice = server;
	e->client = sip_tls_client(client, e->fd[0], name);
	e->server = sip_tls_server(server, e->fd[1], choose, NULL);
	e->client_err = e->server_err = -EAGAIN;
	for (int i = 0; i < 100 && (e->client_err == -EAGAIN ||
				    e->server_err == -EAGAIN); i++) {
		if (e->client_err == -EAGAIN) {
			e->client_err = sip_tls_handshake(e->client);
		}
		if (e->client_err < 0 && e->client_err != -EAGAIN) {
			shutdown(e->fd[0], SHUT_WR);
		}
		if (e->server_err == -EAGAIN) {
			e->server_err = sip_tls_handshake(e->server);
		}
		if (e->server_err < 0 && e->server_err != -EAGAIN) {
			shutdown(e->fd[1], SHUT_WR);
		}
	}
}

static void part(struct ends *e)
{
	sip_tls_session_free(e->client);
	sip_tls_session_free(e->server);
	close(e->fd[0]);
	close(e->fd[1]);
}

START_TEST(test_good)
{
	struct sip_tls *a = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	struct sip_tls *b = tls_of(theirs.pem, theirs.key_pem, ca.pem, true);
	char buf[32], names[200];
	struct ends e;

	meet(&e, a, b, "peer.example");
	ck_assert_int_eq(e.client_err, 0);
	ck_assert_int_eq(e.server_err, 0);
	ck_assert_str_eq(asked, "peer.example"); /* SNI */
	ck_assert(sip_tls_is_verified(e.client));
	ck_assert(sip_tls_is_verified(e.server));
	ck_assert(sip_tls_has_name(e.client, "peer.example"));
	ck_assert(sip_tls_has_name(e.client, "gw7.example"));
	ck_assert(!sip_tls_has_name(e.client, "ignored.example"));
	ck_assert(sip_tls_has_name(e.server, "us.example"));
	ck_assert_str_eq(sip_tls_names(e.client, names, sizeof(names)),
			 "gw7.example, Peer.Example");
	/* replaced under way: the session goes on with what it had */
	sip_tls_free(a);
	sip_tls_free(b);
	ck_assert_int_eq(sip_tls_send(e.client, "hello", 5), 5);
	ck_assert_int_eq(sip_tls_recv(e.server, buf, 2), 2);
	ck_assert(sip_tls_has_more(e.server));
	ck_assert_int_eq(sip_tls_recv(e.server, buf, 30), 3);
	ck_assert_int_eq(sip_tls_recv(e.server, buf, 30), -EAGAIN);
	sip_tls_bye(e.client);
	ck_assert_int_eq(sip_tls_recv(e.server, buf, 30), 0);
	part(&e);
}
END_TEST

START_TEST(test_bad_peers)
{
	struct sip_tls *us = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	struct sip_tls *peer[3];
	static const char *const want[] = {"is self-signed and not in tls.ca",
					   "signed by a CA that is not in",
					   "no certificate was shown"};
	struct ends e;

	peer[0] = tls_of(self.pem, self.key_pem, ca.pem, false);
	peer[1] = tls_of(ours.pem, ours.key_pem, ca.pem, false);
	peer[2] = tls_of("", "", ca.pem, false);
	meet(&e, peer[2], us, ""); /* they connect */
	ck_assert_int_eq(e.server_err, -EACCES);
	ck_assert_msg(strstr(sip_tls_why(e.server), want[2]), "%s",
		      sip_tls_why(e.server));
	ck_assert_str_eq(asked, "");
	part(&e);
	meet(&e, us, peer[0], "192.0.2.1"); /* we connect; no SNI for that */
	ck_assert_int_eq(e.client_err, -EACCES);
	ck_assert_ptr_nonnull(strstr(sip_tls_why(e.client), want[0]));
	ck_assert_str_eq(asked, "");
	part(&e);
	/* another CA is none */
	sip_tls_free(us);
	us = tls_of("", "", self.pem, true);
	meet(&e, us, peer[1], "x");
	ck_assert_int_eq(e.client_err, -EACCES);
	ck_assert_msg(strstr(sip_tls_why(e.client), want[1]), "%s",
		      sip_tls_why(e.client));
	part(&e);
	sip_tls_free(us);
	for (int i = 0; i < 3; i++) {
		sip_tls_free(peer[i]);
	}
}
END_TEST

/* A list of the CA's, with that certificate; it ends in so many days. */
static void make_crl(char out[PEM], gnutls_x509_crt_t revoked, int to)
{
	time_t now = time(NULL);
	gnutls_x509_crl_t crl;
	size_t n = PEM - 1;

	ck_assert_int_eq(gnutls_x509_crl_init(&crl), 0);
	gnutls_x509_crl_set_version(crl, 2);
	gnutls_x509_crl_set_this_update(crl, now - 20 * 86400);
	gnutls_x509_crl_set_next_update(crl, now + to * 86400);
	ck_assert_int_eq(gnutls_x509_crl_set_crt(crl, revoked,
						 now - 10 * 86400), 0);
	ck_assert_int_eq(gnutls_x509_crl_sign2(crl, ca.crt, ca.key,
					       GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_eq(gnutls_x509_crl_export(crl, GNUTLS_X509_FMT_PEM, out,
						&n), 0);
	out[n] = '\0';
	gnutls_x509_crl_deinit(crl);
}

/* RFC 5280 6.3: who is on the list is refused, both ways; others are not, until
 * the list has ended. */
START_TEST(test_revoked)
{
	struct sip_tls *peer = tls_of(theirs.pem, theirs.key_pem, ca.pem, true);
	char list[PEM], other[PEM], ended[PEM];
	struct sip_tls *us;
	struct ends e;

	make_crl(list, theirs.crt, 10);
	make_crl(other, stale.crt, 10);
	make_crl(ended, stale.crt, -5);
	crls = list;
	us = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	ck_assert_int_gt(sip_tls_crl_ends(us), time(NULL) + 9 * 86400);
	meet(&e, us, peer, "");
	ck_assert_int_eq(e.client_err, -EACCES);
	ck_assert_str_eq(sip_tls_why(e.client), "certificate revoked");
	part(&e);
	meet(&e, peer, us, "");
	ck_assert_int_eq(e.server_err, -EACCES);
	ck_assert_str_eq(sip_tls_why(e.server), "certificate revoked");
	part(&e);
	sip_tls_free(us);
	crls = other;
	us = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	meet(&e, us, peer, "");
	ck_assert_int_eq(e.client_err, 0);
	part(&e);
	sip_tls_free(us);
	crls = ended;
	us = tls_of(ours.pem, ours.key_pem, ca.pem, true);
	meet(&e, us, peer, "");
	ck_assert_int_eq(e.client_err, -EACCES);
	ck_assert_msg(strstr(sip_tls_why(e.client), "tls.crl has ended on "),
		      "%s", sip_tls_why(e.client));
	part(&e);
	sip_tls_free(us);
	crls = "rubbish";
	ck_assert_ptr_null(tls_of(ours.pem, ours.key_pem, ca.pem, true));
	ck_assert_ptr_nonnull(strstr(why, "tls.crl: "));
	crls = "";
	sip_tls_free(peer);
}
END_TEST

/* What is no TLS at all ends at once; so does a handshake cut anywhere. */
START_TEST(test_noise)
{
	static const char *const noise[] = {
		"OPTIONS sip:a@b SIP/2.0\r\n\r\n", "\x16\x03\x01\xff\xff",
		"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
		"\x15\x03\x01\x00\x02\x02\x28",
	};
	struct sip_tls *us = tls_of(ours.pem, ours.key_pem, ca.pem, true);

	choice = us;
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++) {
		struct sip_tls_session *s;
		int fd[2], err;

		ck_assert_int_eq(socketpair(AF_UNIX,
					    SOCK_STREAM | SOCK_NONBLOCK, 0, fd),
				 0);
		s = sip_tls_server(us, fd[0], choose, NULL);
		for (const char *p = noise[i]; p < noise[i] + 9; p++) {
			ck_assert_int_eq(send(fd[1], p, 1, 0), 1);
			err = sip_tls_handshake(s);
			if (err != -EAGAIN) {
				break;
			}
		}
		close(fd[1]);
		err = sip_tls_handshake(s);
		ck_assert_int_eq(err, -EPROTO);
		ck_assert_str_ne(sip_tls_why(s), "");
		sip_tls_session_free(s);
		close(fd[0]);
	}
	sip_tls_free(us);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("siptls");
	TCase *t = tcase_create("siptls");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_bundles);
	tcase_add_test(t, test_good);
	tcase_add_test(t, test_bad_peers);
	tcase_add_test(t, test_revoked);
	tcase_add_test(t, test_noise);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
