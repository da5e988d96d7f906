/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limits of conf: who keeps to them, and what is told of who does not. */
#include "sip/stack_priv.h"

#include "sip/peek.h"

void stack_take_limits(struct sip_stack *s, const struct conf_for_sip *conf)
{
	s->limits = conf->sip.limits;
	txn_layer_limit(s->txns, s->limits.transactions);
	for (unsigned i = 0; i < conf->n_trunks; i++) {
		txn_layer_limit_trunk(s->txns, i,
				      conf->trunks[i].wire.limits.transactions);
	}
}

static struct guard_event event_of(const struct sip_stack *s,
				   const struct sip_path *from)
{
	static const struct conf_limits none;
	const struct conf_trunk *c = trunk_conf(s->trunks, from->trunk);

	return (struct guard_event){
		.now = loop_now(s->loop),
		.source = &from->remote,
		.of_source = c ? &c->wire.limits : &none,
		.of_all = &s->limits,
	};
}

static void tell(const struct sip_stack *s, const struct guard_event *e,
		 const struct sip_path *from, const struct guard_breach *b)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, from->trunk);
	char text[NET_STR_MAX];

	if (!b->n) {
		return;
	}
	log_warn("trunk %s: %s: more than %s%s allows (%u), %u refused",
		 c ? c->name : "?", net_str(&from->remote, text),
		 b->total ? "sip." : "the trunk's ", guard_setting(b->limit),
		 guard_value(b->total ? e->of_all : e->of_source, b->limit),
		 b->n);
}

void stack_refused(struct sip_stack *s, const struct sip_path *from,
		   enum guard_limit limit, bool total)
{
	struct guard_event e = event_of(s, from);
	struct guard_breach b = {.limit = limit, .total = total};

	guard_refused(s->guard, &e, &b);
	tell(s, &e, from, &b);
}

bool stack_may_urge(const struct sip_stack *s, const struct sip_path *from)
{
	struct guard_event e = event_of(s, from);

	return guard_may_urge(s->guard, &e);
}

bool stack_urge(struct sip_stack *s, const struct arrival *a)
{
	struct guard_event e = event_of(s, &a->path);

	return stack_dials_emergency(s, a->data, a->len) &&
	       peek_is_new_call(a->data, a->len) && guard_urge(s->guard, &e);
}

bool stack_within_limits(struct sip_stack *s, const struct arrival *a)
{
	struct guard_event e = event_of(s, &a->path);
	struct guard_breach b;

	e.octets = a->len;
	if (peek_is_new_call(a->data, a->len)) {
		e.kind = a->urgent ? GUARD_EMERGENCY : GUARD_NEW_CALL;
	}
	if (guard_message(s->guard, &e, &b)) {
		return true;
	}
	tell(s, &e, &a->path, &b);
	return false;
}

/* --- connections --- */

/* The trunk of a connection that comes in is not known: the first that it can
 * be says what the source may. */
static struct sip_path with_trunk(const struct sip_stack *s,
				  const struct sip_path *path)
{
	uint64_t may = stack_candidates(s, path, true);
	struct sip_path out = *path;

	out.trunk = may ? (uint8_t)__builtin_ctzll(may) : 0;
	return out;
}

void stack_limits_of(struct sip_transport_user *u, const struct sip_path *path,
		     struct sip_conn_limits *out)
{
	const struct sip_stack *s = stack_of(u);
	struct sip_path from = with_trunk(s, path);
	struct guard_event e = event_of(s, &from);

	out->of_one = e.of_source->connections;
	out->half_open_of_one = e.of_source->handshakes;
	out->all = e.of_all->connections;
	if (e.of_all->handshakes) {
		out->half_open = e.of_all->handshakes;
	}
}

void stack_on_limit(struct sip_transport_user *u, const struct sip_path *path,
		    enum sip_conn_limit which)
{
	struct sip_stack *s = stack_of(u);
	struct sip_path from = with_trunk(s, path);
	bool half_open = which == SIP_HALF_OPEN_OF_ONE ||
			 which == SIP_HALF_OPEN_OF_ALL;

	stack_refused(s, &from,
		      half_open ? GUARD_HANDSHAKES : GUARD_CONNECTIONS,
		      which == SIP_CONNS_OF_ALL ||
			      which == SIP_HALF_OPEN_OF_ALL);
}
