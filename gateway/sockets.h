/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets and directories of a configuration, opened once by the
 * supervisor and kept, so that a restarted role gets the same ones back and
 * no role opens anything itself.
 *
 * Index of a ROLE_SOCK_SIP: 0 is sip.bind, then the distinct binds of the
 * trunks in the order of the file (sip_binds() in sip/trunk.h counts alike).
 * Each that is not for TLS has three: a pair of datagram sockets, see
 * bound_sip_pair() in bound.h, and a listening one.
 */
#ifndef GATEWAY_SOCKETS_H
#define GATEWAY_SOCKETS_H

#include "conf/conf.h"
#include "gateway/base/role.h"

struct sockets;

/* Puts the machine's own address where media.address is left open (0.0.0.0):
 * that of sip.bind, else the one the kernel would use towards the first trunk
 * that is given by address, else towards the outside. Sends nothing. */
void sockets_fill_address(struct conf *);

/* On failure NULL, and one line that says what to do has been logged. */
struct sockets *sockets_open(const struct conf *);
void sockets_close(struct sockets *);

/* Calls fn for each descriptor meant for that role (and span, for isdn). The
 * descriptor stays ours. */
typedef void sockets_fn(void *arg, enum role_socket what, unsigned index,
			int fd);
void sockets_each(const struct sockets *, enum role_id, sockets_fn *,
		  void *arg);

/* A span that a reload brings: sockets_renew() opens its line; and one that it
 * takes away: its line is let go of. */
void sockets_add(struct sockets *, const struct conf *, unsigned span);
void sockets_remove(struct sockets *, unsigned span);

/* Spans that are off have no card: it is let go of, and left alone. */
void sockets_switch(struct sockets *, unsigned span, bool on);

/* Cards come and go, and so do spans. Lets go of channels that are no more,
 * opens those that are there now, and sockets that could not be had before, and
 * calls fn for each, which are the media role's. For every few seconds. */
void sockets_renew(struct sockets *, const struct conf *, sockets_fn *,
		   void *arg);

#endif
