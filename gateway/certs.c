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
#define PARTS	    4
#define RIGHTS_MAX  128

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

bool certs_wanted(const struct conf_trunk *t, enum certs what)
{
	if (what == CERTS_STIR) {
		return t->who.stir.sign || t->who.stir.verify != CONF_STIR_OFF;
	}
	return t->transport == CONF_TLS || t->transport == CONF_AUTO;
}

struct part {
	const char *name, *path; /* path NULL: there are no more */
};

static const char *tls_ca(const struct conf_trunk *t)
{
	if (t->tls.ca[0]) {
		return t->tls.ca;
	}
	return t->tls.verify == CONF_VERIFY_NONE ? "" : SYSTEM_CAS;
}

/* In the order of the bundle. What is not in use is empty. */
static void list(const struct conf_trunk *t, enum certs what,
		 struct part out[PARTS])
{
	const struct conf_stir *s = &t->who.stir;
	bool verify = s->verify != CONF_STIR_OFF;

	memset(out, 0, PARTS * sizeof(*out));
	if (what == CERTS_TLS) {
		out[0] = (struct part){"tls.certificate", t->tls.certificate};
		out[1] = (struct part){"tls.key", t->tls.key};
		out[2] = (struct part){"tls.ca", tls_ca(t)};
		out[3] = (struct part){"tls.crl", t->tls.crl};
		return;
	}
	out[0] = (struct part){"stir.certificate",
			       s->sign ? s->certificate : ""};
	out[1] = (struct part){"stir.key", s->sign ? s->key : ""};
	out[2] = (struct part){"stir.ca", verify ? s->ca : ""};
	out[3] = (struct part){"stir.certificates",
			       verify ? s->certificates : ""};
}

/* What is to be done: the supervisor opens the files as the user that it was
 * started as. */
static const char *rights(char text[RIGHTS_MAX])
{
	snprintf(text, RIGHTS_MAX,
		 "; give it to user %u (chown), or hand it in by "
		 "LoadCredential= of the unit", (unsigned)geteuid());
	return text;
}

int certs_memfd(const struct conf_trunk *t, enum certs what, const char *file)
{
	unsigned line = what == CERTS_STIR ? t->who.stir.line : t->tls.line;
	char text[RIGHTS_MAX];
	struct part part[PARTS];
	struct bundle b = { malloc(PARTS * (sizeof(uint32_t) + FILE_OCTETS)),
			    0 };
	int err = b.data ? 0 : -ENOMEM, fd = -1;
	unsigned i = 0;

	list(t, what, part);
	while (!err && i < PARTS && part[i].path) {
		err = append(&b, part[i].path);
		i += !err;
	}
	if (!err) {
		fd = memfd_create_sealed("trunkgate-keys", b.data, b.len);
		if (fd < 0) {
			log_err("trunk %s: no memory file for its "
				"certificates: %s", t->name, strerror(-fd));
		}
	} else {
		log_err("trunk %s: %s:%u: %s: cannot read %s: %s%s", t->name,
			file, line, part[i].name, part[i].path, strerror(-err),
			err == -EACCES ? rights(text) : "");
	}
	if (b.data) {
		explicit_bzero(b.data, b.len);
	}
	free(b.data);
	return err ? err : fd;
}
