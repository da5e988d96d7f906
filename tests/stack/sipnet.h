/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SIP stack of the gateway on the virtual clock with one peer on an
 * in-memory wire. Every message the stack sends is kept as text, in order.
 * One thread; one at a time.
 */
#ifndef TESTS_SIPNET_H
#define TESTS_SIPNET_H

#include "sip/stack.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIPNET_SENT 4096

struct sipnet {
	struct loop *loop;
	struct conf_for_sip *conf;
	struct sip_stack *stack;
	struct sip_wire wire;
	struct net_addr us, peer, other;
	char *sent[SIPNET_SENT];
	struct net_addr sent_to[SIPNET_SENT];
	unsigned n_sent;
	int send_error; /* what the wire answers */
};

static struct sipnet net;

static int sipnet_send(struct sip_wire *w, const struct net_addr *local,
		       const struct net_addr *remote, const char *data,
		       size_t len)
{
	(void)w;
	ck_assert(net_addr_eq(local, &net.us));
	if (net.send_error) {
		return net.send_error;
	}
	ck_assert_uint_lt(net.n_sent, SIPNET_SENT);
	net.sent[net.n_sent] = strndup(data, len);
	net.sent_to[net.n_sent++] = *remote;
	return 0;
}

static const struct sip_wire_ops sipnet_ops = {.send = sipnet_send};

static inline void sipnet_clear(void)
{
	while (net.n_sent) {
		free(net.sent[--net.n_sent]);
	}
}

static inline void sipnet_trunk(unsigned i, const char *name,
				const char *server, const char *network)
{
	struct conf_trunk *t = &net.conf->trunks[i];

	strcpy(t->name, name);
	strcpy(t->servers[0], server);
	t->n_servers = 1;
	net_prefix_parse(&t->sources[0], network);
	t->n_sources = 1;
	net.conf->n_trunks = (uint16_t)(i + 1);
}

/* Two trunks; the peer is the server of the first, the other of the second. */
static inline void sipnet_open(struct sip_stack_user *user, unsigned max)
{
	memset(&net, 0, sizeof(net));
	net.conf = calloc(1, sizeof(*net.conf));
	net_parse(&net.us, "198.51.100.1:5060");
	net_parse(&net.peer, "192.0.2.1:5060");
	net_parse(&net.other, "203.0.113.1:5060");
	net.conf->sip.bind = net.us;
	net.conf->sip.t1_ms = 500;
	sipnet_trunk(0, "provider", "192.0.2.1", "192.0.2.0/24");
	sipnet_trunk(1, "carrier", "203.0.113.1", "203.0.113.0/24");
	net.loop = loop_new_sim(0);
	net.stack = sip_stack_new(net.loop, net.conf, user, max);
	ck_assert_ptr_nonnull(net.stack);
	net.wire.ops = &sipnet_ops;
	sip_transport_wire(sip_stack_transport(net.stack), &net.wire);
}

static inline void sipnet_close(void)
{
	sip_stack_free(net.stack);
	loop_free(net.loop);
	free(net.conf);
	sipnet_clear();
}

static inline void sipnet_receive(const char *data, size_t len)
{
	sip_transport_inject(sip_stack_transport(net.stack), 0, &net.peer,
			     data, len);
}

/* "SIP/2.0 404 ..." -> 404, a request -> 0 */
static inline int sipnet_status(unsigned i)
{
	int status = 0;

	ck_assert_uint_lt(i, net.n_sent);
	if (sscanf(net.sent[i], "SIP/2.0 %d", &status) != 1) {
		return 0;
	}
	return status;
}

#endif
