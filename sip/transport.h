/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire of the sip role: datagrams in and out on the sockets of
 * sip_binds(), or on an in-memory wire in tests. One thread.
 *
 *   datagram -> on_datagram (bind, source) ... stack.h
 *
 * UDP: sockets are handed in, bound and non-blocking, IPv6 ones with
 * IPV6_V6ONLY; a full socket drops and counts
 * (the transaction layer resends). DSCP is set per datagram. At most
 * TRANSPORT_BATCH datagrams are read in one turn of the loop.
 */
#ifndef SIP_TRANSPORT_H
#define SIP_TRANSPORT_H

#include "gateway/base/loop.h"
#include "sip/trunk.h"

#define TRANSPORT_BATCH	   64
#define TRANSPORT_DATAGRAM 65536

struct sip_transport;

struct sip_transport_stats {
	uint64_t rx, tx, rx_octets, tx_octets;
	uint64_t tx_failed; /* refused by the kernel, or no such socket */
	uint64_t tx_full;   /* socket full */
	uint64_t rx_cut;    /* longer than TRANSPORT_DATAGRAM */
	uint64_t icmp;	    /* errors reported by the peer's host */
};

/* Who gets what arrives. Embedded in its owner. */
struct sip_transport_user;

struct sip_transport_user_ops {
	/* data is valid for the call. Must not free the transport. */
	void (*on_datagram)(struct sip_transport_user *, unsigned bind,
			    const struct net_addr *source, const char *data,
			    size_t len);
	/* What was sent from that socket to remote cannot arrive there: no
	 * listener, host or network unreachable (ICMP). May be NULL. */
	void (*on_unreachable)(struct sip_transport_user *, unsigned bind,
			       const struct net_addr *remote);
};

struct sip_transport_user {
	const struct sip_transport_user_ops *ops;
};

/* An in-memory wire: what is sent goes to send(), what shall arrive is given
 * to sip_transport_inject(). Embedded in the test's network. */
struct sip_wire;

struct sip_wire_ops {
	int (*send)(struct sip_wire *, const struct net_addr *local,
		    const struct net_addr *remote, const char *data,
		    size_t len);
};

struct sip_wire {
	const struct sip_wire_ops *ops;
};

struct sip_transport *sip_transport_new(struct loop *,
					struct sip_transport_user *,
					const struct net_addr *binds,
					unsigned n_binds);
void sip_transport_free(struct sip_transport *); /* closes the sockets */
/* fd belongs to the transport from here on, also on failure. */
int sip_transport_socket(struct sip_transport *, unsigned bind, int fd);
/* Replaces the sockets by a wire; NULL: back. The wire stays the caller's. */
void sip_transport_wire(struct sip_transport *, struct sip_wire *);
/* As if a datagram had come; for the wire's owner. */
void sip_transport_inject(struct sip_transport *, unsigned bind,
			  const struct net_addr *source, const char *data,
			  size_t len);
/* 0; -ENOTCONN no such socket; -ENOBUFS full; -errno. */
int sip_transport_send(struct sip_transport *, unsigned bind,
		       const struct net_addr *to, unsigned dscp,
		       const char *data, size_t len);
/* Our own address towards that remote: the bind's, or when that is a wildcard
 * the one the kernel would send from (asked at most every 10 s). */
void sip_transport_local(struct sip_transport *, unsigned bind,
			 const struct net_addr *remote, struct net_addr *out);
const struct sip_transport_stats *
sip_transport_stats(const struct sip_transport *);

#endif
