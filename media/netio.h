/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The datagram I/O of one engine thread: all its sockets at once.
 *
 *    netio_send()  -> [queue] -,
 *                               netio_run(): one system call a wake-up
 *    receive()     <- [slots] -'
 *
 * Two back ends do the same. *uring*: each socket has a standing order to
 * receive (multishot, a ring of buffers for all), so that a wake-up is one
 * io_uring_enter that carries off what is queued and brings what has come; an
 * idle socket costs nothing. *plain*: epoll says which sockets have data, then
 * one recvmmsg for each of them, one sendmmsg for each run of packets of one
 * socket. netio_new() tries the first and takes the second if anything of it
 * is refused.
 *
 * A socket is known by its slot, a number of the owner's. Each datagram comes
 * with its source and the time at which it came to the kernel. The work of a
 * wake-up is bounded: a flood, on one socket or on all, brings NETIO_RECEIVE
 * datagrams and what belongs to the same system call; the rest waits in the
 * kernel, whose buffers are bounded, too: one socket has some hundreds. No
 * socket can keep the others from their turn.
 *
 * netio_new and _free are the control thread's, and netio_add until
 * netio_bind(); all else belongs to the thread that called that. Nothing is
 * allocated after it. A socket may be in several netio, but only one of them
 * may listen to it: see netio_mute().
 */
#ifndef MEDIA_NETIO_H
#define MEDIA_NETIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/udp.h"

enum {
	NETIO_SLOTS_MAX = 1 << 16,
	NETIO_SEND = 16384,   /* packets queued at most ... */
	NETIO_OCTETS = 4 << 20, /* ... and octets of them */
	/* Datagrams of a wake-up: what 63 E1 with their calls bring in 100 ms,
	 * for a thread that was stalled. */
	NETIO_RECEIVE = 16384,
};

struct netio;

struct netio_ops {
	/* tick: one came; it is good for the call. */
	void (*receive)(void *owner, unsigned slot,
			const struct udp_datagram *);
	/* tick: one that was queued did not leave, and why. */
	void (*refused)(void *owner, unsigned slot, size_t len, int err);
	/* tick: one will be given soon: have the memory for it brought near.
	 * NULL: no need. */
	void (*soon)(void *owner, unsigned slot);
};

struct netio_config {
	unsigned slots;
	bool plain; /* do not try io_uring */
	const struct netio_ops *ops;
	void *owner;
};

struct netio_stats {
	uint64_t sent, refused, received;
	uint64_t calls;	  /* system calls that moved datagrams */
	uint64_t renewed; /* uring: standing orders given again */
	uint64_t starved; /* uring: of these, for want of a buffer */
};

/*
 * NULL + errno (EINVAL, ENOMEM, or of epoll_create). *refused: 0, or why
 * io_uring is not used (-errno) although it was asked for.
 */
struct netio *netio_new(const struct netio_config *, int *refused);
/* The sockets stay the owner's; they are closed after this. */
void netio_free(struct netio *);

/* The socket of a slot; -1: it has none. 0 or -EINVAL; after netio_bind() also
 * what the system says (tick). Arrival times come from sockets that udp_stamp()
 * has asked for them. */
int netio_add(struct netio *, unsigned slot, int fd);
/* tick: the slot has none any more, the owner may close it. False: some of its
 * datagrams are still on their way, or it is not quiet (netio_mute()). */
bool netio_remove(struct netio *, unsigned slot);

/* The calling thread is the owner from here on. Should io_uring fail here, it
 * goes on without. */
void netio_bind(struct netio *);
/* Its last call. What is queued leaves; the sockets are let go of. */
void netio_unbind(struct netio *);

/* tick: receive from it from the next run on. */
void netio_listen(struct netio *, unsigned slot);
/* tick: no datagram of it is given to the owner from here on ... */
void netio_mute(struct netio *, unsigned slot);
/* ... and none is taken from the kernel any more: another netio may listen. */
bool netio_is_quiet(const struct netio *, unsigned slot);

/*
 * tick: a copy is queued. to NULL: where the socket is connected to. 0;
 * -ENOBUFS: no room; -EMSGSIZE: over UDP_MAX. Without a socket it goes
 * nowhere, and is no error.
 */
int netio_send(struct netio *, unsigned slot, const struct net_addr *to,
	       const void *data, size_t len);

/* tick: all that is queued leaves, all that has come is given to receive().
 * Never waits. wall_ns: the wall clock (udp_wall_ns()) at `now`, for the
 * times of arrival. */
void netio_run(struct netio *, mono_t now, int64_t wall_ns);
/* tick: the first half of it. */
void netio_flush(struct netio *);

bool netio_is_uring(const struct netio *);
void netio_stats(const struct netio *, struct netio_stats *);

#endif
