/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netio by io_uring (Linux 6.1 or later).
 *
 * Each socket that is listened to has a multishot recvmsg in the kernel. It
 * takes a buffer of the common ring for each datagram: header, source,
 * control data, octets. It ends when the buffers run out and after a datagram
 * of no octets, and is renewed at once, for anybody may send such datagrams;
 * and at an error, and is renewed with the next wake-up. While it is there an
 * idle socket costs nothing.
 *
 * The kernel does its part when the owner enters (DEFER_TASKRUN), never by
 * itself. An entry gets through as many sockets as completions are asked for,
 * or a few; as each packet that is sent completes within the call, one asks
 * for as many as one sends, which never waits, and only if much comes while
 * little leaves one has to enter again.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "media/netio_priv.h"

enum {
	SQ = 512,	/* of an entry; as it goes round, no larger than */
	CQ = 8192,	/* the cache likes */
	BUFFERS = 4096, /* a power of two */
	LENT = 512,	/* of them with the kernel, until these are too few */
	GROUP = 1,
	NAME = 32, /* of struct sockaddr_in6; what follows is aligned */
	CONTROL = CMSG_SPACE(sizeof(struct timespec)),
	HEADER = sizeof(struct io_uring_recvmsg_out) + NAME + CONTROL,
	BUFFER = HEADER + UDP_MAX,
	STRIDE = (BUFFER + 63) / 64 * 64,
	ENTRIES = 128, /* of a wake-up, at most */
	FEW = 20,     /* sockets that the kernel gets through in any case */
};

_Static_assert(sizeof(struct sockaddr_in6) <= NAME, "room for IPv6");

/* In the upper half of user_data; the lower is a slot, or a packet. */
enum order { RECEIVE, SEND, CANCEL };

struct netio_uring {
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	uint8_t *octets;	/* BUFFERS of STRIDE */
	struct msghdr shape;	/* of what is received */
	bool made, fixed;	/* fixed: sockets are registered */
	uint16_t *changed;	/* slots whose orders must change */
	unsigned n_changed;
	uint16_t *ended;	/* and those that wait for the next wake-up */
	unsigned n_ended;
	unsigned given;		/* packets given to the kernel */
	uint16_t idle[BUFFERS];	/* that we have; the last was used last */
	unsigned n_idle;
	unsigned lent, to_lend;	/* that the kernel has, is to have */
	mono_t now;
	int64_t wall_ns;	/* at `now` */
};

static void set_data(struct io_uring_sqe *sqe, enum order o, unsigned i)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)o << 32 | i);
}

/* tick */
static void aim(struct netio *n, struct io_uring_sqe *sqe, unsigned slot)
{
	if (!n->uring->fixed)
		return;
	sqe->fd = (int)slot;
	sqe->flags |= IOSQE_FIXED_FILE;
}

/* tick: few go round, so that they stay in the cache; a thread that finds
 * more than they can hold lends more. */
static void lend(struct netio_uring *u)
{
	int n = 0;

	for (; u->lent < u->to_lend && u->n_idle; u->lent++) {
		uint16_t b = u->idle[--u->n_idle];

		io_uring_buf_ring_add(u->buffers,
				      u->octets + (size_t)b * STRIDE, BUFFER,
				      b, BUFFERS - 1, n++);
	}
	io_uring_buf_ring_advance(u->buffers, n);
}

/* --- life --- */

static int make_buffers(struct netio_uring *u)
{
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS,
					.bgid = GROUP };
	size_t size = BUFFERS * sizeof(struct io_uring_buf);

	u->buffers = aligned_alloc(4096, size);
	u->octets = aligned_alloc(64, (size_t)BUFFERS * STRIDE);
	if (!u->buffers || !u->octets)
		return -ENOMEM;
	memset(u->buffers, 0, size);
	memset(u->octets, 0, (size_t)BUFFERS * STRIDE);
	reg.ring_addr = (uintptr_t)u->buffers;
	io_uring_buf_ring_init(u->buffers);
	while (u->n_idle < BUFFERS) {
		u->idle[u->n_idle] = (uint16_t)u->n_idle;
		u->n_idle++;
	}
	u->to_lend = LENT;
	lend(u);
	return io_uring_register_buf_ring(&u->ring, &reg, 0);
}

