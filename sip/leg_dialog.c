/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Within a dialog: BYE both ways, further INVITEs both ways with their glare
 * (RFC 3261 14, RFC 5407), UPDATE, INFO, OPTIONS.
 */
#include "sip/leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "gateway/base/log.h"
#include "sip/auth.h"
#include "sip/check.h"
#include "sip/legs.h"

#define SDP_TYPE "application/sdp"

static unsigned random_below(unsigned n)
{
	unsigned x = 0;

	(void)!getrandom(&x, sizeof(x), 0);
	return x % n;
}

/* --- BYE --- */

void sip_dlg_ok(struct leg *l, const struct leg_event *e)
{
	(void)txn_reply(sip_leg_txns(l), e->txn, 200, NULL);
}

void sip_dlg_unknown(struct leg *l, const struct leg_event *e)
{
	sip_legs_env(l->legs)->stats.no_dialog++;
	(void)txn_reply(sip_leg_txns(l), e->txn, 481, NULL);
}

void sip_dlg_bye_in(struct leg *l, const struct leg_event *e)
{
	struct sip_reason r = sip_leg_reason_of(e->msg);

	sip_who_hear_uui(l, e->msg, &l->inv.uui.heard);
	txn_acked(sip_leg_txns(l), l->inv.id); /* no further 2xx is of use */
	txn_acked(sip_leg_txns(l), l->again.server);
	sip_dlg_ok(l, e);
	if (!sip_refer_bye(l, sip_cause_in(SIP_BY_BYE, 0, &r)))
		sip_leg_released(l, sip_cause_in(SIP_BY_BYE, 0, &r), "BYE");
}

void sip_dlg_bye_out(struct leg *l, const struct leg_event *e)
{
	sip_leg_released(l, e->cause, "BYE");
	sip_leg_send_bye(l, e->cause);
}

void sip_dlg_bye_late(struct leg *l, const struct leg_event *e)
{
	if (e->ev == LEG_N_ACK)
		txn_acked(sip_leg_txns(l), l->inv.id);
	sip_leg_send_bye(l, l->cause);
}

/* 481, 408 or nothing to an INVITE of ours (RFC 3261 12.2.1.2). */
void sip_dlg_dead(struct leg *l, const struct leg_event *e)
{
	sip_leg_released(l, e->cause, e->detail);
	sip_leg_send_bye(l, e->cause);
}

int sip_dlg_challenge(struct leg *l, struct sip_digest *digest,
			    txn_id *id, const struct sip_msg *response)
{
	const struct sip_msg *old = txn_request_of(sip_leg_txns(l), *id);
	struct sip_msg *m = old ? sip_msg_clone(old) : NULL;
	struct sip_path hop;
	int err;

	if (!m)
		return -ENOMEM;
	err = txn_path_of(sip_leg_txns(l), *id, &hop);
	if (!err)
		err = sip_msg_set_cseq(m, ++l->dialog.cseq);
	if (!err)
		err = sip_auth_answer(sip_leg_trunks(l), l->trunk, digest,
				      response, m);
	if (err) {
		sip_msg_free(m);
		return err;
	}
	return txn_request(sip_leg_txns(l), &l->user, m, &hop, id);
}

static bool is_challenge(int status)
{
	return status == 401 || status == 407;
}

void sip_dlg_bye_response(struct leg *l, txn_id id, const struct sip_msg *m)
{
	int status = sip_msg_status(m);

	if (status < 200)
		return;
	txn_detach(sip_leg_txns(l), id);
	if (is_challenge(status) &&
	    sip_dlg_challenge(l, &l->bye.digest, &l->bye.id, m) == 0)
		return;
	l->bye.id = 0;
	sip_leg_event(l, &(struct leg_event){.ev = LEG_N_CLEARED});
}

static bool is_up(const struct leg *l)
{
	return l->state == LEG_UP || l->state == LEG_ANSWERED;
}

