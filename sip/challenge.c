/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/challenge.h"

#include <string.h>
#include <strings.h>

static const char *const headers[] = { "WWW-Authenticate",
				       "Proxy-Authenticate" };
/* Those that the library reads with their quotes only. */
static const char *const quoted[] = { "realm", "nonce", "opaque", "domain",
				      "qop" };

static bool is_one_of(const char *text, size_t len, const char *const *names,
		      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len &&
		    !strncasecmp(names[i], text, len))
			return true;
	return false;
}

bool sip_challenge_is(const char *name, size_t name_len)
{
	return is_one_of(name, name_len, headers,
			 sizeof(headers) / sizeof(*headers));
}

static size_t skip(const char *text, size_t at, size_t len, const char *set)
{
	while (at < len && strchr(set, text[at]))
		at++;
	return at;
}

static size_t find(const char *text, size_t at, size_t len, const char *set)
{
	while (at < len && !strchr(set, text[at]))
		at++;
	return at;
}

/* Behind the quoted string that begins at at. */
static size_t string_end(const char *text, size_t at, size_t len)
{
	for (at++; at < len && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at < len ? at + 1 : len;
}

static void put_quote(char *text, size_t at, size_t *len)
{
	memmove(text + at + 1, text + at, *len - at);
	text[at] = '"';
	(*len)++;
}

void sip_challenge_quote(char *text, size_t *len)
{
	size_t at = find(text, 0, *len, " "); /* the scheme */

	while ((at = skip(text, at, *len, " ,")) < *len) {
		size_t end = find(text, at, *len, " =,"), value;
		bool wanted = is_one_of(text + at, end - at, quoted,
					sizeof(quoted) / sizeof(*quoted));

		at = skip(text, end, *len, " ");
		if (at == *len || text[at] != '=')
			continue;
		value = skip(text, at + 1, *len, " ");
		if (value < *len && text[value] == '"') {
			at = string_end(text, value, *len);
			continue;
		}
		at = find(text, value, *len, " ,");
		if (!wanted || at == value)
			continue;
		put_quote(text, at, len);
		put_quote(text, value, len);
		at += 2;
	}
}
