/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: one RTP port pair and all that belongs to its call between the
 * line codes of a B channel and the packets. Part of the engine; only its
 * thread touches a session, all functions run in the tick.
 *
 *   line codes -> [canceller] -> session_from_line: detectors, tones, law
 *        -> packet of ptime -> [SRTP] -> socket
 *   socket -> session_packet: host, [SRTP], port, header, SSRC -> jitter buffer
 *        -> session_to_line: play or conceal, tones -> line codes
 */
#ifndef MEDIA_SESSION_H
#define MEDIA_SESSION_H

#include "media/dtmf.h"
#include "media/dtmf_event.h"
#include "media/engine.h"
#include "media/jitter.h"
#include "media/netio.h"
#include "media/plc.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "media/tone_zone.h"

enum {
	SESSION_BLOCK = 80,
	SESSION_PACKET = 480, /* longest payload we send: 60 ms */
	SESSION_NO_LANE = UINT16_MAX,
};

struct span;
struct worker;

struct engine_limits { /* silence of RTP; 0 = never */
	int64_t alarm_ms, release_ms;
};

/* The instant of a tick and what sessions share. */
struct tick {
	mono_t now;
	uint32_t ts;	    /* now, 1/8000 s */
	int64_t wall_ns;    /* now, by the wall clock */
	uint64_t ntp;	    /* now */
	struct worker *worker;
	const struct engine_limits *limits;
	bool behind; /* for some time: what need not be done now is not */
};

/* A block as it comes from the line. */
struct line_block {
	const uint8_t *codes;
	/* What a canceller left, in the law of RTP; NULL: none ran. */
	const uint8_t *residual;
	char digit; /* DTMF in the last 20 ms, 0 = none */
	bool fax;   /* CNG or CED began */
};

/* Digits that are to be heard, one after the other. */
struct digit_player {
	struct tone_gen gen;
	struct dtmf_recv digits;
	struct tone_pattern pattern;
};

struct session_far { /* what the core said of the far end */
	struct net_addr rtp, rtcp;
	uint8_t codec, dtmf_pt;
	uint16_t packet; /* samples */
	uint8_t direction, learn;
	bool answered;
};

struct session_tx {
	uint32_t ssrc, ts;
	uint16_t seq;
	uint16_t fill;
	bool restart; /* the next audio packet begins a spurt: M = 1 */
	char digit;   /* sounds on the line */
	uint32_t packets, octets, errors;
	uint8_t payload[RTP_HEADER + SESSION_PACKET + SRTP_TRAILER];
	struct dtmf_send dtmf;
	struct digit_player inband;
	struct tone_gen tone;
};

struct session_aside { /* a packet on probation */
	bool waiting; /* one is */
	bool valid;   /* and can be played */
	struct rtp_packet packet;
	uint8_t octets[JITTER_PACKET];
};

struct session_rx {
	mono_t heard; /* last packet, or since when it is awaited */
	bool any, awaited, silent, dead;
	uint32_t packets, bad, stray;
	uint32_t concealed; /* samples */
	uint16_t digits;
	uint8_t no_cut; /* blocks until the next search for one */
	struct net_addr latched; /* where it comes from; family 0: not yet */
	struct rtp_source source;
	struct jitter jitter;
	struct plc plc;
	struct net_addr other; /* same host, other port: on trial */
	unsigned other_count;
	struct session_aside aside;
	struct digit_player line;
	struct tone_gen tone;
};

struct session_rtcp {
	mono_t next;
	uint32_t seed;	    /* of the intervals */
	uint32_t ssrc;	    /* that our report blocks are about */
	uint32_t sr_middle; /* last SR of the peer; 0 = none */
	mono_t sr_at;
	uint32_t round_trip; /* 1/65536 s */
	uint32_t peer_lost;
	uint32_t bad;
	char cname[RTCP_CNAME];
};

struct session_crypto { /* no keys: RTP */
	struct srtp tx, rx;
	uint32_t forged, replayed;
};

struct session_place { /* on a line */
	bool connected, clear;
	struct span *span;
	uint8_t slot;
	uint16_t lane; /* of the span's pack */
	enum law law;
	const struct tone_zone *zone;
	bool echo, nlp;
	bool echo_anew; /* the canceller is to forget its path */
	float erl_db, erle_db; /* last known, NAN = not */
};

