/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/dialog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/base/str.h"

#define ROUTE_MAX 16

void sip_dialog_contact(struct sip_dialog *d, const struct net_addr *local,
			const struct conf_trunk *c)
{
	static const char *const params[] = {"", ";transport=tcp",
					     ";transport=tls"};
	bool ob = c->reg.mode != CONF_REGISTER_OFF && c->reg.outbound;
	char host[NET_STR_MAX];

	snprintf(d->contact, sizeof(d->contact), "<sip:%s%s%s>",
		 c->wire.contact[0] ? c->wire.contact : net_str(local, host),
		 params[d->path.proto], ob ? ";ob" : "");
}

/* other: what stands in for Contact, which RFC 2543 knew to be missing. */
static int set_target(struct sip_dialog *d, const struct sip_msg *m,
		      const char *other)
{
	const char *name =
		osip_list_size(&m->osip->contacts) ? "contact" : other;
	char text[2 * SIP_URI_MAX];
	struct sip_name_addr a;
	struct sip_uri u;

	if (!name || sip_msg_header(m, name, 0, text, sizeof(text)) < 0 ||
	    !sip_name_addr_parse(&a, text) || sip_uri_parse(&u, a.uri) < 0 ||
	    u.host[0] == '\0')
		return -EBADMSG;
	return str_copy(d->target, sizeof(d->target), a.uri) ? 0 : -E2BIG;
}

void sip_dialog_refresh(struct sip_dialog *d, const struct sip_msg *m)
{
	(void)set_target(d, m, NULL);
}

void sip_dialog_follow(struct sip_dialog *d, const struct sip_msg *m)
{
	if (m->path.flow && m->path.proto == d->path.proto &&
	    m->path.bind == d->path.bind &&
	    net_ip_eq(&m->path.remote, &d->path.remote))
		d->path.flow = m->path.flow;
}

static int add_route(struct sip_dialog *d, size_t *used,
		     const struct sip_msg *m, unsigned n)
{
	size_t room = sizeof(d->routes) - *used;
	int len = sip_msg_header(m, "record-route", n, d->routes + *used, room);

	if (len < 0 || (size_t)len + 1 > room)
		return -E2BIG;
	*used += (size_t)len + 1;
	d->n_routes++;
	return 0;
}

/* RFC 3261 12.1: the callee takes Record-Route as it stands, the caller in
 * reverse order. */
static int set_routes(struct sip_dialog *d, const struct sip_msg *m,
		      bool reverse)
{
	size_t used = 0;
	unsigned n = 0, i;
	char text[SIP_URI_MAX];
	int err = 0;

	while (n <= ROUTE_MAX && sip_msg_header(m, "record-route", n, text,
						sizeof(text)) != -ENOENT)
		n++;
	if (n > ROUTE_MAX)
		return -E2BIG;
	d->n_routes = 0;
	for (i = 0; i < n && !err; i++)
		err = add_route(d, &used, m, reverse ? n - 1 - i : i);
	return err;
}

int sip_dialog_uas(struct sip_dialog *d, const struct sip_msg *m,
		   const char *tag)
{
	char to[SIP_URI_MAX];
	int n;

	memset(d, 0, sizeof(*d));
	if (!str_copy(d->call_id, sizeof(d->call_id), sip_msg_call_id(m)) ||
	    !str_copy(d->local_tag, sizeof(d->local_tag), tag) ||
	    !str_copy(d->remote_tag, sizeof(d->remote_tag),
		      sip_msg_from_tag(m)) ||
	    sip_msg_header(m, "from", 0, d->remote, sizeof(d->remote)) < 0 ||
	    sip_msg_header(m, "to", 0, to, sizeof(to)) < 0)
		return -E2BIG;
	n = snprintf(d->local, sizeof(d->local), "%s;tag=%s", to, tag);
	if (n < 0 || (size_t)n >= sizeof(d->local))
		return -E2BIG;
	d->remote_cseq = sip_msg_cseq(m);
	d->path = m->path;
	n = set_target(d, m, "from");
	return n ? n : set_routes(d, m, false);
}

int sip_dialog_uac(struct sip_dialog *d, const struct sip_msg *m)
{
	int err;

	/* On the connection that it was answered on, while that lives. */
	if (m->path.proto == d->path.proto)
		d->path.flow = m->path.flow;
	if (!str_copy(d->remote_tag, sizeof(d->remote_tag),
		      sip_msg_to_tag(m)) ||
	    sip_msg_header(m, "to", 0, d->remote, sizeof(d->remote)) < 0)
		return -E2BIG;
	err = set_routes(d, m, true);
	return err ? err : set_target(d, m, "to");
}

/* --- RFC 7989 --- */

/* A version 4 UUID without its dashes. */
void sip_dialog_session_new(struct sip_dialog *d)
{
	uint8_t raw[16];
	unsigned i;

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return;
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
	for (i = 0; i < sizeof(raw); i++)
		snprintf(d->session + 2 * i, 3, "%02x", raw[i]);
}

#define NIL_SESSION "00000000000000000000000000000000"

void sip_dialog_session_id(const struct sip_dialog *d, struct sip_msg *m)
{
	char text[2 * SIP_SESSION_MAX + 16];

	if (!d->session[0])
		return;
	snprintf(text, sizeof(text), "%s;remote=%s", d->session,
		 d->remote_session[0] ? d->remote_session : NIL_SESSION);
	(void)sip_msg_add(m, "Session-ID", text);
}

