/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/rtcp.h"

#include <errno.h>
#include <string.h>

enum { SR = 200, RR = 201, SDES = 202, BYE = 203 };
enum { SDES_CNAME = 1 };

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static void put_head(uint8_t *head, unsigned count, unsigned type,
		     const uint8_t *end)
{
	size_t words = (size_t)(end - head) / 4 - 1;

	head[0] = (uint8_t)(0x80 | count);
	head[1] = (uint8_t)type;
	head[2] = (uint8_t)(words >> 8);
	head[3] = (uint8_t)words;
}

static uint8_t *put_block(uint8_t *p, const struct rtcp_block *b)
{
	int32_t lost = b->lost;

	if (lost > 0x7fffff)
		lost = 0x7fffff;
	if (lost < -0x800000)
		lost = -0x800000;
	p = put32(p, b->ssrc);
	p = put32(p, (uint32_t)b->fraction << 24 |
			     ((uint32_t)lost & 0xffffff));
	p = put32(p, b->max_seq);
	p = put32(p, b->jitter);
	p = put32(p, b->lsr);
	return put32(p, b->dlsr);
}

static uint8_t *put_report(uint8_t *head, const struct rtcp_report *r)
{
	uint8_t *p = put32(head + 4, r->ssrc);

	if (r->sender) {
		p = put32(p, (uint32_t)(r->ntp >> 32));
		p = put32(p, (uint32_t)r->ntp);
		p = put32(p, r->rtp_ts);
		p = put32(p, r->packets);
		p = put32(p, r->octets);
	}
	if (r->has_block)
		p = put_block(p, &r->block);
	put_head(head, r->has_block, r->sender ? SR : RR, p);
	return p;
}

static uint8_t *put_cname(uint8_t *head, const struct rtcp_report *r)
{
	size_t n = strnlen(r->cname, RTCP_CNAME - 1);
	uint8_t *p = put32(head + 4, r->ssrc);

	*p++ = SDES_CNAME;
	*p++ = (uint8_t)n;
	memcpy(p, r->cname, n);
	p += n;
	/* The list ends with a zero and is padded to a word (6.5). */
	do {
		*p++ = 0;
	} while ((p - head) % 4);
	put_head(head, 1, SDES, p);
	return p;
}

/* tick */
size_t rtcp_write(uint8_t *out, const struct rtcp_report *r)
{
	uint8_t *p = put_report(out, r), *head;

	p = put_cname(p, r);
	if (r->bye) {
		head = p;
		p = put32(head + 4, r->ssrc);
		put_head(head, 1, BYE, p);
	}
	return (size_t)(p - out);
}

static void parse_blocks(struct rtcp_report *r, const uint8_t *p,
			 unsigned count, uint32_t about)
{
	uint32_t w;

	for (unsigned i = 0; i < count; i++, p += 24) {
		if (get32(p) != about)
			continue;
		w = get32(p + 4);
		r->has_block = true;
		r->block.ssrc = about;
		r->block.fraction = (uint8_t)(w >> 24);
		r->block.lost = (int32_t)(w << 8) >> 8;
		r->block.max_seq = get32(p + 8);
		r->block.jitter = get32(p + 12);
		r->block.lsr = get32(p + 16);
		r->block.dlsr = get32(p + 20);
	}
}

/* One packet of the compound, len octets with its head. */
static int parse_one(struct rtcp_report *r, const uint8_t *p, size_t len,
		     uint32_t about)
{
	unsigned count = p[0] & 0x1f;
	size_t fixed;

	switch (p[1]) {
	case SR:
	case RR:
		fixed = p[1] == SR ? 28 : 8;
		if (len < fixed + 24u * count)
			return -EINVAL;
		r->ssrc = get32(p + 4);
		if (p[1] == SR) {
			r->sender = true;
			r->ntp = (uint64_t)get32(p + 8) << 32 | get32(p + 12);
			r->rtp_ts = get32(p + 16);
			r->packets = get32(p + 20);
			r->octets = get32(p + 24);
		}
		parse_blocks(r, p + fixed, count, about);
		return 0;
	case BYE:
		if (len < 4 + 4u * count)
			return -EINVAL;
		r->bye = true;
		if (count && !r->ssrc)
			r->ssrc = get32(p + 4);
		return 0;
	default:
		return 0;
	}
}

/* tick */
int rtcp_parse(struct rtcp_report *r, const uint8_t *in, size_t len,
	       uint32_t about)
{
	size_t n, used;

	memset(r, 0, sizeof(*r));
	if (len < 4 || (in[1] != SR && in[1] != RR && in[1] != BYE))
		return -EINVAL;
	while (len) {
		if (len < 4 || in[0] >> 6 != 2)
			return -EINVAL;
		n = 4 * (1 + ((size_t)in[2] << 8 | in[3]));
		if (n > len)
			return -EINVAL;
		used = n;
		if (in[0] & 0x20) { /* padding: the last one only (6.4.1) */
			if (n != len || in[n - 1] == 0 || in[n - 1] % 4 ||
			    in[n - 1] > n - 4)
				return -EINVAL;
			used = n - in[n - 1];
		}
		if (parse_one(r, in, used, about) < 0)
			return -EINVAL;
		in += n;
		len -= n;
	}
	return 0;
}

/* tick */
uint32_t rtcp_round_trip(const struct rtcp_block *b, uint32_t now)
{
	uint32_t trip = now - b->lsr - b->dlsr;

	/* No SR of ours echoed yet, or clocks that contradict each other. */
	if (b->lsr == 0 || trip > 0x7fffffff)
		return 0;
	return trip;
}

/* tick */
uint32_t rtcp_middle(uint64_t ntp)
{
	return (uint32_t)(ntp >> 16);
}

/* tick */
uint64_t rtcp_ntp(int64_t wall_ns)
{
	const uint64_t ns = 1000000000u, epoch = 2208988800u;
	uint64_t t = wall_ns > 0 ? (uint64_t)wall_ns : 0;

	return (t / ns + epoch) << 32 | ((t % ns) << 32) / ns;
}
