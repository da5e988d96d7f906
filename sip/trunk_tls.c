/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/trunk_tls.h"

#include "gateway/base/log.h"
#include "gateway/base/memfd.h"
#include "gateway/base/str.h"
#include "sip/cert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DAY_MS	 86400000
#define REPEAT_MS 300000 /* the same reason is told again */

struct tls_of_trunk {
	struct sip_tls *tls;
	char told[TLS_WHY_MAX]; /* the last reason, and until when */
	mono_t told_until;
};

struct trunk_tls {
	struct loop *loop;
	const struct trunk_table *trunks;
	char file[CONF_PATH];
	struct timer daily;
	struct tls_of_trunk trunk[CONF_TRUNKS];
};

static uint64_t bit(unsigned trunk)
{
	return UINT64_C(1) << trunk;
}

/* --- certificates that end --- */

static void warn_of_end(const struct trunk_tls *s, unsigned i)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, i);

	struct cert_place place = {c->name, s->file, c->tls.line,
				   "tls.certificate", "peers will refuse it"};

	cert_warn_of_end(&place, trunk_tls_expires(s, i),
			 loop_wall_ms(s->loop) / 1000);
}

static void warn_of_crl(const struct trunk_tls *s, unsigned i)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, i);
	const struct sip_tls *t = trunk_tls_of(s, i);
	int64_t end = t ? sip_tls_crl_ends(t) : 0;

	if (end && end < loop_wall_ms(s->loop) / 1000) {
		log_err("trunk %s: %s:%u: tls.crl has ended: no certificate is "
			"believed", c->name, s->file, c->tls.line);
	}
}

static void on_daily(struct timer *t)
{
	struct trunk_tls *s = container_of(t, struct trunk_tls, daily);

	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		warn_of_end(s, i);
		warn_of_crl(s, i);
	}
	timer_start(s->loop, &s->daily, on_daily, DAY_MS);
}

int64_t trunk_tls_expires(const struct trunk_tls *s, unsigned trunk)
{
	const struct sip_tls *t = trunk_tls_of(s, trunk);

	return t ? sip_tls_expires(t) : 0;
}

/* --- life --- */

struct trunk_tls *trunk_tls_new(struct loop *loop,
				  const struct trunk_table *trunks,
				  const char *file)
{
	struct trunk_tls *s = calloc(1, sizeof(*s));

	if (!s) {
		return NULL;
	}
	s->loop = loop;
	s->trunks = trunks;
	str_copy(s->file, sizeof(s->file), file);
	return s;
}

void trunk_tls_free(struct trunk_tls *s)
{
	if (!s) {
		return;
	}
	timer_stop(s->loop, &s->daily);
	for (unsigned i = 0; i < CONF_TRUNKS; i++) {
		sip_tls_free(s->trunk[i].tls);
	}
	free(s);
}

static struct sip_tls_verify verify_of(const struct conf_trunk *c)
{
	return (struct sip_tls_verify){
		.server = c->tls.verify != CONF_VERIFY_NONE,
		.client = c->tls.verify == CONF_VERIFY_BOTH,
	};
}

static int take_bundle(struct trunk_tls *s, unsigned i, const void *data,
		       size_t len)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, i);
	char why[TLS_WHY_MAX];
	struct sip_tls *t = sip_tls_new(data, len, verify_of(c), why);
	struct tls_of_trunk *k = &s->trunk[i];

	if (!t) {
		log_err("trunk %s: %s:%u: %s%s", c->name, s->file, c->tls.line,
			why, k->tls ? "; the former one goes on" : "");
		return -EINVAL;
	}
	if (k->tls && sip_tls_expires(k->tls) != sip_tls_expires(t)) {
		log_info("trunk %s: certificate replaced", c->name);
	}
	sip_tls_free(k->tls);
	k->tls = t;
	warn_of_end(s, i);
	warn_of_crl(s, i);
	if (!timer_is_running(&s->daily)) {
		timer_start(s->loop, &s->daily, on_daily, DAY_MS);
	}
	return 0;
}

int trunk_tls_bundle(struct trunk_tls *s, unsigned trunk, int fd)
{
	const void *data;
	size_t len;
	int err = trunk < trunk_count(s->trunks)
			  ? memfd_map_sealed(fd, 1, CERT_BUNDLE_MAX, &data,
					     &len)
			  : -EINVAL;

	close(fd);
	if (err) {
		return err;
	}
	err = take_bundle(s, trunk, data, len);
	memfd_unmap(data, len);
	return err;
}

