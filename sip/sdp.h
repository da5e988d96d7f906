/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session descriptions (RFC 8866): our own small reader and writer. It knows
 * what a G.711 gateway needs (addresses, formats, ptime, direction) and skips
 * the rest. Liberal in what it takes: LF line ends, missing s= and t=, a
 * missing last line end.
 *
 * Pure functions on caller's storage. Thread: any.
 */
#ifndef SIP_SDP_H
#define SIP_SDP_H

#include "gateway/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDP_IN_MAX  8192 /* octets read; a longer body is refused */
#define SDP_OUT_MAX 2048 /* octets we write */
#define SDP_LINES   512
#define SDP_MEDIA   8  /* m= lines */
#define SDP_FORMATS 34 /* of one m= line: those that can be ours, once each */

enum sdp_kind { SDP_OTHER, SDP_PCMU, SDP_PCMA, SDP_EVENT, SDP_CLEAR };

struct sdp_format {
	uint8_t pt;
	uint8_t kind; /* enum sdp_kind; clock rate 8000 */
};

/* Directions as bits, seen from the end that wrote the description. */
enum sdp_dir { SDP_SEND = 1, SDP_RECV = 2, SDP_BOTH = 3 };

struct sdp_media {
	char type[16];	     /* "audio" */
	char proto[24];	     /* "RTP/AVP" */
	char formats[48];    /* the first of them as text, for a refusal */
	struct net_addr rtp; /* family 0: no address, or a name */
	uint8_t dir;	     /* enum sdp_dir bits */
	uint16_t ptime_ms, maxptime_ms; /* 0 = not said */
	uint8_t n_formats; /* 0, 8 and the dynamic ones, in the peer's order */
	struct sdp_format format[SDP_FORMATS];
};

struct sdp {
	uint8_t n_media;
	struct sdp_media media[SDP_MEDIA];
};

/* text need not be terminated. 0; -EBADMSG: not a description; -E2BIG: one
 * of the limits above. */
int sdp_parse(struct sdp *, const char *text, size_t len);

/* --- writing --- */
struct sdp_out {
	char *buf; /* terminated at all times */
	size_t size, len;
	bool overflow;
};

void sdp_out_init(struct sdp_out *, char *buf, size_t size);
/* One line "X=..." and CR LF. */
void sdp_line(struct sdp_out *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "c=IN IP4 192.0.2.1" without the port. */
void sdp_line_connection(struct sdp_out *, const struct net_addr *);

#endif
