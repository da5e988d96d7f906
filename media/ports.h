/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RTP port pairs of the role, by number, and the order in which they are
 * used: the one that has rested longest first. A pair rests for 10 s after a
 * call, so that late packets of it find nobody; if all that are free still
 * rest, the oldest is taken all the same, and counted: SSRC and source are
 * checked anyway. Thread: the role's loop.
 */
#ifndef MEDIA_PORTS_H
#define MEDIA_PORTS_H

#include "gateway/base/clock.h"
#include "gateway/base/net.h"

enum { PORTS_REST_MS = 10000, PORTS_NONE = -1 };

struct port_pair {
	struct net_addr local; /* of RTP; family 0: no such pair */
	mono_t rested;	       /* from then on it is fresh */
};

struct ports {
	unsigned size, free;
	uint64_t early; /* taken before their rest was over */
	struct port_pair *pairs;
	uint16_t *queue; /* free ones in a ring, oldest first */
	unsigned head;
};

/* All pairs are free and fresh. 0 or -ENOMEM. */
int ports_init(struct ports *, const struct net_addr *local, unsigned size);
void ports_fini(struct ports *);
/* The number of a pair, or PORTS_NONE. */
int ports_take(struct ports *, mono_t now);
void ports_give(struct ports *, unsigned pair, mono_t now);

#endif
