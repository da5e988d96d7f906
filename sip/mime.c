/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a multipart body (RFC 2046 5.1), found, not copied. */
#include "sip/msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PARTS_MAX    8
#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define DEPTH_MAX    2	/* of parts in parts */

static const char *find(const char *p, const char *end, const char *what)
{
	return memmem(p, (size_t)(end - p), what, strlen(what));
}

/* "a/b ; x=y" is the type a/b? */
static bool type_is(const char *text, size_t len, const char *type)
{
	size_t want = strlen(type);

	return len >= want && !strncasecmp(text, type, want) &&
	       (len == want || strchr(" \t;\r\n", text[want]));
}

/* Folded lines are one (RFC 2045 has them from RFC 822). */
static const char *skip_blank(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p)) {
		p++;
	}
	return p;
}

static const char *line_end(const char *p, const char *end)
{
	const char *eol = find(p, end, "\r\n");

	while (eol && eol != p && eol + 2 < end &&
	       (eol[2] == ' ' || eol[2] == '\t')) {
		eol = find(eol + 2, end, "\r\n");
	}
	return eol;
}

/* What a part says of itself. */
struct part {
	const char *type; /* value of Content-Type; NULL: none */
	size_t type_len;
	const char *data;
	const char *end;
};

static int part_header(struct part *part, const char *line, const char *eol)
{
	const char *name = "content-type";
	size_t len = strlen(name);

	if ((size_t)(eol - line) < len || strncasecmp(line, name, len)) {
		return 0;
	}
	line = skip_blank(line + len, eol);
	if (line == eol || *line != ':') {
		return 0; /* Content-Type-Something */
	}
	if (part->type) {
		return -EBADMSG;
	}
	part->type = skip_blank(line + 1, eol);
	part->type_len = (size_t)(eol - part->type);
	return 0;
}

static int read_headers(struct part *part, const char *p)
{
	for (;;) {
		const char *eol = line_end(p, part->end);
		int err;

		if (!eol) {
			return -EBADMSG;
		}
		if (eol == p) {
			part->data = p + 2;
			return 0;
		}
		err = part_header(part, p, eol);
		if (err) {
			return err;
		}
		p = eol + 2;
	}
}

/* CRLF "--" boundary, of that length. */
static int put_delimiter(char *out, size_t size, const char *text, size_t len)
{
	if (!len || len > BOUNDARY_MAX) {
		return -EBADMSG;
	}
	snprintf(out, size, "\r\n--%.*s", (int)len, text);
	return 0;
}

/* Of a multipart part: the parameter stands in its Content-Type as it came. */
static int inner_delimiter(const struct part *part, char *out, size_t size)
{
	static const char name[] = "boundary=";
	const char *p = part->type, *end = p + part->type_len, *stop;
	size_t n = 0;

	for (; (size_t)(end - p) >= strlen(name); p++) {
		if (!strncasecmp(p, name, strlen(name))) {
			p += strlen(name);
			break;
		}
	}
	stop = p < end && *p == '"' ? "\"\r\n" : "; \t\r\n";
	p += p < end && *p == '"';
	while (p + n < end && !strchr(stop, p[n])) {
		n++;
	}
	return put_delimiter(out, size, p, n);
}

static int find_part(const struct part *whole, const char *dash,
		     const char *type, struct sip_part *out, unsigned depth);

/* One part: 0; -ENOENT (another type), -EBADMSG. */
static int read_part(const char *p, const char *end, const char *type,
		     struct sip_part *out, unsigned depth)
{
	struct part part = {.end = end};
	char dash[BOUNDARY_MAX + 8];
	int err = read_headers(&part, p);

	if (err) {
		return err;
	}
	if (!part.type) {
		return -ENOENT;
	}
	if (type_is(part.type, part.type_len, type)) {
		out->data = part.data;
		out->len = (size_t)(end - part.data);
		return 0;
	}
	if (depth == DEPTH_MAX || part.type_len < 10 ||
	    strncasecmp(part.type, "multipart/", 10)) {
		return -ENOENT;
	}
	err = inner_delimiter(&part, dash, sizeof(dash));
	return err ? err : find_part(&part, dash, type, out, depth + 1);
}

static int find_part(const struct part *whole, const char *dash,
		     const char *type, struct sip_part *out, unsigned depth)
{
	const char *end = whole->end;
	const char *p = find(whole->data, end, dash + 2);
	int found = -ENOENT;

	/* The first delimiter may stand at the very start. */
	if (p && p != whole->data) {
		p = find(whole->data, end, dash);
		p = p ? p + 2 : NULL;
	}
	for (int n = 0; p; n++) {
		const char *next;
		int err;

		p += strlen(dash) - 2;
		if (end - p >= 2 && !memcmp(p, "--", 2)) {
			return found;
		}
		next = find(p, end, dash);
		p = find(p, end, "\r\n");
		if (!p || !next || n == PARTS_MAX) {
			return -EBADMSG;
		}
		p += 2;
		if (p > next) { /* an empty part */
			return -EBADMSG;
		}
		err = found ? read_part(p, next, type, out, depth) : 0;
		if (err && err != -ENOENT) {
			return err;
		}
		found = err ? found : 0;
		p = next + 2;
	}
	return -EBADMSG;
}

static int delimiter(const struct sip_msg *m, char *out, size_t size)
{
	osip_generic_param_t *b = NULL;
	const char *text;
	size_t len;

	if (osip_content_type_param_get_byname(m->osip->content_type,
					       (char *)"boundary", &b) < 0 ||
	    !b || !b->gvalue) {
		return -EBADMSG;
	}
	text = b->gvalue;
	len = strlen(text);
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	return put_delimiter(out, size, text, len);
}

int sip_msg_body(const struct sip_msg *m, const char *type,
		 struct sip_part *out)
{
	const osip_content_type_t *t = m->osip->content_type;
	struct part all = {.data = m->body};
	char dash[BOUNDARY_MAX + 8], whole[128];
	int err;

	if (!m->body_len || !t || !t->type || !t->subtype) {
		return -ENOENT;
	}
	all.end = m->body + m->body_len;
	if (!strcasecmp(t->type, "multipart")) {
		err = delimiter(m, dash, sizeof(dash));
		return err ? err : find_part(&all, dash, type, out, 0);
	}
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", t->type,
			     t->subtype) >= sizeof(whole) ||
	    strcasecmp(whole, type)) {
		return -ENOENT;
	}
	out->data = m->body;
	out->len = m->body_len;
	return 0;
}
