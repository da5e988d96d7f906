/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that we place: INVITE to one server of the trunk after the other,
 * digest, early media, CANCEL, forks (RFC 3261 13.2, 9.1; RFC 3263 4.3).
 */
#include "sip/leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/auth.h"
#include "sip/check.h"
#include "sip/early.h"
#include "sip/leg_stir.h"
#include "sip/legs.h"
#include "sip/register.h"

#define SDP_TYPE "application/sdp"

/* --- the INVITE --- */

/* Hosts of the URIs: the trunk's domain, else the addresses. */
struct hosts {
	char ours[CONF_HOST], theirs[CONF_HOST];
};

static void hosts_of(const struct leg *l, const struct sip_path *path,
		     const struct net_addr *local, struct hosts *h)
{
	const struct conf_trunk *c = sip_leg_conf(l);
	char text[NET_STR_MAX];

	str_copy(h->ours, sizeof(h->ours),
		 c->domain[0] ? c->domain : net_str(local, text));
	str_copy(h->theirs, sizeof(h->theirs),
		 c->domain[0]	    ? c->domain
		 : c->wire.proxy[0] ? c->servers[0]
				    : net_str(&path->remote, text));
}

static int add(struct sip_msg *m, const char *name, const char *value)
{
	return value[0] ? sip_msg_add(m, name, value) : 0;
}

static int put_offer(struct leg *l, struct sip_msg *m)
{
	char sdp[SDP_OUT_MAX];
	int len = sdp_write_offer(&l->sdp, &l->local, sdp);

	return len < 0 ? len : sip_msg_set_body(m, SDP_TYPE, sdp, (size_t)len);
}

static int add_headers(struct leg *l, struct sip_msg *m)
{
	struct legs_env *env = sip_legs_env(l->legs);
	const struct conf_trunk *c = sip_leg_conf(l);
	int err;

	if (env->registers)
		sip_registers_route(env->registers, l->trunk,
				    &l->dialog.path.remote, m);
	sip_leg_common(l, m);
	sip_refer_headers(l, m);
	sip_se_ask(l, m);
	sip_dialog_session_id(&l->dialog, m);
	if (c->dialog.prack == CONF_PRACK_REQUIRED)
		(void)sip_msg_add(m, "Require", "100rel");
	if (c->dialog.early != CONF_EARLY_IGNORE)
		(void)sip_msg_add(m, "P-Early-Media", "supported");
	err = add(m, "User-Agent", env->conf.user_agent);
	if (err)
		return err;
	sip_stir_put(l, m);
	return l->inv.late ? 0 : put_offer(l, m);
}

/* The number at the peer, or, in its transfer, who it talks to there. */
static int target_uri(const struct leg *l, char uri[SIP_URI_MAX],
		      const char *host)
{
	const char *to = sip_refer_uri(l);

	if (!to)
		return sip_who_target(l, host, uri);
	return str_copy(uri, SIP_URI_MAX, to) ? (int)strlen(uri) : -E2BIG;
}

/* An INVITE for that server; NULL + errno. */
static struct sip_msg *build(struct leg *l, const struct sip_path *path)
{
	struct sip_identity_conf who;
	char from[SIP_URI_MAX], contact[SIP_URI_MAX];
	struct net_addr local;
	struct hosts h;
	char uri[SIP_URI_MAX], to[SIP_URI_MAX + 2], route[SIP_URI_MAX];
	struct sip_request r = {.method = "INVITE", .uri = uri, .to = to};
	struct sip_msg *m;
	int n, err;

