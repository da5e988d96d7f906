/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RTP (RFC 3550): the header as octets, and what is known of one sender:
 * sequence numbers, losses, interarrival jitter.
 *
 * A sender is believed when two packets in sequence carry its SSRC (RFC 3550
 * A.1, MIN_SEQUENTIAL 2), at the beginning as well as after a change of SSRC
 * in the middle of a call: one stray packet changes nothing.
 *
 * Plain values, pure functions; all may run in the tick.
 */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_HEADER = 12,	/* octets without CSRCs and extension */
	RTP_SEQ_JUMP = 3000,	/* MAX_DROPOUT: further ahead is a restart */
	RTP_SEQ_OLD = 100,	/* MAX_MISORDER: further back likewise */
};

struct rtp_packet {
	uint8_t pt;
	bool marker;
	uint16_t seq;
	uint32_t ts;
	uint32_t ssrc;
	const uint8_t *payload; /* within the datagram */
	size_t len;		/* of the payload, padding removed */
};

/* 0 or -EINVAL: version, length, CSRCs, extension or padding do not fit, or
 * a payload type of RTCP (RFC 5761 4). */
int rtp_parse(struct rtp_packet *, const uint8_t *datagram, size_t len);

/* Writes RTP_HEADER octets. */
void rtp_header(uint8_t *out, const struct rtp_packet *);

enum rtp_verdict {
	RTP_NEXT,	/* of the known sender, in order (gaps allowed) */
	RTP_LATE,	/* older than the newest */
	RTP_PROBATION,	/* of an unknown sender, once: keep it aside */
	RTP_NEW,	/* the sender is new from this packet on: what was
			   kept aside came just before it */
};

/* One sender. Zeroed = none known. */
struct rtp_source {
	bool known, probation;
	uint32_t ssrc;
	uint16_t max_seq, base_seq;
	uint32_t cycles;	/* 65536 per wrap of seq */
	uint32_t received;
	uint32_t expected_prior, received_prior; /* at the last report */
	uint32_t transit;	/* arrival - timestamp of the last packet */
	uint32_t jitter_x16;	/* timestamp units, RFC 3550 A.8 */
	bool has_transit;
	uint32_t next_ssrc;	/* on probation */
	uint16_t next_seq;	/* expected of it */
	uint32_t lost_before;	/* by senders before this one */
	uint32_t changes;	/* of SSRC, or restarts of its numbering */
};

/* arrival: our clock in timestamp units (1/8000 s). */
enum rtp_verdict rtp_source_on(struct rtp_source *, const struct rtp_packet *,
			       uint32_t arrival);
/* Since the first packet; never negative. */
uint32_t rtp_source_lost(const struct rtp_source *);
uint32_t rtp_source_expected(const struct rtp_source *);
uint32_t rtp_source_jitter(const struct rtp_source *); /* 1/8000 s */
/* Q8 fraction lost since the last call (RFC 3550 A.3). */
uint8_t rtp_source_fraction(struct rtp_source *);

#endif
