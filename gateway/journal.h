/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: one slot of a mapped file for each call that is up, so that a
 * killed core still knows its calls when it starts again. A slot holds two
 * copies, each with its generation and checksum; a write goes to the older
 * one, so that being killed in the middle loses that write only.
 *
 * Opening reads what an earlier life left, whatever its number of slots, and
 * puts it into the first slots of a new file that then takes the old name.
 * A file of another version or size of record is set aside as
 * "calls.journal.bad", never overwritten.
 *
 * The blocks of the file are reserved when it is made: writing a slot cannot
 * meet a full disk. Nothing is synced: the journal is for the death of the
 * process, and after a loss of power holds what the kernel had written.
 *
 * A zeroed struct journal is closed: take answers -1, put and drop do nothing.
 * Thread: the core's loop.
 */
#ifndef GATEWAY_JOURNAL_H
#define GATEWAY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal {
	void *map; /* NULL = closed */
	size_t map_len;
	size_t record;	 /* octets of the caller's record */
	unsigned slots;
	unsigned used;
	unsigned *free_slots; /* a stack of slots - used indices */
	uint64_t full;	      /* take refused */
	uint64_t bad;	      /* slots found with no valid copy */
};

/* dir_fd: borrowed for the call. version: of the record's layout. 0 or
 * -errno, then the journal is closed. */
int journal_open(struct journal *, int dir_fd, unsigned version, size_t record,
		 unsigned slots);
void journal_close(struct journal *);

/* A free slot, or -1. */
int journal_take(struct journal *);
void journal_put(struct journal *, int slot, const void *record);
void journal_drop(struct journal *, int slot);

/* Walk over used slots: start with -1; -1 at the end. After open these are
 * what the earlier life left. *record gets a copy. */
int journal_next(const struct journal *, int after, void *record);

#endif
