/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that come in: INVITE to SETUP, the core's answers to responses (RFC
 * 3261 13.3, 9.2).
 */
#include "sip/leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <osipparser2/osip_parser.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/leg_stir.h"
#include "sip/legs.h"
#include "sip/register.h"
#include "sip/telparam.h"

#define SDP_TYPE       "application/sdp"
#define EXPIRES_MOST_S 3600 /* of an INVITE; more is as good as none */

/* --- the INVITE --- */

static int request_uri(const struct sip_msg *m, char *buf, size_t size)
{
	char *text = NULL;
	int err;

	if (osip_uri_to_str(m->osip->req_uri, &text) != 0)
		return -EBADMSG;
	err = str_copy(buf, size, text) ? 0 : -EMSGSIZE;
	osip_free(text);
	return err;
}

/* What was dialled, when the Request-URI is but the Contact that we have
 * registered for all of the trunk's numbers. */
static bool number_in_to(const struct sip_msg *m, struct cc_number *out)
{
	char text[2 * SIP_URI_MAX];
	struct sip_name_addr a;
	struct sip_uri u;

	return sip_msg_header(m, "to", 0, text, sizeof(text)) > 0 &&
	       sip_name_addr_parse(&a, text) && sip_uri_parse(&u, a.uri) == 0 &&
	       sip_uri_number(&u, out) == 0;
}

/* The Request-URI, else never To (RFC 4497 9.2.1). 0 or the status. */
static int called_number(struct legs *legs, const struct sip_msg *m,
			 const struct conf_trunk *c, struct cc_msg *setup)
{
	const struct registers *r = sip_legs_env(legs)->registers;
	char text[SIP_URI_MAX];
	struct sip_uri u;
	unsigned bad = 0;
	int err = request_uri(m, text, sizeof(text));

	if (err == 0)
		err = sip_uri_parse(&u, text);
	if (err == 0 && r && sip_registers_has_user(r, m->path.trunk, u.user) &&
	    number_in_to(m, &setup->called))
		return 0;
	if (err == 0)
		err = sip_tel_read(&u, &c->who, setup, &bad);
	sip_legs_env(legs)->stats.bad_header += bad;
	switch (err) {
	case 0:
		return 0;
	case -ENOTSUP:
		return 416;
	case -ENODATA:
	case -ERANGE:
		return 484;
	case -EINVAL:
		return 404;
	case -E2BIG:
	case -EMSGSIZE:
		return 414;
	default:
		return 400;
	}
}

void sip_uas_describe(struct legs *legs, const struct sip_msg *m,
		      const struct conf_trunk *c, struct cc_msg *setup)
{
	if (called_number(legs, m, c, setup) != 0)
		setup->called = (struct cc_number){.valid = 0};
	sip_who_read(legs, m, c, setup);
	setup->bearer = CC_BEARER_AUDIO_31;
	setup->complete = 1;
	str_copy(setup->ref, sizeof(setup->ref), sip_msg_call_id(m));
}

/* The peer's offer. 0 (also when there is none: we shall offer) or status. */
static int take_offer(struct leg *l, const struct sip_msg *m,
		      struct cc_media *out)
{
	struct sip_part part;
	int err = sip_leg_sdp_of(m, &part);

	sip_leg_init_media(l);
	if (err == -ENOENT) {
		l->answer_in_ack = true;
		return m->body_len && !sip_body_is_optional(m) ? 415 : 0;
	}
	if (sip_leg_conf(l)->wire.clear_mode)
		l->local.clear = SDP_CLEAR_TOO;
	if (!err)
		err = sdp_on_offer(&l->sdp, &l->local, part.data, part.len,
				   out);
	if (!err)
		return 0;
	sip_leg_bad_sdp(l, err);
	return err == -EBADMSG ? 400 : 488;
}

