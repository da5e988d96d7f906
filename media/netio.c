/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/netio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/netio_priv.h"

static int make(struct netio *n, int *refused)
{
	int err;

	n->slots = calloc(n->cfg.slots, sizeof(*n->slots));
	n->queue.packets = calloc(NETIO_SEND, sizeof(*n->queue.packets));
	n->queue.octets = malloc(NETIO_OCTETS);
	if (!n->slots || !n->queue.packets || !n->queue.octets)
		return -ENOMEM;
	for (unsigned i = 0; i < n->cfg.slots; i++)
		n->slots[i].fd = -1;
	err = netio_plain_new(n);
	if (err == 0 && !n->cfg.plain)
		*refused = netio_uring_new(n);
	return err;
}

struct netio *netio_new(const struct netio_config *cfg, int *refused)
{
	struct netio *n;
	int err;

	*refused = 0;
	if (cfg->slots == 0 || cfg->slots > NETIO_SLOTS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->cfg = *cfg;
	err = make(n, refused);
	if (err < 0) {
		netio_free(n);
		errno = -err;
		return NULL;
	}
	return n;
}

void netio_free(struct netio *n)
{
	if (!n)
		return;
	netio_uring_free(n);
	netio_plain_free(n);
	free(n->queue.octets);
	free(n->queue.packets);
	free(n->slots);
	free(n);
}

int netio_add(struct netio *n, unsigned slot, int fd)
{
	int err = 0;

	if (slot >= n->cfg.slots || n->slots[slot].fd >= 0)
		return -EINVAL;
	n->slots[slot].fd = fd;
	if (n->bound)
		err = n->backend->renew(n, slot);
	if (err < 0)
		n->slots[slot].fd = -1;
	return err;
}

static bool has_queued(const struct netio *n, unsigned slot)
{
	for (unsigned i = 0; i < n->queue.count; i++)
		if (n->queue.packets[i].slot == slot)
			return true;
	return false;
}

/* tick */
bool netio_remove(struct netio *n, unsigned slot)
{
	if (slot >= n->cfg.slots || n->slots[slot].fd < 0)
		return true;
	if (has_queued(n, slot) || !netio_is_quiet(n, slot))
		return false;
	n->slots[slot].fd = -1;
	(void)n->backend->renew(n, slot);
	return true;
}

void netio_bind(struct netio *n)
{
	n->bound = true;
	if (n->backend->bind(n) == 0)
		return;
	/* Allowed to be made, but not to be used: then without. */
	netio_plain_use(n);
	for (unsigned i = 0; i < n->cfg.slots; i++)
		if (n->slots[i].listening)
			n->backend->change(n, i);
}

void netio_unbind(struct netio *n)
{
	netio_flush(n);
	n->backend->unbind(n);
}

/* tick */
static void set_listening(struct netio *n, unsigned slot, bool on)
{
	if (slot >= n->cfg.slots || n->slots[slot].fd < 0 ||
	    n->slots[slot].listening == on)
		return;
	n->slots[slot].listening = on;
	n->backend->change(n, slot);
}

/* tick */
void netio_listen(struct netio *n, unsigned slot)
{
	set_listening(n, slot, true);
}

/* tick */
void netio_mute(struct netio *n, unsigned slot)
{
	set_listening(n, slot, false);
}

/* tick */
bool netio_is_quiet(const struct netio *n, unsigned slot)
{
	return slot >= n->cfg.slots || n->slots[slot].fd < 0 ||
	       (!n->slots[slot].listening && n->backend->is_quiet(n, slot));
}

/* tick */
static void address(struct netio_packet *p, const struct net_addr *to)
{
	struct sockaddr_storage ss;

	p->to_len = 0;
	if (!to)
		return;
	p->to_len = (uint16_t)net_to_sockaddr(to, &ss);
	memcpy(&p->to, &ss, p->to_len);
}

/* tick */
int netio_send(struct netio *n, unsigned slot, const struct net_addr *to,
	       const void *data, size_t len)
{
	struct netio_queue *q = &n->queue;
	struct netio_packet *p;

	if (slot >= n->cfg.slots || n->slots[slot].fd < 0)
		return 0;
	if (len > UDP_MAX)
		return -EMSGSIZE;
	if (q->count == NETIO_SEND || q->used + len > NETIO_OCTETS)
		return -ENOBUFS;
	p = &q->packets[q->count++];
	p->slot = (uint16_t)slot;
	p->len = (uint16_t)len;
	p->data = q->octets + q->used;
	memcpy(p->data, data, len);
	address(p, to);
	q->used += len;
	return 0;
}

/* tick */
void netio_run(struct netio *n, mono_t now, int64_t wall_ns)
{
	n->backend->run(n, now, wall_ns);
}

/* tick */
void netio_flush(struct netio *n)
{
	if (n->queue.count)
		n->backend->flush(n);
}

void netio_stats(const struct netio *n, struct netio_stats *stats)
{
	*stats = n->stats;
}
