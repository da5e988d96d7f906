/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/trunk_priv.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <stdio.h>
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

static void set_server(struct trunk *k, unsigned i, const char *host)
{
	struct trunk_server *s = &k->server[i];

	if (strcmp(s->host, host) != 0) {
		s->warned = false;
		str_copy(s->host, sizeof(s->host), host);
		s->lookup.had_naptr = s->lookup.had_srv = false;
	}
	if (s->lookup.transport != k->conf.transport) {
		s->lookup.had_naptr = s->lookup.had_srv = false;
	}
	s->trunk = k;
}

/* Targets of servers that are no more, or that stand elsewhere, go. */
static void keep_targets(struct trunk *k, const struct conf_trunk *old)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < k->n_targets; i++) {
		uint8_t n = k->target[i].server;

		if (n < k->n_servers &&
		    old->transport == k->conf.transport &&
		    (old->wire.proxy[0] || k->conf.wire.proxy[0]
			     ? !strcmp(old->wire.proxy, k->conf.wire.proxy)
			     : n < old->n_servers &&
				       !strcmp(old->servers[n],
					       k->conf.servers[n]))) {
			k->target[kept++] = k->target[i];
		}
	}
	k->n_targets = (uint8_t)kept;
}

/* Takes over a trunk's settings; what is known of a server that stays is
 * kept. */
static void set_conf(struct trunk_table *t, unsigned idx,
		     const struct conf_trunk *conf, const struct conf_sip *sip)
{
	struct trunk *k = &t->trunk[idx];
	struct conf_trunk old = k->conf;

	k->conf = *conf;
	find_binds(t, k, sip);
	trunk_make_token(k);
	resolve_stop(k);
	k->n_servers = conf->wire.proxy[0] ? 1 : conf->n_servers;
	keep_targets(k, &old);
	for (unsigned i = 0; i < k->n_servers; i++) {
		set_server(k, i, conf->wire.proxy[0] ? conf->wire.proxy
						     : conf->servers[i]);
	}
	explicit_bzero(&old, sizeof(old)); /* secrets */
}

static void set_dns(struct trunk_table *t, const struct conf_sip *sip)
{
	size_t at = 0;

	t->dns_servers[0] = '\0';
	for (unsigned i = 0; i < sip->n_dns && i < CONF_DNS; i++) {
		at += (size_t)snprintf(t->dns_servers + at,
				       sizeof(t->dns_servers) - at, "%s%s",
				       i ? "," : "", sip->dns[i]);
	}
}

static void add_trunk(struct trunk_table *t, unsigned idx)
{
	struct trunk *k = &t->trunk[idx];

	k->table = t;
	k->bucket_ns = NS_PER_S;
	k->bucket_at = loop_now(t->loop);
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
	set_dns(t, &conf->sip);
	str_copy(t->file, sizeof(t->file), conf->file);
	t->trunk = calloc(n, sizeof(*t->trunk));
	t->host = calloc(2 * n * TRUNK_TARGETS,
			 sizeof(*t->host));
	t->net = calloc(2 * n * CONF_SOURCES, sizeof(*t->net));
	if (!t->trunk || !t->host || !t->net) {
		goto fail;
	}
	for (t->n = 0; t->n < conf->n_trunks; t->n++) {
		add_trunk(t, t->n);
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
	}
	dns_free(t->dns);
	for (unsigned i = 0; i < t->n; i++) {
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
	str_copy(t->file, sizeof(t->file), conf->file);
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

const char *trunk_file(const struct trunk_table *t)
{
	return t->file;
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
	return idx < t->n && t->trunk[idx].n_targets;
}

/* The attempt-th address that is down or not. Counts *attempt down. */
static const struct dns_target *pick(const struct trunk *k, bool down,
				     unsigned *attempt)
{
	for (unsigned i = 0; i < k->n_targets; i++) {
		const struct trunk_target *t = &k->target[k->order[i]];

		if (trunk_target_is_down(k, t) == down && !(*attempt)--) {
			return &t->at;
		}
	}
	return NULL;
}

int trunk_pick(const struct trunk_table *t, unsigned idx, unsigned attempt,
	       struct sip_path *out)
{
	const struct dns_target *a;

	if (idx >= t->n) {
		return -ENOENT;
	}
	if (!attempt) {
		trunk_shuffle(&t->trunk[idx]);
	}
	a = pick(&t->trunk[idx], false, &attempt);
	if (!a) {
		a = pick(&t->trunk[idx], true, &attempt);
	}
	return a ? trunk_path(t, idx, &a->addr, a->proto, out) : -ENOENT;
}

uint16_t trunk_port(const struct trunk_table *t, unsigned idx,
		    const struct sip_path *path)
{
	uint16_t port = 0;

	for (unsigned i = 0; idx < t->n && i < t->trunk[idx].n_targets; i++) {
		const struct dns_target *a = &t->trunk[idx].target[i].at;

		if (a->proto == path->proto &&
		    net_ip_eq(&a->addr, &path->remote)) {
			if (a->addr.port == path->remote.port) {
				return a->addr.port;
			}
			port = port ? port : a->addr.port;
		}
	}
	return port;
}

void trunk_domain(const struct trunk_table *t, unsigned idx,
		  const struct net_addr *addr, char out[CONF_HOST])
{
	const struct conf_trunk *c = trunk_conf(t, idx);
	char text[NET_STR_MAX];

	str_copy(out, CONF_HOST,
		 c->domain[0]	    ? c->domain
		 : c->wire.proxy[0] ? c->servers[0]
				    : net_str(addr, text));
}

const char *trunk_route(const struct trunk_table *t, unsigned idx, char *buf,
			size_t size)
{
	const struct conf_trunk *c = trunk_conf(t, idx);
	static const char *const params[] = {
		[CONF_UDP] = "", [CONF_TCP] = ";transport=tcp",
		[CONF_TLS] = ";transport=tls", [CONF_AUTO] = ""};

	buf[0] = '\0';
	if (c && c->wire.proxy[0]) {
		snprintf(buf, size, "<sip:%s%s;lr>", c->wire.proxy,
			 params[c->transport]);
	}
	return buf;
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

static bool is_full(const struct trunk *k, enum trunk_call what)
{
	unsigned most = k->conf.max_calls, more = 0;

	if (!most || what == TRUNK_CALL_ALWAYS) {
		return false;
	}
	if (what == TRUNK_CALL_URGENT) {
		more = most > TRUNK_EMERGENCIES ? most : TRUNK_EMERGENCIES;
	}
	return k->stats.active >= most + more;
}

int trunk_call_begin(struct trunk_table *t, unsigned idx, enum trunk_call what)
{
	struct trunk *k;

	if (idx >= t->n) {
		return -EINVAL;
	}
	k = &t->trunk[idx];
	if (is_full(k, what)) {
		k->stats.refused_calls++;
		return -EDQUOT;
	}
	if (k->conf.max_calls_per_s &&
	    !bucket_take(k, loop_now(t->loop), what != TRUNK_CALL)) {
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
