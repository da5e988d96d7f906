/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/pcap.h"

#include <errno.h>
#include <string.h>

#define LINKTYPE_RAW   101
#define GSMTAP_PORT    4729
#define GSMTAP_E1T1    0x13
#define GSMTAP_LAPD    1
#define GSMTAP_UPLINK  0x4000
#define GSMTAP_HEADER  16
#define UDP_HEADER     8
#define PACKET_MAX     16384

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

int pcap_begin(FILE *f)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap, link;
	} head = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, LINKTYPE_RAW };

	return fwrite(&head, sizeof(head), 1, f) == 1 ? 0 : -EIO;
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2) {
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	}
	return len & 1 ? sum + (uint32_t)(p[len - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

/* RFC 791; the checksum is right, since tshark looks. */
static size_t ipv4_header(uint8_t *p, const struct net_addr *from,
			  const struct net_addr *to, size_t payload)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (unsigned)(20 + payload));
	p[6] = 0x40; /* do not fragment */
	p[8] = 64;
	p[9] = IPPROTO_UDP;
	memcpy(p + 12, from->ip, 4);
	memcpy(p + 16, to->ip, 4);
	put16(p + 10, fold(sum16(p, 20, 0)));
	return 20;
}

static size_t ipv6_header(uint8_t *p, const struct net_addr *from,
			  const struct net_addr *to, size_t payload)
{
	memset(p, 0, 8);
	p[0] = 0x60;
	put16(p + 4, (unsigned)payload);
	p[6] = IPPROTO_UDP;
	p[7] = 64;
	memcpy(p + 8, from->ip, 16);
	memcpy(p + 24, to->ip, 16);
	return 40;
}

static void udp_header(uint8_t *p, const struct net_addr *from,
		       const struct net_addr *to, size_t len)
{
	size_t ip = from->family == 6 ? 16 : 4;
	uint32_t sum;

	put16(p, from->port);
	put16(p + 2, to->port);
	put16(p + 4, (unsigned)len);
	put16(p + 6, 0);
	sum = sum16(from->ip, ip, sum16(to->ip, ip, IPPROTO_UDP));
	put16(p + 6, fold(sum16(p, len, sum + (uint32_t)len)));
}

int pcap_udp(FILE *f, int64_t t_us, const struct net_addr *from,
	     const struct net_addr *to, const uint8_t *data, size_t len)
{
	uint8_t packet[PACKET_MAX];
	uint32_t head[4];
	size_t at;

	if (len + UDP_HEADER + 40 > sizeof(packet)) {
		return -EMSGSIZE;
	}
	at = (from->family == 6 ? ipv6_header : ipv4_header)(
		packet, from, to, len + UDP_HEADER);
	memcpy(packet + at + UDP_HEADER, data, len);
	udp_header(packet + at, from, to, len + UDP_HEADER);
	at += UDP_HEADER + len;
	head[0] = (uint32_t)(t_us / 1000000);
	head[1] = (uint32_t)(t_us % 1000000);
	head[2] = head[3] = (uint32_t)at;
	if (fwrite(head, sizeof(head), 1, f) != 1 ||
	    fwrite(packet, at, 1, f) != 1) {
		return -EIO;
	}
	return 0;
}

int pcap_frame(FILE *f, int64_t t_us, unsigned span, unsigned slot, int sent,
	       const uint8_t *frame, size_t len)
{
	struct net_addr a = { .family = 4, .port = GSMTAP_PORT,
			      .ip = { 127, 0, 0, 1 } };
	struct net_addr b = { .family = 4, .port = GSMTAP_PORT,
			      .ip = { 127, 0, 0, 2 } };
	uint8_t tap[GSMTAP_HEADER + 512] = {
		2, GSMTAP_HEADER / 4, GSMTAP_E1T1, (uint8_t)slot
	};

	if (len > sizeof(tap) - GSMTAP_HEADER) {
		return -EMSGSIZE;
	}
	put16(tap + 4, (span & 0x3fff) | (sent ? GSMTAP_UPLINK : 0));
	tap[12] = GSMTAP_LAPD;
	memcpy(tap + GSMTAP_HEADER, frame, len);
	return pcap_udp(f, t_us, sent ? &a : &b, sent ? &b : &a, tap,
			GSMTAP_HEADER + len);
}
