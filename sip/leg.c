/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/leg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/legs.h"

#define STAY LEG_NEW /* in the table: the state does not change */

/* Actions for "nothing to do here, and that is right". */
static void nothing(struct leg *l, const struct leg_event *e)
{
	(void)l;
	(void)e;
}

struct cell {
	leg_action *act; /* NULL: impossible; logged, counted */
	enum leg_state next;
};

/* An action runs in the new state already, and may choose another one by
 * sip_leg_enter(). */
static const struct cell table[LEG_STATES][LEG_EVENTS] = {
	[LEG_CALLING] =
		{
			[LEG_C_RELEASE] = {sip_uac_cancel, LEG_CANCELLING},
			[LEG_C_CHANGE] = {nothing, STAY},
			[LEG_N_1XX] = {sip_uac_1xx, LEG_PROCEEDING},
			[LEG_N_2XX] = {sip_uac_2xx, LEG_UP},
			[LEG_N_CHALLENGE] = {sip_uac_challenge, LEG_CALLING},
			[LEG_N_NEXT] = {sip_uac_next, LEG_CALLING},
			[LEG_N_RETRY] = {sip_uac_retry, LEG_CALLING},
			[LEG_N_REFUSED] = {sip_uac_refused, LEG_OVER},
			[LEG_N_BYE] = {sip_dlg_unknown, STAY},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
			[LEG_TIMER] = {sip_uac_give_up, LEG_CALLING},
		},
	[LEG_PROCEEDING] =
		{
			[LEG_C_RELEASE] = {sip_uac_cancel, LEG_CANCELLING},
			[LEG_C_CHANGE] = {nothing, STAY},
			[LEG_N_1XX] = {sip_uac_1xx, STAY},
			[LEG_N_2XX] = {sip_uac_2xx, LEG_UP},
			[LEG_N_CHALLENGE] = {sip_uac_challenge, LEG_CALLING},
			[LEG_N_NEXT] = {sip_uac_next, LEG_CALLING},
			[LEG_N_RETRY] = {sip_uac_retry, LEG_CALLING},
			[LEG_N_REFUSED] = {sip_uac_refused, LEG_OVER},
			[LEG_N_BYE] = {sip_dlg_unknown, STAY},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
			[LEG_TIMER] = {sip_uac_ring_timeout, LEG_CANCELLING},
		},
	[LEG_INCOMING] =
		{
			[LEG_C_PROGRESS] = {sip_uas_progress, STAY},
			[LEG_C_ALERTING] = {sip_uas_alerting, STAY},
			[LEG_C_ANSWER] = {sip_uas_answer, STAY},
			[LEG_C_CHANGE] = {nothing, STAY},
			[LEG_C_RELEASE] = {sip_uas_reject, LEG_OVER},
			[LEG_N_CANCEL] = {sip_uas_cancelled, LEG_OVER},
			[LEG_N_INVITE] = {sip_dlg_too_early, STAY},
			[LEG_N_BYE] = {sip_uas_bye_early, LEG_OVER},
			[LEG_N_NO_PRACK] = {sip_rel_no_prack, LEG_OVER},
			[LEG_TIMER] = {sip_uas_expired, LEG_OVER},
		},
	[LEG_ANSWERED] =
		{
			[LEG_C_CHANGE] = {sip_dlg_change, STAY},
			[LEG_C_RELEASE] = {sip_uas_release, LEG_UNACKED},
			[LEG_N_ACK] = {sip_uas_ack, LEG_UP},
			[LEG_N_NO_ACK] = {sip_uas_no_ack, LEG_CLEARING},
			[LEG_N_INVITE] = {sip_dlg_invite, STAY},
			[LEG_N_BYE] = {sip_dlg_bye_in, LEG_OVER},
		},
	[LEG_UP] =
		{
			[LEG_C_CHANGE] = {sip_dlg_change, STAY},
			[LEG_C_RELEASE] = {sip_dlg_bye_out, LEG_CLEARING},
			[LEG_N_2XX] = {sip_uac_fork, STAY},
			[LEG_N_REFUSED] = {nothing, STAY},
			[LEG_N_ACK] = {sip_dlg_ack, STAY},
			[LEG_N_NO_ACK] = {sip_uas_no_ack, LEG_CLEARING},
			[LEG_N_INVITE] = {sip_dlg_invite, STAY},
			[LEG_N_BYE] = {sip_dlg_bye_in, LEG_OVER},
			[LEG_N_DEAD] = {sip_dlg_dead, LEG_CLEARING},
			[LEG_TIMER] = {sip_dlg_change_again, STAY},
		},
	[LEG_CANCELLING] =
		{
			[LEG_N_1XX] = {nothing, STAY},
			[LEG_N_2XX] = {sip_uac_ack_bye, LEG_CLEARING},
			[LEG_N_CHALLENGE] = {nothing, LEG_OVER},
			[LEG_N_NEXT] = {nothing, LEG_OVER},
			[LEG_N_RETRY] = {nothing, LEG_OVER},
			[LEG_N_REFUSED] = {nothing, LEG_OVER},
			[LEG_N_BYE] = {sip_dlg_unknown, STAY},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
		},
	[LEG_UNACKED] =
		{
			[LEG_N_ACK] = {sip_dlg_bye_late, LEG_CLEARING},
			[LEG_N_NO_ACK] = {sip_dlg_bye_late, LEG_CLEARING},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
			[LEG_N_BYE] = {sip_dlg_bye_in, LEG_OVER},
		},
	[LEG_CLEARING] =
		{
			[LEG_N_2XX] = {sip_uac_fork, STAY},
			[LEG_N_REFUSED] = {nothing, STAY},
			[LEG_N_ACK] = {sip_dlg_ack, STAY},
			[LEG_N_NO_ACK] = {nothing, STAY},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
			[LEG_N_BYE] = {sip_dlg_ok, STAY},
			[LEG_N_CLEARED] = {nothing, LEG_OVER},
			[LEG_N_DEAD] = {nothing, STAY},
		},
	[LEG_OVER] =
		{
			[LEG_C_RELEASE] = {sip_refer_over, STAY},
			[LEG_C_CHANGE] = {nothing, STAY},
			[LEG_N_1XX] = {nothing, STAY},
			[LEG_N_2XX] = {sip_uac_fork, STAY},
			[LEG_N_REFUSED] = {nothing, STAY},
			[LEG_N_ACK] = {nothing, STAY},
			[LEG_N_NO_ACK] = {nothing, STAY},
			[LEG_N_INVITE] = {sip_dlg_unknown, STAY},
			[LEG_N_BYE] = {sip_dlg_unknown, STAY},
			[LEG_N_CLEARED] = {nothing, STAY},
			[LEG_N_DEAD] = {nothing, STAY},
		},
};

