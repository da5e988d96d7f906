/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dahdi_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
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

static ssize_t kernel_text(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : kernel_read(fd, to, size - 1);

	if (fd >= 0)
		close(fd);
	if (n >= 0)
		to[n] = '\0';
	return n;
}

/* tick */
static uint64_t kernel_waits(void)
{
	struct rusage u = { .ru_nvcsw = 0 };

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)u.ru_nvcsw;
}

const struct dahdi_sys dahdi_kernel = {
	kernel_open,	kernel_close, kernel_read, kernel_write,
	kernel_control, kernel_text,  clock_mono,  kernel_waits,
	true,		true,
};