/* --- INVITE within the dialog, from the peer --- */

static int sdp_status(int err)
{
	return err == -EBADMSG ? 400 : 488;
}

static void reply_sdp(struct leg *l, txn_id id, const struct sip_msg *req,
		      bool offer)
{
	struct sip_msg *m = sip_leg_response(l, req, 200);
	char sdp[SDP_OUT_MAX];
	int len, err;

	len = offer ? sdp_write_offer(&l->sdp, &l->local, sdp)
		    : sdp_write_answer(&l->sdp, &l->local, sdp);
	err = m && len >= 0 ? sip_msg_set_body(m, SDP_TYPE, sdp, (size_t)len)
			    : -ENOMEM;
	if (err) {
		sip_msg_free(m);
		(void)txn_reply(sip_leg_txns(l), id, 500, NULL);
		return;
	}
	sip_leg_common(l, m);
	if (is_up(l))
		sip_se_accept(l, req, m);
	(void)txn_respond(sip_leg_txns(l), id, m);
}

/* 500 and when to come again (RFC 3261 14.2). */
void sip_dlg_too_early(struct leg *l, const struct leg_event *e)
{
	struct sip_msg *m = sip_leg_response(l, e->msg, 500);
	char seconds[4];

	if (!m)
		return;
	snprintf(seconds, sizeof(seconds), "%u", random_below(11));
	(void)sip_msg_add(m, "Retry-After", seconds);
	(void)txn_respond(sip_leg_txns(l), e->txn, m);
}

/* The peer's offer, answered at once; a refusal leaves everything as it was
 * (RFC 6141). */
bool sip_dlg_offer(struct leg *l, const struct leg_event *e,
		       const struct sip_part *part)
{
	struct cc_media media;
	int err =
		sdp_on_offer(&l->sdp, &l->local, part->data, part->len, &media);

	if (err) {
		struct sip_msg *m =
			sip_leg_response(l, e->msg, sdp_status(err));

		sip_leg_bad_sdp(l, err);
		if (!m)
			return false;
		(void)sip_msg_add(m, "Warning",
				  "304 trunkgate \"no usable audio\"");
		(void)txn_respond(sip_leg_txns(l), e->txn, m);
		return false;
	}
	reply_sdp(l, e->txn, e->msg, false);
	sip_leg_media_changed(l, &media);
	return true;
}

/* 422 to a session timer below our least. */
static bool too_short(struct leg *l, txn_id id, const struct sip_msg *m)
{
	uint32_t least = sip_leg_conf(l)->dialog.min_se_s;
	struct sip_msg *no;
	char text[16];

	if (sip_se_check(l, m) == 0)
		return false;
	no = sip_leg_response(l, m, 422);
	if (!no)
		return true;
	snprintf(text, sizeof(text), "%u",
		 least > SIP_SE_MIN ? least : SIP_SE_MIN);
	(void)sip_msg_add(no, "Min-SE", text);
	(void)txn_respond(sip_leg_txns(l), id, no);
	return true;
}

static void forget_server(struct leg *l)
{
	txn_detach(sip_leg_txns(l), l->again.server);
	l->again.server = 0;
}

void sip_dlg_invite(struct leg *l, const struct leg_event *e)
{
	struct sip_part part;
	int err = sip_leg_sdp_of(e->msg, &part);

	/* An exchange is open: ours, or an offer whose answer is to come. */
	if (l->again.client || l->answer_in_ack) {
		(void)txn_reply(sip_leg_txns(l), e->txn, 491, NULL);
		return;
	}
	if (err && err != -ENOENT) {
		(void)txn_reply(sip_leg_txns(l), e->txn, 400, NULL);
		return;
	}
	if (too_short(l, e->txn, e->msg))
		return;
	if (txn_attach(sip_leg_txns(l), e->txn, &l->user) != 0)
		return;
	txn_acked(sip_leg_txns(l), l->again.server); /* an older one */
	forget_server(l);
	l->again.server = e->txn;
	l->again.server_cseq = sip_msg_cseq(e->msg);
	sip_dialog_refresh(&l->dialog, e->msg);
	sip_update_hear(l, e->msg);
	if (err == -ENOENT) {
		l->answer_in_ack = true;
		reply_sdp(l, e->txn, e->msg, true);
	} else if (!sip_dlg_offer(l, e, &part)) {
		forget_server(l);
	}
}

