/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media role as the core sees it: messages on one link. A *media* is one
 * RTP port pair, and, once connected, the B channel of a span.
 *
 *    OPEN --> OPENED (id, local address)      RTP is received and counted
 *    CONNECT (span, slot)                     samples flow line <-> RTP
 *    CRYPTO (suite, keys)                     SRTP from here on
 *    MODIFY (far end, codec, direction)       at any time, often
 *    TONE, DTMF                               to the line or to RTP
 *    CLOSE --> CLOSED (figures)               the id is stale afterwards
 *
 * Ids carry a generation (pool_id): a late message of an earlier call finds
 * nothing and is counted. The core's `ref` comes back in OPENED and in each
 * event. RTCP, jitter buffer, echo canceller, in-band DTMF <-> RFC 4733 are the
 * media role's own business.
 *
 * Loss of the link: the media role goes on with every media for up to 10 s. A
 * new core claims those of its calls:
 *
 *    CLAIM (id, its ref) --> OPENED           as if it had just been opened;
 *                                             id 0: there is none of that id
 *    SETTLED                                  what is not claimed is closed
 *
 * Thread: its control loop. Unknown or malformed messages are counted and dropped.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "gateway/base/link.h"
#include "gateway/base/net.h"
#include "gateway/base/pool.h"
#include "media/srtp_suite.h"

typedef pool_id media_id;

enum media_type {
	/* core -> media */
	MEDIA_OPEN = 1, /* struct media_open */
	MEDIA_CONNECT,	/* struct media_connect */
	MEDIA_MODIFY,	/* struct media_modify */
	MEDIA_TONE,	/* struct media_tone */
	MEDIA_DTMF,	/* struct media_dtmf: send this digit */
	MEDIA_CLOSE,	/* struct media_close */
	MEDIA_CRYPTO,	/* struct media_crypto: before MODIFY says where to */
	MEDIA_CLAIM,	/* struct media_claim */
	MEDIA_SETTLED,	/* only a link_head */
	/* media -> core */
	MEDIA_OPENED = 64, /* struct media_opened */
	MEDIA_EVENT,	   /* struct media_event */
	MEDIA_CLOSED,	   /* struct media_closed */
	MEDIA_SPAN,	   /* struct media_span: line state, at each change */
};

struct media_open {
	struct link_head head;
	uint32_t ref; /* the core's; comes back */
};

struct media_claim {
	struct link_head head;
	uint32_t ref; /* from now on */
	media_id id;
};

struct media_opened {
	struct link_head head;
	uint32_t ref;
	media_id id;	     /* 0: no port free */
	struct net_addr rtp; /* our address and port */
};

struct media_connect {
	struct link_head head;
	media_id id;
	uint16_t span; /* index in the configuration */
	uint8_t slot;  /* time slot of the B channel; 0 = disconnect */
	uint8_t clear; /* 64 kbit/s data: no echo canceller, law, gain, PLC */
};

enum media_direction { /* as seen by our RTP end; = enum cc_direction */
	MEDIA_SENDRECV,
	MEDIA_SENDONLY,
	MEDIA_RECVONLY,
	MEDIA_INACTIVE
};

struct media_modify {
	struct link_head head;
	media_id id;
	struct net_addr rtp; /* far end; family 0 = nothing known, do not send */
	uint8_t codec;	     /* payload type: 0 PCMU, 8 PCMA */
	uint8_t dtmf_pt;     /* RFC 4733; 0 = in-band only */
	uint8_t ptime_ms;    /* 10, 20, 30, 40, 50, 60 */
	uint8_t direction;   /* enum media_direction */
	uint8_t answered;    /* from now on silence of RTP is supervised */
	uint8_t echo, nlp;   /* canceller on */
	uint8_t learn;	     /* enum media_learn */
};

/* From where else than from rtp RTP is taken, when nothing comes from there:
 * of the first other place that keeps sending, for good; and then we send
 * there. */
