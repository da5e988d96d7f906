/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has a connection: accepting, connecting, finding again. */
#include "sip/transport_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BATCH 16

static unsigned bucket_of(const struct net_addr *a)
{
	unsigned h = a->port;

	for (unsigned i = 0; i < sizeof(a->ip); i++) {
		h = h * 31 + a->ip[i];
	}
	return h % CONN_BUCKETS;
}

static void link_conn(struct conn *c)
{
	struct conn **b = &c->transport->bucket[bucket_of(&c->path.remote)];

	c->next = *b;
	*b = c;
}

void conn_unlink(struct conn *c)
{
	struct conn **p = &c->transport->bucket[bucket_of(&c->path.remote)];

	while (*p && *p != c) {
		p = &(*p)->next;
	}
	if (*p) {
		*p = c->next;
	}
}

struct conn *conn_get(const struct sip_transport *t, uint32_t flow)
{
	struct conn *c = flow ? pool_get(t->conns, flow) : NULL;

	return c && c->state != CONN_CLOSED ? c : NULL;
}

uint64_t sip_transport_trunks(const struct sip_transport *t, uint32_t flow,
			      bool *named)
{
	const struct conn *c = conn_get(t, flow);

	*named = c && c->named;
	return c ? c->trunks : UINT64_MAX;
}

unsigned sip_transport_conns(const struct sip_transport *t)
{
	return pool_used(t->conns);
}

void conn_free_all(struct sip_transport *t)
{
	pool_id id;

	t->user = NULL;
	while ((id = pool_next(t->conns, 0)) != 0) {
		struct conn *c = pool_get(t->conns, id);

		conn_close(c, 0);
		loop_defer_cancel(t->loop, &c->end);
		pool_free(t->conns, id);
	}
}

static void count_of_one(const struct sip_transport *t,
			 const struct net_addr *peer,
			 struct sip_conn_limits *out)
{
	pool_id id;

	for (id = pool_next(t->conns, 0); id; id = pool_next(t->conns, id)) {
		const struct conn *c = pool_get(t->conns, id);

		if (c->inbound && net_ip_eq(&c->path.remote, peer)) {
			out->of_one += c->state != CONN_CLOSED;
			out->half_open_of_one += c->state == CONN_CONNECTING ||
						 c->state == CONN_HANDSHAKE;
		}
	}
}

static bool is_over(unsigned n, unsigned limit)
{
	return limit && n >= limit;
}

/* Is there one connection too many? *which says for what limit. */
static bool has_too_many(struct sip_transport *t, const struct sip_path *path,
			 bool inbound, enum sip_conn_limit *which)
{
	struct sip_conn_limits may = {.half_open = TRANSPORT_HALF_OPEN};
	struct sip_conn_limits are = {.half_open = t->half_open,
				      .all = pool_used(t->conns)};

	if (t->user->ops->limits_of) {
		t->user->ops->limits_of(t->user, path, &may);
	}
	*which = SIP_HALF_OPEN_OF_ALL;
	if (is_over(are.half_open, may.half_open)) {
		return true;
	}
	*which = SIP_CONNS_OF_ALL;
	if (is_over(are.all, may.all)) {
		return true;
	}
	if (!inbound) {
		return false;
	}
	count_of_one(t, &path->remote, &are);
	*which = SIP_HALF_OPEN_OF_ONE;
	if (is_over(are.half_open_of_one, may.half_open_of_one)) {
		return true;
	}
	*which = SIP_CONNS_OF_ONE;
	return is_over(are.of_one, may.of_one);
}

static struct conn *refuse(struct sip_transport *t, const struct sip_path *path,
			   enum sip_conn_limit which)
{
	t->stats.conn_refused++;
	if (t->user->ops->on_limit) {
		t->user->ops->on_limit(t->user, path, which);
	}
	errno = ENOBUFS;
	return NULL;
}

/* A connection without a socket yet; NULL: too many. */
static struct conn *conn_new(struct sip_transport *t,
			     const struct sip_path *path, bool inbound)
{
	enum sip_conn_limit which;
	pool_id id;
	struct conn *c;

	if (has_too_many(t, path, inbound, &which)) {
		return refuse(t, path, which);
	}
	c = pool_alloc(t->conns, &id);
	if (!c) {
		return refuse(t, path, SIP_CONNS_OF_ALL);
	}
	c->transport = t;
	c->path = *path;
	c->path.flow = id;
	c->inbound = inbound;
	c->named = !inbound;
	c->fd = -1;
	c->state = CONN_CONNECTING;
	c->trunks = inbound ? UINT64_MAX : UINT64_C(1) << path->trunk;
	c->since = loop_now(t->loop);
	t->half_open++;
	link_conn(c);
	return c;
}

