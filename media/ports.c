/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ports_init(struct ports *p, const struct net_addr *local, unsigned size)
{
	memset(p, 0, sizeof(*p));
	p->pairs = calloc(size, sizeof(*p->pairs));
	p->queue = calloc(size, sizeof(*p->queue));
	if (!p->pairs || !p->queue) {
		ports_fini(p);
		return -ENOMEM;
	}
	p->size = size;
	for (unsigned i = 0; i < size; i++) {
		p->pairs[i].local = local[i];
		if (local[i].family)
			p->queue[p->free++] = (uint16_t)i;
	}
	return 0;
}

void ports_fini(struct ports *p)
{
	free(p->pairs);
	free(p->queue);
	memset(p, 0, sizeof(*p));
}

int ports_take(struct ports *p, mono_t now)
{
	unsigned pair;

	if (!p->free)
		return PORTS_NONE;
	pair = p->queue[p->head];
	p->head = (p->head + 1) % p->size;
	p->free--;
	if (mono_diff_ns(now, p->pairs[pair].rested) < 0)
		p->early++;
	return (int)pair;
}

void ports_give(struct ports *p, unsigned pair, mono_t now)
{
	p->pairs[pair].rested = mono_add_ms(now, PORTS_REST_MS);
	p->queue[(p->head + p->free) % p->size] = (uint16_t)pair;
	p->free++;
}
