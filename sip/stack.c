/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stack_priv.h"

#include "sip/keep.h"
#include "sip/via.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNREACHABLE_MS	 20
#define TELL_MS		 60000 /* a peer's refusals */
#define TELL_STRANGER_MS 1000

static unsigned dscp_of(const struct sip_stack *s, unsigned trunk)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);

	return c ? c->wire.dscp : 0;
}

int stack_put_on_wire(struct sip_stack *s, struct sip_path *path,
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

static void on_stray_2xx(struct txn_owner *o, const struct sip_msg *m)
{
	struct sip_stack_user *u = of_owner(o)->user;

	if (u->ops->on_stray_2xx)
		u->ops->on_stray_2xx(u, m);
}

static int on_send(struct txn_owner *o, struct sip_path *path,
		   const char *data, size_t len)
{
	return stack_put_on_wire(of_owner(o), path, data, len);
}

static void on_local(struct txn_owner *o, const struct sip_path *path,
		     struct net_addr *out)
{
	sip_stack_local(of_owner(o), path, out);
}

/* --- header rules: nothing else changes a message, before or behind --- */

static void on_rewrite(struct txn_owner *o, struct txn_printed *p)
{
	struct sip_stack *s = of_owner(o);
	struct rules_job job = {
		.trunk = p->path->trunk,
		.way = CONF_RULE_OUT,
		.derived = p->derived,
	};
	struct rules_made made;

	if (rules_any(s->rules, job.trunk, job.way) &&
	    rules_apply(s->rules, &job, p->msg, p->wire, p->len, &made)) {
		free(p->wire);
		p->wire = made.text;
		p->len = made.len;
		p->sent = made.msg;
	}
}

/* Takes m, returns what goes on in its place. */
static struct sip_msg *rewrite_received(struct sip_stack *s, struct sip_msg *m,
					const char *data, size_t len)
{
	int trunk = sip_msg_is_request(m) ? m->path.trunk
					  : txn_trunk_of(s->txns, m);
	struct rules_job job = {.way = CONF_RULE_IN};
	struct rules_made made;

	if (trunk < 0 || !rules_any(s->rules, (unsigned)trunk, job.way)) {
		return m;
	}
	job.trunk = (uint8_t)trunk;
	if (!rules_apply(s->rules, &job, m, data, len, &made)) {
		return m;
	}
	free(made.text);
	if (sip_msg_succeeds(made.msg, m)) {
		sip_msg_free(made.msg);
		return m;
	}
	sip_msg_free(m);
	return made.msg;
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
	.on_stray_2xx = on_stray_2xx,
	.send = on_send,
	.local = on_local,
	.rewrite = on_rewrite,
	.udp_max = on_udp_max,
};

/* --- what the transport brings --- */

/* How many events of that source a line is to tell of now; 0: none. */
static unsigned strange_events(struct sip_stack *s, const struct net_addr *from)
{
	struct guard_event e = {.now = loop_now(s->loop), .source = from};
	struct guard_breach b = {.limit = GUARD_MESSAGES};

	guard_refused(s->strangers, &e, &b);
	return b.n && bucket_take(&s->security, e.now, SIP_STACK_SECURITY_PER_S)
		       ? b.n
		       : 0;
}

/* In the form that fail2ban's filter for Asterisk knows. */
static void security_event(struct sip_stack *s, const struct sip_path *from,
			   const char *event, const char *why)
{
	static const char *const protos[] = {"UDP", "TCP", "TLS"};
	char text[NET_STR_MAX];
	unsigned n = strange_events(s, &from->remote);

	if (!n) {
		return;
	}
	log_warn("SECURITY[%d] sip/stack.c: SecurityEvent=\"%s\","
		 "Severity=\"Error\",Service=\"SIP\","
		 "RemoteAddress=\"IPV%u/%s/%s/%u\",Reason=\"%s\","
		 "Dropped=\"%u\"",
		 (int)getpid(), event, from->remote.family,
		 protos[from->proto], net_ip_str(&from->remote, text),
		 from->remote.port, why, n);
}

static void on_unknown(struct sip_stack *s, const struct sip_path *from)
{
	s->stats.unknown_source++;
	security_event(s, from, "FailedACL", "unknown source");
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
		log_warn("trunk %s: %s from %s: %s, %u refused",
			 trunk_conf(s->trunks, path->trunk)->name,
			 r->reason == SIP_GATE_NOBODY ? "a call for no trunk"
						      : "malformed SIP",
			 net_str(&path->remote, text),
			 sip_gate_reason_name(r->reason), n);
	}
	len = sip_gate_reply(r, data, &path->remote, reply, sizeof(reply));
	if (len) {
		stack_put_on_wire(s, path, reply, len);
	}
}

