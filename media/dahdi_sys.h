/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the DAHDI driver is made of, as a table, so that
 * tests can play a card. Each returns what the call of that name does, and
 * -errno where it fails.
 */
#ifndef MEDIA_DAHDI_SYS_H
#define MEDIA_DAHDI_SYS_H

#include <stddef.h>
#include <sys/types.h>

struct dahdi_sys {
	int (*open)(const char *path); /* not blocking */
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *to, size_t n);
	ssize_t (*write)(int fd, const void *from, size_t n);
	int (*control)(int fd, unsigned long what, void *arg);
};

extern const struct dahdi_sys dahdi_kernel;

#endif
