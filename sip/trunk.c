/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/trunk_priv.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned add_bind(struct net_addr *list, unsigned n,
			 struct net_addr addr)
{
	if (!addr.port) {
		addr.port = SIP_PORT;
	}
	for (unsigned i = 0; i < n; i++) {
		if (net_addr_eq(&list[i], &addr)) {
			return n;
		}
	}
	list[n] = addr;
	return n + 1;
}

unsigned sip_binds(const struct conf_sip *sip, const struct conf_trunk *trunks,
		   unsigned n_trunks, struct net_addr out[SIP_BINDS])
{
	unsigned n = add_bind(out, 0, sip->bind);

	for (unsigned i = 0; i < n_trunks; i++) {
		if (trunks[i].bind.family) {
			n = add_bind(out, n, trunks[i].bind);
		}
	}
	return n;
}

static unsigned find_bind(const struct trunk_table *t, struct net_addr addr)
{
	if (!addr.family) {
		return 0;
	}
	if (!addr.port) {
		addr.port = SIP_PORT;
	}
	for (unsigned i = 0; i < t->n_binds; i++) {
		if (net_addr_eq(&t->binds[i], &addr)) {
			return i;
		}
	}
	return 0;
}

/* Takes over a trunk's settings; what is known of a server that stays is
 * kept. */
static void set_conf(struct trunk_table *t, unsigned idx,
		     const struct conf_trunk *conf)
{
	struct trunk *k = &t->trunk[idx];
	struct trunk_server old[CONF_SERVERS];

	memcpy(old, k->server, sizeof(old));
	memset(k->server, 0, sizeof(k->server));
	k->conf = *conf;
	k->bind = find_bind(t, conf->bind);
	for (unsigned i = 0; i < conf->n_servers; i++) {
		str_copy(k->server[i].host, CONF_HOST, conf->servers[i]);
		for (unsigned j = 0; j < CONF_SERVERS; j++) {
			if (!strcmp(old[j].host, k->server[i].host)) {
				k->server[i] = old[j];
			}
		}
	}
}

static int add_trunk(struct trunk_table *t, unsigned idx)
{
	struct trunk *k = &t->trunk[idx];

	k->table = t;
	k->bucket_ns = NS_PER_S;
	k->bucket_at = loop_now(t->loop);
	k->resolver = calloc(1, sizeof(*k->resolver));
	if (!k->resolver) {
		return -ENOMEM;
	}
	k->resolver->table = t;
	k->resolver->trunk = idx;
	return 0;
}

struct trunk_table *trunk_table_new(struct loop *loop,
				    const struct conf_for_sip *conf)
{
	struct trunk_table *t = calloc(1, sizeof(*t));
	size_t n = conf->n_trunks ? conf->n_trunks : 1u;

	if (!t) {
		return NULL;
	}
	t->loop = loop;
	t->n_binds = sip_binds(&conf->sip, conf->trunks, conf->n_trunks,
			       t->binds);
	t->trunk = calloc(n, sizeof(*t->trunk));
	t->host = calloc(n * CONF_SERVERS * TRUNK_ADDRS, sizeof(*t->host));
	t->net = calloc(n * CONF_SOURCES, sizeof(*t->net));
	if (!t->trunk || !t->host || !t->net) {
		goto fail;
	}
	for (t->n = 0; t->n < conf->n_trunks; t->n++) {
		if (add_trunk(t, t->n)) {
			goto fail;
		}
		set_conf(t, t->n, &conf->trunks[t->n]);
		resolve_start(&t->trunk[t->n]);
	}
	trunk_index(t);
	return t;
fail:
	trunk_table_free(t);
	errno = ENOMEM;
	return NULL;
}

void trunk_table_free(struct trunk_table *t)
{
	if (!t) {
		return;
	}
	for (unsigned i = 0; i < t->n; i++) {
		resolve_stop(&t->trunk[i]);
		explicit_bzero(&t->trunk[i], sizeof(t->trunk[i])); /* secrets */
	}
	free(t->trunk);
	free(t->host);
	free(t->net);
	free(t);
}

int trunk_table_reload(struct trunk_table *t, const struct conf_for_sip *conf)
{
	struct net_addr binds[SIP_BINDS];
	unsigned n = sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds);

	/* Trunks and sockets stay what they are. */
	if (conf->n_trunks != t->n || n != t->n_binds) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!net_addr_eq(&binds[i], &t->binds[i])) {
			return -EINVAL;
		}
	}
	for (unsigned i = 0; i < t->n; i++) {
		set_conf(t, i, &conf->trunks[i]);
		resolve_start(&t->trunk[i]);
	}
	trunk_index(t);
	return 0;
}

