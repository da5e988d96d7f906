/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/divert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define UNKNOWN	  "sip:unknown@unknown.invalid" /* RFC 7544 */
#define ANONYMOUS "sip:anonymous@anonymous.invalid"

/* A reason that is met, but not written, stands behind the one that is. */
static const struct reason {
	uint8_t reason;
	uint16_t cause;	  /* RFC 4458 */
	const char *name; /* RFC 5806 */
} reasons[] = {
	{CC_DIVERT_UNKNOWN, 404, "unknown"},
	{CC_DIVERT_BUSY, 486, "user-busy"},
	{CC_DIVERT_NO_REPLY, 408, "no-answer"},
	{CC_DIVERT_UNCONDITIONAL, 302, "unconditional"},
	{CC_DIVERT_DEFLECTION, 480, "deflection"},
	{CC_DIVERT_DEFLECTION, 487, "deflection"},
	{CC_DIVERT_OUT_OF_ORDER, 503, "out-of-service"},
};

static const struct reason *reason_row(uint8_t reason)
{
	size_t i;

	for (i = 0; i < LEN(reasons); i++) {
		if (reasons[i].reason == reason)
			return &reasons[i];
	}
	return &reasons[0];
}

static uint8_t reason_of_name(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(reasons); i++) {
		if (strcasecmp(reasons[i].name, name) == 0)
			return reasons[i].reason;
	}
	return CC_DIVERT_UNKNOWN; /* follow-me, time-of-day, away ... */
}

static uint8_t reason_of_cause(uint32_t cause)
{
	size_t i;

	for (i = 0; i < LEN(reasons); i++) {
		if (reasons[i].cause == cause)
			return reasons[i].reason;
	}
	return CC_DIVERT_UNKNOWN;
}

static void add_count(struct cc_divert *d, uint32_t n)
{
	d->count = d->count + n < CC_DIVERT_MAX ? (uint8_t)(d->count + n)
						: CC_DIVERT_MAX;
}

/* Whoever has no number, or hides it, is a restricted one without digits. */
static struct cc_number party_number(const char *uri, bool hidden)
{
	struct cc_number n = {0};
	struct sip_uri u;

	if (sip_uri_parse(&u, uri) < 0 || sip_uri_number(&u, &n) < 0)
		memset(&n, 0, sizeof(n));
	hidden = hidden || strcasecmp(u.host, "anonymous.invalid") == 0;
	if (hidden) {
		n.valid = 1;
		n.presentation = CC_PRES_RESTRICTED;
	}
	return n;
}

static bool same_number(const struct cc_number *a, const struct cc_number *b)
{
	return a->valid == b->valid && a->type == b->type &&
	       strcmp(a->digits, b->digits) == 0;
}

/* --- Diversion --- */

static bool param_is(const struct sip_name_addr *a, const char *name,
		     const char *want)
{
	char value[32];

	return sip_param(a->params, name, value, sizeof(value)) &&
	       strncasecmp(value, want, strlen(want)) == 0;
}

/* One value; false: it cannot be read. */
static bool read_one(const char *text, struct cc_number *n, uint8_t *reason,
		     uint32_t *count)
{
	struct sip_name_addr a;
	struct sip_uri u;
	char value[32];
	bool good = true;

	if (!sip_name_addr_parse(&a, text) || sip_uri_parse(&u, a.uri) < 0)
		return false;
	*n = party_number(a.uri, param_is(&a, "privacy", "full") ||
					 param_is(&a, "privacy", "uri"));
	if (n->valid && param_is(&a, "screen", "yes"))
		n->screening = CC_SCREEN_PASSED;
	*reason = sip_param(a.params, "reason", value, sizeof(value))
			  ? reason_of_name(value)
			  : CC_DIVERT_UNKNOWN;
	*count = 1;
	if (sip_param(a.params, "counter", value, sizeof(value)))
		good = str_to_u32(value, 1000, count) == 0;
	if (*count == 0 || !good)
		*count = 1;
	return good;
}

static bool read_diversion(const char *const text[], struct cc_msg *m)
{
	struct cc_divert *d = &m->extra.divert;
	struct cc_number n = {0};
	bool good = true;
	uint8_t reason;
	uint32_t count;
	size_t i;

	for (i = 0; i < SIP_DIVERTS && text[i]; i++) {
		if (!read_one(text[i], &n, &reason, &count)) {
			good = false;
			if (!n.valid)
				continue;
		}
		if (d->count == 0) {
			m->redirecting = n;
			d->reason = reason;
		} else {
			d->original = n;
			d->original_reason = reason;
		}
		add_count(d, count);
	}
	return good;
}

