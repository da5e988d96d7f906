/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/peer_sip.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/sip.h"
#include "sip/stack.h"
#include "tests/sim/peer_sip_priv.h"
#include "tests/sim/sim.h"

#define GONE_MS 150000

struct sip_peer sip_peer;

/* --- the wire --- */

static bool is_lost(void)
{
	if (sip_peer.loss != 0 && sim_random(1000) < sip_peer.loss) {
		sip_peer.stats.lost++;
		return true;
	}
	return false;
}

static int64_t delay(void)
{
	return sip_peer.delay_ms +
	       (sip_peer.jitter_ms > 0
			? sim_random((unsigned)sip_peer.jitter_ms + 1)
			: 0);
}

static void arrive_gateway(const struct sim_parcel *p)
{
	if (sip_peer.role == NULL) {
		return;
	}
	if (sip_peer.on_wire != NULL) {
		sip_peer.on_wire(true, p->data);
	}
	sip_transport_inject(
		sip_stack_transport(sip_role_stack(sip_peer.role)), 0,
		&p->from, p->data, p->len - 1);
}

void sp_send(const char *text)
{
	struct sim_parcel p = {.from = sip_peer.addr, .data = text,
			       .len = strlen(text) + 1};

	sip_peer.stats.tx++;
	if (!is_lost()) {
		sim_later(delay(), arrive_gateway, &p);
	}
}

static void arrive_peer(const struct sim_parcel *p)
{
	if (sip_peer.silent) {
		return;
	}
	sip_peer.stats.rx++;
	sp_hear(p->data);
}

static int wire_send(struct sip_wire *w, const struct net_addr *local,
		     const struct net_addr *remote, const char *data,
		     size_t len)
{
	static char text[65536];
	struct sim_parcel p = {.data = text, .len = len + 1};

	(void)w;
	(void)local;
	(void)remote;
	ck_assert_uint_lt(len, sizeof(text));
	memcpy(text, data, len);
	text[len] = '\0';
	if (sip_peer.role == NULL) {
		return 0;
	}
	if (sip_peer.unreachable) {
		return -EHOSTUNREACH;
	}
	if (sip_peer.on_wire != NULL) {
		sip_peer.on_wire(false, text);
	}
	if (!is_lost()) {
		sim_later(delay(), arrive_peer, &p);
	}
	return 0;
}

static const struct sip_wire_ops wire_ops = {.send = wire_send};
static struct sip_wire wire = {&wire_ops};

/* --- life --- */

void sip_peer_open(void)
{
	memset(&sip_peer, 0, sizeof(sip_peer));
	sip_peer.gone_ms = GONE_MS;
	net_parse(&sip_peer.addr, SIM_PEER_SIP ":5060");
	net_parse(&sip_peer.rtp, SIM_PEER_SIP ":7000");
}

void sip_peer_attach(struct role *role)
{
	sip_peer.role = role;
	sip_transport_wire(sip_stack_transport(sip_role_stack(role)), &wire);
}

void sip_peer_detach(struct role *role)
{
	(void)role;
	sip_peer.role = NULL;
}

static void free_call(struct sip_peer_call *c)
{
	timer_stop(sim.loop, &c->repeat);
	timer_stop(sim.loop, &c->gone);
	while (c->txns != NULL) {
		sp_txn_free(c->txns);
	}
	free(c->invite);
	free(c->response);
	free(c->other);
	free(c->ack);
	free(c);
}

void sip_peer_close(void)
{
	while (sip_peer.calls != NULL) {
		struct sip_peer_call *c = sip_peer.calls;

		sip_peer.calls = c->next;
		free_call(c);
	}
	sip_peer.role = NULL;
}

static void on_gone(struct timer *t)
{
	struct sip_peer_call *c = container_of(t, struct sip_peer_call, gone);
	struct sip_peer_call **p = &sip_peer.calls;

	while (*p != c) {
		p = &(*p)->next;
	}
	*p = c->next;
	free_call(c);
}

void sp_enter(struct sip_peer_call *c, enum sip_peer_state state)
{
	if (c->state == state) {
		return;
	}
	if (state == SP_OVER) {
		sip_peer.stats.active--;
		timer_start(sim.loop, &c->gone, on_gone, sip_peer.gone_ms);
	}
	c->state = state;
	if (sip_peer.on_change != NULL) {
		sip_peer.on_change(c);
	}
}

struct sip_peer_call *sp_new(bool in)
{
	struct sip_peer_call *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	c->in = in;
	c->tag = ++sip_peer.last_tag;
	c->state = in ? SP_INCOMING : SP_CALLING;
	c->next = sip_peer.calls;
	c->response_acked = true;
	sip_peer.calls = c;
	sip_peer.stats.active++;
	return c;
}

struct sip_peer_call *sip_peer_last(void)
{
	return sip_peer.calls;
}

struct sip_peer_call *sp_find(const char *msg)
{
	char id[TEXT_LINE];
	struct sip_peer_call *c;

	text_value(msg, "Call-ID", id);
	for (c = sip_peer.calls; c != NULL; c = c->next) {
		if (strcmp(c->id, id) == 0) {
			break;
		}
	}
	return c;
}

void sp_keep(char **place, const char *text)
{
	free(*place);
	*place = strdup(text);
	ck_assert_ptr_nonnull(*place);
}

/* --- descriptions --- */

void sp_add_sdp(char out[TEXT_MAX], const char *direction)
{
	char body[TEXT_LINE], ip[NET_STR_MAX];
	struct net_addr a = sip_peer.rtp;
	unsigned port = a.port;

	a.port = 0;
	net_str(&a, ip);
	ip[strcspn(ip, ":")] = '\0';
	snprintf(body, sizeof(body),
		 "v=0\r\no=- 1 %lld IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\nm=audio %u RTP/AVP 8 0 101\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\na=%s\r\n",
		 (long long)sim_ms(), ip, ip, port, direction);
	text_add(out,
		 "Content-Type: application/sdp\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
}

void sp_add_no_body(char out[TEXT_MAX])
{
	text_add(out, "Content-Length: 0\r\n\r\n");
}

/* Where the gateway wants its RTP, and the direction it says. */
void sp_note_sdp(struct sip_peer_call *c, const char *msg)
{
	static const char *const directions[] = {"sendonly", "recvonly",
						 "inactive"};
	const char *body = text_body(msg);
	const char *ip = strstr(body, "c=IN IP4 ");
	const char *port = strstr(body, "m=audio ");
	char text[64];

	if (ip == NULL || port == NULL) {
		return;
	}
	snprintf(text, sizeof(text), "%.*s:%d", (int)strcspn(ip + 9, "\r\n"),
		 ip + 9, atoi(port + 8));
	net_parse(&c->rtp, text);
	snprintf(c->direction, sizeof(c->direction), "sendrecv");
	for (unsigned i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "a=%s", directions[i]);
		if (strstr(body, text) != NULL) {
			snprintf(c->direction, sizeof(c->direction), "%s",
				 directions[i]);
		}
	}
}
