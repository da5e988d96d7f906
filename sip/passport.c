/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/passport.h"

#include "gateway/base/json.h"
#include "gateway/base/str.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIG_TEXT 86 /* characters of 64 octets */
#define HEAD_MAX 512

static const struct {
	const char *name, *text;
} faults[PASSPORT_FAULTS] = {
	[PASSPORT_OK] = {"ok", "ok"},
	[PASSPORT_LONG] = {"long", "token too long"},
	[PASSPORT_SYNTAX] = {"syntax", "no token in the Identity header"},
	[PASSPORT_BASE64] = {"base64", "token is not base64url"},
	[PASSPORT_JSON] = {"json", "token is not JSON"},
	[PASSPORT_HEADER] = {"header", "unusable header of the token"},
	[PASSPORT_ALG] = {"alg", "algorithm is not ES256"},
	[PASSPORT_PPT_DIFFERS] = {"ppt", "ppt is not that of the token"},
	[PASSPORT_INFO] = {"info", "no usable info, or not the token's x5u"},
	[PASSPORT_CLAIMS] = {"claims", "claim missing or unusable"},
};

const char *passport_fault_text(enum passport_fault f)
{
	return faults[f].text;
}

const char *passport_fault_name(enum passport_fault f)
{
	return faults[f].name;
}

bool passport_tn(char out[PASSPORT_TN], const char *text)
{
	size_t n = 0;

	for (text += *text == '+'; *text; text++) {
		if (strchr("-.() ", *text)) {
			continue;
		}
		if (!strchr("0123456789*#", *text) || n + 1 == PASSPORT_TN) {
			n = 0;
			break;
		}
		out[n++] = *text;
	}
	out[n] = '\0';
	return n > 0;
}

/* --- base64url without padding (RFC 7515 2) --- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Octets, or -1: another character, an impossible length, or bits that
 * nobody needs and that are not zero. */
static int decode(uint8_t *out, size_t size, const char *text, size_t len)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	if (len % 4 == 1 || len / 4 * 3 + 2 > size) {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		int v = value_of(text[i]);

		if (v < 0) {
			return -1;
		}
		bits = (bits << 6 | (unsigned)v) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (uint8_t)(bits >> held);
		}
	}
	return bits & ((1u << held) - 1) ? -1 : (int)n;
}

/* Appends; false: no room. */
static bool encode(char *out, size_t size, size_t *at, const void *data,
		   size_t len)
{
	const uint8_t *p = data;
	size_t need = (len * 4 + 2) / 3;
	unsigned bits = 0, held = 0;

	if (*at + need + 1 > size) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		for (held += 8; held >= 6; held -= 6) {
			out[(*at)++] = alphabet[bits >> (held - 6) & 63];
		}
	}
	if (held) {
		out[(*at)++] = alphabet[bits << (6 - held) & 63];
	}
	out[*at] = '\0';
	return true;
}

/* --- the parameters of the header --- */

struct piece {
	const char *p;
	size_t len;
};

static bool is(const struct piece *t, const char *word)
{
	return t->len == strlen(word) && !strncasecmp(t->p, word, t->len);
}

static bool copy(char *out, size_t size, const struct piece *t)
{
	return str_copy_n(out, size, t->p, t->len);
}

static const char *skip(const char *s)
{
	return s + strspn(s, " \t");
}

/* A value: <...>, "..." or a word. What follows it, or NULL. */
static const char *read_value(const char *s, struct piece *out)
{
	char end = *s == '<' ? '>' : *s == '"' ? '"' : '\0';
	const char *stop;

	if (!end) {
		out->p = s;
		out->len = strcspn(s, "; \t");
		return s + out->len;
	}
	stop = strchr(s + 1, end);
	if (!stop) {
		return NULL;
	}
	out->p = s + 1;
	out->len = (size_t)(stop - s) - 1;
	return stop + 1;
}

