/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stir_store.h"

#include "sip/passport.h"
#include "sip/tnauth.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX  8
#define TNAUTH_MAX 1024
#define AT_LINE	   "stir.certificates: line %u: "

struct chain {
	char url[PASSPORT_URL];
	const char *pem; /* in the store's text */
	size_t pem_len;
	unsigned line; /* of the file */
	bool seen;
	enum stir_cert state; /* without dates and numbers */
	gnutls_pubkey_t key;  /* STIR_CERT_OK */
	int64_t from, until;
	uint8_t *tnauth;
	size_t tnauth_len;
};

struct stir_store {
	char *text;
	gnutls_x509_trust_list_t cas;
	unsigned n;
	struct chain *chain; /* sorted by URL */
};

/* --- one chain --- */

/* A CA that issued the last of them counts with its dates, too. */
static void narrow(struct chain *c, gnutls_x509_crt_t crt)
{
	int64_t from = gnutls_x509_crt_get_activation_time(crt);
	int64_t until = gnutls_x509_crt_get_expiration_time(crt);

	c->from = from > c->from ? from : c->from;
	c->until = until < c->until ? until : c->until;
}

static bool may_sign(gnutls_x509_crt_t crt)
{
	unsigned usage;
	int err = gnutls_x509_crt_get_key_usage(crt, &usage, NULL);

	return err == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	       (!err && usage & GNUTLS_KEY_DIGITAL_SIGNATURE);
}

static bool take_tnauth(struct chain *c, gnutls_x509_crt_t crt)
{
	uint8_t der[TNAUTH_MAX];
	size_t len = sizeof(der);

	if (gnutls_x509_crt_get_extension_by_oid(crt, TNAUTH_OID, 0, der, &len,
						 NULL) < 0 ||
	    tnauth_covers(der, len, "") == TNAUTH_BAD) {
		return false;
	}
	c->tnauth = malloc(len);
	if (!c->tnauth) {
		return false;
	}
	memcpy(c->tnauth, der, len);
	c->tnauth_len = len;
	return true;
}

static enum stir_cert take_key(struct chain *c, gnutls_x509_crt_t crt)
{
	if (!may_sign(crt) || gnutls_pubkey_init(&c->key) < 0) {
		return STIR_CERT_BAD;
	}
	if (gnutls_pubkey_import_x509(c->key, crt, 0) < 0) {
		return STIR_CERT_BAD;
	}
	return jws_is_p256(c->key) ? STIR_CERT_OK : STIR_CERT_KEY;
}

static bool leads_to(gnutls_x509_trust_list_t cas, gnutls_x509_crt_t *crt,
		     unsigned n)
{
	unsigned status = 1;

	return gnutls_x509_trust_list_verify_crt2(
		       cas, crt, n, NULL, 0, GNUTLS_VERIFY_DISABLE_TIME_CHECKS,
		       &status, NULL) == 0 &&
	       status == 0;
}

static enum stir_cert judge(struct stir_store *s, struct chain *c,
			    gnutls_x509_crt_t *crt, unsigned n)
{
	enum stir_cert k = take_key(c, crt[0]);
	gnutls_x509_crt_t issuer;

	if (k) {
		return k;
	}
	if (!leads_to(s->cas, crt, n)) {
		return STIR_CERT_CHAIN;
	}
	c->until = INT64_MAX;
	for (unsigned i = 0; i < n; i++) {
		narrow(c, crt[i]);
	}
	if (gnutls_x509_trust_list_get_issuer(s->cas, crt[n - 1], &issuer,
					      0) == 0) {
		narrow(c, issuer);
	}
	return take_tnauth(c, crt[0]) ? STIR_CERT_OK : STIR_CERT_SCOPE;
}

