/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/leg_refer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/leg.h"
#include "sip/legs.h"
#include "sip/snapshot.h"

#define EXPIRES_S 300 /* of the subscription that a REFER makes */
#define FRAG_TYPE "message/sipfrag;version=2.0"

static struct leg_refer *make(struct leg *l)
{
	if (!l->refer)
		l->refer = calloc(1, sizeof(*l->refer));
	return l->refer;
}

void sip_refer_free(struct leg *l)
{
	struct txn_layer *txns = sip_leg_txns(l);
	struct leg_refer *r = l->refer;

	if (!r)
		return;
	timer_stop(sip_legs_env(l->legs)->loop, &r->timer);
	txn_detach(txns, r->asked);
	txn_detach(txns, r->notify);
	txn_detach(txns, r->ours);
	free(r);
	l->refer = NULL;
}

static void tell_core(struct leg *l, enum cc_transfer what,
		      struct cc_cause cause)
{
	struct cc_msg m;

	sip_leg_cc(l, &m);
	m.transfer = (uint8_t)what;
	m.cause = cause;
	(void)sip_leg_tell(l, CC_TRANSFER, &m);
}

static void ask_core(struct leg *l, const struct cc_number *called,
		     leg_id other)
{
	struct cc_msg m;

	sip_leg_cc(l, &m);
	m.transfer = l->refer->to.replaces[0] ? CC_TRANSFER_ATTENDED
					      : CC_TRANSFER_BLIND;
	m.called = *called;
	m.other = other;
	(void)sip_leg_tell(l, CC_TRANSFER, &m);
}

/* --- the peer asks --- */

static void refuse(struct leg *l, txn_id id, int status)
{
	(void)txn_reply(sip_leg_txns(l), id, status, NULL);
}

/* Exactly one. 0 or the status. */
static int read_refer_to(const struct sip_msg *m, struct sip_refer_to *to)
{
	char text[SIP_URI_MAX + SIP_REPLACES_MAX + 64];
	int err;

	if (sip_msg_header(m, "refer-to", 1, text, sizeof(text)) != -ENOENT ||
	    sip_msg_header(m, "refer-to", 0, text, sizeof(text)) <= 0)
		return 400;
	err = sip_refer_to_parse(to, text);
	return !err ? 0 : err == -ENOTSUP ? 603 : err == -E2BIG ? 414 : 400;
}

static void read_referred_by(const struct sip_msg *m, char out[SIP_URI_MAX])
{
	struct sip_name_addr a;
	struct sip_uri u;
	char text[2 * SIP_URI_MAX];

	out[0] = '\0';
	if (sip_msg_header(m, "referred-by", 0, text, sizeof(text)) > 0 &&
	    sip_name_addr_parse(&a, text) && sip_uri_parse(&u, a.uri) == 0 &&
	    !strpbrk(a.uri, "<>\" \t"))
		snprintf(out, SIP_URI_MAX, "<%.*s>", SIP_URI_MAX - 3, a.uri);
}

static bool is_silent(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Refer-Sub", 0);

	return text && strncasecmp(text, "false", 5) == 0;
}

/* The dialog of our own that is meant: *other is its leg, 0 when it is one of
 * the peer's with somebody else. 0 or the status. */
static int find_ours(const struct leg *l, const struct sip_refer_to *to,
		     leg_id *other)
{
	struct sip_replaces r;
	const struct leg *o;

	if (sip_replaces_parse(&r, to->replaces) != 0)
		return 400;
	o = sip_legs_find_replaced(l->legs, &r);
	if (!o)
		return 0;
	if (o == l || o->trunk != l->trunk ||
	    (o->state != LEG_UP && o->state != LEG_INCOMING))
		return 603;
	*other = o->id;
	return 0;
}

/* May it be done at all? Whether that number may, the core knows. 0 or the
 * status. */
static int check(const struct leg *l, const struct sip_refer_to *to,
		 struct cc_number *called, leg_id *other)
{
	enum conf_refer mode = sip_leg_conf(l)->refer.mode;
	struct sip_uri u;
	int err = sip_uri_parse(&u, to->uri);

