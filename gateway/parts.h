/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the configuration that each role gets, as a sealed memory file.
 * Passwords are in the sip role's part alone.
 */
#ifndef GATEWAY_PARTS_H
#define GATEWAY_PARTS_H

#include "conf/conf.h"
#include "gateway/base/role.h"

/* index: the span, for isdn. A descriptor, the caller's, or -errno. */
int parts_memfd(const struct conf *, enum role_id, unsigned index);
/* The octets themselves, to be freed; for roles in one process. */
void *parts_make(const struct conf *, enum role_id, unsigned index,
		 size_t *len);

#endif
