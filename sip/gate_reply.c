/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stateless answer to a request too faulty to be parsed (RFC 3261 8.2.7).
 * It repeats the five headers of the request as they are; line ends and
 * control characters in them become spaces. */
#include "sip/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct out {
	char *at;
	size_t left;
	bool cut;
};

static void __attribute__((format(printf, 2, 3)))
put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->at, o->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= o->left) {
		o->cut = true;
		return;
	}
	o->at += n;
	o->left -= (size_t)n;
}

static void put_raw(struct out *o, const char *p, size_t len)
{
	if (len >= o->left) {
		o->cut = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		*o->at++ = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	o->left -= len;
}

/* FNV-1a: a stateless server gives the same tag to a repeated request. */
static uint64_t hash(uint64_t h, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3ull;
	}
	return h;
}

static bool has_tag(const char *p, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i++) {
		if (!strncasecmp(p + i, "tag", 3) &&
		    (p[i + 3] == '=' || p[i + 3] == ' ')) {
			return true;
		}
	}
	return false;
}

/* The octet behind the name of an rport parameter without value, or 0. */
static size_t rport_at(const char *p, size_t len)
{
	for (size_t i = 0; i + 6 <= len; i++) {
		if (p[i] == ';' && !strncasecmp(p + i + 1, "rport", 5) &&
		    (i + 6 == len || p[i + 6] == ';')) {
			return i + 6;
		}
	}
	return 0;
}

static void put_top_via(struct out *o, const char *p, size_t len,
			const struct net_addr *source)
{
	size_t rport = rport_at(p, len);
	char text[NET_STR_MAX];

	put_raw(o, p, rport ? rport : len);
	if (rport) {
		put(o, "=%u", source->port);
		put_raw(o, p + rport, len - rport);
	}
	put(o, ";received=%s\r\n", net_ip_str(source, text));
}

static void put_vias(struct out *o, const struct sip_gate_result *r,
		     const char *data, const struct net_addr *source)
{
	for (unsigned i = 0; i < r->n_via; i++) {
		const char *p = data + r->via[i].at;
		size_t len = r->via[i].len;

		while (len && p[len - 1] && strchr(";, \t\r\n", p[len - 1])) {
			len--;
		}
		put(o, "Via: ");
		if (!i) {
			put_top_via(o, p, len, source);
		} else {
			put_raw(o, p, len);
			put(o, "\r\n");
		}
	}
}

static void put_header(struct out *o, const struct sip_gate_result *r,
		       const char *data, const char *name,
		       enum sip_gate_header id)
{
	put(o, "%s: ", name);
	put_raw(o, data + r->first[id].at, r->first[id].len);
	put(o, "%s", id == SIP_H_TO ? "" : "\r\n");
}

size_t sip_gate_reply(const struct sip_gate_result *r, const char *data,
		      const struct net_addr *source, char *out, size_t size)
{
	struct sip_slice id = r->first[SIP_H_CALL_ID];
	struct sip_slice from = r->first[SIP_H_FROM];
	struct sip_slice to = r->first[SIP_H_TO];
	struct out o = {out, size, false};
	uint64_t tag = 0xcbf29ce484222325ull;

	if (r->verdict != SIP_GATE_REPLY || !r->n_via) {
		return 0;
	}
	put(&o, "SIP/2.0 %d %s\r\n", sip_gate_status(r->reason),
	    sip_gate_phrase(r->reason));
	put_vias(&o, r, data, source);
	put_header(&o, r, data, "From", SIP_H_FROM);
	put_header(&o, r, data, "To", SIP_H_TO);
	if (!has_tag(data + to.at, to.len)) {
		tag = hash(tag, data + id.at, id.len);
		tag = hash(tag, data + from.at, from.len);
		put(&o, ";tag=%016llx", (unsigned long long)tag);
	}
	put(&o, "\r\n");
	put_header(&o, r, data, "Call-ID", SIP_H_CALL_ID);
	put_header(&o, r, data, "CSeq", SIP_H_CSEQ);
	put(&o, "Content-Length: 0\r\n\r\n");
	return o.cut ? 0 : (size_t)(o.at - out);
}
