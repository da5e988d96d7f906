/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a multipart body (RFC 2046 5.1), found, not copied. */
#include "sip/msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PARTS_MAX    8
#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

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

/* One header line of a part: sets *value when it is the Content-Type. */
static int part_header(const char *line, const char *eol, const char *type,
		       bool *seen, bool *match)
{
	const char *name = "content-type:";
	size_t len = strlen(name);

	if ((size_t)(eol - line) < len || strncasecmp(line, name, len)) {
		return 0;
	}
	if (*seen) {
		return -EBADMSG;
	}
	*seen = true;
	for (line += len; line < eol && (*line == ' ' || *line == '\t');) {
		line++;
	}
	*match = type_is(line, (size_t)(eol - line), type);
	return 0;
}

/* Headers and content of one part. 0, -ENOENT (another type), -EBADMSG. */
static int read_part(const char *p, const char *end, const char *type,
		     struct sip_part *out)
{
	bool seen = false, match = false;
	int err;

	for (;;) {
		const char *eol = find(p, end, "\r\n");

		if (!eol) {
			return -EBADMSG;
		}
		if (eol == p) {
			p += 2;
			break;
		}
		err = part_header(p, eol, type, &seen, &match);
		if (err) {
			return err;
		}
		p = eol + 2;
	}
	if (!match) {
		return -ENOENT;
	}
	out->data = p;
	out->len = (size_t)(end - p);
	return 0;
}

static int find_part(const struct sip_msg *m, const char *dash,
		     const char *type, struct sip_part *out)
{
	const char *end = m->body + m->body_len;
	const char *p = find(m->body, end, dash + 2);
	int found = -ENOENT;

	/* The first delimiter may stand at the very start. */
	if (p && p != m->body) {
		p = find(m->body, end, dash);
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
		err = found ? read_part(p, next, type, out) : 0;
		if (err && err != -ENOENT) {
			return err;
		}
		found = err ? found : 0;
		p = next + 2;
	}
	return -EBADMSG;
}

/* CRLF "--" boundary. */
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
	if (!len || len > BOUNDARY_MAX) {
		return -EBADMSG;
	}
	snprintf(out, size, "\r\n--%.*s", (int)len, text);
	return 0;
}

int sip_msg_body(const struct sip_msg *m, const char *type,
		 struct sip_part *out)
{
	const osip_content_type_t *t = m->osip->content_type;
	char dash[BOUNDARY_MAX + 8], whole[128];
	int err;

	if (!m->body_len || !t || !t->type || !t->subtype) {
		return -ENOENT;
	}
	if (!strcasecmp(t->type, "multipart")) {
		err = delimiter(m, dash, sizeof(dash));
		return err ? err : find_part(m, dash, type, out);
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