	if (err)
		return 400;
	err = sip_uri_number(&u, called);
	if (err)
		*called = (struct cc_number){.valid = 0};
	if (to->replaces[0])
		return find_ours(l, to, other);
	if (mode != CONF_REFER_ON)
		return 603;
	return err ? 404 : 0;
}

void sip_refer_in(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct sip_refer_to to;
	struct cc_number called;
	leg_id other = 0;
	struct leg_refer *r;
	int status = read_refer_to(m, &to);

	if (sip_leg_conf(l)->refer.mode == CONF_REFER_OFF) {
		refuse(l, id, 603);
		return;
	}
	if (l->state != LEG_UP || (l->refer && (l->refer->asked ||
						l->refer->going))) {
		refuse(l, id, 491);
		return;
	}
	if (!status)
		status = check(l, &to, &called, &other);
	r = status ? NULL : make(l);
	if (!r || txn_attach(sip_leg_txns(l), id, &l->user) != 0) {
		sip_legs_env(l->legs)->stats.moves.refused++;
		refuse(l, id, status ? status : 500);
		return;
	}
	r->to = to;
	read_referred_by(m, r->by);
	r->asked = id;
	r->cseq = sip_msg_cseq(m);
	r->count++;
	r->silent = is_silent(m);
	r->next = 0;
	ask_core(l, &called, other);
}

/* --- how it goes --- */

/* With an id when it is not the first in the dialog (RFC 3515 2.4.6). */
static void add_event(const struct leg_refer *r, struct sip_msg *m)
{
	char text[32];

	if (r->count > 1)
		snprintf(text, sizeof(text), "refer;id=%u", r->cseq);
	else
		snprintf(text, sizeof(text), "refer");
	(void)sip_msg_add(m, "Event", text);
}

static int send_notify(struct leg *l, int status)
{
	struct sip_path hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	struct sip_msg *m = sip_dialog_request(&l->dialog, "NOTIFY");
	char text[96];
	int err, n;

	if (!m)
		return -errno;
	add_event(l->refer, m);
	if (status < 200)
		snprintf(text, sizeof(text), "active;expires=%d", EXPIRES_S);
	else
		snprintf(text, sizeof(text), "terminated;reason=noresource");
	(void)sip_msg_add(m, "Subscription-State", text);
	n = snprintf(text, sizeof(text), "SIP/2.0 %d %s\r\n", status,
		     sip_reason_phrase(status));
	err = sip_msg_set_body(m, FRAG_TYPE, text, (size_t)n);
	if (err) {
		sip_msg_free(m);
		return err;
	}
	memset(&l->refer->digest, 0, sizeof(l->refer->digest));
	return txn_request(sip_leg_txns(l), &l->user, m, &hop,
			   &l->refer->notify);
}

static bool may_notify(const struct leg *l)
{
	return !l->refer->silent && (l->state == LEG_UP || l->refer->outlives);
}

/* Its last NOTIFY has been answered: the leg is of no use any more. */
static void end_outlived(struct leg *l)
{
	struct leg_refer *r = l->refer;

	if (!r->outlives || r->going || r->notify)
		return;
	r->outlives = false;
	timer_stop(sip_legs_env(l->legs)->loop, &r->timer);
	sip_leg_released(l, l->cause, "BYE");
	sip_leg_end_if_over(l);
}

static void notify(struct leg *l, int status)
{
	struct leg_refer *r = l->refer;

	if (status >= 200)
		r->going = false;
	if (may_notify(l) && r->notify)
		r->next = status;
	else if (may_notify(l) && send_notify(l, status) < 0)
		log_warn("leg %u: NOTIFY not sent", l->id);
	end_outlived(l);
}

