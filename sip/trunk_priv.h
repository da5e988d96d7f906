/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trunk table, shared by trunk.c (limits, choice), trunk_find.c (whose
 * datagram) and resolve.c (names). */
#ifndef SIP_TRUNK_PRIV_H
#define SIP_TRUNK_PRIV_H

#include "sip/trunk.h"

#define TRUNK_NO_BIND 255
#define TRUNK_TOKEN   21 /* 80 bits and a NUL */

struct trunk_server {
	char host[CONF_HOST]; /* of the file; key for keeping answers */
	struct net_addr addr[TRUNK_ADDRS];
	mono_t down_until[TRUNK_ADDRS];
	uint8_t n;
};

/* One lookup of all names of a trunk, in the helper thread. It belongs to the
 * table until that is freed while the lookup runs: then to itself. */
struct resolver {
	struct work work;
	struct trunk_table *table; /* NULL: gone */
	unsigned trunk;
	bool busy, again;
	uint8_t family, n;
	uint16_t port; /* where none is said */
	struct trunk_server server[CONF_SERVERS];
	int error[CONF_SERVERS]; /* of getaddrinfo() */
};

struct trunk {
	struct conf_trunk conf;
	uint8_t bind[2][2]; /* [TLS][IPv6]; TRUNK_NO_BIND */
	struct trunk_server server[CONF_SERVERS];
	struct resolver *resolver;
	struct timer refresh;
	struct trunk_table *table;
	bool resolve_warned;
	int64_t bucket_ns; /* a second's worth of calls is NS_PER_S */
	mono_t bucket_at;
	struct trunk_stats stats;
	char token[TRUNK_TOKEN];
};

struct trunk_host {
	struct net_addr addr;
	uint8_t bind, trunk;
};

struct trunk_net {
	struct net_prefix prefix;
	uint8_t bind, trunk;
};

struct trunk_table {
	struct loop *loop;
	unsigned n, n_hosts, n_nets;
	struct sip_bind binds[SIP_BINDS];
	unsigned n_binds;
	struct trunk *trunk; /* n */
	/* Sorted: hosts by bind, address, trunk; nets by falling length. Room
	 * for all that n trunks can have. */
	struct trunk_host *host;
	struct trunk_net *net;
};

/* trunk_match.c: the token of the trunk's credentials. */
void trunk_make_token(struct trunk *);

/* Rebuilds host[] and net[]; after each change of servers or sources. */
void trunk_index(struct trunk_table *);

/* Fills in literal addresses at once, begins the lookup of names. 0, -ENOMEM */
int resolve_start(struct trunk *);
void resolve_stop(struct trunk *);

#endif
