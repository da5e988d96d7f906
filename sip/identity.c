/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/identity.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

#define ANONYMOUS "\"Anonymous\" <sip:anonymous@anonymous.invalid>"

/* --- reading --- */

/* A display name for others: valid UTF-8, no control characters, cut at a
 * character. */
static void name_set(char out[CC_NAME_MAX], const char *name)
{
	size_t len = strlen(name), n = 0;

	while (len > 0) {
		unsigned k = str_utf8(name, len);

		if (k == 0) {
			name++;
			len--;
			continue;
		}
		if (n + k >= CC_NAME_MAX)
			break;
		if (k > 1 || ((unsigned char)*name >= 0x20 && *name != 0x7f)) {
			memcpy(out + n, name, k);
			n += k;
		}
		name += k;
		len -= k;
	}
	out[n] = '\0';
}

/* A party: what one name-addr says. */
struct party {
	struct sip_name_addr addr;
	struct sip_uri uri;
	struct cc_number number; /* valid = 0: none */
};

static bool party_read(struct party *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	if (!text || !sip_name_addr_parse(&p->addr, text) ||
	    sip_uri_parse(&p->uri, p->addr.uri) < 0)
		return false;
	if (sip_uri_number(&p->uri, &p->number) < 0)
		memset(&p->number, 0, sizeof(p->number));
	return true;
}

/* RFC 3323 4.1, and what is met in the field. */
static bool is_anonymous(const struct party *p)
{
	return strcasecmp(p->uri.host, "anonymous.invalid") == 0 ||
	       (!p->number.valid &&
		(strcasecmp(p->uri.user, "anonymous") == 0 ||
		 strcasecmp(p->addr.name, "anonymous") == 0));
}

/* Is a token of the list "a;b, c"? */
static bool has_token(const char *list, const char *token)
{
	size_t n;

	for (; list && *list; list += n) {
		list += strspn(list, "; ,\t\r\n");
		n = strcspn(list, "; ,\t\r\n");
		if (n == strlen(token) && strncasecmp(list, token, n) == 0)
			return true;
	}
	return false;
}

static bool wants_privacy(const struct sip_identity_in *in)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (has_token(in->privacy[i], "id") ||
		    has_token(in->privacy[i], "user"))
			return true;
	}
	return false;
}

/* The asserted identity that names a number, else any. */
static bool pai_read(const struct sip_identity_in *in, struct party *out)
{
	bool found = false;
	size_t i;

	for (i = 0; i < SIP_PAI_MAX && !(found && out->number.valid); i++) {
		const char *text = in->pai[i];

		while (text && *text) {
			struct party p;

			if (party_read(&p, text) &&
			    (!found || p.number.valid)) {
				*out = p;
				found = true;
			}
			text = sip_name_addr_parse(&p.addr, text);
			if (found && out->number.valid)
				break;
		}
	}
	return found;
}

static bool param_is(const struct party *p, const char *name, const char *want)
{
	char value[32];

	return sip_param(p->addr.params, name, value, sizeof(value)) &&
	       strncasecmp(value, want, strlen(want)) == 0;
}

/* draft-ietf-sip-privacy-04: party=calling unless said otherwise. */
static bool rpid_read(const char *text, struct party *p, bool *restricted)
{
	char party[16] = "calling";

	if (!party_read(p, text))
		return false;
	(void)sip_param(p->addr.params, "party", party, sizeof(party));
	if (strcasecmp(party, "calling") != 0)
		return false;
	*restricted =
		param_is(p, "privacy", "full") || param_is(p, "privacy", "uri");
	if (p->number.valid && param_is(p, "screen", "yes"))
		p->number.screening = CC_SCREEN_PASSED;
	return true;
}

static void set_restricted(struct cc_number *n)
{
	n->valid = 1;
	n->presentation = CC_PRES_RESTRICTED;
}

void sip_identity_read(const struct sip_identity_in *in, bool trusted,
		       struct cc_msg *m)
{
	bool hidden = wants_privacy(in), rpid_hidden = false;
	struct party from, pai, rpid;

	memset(&m->asserted, 0, sizeof(m->asserted));
	if (!party_read(&from, in->from))
		memset(&from, 0, sizeof(from));
	hidden = hidden || is_anonymous(&from);
	m->calling = from.number;
	name_set(m->name, from.addr.name);
	if (trusted && pai_read(in, &pai)) {
		m->asserted = pai.number;
		if (pai.number.valid)
			m->asserted.screening = CC_SCREEN_NETWORK;
		if (!m->name[0])
			name_set(m->name, pai.addr.name);
	} else if (trusted && rpid_read(in->rpid, &rpid, &rpid_hidden)) {
		hidden = hidden || rpid_hidden;
		if (rpid.number.screening == CC_SCREEN_PASSED)
			m->asserted = rpid.number;
		else if (rpid.number.valid)
			m->calling = rpid.number;
	}
	if (!m->calling.valid)
		m->calling = m->asserted;
	if (hidden) {
		set_restricted(&m->calling);
		if (m->asserted.valid)
			set_restricted(&m->asserted);
		m->name[0] = '\0';
	}
}