static void accepted(struct leg *l)
{
	struct leg_refer *r = l->refer;
	const struct sip_msg *request =
		txn_request_of(sip_leg_txns(l), r->asked);
	struct sip_msg *m = request ? sip_leg_response(l, request, 202) : NULL;

	sip_legs_env(l->legs)->stats.moves.refers++;
	if (m && r->silent)
		(void)sip_msg_add(m, "Refer-Sub", "false");
	if (m)
		(void)txn_respond(sip_leg_txns(l), r->asked, m);
	txn_detach(sip_leg_txns(l), r->asked);
	r->asked = 0;
	r->going = true;
	notify(l, 100);
}

static void failed(struct leg *l, struct cc_cause cause)
{
	struct leg_refer *r = l->refer;
	int status = cause.value == CAUSE_BARRED ||
				     cause.value == CAUSE_REJECTED
			     ? 603
			     : (int)sip_cause_status(cause.value, 0);

	if (r->asked) {
		sip_legs_env(l->legs)->stats.moves.refused++;
		refuse(l, r->asked, status);
		txn_detach(sip_leg_txns(l), r->asked);
		r->asked = 0;
	} else if (r->going) {
		notify(l, status);
	}
}

void sip_refer_core_gone(struct leg *l)
{
	if (l->refer)
		failed(l, (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE});
}

static void give_up(struct leg *l)
{
	struct leg_refer *r = l->refer;

	txn_detach(sip_leg_txns(l), r->notify);
	r->notify = 0;
	r->next = 0;
	r->going = false;
	end_outlived(l);
}

/* --- we ask --- */

static void result(struct leg *l, int status)
{
	struct leg_refer *r = l->refer;

	timer_stop(sip_legs_env(l->legs)->loop, &r->timer);
	r->subscribed = false;
	if (status >= 200 && status < 300)
		tell_core(l, CC_TRANSFER_DONE,
			  (struct cc_cause){0, CC_LOC_NONE});
	else
		tell_core(l, CC_TRANSFER_FAILED,
			  sip_cause_in(status ? (unsigned)status
					      : SIP_BY_TIMEOUT, 0, NULL));
}

static void on_timer(struct timer *t)
{
	struct leg_refer *r = container_of(t, struct leg_refer, timer);

	if (r->outlives)
		give_up(r->leg);
	else
		result(r->leg, 0);
}

bool sip_refer_bye(struct leg *l, struct cc_cause cause)
{
	struct leg_refer *r = l->refer;
	struct cc_msg m;

	if (!r || !r->going || r->silent)
		return false;
	sip_leg_cc(l, &m);
	m.cause = cause;
	m.extra.uui = l->inv.uui.heard;
	if (sip_leg_tell(l, CC_RELEASE, &m) != 0)
		return false;
	l->cause = cause;
	r->outlives = true;
	r->leg = l;
	(void)timer_start(sip_legs_env(l->legs)->loop, &r->timer, on_timer,
			  EXPIRES_S * 1000);
	return true;
}

bool sip_refer_outlives(const struct leg *l)
{
	return l->refer && l->refer->outlives;
}

void sip_refer_over(struct leg *l, const struct leg_event *e)
{
	(void)e;
	if (sip_refer_outlives(l))
		give_up(l);
}

void sip_refer_resume(struct leg *l, const struct sip_snapshot_refer *s)
{
	struct leg_refer *r = s->going ? make(l) : NULL;

	if (!r)
		return;
	r->going = true;
	r->count = s->count;
	r->cseq = s->cseq;
}

/* The number as our INVITEs to this trunk have it. */
static int send_refer(struct leg *l, const struct cc_number *to)
{
	struct sip_path hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	const struct conf_trunk *c = sip_leg_conf(l);
	char uri[SIP_URI_MAX], text[SIP_URI_MAX + 2], host[NET_STR_MAX];
	struct sip_name_addr self;
	struct sip_msg *m;

	if (sip_uri_write(uri, sizeof(uri), to,
			  c->domain[0] ? c->domain
				       : net_str(&l->dialog.path.remote,
						 host)) < 0)
		return -E2BIG;
	m = sip_dialog_request(&l->dialog, "REFER");
	if (!m)
		return -errno;
	snprintf(text, sizeof(text), "<%s>", uri);
	(void)sip_msg_add(m, "Refer-To", text);
	if (sip_name_addr_parse(&self, l->dialog.local)) {
		snprintf(text, sizeof(text), "<%s>", self.uri);
		(void)sip_msg_add(m, "Referred-By", text);
	}
	sip_leg_common(l, m);
	memset(&l->refer->digest, 0, sizeof(l->refer->digest));
	return txn_request(sip_leg_txns(l), &l->user, m, &hop,
			   &l->refer->ours);
}