/* What the caller can and wants beyond RFC 3261. 0 or the status. */
static int extensions(struct leg *l, const struct sip_msg *m)
{
	const struct conf_trunk *c = sip_leg_conf(l);
	struct leg_rel *r = &l->inv.rel;

	r->must = sip_msg_has_token(m, "Require", "100rel");
	r->can = r->must || (c->dialog.prack != CONF_PRACK_OFF &&
			     sip_msg_has_token(m, "Supported", "100rel"));
	if ((r->must && c->dialog.prack == CONF_PRACK_OFF) ||
	    (!c->refer.replaces && sip_msg_has_token(m, "Require", "replaces")))
		return 420;
	if (!r->can && c->dialog.prack == CONF_PRACK_REQUIRED)
		return 421;
	if (sip_who_is_refused(m))
		return 500;
	if (c->dialog.session_id)
		sip_dialog_session_new(&l->dialog);
	sip_dialog_session_learn(&l->dialog, m);
	sip_se_learn(l, m);
	return sip_se_check(l, m);
}

static void start_expires(struct leg *l, const struct sip_msg *m)
{
	char text[16];
	unsigned long s;

	if (sip_msg_header(m, "expires", 0, text, sizeof(text)) <= 0 ||
	    text[0] < '0' || text[0] > '9')
		return;
	s = strtoul(text, NULL, 10);
	if (s > 0 && s <= EXPIRES_MOST_S)
		sip_leg_timer(l, (int64_t)s * 1000);
}

int sip_uas_begin(struct leg *l, txn_id id, const struct sip_msg *m)
{
	const struct conf_trunk *c = sip_leg_conf(l);
	struct cc_msg said = {.leg = l->id}, setup;
	struct net_addr local;
	int status = called_number(l->legs, m, sip_leg_conf(l), &said);

	if (status && l->setup.other) { /* sent to our Contact */
		memset(&said.called, 0, sizeof(said.called));
	} else if (status) {
		sip_legs_env(l->legs)->stats.bad_number++;
		return status;
	}
	sip_stack_local(sip_legs_env(l->legs)->stack, &m->path, &local);
	if (sip_dialog_uas(&l->dialog, m, txn_local_tag(sip_leg_txns(l), id)) != 0)
		return 400;
	sip_dialog_contact(&l->dialog, &local, sip_leg_conf(l));
	sip_leg_cc(l, &setup);
	setup.called = said.called;
	setup.extra = said.extra;
	setup.other = l->setup.other;
	status = take_offer(l, m, &setup.media);
	if (status)
		return status;
	status = extensions(l, m);
	if (status)
		return status;
	sip_who_read(l->legs, m, sip_leg_conf(l), &setup);
	l->inv.uui.open = setup.extra.uui.len != 0;
	sip_update_learn(l, m);
	l->again.who.heard = setup.asserted.valid ? setup.asserted
						  : setup.calling;
	setup.bearer = sip_leg_settle_media(l) ? CC_BEARER_UNRESTRICTED
					       : CC_BEARER_AUDIO_31;
	setup.complete = 1;
	setup.emergency = l->setup.emergency;
	status = sip_stir_check(l, m, &setup);
	if (status)
		return status;
	l->media = setup.media;
	l->held = setup.media.valid && sdp_is_held(&l->sdp);
	l->inv.id = id;
	l->inv.cseq = sip_msg_cseq(m);
	l->inv.pem = c->dialog.early == CONF_EARLY_SEND ||
		     (c->dialog.early == CONF_EARLY_HONOUR &&
		      sip_msg_has_token(m, "P-Early-Media", "supported"));
	if (txn_attach(sip_leg_txns(l), id, &l->user) != 0 ||
	    sip_leg_tell(l, CC_SETUP, &setup) != 0)
		return 503;
	sip_legs_env(l->legs)->stats.moves.replaced += setup.other != 0;
	sip_legs_add_tag(l->legs, l);
	sip_leg_enter(l, LEG_INCOMING);
	start_expires(l, m);
	sip_leg_checkpoint(l);
	return 0;
}

/* --- responses --- */

