/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of servers to addresses, in the loop's helper thread. */
#include "sip/trunk_priv.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* "name:port" or "name". False: neither. */
static bool split(const char *server, char host[CONF_HOST], uint16_t *port)
{
	const char *colon = strrchr(server, ':');
	uint32_t value = 0;

	if (colon && str_to_u32(colon + 1, 65535, &value)) {
		return false;
	}
	*port = (uint16_t)value;
	return str_copy_n(host, CONF_HOST, server,
			  colon ? (size_t)(colon - server) : strlen(server));
}

static bool is_literal(const char *server, struct net_addr *out)
{
	return !net_parse(out, server);
}

static uint16_t default_port(const struct trunk *k)
{
	return k->conf.transport == CONF_TLS ? SIP_TLS_PORT : SIP_PORT;
}

static void add_answer(struct trunk_server *s, const struct addrinfo *ai,
		       uint16_t port)
{
	struct net_addr a;

	net_from_sockaddr(&a, ai->ai_addr);
	a.port = port;
	for (unsigned i = 0; i < s->n; i++) {
		if (net_addr_eq(&s->addr[i], &a)) {
			return;
		}
	}
	if (s->n < TRUNK_ADDRS) {
		s->addr[s->n++] = a;
	}
}

/* Helper thread: only *r, which nobody else touches while busy. */
static int look_up(const struct resolver *r, struct trunk_server *s)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list = NULL;
	char host[CONF_HOST];
	uint16_t port;
	int err;

	if (!split(s->host, host, &port)) {
		return EAI_NONAME;
	}
	hints.ai_family = r->family == 6   ? AF_INET6
			  : r->family == 4 ? AF_INET
					   : AF_UNSPEC;
	err = getaddrinfo(host, NULL, &hints, &list);
	if (err) {
		return err;
	}
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		add_answer(s, ai, port ? port : r->port);
	}
	freeaddrinfo(list);
	return s->n ? 0 : EAI_NONAME;
}

static void run(struct work *w)
{
	struct resolver *r = container_of(w, struct resolver, work);
	struct net_addr literal;

	for (unsigned i = 0; i < r->n; i++) {
		if (!is_literal(r->server[i].host, &literal)) {
			r->error[i] = look_up(r, &r->server[i]);
		}
	}
}

static void on_refresh(struct timer *);

/* Takes over what was found; a failure leaves the old answer. */
static bool take_answers(struct trunk *k, const struct resolver *r)
{
	bool ok = true;
	struct net_addr literal;

	for (unsigned i = 0; i < r->n && i < k->conf.n_servers; i++) {
		struct trunk_server *s = &k->server[i];

		if (strcmp(s->host, r->server[i].host) ||
		    is_literal(s->host, &literal)) {
			continue;
		}
		if (r->error[i]) {
			ok = false;
			k->stats.resolve_failed++;
			if (!k->resolve_warned) {
				log_warn("trunk %s: cannot resolve %s: %s",
					 k->conf.name, s->host,
					 gai_strerror(r->error[i]));
			}
		} else if (s->n != r->server[i].n ||
			   memcmp(s->addr, r->server[i].addr,
				  sizeof(s->addr))) {
			*s = r->server[i];
			log_info("trunk %s: %s has %u addresses", k->conf.name,
				 s->host, s->n);
		}
	}
	k->resolve_warned = !ok;
	return ok;
}

static void done(struct work *w)
{
	struct resolver *r = container_of(w, struct resolver, work);
	struct trunk_table *t = r->table;
	struct trunk *k;
	bool ok;

	r->busy = false;
	if (!t) {
		free(r);
		return;
	}
	k = &t->trunk[r->trunk];
	ok = take_answers(k, r);
	trunk_index(t);
	if (r->again) {
		r->again = false;
		resolve_start(k);
		return;
	}
	timer_start(t->loop, &k->refresh, on_refresh,
		    1000 * (ok ? TRUNK_REFRESH_S : TRUNK_RETRY_S));
}

static void on_refresh(struct timer *timer)
{
	resolve_start(container_of(timer, struct trunk, refresh));
}

/* Of the addresses we can send from; 0 = both. */
static uint8_t family_of(const struct trunk *k)
{
	bool tls = k->conf.transport == CONF_TLS;
	bool v4 = k->bind[tls][0] != TRUNK_NO_BIND;
	bool v6 = k->bind[tls][1] != TRUNK_NO_BIND;

	return v4 == v6 ? 0 : v6 ? 6 : 4;
}

static int begin(struct trunk *k)
{
	struct resolver *r = k->resolver;

	memset(r->server, 0, sizeof(r->server));
	memset(r->error, 0, sizeof(r->error));
	r->n = k->conf.n_servers;
	r->family = family_of(k);
	r->port = default_port(k);
	for (unsigned i = 0; i < r->n; i++) {
		str_copy(r->server[i].host, CONF_HOST, k->server[i].host);
	}
	r->busy = true;
	return loop_work(k->table->loop, &r->work, run, done);
}

int resolve_start(struct trunk *k)
{
	bool names = false;
	int err;

	for (unsigned i = 0; i < k->conf.n_servers; i++) {
		struct trunk_server *s = &k->server[i];
		struct net_addr a;

		if (is_literal(s->host, &a)) {
			a.port = a.port ? a.port : default_port(k);
			s->addr[0] = a;
			s->n = 1;
		} else {
			names = true;
		}
	}
	if (!names) {
		return 0;
	}
	if (k->resolver->busy) {
		k->resolver->again = true;
		return 0;
	}
	err = begin(k);
	if (err) {
		k->resolver->busy = false;
		timer_start(k->table->loop, &k->refresh, on_refresh,
			    1000 * TRUNK_RETRY_S);
	}
	return err;
}

void resolve_stop(struct trunk *k)
{
	struct resolver *r = k->resolver;

	timer_stop(k->table->loop, &k->refresh);
	k->resolver = NULL;
	if (!r) {
		return;
	}
	if (r->busy && !r->work.defer.queued) {
		r->table = NULL; /* the helper thread has it: done() frees */
		return;
	}
	loop_defer_cancel(k->table->loop, &r->work.defer);
	free(r);
}
