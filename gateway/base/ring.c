/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * head and tail run freely and wrap at 2^32; head - tail is the number of
 * records held, 0 to mask + 1. A side reads its own counter relaxed and the
 * other's with acquire, which pairs with the other's release store.
 */
#include "gateway/base/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ring_init(struct ring *r, size_t record_size, uint32_t records)
{
	uint8_t *data;

	if (record_size == 0 || records == 0 ||
	    (records & (records - 1)) != 0) {
		return -EINVAL;
	}
	data = record_size > SIZE_MAX / records ? NULL
						: calloc(records, record_size);
	if (data == NULL) {
		return -ENOMEM;
	}
	r->size = record_size;
	r->mask = records - 1;
	r->data = data;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->full, 0);
	return 0;
}

void ring_fini(struct ring *r)
{
	free(r->data);
	r->data = NULL;
}

/* tick */
bool ring_put(struct ring *r, const void *record)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	/* pairs with the store in release: the record there is read */
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head - tail > r->mask) {
		atomic_fetch_add_explicit(&r->full, 1, memory_order_relaxed);
		return false;
	}
	memcpy(r->data + (head & r->mask) * r->size, record, r->size);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

/* NULL: empty. */
static uint8_t *oldest(const struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* pairs with the store in ring_put: the record there is written */
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	return head == tail ? NULL : r->data + (tail & r->mask) * r->size;
}

static void release(struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

/* tick */
bool ring_get(struct ring *r, void *record)
{
	const uint8_t *at = oldest(r);

	if (at == NULL) {
		return false;
	}
	memcpy(record, at, r->size);
	release(r);
	return true;
}

/* tick */
bool ring_take(struct ring *r, void *record)
{
	uint8_t *at = oldest(r);

	if (at == NULL) {
		return false;
	}
	memcpy(record, at, r->size);
	explicit_bzero(at, r->size);
	release(r);
	return true;
}
