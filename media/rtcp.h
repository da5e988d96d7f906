/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RTCP (RFC 3550 6): the compound packet SR or RR + SDES(CNAME) [+ BYE], as
 * octets and as values. One report block each way, for we have one peer.
 *
 * Plain values, pure functions; all may run in the tick.
 */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTCP_MAX = 192,	  /* octets of what we write */
	RTCP_CNAME = 32,  /* characters, with the NUL */
};

/* A report block: what its writer received of ssrc. */
struct rtcp_block {
	uint32_t ssrc;
	uint8_t fraction;   /* lost, 1/256, since the last one */
	int32_t lost;	    /* cumulative, 24 bit signed */
	uint32_t max_seq;   /* extended */
	uint32_t jitter;    /* timestamp units */
	uint32_t lsr, dlsr; /* 1/65536 s */
};

/* A compound packet as we understand it. */
struct rtcp_report {
	uint32_t ssrc;		/* of the writer */
	bool sender;		/* SR: the next three are there */
	uint64_t ntp;		/* 32.32 s since 1900 */
	uint32_t rtp_ts, packets, octets;
	bool has_block;
	struct rtcp_block block; /* parsed: the one about `about` */
	bool bye;
	char cname[RTCP_CNAME];	 /* written; parsed: not kept */
};

/* Writes at most RTCP_MAX octets; their number. */
size_t rtcp_write(uint8_t *out, const struct rtcp_report *);

/* 0, or -EINVAL: not a valid compound packet (RFC 3550 A.2; the first
 * packet must be SR or RR, or a lone BYE, that some send). */
int rtcp_parse(struct rtcp_report *, const uint8_t *in, size_t len,
	       uint32_t about);

/* Round trip in 1/65536 s from a block about us; 0 = not known. now: the
 * middle 32 bits of our NTP time at arrival (RFC 3550 6.4.1). */
uint32_t rtcp_round_trip(const struct rtcp_block *, uint32_t now);

/* The middle 32 bits of an NTP time. */
uint32_t rtcp_middle(uint64_t ntp);
/* 32.32 s since 1900 of a wall time in ns since 1970. */
uint64_t rtcp_ntp(int64_t wall_ns);

#endif
