/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes of many channels at once: one system call for all of them
 * by io_uring, or one for each. Both do the same: each is done now or says
 * -EAGAIN, none waits for the line.
 *
 * A system call saved costs io_uring's own work for each of them; which is
 * less differs from machine to machine. So both are tried in turns, reads and
 * writes by themselves, and the one that was quicker more often is kept. Where
 * io_uring is refused there is nothing to try.
 *
 * dahdi_batch_run() belongs to one thread, that of its first call.
 */
#ifndef MEDIA_DAHDI_BATCH_H
#define MEDIA_DAHDI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "media/dahdi_sys.h"

enum {
	DAHDI_BATCH_MAX = 32,
	DAHDI_BATCH_TRIALS = 63, /* of each; odd */
};

struct dahdi_move {
	int fd;		/* O_NONBLOCK */
	uint8_t slot;	/* the caller's */
	bool out;	/* a write */
	uint8_t *octets;
	unsigned n;
	ssize_t result; /* octets or -errno */
};

struct dahdi_batch;

/* NULL + errno (ENOMEM). *refused: 0, or why io_uring is not used (-errno);
 * -ENOTSUP: the table's descriptors are not the kernel's. */
struct dahdi_batch *dahdi_batch_new(const struct dahdi_sys *, int *refused);
void dahdi_batch_free(struct dahdi_batch *); /* or NULL */
/* tick: n <= DAHDI_BATCH_MAX, all reads or all writes. The octets are the
 * caller's again when it returns. */
void dahdi_batch_run(struct dahdi_batch *, struct dahdi_move *, unsigned n);
/* Has io_uring been found to be quicker? */
bool dahdi_batch_is_uring(const struct dahdi_batch *, bool out);

#endif
