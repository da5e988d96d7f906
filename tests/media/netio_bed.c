/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bed for tests of netio: sockets on loopback, all known to one netio by
 * their number, a far end, and what was received and refused. Included by its
 * user.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "forbid.h"
#include "media/netio.h"

enum { KINDS = 2, SOCKETS = 100, LOG = 32768, KEPT = 64 };

struct seen {
	unsigned slot;
	size_t len;
	struct net_addr from;
	mono_t at;
	uint8_t data[KEPT];
};

struct bed {
	struct netio *n;
	unsigned sockets;
	int fd[SOCKETS];
	struct net_addr addr[SOCKETS];
	int far;
	struct net_addr far_addr;
	struct seen *seen;
	unsigned n_seen;
	/* The whole of the last one. */
	uint8_t last[2048];
	unsigned refused, refused_slot;
	size_t refused_len;
	int refused_err;
};

static int socket_at(uint8_t family, struct net_addr *a)
{
	int fd = socket(family == 4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n;

	memset(a, 0, sizeof(*a));
	a->family = family;
	if (family == 4) {
		a->ip[0] = 127;
		a->ip[3] = 1;
	} else {
		a->ip[15] = 1;
	}
	n = net_to_sockaddr(a, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = sizeof(ss);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &n), 0);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

/*
 * Loopback delivers within the call that sends, but on a machine that stalls
 * the kernel may put off what is left to a thread of its own. In order: when
 * this has come, all that was sent before has.
 */
static void settle(void)
{
	static struct net_addr addr;
	static struct pollfd self = { .fd = -1, .events = POLLIN };
	char c;

	if (self.fd < 0)
		self.fd = socket_at(4, &addr);
	ck_assert_int_eq(udp_send(self.fd, &addr, "", 1), 0);
	ck_assert_int_eq(poll(&self, 1, 10000), 1);
	ck_assert_int_eq(recv(self.fd, &c, 1, 0), 1);
}

static void run(struct netio *n)
{
	settle();
	netio_run(n, clock_mono(), udp_wall_ns());
	settle();
}

static void connect_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

static void on_receive(void *owner, unsigned slot,
		       const struct udp_datagram *d)
{
	struct bed *b = owner;
	struct seen *s = &b->seen[b->n_seen];

	ck_assert_uint_lt(b->n_seen, LOG);
	b->n_seen++;
	s->slot = slot;
	s->len = d->len;
	s->from = d->from;
	s->at = d->at;
	memcpy(s->data, d->data, d->len < KEPT ? d->len : KEPT);
	memcpy(b->last, d->data, d->len);
}

static void on_refused(void *owner, unsigned slot, size_t len, int err)
{
	struct bed *b = owner;

	b->refused++;
	b->refused_slot = slot;
	b->refused_len = len;
	b->refused_err = err;
}

static struct netio *make(struct bed *b, bool plain, unsigned slots)
{
	static const struct netio_ops ops = { on_receive, on_refused, NULL };
	struct netio_config cfg = { slots, plain, &ops, b };
	struct netio *n;
	int refused;

	n = netio_new(&cfg, &refused);
	ck_assert_ptr_nonnull(n);
	ck_assert_msg(refused == 0, "io_uring: %s", strerror(-refused));
	ck_assert(netio_is_uring(n) == !plain);
	return n;
}

static void set_up(struct bed *b, int kind, unsigned sockets, uint8_t family)
{
	memset(b, 0, sizeof(*b));
	b->seen = calloc(LOG, sizeof(*b->seen));
	b->sockets = sockets;
	b->n = make(b, kind == 1, sockets + 1);
	for (unsigned i = 0; i < sockets; i++) {
		b->fd[i] = socket_at(family, &b->addr[i]);
		ck_assert_int_eq(udp_stamp(b->fd[i]), 0);
		ck_assert_int_eq(netio_add(b->n, i, b->fd[i]), 0);
	}
	ck_assert_int_eq(netio_add(b->n, sockets, -1), 0);
	b->far = socket_at(family, &b->far_addr);
	netio_bind(b->n);
	for (unsigned i = 0; i < sockets; i++)
		netio_listen(b->n, i);
	run(b->n);
}

static void tear_down(struct bed *b)
{
	netio_unbind(b->n);
	netio_free(b->n);
	for (unsigned i = 0; i < b->sockets; i++)
		close(b->fd[i]);
	close(b->far);
	free(b->seen);
}

static void from_far(struct bed *b, unsigned to, const void *data, size_t len)
{
	ck_assert_int_eq(udp_send(b->far, &b->addr[to], data, len), 0);
}

static uint64_t calls(const struct netio *n)
{
	struct netio_stats s;

	netio_stats(n, &s);
	return s.calls;
}