/* --- History-Info --- */

struct entry {
	char index[32], mp[32];
	uint32_t cause, failed; /* of the URI; of a Reason in it; 0 = none */
	struct cc_number number;
};

/* What stands in a URI behind ;name= or, escaped or not, ?Reason=SIP;cause=. */
static uint32_t number_behind(const char *text, const char *end,
			      const char *what)
{
	size_t len = strlen(what);
	uint32_t v = 0;
	char buf[4];

	for (; text + len < end; text++) {
		if (strncasecmp(text, what, len) != 0)
			continue;
		if (str_copy_n(buf, sizeof(buf), text + len,
			       strspn(text + len, "0123456789")) &&
		    str_to_u32(buf, 699, &v) == 0)
			return v;
	}
	return 0;
}

static void read_uri(struct entry *e, const char *uri)
{
	const char *end = uri + strlen(uri);
	const char *headers = uri + strcspn(uri, "?");
	const char *params = uri + strcspn(uri, "@");

	params = *params ? params : uri;
	e->cause = number_behind(params, headers, ";cause=");
	e->failed = number_behind(headers, end, "SIP%3Bcause%3D");
}

static bool uri_hides(const char *uri)
{
	const char *headers = strchr(uri, '?');

	return headers && (strcasestr(headers, "Privacy=history") ||
			   strcasestr(headers, "Privacy=id"));
}

static bool read_entry(struct entry *e, const char *text, bool hidden)
{
	struct sip_name_addr a;
	struct sip_uri u;

	memset(e, 0, sizeof(*e));
	if (!sip_name_addr_parse(&a, text) || sip_uri_parse(&u, a.uri) < 0 ||
	    !sip_param(a.params, "index", e->index, sizeof(e->index)))
		return false;
	(void)sip_param(a.params, "mp", e->mp, sizeof(e->mp));
	read_uri(e, a.uri);
	e->number = party_number(a.uri, hidden || uri_hides(a.uri));
	return true;
}

static const struct entry *diverter_of(const struct entry *all, size_t i)
{
	size_t k;

	for (k = 0; all[i].mp[0] && k < i; k++) {
		if (strcmp(all[k].index, all[i].mp) == 0)
			return &all[k];
	}
	return &all[i - 1];
}

static void note_diversion(struct cc_msg *m, const struct entry *by,
			   uint8_t reason)
{
	struct cc_divert *d = &m->extra.divert;

	if (d->count == 0) {
		d->original = by->number;
		d->original_reason = reason;
	}
	m->redirecting = by->number;
	d->reason = reason;
	add_count(d, 1);
}

static bool read_history(const struct sip_divert_in *in, struct cc_msg *m)
{
	struct cc_divert *d = &m->extra.divert;
	struct entry all[SIP_HISTORIES];
	bool good = true;
	size_t i, n = 0;

	for (i = 0; i < SIP_HISTORIES && in->history[i]; i++) {
		if (read_entry(&all[n], in->history[i], in->history_hidden))
			n++;
		else
			good = false;
	}
	for (i = 1; i < n; i++) {
		const struct entry *by = diverter_of(all, i);
		uint32_t cause = all[i].cause ? all[i].cause : by->failed;

		if (cause)
			note_diversion(m, by, reason_of_cause(cause));
	}
	if (d->count < 2 || same_number(&d->original, &m->redirecting)) {
		memset(&d->original, 0, sizeof(d->original));
		d->original_reason = 0;
	}
	return good;
}

bool sip_divert_read(const struct sip_divert_in *in, enum conf_divert which,
		     struct cc_msg *m)
{
	bool history = in->history[0] && (which != CONF_DIVERT_DIVERSION ||
					  !in->diversion[0]);
	bool good = true;

	memset(&m->redirecting, 0, sizeof(m->redirecting));
	memset(&m->extra.divert, 0, sizeof(m->extra.divert));
	if (which == CONF_DIVERT_OFF)
		return true;
	if (history)
		good = read_history(in, m);
	if (!m->extra.divert.count)
		good = read_diversion(in->diversion, m) && good;
	return good;
}

/* --- writing --- */

static bool has_digits(const struct cc_number *n)
{
	return n->valid && n->digits[0] && n->presentation != CC_PRES_UNAVAILABLE;
}

