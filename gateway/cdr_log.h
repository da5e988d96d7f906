/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CDRs to disk. Lines wait in memory; one job at a time writes a batch of
 * them in a helper thread and syncs it: no call ever waits for a disk. What
 * could not be written whole is cut off again and retried, so a line is never
 * there twice or in part. Files are "cdr-YYYYMMDDTHH.jsonl" after the hour
 * (UTC) in which the call ended.
 *
 *    put -> queue -> batch -> write, sync, note "cdr.seq" -> on_safe(slot)
 *                      ^________ failed: cut, wait, again
 *
 * Sequence: one higher than the last on disk, from the state file "cdr.seq"
 * or the last line of the newest CDR file, whichever is higher. Lines that
 * only memory knew when the core died are not on disk, so their numbers are
 * given again, to the records of the journal: no gap, none twice.
 *
 * Thread: the core's loop; only job_run() runs elsewhere, on its own data.
 */
#ifndef GATEWAY_CDR_LOG_H
#define GATEWAY_CDR_LOG_H

#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/cdr.h"

#include <sys/types.h>

#define CDR_QUEUE_MAX 100000
#define CDR_FILE_NAME 24

/* The calls into the kernel, so that tests can make them fail. */
struct cdr_io {
	int (*open)(int dir_fd, const char *name, int flags, mode_t mode);
	ssize_t (*pwrite)(int fd, const void *buf, size_t n, off_t at);
	int (*fsync)(int fd);
	int (*ftruncate)(int fd, off_t len);
};

struct cdr_stats {
	uint64_t written;  /* lines safe on disk */
	uint64_t failures; /* batches that had to be retried */
	uint64_t lost;	   /* lines given up: no memory, queue full */
};

struct cdr_line;
struct cdr_job;

/* The slot of the journal given with the line is no longer needed. */
typedef void cdr_safe_fn(void *owner, int slot);

struct cdr_log {
	struct loop *loop;
	const struct cdr_io *io;
	cdr_safe_fn *on_safe;
	void *owner;
	char node[CONF_NAME];
	int dir_fd, state_fd; /* -1 = none yet; state_fd: file "cdr.seq" */
	uint64_t next_seq;
	unsigned queued; /* lines not yet on disk */
	struct cdr_line *first, **last;
	struct cdr_job *job;   /* under way, or NULL */
	struct timer retry;
	int64_t retry_ms;
	bool failing;
	/* The file last written whole, and its length then. */
	char name[CDR_FILE_NAME];
	off_t size;
	struct cdr_stats stats;
	struct log_limit limit;
};

/* io NULL: the kernel's. Nothing is opened. */
void cdr_log_init(struct cdr_log *, struct loop *, const struct cdr_io *io);

/* Directories: descriptors are the log's from here on. 0 or -errno; a
 * missing or unreadable state file is no error. */
int cdr_log_set_dir(struct cdr_log *, int dir_fd);
int cdr_log_set_state_dir(struct cdr_log *, int dir_fd);

/* After both directories: finds the next number; cuts a part of a line that a
 * killed core left. Call before the first put. Returns the last number on
 * disk, 0 = none. */
uint64_t cdr_log_start(struct cdr_log *);

/* Gives *cdr the next number and takes its line. 0, or -ENOMEM, -ENOBUFS,
 * -ENOSPC (a line over CDR_LINE_MAX): the record is lost and counted. */
int cdr_log_put(struct cdr_log *, struct cdr *, int slot);

/* Writes what waits, unless the disk refuses; then closes. Lines not written
 * stay in the journal. Not from inside a callback of the loop. */
void cdr_log_close(struct cdr_log *);

#endif
