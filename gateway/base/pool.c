/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 65535
#define ALIGN	  _Alignof(max_align_t)

struct slot {
	uint16_t generation; /* of the present or next user; never 0 */
	bool is_used;
	uint32_t next_free;
};

/*
 * Free slots that have been used form a queue: the slot freed longest ago is
 * taken first, but only while more than REST of them rest, else one never used
 * before. So a generation comes round again only after 65,535 x REST
 * allocations, and no more memory is touched than the most objects that ever
 * lived at a time, and REST.
 */
#define REST 32

struct pool {
	uint8_t *objects;
	size_t stride, size;
	struct slot *slots;
	uint32_t count, used;
	uint32_t first_free, last_free; /* first_free == count: none */
	uint32_t resting;		/* in that queue */
	uint32_t fresh;			/* from here on never used */
};

struct pool *pool_new(size_t object_size, unsigned count)
{
	struct pool *p;
	uint32_t i;

	if (object_size == 0 || object_size > SIZE_MAX - ALIGN || count == 0 ||
	    count > COUNT_MAX) {
		errno = EINVAL;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return NULL;
	}
	p->size = object_size;
	p->stride = (object_size + ALIGN - 1) / ALIGN * ALIGN;
	p->count = count;
	p->objects = calloc(count, p->stride);
	p->slots = calloc(count, sizeof(*p->slots));
	if (p->objects == NULL || p->slots == NULL) {
		pool_destroy(p);
		errno = ENOMEM;
		return NULL;
	}
	for (i = 0; i < count; i++) {
		p->slots[i].generation = 1;
	}
	p->first_free = p->last_free = count;
	return p;
}

void pool_destroy(struct pool *p)
{
	if (p != NULL) {
		free(p->objects);
		free(p->slots);
		free(p);
	}
}

void pool_touch(struct pool *p, unsigned n)
{
	uint32_t i;

	for (i = p->fresh; i < n && i < p->count; i++) {
		memset(p->objects + i * p->stride, 0, p->stride);
	}
}

static pool_id make_id(const struct pool *p, uint32_t i)
{
	return (pool_id)p->slots[i].generation << 16 | (i + 1);
}

/* The slot of a valid id; NULL for all others. */
static struct slot *find(const struct pool *p, pool_id id)
{
	uint32_t place = id & 0xffff;
	struct slot *s;

	if (place == 0 || place > p->count) {
		return NULL;
	}
	s = &p->slots[place - 1];
	return s->is_used && s->generation == id >> 16 ? s : NULL;
}

/* A free slot, or count. */
static uint32_t take(struct pool *p)
{
	uint32_t i = p->first_free;

	if (p->fresh < p->count && p->resting <= REST) {
		return p->fresh++;
	}
	if (i < p->count) {
		p->first_free = p->slots[i].next_free;
		p->resting--;
	}
	return i;
}

void *pool_alloc(struct pool *p, pool_id *id)
{
	uint32_t i = take(p);
	void *object;

	if (i == p->count) {
		*id = 0;
		return NULL;
	}
	p->slots[i].is_used = true;
	p->used++;
	object = p->objects + i * p->stride;
	memset(object, 0, p->size);
	*id = make_id(p, i);
	return object;
}

void pool_free(struct pool *p, pool_id id)
{
	struct slot *s = find(p, id);
	uint32_t i;

	if (s == NULL) {
		return;
	}
	i = (uint32_t)(s - p->slots);
	s->is_used = false;
	s->generation =
		s->generation == UINT16_MAX ? 1 : (uint16_t)(s->generation + 1);
	s->next_free = p->count;
	if (p->first_free == p->count) {
		p->first_free = i;
	} else {
		p->slots[p->last_free].next_free = i;
	}
	p->last_free = i;
	p->resting++;
	p->used--;
}

void *pool_get(const struct pool *p, pool_id id)
{
	const struct slot *s = find(p, id);

	return s == NULL ? NULL
			 : p->objects + (size_t)(s - p->slots) * p->stride;
}

unsigned pool_used(const struct pool *p)
{
	return p->used;
}

unsigned pool_size(const struct pool *p)
{
	return p->count;
}

pool_id pool_next(const struct pool *p, pool_id id)
{
	uint32_t i;

	for (i = id & 0xffff; i < p->count; i++) {
		if (p->slots[i].is_used) {
			return make_id(p, i);
		}
	}
	return 0;
}
