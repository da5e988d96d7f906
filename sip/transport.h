/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire of the sip role: messages in and out, over datagrams and over
 * connections (transport_conn.c), on the sockets of sip_binds() or on an
 * in-memory wire in tests. One thread.
 *
 *   datagram ---------------------> on_message (path: bind, source) ... stack.h
 *   stream -> framing (stream.h) -> on_message (path with its flow)
 *
 * Where something goes is a struct sip_path: with proto UDP to path.remote;
 * else on the connection path.flow while that lives, else on one that is open
 * to path.remote, else on a new one. A *flow* (RFC 5626) is the id of a
 * connection; it carries a generation, so a dead one is never another.
 *
 * More than we can take: new INVITEs wait in a queue of their own
 * (transport_split.c, transport_udp.c), are read when there is nothing else to
 * do, and are dropped by the kernel when that queue is full; so what belongs to
 * calls that exist is never lost in a full queue, and time goes to calls that
 * can be served (RFC 5390). Some a second are read to be told so by the user;
 * who gets no answer repeats what it means.
 *
 * UDP: sockets are handed in, bound and non-blocking, IPv6 ones with
 * IPV6_V6ONLY; a full socket drops and counts (the transaction layer
 * resends). At most TRANSPORT_BATCH datagrams are read in one turn of the
 * loop. TCP and TLS: listening sockets are handed in the same way; what is
 * not whole, not written or not used is limited in octets and in time. DSCP is
 * set per datagram and per connection.
 */
#ifndef SIP_TRANSPORT_H
#define SIP_TRANSPORT_H

#include "gateway/base/loop.h"
#include "sip/tls.h"
#include "sip/trunk.h"

#define TRANSPORT_BATCH	    64
#define TRANSPORT_DATAGRAM  65536
#define TRANSPORT_CONNS	    1024	/* connections at a time */
#define TRANSPORT_HALF_OPEN 128		/* of them not yet of use */
#define TRANSPORT_TOLD_PER_S 100 /* INVITEs read to be refused, of a pair */
#define TRANSPORT_UNWRITTEN (256 * 1024) /* octets a peer may leave unread */
#define TRANSPORT_UNWRITTEN_ALL (16 * 1024 * 1024) /* all peers together */
#define TRANSPORT_STUCK_MS  30000 /* ... and not read any of them */
#define TRANSPORT_OPEN_MS   8000 /* TCP and TLS handshake together */
#define TRANSPORT_PART_MS   30000 /* from the first octet of a message to its
				     last */
#define TRANSPORT_IDLE_MS   300000
#define TRANSPORT_PONG_MS   10000 /* RFC 5626 4.4.1 */

struct sip_transport;

struct sip_transport_stats {
	uint64_t rx, tx, rx_octets, tx_octets;
	uint64_t tx_failed; /* refused by the kernel, or no such socket */
	uint64_t tx_full;   /* socket full, or the peer does not read */
	uint64_t rx_cut;    /* longer than TRANSPORT_DATAGRAM */
	uint64_t shed;	    /* new INVITEs unread: more than we can take */
	uint64_t queue_full; /* datagrams that the kernel had no room for */
	uint64_t icmp;	    /* errors reported by the peer's host */
	uint64_t conn_in, conn_out; /* connections begun */
	uint64_t conn_refused;	    /* unknown source, or a limit */
	uint64_t conn_failed;	    /* never came to be of use */
	uint64_t conn_slow;	    /* message or handshake not ended in time, or
				       ours not read */
	uint64_t conn_bad;	    /* no framing */
	uint64_t tls_failed;	    /* handshakes */
	uint64_t pings, pongs, dead_flows; /* RFC 5626; no pong came */
};

/* What a connection is to be like; filled in by the user. */
struct sip_conn_conf {
	unsigned dscp;
	unsigned keepalive_ms; /* CRLF CRLF so often; 0 = never */
	struct sip_tls *tls;   /* TLS, outbound; NULL: it cannot be */
	char server_name[CONF_HOST]; /* TLS, outbound: for SNI */
};