static int make_ring(struct netio_uring *u, unsigned more)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | more,
		.cq_entries = CQ,
	};
	int err = io_uring_queue_init_params(SQ, &u->ring, &p);

	if (err < 0)
		return err;
	u->made = true;
	u->shape.msg_namelen = NAME;
	u->shape.msg_controllen = CONTROL;
	return make_buffers(u);
}

static void free_ring(struct netio_uring *u)
{
	if (u->made)
		io_uring_queue_exit(&u->ring);
	free(u->octets);
	free(u->buffers);
	free(u->changed);
	free(u->ended);
	free(u);
}

/* Does all that is needed work here, an octet on a socket pair there and
 * back? What a ring can do is seen only by the thread that enters it. */
static int try_pair(struct netio_uring *u, const int fd[2])
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	struct io_uring_cqe *cqe;
	int err;

	io_uring_prep_recvmsg_multishot(sqe, fd[0], &u->shape, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	sqe = io_uring_get_sqe(&u->ring);
	io_uring_prep_send(sqe, fd[1], "", 1, MSG_DONTWAIT);
	err = io_uring_submit_and_wait(&u->ring, 2);
	if (err < 0)
		return err;
	for (unsigned i = 0; i < 2; i++) {
		if (io_uring_peek_cqe(&u->ring, &cqe) < 0)
			return -EOPNOTSUPP;
		if (cqe->res < 0)
			return cqe->res;
		io_uring_cqe_seen(&u->ring, cqe);
	}
	return 0;
}

static int probe(void)
{
	struct netio_uring *u = calloc(1, sizeof(*u));
	int fd[2], err;

	if (!u)
		return -ENOMEM;
	err = make_ring(u, 0);
	if (err < 0)
		goto free_ring;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fd) < 0) {
		err = -errno;
		goto free_ring;
	}
	err = try_pair(u, fd);
	close(fd[0]);
	close(fd[1]);
free_ring:
	free_ring(u);
	return err;
}

/* Registered, a packet costs no look-up of its descriptor; a limit on
 * descriptors may forbid it. */
static int register_sockets(struct netio *n)
{
	int *fds = malloc(n->cfg.slots * sizeof(*fds));
	int err;

	if (!fds)
		return -ENOMEM;
	for (unsigned i = 0; i < n->cfg.slots; i++)
		fds[i] = n->slots[i].fd;
	err = io_uring_register_files(&n->uring->ring, fds, n->cfg.slots);
	n->uring->fixed = err >= 0;
	free(fds);
	return 0;
}

static int uring_bind(struct netio *n)
{
	struct io_uring *ring = &n->uring->ring;
	/* The library has a name for it, but does not export that. */
	int err = io_uring_register((unsigned)ring->ring_fd,
				    IORING_REGISTER_ENABLE_RINGS, NULL, 0);

	if (err < 0)
		return err;
	/* The same for the ring itself. */
	(void)io_uring_register_ring_fd(ring);
	return register_sockets(n);
}

/* tick */
static int uring_renew(struct netio *n, unsigned slot)
{
	int err = 0;

	if (n->uring->fixed)
		err = io_uring_register_files_update(&n->uring->ring, slot,
						     &n->slots[slot].fd, 1);
	return err < 0 ? err : 0;
}

/* --- orders --- */

/* tick */
static void uring_change(struct netio *n, unsigned slot)
{
	struct netio_slot *s = &n->slots[slot];

	if (s->queued || s->listening == s->ordered)
		return;
	s->queued = true;
	n->uring->changed[n->uring->n_changed++] = (uint16_t)slot;
}

/* tick */
static bool uring_is_quiet(const struct netio *n, unsigned slot)
{
	return !n->slots[slot].ordered;
}

/* tick */
static bool order_receive(struct netio *n, unsigned slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&n->uring->ring);

	if (!sqe)
		return false;
	io_uring_prep_recvmsg_multishot(sqe, n->slots[slot].fd,
					&n->uring->shape, 0);
	aim(n, sqe, slot);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	set_data(sqe, RECEIVE, slot);
	n->slots[slot].ordered = true;
	return true;
}

/* tick */
static bool order_cancel(struct netio *n, unsigned slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&n->uring->ring);

	if (!sqe)
		return false;
	io_uring_prep_cancel64(sqe, (uint64_t)RECEIVE << 32 | slot, 0);
	set_data(sqe, CANCEL, slot);
	return true;
}

/* tick: standing orders are given and taken back; those for which there is
 * no room have their turn next time. */
