/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stun.h"

#include <string.h>

#define HEAD		 20
#define BINDING		 0x0001
#define BINDING_OK	 0x0101
#define XOR_MAPPED	 0x0020
#define MUST_UNDERSTAND	 0x8000 /* not set: it must be */
#define FAMILY_4	 1
#define FAMILY_6	 2

static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The next attribute at *at; false: there is none, or it is cut. */
static bool next_attr(const uint8_t *m, size_t len, size_t *at, unsigned *type,
		      size_t *value_len)
{
	if (len - *at < 4) {
		return false;
	}
	*type = get16(m + *at);
	*value_len = get16(m + *at + 2);
	*at += 4;
	return *value_len <= len - *at;
}

/* Each lies within the message; none that we would have to understand. */
static bool attrs_ok(const uint8_t *m, size_t len, bool request)
{
	size_t at = HEAD, n;
	unsigned type;

	while (at < len) {
		if (!next_attr(m, len, &at, &type, &n) ||
		    (request && !(type & MUST_UNDERSTAND))) {
			return false;
		}
		at += (n + 3) & ~(size_t)3;
	}
	return at == len;
}

enum stun_kind stun_kind_of(const void *data, size_t len)
{
	const uint8_t *m = data;
	unsigned type;

	if (len < HEAD || len % 4 || get16(m + 2) != len - HEAD ||
	    memcmp(m + 4, cookie, sizeof(cookie)) != 0) {
		return STUN_NONE;
	}
	type = get16(m);
	if ((type != BINDING && type != BINDING_OK) ||
	    !attrs_ok(m, len, type == BINDING)) {
		return STUN_NONE;
	}
	return type == BINDING ? STUN_REQUEST : STUN_ANSWER;
}

static void put_head(uint8_t *out, unsigned type, size_t len, const uint8_t *id)
{
	put16(out, type);
	put16(out + 2, (unsigned)(len - HEAD));
	memcpy(out + 4, cookie, sizeof(cookie));
	memcpy(out + 8, id, STUN_ID);
}

size_t stun_request(const uint8_t id[STUN_ID], uint8_t out[STUN_MAX])
{
	put_head(out, BINDING, HEAD, id);
	return HEAD;
}

/* Cookie and id stand in the header one after the other: the key. */
static void xor_with(uint8_t *p, size_t n, const uint8_t *head)
{
	for (size_t i = 0; i < n; i++) {
		p[i] ^= head[4 + i];
	}
}

size_t stun_answer(const void *request, const struct net_addr *from,
		   uint8_t out[STUN_MAX])
{
	const uint8_t *m = request;
	size_t ip = from->family == 6 ? 16 : 4, len = HEAD + 8 + ip;
	uint8_t *a = out + HEAD;

	put_head(out, BINDING_OK, len, m + 8);
	put16(a, XOR_MAPPED);
	put16(a + 2, (unsigned)(4 + ip));
	a[4] = 0;
	a[5] = from->family == 6 ? FAMILY_6 : FAMILY_4;
	put16(a + 6, from->port);
	memcpy(a + 8, from->ip, ip);
	xor_with(a + 6, 2, out);
	xor_with(a + 8, ip, out);
	return len;
}

static bool read_address(const uint8_t *m, const uint8_t *v, size_t n,
			 struct net_addr *out)
{
	uint8_t port[2];
	size_t ip = n == 20 && v[1] == FAMILY_6 ? 16 : 4;

	if (n != 4 + ip || v[1] != (ip == 16 ? FAMILY_6 : FAMILY_4)) {
		return false;
	}
	*out = (struct net_addr){.family = ip == 16 ? 6 : 4};
	memcpy(port, v + 2, sizeof(port));
	xor_with(port, sizeof(port), m);
	out->port = (uint16_t)get16(port);
	memcpy(out->ip, v + 4, ip);
	xor_with(out->ip, ip, m);
	return true;
}

bool stun_mapped(const void *answer, size_t len, const uint8_t id[STUN_ID],
		 struct net_addr *out)
{
	const uint8_t *m = answer;
	size_t at = HEAD, n;
	unsigned type;

	if (memcmp(m + 8, id, STUN_ID) != 0) {
		return false;
	}
	while (at < len && next_attr(m, len, &at, &type, &n)) {
		if (type == XOR_MAPPED) {
			return read_address(m, m + at, n, out);
		}
		at += (n + 3) & ~(size_t)3;
	}
	return false;
}
