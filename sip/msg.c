/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/msg_priv.h"

#include "gateway/base/str.h"
#include "sip/challenge.h"
#include "sip/gate.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* osip always ends a header part so when it knows of no body. */
#define OSIP_TAIL "Content-Length: 0\r\n\r\n"

/* RFC 3261 7.3.3 and the IANA registry. */
static const struct {
	char compact;
	const char *name;
} long_names[] = {
	{'v', "Via"},
	{'f', "From"},
	{'t', "To"},
	{'i', "Call-ID"},
	{'m', "Contact"},
	{'c', "Content-Type"},
	{'e', "Content-Encoding"},
	{'s', "Subject"},
	{'k', "Supported"},
	{'o', "Event"},
	{'r', "Refer-To"},
	{'b', "Referred-By"},
	{'x', "Session-Expires"},
	{'u', "Allow-Events"},
	{'y', "Identity"},
	{'a', "Accept-Contact"},
	{'j', "Reject-Contact"},
	{'d', "Request-Disposition"},
};

static void no_trace(const char *file, int line, osip_trace_level_t level,
		     const char *fmt, va_list ap)
{
	(void)file;
	(void)line;
	(void)level;
	(void)fmt;
	(void)ap;
}

/* osip's table of header names is filled once a process; its messages on
 * stderr are turned off: what it refuses is counted by the gate. */
static void parser_ready(void)
{
	static bool done;

	if (!done) {
		parser_init();
		osip_trace_initialize_func(END_TRACE_LEVEL, no_trace);
		done = true;
	}
}

struct sip_msg *sip_msg_new(void)
{
	struct sip_msg *m = calloc(1, sizeof(*m));

	if (!m) {
		return NULL;
	}
	parser_ready();
	if (osip_message_init(&m->osip)) {
		free(m);
		errno = ENOMEM;
		return NULL;
	}
	return m;
}

void sip_msg_free(struct sip_msg *m)
{
	if (!m) {
		return;
	}
	osip_message_free(m->osip);
	if (m->from_was) {
		osip_from_free(m->from_was);
	}
	if (m->to_was) {
		osip_to_free(m->to_was);
	}
	free(m->body);
	free(m->call_id);
	free(m);
}

/* A padded copy, so that a text parser may look a little too far. */
static int copy_body(struct sip_msg *m, const void *body, size_t len)
{
	char *copy = NULL;

	if (len) {
		copy = calloc(1, len + SIP_BODY_PAD);
		if (!copy) {
			return -ENOMEM;
		}
		memcpy(copy, body, len);
	}
	free(m->body);
	m->body = copy;
	m->body_len = len;
	return 0;
}

int sip_msg_set_call_id(struct sip_msg *m)
{
	const osip_call_id_t *id = m->osip->call_id;
	size_t number, host;
	char *text;

	if (!id || !id->number) {
		return -EBADMSG;
	}
	number = strlen(id->number);
	host = id->host ? strlen(id->host) : 0;
	text = malloc(number + host + 2);
	if (!text) {
		return -ENOMEM;
	}
	memcpy(text, id->number, number);
	if (id->host) {
		text[number++] = '@';
		memcpy(text + number, id->host, host);
	}
	text[number + host] = '\0';
	free(m->call_id);
	m->call_id = text;
	return 0;
}

const char *sip_msg_long_name(char compact)
{
	for (size_t i = 0; i < sizeof(long_names) / sizeof(*long_names); i++) {
		if (long_names[i].compact == (compact | 0x20)) {
			return long_names[i].name;
		}
	}
	return NULL;
}

/* Joins folded lines and makes controls harmless for C strings. */
static char *put_clean(char *out, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= ' ' && c != 0x7f) {
			*out++ = (char)c;
		} else {
			bool space = c == '\r' || c == '\n' || c == '\t';

			*out++ = space ? ' ' : '?';
		}
	}
	return out;
}

static bool ends_uri(char c)
{
	return c == ' ' || c == '<' || c == '>' || c == '"';
}

/* Is at inside the user part of a SIP URI? */
static bool in_user(const char *from, const char *at, const char *to)
{
	const char *p = at;

	while (p > from && !ends_uri(p[-1])) {
		p--;
	}
	if (strncasecmp(p, "sip:", 4) && strncasecmp(p, "sips:", 5)) {
		return false;
	}
	for (; p < to && !ends_uri(*p); p++) {
		if (*p == '@') {
			return p > at;
		}
	}
	return false;
}