	sip_stack_local(sip_legs_env(l->legs)->stack, path, &local);
	hosts_of(l, path, &local, &h);
	who = sip_who_conf(l, h.ours);
	sip_identity_from(&l->setup, &who, from);
	n = target_uri(l, uri, h.theirs);
	snprintf(to, sizeof(to), "<%s>", uri);
	if (n < 0 || snprintf(l->dialog.local, sizeof(l->dialog.local),
			      "%s;tag=%s", from, l->dialog.local_tag) >=
			     (int)sizeof(l->dialog.local)) {
		errno = E2BIG;
		return NULL;
	}
	l->dialog.path = *path;
	sip_dialog_contact(&l->dialog, &local, sip_leg_conf(l));
	if (sip_who_contact(l, contact) < 0) {
		errno = E2BIG;
		return NULL;
	}
	r.from = l->dialog.local;
	r.call_id = l->dialog.call_id;
	r.cseq = ++l->dialog.cseq;
	r.contact = contact;
	m = sip_request_new(&r);
	err = m ? add(m, "Route",
		      trunk_route(sip_leg_trunks(l), l->trunk, route,
				  sizeof(route)))
		: 0;
	if (m && !err)
		err = sip_who_write(l, &who, uri, m);
	if (m && !err)
		err = add_headers(l, m);
	if (err) {
		sip_msg_free(m);
		errno = -err;
		return NULL;
	}
	return m;
}

/* Takes m. */
static int send_invite(struct leg *l, struct sip_msg *m)
{
	int err;

	l->inv.cseq = sip_msg_cseq(m);
	err = txn_request(sip_leg_txns(l), &l->user, m, &l->dialog.path,
			  &l->inv.id);
	if (!err)
		l->inv.open++;
	return err;
}

static bool is_tried(const struct leg *l, const struct net_addr *a)
{
	unsigned i;

	for (i = 0; i < l->inv.n_tried; i++) {
		if (net_addr_eq(&l->inv.tried[i], a))
			return true;
	}
	return false;
}

/* Emergency calls are placed whatever the server has asked for. */
static bool may_call(const struct leg *l, const struct net_addr *server)
{
	return l->setup.emergency ||
	       !trunk_server_waits(sip_leg_trunks(l), l->trunk, server);
}

/* The order of the trunk's servers changes as they go down and up. -EBUSY:
 * those that are left want no calls now. */
static int next_server(const struct leg *l, struct sip_path *out)
{
	int none = -ENOENT;
	unsigned i;

	if (l->inv.n_tried == TRUNK_ADDRS)
		return none;
	for (i = 0; !trunk_pick(sip_leg_trunks(l), l->trunk, i, out); i++) {
		if (is_tried(l, &out->remote))
			continue;
		if (may_call(l, &out->remote))
			return 0;
		none = -EBUSY;
	}
	return none;
}

static int try_server(struct leg *l)
{
	struct sip_path path;
	struct sip_msg *m;
	int err = next_server(l, &path);

	if (err)
		return err;
	l->inv.tried[l->inv.n_tried++] = path.remote;
	memset(&l->inv.digest, 0, sizeof(l->inv.digest));
	m = build(l, &path);
	return m ? send_invite(l, m) : -errno;
}

bool sip_uac_has_next(const struct leg *l)
{
	struct sip_path path;

	return next_server(l, &path) == 0;
}

int sip_uac_begin(struct leg *l)
{
	struct net_addr local;
	struct sip_path path;
	char tag[SIP_TAG_LEN], host[NET_STR_MAX];
	int err = next_server(l, &path);

	if (err)
		return err;
	err = sip_refer_adopt(l);
	if (err)
		return err;
	sip_leg_init_media(l);
	sip_leg_set_media(l, &l->setup.media);
	l->inv.late = sip_leg_conf(l)->dialog.late_offer;
	if (!l->local.rtp.family)
		return -EDESTADDRREQ;
	if (sip_leg_conf(l)->dialog.session_id)
		sip_dialog_session_new(&l->dialog);
	sip_token(tag);
	str_copy(l->dialog.local_tag, sizeof(l->dialog.local_tag), tag);
	sip_token(tag);
	sip_stack_local(sip_legs_env(l->legs)->stack, &path, &local);
	snprintf(l->dialog.call_id, sizeof(l->dialog.call_id), "%s@%s", tag,
		 net_ip_str(&local, host));
	sip_legs_add_tag(l->legs, l);
	err = try_server(l);
	if (err)
		return err;
	sip_leg_enter(l, LEG_CALLING);
	sip_leg_checkpoint(l);
	return 0;
}