void sip_identity_read_connected(const struct sip_identity_in *in, bool trusted,
				 struct cc_msg *m)
{
	struct party pai;

	memset(&m->connected, 0, sizeof(m->connected));
	m->name[0] = '\0';
	if (!trusted || !pai_read(in, &pai))
		return;
	m->connected = pai.number;
	if (m->connected.valid)
		m->connected.screening = CC_SCREEN_NETWORK;
	if (wants_privacy(in))
		set_restricted(&m->connected);
	else
		name_set(m->name, pai.addr.name);
}

/* --- writing --- */

static bool has_digits(const struct cc_number *n)
{
	return n->valid && n->digits[0] != '\0';
}

static bool is_restricted(const struct cc_msg *m)
{
	return (m->calling.valid &&
		m->calling.presentation == CC_PRES_RESTRICTED) ||
	       (m->asserted.valid &&
		m->asserted.presentation == CC_PRES_RESTRICTED);
}

/* The user-provided number alone decides about From: with two calling
 * numbers each presentation applies to its own header. */
static bool from_is_hidden(const struct cc_msg *m)
{
	return m->calling.valid ? m->calling.presentation == CC_PRES_RESTRICTED
				: is_restricted(m);
}

/* "Name" <sip:...>; an empty name is left out, a bad one too. */
static void name_addr(char *buf, size_t size, const char *name,
		      const struct cc_number *n, const char *host)
{
	char quoted[2 * CC_NAME_MAX + 4] = "", clean[CC_NAME_MAX];
	char uri[SIP_URI_MAX - sizeof(quoted) - 8];

	name_set(clean, name);
	if (clean[0] && sip_quote(quoted, sizeof(quoted), clean) < 0)
		quoted[0] = '\0';
	if (sip_uri_write(uri, sizeof(uri), n, host) < 0) {
		buf[0] = '\0';
		return;
	}
	snprintf(buf, size, "%s%s<%s>", quoted, quoted[0] ? " " : "", uri);
}

/* Whom we vouch for: a number that somebody has screened, else the trunk's
 * own. */
static bool asserted_number(const struct cc_msg *m,
			    const struct sip_identity_conf *c,
			    struct cc_number *out)
{
	const struct cc_number *n = &m->calling;

	if (has_digits(&m->asserted)) {
		*out = m->asserted;
		return true;
	}
	if (has_digits(n) && n->presentation != CC_PRES_UNAVAILABLE &&
	    (n->screening == CC_SCREEN_PASSED ||
	     n->screening == CC_SCREEN_NETWORK)) {
		*out = *n;
		return true;
	}
	return c->number[0] && cc_number_set(out, c->number) == 0;
}

void sip_identity_from(const struct cc_msg *m,
		       const struct sip_identity_conf *c,
		       char from[SIP_URI_MAX])
{
	bool shown = has_digits(&m->calling) &&
		     m->calling.presentation == CC_PRES_ALLOWED;

	if (from_is_hidden(m))
		snprintf(from, SIP_URI_MAX, "%s", ANONYMOUS);
	else
		name_addr(from, SIP_URI_MAX, m->name,
			  shown ? &m->calling : &(struct cc_number){0},
			  c->host);
}

void sip_identity_write(const struct cc_msg *m,
			const struct sip_identity_conf *c,
			struct sip_identity_out *out)
{
	struct cc_number pai;

	memset(out, 0, sizeof(*out));
	if (c->trusted && asserted_number(m, c, &pai))
		name_addr(out->pai, sizeof(out->pai), "", &pai, c->host);
	if (is_restricted(m))
		snprintf(out->privacy, sizeof(out->privacy), "id");
}

void sip_identity_write_connected(const struct cc_msg *m,
				  const struct sip_identity_conf *c,
				  struct sip_identity_out *out)
{
	const struct cc_number *n = &m->connected;

	memset(out, 0, sizeof(*out));
	if (!n->valid || n->presentation == CC_PRES_UNAVAILABLE)
		return;
	if (n->presentation == CC_PRES_RESTRICTED)
		snprintf(out->privacy, sizeof(out->privacy), "id");
	if (c->trusted && has_digits(n))
		name_addr(out->pai, sizeof(out->pai),
			  n->presentation == CC_PRES_ALLOWED ? m->name : "", n,
			  c->host);
}
