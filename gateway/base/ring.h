/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single-producer, single-consumer ring of fixed-size records between two
 * threads. Lock-free, no allocation after ring_init, every call bounded:
 * may be used in the media tick. A full ring refuses and counts.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	size_t size;   /* of a record */
	uint32_t mask; /* records - 1 */
	uint8_t *data;
	_Atomic uint32_t head; /* written by the producer, read by consumer */
	_Atomic uint32_t tail; /* written by the consumer, read by producer */
	_Atomic uint64_t full; /* refused, counted by the producer */
};

/* records: a power of two. 0, -EINVAL or -ENOMEM. */
int ring_init(struct ring *, size_t record_size, uint32_t records);
void ring_fini(struct ring *);
bool ring_put(struct ring *, const void *record); /* tick; false: full */
bool ring_get(struct ring *, void *record);	  /* tick; false: empty */
/* As ring_get; nothing of the record stays in the ring: for secrets. */
bool ring_take(struct ring *, void *record);

#endif
