/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stack.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX      8192
#define UNREACHABLE_MS 20

struct sip_stack {
	struct sip_transport_user transport_user;
	struct txn_owner txn_owner;
	struct loop *loop;
	struct sip_stack_user *user;
	struct sip_transport *transport;
	struct trunk_table *trunks;
	struct txn_layer *txns;
	struct sip_stack_stats stats;
	struct log_limit unknown_log, bad_log;
	struct net_addr unreachable; /* the last one */
	mono_t unreachable_until;
};

static unsigned dscp_of(const struct sip_stack *s, unsigned trunk)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);

	return c ? c->dscp : 0;
}

static int put_on_wire(struct sip_stack *s, struct sip_path *path,
		       const char *data, size_t len)
{
	int err = sip_transport_send(s->transport, path,
				     dscp_of(s, path->trunk), data, len);

	if (!err && s->user->ops->on_wire) {
		s->user->ops->on_wire(s->user, true, path, data, len);
	}
	return err;
}

/* --- what the transaction layer asks and tells --- */

static struct sip_stack *of_owner(struct txn_owner *o)
{
	return container_of(o, struct sip_stack, txn_owner);
}

static void on_request(struct txn_owner *o, txn_id id,
		       const struct sip_msg *m)
{
	struct sip_stack_user *u = of_owner(o)->user;

	u->ops->on_request(u, id, m);
}

static void on_ack(struct txn_owner *o, const struct sip_msg *m)
{
	struct sip_stack_user *u = of_owner(o)->user;

	u->ops->on_ack(u, m);
}

static int on_send(struct txn_owner *o, struct sip_path *path,
		   const char *data, size_t len)
{
	return put_on_wire(of_owner(o), path, data, len);
}

static void on_local(struct txn_owner *o, const struct sip_path *path,
		     struct net_addr *out)
{
	sip_stack_local(of_owner(o), path, out);
}

static unsigned on_udp_max(struct txn_owner *o, const struct sip_path *path)
{
	const struct conf_trunk *c =
		trunk_conf(of_owner(o)->trunks, path->trunk);

	return c ? c->wire.tcp_above : 0;
}

static const struct txn_owner_ops owner_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
	.send = on_send,
	.local = on_local,
	.udp_max = on_udp_max,
};

/* --- what the transport brings --- */

static void on_unknown(struct sip_stack *s, const struct net_addr *source)
{
	char text[NET_STR_MAX];
	unsigned n;

	s->stats.unknown_source++;
	n = log_allow(&s->unknown_log, loop_now(s->loop).ns);
	if (n) {
		/* The form is fixed: packaging's fail2ban filter reads it. */
		log_warn("sip: SecurityEvent unknown source %s, %u dropped",
			 net_str(source, text), n);
	}
}

static void on_faulty(struct sip_stack *s, struct sip_path *path,
		      const struct sip_gate_result *r, const char *data)
{
	char reply[REPLY_MAX], text[NET_STR_MAX];
	size_t len;
	unsigned n = 0;

	if (r->reason != SIP_GATE_KEEPALIVE) {
		n = log_allow(&s->bad_log, loop_now(s->loop).ns);
	}
	if (n) {
		log_warn("trunk %s: malformed SIP from %s: %s, %u refused",
			 trunk_conf(s->trunks, path->trunk)->name,
			 net_str(&path->remote, text),
			 sip_gate_reason_name(r->reason), n);
	}
	len = sip_gate_reply(r, data, &path->remote, reply, sizeof(reply));
	if (len) {
		put_on_wire(s, path, reply, len);
	}
}

static void on_message(struct sip_transport_user *u,
		       const struct sip_path *from, bool framed,
		       const char *data, size_t len)
{
	struct sip_stack *s = container_of(u, struct sip_stack, transport_user);
	int trunk = trunk_find(s->trunks, from->bind, &from->remote);
	struct sip_gate_result r;
	struct sip_path path = *from;
	struct sip_msg *m;

	if (trunk < 0) {
		on_unknown(s, &from->remote);
		return;
	}
	path.trunk = (uint8_t)trunk;
	sip_gate_check(data, len, &r, &s->stats.gate);
	if (!framed && r.verdict == SIP_GATE_PASS) {
		sip_gate_refuse(data, &r, SIP_GATE_CONTENT_LENGTH,
				&s->stats.gate);
	}
	if (s->user->ops->on_wire && r.reason != SIP_GATE_KEEPALIVE) {
		s->user->ops->on_wire(s->user, false, &path, data, len);
	}
	if (r.verdict != SIP_GATE_PASS) {
		on_faulty(s, &path, &r, data);
		return;
	}
	m = sip_msg_parse(data, &r);
	if (!m) {
		sip_gate_refuse(data, &r, SIP_GATE_PARSER, &s->stats.gate);
		on_faulty(s, &path, &r, data);
		return;
	}
	m->path = path;
	txn_input(s->txns, m);
}

