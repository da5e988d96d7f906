/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The death of this process: while a leg lives the core keeps a snapshot of
 * it (snapshot.h). The next process gets those of answered calls back as KEEP,
 * and goes on with them where they stood: with our 2xx, where it had no ACK
 * yet. Other transactions that were open then are lost, and the peer repeats
 * its own. The others it gets as CLEAR, as is an
 * answered one whose call has ended meanwhile, and clears them towards the
 * peer:
 *
 *   answered                     BYE; without ACK so far, our 2xx first
 *   the peer's INVITE, open      503
 *   our INVITE, open             CANCEL; a crossing 2xx gets ACK and BYE
 */
#include "sip/leg.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/legs.h"
#include "sip/snapshot.h"

#define TOO_BIG UINT32_MAX /* instead of a digest: counted already */

/* --- taking --- */

/* The Via values of that INVITE into the place of the routes. */
static int take_vias(struct sip_dialog *d, const struct sip_msg *m)
{
	size_t used = 0;
	int n;

	d->n_routes = 0;
	while ((n = sip_msg_header(m, "via", d->n_routes, d->routes + used,
				   sizeof(d->routes) - used)) > 0) {
		used += (size_t)n + 1;
		d->n_routes++;
	}
	return n == -ENOENT ? 0 : -E2BIG;
}

static int take_uri(struct sip_dialog *d, const struct sip_msg *m)
{
	char *text = NULL;
	int err;

	if (osip_uri_to_str(m->osip->req_uri, &text) != 0)
		return -ENOMEM;
	err = str_copy(d->target, sizeof(d->target), text) ? 0 : -E2BIG;
	osip_free(text);
	return err;
}

static int take_invite(struct leg *l, struct sip_snapshot *s)
{
	struct txn_layer *txns = sip_leg_txns(l);
	const struct sip_msg *m = l->uac ? txn_sent_of(txns, l->inv.id)
					 : txn_request_of(txns, l->inv.id);
	struct sip_dialog *d = &s->dialog;
	int err;

	if (!m)
		return -ESTALE;
	err = take_vias(d, m);
	d->cseq = l->inv.cseq;
	if (err || !l->uac)
		return err;
	/* Header rules may have changed them: a CANCEL must say the same. */
	if (sip_msg_header(m, "to", 0, d->remote, sizeof(d->remote)) < 0 ||
	    sip_msg_header(m, "from", 0, d->local, sizeof(d->local)) < 0)
		return -E2BIG;
	return take_uri(d, m);
}

static void take_answered(struct leg *l, struct sip_snapshot *s)
{
	bool told = l->refer && l->refer->going && !l->refer->silent;

	s->kind = SIP_SNAPSHOT_DIALOG;
	s->local = l->local;
	s->sdp = l->sdp;
	s->media = l->media;
	s->se.interval_s = l->se.interval_s;
	s->se.ours = l->se.ours;
	s->se.peer_update = l->se.peer_update;
	s->refer = told ? (struct sip_snapshot_refer){true, l->refer->count,
						      l->refer->cseq}
			: (struct sip_snapshot_refer){false, 0, 0};
	if (l->state != LEG_ANSWERED)
		return;
	s->ok.cseq = l->inv.cseq;
	s->ok.wire = txn_answer_of(sip_leg_txns(l), l->inv.id);
	if (s->ok.wire.text)
		s->kind = SIP_SNAPSHOT_ANSWERED;
}

/* 0; -ENOENT: in this state nothing would have to be cleared. */
static int take(struct leg *l, struct sip_snapshot *s)
{
	s->dialog = l->dialog;
	switch (l->state) {
	case LEG_ANSWERED:
	case LEG_UP:
		take_answered(l, s);
		return 0;
	case LEG_INCOMING:
		s->kind = SIP_SNAPSHOT_OFFERED;
		s->dialog.target[0] = '\0';
		return take_invite(l, s);
	case LEG_CALLING:
	case LEG_PROCEEDING:
		s->kind = SIP_SNAPSHOT_CALLING;
		return take_invite(l, s);
	default:
		return -ENOENT;
	}
}

static uint32_t digest(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ *p++) * 16777619u;
	return h ? h : 1;
}

void sip_leg_checkpoint(struct leg *l)
{
	struct legs_env *env = sip_legs_env(l->legs);
	struct cc_snapshot m = {.leg = l->id};
	struct sip_snapshot s; /* large: what its kind needs is set */
	uint32_t now;
	int len;

	if (l->released || !link_is_up(env->core))
		return;
	len = take(l, &s);
	if (!len)
		len = sip_snapshot_write(&s, m.bytes, sizeof(m.bytes));
	if (len == -E2BIG && s.kind == SIP_SNAPSHOT_ANSWERED) {
		s.kind = SIP_SNAPSHOT_DIALOG; /* its 2xx is long */
		len = sip_snapshot_write(&s, m.bytes, sizeof(m.bytes));
	}
	if (len < 0) {
		if (len == -E2BIG && l->snapshot != TOO_BIG)
			env->stats.snapshot_big++;
		l->snapshot = len == -E2BIG ? TOO_BIG : l->snapshot;
		return;
	}
	now = digest(m.bytes, (size_t)len);
	if (now == l->snapshot)
		return;
	m.len = (uint16_t)len;
	m.cause.location = CC_LOC_NONE;
	if (link_send(env->core, &m.head, CC_SNAPSHOT, sizeof(m)) == 0)
		l->snapshot = now;
	else
		env->stats.send_failed++;
}

