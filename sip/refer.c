/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/refer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

static bool is_printable(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	}
	return true;
}

static bool put_tag(char out[SIP_TAG_MAX], const char *params,
		    const char *name)
{
	return sip_param(params, name, out, SIP_TAG_MAX) && out[0] &&
	       is_printable(out);
}

int sip_replaces_parse(struct sip_replaces *r, const char *text)
{
	char flag[8];
	size_t n;

	memset(r, 0, sizeof(*r));
	text += strspn(text, " \t");
	n = strcspn(text, "; \t");
	if (n == 0)
		return -EBADMSG;
	if (!str_copy_n(r->call_id, sizeof(r->call_id), text, n))
		return -E2BIG;
	text += n;
	if (!is_printable(r->call_id) || !put_tag(r->to_tag, text, "to-tag") ||
	    !put_tag(r->from_tag, text, "from-tag"))
		return -EBADMSG;
	r->early_only = sip_param(text, "early-only", flag, sizeof(flag));
	return 0;
}

/* 0; -E2BIG; -EBADMSG also for what may not stand in a header value. */
static int unescape(char *out, size_t size, const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			c = i + 2 < len ? str_hex_octet(text + i + 1) : -1;
			if (c < 0)
				return -EBADMSG;
			i += 2;
		}
		if (c <= ' ' || c >= 0x7f || c == ',' || c == '"')
			return -EBADMSG;
		if (n + 1 >= size)
			return -E2BIG;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n ? 0 : -EBADMSG;
}

/* name=value&name=value. A second Replaces is an error. */
static int take_headers(struct sip_refer_to *r, const char *text)
{
	static const char name[] = "replaces=";
	struct sip_replaces check;

	while (*text) {
		size_t n = strcspn(text, "&");

		if (n >= sizeof(name) - 1 &&
		    strncasecmp(text, name, sizeof(name) - 1) == 0) {
			int err = r->replaces[0]
					  ? -EBADMSG
					  : unescape(r->replaces,
						     sizeof(r->replaces),
						     text + sizeof(name) - 1,
						     n - (sizeof(name) - 1));

			if (!err)
				err = sip_replaces_parse(&check, r->replaces);
			if (err)
				return err;
		}
		text += n;
		text += *text == '&';
	}
	return 0;
}

int sip_refer_to_parse(struct sip_refer_to *r, const char *text)
{
	struct sip_name_addr a;
	const char *rest;
	char method[16];
	size_t n;

	memset(r, 0, sizeof(*r));
	rest = sip_name_addr_parse(&a, text);
	if (!rest || *rest) /* one and no more */
		return -EBADMSG;
	if (strncasecmp(a.uri, "sip:", 4) != 0 &&
	    strncasecmp(a.uri, "sips:", 5) != 0 &&
	    strncasecmp(a.uri, "tel:", 4) != 0)
		return -ENOTSUP;
	n = strcspn(a.uri, "?");
	if (!str_copy_n(r->uri, sizeof(r->uri), a.uri, n))
		return -E2BIG;
	if (!is_printable(r->uri) || strpbrk(r->uri, "<>\""))
		return -EBADMSG;
	if (sip_param(r->uri, "method", method, sizeof(method)) &&
	    strcasecmp(method, "INVITE") != 0)
		return -ENOTSUP;
	return a.uri[n] ? take_headers(r, a.uri + n + 1) : 0;
}

int sip_frag_status(const char *text, size_t len)
{
	static const char start[] = "SIP/2.0 ";
	const size_t n = sizeof(start) - 1;
	int i, status = 0;

	if (len < n + 3 || strncasecmp(text, start, n) != 0)
		return 0;
	for (i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)text[n + (size_t)i]))
			return 0;
		status = status * 10 + text[n + (size_t)i] - '0';
	}
	return status >= 100 && status < 700 ? status : 0;
}
