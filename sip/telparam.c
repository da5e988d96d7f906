/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/telparam.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

#define AFI_IA5	 0x50 /* X.213: local, text */
#define AFI_BCD	 0x48
#define SUB_NSAP 0
#define SUB_USER 2

/* --- subaddress --- */

static bool put(struct cc_sub *s, int octet)
{
	if (octet < 0 || s->len == CC_SUB_MAX)
		return false;
	s->octets[s->len++] = (uint8_t)octet;
	return true;
}

/* Text with %HEX, as an NSAP address of the authority for IA5. */
static bool put_text(struct cc_sub *s, const char *v)
{
	for (; *v; v++) {
		int c = (unsigned char)*v;

		if (c == '%') {
			c = str_hex_octet(v + 1);
			if (c < 0)
				return false;
			v += 2;
		}
		if (c < 0x20 || c > 0x7e || !put(s, c))
			return false;
	}
	return true;
}

static bool put_hex(struct cc_sub *s, const char *v)
{
	for (; *v; v += 2) {
		if (!put(s, str_hex_octet(v)))
			return false;
	}
	return true;
}

/* Two digits an octet, the last one filled up. */
static bool put_bcd(struct cc_sub *s, const char *v)
{
	for (; *v; v += v[1] ? 2 : 1) {
		int lo = v[1] ? str_hex(v[1]) : 0xf;

		if (!isdigit((unsigned char)*v) || lo < 0 ||
		    !put(s, (*v - '0') << 4 | lo))
			return false;
		s->odd = v[1] == '\0';
	}
	return true;
}

int sip_tel_sub(const struct sip_uri *u, struct cc_sub *sub)
{
	struct cc_sub s = {.type = SUB_NSAP};
	char v[3 * CC_SUB_MAX + 1], how[16] = "nsap-ia5";
	bool good;

	if (!strcasestr(u->params, ";isub="))
		return 0;
	if (!sip_param(u->params, "isub", v, sizeof(v)) || !v[0])
		return -EBADMSG;
	(void)sip_param(u->params, "isub-encoding", how, sizeof(how));
	if (strcasecmp(how, "nsap-bcd") == 0) {
		good = put(&s, AFI_BCD) && put_bcd(&s, v);
	} else if (strcasecmp(how, "nsap") == 0) {
		good = put_hex(&s, v);
	} else if (strcasecmp(how, "user") == 0) {
		s.type = SUB_USER;
		good = put_hex(&s, v);
	} else {
		good = put(&s, AFI_IA5) && put_text(&s, v);
	}
	if (!good || s.len == 0)
		return -EBADMSG;
	*sub = s;
	return 0;
}

/* --- carrier, routing number, trunk group --- */

/* Digits without separators; false: other characters, or too many. */
static bool plain_digits(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		if (strchr("-.()", *text))
			continue;
		if (!isdigit((unsigned char)*text) || n + 1 >= size)
			return false;
		out[n++] = *text;
	}
	out[n] = '\0';
	return n > 0;
}

/* cic=+1-0288, or cic=0288;cic-context=+1, where ours is "+1". Another
 * country's says nothing to our line. False: malformed. */
static bool read_carrier(const struct sip_uri *u, const char *context,
			 char carrier[CC_CARRIER_MAX])
{
	char v[32], where[32];
	const char *p = v;
	size_t n = strlen(context);

	if (!strcasestr(u->params, ";cic="))
		return true;
	if (!sip_param(u->params, "cic", v, sizeof(v)))
		return false;
	if (*p == '+') {
		if (strncmp(p, context, n) != 0)
			return true;
		p += n;
	} else if (sip_param(u->params, "cic-context", where, sizeof(where)) &&
		   strcmp(where, context) != 0) {
		return true;
	}
	if (plain_digits(carrier, CC_CARRIER_MAX, p))
		return true;
	carrier[0] = '\0';
	return false;
}

/* RFC 4904 5: both parameters, or neither counts. */
static bool read_group(const struct sip_uri *u, const char *context,
		       char group[CC_GROUP_MAX])
{
	char where[sizeof(((struct conf_trunk_identity *)0)->group_context)];

	if (!strcasestr(u->params, ";tgrp=") ||
	    !sip_param(u->params, "trunk-context", where, sizeof(where)) ||
	    strcasecmp(where, context) != 0)
		return true;
	if (sip_param(u->params, "tgrp", group, CC_GROUP_MAX))
		return true;
	group[0] = '\0';
	return false;
}

