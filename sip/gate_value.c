/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/gate_priv.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define CSEQ_MAX 0x7fffffffu /* RFC 3261 8.1.1.5: less than 2**31 */

/* A cursor over one value. */
struct scan {
	const char *p, *end;
	bool party; /* From or To */
};

static struct scan scan_of(const char *data, struct sip_slice s)
{
	return (struct scan){.p = data + s.at, .end = data + s.at + s.len};
}

static bool more(const struct scan *s)
{
	return s->p < s->end;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_xdigit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Returns whether there was any. */
static bool skip_ws(struct scan *s)
{
	const char *from = s->p;

	while (more(s) && gate_is(*s->p, GATE_WS)) {
		s->p++;
	}
	return s->p != from;
}

static bool take(struct scan *s, char c)
{
	if (!more(s) || *s->p != c) {
		return false;
	}
	s->p++;
	return true;
}

static bool take_token(struct scan *s)
{
	const char *from = s->p;

	while (more(s) && gate_is(*s->p, GATE_TOKEN)) {
		s->p++;
	}
	return s->p != from;
}

/* At an opening quote: up to and with the closing one. */
static bool take_quoted(struct scan *s)
{
	if (!take(s, '"')) {
		return false;
	}
	while (more(s) && *s->p != '"') {
		s->p += *s->p == '\\' ? 2 : 1;
	}
	if (s->p > s->end) {
		s->p = s->end;
	}
	return take(s, '"');
}

/* [IPv6 reference]: hexadecimal, colons, dots (RFC 5118 4.10: some send one
 * colon too many, so they are not counted). */
static bool take_ipv6(struct scan *s)
{
	const char *from;

	if (!take(s, '[')) {
		return false;
	}
	from = s->p;
	while (more(s) && (is_xdigit(*s->p) || *s->p == ':' || *s->p == '.')) {
		s->p++;
	}
	return s->p != from && take(s, ']');
}

static bool take_host(struct scan *s)
{
	const char *from = s->p;

	if (more(s) && *s->p == '[') {
		return take_ipv6(s);
	}
	while (more(s) && gate_is(*s->p, GATE_HOST)) {
		s->p++;
	}
	return s->p != from;
}

static bool take_port(struct scan *s)
{
	unsigned port = 0, digits = 0;

	while (more(s) && is_digit(*s->p) && digits < 6) {
		port = port * 10 + (unsigned)(*s->p - '0');
		s->p++;
		digits++;
	}
	return digits && digits < 6 && port && port <= 65535;
}

/* A parameter's value that is not quoted: anything that cannot end it. */
static bool take_value(struct scan *s)
{
	const char *from = s->p;

	while (more(s) && gate_is(*s->p, GATE_VALUE)) {
		s->p++;
	}
	return s->p != from;
}

/* The value after "=": a whole token when it must be, else also quoted. */
static bool take_param_value(struct scan *s, bool token)
{
	skip_ws(s);
	if (token) {
		return take_token(s) &&
		       (!more(s) || gate_is(*s->p, GATE_WS) ||
			*s->p == ';' || *s->p == ',');
	}
	if (more(s) && *s->p == '"') {
		return take_quoted(s);
	}
	return take_value(s);
}

/* *( ";" name [ "=" value ] ), counting those of that name; each counted one
 * needs a token as value. White space behind is skipped. */
static bool take_params(struct scan *s, const char *name, unsigned *count)
{
	for (skip_ws(s); take(s, ';'); skip_ws(s)) {
		const char *at;
		bool counted;

		skip_ws(s);
		at = s->p;
		if (!take_token(s)) {
			return false;
		}
		counted = (size_t)(s->p - at) == strlen(name) &&
			  !strncasecmp(at, name, strlen(name));
		*count += counted;
		skip_ws(s);
		if (!take(s, '=')) {
			if (counted) {
				return false;
			}
			continue;
		}
		if (!take_param_value(s, counted)) {
			return false;
		}
	}
	return true;
}

/* sent-protocol LWS sent-by params */
static bool take_via(struct scan *s)
{
	unsigned branches = 0;

	for (int i = 0; i < 3; i++) {
		skip_ws(s);
		if (i && !take(s, '/')) {
			return false;
		}
		skip_ws(s);
		if (!take_token(s)) {
			return false;
		}
	}
	if (!skip_ws(s) || !take_host(s)) {
		return false;
	}
	skip_ws(s);
	if (take(s, ':')) {
		skip_ws(s);
		if (!take_port(s)) {
			return false;
		}
	}
	return take_params(s, "branch", &branches) && branches <= 1;
}

static bool via_add(struct sip_gate_result *r, const char *data,
		    const char *from, const char *to)
{
	struct sip_slice *v;

	if (r->n_via == SIP_GATE_VIAS) {
		return false;
	}
	while (to > from && (gate_is(to[-1], GATE_WS) || to[-1] == ',')) {
		to--;
	}
	v = &r->via[r->n_via++];
	v->at = (uint32_t)(from - data);
	v->len = (uint32_t)(to - from);
	return true;
}

bool gate_value_via(const char *data, struct sip_slice slice,
		    struct sip_gate_result *r)
{
	struct scan s = scan_of(data, slice);

	do {
		const char *from;

		skip_ws(&s);
		from = s.p;
		if (!take_via(&s) || (more(&s) && *s.p != ',')) {
			via_add(r, data, from, s.end);
			return false;
		}
		if (!via_add(r, data, from, s.p)) {
			return false;
		}
	} while (take(&s, ','));
	return true;
}

/* '%' and two hexadecimal digits (RFC 3261 25.1 "escaped"); osip loses what is
 * less. */
static bool is_escape(const char *p, const char *end)
{
	return end - p > 2 && isxdigit((unsigned char)p[1]) &&
	       isxdigit((unsigned char)p[2]);
}

/* Something like a URI: a scheme and visible characters, none that would have
 * to be escaped. */
static bool uri_ok(const char *p, const char *end, bool bare)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (!colon || colon == p || colon + 1 == end ||
	    colon[1] == '@') { /* an empty user part is none */
		return false;
	}
	for (const char *q = p; q < colon; q++) {
		if (!is_alnum(*q) && *q != '+' && *q != '-' && *q != '.') {
			return false;
		}
	}
	for (; p < end; p++) {
		if (!gate_is(*p, GATE_URI) ||
		    (*p == '%' && !is_escape(p, end))) {
			return false;
		}
		if (bare && *p == '?') { /* RFC 3261 20: needs <> */
			return false;
		}
	}
	return true;
}

