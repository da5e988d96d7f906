/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: load media base */
/*
 * What a packet pair of RTP (one out, one in, 172 octets) costs in system
 * calls and copies: 1,890 calls at 20 ms on sockets of their own, a twentieth
 * of them due at each wake-up, over loopback. The far end's half (sending what
 * we receive, receiving what we send) is not counted; but loopback carries a
 * packet to the receiver's queue within the sender's call, so the send half
 * is dearer than with a network card. Wall clock, since a thread's time leaves
 * soft interrupts out. The peer is a reactor, as most gateways have it:
 * epoll_wait, recv, sendto for each packet; on the same network (load_net.h).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "media/netio.h"
#include "tests/bench/load.h"
#include "tests/bench/load_net.h"

enum {
	CALLS = 1890,
	WAKEUPS = 20, /* of a packet time */
	PACKET = 172,
	ROUNDS = 2, /* packet times of a run */
	RUNS = 101,
};

struct end {
	int fd;
	struct net_addr addr;
};

static struct end own[CALLS], far[CALLS];
static uint8_t packet[PACKET];
static unsigned received;

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void open_end(struct end *e)
{
	struct sockaddr_storage ss;
	socklen_t n;

	e->addr = (struct net_addr){ .family = 4, .ip = { 127, 0, 0, 1 } };
	n = net_to_sockaddr(&e->addr, &ss);
	e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (e->fd < 0 || bind(e->fd, (struct sockaddr *)&ss, n) < 0 ||
	    getsockname(e->fd, (struct sockaddr *)&ss, &n) < 0) {
		perror("b_rtp_io: socket");
		exit(1);
	}
	net_from_sockaddr(&e->addr, (struct sockaddr *)&ss);
}

static void on_receive(void *owner, unsigned slot,
		       const struct udp_datagram *d)
{
	(void)owner;
	(void)slot;
	received += d->len == PACKET;
}

static void on_refused(void *owner, unsigned slot, size_t len, int err)
{
	(void)owner;
	(void)slot;
	(void)len;
	fprintf(stderr, "b_rtp_io: send: %s\n", strerror(-err));
	exit(1);
}

static struct netio *open_netio(bool plain)
{
	static const struct netio_ops ops = { on_receive, on_refused, NULL };
	struct netio_config cfg = { CALLS, plain, &ops, NULL };
	int refused;
	struct netio *n = netio_new(&cfg, &refused);

	if (!n)
		exit(1);
	for (unsigned i = 0; i < CALLS; i++)
		netio_add(n, i, own[i].fd);
	netio_bind(n);
	return n;
}

/* One way at a time has the sockets. */
static void attach_netio(void *arg)
{
	for (unsigned i = 0; i < CALLS; i++)
		netio_listen(arg, i);
	netio_run(arg, clock_mono(), udp_wall_ns());
}

static void detach_netio(void *arg)
{
	for (unsigned i = 0; i < CALLS; i++)
		netio_mute(arg, i);
	for (unsigned i = 0; i < CALLS; i++)
		while (!netio_is_quiet(arg, i))
			netio_run(arg, clock_mono(), udp_wall_ns());
}

static void attach_reactor(void *arg)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

		epoll_ctl(*(int *)arg, EPOLL_CTL_ADD, own[i].fd, &ev);
	}
}

static void detach_reactor(void *arg)
{
	for (unsigned i = 0; i < CALLS; i++)
		epoll_ctl(*(int *)arg, EPOLL_CTL_DEL, own[i].fd, NULL);
}

/* On a machine that stalls loopback may be late; in order, though: when this
 * has come, all that was sent before has. */
static void settle(void)
{
	static struct end self;
	static struct pollfd p = { .events = POLLIN };

	if (!p.fd) {
		open_end(&self);
		p.fd = self.fd;
	}
	if (udp_send(self.fd, &self.addr, packet, PACKET) < 0 ||
	    poll(&p, 1, 10000) != 1 ||
	    recv(self.fd, packet, PACKET, 0) != PACKET)
		exit(1);
}

static void far_sends(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (udp_send(far[i].fd, &own[i].addr, packet, PACKET) < 0)
			exit(1);
	settle();
}