/* RFC 4694: a ported number is reached by its routing number. */
static bool read_routing(const struct sip_uri *u, struct cc_number *called)
{
	char v[CC_DIGITS_MAX + 16];
	struct cc_number n;

	if (!strcasestr(u->params, ";rn="))
		return true;
	if (!sip_param(u->params, "rn", v, sizeof(v)) ||
	    cc_number_set(&n, v) != 0)
		return false;
	*called = n;
	return true;
}

int sip_tel_read(const struct sip_uri *u, const struct conf_trunk_identity *c,
		 struct cc_msg *m, unsigned *bad)
{
	int err = sip_uri_number(u, &m->called);

	if (err)
		return err;
	if (c->context[0] && u->context[0] && u->context[0] != '+' &&
	    u->user[0] != '+' && strcasecmp(u->context, c->context) != 0)
		return -EINVAL; /* another network's number */
	*bad += sip_tel_sub(u, &m->extra.called_sub) != 0;
	if (c->routing_number)
		*bad += !read_routing(u, &m->called);
	if (c->carrier_context[0])
		*bad += !read_carrier(u, c->carrier_context, m->extra.carrier);
	if (c->group_context[0])
		*bad += !read_group(u, c->group_context, m->extra.group);
	return 0;
}

/* --- writing --- */

struct text {
	char *buf;
	size_t size, len;
};

static void add(struct text *t, const char *a, const char *b)
{
	int n = snprintf(t->buf + t->len, t->size - t->len, "%s%s", a, b);

	t->len = (size_t)n < t->size - t->len ? t->len + (size_t)n : t->size;
	if (t->len == t->size)
		t->len = t->size - 1; /* told by sip_tel_uri() */
}

static bool is_text(const struct cc_sub *s)
{
	size_t i;

	for (i = 1; i < s->len; i++) {
		if (s->octets[i] < 0x20 || s->octets[i] > 0x7e)
			return false;
	}
	return s->type == SUB_NSAP && s->len > 1 && s->octets[0] == AFI_IA5;
}

/* What may not stand in a parameter of a user part is escaped. */
static void add_sub(struct text *t, const struct cc_sub *s)
{
	bool text = is_text(s);
	char octet[4];
	size_t i;

	add(t, ";isub=", "");
	for (i = text; i < s->len; i++) {
		bool plain = text && (isalnum(s->octets[i]) ||
				      strchr("-_.!~*()", s->octets[i]));

		snprintf(octet, sizeof(octet),
			 plain	? "%c"
			 : text ? "%%%02x"
				: "%02x",
			 s->octets[i]);
		add(t, octet, "");
	}
}

static void add_params(struct text *t, const struct cc_number *n,
		       const struct sip_tel_params *p)
{
	bool sub = p->sub && p->sub->len;

	if (sub)
		add_sub(t, p->sub);
	if (n->type != CC_TON_INTERNATIONAL && p->context && p->context[0])
		add(t, ";phone-context=", p->context);
	if (p->carrier && p->carrier[0] && p->carrier_context &&
	    p->carrier_context[0]) {
		add(t, ";cic=", p->carrier_context);
		add(t, "-", p->carrier);
	}
	if (sub && !is_text(p->sub))
		add(t, ";isub-encoding=",
		    p->sub->type == SUB_USER ? "user" : "nsap");
}

static void add_digits(struct text *t, const struct cc_number *n)
{
	size_t i;

	if (n->type == CC_TON_INTERNATIONAL)
		add(t, "+", "");
	for (i = 0; n->digits[i]; i++) {
		char c[2] = {n->digits[i], '\0'};

		add(t, *c == '#' ? "%23" : c, "");
	}
}

int sip_tel_uri(char *buf, size_t size, const struct cc_number *n,
		const struct sip_tel_params *p, const char *host, bool tel)
{
	bool global = n->type == CC_TON_INTERNATIONAL;
	bool known = global || (p->context && p->context[0]);
	struct text t = {buf, size, 0};

	tel = tel && known && n->digits[0];
	add(&t, tel ? "tel:" : "sip:", "");
	add_digits(&t, n);
	if (n->digits[0])
		add_params(&t, n, p);
	if (!tel) {
		add(&t, n->digits[0] ? "@" : "", host);
		add(&t, known && n->digits[0] ? ";user=phone" : "", "");
	}
	return t.len + 1 < size ? (int)t.len : -E2BIG;
}
