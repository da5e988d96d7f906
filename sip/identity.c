/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/identity.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"
#include "sip/telparam.h"

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

enum privacy {
	PRIVACY_ID = 1,
	PRIVACY_USER = 2,
	PRIVACY_NONE = 4,
	PRIVACY_CRITICAL = 8,
	PRIVACY_OTHER = 16, /* nothing for us to do */
	PRIVACY_UNKNOWN = 32
};

static unsigned privacy_value(const char *token, size_t n)
{
	static const struct {
		const char *name;
		unsigned value;
	} rows[] = {
		{"id", PRIVACY_ID},	      {"user", PRIVACY_USER},
		{"none", PRIVACY_NONE},	      {"critical", PRIVACY_CRITICAL},
		{"header", PRIVACY_OTHER},    {"session", PRIVACY_OTHER},
		{"history", PRIVACY_OTHER},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (n == strlen(rows[i].name) &&
		    strncasecmp(token, rows[i].name, n) == 0)
			return rows[i].value;
	}
	return PRIVACY_UNKNOWN;
}

/* Values of lists "a;b, c", as bits. */
static unsigned privacy_of(const char *const lists[2])
{
	unsigned bits = 0;
	size_t i, n;

	for (i = 0; i < 2; i++) {
		const char *p = lists[i];

		for (; p && *p; p += n) {
			p += strspn(p, "; ,\t\r\n");
			n = strcspn(p, "; ,\t\r\n");
			if (n)
				bits |= privacy_value(p, n);
		}
	}
	return bits;
}

bool sip_privacy_is_refused(const char *const lists[2])
{
	unsigned bits = privacy_of(lists);

	return (bits & PRIVACY_CRITICAL) && (bits & PRIVACY_UNKNOWN);
}

static bool wants_privacy(const struct sip_identity_in *in)
{
	return (privacy_of(in->privacy) & (PRIVACY_ID | PRIVACY_USER)) != 0;
}