/* --- responses --- */

static unsigned quals_of(const struct leg *l, const struct sip_msg *m)
{
	unsigned quals = l->inv.alerted ? SIP_Q_ALERTED : 0;
	const char *text = sip_msg_plain(m, "Warning", 0);
	long code = text ? strtol(text, NULL, 10) : 0;

	if (sip_msg_plain(m, "Retry-After", 0))
		quals |= SIP_Q_RETRY_AFTER;
	if (code >= 304 && code <= 306)
		quals |= SIP_Q_WARN_MEDIA;
	return quals;
}

/* Did this server fail, rather than the called user? */
static bool is_server_failure(const struct leg *l, unsigned key)
{
	unsigned flags;

	(void)sip_cause_of(key, 0, &flags);
	return (flags & SIP_F_FAILOVER) && key != 408 && !l->inv.alerted &&
	       !l->inv.early;
}

#define REDIRECTS_MAX 5
#define CONTACTS_MAX  8

/* The number in that Contact, and its q in thousandths; false: none. */
static bool contact_number(const struct sip_msg *m, unsigned n,
			   struct cc_number *out, unsigned *q)
{
	char text[SIP_URI_MAX + 256], value[16];
	struct sip_name_addr a;
	struct sip_uri u;

	if (sip_msg_header(m, "contact", n, text, sizeof(text)) < 0 ||
	    !sip_name_addr_parse(&a, text) || sip_uri_parse(&u, a.uri) < 0 ||
	    sip_uri_number(&u, out) < 0)
		return false;
	*q = 1000;
	if (sip_param(a.params, "q", value, sizeof(value)))
		*q = (unsigned)(strtod(value, NULL) * 1000);
	return true;
}

/* RFC 5806: who diverts, and why. */
static void note_diversion(struct leg *l)
{
	struct cc_divert *d = &l->setup.extra.divert;
	uint8_t reason = l->inv.alerted ? CC_DIVERT_DEFLECTION
					: CC_DIVERT_UNCONDITIONAL;

	if (l->setup.redirecting.valid && !d->original.valid) {
		d->original = l->setup.redirecting;
		d->original_reason = d->reason;
	}
	d->count = l->setup.redirecting.valid && !d->count ? 2 : d->count + 1;
	if (d->count > CC_DIVERT_MAX)
		d->count = CC_DIVERT_MAX;
	d->reason = reason;
	l->setup.redirecting = l->setup.called;
}

/* 3xx: the call goes to the number named there with the highest q, over the
 * same trunk, whatever host stands beside it. False: it ends. */
static bool redirect(struct leg *l, const struct sip_msg *m, int status)
{
	struct cc_number best = {0}, number;
	unsigned n, q, best_q = 0;

	if (status < 300 || status > 399 ||
	    !sip_leg_conf(l)->dialog.follow_3xx ||
	    l->inv.redirects >= REDIRECTS_MAX)
		return false;
	for (n = 0; n < CONTACTS_MAX; n++) {
		if (contact_number(m, n, &number, &q) &&
		    (!best.valid || q > best_q) &&
		    memcmp(&number, &l->setup.called, sizeof(number)) != 0) {
			best = number;
			best_q = q;
		}
	}
	if (!best.valid)
		return false;
	l->inv.redirects++;
	note_diversion(l);
	l->setup.called = best;
	return true;
}

#define WAIT_MOST_S 3600 /* of a Retry-After */

/* 503: this server is tried last for a while, or gets no calls for as long as
 * it says. */
static void unavailable(const struct leg *l, const struct sip_msg *m)
{
	struct trunk_table *t = sip_leg_trunks(l);
	int s = sip_msg_retry_after(m);

	trunk_server_down(t, l->trunk, &l->dialog.path.remote, TRUNK_DOWN_MS);
	if (s > 0)
		trunk_server_wait(t, l->trunk, &l->dialog.path.remote,
				  1000 * (s < WAIT_MOST_S ? s : WAIT_MOST_S));
}

