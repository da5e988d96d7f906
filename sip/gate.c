/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/gate_priv.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX 64
#define HOPS_MAX   255u		 /* RFC 3261 20.22 */
#define DELTA_MAX  0xffffffffull /* 25.1: 2**32 - 1 */
#define LENGTH_MAX 0x7fffffffull

struct reason_text {
	const char *name;
	int status;
	const char *phrase;
};

/* In the order of enum sip_gate_reason. */
static const struct reason_text gate_reasons[SIP_GATE_REASONS] = {
	[SIP_GATE_OK] = {"ok", 200, "OK"},
	[SIP_GATE_KEEPALIVE] = {"keepalive", 400, "Bad Request"},
	[SIP_GATE_TOO_LONG] = {"too_long", 513, "Message Too Large"},
	[SIP_GATE_START_LINE] = {"start_line", 400, "Bad Request Line"},
	[SIP_GATE_URI] = {"uri", 400, "Bad Request-URI"},
	[SIP_GATE_SCHEME] = {"scheme", 416, "Unsupported URI Scheme"},
	[SIP_GATE_VERSION] = {"version", 505, "Version Not Supported"},
	[SIP_GATE_STATUS] = {"status", 400, "Bad Status"},
	[SIP_GATE_NO_END] = {"no_end", 400, "Missing Empty Line"},
	[SIP_GATE_CONTROL] = {"control", 400, "Control Character In Header"},
	[SIP_GATE_LINE_LENGTH] = {"line_length", 400, "Header Too Long"},
	[SIP_GATE_HEADER_NAME] = {"header_name", 400, "Bad Header Line"},
	[SIP_GATE_HEADER_COUNT] = {"header_count", 400, "Too Many Headers"},
	[SIP_GATE_MISSING] = {"missing", 400, "Missing Header"},
	[SIP_GATE_REPEATED] = {"repeated", 400, "Repeated Header"},
	[SIP_GATE_VIA] = {"via", 400, "Bad Via"},
	[SIP_GATE_FROM] = {"from", 400, "Bad From"},
	[SIP_GATE_TO] = {"to", 400, "Bad To"},
	[SIP_GATE_CALL_ID] = {"call_id", 400, "Bad Call-ID"},
	[SIP_GATE_CSEQ] = {"cseq", 400, "Bad CSeq"},
	[SIP_GATE_CSEQ_METHOD] = {"cseq_method", 400, "CSeq Method Mismatch"},
	[SIP_GATE_MAX_FORWARDS] = {"max_forwards", 400, "Bad Max-Forwards"},
	[SIP_GATE_EXPIRES] = {"expires", 400, "Bad Expires"},
	[SIP_GATE_CONTACT] = {"contact", 400, "Bad Contact"},
	[SIP_GATE_ROUTE] = {"route", 400, "Bad Route"},
	[SIP_GATE_CONTENT_TYPE] = {"content_type", 400, "Bad Content-Type"},
	[SIP_GATE_CONTENT_LENGTH] = {"content_length", 400,
				     "Bad Content-Length"},
	[SIP_GATE_SHORT_BODY] = {"short_body", 400,
				 "Content-Length Exceeds Message"},
	[SIP_GATE_LONG_BODY] = {"long_body", 513, "Message Too Large"},
	[SIP_GATE_PARSER] = {"parser", 400, "Bad Header"},
	[SIP_GATE_NOBODY] = {"nobody", 404, "Not Found"},
	[SIP_GATE_BUSY] = {"busy", 503, "Service Unavailable"},
};

struct header_rule {
	const char *name;
	uint8_t len;
	char compact; /* RFC 3261 7.3.3 */
	bool required, single;
};

/* In the order of enum sip_gate_header. */
static const struct header_rule gate_headers[SIP_H_OTHER] = {
	[SIP_H_VIA] = {"via", 3, 'v', true, false},
	[SIP_H_FROM] = {"from", 4, 'f', true, true},
	[SIP_H_TO] = {"to", 2, 't', true, true},
	[SIP_H_CALL_ID] = {"call-id", 7, 'i', true, true},
	[SIP_H_CSEQ] = {"cseq", 4, 0, true, true},
	[SIP_H_MAX_FORWARDS] = {"max-forwards", 12, 0, false, true},
	[SIP_H_EXPIRES] = {"expires", 7, 0, false, true},
	[SIP_H_CONTACT] = {"contact", 7, 'm', false, false},
	[SIP_H_ROUTE] = {"route", 5, 0, false, false},
	[SIP_H_RECORD_ROUTE] = {"record-route", 12, 0, false, false},
	[SIP_H_CONTENT_TYPE] = {"content-type", 12, 'c', false, true},
	[SIP_H_CONTENT_LENGTH] = {"content-length", 14, 'l', false, true},
};