static void far_receives(unsigned from, unsigned to)
{
	uint8_t in[PACKET];

	settle();
	for (unsigned i = from; i < to; i++)
		if (recv(far[i].fd, in, sizeof(in), 0) != PACKET) {
			fprintf(stderr, "b_rtp_io: a packet is missing\n");
			exit(1);
		}
}

static void by_netio(void *arg, unsigned from, unsigned to)
{
	struct netio *n = arg;

	for (unsigned i = from; i < to; i++)
		netio_send(n, i, &far[i].addr, packet, PACKET);
	netio_run(n, clock_mono(), udp_wall_ns());
}

static void by_reactor(void *arg, unsigned from, unsigned to)
{
	int epoll = *(int *)arg;
	struct epoll_event ev;
	uint8_t in[2048];
	struct sockaddr_storage ss;
	socklen_t n;

	for (unsigned i = from; i < to; i++) {
		if (epoll_wait(epoll, &ev, 1, -1) != 1)
			exit(1);
		n = sizeof(ss);
		received += recvfrom(own[ev.data.u32].fd, in, sizeof(in), 0,
				     (struct sockaddr *)&ss, &n) == PACKET;
		udp_send(own[ev.data.u32].fd, &far[ev.data.u32].addr, packet,
			 PACKET);
	}
}

struct way {
	const char *name;
	void (*attach)(void *);
	void (*io)(void *, unsigned from, unsigned to);
	void (*detach)(void *);
	void *arg;
	double us[RUNS];
};

/* Microseconds a pair. */
static double one_run(struct way *w)
{
	double sum = 0, start;

	received = 0;
	w->attach(w->arg);
	for (unsigned k = 0; k < ROUNDS * WAKEUPS; k++) {
		unsigned from = k % WAKEUPS * CALLS / WAKEUPS;
		unsigned to = (k % WAKEUPS + 1) * CALLS / WAKEUPS;

		far_sends(from, to);
		start = now_us();
		w->io(w->arg, from, to);
		sum += now_us() - start;
		far_receives(from, to);
	}
	w->detach(w->arg);
	if (received != ROUNDS * CALLS) {
		fprintf(stderr, "b_rtp_io: %s: %u of %u received\n", w->name,
			received, ROUNDS * CALLS);
		exit(1);
	}
	return sum / (ROUNDS * CALLS);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void open_ends(void)
{
	struct rlimit lim = { 16384, 16384 };

	setrlimit(RLIMIT_NOFILE, &lim);
	for (unsigned i = 0; i < CALLS; i++) {
		open_end(&own[i]);
		open_end(&far[i]);
		(void)udp_stamp(own[i].fd);
	}
}

/* The ways take turns, so that a disturbance meets all. */
int main(void)
{
	static struct way ways[] = {
		{ .name = "rtp_us_per_pair", .attach = attach_netio,
		  .io = by_netio, .detach = detach_netio },
		{ .name = "rtp_us_per_pair_fallback", .attach = attach_netio,
		  .io = by_netio, .detach = detach_netio },
		{ .name = "rtp_us_per_pair_peer_epoll",
		  .attach = attach_reactor, .io = by_reactor,
		  .detach = detach_reactor },
	};
	int epoll = epoll_create1(EPOLL_CLOEXEC), err = load_net_own();

	if (err < 0)
		fprintf(stderr, "b_rtp_io: no network of its own: %s; on the "
			"machine's it may be dearer\n", strerror(-err));
	load_pin(1);
	open_ends();
	ways[0].arg = open_netio(false);
	ways[1].arg = open_netio(true);
	ways[2].arg = &epoll;
	for (unsigned i = 0; i < RUNS; i++)
		for (unsigned k = 0; k < 3; k++)
			ways[k].us[i] = one_run(&ways[k]);
	for (unsigned k = 0; k < 3; k++) {
		qsort(ways[k].us, RUNS, sizeof(ways[k].us[0]), by_value);
		if (k == 0 && !netio_is_uring(ways[0].arg))
			printf("%s\tn/a\tus\n", ways[k].name);
		else
			printf("%s\t%.3f\tus\n", ways[k].name,
			       ways[k].us[RUNS / 2]);
	}
	netio_free(ways[0].arg);
	netio_free(ways[1].arg);
	return 0;
}
