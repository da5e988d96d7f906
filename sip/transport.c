/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/transport_priv.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
		t->listener[i] = t->datagram[i];
	}
	t->conns = pool_new(sizeof(struct conn), TRANSPORT_CONNS);
	if (!t->conns) {
		free(t);
		return NULL;
	}
	return t;
}

static void close_sock(struct sock *s)
{
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
		close_sock(&t->listener[i]);
	}
	conn_free_all(t);
	pool_destroy(t->conns);
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

bool transport_unreachable_err(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH ||
	       err == ENETUNREACH;
}

/* --- more than we can take --- */

#define LOOK_EACH 4 /* datagrams */

/* How full is the socket's queue, in 1/16? Linux alone says it. */
static unsigned fullness(int fd)
{
	uint32_t m[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(m);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, m, &len) ||
	    !m[SK_MEMINFO_RCVBUF]) {
		return 0;
	}
	return (unsigned)(16ull * m[SK_MEMINFO_RMEM_ALLOC] /
			  m[SK_MEMINFO_RCVBUF]);
}

static void look_at_queue(struct sock *s)
{
	unsigned full = fullness(s->fd);

	s->shedding = full >= 2 || (s->shedding && full >= 1);
}

/* The To header of what begins with INVITE bears no tag: a call that does not
 * exist yet. Just enough is looked at to know. */
static bool is_new_invite(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	const char *p = data;

	if (len < 7 || memcmp(data, "INVITE ", 7) != 0) {
		return false;
	}
	end = end ? end : data + len;
	while ((p = memmem(p, (size_t)(end - p), "\r\n", 2)) != NULL) {
		const char *eol;

		p += 2;
		eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		eol = eol ? eol : end;
		if (eol - p > 3 && (!strncasecmp(p, "To:", 3) ||
				    !strncasecmp(p, "t:", 2) ||
				    !strncasecmp(p, "To ", 3))) {
			return !memmem(p, (size_t)(eol - p), "tag=", 4);
		}
	}
	return false;
}

static bool is_shed(struct sock *s, const char *data, size_t len)
{
	if (!s->shedding || !is_new_invite(data, len)) {
		return false;
	}
	s->transport->stats.shed++;
	return true;
}

/* One datagram. False: nothing more to read now. */
static bool receive(struct sock *s)
{
	struct sip_transport *t = s->transport;
	struct sockaddr_storage ss;
	struct iovec iov = {t->buf, TRANSPORT_DATAGRAM};
	struct msghdr mh = {.msg_name = &ss,
			    .msg_namelen = sizeof(ss),
			    .msg_iov = &iov,
			    .msg_iovlen = 1};
	struct net_addr source;
	ssize_t n = recvmsg(s->fd, &mh, 0);

	if (n < 0) {
		/* The last ICMP error is told here too; the next read is of
		 * data again. */
		return errno == EINTR || transport_unreachable_err(errno);
	}
	if (mh.msg_flags & MSG_TRUNC) {
		t->stats.rx_cut++;
		return true;
	}
	net_from_sockaddr(&source, (const struct sockaddr *)&ss);
	t->buf[n] = '\0';
	if (is_shed(s, t->buf, (size_t)n)) {
		return true;
	}
	sip_transport_inject(t, s->bind, &source, t->buf, (size_t)n);
	return true;
}

/* One ICMP error out of the socket's queue; its name is where our datagram
 * was going. False: none left. */
static bool receive_error(struct sock *s)
{
	struct sip_transport *t = s->transport;
	union {
		char room[512];
		struct cmsghdr align;
	} control;
	struct sockaddr_storage ss;
	struct msghdr mh = {.msg_name = &ss,
			    .msg_namelen = sizeof(ss),
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room)};
	struct sock_extended_err e;
	struct sip_path to = {.bind = (uint8_t)s->bind};

	if (recvmsg(s->fd, &mh, MSG_ERRQUEUE) < 0) {
		return false;
	}
	t->stats.icmp++;
	net_from_sockaddr(&to.remote, (const struct sockaddr *)&ss);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c;
	     c = CMSG_NXTHDR(&mh, c)) {
		if (c->cmsg_len < CMSG_LEN(sizeof(e)) ||
		    (c->cmsg_type != IP_RECVERR &&
		     c->cmsg_type != IPV6_RECVERR)) {
			continue;
		}
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (transport_unreachable_err((int)e.ee_errno) &&
		    t->user->ops->on_unreachable) {
			t->user->ops->on_unreachable(t->user, &to,
						     (int)e.ee_errno);
		}
	}
	return true;
}

/* Errors first: a queue that is not emptied would wake us for ever. */
static void on_readable(struct watch *w, int events)
{
	struct sock *s = container_of(w, struct sock, watch);

	(void)events;
	for (int i = 0; i < TRANSPORT_BATCH && receive_error(s); i++) {
	}
	for (int i = 0; i < TRANSPORT_BATCH && s->fd >= 0; i++) {
		if (i % LOOK_EACH == 0) {
			look_at_queue(s);
		}
		if (!receive(s)) {
			return;
		}
	}
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
	s = stream ? &t->listener[bind] : &t->datagram[bind];
	close_sock(s);
	err = watch_start(t->loop, &s->watch, fd, WATCH_READ,
			  stream ? conn_on_listener : on_readable);
	if (err) {
		close(fd);
		return err;
	}
	s->fd = fd;
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