/* The first fault stands; what follows is only collected for the answer. */
static void fault(struct sip_gate_result *r, enum sip_gate_reason why)
{
	if (r->reason == SIP_GATE_OK) {
		r->reason = why;
	}
}

static bool slice_is(const char *data, struct sip_slice s, const char *text)
{
	return s.len == strlen(text) && !memcmp(data + s.at, text, s.len);
}

static bool slice_eq(const char *data, struct sip_slice a, struct sip_slice b)
{
	return a.len == b.len && !memcmp(data + a.at, data + b.at, a.len);
}

static struct sip_slice trim(const char *data, uint32_t from, uint32_t to)
{
	while (from < to && gate_is(data[from], GATE_WS)) {
		from++;
	}
	while (to > from && gate_is(data[to - 1], GATE_WS)) {
		to--;
	}
	return (struct sip_slice){from, to - from};
}

/* Control characters are for quoted-pairs only. */
static bool line_clean(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!gate_is(p[i], GATE_TEXT) &&
		    (!i || p[i - 1] != '\\' || p[i] == '\r')) {
			return false;
		}
	}
	return true;
}

/* One line from *at: its octets without the end into *line, *at behind it.
 * False when there is none left that ends. */
static bool next_line(const char *data, size_t len, uint32_t *at,
		      struct sip_slice *line, struct sip_gate_result *r)
{
	const char *lf = memchr(data + *at, '\n', len - *at);

	if (!lf) {
		return false;
	}
	line->at = *at;
	line->len = (uint32_t)(lf - data) - *at;
	*at += line->len + 1;
	if (line->len && data[line->at + line->len - 1] == '\r') {
		line->len--;
	} else {
		fault(r, SIP_GATE_CONTROL);
	}
	if (!line_clean(data + line->at, line->len)) {
		fault(r, SIP_GATE_CONTROL);
	}
	return true;
}

static void check_status_line(const char *p, size_t len,
			      struct sip_gate_result *r)
{
	/* "SIP/2.0 200 " */
	if (len < 12 || strncasecmp(p, "SIP/2.0 ", 8) || p[11] != ' ') {
		fault(r, SIP_GATE_START_LINE);
		return;
	}
	for (int i = 8; i < 11; i++) {
		if (p[i] < '0' || p[i] > '9') {
			fault(r, SIP_GATE_STATUS);
			return;
		}
	}
	if (p[8] < '1' || p[8] > '6') {
		fault(r, SIP_GATE_STATUS);
	}
}

static void check_version(const char *data, struct sip_slice v,
			  struct sip_gate_result *r)
{
	if (v.len == 7 && !strncasecmp(data + v.at, "SIP/2.0", 7)) {
		return;
	}
	if (v.len >= 7 && v.len < 16 && !strncasecmp(data + v.at, "SIP/", 4) &&
	    strspn(data + v.at + 4, "0123456789.") >= v.len - 4) {
		fault(r, SIP_GATE_VERSION);
		return;
	}
	fault(r, SIP_GATE_START_LINE);
}

/* Method SP Request-URI SP SIP-Version, single spaces. */
static void check_request_line(const char *data, struct sip_gate_result *r)
{
	const char *p = data + r->start.at, *end = p + r->start.len;
	const char *sp1 = memchr(p, ' ', (size_t)(end - p));
	const char *sp2 = NULL;
	struct sip_slice version;

	if (sp1) {
		sp2 = memchr(sp1 + 1, ' ', (size_t)(end - sp1 - 1));
	}
	if (!sp2 || sp1 == p || sp1 - p > METHOD_MAX) {
		fault(r, SIP_GATE_START_LINE);
		return;
	}
	r->method = (struct sip_slice){r->start.at, (uint32_t)(sp1 - p)};
	r->uri.at = r->method.at + r->method.len + 1;
	r->uri.len = (uint32_t)(sp2 - sp1 - 1);
	for (const char *q = p; q < sp1; q++) {
		if (!gate_is(*q, GATE_TOKEN)) {
			fault(r, SIP_GATE_START_LINE);
			return;
		}
	}
	version.at = (uint32_t)(sp2 + 1 - data);
	version.len = (uint32_t)(end - sp2 - 1);
	check_version(data, version, r);
	if (r->reason == SIP_GATE_OK) {
		fault(r, gate_value_uri(data, r->uri));
	}
}

static enum sip_gate_header header_id(const char *name, uint32_t len)
{
	char first = (char)(*name | 0x20);

	for (int i = 0; i < SIP_H_OTHER; i++) {
		const struct header_rule *h = &gate_headers[i];

		if (len == 1 ? first == h->compact
			     : len == h->len && first == *h->name &&
				       !strncasecmp(h->name, name, len)) {
			return (enum sip_gate_header)i;
		}
	}
	return SIP_H_OTHER;
}

