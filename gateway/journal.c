/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME	  "calls.journal"
#define NAME_NEW  "calls.journal.new"
#define NAME_BAD  "calls.journal.bad"
#define MAGIC	  0x4a544754u /* "TGTJ" */
#define SLOTS_MAX 65536
#define FILE_MAX  (256u << 20)

struct file_head {
	uint32_t magic, version;
	uint64_t record;
	uint32_t slots, pad;
};

struct copy {
	uint64_t sum; /* over gen, used and the record; 0 = being written */
	uint32_t gen;
	uint32_t used;
	uint8_t record[];
};

static size_t copy_len(size_t record)
{
	return (sizeof(struct copy) + record + 7) & ~(size_t)7;
}

static size_t file_len(size_t record, unsigned slots)
{
	return sizeof(struct file_head) + 2 * copy_len(record) * slots;
}

static struct copy *copy_at(const void *map, size_t record, unsigned slot,
			    unsigned which)
{
	uint8_t *base = (uint8_t *)(uintptr_t)map + sizeof(struct file_head);

	return (struct copy *)(void *)(base + copy_len(record) *
						       (2 * slot + which));
}

/* FNV-1a, 64 bits; never 0. */
static uint64_t sum_of(const struct copy *c, size_t record)
{
	const uint8_t *p = (const uint8_t *)&c->gen;
	size_t n = sizeof(*c) - offsetof(struct copy, gen) + record;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ p[i]) * 1099511628211u;
	}
	return h == 0 ? 1 : h;
}

static bool is_valid(const struct copy *c, size_t record)
{
	return c->sum != 0 && c->sum == sum_of(c, record);
}

/* The newer valid copy, or NULL. */
static const struct copy *newest(const void *map, size_t record, unsigned slot)
{
	const struct copy *a = copy_at(map, record, slot, 0);
	const struct copy *b = copy_at(map, record, slot, 1);

	if (!is_valid(a, record)) {
		return is_valid(b, record) ? b : NULL;
	}
	if (!is_valid(b, record)) {
		return a;
	}
	return (int32_t)(a->gen - b->gen) > 0 ? a : b;
}

static void write_copy(void *map, size_t record, unsigned slot, uint32_t used,
		       const void *data)
{
	const struct copy *last = newest(map, record, slot);
	struct copy *c = copy_at(map, record, slot, 0);

	if (c == last) {
		c = copy_at(map, record, slot, 1);
	}
	c->sum = 0;
	/* A kill between these stores leaves this copy invalid and the other
	 * one whole; the compiler must not move them. */
	__asm__ volatile("" ::: "memory");
	c->gen = last == NULL ? 1 : last->gen + 1;
	c->used = used;
	if (data != NULL) {
		memcpy(c->record, data, record);
	} else {
		memset(c->record, 0, record);
	}
	__asm__ volatile("" ::: "memory");
	c->sum = sum_of(c, record);
}

/* An earlier life's file, mapped; NULL + errno (ENOENT: there is none,
 * EPROTO: it is not one of ours). */
static void *map_old(int dir_fd, unsigned version, size_t record,
		     unsigned *slots, size_t *len)
{
	struct file_head *h = MAP_FAILED;
	int fd = openat(dir_fd, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0) {
		return NULL;
	}
	errno = EPROTO;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)sizeof(*h) && st.st_size <= FILE_MAX) {
		*len = (size_t)st.st_size;
		h = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (h == MAP_FAILED) {
		errno = EPROTO;
		return NULL;
	}
	if (h->magic != MAGIC || h->version != version ||
	    h->record != record || h->slots > SLOTS_MAX ||
	    *len < file_len(record, h->slots)) {
		munmap(h, *len);
		errno = EPROTO;
		return NULL;
	}
	*slots = h->slots;
	return h;
}

