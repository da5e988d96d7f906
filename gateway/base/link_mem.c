/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends of a link in one process. A message waits in the receiver's
 * inbox for a deferred call, one message a call. As with a socket, what was
 * sent before a close still arrives, then on_down comes.
 *
 * A delivery queues the next one first and calls the handler last, so the
 * handler may close either end.
 */
#include "gateway/base/link_priv.h"

#include <errno.h>
#include <stdlib.h>

struct link_mem {
	struct link_transport base;
	struct link *link;
	struct link_mem *peer; /* NULL: closed */
	struct link_fifo inbox;
	struct defer deliver;
	bool is_down; /* on_down was called */
};

static void deliver(struct defer *d)
{
	struct link_mem *end = container_of(d, struct link_mem, deliver);
	struct link *l = end->link;
	struct link_msg *m = link_fifo_take(&end->inbox);
	int fd;

	if (m == NULL) {
		end->is_down = true;
		l->ops->on_down(l);
		return;
	}
	if (end->inbox.count > 0 || end->peer == NULL) {
		loop_defer(l->loop, &end->deliver, deliver);
	}
	l->stats.rx++;
	fd = m->fd;
	m->fd = -1;
	l->ops->on_msg(l, link_msg_head(m), fd);
	link_msg_free(m);
}

static int mem_send(struct link *l, const struct link_head *head, int fd)
{
	struct link_mem *end = l->priv;
	int err;

	if (end->peer == NULL) {
		return -EPIPE;
	}
	err = link_fifo_put(&end->peer->inbox, head, fd);
	if (err == 0) {
		loop_defer(l->loop, &end->peer->deliver, deliver);
	}
	return err;
}

static void mem_close(struct link *l)
{
	struct link_mem *end = l->priv;

	if (end->peer != NULL) {
		end->peer->peer = NULL;
		loop_defer(l->loop, &end->peer->deliver, deliver);
	}
	loop_defer_cancel(l->loop, &end->deliver);
	link_fifo_clear(&end->inbox);
	free(end);
}

static bool mem_is_up(const struct link *l)
{
	const struct link_mem *end = l->priv;

	return !end->is_down;
}

static unsigned mem_waiting(const struct link *l)
{
	const struct link_mem *end = l->priv;

	return end->peer != NULL ? end->peer->inbox.count : 0;
}

static struct link_mem *mem_end(struct link *l, const struct link_ops *ops,
				struct loop *loop)
{
	struct link_mem *end = calloc(1, sizeof(*end));

	if (end == NULL) {
		return NULL;
	}
	end->base.send = mem_send;
	end->base.close = mem_close;
	end->base.is_up = mem_is_up;
	end->base.waiting = mem_waiting;
	end->link = l;
	*l = (struct link){.ops = ops, .loop = loop, .priv = end};
	return end;
}

int link_open_mem(struct link *a, const struct link_ops *a_ops, struct link *b,
		  const struct link_ops *b_ops, struct loop *loop)
{
	struct link_mem *a_end, *b_end;

	a_end = mem_end(a, a_ops, loop);
	b_end = mem_end(b, b_ops, loop);
	if (a_end == NULL || b_end == NULL) {
		goto free_ends;
	}
	a_end->peer = b_end;
	b_end->peer = a_end;
	return 0;

free_ends:
	free(a_end);
	free(b_end);
	a->priv = NULL;
	b->priv = NULL;
	return -ENOMEM;
}
