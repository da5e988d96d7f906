/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/transport_priv.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUTE_MS 10000

struct sip_transport *sip_transport_new(struct loop *loop,
					struct sip_transport_user *user,
					const struct sip_bind *binds,
					unsigned n_binds)
{
	struct sip_transport *t;

	if (!n_binds || n_binds > SIP_BINDS) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		return NULL;
	}
	t->loop = loop;
	t->user = user;
	t->n = n_binds;
	memcpy(t->bind, binds, n_binds * sizeof(*binds));
	for (unsigned i = 0; i < n_binds; i++) {
		t->datagram[i] = (struct sock){.transport = t,
					       .bind = i,
					       .fd = -1};
		t->listener[i] = t->invites[i] = t->datagram[i];
	}
	t->conns = pool_new(sizeof(struct conn), TRANSPORT_CONNS);
	t->batch = calloc(1, sizeof(*t->batch));
	if (!t->conns || !t->batch) {
		pool_destroy(t->conns);
		free(t->batch);
		free(t);
		errno = ENOMEM;
		return NULL;
	}
	return t;
}

static void close_sock(struct sock *s)
{
	timer_stop(s->transport->loop, &s->later);
	if (s->fd >= 0) {
		watch_stop(s->transport->loop, &s->watch);
		close(s->fd);
		s->fd = -1;
	}
}

void sip_transport_free(struct sip_transport *t)
{
	if (!t) {
		return;
	}
	for (unsigned i = 0; i < t->n; i++) {
		close_sock(&t->datagram[i]);
		close_sock(&t->invites[i]);
		close_sock(&t->listener[i]);
	}
	conn_free_all(t);
	pool_destroy(t->conns);
	free(t->batch);
	free(t);
}

void sip_transport_inject(struct sip_transport *t, unsigned bind,
			  const struct net_addr *source, const char *data,
			  size_t len)
{
	struct sip_path from = {.remote = *source, .bind = (uint8_t)bind};

	if (bind >= t->n || t->bind[bind].tls) {
		return;
	}
	t->stats.rx++;
	t->stats.rx_octets += len;
	t->user->ops->on_message(t->user, &from, true, data, len);
}

/* Its own address, and whether it is a stream; false: no socket of ours. */
static bool ask_socket(int fd, const struct net_addr *want, bool *stream)
{
	struct sockaddr_storage ss;
	struct net_addr have;
	socklen_t len = sizeof(ss), n = sizeof(int);
	int type = 0;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n)) {
		return false;
	}
	net_from_sockaddr(&have, (const struct sockaddr *)&ss);
	*stream = type == SOCK_STREAM;
	return net_addr_eq(&have, want);
}

/* The second one of a pair gets what begins with INVITE: gateway/bound.h. */
static bool is_second(const struct sip_transport *t, unsigned bind, int fd)
{
	socklen_t len = sizeof(int);
	int pair = 0;

	return t->datagram[bind].fd >= 0 && t->invites[bind].fd < 0 &&
	       !getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &pair, &len) && pair;
}

/* Not done, all new calls wait in one queue: that is told, and no more. */
static void split(struct sip_transport *t, unsigned bind)
{
	int err = split_attach(t->invites[bind].fd, &t->urgent);

	if (err) {
		log_warn("sip: emergency calls wait with the others: %s",
			 strerror(-err));
	}
}

void sip_transport_urgent(struct sip_transport *t,
			  const char (*number)[CONF_NUMBER], unsigned n)
{
	t->urgent = (struct transport_urgent){number, n};
	for (unsigned i = 0; i < t->n; i++) {
		if (t->invites[i].fd >= 0) {
			split(t, i);
		}
	}
}

int sip_transport_socket(struct sip_transport *t, unsigned bind, int fd)
{
	bool stream = false;
	int err, on = 1;
	struct sock *s;

	if (bind >= t->n || !ask_socket(fd, &t->bind[bind].addr, &stream) ||
	    (t->bind[bind].tls && !stream)) {
		close(fd);
		return -EINVAL;
	}
	s = stream			   ? &t->listener[bind]
	    : is_second(t, bind, fd) ? &t->invites[bind]
				       : &t->datagram[bind];
	close_sock(s);
	err = watch_start(t->loop, &s->watch, fd, WATCH_READ,
			  stream		    ? conn_on_listener
			  : s == &t->invites[bind] ? udp_on_invites
						   : udp_on_readable);
	if (err) {
		close(fd);
		return err;
	}
	s->fd = fd;
	if (s == &t->invites[bind]) {
		split(t, bind);
	}
	/* Refused by a socket of the other family, or in a sandbox: then a
	 * dead peer is found by timers alone. */
	if (!stream &&
	    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on))) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on,
				 sizeof(on));
	}
	return 0;
}