static void look(struct stir_store *s, struct chain *c)
{
	gnutls_datum_t pem = {(unsigned char *)(uintptr_t)c->pem,
			      (unsigned)c->pem_len};
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned n = CHAIN_MAX;
	int err = gnutls_x509_crt_list_import(
		crt, &n, &pem, GNUTLS_X509_FMT_PEM,
		GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

	c->seen = true;
	c->state = STIR_CERT_BAD;
	if (err < 0 || !n) {
		return;
	}
	c->state = judge(s, c, crt, n);
	for (unsigned i = 0; i < n; i++) {
		gnutls_x509_crt_deinit(crt[i]);
	}
}

/* --- the file --- */

static bool is_url(const char *line, size_t len)
{
	return len > 8 && !strncmp(line, "https://", 8);
}

/* Room for one more; NULL: too many, or no memory. */
static struct chain *add(struct stir_store *s)
{
	struct chain *more;

	if (s->n % 64) {
		return &s->chain[s->n++];
	}
	if (s->n == STIR_STORE_MAX) {
		return NULL;
	}
	more = realloc(s->chain, (s->n + 64) * sizeof(*more));
	if (!more) {
		return NULL;
	}
	memset(more + s->n, 0, 64 * sizeof(*more));
	s->chain = more;
	return &s->chain[s->n++];
}

/* A line that is no URL belongs to the chain before it. */
static bool take_line(struct stir_store *s, const char *line, size_t len,
		      unsigned number, char why[STIR_WHY_MAX])
{
	struct chain *c = s->n ? &s->chain[s->n - 1] : NULL;

	while (len && strchr(" \t\r", line[len - 1])) {
		len--;
	}
	if (is_url(line, len)) {
		if (len >= PASSPORT_URL) {
			snprintf(why, STIR_WHY_MAX, AT_LINE "URL too long",
				 number);
			return false;
		}
		c = add(s);
		if (!c) {
			snprintf(why, STIR_WHY_MAX,
				 AT_LINE "more than %u certificates", number,
				 STIR_STORE_MAX);
			return false;
		}
		memcpy(c->url, line, len);
		c->line = number;
	} else if (!len || *line == '#') {
		return true;
	} else if (!c) {
		snprintf(why, STIR_WHY_MAX, AT_LINE "no URL before it", number);
		return false;
	} else {
		c->pem = c->pem ? c->pem : line;
		c->pem_len = (size_t)(line + len - c->pem);
	}
	return true;
}

static int by_url(const void *a, const void *b)
{
	return strcmp(((const struct chain *)a)->url,
		      ((const struct chain *)b)->url);
}

static bool check_all(struct stir_store *s, char why[STIR_WHY_MAX])
{
	for (unsigned i = 0; i < s->n; i++) {
		if (!s->chain[i].pem) {
			snprintf(why, STIR_WHY_MAX,
				 AT_LINE "no certificate behind this URL",
				 s->chain[i].line);
			return false;
		}
	}
	if (s->n) {
		qsort(s->chain, s->n, sizeof(*s->chain), by_url);
	}
	for (unsigned i = 1; i < s->n; i++) {
		if (!by_url(&s->chain[i - 1], &s->chain[i])) {
			snprintf(why, STIR_WHY_MAX, AT_LINE "URL twice",
				 s->chain[i].line);
			return false;
		}
	}
	return true;
}

static bool read_text(struct stir_store *s, size_t len, char why[STIR_WHY_MAX])
{
	const char *p = s->text, *end = p + len;

	for (unsigned number = 1; p < end; number++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		if (memchr(p, '\0', n)) {
			snprintf(why, STIR_WHY_MAX, AT_LINE "no text", number);
			return false;
		}
		if (!take_line(s, p, n, number, why)) {
			return false;
		}
		p = nl ? nl + 1 : end;
	}
	return check_all(s, why);
}

/* --- life --- */

struct stir_store *stir_store_new(const void *text, size_t len,
				  const void *cas, size_t cas_len,
				  char why[STIR_WHY_MAX])
{
	gnutls_datum_t pem = {(unsigned char *)(uintptr_t)cas,
			      (unsigned)cas_len};
	struct stir_store *s = calloc(1, sizeof(*s));

	snprintf(why, STIR_WHY_MAX, "out of memory");
	if (!s) {
		return NULL;
	}
	s->text = malloc(len + 1);
	if (!s->text || gnutls_x509_trust_list_init(&s->cas, 0) < 0) {
		goto fail;
	}
	memcpy(s->text, text, len);
	s->text[len] = '\0';
	if (!cas_len || gnutls_x509_trust_list_add_trust_mem(
				s->cas, &pem, NULL, GNUTLS_X509_FMT_PEM, 0,
				0) <= 0) {
		snprintf(why, STIR_WHY_MAX, "stir.ca: no certificate in it");
		goto fail;
	}
	if (!read_text(s, len, why)) {
		goto fail;
	}
	why[0] = '\0';
	return s;
fail:
	stir_store_free(s);
	return NULL;
}

void stir_store_free(struct stir_store *s)
{
	if (!s) {
		return;
	}
	for (unsigned i = 0; i < s->n; i++) {
		if (s->chain[i].key) {
			gnutls_pubkey_deinit(s->chain[i].key);
		}
		free(s->chain[i].tnauth);
	}
	if (s->cas) {
		gnutls_x509_trust_list_deinit(s->cas, 1);
	}
	free(s->chain);
	free(s->text);
	free(s);
}

unsigned stir_store_count(const struct stir_store *s)
{
	return s->n;
}

enum stir_cert stir_store_find(struct stir_store *s, const char *url,
			       int64_t now_s, const char *tn,
			       gnutls_pubkey_t *out)
{
	unsigned low = 0, high = s->n;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (strcmp(s->chain[mid].url, url) < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	if (low == s->n || strcmp(s->chain[low].url, url)) {
		return STIR_CERT_UNKNOWN;
	}
	if (!s->chain[low].seen) {
		look(s, &s->chain[low]);
	}
	if (s->chain[low].state) {
		return s->chain[low].state;
	}
	if (now_s < s->chain[low].from || now_s > s->chain[low].until) {
		return STIR_CERT_DATES;
	}
	if (tnauth_covers(s->chain[low].tnauth, s->chain[low].tnauth_len, tn) !=
	    TNAUTH_COVERS) {
		return STIR_CERT_SCOPE;
	}
	*out = s->chain[low].key;
	return STIR_CERT_OK;
}
