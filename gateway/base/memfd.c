/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a reader relies on; F_SEAL_SEAL only keeps others from adding more. */
#define SEALS_NEEDED (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE)
#define SEALS_ALL    (SEALS_NEEDED | F_SEAL_SEAL)

static int write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			return -EIO;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int memfd_create_sealed(const char *name, const void *data, size_t len)
{
	int fd, err;

	if (len == 0) {
		return -EINVAL;
	}
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		return -errno;
	}
	err = write_all(fd, data, len);
	if (err < 0) {
		goto close_fd;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS_ALL) < 0) {
		err = -errno;
		goto close_fd;
	}
	return fd;

close_fd:
	close(fd);
	return err;
}

int memfd_map_sealed(int fd, size_t min_len, size_t max_len, const void **data,
		     size_t *len)
{
	struct stat st;
	void *p;
	int seals;

	/* Only memory files know the question: others answer EINVAL. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0) {
		return errno == EBADF ? -EBADF : -EPERM;
	}
	if ((seals & SEALS_NEEDED) != SEALS_NEEDED) {
		return -EPERM;
	}
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (st.st_size <= 0 || (uintmax_t)st.st_size < min_len ||
	    (uintmax_t)st.st_size > max_len) {
		return -EMSGSIZE;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		return -errno;
	}
	*data = p;
	*len = (size_t)st.st_size;
	return 0;
}

void memfd_unmap(const void *data, size_t len)
{
	if (data != NULL) {
		munmap((void *)(uintptr_t)data, len);
	}
}
