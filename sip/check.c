/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/check.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Registered, but not served here: 405 instead of 501 (RFC 3261 21.5.2). */
static const char *const known_methods =
	"REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, REFER, PRACK, "
	"INFO, UPDATE";

/* Is the word in the comma list? Methods are compared with case. */
static bool in_list(const char *list, const char *word, bool with_case)
{
	size_t want = strlen(word);

	while (*list) {
		size_t n;

		list += strspn(list, " ,");
		n = strcspn(list, " ,");
		if (n == want && n &&
		    !(with_case ? strncmp(list, word, n)
				: strncasecmp(list, word, n))) {
			return true;
		}
		list += n;
	}
	return false;
}

static struct sip_msg *refuse(const struct sip_msg *m, int status,
			      const char *to_tag, const char *name,
			      const char *value)
{
	struct sip_msg *r = sip_response_new(m, status, NULL, to_tag);

	if (r && name && sip_msg_add(r, name, value)) {
		sip_msg_free(r);
		errno = ENOMEM;
		return NULL;
	}
	return r;
}

static bool scheme_ok(const struct sip_msg *m)
{
	const char *scheme = m->osip->req_uri->scheme;

	return scheme && (!strcasecmp(scheme, "sip") ||
			  !strcasecmp(scheme, "sips") ||
			  !strcasecmp(scheme, "tel"));
}

/* The options of Require that we do not know, as a list. False: none. */
static bool unsupported(const struct sip_msg *m, char *out, size_t size)
{
	const char *option;
	size_t len = 0;

	for (unsigned n = 0; (option = sip_msg_plain(m, "Require", n)); n++) {
		if (!*option || in_list(SIP_SUPPORTED, option, false)) {
			continue;
		}
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					len ? ", " : "", option);
		if (len >= size) {
			break; /* cut: enough to say no */
		}
	}
	return len > 0;
}

bool sip_body_is_optional(const struct sip_msg *m)
{
	const char *d = sip_msg_plain(m, "Content-Disposition", 0);
	const char *p = d ? strcasestr(d, "handling") : NULL;

	if (!p) {
		return false;
	}
	p += strlen("handling");
	p += strspn(p, " \t");
	if (*p != '=') {
		return false;
	}
	p += 1 + strspn(p + 1, " \t");
	return !strncasecmp(p, "optional", strlen("optional"));
}

static bool type_ok(const struct sip_msg *m)
{
	const osip_content_type_t *t = m->osip->content_type;

	if (!m->body_len || !t || !t->type || !t->subtype ||
	    sip_body_is_optional(m)) {
		return true;
	}
	return !strcasecmp(t->type, "multipart") ||
	       (!strcasecmp(t->type, "application") &&
		!strcasecmp(t->subtype, "sdp"));
}

static bool encoding_ok(const struct sip_msg *m)
{
	char text[64];
	int len = sip_msg_header(m, "Content-Encoding", 0, text, sizeof(text));

	return len == -ENOENT || (len >= 0 && !strcasecmp(text, "identity"));
}

/* Could the caller read our answer? */
static bool accept_ok(const struct sip_msg *m)
{
	char text[16];

	return sip_msg_header(m, "Accept", 0, text, sizeof(text)) == -ENOENT ||
	       sip_msg_has_token(m, "Accept", SIP_ACCEPT) ||
	       sip_msg_has_token(m, "Accept", "application/*") ||
	       sip_msg_has_token(m, "Accept", "*/*");
}

static struct sip_msg *check_session(const struct sip_msg *m,
				     const char *to_tag)
{
	if (!encoding_ok(m)) {
		return refuse(m, 415, to_tag, "Accept-Encoding", "identity");
	}
	if (!type_ok(m)) {
		return refuse(m, 415, to_tag, "Accept", SIP_ACCEPT);
	}
	if (!accept_ok(m)) {
		return refuse(m, 406, to_tag, "Warning",
			      "399 trunkgate \"only application/sdp\"");
	}
	return NULL;
}

struct sip_msg *sip_request_check(const struct sip_msg *m, const char *to_tag)
{
	const char *method = sip_msg_method(m);
	char list[512];

	errno = 0;
	if (sip_msg_is(m, "ACK") || sip_msg_is(m, "CANCEL")) {
		return NULL;
	}
	if (!in_list(SIP_ALLOW ", REFER", method, true)) {
		return refuse(m, in_list(known_methods, method, true) ? 405
								      : 501,
			      to_tag, "Allow", SIP_ALLOW);
	}
	if (!scheme_ok(m)) {
		return refuse(m, 416, to_tag, NULL, NULL);
	}
	if (unsupported(m, list, sizeof(list))) {
		return refuse(m, 420, to_tag, "Unsupported", list);
	}
	if (sip_msg_is(m, "INVITE") || sip_msg_is(m, "UPDATE")) {
		return check_session(m, to_tag);
	}
	return NULL;
}
