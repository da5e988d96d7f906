/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trunks: how they travel, and how their calls are known. */
#include "conf/check_priv.h"

#include "conf/report.h"
#include "gateway/base/str.h"

#include <string.h>
#include <strings.h>

static void check_tls(const struct checker *c, struct conf_trunk *t,
		      const struct node *map)
{
	bool tls = t->transport == CONF_TLS || t->transport == CONF_AUTO;

	if (!t->tls.certificate[0] != !t->tls.key[0]) {
		report_error(c->report, check_place(map, "tls", NULL),
			     "tls needs both certificate and key");
	}
	if (!tls && map && tree_get(map, "tls")) {
		problem_fix(report_error(c->report, check_place(map, "tls", NULL),
					 "tls is for transport: tls or auto"),
			    "transport: tls");
	}
	if (tls && t->tls.verify == CONF_VERIFY_NONE) {
		report_warning(c->report, check_place(map, "tls", "verify"),
			       "anybody in between can listen and answer");
	}
}

static void check_stir(const struct checker *c, struct conf_trunk *t,
		       const struct node *map)
{
	struct conf_stir *s = &t->who.stir;

	if (s->sign && (!s->certificate[0] || !s->key[0] || !s->x5u[0])) {
		report_error(c->report, check_place(map, "stir", "sign"),
			     "stir.sign needs certificate, key and x5u");
	}
	if (s->x5u[0] && (strncmp(s->x5u, "https://", 8) ||
			  strpbrk(s->x5u, " \"\\<>;"))) {
		report_error(c->report, check_place(map, "stir", "x5u"),
			     "stir.x5u is a URL that begins with https://");
	}
	if (strpbrk(s->origid, " \"\\<>;")) {
		report_error(c->report, check_place(map, "stir", "origid"),
			     "stir.origid is a UUID");
	}
	if (s->div && (!s->sign || !s->n_numbers)) {
		report_error(c->report, check_place(map, "stir", "div"),
			     "stir.div needs sign, and the numbers that are "
			     "ours: numbers: [\"+4971112*\"]");
	}
	if (s->verify != CONF_STIR_OFF &&
	    (!s->ca[0] || !s->certificates[0])) {
		report_error(c->report, check_place(map, "stir", "verify"),
			     "stir.verify needs ca and certificates");
	}
}

/* One address is for plain SIP or for TLS. */
static void check_tls_port(const struct checker *c, unsigned i)
{
	const struct conf_trunk *t = &c->conf->trunks[i];
	const struct node *map = check_item(c, "trunks", i);

	for (unsigned k = 0; k < c->conf->n_trunks; k++) {
		const struct conf_trunk *o = &c->conf->trunks[k];

		if (t->transport == CONF_TLS && o->transport != CONF_TLS &&
		    t->bind.family && net_addr_eq(&t->bind, &o->bind)) {
			report_error(c->report, check_place(map, "bind", NULL),
				     "trunk %s has plain SIP at this address",
				     o->name);
		}
	}
	if (t->transport == CONF_TLS && t->bind.family &&
	    net_addr_eq(&t->bind, &c->conf->sip.bind)) {
		report_error(c->report, check_place(map, "bind", NULL),
			     "sip.bind is this address, for plain SIP");
	}
}

/* --- which trunk is it? --- */

static bool may_use(const struct conf_trunk *t, bool tls)
{
	return t->transport == CONF_AUTO || (t->transport == CONF_TLS) == tls;
}

static bool same_bind(const struct conf_trunk *a, const struct conf_trunk *b)
{
	return ((may_use(a, true) && may_use(b, true)) ||
		(may_use(a, false) && may_use(b, false))) &&
	       net_addr_eq(&a->bind, &b->bind) &&
	       net_addr_eq(&a->wire.bind6, &b->wire.bind6);
}

/* What stands behind the name; without it the usual port. */
static const char *port_of(const char *server)
{
	const char *colon = strchr(server, ':');

	return colon ? colon + 1 : "5060";
}

/* Ports tell two peers apart with UDP alone: elsewhere they are anything. */
static bool same_server(const struct conf_trunk *a, const char *x,
			const struct conf_trunk *b, const char *y)
{
	bool udp = a->transport == CONF_UDP && b->transport == CONF_UDP;
	struct net_addr p, q;

	if (net_parse(&p, x) == 0 && net_parse(&q, y) == 0) {
		p.port = p.port ? p.port : 5060;
		q.port = q.port ? q.port : 5060;
		return net_ip_eq(&p, &q) && (!udp || p.port == q.port);
	}
	return strcspn(x, ":") == strcspn(y, ":") &&
	       !strncasecmp(x, y, strcspn(x, ":")) &&
	       (!udp || !strcmp(port_of(x), port_of(y)));
}

/* Where its requests go and come from. */
static const char *server_at(const struct conf_trunk *t, unsigned i)
{
	if (t->wire.proxy[0]) {
		return i == 0 ? t->wire.proxy : NULL;
	}
	return i < t->n_servers ? t->servers[i] : NULL;
}

static bool share_source(const struct conf_trunk *a, const struct conf_trunk *b)
{
	const char *x, *y;

	for (unsigned i = 0; (x = server_at(a, i)) != NULL; i++) {
		for (unsigned k = 0; (y = server_at(b, k)) != NULL; k++) {
			if (same_server(a, x, b, y)) {
				return true;
			}
		}
	}
	for (unsigned i = 0; i < a->n_sources; i++) {
		for (unsigned k = 0; k < b->n_sources; k++) {
			if (a->sources[i].bits == b->sources[k].bits &&
			    net_ip_eq(&a->sources[i].addr,
				      &b->sources[k].addr)) {
				return true;
			}
		}
	}
	return false;
}