static struct sip_msg *response(struct leg *l, int status)
{
	const struct sip_msg *invite =
		txn_request_of(sip_leg_txns(l), l->inv.id);
	struct sip_msg *m =
		invite ? sip_leg_response(l, invite, status) : NULL;

	if (m)
		sip_stir_tell(l, m);
	return m;
}

/* Our description: the answer, or, when the INVITE had none, our offer. */
static int put_sdp(struct leg *l, struct sip_msg *m)
{
	char sdp[SDP_OUT_MAX];
	int len;

	if (!l->local.rtp.family)
		return -EDESTADDRREQ;
	len = l->answer_in_ack ? sdp_write_offer(&l->sdp, &l->local, sdp)
			       : sdp_write_answer(&l->sdp, &l->local, sdp);
	if (len < 0)
		return len;
	return sip_msg_set_body(m, SDP_TYPE, sdp, (size_t)len);
}

void sip_uas_send_1xx(struct leg *l, int status, bool inband)
{
	const struct leg_rel *r = &l->inv.rel;
	struct sip_msg *m;

	if (sip_rel_queue(l, status, inband))
		return;
	m = response(l, status);
	if (!m)
		return;
	/* An unreliable 1xx cannot carry an offer (RFC 3261 13.2.1); after a
	 * reliable one with SDP there is nothing more to say. */
	if (inband && !r->answered && (!l->answer_in_ack || r->can) &&
	    put_sdp(l, m) == 0)
		l->inv.early = true;
	if (inband && l->inv.early && l->inv.pem)
		(void)sip_msg_add(m, "P-Early-Media", "sendrecv");
	if (status == 180) {
		sip_who_say_uui(l, &l->inv.uui.say, m);
		l->inv.uui.say.len = 0;
	}
	sip_rel_begin(l, m);
	(void)txn_respond(sip_leg_txns(l), l->inv.id, m);
	sip_rel_sent(l);
}

void sip_uas_progress(struct leg *l, const struct leg_event *e)
{
	sip_leg_set_media(l, &e->cc->media);
	if (e->cc->progress & CC_PROG_DIVERTED)
		sip_uas_send_1xx(l, 181, false);
	if (e->cc->progress & (CC_PROG_INBAND | CC_PROG_NON_ISDN_DEST))
		sip_uas_send_1xx(l, 183, true);
}

void sip_uas_alerting(struct leg *l, const struct leg_event *e)
{
	sip_leg_set_media(l, &e->cc->media);
	l->inv.uui.say = e->cc->extra.uui;
	sip_uas_send_1xx(l, 180, e->cc->progress & CC_PROG_INBAND);
}

static void refuse(struct leg *l, int status, struct cc_cause cause)
{
	struct sip_msg *m = response(l, status);

	if (!m)
		return;
	sip_leg_reason(m, cause);
	sip_who_say_uui(l, &l->inv.uui.say, m);
	(void)txn_respond(sip_leg_txns(l), l->inv.id, m);
}

static void detail_of(char detail[CC_DETAIL_MAX], int status)
{
	snprintf(detail, CC_DETAIL_MAX, "%d %s", status,
		 sip_reason_phrase(status));
}

void sip_uas_reject(struct leg *l, const struct leg_event *e)
{
	unsigned quals = e->cause.location == CC_LOC_USER ? SIP_Q_USER : 0;
	int status = (int)sip_cause_status(e->cause.value, quals);
	char detail[CC_DETAIL_MAX];

	refuse(l, status, e->cause);
	detail_of(detail, status);
	sip_leg_released(l, e->cause, detail);
}

static void put_answer_headers(struct leg *l, struct sip_msg *m,
			       const struct cc_msg *answer)
{
	sip_leg_common(l, m);
	sip_se_accept(l, txn_request_of(sip_leg_txns(l), l->inv.id), m);
	sip_who_write_connected(l, answer, m);
	sip_who_say_uui(l, &answer->extra.uui, m);
}