static const char *const state_names[LEG_STATES] = {
	"new", "calling",    "proceeding", "incoming", "answered",
	"up",  "cancelling", "unacked",	   "clearing", "over",
};

static const char *const event_names[LEG_EVENTS] = {
	"core progress", "core alerting", "core answer", "core change",
	"core release",	 "1xx",		  "2xx",	 "challenge",
	"next server",	 "retry",	  "refused",	 "cancel",
	"ack",		 "no ack",	  "no prack",	 "invite",
	"bye",		 "cleared",	  "dead",	 "timer",
};

static const char *state_name(enum leg_state s)
{
	return s < LEG_STATES ? state_names[s] : "?";
}

static const char *event_name(enum leg_ev e)
{
	return e < LEG_EVENTS ? event_names[e] : "?";
}

/* --- timers: one per state --- */

#define ADVANCE_MS 4000 /* no word from a server: try the next */

static int64_t timer_ms(const struct leg *l)
{
	switch (l->state) {
	case LEG_CALLING:
		return sip_uac_has_next(l) ? ADVANCE_MS : 0;
	case LEG_PROCEEDING: /* ring */
		return sip_legs_env(l->legs)->conf.ring_s * INT64_C(1000);
	default: /* UP: sip_dlg_change() starts it, RFC 3261 14.1 */
		return 0;
	}
}