static void ask(struct leg *l, const struct cc_number *to)
{
	struct leg_refer *r = make(l);
	int err = -ENOMEM;

	if (r && (r->ours || r->subscribed || r->asked || r->going))
		err = -EBUSY;
	else if (r && l->state == LEG_UP)
		err = send_refer(l, to);
	if (err)
		tell_core(l, CC_TRANSFER_FAILED,
			  (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE});
	else
		r->leg = l;
}

static void refer_response(struct leg *l, const struct sip_msg *m, int status)
{
	struct legs_env *env = sip_legs_env(l->legs);
	struct leg_refer *r = l->refer;

	txn_detach(sip_leg_txns(l), r->ours);
	if ((status == 401 || status == 407) && l->state == LEG_UP &&
	    sip_dlg_challenge(l, &r->digest, &r->ours, m) == 0)
		return;
	r->ours = 0;
	if (l->state != LEG_UP)
		return;
	if (status >= 300) {
		result(l, status);
		return;
	}
	if (timer_is_running(&r->timer) || r->done)
		return; /* the NOTIFY was faster */
	r->subscribed = true;
	tell_core(l, CC_TRANSFER_TRYING, (struct cc_cause){0, CC_LOC_NONE});
	(void)timer_start(env->loop, &r->timer, on_timer, EXPIRES_S * 1000);
}

static bool is_terminated(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Subscription-State", 0);

	return text && strncasecmp(text, "terminated", 10) == 0;
}

void sip_refer_notified(struct leg *l, txn_id id, const struct sip_msg *m)
{
	const char *event = sip_msg_plain(m, "Event", 0);
	struct leg_refer *r = l->refer;
	struct sip_part part;
	int status = 0;

	if (!event || strncasecmp(event, "refer", 5) != 0 ||
	    (event[5] && !strchr("; \t", event[5]))) {
		struct sip_msg *no = sip_leg_response(l, m, 489);

		if (no && sip_msg_add(no, "Allow-Events", "refer") == 0)
			(void)txn_respond(sip_leg_txns(l), id, no);
		else
			sip_msg_free(no);
		return;
	}
	if (!r || !(r->subscribed || r->ours)) {
		refuse(l, id, 481);
		return;
	}
	(void)txn_reply(sip_leg_txns(l), id, 200, NULL);
	if (sip_msg_body(m, "message/sipfrag", &part) == 0)
		status = sip_frag_status(part.data, part.len);
	if (status >= 200 || is_terminated(m)) {
		r->done = true;
		result(l, status < 200 ? 0 : status);
	}
}

/* --- from the core --- */

void sip_refer_core(struct leg *l, const struct cc_msg *m)
{
	const struct leg_refer *r = l->refer;

	if (m->transfer == CC_TRANSFER_BLIND) {
		ask(l, &m->called);
		return;
	}
	if (!r)
		return;
	switch (m->transfer) {
	case CC_TRANSFER_TRYING:
		if (r->asked)
			accepted(l);
		break;
	case CC_TRANSFER_RINGING:
		if (r->going)
			notify(l, 180);
		break;
	case CC_TRANSFER_DONE:
		if (r->going)
			notify(l, 200);
		break;
	case CC_TRANSFER_FAILED:
		failed(l, m->cause);
		break;
	default:
		break;
	}
}

/* --- the leg that is made for it --- */

