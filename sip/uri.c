/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

/* A piece of text, not terminated. */
struct piece {
	const char *p, *end;
};

static size_t length(const struct piece *t)
{
	return (size_t)(t->end - t->p);
}

/* Cuts off what stands before the first c, or all. */
static struct piece cut(struct piece *t, char c)
{
	struct piece head = *t;
	const char *at = memchr(t->p, c, length(t));

	head.end = at ? at : t->end;
	t->p = at ? at + 1 : t->end;
	return head;
}

static bool is_word(const struct piece *t, const char *word)
{
	return length(t) == strlen(word) &&
	       strncasecmp(t->p, word, length(t)) == 0;
}

/* Copies with %HEX decoded. */
static int unescape(char *dst, size_t size, struct piece t)
{
	size_t n = 0;

	for (; t.p < t.end; t.p++) {
		char c = *t.p;

		if (c == '%') {
			int octet = length(&t) > 2 ? str_hex_octet(t.p + 1)
						   : -1;

			if (octet < 0)
				return -EBADMSG;
			c = (char)octet;
			t.p += 2;
		}
		if (c == '\0')
			return -EBADMSG;
		if (n + 1 >= size)
			return -E2BIG;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return 0;
}

/* user;phone-context=x:password of sip:, or all of tel: */
static int parse_user(struct sip_uri *u, struct piece t)
{
	struct piece user, params;
	int err;

	if (u->scheme != SIP_SCHEME_TEL)
		t = cut(&t, ':');
	user = cut(&t, ';');
	err = unescape(u->user, sizeof(u->user), user);
	if (t.p < t.end) /* with the ';' before them */
		(void)str_copy_n(u->params, sizeof(u->params), t.p - 1,
				 length(&t) + 1);
	while (!err && t.p < t.end) {
		struct piece name;

		params = cut(&t, ';');
		name = cut(&params, '=');
		if (is_word(&name, "phone-context"))
			err = unescape(u->context, sizeof(u->context), params);
	}
	return err;
}

static int parse_port(struct sip_uri *u, struct piece t)
{
	char buf[8];
	uint32_t port;

	if (!str_copy_n(buf, sizeof(buf), t.p, length(&t)) ||
	    str_to_u32(buf, 65535, &port) < 0)
		return -EBADMSG;
	u->port = (uint16_t)port;
	return 0;
}

/* host[:port], [v6][:port] */
static int parse_host(struct sip_uri *u, struct piece t)
{
	struct piece host = t, port = {t.end, t.end};

	if (t.p < t.end && *t.p == '[') {
		t.p++;
		host = cut(&t, ']');
		if (host.end == t.end)
			return -EBADMSG;
		if (t.p < t.end && *t.p != ':')
			return -EBADMSG;
	} else {
		host = cut(&t, ':');
		t.p = host.end;
	}
	if (t.p < t.end) {
		port = (struct piece){t.p + 1, t.end};
		if (parse_port(u, port) < 0)
			return -EBADMSG;
	}
	if (length(&host) == 0)
		return -EBADMSG;
	return str_copy_n(u->host, sizeof(u->host), host.p, length(&host))
		       ? 0
		       : -E2BIG;
}

static enum sip_scheme scheme_of(const struct piece *t)
{
	if (is_word(t, "sip"))
		return SIP_SCHEME_SIP;
	if (is_word(t, "sips"))
		return SIP_SCHEME_SIPS;
	if (is_word(t, "tel"))
		return SIP_SCHEME_TEL;
	return SIP_SCHEME_OTHER;
}

int sip_uri_parse(struct sip_uri *u, const char *text)
{
	struct piece t = {text, text + strlen(text)}, scheme, user;

	memset(u, 0, sizeof(*u));
	scheme = cut(&t, ':');
	if (length(&scheme) == 0 || scheme.end == t.end)
		return -EBADMSG;
	u->scheme = scheme_of(&scheme);
	if (u->scheme == SIP_SCHEME_OTHER)
		return 0;
	if (u->scheme == SIP_SCHEME_TEL)
		return parse_user(u, t);
	if (memchr(t.p, '@', length(&t))) {
		int err;

		user = cut(&t, '@');
		err = parse_user(u, user);
		if (err)
			return err;
	}
	t = cut(&t, '?');
	t = cut(&t, ';');
	return parse_host(u, t);
}

int sip_uri_number(const struct sip_uri *u, struct cc_number *n)
{
	char text[sizeof(u->user) + sizeof(u->context)];
	bool local = u->user[0] != '+' && u->context[0] != '\0';
	int err;

	if (u->scheme == SIP_SCHEME_OTHER)
		return -ENOTSUP;
	if (u->user[0] == '\0')
		return -ENODATA;
	snprintf(text, sizeof(text), "%s%s",
		 local && u->context[0] == '+' ? u->context : "", u->user);
	err = cc_number_set(n, text);
	if (!err && local && u->context[0] != '+')
		n->plan = CC_PLAN_PRIVATE;
	return err;
}

int sip_uri_write(char *buf, size_t size, const struct cc_number *n,
		  const char *host)
{
	bool global = n->type == CC_TON_INTERNATIONAL;
	char user[3 * CC_DIGITS_MAX + 2];
	size_t len = 0, i;
	int out;

	if (global)
		user[len++] = '+';
	for (i = 0; n->digits[i]; i++) {
		if (n->digits[i] == '#') {
			memcpy(user + len, "%23", 3);
			len += 3;
		} else {
			user[len++] = n->digits[i];
		}
	}
	user[len] = '\0';
	out = snprintf(buf, size, "sip:%s%s%s%s", user, len ? "@" : "", host,
		       global ? ";user=phone" : "");
	return out >= 0 && (size_t)out < size ? out : -E2BIG;
}

/* --- name-addr --- */

static const char *skip_space(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
		s++;
	return s;
}

static void name_put(struct sip_name_addr *a, size_t *n, char c)
{
	if (*n + 1 < sizeof(a->name))
		a->name[(*n)++] = c;
	a->name[*n] = '\0';
}

/* "..." behind its first quote; what follows the last, or NULL. */
static const char *parse_quoted(struct sip_name_addr *a, const char *s)
{
	size_t n = 0;

	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
		name_put(a, &n, *s);
	}
	return *s ? s + 1 : NULL;
}

