/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the file wants the same port of this machine: told here, since at
 * the start it would be "address in use" only.
 */
#include "conf/check_priv.h"

#include <string.h>
#include <sys/un.h>

enum { PORTS_MAX = CONF_SPANS + 8 };

struct port_user {
	const char *setting;
	struct net_addr addr;
	struct place at;
	bool udp, tcp;
};

struct port_users {
	unsigned n;
	struct port_user user[PORTS_MAX];
};

static void add(struct port_users *p, struct port_user u)
{
	if (u.addr.family && u.addr.port && p->n < PORTS_MAX) {
		p->user[p->n++] = u;
	}
}

static void add_sip(const struct checker *c, struct port_users *p)
{
	const struct conf_sip *s = &c->conf->sip;
	const struct node *map = tree_get(c->root, "sip");
	bool tls = false;

	for (unsigned i = 0; i < c->conf->n_trunks; i++) {
		tls |= c->conf->trunks[i].transport == CONF_TLS;
	}
	for (unsigned i = 0; i < 2; i++) {
		const char *key = i ? "bind6" : "bind";
		struct net_addr a = i ? s->bind6 : s->bind;
		struct place at = check_place(map, key, NULL);

		add(p, (struct port_user){ i ? "sip.bind6" : "sip.bind", a, at,
					   .udp = true, .tcp = true });
		a.port = s->tls_port;
		if (tls) {
			add(p, (struct port_user){ "sip.tls_port", a,
						   check_place(map, "tls_port",
							       NULL),
						   .tcp = true });
		}
	}
}

static void add_lines(const struct checker *c, struct port_users *p)
{
	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		const struct conf_line *l = &c->conf->spans[i].line;
		struct place at = check_place(check_item(c, "spans", i), "line",
					      "local");

		if (l->driver == CONF_PSEUDOWIRE) {
			add(p, (struct port_user){ c->conf->spans[i].name,
						   l->local, at, .udp = true });
		}
	}
}

static bool collide(const struct port_user *a, const struct port_user *b)
{
	return ((a->udp && b->udp) || (a->tcp && b->tcp)) &&
	       a->addr.family == b->addr.family &&
	       a->addr.port == b->addr.port &&
	       (net_is_any(&a->addr) || net_is_any(&b->addr) ||
		net_ip_eq(&a->addr, &b->addr));
}

static bool is_line(const struct port_user *u)
{
	return u->udp && !u->tcp;
}

/* Two lines of one address, and tls_port as sip.bind, are told elsewhere. */
static bool is_told(const struct port_user *a, const struct port_user *b)
{
	bool sip = !strncmp(a->setting, "sip.", 4) &&
		   !strncmp(b->setting, "sip.", 4);

	return sip || (is_line(a) && is_line(b) &&
		       net_addr_eq(&a->addr, &b->addr));
}

static void check_range(const struct checker *c)
{
	const struct conf_media *m = &c->conf->media;
	unsigned first = (m->port_min + 1u) & ~1u, need, pairs;

	pairs = m->port_max > first ? (m->port_max - first + 1) / 2 : 0;
	need = c->conf->n_spans * CONF_CHANNELS;
	if (pairs < need) {
		problem_fix(report_error(c->report,
					 check_place(tree_get(c->root, "media"),
						     "ports", NULL),
					 "ports: room for %u calls, the spans "
					 "need %u", pairs, need),
			    "at least %u ports; better %u, so that one can "
			    "rest after a call", 2 * need, 2 * need * 12 / 10);
	}
}

static void check_socket(const struct checker *c)
{
	static const char name[] = "/ctl";
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) -
			    sizeof(name);

	if (strlen(c->conf->gateway.run_dir) > most) {
		report_error(c->report,
			     check_place(tree_get(c->root, "gateway"),
					 "run_dir", NULL),
			     "run_dir: a local socket's path has at most %zu "
			     "characters here", most);
	}
}

void check_ports(const struct checker *c)
{
	struct port_users p = { .n = 0 };

	add_sip(c, &p);
	add(&p, (struct port_user){ "gateway.metrics", c->conf->gateway.metrics,
				    check_place(tree_get(c->root, "gateway"),
						"metrics", NULL),
				    .tcp = true });
	add_lines(c, &p);
	for (unsigned i = 1; i < p.n; i++) {
		for (unsigned k = 0; k < i; k++) {
			const struct port_user *a = &p.user[i], *b = &p.user[k];

			if (collide(a, b) && !is_told(a, b)) {
				report_error(c->report, a->at,
					     "port %u is that of %s already",
					     a->addr.port, b->setting);
				break;
			}
		}
	}
	check_range(c);
	check_socket(c);
}
