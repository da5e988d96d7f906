/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the SIP peer. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/peer_sip_priv.h"
#include "tests/sim/sim.h"

/* --- client transactions --- */

void sp_txn_free(struct sip_peer_txn *t)
{
	struct sip_peer_txn **p = &t->call->txns;

	while (*p != t) {
		p = &(*p)->next;
	}
	*p = t->next;
	timer_stop(sim.loop, &t->timer);
	free(t->text);
	free(t);
}

/* No answer in time: what we wanted has not happened, or nobody cares. */
static void txn_failed(struct sip_peer_txn *t)
{
	struct sip_peer_call *c = t->call;
	bool first = strcmp(t->method, "INVITE") == 0 && !t->again;

	if (first) {
		c->status = 408;
	}
	if (first || strcmp(t->method, "BYE") == 0 ||
	    strcmp(t->method, "CANCEL") == 0) {
		sp_txn_free(t);
		sp_enter(c, SP_OVER);
		return;
	}
	sp_txn_free(t);
}

static void on_repeat(struct timer *timer)
{
	struct sip_peer_txn *t =
		container_of(timer, struct sip_peer_txn, timer);
	bool invite = strcmp(t->method, "INVITE") == 0;

	if (sim_ms() >= t->until_ms) {
		txn_failed(t);
		return;
	}
	if (!(invite && t->heard)) {
		sp_send(t->text);
	}
	t->interval_ms *= 2;
	if (!invite && t->interval_ms > SP_T2_MS) {
		t->interval_ms = SP_T2_MS;
	}
	timer_start(sim.loop, &t->timer, on_repeat, t->interval_ms);
}

static struct sip_peer_txn *txn_begin(struct sip_peer_call *c,
				      const char *method, unsigned cseq,
				      const char *text)
{
	struct sip_peer_txn *t = calloc(1, sizeof(*t));

	ck_assert_ptr_nonnull(t);
	t->call = c;
	t->next = c->txns;
	c->txns = t;
	snprintf(t->method, sizeof(t->method), "%s", method);
	t->cseq = cseq;
	t->interval_ms = SP_T1_MS;
	t->until_ms = sim_ms() + 64 * SP_T1_MS;
	sp_keep(&t->text, text);
	timer_start(sim.loop, &t->timer, on_repeat, t->interval_ms);
	sp_send(text);
	return t;
}

static struct sip_peer_txn *txn_of(struct sip_peer_call *c, const char *msg)
{
	struct sip_peer_txn *t;

	for (t = c->txns; t != NULL; t = t->next) {
		if (t->cseq == text_cseq(msg) &&
		    text_cseq_is(msg, t->method)) {
			break;
		}
	}
	return t;
}

/* --- requests --- */

static void add_via(char out[TEXT_MAX], const struct sip_peer_call *c,
		    unsigned branch)
{
	text_add(out, "Via: SIP/2.0/UDP " SIM_PEER_SIP
		      ";branch=z9hG4bK%ux%u\r\n",
		 c->tag, branch);
}

static void add_dialog(char out[TEXT_MAX], const struct sip_peer_call *c,
		       const char *method, unsigned cseq)
{
	text_add(out,
		 "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
		 "Max-Forwards: 70\r\n"
		 "Contact: <sip:peer@" SIM_PEER_SIP ">\r\n",
		 c->local, c->remote, c->id, cseq, method);
}

static void begin_request(char out[TEXT_MAX], struct sip_peer_call *c,
			  const char *method, unsigned cseq)
{
	out[0] = '\0';
	text_add(out, "%s %s SIP/2.0\r\n", method, c->target);
	add_via(out, c, ++c->branch);
	add_dialog(out, c, method, cseq);
}

struct sip_peer_call *sip_peer_call(const char *user, const char *extra)
{
	struct sip_peer_call *c = sp_new(false);
	char out[TEXT_MAX];

