/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/trunk_priv.h"

#include <stdlib.h>
#include <string.h>

static int order_host(const struct trunk_host *a, const struct trunk_host *b)
{
	int d = a->bind - b->bind;

	if (!d) {
		d = a->addr.family - b->addr.family;
	}
	return d ? d : memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));
}

static int compare_hosts(const void *a, const void *b)
{
	const struct trunk_host *x = a, *y = b;
	int d = order_host(x, y);

	return d ? d : x->trunk - y->trunk;
}

static int compare_nets(const void *a, const void *b)
{
	const struct trunk_net *x = a, *y = b;
	int d = y->prefix.bits - x->prefix.bits;

	return d ? d : x->trunk - y->trunk;
}

static void add_host(struct trunk_table *t, unsigned idx,
		     const struct net_addr *a, bool tls)
{
	uint8_t bind = t->trunk[idx].bind[tls][a->family == 6];

	if (bind != TRUNK_NO_BIND) {
		t->host[t->n_hosts++] =
			(struct trunk_host){*a, bind, (uint8_t)idx};
	}
}

static void add_net(struct trunk_table *t, unsigned idx,
		    const struct net_prefix *p, bool tls)
{
	uint8_t bind = t->trunk[idx].bind[tls][p->addr.family == 6];

	if (bind != TRUNK_NO_BIND) {
		t->net[t->n_nets++] = (struct trunk_net){*p, bind, (uint8_t)idx};
	}
}

static void index_trunk(struct trunk_table *t, unsigned idx)
{
	const struct trunk *k = &t->trunk[idx];

	for (unsigned i = 0; i < k->n_targets; i++) {
		add_host(t, idx, &k->target[i].at.addr, false);
		add_host(t, idx, &k->target[i].at.addr, true);
	}
	for (unsigned i = 0; i < k->conf.n_sources; i++) {
		add_net(t, idx, &k->conf.sources[i], false);
		add_net(t, idx, &k->conf.sources[i], true);
	}
}

void trunk_index(struct trunk_table *t)
{
	t->n_hosts = 0;
	t->n_nets = 0;
	for (unsigned i = 0; i < t->n; i++) {
		index_trunk(t, i);
	}
	qsort(t->host, t->n_hosts, sizeof(t->host[0]), compare_hosts);
	qsort(t->net, t->n_nets, sizeof(t->net[0]), compare_nets);
}

/* The first host not before key. */
static unsigned lower_bound(const struct trunk_table *t,
			    const struct trunk_host *key)
{
	unsigned lo = 0, hi = t->n_hosts;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (order_host(&t->host[mid], key) < 0) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo;
}

/* Trunks with a server at that address; with its port, if that is one's. */
static uint64_t by_host(const struct trunk_table *t,
			const struct trunk_host *key)
{
	uint64_t exact = 0, any = 0;

	for (unsigned i = lower_bound(t, key);
	     i < t->n_hosts && !order_host(&t->host[i], key); i++) {
		uint64_t bit = UINT64_C(1) << t->host[i].trunk;

		any |= bit;
		if (t->host[i].addr.port == key->addr.port) {
			exact |= bit;
		}
	}
	return exact ? exact : any;
}

/* Trunks with the longest network around it. */
static uint64_t by_net(const struct trunk_table *t, unsigned bind,
		       const struct net_addr *source)
{
	uint64_t found = 0;
	unsigned bits = 0;

	for (unsigned i = 0; i < t->n_nets; i++) {
		const struct trunk_net *n = &t->net[i];

		if (found && n->prefix.bits < bits) {
			break;
		}
		if (n->bind == bind && net_prefix_has(&n->prefix, source)) {
			found |= UINT64_C(1) << n->trunk;
			bits = n->prefix.bits;
		}
	}
	return found;
}

uint64_t trunk_sources(const struct trunk_table *t, unsigned bind,
		       const struct net_addr *source)
{
	struct trunk_host key = {*source, (uint8_t)bind, 0};
	uint64_t found = by_host(t, &key);

	return found ? found : by_net(t, bind, source);
}
