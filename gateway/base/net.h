/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as values, without pointers, fit for messages; masks for
 * networks. Thread: any.
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct net_addr {
	uint8_t family; /* 0 = none, 4, 6 */
	uint8_t pad;
	uint16_t port;	/* host order; 0 = none */
	uint8_t ip[16]; /* network order; IPv4 in the first four, rest 0 */
};

struct net_prefix {
	struct net_addr addr; /* port unused */
	uint8_t bits;
	uint8_t pad[3];
};

#define NET_STR_MAX 64

/* "192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]:5060".
 * 0 or -EINVAL. */
int net_parse(struct net_addr *, const char *text);
/* "192.0.2.0/24", "2001:db8::/32"; a plain address is a host. */
int net_prefix_parse(struct net_prefix *, const char *text);
bool net_prefix_has(const struct net_prefix *, const struct net_addr *);
bool net_addr_eq(const struct net_addr *, const struct net_addr *);
bool net_ip_eq(const struct net_addr *, const struct net_addr *);
/* 0.0.0.0 or [::]: each address of the machine. */
bool net_is_any(const struct net_addr *);
/* With the port if not 0, IPv6 then in brackets. Returns buf. */
const char *net_str(const struct net_addr *, char buf[NET_STR_MAX]);
/* Without the port and brackets. */
const char *net_ip_str(const struct net_addr *, char buf[NET_STR_MAX]);
/* v4-mapped IPv6 becomes IPv4. */
void net_from_sockaddr(struct net_addr *, const struct sockaddr *);
socklen_t net_to_sockaddr(const struct net_addr *, struct sockaddr_storage *);

#endif