/* Only so many a second from outside are worth looking at. */
static bool outside_allowed(struct sip_stack *s)
{
	bool ok = bucket_take(&s->outside, loop_now(s->loop),
			      SIP_STACK_OUTSIDE_PER_S);

	s->stats.outside_dropped += !ok;
	return ok;
}

bool stack_find_trunks(struct sip_stack *s, struct arrival *a)
{
	const struct sip_path *p = &a->path;
	bool named = false;
	uint64_t of_flow =
		p->flow ? sip_transport_trunks(s->transport, p->flow, &named)
			: UINT64_MAX;

	a->trunks = trunk_sources(s->trunks, p->bind, &p->remote) & of_flow;
	if (!a->trunks && named) {
		/* We connected there, or its certificate says who it is. */
		a->trunks = of_flow;
	}
	if (!a->trunks) {
		a->outside = true;
		a->trunks = trunk_open_to_all(s->trunks, p->bind) & of_flow;
		if (!a->trunks || !outside_allowed(s)) {
			on_unknown(s, p);
			return false;
		}
	}
	a->path.trunk = (uint8_t)__builtin_ctzll(a->trunks);
	return true;
}

/* Who says something is there, but for an answer to OPTIONS that is none. */
static void heard(struct sip_stack *s, const struct arrival *a,
		  const struct sip_msg *m)
{
	if (sip_msg_is(m, "OPTIONS") && trunk_is_miss(sip_msg_status(m))) {
		return;
	}
	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		if (a->trunks >> i & 1) {
			trunk_heard(s->trunks, i, &a->path.remote);
		}
	}
}

/* To which trunk of several it belongs. False: to none; it is refused, or, from
 * outside, there is silence. */
static bool choose_trunk(struct sip_stack *s, struct arrival *a,
			 struct sip_gate_result *r, struct sip_msg *m)
{
	struct sip_stack_user *u = s->user;
	int trunk;

	m->path = a->path;
	m->trunks = a->trunks;
	m->urgent = a->urgent;
	if (!sip_msg_is_request(m)) {
		heard(s, a, m);
		return true; /* its transaction knows the trunk */
	}
	trunk = trunk_match(s->trunks, a->trunks, a->outside, m);
	if (trunk >= 0) {
		a->path.trunk = m->path.trunk = (uint8_t)trunk;
		heard(s, a, m);
		if (a->path.proto == SIP_TLS && via_alias(m)) {
			sip_transport_alias(s->transport, a->path.flow,
					    (unsigned)trunk, via_alias(m));
		}
		return true;
	}
	/* Within a dialog the tags say it, which nobody can guess. */
	trunk = *sip_msg_to_tag(m) && u->ops->dialog_trunk
			? u->ops->dialog_trunk(u, m)
			: -1;
	if (trunk >= 0 && (a->trunks >> trunk & 1)) {
		a->path.trunk = m->path.trunk = (uint8_t)trunk;
	}
	if (*sip_msg_to_tag(m) && (!a->outside || trunk >= 0)) {
		return true;
	}
	s->stats.nobodys++;
	sip_gate_refuse(a->data, r, SIP_GATE_NOBODY, &s->stats.gate);
	if (a->outside) {
		security_event(s, &a->path, "InvalidAccountID", "no token");
	} else {
		on_faulty(s, &a->path, r, a->data);
	}
	return false;
}

static void refuse_arrival(struct sip_stack *s, struct arrival *a,
			   const struct sip_gate_result *r)
{
	if (a->outside) {
		security_event(s, &a->path, "FailedACL", "malformed");
	} else {
		on_faulty(s, &a->path, r, a->data);
	}
}

/* --- keep-alive of UDP: STUN (RFC 5626 3.5.2) --- */

int sip_stack_keep(struct sip_stack *s, struct sip_path *path)
{
	uint8_t out[STUN_MAX];
	size_t len = sip_keep_request(&s->keep, loop_now(s->loop), out);

	if (!len) {
		return -EIO;
	}
	s->stats.stun_sent++;
	return sip_transport_send(s->transport, path, dscp_of(s, path->trunk),
				  (const char *)out, len);
}

void sip_stack_flow_failed(struct sip_stack *s, const struct sip_path *path,
			   int err)
{
	if (s->user->ops->on_flow_down) {
		s->user->ops->on_flow_down(s->user, path, err);
	}
}

