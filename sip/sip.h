/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip room from outside: the role (sip_role_ops, gateway/base/role.h), and
 * its lower half for tests that replace the wire.
 */
#ifndef SIP_SIP_H
#define SIP_SIP_H

#include "gateway/base/role.h"

struct sip_stack;
struct legs;

/* The stack and legs of a role that sip_role_ops.open() made; the role's. */
struct sip_stack *sip_role_stack(struct role *);
struct legs *sip_role_legs(struct role *);

#endif