unsigned trunk_count(const struct trunk_table *t)
{
	return t->n;
}

const struct conf_trunk *trunk_conf(const struct trunk_table *t, unsigned idx)
{
	return idx < t->n ? &t->trunk[idx].conf : NULL;
}

const struct trunk_stats *trunk_stats(const struct trunk_table *t,
				      unsigned idx)
{
	return idx < t->n ? &t->trunk[idx].stats : NULL;
}

unsigned trunk_bind(const struct trunk_table *t, unsigned idx)
{
	return idx < t->n ? t->trunk[idx].bind : 0;
}

bool trunk_is_resolved(const struct trunk_table *t, unsigned idx)
{
	struct sip_path path;

	return !trunk_pick(t, idx, 0, &path);
}

/* The attempt-th address that is down or not. Counts *attempt down. */
static const struct net_addr *pick(const struct trunk *k, bool down,
				   unsigned *attempt)
{
	int64_t now = loop_now(k->table->loop).ns;

	for (unsigned i = 0; i < k->conf.n_servers; i++) {
		const struct trunk_server *s = &k->server[i];

		for (unsigned j = 0; j < s->n; j++) {
			if ((s->down_until[j].ns > now) == down &&
			    !(*attempt)--) {
				return &s->addr[j];
			}
		}
	}
	return NULL;
}

int trunk_pick(const struct trunk_table *t, unsigned idx, unsigned attempt,
	       struct sip_path *out)
{
	const struct net_addr *a;

	if (idx >= t->n) {
		return -ENOENT;
	}
	a = pick(&t->trunk[idx], false, &attempt);
	if (!a) {
		a = pick(&t->trunk[idx], true, &attempt);
	}
	if (!a) {
		return -ENOENT;
	}
	out->remote = *a;
	out->trunk = (uint8_t)idx;
	out->bind = (uint8_t)t->trunk[idx].bind;
	return 0;
}

static void set_down(struct trunk_table *t, unsigned idx,
		     const struct net_addr *addr, mono_t until)
{
	if (idx >= t->n) {
		return;
	}
	for (unsigned i = 0; i < t->trunk[idx].conf.n_servers; i++) {
		struct trunk_server *s = &t->trunk[idx].server[i];

		for (unsigned j = 0; j < s->n; j++) {
			if (net_addr_eq(&s->addr[j], addr)) {
				s->down_until[j] = until;
			}
		}
	}
}

void trunk_server_down(struct trunk_table *t, unsigned idx,
		       const struct net_addr *addr, int64_t ms)
{
	set_down(t, idx, addr, mono_add_ms(loop_now(t->loop), ms));
}

void trunk_server_up(struct trunk_table *t, unsigned idx,
		     const struct net_addr *addr)
{
	set_down(t, idx, addr, (mono_t){0});
}

/* Takes one call out of the bucket. */
static bool bucket_take(struct trunk *k, mono_t now, bool always)
{
	int64_t cost = NS_PER_S / k->conf.max_calls_per_s;

	k->bucket_ns += mono_diff_ns(now, k->bucket_at);
	k->bucket_at = now;
	if (k->bucket_ns > NS_PER_S) {
		k->bucket_ns = NS_PER_S;
	}
	if (k->bucket_ns < cost && !always) {
		return false;
	}
	k->bucket_ns -= k->bucket_ns < cost ? k->bucket_ns : cost;
	return true;
}

int trunk_call_begin(struct trunk_table *t, unsigned idx, bool emergency)
{
	struct trunk *k;

	if (idx >= t->n) {
		return -EINVAL;
	}
	k = &t->trunk[idx];
	if (!emergency && k->conf.max_calls &&
	    k->stats.active >= k->conf.max_calls) {
		k->stats.refused_calls++;
		return -EDQUOT;
	}
	if (k->conf.max_calls_per_s &&
	    !bucket_take(k, loop_now(t->loop), emergency)) {
		k->stats.refused_rate++;
		return -EAGAIN;
	}
	k->stats.calls++;
	k->stats.active++;
	return 0;
}

void trunk_call_end(struct trunk_table *t, unsigned idx)
{
	if (idx < t->n && t->trunk[idx].stats.active) {
		t->trunk[idx].stats.active--;
	}
}
