/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets bound to an address, close-on-exec and non-blocking; the caller's.
 */
#ifndef GATEWAY_BOUND_H
#define GATEWAY_BOUND_H

#include "gateway/base/net.h"

enum bound_family { BOUND_DUAL, BOUND_V6_ALONE }; /* hears IPv4 on IPv6, too? */

/* The descriptor or -errno. */
int bound_socket(const struct net_addr *, int type, enum bound_family);

/* Two datagram sockets at one address: what begins with INVITE waits in the
 * queue of the second, everything else in that of the first, so that a flood of
 * calls pushes nothing out that belongs to calls there are. The sip role says
 * it more closely when it has them (sip/transport_split.c). No other user may
 * have the address. fd[1] is -1 where the kernel cannot. 0 or -errno. */
int bound_sip_pair(const struct net_addr *, int fd[2]);

#endif