/* How many connections there may be; 0: as many as there is room for. */
struct sip_conn_limits {
	unsigned of_one, half_open_of_one; /* inbound, of one address */
	unsigned all, half_open;
};

/* Which of them it was. */
enum sip_conn_limit {
	SIP_CONNS_OF_ONE,
	SIP_HALF_OPEN_OF_ONE,
	SIP_CONNS_OF_ALL,
	SIP_HALF_OPEN_OF_ALL
};

/* Who gets what arrives. Embedded in its owner. */
struct sip_transport_user;

struct sip_transport_user_ops {
	/* A message, or what claims to be one; data is valid for the call.
	 * path.trunk is not filled in. framed = false: the header part of a
	 * message on a stream whose end cannot be known; the connection is
	 * closed after the call. Must not free the transport. */
	void (*on_message)(struct sip_transport_user *,
			   const struct sip_path *from, bool framed,
			   const char *data, size_t len);
	/* A new INVITE for which there is no time; the user may answer it
	 * without reading much of it. True: it is read all the same. NULL:
	 * dropped. */
	bool (*on_shed)(struct sip_transport_user *,
			const struct sip_path *from, const char *data,
			size_t len);
	/* Has the user more to do for the calls it knows than it should? Then
	 * new ones wait where they are. NULL: no. */
	bool (*is_behind)(struct sip_transport_user *);
	/* What was sent from that bind to that remote over that transport
	 * cannot arrive there: no listener, host or network unreachable, or no
	 * handshake. May be NULL. */
	void (*on_unreachable)(struct sip_transport_user *,
			       const struct sip_path *to, int err);
	/* May that peer connect? Asked before anything is read. NULL: yes. */
	bool (*on_accept)(struct sip_transport_user *,
			  const struct sip_path *from);
	/* How many connections may there be, of that peer and in all? NULL: as
	 * many as there is room for. */
	void (*limits_of)(struct sip_transport_user *, const struct sip_path *,
			  struct sip_conn_limits *out);
	/* A connection was refused, or not made, for that limit. May be
	 * NULL. */
	void (*on_limit)(struct sip_transport_user *, const struct sip_path *,
			 enum sip_conn_limit);
	/* For a connection with that path (inbound: the trunk is not known).
	 * May be NULL. */
	void (*conf_of)(struct sip_transport_user *, const struct sip_path *,
			struct sip_conn_conf *out);
	/* TLS from a peer: what to answer with when it asks for that name of
	 * ours ("" none). NULL: nothing, the connection ends. */
	struct sip_tls *(*tls_for)(struct sip_transport_user *,
				   const struct sip_path *, const char *name);
	/* The handshake is done: whose certificate is it? Those trunks; 0:
	 * nobody's we would talk to here. *named: it said so itself. */
	uint64_t (*on_secured)(struct sip_transport_user *,
			       const struct sip_path *, bool inbound,
			       const struct sip_tls_session *, bool *named);
	/* The handshake failed, in words. */
	void (*on_insecure)(struct sip_transport_user *,
			    const struct sip_path *, bool inbound,
			    const char *why);
	/* The connection path.flow is no more, or never came to be; err = 0:
	 * closed in good order, -ETIME: by us, as nobody used it. May be
	 * NULL. */
	void (*on_flow_down)(struct sip_transport_user *,
			     const struct sip_path *, int err);
};

struct sip_transport_user {
	const struct sip_transport_user_ops *ops;
};

/* An in-memory wire: what is sent goes to the ops, what shall arrive is given
 * to sip_transport_inject(), _accept() and _stream(). Embedded in the test's
 * network. Without open and stream there are no connections. */
struct sip_wire;

