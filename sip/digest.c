/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/digest.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_MAX 2048

/* One hash over pieces joined by ':'. */
struct hash {
	enum sip_digest_algorithm algorithm;
	bool begun;
	union {
		struct md5_ctx md5;
		struct sha256_ctx sha256;
		struct sha512_256_ctx sha512;
	} u;
};

static void hash_init(struct hash *h, enum sip_digest_algorithm algorithm)
{
	h->algorithm = algorithm;
	h->begun = false;
	switch (algorithm) {
	case SIP_DIGEST_SHA512_256:
		sha512_256_init(&h->u.sha512);
		break;
	case SIP_DIGEST_SHA256:
		sha256_init(&h->u.sha256);
		break;
	default:
		md5_init(&h->u.md5);
		break;
	}
}

static void hash_octets(struct hash *h, const char *p, size_t len)
{
	const uint8_t *octets = (const uint8_t *)p;

	switch (h->algorithm) {
	case SIP_DIGEST_SHA512_256:
		sha512_256_update(&h->u.sha512, len, octets);
		break;
	case SIP_DIGEST_SHA256:
		sha256_update(&h->u.sha256, len, octets);
		break;
	default:
		md5_update(&h->u.md5, len, octets);
		break;
	}
}

static void hash_part(struct hash *h, const char *text)
{
	if (h->begun) {
		hash_octets(h, ":", 1);
	}
	h->begun = true;
	hash_octets(h, text, strlen(text));
}

static void hash_hex(struct hash *h, char out[SIP_DIGEST_HEX])
{
	uint8_t sum[SHA256_DIGEST_SIZE];
	size_t n = SHA256_DIGEST_SIZE;

	switch (h->algorithm) {
	case SIP_DIGEST_SHA512_256:
		sha512_256_digest(&h->u.sha512, n, sum);
		break;
	case SIP_DIGEST_SHA256:
		sha256_digest(&h->u.sha256, n, sum);
		break;
	default:
		n = MD5_DIGEST_SIZE;
		md5_digest(&h->u.md5, n, sum);
		break;
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	}
	explicit_bzero(h, sizeof(*h));
}

/* RFC 7616 3.4.1 */
void sip_digest_compute(const struct sip_digest_input *in,
			char out[SIP_DIGEST_HEX])
{
	char ha1[SIP_DIGEST_HEX], ha2[SIP_DIGEST_HEX], nc[9];
	struct hash h;

	hash_init(&h, in->algorithm);
	hash_part(&h, in->user);
	hash_part(&h, in->realm);
	hash_part(&h, in->password);
	hash_hex(&h, ha1);
	if (in->sess) {
		hash_init(&h, in->algorithm);
		hash_part(&h, ha1);
		hash_part(&h, in->nonce);
		hash_part(&h, in->cnonce);
		hash_hex(&h, ha1);
	}
	hash_init(&h, in->algorithm);
	hash_part(&h, in->method);
	hash_part(&h, in->uri);
	hash_hex(&h, ha2);
	hash_init(&h, in->algorithm);
	hash_part(&h, ha1);
	hash_part(&h, in->nonce);
	if (*in->qop) {
		snprintf(nc, sizeof(nc), "%08x", in->nc);
		hash_part(&h, nc);
		hash_part(&h, in->cnonce);
		hash_part(&h, in->qop);
	}
	hash_part(&h, ha2);
	hash_hex(&h, out);
	explicit_bzero(ha1, sizeof(ha1));
}

/* The text of a quoted string or token without its quotes. False: too long,
 * or with characters that we would have to escape again. */
static bool unquote(const char *text, char *out, size_t size)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	return str_copy_n(out, size, text ? text : "", len) &&
	       !out[strcspn(out, "\"\\")];
}

static bool has_word(const char *list, const char *word)
{
	size_t want = strlen(word);

	while (*list) {
		size_t n;

		list += strspn(list, " \t,");
		n = strcspn(list, " \t,");
		if (n == want && !strncasecmp(list, word, n)) {
			return true;
		}
		list += n;
	}
	return false;
}

static const char *const algorithms[] = {
	[SIP_DIGEST_MD5] = "MD5",
	[SIP_DIGEST_SHA256] = "SHA-256",
	[SIP_DIGEST_SHA512_256] = "SHA-512-256",
};

static bool read_algorithm(char *text, struct sip_digest *out)
{
	size_t len = strlen(text);

	out->sess = len > 5 && !strcasecmp(text + len - 5, "-sess");
	if (out->sess) {
		text[len - 5] = '\0';
	}
	for (unsigned i = 0; i < sizeof(algorithms) / sizeof(*algorithms);
	     i++) {
		if (!strcasecmp(text, algorithms[i])) {
			out->algorithm = (enum sip_digest_algorithm)i;
			return true;
		}
	}
	return false;
}

/* What we can do with one challenge; false: nothing. */
static bool read_challenge(const osip_www_authenticate_t *c,
			   struct sip_digest *out)
{
	char text[64];

	memset(out, 0, sizeof(*out));
	if (!c->auth_type || strcasecmp(c->auth_type, "Digest") || !c->nonce ||
	    !c->realm || !unquote(c->realm, out->realm, sizeof(out->realm)) ||
	    !unquote(c->nonce, out->nonce, sizeof(out->nonce)) ||
	    !unquote(c->opaque, out->opaque, sizeof(out->opaque)) ||
	    !unquote(c->algorithm, text, sizeof(text))) {
		return false;
	}
	out->named = *text;
	if (*text && !read_algorithm(text, out)) {
		return false;
	}
	if (!unquote(c->qop_options, text, sizeof(text))) {
		return false;
	}
	out->qop = has_word(text, "auth");
	return out->qop || (!*text && !out->sess);
}