	sip_peer.stats.out++;
	snprintf(c->id, sizeof(c->id), "sim%u", ++sip_peer.last_id);
	snprintf(c->target, sizeof(c->target), "sip:%s@" SIM_OUR_SIP, user);
	snprintf(c->remote, sizeof(c->remote), "<sip:%s@" SIM_OUR_SIP ">",
		 user);
	snprintf(c->local, sizeof(c->local),
		 "<sip:+4930123456@" SIM_PEER_SIP ">;tag=o%u",
		 sip_peer.last_id);
	c->cseq = 1;
	begin_request(out, c, "INVITE", 1);
	if (extra != NULL) {
		text_add(out, "%s", extra);
	}
	sp_add_sdp(out, "sendrecv");
	sp_keep(&c->invite, out);
	txn_begin(c, "INVITE", 1, out);
	return c;
}

static void send_cancel(struct sip_peer_call *c)
{
	char out[TEXT_MAX] = "", line[TEXT_LINE];

	c->cancel_due = false;
	snprintf(line, sizeof(line), "%.*s",
		 (int)strcspn(c->invite + 7, " "), c->invite + 7);
	text_add(out, "CANCEL %s SIP/2.0\r\n", line);
	text_copy(out, c->invite, "Via");
	text_copy(out, c->invite, "From");
	text_copy(out, c->invite, "To");
	text_copy(out, c->invite, "Call-ID");
	text_add(out, "CSeq: %u CANCEL\r\nMax-Forwards: 70\r\n",
		 text_cseq(c->invite));
	sp_add_no_body(out);
	txn_begin(c, "CANCEL", text_cseq(c->invite), out);
}

void sp_send_bye(struct sip_peer_call *c)
{
	char out[TEXT_MAX];

	c->sends_bye = true;
	begin_request(out, c, "BYE", ++c->cseq);
	sp_add_no_body(out);
	txn_begin(c, "BYE", c->cseq, out);
	sp_enter(c, SP_ENDING);
}

void sip_peer_hangup(struct sip_peer_call *c)
{
	switch (c->state) {
	case SP_CALLING:
		c->cancel_due = true;
		break;
	case SP_EARLY:
		send_cancel(c);
		sp_enter(c, SP_ENDING);
		break;
	case SP_INCOMING:
		sip_peer_say(c, "603 Decline", false);
		break;
	case SP_ANSWERED: /* BYE waits for the ACK: RFC 3261 15 */
		c->cancel_due = true;
		break;
	case SP_UP:
		sp_send_bye(c);
		break;
	default:
		break;
	}
}

static bool has_txn(const struct sip_peer_call *c, const char *method)
{
	const struct sip_peer_txn *t;

	for (t = c->txns; t != NULL; t = t->next) {
		if (strcmp(t->method, method) == 0) {
			return true;
		}
	}
	return false;
}

void sip_peer_reinvite(struct sip_peer_call *c, const char *direction)
{
	char out[TEXT_MAX];

	if (c->state != SP_UP || has_txn(c, "INVITE") ||
	    sp_has_open_invite(c)) {
		return;
	}
	begin_request(out, c, "INVITE", ++c->cseq);
	sp_add_sdp(out, direction);
	txn_begin(c, "INVITE", c->cseq, out)->again = true;
}

void sip_peer_info(struct sip_peer_call *c, char digit)
{
	char out[TEXT_MAX], body[64];

	snprintf(body, sizeof(body), "Signal=%c\r\nDuration=100\r\n", digit);
	begin_request(out, c, "INFO", ++c->cseq);
	text_add(out,
		 "Content-Type: application/dtmf-relay\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	txn_begin(c, "INFO", c->cseq, out);
}

void sip_peer_update(struct sip_peer_call *c, const char *extra)
{
	char out[TEXT_MAX];

	begin_request(out, c, "UPDATE", ++c->cseq);
	text_add(out, "%sContent-Length: 0\r\n\r\n", extra);
	txn_begin(c, "UPDATE", c->cseq, out);
}

/* --- ACK --- */

static void ack_refusal(struct sip_peer_call *c, const struct sip_peer_txn *t,
			const char *msg)
{
	char out[TEXT_MAX] = "", line[TEXT_LINE];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(t->text + 7, " "),
		 t->text + 7);
	text_add(out, "ACK %s SIP/2.0\r\n", line);
	text_copy(out, t->text, "Via");
	text_copy(out, msg, "From");
	text_copy(out, msg, "To");
	text_add(out, "Call-ID: %s\r\nCSeq: %u ACK\r\nMax-Forwards: 70\r\n",
		 c->id, t->cseq);
	sp_add_no_body(out);
	sp_send(out);
	/* A repeat of the response gets the same. */
	sp_keep(&c->ack, out);
}

