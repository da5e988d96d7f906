/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CESoPSN packets over UDP (RFC 5086 4.1-4.4):
 *
 *	[RTP header, 12 octets]  control word, 4 octets  payload
 *
 *	 0                   1                   2                   3
 *	|0 0 0 0|L|R| M |FRG|    LEN    |        Sequence number        |
 *
 * Pure functions on octets, any thread, may run in the tick.
 */
#ifndef MEDIA_PSEUDOWIRE_PACKET_H
#define MEDIA_PSEUDOWIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PW_CONTROL_WORD = 4,
	PW_RTP_HEADER = 12,
	PW_LEN_LIMIT = 64,	/* LEN is used below this total, RFC 5086 4.3 */
	PW_MTU = 1472,		/* UDP payload of a 1,500 octet IPv4 packet */
};

/* Values of M; with L = 1 only PW_M_DATA is defined (RFC 5086 Table 1). */
enum pw_m {
	PW_M_DATA = 0,
	PW_M_RESERVED = 1,
	PW_M_RDI = 2,
	PW_M_SIGNALLING = 3,
};

struct pw_rtp {
	uint8_t pt;
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
};

struct pw_packet {
	bool l, r;
	uint8_t m;	/* enum pw_m */
	uint8_t frg;	/* 0: not a fragment */
	uint8_t len;	/* as received; 0: not given */
	uint16_t seq;
	bool has_rtp;
	struct pw_rtp rtp;
	const uint8_t *payload; /* within the caller's octets */
	size_t payload_len;
};

/* What a receiver of basic NxDS0 data does with a packet. */
enum pw_verdict {
	PW_PLAY,	/* payload is TDM data */
	PW_IDLE,	/* L: play the idle code; payload_len may be 0 */
	PW_SIGNAL,	/* CAS signalling packet: not for the buffer */
	PW_DISCARD,	/* reserved code point: silently */
	PW_CHANNEL,	/* associated channel header (OAM), RFC 5085 */
	PW_MALFORMED,	/* not a packet, or not of the agreed size */
};

/*
 * Take a packet apart. RTP is told by the first octet. 0; -ENOMSG if it is
 * no data but an associated channel header; -EBADMSG if it is malformed.
 */
int pw_parse(struct pw_packet *p, const uint8_t *octets, size_t n);

/* pw_parse() and what to do with it if `payload` octets are agreed. *p is
 * valid unless PW_CHANNEL or PW_MALFORMED; seq also after PW_MALFORMED by
 * size, then p->payload_len differs. */
enum pw_verdict pw_judge(struct pw_packet *p, const uint8_t *octets, size_t n,
			 size_t payload);

/*
 * Write a packet into octets[size]. LEN is set if the whole is shorter than
 * 64 octets; p->len is not used. The payload is copied unless it is NULL:
 * then the caller has put, or puts, payload_len octets behind the header.
 * Returns the length, or 0 if it does not fit.
 */
size_t pw_build(uint8_t *octets, size_t size, const struct pw_packet *p);

/* Octets in front of the payload. */
size_t pw_header_len(bool has_rtp);

#endif