/* Splits a whole (folded) header line; false: not a header. */
static bool split_header(const char *data, struct sip_slice line,
			 struct sip_gate_line *out)
{
	uint32_t i = line.at, end = line.at + line.len;

	while (i < end && gate_is(data[i], GATE_TOKEN)) {
		i++;
	}
	out->name = (struct sip_slice){line.at, i - line.at};
	while (i < end && (data[i] == ' ' || data[i] == '\t')) {
		i++;
	}
	if (!out->name.len || i == end || data[i] != ':') {
		return false;
	}
	out->value = trim(data, i + 1, end);
	out->id = header_id(data + out->name.at, out->name.len);
	return true;
}

static void add_header(const char *data, struct sip_slice line,
		       struct sip_gate_result *r)
{
	struct sip_gate_line *h;

	if (line.len > SIP_GATE_LINE) {
		fault(r, SIP_GATE_LINE_LENGTH);
		return;
	}
	if (r->n_lines == SIP_GATE_HEADERS) {
		fault(r, SIP_GATE_HEADER_COUNT);
		return;
	}
	h = &r->line[r->n_lines];
	if (!split_header(data, line, h)) {
		fault(r, SIP_GATE_HEADER_NAME);
		return;
	}
	r->n_lines++;
	if (!r->count[h->id]++) {
		r->first[h->id] = h->value;
	}
}

/* All header lines, folded ones joined; *at ends behind the empty line. */
static void split_headers(const char *data, size_t len, uint32_t *at,
			  struct sip_gate_result *r)
{
	struct sip_slice whole = {*at, 0}, line;

	while (next_line(data, len, at, &line, r)) {
		bool fold = line.len && (data[line.at] == ' ' ||
					 data[line.at] == '\t');

		if (fold && whole.len) {
			whole.len = line.at + line.len - whole.at;
			continue;
		}
		if (whole.len) {
			add_header(data, whole, r);
		}
		if (!line.len) {
			return;
		}
		whole = line;
	}
	if (whole.len) {
		add_header(data, whole, r);
	}
	fault(r, SIP_GATE_NO_END);
}

static void check_counts(struct sip_gate_result *r)
{
	for (int i = 0; i < SIP_H_OTHER; i++) {
		if (gate_headers[i].required && !r->count[i]) {
			fault(r, SIP_GATE_MISSING);
		}
		if (gate_headers[i].single && r->count[i] > 1) {
			fault(r, SIP_GATE_REPEATED);
		}
	}
}

static void check_cseq(const char *data, struct sip_slice value,
		       struct sip_gate_result *r)
{
	struct sip_slice method;

	if (!gate_value_cseq(data, value, &method)) {
		fault(r, SIP_GATE_CSEQ);
	} else if (r->is_request && !slice_eq(data, method, r->method)) {
		fault(r, SIP_GATE_CSEQ_METHOD);
	}
}

static void check_value(const char *data, const struct sip_gate_line *h,
			struct sip_gate_result *r)
{
	struct sip_slice v = h->value;
	uint64_t n;

	switch (h->id) {
	case SIP_H_VIA:
		if (!gate_value_via(data, v, r)) {
			fault(r, SIP_GATE_VIA);
		}
		break;
	case SIP_H_FROM:
		if (!gate_value_party(data, v)) {
			fault(r, SIP_GATE_FROM);
		}
		break;
	case SIP_H_TO:
		if (!gate_value_party(data, v)) {
			fault(r, SIP_GATE_TO);
		}
		break;
	case SIP_H_CALL_ID:
		if (!gate_value_call_id(data, v)) {
			fault(r, SIP_GATE_CALL_ID);
		}
		break;
	case SIP_H_CSEQ:
		check_cseq(data, v, r);
		break;
	case SIP_H_MAX_FORWARDS:
		if (!gate_value_number(data, v, HOPS_MAX, &n)) {
			fault(r, SIP_GATE_MAX_FORWARDS);
		}
		break;
	case SIP_H_EXPIRES:
		if (!gate_value_number(data, v, DELTA_MAX, &n)) {
			fault(r, SIP_GATE_EXPIRES);
		}
		break;
	case SIP_H_CONTACT:
		if (!gate_value_contact(data, v)) {
			fault(r, SIP_GATE_CONTACT);
		}
		break;
	case SIP_H_ROUTE:
	case SIP_H_RECORD_ROUTE:
		if (!gate_value_route(data, v)) {
			fault(r, SIP_GATE_ROUTE);
		}
		break;
	case SIP_H_CONTENT_TYPE:
		if (!gate_value_type(data, v)) {
			fault(r, SIP_GATE_CONTENT_TYPE);
		}
		break;
	case SIP_H_CONTENT_LENGTH:
		if (!gate_value_number(data, v, LENGTH_MAX, &n)) {
			fault(r, SIP_GATE_CONTENT_LENGTH);
		}
		break;
	case SIP_H_OTHER:
	case SIP_H_COUNT:
		break;
	}
}