/* Words before '<': the display name without quotes. */
static void parse_words(struct sip_name_addr *a, const char *s, const char *end)
{
	size_t n = 0;

	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	for (; s < end; s++)
		name_put(a, &n, *s);
}

/* The end of a list of parameters: a comma outside quotes, or the end. */
static const char *params_end(const char *s)
{
	bool quoted = false;

	for (; *s && (quoted || *s != ','); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (quoted && *s == '\\' && s[1])
			s++;
	}
	return quoted ? NULL : s;
}

/* A bare URI ends at blank, comma or ';', RFC 3261 20.10. */
static const char *bare_end(const char *s)
{
	return s + strcspn(s, " \t\r\n,;");
}

const char *sip_name_addr_parse(struct sip_name_addr *a, const char *text)
{
	const char *s = skip_space(text), *open, *end;

	memset(a, 0, sizeof(*a));
	if (*s == '"') {
		s = parse_quoted(a, s + 1);
		s = s ? skip_space(s) : NULL;
		if (!s || *s != '<')
			return NULL;
	}
	open = s + strcspn(s, "<,;");
	if (*open == '<') {
		if (open > s)
			parse_words(a, s, open);
		s = open + 1;
		end = s + strcspn(s, ">");
		if (*end != '>')
			return NULL;
	} else {
		end = bare_end(s);
	}
	if (end == s ||
	    !str_copy_n(a->uri, sizeof(a->uri), s, (size_t)(end - s)))
		return NULL;
	s = skip_space(*end == '>' ? end + 1 : end);
	if (*s && *s != ',' && *s != ';')
		return NULL;
	end = params_end(s);
	if (!end)
		return NULL;
	(void)str_copy_n(a->params, sizeof(a->params), s, (size_t)(end - s));
	return *end == ',' ? end + 1 : end;
}

/* Past one parameter's value. */
static struct piece param_value(const char **s)
{
	struct piece v = {*s, *s};

	if (*v.p == '"') {
		v.p++;
		for (v.end = v.p; *v.end && *v.end != '"'; v.end++) {
			if (*v.end == '\\' && v.end[1])
				v.end++;
		}
		*s = *v.end ? v.end + 1 : v.end;
	} else {
		v.end = v.p + strcspn(v.p, "; \t\r\n");
		*s = v.end;
	}
	return v;
}

bool sip_param(const char *s, const char *name, char *buf, size_t size)
{
	while (*s) {
		struct piece key, value = {"", ""};

		if (*s != ';') {
			s++;
			continue;
		}
		s = skip_space(s + 1);
		key.p = s;
		key.end = s = s + strcspn(s, "=; \t\r\n");
		s = skip_space(s);
		if (*s == '=') {
			s = skip_space(s + 1);
			value = param_value(&s);
		}
		if (is_word(&key, name))
			return str_copy_n(buf, size, value.p, length(&value));
	}
	return false;
}

int sip_quote(char *buf, size_t size, const char *name)
{
	size_t n = 0;

	if (size < 3)
		return -E2BIG;
	buf[n++] = '"';
	for (; *name; name++) {
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			continue;
		if (n + 4 > size)
			return -E2BIG;
		if (*name == '"' || *name == '\\')
			buf[n++] = '\\';
		buf[n++] = *name;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return (int)n;
}
