/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/leg_rel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/base/log.h"
#include "sip/auth.h"
#include "sip/check.h"
#include "sip/leg.h"
#include "sip/legs.h"

#define T1_SPANS 64 /* RFC 3262 3: no PRACK in 64*T1 */

static struct leg *leg_of(struct timer *t)
{
	return container_of(t, struct leg, inv.rel.timer);
}

static unsigned t1_ms(const struct leg *l)
{
	return sip_legs_env(l->legs)->conf.t1_ms;
}

/* --- UAS --- */

static void wait_more(struct leg *l);

/* RFC 3262 3: doubling, not capped at T2. */
static void on_timer(struct timer *t)
{
	struct leg *l = leg_of(t);
	struct leg_rel *r = &l->inv.rel;

	r->spent_ms += r->wait_ms;
	if (r->spent_ms >= T1_SPANS * t1_ms(l)) {
		sip_leg_event(l, &(struct leg_event){.ev = LEG_N_NO_PRACK});
		return;
	}
	(void)txn_repeat(sip_leg_txns(l), l->inv.id);
	r->wait_ms *= 2;
	wait_more(l);
}

static void wait_more(struct leg *l)
{
	struct leg_rel *r = &l->inv.rel;
	unsigned left = T1_SPANS * t1_ms(l) - r->spent_ms;

	if (r->wait_ms > left)
		r->wait_ms = left;
	if (timer_start(sip_legs_env(l->legs)->loop, &r->timer, on_timer,
			r->wait_ms) < 0)
		log_err("leg %u: no memory for a timer", l->id);
}

/* 1...2^31 - 1 at first, then one more each time. */
static uint32_t next_rseq(const struct leg_rel *r)
{
	uint32_t x = 0;

	if (r->rseq)
		return r->rseq + 1;
	(void)!getrandom(&x, sizeof(x), 0);
	return (x & 0x3fffffff) + 1;
}

bool sip_rel_queue(struct leg *l, int status, bool inband)
{
	struct leg_rel *r = &l->inv.rel;

	if (!r->waiting)
		return false;
	r->next = (uint8_t)(status - 100);
	r->next_inband = r->next_inband || inband;
	return true;
}

void sip_rel_begin(struct leg *l, struct sip_msg *m)
{
	struct leg_rel *r = &l->inv.rel;
	uint32_t rseq = next_rseq(r);
	char text[16];

	if (!r->must && !(r->can && m->body_len))
		return;
	snprintf(text, sizeof(text), "%u", rseq);
	if (sip_msg_add(m, "Require", "100rel") != 0 ||
	    sip_msg_add(m, "RSeq", text) != 0)
		return; /* out of memory: unreliable, better than none */
	r->rseq = rseq;
	r->waiting = true;
	r->has_sdp = m->body_len > 0;
	r->has_offer = r->has_sdp && l->answer_in_ack;
}

void sip_rel_sent(struct leg *l)
{
	struct leg_rel *r = &l->inv.rel;

	if (!r->waiting || timer_is_running(&r->timer))
		return;
	r->spent_ms = 0;
	r->wait_ms = t1_ms(l);
	wait_more(l);
}

void sip_rel_stop(struct leg *l)
{
	struct leg_rel *r = &l->inv.rel;

	timer_stop(sip_legs_env(l->legs)->loop, &r->timer);
	r->waiting = r->answer_due = false;
	r->next = 0;
}

/* RAck: 7 1 INVITE */
static bool rack_fits(const struct leg *l, const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "RAck", 0);
	unsigned rseq, cseq;
	char method[8];

	return text && sscanf(text, "%10u %10u %7s", &rseq, &cseq, method) == 3 &&
	       l->inv.rel.waiting && rseq == l->inv.rel.rseq &&
	       cseq == l->inv.cseq && strcmp(method, "INVITE") == 0;
}

/* What had to wait for the PRACK. */
static void go_on(struct leg *l)
{
	struct leg_rel *r = &l->inv.rel;
	int status = r->next;

	if (r->answer_due) {
		r->answer_due = false;
		r->next = 0;
		l->setup.head.type = CC_ANSWER;
		sip_leg_event(l, &(struct leg_event){.ev = LEG_C_ANSWER,
						     .cc = &l->setup});
	} else if (status) {
		r->next = 0;
		sip_uas_send_1xx(l, status + 100, r->next_inband);
	}
}

void sip_rel_prack(struct leg *l, const struct leg_event *e)
{
	struct leg_rel *r = &l->inv.rel;
	struct sip_part part;

	if (!rack_fits(l, e->msg)) {
		(void)txn_reply(sip_leg_txns(l), e->txn, 481, NULL);
		return;
	}
	if (r->has_offer && !sip_dlg_answer(l, e->msg)) {
		(void)txn_reply(sip_leg_txns(l), e->txn, 488, NULL);
		return; /* it may try again; without, 64*T1 end the call */
	}
	if (r->has_offer)
		l->answer_in_ack = false;
	timer_stop(sip_legs_env(l->legs)->loop, &r->timer);
	r->waiting = false;
	if (r->has_sdp)
		r->answered = true;
	if (!r->has_offer && r->answered &&
	    sip_leg_sdp_of(e->msg, &part) == 0)
		(void)sip_dlg_offer(l, e, &part);
	else
		(void)txn_reply(sip_leg_txns(l), e->txn, 200, NULL);
	r->has_offer = false;
	go_on(l);
}

void sip_rel_no_prack(struct leg *l, const struct leg_event *e)
{
	struct cc_cause cause = sip_cause_in(SIP_BY_TIMEOUT, 0, NULL);

	(void)e;
	sip_rel_stop(l);
	(void)txn_reply(sip_leg_txns(l), l->inv.id, 504, NULL);
	sip_leg_released(l, cause, "no PRACK");
}

