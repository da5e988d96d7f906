/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of equal objects, allocated once, with handles that carry a
 * generation: the handle of a freed object is never taken for its successor.
 * One thread.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool;

/* 0 = none. Low 16 bits: index + 1; high 16 bits: generation (never 0). */
typedef uint32_t pool_id;

struct pool *pool_new(size_t object_size, unsigned count); /* NULL + errno */
void pool_destroy(struct pool *);
/* Has the memory of the first n objects at hand before it is needed. */
void pool_touch(struct pool *, unsigned n);
/* A zeroed object and its id, or NULL (and 0) when the pool is empty. */
void *pool_alloc(struct pool *, pool_id *id);
void pool_free(struct pool *, pool_id id);
/* NULL when the id is stale or wrong. */
void *pool_get(const struct pool *, pool_id id);
unsigned pool_used(const struct pool *);
unsigned pool_size(const struct pool *);
/* Walk: start with 0, returns the next used id after id, 0 at the end. */
pool_id pool_next(const struct pool *, pool_id id);

#endif
