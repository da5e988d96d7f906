/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stir_priv.h"

#include "gateway/base/log.h"
#include "gateway/base/memfd.h"
#include "gateway/base/str.h"
#include "sip/cert.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#define CHAIN_MAX 8
#define DAY_MS	  86400000
#define SHORT	  7 /* digits: less is a service, without a country */

static const struct {
	const char *name, *text;
	int status;
} faults[STIR_FAULTS] = {
	[STIR_MISSING] = {"missing", "no Identity header", 428},
	[STIR_MANY] = {"many", "too many Identity headers", 438},
	[STIR_UNKNOWN] = {"unknown", "no certificate here for its x5u", 436},
	[STIR_CERT] = {"certificate", "unusable certificate", 437},
	[STIR_KEY] = {"key", "certificate's key is not on P-256", 437},
	[STIR_CHAIN] = {"chain", "certificate leads to no CA of stir.ca", 437},
	[STIR_DATES] = {"expired", "certificate expired or not yet valid", 437},
	[STIR_SCOPE] = {"scope", "certificate is not for this number", 437},
	[STIR_STALE] = {"stale", "token is older than 60 s", 403},
	[STIR_FUTURE] = {"future", "token is from the future", 403},
	[STIR_SIGNATURE] = {"signature", "signature is wrong", 438},
	[STIR_ORIG] = {"orig", "signed for another caller", 438},
	[STIR_DEST] = {"dest", "signed for another called number", 438},
	[STIR_RETARGETED] = {"retargeted", "diverted without a div token", 438},
	[STIR_REPLAY] = {"replay", "token of another call", 438},
	[STIR_VERSTAT] = {"verstat", "the provider says so", 438},
};

const char *stir_fault_name(unsigned f)
{
	return f < PASSPORT_FAULTS ? passport_fault_name(f) : faults[f].name;
}

const char *stir_fault_text(unsigned f)
{
	return f < PASSPORT_FAULTS ? passport_fault_text(f) : faults[f].text;
}

/* RFC 8224 6.2.2 */
int stir_status(unsigned f)
{
	if (f >= PASSPORT_FAULTS) {
		return faults[f].status;
	}
	return f == PASSPORT_INFO ? 436 : f == PASSPORT_ALG ? 437 : 438;
}

const char *stir_phrase(int status)
{
	switch (status) {
	case 403:
		return "Stale Date";
	case 428:
		return "Use Identity Header";
	case 436:
		return "Bad Identity Info";
	case 437:
		return "Unsupported Credential";
	default:
		return "Invalid Identity Header";
	}
}

const struct stir_stats *stir_stats(const struct stir *s)
{
	return &s->stats;
}

/* --- certificates that end --- */

int64_t stir_expires(const struct stir *s, unsigned trunk)
{
	return trunk < CONF_TRUNKS ? s->trunk[trunk].expires : 0;
}

static void warn_of_end(const struct stir *s, unsigned i)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, i);

	if (c) {
		struct cert_place place = {c->name, s->file, c->who.stir.line,
					   "stir.certificate",
					   "calls are not signed"};

		cert_warn_of_end(&place, s->trunk[i].expires,
				 loop_wall_ms(s->loop) / 1000);
	}
}

static void on_daily(struct timer *t)
{
	struct stir *s = container_of(t, struct stir, daily);

	for (unsigned i = 0; i < CONF_TRUNKS; i++) {
		warn_of_end(s, i);
	}
	(void)timer_start(s->loop, &s->daily, on_daily, DAY_MS);
}

/* --- life --- */

struct stir *stir_new(struct loop *loop, const struct trunk_table *trunks,
		      const char *file)
{
	struct stir *s = calloc(1, sizeof(*s));

	if (s) {
		s->loop = loop;
		s->trunks = trunks;
		str_copy(s->file, sizeof(s->file), file);
	}
	return s;
}

static void drop(struct stir_trunk *t)
{
	if (t->key) {
		gnutls_privkey_deinit(t->key);
	}
	stir_store_free(t->store);
}

void stir_free(struct stir *s)
{
	if (!s) {
		return;
	}
	timer_stop(s->loop, &s->daily);
	for (unsigned i = 0; i < CONF_TRUNKS; i++) {
		drop(&s->trunk[i]);
	}
	stir_seen_free(s->seen);
	free(s);
}

/* --- bundles --- */

static bool same_key(gnutls_privkey_t key, gnutls_x509_crt_t crt)
{
	uint8_t a[32], b[32];
	size_t na = sizeof(a), nb = sizeof(b);
	gnutls_pubkey_t half;
	bool same;

	if (gnutls_pubkey_init(&half) < 0) {
		return false;
	}
	same = gnutls_pubkey_import_privkey(half, key, 0, 0) == 0 &&
	       gnutls_pubkey_get_key_id(half, GNUTLS_KEYID_USE_SHA256, a,
					&na) == 0 &&
	       gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, b,
					  &nb) == 0 &&
	       na == nb && !memcmp(a, b, na);
	gnutls_pubkey_deinit(half);
	return same;
}