/* One ;name=value. What follows it, or NULL. */
static const char *read_param(const char *s, struct piece *name,
			      struct piece *value)
{
	s = skip(s + 1);
	name->p = s;
	name->len = strcspn(s, "=; \t");
	s = skip(s + name->len);
	*value = (struct piece){"", 0};
	if (*s == '=') {
		s = read_value(skip(s + 1), value);
	}
	s = s ? skip(s) : NULL;
	return s && name->len && (*s == ';' || !*s) ? s : NULL;
}

struct info_params {
	struct piece info, alg, ppt;
};

static bool read_params(const char *s, struct info_params *out)
{
	struct piece name, value;

	memset(out, 0, sizeof(*out));
	while (*s) {
		s = read_param(s, &name, &value);
		if (!s) {
			return false;
		}
		if (is(&name, "info")) {
			out->info = value;
		} else if (is(&name, "alg")) {
			out->alg = value;
		} else if (is(&name, "ppt")) {
			out->ppt = value;
		}
	}
	return true;
}

/* --- JSON --- */

/* An object of those octets; NULL: none. *loose is set when the canonical
 * form is another. */
static json_t *object(const uint8_t *text, size_t len, bool *loose)
{
	json_t *root = json_loadb((const char *)text, len,
				  JSON_REJECT_DUPLICATES, NULL);
	char *again;

	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	again = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	if (!again || strlen(again) != len || memcmp(again, text, len) != 0) {
		*loose = true;
	}
	free(again);
	return root;
}

/* What can stand in logs and headers, too. */
static bool is_plain(const char *s)
{
	while (*s > ' ' && *s < 0x7f && !strchr("\"\\<>;", *s)) {
		s++;
	}
	return !*s;
}

/* A text member: true when it is absent (then ""), or plain and fits. */
static bool get_text(const json_t *o, const char *key, char *out, size_t size)
{
	const json_t *v = json_object_get(o, key);

	out[0] = '\0';
	return !v || (json_is_string(v) && is_plain(json_string_value(v)) &&
		      str_copy(out, size, json_string_value(v)));
}

static enum passport_fault read_header(struct passport *p, const json_t *o)
{
	char alg[16], typ[16], ppt[PASSPORT_PPT];

	if (!get_text(o, "alg", alg, sizeof(alg)) || strcmp(alg, "ES256")) {
		return PASSPORT_ALG;
	}
	if (!get_text(o, "typ", typ, sizeof(typ)) ||
	    strcasecmp(typ, "passport") || json_object_get(o, "crit") ||
	    !get_text(o, "x5u", p->x5u, sizeof(p->x5u)) || !p->x5u[0]) {
		return PASSPORT_HEADER;
	}
	if (!get_text(o, "ppt", ppt, sizeof(ppt))) {
		return PASSPORT_HEADER;
	}
	if (p->ppt[0] && strcasecmp(p->ppt, ppt)) {
		return PASSPORT_PPT_DIFFERS;
	}
	str_copy(p->ppt, sizeof(p->ppt), ppt);
	return PASSPORT_OK;
}

static bool get_tn(struct passport *p, const json_t *v, char out[PASSPORT_TN])
{
	const char *text = json_string_value(v);

	if (!text || !passport_tn(out, text)) {
		return false;
	}
	if (strcmp(out, text) != 0) {
		p->loose = true;
	}
	return true;
}

/* {"tn":"..."} or {"uri":"..."}; the latter leaves out empty. */
static bool get_party(struct passport *p, const json_t *v,
		      char out[PASSPORT_TN])
{
	const json_t *tn = json_object_get(v, "tn");

	out[0] = '\0';
	return tn ? get_tn(p, tn, out)
		  : json_is_string(json_object_get(v, "uri"));
}

static bool get_dest(struct passport *p, const json_t *v)
{
	const json_t *tn = json_object_get(v, "tn"), *e;
	size_t i;

	if (!tn) {
		return json_is_array(json_object_get(v, "uri"));
	}
	if (!json_is_array(tn) || !json_array_size(tn)) {
		return false;
	}
	json_array_foreach(tn, i, e) {
		if (i < PASSPORT_DESTS && !get_tn(p, e, p->dest[p->n_dest++])) {
			return false;
		}
	}
	return true;
}