static void refused(struct leg *l, const struct sip_msg *m, int status)
{
	unsigned key = (unsigned)status, quals = quals_of(l, m);
	struct sip_reason reason = sip_leg_reason_of(m);
	struct leg_event e = {.ev = LEG_N_REFUSED, .msg = m};
	char detail[CC_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%d %s", status,
		 sip_reason_phrase(status));
	e.cause = sip_cause_in(key, quals, &reason);
	e.detail = detail;
	if (status == 503)
		unavailable(l, m);
	if ((status == 401 || status == 407) &&
	    sip_auth_can(sip_leg_trunks(l), l->trunk))
		e.ev = LEG_N_CHALLENGE;
	else if (sip_se_raise(l, m) || redirect(l, m, status))
		e.ev = LEG_N_RETRY;
	else if (is_server_failure(l, key) && sip_uac_has_next(l))
		e.ev = LEG_N_NEXT;
	sip_leg_event(l, &e);
}

/* The layer finishes a refused INVITE by itself; nothing more comes of it. */
static void forget(struct leg *l, txn_id id)
{
	txn_detach(sip_leg_txns(l), id);
	l->inv.open--;
}

void sip_uac_response(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct leg_event e = {.msg = m, .txn = id};
	int status = sip_msg_status(m);

	if (status >= 300)
		forget(l, id);
	if (id != l->inv.id) { /* given up for another server or answer */
		if (status >= 200 && status < 300)
			sip_uac_fork(l, &e);
		return;
	}
	if (status < 300) {
		if (status > 100)
			trunk_server_up(sip_leg_trunks(l), l->trunk,
					&l->dialog.path.remote);
		e.ev = status < 200 ? LEG_N_1XX : LEG_N_2XX;
		sip_leg_event(l, &e);
	} else {
		refused(l, m, status);
	}
}

void sip_uac_fail(struct leg *l, enum txn_fail why)
{
	struct leg_event e = {.ev = LEG_N_REFUSED,
			      .detail = why == TXN_FAIL_TRANSPORT
						? "not reachable"
						: "no answer to INVITE"};

	e.cause = sip_cause_in(SIP_BY_TIMEOUT, 0, NULL);
	if (!l->inv.proceeding) /* else: no final response after CANCEL */
		trunk_server_down(sip_leg_trunks(l), l->trunk,
				  &l->dialog.path.remote, TRUNK_DOWN_MS);
	if (is_server_failure(l, SIP_BY_TIMEOUT) && sip_uac_has_next(l))
		e.ev = LEG_N_NEXT;
	sip_leg_event(l, &e);
}

/* No way on with this INVITE and no other server. */
static void fail(struct leg *l, const char *detail)
{
	sip_leg_enter(l, LEG_OVER);
	sip_leg_released(l, sip_cause_in(SIP_BY_TIMEOUT, 0, NULL), detail);
}

void sip_uac_next(struct leg *l, const struct leg_event *e)
{
	(void)e;
	if (try_server(l) < 0)
		fail(l, "no further server");
	else
		sip_leg_enter(l, LEG_CALLING);
}

/* The server says nothing: leave it, but take an answer that comes late. Where
 * the others want no calls by now, it is waited for. */
void sip_uac_give_up(struct leg *l, const struct leg_event *e)
{
	trunk_server_down(sip_leg_trunks(l), l->trunk, &l->dialog.path.remote,
			  TRUNK_DOWN_MS);
	if (!sip_uac_has_next(l))
		return;
	(void)txn_cancel(sip_leg_txns(l), l->inv.id, NULL);
	sip_uac_next(l, e);
}

void sip_uac_challenge(struct leg *l, const struct leg_event *e)
{
	const struct sip_msg *old = txn_request_of(sip_leg_txns(l), l->inv.id);
	struct sip_msg *m = old ? sip_msg_clone(old) : NULL;
	int err = m ? sip_msg_set_cseq(m, ++l->dialog.cseq) : -ENOMEM;

	if (!err)
		err = sip_auth_answer(sip_leg_trunks(l), l->trunk,
				      &l->inv.digest, e->msg, m);
	if (err)
		sip_msg_free(m);
	else
		err = send_invite(l, m);
	if (!err)
		return;
	sip_leg_enter(l, LEG_OVER);
	sip_leg_released(l, e->cause, e->detail);
}