void sip_uas_answer(struct leg *l, const struct leg_event *e)
{
	struct cc_cause cause = {CAUSE_RESOURCE, CC_LOC_PRIVATE_LOCAL};
	struct leg_rel *r = &l->inv.rel;
	struct sip_msg *m;
	int err = 0;

	if (r->waiting && r->has_sdp) { /* RFC 3262 3 */
		l->setup = *e->cc;
		r->answer_due = true;
		return;
	}
	sip_leg_enter(l, LEG_ANSWERED);
	m = response(l, 200);
	sip_leg_set_media(l, &e->cc->media);
	if (!m)
		err = -ENOMEM;
	else if (!r->answered)
		err = put_sdp(l, m);
	if (!err) {
		put_answer_headers(l, m, e->cc);
		err = txn_respond(sip_leg_txns(l), l->inv.id, m);
	} else {
		sip_msg_free(m);
	}
	if (!err) {
		sip_legs_env(l->legs)->stats.answered++;
		if (!l->answer_in_ack)
			sip_leg_note_srtp(l);
		return;
	}
	log_warn("leg %u: cannot answer: %s", l->id, strerror(-err));
	refuse(l, 500, cause);
	sip_leg_enter(l, LEG_OVER);
	sip_leg_released(l, cause, "500 Server Internal Error");
}

/* --- the end --- */

/* CANCEL has been answered by the transaction layer. */
void sip_uas_cancelled(struct leg *l, const struct leg_event *e)
{
	struct sip_reason r = sip_leg_reason_of(e->msg);

	(void)txn_reply(sip_leg_txns(l), l->inv.id, 487, NULL);
	sip_leg_released(l, sip_cause_in(SIP_BY_CANCEL, 0, &r), "CANCEL");
}

/* RFC 3261 13.3.1: the caller has said how long it waits. */
void sip_uas_expired(struct leg *l, const struct leg_event *e)
{
	struct cc_cause cause = sip_cause_in(SIP_BY_TIMEOUT, 0, NULL);

	(void)e;
	(void)txn_reply(sip_leg_txns(l), l->inv.id, 487, NULL);
	sip_leg_released(l, cause, "INVITE has expired");
}

/* BYE on an early dialog: the caller gives up that way, too (15.1.2). */
void sip_uas_bye_early(struct leg *l, const struct leg_event *e)
{
	struct sip_reason r = sip_leg_reason_of(e->msg);

	sip_who_hear_uui(l, e->msg, &l->inv.uui.heard);
	(void)txn_reply(sip_leg_txns(l), e->txn, 200, NULL);
	(void)txn_reply(sip_leg_txns(l), l->inv.id, 487, NULL);
	sip_leg_released(l, sip_cause_in(SIP_BY_BYE, 0, &r), "BYE");
}

/* The core clears between our 2xx and its ACK. */
void sip_uas_release(struct leg *l, const struct leg_event *e)
{
	sip_leg_released(l, e->cause, "BYE");
}

static void acked(struct leg *l)
{
	txn_acked(sip_leg_txns(l), l->inv.id);
}

void sip_uas_ack(struct leg *l, const struct leg_event *e)
{
	struct cc_cause cause = sip_cause_in(SIP_BY_ERROR, 0, NULL);

	acked(l);
	if (!l->answer_in_ack) {
		sip_dlg_change_again(l, e);
		return;
	}
	l->answer_in_ack = false;
	if (sip_dlg_answer(l, e->msg)) {
		sip_leg_note_srtp(l);
		sip_dlg_change_again(l, e);
		return;
	}
	sip_leg_enter(l, LEG_CLEARING);
	sip_leg_released(l, cause, "ACK without usable SDP");
	sip_leg_send_bye(l, cause);
}

/* RFC 3261 13.3.1.4: no ACK in 64*T1. */
void sip_uas_no_ack(struct leg *l, const struct leg_event *e)
{
	struct cc_cause cause = sip_cause_in(SIP_BY_TIMEOUT, 0, NULL);

	(void)e;
	sip_leg_released(l, cause, "no ACK");
	sip_leg_send_bye(l, cause);
}