/* What we show others: in force, and of our key? */
static bool check_own(const struct stir *s, struct stir_trunk *t,
		      const gnutls_datum_t *pem, char why[STIR_WHY_MAX])
{
	int64_t now = loop_wall_ms(s->loop) / 1000, from;
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned n = CHAIN_MAX;
	const char *fault = NULL;

	if (gnutls_x509_crt_list_import(crt, &n, pem, GNUTLS_X509_FMT_PEM,
					0) < 0 ||
	    !n) {
		snprintf(why, STIR_WHY_MAX,
			 "stir.certificate: no certificate in it");
		return false;
	}
	t->expires = gnutls_x509_crt_get_expiration_time(crt[0]);
	from = gnutls_x509_crt_get_activation_time(crt[0]);
	if (!same_key(t->key, crt[0])) {
		fault = "stir.certificate is not of stir.key";
	} else if (t->expires < now) {
		fault = "stir.certificate: expired";
	} else if (from > now) {
		fault = "stir.certificate: not yet valid";
	}
	for (unsigned i = 0; i < n; i++) {
		gnutls_x509_crt_deinit(crt[i]);
	}
	if (fault) {
		snprintf(why, STIR_WHY_MAX, "%s", fault);
	}
	return !fault;
}

static bool take_own(const struct stir *s, struct stir_trunk *t,
		     const gnutls_datum_t part[CERT_PARTS],
		     char why[STIR_WHY_MAX])
{
	int err = jws_private(&t->key, part[CERT_KEY].data,
			      part[CERT_KEY].size);

	if (err) {
		snprintf(why, STIR_WHY_MAX, "stir.key: %s",
			 err == -ENOTSUP ? "not on P-256, which ES256 needs"
					 : "no private key in it");
		return false;
	}
	return check_own(s, t, &part[CERT_OWN], why);
}

/* For what the trunk is set to do. */
static bool take(struct stir *s, const struct conf_stir *c,
		 struct stir_trunk *t, const gnutls_datum_t part[CERT_PARTS],
		 char why[STIR_WHY_MAX])
{
	if (c->sign && !take_own(s, t, part, why)) {
		return false;
	}
	if (c->verify == CONF_STIR_OFF) {
		return true;
	}
	if (!s->seen) {
		s->seen = stir_seen_new();
	}
	if (!s->seen) {
		snprintf(why, STIR_WHY_MAX, "out of memory");
		return false;
	}
	t->store = stir_store_new(part[CERT_MORE].data, part[CERT_MORE].size,
				  part[CERT_CAS].data, part[CERT_CAS].size,
				  why);
	return t->store != NULL;
}

static int take_bundle(struct stir *s, unsigned i, const void *data,
		       size_t len)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, i);
	char why[STIR_WHY_MAX] = "no bundle of certificates";
	struct stir_trunk *t = &s->trunk[i], new = {0};
	gnutls_datum_t part[CERT_PARTS];

	if (!cert_split(data, len, part) ||
	    !take(s, &c->who.stir, &new, part, why)) {
		log_err("trunk %s: %s:%u: %s%s", c->name, s->file,
			c->who.stir.line, why,
			t->key || t->store ? "; the former one goes on" : "");
		drop(&new);
		return -EINVAL;
	}
	drop(t);
	*t = new;
	if (t->key) {
		log_info("trunk %s: calls are signed, as %s", c->name,
			 c->who.stir.x5u);
	}
	if (t->store) {
		log_info("trunk %s: calls are verified by %u certificates",
			 c->name, stir_store_count(t->store));
	}
	warn_of_end(s, i);
	if (!timer_is_running(&s->daily)) {
		(void)timer_start(s->loop, &s->daily, on_daily, DAY_MS);
	}
	return 0;
}

int stir_bundle(struct stir *s, unsigned trunk, int fd)
{
	const void *data;
	size_t len;
	int err = trunk < trunk_count(s->trunks)
			  ? memfd_map_sealed(fd, 1, CERT_BUNDLE_MAX, &data,
					     &len)
			  : -EINVAL;

	close(fd);
	if (err) {
		return err;
	}
	err = take_bundle(s, trunk, data, len);
	memfd_unmap(data, len);
	return err;
}

/* --- signing --- */