static bool is_hidden(const struct cc_number *n)
{
	return n->presentation == CC_PRES_RESTRICTED;
}

static bool may_say(const struct cc_number *n,
		    const struct sip_identity_conf *c)
{
	return has_digits(n) && (!is_hidden(n) || c->trusted);
}

static void write_one(char buf[SIP_URI_MAX], const struct cc_number *n,
		      const struct sip_identity_conf *c, uint8_t reason,
		      unsigned count)
{
	char uri[SIP_URI_MAX - 96];
	bool screened = n->screening == CC_SCREEN_PASSED ||
			n->screening == CC_SCREEN_NETWORK;

	if (!may_say(n, c) || sip_uri_write(uri, sizeof(uri), n, c->host) < 0)
		return;
	snprintf(buf, SIP_URI_MAX,
		 "<%s>;reason=%s;counter=%u;privacy=%s;screen=%s", uri,
		 reason_row(reason)->name, count,
		 is_hidden(n) ? "full" : "off", screened ? "yes" : "no");
}

static void write_diversion(const struct cc_msg *m,
			    const struct sip_identity_conf *c,
			    struct sip_divert_out *out)
{
	const struct cc_divert *d = &m->extra.divert;
	bool two = may_say(&d->original, c) && d->count > 1;
	unsigned count = d->count ? d->count : 1;

	write_one(out->diversion[0], &m->redirecting, c, d->reason,
		  two ? count - 1 : count);
	if (two && out->diversion[0][0])
		write_one(out->diversion[1], &d->original, c,
			  d->original_reason, 1);
}

/* The chain as it is written: each entry hangs on the one before. */
struct chain {
	char *buf;
	size_t size, len;
	char index[64], parent[64];
};

static void put(struct chain *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void put(struct chain *h, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(h->buf + h->len, h->size - h->len, fmt, ap);
	va_end(ap);
	h->len = (size_t)n < h->size - h->len ? h->len + (size_t)n : h->size - 1;
}

/* reason < 0: the first entry, which nobody has diverted to. */
static void put_entry(struct chain *h, const char *uri, int reason, bool hidden)
{
	size_t n = strlen(h->index);

	memcpy(h->parent, h->index, sizeof(h->parent));
	snprintf(h->index + n, sizeof(h->index) - n, n ? ".1" : "1");
	put(h, "%s<%s", n ? ", " : "", uri);
	if (reason >= 0)
		put(h, ";cause=%u", reason_row((uint8_t)reason)->cause);
	put(h, "%s>;index=%s", hidden ? "?Privacy=history" : "", h->index);
	if (reason >= 0)
		put(h, ";mp=%s", h->parent);
}

static void put_party(struct chain *h, const struct cc_number *n,
		      const struct sip_identity_conf *c, int reason)
{
	char uri[SIP_URI_MAX];

	if (may_say(n, c) && sip_uri_write(uri, sizeof(uri), n, c->host) > 0)
		put_entry(h, uri, reason, is_hidden(n));
	else
		put_entry(h, is_hidden(n) ? ANONYMOUS : UNKNOWN, reason, false);
}

/* First called, those of whom only the number is known (RFC 7544 5), last
 * diverting, called now. */
static void write_history(const struct cc_msg *m,
			  const struct sip_identity_conf *c, const char *target,
			  struct sip_divert_out *out)
{
	const struct cc_divert *d = &m->extra.divert;
	struct chain h = {.buf = out->history, .size = sizeof(out->history)};
	unsigned count = d->count ? d->count : 1, i;
	int reason = -1;

	if (!may_say(&m->redirecting, c))
		return;
	if (count > 1) {
		put_party(&h, &d->original, c, -1);
		reason = d->original_reason;
	}
	for (i = 2; i < count && i < 6; i++) {
		put_entry(&h, UNKNOWN, reason, false);
		reason = CC_DIVERT_UNKNOWN;
	}
	put_party(&h, &m->redirecting, c, reason);
	put_entry(&h, target, d->reason, false);
}

void sip_divert_write(const struct cc_msg *m, const struct sip_identity_conf *c,
		      const char *target, struct sip_divert_out *out)
{
	memset(out, 0, sizeof(*out));
	if (c->divert == CONF_DIVERT_DIVERSION ||
	    c->divert == CONF_DIVERT_BOTH)
		write_diversion(m, c, out);
	if (c->divert == CONF_DIVERT_HISTORY || c->divert == CONF_DIVERT_BOTH)
		write_history(m, c, target, out);
}