static bool is_stale(const osip_www_authenticate_t *c)
{
	char text[16];

	return unquote(c->stale, text, sizeof(text)) &&
	       !strcasecmp(text, "true");
}

/* The strongest challenge of the response; NULL: none for us. */
static const osip_www_authenticate_t *choose(const struct sip_msg *response,
					     const char *realm,
					     struct sip_digest *best,
					     bool *foreign)
{
	bool proxy = sip_msg_status(response) == 407;
	const osip_list_t *list = proxy ? &response->osip->proxy_authenticates
					: &response->osip->www_authenticates;
	const osip_www_authenticate_t *found = NULL;
	struct sip_digest d;

	for (int i = 0; i < osip_list_size(list); i++) {
		const osip_www_authenticate_t *c = osip_list_get(list, i);

		if (!read_challenge(c, &d))
			continue;
		if (*realm && strcmp(d.realm, realm)) {
			*foreign = true;
			continue;
		}
		if (!found || d.algorithm > best->algorithm) {
			*best = d;
			best->proxy = proxy;
			found = c;
		}
	}
	return found;
}

/* May a further challenge for the same request be answered? */
static bool may_answer(const struct sip_digest *old,
		       const struct sip_digest *new, bool stale)
{
	if (!old->tries) {
		return true;
	}
	if (old->tries >= SIP_DIGEST_TRIES) {
		return false;
	}
	if (strcmp(old->realm, new->realm) || old->proxy != new->proxy) {
		return true;
	}
	return stale && strcmp(old->nonce, new->nonce);
}

static int write_header(const struct sip_digest *d,
			const struct sip_digest_input *in, const char *response,
			char *out, size_t size)
{
	char algorithm[40] = "", opaque[160] = "", qop[96] = "";

	if (d->named) {
		snprintf(algorithm, sizeof(algorithm), ", algorithm=%s",
			 algorithms[d->algorithm]);
		if (d->sess)
			strcat(algorithm, "-sess");
	}
	if (*d->opaque) {
		snprintf(opaque, sizeof(opaque), ", opaque=\"%s\"", d->opaque);
	}
	if (d->qop) {
		snprintf(qop, sizeof(qop), ", cnonce=\"%s\", qop=auth, nc=%08x",
			 in->cnonce, in->nc);
	}
	if ((size_t)snprintf(out, size,
			     "Digest username=\"%s\", realm=\"%s\", "
			     "nonce=\"%s\", uri=\"%s\", response=\"%s\"%s%s%s",
			     in->user, in->realm, in->nonce, in->uri, response,
			     algorithm, opaque, qop) >= size) {
		return -EMSGSIZE;
	}
	return 0;
}

static int add_credentials(struct sip_digest *d, struct sip_msg *request,
			   const char *user, const char *password)
{
	const char *name = d->proxy ? "Proxy-Authorization" : "Authorization";
	char cnonce[SIP_TAG_LEN], response[SIP_DIGEST_HEX], text[HEADER_MAX];
	struct sip_digest_input in = {
		.algorithm = d->algorithm,
		.user = user,
		.realm = d->realm,
		.password = password,
		.method = sip_msg_method(request),
		.nonce = d->nonce,
		.cnonce = cnonce,
		.qop = d->qop ? "auth" : "",
		.nc = d->nc + 1,
		.sess = d->sess,
	};
	char *uri = NULL;
	int err;

	if (osip_uri_to_str(request->osip->req_uri, &uri)) {
		return -ENOMEM;
	}
	in.uri = uri;
	sip_token(cnonce);
	sip_digest_compute(&in, response);
	err = write_header(d, &in, response, text, sizeof(text));
	osip_free(uri);
	if (err) {
		return err;
	}
	sip_msg_remove(request, name);
	err = sip_msg_add(request, name, text);
	if (!err) {
		d->nc++;
	}
	return err;
}

int sip_digest_answer(struct sip_digest *d, const struct sip_msg *response,
		      struct sip_msg *request, const char *realm,
		      const char *user, const char *password)
{
	const osip_www_authenticate_t *c;
	struct sip_digest next;
	bool foreign = false;

	if (!*user || user[strcspn(user, "\"\\\r\n")]) {
		return -EINVAL;
	}
	c = choose(response, realm, &next, &foreign);
	if (!c) {
		return foreign ? -EPERM : -ENOENT;
	}
	if (!may_answer(d, &next, is_stale(c))) {
		return -EACCES;
	}
	next.tries = (uint8_t)(d->tries + 1);
	*d = next;
	return add_credentials(d, request, user, password);
}

int sip_digest_repeat(struct sip_digest *d, struct sip_msg *request,
		      const char *user, const char *password)
{
	return d->tries ? add_credentials(d, request, user, password) : -ENOENT;
}

void sip_digest_next(struct sip_digest *d, const struct sip_msg *response)
{
	const osip_list_t *list =
		d->proxy ? &response->osip->proxy_authentication_infos
			 : &response->osip->authentication_infos;
	const osip_authentication_info_t *info = osip_list_get(list, 0);
	char nonce[sizeof(d->nonce)];

	if (d->tries && info && info->nextnonce &&
	    unquote(info->nextnonce, nonce, sizeof(nonce)) && *nonce) {
		memcpy(d->nonce, nonce, sizeof(nonce));
		d->nc = 0;
	}
}