bool sip_dlg_answer(struct leg *l, const struct sip_msg *m)
{
	struct cc_media media;
	struct sip_part part;
	int err = sip_leg_sdp_of(m, &part);

	if (!err)
		err = sdp_on_answer(&l->sdp, &l->local, part.data, part.len,
				    &media);
	if (err)
		sip_leg_bad_sdp(l, err);
	else
		sip_leg_media_changed(l, &media);
	return !err;
}

/* ACK of a further INVITE, or the first one's once more. */
void sip_dlg_ack(struct leg *l, const struct leg_event *e)
{
	if (sip_msg_cseq(e->msg) == l->inv.cseq && !l->uac)
		txn_acked(sip_leg_txns(l), l->inv.id);
	if (!l->again.server || sip_msg_cseq(e->msg) != l->again.server_cseq)
		return;
	txn_acked(sip_leg_txns(l), l->again.server);
	forget_server(l);
	if (!l->answer_in_ack)
		return;
	l->answer_in_ack = false;
	(void)sip_dlg_answer(l, e->msg);
}

/* --- further INVITEs of ours: hold, retrieve, new address --- */

static int send_again(struct leg *l)
{
	struct sip_path hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	struct sip_msg *m;
	char sdp[SDP_OUT_MAX];
	int len = l->again.same ? sdp_write_same(&l->sdp, &l->local, sdp)
				: sdp_write_offer(&l->sdp, &l->local, sdp);
	int err;

	if (len < 0)
		return len;
	sip_update_from(l);
	m = sip_dialog_request(&l->dialog, "INVITE");
	if (!m)
		return -errno;
	err = sip_msg_set_body(m, SDP_TYPE, sdp, (size_t)len);
	if (err) {
		sip_msg_free(m);
		return err;
	}
	sip_leg_common(l, m);
	sip_se_ask(l, m);
	sip_update_put(l, m);
	memset(&l->again.digest, 0, sizeof(l->again.digest));
	return txn_request(sip_leg_txns(l), &l->user, m, &hop,
			   &l->again.client);
}

static void try_again(struct leg *l)
{
	if (!l->again.due || l->state != LEG_UP || l->again.client ||
	    l->again.server || l->answer_in_ack)
		return;
	l->again.due = false;
	if (send_again(l) < 0)
		log_warn("leg %u: cannot send INVITE", l->id);
}

void sip_dlg_change(struct leg *l, const struct leg_event *e)
{
	uint8_t dir = l->local.dir;
	struct net_addr rtp = l->local.rtp;

	sip_leg_set_media(l, &e->cc->media);
	if (e->cc->head.type == CC_HOLD)
		dir = SDP_SEND;
	else if (e->cc->head.type == CC_RETRIEVE)
		dir = SDP_BOTH;
	sip_update_say(l, e->cc);
	if (dir == l->local.dir && net_addr_eq(&rtp, &l->local.rtp))
		return; /* connected number only: nothing to negotiate */
	l->local.dir = dir;
	sip_dlg_again(l);
}

/* A change that is due already is a refresh, too. */
static void again(struct leg *l, bool same)
{
	l->again.same = same;
	l->again.due = true;
	l->again.tries = 0;
	sip_dlg_change_again(l, NULL);
}

void sip_dlg_same_again(struct leg *l)
{
	again(l, !l->again.due || l->again.same);
}

void sip_dlg_again(struct leg *l)
{
	again(l, false);
}

