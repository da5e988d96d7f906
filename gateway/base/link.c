/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both transports share; see link_sock.c and link_mem.c. */
#include "gateway/base/link_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int link_fifo_put(struct link_fifo *q, const struct link_head *head, int fd)
{
	struct link_msg *m;
	int err;

	if (q->count >= LINK_QUEUE) {
		return -ENOBUFS;
	}
	m = malloc(sizeof(*m) + head->len);
	if (m == NULL) {
		return -ENOBUFS;
	}
	m->next = NULL;
	m->fd = -1;
	if (fd >= 0) {
		m->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (m->fd < 0) {
			err = -errno;
			free(m);
			return err;
		}
	}
	memcpy(m->octets, head, head->len);
	if (q->first == NULL) {
		q->first = m;
	} else {
		q->last->next = m;
	}
	q->last = m;
	q->count++;
	return 0;
}

struct link_msg *link_fifo_take(struct link_fifo *q)
{
	struct link_msg *m = q->first;

	if (m != NULL) {
		q->first = m->next;
		q->count--;
	}
	return m;
}

void link_msg_free(struct link_msg *m)
{
	if (m->fd >= 0) {
		close(m->fd);
	}
	free(m);
}

void link_fifo_clear(struct link_fifo *q)
{
	struct link_msg *m;

	for (m = link_fifo_take(q); m != NULL; m = link_fifo_take(q)) {
		link_msg_free(m);
	}
}

void link_close(struct link *l)
{
	struct link_transport *t = l->priv;

	if (t != NULL) {
		t->close(l);
		l->priv = NULL;
	}
}

bool link_is_up(const struct link *l)
{
	const struct link_transport *t = l->priv;

	return t != NULL && t->is_up(l);
}

unsigned link_waiting(const struct link *l)
{
	const struct link_transport *t = l->priv;

	return t != NULL ? t->waiting(l) : 0;
}

int link_send_fd(struct link *l, struct link_head *head, uint16_t type,
		 size_t len, int fd)
{
	struct link_transport *t = l->priv;
	int err;

	if (len < sizeof(*head) || len > LINK_MSG_MAX) {
		return -EMSGSIZE;
	}
	if (t == NULL) {
		return -EPIPE;
	}
	head->version = LINK_VERSION;
	head->type = type;
	head->len = (uint32_t)len;
	err = t->send(l, head, fd);
	if (err == 0) {
		l->stats.tx++;
	} else if (err == -ENOBUFS) {
		l->stats.dropped_full++;
	}
	return err;
}

int link_send(struct link *l, struct link_head *head, uint16_t type, size_t len)
{
	return link_send_fd(l, head, type, len, -1);
}