/* --- what another process has left --- */

/* The INVITE that the transaction was about, as far as it matters. */
static struct sip_msg *make_invite(const struct sip_snapshot *s, bool ours)
{
	const struct sip_dialog *d = &s->dialog;
	struct sip_request r = {
		.method = "INVITE",
		.uri = ours ? d->target : "sip:unknown.invalid",
		.from = ours ? d->local : d->remote,
		.to = ours ? d->remote : d->local,
		.call_id = d->call_id,
		.cseq = d->cseq,
	};
	struct sip_msg *m = sip_request_new(&r);
	const char *via = d->routes;
	unsigned i;
	int err = m ? 0 : -errno;

	for (i = 0; i < d->n_routes && !err; i++, via += strlen(via) + 1)
		err = sip_msg_add(m, "Via", via);
	if (err) {
		sip_msg_free(m);
		errno = -err;
		return NULL;
	}
	m->path = d->path;
	return m;
}

static int refuse_offered(struct legs *t, const struct sip_snapshot *s,
			  struct cc_cause cause)
{
	struct txn_layer *txns = sip_stack_txns(sip_legs_env(t)->stack);
	struct sip_msg *invite = make_invite(s, false), *no;
	txn_id id;
	int err;

	if (!invite)
		return -errno;
	no = sip_response_new(invite, 503, NULL, s->dialog.local_tag);
	if (!no) {
		sip_msg_free(invite);
		return -ENOMEM;
	}
	sip_leg_reason(no, cause);
	err = txn_resume_server(txns, invite, &id);
	if (err) {
		sip_msg_free(no);
		return err;
	}
	err = txn_respond(txns, id, no);
	if (err)
		txn_kill(txns, id);
	return err;
}

static void restore_dialog(struct leg *l, const struct sip_snapshot *s)
{
	struct net_addr local;

	l->dialog = s->dialog;
	sip_stack_local(sip_legs_env(l->legs)->stack, &s->dialog.path, &local);
	sip_dialog_contact(&l->dialog, &local, sip_leg_conf(l));
	sip_legs_add_tag(l->legs, l);
}

static struct leg *restore_leg(struct legs *t, const struct cc_snapshot *m,
			       const struct sip_snapshot *s)
{
	struct leg *l = sip_legs_orphan(t, m->leg, s->dialog.path.trunk);

	if (!l)
		return NULL;
	l->cause = m->cause;
	restore_dialog(l, s);
	return l;
}

/* Our 2xx may have been lost: on with it until its ACK comes, in that state.
 * False: there is none, or it cannot be. */
static bool resume_2xx(struct leg *l, const struct sip_snapshot *s,
		       enum leg_state state)
{
	if (s->kind != SIP_SNAPSHOT_ANSWERED)
		return false;
	l->inv.cseq = s->ok.cseq;
	if (txn_resume_answered(sip_leg_txns(l), &l->user, &s->ok.wire,
				&s->dialog.path, &l->inv.id) != 0)
		return false;
	sip_leg_enter(l, state);
	return true;
}

static int clear_dialog(struct legs *t, const struct cc_snapshot *m,
			const struct sip_snapshot *s)
{
	struct leg *l = restore_leg(t, m, s);

	if (!l)
		return -ENOMEM;
	if (resume_2xx(l, s, LEG_UNACKED))
		return 0; /* no BYE before its ACK (RFC 3261 15) */
	sip_leg_enter(l, LEG_CLEARING);
	sip_leg_send_bye(l, m->cause);
	if (l->state == LEG_CLEARING)
		return 0;
	sip_legs_end(t, l);
	return -EBADMSG;
}

static int cancel_calling(struct legs *t, const struct cc_snapshot *m,
			  const struct sip_snapshot *s)
{
	struct sip_msg *invite = make_invite(s, true);
	struct leg *l = invite ? restore_leg(t, m, s) : NULL;
	char reason[SIP_REASON_MAX];
	int err;

	if (!l) {
		sip_msg_free(invite);
		return -ENOMEM;
	}
	l->uac = true;
	l->dialog.remote[0] = '\0';
	l->dialog.n_routes = 0;
	l->inv.cseq = s->dialog.cseq;
	sip_leg_enter(l, LEG_CANCELLING);
	err = txn_resume_client(sip_leg_txns(l), &l->user, invite,
				&s->dialog.path, &l->inv.id);
	if (err) {
		sip_leg_enter(l, LEG_OVER);
		sip_legs_end(t, l);
		return err;
	}
	l->inv.open = 1;
	return txn_cancel(sip_leg_txns(l), l->inv.id,
			  sip_reason_write(reason, m->cause));
}