/* To the same server, with what l says now. */
void sip_uac_retry(struct leg *l, const struct leg_event *e)
{
	struct sip_path path = l->dialog.path;
	struct sip_msg *m = build(l, &path);

	if (m && send_invite(l, m) == 0)
		return;
	sip_leg_enter(l, LEG_OVER);
	sip_leg_released(l, e->cause, e->detail);
}

void sip_uac_refused(struct leg *l, const struct leg_event *e)
{
	if (e->msg)
		sip_who_hear_uui(l, e->msg, &l->inv.uui.heard);
	sip_leg_released(l, e->cause, e->detail);
}

/* --- 1xx and 2xx --- */

static int take(struct leg *l, const struct sip_part *part,
		struct cc_media *out)
{
	return (l->inv.late ? sdp_on_offer : sdp_on_answer)(
		&l->sdp, &l->local, part->data, part->len, out);
}

/* An answer in this response, or the offer when our INVITE had none, if there
 * is one that we can use. */
static bool take_answer(struct leg *l, const struct sip_msg *m,
			struct cc_media *out)
{
	struct sip_part part;
	int err = sip_leg_sdp_of(m, &part);

	if (err == -ENOENT)
		return false;
	if (!err)
		err = take(l, &part, out);
	if (err)
		sip_leg_bad_sdp(l, err);
	else
		sip_rel_keep_sdp(l, sip_msg_to_tag(m), &part,
				 sip_msg_has_token(m, "Require", "100rel"));
	return err == 0;
}

/* We have answered that branch's offer in a PRACK. */
static bool is_done(const struct leg *l, const struct sip_msg *m)
{
	return l->inv.late && sip_rel_has_answered(l, sip_msg_to_tag(m));
}

static int put_answer(struct leg *l, struct sip_msg *m)
{
	char sdp[SDP_OUT_MAX];
	int len = sdp_write_answer(&l->sdp, &l->local, sdp);

	return len < 0 ? len : sip_msg_set_body(m, SDP_TYPE, sdp, (size_t)len);
}

void sip_uac_prack(struct leg *l, const struct sip_msg *m,
		   struct sip_msg *prack)
{
	if (l->inv.late && !is_done(l, m) && take_answer(l, m, &l->media))
		(void)put_answer(l, prack);
}

/* What the branch that now answers without a description has said before. */
static bool take_earlier(struct leg *l, const struct sip_msg *m,
			 struct cc_media *out)
{
	struct sip_part part;

	return (m->body_len == 0 || is_done(l, m)) &&
	       sip_rel_sdp_of(l, sip_msg_to_tag(m), &part) &&
	       take(l, &part, out) == 0;
}

/* What the peer says of its early media holds until it says something else.
 * True: it did. */
static bool take_gate(struct leg *l, const struct sip_msg *m)
{
	enum sip_early said = sip_early_read(m, l->sdp.audio);

	if (sip_leg_conf(l)->dialog.early == CONF_EARLY_IGNORE ||
	    said == SIP_EARLY_NONE || said == (enum sip_early)l->inv.gate)
		return false;
	l->inv.gate = (uint8_t)said;
	return true;
}

/* The core hears no more than the peer wants to be heard. */
static void apply_gate(struct leg *l, struct cc_msg *m, bool changed)
{
	static const uint8_t without[] = {
		[CC_SENDRECV] = CC_SENDONLY,
		[CC_SENDONLY] = CC_SENDONLY,
		[CC_RECVONLY] = CC_INACTIVE,
		[CC_INACTIVE] = CC_INACTIVE,
	};

	bool heard = sip_early_is_heard((enum sip_early)l->inv.gate);

	if (changed)
		l->inv.early = heard;
	if (l->inv.early)
		m->progress = CC_PROG_INBAND;
	if (!heard)
		m->media.direction = without[m->media.direction];
}

