/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the SIP peer answers to the gateway's requests. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/peer_sip_priv.h"
#include "tests/sim/sim.h"

static void begin_response(char out[TEXT_MAX], const char *request,
			   const char *status, const char *tag)
{
	char to[TEXT_LINE];

	out[0] = '\0';
	text_add(out, "SIP/2.0 %s\r\n", status);
	text_copy(out, request, "Via");
	text_copy(out, request, "From");
	text_value(request, "To", to);
	text_add(out, "To: %s", to);
	if (tag != NULL && strstr(to, ";tag=") == NULL) {
		text_add(out, ";tag=%s", tag);
	}
	text_add(out, "\r\n");
	text_copy(out, request, "Call-ID");
	text_copy(out, request, "CSeq");
	text_add(out, "Contact: <sip:peer@" SIM_PEER_SIP ">\r\n");
}

static void answer_plain(const char *request, const char *status)
{
	char out[TEXT_MAX];

	begin_response(out, request, status, "none");
	sp_add_no_body(out);
	sp_send(out);
}

/* --- final responses to INVITE are repeated until the ACK --- */

static void on_repeat(struct timer *t)
{
	struct sip_peer_call *c =
		container_of(t, struct sip_peer_call, repeat);

	if (sim_ms() >= c->until_ms) {
		c->response_acked = true; /* never will be */
		if (c->state == SP_ANSWERED) {
			sp_send_bye(c);
		} else if (c->state != SP_UP) {
			sp_enter(c, SP_OVER);
		}
		return;
	}
	sp_send(c->response);
	c->interval_ms *= 2;
	if (c->interval_ms > SP_T2_MS) {
		c->interval_ms = SP_T2_MS;
	}
	timer_start(sim.loop, &c->repeat, on_repeat, c->interval_ms);
}

static void repeat_until_ack(struct sip_peer_call *c)
{
	c->response_acked = false;
	c->interval_ms = SP_T1_MS;
	c->until_ms = sim_ms() + 64 * SP_T1_MS;
	timer_start(sim.loop, &c->repeat, on_repeat, c->interval_ms);
}

bool sp_has_open_invite(const struct sip_peer_call *c)
{
	return !c->response_acked;
}

static void respond(struct sip_peer_call *c, const char *request,
		    const char *status, const char *direction)
{
	char out[TEXT_MAX], tag[32];

	snprintf(tag, sizeof(tag), "p%u", c->tag);
	begin_response(out, request, status, tag);
	text_add(out, "%s", sip_peer.says != NULL ? sip_peer.says : "");
	if (direction != NULL) {
		sp_add_sdp(out, direction);
	} else {
		sp_add_no_body(out);
	}
	text_value(out, "To", c->local);
	sp_keep(&c->response, out);
	c->response_cseq = text_cseq(out);
	sp_send(out);
	if (text_status(out) >= 200) {
		repeat_until_ack(c);
	}
}

void sip_peer_say(struct sip_peer_call *c, const char *status, bool sdp)
{
	if (c->state != SP_INCOMING) {
		return;
	}
	respond(c, c->invite, status, sdp ? "sendrecv" : NULL);
	if (text_status(c->response) >= 300) {
		sp_enter(c, SP_ENDING);
	}
}

void sip_peer_answer(struct sip_peer_call *c)
{
	if (c->state == SP_INCOMING) {
		c->answered = true;
		respond(c, c->invite, "200 OK", "sendrecv");
		sp_enter(c, SP_ANSWERED);
	}
}

/* --- requests --- */

static void on_new_invite(const char *msg)
{
	struct sip_peer_call *c = sp_new(true);
	char line[TEXT_LINE];

	sip_peer.stats.in++;
	text_value(msg, "Call-ID", line);
	ck_assert_uint_lt(strlen(line), sizeof(c->id));
	memcpy(c->id, line, strlen(line) + 1);
	text_value(msg, "From", c->remote);
	text_value(msg, "To", c->local);
	text_uri(msg, "Contact", c->target);
	sp_keep(&c->invite, msg);
	sp_note_sdp(c, msg);
	respond(c, msg, "100 Trying", NULL);
	if (sip_peer.on_invite != NULL) {
		sip_peer.on_invite(c);
	}
}

static const char *reversed(const char *direction)
{
	if (strcmp(direction, "sendonly") == 0) {
		return "recvonly";
	}
	if (strcmp(direction, "recvonly") == 0) {
		return "sendonly";
	}
	return direction;
}

static bool has_invite_txn(const struct sip_peer_call *c)
{
	const struct sip_peer_txn *t;

	for (t = c->txns; t != NULL; t = t->next) {
		if (strcmp(t->method, "INVITE") == 0) {
			return true;
		}
	}
	return false;
}

static void on_reinvite(struct sip_peer_call *c, const char *msg)
{
	c->n_reinvite++;
	if (c->state >= SP_ENDING) {
		answer_plain(msg, "481 No Such Call");
	} else if (has_invite_txn(c)) {
		respond(c, msg, "491 Request Pending", NULL);
	} else {
		sp_note_sdp(c, msg);
		respond(c, msg, "200 OK",
			c->direction[0] != '\0' ? reversed(c->direction)
						: "sendrecv");
	}
}

static void on_invite(struct sip_peer_call *c, const char *msg)
{
	sip_peer.stats.rx_invite++;
	if (c == NULL) {
		on_new_invite(msg);
	} else if (c->response != NULL &&
		   text_cseq(msg) == c->response_cseq) {
		sp_send(c->response);
	} else {
		on_reinvite(c, msg);
	}
}

static void on_ack(struct sip_peer_call *c, const char *msg)
{
	if (text_cseq(msg) != c->response_cseq || c->response_acked) {
		return;
	}
	timer_stop(sim.loop, &c->repeat);
	c->response_acked = true;
	if (c->state == SP_ANSWERED) {
		sp_note_sdp(c, msg);
		sp_enter(c, SP_UP);
		if (c->cancel_due && c->state == SP_UP) {
			sp_send_bye(c);
		}
	} else if (c->state == SP_ENDING && !c->answered) {
		sp_enter(c, SP_OVER);
	}
}

static void on_cancel(struct sip_peer_call *c, const char *msg)
{
	answer_plain(msg, "200 OK");
	if (c->state == SP_INCOMING) {
		respond(c, c->invite, "487 Request Terminated", NULL);
		sp_enter(c, SP_ENDING);
	}
}

/* Ours that are under way do not matter any more. */
static void on_bye(struct sip_peer_call *c, const char *msg)
{
	answer_plain(msg, "200 OK");
	timer_stop(sim.loop, &c->repeat);
	c->response_acked = true;
	sp_enter(c, SP_OVER);
}

static void on_request(struct sip_peer_call *c, const char *msg)
{
	if (text_is(msg, "INVITE")) {
		on_invite(c, msg);
	} else if (c == NULL) {
		sip_peer.stats.unknown++;
		if (!text_is(msg, "ACK")) {
			answer_plain(msg, "481 No Such Call");
		}
	} else if (text_is(msg, "ACK")) {
		on_ack(c, msg);
	} else if (text_is(msg, "CANCEL")) {
		on_cancel(c, msg);
	} else if (text_is(msg, "BYE")) {
		on_bye(c, msg);
	} else {
		c->n_info += text_is(msg, "INFO");
		answer_plain(msg, "200 OK");
	}
}

void sp_hear(const char *msg)
{
	struct sip_peer_call *c = sp_find(msg);

	if (text_status(msg) == 0) {
		on_request(c, msg);
	} else if (c != NULL) {
		sp_on_response(c, msg);
	}
}
