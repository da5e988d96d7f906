/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link over a SOCK_SEQPACKET socket. What arrives is checked here: one
 * datagram is one message, the head says its true length, and it brings at
 * most one descriptor; anything else is dropped, counted, and every
 * descriptor that came with it is closed.
 */
#include "gateway/base/link_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages handled before other descriptors get their turn. */
#define READ_BURST 32
/* Descriptors looked at; the kernel itself closes what does not fit. */
#define FDS_MAX 16

struct link_sock {
	struct link_transport base;
	struct link *link;
	struct watch watch;
	struct link_fifo outbox;
	bool is_down;
	bool is_busy;	/* in a handler: keep the memory */
	bool is_closed; /* during that handler */
	_Alignas(8) uint8_t in[LINK_MSG_MAX];
};

union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static void on_socket(struct watch *w, int events);

int link_socketpair(int fds[2])
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

/* 0, -EAGAIN when the socket is full, -EPIPE, or -errno. */
static int send_now(struct link_sock *s, const struct link_head *head, int fd)
{
	struct iovec iov = {(void *)(uintptr_t)head, head->len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	union control ctl;
	struct cmsghdr *c;
	ssize_t n;

	if (fd >= 0) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.octets;
		mh.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do {
		n = sendmsg(s->watch.fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0) {
		return 0;
	}
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
		return -EAGAIN;
	}
	return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
}

static int watch_for(struct link_sock *s, int events)
{
	return watch_start(s->link->loop, &s->watch, s->watch.fd, events,
			   on_socket);
}

static int sock_send(struct link *l, const struct link_head *head, int fd)
{
	struct link_sock *s = l->priv;
	int err;

	if (s->is_down) {
		return -EPIPE;
	}
	if (s->outbox.first == NULL) {
		err = send_now(s, head, fd);
		if (err != -EAGAIN) {
			return err;
		}
		err = watch_for(s, WATCH_READ | WATCH_WRITE);
		if (err < 0) {
			return err;
		}
	}
	return link_fifo_put(&s->outbox, head, fd);
}

/* The socket has room again. */
static void flush(struct link_sock *s)
{
	struct link_msg *m;
	int err;

	while (s->outbox.first != NULL) {
		m = s->outbox.first;
		err = send_now(s, link_msg_head(m), m->fd);
		if (err == -EAGAIN) {
			return;
		}
		if (err < 0) {
			/* The peer is gone, which the read side reports, or
			 * the kernel refuses this descriptor. */
			s->link->stats.dropped_full++;
		}
		link_msg_free(link_fifo_take(&s->outbox));
	}
	watch_for(s, WATCH_READ);
}

/* Collects the descriptors of a datagram; those beyond the first are
 * closed. Returns their number. */
static unsigned take_fds(struct msghdr *mh, int *first)
{
	struct cmsghdr *c;
	unsigned n = 0;
	size_t i, in_c;
	int fd;

	*first = -1;
	for (c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		in_c = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < in_c; i++, n++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(int));
			if (n == 0) {
				*first = fd;
			} else {
				close(fd);
			}
		}
	}
	return n;
}

static bool is_good(const struct link_sock *s, size_t len, int flags,
		    unsigned fds)
{
	const struct link_head *head = (const void *)s->in;

	return len >= sizeof(*head) && !(flags & (MSG_TRUNC | MSG_CTRUNC)) &&
	       fds <= 1 && head->version == LINK_VERSION && head->len == len;
}

/* An empty datagram reads like an end of file, but nobody hung up. */
static bool has_hung_up(const struct link_sock *s)
{
	struct pollfd p = {.fd = s->watch.fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP));
}

static void go_down(struct link_sock *s)
{
	struct link *l = s->link;

	s->is_down = true;
	watch_stop(l->loop, &s->watch);
	link_fifo_clear(&s->outbox);
	l->ops->on_down(l);
}

/* One datagram. False: nothing more for now, or s is gone. */
static bool read_one(struct link_sock *s)
{
	struct iovec iov = {s->in, sizeof(s->in)};
	union control ctl;
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = ctl.octets,
			    .msg_controllen = sizeof(ctl.octets)};
	struct link *l = s->link;
	unsigned fds;
	ssize_t n;
	int fd;

	n = recvmsg(s->watch.fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == ENOMEM)) {
		return false;
	}
	/* ECONNRESET only says that the peer closed without having read all
	 * we sent; what it sent may still be waiting for us. */
	if (n < 0 && (errno == EINTR || errno == ECONNRESET)) {
		return true;
	}
	fds = n < 0 ? 0 : take_fds(&mh, &fd);
	if (n < 0 || (n == 0 && fds == 0 && has_hung_up(s))) {
		go_down(s);
		return false;
	}
	if (!is_good(s, (size_t)n, mh.msg_flags, fds)) {
		l->stats.dropped_bad++;
		if (fds > 0) {
			close(fd);
		}
		return true;
	}
	l->stats.rx++;
	s->is_busy = true;
	l->ops->on_msg(l, (const struct link_head *)(const void *)s->in, fd);
	s->is_busy = false;
	if (s->is_closed) {
		free(s);
		return false;
	}
	return true;
}

static void on_socket(struct watch *w, int events)
{
	struct link_sock *s = container_of(w, struct link_sock, watch);
	unsigned i;

	if (events & WATCH_WRITE) {
		flush(s);
	}
	if (events & WATCH_READ) {
		for (i = 0; i < READ_BURST; i++) {
			if (!read_one(s)) {
				return;
			}
		}
	}
}

static void sock_close(struct link *l)
{
	struct link_sock *s = l->priv;

	watch_stop(l->loop, &s->watch);
	close(s->watch.fd);
	link_fifo_clear(&s->outbox);
	if (s->is_busy) {
		s->is_closed = true;
	} else {
		free(s);
	}
}

static bool sock_is_up(const struct link *l)
{
	const struct link_sock *s = l->priv;

	return !s->is_down;
}

static unsigned sock_waiting(const struct link *l)
{
	const struct link_sock *s = l->priv;

	return s->outbox.count;
}

static int check_type(int fd)
{
	socklen_t len = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
		return -errno;
	}
	return type == SOCK_SEQPACKET ? 0 : -EPROTOTYPE;
}

int link_open_fd(struct link *l, struct loop *loop, int fd,
		 const struct link_ops *ops)
{
	struct link_sock *s;
	int err;

	*l = (struct link){.ops = ops, .loop = loop};
	err = check_type(fd);
	if (err < 0) {
		goto close_fd;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		err = -ENOMEM;
		goto close_fd;
	}
	s->base.send = sock_send;
	s->base.close = sock_close;
	s->base.is_up = sock_is_up;
	s->base.waiting = sock_waiting;
	s->link = l;
	s->watch.fd = fd;
	err = watch_for(s, WATCH_READ);
	if (err < 0) {
		goto free_sock;
	}
	l->priv = s;
	return 0;

free_sock:
	free(s);
close_fd:
	if (fd >= 0) {
		close(fd);
	}
	return err;
}