/* Also when an exchange that was in the way has ended. */
void sip_dlg_change_again(struct leg *l, const struct leg_event *e)
{
	(void)e;
	try_again(l);
	if (l->again.due && !timer_is_running(&l->timer) && l->state == LEG_UP)
		sip_leg_timer(l, 500);
}

#define GLARE_TRIES  5
#define RETRY_MOST_S 32

/* RFC 3261 14.1: the owner of the Call-ID waits longer. */
static void glare(struct leg *l)
{
	unsigned ms = random_below(190) * 10;

	if (++l->again.tries > GLARE_TRIES)
		return;
	l->again.due = true;
	sip_leg_timer(l, l->uac ? 2100 + ms : 10 + ms);
}

/* 500 because another INVITE was in the way says when (RFC 3261 14.2). False:
 * it does not. */
static bool is_later(struct leg *l, const struct sip_msg *m, int status)
{
	int s = sip_msg_retry_after(m);

	if (status != 500 || s < 0 || s > RETRY_MOST_S ||
	    ++l->again.tries > GLARE_TRIES)
		return false;
	l->again.due = true;
	sip_leg_timer(l, s ? s * INT64_C(1000) : 100);
	return true;
}

static void again_answered(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct sip_path hop;
	struct sip_msg *ack;

	sip_dialog_refresh(&l->dialog, m);
	sip_se_answered(l, m);
	hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	ack = sip_dialog_ack(&l->dialog, sip_msg_cseq(m));
	if (ack)
		(void)txn_ack(sip_leg_txns(l), id, ack, &hop);
	if (l->state != LEG_UP)
		return;
	(void)sip_dlg_answer(l, m);
}

void sip_dlg_response(struct leg *l, txn_id id, const struct sip_msg *m)
{
	int status = sip_msg_status(m);
	struct leg_event dead = {.ev = LEG_N_DEAD};

	if (status < 200)
		return;
	if (status < 300)
		again_answered(l, id, m);
	txn_detach(sip_leg_txns(l), id);
	if (is_challenge(status) && l->state == LEG_UP &&
	    sip_dlg_challenge(l, &l->again.digest, &l->again.client, m) == 0)
		return;
	l->again.client = 0;
	if (l->state != LEG_UP)
		return;
	if (status == 491) {
		glare(l);
	} else if (is_later(l, m, status)) {
		return;
	} else if (sip_se_raise(l, m)) {
		sip_dlg_again(l);
	} else if (status == 481 || status == 408) {
		dead.cause = sip_cause_in((unsigned)status, 0, NULL);
		dead.detail = sip_reason_phrase(status);
		sip_leg_event(l, &dead);
	} else {
		try_again(l);
	}
}

/* --- the rest --- */

