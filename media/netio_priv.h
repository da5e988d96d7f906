/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the back ends of netio see of it. */
#ifndef MEDIA_NETIO_PRIV_H
#define MEDIA_NETIO_PRIV_H

#include <netinet/in.h>

#include "media/netio.h"

struct netio_packet { /* to be sent */
	uint8_t *data;
	uint16_t slot, len;
	uint16_t to_len; /* 0: connected */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to;
};

struct netio_queue {
	unsigned count;
	size_t used; /* of octets */
	struct netio_packet *packets;
	uint8_t *octets;
};

struct netio_slot {
	int fd; /* -1: none */
	bool listening; /* wanted */
	bool ordered;	/* uring: the kernel may bring datagrams */
	bool queued;	/* uring: in the list of what is to be changed */
};

struct netio_backend {
	int (*bind)(struct netio *); /* 0 or -errno */
	void (*unbind)(struct netio *);
	/* listening has changed. */
	void (*change)(struct netio *, unsigned slot);
	bool (*is_quiet)(const struct netio *, unsigned slot);
	/* The slot has another socket, or none. 0 or -errno. */
	int (*renew)(struct netio *, unsigned slot);
	/* All of the queue leaves; it is emptied. */
	void (*flush)(struct netio *);
	void (*run)(struct netio *, mono_t now, int64_t wall_ns);
};

struct netio {
	const struct netio_backend *backend;
	struct netio_config cfg;
	struct netio_slot *slots;
	struct netio_queue queue;
	struct netio_stats stats;
	bool bound;
	struct netio_uring *uring; /* NULL: refused, or not wanted */
	struct netio_plain *plain; /* always there */
};

/* tick */
static inline void netio_receive(struct netio *n, unsigned slot,
				 const struct udp_datagram *d)
{
	n->stats.received++;
	n->cfg.ops->receive(n->cfg.owner, slot, d);
}

/* tick: a packet's fate: 0 or -errno. */
static inline void netio_sent(struct netio *n, const struct netio_packet *p,
			      int err)
{
	if (err >= 0) {
		n->stats.sent++;
		return;
	}
	n->stats.refused++;
	n->cfg.ops->refused(n->cfg.owner, p->slot, p->len, err);
}

/* 0 or -errno; sets n->backend. */
int netio_uring_new(struct netio *);
int netio_plain_new(struct netio *);
/* Without it nothing happens. */
void netio_uring_free(struct netio *);
void netio_plain_free(struct netio *);
/* From here on. */
void netio_plain_use(struct netio *);

#endif
