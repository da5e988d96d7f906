/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/transport.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUTES	 64
#define ROUTE_MS 10000

struct sock {
	struct watch watch;
	struct sip_transport *transport;
	unsigned bind;
	int fd; /* -1: none */
};

/* Our address towards a remote, for wildcard binds. */
struct route {
	struct net_addr remote, local;
	mono_t until;
};

struct sip_transport {
	struct loop *loop;
	struct sip_transport_user *user;
	struct sip_wire *wire; /* NULL: sockets */
	unsigned n;
	struct net_addr bind[SIP_BINDS];
	struct sock sock[SIP_BINDS];
	struct route route[ROUTES];
	struct sip_transport_stats stats;
	char buf[TRANSPORT_DATAGRAM + 1];
};

struct sip_transport *sip_transport_new(struct loop *loop,
					struct sip_transport_user *user,
					const struct net_addr *binds,
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
		t->sock[i].transport = t;
		t->sock[i].bind = i;
		t->sock[i].fd = -1;
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
		close_sock(&t->sock[i]);
	}
	free(t);
}

void sip_transport_inject(struct sip_transport *t, unsigned bind,
			  const struct net_addr *source, const char *data,
			  size_t len)
{
	if (bind >= t->n) {
		return;
	}
	t->stats.rx++;
	t->stats.rx_octets += len;
	t->user->ops->on_datagram(t->user, bind, source, data, len);
}

static bool is_unreachable(uint32_t err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH ||
	       err == ENETUNREACH;
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
		return errno == EINTR || is_unreachable((uint32_t)errno);
	}
	if (mh.msg_flags & MSG_TRUNC) {
		t->stats.rx_cut++;
		return true;
	}
	net_from_sockaddr(&source, (const struct sockaddr *)&ss);
	t->buf[n] = '\0';
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
	struct net_addr remote;

	if (recvmsg(s->fd, &mh, MSG_ERRQUEUE) < 0) {
		return false;
	}
	t->stats.icmp++;
	net_from_sockaddr(&remote, (const struct sockaddr *)&ss);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c;
	     c = CMSG_NXTHDR(&mh, c)) {
		if (c->cmsg_len < CMSG_LEN(sizeof(e)) ||
		    (c->cmsg_type != IP_RECVERR &&
		     c->cmsg_type != IPV6_RECVERR)) {
			continue;
		}
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (is_unreachable(e.ee_errno) &&
		    t->user->ops->on_unreachable) {
			t->user->ops->on_unreachable(t->user, s->bind,
						     &remote);
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
	for (int i = 0; i < TRANSPORT_BATCH && s->fd >= 0 && receive(s); i++) {
	}
}

int sip_transport_socket(struct sip_transport *t, unsigned bind, int fd)
{
	int err, on = 1;

	if (bind >= t->n) {
		close(fd);
		return -EINVAL;
	}
	close_sock(&t->sock[bind]);
	err = watch_start(t->loop, &t->sock[bind].watch, fd, WATCH_READ,
			  on_readable);
	if (err) {
		close(fd);
		return err;
	}
	t->sock[bind].fd = fd;
	/* Refused by a socket of the other family, or in a sandbox: then a
	 * dead peer is found by timers alone. */
	if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on))) {
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
		if (errno != EINTR && !is_unreachable((uint32_t)errno)) {
			break;
		}
	}
	return -errno;
}

int sip_transport_send(struct sip_transport *t, unsigned bind,
		       const struct net_addr *to, unsigned dscp,
		       const char *data, size_t len)
{
	struct iovec iov = {(char *)(uintptr_t)data, len};
	int err = -ENOTCONN;

	if (bind < t->n && t->wire) {
		err = t->wire->ops->send(t->wire, &t->bind[bind], to, data,
					 len);
	} else if (bind < t->n && t->sock[bind].fd >= 0) {
		err = send_udp(&t->sock[bind], to, (int)(dscp << 2), &iov);
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

	*out = t->bind[bind < t->n ? bind : 0];
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