static void on_mapped(struct sip_stack *s, const struct arrival *a,
		      const struct net_addr *us)
{
	struct sip_path path = a->path;

	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		enum trunk_mapping is;

		if (!(a->trunks >> i & 1)) {
			continue;
		}
		trunk_heard(s->trunks, i, &path.remote);
		is = trunk_kept(s->trunks, i, &path.remote, us);
		if (is != TRUNK_MAPPED_SAME) {
			sip_keep_seen(&s->keep, loop_now(s->loop),
				      trunk_conf(s->trunks, i)->name,
				      &path.remote, us);
		}
		path.trunk = (uint8_t)i;
		if (is == TRUNK_MAPPED_OTHER) {
			sip_stack_flow_failed(s, &path, -ECONNRESET);
		}
	}
}

static void on_stun(struct sip_stack *s, struct arrival *a)
{
	struct net_addr us;
	uint8_t out[STUN_MAX];
	size_t len;

	switch (stun_kind_of(a->data, a->len)) {
	case STUN_REQUEST:
		s->stats.stun_asked++;
		len = stun_answer(a->data, &a->path.remote, out);
		(void)sip_transport_send(s->transport, &a->path,
					 dscp_of(s, a->path.trunk),
					 (const char *)out, len);
		break;
	case STUN_ANSWER:
		if (stun_mapped(a->data, a->len, s->keep.id, &us)) {
			s->stats.stun_answers++;
			on_mapped(s, a, &us);
		}
		break;
	case STUN_NONE:
		break;
	}
}

static void on_arrival(struct sip_stack *s, struct arrival *a)
{
	struct sip_gate_result r;
	struct sip_msg *m;

	sip_gate_check(a->data, a->len, &r, &s->stats.gate);
	if (!a->framed && r.verdict == SIP_GATE_PASS) {
		sip_gate_refuse(a->data, &r, SIP_GATE_CONTENT_LENGTH,
				&s->stats.gate);
	}
	if (s->user->ops->on_wire && r.reason != SIP_GATE_KEEPALIVE) {
		s->user->ops->on_wire(s->user, false, &a->path, a->data,
				      a->len);
	}
	if (r.reason == SIP_GATE_KEEPALIVE && a->path.proto == SIP_UDP &&
	    !a->outside) {
		on_stun(s, a);
		return;
	}
	if (r.verdict != SIP_GATE_PASS) {
		refuse_arrival(s, a, &r);
		return;
	}
	m = sip_msg_parse(a->data, &r);
	if (!m) {
		sip_gate_refuse(a->data, &r, SIP_GATE_PARSER, &s->stats.gate);
		refuse_arrival(s, a, &r);
	} else if (choose_trunk(s, a, &r, m)) {
		txn_input(s->txns,
			  rewrite_received(s, m, a->data, a->len));
	} else {
		sip_msg_free(m);
	}
}

static bool on_accept(struct sip_transport_user *u, const struct sip_path *from)
{
	struct sip_stack *s = stack_of(u);

	if (trunk_sources(s->trunks, from->bind, &from->remote) ||
	    (trunk_open_to_all(s->trunks, from->bind) && outside_allowed(s))) {
		return true;
	}
	on_unknown(s, from);
	return false;
}

static void conn_conf_of(struct sip_transport_user *u,
			 const struct sip_path *path, struct sip_conn_conf *out)
{
	const struct sip_stack *s = stack_of(u);
	const struct conf_trunk *c = trunk_conf(s->trunks, path->trunk);

	if (c) {
		out->dscp = c->wire.dscp;
		out->keepalive_ms =
			1000u * (c->wire.keepalive_s || !c->reg.outbound
					 ? c->wire.keepalive_s
					 : TRUNK_KEEP_CONN_S);
		out->tls = trunk_tls_of(s->tls, path->trunk);
		trunk_tls_server_name(s->tls, path->trunk,
				       out->server_name);
	}
}

/* --- TLS --- */

uint64_t stack_candidates(const struct sip_stack *s,
			  const struct sip_path *path, bool inbound)
{
	uint64_t known;

	if (!inbound) {
		return UINT64_C(1) << path->trunk;
	}
	known = trunk_sources(s->trunks, path->bind, &path->remote);
	return known ? known : trunk_open_to_all(s->trunks, path->bind);
}

static struct sip_tls *on_tls_for(struct sip_transport_user *u,
				  const struct sip_path *path, const char *name)
{
	const struct sip_stack *s = stack_of(u);

	return trunk_tls_choose(s->tls, stack_candidates(s, path, true), name);
}

static uint64_t on_secured(struct sip_transport_user *u,
			   const struct sip_path *path, bool inbound,
			   const struct sip_tls_session *session, bool *named)
{
	struct sip_stack *s = stack_of(u);
	uint64_t may = stack_candidates(s, path, inbound);
	uint64_t are = trunk_tls_peer(s->tls, may, inbound, session, named);

	if (!are) {
		trunk_tls_misnamed(s->tls, may, &path->remote, session);
	}
	return are;
}