enum media_learn {
	MEDIA_LEARN_OFF,
	MEDIA_LEARN_PORT,   /* another port of that host */
	MEDIA_LEARN_ADDRESS /* any host */
};

enum media_tone_kind {
	MEDIA_TONE_NONE,
	MEDIA_TONE_RINGBACK,
	MEDIA_TONE_BUSY,
	MEDIA_TONE_CONGESTION,
	MEDIA_TONE_DIAL,
	MEDIA_TONE_INFO /* special information tone */
};

/* A tone to the line replaces what comes from RTP until NONE. */
struct media_tone {
	struct link_head head;
	media_id id;
	uint8_t kind;	/* enum media_tone_kind, of the span's country */
	uint8_t to_rtp; /* else to the line */
};

struct media_dtmf {
	struct link_head head;
	media_id id;
	uint8_t digit;	/* '0'-'9' '*' '#' 'A'-'D' */
	uint8_t to_rtp; /* else to the line */
	uint16_t ms;	/* 0 = 100 */
};

/*
 * Keys of SRTP and SRTCP, ours and the far end's. From then on nothing is
 * sent in the clear, and what comes in the clear is dropped. Other keys later
 * on: what comes goes on under these, what we send is another source; the same
 * again: nothing happens.
 * SRTP_PLAIN: RTP again. If the keys cannot be passed on, the media closes.
 */
struct media_crypto {
	struct link_head head;
	media_id id;
	uint8_t suite; /* enum srtp_suite */
	struct srtp_master tx, rx;
};

struct media_close {
	struct link_head head;
	media_id id;
};

enum media_event_kind {
	MEDIA_EV_RTP = 1,    /* first accepted RTP packet */
	MEDIA_EV_DTMF_RTP,   /* digit came from RTP (after its end) */
	MEDIA_EV_DTMF_LINE,  /* digit came from the line */
	MEDIA_EV_SILENT,     /* no RTP for silent_alarm_s: one-way audio */
	MEDIA_EV_HEARD,	     /* RTP is back */
	MEDIA_EV_DEAD,	     /* no RTP for silent_release_s: release, please */
	MEDIA_EV_FAX,	     /* CNG or CED heard on the line */
	MEDIA_EV_LEARNT	     /* RTP comes from elsewhere: enum media_learn */
};

struct media_event {
	struct link_head head;
	media_id id;
	uint32_t ref;
	uint8_t kind;
	uint8_t digit;
};

struct media_figures {
	uint32_t rtp_tx, rtp_rx, rtp_lost, rtp_late, rtp_dup, rtp_bad;
	/* SRTP and SRTCP, not among those: not authentic, or in the clear;
	 * authentic once, but seen before. */
	uint32_t srtp_forged, srtp_replayed;
	uint32_t jitter_us;	/* RFC 3550 6.4.1 */
	uint32_t rtt_us;	/* 0 = no RTCP report seen */
	uint32_t concealed_ms;	/* played in place of what was lost or late */
	uint32_t peer_lost;	/* as the far end reports */
	int16_t erl_cdb, erle_cdb; /* 1/100 dB; INT16_MIN = not known */
	uint16_t mos_c;		/* 1/100, E-model; 0 = not known */
	uint16_t dtmf;		/* digits both ways */
};

struct media_closed {
	struct link_head head;
	media_id id;
	uint32_t ref;
	struct media_figures figures;
};

enum { MEDIA_SPAN_TEXT = 160 };

/* Sent for every span when the link opens, then at each change. */
struct media_span {
	struct link_head head;
	uint16_t span;
	uint8_t up;	 /* takes calls */
	uint8_t full;	 /* its engine thread has no time for more */
	uint16_t alarms; /* enum line_alarm of media/line.h */
	char text[MEDIA_SPAN_TEXT]; /* in words: what, likely cause, fix */
};

#endif
