/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the DAHDI driver is made of, as a table, so that
 * tests can play a card. Each returns what the call of that name does, and
 * -errno where it fails.
 */
#ifndef MEDIA_DAHDI_SYS_H
#define MEDIA_DAHDI_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gateway/base/clock.h"

struct dahdi_sys {
	int (*open)(const char *path); /* not blocking */
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *to, size_t n);
	ssize_t (*write)(int fd, const void *from, size_t n);
	int (*control)(int fd, unsigned long what, void *arg);
	/* A small file's text, with its end: octets or -errno. */
	ssize_t (*text)(const char *path, char *to, size_t size);
	mono_t (*clock)(void);
	/* How often this thread has waited in the kernel so far. */
	uint64_t (*waits)(void);
	bool threads; /* may be used by several at once */
	bool descriptors; /* are the kernel's: io_uring may have them */
};

extern const struct dahdi_sys dahdi_kernel;

#endif
