/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core that was killed (gateway/cc.h, "Loss of a link"): answered legs go on
 * for CC_KEEP_S and are told to a new core, the others end.
 */
#include "sip/legs.h"

#include <string.h>

#include "gateway/base/log.h"

static bool is_answered(const struct leg *l)
{
	return l->state == LEG_ANSWERED || l->state == LEG_UP;
}

static void end(struct leg *l)
{
	struct leg_event e = {
		.ev = LEG_C_RELEASE,
		.cause = {CAUSE_TEMPORARY, CC_LOC_PRIVATE_LOCAL},
	};

	sip_leg_event(l, &e);
	sip_legs_forget_id(l->legs, l); /* RELEASED or not */
}

void sip_legs_clear(struct legs *t)
{
	sip_legs_each(t, end);
}

static void end_unanswered(struct leg *l)
{
	if (!is_answered(l)) {
		end(l);
		return;
	}
	l->snapshot = 0; /* another core has none */
	sip_refer_core_gone(l);
}

static void on_guard(struct timer *timer)
{
	struct legs_env *env = container_of(timer, struct legs_env, guard);
	unsigned n = sip_legs_active(env->legs);

	if (n)
		log_err("sip: no new core within %d s: %u calls are cleared",
			CC_KEEP_S, n);
	sip_legs_clear(env->legs);
}

void sip_legs_core_gone(struct legs *t)
{
	struct legs_env *env = sip_legs_env(t);

	sip_legs_each(t, end_unanswered);
	if (sip_legs_active(t) &&
	    timer_start(env->loop, &env->guard, on_guard, CC_KEEP_S * 1000) < 0)
		sip_legs_clear(t);
}

static void tell_kept(struct leg *l)
{
	struct legs_env *env = sip_legs_env(l->legs);
	struct cc_kept k = {
		.leg = l->id,
		.end = {CC_END_TRUNK, l->trunk},
		.held = l->held,
		.media = l->media,
	};

	if (!is_answered(l))
		return;
	if (link_send(env->core, &k.head, CC_KEPT, sizeof(k)) != 0)
		env->stats.send_failed++;
	explicit_bzero(&k, sizeof(k));
	sip_leg_checkpoint(l);
}

static int put_answer(struct leg *l, struct sip_msg *ack)
{
	char sdp[SDP_OUT_MAX];
	int len = sdp_write_answer(&l->sdp, &l->local, sdp);

	return len < 0 ? len
		       : sip_msg_set_body(ack, "application/sdp", sdp,
					  (size_t)len);
}

/* The ACK of an earlier process was lost: without one the peer would end the
 * call after 64*T1. */
void sip_legs_stray_2xx(struct legs *t, const struct sip_msg *m)
{
	struct leg *l = sip_legs_find_peer(t, m);
	struct sip_path hop;
	struct sip_msg *ack;

	if (!l || l->state != LEG_UP || sip_msg_cseq(m) > l->dialog.cseq)
		return;
	hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	ack = sip_dialog_ack(&l->dialog, sip_msg_cseq(m));
	if (ack && l->uac && m->body_len && sip_leg_conf(l)->dialog.late_offer)
		(void)put_answer(l, ack);
	if (ack && txn_ack(sip_leg_txns(l), 0, ack, &hop) == 0)
		sip_legs_env(t)->stats.acked_again++;
}

void sip_legs_settle(struct legs *t)
{
	struct legs_env *env = sip_legs_env(t);
	struct link_head settled;

	env->settled = true;
	timer_stop(env->loop, &env->guard);
	sip_legs_each(t, tell_kept);
	if (link_send(env->core, &settled, CC_SETTLED, sizeof(settled)) != 0)
		env->stats.send_failed++;
}