struct sip_wire_ops {
	int (*send)(struct sip_wire *, const struct net_addr *local,
		    const struct net_addr *remote, const char *data,
		    size_t len);
	/* We connect: 0, or the error that comes back later. */
	int (*open)(struct sip_wire *, const struct sip_path *);
	/* Octets on a connection; len 0: we close it. -EAGAIN: the peer does not
	 * read, for good. */
	int (*stream)(struct sip_wire *, const struct sip_path *,
		      const char *data, size_t len);
};

struct sip_wire {
	const struct sip_wire_ops *ops;
};

struct sip_transport *sip_transport_new(struct loop *,
					struct sip_transport_user *,
					const struct sip_bind *binds,
					unsigned n_binds);
void sip_transport_free(struct sip_transport *); /* closes the sockets */
/* A datagram or a listening stream socket for that bind; of a pair of datagram
 * sockets (SO_REUSEPORT) the second is the one for INVITEs. fd belongs to the
 * transport from here on, also on failure. 0, -EINVAL (not a socket of that
 * bind), -errno. */
int sip_transport_socket(struct sip_transport *, unsigned bind, int fd);
/* INVITEs for these numbers go first and are never shed, unless they alone are
 * more than we can take. The numbers stay the caller's, until the next call. */
void sip_transport_urgent(struct sip_transport *,
			  const char (*number)[CONF_NUMBER], unsigned n);
/* Replaces the sockets by a wire; NULL: back. The wire stays the caller's. */
void sip_transport_wire(struct sip_transport *, struct sip_wire *);
/* As if a datagram had come; for the wire's owner. */
void sip_transport_inject(struct sip_transport *, unsigned bind,
			  const struct net_addr *source, const char *data,
			  size_t len);
/* As if that peer had connected: the flow, 0 when it was refused. */
uint32_t sip_transport_accept(struct sip_transport *, unsigned bind,
			      const struct net_addr *source);
/* As if octets had come on a connection; len 0: the peer has closed it. */
void sip_transport_stream(struct sip_transport *, uint32_t flow,
			  const char *data, size_t len);

/* Sends one message. With a connection path->flow becomes the one that was
 * used. 0; -ENOTCONN no such socket; -ENOBUFS full; -errno. A connection that
 * fails later is told by on_unreachable or on_flow_down. */
int sip_transport_send(struct sip_transport *, struct sip_path *path,
		       unsigned dscp, const char *data, size_t len);

/* --- flows --- */
/* Whose it can be: one that we opened, its trunk's; with TLS, those the peer's
 * certificate names; else everybody's (all ones), UDP's (0) as well. *named:
 * that is sure, wherever the peer is. */
uint64_t sip_transport_trunks(const struct sip_transport *, uint32_t flow,
			      bool *named);
/* Is it open (or being opened)? */
bool sip_transport_flow_up(const struct sip_transport *, uint32_t flow);
/* CRLF CRLF each 80-100 % of ms from now on; must_answer: the peer has said
 * (RFC 5626: ;ob, Flow-Timer, outbound) that it answers, so silence is failure
 * the first time already. Otherwise only a peer that has once answered must go
 * on. 0 ms: never. */
void sip_transport_flow_keep(struct sip_transport *, uint32_t flow,
			     unsigned ms, bool must_answer);
/* RFC 5923: the peer of that connection asks that requests to that port of its
 * address come by it. Heeded where its certificate says who it is. */
void sip_transport_alias(struct sip_transport *, uint32_t flow, unsigned trunk,
			 uint16_t port);

/* Our own address towards that remote: the bind's, or when that is a wildcard
 * the one the kernel would send from (asked at most every 10 s). */
void sip_transport_local(struct sip_transport *, unsigned bind,
			 const struct net_addr *remote, struct net_addr *out);
const struct sip_transport_stats *
sip_transport_stats(const struct sip_transport *);
unsigned sip_transport_conns(const struct sip_transport *);

#endif