/* "5", "*"; some write 10 and 11 for * and #, and so on. 0 = none. */
static uint8_t digit_of(const char *p, const char *end)
{
	static const char by_number[] = "0123456789*#ABCD";
	unsigned n = 0;

	while (p < end && *p == ' ')
		p++;
	if (p == end || *p == '\0')
		return 0;
	if (*p < '0' || *p > '9') {
		char c = *p >= 'a' && *p <= 'd' ? (char)(*p - 'a' + 'A') : *p;

		return strchr("*#ABCD", c) ? (uint8_t)c : 0;
	}
	for (; p < end && *p >= '0' && *p <= '9' && n < 100; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return n < sizeof(by_number) - 1 ? (uint8_t)by_number[n] : 0;
}

/* application/dtmf-relay: "Signal=5"; application/dtmf: "5". 0 = none. */
static uint8_t info_digit(const struct sip_msg *m)
{
	struct sip_part part;
	size_t i;

	if (m->body_len == 0)
		return 0;
	if (sip_msg_body(m, "application/dtmf", &part) == 0)
		return digit_of(part.data, part.data + part.len);
	if (sip_msg_body(m, "application/dtmf-relay", &part) != 0)
		return 0;
	for (i = 0; i + 7 < part.len; i++) {
		const char *p = part.data + i;

		if (strncasecmp(p, "signal", 6) != 0)
			continue;
		for (p += 6; p < part.data + part.len && *p == ' '; p++)
			;
		return p < part.data + part.len && *p == '='
			       ? digit_of(p + 1, part.data + part.len)
			       : 0;
	}
	return 0;
}

static void on_info(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct cc_msg out;

	(void)txn_reply(sip_leg_txns(l), id, 200, NULL);
	sip_leg_cc(l, &out);
	out.digit = info_digit(m);
	if (out.digit)
		(void)sip_leg_tell(l, CC_DTMF, &out);
}

/* RFC 3311 5.2: before the call is answered UPDATE may offer only after an
 * answer has gone reliably; our own offer is open, or the peer's. */
static bool is_offered(const struct leg *l, const struct sip_msg *m)
{
	return !is_up(l) && l->uac &&
	       !sip_rel_has_answered(l, sip_msg_from_tag(m));
}

static bool is_unanswered(const struct leg *l)
{
	return !is_up(l) && !l->uac && !l->inv.rel.answered;
}

/* Without SDP: a refresh. */
static void update_ok(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct sip_msg *ok = sip_leg_response(l, m, 200);

	if (!ok)
		return;
	sip_leg_common(l, ok);
	if (is_up(l))
		sip_se_accept(l, m, ok);
	(void)txn_respond(sip_leg_txns(l), id, ok);
}

static void on_update(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct leg_event e = {.msg = m, .txn = id};
	struct sip_part part;
	int err = sip_leg_sdp_of(m, &part);

	if (too_short(l, id, m))
		return;
	if (err == -ENOENT) {
		sip_dialog_refresh(&l->dialog, m);
		update_ok(l, id, m);
		if (is_up(l))
			sip_update_hear(l, m);
	} else if (err) {
		(void)txn_reply(sip_leg_txns(l), id, 400, NULL);
	} else if (l->again.client || l->answer_in_ack || is_offered(l, m)) {
		(void)txn_reply(sip_leg_txns(l), id, 491, NULL);
	} else if (is_unanswered(l)) {
		sip_dlg_too_early(l, &e);
	} else {
		sip_dialog_refresh(&l->dialog, m);
		if (sip_dlg_offer(l, &e, &part) && l->uac && !is_up(l))
			sip_rel_keep_sdp(l, sip_msg_from_tag(m), &part, true);
		if (is_up(l))
			sip_update_hear(l, m);
	}
}

static void early_update(struct leg *l, const struct sip_msg *m)
{
	if (l->uac && !is_up(l))
		sip_uac_update(l, m);
}

void sip_dlg_other(struct leg *l, txn_id id, const struct sip_msg *m)
{
	if (l->released || l->state == LEG_OVER) {
		sip_dlg_unknown(l, &(struct leg_event){.txn = id});
	} else if (sip_msg_is(m, "INFO")) {
		on_info(l, id, m);
	} else if (sip_msg_is(m, "UPDATE")) {
		on_update(l, id, m);
		early_update(l, m);
	} else if (sip_msg_is(m, "PRACK")) {
		sip_rel_prack(l, &(struct leg_event){.msg = m, .txn = id});
	} else if (sip_msg_is(m, "REFER")) {
		sip_refer_in(l, id, m);
	} else if (sip_msg_is(m, "NOTIFY")) {
		sip_refer_notified(l, id, m);
	} else if (sip_msg_is(m, "OPTIONS")) {
		struct sip_msg *ok = sip_leg_response(l, m, 200);

		if (!ok)
			return;
		sip_leg_common(l, ok);
		(void)sip_msg_add(ok, "Accept", SIP_ACCEPT);
		(void)txn_respond(sip_leg_txns(l), id, ok);
	} else {
		(void)txn_reply(sip_leg_txns(l), id, 481, NULL);
	}
}
