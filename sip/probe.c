/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/probe.h"

#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/uri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct probe {
	struct txn_user user;
	struct probes *probes;
	pool_id self;
	txn_id txn;
	uint8_t trunk;
	struct net_addr to;
};

struct probes {
	struct loop *loop;
	struct sip_stack *stack;
	struct pool *pool;
	char user_agent[CONF_NAME];
};

/* --- what comes back --- */

static void answered(struct probe *p, bool good)
{
	trunk_probed(sip_stack_trunks(p->probes->stack), p->trunk, &p->to,
		     good);
}

/* Its 503 says for how long it is better left: calls try others first, until
 * the next answer. To be told once, and call nobody for an hour, would be too
 * much for a server that may be back in a minute. */
static void stand_back(const struct probe *p, const struct sip_msg *m)
{
	struct trunk_table *t = sip_stack_trunks(p->probes->stack);
	int most = trunk_conf(t, p->trunk)->wire.options_s;
	int s = sip_msg_status(m) == 503 ? sip_msg_retry_after(m) : 0;

	if (s > 0) {
		trunk_server_down(t, p->trunk, &p->to,
				  INT64_C(1000) * (s < most ? s : most));
	}
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	struct probe *p = container_of(u, struct probe, user);
	int status = sip_msg_status(m);

	if (status < 200) {
		return;
	}
	answered(p, !trunk_is_miss(status));
	stand_back(p, m);
	txn_detach(sip_stack_txns(p->probes->stack), id);
	pool_free(p->probes->pool, p->self);
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	struct probe *p = container_of(u, struct probe, user);

	(void)id;
	(void)why;
	answered(p, false);
	pool_free(p->probes->pool, p->self);
}

static const struct txn_user_ops probe_ops = {
	.on_response = on_response,
	.on_fail = on_fail,
};

/* --- asking --- */

/* Who we are: contact_host of the trunk, else the address. */
static const char *own_host(const struct probes *s, const struct sip_path *path,
			    char text[CONF_HOST])
{
	const struct conf_trunk *c =
		trunk_conf(sip_stack_trunks(s->stack), path->trunk);
	char address[NET_STR_MAX];
	struct net_addr local;

	sip_stack_local(s->stack, path, &local);
	str_copy(text, CONF_HOST, c->wire.contact[0]
					  ? c->wire.contact
					  : net_str(&local, address));
	return text;
}

static void add_contact(const char *host, const struct sip_path *path,
			struct sip_msg *m)
{
	static const char *const params[] = {"", ";transport=tcp",
					     ";transport=tls"};
	char text[CONF_HOST + 32];

	snprintf(text, sizeof(text), "<sip:%s%s>", host, params[path->proto]);
	(void)sip_msg_add(m, "Contact", text);
}

static struct sip_msg *build(const struct probes *s,
			     const struct sip_path *path)
{
	char uri[CONF_HOST + 8], to[CONF_HOST + 16], from[CONF_HOST + 64];
	char own[CONF_HOST];
	char call_id[SIP_TAG_LEN + NET_STR_MAX], tag[SIP_TAG_LEN];
	char token[SIP_TAG_LEN], text[NET_STR_MAX], host[CONF_HOST];
	char route[CONF_HOST + 32];
	struct sip_request r = {.method = "OPTIONS", .uri = uri, .from = from,
				.to = to, .call_id = call_id, .cseq = 1};
	struct net_addr local;
	struct sip_msg *m;

	sip_token(tag);
	sip_token(token);
	sip_stack_local(s->stack, path, &local);
	trunk_domain(sip_stack_trunks(s->stack), path->trunk, &path->remote,
		     host);
	snprintf(uri, sizeof(uri), "sip:%s", host);
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(from, sizeof(from), "<sip:%s>;tag=%s", own_host(s, path, own),
		 tag);
	snprintf(call_id, sizeof(call_id), "%s@%s", token,
		 net_ip_str(&local, text));
	m = sip_request_new(&r);
	if (m && s->user_agent[0]) {
		(void)sip_msg_add(m, "User-Agent", s->user_agent);
	}
	if (m) {
		add_contact(own, path, m);
		(void)sip_msg_add(m, "Accept", SIP_ACCEPT);
	}
	trunk_route(sip_stack_trunks(s->stack), path->trunk, route,
		    sizeof(route));
	if (m && route[0]) {
		(void)sip_msg_add(m, "Route", route);
	}
	return m;
}

static void ask(struct probes *s, const struct sip_path *path)
{
	pool_id self;
	struct probe *p = pool_alloc(s->pool, &self);
	struct sip_msg *m = p ? build(s, path) : NULL;

	if (!m) {
		pool_free(s->pool, p ? self : 0);
		return;
	}
	*p = (struct probe){.user = {&probe_ops},
			    .probes = s,
			    .self = self,
			    .trunk = path->trunk,
			    .to = path->remote};
	if (txn_request(sip_stack_txns(s->stack), &p->user, m, path,
			&p->txn)) {
		pool_free(s->pool, self);
	}
}

static void keep_flows(struct probes *s, unsigned trunk)
{
	struct trunk_table *t = sip_stack_trunks(s->stack);
	struct sip_path path;
	int failed;

	while ((failed = trunk_keep_next(t, trunk, &path)) >= 0) {
		if (failed) {
			sip_stack_flow_failed(s->stack, &path, -ETIMEDOUT);
		} else {
			(void)sip_stack_keep(s->stack, &path);
		}
	}
}

void probes_tick(struct probes *s)
{
	struct trunk_table *t = sip_stack_trunks(s->stack);
	struct sip_path path;

	for (unsigned i = 0; i < trunk_count(t); i++) {
		while (!trunk_probe_next(t, i, &path)) {
			ask(s, &path);
		}
		keep_flows(s, i);
	}
}

/* --- life --- */

struct probes *probes_new(struct loop *loop, struct sip_stack *stack,
			  const struct conf_sip *conf)
{
	struct probes *s = calloc(1, sizeof(*s));

	if (!s) {
		return NULL;
	}
	s->loop = loop;
	s->stack = stack;
	s->pool = pool_new(sizeof(struct probe), PROBES);
	if (!s->pool) {
		free(s);
		return NULL;
	}
	probes_reload(s, conf);
	return s;
}

void probes_reload(struct probes *s, const struct conf_sip *conf)
{
	str_copy(s->user_agent, sizeof(s->user_agent), conf->user_agent);
}

void probes_free(struct probes *s)
{
	pool_id id;

	if (!s) {
		return;
	}
	for (id = pool_next(s->pool, 0); id; id = pool_next(s->pool, id)) {
		struct probe *p = pool_get(s->pool, id);

		txn_detach(sip_stack_txns(s->stack), p->txn);
	}
	pool_destroy(s->pool);
	free(s);
}