int sip_refer_adopt(struct leg *l)
{
	const struct leg *from = sip_legs_by_id(l->legs, l->setup.other);

	if (!from || !from->refer || !make(l))
		return from && from->refer ? -ENOMEM : 0;
	l->refer->to = from->refer->to;
	memcpy(l->refer->by, from->refer->by, sizeof(l->refer->by));
	if (from->trunk != l->trunk) /* its dialogs are of no use there */
		l->refer->to.replaces[0] = '\0';
	return 0;
}

const char *sip_refer_uri(const struct leg *l)
{
	return l->setup.other && l->refer && l->refer->to.replaces[0]
		       ? l->refer->to.uri
		       : NULL;
}

void sip_refer_headers(const struct leg *l, struct sip_msg *m)
{
	const struct leg_refer *r = l->refer;

	if (!l->setup.other || !r)
		return;
	if (r->by[0])
		(void)sip_msg_add(m, "Referred-By", r->by);
	if (!r->to.replaces[0])
		return;
	/* Without it the peer could be made to call anybody. */
	(void)sip_msg_add(m, "Require", "replaces");
	(void)sip_msg_add(m, "Replaces", r->to.replaces);
}

/* --- transactions --- */

bool sip_refer_has(const struct leg *l, txn_id id)
{
	const struct leg_refer *r = l->refer;

	return r && (id == r->notify || id == r->ours || id == r->asked);
}

static void notify_answered(struct leg *l, bool lives)
{
	struct leg_refer *r = l->refer;
	int next = r->next;

	r->notify = 0;
	r->next = 0;
	if (!lives)
		r->silent = true; /* nobody is there who wants to know */
	else if (next)
		notify(l, next);
	if (r->silent && r->outlives)
		r->going = false;
	end_outlived(l);
}

void sip_refer_response(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct leg_refer *r = l->refer;
	int status = sip_msg_status(m);

	if (status < 200)
		return;
	if (id == r->ours) {
		refer_response(l, m, status);
		return;
	}
	txn_detach(sip_leg_txns(l), id);
	if ((status == 401 || status == 407) && may_notify(l) &&
	    sip_dlg_challenge(l, &r->digest, &r->notify, m) == 0)
		return;
	notify_answered(l, status < 300);
}

void sip_refer_fail(struct leg *l, txn_id id)
{
	struct leg_refer *r = l->refer;

	if (id == r->notify) {
		notify_answered(l, false);
	} else if (id == r->ours) {
		r->ours = 0;
		if (l->state == LEG_UP)
			result(l, 0);
	} else {
		r->asked = 0;
	}
}

void sip_refer_txn_end(struct leg *l, txn_id id)
{
	struct leg_refer *r = l->refer;

	if (id == r->notify)
		notify_answered(l, true);
	else if (id == r->ours)
		r->ours = 0;
	else
		r->asked = 0;
}

/* --- Replaces --- */

static int replaced_status(const struct leg *l, const struct sip_replaces *r)
{
	switch (l->state) {
	case LEG_UP:
	case LEG_ANSWERED:
		return r->early_only ? 486 : 0;
	case LEG_PROCEEDING:
		return 0;
	case LEG_CALLING:
	case LEG_INCOMING: /* early, and not begun by us */
		return 481;
	default:
		return 603;
	}
}

int sip_refer_replaced(struct legs *t, const struct sip_msg *m,
		       uint32_t *other)
{
	const struct conf_trunk *c = trunk_conf(
		sip_stack_trunks(sip_legs_env(t)->stack), m->path.trunk);
	const char *text = sip_msg_plain(m, "Replaces", 0);
	struct sip_replaces r;
	const struct leg *l;
	int status;

	*other = 0;
	if (!text || !c->refer.replaces)
		return 0;
	if (sip_msg_plain(m, "Replaces", 1) || sip_msg_plain(m, "Join", 0) ||
	    sip_replaces_parse(&r, text) != 0)
		return 400;
	l = sip_legs_find_replaced(t, &r);
	if (!l || l->trunk != m->path.trunk)
		return 481;
	status = l->released && l->state != LEG_OVER ? 603
						      : replaced_status(l, &r);
	if (!status)
		*other = l->id;
	return status;
}