/* --- UAC --- */

static uint64_t digest_of(const char *tag)
{
	uint64_t h = 14695981039346656037u;

	for (; *tag; tag++)
		h = (h ^ (uint8_t)*tag) * 1099511628211u;
	return h;
}

static struct leg_fork *fork_of(struct leg_rel *r, const char *tag)
{
	uint64_t h = digest_of(tag);
	unsigned i;

	for (i = 0; i < r->n_forks; i++) {
		if (r->forks[i].tag == h)
			return &r->forks[i];
	}
	if (r->n_forks == LEG_FORKS)
		return NULL;
	r->forks[r->n_forks] = (struct leg_fork){.tag = h};
	return &r->forks[r->n_forks++];
}

static const struct leg_fork *find_fork(const struct leg *l, const char *tag)
{
	uint64_t h = digest_of(tag);
	unsigned i;

	for (i = 0; i < l->inv.rel.n_forks; i++) {
		if (l->inv.rel.forks[i].tag == h)
			return &l->inv.rel.forks[i];
	}
	return NULL;
}

bool sip_rel_is_fork(const struct leg *l, const char *tag)
{
	return find_fork(l, tag) != NULL;
}

void sip_rel_keep_sdp(struct leg *l, const char *tag,
		      const struct sip_part *part, bool reliable)
{
	struct leg_fork *f = fork_of(&l->inv.rel, tag);
	char *text = f ? calloc(1, part->len + SIP_BODY_PAD) : NULL;

	if (!text)
		return;
	memcpy(text, part->data, part->len);
	free(f->sdp);
	f->sdp = text;
	f->sdp_len = part->len;
	f->answered = f->answered || reliable;
}

bool sip_rel_sdp_of(const struct leg *l, const char *tag,
		    struct sip_part *out)
{
	const struct leg_fork *f = find_fork(l, tag);

	if (!f || !f->sdp)
		return false;
	*out = (struct sip_part){f->sdp, f->sdp_len};
	return true;
}

bool sip_rel_has_answered(const struct leg *l, const char *tag)
{
	const struct leg_fork *f = find_fork(l, tag);

	return f && f->answered;
}

void sip_rel_forget(struct leg *l)
{
	struct leg_rel *r = &l->inv.rel;
	unsigned i;

	for (i = 0; i < r->n_forks; i++) {
		free(r->forks[i].sdp);
		txn_detach(sip_leg_txns(l), r->forks[i].prack);
	}
	r->n_forks = 0;
}

/* Within the early dialog that this response makes. Of its own answer only a
 * challenge is of interest: the peer repeats the response, too. */
static void send_prack(struct leg *l, struct leg_fork *f,
		       const struct sip_msg *m)
{
	struct sip_dialog d = l->dialog;
	struct sip_msg *prack;
	struct sip_path hop;
	char text[48];

	if (sip_dialog_uac(&d, m) != 0)
		return;
	prack = sip_dialog_request(&d, "PRACK");
	l->dialog.cseq = d.cseq;
	if (!prack)
		return;
	snprintf(text, sizeof(text), "%u %u INVITE", f->rseq, sip_msg_cseq(m));
	(void)sip_msg_add(prack, "RAck", text);
	sip_uac_prack(l, m, prack);
	hop = sip_dialog_hop(&d, sip_leg_trunks(l));
	(void)sip_auth_repeat(sip_leg_trunks(l), l->trunk, &l->inv.digest,
			      &hop, prack);
	txn_detach(sip_leg_txns(l), f->prack);
	f->prack_tries = 0;
	if (txn_request(sip_leg_txns(l), &l->user, prack, &hop, &f->prack))
		f->prack = 0;
}

static struct leg_fork *fork_of_prack(struct leg *l, txn_id id)
{
	struct leg_rel *r = &l->inv.rel;
	unsigned i = 0;

	while (i < r->n_forks && r->forks[i].prack != id)
		i++;
	return id && i < r->n_forks ? &r->forks[i] : NULL;
}

bool sip_rel_has(const struct leg *l, txn_id id)
{
	return fork_of_prack((struct leg *)l, id) != NULL;
}

void sip_rel_txn_end(struct leg *l, txn_id id)
{
	fork_of_prack(l, id)->prack = 0;
}

void sip_rel_response(struct leg *l, txn_id id, const struct sip_msg *m)
{
	struct leg_fork *f = fork_of_prack(l, id);
	struct sip_digest digest = {.tries = f->prack_tries};
	int status = sip_msg_status(m);

	if (status < 200)
		return;
	txn_detach(sip_leg_txns(l), id);
	if ((status != 401 && status != 407) || l->released ||
	    sip_dlg_challenge(l, &digest, &f->prack, m) != 0)
		f->prack = 0;
	f->prack_tries = digest.tries;
}

bool sip_rel_1xx(struct leg *l, const struct sip_msg *m)
{
	const char *tag = sip_msg_to_tag(m), *text;
	struct leg_fork *f;
	uint32_t rseq;

	if (sip_msg_status(m) == 100 || !tag[0])
		return true;
	f = fork_of(&l->inv.rel, tag);
	text = sip_msg_plain(m, "RSeq", 0);
	if (!text || !sip_msg_has_token(m, "Require", "100rel"))
		return true;
	rseq = (uint32_t)strtoul(text, NULL, 10);
	if (!f || !rseq || sip_leg_conf(l)->dialog.prack == CONF_PRACK_OFF)
		return false;
	if (f->rseq && rseq != f->rseq + 1)
		return false; /* a repeat, or one is missing before it */
	f->rseq = rseq;
	send_prack(l, f, m);
	return true;
}
