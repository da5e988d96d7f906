/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/pseudowire_packet.h"

#include <errno.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* tick */
size_t pw_header_len(bool has_rtp)
{
	return (has_rtp ? PW_RTP_HEADER : 0) + PW_CONTROL_WORD;
}

/* V = 2, P = X = CC = M = 0 (RFC 5086 4.4). */
static int parse_rtp(struct pw_rtp *rtp, const uint8_t *octets, size_t n)
{
	if (n < PW_RTP_HEADER + PW_CONTROL_WORD || octets[0] != 0x80 ||
	    octets[1] & 0x80)
		return -EBADMSG;
	rtp->pt = octets[1];
	rtp->seq = get16(octets + 2);
	rtp->timestamp = get32(octets + 4);
	rtp->ssrc = get32(octets + 8);
	return 0;
}

/* tick */
int pw_parse(struct pw_packet *p, const uint8_t *octets, size_t n)
{
	size_t header;
	const uint8_t *cw;

	memset(p, 0, sizeof(*p));
	if (n < PW_CONTROL_WORD)
		return -EBADMSG;
	p->has_rtp = octets[0] >> 6 == 2;
	if (p->has_rtp && parse_rtp(&p->rtp, octets, n) < 0)
		return -EBADMSG;
	header = pw_header_len(p->has_rtp);
	cw = octets + header - PW_CONTROL_WORD;
	if (cw[0] >> 4 == 1)
		return -ENOMSG;
	if (cw[0] >> 4 != 0)
		return -EBADMSG;
	p->l = cw[0] & 8;
	p->r = cw[0] & 4;
	p->m = cw[0] & 3;
	p->frg = cw[1] >> 6;
	p->len = cw[1] & 63;
	p->seq = get16(cw + 2);
	if (p->len && (p->len < header || p->len > n))
		return -EBADMSG;
	if (p->len)
		n = p->len;
	p->payload = octets + header;
	p->payload_len = n - header;
	return 0;
}

/* tick */
enum pw_verdict pw_judge(struct pw_packet *p, const uint8_t *octets, size_t n,
			 size_t payload)
{
	int err = pw_parse(p, octets, n);

	if (err == -ENOMSG)
		return PW_CHANNEL;
	if (err < 0 || (p->has_rtp && p->rtp.seq != p->seq))
		return PW_MALFORMED;
	if (p->m == PW_M_RESERVED || (p->l && p->m != PW_M_DATA))
		return PW_DISCARD;
	if (p->m == PW_M_SIGNALLING)
		return PW_SIGNAL;
	if (p->frg)
		return PW_MALFORMED;
	if (p->l && p->payload_len == 0)
		return PW_IDLE;
	if (p->payload_len != payload)
		return PW_MALFORMED;
	return p->l ? PW_IDLE : PW_PLAY;
}

static void build_rtp(uint8_t *octets, const struct pw_rtp *rtp)
{
	octets[0] = 0x80;
	octets[1] = rtp->pt & 0x7f;
	put16(octets + 2, rtp->seq);
	put32(octets + 4, rtp->timestamp);
	put32(octets + 8, rtp->ssrc);
}

/* tick */
size_t pw_build(uint8_t *octets, size_t size, const struct pw_packet *p)
{
	size_t header = pw_header_len(p->has_rtp);
	uint8_t *cw = octets + header - PW_CONTROL_WORD;
	size_t n = header + p->payload_len;

	if (p->payload_len > PW_MTU || n > size)
		return 0;
	if (p->has_rtp)
		build_rtp(octets, &p->rtp);
	cw[0] = (uint8_t)(p->l << 3 | p->r << 2 | (p->m & 3));
	cw[1] = (uint8_t)(p->frg << 6);
	if (n < PW_LEN_LIMIT)
		cw[1] |= (uint8_t)n;
	put16(cw + 2, p->seq);
	if (p->payload && p->payload_len)
		memcpy(octets + header, p->payload, p->payload_len);
	return n;
}
