/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netio without io_uring. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "media/netio_priv.h"

enum {
	READY = 256, /* sockets of one epoll_wait */
	BATCHES = 8, /* of a socket: what a line brings in a stall */
	RUN = 64,    /* packets of one system call */
};

struct netio_plain {
	int epoll;
	struct epoll_event ready[READY];
	unsigned first; /* of them that has its turn */
	struct udp_batch batch;
	struct mmsghdr msgs[RUN];
	struct iovec iov[RUN];
};

static int plain_bind(struct netio *n)
{
	(void)n;
	return 0;
}

static void plain_unbind(struct netio *n)
{
	(void)n;
}

/* tick: level-triggered: what is left over shows again. */
static void plain_change(struct netio *n, unsigned slot)
{
	struct netio_slot *s = &n->slots[slot];
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = slot };

	(void)epoll_ctl(n->plain->epoll,
			s->listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->fd,
			&ev);
}

/* tick */
static bool plain_is_quiet(const struct netio *n, unsigned slot)
{
	(void)n;
	(void)slot;
	return true;
}

/* tick */
static int plain_renew(struct netio *n, unsigned slot)
{
	(void)n;
	(void)slot;
	return 0;
}

/* tick: the next packets of one socket, as one system call's worth. */
static unsigned gather(struct netio *n, unsigned from)
{
	struct netio_plain *b = n->plain;
	unsigned slot = n->queue.packets[from].slot, k = 0;

	while (k < RUN && from + k < n->queue.count &&
	       n->queue.packets[from + k].slot == slot) {
		struct netio_packet *p = &n->queue.packets[from + k];
		struct msghdr *h = &b->msgs[k].msg_hdr;

		b->iov[k] = (struct iovec){ p->data, p->len };
		h->msg_iov = &b->iov[k];
		h->msg_iovlen = 1;
		h->msg_name = p->to_len ? &p->to : NULL;
		h->msg_namelen = p->to_len;
		k++;
	}
	return k;
}

/* tick: how many of those gathered left, or -errno; one alone is cheaper
 * without the vector. */
static int send_vector(struct netio *n, int fd, unsigned done, unsigned count)
{
	const struct mmsghdr *m = &n->plain->msgs[done];
	const struct iovec *v = m->msg_hdr.msg_iov;
	int sent = 1;

	n->stats.calls++;
	if (count - done > 1)
		sent = sendmmsg(fd, &n->plain->msgs[done], count - done,
				MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (sendto(fd, v->iov_base, v->iov_len,
			MSG_DONTWAIT | MSG_NOSIGNAL, m->msg_hdr.msg_name,
			m->msg_hdr.msg_namelen) < 0)
		sent = -1;
	return sent < 0 ? -errno : sent;
}

/* tick: send count packets from the from-th on. An error may be an earlier
 * packet's fate, this one was not tried then: once more. */
static void send_some(struct netio *n, unsigned from, unsigned count)
{
	int fd = n->slots[n->queue.packets[from].slot].fd;
	bool again = false;
	unsigned done = 0;

	while (done < count) {
		int sent = send_vector(n, fd, done, count);

		if (sent == -ECONNREFUSED && !again) {
			again = true;
			continue;
		}
		again = false;
		if (sent < 0)
			netio_sent(n, &n->queue.packets[from + done++], sent);
		for (int i = 0; i < sent; i++)
			netio_sent(n, &n->queue.packets[from + done++], 0);
	}
}

/* tick */
static void plain_flush(struct netio *n)
{
	unsigned k;

	for (unsigned i = 0; i < n->queue.count; i += k) {
		k = gather(n, i);
		send_some(n, i, k);
	}
	n->queue.count = 0;
	n->queue.used = 0;
}

/* tick: false: there was no more. */
static bool receive_batch(struct netio *n, unsigned slot, mono_t now)
{
	struct netio_plain *b = n->plain;
	struct udp_datagram d;
	unsigned count;

	if (!n->slots[slot].listening)
		return false;
	count = udp_receive(&b->batch, n->slots[slot].fd);
	n->stats.calls++;
	for (unsigned i = 0; i < count && n->slots[slot].listening; i++) {
		udp_datagram(&b->batch, i, now, &d);
		netio_receive(n, slot, &d);
	}
	return count == UDP_BATCH;
}

/* tick */
static void receive_from(struct netio *n, unsigned slot, mono_t now)
{
	for (unsigned i = 0; i < BATCHES; i++)
		if (!receive_batch(n, slot, now))
			return;
}

/* tick: those of a flood that the limit leaves out begin next time. */
static void receive_ready(struct netio *n, unsigned ready, mono_t now,
			  uint64_t most)
{
	struct netio_plain *b = n->plain;
	unsigned first = b->first, i;

	for (i = 0; i < ready && n->stats.received < most; i++)
		receive_from(n, b->ready[(first + i) % ready].data.u32, now);
	b->first = i < ready ? (first + i) % ready : 0;
}

/* tick */
static void plain_run(struct netio *n, mono_t now, int64_t wall_ns)
{
	struct netio_plain *b = n->plain;
	uint64_t most = n->stats.received + NETIO_RECEIVE;
	int ready;

	b->batch.wall_ns = wall_ns;
	netio_flush(n);
	do {
		ready = epoll_wait(b->epoll, b->ready, READY, 0);
		n->stats.calls++;
		if (ready > 0)
			receive_ready(n, (unsigned)ready, now, most);
	} while (ready == READY && n->stats.received < most);
}

static const struct netio_backend plain_backend = {
	.bind = plain_bind,
	.unbind = plain_unbind,
	.change = plain_change,
	.is_quiet = plain_is_quiet,
	.renew = plain_renew,
	.flush = plain_flush,
	.run = plain_run,
};

int netio_plain_new(struct netio *n)
{
	struct netio_plain *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (b->epoll < 0) {
		int err = -errno;

		free(b);
		return err;
	}
	udp_batch_init(&b->batch);
	n->plain = b;
	netio_plain_use(n);
	return 0;
}

void netio_plain_free(struct netio *n)
{
	if (n->plain)
		close(n->plain->epoll);
	free(n->plain);
}

void netio_plain_use(struct netio *n)
{
	n->backend = &plain_backend;
}
