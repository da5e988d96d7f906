/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/leg_se.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/log.h"
#include "sip/leg.h"
#include "sip/legs.h"
#include "sip/uri.h"

#define AGAIN_S 10 /* a refresh that failed is tried again */
#define RAISES	5  /* in a row; a peer may ask for one second more each time */

/* "1800;refresher=uac" */
struct session_expires {
	uint32_t s;	   /* 0: not there, or not a number */
	char refresher[4]; /* "uac", "uas", "" */
};

static struct session_expires read_se(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Session-Expires", 0);
	struct session_expires se = {0};
	unsigned long n;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return se;
	n = strtoul(text, &end, 10);
	se.s = n > SIP_SE_MAX ? SIP_SE_MAX : (uint32_t)n;
	if (!sip_param(end, "refresher", se.refresher, sizeof(se.refresher)))
		se.refresher[0] = '\0';
	return se;
}

static uint32_t read_min(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Min-SE", 0);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n > SIP_SE_MAX ? SIP_SE_MAX : (uint32_t)n;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t ours_min(const struct leg *l)
{
	return max(SIP_SE_MIN, sip_leg_conf(l)->dialog.min_se_s);
}

static void add(struct sip_msg *m, const char *name, uint32_t s,
		const char *refresher)
{
	char text[48];

	snprintf(text, sizeof(text), "%u%s%s", s,
		 refresher[0] ? ";refresher=" : "", refresher);
	(void)sip_msg_add(m, name, text);
}

void sip_se_ask(const struct leg *l, struct sip_msg *m)
{
	const struct conf_trunk *c = sip_leg_conf(l);
	uint32_t least = max(ours_min(l), l->se.min_s);
	bool agreed = l->se.interval_s != 0;

	if (!c->dialog.session_expires_s)
		return;
	/* Who refreshes is left to the first answer; then it stays so, as seen
	 * by the sender of this request. */
	add(m, "Session-Expires",
	    max(agreed ? l->se.interval_s : c->dialog.session_expires_s, least),
	    !agreed	 ? ""
	    : l->se.ours ? "uac"
			 : "uas");
	if (least > SIP_SE_MIN)
		add(m, "Min-SE", least, "");
}

int sip_se_check(const struct leg *l, const struct sip_msg *m)
{
	struct session_expires se = read_se(m);

	return sip_leg_conf(l)->dialog.session_expires_s && se.s &&
			       se.s < ours_min(l) &&
			       sip_msg_has_token(m, "Supported", "timer")
		       ? 422
		       : 0;
}

/* --- the timer --- */

static uint32_t ends_after_s(const struct leg_se *se)
{
	uint32_t third = se->interval_s / 3;

	return se->interval_s - (third < 32 ? third : 32);
}

static void on_timer(struct timer *t);

static void wait_s(struct leg *l, int64_t s)
{
	if (timer_start(sip_legs_env(l->legs)->loop, &l->se.timer, on_timer,
			s * 1000) < 0)
		log_err("leg %u: no memory for a timer", l->id);
}

static void start(struct leg *l, uint32_t interval_s, bool ours)
{
	sip_se_stop(l);
	l->se.interval_s = interval_s;
	l->se.ours = ours;
	l->se.since = loop_now(sip_legs_env(l->legs)->loop);
	if (interval_s)
		wait_s(l, ours ? interval_s / 2 : ends_after_s(&l->se));
}

void sip_se_stop(struct leg *l)
{
	timer_stop(sip_legs_env(l->legs)->loop, &l->se.timer);
	txn_detach(sip_leg_txns(l), l->se.update);
	l->se.update = 0;
}

void sip_se_resume(struct leg *l)
{
	/* Ours soon, for the peer may be about to give up; not all at once. */
	int64_t s = l->se.ours ? 1 + l->id % AGAIN_S : ends_after_s(&l->se);

	l->se.since = loop_now(sip_legs_env(l->legs)->loop);
	if (l->se.interval_s)
		wait_s(l, s);
}

static void dead(struct leg *l, unsigned key, const char *detail)
{
	struct leg_event e = {.ev = LEG_N_DEAD, .detail = detail};

	e.cause = sip_cause_in(key, 0, NULL);
	sip_leg_event(l, &e);
}

static void send_update(struct leg *l)
{
	struct sip_path hop = sip_dialog_hop(&l->dialog, sip_leg_trunks(l));
	struct sip_msg *m;

	sip_update_from(l);
	m = sip_dialog_request(&l->dialog, "UPDATE");
	if (!m)
		return;
	sip_leg_common(l, m);
	sip_update_put(l, m);
	sip_se_ask(l, m);
	(void)txn_request(sip_leg_txns(l), &l->user, m, &hop, &l->se.update);
}

void sip_se_refresh(struct leg *l)
{
	if (l->state != LEG_UP || l->se.update)
		return; /* the next turn of the timer will find it */
	memset(&l->se.digest, 0, sizeof(l->se.digest));
	if (l->se.peer_update)
		send_update(l);
	else
		sip_dlg_same_again(l);
}

static void on_timer(struct timer *t)
{
	struct leg *l = container_of(t, struct leg, se.timer);
	int64_t end = ends_after_s(&l->se),
		spent = mono_diff_ms(loop_now(sip_legs_env(l->legs)->loop),
				     l->se.since) /
			1000;

	if (spent >= end) {
		dead(l, SIP_BY_TIMEOUT, "session timer expired");
		return;
	}
	wait_s(l, end - spent < AGAIN_S ? end - spent : AGAIN_S);
	sip_se_refresh(l);
}

/* --- agreeing --- */

void sip_se_accept(struct leg *l, const struct sip_msg *request,
		   struct sip_msg *response)
{
	uint32_t want = sip_leg_conf(l)->dialog.session_expires_s, s = want;
	struct session_expires se = read_se(request);
	bool can = sip_msg_has_token(request, "Supported", "timer");
	bool ours;

	if (!want || (!se.s && !can)) {
		start(l, 0, false);
		return;
	}
	if (se.s && se.s < s)
		s = se.s;
	s = max(s, max(ours_min(l), read_min(request)));
	if (se.s && se.s < s && !can)
		s = max(se.s, SIP_SE_MIN); /* it cannot be told 422 */
	ours = !can || strcasecmp(se.refresher, "uas") == 0 ||
	       (!se.s && !se.refresher[0]);
	add(response, "Session-Expires", s, ours ? "uas" : "uac");
	if (can)
		(void)sip_msg_add(response, "Require", "timer");
	start(l, s, ours);
}

void sip_se_answered(struct leg *l, const struct sip_msg *m)
{
	struct session_expires se = read_se(m);

	l->se.raised = 0;
	sip_se_learn(l, m);
	if (!sip_leg_conf(l)->dialog.session_expires_s || !se.s) {
		start(l, 0, false);
		return;
	}
	start(l, max(se.s, SIP_SE_MIN), strcasecmp(se.refresher, "uas") != 0);
}

bool sip_se_raise(struct leg *l, const struct sip_msg *m)
{
	uint32_t least = read_min(m);

	if (sip_msg_status(m) != 422 || least <= l->se.min_s ||
	    l->se.raised == RAISES ||
	    !sip_leg_conf(l)->dialog.session_expires_s)
		return false;
	l->se.raised++;
	l->se.min_s = least;
	return true;
}

void sip_se_learn(struct leg *l, const struct sip_msg *m)
{
	char text[256];

	if (sip_msg_header(m, "allow", 0, text, sizeof(text)) != -ENOENT)
		l->se.peer_update = sip_msg_has_token(m, "Allow", "UPDATE");
}

/* --- the answer to our UPDATE --- */

/* What cannot be sent is as good as answered 503 (RFC 3261 8.1.3.1): the peer,
 * or the way to it, may be back before the session is over. */
void sip_se_fail(struct leg *l, enum txn_fail why)
{
	l->se.update = 0;
	if (l->state == LEG_UP && why != TXN_FAIL_TRANSPORT)
		dead(l, SIP_BY_TIMEOUT, "no answer to UPDATE");
}

static void refused(struct leg *l, const struct sip_msg *m, int status)
{
	if (status == 481 || status == 408) {
		dead(l, (unsigned)status, sip_reason_phrase(status));
	} else if (status == 405 || status == 501 || status == 415) {
		l->se.peer_update = false;
		sip_dlg_same_again(l);
	} else if (sip_se_raise(l, m)) {
		l->se.interval_s = max(l->se.interval_s, l->se.min_s);
		send_update(l);
	}
	/* else the timer tries again, until the session is over */
}

void sip_se_response(struct leg *l, const struct sip_msg *m)
{
	int status = sip_msg_status(m);

	if (status < 200)
		return;
	txn_detach(sip_leg_txns(l), l->se.update);
	if ((status == 401 || status == 407) && l->state == LEG_UP &&
	    sip_dlg_challenge(l, &l->se.digest, &l->se.update, m) == 0)
		return;
	l->se.update = 0;
	if (l->state != LEG_UP)
		return;
	if (status < 300) {
		sip_dialog_refresh(&l->dialog, m);
		sip_se_answered(l, m);
	} else {
		refused(l, m, status);
	}
	sip_update_flush(l); /* became due meanwhile */
}
