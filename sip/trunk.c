/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/trunk_priv.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- own addresses --- */

static struct net_addr with_port(struct net_addr a, uint16_t port)
{
	a.port = a.port ? a.port : port;
	return a;
}

/* The n-th (0, 1) address of a trunk for plain SIP or TLS; false: none. */
static bool bind_of(const struct conf_sip *sip, const struct conf_trunk *t,
		    bool tls, unsigned n, struct sip_bind *out)
{
	bool own = t->bind.family || t->wire.bind6.family;

	if (tls ? t->transport != CONF_TLS && t->transport != CONF_AUTO
		: t->transport == CONF_TLS) {
		return false;
	}
	if (own) {
		out->addr = n ? t->wire.bind6 : t->bind;
	} else {
		out->addr = n ? sip->bind6 : sip->bind;
	}
	if (!out->addr.family) {
		return false;
	}
	if (tls && !(own && t->transport == CONF_TLS)) {
		out->addr.port = sip->tls_port;
	}
	out->tls = tls;
	out->addr = with_port(out->addr, tls ? SIP_TLS_PORT : SIP_PORT);
	return true;
}

/* Its index in the list, n when it is not there. */
static unsigned find_bind(const struct sip_bind *list, unsigned n,
			  const struct sip_bind *b)
{
	unsigned i = 0;

	while (i < n && (list[i].tls != b->tls ||
			 !net_addr_eq(&list[i].addr, &b->addr))) {
		i++;
	}
	return i;
}

static unsigned add_bind(struct sip_bind *list, unsigned n,
			 const struct sip_bind *b)
{
	if (find_bind(list, n, b) < n) {
		return n;
	}
	list[n] = *b;
	return n + 1;
}

unsigned sip_binds(const struct conf_sip *sip, const struct conf_trunk *trunks,
		   unsigned n_trunks, struct sip_bind out[SIP_BINDS])
{
	struct sip_bind b = {with_port(sip->bind, SIP_PORT), false};
	unsigned n = add_bind(out, 0, &b);

	if (sip->bind6.family) {
		b.addr = with_port(sip->bind6, SIP_PORT);
		n = add_bind(out, n, &b);
	}
	for (unsigned i = 0; i < n_trunks; i++) {
		for (unsigned k = 0; k < 4; k++) {
			if (bind_of(sip, &trunks[i], k & 2, k & 1, &b)) {
				n = add_bind(out, n, &b);
			}
		}
	}
	return n;
}

static void find_binds(const struct trunk_table *t, struct trunk *k,
		       const struct conf_sip *sip)
{
	struct sip_bind b;

	memset(k->bind, TRUNK_NO_BIND, sizeof(k->bind));
	for (unsigned i = 0; i < 4; i++) {
		if (bind_of(sip, &k->conf, i & 2, i & 1, &b)) {
			k->bind[b.tls][b.addr.family == 6] = (uint8_t)find_bind(
				t->binds, t->n_binds, &b);
		}
	}
}

/* Takes over a trunk's settings; what is known of a server that stays is
 * kept. */
static void set_conf(struct trunk_table *t, unsigned idx,
		     const struct conf_trunk *conf, const struct conf_sip *sip)
{
	struct trunk *k = &t->trunk[idx];
	struct trunk_server old[CONF_SERVERS];

	memcpy(old, k->server, sizeof(old));
	memset(k->server, 0, sizeof(k->server));
	k->conf = *conf;
	find_binds(t, k, sip);
	trunk_make_token(k);
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
	t->host = calloc(2 * n * CONF_SERVERS * TRUNK_ADDRS,
			 sizeof(*t->host));
	t->net = calloc(2 * n * CONF_SOURCES, sizeof(*t->net));
	if (!t->trunk || !t->host || !t->net) {
		goto fail;
	}
	for (t->n = 0; t->n < conf->n_trunks; t->n++) {
		if (add_trunk(t, t->n)) {
			goto fail;
		}
		set_conf(t, t->n, &conf->trunks[t->n], &conf->sip);
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
	struct sip_bind binds[SIP_BINDS];
	unsigned n = sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds);

	/* Trunks and sockets stay what they are. */
	if (conf->n_trunks != t->n || n != t->n_binds) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < n; i++) {
		if (find_bind(&t->binds[i], 1, &binds[i])) {
			return -EINVAL;
		}
	}
	for (unsigned i = 0; i < t->n; i++) {
		set_conf(t, i, &conf->trunks[i], &conf->sip);
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

/* Where we send from to that address; TRUNK_NO_BIND: not at all. */
static uint8_t bind_for(const struct trunk *k, const struct net_addr *to,
			unsigned proto)
{
	return k->bind[proto == SIP_TLS][to->family == 6];
}

bool trunk_has_bind(const struct trunk_table *t, unsigned idx, unsigned bind)
{
	return idx < t->n && memchr(t->trunk[idx].bind, (int)bind,
				    sizeof(t->trunk[idx].bind)) != NULL;
}

int trunk_path(const struct trunk_table *t, unsigned idx,
	       const struct net_addr *to, enum sip_proto proto,
	       struct sip_path *out)
{
	uint8_t bind;

	if (idx >= t->n) {
		return -ENOENT;
	}
	bind = bind_for(&t->trunk[idx], to, proto);
	if (bind == TRUNK_NO_BIND) {
		return -EAFNOSUPPORT;
	}
	*out = (struct sip_path){.remote = *to,
				 .trunk = (uint8_t)idx,
				 .bind = bind,
				 .proto = (uint8_t)proto};
	return 0;
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

static enum sip_proto proto_of(const struct conf_trunk *c)
{
	return c->transport == CONF_TLS	  ? SIP_TLS
	       : c->transport == CONF_TCP ? SIP_TCP
					  : SIP_UDP;
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
	return trunk_path(t, idx, a, proto_of(&t->trunk[idx].conf), out);
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

void trunk_call_kept(struct trunk_table *t, unsigned idx)
{
	if (idx < t->n) {
		t->trunk[idx].stats.active++;
	}
}

void trunk_call_end(struct trunk_table *t, unsigned idx)
{
	if (idx < t->n && t->trunk[idx].stats.active) {
		t->trunk[idx].stats.active--;
	}
}