/* osip turns %00 of a user part into the end of its string. */
static void hide_nuls(char *from, const char *to)
{
	char *p = from;

	while ((p = memmem(p, (size_t)(to - p), "%00", 3))) {
		if (in_user(from, p, to)) {
			memcpy(p, "%5F", 3);
		}
		p += 3;
	}
}

static char *put_text(char *out, const char *text)
{
	size_t n = strlen(text);

	memcpy(out, text, n);
	return out + n;
}

static char *put_name(char *out, const char *data, struct sip_slice name)
{
	const char *full = NULL;

	if (name.len == 1) {
		full = sip_msg_long_name(data[name.at]);
	}
	if (full) {
		return put_text(out, full);
	}
	return put_clean(out, data + name.at, name.len);
}

/* The value of a header, cleaned and as osip can read it. */
static char *put_value(char *out, const char *data,
		       const struct sip_gate_line *h)
{
	char *end = put_clean(out, data + h->value.at, h->value.len);
	size_t len = (size_t)(end - out);

	if (h->id != SIP_H_CALL_ID)
		hide_nuls(out, end);
	if (sip_challenge_is(data + h->name.at, h->name.len))
		sip_challenge_quote(out, &len);
	return out + len;
}

/* The header part as osip shall see it: without Content-Length, since no body
 * follows. *len = its length. */
static char *head_for_osip(const char *data, const struct sip_gate_result *r,
			   size_t *len)
{
	size_t size = r->start.len + 8;
	char *head, *p;

	for (unsigned i = 0; i < r->n_lines; i++) {
		size += r->line[i].name.len + 24 +
			SIP_CHALLENGE_ROOM(r->line[i].value.len);
	}
	head = malloc(size);
	if (!head) {
		return NULL;
	}
	p = put_clean(head, data + r->start.at, r->start.len);
	hide_nuls(head, p);
	p = put_text(p, "\r\n");
	for (unsigned i = 0; i < r->n_lines; i++) {
		const struct sip_gate_line *h = &r->line[i];

		if (h->id == SIP_H_CONTENT_LENGTH) {
			continue;
		}
		p = put_name(p, data, h->name);
		p = put_text(p, ": ");
		p = put_value(p, data, h);
		p = put_text(p, "\r\n");
	}
	p = put_text(p, "\r\n");
	*p = '\0';
	*len = (size_t)(p - head);
	return head;
}

struct sip_msg *sip_msg_parse(const char *data,
			      const struct sip_gate_result *r)
{
	struct sip_msg *m = sip_msg_new();
	char *head = NULL;
	size_t len;
	int err = -ENOMEM;

	if (!m) {
		goto fail;
	}
	head = head_for_osip(data, r, &len);
	if (!head) {
		goto fail;
	}
	err = -EBADMSG;
	if (osip_message_parse(m->osip, head, len) || !m->osip->from ||
	    !m->osip->to || !m->osip->cseq || !m->osip->cseq->number ||
	    !m->osip->cseq->method || !osip_list_size(&m->osip->vias)) {
		goto fail;
	}
	err = sip_msg_set_call_id(m);
	if (!err) {
		err = copy_body(m, data + r->body.at, r->body.len);
	}
	if (err) {
		goto fail;
	}
	free(head);
	return m;
fail:
	free(head);
	sip_msg_free(m);
	errno = -err;
	return NULL;
}

struct sip_msg *sip_msg_from_text(const char *data, size_t len)
{
	struct sip_gate_result r;

	sip_gate_check(data, len, &r, NULL);
	if (r.verdict != SIP_GATE_PASS) {
		errno = EBADMSG;
		return NULL;
	}
	return sip_msg_parse(data, &r);
}

static int copy_parties(struct sip_msg *m, const osip_from_t *from,
			const osip_to_t *to)
{
	if ((from && osip_from_clone(from, &m->from_was)) ||
	    (to && osip_to_clone(to, &m->to_was))) {
		return -ENOMEM;
	}
	return 0;
}

int sip_msg_succeeds(struct sip_msg *m, const struct sip_msg *was)
{
	m->path = was->path;
	m->trunks = was->trunks;
	return copy_parties(m, was->osip->from, was->osip->to);
}

struct sip_msg *sip_msg_clone(const struct sip_msg *from)
{
	struct sip_msg *m = calloc(1, sizeof(*m));