/* What may be at work in a session, so that a block need not look at it. */
enum session_busy {
	SESSION_LINE_DIGITS = 1, /* rx.line: to be played, or muted */
	SESSION_LINE_TONE = 2,	 /* rx.tone */
	SESSION_RTP_DIGITS = 4,	 /* tx.inband */
	SESSION_RTP_TONE = 8,	 /* tx.tone */
	SESSION_EVENTS = 16,	 /* tx.dtmf */
};

/* What each block looks at stands at the beginning, here and in the parts:
 * what a session costs is the memory that it touches. */
struct session {
	bool open, closing;
	bool keyed;   /* crypto has keys */
	uint8_t busy; /* enum session_busy */
	struct dtmf_track track;
	uint16_t index, at; /* in engine.sessions, engine.in_use */
	media_id id;
	int rtp_fd, rtcp_fd;
	struct netio *net; /* of the thread that has it; NULL: none */
	uint8_t tone_kind[2]; /* wanted: to line, to RTP */
	struct session_far far;
	struct session_place place;
	struct session_tx tx;
	struct session_rx rx;
	struct session_rtcp rtcp;
	struct session_crypto crypto;
};

/* RTP's in a netio; RTCP has the next. */
static inline unsigned session_slot(const struct session *s)
{
	return 2u * s->index;
}

/* --- session.c --- */
void session_init(struct session *, unsigned index,
		  const struct engine_config *);
void session_fini(struct session *);
void session_open(struct session *, struct tick *,
		  const struct engine_command *);
/* Says goodbye to the peer; the figures are left. */
void session_close(struct session *, struct tick *);
void session_modify(struct session *, struct tick *,
		    const struct media_modify *);
/* A place on a line was given, or taken away. */
void session_placed(struct session *);
void session_unplaced(struct session *);
void session_tone(struct session *, unsigned kind, bool to_rtp);
void session_digit(struct session *, uint8_t code, uint16_t ms, bool to_rtp);
void session_figures(const struct session *, struct media_figures *);
/* So many samples of the line's time have passed without a block. */
void session_skip(struct session *, uint32_t samples);
/* Every 100 ms: RTCP, supervision. */
void session_watch(struct session *, struct tick *);
/* Have the memory that the next block needs brought near: first what is always
 * the same, then, when that is there, what it points to. */
void session_prefetch(const struct session *);
void session_prefetch_samples(const struct session *);
bool session_may_send(const struct session *);
bool session_may_receive(const struct session *);
/* Of the codes that go to RTP, if they are speech. */
enum law session_law(const struct session *);

/* --- session_rx.c --- */
/* One packet. */
void session_packet(struct session *, struct tick *,
		    const struct udp_datagram *);
/* A block for the line. */
void session_to_line(struct session *, struct tick *, uint8_t *codes);
/* Events of RTP while there is no line. */
void session_idle(struct session *, struct tick *);

/* --- session_tx.c --- */
/* A block from the line. */
void session_from_line(struct session *, struct tick *,
		       const struct line_block *);
/* datagram: len octets, the first RTP_HEADER of them to be filled in, and
 * room for SRTP_TRAILER. */
/* To the socket, with the next wake-up. 0 or -errno; later refusals of RTP
 * come to session_refused(). */
int session_post(struct session *, const struct net_addr *to, bool rtcp,
		 const void *data, size_t len);
void session_refused(struct session *);
/* The next block of what is to be heard; false: nothing is. */
bool digit_player_run(struct digit_player *, float *out,
		      enum dtmf_recv_change *change);

/* --- session_crypto.c --- */
void session_crypto(struct session *, const struct engine_command *);
/* What is sent of a session with keys is sealed, in place. The new length;
 * 0: it is not to be sent. */
size_t session_seal(struct session *, uint8_t *rtp, size_t len);
size_t session_seal_rtcp(struct session *, uint8_t *rtcp, size_t len);
/* What came for a session with keys: *d is then its plain text, in buf. False:
 * to be dropped, and counted. */
bool session_unseal(struct session *, struct udp_datagram *d,
		    uint8_t buf[UDP_MAX]);
bool session_unseal_rtcp(struct session *, struct udp_datagram *d,
			 uint8_t buf[UDP_MAX]);

/* --- session_rtcp.c --- */
void session_rtcp_open(struct session *, struct tick *, uint32_t seed);
void session_rtcp_packet(struct session *, struct tick *,
			 const struct udp_datagram *);
void session_rtcp_run(struct session *, struct tick *);
void session_rtcp_bye(struct session *, struct tick *);

/* --- worker.c --- */
void engine_tell(struct tick *, const struct session *,
		 enum media_event_kind kind, char digit);

#endif
