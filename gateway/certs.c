/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/certs.h"

#include "gateway/base/log.h"
#include "gateway/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"
#define FILE_OCTETS (1u << 20)

struct bundle {
	char *data;
	size_t len;
};

/* Appends a length and so many octets of a file. 0 or -errno. */
static int append(struct bundle *b, const char *path)
{
	int fd = path[0] ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	uint32_t n = 0;
	ssize_t got = 0;
	int err = 0;

	if (path[0] && fd < 0) {
		return -errno;
	}
	while (fd >= 0 && n < FILE_OCTETS &&
	       (got = read(fd, b->data + b->len + sizeof(n) + n,
			   FILE_OCTETS - n)) > 0) {
		n += (uint32_t)got;
	}
	err = got < 0 ? -errno : n == FILE_OCTETS ? -EFBIG : 0;
	if (fd >= 0) {
		close(fd);
	}
	memcpy(b->data + b->len, &n, sizeof(n));
	b->len += sizeof(n) + n;
	return err;
}

bool certs_wanted(const struct conf_trunk *t)
{
	return t->transport == CONF_TLS || t->transport == CONF_AUTO;
}

void *certs_read(const struct conf_trunk *t, size_t *len, char *why,
		 size_t size)
{
	const char *ca = t->tls.ca[0] ? t->tls.ca
			 : t->tls.verify == CONF_VERIFY_NONE ? ""
							     : SYSTEM_CAS;
	const char *const path[] = { t->tls.certificate, t->tls.key, ca };
	static const char *const name[] = { "certificate", "key", "ca" };
	size_t room = 3 * (sizeof(uint32_t) + FILE_OCTETS);
	struct bundle b = { malloc(room), 0 };
	int err = b.data ? 0 : -ENOMEM;
	int i = 0;

	for (; i < 3 && !err; i++) {
		err = append(&b, path[i]);
	}
	if (!err) {
		*len = b.len;
		return b.data;
	}
	snprintf(why, size, "tls.%s: cannot read %s: %s", name[i ? i - 1 : 0],
		 path[i ? i - 1 : 0], strerror(-err));
	if (b.data) {
		explicit_bzero(b.data, b.len);
	}
	free(b.data);
	return NULL;
}

int certs_memfd(const struct conf_trunk *t, const char *file)
{
	char why[CONF_PATH + 100];
	size_t len = 0;
	void *data = certs_read(t, &len, why, sizeof(why));
	int fd;

	if (!data) {
		log_err("trunk %s: %s:%u: %s", t->name, file, t->tls.line, why);
		return -ENOENT;
	}
	fd = memfd_create_sealed("trunkgate-tls", data, len);
	explicit_bzero(data, len);
	free(data);
	return fd;
}