static void on_timer(struct timer *t)
{
	struct leg *l = container_of(t, struct leg, timer);

	sip_leg_event(l, &(struct leg_event){.ev = LEG_TIMER});
}

void sip_leg_timer(struct leg *l, int64_t ms)
{
	if (timer_start(sip_legs_env(l->legs)->loop, &l->timer, on_timer, ms) <
	    0)
		log_err("leg %u: no memory for a timer", l->id);
}

void sip_leg_enter(struct leg *l, enum leg_state next)
{
	int64_t ms;

	log_debug("leg %u: %s -> %s", l->id, state_name(l->state),
		  state_name(next));
	timer_stop(sip_legs_env(l->legs)->loop, &l->timer);
	if (next != LEG_INCOMING)
		sip_rel_stop(l);
	if (next != LEG_ANSWERED && next != LEG_UP)
		sip_se_stop(l);
	l->state = next;
	ms = timer_ms(l);
	if (ms > 0)
		sip_leg_timer(l, ms);
}

void sip_leg_end_if_over(struct leg *l)
{
	if (l->state == LEG_OVER && l->inv.open == 0 && !sip_refer_outlives(l))
		sip_legs_end(l->legs, l);
}

void sip_leg_event(struct leg *l, const struct leg_event *e)
{
	const struct cell *c = &table[l->state][e->ev];

	if (!c->act) {
		log_debug("leg %u: %s in state %s", l->id,
			  event_name(e->ev),
			  state_name(l->state));
		sip_legs_env(l->legs)->stats.impossible++;
		return;
	}
	if (e->ev == LEG_C_RELEASE && e->cc)
		l->inv.uui.say = e->cc->extra.uui;
	if (c->next != STAY)
		sip_leg_enter(l, c->next);
	c->act(l, e);
	sip_update_flush(l);
	sip_leg_checkpoint(l);
	sip_leg_end_if_over(l);
}

/* --- towards the core --- */

void sip_leg_cc(const struct leg *l, struct cc_msg *m)
{
	memset(m, 0, sizeof(*m));
	m->leg = l->id;
	m->end = (struct cc_end){CC_END_TRUNK, l->trunk};
	m->cause.location = CC_LOC_NONE;
	m->extra.verified = l->setup.extra.verified; /* UAC: as signed */
	str_copy(m->ref, sizeof(m->ref), l->dialog.call_id);
}

int sip_leg_tell(struct leg *l, enum cc_type type, struct cc_msg *m)
{
	struct legs_env *env = sip_legs_env(l->legs);
	int err;

	if (l->released || !link_is_up(env->core))
		return -ENOTCONN;
	err = link_send(env->core, &m->head, (uint16_t)type, sizeof(*m));
	if (err) {
		env->stats.send_failed++;
		log_warn("leg %u: %s does not reach the core: %s", l->id,
			 cc_type_name(type), strerror(-err));
	}
	return err;
}

void sip_leg_released(struct leg *l, struct cc_cause cause, const char *detail)
{
	struct cc_msg m;

	if (l->released)
		return;
	sip_leg_cc(l, &m);
	m.cause = cause;
	m.extra.uui = l->inv.uui.heard;
	str_copy(m.detail, sizeof(m.detail), detail);
	(void)sip_leg_tell(l, CC_RELEASED, &m);
	l->released = true;
	l->cause = cause;
	trunk_call_end(sip_leg_trunks(l), l->trunk);
	sip_legs_forget_id(l->legs, l);
	log_debug("leg %u: released, cause %u, %s", l->id, cause.value, detail);
}