void stir_tn(const struct stir *s, unsigned trunk, const struct cc_number *n,
	     char out[PASSPORT_TN])
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);
	const char *country = c ? c->who.stir.country_code : "";
	char text[2 * CC_DIGITS_MAX];

	out[0] = '\0';
	if (!n->valid || !n->digits[0]) {
		return;
	}
	country += *country == '+';
	if (n->type == CC_TON_INTERNATIONAL || !*country ||
	    strlen(n->digits) < SHORT) {
		(void)passport_tn(out, n->digits);
		return;
	}
	/* RFC 8224 8.3: by local policy; a national prefix is none of it. */
	snprintf(text, sizeof(text), "%s%s", country,
		 n->digits + (n->digits[0] == '0'));
	(void)passport_tn(out, text);
}

static enum conf_attest attest_of(const struct conf_stir *c, const char *tn,
				  uint8_t screening)
{
	char global[PASSPORT_TN + 1];

	snprintf(global, sizeof(global), "+%s", tn);
	for (unsigned i = 0; i < c->n_numbers; i++) {
		if (screening != CC_SCREEN_FAILED &&
		    str_pattern_match(c->numbers[i], global)) {
			return CONF_ATTEST_A;
		}
	}
	return c->others;
}

/* RFC 9562: version 4. */
static void new_origid(char out[PASSPORT_ID])
{
	uint8_t r[16] = {0};

	(void)!getrandom(r, sizeof(r), 0);
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	snprintf(out, PASSPORT_ID,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9],
		 r[10], r[11], r[12], r[13], r[14], r[15]);
}

/* False: there is nothing to sign, or nothing to sign with. */
static bool describe(const struct stir *s, unsigned trunk,
		     const struct cc_number *orig,
		     const struct cc_number *dest, struct passport *p)
{
	const struct conf_stir *c = &trunk_conf(s->trunks, trunk)->who.stir;
	enum conf_attest attest;

	memset(p, 0, sizeof(*p));
	stir_tn(s, trunk, orig, p->orig);
	stir_tn(s, trunk, dest, p->dest[0]);
	p->n_dest = 1;
	p->iat = loop_wall_ms(s->loop) / 1000;
	/* Without a country nobody could tell whose number it is. */
	if (!p->orig[0] || !p->dest[0][0] || s->trunk[trunk].expires < p->iat ||
	    (orig->type != CC_TON_INTERNATIONAL && !c->country_code[0])) {
		return false;
	}
	attest = attest_of(c, p->orig, orig->screening);
	p->attest = "\0ABC"[attest];
	str_copy(p->ppt, sizeof(p->ppt), "shaken");
	str_copy(p->x5u, sizeof(p->x5u), c->x5u);
	str_copy(p->origid, sizeof(p->origid), c->origid);
	if (!p->origid[0]) {
		new_origid(p->origid);
	}
	return attest != CONF_ATTEST_NONE;
}

static bool write_token(const struct stir *s, unsigned trunk,
			const struct passport *p, char out[PASSPORT_MAX])
{
	char input[PASSPORT_MAX];
	uint8_t sig[JWS_SIG];
	int n = passport_input(p, input);

	if (n < 0 || jws_sign(s->trunk[trunk].key, input, (size_t)n, sig) ||
	    passport_write(p, input, sig, out) < 0) {
		out[0] = '\0';
		return false;
	}
	return true;
}

char stir_sign(struct stir *s, unsigned trunk, const struct cc_number *orig,
	       const struct cc_number *dest, char out[PASSPORT_MAX])
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);
	struct passport p;

	out[0] = '\0';
	if (!c || !c->who.stir.sign) {
		return 0;
	}
	if (!s->trunk[trunk].key || !describe(s, trunk, orig, dest, &p)) {
		s->stats.not_signed++;
		return 0;
	}
	if (!write_token(s, trunk, &p, out)) {
		s->stats.not_signed++;
		return 0;
	}
	s->stats.signed_as[p.attest - 'A']++;
	return p.attest;
}

bool stir_is_ours(const struct stir *s, unsigned trunk,
		  const struct cc_number *n)
{
	const struct conf_stir *c = &trunk_conf(s->trunks, trunk)->who.stir;
	struct conf_stir only = *c;
	char tn[PASSPORT_TN] = "";

	only.others = CONF_ATTEST_NONE;
	if (!n->valid ||
	    (n->type != CC_TON_INTERNATIONAL && !c->country_code[0])) {
		return false;
	}
	stir_tn(s, trunk, n, tn);
	return tn[0] && attest_of(&only, tn, CC_SCREEN_NONE) == CONF_ATTEST_A;
}

bool stir_sign_div(struct stir *s, unsigned trunk, const struct stir_div *d,
		   char out[PASSPORT_MAX])
{
	struct passport p;

	out[0] = '\0';
	if (!s->trunk[trunk].key || !describe(s, trunk, d->orig, d->to, &p)) {
		return false;
	}
	str_copy(p.ppt, sizeof(p.ppt), "div");
	p.attest = 0;
	p.origid[0] = '\0';
	stir_tn(s, trunk, d->from, p.div);
	return p.div[0] && write_token(s, trunk, &p, out);
}