static void ack_2xx(struct sip_peer_call *c, const char *msg)
{
	char out[TEXT_MAX];

	begin_request(out, c, "ACK", text_cseq(msg));
	sp_add_no_body(out);
	sp_send(out);
	sp_keep(&c->ack, out);
}

/* --- responses --- */

static void on_provisional(struct sip_peer_call *c, struct sip_peer_txn *t,
			   const char *msg)
{
	t->heard = true;
	if (strcmp(t->method, "INVITE") != 0 || t->again) {
		return;
	}
	t->until_ms = INT64_MAX; /* rings as long as it likes */
	c->last_1xx = text_status(msg);
	sp_note_sdp(c, msg);
	if (c->state != SP_CALLING) {
		return;
	}
	sp_enter(c, SP_EARLY);
	if (c->cancel_due) {
		send_cancel(c);
		sp_enter(c, SP_ENDING);
	}
}

static void on_answered(struct sip_peer_call *c, const char *msg)
{
	bool unwanted = c->state == SP_ENDING || c->cancel_due;

	text_value(msg, "To", c->remote);
	text_uri(msg, "Contact", c->target);
	c->answered = true;
	c->status = text_status(msg);
	sp_note_sdp(c, msg);
	ack_2xx(c, msg);
	if (c->state == SP_OVER) {
		return; /* their BYE was faster */
	}
	sp_enter(c, SP_UP);
	if (unwanted && c->state == SP_UP) {
		sp_send_bye(c);
	}
}

static void on_invite_final(struct sip_peer_call *c, struct sip_peer_txn *t,
			    const char *msg)
{
	bool ok = text_status(msg) < 300;

	if (t->again) {
		c->info_status = text_status(msg);
		if (ok) {
			sp_note_sdp(c, msg);
			ack_2xx(c, msg);
		} else {
			ack_refusal(c, t, msg);
		}
		sp_txn_free(t);
		return;
	}
	if (ok) {
		sp_txn_free(t);
		on_answered(c, msg);
		return;
	}
	c->status = text_status(msg);
	ack_refusal(c, t, msg);
	sp_txn_free(t);
	sp_enter(c, SP_OVER);
}

/* The INVITE's own response ends the call; a gateway that does not know it
 * any more sends none. */
static void await_cancelled(struct sip_peer_call *c)
{
	struct sip_peer_txn *t;

	for (t = c->txns; t != NULL; t = t->next) {
		if (strcmp(t->method, "INVITE") == 0) {
			t->until_ms = sim_ms() + 64 * SP_T1_MS;
			timer_start(sim.loop, &t->timer, on_repeat,
				    64 * SP_T1_MS);
		}
	}
}

void sp_on_response(struct sip_peer_call *c, const char *msg)
{
	struct sip_peer_txn *t = txn_of(c, msg);

	if (t == NULL) {
		if (text_cseq_is(msg, "INVITE") && text_status(msg) >= 200 &&
		    c->ack != NULL && text_cseq(c->ack) == text_cseq(msg)) {
			sp_send(c->ack);
		}
		return;
	}
	if (text_status(msg) < 200) {
		on_provisional(c, t, msg);
	} else if (strcmp(t->method, "INVITE") == 0) {
		on_invite_final(c, t, msg);
	} else if (strcmp(t->method, "BYE") == 0) {
		sp_txn_free(t);
		sp_enter(c, SP_OVER);
	} else if (strcmp(t->method, "CANCEL") == 0) {
		sp_txn_free(t);
		await_cancelled(c);
	} else {
		c->info_status = text_status(msg);
		sp_txn_free(t);
	}
}
