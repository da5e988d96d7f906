/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Addresses and networks from any text: what is accepted prints to a text
 * that means the same, and a network holds its own address. */
#include "gateway/base/net.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void use_addr(const struct net_addr *a)
{
	struct sockaddr_storage ss;
	char buf[NET_STR_MAX];
	struct net_addr again;

	check(a->family == 4 || a->family == 6);
	check(net_parse(&again, net_str(a, buf)) == 0);
	check(net_addr_eq(a, &again));
	check(net_parse(&again, net_ip_str(a, buf)) == 0);
	check(net_ip_eq(a, &again) && again.port == 0);
	check(net_to_sockaddr(a, &ss) > 0);
	net_from_sockaddr(&again, (const struct sockaddr *)&ss);
	check(net_addr_eq(a, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct net_prefix p;
	struct net_addr a;

	memcpy(text, data, size);
	text[size] = '\0';
	if (net_parse(&a, text) == 0) {
		use_addr(&a);
	}
	if (net_prefix_parse(&p, text) == 0) {
		check(p.bits <= (p.addr.family == 4 ? 32 : 128));
		check(p.addr.port == 0 && net_prefix_has(&p, &p.addr));
		use_addr(&p.addr);
	}
	free(text);
	return 0;
}