void sip_uac_update(struct leg *l, const struct sip_msg *update)
{
	struct cc_msg m;

	if (!take_gate(l, update) || !l->media.valid)
		return;
	sip_leg_cc(l, &m);
	m.media = l->media;
	apply_gate(l, &m, true);
	(void)sip_leg_tell(l, CC_PROGRESS, &m);
}

/* True: there is a new description. */
static bool take_early(struct leg *l, const struct sip_msg *m,
		       struct cc_media *out)
{
	if (l->inv.late) { /* taken with its PRACK, or no offer (RFC 3262 5) */
		*out = l->media;
		return m->body_len && is_done(l, m);
	}
	if (!take_answer(l, m, out))
		return false;
	l->media = *out;
	return true;
}

/*
 * Early media follows the latest answer: forks mostly come one after the
 * other, and then the earlier branch is silent.
 */
void sip_uac_1xx(struct leg *l, const struct leg_event *e)
{
	int status = sip_msg_status(e->msg);
	bool media, gate, inband;
	struct cc_msg m;

	sip_leg_cc(l, &m);
	if (!l->inv.proceeding) {
		l->inv.proceeding = true;
		(void)sip_leg_tell(l, CC_PROCEEDING, &m);
		sip_leg_cc(l, &m);
	}
	sip_dialog_session_learn(&l->dialog, e->msg);
	if (!sip_rel_1xx(l, e->msg) || status == 100 || status == 199)
		return;
	media = take_early(l, e->msg, &m.media);
	gate = take_gate(l, e->msg) && l->media.valid;
	if (gate)
		m.media = l->media;
	apply_gate(l, &m, media || gate);
	inband = (media && l->inv.early) || gate;
	if (status == 180 && !l->inv.alerted) {
		l->inv.alerted = true;
		sip_who_hear_uui(l, e->msg, &m.extra.uui);
		(void)sip_leg_tell(l, CC_ALERTING, &m);
	} else if (inband || status == 181) {
		if (status == 181)
			m.progress |= CC_PROG_DIVERTED;
		(void)sip_leg_tell(l, CC_PROGRESS, &m);
	}
}

/* RFC 3261 13.2.2.4: with the credentials of its INVITE. */
static int copy_credentials(const struct leg *l, struct sip_msg *ack)
{
	static const char *const names[] = {"Authorization",
					    "Proxy-Authorization"};
	const struct sip_msg *invite =
		txn_request_of(sip_leg_txns(l), l->inv.id);
	char text[2048];
	unsigned i, n;

	for (i = 0; invite && i < 2; i++) {
		for (n = 0; n < 4 && sip_msg_header(invite, names[i], n, text,
						    sizeof(text)) > 0;
		     n++)
			(void)sip_msg_add(ack, names[i], text);
	}
	return 0;
}

static void send_ack(struct leg *l, const struct sip_dialog *d, txn_id id,
		     uint32_t cseq, bool answer)
{
	struct sip_path hop = sip_dialog_hop(d, sip_leg_trunks(l));
	struct sip_msg *ack = sip_dialog_ack(d, cseq);

	if (!ack)
		return;
	(void)copy_credentials(l, ack);
	if (answer && put_answer(l, ack) != 0)
		log_warn("leg %u: ACK without the answer", l->id);
	(void)txn_ack(sip_leg_txns(l), id, ack, &hop);
}

/* Answered, but we cannot go on with it. */
static void cannot(struct leg *l, const char *detail)
{
	struct cc_cause cause = sip_cause_in(SIP_BY_ERROR, 0, NULL);

	sip_leg_enter(l, LEG_CLEARING);
	sip_leg_released(l, cause, detail);
	sip_leg_send_bye(l, cause);
}