void sip_transport_wire(struct sip_transport *t, struct sip_wire *wire)
{
	t->wire = wire;
}

static int send_udp(const struct sock *s, const struct net_addr *to, int tos,
		    struct iovec *iov)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct sockaddr_storage ss;
	struct msghdr mh = {.msg_name = &ss, .msg_iov = iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	mh.msg_namelen = net_to_sockaddr(to, &ss);
	mh.msg_control = control.room;
	mh.msg_controllen = sizeof(control.room);
	c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = to->family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = to->family == 6 ? IPV6_TCLASS : IP_TOS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &tos, sizeof(tos));
	/* A pending ICMP error of another peer fails the first try. */
	for (int i = 0; i < 3; i++) {
		if (sendmsg(s->fd, &mh, MSG_NOSIGNAL) >= 0) {
			return 0;
		}
		if (errno != EINTR && !transport_unreachable_err(errno)) {
			break;
		}
	}
	return -errno;
}

static int send_datagram(struct sip_transport *t, const struct sip_path *path,
			 unsigned dscp, const char *data, size_t len)
{
	struct iovec iov = {(char *)(uintptr_t)data, len};
	const struct sock *s = &t->datagram[path->bind];

	if (t->wire) {
		return t->wire->ops->send(t->wire, &t->bind[path->bind].addr,
					  &path->remote, data, len);
	}
	return s->fd < 0 ? -ENOTCONN
			 : send_udp(s, &path->remote, (int)(dscp << 2), &iov);
}

static int send_stream(struct sip_transport *t, struct sip_path *path,
		       const char *data, size_t len)
{
	struct conn *c = conn_get(t, path->flow);

	if (!c) {
		c = conn_for(t, path);
	}
	if (!c) {
		return -errno;
	}
	path->flow = c->path.flow;
	return conn_send(c, data, len);
}

int sip_transport_send(struct sip_transport *t, struct sip_path *path,
		       unsigned dscp, const char *data, size_t len)
{
	int err;

	if (path->bind >= t->n) {
		err = -ENOTCONN;
	} else if (path->proto == SIP_UDP) {
		err = send_datagram(t, path, dscp, data, len);
	} else {
		err = send_stream(t, path, data, len);
	}
	if (!err) {
		t->stats.tx++;
		t->stats.tx_octets += len;
	} else if (err == -EAGAIN || err == -ENOBUFS) {
		t->stats.tx_full++;
		return -ENOBUFS;
	} else {
		t->stats.tx_failed++;
	}
	return err;
}

static bool is_wildcard(const struct net_addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->ip, zero, sizeof(zero));
}

/* connect() on a datagram socket sends nothing, but picks the route. */
static bool ask_kernel(const struct net_addr *remote, struct net_addr *out)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(remote, &ss);
	bool ok = false;
	int fd;

	fd = len ? socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0) {
		return false;
	}
	if (!connect(fd, (const struct sockaddr *)&ss, len)) {
		len = sizeof(ss);
		ok = !getsockname(fd, (struct sockaddr *)&ss, &len);
	}
	if (ok) {
		net_from_sockaddr(out, (const struct sockaddr *)&ss);
	}
	close(fd);
	return ok;
}

static struct route *route_of(struct sip_transport *t,
			      const struct net_addr *remote)
{
	unsigned h = 0;

	for (unsigned i = 0; i < sizeof(remote->ip); i++) {
		h = h * 31 + remote->ip[i];
	}
	return &t->route[h % ROUTES];
}

void sip_transport_local(struct sip_transport *t, unsigned bind,
			 const struct net_addr *remote, struct net_addr *out)
{
	mono_t now = loop_now(t->loop);
	struct route *r;

	*out = t->bind[bind < t->n ? bind : 0].addr;
	if (!is_wildcard(out) || t->wire) {
		return;
	}
	r = route_of(t, remote);
	if (r->until.ns < now.ns || !net_ip_eq(&r->remote, remote)) {
		if (!ask_kernel(remote, &r->local)) {
			return;
		}
		r->remote = *remote;
		r->until = mono_add_ms(now, ROUTE_MS);
	}
	r->local.port = out->port;
	*out = r->local;
}

const struct sip_transport_stats *
sip_transport_stats(const struct sip_transport *t)
{
	return &t->stats;
}