static void set_options(const struct conn *c)
{
	struct sip_conn_conf conf = {0};
	int on = 1, tos, level = IPPROTO_IP, name = IP_TOS;
	const struct sip_transport_user *u = c->transport->user;

	if (u->ops->conf_of) {
		u->ops->conf_of(c->transport->user, &c->path, &conf);
	}
	if (c->path.remote.family == 6) {
		level = IPPROTO_IPV6;
		name = IPV6_TCLASS;
	}
	tos = (int)(conf.dscp << 2);
	(void)setsockopt(c->fd, level, name, &tos, sizeof(tos));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void take_keepalive(struct conn *c)
{
	struct sip_conn_conf conf = {0};
	struct sip_transport_user *u = c->transport->user;

	if (u->ops->conf_of) {
		u->ops->conf_of(u, &c->path, &conf);
	}
	c->keep.ms = conf.keepalive_ms;
}

/* --- the peer connects --- */

static bool is_welcome(struct sip_transport *t, const struct sip_path *from)
{
	if (!t->user->ops->on_accept || t->user->ops->on_accept(t->user, from)) {
		return true;
	}
	t->stats.conn_refused++;
	return false;
}

static struct sip_path path_in(const struct sip_transport *t, unsigned bind,
			       const struct net_addr *source)
{
	return (struct sip_path){
		.remote = *source,
		.bind = (uint8_t)bind,
		.proto = t->bind[bind].tls ? SIP_TLS : SIP_TCP,
	};
}

/* Takes fd. */
static void accepted(struct sip_transport *t, unsigned bind, int fd,
		     const struct net_addr *source)
{
	struct sip_path from = path_in(t, bind, source);
	struct conn *c = is_welcome(t, &from) ? conn_new(t, &from, true) : NULL;

	if (!c) {
		close(fd);
		return;
	}
	c->fd = fd;
	t->stats.conn_in++;
	set_options(c);
	if (watch_start(t->loop, &c->watch, fd, WATCH_READ, conn_on_watch)) {
		conn_close(c, -ENOMEM);
	} else if (c->path.proto == SIP_TLS) {
		conn_rearm(c);
		conn_secure(c);
	} else {
		conn_opened(c);
	}
}

void conn_on_listener(struct watch *w, int events)
{
	struct sock *s = container_of(w, struct sock, watch);

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct net_addr source;
		int fd = accept4(s->fd, (struct sockaddr *)&ss, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			return;
		}
		net_from_sockaddr(&source, (const struct sockaddr *)&ss);
		accepted(s->transport, s->bind, fd, &source);
	}
}

uint32_t sip_transport_accept(struct sip_transport *t, unsigned bind,
			      const struct net_addr *source)
{
	struct sip_path from = path_in(t, bind, source);
	struct conn *c = is_welcome(t, &from) ? conn_new(t, &from, true) : NULL;

	if (!c) {
		return 0;
	}
	t->stats.conn_in++;
	conn_opened(c);
	return c->path.flow;
}

/* --- we connect --- */

static bool is_wildcard(const struct net_addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->ip, zero, sizeof(zero));
}

/* A socket on its way to the remote, from the bind's address; or -errno. */
static int begin_connect(const struct sip_transport *t,
			 const struct sip_path *path)
{
	struct net_addr from = t->bind[path->bind].addr;
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(&path->remote, &ss);
	int err, on = 1;
	int fd = len ? socket(ss.ss_family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
		     : -1;

	if (fd < 0) {
		return len ? -errno : -EINVAL;
	}
	from.port = 0;
	if (!is_wildcard(&from)) {
		struct sockaddr_storage own;
		socklen_t own_len = net_to_sockaddr(&from, &own);

		/* The port is chosen by connect(): it may then be shared. */
		(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
				 sizeof(on));
		if (bind(fd, (const struct sockaddr *)&own, own_len)) {
			goto fail;
		}
	}
	if (!connect(fd, (const struct sockaddr *)&ss, len) ||
	    errno == EINPROGRESS) {
		return fd;
	}
fail:
	err = -errno;
	close(fd);
	return err;
}

static int connect_conn(struct conn *c)
{
	struct sip_transport *t = c->transport;
	int fd;

	t->stats.conn_out++;
	take_keepalive(c);
	if (t->wire) {
		return t->wire->ops->open ? t->wire->ops->open(t->wire, &c->path)
					  : -ECONNREFUSED;
	}
	fd = begin_connect(t, &c->path);
	if (fd < 0) {
		return fd;
	}
	c->fd = fd;
	set_options(c);
	return watch_start(t->loop, &c->watch, fd, WATCH_READ | WATCH_WRITE,
			   conn_on_watch);
}

/* One that we opened to there for that trunk: each trunk has its own, as it
 * has its own certificate and account. */
static struct conn *find(struct sip_transport *t, const struct sip_path *path)
{
	struct conn *c = t->bucket[bucket_of(&path->remote)];

	while (c && (c->inbound || c->path.bind != path->bind ||
		     c->path.proto != path->proto ||
		     c->path.trunk != path->trunk ||
		     !net_addr_eq(&c->path.remote, &path->remote))) {
		c = c->next;
	}
	return c;
}

/* One that the peer has opened, and wants to be called on (RFC 5923). */
static struct conn *find_alias(struct sip_transport *t,
			       const struct sip_path *path)
{
	for (pool_id id = pool_next(t->conns, 0); id;
	     id = pool_next(t->conns, id)) {
		struct conn *c = pool_get(t->conns, id);

		if (c->alias_port && c->alias_port == path->remote.port &&
		    c->state == CONN_OPEN && c->alias_trunk == path->trunk &&
		    c->path.bind == path->bind &&
		    net_ip_eq(&c->path.remote, &path->remote)) {
			return c;
		}
	}
	return NULL;
}

void sip_transport_alias(struct sip_transport *t, uint32_t flow, unsigned trunk,
			 uint16_t port)
{
	struct conn *c = conn_get(t, flow);

	if (c && c->inbound && c->named && c->path.proto == SIP_TLS &&
	    (c->trunks >> trunk & 1)) {
		c->alias_port = port;
		c->alias_trunk = (uint8_t)trunk;
	}
}

struct conn *conn_for(struct sip_transport *t, const struct sip_path *path)
{
	struct conn *c = find(t, path);
	int err;

	if (!c && path->proto == SIP_TLS) {
		c = find_alias(t, path);
	}
	if (c) {
		return c;
	}
	c = conn_new(t, path, false);
	if (!c) {
		return NULL;
	}
	err = connect_conn(c);
	if (err) {
		conn_close(c, err);
		errno = -err;
		return NULL;
	}
	if (t->wire) {
		conn_opened(c);
	} else {
		conn_rearm(c);
	}
	return c;
}