static void order_changes(struct netio *n)
{
	struct netio_uring *u = n->uring;
	unsigned left = 0;

	for (unsigned i = 0; i < u->n_changed; i++) {
		unsigned slot = u->changed[i];
		struct netio_slot *s = &n->slots[slot];
		bool done = true;

		if (s->listening && !s->ordered)
			done = order_receive(n, slot);
		else if (!s->listening && s->ordered)
			done = order_cancel(n, slot);
		s->queued = !done;
		if (!done)
			u->changed[left++] = (uint16_t)slot;
	}
	u->n_changed = left;
}

/* tick: how many are ready to go. */
static unsigned order_sends(struct netio *n)
{
	struct netio_uring *u = n->uring;
	unsigned count = 0;

	while (u->given < n->queue.count) {
		struct netio_packet *p = &n->queue.packets[u->given];
		struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

		if (!sqe)
			break;
		io_uring_prep_send(sqe, n->slots[p->slot].fd, p->data, p->len,
				   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (p->to_len)
			io_uring_prep_send_set_addr(sqe, &p->to.any,
						    p->to_len);
		aim(n, sqe, p->slot);
		set_data(sqe, SEND, u->given++);
		count++;
	}
	return count;
}

/* --- completions --- */

/* tick: the kernel's arrival time on our clock; without one it is now. */
static mono_t arrival(const struct netio_uring *u,
		      struct io_uring_recvmsg_out *o)
{
	struct msghdr shape = u->shape;
	struct cmsghdr *c = io_uring_recvmsg_cmsg_firsthdr(o, &shape);
	struct timespec ts;
	int64_t age;

	if (!c || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_TIMESTAMPNS)
		return u->now;
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	age = u->wall_ns - ts.tv_sec * NS_PER_S - ts.tv_nsec;
	/* It came while we were entering, or the clock was set. */
	if (age < 0 || age >= NS_PER_S)
		age = 0;
	return mono_add_ns(u->now, -age);
}

/* tick */
static void deliver(struct netio *n, unsigned slot, uint8_t *buffer, int res)
{
	struct netio_uring *u = n->uring;
	struct io_uring_recvmsg_out *o =
		io_uring_recvmsg_validate(buffer, res, &u->shape);
	struct udp_datagram d;

	if (!o || !n->slots[slot].listening)
		return;
	d.data = io_uring_recvmsg_payload(o, &u->shape);
	d.len = o->flags & MSG_TRUNC ? 0
				     : io_uring_recvmsg_payload_length(
					       o, res, &u->shape);
	d.at = arrival(u, o);
	net_from_sockaddr(&d.from, io_uring_recvmsg_name(o));
	netio_receive(n, slot, &d);
}

/* tick */
static void on_receive(struct netio *n, unsigned slot,
		       const struct io_uring_cqe *cqe)
{
	struct netio_uring *u = n->uring;

	if (cqe->flags & IORING_CQE_F_BUFFER) {
		unsigned b = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

		deliver(n, slot, u->octets + (size_t)b * STRIDE, cqe->res);
		u->idle[u->n_idle++] = (uint16_t)b;
		u->lent--;
	}
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	n->slots[slot].ordered = false;
	if (!n->slots[slot].listening)
		return;
	n->stats.renewed++;
	if (cqe->res == -ENOBUFS) {
		n->stats.starved++;
		u->to_lend = BUFFERS;
	}
	if (cqe->res >= 0 || cqe->res == -ENOBUFS)
		uring_change(n, slot);
	else
		u->ended[u->n_ended++] = (uint16_t)slot;
}

/* tick: an error may be an earlier packet's fate, this one was not tried
 * then: once more. */
static void on_send(struct netio *n, unsigned i, int res)
{
	struct netio_packet *p = &n->queue.packets[i];

	if (res == -ECONNREFUSED) {
		n->stats.calls++;
		if (sendto(n->slots[p->slot].fd, p->data, p->len,
			   MSG_DONTWAIT | MSG_NOSIGNAL,
			   p->to_len ? &p->to.any : NULL, p->to_len) < 0)
			res = -errno;
		else
			res = 0;
	}
	netio_sent(n, p, res);
}

/* tick: the owner hears of all before it gets the first. */
static void announce(const struct netio *n)
{
	const struct netio_uring *u = n->uring;
	struct io_uring_cqe *cqe;
	unsigned head;

	if (!n->cfg.ops->soon)
		return;
	io_uring_for_each_cqe(&u->ring, head, cqe) {
		if ((enum order)(cqe->user_data >> 32) == RECEIVE)
			n->cfg.ops->soon(n->cfg.owner,
					 (uint32_t)cqe->user_data);
	}
}

/* tick: what has been completed; how many were datagrams received. */
static unsigned reap(struct netio *n)
{
	struct netio_uring *u = n->uring;
	struct io_uring_cqe *cqe;
	unsigned head, count = 0, received = 0;

	announce(n);
	io_uring_for_each_cqe(&u->ring, head, cqe) {
		unsigned i = (uint32_t)cqe->user_data;

		count++;
		switch ((enum order)(cqe->user_data >> 32)) {
		case RECEIVE:
			received++;
			on_receive(n, i, cqe);
			break;
		case SEND:
			on_send(n, i, cqe->res);
			break;
		case CANCEL:
			break;
		}
	}
	io_uring_cq_advance(&u->ring, count);
	return received;
}

/* tick */
static bool is_more_waiting(const struct netio_uring *u)
{
	return IO_URING_READ_ONCE(*u->ring.sq.kflags) &
	       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* tick: one entry, if there is any reason for it; false: nothing is left. */
static bool enter(struct netio *n)
{
	struct netio_uring *u = n->uring;
	unsigned sends, got;
	bool more;

	lend(u);
	order_changes(n);
	sends = order_sends(n);
	if (!io_uring_sq_ready(&u->ring) && !is_more_waiting(u))
		return false;
	(void)io_uring_submit_and_wait(&u->ring, sends);
	n->stats.calls++;
	more = is_more_waiting(u);
	got = reap(n);
	if (u->given < n->queue.count || io_uring_sq_ready(&u->ring) ||
	    u->n_changed)
		return true;
	/* With few it was not the limit: they have just come. */
	return more && got >= FEW;
}

/* tick */
static void turn(struct netio *n)
{
	struct netio_uring *u = n->uring;
	uint64_t most = n->stats.received + NETIO_RECEIVE;

	for (unsigned i = 0; i < u->n_ended; i++)
		uring_change(n, u->ended[i]);
	u->n_ended = 0;
	u->to_lend = LENT;
	for (unsigned i = 0; i < ENTRIES; i++)
		if (!enter(n) || n->stats.received >= most)
			break;
	/* Else the kernel had no memory: they go next time. */
	if (u->given < n->queue.count || io_uring_sq_ready(&u->ring))
		return;
	n->queue.count = 0;
	n->queue.used = 0;
	u->given = 0;
}

/* tick */
static void uring_run(struct netio *n, mono_t now, int64_t wall_ns)
{
	n->uring->now = now;
	n->uring->wall_ns = wall_ns;
	turn(n);
}

static bool is_silent(const struct netio *n)
{
	for (unsigned i = 0; i < n->cfg.slots; i++)
		if (n->slots[i].ordered)
			return false;
	return true;
}

/* A ring that is closed lets go of its sockets some time later, by a thread
 * of the kernel; until then nobody could bind their ports. */
static void uring_unbind(struct netio *n)
{
	struct io_uring *ring = &n->uring->ring;

	for (unsigned i = 0; i < n->cfg.slots; i++)
		netio_mute(n, i);
	for (unsigned i = 0; i < ENTRIES && !is_silent(n); i++)
		turn(n);
	if (n->uring->fixed)
		(void)io_uring_unregister_files(ring);
	n->uring->fixed = false;
	(void)io_uring_unregister_ring_fd(ring);
}

static const struct netio_backend uring_backend = {
	.bind = uring_bind,
	.unbind = uring_unbind,
	.change = uring_change,
	.is_quiet = uring_is_quiet,
	.renew = uring_renew,
	.flush = turn,
	.run = uring_run,
};

int netio_uring_new(struct netio *n)
{
	struct netio_uring *u;
	int err = probe();

	if (err < 0)
		return err;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->changed = calloc(n->cfg.slots, sizeof(*u->changed));
	u->ended = calloc(n->cfg.slots, sizeof(*u->ended));
	err = u->changed && u->ended ? make_ring(u, IORING_SETUP_R_DISABLED)
				     : -ENOMEM;
	if (err < 0) {
		free_ring(u);
		return err;
	}
	n->uring = u;
	n->backend = &uring_backend;
	return 0;
}

void netio_uring_free(struct netio *n)
{
	if (n->uring)
		free_ring(n->uring);
}

bool netio_is_uring(const struct netio *n)
{
	return n->backend == &uring_backend;
}