/* display-name without quotes: tokens and white space up to '<'. */
static bool take_words(struct scan *s)
{
	while (more(s) && *s->p != '<') {
		if (!gate_is(*s->p, GATE_WS | GATE_TOKEN) &&
		    (unsigned char)*s->p < 0x80) {
			return false;
		}
		s->p++;
	}
	return true;
}

static bool is_sip_uri(const char *from, const char *to)
{
	return (to - from > 4 && !strncasecmp(from, "sip:", 4)) ||
	       (to - from > 5 && !strncasecmp(from, "sips:", 5));
}

/* "<sip:a@b;>", "<sip:b?h>": osip writes it as something else. Neither is
 * allowed here (RFC 3261 19.1.1, table 1), but in a user part. What is behind
 * '?' in a URI of another scheme stays as it is. */
static bool is_altered(const char *from, const char *to)
{
	const char *at = memrchr(from, '@', (size_t)(to - from));
	bool sip = is_sip_uri(from, to);

	for (const char *p = at ? at : from; p < to; p++) {
		if ((sip && *p == '?') ||
		    (*p == ';' && (p + 1 == to || p[1] == ';'))) {
			return true;
		}
	}
	return false;
}

static bool take_angle(struct scan *s)
{
	const char *from, *to;

	if (!take(s, '<')) {
		return false;
	}
	from = s->p;
	to = memchr(from, '>', (size_t)(s->end - from));
	if (!to || !uri_ok(from, to, false) ||
	    (s->party && is_altered(from, to))) {
		return false;
	}
	s->p = to + 1;
	return true;
}

static bool has_angle(const struct scan *s)
{
	for (const char *p = s->p; p < s->end; p++) {
		if (*p == '<') {
			return true;
		}
		if (*p == ';' || *p == ',') {
			return false;
		}
	}
	return false;
}

static bool sip_uri_ok(struct scan s);

/* An address without <>: what osip would take otherwise than it stands there
 * (white space behind a URI that is not sip:, an empty port) is a fault. */
static bool bare_ok(const char *from, const struct scan *s)
{
	struct scan uri = *s;
	size_t len = (size_t)(s->p - from);

	if (len < 6) { /* osip takes "sip:j" without <> only */
		return false;
	}
	uri.p = from;
	uri.end = s->p;
	if (len > 4 && !strncasecmp(from, "sip:", 4)) {
		uri.p += 4;
		return sip_uri_ok(uri);
	}
	if (len > 5 && !strncasecmp(from, "sips:", 5)) {
		uri.p += 5;
		return sip_uri_ok(uri);
	}
	return !more(s) || !gate_is(*s->p, GATE_WS);
}

