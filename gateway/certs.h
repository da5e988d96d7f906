/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates, keys and CAs of the trunks: the supervisor reads the files, at
 * start and at each reload, and hands their octets to the sip role, which
 * opens no file. What they hold is looked at there (sip/tls.h, sip/stir.h).
 */
#ifndef GATEWAY_CERTS_H
#define GATEWAY_CERTS_H

#include "conf/conf.h"

#include <stdbool.h>

enum certs { CERTS_TLS, CERTS_STIR }; /* what they are for */

/* Has the trunk anything of that kind? */
bool certs_wanted(const struct conf_trunk *, enum certs);
/* The bundle of a trunk as a sealed memory file, the caller's; -errno, then it
 * has been logged. file: of the configuration, for that line. */
int certs_memfd(const struct conf_trunk *, enum certs, const char *file);

#endif
