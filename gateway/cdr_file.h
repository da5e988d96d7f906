/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files under the CDR log: one batch written whole or not at all, the
 * state file, and what an earlier life left. Blocking. cdr_file_write runs in
 * a helper thread and touches nothing but its argument and its descriptors;
 * the rest runs before the first call.
 */
#ifndef GATEWAY_CDR_FILE_H
#define GATEWAY_CDR_FILE_H

#include "gateway/cdr_log.h"

#define CDR_STATE_NAME "cdr.seq"

struct cdr_file_write {
	const struct cdr_io *io;
	int dir_fd, state_fd; /* state_fd -1: no state file */
	char name[CDR_FILE_NAME];
	bool known; /* base is known: what lies behind it is ours to cut */
	off_t base; /* in: if known; out: where this batch starts */
	bool based; /* out: base is set; what lies behind it is ours */
	char *data;
	size_t len;
	uint64_t seq; /* of the last line */
	int err;      /* out: 0 or -errno */
};

extern const struct cdr_io cdr_file_io; /* the kernel's */

void cdr_file_write(struct cdr_file_write *);

/* The number in the state file; 0 = none or not readable. */
uint64_t cdr_file_read_state(int state_fd);

/* The highest number in the newest CDR file that holds a whole line; 0 =
 * none. A part of a line at its end is cut off. */
uint64_t cdr_file_last_seq(int dir_fd);

#endif