static bool on_accept(struct sip_transport_user *u, const struct sip_path *from)
{
	struct sip_stack *s = container_of(u, struct sip_stack, transport_user);

	if (trunk_find(s->trunks, from->bind, &from->remote) >= 0) {
		return true;
	}
	on_unknown(s, &from->remote);
	return false;
}

static void conn_conf_of(struct sip_transport_user *u,
			 const struct sip_path *path, struct sip_conn_conf *out)
{
	const struct sip_stack *s =
		container_of(u, struct sip_stack, transport_user);
	const struct conf_trunk *c = trunk_conf(s->trunks, path->trunk);

	if (c) {
		out->dscp = c->dscp;
		out->keepalive_ms = 1000u * c->wire.keepalive_s;
	}
}

/* A peer that is gone answers every datagram so: look through the
 * transactions once in a while, not for each. */
static void on_unreachable(struct sip_transport_user *u,
			   const struct sip_path *to, int err)
{
	struct sip_stack *s = container_of(u, struct sip_stack, transport_user);
	int trunk = trunk_find(s->trunks, to->bind, &to->remote);
	mono_t now = loop_now(s->loop);

	(void)err;
	if (trunk < 0 || (now.ns < s->unreachable_until.ns &&
			  net_addr_eq(&s->unreachable, &to->remote))) {
		return;
	}
	s->unreachable = to->remote;
	s->unreachable_until = mono_add_ms(now, UNREACHABLE_MS);
	s->stats.unreachable++;
	trunk_server_down(s->trunks, (unsigned)trunk, &to->remote,
			  TRUNK_DOWN_MS);
	txn_unreachable(s->txns, to);
}

static void on_flow_down(struct sip_transport_user *u,
			 const struct sip_path *path, int err)
{
	struct sip_stack *s = container_of(u, struct sip_stack, transport_user);

	txn_flow_down(s->txns, path->flow);
	if (s->user->ops->on_flow_down) {
		s->user->ops->on_flow_down(s->user, path, err);
	}
}

static const struct sip_transport_user_ops transport_ops = {
	.on_message = on_message,
	.on_unreachable = on_unreachable,
	.on_accept = on_accept,
	.conf_of = conn_conf_of,
	.on_flow_down = on_flow_down,
};

/* --- life --- */

struct sip_stack *sip_stack_new(struct loop *loop,
				const struct conf_for_sip *conf,
				struct sip_stack_user *user, unsigned max)
{
	struct sip_stack *s = calloc(1, sizeof(*s));
	struct sip_bind binds[SIP_BINDS];
	unsigned n;

	if (!s) {
		return NULL;
	}
	s->loop = loop;
	s->user = user;
	s->transport_user.ops = &transport_ops;
	s->txn_owner.ops = &owner_ops;
	n = sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds);
	s->trunks = trunk_table_new(loop, conf);
	if (!s->trunks) {
		goto fail;
	}
	s->transport = sip_transport_new(loop, &s->transport_user, binds, n);
	if (!s->transport) {
		goto fail;
	}
	s->txns = txn_layer_new(loop, &s->txn_owner, conf->sip.t1_ms,
				max ? max : SIP_STACK_TXNS);
	if (!s->txns) {
		goto fail;
	}
	return s;
fail:
	sip_stack_free(s);
	errno = ENOMEM;
	return NULL;
}

void sip_stack_free(struct sip_stack *s)
{
	if (!s) {
		return;
	}
	txn_layer_free(s->txns);
	sip_transport_free(s->transport);
	trunk_table_free(s->trunks);
	free(s);
}

int sip_stack_reload(struct sip_stack *s, const struct conf_for_sip *conf)
{
	return trunk_table_reload(s->trunks, conf);
}

struct txn_layer *sip_stack_txns(struct sip_stack *s)
{
	return s->txns;
}

struct trunk_table *sip_stack_trunks(struct sip_stack *s)
{
	return s->trunks;
}

struct sip_transport *sip_stack_transport(struct sip_stack *s)
{
	return s->transport;
}

const struct sip_stack_stats *sip_stack_stats(const struct sip_stack *s)
{
	return &s->stats;
}

void sip_stack_local(struct sip_stack *s, const struct sip_path *path,
		     struct net_addr *out)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, path->trunk);

	sip_transport_local(s->transport, path->bind, &path->remote, out);
	if (c && c->wire.external.family == out->family) {
		memcpy(out->ip, c->wire.external.ip, sizeof(out->ip));
		out->port = c->wire.external.port ? c->wire.external.port
						  : out->port;
	}
}