static bool get_attest(struct passport *p, const json_t *o)
{
	char text[2];

	if (!get_text(o, "attest", text, sizeof(text)) ||
	    (text[0] && (text[0] < 'A' || text[0] > 'C'))) {
		return false;
	}
	p->attest = text[0];
	return true;
}

static enum passport_fault read_claims(struct passport *p, const json_t *o)
{
	const json_t *iat = json_object_get(o, "iat");
	const json_t *div = json_object_get(o, "div");
	bool shaken = !strcasecmp(p->ppt, "shaken");

	if (!json_is_integer(iat) || json_integer_value(iat) < 0 ||
	    !get_party(p, json_object_get(o, "orig"), p->orig) ||
	    !get_dest(p, json_object_get(o, "dest")) || !get_attest(p, o) ||
	    !get_text(o, "origid", p->origid, sizeof(p->origid)) ||
	    (div && !get_party(p, div, p->div))) {
		return PASSPORT_CLAIMS;
	}
	p->iat = json_integer_value(iat);
	return shaken && (!p->attest || !p->origid[0]) ? PASSPORT_CLAIMS
						       : PASSPORT_OK;
}

/* --- reading --- */

typedef enum passport_fault read_part(struct passport *, const json_t *);

static enum passport_fault part(struct passport_token *t, const char *text,
				size_t len, read_part *read)
{
	uint8_t octets[PASSPORT_MAX];
	int n = decode(octets, sizeof(octets), text, len);
	enum passport_fault f;
	json_t *o;

	if (n <= 0) {
		return PASSPORT_BASE64;
	}
	o = object(octets, (size_t)n, &t->says.loose);
	if (!o) {
		return PASSPORT_JSON;
	}
	f = read(&t->says, o);
	json_decref(o);
	return f;
}

static enum passport_fault read_full(struct passport_token *t,
				     const char *token, size_t head,
				     size_t both)
{
	enum passport_fault f = part(t, token, head, read_header);

	if (!f) {
		f = part(t, token + head + 1, both - head - 1, read_claims);
	}
	if (!f) {
		memcpy(t->input, token, both);
		t->input_len = both;
	}
	return f;
}

/* The URL: given, for https, and that of the token. */
static bool take_info(struct passport_token *t, const struct piece *info)
{
	char url[PASSPORT_URL];

	if (!info->p || !copy(url, sizeof(url), info) || !is_plain(url) ||
	    strncasecmp(url, "https://", 8) != 0) {
		return false;
	}
	if (t->compact) {
		str_copy(t->says.x5u, sizeof(t->says.x5u), url);
	}
	return strcmp(t->says.x5u, url) == 0;
}

static enum passport_fault read_token(struct passport_token *t,
				      const char *token, size_t len)
{
	size_t head = strcspn(token, "."), both = head + 1;
	uint8_t sig[JWS_SIG + 2];
	enum passport_fault f = PASSPORT_OK;

	if (head >= len) {
		return PASSPORT_SYNTAX;
	}
	both += strcspn(token + both, ".");
	if (both >= len || (head == 0) != (both == 1)) {
		return PASSPORT_SYNTAX;
	}
	t->compact = head == 0;
	if (!t->compact) {
		f = read_full(t, token, head, both);
	}
	if (f) {
		return f;
	}
	if (len - both - 1 != SIG_TEXT ||
	    decode(sig, sizeof(sig), token + both + 1, SIG_TEXT) != JWS_SIG) {
		return PASSPORT_BASE64;
	}
	memcpy(t->sig, sig, JWS_SIG);
	return PASSPORT_OK;
}

enum passport_fault passport_read(struct passport_token *t, const char *value)
{
	const char *s = skip(value);
	size_t len = strcspn(s, "; \t");
	struct info_params params;
	enum passport_fault f;