static bool same_media(const struct cc_media *a, const struct cc_media *b)
{
	return net_addr_eq(&a->rtp, &b->rtp) && a->codec == b->codec &&
	       a->dtmf_pt == b->dtmf_pt && a->ptime_ms == b->ptime_ms &&
	       a->direction == b->direction &&
	       memcmp(&a->crypto, &b->crypto, sizeof(a->crypto)) == 0;
}

void sip_leg_media_changed(struct leg *l, const struct cc_media *now)
{
	bool held = sdp_is_held(&l->sdp);
	bool early = l->state == LEG_INCOMING || l->state == LEG_PROCEEDING;
	struct cc_msg m;

	sip_leg_cc(l, &m);
	m.media = *now;
	if (!same_media(now, &l->media))
		(void)sip_leg_tell(l, CC_UPDATE, &m);
	l->media = *now;
	if (early) /* hold is of answered calls; the direction says it */
		l->held = held;
	if (held == l->held)
		return;
	l->held = held;
	sip_leg_cc(l, &m);
	m.media = *now;
	(void)sip_leg_tell(l, held ? CC_HOLD : CC_RETRIEVE, &m);
}

void sip_leg_bad_sdp(struct leg *l, int err)
{
	struct legs_env *env = sip_legs_env(l->legs);
	const struct conf_trunk *c = sip_leg_conf(l);

	env->stats.bad_sdp++;
	if (err != -ENOKEY) {
		log_info("leg %u: unusable session description", l->id);
		return;
	}
	env->stats.no_key++;
	log_warn("trunk %s: leg %u: %s", c->name, l->id,
		 c->srtp.mode == CONF_SRTP_OFF
			 ? "the peer wants SRTP, but srtp is off"
			 : "no usable key of SRTP from the peer");
}

void sip_leg_note_srtp(const struct leg *l)
{
	struct legs_env *env = sip_legs_env(l->legs);

	if (l->media.crypto.suite) {
		env->stats.srtp++;
	} else if (l->local.srtp != CONF_SRTP_OFF) {
		env->stats.srtp_plain++;
		log_info("trunk %s: leg %u: not encrypted, the peer has no "
			 "SRTP",
			 sip_leg_conf(l)->name, l->id);
	}
}

/* --- helpers --- */

struct txn_layer *sip_leg_txns(const struct leg *l)
{
	return sip_stack_txns(sip_legs_env(l->legs)->stack);
}

struct trunk_table *sip_leg_trunks(const struct leg *l)
{
	return sip_stack_trunks(sip_legs_env(l->legs)->stack);
}

const struct conf_trunk *sip_leg_conf(const struct leg *l)
{
	return trunk_conf(sip_leg_trunks(l), l->trunk);
}

void sip_leg_init_media(struct leg *l)
{
	const struct conf_trunk *c = sip_leg_conf(l);
	uint32_t id = 0;
	unsigned i;
	char token[SIP_TAG_LEN];

	sip_token(token);
	for (i = 0; token[i]; i++)
		id = id * 31 + (uint8_t)token[i];
	sdp_session_init(&l->sdp, id);
	l->local = (struct sdp_local){
		.n_codecs = c->n_codecs,
		.clear = l->setup.bearer == CC_BEARER_UNRESTRICTED
				 ? SDP_CLEAR_ONLY : SDP_CLEAR_NEVER,
		.events = c->dtmf_events,
		.ptime_ms = c->ptime_ms,
		.dir = SDP_BOTH,
		.srtp = (uint8_t)c->srtp.mode,
		.n_suites = c->srtp.n_suites,
	};
	memcpy(l->local.codecs, c->codecs, sizeof(l->local.codecs));
	memcpy(l->local.suites, c->srtp.suites, sizeof(c->srtp.suites));
}

bool sip_leg_settle_media(struct leg *l)
{
	bool data = l->sdp.codec >= CC_CLEARMODE;

	l->local.clear = data ? SDP_CLEAR_ONLY : SDP_CLEAR_NEVER;
	return data;
}

