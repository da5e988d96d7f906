/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * A connection of a hostile peer: octets in pieces through framing, gate,
 * parser and transactions on the virtual clock.
 *
 * Input: records. First octet, low 2 bits: what; the rest: a number n.
 *   0, 1  so many octets (n + 1) of the input arrive in one piece
 *   2     a sound request, cut after n octets into two pieces
 *   3     the clock goes on, 2^(n % 16) ms; n = 63: the peer closes
 *
 * The same octets are also cut at every place through the framing alone: the
 * messages must be the same as in one piece. When the peer has gone and two
 * minutes have passed nothing may be left.
 */
#include "gateway/base/log.h"
#include "sip/stack.h"
#include "sip/stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct conf_for_sip *conf;
static struct loop *loop;
static struct sip_stack *stack;
static struct net_addr peer;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	(void)m;
	txn_reply(sip_stack_txns(stack), id, 200, NULL);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const struct sip_stack_user_ops user_ops = {.on_request = on_request,
						   .on_ack = on_ack};
static struct sip_stack_user user = {&user_ops};

static int on_send(struct sip_wire *w, const struct net_addr *local,
		   const struct net_addr *remote, const char *data, size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	(void)data;
	(void)len;
	return 0;
}

static int on_open(struct sip_wire *w, const struct sip_path *path)
{
	(void)w;
	return path->remote.port & 1 ? 0 : -111;
}

static int on_stream(struct sip_wire *w, const struct sip_path *path,
		     const char *data, size_t len)
{
	(void)w;
	(void)path;
	(void)data;
	(void)len;
	return 0;
}

static const struct sip_wire_ops wire_ops = {
	.send = on_send, .open = on_open, .stream = on_stream};
static struct sip_wire wire = {&wire_ops};

/* --- framing alone --- */

/* FNV-1a over the events of these octets, cut at that place. */
static uint64_t frames(const uint8_t *data, size_t size, size_t cut)
{
	struct sip_stream s = {0};
	uint64_t h = 0xcbf29ce484222325ull;
	size_t at = 0;

	while (at < size && !s.bad) {
		enum sip_stream_event e;
		size_t room, n = at < cut ? cut - at : size - at;
		const char *out;
		char *to = sip_stream_space(&s, &room);

		if (!to || !room) {
			abort();
		}
		n = n < room ? n : room;
		memcpy(to, data + at, n);
		at += n;
		sip_stream_fill(&s, n);
		while ((e = sip_stream_next(&s, &out, &n)) != STREAM_MORE) {
			h = (h ^ (uint64_t)e) * 0x100000001b3ull;
			for (size_t i = 0; e != STREAM_CRLF && i < n; i++) {
				h = (h ^ (uint8_t)out[i]) * 0x100000001b3ull;
			}
		}
	}
	sip_stream_fini(&s);
	return h;
}

static void check_framing(const uint8_t *data, size_t size)
{
	uint64_t whole = frames(data, size, size);
	size_t step = size / 64 + 1;

	for (size_t cut = 1; cut < size; cut += step) {
		if (frames(data, size, cut) != whole) {
			abort();
		}
	}
}

/* --- the whole --- */

static uint32_t connect_peer(void)
{
	return sip_transport_accept(sip_stack_transport(stack), 0, &peer);
}

static void say(uint32_t *flow, const void *data, size_t len)
{
	struct sip_transport *t = sip_stack_transport(stack);

	if (!sip_transport_flow_up(t, *flow)) {
		*flow = connect_peer();
	}
	if (len) {
		sip_transport_stream(t, *flow, data, len);
	}
}

static void say_request(uint32_t *flow, size_t cut)
{
	static const char text[] =
		"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/TCP h:5;branch="
		"z9hG4bKq\r\nFrom: <sip:2@h>;tag=f\r\nTo: <sip:1@h>\r\n"
		"Call-ID: c\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n";

	cut *= 3;
	say(flow, text, cut);
	say(flow, text + cut, sizeof(text) - 1 - cut);
}

static void once(void)
{
	conf = calloc(1, sizeof(*conf));
	log_set_sink(quiet);
	net_parse(&conf->sip.bind, "198.51.100.1");
	net_parse(&peer, "192.0.2.1:40001");
	conf->sip.t1_ms = 500;
	conf->n_trunks = 1;
	strcpy(conf->trunks[0].servers[0], "192.0.2.1");
	conf->trunks[0].n_servers = 1;
	conf->trunks[0].transport = CONF_TCP;
}

static void run(const uint8_t *data, size_t size)
{
	uint32_t flow = connect_peer();
	size_t at = 0;

	while (at < size) {
		uint8_t what = data[at] & 3, n = data[at] >> 2;

		at++;
		if (what == 2) {
			say_request(&flow, n % 40u);
		} else if (what == 3 && n == 63) {
			sip_transport_stream(sip_stack_transport(stack), flow,
					     NULL, 0);
		} else if (what == 3) {
			loop_advance(loop, 1 << n % 16);
		} else {
			size_t len = n + 1u < size - at ? n + 1u : size - at;

			say(&flow, data + at, len);
			at += len;
		}
	}
	sip_transport_stream(sip_stack_transport(stack), flow, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 8192) {
		return 0;
	}
	if (!conf) {
		once();
	}
	check_framing(data, size);
	loop = loop_new_sim(0);
	stack = sip_stack_new(loop, conf, &user, 32);
	sip_transport_wire(sip_stack_transport(stack), &wire);
	run(data, size);
	loop_advance(loop, 420000);
	if (txn_layer_used(sip_stack_txns(stack)) ||
	    sip_transport_conns(sip_stack_transport(stack))) {
		abort();
	}
	sip_stack_free(stack);
	loop_free(loop);
	return 0;
}