	memset(t, 0, sizeof(*t));
	if (strlen(value) >= PASSPORT_MAX) {
		return PASSPORT_LONG;
	}
	if (!read_params(skip(s + len), &params)) {
		return PASSPORT_SYNTAX;
	}
	if (params.ppt.p && !copy(t->says.ppt, PASSPORT_PPT, &params.ppt)) {
		return PASSPORT_LONG;
	}
	if (!is_plain(t->says.ppt)) {
		return PASSPORT_SYNTAX;
	}
	f = read_token(t, s, len);
	if (f) {
		return f;
	}
	if (params.alg.p && !is(&params.alg, "ES256")) {
		return PASSPORT_ALG;
	}
	return take_info(t, &params.info) ? PASSPORT_OK : PASSPORT_INFO;
}

bool passport_complete(struct passport_token *t, const struct passport *says)
{
	struct passport whole = *says;
	int n;

	memcpy(whole.ppt, t->says.ppt, sizeof(whole.ppt));
	memcpy(whole.x5u, t->says.x5u, sizeof(whole.x5u));
	t->says = whole;
	n = passport_input(&whole, t->input);
	t->input_len = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

/* --- writing --- */

/* The members in the order of their names (RFC 8225 9). */
static int write_header(const struct passport *p, char *out)
{
	struct json j;

	json_init(&j, out, HEAD_MAX);
	json_obj(&j, NULL);
	json_str(&j, "alg", "ES256");
	if (p->ppt[0]) {
		json_str(&j, "ppt", p->ppt);
	}
	json_str(&j, "typ", "passport");
	json_str(&j, "x5u", p->x5u);
	json_close(&j);
	return json_end(&j);
}

static void put_tn(struct json *j, const char *key, const char *tn)
{
	json_obj(j, key);
	json_str(j, "tn", tn);
	json_close(j);
}

static int write_claims(const struct passport *p, char out[PASSPORT_MAX])
{
	char attest[2] = {p->attest};
	struct json j;

	json_init(&j, out, PASSPORT_MAX);
	json_obj(&j, NULL);
	if (p->attest) {
		json_str(&j, "attest", attest);
	}
	json_obj(&j, "dest");
	json_arr(&j, "tn");
	for (unsigned i = 0; i < p->n_dest; i++) {
		json_str(&j, NULL, p->dest[i]);
	}
	json_close(&j);
	json_close(&j);
	if (p->div[0]) {
		put_tn(&j, "div", p->div);
	}
	json_int(&j, "iat", p->iat);
	put_tn(&j, "orig", p->orig);
	if (p->origid[0]) {
		json_str(&j, "origid", p->origid);
	}
	json_close(&j);
	return json_end(&j);
}

int passport_input(const struct passport *p, char out[PASSPORT_MAX])
{
	char head[HEAD_MAX], claims[PASSPORT_MAX];
	int n_head = write_header(p, head), n_claims = write_claims(p, claims);
	size_t at = 0;

	if (n_head < 0 || n_claims < 0 ||
	    !encode(out, PASSPORT_MAX, &at, head, (size_t)n_head) ||
	    at + 2 > PASSPORT_MAX) {
		return -E2BIG;
	}
	out[at++] = '.';
	return encode(out, PASSPORT_MAX, &at, claims, (size_t)n_claims)
		       ? (int)at
		       : -E2BIG;
}

int passport_write(const struct passport *p, const char *input,
		   const uint8_t sig[JWS_SIG], char out[PASSPORT_MAX])
{
	char text[SIG_TEXT + 2];
	size_t at = 0;
	int n;

	if (!encode(text, sizeof(text), &at, sig, JWS_SIG)) {
		return -E2BIG;
	}
	n = snprintf(out, PASSPORT_MAX, "%s.%s;info=<%s>;alg=ES256%s%s",
		     input ? input : ".", text, p->x5u,
		     p->ppt[0] ? ";ppt=" : "", p->ppt);
	return n < PASSPORT_MAX ? n : -E2BIG;
}
