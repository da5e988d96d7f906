/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates, keys and CAs of the trunks: the supervisor reads the files, at
 * start and at each reload, and hands their octets to the sip role, which
 * opens no file. What they hold is looked at there (sip/tls.h), or by --check.
 */
#ifndef GATEWAY_CERTS_H
#define GATEWAY_CERTS_H

#include "conf/conf.h"

#include <stddef.h>

/* Has the trunk TLS at all? */
bool certs_wanted(const struct conf_trunk *);
/* The bundle of a trunk, to be wiped and freed; NULL: why not, in words. */
void *certs_read(const struct conf_trunk *, size_t *len, char *why,
		 size_t size);
/* The same as a sealed memory file, the caller's; -errno, then it has been
 * logged. file: of the configuration, for that line. */
int certs_memfd(const struct conf_trunk *, const char *file);

#endif
