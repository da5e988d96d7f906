/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"

/* ::ffff:0:0/96 */
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Returns true when a was v4-mapped and now is IPv4. */
static bool unmap(struct net_addr *a)
{
	if (a->family != 6 || memcmp(a->ip, mapped, sizeof(mapped)) != 0) {
		return false;
	}
	a->family = 4;
	memmove(a->ip, a->ip + sizeof(mapped), 4);
	memset(a->ip + 4, 0, 12);
	return true;
}

/* An address alone. Does not unmap. */
static int parse_ip(struct net_addr *a, const char *text, size_t len)
{
	char ip[INET6_ADDRSTRLEN];

	memset(a, 0, sizeof(*a));
	if (!str_copy_n(ip, sizeof(ip), text, len)) {
		return -EINVAL;
	}
	if (inet_pton(AF_INET, ip, a->ip) == 1) {
		a->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, ip, a->ip) == 1) {
		a->family = 6;
		return 0;
	}
	memset(a, 0, sizeof(*a));
	return -EINVAL;
}

static int parse_port(struct net_addr *a, const char *text)
{
	uint32_t port;

	if (str_to_u32(text, 65535, &port) < 0 || port == 0) {
		return -EINVAL;
	}
	a->port = (uint16_t)port;
	return 0;
}

/* "[ip]" or "[ip]:port" */
static int parse_bracketed(struct net_addr *a, const char *text)
{
	const char *end = strchr(text, ']');

	if (end == NULL ||
	    parse_ip(a, text + 1, (size_t)(end - text - 1)) < 0 ||
	    a->family != 6) {
		return -EINVAL;
	}
	if (end[1] == '\0') {
		return 0;
	}
	return end[1] == ':' ? parse_port(a, end + 2) : -EINVAL;
}

int net_parse(struct net_addr *a, const char *text)
{
	const char *colon = strchr(text, ':');
	int err;

	if (text[0] == '[') {
		err = parse_bracketed(a, text);
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		err = parse_ip(a, text, (size_t)(colon - text));
		err = err < 0 ? err : parse_port(a, colon + 1);
	} else {
		err = parse_ip(a, text, strlen(text));
	}
	if (err < 0) {
		memset(a, 0, sizeof(*a));
		return err;
	}
	unmap(a);
	return 0;
}

/* Clears all bits after the first n. */
static void keep_bits(uint8_t ip[16], unsigned n)
{
	unsigned i, left;

	for (i = 0; i < 16; i++) {
		left = n > i * 8 ? n - i * 8 : 0;
		if (left < 8) {
			ip[i] &= (uint8_t)(0xff00u >> left);
		}
	}
}

int net_prefix_parse(struct net_prefix *p, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	uint32_t bits, most;

	memset(p, 0, sizeof(*p));
	if (parse_ip(&p->addr, text, len) < 0) {
		return -EINVAL;
	}
	most = p->addr.family == 4 ? 32 : 128;
	bits = most;
	if (slash != NULL && str_to_u32(slash + 1, most, &bits) < 0) {
		goto bad;
	}
	if (unmap(&p->addr)) {
		if (bits < 96) {
			goto bad;
		}
		bits -= 96;
	}
	p->bits = (uint8_t)bits;
	keep_bits(p->addr.ip, bits);
	return 0;

bad:
	memset(p, 0, sizeof(*p));
	return -EINVAL;
}

bool net_prefix_has(const struct net_prefix *p, const struct net_addr *a)
{
	struct net_addr net = *a;

	if (p->addr.family == 0 || p->addr.family != a->family) {
		return false;
	}
	keep_bits(net.ip, p->bits);
	return memcmp(net.ip, p->addr.ip, sizeof(net.ip)) == 0;
}

bool net_ip_eq(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool net_is_any(const struct net_addr *a)
{
	static const uint8_t zero[sizeof(a->ip)];

	return !memcmp(a->ip, zero, sizeof(zero));
}

bool net_addr_eq(const struct net_addr *a, const struct net_addr *b)
{
	return net_ip_eq(a, b) && a->port == b->port;
}

const char *net_ip_str(const struct net_addr *a, char buf[NET_STR_MAX])
{
	if (a->family == 4) {
		inet_ntop(AF_INET, a->ip, buf, NET_STR_MAX);
	} else if (a->family == 6) {
		inet_ntop(AF_INET6, a->ip, buf, NET_STR_MAX);
	} else {
		str_copy(buf, NET_STR_MAX, "none");
	}
	return buf;
}

const char *net_str(const struct net_addr *a, char buf[NET_STR_MAX])
{
	char ip[NET_STR_MAX];

	net_ip_str(a, ip);
	if (a->port == 0 || a->family == 0) {
		str_copy(buf, NET_STR_MAX, ip);
	} else if (a->family == 6) {
		snprintf(buf, NET_STR_MAX, "[%.45s]:%u", ip, a->port);
	} else {
		snprintf(buf, NET_STR_MAX, "%.45s:%u", ip, a->port);
	}
	return buf;
}

void net_from_sockaddr(struct net_addr *a, const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a->family = 4;
		a->port = ntohs(in.sin_port);
		memcpy(a->ip, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		a->family = 6;
		a->port = ntohs(in6.sin6_port);
		memcpy(a->ip, &in6.sin6_addr, 16);
		unmap(a);
	}
}

socklen_t net_to_sockaddr(const struct net_addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		in.sin_port = htons(a->port);
		memcpy(&in.sin_addr, a->ip, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	if (a->family == 6) {
		in6.sin6_port = htons(a->port);
		memcpy(&in6.sin6_addr, a->ip, 16);
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}