/* Of the identities in these values the one that names a number, else any. */
static bool party_best(const char *const values[SIP_PAI_MAX], struct party *out)
{
	bool found = false;
	size_t i;

	for (i = 0; i < SIP_PAI_MAX && !(found && out->number.valid); i++) {
		const char *text = values[i];

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

/* draft-ietf-sip-privacy-04: the one about that party; about the caller
 * unless said otherwise. */
static bool rpid_read(const char *const values[SIP_PAI_MAX], const char *want,
		      struct party *p, bool *restricted)
{
	char party[16];
	size_t i;

	for (i = 0; i < SIP_PAI_MAX; i++) {
		if (!party_read(p, values[i]))
			continue;
		if (!sip_param(p->addr.params, "party", party, sizeof(party)))
			strcpy(party, "calling");
		if (strcasecmp(party, want) == 0)
			break;
	}
	if (i == SIP_PAI_MAX)
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

/* Who a trusted peer says that it is. */
static void read_trusted(const struct sip_identity_in *in, struct cc_msg *m,
			 bool *hidden)
{
	bool rpid_hidden = false;
	struct party p;

	if (party_best(in->pai, &p)) {
		m->asserted = p.number;
		if (p.number.valid)
			m->asserted.screening = CC_SCREEN_NETWORK;
		if (!m->name[0])
			name_set(m->name, p.addr.name);
	} else if (party_best(in->ppi, &p) && p.number.valid) {
		m->asserted = p.number;
		m->asserted.screening = CC_SCREEN_PASSED;
	} else if (rpid_read(in->rpid, "calling", &p, &rpid_hidden)) {
		*hidden = *hidden || rpid_hidden;
		if (p.number.screening == CC_SCREEN_PASSED)
			m->asserted = p.number;
		else if (p.number.valid)
			m->calling = p.number;
	}
}

void sip_identity_read(const struct sip_identity_in *in, bool trusted,
		       struct cc_msg *m)
{
	unsigned privacy = privacy_of(in->privacy);
	struct party from, ppi;
	bool hidden;

	memset(&m->asserted, 0, sizeof(m->asserted));
	if (!party_read(&from, in->from))
		memset(&from, 0, sizeof(from));
	hidden = wants_privacy(in) ||
		 (is_anonymous(&from) && !(privacy & PRIVACY_NONE));
	m->calling = from.number;
	name_set(m->name, from.addr.name);
	if (trusted)
		read_trusted(in, m, &hidden);
	else if (!m->calling.valid && party_best(in->ppi, &ppi))
		m->calling = ppi.number;
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
	bool hidden = wants_privacy(in), rpid_hidden = false;
	struct party p;

	memset(&m->connected, 0, sizeof(m->connected));
	m->name[0] = '\0';
	if (!trusted ||
	    (!party_best(in->pai, &p) &&
	     !rpid_read(in->rpid, in->caller ? "calling" : "called", &p,
			&rpid_hidden)))
		return;
	m->connected = p.number;
	if (m->connected.valid)
		m->connected.screening = CC_SCREEN_NETWORK;
	if (hidden || rpid_hidden)
		set_restricted(&m->connected);
	else
		name_set(m->name, p.addr.name);
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

/* "Name" <sip:...>; an empty name is left out, a bad one too. sub NULL: no
 * subaddress. */
static void name_addr(char *buf, size_t size, const char *name,
		      const struct cc_number *n, const struct cc_sub *sub,
		      const struct sip_identity_conf *c)
{
	char quoted[2 * CC_NAME_MAX + 4] = "", clean[CC_NAME_MAX];
	char uri[SIP_URI_MAX - sizeof(quoted) - 72];
	struct sip_tel_params p = {.sub = sub, .context = c->context};

	name_set(clean, name);
	if (clean[0] && sip_quote(quoted, sizeof(quoted), clean) < 0)
		quoted[0] = '\0';
	if (sip_tel_uri(uri, sizeof(uri), n, &p, c->host, false) < 0) {
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
			  shown ? &m->extra.calling_sub : NULL, c);
}

static const char *privacy_text(enum conf_privacy p)
{
	switch (p) {
	case CONF_PRIVACY_FULL:
		return "id;user;header";
	case CONF_PRIVACY_CRITICAL:
		return "id;user;header;critical";
	default:
		return "id";
	}
}

static void rpid_write(char buf[SIP_URI_MAX], const char *addr,
		       const char *party, bool screened, bool hidden)
{
	if (!addr[0] || snprintf(buf, SIP_URI_MAX,
				 "%s;party=%s;screen=%s;privacy=%s", addr,
				 party, screened ? "yes" : "no",
				 hidden ? "full" : "off") >= SIP_URI_MAX)
		buf[0] = '\0';
}

/* A number to say to a peer that is not to believe it: the one asserted, else
 * the caller's own. */
static bool claimed_number(const struct cc_msg *m,
			   const struct sip_identity_conf *c, bool *screened,
			   struct cc_number *out)
{
	*screened = asserted_number(m, c, out);
	if (!*screened && has_digits(&m->calling) &&
	    m->calling.presentation != CC_PRES_UNAVAILABLE) {
		*out = m->calling;
		return true;
	}
	return *screened;
}

static void write_claim(const struct cc_msg *m,
			const struct sip_identity_conf *c,
			struct sip_identity_out *out)
{
	bool hidden = is_restricted(m), screened;
	char addr[SIP_URI_MAX - 64];
	struct cc_number n;

	if ((hidden && !c->trusted) || !claimed_number(m, c, &screened, &n))
		return;
	name_addr(addr, sizeof(addr), hidden ? "" : m->name, &n, NULL, c);
	if (c->header == CONF_IDENTITY_RPID)
		rpid_write(out->rpid, addr, "calling", screened, hidden);
	else
		str_copy(out->ppi, sizeof(out->ppi), addr);
}

static void write_asserted(const struct cc_msg *m,
			   const struct sip_identity_conf *c,
			   struct sip_identity_out *out)
{
	struct cc_number n;

	if (!c->trusted || !asserted_number(m, c, &n))
		return;
	name_addr(out->pai, sizeof(out->pai), "", &n, NULL, c);
	if (c->tel && n.type == CC_TON_INTERNATIONAL)
		snprintf(out->pai_tel, sizeof(out->pai_tel), "<tel:+%s>",
			 n.digits);
}

void sip_identity_write(const struct cc_msg *m,
			const struct sip_identity_conf *c,
			struct sip_identity_out *out)
{
	memset(out, 0, sizeof(*out));
	if (c->header == CONF_IDENTITY_PAI)
		write_asserted(m, c, out);
	else
		write_claim(m, c, out);
	if (is_restricted(m))
		str_copy(out->privacy, sizeof(out->privacy),
			 privacy_text(c->privacy));
}

void sip_identity_write_connected(const struct cc_msg *m,
				  const struct sip_identity_conf *c,
				  struct sip_identity_out *out)
{
	const struct cc_number *n = &m->connected;
	bool hidden = n->presentation == CC_PRES_RESTRICTED;
	char addr[SIP_URI_MAX - 64];

	memset(out, 0, sizeof(*out));
	if (!n->valid || n->presentation == CC_PRES_UNAVAILABLE)
		return;
	if (hidden)
		str_copy(out->privacy, sizeof(out->privacy), "id");
	if (!has_digits(n) || (!c->trusted && c->header == CONF_IDENTITY_PAI) ||
	    (!c->trusted && hidden))
		return;
	name_addr(addr, sizeof(addr), hidden ? "" : m->name, n, NULL, c);
	if (c->header == CONF_IDENTITY_RPID)
		rpid_write(out->rpid, addr, "called",
			   n->screening == CC_SCREEN_PASSED ||
				   n->screening == CC_SCREEN_NETWORK,
			   hidden);
	else if (c->trusted)
		str_copy(out->pai, sizeof(out->pai), addr);
}
