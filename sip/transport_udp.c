/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams in. Where the supervisor has made a pair of sockets
 * (gateway/bound.h), INVITEs wait in a queue of their own:
 *
 *   datagram: all but new calls; emergency calls     --> always first
 *   invites:  calls that do not exist yet            --> then some of these
 *
 * (transport_split.c says which is which.) What is read of the second queue is
 * served, but for a few a second that are refused while it is more than an
 * eighth full; the rest is the kernel's to drop. While the user is behind with
 * the calls it has, the queue is let alone.
 *
 * Without a pair the one socket has both: then most new calls of a queue that
 * is an eighth full are shed when they have been read, until it is half so. The
 * first queue of a pair does the same with the few INVITEs it has.
 */
#include "sip/transport_priv.h"

#include "sip/peek.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <string.h>

#define INVITES_AT_ONCE 4 /* before what goes first is looked at again */
#define INVITES_OF_TURN 8 /* before others of the loop have theirs */
#define SPARED_OF_BATCH 3 /* of UDP_BATCH */
#define DROWNING	8 /* sixteenths */
#define LATER_MS	1

bool transport_unreachable_err(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH ||
	       err == ENETUNREACH;
}

/* --- more than we can take --- */

/* How full is the socket's queue, in 1/16? Linux alone says it, and how many
 * did not fit. */
static unsigned fullness(struct sock *s)
{
	uint32_t m[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(m);

	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, m, &len) ||
	    !m[SK_MEMINFO_RCVBUF]) {
		return 0;
	}
	s->transport->stats.queue_full += m[SK_MEMINFO_DROPS] - s->drops;
	s->drops = m[SK_MEMINFO_DROPS];
	return (unsigned)(16ull * m[SK_MEMINFO_RMEM_ALLOC] /
			  m[SK_MEMINFO_RCVBUF]);
}

/* The kernel says it late: only when it has run dry of what it has at hand for
 * us is what we read taken off. So some new calls of each batch are taken all
 * the same, lest a burst be refused that could have been served. */
static void look_at_queue(struct sock *s)
{
	unsigned full = fullness(s);

	s->shedding = full >= 2 || (s->shedding && full >= 1);
	/* Where they alone wait with what goes first. */
	s->drowning = full >= DROWNING &&
		      s->transport->invites[s->bind].fd >= 0 &&
		      s == &s->transport->datagram[s->bind];
	s->spare = SPARED_OF_BATCH;
}

/* Is it left alone for want of time? Not what the user wants all the same. */
static bool is_shed(struct sock *s, const struct sip_path *from,
		    const char *data, size_t len)
{
	struct sip_transport *t = s->transport;
	struct sip_transport_user *u = t->user;

	if (!s->shedding || !peek_is_new_call(data, len)) {
		return false;
	}
	if (s->spare) {
		s->spare--;
		return false;
	}
	if (!s->drowning && u->ops->on_shed &&
	    u->ops->on_shed(u, from, data, len)) {
		return false;
	}
	t->stats.shed++;
	return true;
}

/* --- in --- */

static void take(struct sock *s, unsigned i, size_t len, int flags)
{
	struct sip_transport *t = s->transport;
	struct udp_batch *b = t->batch;
	struct sip_path from = {.bind = (uint8_t)s->bind};

	if (flags & MSG_TRUNC) {
		t->stats.rx_cut++;
		return;
	}
	net_from_sockaddr(&from.remote,
			  (const struct sockaddr *)&b->source[i]);
	b->text[i][len] = '\0';
	if (!is_shed(s, &from, b->text[i], len)) {
		sip_transport_inject(t, s->bind, &from.remote, b->text[i], len);
	}
}

/* Up to n datagrams; how many there were. An ICMP error ends it, too, and is
 * told here as well: the next read is of data again. */
static unsigned receive(struct sock *s, unsigned n)
{
	struct udp_batch *b = s->transport->batch;
	int got;

	for (unsigned i = 0; i < n; i++) {
		b->part[i] = (struct iovec){b->text[i], TRANSPORT_DATAGRAM};
		b->head[i].msg_hdr = (struct msghdr){
			.msg_name = &b->source[i],
			.msg_namelen = sizeof(b->source[i]),
			.msg_iov = &b->part[i],
			.msg_iovlen = 1};
	}
	do {
		got = recvmmsg(s->fd, b->head, n, MSG_DONTWAIT, NULL);
	} while (got < 0 && (errno == EINTR || transport_unreachable_err(errno)));
	for (int i = 0; i < got; i++) {
		take(s, (unsigned)i, b->head[i].msg_len,
		     b->head[i].msg_hdr.msg_flags);
	}
	return got > 0 ? (unsigned)got : 0;
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
static void receive_errors(struct sock *s)
{
	for (int i = 0; i < TRANSPORT_BATCH && receive_error(s); i++) {
	}
}

static void read_first(struct sock *s)
{
	unsigned n = 0, got = UDP_BATCH;

	while (got == UDP_BATCH && n < TRANSPORT_BATCH && s->fd >= 0) {
		look_at_queue(s);
		got = receive(s, UDP_BATCH);
		n += got;
	}
}

void udp_on_readable(struct watch *w, int events)
{
	struct sock *s = container_of(w, struct sock, watch);

	(void)events;
	receive_errors(s);
	read_first(s);
}

static bool is_behind(const struct sip_transport *t)
{
	struct sip_transport_user *u = t->user;

	return u->ops->is_behind && u->ops->is_behind(u);
}

static void look_later(struct sock *);

static void on_later(struct timer *t)
{
	struct sock *s = container_of(t, struct sock, later);

	if (watch_start(s->transport->loop, &s->watch, s->fd, WATCH_READ,
			udp_on_invites)) {
		look_later(s);
	}
}

static void look_later(struct sock *s)
{
	struct loop *loop = s->transport->loop;

	if (!timer_start(loop, &s->later, on_later, LATER_MS)) {
		watch_stop(loop, &s->watch);
	}
}

/* Reads some new calls; 0: none are to be read now. */
static unsigned read_invites(struct sock *s)
{
	struct sip_transport *t = s->transport;
	bool told, behind = is_behind(t);

	look_at_queue(s);
	s->shedding = s->shedding || behind;
	s->spare = behind ? 0 : INVITES_AT_ONCE;
	told = s->shedding && bucket_take(&t->told, loop_now(t->loop),
					  TRANSPORT_TOLD_PER_S);
	if (!s->spare && !told) {
		look_later(s);
		return 0;
	}
	return receive(s, s->spare + told);
}

void udp_on_invites(struct watch *w, int events)
{
	struct sock *s = container_of(w, struct sock, watch);
	struct sock *first = &s->transport->datagram[s->bind];
	unsigned got, n = 0;

	(void)events;
	receive_errors(s);
	do {
		read_first(first);
		got = s->fd >= 0 ? read_invites(s) : 0;
		n += got;
	} while (got && n < INVITES_OF_TURN);
}
