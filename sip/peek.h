/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a message is, from just enough of its octets to know, before anything of
 * it has been checked (gate.h) or parsed (msg.h). Any octets will do. What
 * belongs to a dialog is never taken for a new call.
 */
#ifndef SIP_PEEK_H
#define SIP_PEEK_H

#include "conf/conf.h"

#include <stddef.h>

/* An INVITE whose To header bears no tag: a call that does not exist yet. */
bool peek_is_new_call(const char *data, size_t len);
/* Is the user part of its Request-URI, as it stands there, one of n numbers? */
bool peek_dials(const char *data, size_t len,
		const char (*number)[CONF_NUMBER], unsigned n);

#endif