static bool take_address(struct scan *s)
{
	const char *from;

	skip_ws(s);
	if (more(s) && *s->p == '"') {
		if (!take_quoted(s)) {
			return false;
		}
		skip_ws(s);
		return take_angle(s);
	}
	if (has_angle(s)) {
		return take_words(s) && take_angle(s);
	}
	from = s->p;
	while (more(s) && !gate_is(*s->p, GATE_WS) && *s->p != ';' &&
	       *s->p != ',') {
		s->p++;
	}
	return uri_ok(from, s->p, true) && bare_ok(from, s);
}

bool gate_value_party(const char *data, struct sip_slice slice)
{
	struct scan s = scan_of(data, slice);
	unsigned tags = 0;

	s.party = true;
	return take_address(&s) && take_params(&s, "tag", &tags) &&
	       tags <= 1 && !more(&s);
}

static bool take_list(struct scan *s, bool angle)
{
	unsigned n = 0;

	do {
		struct scan look = *s;

		if (angle && !has_angle(&look)) {
			return false;
		}
		if (!take_address(s) || !take_params(s, "", &n)) {
			return false;
		}
	} while (take(s, ','));
	return !more(s);
}

bool gate_value_contact(const char *data, struct sip_slice slice)
{
	struct scan s = scan_of(data, slice);

	if (slice.len == 1 && data[slice.at] == '*') {
		return true;
	}
	return take_list(&s, false);
}

bool gate_value_route(const char *data, struct sip_slice slice)
{
	struct scan s = scan_of(data, slice);

	return take_list(&s, true);
}

bool gate_value_call_id(const char *data, struct sip_slice slice)
{
	unsigned ats = 0;

	for (uint32_t i = 0; i < slice.len; i++) {
		char c = data[slice.at + i];

		ats += c == '@';
		if (c != '@' && !gate_is(c, GATE_CALL_ID)) {
			return false;
		}
	}
	return slice.len && ats <= 1;
}

bool gate_value_number(const char *data, struct sip_slice slice, uint64_t max,
		       uint64_t *out)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < slice.len; i++) {
		char c = data[slice.at + i];

		if (!is_digit(c)) {
			return false;
		}
		v = v * 10 + (uint64_t)(c - '0');
		if (v > max) {
			return false;
		}
	}
	*out = v;
	return slice.len > 0;
}

bool gate_value_cseq(const char *data, struct sip_slice slice,
		     struct sip_slice *method)
{
	struct scan s = scan_of(data, slice);
	struct sip_slice digits = {slice.at, 0};
	uint64_t n;
	const char *from;

	while (more(&s) && is_digit(*s.p)) {
		s.p++;
		digits.len++;
	}
	if (!gate_value_number(data, digits, CSEQ_MAX, &n) || !skip_ws(&s)) {
		return false;
	}
	from = s.p;
	if (!take_token(&s) || more(&s)) {
		return false;
	}
	method->at = (uint32_t)(from - data);
	method->len = (uint32_t)(s.p - from);
	return true;
}

bool gate_value_type(const char *data, struct sip_slice slice)
{
	struct scan s = scan_of(data, slice);
	unsigned boundaries = 0;

	if (!take_token(&s)) {
		return false;
	}
	skip_ws(&s);
	if (!take(&s, '/')) {
		return false;
	}
	skip_ws(&s);
	return take_token(&s) && take_params(&s, "", &boundaries) && !more(&s);
}

/* After "sip:": [userinfo@] host [":" port] *(";" param), no headers. */
static bool sip_uri_ok(struct scan s)
{
	const char *at = memchr(s.p, '@', (size_t)(s.end - s.p));
	const char *p;

	if (at) {
		if (at == s.p) {
			return false;
		}
		s.p = at + 1;
	}
	if (!take_host(&s)) {
		return false;
	}
	if (take(&s, ':') && !take_port(&s)) {
		return false;
	}
	if (more(&s) && *s.p != ';') {
		return false;
	}
	for (p = s.p; p < s.end; p++) {
		if (*p == '?' || *p == '@' || *p == ',') {
			return false;
		}
	}
	return true;
}

enum sip_gate_reason gate_value_uri(const char *data, struct sip_slice slice)
{
	struct scan s = scan_of(data, slice);

	if (!uri_ok(s.p, s.end, false)) {
		return SIP_GATE_URI;
	}
	if (slice.len > 4 && !strncasecmp(s.p, "sip:", 4)) {
		s.p += 4;
	} else if (slice.len > 5 && !strncasecmp(s.p, "sips:", 5)) {
		s.p += 5;
	} else if (slice.len > 4 && !strncasecmp(s.p, "tel:", 4)) {
		return SIP_GATE_OK;
	} else {
		return SIP_GATE_SCHEME;
	}
	return sip_uri_ok(s) ? SIP_GATE_OK : SIP_GATE_URI;
}
