/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Sequences of messages, user actions and time through the whole lower half
 * of the sip role on the virtual clock. Each step is two octets: what, which.
 * When all users have let go and two minutes have passed, no transaction may
 * be left.
 */
#include "gateway/base/log.h"
#include "sip/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS 64

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct loop *loop;
static struct conf_for_sip *conf;
static struct sip_stack *stack;
static struct net_addr peers[2];
static txn_id ids[IDS];
static unsigned n_ids;
static char last_request[4096];
static uint8_t mood; /* what users do when they are called */

static const char *const methods[] = {"INVITE", "ACK",	"BYE",	"CANCEL",
				      "OPTIONS", "INFO", "UPDATE", "NOTIFY"};
static const int codes[] = {100, 180, 183, 200, 202, 301, 401, 407,
			    481, 486, 487, 500, 503, 600, 603, 199};

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static struct txn_layer *layer(void)
{
	return sip_stack_txns(stack);
}

static txn_id pick(uint8_t which)
{
	return n_ids ? ids[which % n_ids] : 0;
}

static void keep(txn_id id)
{
	if (id && n_ids < IDS) {
		ids[n_ids++] = id;
	}
}

/* A user that may do anything from inside a callback. */
static void act(txn_id id)
{
	switch (mood % 6) {
	case 0:
		txn_reply(layer(), id, 487, NULL);
		break;
	case 1:
		txn_kill(layer(), pick(mood));
		break;
	case 2:
		txn_cancel(layer(), id, "Q.850;cause=16");
		break;
	case 3:
		txn_detach(layer(), id);
		break;
	default:
		break;
	}
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	(void)u;
	(void)m;
	act(id);
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	(void)u;
	(void)why;
	act(id);
}

static void on_cancel(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	(void)u;
	(void)m;
	act(id);
}

static void on_end(struct txn_user *u, txn_id id)
{
	(void)u;
	act(id);
}

static const struct txn_user_ops txn_ops = {
	.on_response = on_response,
	.on_fail = on_fail,
	.on_cancel = on_cancel,
	.on_end = on_end,
};
static struct txn_user user = {&txn_ops};

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	if (!*sip_msg_call_id(m)) {
		abort();
	}
	if (mood % 4) {
		txn_attach(layer(), id, &user);
		keep(id);
	}
	if (mood % 3 == 0) {
		txn_reply(layer(), id, codes[mood % 16], NULL);
	}
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
	txn_acked(layer(), pick(mood));
}

static const struct sip_stack_user_ops stack_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
};
static struct sip_stack_user stack_user = {&stack_ops};

static int on_send(struct sip_wire *w, const struct net_addr *local,
		   const struct net_addr *remote, const char *data, size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	if (strncmp(data, "SIP/", 4) && len < sizeof(last_request)) {
		memcpy(last_request, data, len);
		last_request[len] = '\0';
	}
	return mood % 16 == 15 ? -5 : 0;
}

static const struct sip_wire_ops wire_ops = {.send = on_send};
static struct sip_wire wire = {&wire_ops};

static void receive(const struct net_addr *from, const char *text, size_t len)
{
	sip_transport_inject(sip_stack_transport(stack), 0, from, text, len);
}

static void peer_request(uint8_t b)
{
	const char *method = methods[b & 7];
	char text[1024];
	int n;

	n = snprintf(text, sizeof(text),
		     "%s sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=%s%u%s"
		     "\r\nFrom: <sip:2@h>;tag=f\r\nTo: <sip:1@h>%s\r\n"
		     "Call-ID: c%u\r\nCSeq: 1 %s\r\n\r\n",
		     method, b & 8 ? "" : SIP_COOKIE, (b >> 4) & 3,
		     mood & 1 ? ";rport" : "", b & 64 ? ";tag=t" : "", b >> 7,
		     method);
	receive(&peers[mood >> 7], text, (size_t)n);
}

static void peer_response(uint8_t b)
{
	struct sip_msg *q, *r;
	char tag[8], *text;
	size_t len;

	q = sip_msg_from_text(last_request, strlen(last_request));
	if (!q) {
		return;
	}
	snprintf(tag, sizeof(tag), "t%u", b >> 6);
	r = sip_response_new(q, codes[b & 15], NULL, tag);
	if (r && !sip_msg_print(r, &text, &len)) {
		receive(&peers[b >> 5 & 1], text, len);
		free(text);
	}
	sip_msg_free(r);
	sip_msg_free(q);
}

static void our_request(uint8_t b)
{
	struct sip_path path = {.remote = peers[0]};
	struct sip_request q = {.method = methods[b & 7], .uri = "sip:1@h",
				.from = "<sip:a@b>;tag=1", .to = "<sip:c@d>",
				.call_id = "x", .cseq = 1};
	struct sip_msg *m = sip_request_new(&q);
	txn_id id;

	if (!m) {
		abort();
	}
	if ((b & 7) == 1) {
		txn_ack(layer(), pick(b >> 3), m, &path);
	} else {
		txn_request(layer(), &user, m, &path, &id);
		keep(id);
	}
}

static void step(uint8_t what, uint8_t b)
{
	static const int64_t ms[] = {1, 100, 500, 1000, 4000, 5000, 32000,
				     64000};

	switch (what % 8) {
	case 0:
	case 1:
		peer_request(b);
		break;
	case 2:
		peer_response(b);
		break;
	case 3:
		our_request(b);
		break;
	case 4:
		txn_reply(layer(), pick(b >> 4), codes[b & 15], NULL);
		break;
	case 5:
		loop_advance(loop, ms[b & 7]);
		break;
	case 6:
		txn_cancel(layer(), pick(b), NULL);
		break;
	default:
		mood = b;
		break;
	}
}

static void once(void)
{
	conf = calloc(1, sizeof(*conf));
	log_set_sink(quiet);
	net_parse(&conf->sip.bind, "198.51.100.1");
	net_parse(&peers[0], "192.0.2.1:5060");
	net_parse(&peers[1], "192.0.2.2:5060");
	conf->sip.t1_ms = 500;
	conf->n_trunks = 2;
	for (int i = 0; i < 2; i++) {
		snprintf(conf->trunks[i].servers[0], 32, "192.0.2.%d", i + 1);
		conf->trunks[i].n_servers = 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!conf) {
		once();
	}
	n_ids = 0;
	mood = 0;
	last_request[0] = '\0';
	loop = loop_new_sim(0);
	stack = sip_stack_new(loop, conf, &stack_user, 24);
	sip_transport_wire(sip_stack_transport(stack), &wire);
	for (size_t i = 0; i + 1 < size && i < 100; i += 2) {
		step(data[i], data[i + 1]);
	}
	mood = 5; /* attach, say nothing */
	for (unsigned i = 0; i < n_ids; i++) {
		txn_detach(layer(), ids[i]);
	}
	loop_advance(loop, 120000);
	if (n_ids < IDS && txn_layer_used(layer())) {
		fprintf(stderr, "%u transactions left\n",
			txn_layer_used(layer()));
		abort();
	}
	sip_stack_free(stack);
	loop_free(loop);
	return 0;
}
