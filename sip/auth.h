/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trunk's user and password, and who may have an answer made with them: the
 * trunk's own servers, by address, and where auth.realm is set only for that
 * realm. A challenge of anybody else that a request of ours has come to, by a
 * Contact or a redirect, gets none (-EPERM), and one line tells of it.
 *
 * Thread: the role's loop.
 */
#ifndef SIP_AUTH_H
#define SIP_AUTH_H

#include "sip/digest.h"
#include "sip/trunk.h"

/* A request of the trunk is challenged: has it a user and a password? If not, a
 * line says so. */
bool sip_auth_can(const struct trunk_table *, unsigned trunk);
/* sip_digest_answer() to that 401 or 407. Errors as there; -EPERM. */
int sip_auth_answer(const struct trunk_table *, unsigned trunk,
		    struct sip_digest *, const struct sip_msg *response,
		    struct sip_msg *request);
/* sip_digest_repeat() in a request that goes to that address. */
int sip_auth_repeat(const struct trunk_table *, unsigned trunk,
		    struct sip_digest *, const struct sip_path *to,
		    struct sip_msg *request);

#endif