void sip_leg_set_media(struct leg *l, const struct cc_media *ours)
{
	const struct conf_trunk *c = sip_leg_conf(l);

	if (!ours->valid || !ours->rtp.family)
		return;
	l->local.rtp = ours->rtp;
	/* Behind NAT the peer sees another address, by the same port. */
	if (c && c->wire.external.family == ours->rtp.family)
		memcpy(l->local.rtp.ip, c->wire.external.ip,
		       sizeof(l->local.rtp.ip));
}

struct sip_msg *sip_leg_response(struct leg *l, const struct sip_msg *request,
				 int status)
{
	struct legs_env *env = sip_legs_env(l->legs);
	struct sip_msg *m =
		sip_response_new(request, status, NULL, l->dialog.local_tag);

	if (!m)
		return NULL;
	if (status > 100 && status < 300 && !sip_msg_is(request, "BYE") &&
	    !sip_msg_is(request, "INFO"))
		(void)sip_msg_add(m, "Contact", l->dialog.contact);
	if (env->conf.user_agent[0])
		(void)sip_msg_add(m, "Server", env->conf.user_agent);
	sip_dialog_session_id(&l->dialog, m);
	return m;
}

/* Options of ours, as the value of Supported. */
static const char *supported(const struct leg *l, char buf[64])
{
	const struct conf_trunk *c = sip_leg_conf(l);

	snprintf(buf, 64, "%s%s%s%s%s",
		 c->dialog.prack != CONF_PRACK_OFF ? "100rel, " : "",
		 c->dialog.session_expires_s ? "timer, " : "",
		 c->refer.replaces ? "replaces, " : "",
		 c->refer.mode != CONF_REFER_OFF ? "norefersub, " : "",
		 c->who.updates ? "from-change, " : "");
	if (buf[0])
		buf[strlen(buf) - 2] = '\0';
	return buf;
}

void sip_leg_common(const struct leg *l, struct sip_msg *m)
{
	char text[64];

	(void)sip_msg_add(m, "Allow",
			  sip_leg_conf(l)->refer.mode == CONF_REFER_OFF
				  ? SIP_ALLOW
				  : SIP_ALLOW ", REFER");
	if (supported(l, text)[0])
		(void)sip_msg_add(m, "Supported", text);
}

void sip_leg_reason(struct sip_msg *m, struct cc_cause cause)
{
	char reason[SIP_REASON_MAX];

	(void)sip_msg_add(m, "Reason", sip_reason_write(reason, cause));
}

struct sip_reason sip_leg_reason_of(const struct sip_msg *m)
{
	struct sip_reason r = SIP_REASON_NONE;
	const char *text;
	unsigned i;

	for (i = 0; i < 4 && (text = sip_msg_plain(m, "Reason", i)); i++)
		(void)sip_reason_parse(&r, text);
	return r;
}

int sip_leg_sdp_of(const struct sip_msg *m, struct sip_part *part)
{
	if (m->body_len == 0)
		return -ENOENT;
	return sip_msg_body(m, "application/sdp", part);
}

/* What a failed request of ours ends with: nobody is told, since the core
 * has had its RELEASED or gets it from the caller. */
void sip_leg_send_bye(struct leg *l, struct cc_cause cause)
{
	struct legs_env *env = sip_legs_env(l->legs);
	struct sip_path hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	struct sip_msg *m = sip_dialog_request(&l->dialog, "BYE");
	int err = m ? 0 : -errno;

	if (!err) {
		sip_leg_reason(m, cause);
		sip_who_say_uui(l, &l->inv.uui.say, m);
		if (env->conf.user_agent[0])
			(void)sip_msg_add(m, "User-Agent",
					  env->conf.user_agent);
		err = txn_request(sip_leg_txns(l), &l->user, m, &hop, &l->bye.id);
	}
	if (err) {
		log_warn("leg %u: BYE not sent: %s", l->id, strerror(-err));
		sip_leg_enter(l, LEG_OVER);
	}
}