static int read_snapshot(struct legs *t, const struct cc_snapshot *m,
			 struct sip_snapshot *s)
{
	struct trunk_table *trunks = sip_stack_trunks(sip_legs_env(t)->stack);
	int err = sip_snapshot_read(s, m->bytes, m->len);

	if (err)
		return err;
	if (!trunk_conf(trunks, s->dialog.path.trunk))
		return -ENODEV;
	return sip_legs_has_dialog(t, &s->dialog) ? -EEXIST : 0;
}

static int clear(struct legs *t, const struct cc_snapshot *m,
		 const struct sip_snapshot *s)
{
	switch (s->kind) {
	case SIP_SNAPSHOT_OFFERED:
		return refuse_offered(t, s, m->cause);
	case SIP_SNAPSHOT_CALLING:
		return cancel_calling(t, m, s);
	default:
		return clear_dialog(t, m, s);
	}
}

void sip_legs_restore(struct legs *t, const struct cc_snapshot *m)
{
	struct legs_stats *stats = &sip_legs_env(t)->stats;
	struct sip_snapshot s;
	int err = read_snapshot(t, m, &s);

	if (!err)
		err = clear(t, m, &s);
	if (!err) {
		stats->restored++;
	} else if (err != -EEXIST) { /* else the call is cleared already */
		stats->not_restored++;
		log_warn("leg %u of an earlier process: not cleared: %s",
			 m->leg, strerror(-err));
	}
}

/* Our 2xx has the offer, which is written once more for the session to know. */
static void offer_again(struct leg *l)
{
	char sdp[SDP_OUT_MAX];

	l->answer_in_ack = true;
	l->sdp.version--;
	(void)sdp_write_offer(&l->sdp, &l->local, sdp);
}

/* Where it stood: up, and with nothing open but our 2xx. */
static int keep_dialog(struct legs *t, const struct cc_snapshot *m,
		       const struct sip_snapshot *s)
{
	struct leg *l = sip_legs_adopt(t, m->leg, s->dialog.path.trunk);

	if (!l)
		return -ENOMEM;
	restore_dialog(l, s);
	sip_leg_init_media(l);
	l->local.rtp = s->local.rtp;
	l->local.dir = s->local.dir;
	l->sdp = s->sdp;
	sdp_session_resume(&l->sdp);
	(void)sip_leg_settle_media(l);
	l->media = s->media;
	if (!s->media.valid)
		offer_again(l);
	l->held = s->media.valid && sdp_is_held(&l->sdp);
	l->se.interval_s = s->se.interval_s;
	l->se.ours = s->se.ours;
	l->se.peer_update = s->se.peer_update;
	sip_refer_resume(l, &s->refer);
	l->snapshot = digest(m->bytes, m->len);
	sip_leg_enter(l, LEG_UP);
	(void)resume_2xx(l, s, LEG_ANSWERED);
	sip_se_resume(l);
	return 0;
}

/* Of an offer in our 2xx the keys of SRTP are not kept. */
static bool can_keep(struct legs *t, const struct sip_snapshot *s)
{
	struct trunk_table *trunks = sip_stack_trunks(sip_legs_env(t)->stack);
	const struct conf_trunk *c = trunk_conf(trunks, s->dialog.path.trunk);

	return sip_snapshot_is_answered(s) &&
	       (s->media.valid || (s->kind == SIP_SNAPSHOT_ANSWERED &&
				   c->srtp.mode == CONF_SRTP_OFF));
}

static int keep(struct legs *t, const struct cc_snapshot *m)
{
	const struct cc_cause cause = {CAUSE_TEMPORARY, CC_LOC_PRIVATE_LOCAL};
	struct cc_snapshot lost = *m;
	struct sip_snapshot s;
	int err = read_snapshot(t, m, &s);

	if (err)
		return err;
	if (can_keep(t, &s))
		return keep_dialog(t, m, &s);
	/* The answer was on its way, and is lost. */
	lost.cause = cause;
	err = clear(t, &lost, &s);
	return err ? err : -ECONNRESET;
}

void sip_legs_keep(struct legs *t, const struct cc_snapshot *m)
{
	struct legs_env *env = sip_legs_env(t);
	/* The link was lost, not the process: it is here already. */
	int err = sip_legs_has_id(t, m->leg) ? -EALREADY : keep(t, m);

	if (!err) {
		env->stats.kept++;
	} else if (err != -EALREADY) {
		env->stats.not_restored++;
		log_warn("leg %u of an earlier process: not kept: %s", m->leg,
			 strerror(-err));
		sip_legs_refuse(t, m->leg, CAUSE_TEMPORARY,
				"lost with the sip role");
	}
}