static void on_insecure(struct sip_transport_user *u,
			const struct sip_path *path, bool inbound,
			const char *why)
{
	struct sip_stack *s = stack_of(u);

	trunk_tls_failed(s->tls, stack_candidates(s, path, inbound),
			  &path->remote, why);
}

/* A peer that is gone answers every datagram so: look through the
 * transactions once in a while, not for each. */
static void on_unreachable(struct sip_transport_user *u,
			   const struct sip_path *to, int err)
{
	struct sip_stack *s = stack_of(u);
	uint64_t trunks = stack_candidates(s, to, !to->flow);
	mono_t now = loop_now(s->loop);

	if (!trunks || (now.ns < s->unreachable_until.ns &&
			  net_addr_eq(&s->unreachable, &to->remote))) {
		return;
	}
	s->unreachable = to->remote;
	s->unreachable_until = mono_add_ms(now, UNREACHABLE_MS);
	s->stats.unreachable++;
	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		if (trunks >> i & 1) {
			trunk_unreachable(s->trunks, i, &to->remote,
					  strerror(err));
		}
	}
	txn_unreachable(s->txns, to);
}

static void on_flow_down(struct sip_transport_user *u,
			 const struct sip_path *path, int err)
{
	struct sip_stack *s = stack_of(u);

	txn_flow_down(s->txns, path->flow);
	sip_stack_flow_failed(s, path, err);
}

static void on_message(struct sip_transport_user *u,
		       const struct sip_path *from, bool framed,
		       const char *data, size_t len)
{
	struct sip_stack *s = stack_of(u);
	struct arrival a = {
		.path = *from, .framed = framed, .data = data, .len = len};

	if (!stack_find_trunks(s, &a)) {
		return;
	}
	a.urgent = stack_urge(s, &a);
	if (!stack_within_limits(s, &a)) {
		return;
	}
	if (stack_is_left_alone(s, &a)) {
		s->stats.shed_full++;
	} else {
		on_arrival(s, &a);
	}
}

static const struct sip_transport_user_ops transport_ops = {
	.is_behind = stack_is_behind,
	.on_shed = stack_on_shed,
	.on_message = on_message,
	.on_unreachable = on_unreachable,
	.on_accept = on_accept,
	.limits_of = stack_limits_of,
	.on_limit = stack_on_limit,
	.conf_of = conn_conf_of,
	.tls_for = on_tls_for,
	.on_secured = on_secured,
	.on_insecure = on_insecure,
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
	s->guard = guard_new(TELL_MS);
	s->strangers = guard_new(TELL_STRANGER_MS);
	if (!s->guard || !s->strangers) {
		goto fail;
	}
	n = sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds);
	s->trunks = trunk_table_new(loop, conf);
	if (!s->trunks) {
		goto fail;
	}
	s->rules = rules_new(conf);
	if (!s->rules) {
		goto fail;
	}
	s->tls = trunk_tls_new(loop, s->trunks, conf->file);
	if (!s->tls) {
		goto fail;
	}
	s->transport = sip_transport_new(loop, &s->transport_user, binds, n);
	if (!s->transport) {
		goto fail;
	}
	stack_take_emergency(s, conf);
	s->txns = txn_layer_new(loop, &s->txn_owner, conf->sip.t1_ms,
				max ? max : SIP_STACK_TXNS);
	if (!s->txns) {
		goto fail;
	}
	stack_take_limits(s, conf);
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
	trunk_tls_free(s->tls);
	rules_free(s->rules);
	trunk_table_free(s->trunks);
	guard_free(s->guard);
	guard_free(s->strangers);
	free(s);
}

int sip_stack_reload(struct sip_stack *s, const struct conf_for_sip *conf)
{
	struct rules *rules = rules_new(conf);
	int err;

	if (!rules) {
		return -ENOMEM;
	}
	err = trunk_table_reload(s->trunks, conf);
	if (err) {
		rules_free(rules);
		return err;
	}
	rules_free(s->rules);
	s->rules = rules;
	stack_take_emergency(s, conf);
	stack_take_limits(s, conf);
	return 0;
}

struct txn_layer *sip_stack_txns(struct sip_stack *s)
{
	return s->txns;
}

struct rules *sip_stack_rules(struct sip_stack *s)
{
	return s->rules;
}

struct trunk_table *sip_stack_trunks(struct sip_stack *s)
{
	return s->trunks;
}

struct sip_transport *sip_stack_transport(struct sip_stack *s)
{
	return s->transport;
}

struct trunk_tls *sip_stack_tls(struct sip_stack *s)
{
	return s->tls;
}

const struct guard *sip_stack_guard(const struct sip_stack *s)
{
	return s->guard;
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