	if (!m) {
		return NULL;
	}
	if (osip_message_clone(from->osip, &m->osip)) {
		free(m);
		errno = ENOMEM;
		return NULL;
	}
	m->path = from->path;
	if (copy_body(m, from->body, from->body_len) ||
	    copy_parties(m, from->from_was, from->to_was) ||
	    sip_msg_set_call_id(m)) {
		sip_msg_free(m);
		errno = ENOMEM;
		return NULL;
	}
	return m;
}

int sip_msg_print(const struct sip_msg *m, char **out, size_t *len)
{
	size_t head, tail = strlen(OSIP_TAIL), room;
	char *text = NULL, *whole;
	int n;

	osip_message_force_update(m->osip);
	if (osip_message_to_str(m->osip, &text, &head)) {
		return -EBADMSG;
	}
	if (head < tail || strcmp(text + head - tail, OSIP_TAIL)) {
		osip_free(text);
		return -EBADMSG;
	}
	head -= tail;
	room = head + tail + 16 + m->body_len;
	whole = malloc(room);
	if (!whole) {
		osip_free(text);
		return -ENOMEM;
	}
	memcpy(whole, text, head);
	osip_free(text);
	n = snprintf(whole + head, room - head, "Content-Length: %zu\r\n\r\n",
		     m->body_len);
	head += (size_t)n;
	if (m->body_len) {
		memcpy(whole + head, m->body, m->body_len);
	}
	*len = head + m->body_len;
	whole[*len] = '\0';
	if (*len > SIP_MSG_MAX) {
		free(whole);
		return -EMSGSIZE;
	}
	*out = whole;
	return 0;
}

int sip_msg_set_body(struct sip_msg *m, const char *type, const void *body,
		     size_t len)
{
	if (m->osip->content_type) {
		osip_content_type_free(m->osip->content_type);
		m->osip->content_type = NULL;
	}
	if (!type) {
		return copy_body(m, NULL, 0);
	}
	if (osip_message_set_content_type(m->osip, type)) {
		return -EINVAL;
	}
	return copy_body(m, body, len);
}

bool sip_msg_is_request(const struct sip_msg *m)
{
	return m->osip->status_code == 0;
}

int sip_msg_status(const struct sip_msg *m)
{
	return m->osip->status_code;
}

const char *sip_msg_method(const struct sip_msg *m)
{
	const char *method = m->osip->sip_method;

	if (!sip_msg_is_request(m) && m->osip->cseq) {
		method = m->osip->cseq->method;
	}
	return method ? method : "";
}

bool sip_msg_is(const struct sip_msg *m, const char *method)
{
	return !strcmp(sip_msg_method(m), method);
}

const char *sip_msg_call_id(const struct sip_msg *m)
{
	return m->call_id ? m->call_id : "";
}

static const char *tag_of(osip_from_t *party)
{
	osip_generic_param_t *tag = NULL;

	if (!party || osip_from_get_tag(party, &tag) < 0 || !tag ||
	    !tag->gvalue) {
		return "";
	}
	return tag->gvalue;
}

const char *sip_msg_from_tag(const struct sip_msg *m)
{
	return tag_of(m->osip->from);
}

const char *sip_msg_to_tag(const struct sip_msg *m)
{
	return tag_of(m->osip->to);
}

const char *sip_msg_branch(const struct sip_msg *m)
{
	osip_via_t *via = osip_list_get(&m->osip->vias, 0);
	osip_generic_param_t *branch = NULL;

	if (!via ||
	    osip_via_param_get_byname(via, (char *)"branch", &branch) < 0 ||
	    !branch || !branch->gvalue) {
		return "";
	}
	return branch->gvalue;
}

uint32_t sip_msg_cseq(const struct sip_msg *m)
{
	const char *number = m->osip->cseq ? m->osip->cseq->number : NULL;

	return number ? (uint32_t)strtoul(number, NULL, 10) : 0;
}

/* A system call for each token would be the dearest part of a transaction. */
void sip_token(char out[SIP_TAG_LEN])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	static uint8_t octets[SIP_TAG_LEN * 32];
	static size_t left;

	if (left < SIP_TAG_LEN) {
		if (getrandom(octets, sizeof(octets), 0) !=
		    (ssize_t)sizeof(octets)) {
			str_token(out, SIP_TAG_LEN);
			return;
		}
		left = sizeof(octets);
	}
	for (int i = 0; i < SIP_TAG_LEN - 1; i++) {
		out[i] = digits[octets[--left] & 31];
	}
	out[SIP_TAG_LEN - 1] = '\0';
}