void sip_uac_2xx(struct leg *l, const struct leg_event *e)
{
	int err = sip_dialog_uac(&l->dialog, e->msg);
	struct cc_media media;
	bool answer, good;
	struct cc_msg m;

	if (err) { /* nowhere to send an ACK to */
		sip_leg_enter(l, LEG_OVER);
		sip_leg_released(l, sip_cause_in(SIP_BY_ERROR, 0, NULL),
				 "200 without usable Contact");
		return;
	}
	sip_dialog_session_learn(&l->dialog, e->msg);
	answer = l->inv.late && !is_done(l, e->msg);
	good = take_earlier(l, e->msg, &media) || take_answer(l, e->msg, &media);
	send_ack(l, &l->dialog, l->inv.id, l->inv.cseq, answer && good);
	sip_legs_env(l->legs)->stats.answered++;
	sip_se_answered(l, e->msg);
	if (good) {
		l->media = media;
		sip_rel_forget(l);
	} else {
		cannot(l, e->msg->body_len ? "200 with unusable SDP"
					   : "200 without SDP");
		return;
	}
	sip_leg_note_srtp(l);
	sip_leg_cc(l, &m);
	m.media = l->media;
	sip_who_read_connected(l, e->msg, &m);
	sip_who_hear_uui(l, e->msg, &m.extra.uui);
	sip_update_learn(l, e->msg);
	l->again.who.heard = m.connected;
	l->held = sdp_is_held(&l->sdp);
	(void)sip_leg_tell(l, CC_ANSWER, &m);
	if (l->held) {
		sip_leg_cc(l, &m);
		(void)sip_leg_tell(l, CC_HOLD, &m);
	}
}

/* --- CANCEL and what crosses it --- */

static void cancel(struct leg *l, struct cc_cause cause, const char *detail)
{
	char reason[SIP_REASON_MAX];
	int err;

	sip_leg_released(l, cause, detail);
	err = txn_cancel(sip_leg_txns(l), l->inv.id,
			 sip_reason_write(reason, cause));
	if (err == -ESTALE)
		sip_leg_enter(l, LEG_OVER);
}

void sip_uac_cancel(struct leg *l, const struct leg_event *e)
{
	cancel(l, e->cause, "CANCEL");
}

void sip_uac_ring_timeout(struct leg *l, const struct leg_event *e)
{
	char detail[CC_DETAIL_MAX];

	(void)e;
	snprintf(detail, sizeof(detail), "no answer in %u s",
		 sip_legs_env(l->legs)->conf.ring_s);
	cancel(l, (struct cc_cause){CAUSE_NO_ANSWER, CC_LOC_PRIVATE_LOCAL},
	       detail);
}

/* The 2xx that crossed our CANCEL. */
void sip_uac_ack_bye(struct leg *l, const struct leg_event *e)
{
	if (sip_dialog_uac(&l->dialog, e->msg) != 0) {
		sip_leg_enter(l, LEG_OVER);
		return;
	}
	send_ack(l, &l->dialog, l->inv.id, l->inv.cseq, false);
	sip_leg_send_bye(l, l->cause);
}

/* A 2xx nobody waits for: of another branch, or of a server given up. Its
 * dialog lives as long as this function. */
void sip_uac_fork(struct leg *l, const struct leg_event *e)
{
	struct sip_dialog d = l->dialog;
	struct sip_path hop;
	struct sip_msg *bye;
	txn_id id;

	sip_legs_env(l->legs)->stats.forks++;
	d.path = e->msg->path;
	if (sip_dialog_uac(&d, e->msg) != 0)
		return;
	send_ack(l, &d, e->txn, sip_msg_cseq(e->msg), false);
	hop = sip_dialog_hop(&d, sip_leg_trunks(l));
	bye = sip_dialog_request(&d, "BYE");
	if (!bye)
		return;
	sip_leg_reason(bye,
		       (struct cc_cause){CAUSE_NORMAL, CC_LOC_PRIVATE_LOCAL});
	/* Nobody is left to answer a challenge. */
	(void)sip_auth_repeat(sip_leg_trunks(l), l->trunk, &l->inv.digest,
			      &hop, bye);
	if (txn_request(sip_leg_txns(l), &l->user, bye, &hop, &id) == 0)
		txn_detach(sip_leg_txns(l), id);
}