void sip_dialog_session_learn(struct sip_dialog *d, const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Session-ID", 0);
	size_t n = text ? strspn(text, "0123456789abcdefABCDEF") : 0;

	if (n == SIP_SESSION_MAX - 1 && (!text[n] || strchr("; \t", text[n])))
		(void)str_copy_n(d->remote_session, sizeof(d->remote_session),
				 text, n);
}

bool sip_dialog_has(const struct sip_dialog *d, const struct sip_msg *m)
{
	return strcmp(d->local_tag, sip_msg_to_tag(m)) == 0 &&
	       strcmp(d->remote_tag, sip_msg_from_tag(m)) == 0 &&
	       strcmp(d->call_id, sip_msg_call_id(m)) == 0 &&
	       (m->trunks >> d->path.trunk & 1);
}

bool sip_dialog_is_answered(const struct sip_dialog *d,
			    const struct sip_msg *m)
{
	return strcmp(d->local_tag, sip_msg_from_tag(m)) == 0 &&
	       strcmp(d->remote_tag, sip_msg_to_tag(m)) == 0 &&
	       strcmp(d->call_id, sip_msg_call_id(m)) == 0 &&
	       (m->trunks >> d->path.trunk & 1);
}

bool sip_dialog_in_order(struct sip_dialog *d, const struct sip_msg *m)
{
	uint32_t cseq = sip_msg_cseq(m);

	if (d->remote_cseq && cseq < d->remote_cseq)
		return false;
	d->remote_cseq = cseq;
	return true;
}

/* Of a route without brackets the parameters are taken as the URI's: whoever
 * writes it so means that (RFC 3261 20 forbids it). */
static bool is_loose(const char *route)
{
	struct sip_name_addr a;
	const char *host;
	char value[64];

	if (!sip_name_addr_parse(&a, route))
		return false;
	host = strchr(a.uri, '@'); /* a user part may hold anything */
	return sip_param(host ? host : a.uri, "lr", value, sizeof(value)) ||
	       sip_param(a.params, "lr", value, sizeof(value));
}

/* Route headers; a strict router's own URI is the Request-URI instead, and
 * the target goes last (RFC 3261 12.2.1.1). */
static int put_routes(const struct sip_dialog *d, struct sip_msg *m)
{
	const char *r = d->routes;
	char last[SIP_URI_MAX + 2];
	unsigned i;
	int err = 0;

	for (i = 0; i < d->n_routes && !err; i++, r += strlen(r) + 1) {
		if (i > 0 || is_loose(r))
			err = sip_msg_add(m, "Route", r);
	}
	if (err || d->n_routes == 0 || is_loose(d->routes))
		return err;
	snprintf(last, sizeof(last), "<%s>", d->target);
	return sip_msg_add(m, "Route", last);
}

static struct sip_msg *build(const struct sip_dialog *d, const char *method,
			     uint32_t cseq)
{
	struct sip_request r = {
		.method = method,
		.uri = d->target,
		.from = d->local,
		.to = d->remote,
		.call_id = d->call_id,
		.cseq = cseq,
		.contact = d->contact,
	};
	struct sip_name_addr strict;
	struct sip_msg *m;
	int err;

	if (d->n_routes && !is_loose(d->routes) &&
	    sip_name_addr_parse(&strict, d->routes))
		r.uri = strict.uri;
	if (strcmp(method, "BYE") == 0)
		r.contact = NULL;
	m = sip_request_new(&r);
	err = m ? put_routes(d, m) : 0;
	if (err) {
		sip_msg_free(m);
		errno = -err;
		return NULL;
	}
	if (m)
		sip_dialog_session_id(d, m);
	return m;
}

struct sip_msg *sip_dialog_request(struct sip_dialog *d, const char *method)
{
	return build(d, method, ++d->cseq);
}

struct sip_msg *sip_dialog_ack(const struct sip_dialog *d, uint32_t invite_cseq)
{
	return build(d, "ACK", invite_cseq);
}

/* The address a URI names, if it is one. */
static bool uri_addr(const char *text, bool tls, struct net_addr *out)
{
	struct sip_uri u;

	if (sip_uri_parse(&u, text) < 0 || net_parse(out, u.host) < 0)
		return false;
	out->port = u.port ? u.port : tls ? SIP_TLS_PORT : SIP_PORT;
	return true;
}

/* The connection that hop was taken from may be gone, and if the peer had opened
 * it nobody listens at its port: the port of a server of the trunk there, else
 * the one that the URI says. */
static uint16_t listening_port(const struct trunk_table *trunks,
			       const struct sip_path *hop, const char *uri)
{
	uint16_t port = trunk_port(trunks, hop->trunk, hop);
	struct sip_uri u;

	if (port)
		return port;
	if (sip_uri_parse(&u, uri) == 0 && u.port)
		return u.port;
	return hop->proto == SIP_TLS ? SIP_TLS_PORT : SIP_PORT;
}

struct sip_path sip_dialog_hop(const struct sip_dialog *d,
			       const struct trunk_table *trunks)
{
	struct sip_path hop = d->path;
	struct sip_name_addr route;
	struct net_addr addr;
	const char *uri = d->target;

	if (d->n_routes && sip_name_addr_parse(&route, d->routes))
		uri = route.uri;
	if (uri_addr(uri, hop.proto == SIP_TLS, &addr) &&
	    (trunk_sources(trunks, hop.bind, &addr) >> hop.trunk & 1)) {
		/* A connection serves one host; its port may be any. */
		if (!net_ip_eq(&addr, &hop.remote))
			hop.flow = 0;
		hop.remote = addr;
	} else if (hop.proto != SIP_UDP) {
		hop.remote.port = listening_port(trunks, &hop, uri);
	}
	return hop;
}
