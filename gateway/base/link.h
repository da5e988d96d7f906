/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links: the only way roles speak to each other. A message is one datagram:
 * a struct link_head, then a fixed-layout value without pointers, at most
 * LINK_MSG_MAX octets, and at most one descriptor.
 *
 * One interface, two transports: a SOCK_SEQPACKET socket (production), and a
 * pair of in-memory queues (tests; delivered deferred by the loop, in order,
 * never from inside link_send). Messages keep their order. A socket that is
 * full makes link_send queue up to LINK_QUEUE messages; beyond that the
 * message is dropped, counted and -ENOBUFS returned.
 *
 * Thread: the loop's. The handler may send, and may close the link.
 */
#ifndef BASE_LINK_H
#define BASE_LINK_H

#include "gateway/base/loop.h"

#include <stdint.h>

#define LINK_MSG_MAX 16384
/* 64 spans: media is told of some 4,700 descriptors at once. */
#define LINK_QUEUE   8192
#define LINK_VERSION 1

struct link_head {
	uint16_t version; /* LINK_VERSION; anything else is dropped, counted */
	uint16_t type;	  /* of the protocol spoken on this link */
	uint32_t len;	  /* of the whole message, head included */
};

struct link;

struct link_ops {
	/* msg is valid for the call, aligned to 8, msg->len octets long. fd is
	 * -1 or a descriptor that the handler now owns. */
	void (*on_msg)(struct link *, const struct link_head *msg, int fd);
	/* The other end is gone. Called once; the link is then dead and is
	 * still to be closed by its owner. */
	void (*on_down)(struct link *);
};

struct link_stats {
	uint64_t tx, rx;
	uint64_t dropped_full; /* sent: beyond LINK_QUEUE, or lost later */
	uint64_t dropped_bad;  /* received: short, wrong version or length */
};

struct link {
	const struct link_ops *ops;
	struct loop *loop;
	void *priv; /* transport's */
	struct link_stats stats;
};

/* fd is owned by the link from here on, also on failure. 0 or -errno. */
int link_open_fd(struct link *, struct loop *, int fd,
		 const struct link_ops *);
/* Two ends in one process, both on one loop. 0 or -ENOMEM. */
int link_open_mem(struct link *a, const struct link_ops *a_ops, struct link *b,
		  const struct link_ops *b_ops, struct loop *);
void link_close(struct link *); /* idempotent on a zeroed or closed link */
bool link_is_up(const struct link *);

/* Messages of ours that the other end, or its socket, has not taken yet. */
unsigned link_waiting(const struct link *);

/* Fills in version, type and len of *head and sends len octets from head.
 * The caller's struct starts with a struct link_head. 0 or -errno
 * (-EPIPE: the other end is gone; -EMSGSIZE; -ENOBUFS). */
int link_send(struct link *, struct link_head *head, uint16_t type,
	      size_t len);
/* As link_send, with a descriptor, which stays the caller's. */
int link_send_fd(struct link *, struct link_head *head, uint16_t type,
		 size_t len, int fd);

/* A connected SOCK_SEQPACKET pair, close-on-exec, non-blocking. */
int link_socketpair(int fds[2]);

#endif