/* What a trunk's users are: users, else auth.user, number and those that it
 * registers. */
static const char *user_at(const struct conf_trunk *t, unsigned i)
{
	if (t->match.n_users) {
		return i < t->match.n_users ? t->match.users[i] : NULL;
	}
	return i == 0			 ? t->auth_user
	       : i == 1			 ? t->who.number
	       : i - 2 < t->reg.n_users	 ? t->reg.users[i - 2]
					 : NULL;
}

static bool is_same_user(const char *a, const char *b)
{
	a += *a == '+';
	b += *b == '+';
	return !strcmp(a, b) || str_patterns_meet(a, b);
}

/* NULL: they are told apart. "": one of them has no user at all. */
static const char *common_user(const struct conf_trunk *a,
			       const struct conf_trunk *b)
{
	bool has_a = false, has_b = false;
	const char *x, *y;

	for (unsigned k = 0; (y = user_at(b, k)) != NULL; k++) {
		has_b = has_b || *y;
	}
	for (unsigned i = 0; (x = user_at(a, i)) != NULL; i++) {
		has_a = has_a || *x;
		for (unsigned k = 0; *x && (y = user_at(b, k)) != NULL; k++) {
			if (*y && is_same_user(x, y)) {
				return x;
			}
		}
	}
	return has_a && has_b ? NULL : "";
}

/* Certificates with different names tell two peers apart, where TLS is all that
 * they share. */
static bool by_certificate(const struct conf_trunk *a,
			   const struct conf_trunk *b)
{
	return (a->transport == CONF_TLS || b->transport == CONF_TLS) &&
	       a->tls.verify == CONF_VERIFY_BOTH &&
	       b->tls.verify == CONF_VERIFY_BOTH && a->tls.name[0] &&
	       b->tls.name[0] && strcasecmp(a->tls.name, b->tls.name) != 0;
}

static void check_alike(const struct checker *c, unsigned i)
{
	const struct conf_trunk *t = &c->conf->trunks[i];
	const struct node *map = check_item(c, "trunks", i);

	for (unsigned k = 0; k < i; k++) {
		const struct conf_trunk *o = &c->conf->trunks[k];
		const char *user;

		if (!same_bind(t, o) || !share_source(t, o) ||
		    by_certificate(t, o)) {
			continue;
		}
		user = common_user(t, o);
		if (user) {
			problem_fix(report_error(
					    c->report,
					    check_place(map, "name", NULL),
					    "calls from its address can be "
					    "trunk %s's as well%s%s",
					    o->name, *user ? ": both have user "
							   : "",
					    user),
				    "users: [...], on both, or another bind "
				    "for each");
		}
	}
}

/* Who poses as the server, or stands behind it, may name any realm. */
static void check_realm(const struct checker *c, const struct conf_trunk *t,
			const struct node *map)
{
	if (t->auth_password[0] && !t->reg.realm[0]) {
		problem_fix(report_warning(c->report,
					   check_place(map, "auth", NULL),
					   "the password answers any realm "
					   "that the server names"),
			    "auth: {realm: ...}, as the provider's challenge "
			    "has it");
	}
}

static void check_accept(const struct checker *c, const struct conf_trunk *t,
			 const struct node *map)
{
	if (t->match.accept == CONF_ACCEPT_REGISTRATION &&
	    !t->auth_password[0] &&
	    !(t->transport == CONF_TLS && t->tls.verify == CONF_VERIFY_BOTH)) {
		report_error(c->report, check_place(map, "accept", NULL),
			     "accept: registration needs auth, or TLS with "
			     "verify: both");
	}
}

/* --- who is who --- */

/* A context stands in a URI: a domain name, or the beginning of a global
 * number. */
static bool context_ok(const char *text)
{
	if (*text == '+') {
		return strspn(text + 1, "0123456789") == strlen(text + 1);
	}
	return strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
	       strlen(text);
}

static void check_context(const struct checker *c, const struct node *map,
			  const char *key, const char *text)
{
	if (!context_ok(text)) {
		report_error(c->report, check_place(map, key, NULL),
			     "%s: a domain name, or + and digits", key);
	}
}

static void check_who(const struct checker *c, const struct conf_trunk *t,
		      const struct node *map)
{
	const char *carrier = t->who.carrier_context;

	check_context(c, map, "phone_context", t->who.context);
	check_context(c, map, "trunk_context", t->who.group_context);
	if (*carrier && *carrier != '+') {
		report_error(c->report,
			     check_place(map, "carrier_context", NULL),
			     "carrier_context: + and a country code");
	}
}

/* For what turns out to be wrong only when it is used. */
static void note_lines(struct conf_trunk *t, const struct node *map)
{
	const char *asked = t->wire.proxy[0] ? "outbound_proxy" : "server";

	t->wire.server_line = check_place(map, asked, NULL).line;
	t->reg.auth_line = check_place(map, "auth", NULL).line;
	t->tls.line = check_place(map, "tls", NULL).line;
	t->who.stir.line = check_place(map, "stir", NULL).line;
}

void check_trunk_wire(const struct checker *c, unsigned i)
{
	struct conf_trunk *t = &c->conf->trunks[i];
	const struct node *map = check_item(c, "trunks", i);

	if (!i && c->conf->sip.tls_port == c->conf->sip.bind.port) {
		report_error(c->report,
			     check_place(tree_get(c->root, "sip"), "tls_port",
					 NULL),
			     "tls_port: sip.bind has this port, for plain SIP");
	}
	note_lines(t, map);
	check_alike(c, i);
	check_realm(c, t, map);
	check_accept(c, t, map);
	check_tls(c, t, map);
	check_stir(c, t, map);
	check_rules_stir(c, i);
	check_tls_port(c, i);
	check_who(c, t, map);
}
