/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the transport: transport.c (binds, sending, addresses),
 * transport_udp.c (datagrams in, and which are shed),
 * transport_split.c (which of a pair's sockets the kernel puts them in),
 * transport_conn.c (the table of connections and who may have one),
 * transport_tls.c (handshakes), transport_io.c (octets, time and end of one connection).
 *
 * A connection is closed at once and freed by a deferred call: whoever is
 * in the middle of it only has to look at its state again.
 */
#ifndef SIP_TRANSPORT_PRIV_H
#define SIP_TRANSPORT_PRIV_H

#include "gateway/base/pool.h"
#include "sip/bucket.h"
#include "sip/stream.h"
#include "sip/transport.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define ROUTES	     64
#define CONN_BUCKETS 256

enum conn_state {
	CONN_CONNECTING, /* TCP */
	CONN_HANDSHAKE,	 /* TLS */
	CONN_OPEN,
	CONN_CLOSED /* being freed */
};

/* Octets the peer has not taken yet. */
struct conn_out {
	char *buf;
	size_t at, len, room;
	mono_t since; /* when it began, or took some of them */
};

/* Keep-alive by CRLF (RFC 5626 3.5.1). */
struct conn_keep {
	unsigned ms;	  /* 0: we send none */
	bool must_answer; /* ... and silence is failure */
	bool asked;	  /* no answer yet */
	uint8_t crlf;	  /* of the peer, since its last message */
	mono_t at;	  /* of the next ping, or of the pong's limit */
};

struct conn {
	struct sip_transport *transport;
	struct sip_path path; /* flow: its id; inbound: trunk not known */
	enum conn_state state;
	bool inbound;
	int fd; /* -1: on a wire */
	struct watch watch;
	struct timer timer; /* the next of open, part, idle, keep */
	struct defer end;
	int err; /* CLOSED: why */
	struct sip_tls_session *tls; /* NULL: plain TCP */
	uint64_t trunks;	     /* whose it can be; all ones: anybody's */
	bool named;		     /* that is sure */
	uint16_t alias_port;	     /* RFC 5923; 0: no alias */
	uint8_t alias_trunk;	     /* whose requests may go by it */
	struct sip_stream in;
	struct conn_out out;
	struct conn_keep keep;
	mono_t since; /* CONNECTING: began; else of the last octet */
	mono_t part_since; /* 0: no message has begun */
	struct conn *next; /* in its bucket */
};

struct sock {
	struct watch watch;
	struct sip_transport *transport;
	unsigned bind;
	int fd;	       /* -1: none */
	bool shedding; /* new INVITEs */
	bool drowning; /* even those for emergency calls */
	unsigned spare; /* new INVITEs of this batch that are taken still */
	struct timer later; /* of invites: looked at again */
	uint32_t drops; /* as the kernel counts them */
};

#define UDP_BATCH 16

/* Datagrams that one call of the kernel has brought. */
struct udp_batch {
	struct mmsghdr head[UDP_BATCH];
	struct iovec part[UDP_BATCH];
	struct sockaddr_storage source[UDP_BATCH];
	char text[UDP_BATCH][TRANSPORT_DATAGRAM + 1];
};

/* Our address towards a remote, for wildcard binds. */
struct route {
	struct net_addr remote, local;
	mono_t until;
};

/* Numbers that are never shed; the user's. */
struct transport_urgent {
	const char (*number)[CONF_NUMBER];
	unsigned n;
};

struct sip_transport {
	struct loop *loop;
	struct sip_transport_user *user;
	struct sip_wire *wire; /* NULL: sockets */
	unsigned n;
	struct sip_bind bind[SIP_BINDS];
	/* invites: the second half of a pair, or none (gateway/bound.h). */
	struct sock datagram[SIP_BINDS], invites[SIP_BINDS], listener[SIP_BINDS];
	struct route route[ROUTES];
	struct pool *conns;
	struct conn *bucket[CONN_BUCKETS]; /* by remote address */
	unsigned half_open;
	size_t unwritten; /* octets of all connections */
	struct sip_transport_stats stats;
	struct udp_batch *batch;
	struct transport_urgent urgent;
	struct bucket told; /* INVITEs read to be refused */
};

/* --- transport_udp.c --- */
bool transport_unreachable_err(int err);
void udp_on_readable(struct watch *, int events);
void udp_on_invites(struct watch *, int events);

/* --- transport_split.c --- */
/* For the pair that fd is of. 0 or -errno. */
int split_attach(int fd, const struct transport_urgent *);

/* --- transport_conn.c --- */
void conn_on_listener(struct watch *, int events);
/* The connection for that path, made when there is none. NULL + errno. */
struct conn *conn_for(struct sip_transport *, const struct sip_path *);
struct conn *conn_get(const struct sip_transport *, uint32_t flow);
void conn_unlink(struct conn *);
void conn_free_all(struct sip_transport *);

/* --- transport_tls.c --- */
/* TCP stands: the handshake begins. */
void conn_secure(struct conn *);
void conn_on_handshake(struct conn *);

/* --- transport_io.c --- */
void conn_watch(struct conn *, int events);
/* The connection is of use (in a test: at once). */
void conn_opened(struct conn *);
int conn_send(struct conn *, const char *data, size_t len);
void conn_on_watch(struct watch *, int events);
/* err 0: in good order. Tells the user. */
void conn_close(struct conn *, int err);
void conn_rearm(struct conn *); /* after a change of its times */

#endif
