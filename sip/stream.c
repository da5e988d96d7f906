/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stream.h"

#include "sip/gate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void drop_buffer(struct sip_stream *s)
{
	free(s->buf);
	s->buf = NULL;
	s->at = s->len = 0;
}

char *sip_stream_space(struct sip_stream *s, size_t *room)
{
	if (!s->buf) {
		s->buf = malloc(STREAM_ROOM + 1);
		s->at = s->len = 0;
		if (!s->buf) {
			return NULL;
		}
	}
	if (s->at) {
		memmove(s->buf, s->buf + s->at, s->len - s->at);
		s->len -= s->at;
		s->at = 0;
	}
	/* sip_stream_next() leaves nothing longer than a message behind. */
	*room = STREAM_ROOM - s->len;
	return s->buf + s->len;
}

void sip_stream_fill(struct sip_stream *s, size_t len)
{
	s->len += len;
}

void sip_stream_fini(struct sip_stream *s)
{
	drop_buffer(s);
	s->bad = true;
}

bool sip_stream_is_partial(const struct sip_stream *s)
{
	return s->len > s->at;
}

/* Octets of the header part with its empty line; 0 when the end has not come
 * yet. */
static size_t header_end(struct sip_stream *s)
{
	const char *p = s->buf + s->at;
	size_t have = s->len - s->at;
	size_t from = s->seen > 3 ? s->seen - 3 : 0;
	const char *end = memmem(p + from, have - from, "\r\n\r\n", 4);

	s->seen = have;
	return end ? (size_t)(end - p) + 4 : 0;
}

static bool is_name(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0) {
		return false;
	}
	while (n < len && (line[n] == ' ' || line[n] == '\t')) {
		n++;
	}
	return n < len && line[n] == ':';
}

/* The number behind the colon; -1: none, or more than a number. */
static long length_value(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *p = colon + 1, *end = line + len;
	long value = 0;
	unsigned digits = 0;

	while (p < end && strchr(" \t\r\n", *p) && *p) {
		p++;
	}
	for (; p < end && *p >= '0' && *p <= '9' && digits < 9; p++) {
		value = value * 10 + (*p - '0');
		digits++;
	}
	while (p < end && strchr(" \t\r\n", *p) && *p) {
		p++;
	}
	return digits && p == end ? value : -1;
}

/* One header with the lines folded to it, without its last line end. */
static size_t line_length(const char *p, const char *end)
{
	const char *q = p;

	for (;;) {
		q = memmem(q, (size_t)(end - q), "\r\n", 2);
		if (!q) {
			return (size_t)(end - p);
		}
		if (q + 2 >= end || (q[2] != ' ' && q[2] != '\t')) {
			return (size_t)(q - p);
		}
		q += 2;
	}
}

/* Of the header part data[0..len): -1 none or broken, or several. */
static long content_length(const char *data, size_t len)
{
	const char *p = data, *end = data + len - 2;
	long found = -1;
	bool any = false;

	while (p < end) {
		size_t n = line_length(p, end);

		if (is_name(p, n, "Content-Length") || is_name(p, n, "l")) {
			found = any ? -1 : length_value(p, n);
			any = true;
		}
		p += n + 2;
	}
	return found;
}

static enum sip_stream_event bad(struct sip_stream *s, const char **data,
				 size_t *len, size_t header)
{
	s->bad = true;
	*data = s->buf + s->at;
	*len = header;
	return STREAM_BAD;
}

/* The message at at: how long is it? */
static enum sip_stream_event measure(struct sip_stream *s, const char **data,
				     size_t *len)
{
	size_t header = header_end(s);
	long body;

	if (!header) {
		return s->len - s->at > SIP_GATE_MSG ? bad(s, data, len, 0)
						     : STREAM_MORE;
	}
	body = content_length(s->buf + s->at, header);
	if (body < 0 || header > SIP_GATE_MSG || body > SIP_GATE_BODY) {
		return bad(s, data, len, header);
	}
	s->need = header + (size_t)body;
	return STREAM_MESSAGE;
}

/* A line end before a message. False: there is none (yet). */
static bool take_crlf(struct sip_stream *s)
{
	const char *p = s->buf + s->at;

	if (s->len - s->at < 2 || p[0] != '\r' || p[1] != '\n') {
		return false;
	}
	s->at += 2;
	return true;
}

enum sip_stream_event sip_stream_next(struct sip_stream *s, const char **data,
				      size_t *len)
{
	if (s->bad || !s->buf || s->at == s->len) {
		drop_buffer(s);
		return STREAM_MORE;
	}
	if (!s->need) {
		if (take_crlf(s)) {
			return STREAM_CRLF;
		}
		/* What begins so is no message, but for half a line end. */
		if (s->buf[s->at] == '\r' && s->len - s->at < 2) {
			return STREAM_MORE;
		}
		if (measure(s, data, len) == STREAM_BAD) {
			return STREAM_BAD;
		}
	}
	if (!s->need || s->len - s->at < s->need) {
		return STREAM_MORE;
	}
	*data = s->buf + s->at;
	*len = s->need;
	s->at += s->need;
	s->need = s->seen = 0;
	return STREAM_MESSAGE;
}