static int make_new(struct journal *j, int dir_fd, unsigned version)
{
	int fd = openat(dir_fd, NAME_NEW,
			O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);
	struct file_head h = {MAGIC, version, j->record, j->slots, 0};
	int err;

	if (fd < 0) {
		return -errno;
	}
	j->map_len = file_len(j->record, j->slots);
	err = -posix_fallocate(fd, 0, (off_t)j->map_len);
	if (err == 0) {
		j->map = mmap(NULL, j->map_len, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
		if (j->map == MAP_FAILED) {
			err = -errno;
			j->map = NULL;
		}
	}
	close(fd);
	if (err != 0) {
		unlinkat(dir_fd, NAME_NEW, 0);
		return err;
	}
	memcpy(j->map, &h, sizeof(h));
	return 0;
}

/* Moves what was in use to the front of the new file. */
static void adopt(struct journal *j, const void *old, unsigned old_slots)
{
	for (unsigned i = 0; i < old_slots; i++) {
		const struct copy *c = newest(old, j->record, i);
		const struct copy *raw = copy_at(old, j->record, i, 0);

		if (c == NULL) {
			j->bad += raw->gen != 0 || raw->used != 0;
			continue;
		}
		if (c->used != 0) {
			write_copy(j->map, j->record, j->used, 1, c->record);
			j->used++;
		}
	}
}

static unsigned count_used(const void *old, size_t record, unsigned slots)
{
	unsigned n = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct copy *c = newest(old, record, i);

		n += c != NULL && c->used != 0;
	}
	return n;
}

static int open_new(struct journal *j, int dir_fd, unsigned version,
		    const void *old, unsigned old_slots)
{
	int err = make_new(j, dir_fd, version);

	if (err != 0) {
		return err;
	}
	j->free_slots = calloc(j->slots, sizeof(*j->free_slots));
	if (j->free_slots == NULL) {
		return -ENOMEM;
	}
	if (old != NULL) {
		adopt(j, old, old_slots);
	}
	for (unsigned i = 0; i < j->slots - j->used; i++) {
		j->free_slots[i] = j->slots - 1 - i;
	}
	return renameat(dir_fd, NAME_NEW, dir_fd, NAME) == 0 ? 0 : -errno;
}

int journal_open(struct journal *j, int dir_fd, unsigned version,
		 size_t record, unsigned slots)
{
	unsigned old_slots = 0, in_use;
	size_t old_len = 0;
	void *old;
	int err;

	memset(j, 0, sizeof(*j));
	old = map_old(dir_fd, version, record, &old_slots, &old_len);
	if (old == NULL && errno == EPROTO) {
		if (renameat(dir_fd, NAME, dir_fd, NAME_BAD) != 0) {
			return -errno;
		}
		j->bad++;
	}
	in_use = old == NULL ? 0 : count_used(old, record, old_slots);
	j->record = record;
	j->slots = slots + in_use;
	err = j->slots > SLOTS_MAX ? -E2BIG
				   : open_new(j, dir_fd, version, old,
					      old_slots);
	if (old != NULL) {
		munmap(old, old_len);
	}
	if (err != 0) {
		journal_close(j);
	}
	return err;
}

void journal_close(struct journal *j)
{
	if (j->map != NULL) {
		munmap(j->map, j->map_len);
	}
	free(j->free_slots);
	memset(j, 0, sizeof(*j));
}

int journal_take(struct journal *j)
{
	if (j->map == NULL) {
		return -1;
	}
	if (j->used == j->slots) {
		j->full++;
		return -1;
	}
	j->used++;
	return (int)j->free_slots[j->slots - j->used];
}

void journal_put(struct journal *j, int slot, const void *record)
{
	if (j->map != NULL && slot >= 0) {
		write_copy(j->map, j->record, (unsigned)slot, 1, record);
	}
}

void journal_drop(struct journal *j, int slot)
{
	if (j->map == NULL || slot < 0) {
		return;
	}
	write_copy(j->map, j->record, (unsigned)slot, 0, NULL);
	j->free_slots[j->slots - j->used] = (unsigned)slot;
	j->used--;
}

int journal_next(const struct journal *j, int after, void *record)
{
	for (unsigned i = (unsigned)(after + 1);
	     j->map != NULL && i < j->slots; i++) {
		const struct copy *c = newest(j->map, j->record, i);

		if (c != NULL && c->used != 0) {
			memcpy(record, c->record, j->record);
			return (int)i;
		}
	}
	return -1;
}
