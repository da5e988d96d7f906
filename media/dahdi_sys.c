/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dahdi_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int kernel_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int kernel_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

/* tick */
static ssize_t kernel_read(int fd, void *to, size_t n)
{
	ssize_t got = read(fd, to, n);

	return got < 0 ? -errno : got;
}

/* tick */
static ssize_t kernel_write(int fd, const void *from, size_t n)
{
	ssize_t put = write(fd, from, n);

	return put < 0 ? -errno : put;
}

/* tick */
static int kernel_control(int fd, unsigned long what, void *arg)
{
	return ioctl(fd, what, arg) < 0 ? -errno : 0;
}

const struct dahdi_sys dahdi_kernel = {
	kernel_open, kernel_close, kernel_read, kernel_write, kernel_control,
};
