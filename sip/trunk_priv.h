/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trunk table, shared by trunk.c (limits, choice), trunk_find.c (whose
 * datagram) and resolve.c (names). */
#ifndef SIP_TRUNK_PRIV_H
#define SIP_TRUNK_PRIV_H

#include "sip/dns.h"
#include "sip/trunk.h"

#define TRUNK_TARGETS 32

#define TRUNK_NO_BIND 255
#define TRUNK_TOKEN   21 /* 80 bits and a NUL */

/* The keep-alive of a UDP flow (RFC 5626 4.4.2). */
struct trunk_keep {
	mono_t at;	 /* of the next question */
	uint8_t asked;	 /* since the last answer */
	bool answers;	 /* it has answered: silence is failure */
	struct net_addr mapped; /* ours as it sees us; family 0: not known */
};

/* An address of a server, and how it does. */
struct trunk_target {
	struct dns_target at;
	uint8_t server; /* of the file; the outbound proxy is 0 */
	mono_t down_until; /* it failed a request or said 503 */
	mono_t asked_until; /* Retry-After of its 503 */
	bool dead;	 /* no answer to OPTIONS, or unreachable */
	bool answers;	 /* has answered OPTIONS */
	uint8_t misses;	 /* since it was last heard */
	mono_t heard, probe_at;
	struct trunk_keep keep;
};

/* A name of the file and where it is. */
struct trunk_server {
	char host[CONF_HOST];
	struct dns_lookup lookup;
	struct timer refresh;
	struct trunk *trunk;
	bool warned; /* that it cannot be found */
	bool untold; /* to the core, what was found */
};

struct trunk {
	struct conf_trunk conf;
	uint8_t bind[2][2]; /* [TLS][IPv6]; TRUNK_NO_BIND */
	struct trunk_server server[CONF_SERVERS];
	uint8_t n_servers, n_targets;
	struct trunk_target target[TRUNK_TARGETS];
	uint8_t order[TRUNK_TARGETS]; /* of the present choice */
	struct trunk_table *table;
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
	char file[CONF_PATH]; /* for log lines */
	unsigned n, n_hosts, n_nets;
	struct sip_bind binds[SIP_BINDS];
	unsigned n_binds;
	struct dns *dns; /* NULL: no name yet */
	char dns_servers[CONF_DNS * CONF_HOST];
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

/* resolve.c: fills in literal addresses at once, begins the lookup of names. */
void resolve_start(struct trunk *);
void resolve_stop(struct trunk *);
/* The new targets of one server. True: they changed. */
bool resolve_put(struct trunk *, uint8_t server, const struct dns_target *,
		 unsigned n);
/* trunk_order.c: lays down the order of the next choice (RFC 2782). */
void trunk_shuffle(struct trunk *);
bool trunk_target_is_down(const struct trunk *, const struct trunk_target *);

#endif
