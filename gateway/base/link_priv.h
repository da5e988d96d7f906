/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two transports of a link share. For gateway/base alone. */
#ifndef BASE_LINK_PRIV_H
#define BASE_LINK_PRIV_H

#include "gateway/base/link.h"

/* link->priv points to a struct that starts with this. */
struct link_transport {
	/* head is filled in and its length checked; fd -1 or borrowed. */
	int (*send)(struct link *, const struct link_head *head, int fd);
	void (*close)(struct link *); /* frees priv, now or soon */
	bool (*is_up)(const struct link *);
	unsigned (*waiting)(const struct link *);
};

/* A message on its way, in a list. */
struct link_msg {
	struct link_msg *next;
	int fd; /* -1, or owned */
	_Alignas(8) uint8_t octets[];
};

struct link_fifo {
	struct link_msg *first, *last;
	unsigned count;
};

/* A copy of the message, the descriptor duplicated. 0, -ENOBUFS when
 * LINK_QUEUE or the memory is used up, or -errno of the duplication. */
int link_fifo_put(struct link_fifo *, const struct link_head *head, int fd);
/* The first message, now the caller's; NULL: empty. */
struct link_msg *link_fifo_take(struct link_fifo *);
/* Frees m; its descriptor, if still in m->fd, is closed. */
void link_msg_free(struct link_msg *m);
void link_fifo_clear(struct link_fifo *);

static inline const struct link_head *link_msg_head(const struct link_msg *m)
{
	return (const struct link_head *)(const void *)m->octets;
}

#endif
