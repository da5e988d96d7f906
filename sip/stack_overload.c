/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More new calls than we can take: who is told, and who is taken all the
 * same. */
#include "sip/stack_priv.h"

#include "sip/peek.h"

#include <string.h>

void stack_take_emergency(struct sip_stack *s, const struct conf_for_sip *conf)
{
	s->n_emergency = conf->n_emergency;
	memcpy(s->emergency, conf->emergency, sizeof(s->emergency));
	sip_transport_urgent(s->transport,
			     (const char(*)[CONF_NUMBER])s->emergency,
			     s->n_emergency);
}

bool stack_dials_emergency(const struct sip_stack *s, const char *data,
			   size_t len)
{
	return peek_dials(data, len, (const char(*)[CONF_NUMBER])s->emergency,
			  s->n_emergency);
}

/* Without a transaction, from what the gate has seen. */
static void answer_busy(struct sip_stack *s, struct sip_path *path,
			const char *data, size_t len)
{
	struct sip_gate_result r;
	char reply[REPLY_MAX];
	size_t n;

	sip_gate_check(data, len, &r, &s->stats.gate);
	if (r.verdict != SIP_GATE_PASS) {
		return;
	}
	sip_gate_refuse(data, &r, SIP_GATE_BUSY, &s->stats.gate);
	n = sip_gate_reply(&r, data, &path->remote, reply, sizeof(reply));
	if (n && !stack_put_on_wire(s, path, reply, n)) {
		s->stats.shed_answered++;
	}
}

/* By datagrams some are answered, the others will be sent again; a
 * connection loses nothing, so there all of them must be. */
static bool is_told(struct sip_stack *s, const struct sip_path *from)
{
	return from->flow ||
	       bucket_take(&s->shed, loop_now(s->loop), SIP_STACK_BUSY_PER_S);
}

bool stack_on_shed(struct sip_transport_user *u, const struct sip_path *from,
		   const char *data, size_t len)
{
	struct sip_stack *s = stack_of(u);
	struct arrival a = {.path = *from};

	if (stack_dials_emergency(s, data, len)) {
		if (!stack_find_trunks(s, &a)) {
			return false;
		}
		if (stack_may_urge(s, &a.path)) {
			s->stats.shed_emergency++;
			return true;
		}
	}
	if (is_told(s, from) && stack_find_trunks(s, &a)) {
		answer_busy(s, &a.path, data, len);
	}
	return false;
}

bool stack_is_behind(struct sip_transport_user *u)
{
	struct sip_stack_user *user = stack_of(u)->user;

	return user->ops->is_behind && user->ops->is_behind(user);
}

bool stack_is_left_alone(struct sip_stack *s, struct arrival *a)
{
	bool crowded = txn_is_crowded(s->txns, a->path.trunk);

	if ((!crowded && !stack_is_behind(&s->transport_user)) ||
	    !peek_is_new_call(a->data, a->len)) {
		return false;
	}
	if (a->urgent) {
		s->stats.shed_emergency++;
		return false;
	}
	if (is_told(s, &a->path)) {
		answer_busy(s, &a->path, a->data, a->len);
	}
	if (crowded) {
		stack_refused(s, &a->path, GUARD_TRANSACTIONS,
			      !txn_trunk_is_full(s->txns, a->path.trunk));
	}
	return true;
}
