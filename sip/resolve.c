/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Servers of the file to addresses, kept until better ones come. */
#include "sip/trunk_priv.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TTL_LEAST_S 30
#define TTL_MOST_S  3600

static uint8_t server_index(const struct trunk_server *s)
{
	return (uint8_t)(s - s->trunk->server);
}

/* --- the targets of a trunk --- */

static bool is_same(const struct trunk_target *t, const struct dns_target *at,
		    uint8_t server)
{
	return t->server == server && t->at.proto == at->proto &&
	       net_addr_eq(&t->at.addr, &at->addr);
}

/* Among those of the others, in the order of the file; what is known of one
 * that stays is kept. */
bool resolve_put(struct trunk *k, uint8_t server, const struct dns_target *at,
		 unsigned n)
{
	struct trunk_target old[TRUNK_TARGETS];
	unsigned n_old = k->n_targets, kept = 0;

	memcpy(old, k->target, sizeof(old));
	k->n_targets = 0;
	for (unsigned i = 0; i < n_old && old[i].server < server; i++) {
		k->target[k->n_targets++] = old[i];
	}
	for (unsigned i = 0; i < n && k->n_targets < TRUNK_TARGETS; i++) {
		struct trunk_target *t = &k->target[k->n_targets++];

		memset(t, 0, sizeof(*t));
		for (unsigned j = 0; j < n_old; j++) {
			if (is_same(&old[j], &at[i], server)) {
				*t = old[j];
				kept++;
			}
		}
		t->at = at[i];
		t->server = server;
	}
	for (unsigned i = 0; i < n_old && k->n_targets < TRUNK_TARGETS; i++) {
		if (old[i].server > server) {
			k->target[k->n_targets++] = old[i];
		}
	}
	return kept != n || n_old != k->n_targets;
}

/* --- lookups --- */

static void on_refresh(struct timer *);

static uint32_t next_time(const struct dns_lookup *l)
{
	if (l->error) {
		return TRUNK_RETRY_S;
	}
	return l->ttl_s < TTL_LEAST_S  ? TTL_LEAST_S
	       : l->ttl_s > TTL_MOST_S ? TRUNK_REFRESH_S
				       : l->ttl_s;
}

static void on_answer(struct dns_lookup *l)
{
	struct trunk_server *s = container_of(l, struct trunk_server, lookup);
	struct trunk *k = s->trunk;

	if (l->error) { /* the former answer goes on */
		k->stats.resolve_failed++;
		if (!s->warned) {
			log_warn("trunk %s: %s:%u: cannot resolve %s: %s",
				 k->conf.name, k->table->file,
				 k->conf.wire.server_line, s->host, l->error);
		}
	} else if (resolve_put(k, server_index(s), l->target, l->n)) {
		log_info("trunk %s: %s has %u addresses", k->conf.name, s->host,
			 l->n);
		trunk_shuffle(k);
		trunk_index(k->table);
	}
	s->warned = l->error != NULL;
	s->untold = s->untold || !l->error;
	timer_start(k->table->loop, &s->refresh, on_refresh,
		    1000 * (int64_t)next_time(l));
}

/* Of the addresses we can send from; 0 = both. */
static uint8_t family_of(const struct trunk *k)
{
	bool v4 = false, v6 = false;

	for (unsigned tls = 0; tls < 2; tls++) {
		v4 = v4 || k->bind[tls][0] != TRUNK_NO_BIND;
		v6 = v6 || k->bind[tls][1] != TRUNK_NO_BIND;
	}
	return v4 == v6 ? 0 : v6 ? 6 : 4;
}

/* "name:port" or "name". */
static bool split(const char *server, struct dns_lookup *l)
{
	const char *colon = strrchr(server, ':');
	uint32_t port = 0;

	if (colon && str_to_u32(colon + 1, 65535, &port)) {
		return false;
	}
	l->port = (uint16_t)port;
	return str_copy_n(l->host, sizeof(l->host), server,
			  colon ? (size_t)(colon - server) : strlen(server));
}

static void look_up(struct trunk_server *s)
{
	struct trunk *k = s->trunk;
	struct trunk_table *t = k->table;

	if (!t->dns) {
		t->dns = dns_new(t->loop, t->dns_servers);
	}
	if (!t->dns || !split(s->host, &s->lookup)) {
		log_warn("trunk %s: cannot look up %s", k->conf.name, s->host);
		timer_start(t->loop, &s->refresh, on_refresh,
			    1000 * TRUNK_RETRY_S);
		return;
	}
	s->lookup.transport = k->conf.transport;
	s->lookup.family = family_of(k);
	s->lookup.done = on_answer;
	dns_start(t->dns, &s->lookup);
}

static void on_refresh(struct timer *timer)
{
	struct trunk_server *s =
		container_of(timer, struct trunk_server, refresh);

	if (dns_is_busy(&s->lookup)) { /* of before a reload */
		timer_start(s->trunk->table->loop, timer, on_refresh, 1000);
	} else {
		look_up(s);
	}
}

static void start_server(struct trunk_server *s)
{
	struct trunk *k = s->trunk;
	struct dns_target t = {.proto = SIP_UDP};

	if (net_parse(&t.addr, s->host) < 0) {
		on_refresh(&s->refresh);
		return;
	}
	t.proto = k->conf.transport == CONF_TLS	  ? SIP_TLS
		  : k->conf.transport == CONF_TCP ? SIP_TCP
						  : SIP_UDP;
	if (!t.addr.port) {
		t.addr.port = t.proto == SIP_TLS ? SIP_TLS_PORT : SIP_PORT;
	}
	resolve_put(k, server_index(s), &t, 1);
}

void resolve_start(struct trunk *k)
{
	for (unsigned i = 0; i < k->n_servers; i++) {
		start_server(&k->server[i]);
	}
	trunk_shuffle(k);
}

void resolve_stop(struct trunk *k)
{
	for (unsigned i = 0; i < CONF_SERVERS; i++) {
		timer_stop(k->table->loop, &k->server[i].refresh);
		dns_cancel(&k->server[i].lookup);
	}
}
