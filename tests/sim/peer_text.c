/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/peer_text.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void text_add(char out[TEXT_MAX], const char *fmt, ...)
{
	size_t have = strlen(out);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + have, TEXT_MAX - have, fmt, ap);
	va_end(ap);
	ck_assert_int_lt(n, (int)(TEXT_MAX - have));
}

/* The n-th line of that header; NULL: none. */
static const char *line_of(const char *msg, const char *name, unsigned n)
{
	size_t len = strlen(name);

	while ((msg = strstr(msg, "\r\n")) != NULL) {
		msg += 2;
		if (msg[0] == '\r') {
			return NULL;
		}
		if (strncasecmp(msg, name, len) == 0 && msg[len] == ':' &&
		    n-- == 0) {
			return msg;
		}
	}
	return NULL;
}

bool text_header(const char *msg, const char *name, unsigned n,
		 char out[TEXT_LINE])
{
	const char *p = line_of(msg, name, n);

	out[0] = '\0';
	if (p == NULL) {
		return false;
	}
	p += strlen(name) + 1;
	p += strspn(p, " ");
	snprintf(out, TEXT_LINE, "%.*s", (int)strcspn(p, "\r\n"), p);
	return true;
}

void text_value(const char *msg, const char *name, char out[TEXT_LINE])
{
	text_header(msg, name, 0, out);
}

void text_copy(char out[TEXT_MAX], const char *msg, const char *name)
{
	char value[TEXT_LINE];

	for (unsigned i = 0; text_header(msg, name, i, value); i++) {
		text_add(out, "%s: %s\r\n", name, value);
	}
}

void text_uri(const char *msg, const char *name, char out[TEXT_LINE])
{
	char value[TEXT_LINE];
	char *from, *to;

	text_value(msg, name, value);
	from = strchr(value, '<');
	to = strchr(value, '>');
	out[0] = '\0';
	if (from != NULL && to != NULL) {
		*to = '\0';
		snprintf(out, TEXT_LINE, "%s", from + 1);
	}
}

void text_param(const char *msg, const char *name, const char *param,
		char out[TEXT_LINE])
{
	char value[TEXT_LINE], want[40];
	const char *p;

	text_value(msg, name, value);
	snprintf(want, sizeof(want), ";%s=", param);
	p = strstr(value, want);
	out[0] = '\0';
	if (p != NULL) {
		p += strlen(want);
		snprintf(out, TEXT_LINE, "%.*s", (int)strcspn(p, ";, "), p);
	}
}

const char *text_body(const char *msg)
{
	const char *p = strstr(msg, "\r\n\r\n");

	return p != NULL ? p + 4 : "";
}

int text_status(const char *msg)
{
	return strncmp(msg, "SIP/2.0 ", 8) == 0 ? atoi(msg + 8) : 0;
}

bool text_is(const char *msg, const char *method)
{
	size_t len = strlen(method);

	return strncmp(msg, method, len) == 0 && msg[len] == ' ';
}

unsigned text_cseq(const char *msg)
{
	char value[TEXT_LINE];

	text_value(msg, "CSeq", value);
	return (unsigned)strtoul(value, NULL, 10);
}

bool text_cseq_is(const char *msg, const char *method)
{
	char value[TEXT_LINE];
	const char *p;

	text_value(msg, "CSeq", value);
	p = strchr(value, ' ');
	return p != NULL && strcmp(p + 1, method) == 0;
}