/* RFC 3261 18.3: on a datagram Content-Length may cut, not lengthen. */
static void check_body(const char *data, size_t len, uint32_t at,
		       struct sip_gate_result *r)
{
	uint64_t want, rest = len - at;

	if (!r->count[SIP_H_CONTENT_LENGTH]) {
		want = rest;
	} else if (!gate_value_number(data, r->first[SIP_H_CONTENT_LENGTH],
				      LENGTH_MAX, &want)) {
		return; /* that fault is noted */
	}
	if (want > rest) {
		fault(r, SIP_GATE_SHORT_BODY);
	} else if (want > SIP_GATE_BODY) {
		fault(r, SIP_GATE_LONG_BODY);
	} else {
		r->body = (struct sip_slice){at, (uint32_t)want};
	}
}

static void judge(const char *data, struct sip_gate_result *r)
{
	if (r->reason == SIP_GATE_OK) {
		r->verdict = SIP_GATE_PASS;
		return;
	}
	r->verdict = SIP_GATE_DROP;
	if (!r->is_request || !r->method.len ||
	    slice_is(data, r->method, "ACK")) {
		return;
	}
	for (int i = 0; i < SIP_H_OTHER; i++) {
		if (gate_headers[i].required && !r->first[i].len) {
			return;
		}
	}
	r->verdict = SIP_GATE_REPLY;
}

static void check_message(const char *data, size_t len, uint32_t at,
			  struct sip_gate_result *r)
{
	if (!next_line(data, len, &at, &r->start, r)) {
		fault(r, SIP_GATE_START_LINE);
		return;
	}
	r->is_request = r->start.len < 4 ||
			strncasecmp(data + r->start.at, "SIP/", 4);
	if (r->start.len > SIP_GATE_LINE) {
		fault(r, SIP_GATE_LINE_LENGTH);
	} else if (r->is_request) {
		check_request_line(data, r);
	} else {
		check_status_line(data + r->start.at, r->start.len, r);
	}
	split_headers(data, len, &at, r);
	check_counts(r);
	for (unsigned i = 0; i < r->n_lines; i++) {
		check_value(data, &r->line[i], r);
	}
	check_body(data, len, at, r);
}

static void count(const struct sip_gate_result *r, struct sip_gate_stats *s)
{
	if (!s) {
		return;
	}
	s->seen++;
	s->passed += r->verdict == SIP_GATE_PASS;
	s->replied += r->verdict == SIP_GATE_REPLY;
	s->dropped += r->verdict == SIP_GATE_DROP;
	s->reason[r->reason]++;
}

void sip_gate_check(const char *data, size_t len, struct sip_gate_result *r,
		    struct sip_gate_stats *stats)
{
	uint32_t at = 0;

	/* The line table needs no clearing: n_lines says what is valid. */
	memset(r, 0, offsetof(struct sip_gate_result, line));
	r->n_lines = 0;
	r->verdict = SIP_GATE_DROP;
	/* RFC 3261 7.5: empty lines before the start line are ignored. */
	while (at < len && at < SIP_GATE_MSG &&
	       (data[at] == '\r' || data[at] == '\n')) {
		at++;
	}
	if (at == len || (unsigned char)data[0] < 4) {
		fault(r, SIP_GATE_KEEPALIVE); /* CRLF, STUN, a lone NUL */
	} else if (len > SIP_GATE_MSG) {
		fault(r, SIP_GATE_TOO_LONG);
	} else {
		check_message(data, len, at, r);
		judge(data, r);
	}
	count(r, stats);
}

void sip_gate_refuse(const char *data, struct sip_gate_result *r,
		     enum sip_gate_reason why, struct sip_gate_stats *stats)
{
	r->reason = why;
	judge(data, r);
	if (stats) {
		stats->passed--;
		stats->reason[SIP_GATE_OK]--;
		stats->replied += r->verdict == SIP_GATE_REPLY;
		stats->dropped += r->verdict == SIP_GATE_DROP;
		stats->reason[why]++;
	}
}

const char *sip_gate_reason_name(enum sip_gate_reason why)
{
	return (unsigned)why < SIP_GATE_REASONS ? gate_reasons[why].name : "?";
}

int sip_gate_status(enum sip_gate_reason why)
{
	return (unsigned)why < SIP_GATE_REASONS ? gate_reasons[why].status
						: 400;
}

const char *sip_gate_phrase(enum sip_gate_reason why)
{
	return (unsigned)why < SIP_GATE_REASONS ? gate_reasons[why].phrase
						: "Bad Request";
}
