/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a server of the file is (RFC 3263), by c-ares in the role's loop:
 *
 *   NAPTR -> SRV -> A, AAAA     transport: auto, no port
 *            SRV -> A, AAAA     a transport, no port
 *                   A, AAAA     a port, or nothing better was found
 *
 * A lookup is embedded in its owner. Its answer comes once, from the loop, and
 * never after dns_cancel(). Names of the hosts file count. Thread: the role's
 * loop.
 */
#ifndef SIP_DNS_H
#define SIP_DNS_H

#include "conf/conf.h"
#include "gateway/base/loop.h"
#include "sip/msg.h"

#define DNS_TARGETS 16
#define DNS_SRVS    16

struct dns;

struct dns_target {
	struct net_addr addr;
	uint8_t proto; /* enum sip_proto */
	uint16_t priority, weight;
};

/* A name and a port to look up addresses of. */
struct dns_srv {
	char host[CONF_HOST];
	uint16_t port, priority, weight;
	uint8_t proto;
};

struct dns_lookup;
typedef void dns_done(struct dns_lookup *);

struct dns_lookup {
	/* what is wanted */
	char host[CONF_HOST];
	uint16_t port; /* 0: not said */
	enum conf_transport transport;
	uint8_t family; /* 4, 6, 0 = both */
	dns_done *done;
	/* the answer */
	unsigned n;
	struct dns_target target[DNS_TARGETS];
	uint32_t ttl_s;
	const char *error; /* NULL: n > 0 */
	/* inside */
	struct dns *dns; /* NULL: idle */
	unsigned pending;
	uint8_t n_srv;
	bool canceled;
	bool failed;  /* a question was not answered, neither yes nor no */
	bool had_naptr, had_srv; /* this host, in any lookup */
	struct dns_srv srv[DNS_SRVS];
	struct defer defer;
};

/* servers: "192.0.2.53,192.0.2.54:5353", "" = the system's. NULL + errno. */
struct dns *dns_new(struct loop *, const char *servers);
/* Lookups that are under way end without a word. */
void dns_free(struct dns *);
/* The fields of "what is wanted" are filled in. */
void dns_start(struct dns *, struct dns_lookup *);
void dns_cancel(struct dns_lookup *);
bool dns_is_busy(const struct dns_lookup *);

#endif