struct sip_tls *trunk_tls_of(const struct trunk_tls *s, unsigned trunk)
{
	return trunk < CONF_TRUNKS ? s->trunk[trunk].tls : NULL;
}

struct sip_tls *trunk_tls_choose(const struct trunk_tls *s, uint64_t trunks,
				  const char *name)
{
	struct sip_tls *first = NULL;

	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		struct sip_tls *t = s->trunk[i].tls;

		if (!(trunks & bit(i)) || !t || !sip_tls_has_certificate(t)) {
			continue;
		}
		if (*name && sip_tls_is_for(t, name)) {
			return t;
		}
		first = first ? first : t;
	}
	return first;
}

/* --- who the peer is --- */

/* A server of the file without its port; false: not the n-th. */
static bool server_host(const struct conf_trunk *c, unsigned n,
			char out[CONF_HOST])
{
	struct net_addr a;
	char text[NET_STR_MAX];
	const char *s = c->servers[n];

	if (n >= c->n_servers) {
		return false;
	}
	if (net_parse(&a, s) == 0) {
		return str_copy(out, CONF_HOST, net_ip_str(&a, text));
	}
	return str_copy_n(out, CONF_HOST, s, strcspn(s, ":"));
}

/* RFC 5922 4: the domain that was configured, never what DNS made of it. */
static bool is_expected(const struct conf_trunk *c,
			const struct sip_tls_session *peer)
{
	char host[CONF_HOST];

	if (c->tls.name[0]) {
		return sip_tls_has_name(peer, c->tls.name);
	}
	if (c->domain[0] && sip_tls_has_name(peer, c->domain)) {
		return true;
	}
	for (unsigned i = 0; server_host(c, i, host); i++) {
		if (sip_tls_has_name(peer, host)) {
			return true;
		}
	}
	return false;
}

void trunk_tls_server_name(const struct trunk_tls *s, unsigned trunk,
			    char out[CONF_HOST])
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);

	out[0] = '\0';
	if (!c) {
		return;
	}
	if (c->tls.name[0] || c->domain[0]) {
		str_copy(out, CONF_HOST,
			 c->tls.name[0] ? c->tls.name : c->domain);
	} else {
		(void)server_host(c, 0, out);
	}
}

uint64_t trunk_tls_peer(const struct trunk_tls *s, uint64_t trunks, bool inbound,
			const struct sip_tls_session *peer, bool *by_name)
{
	uint64_t named = 0, unverified = 0;

	for (unsigned i = 0; i < trunk_count(s->trunks); i++) {
		const struct conf_trunk *c = trunk_conf(s->trunks, i);
		struct sip_tls_verify v = verify_of(c);

		if (!(trunks & bit(i))) {
			continue;
		}
		if (!(inbound ? v.client : v.server)) {
			unverified |= bit(i);
		} else if (sip_tls_is_verified(peer) && is_expected(c, peer)) {
			named |= bit(i);
		}
	}
	*by_name = named || !inbound;
	return named ? named : unverified;
}

/* --- what is told --- */

static bool is_news(struct trunk_tls *s, unsigned i, const char *why)
{
	struct tls_of_trunk *k = &s->trunk[i];
	mono_t now = loop_now(s->loop);

	if (now.ns < k->told_until.ns && !strcmp(k->told, why)) {
		return false;
	}
	str_copy(k->told, sizeof(k->told), why);
	k->told_until = mono_add_ms(now, REPEAT_MS);
	return true;
}

void trunk_tls_failed(struct trunk_tls *s, uint64_t trunks,
		       const struct net_addr *peer, const char *why)
{
	char text[NET_STR_MAX];
	unsigned i = 0;

	while (i < trunk_count(s->trunks) && !(trunks & bit(i))) {
		i++;
	}
	if (i < trunk_count(s->trunks) && is_news(s, i, why)) {
		const struct conf_trunk *c = trunk_conf(s->trunks, i);

		log_warn("trunk %s: %s:%u: no TLS with %s: %s", c->name, s->file,
			 c->tls.line, net_str(peer, text), why);
	}
}

void trunk_tls_misnamed(struct trunk_tls *s, uint64_t trunks,
			 const struct net_addr *peer,
			 const struct sip_tls_session *session)
{
	char names[100], why[TLS_WHY_MAX], host[CONF_HOST] = "";
	unsigned i = 0;

	while (i < trunk_count(s->trunks) && !(trunks & bit(i))) {
		i++;
	}
	trunk_tls_server_name(s, i, host);
	snprintf(why, sizeof(why), "certificate is for %s, not for %.80s",
		 sip_tls_names(session, names, sizeof(names)), host);
	trunk_tls_failed(s, trunks, peer, why);
}
