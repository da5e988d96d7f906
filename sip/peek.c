/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/peek.h"

#include <string.h>
#include <strings.h>

/* What is left to look at. */
struct rest {
	const char *at, *end;
};

static bool is_ws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_ws(struct rest *r)
{
	while (r->at < r->end && is_ws(*r->at)) {
		r->at++;
	}
}

/* That word, in any case, and what comes behind it. */
static bool skip_word(struct rest *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || strncasecmp(r->at, word, len)) {
		return false;
	}
	r->at += len;
	return true;
}

/* To the next line; folded ones are of this one (RFC 3261 7.3.1). False: there
 * is none. */
static bool skip_line(struct rest *r)
{
	do {
		const char *lf =
			memchr(r->at, '\n', (size_t)(r->end - r->at));

		r->at = lf ? lf + 1 : r->end;
	} while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'));
	return r->at < r->end;
}

static bool is_to(struct rest line)
{
	if (!skip_word(&line, "to") && !skip_word(&line, "t")) {
		return false;
	}
	skip_ws(&line);
	return line.at < line.end && *line.at == ':';
}

/* ;tag= anywhere in it; in a URI it is no tag, but who would write that? */
static bool has_tag(struct rest line)
{
	while ((line.at = memchr(line.at, ';',
				 (size_t)(line.end - line.at))) != NULL) {
		line.at++;
		skip_ws(&line);
		if (!skip_word(&line, "tag")) {
			continue;
		}
		skip_ws(&line);
		if (line.at < line.end && *line.at == '=') {
			return true;
		}
	}
	return false;
}

static struct rest of_message(const char *data, size_t len)
{
	struct rest r = {data, data + len};

	/* RFC 3261 7.5: empty lines may come first. */
	while (r.at < r.end && (*r.at == '\r' || *r.at == '\n')) {
		r.at++;
	}
	return r;
}

bool peek_is_new_call(const char *data, size_t len)
{
	struct rest r = of_message(data, len);

	if (r.end - r.at < 7 || memcmp(r.at, "INVITE ", 7) != 0) {
		return false;
	}
	while (skip_line(&r) && *r.at != '\r' && *r.at != '\n') {
		if (is_to(r)) {
			struct rest line = r;

			(void)skip_line(&r);
			line.end = r.at;
			return !has_tag(line);
		}
	}
	return false;
}

bool peek_dials(const char *data, size_t len,
		const char (*number)[CONF_NUMBER], unsigned n)
{
	struct rest r = of_message(data, len);
	size_t digits = 0, left;

	r.at = r.at < r.end ? memchr(r.at, ':', (size_t)(r.end - r.at)) : NULL;
	if (!r.at) {
		return false;
	}
	r.at++;
	left = (size_t)(r.end - r.at);
	while (digits < left && digits < CONF_NUMBER &&
	       !strchr(";:@ \r\n", r.at[digits])) {
		digits++;
	}
	for (unsigned i = 0; i < n; i++) {
		if (strnlen(number[i], CONF_NUMBER) == digits &&
		    !memcmp(number[i], r.at, digits)) {
			return true;
		}
	}
	return false;
}
