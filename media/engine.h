/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media engine: the tick that moves samples between lines and RTP, in one
 * thread or several. How it works inside stands at the top of engine.c; this
 * is what its owner, the control thread, may do.
 *
 *    engine_new, engine_set_span/line/sockets      memory, devices
 *    engine_prepare                                more memory
 *    engine_start                                  the threads run
 *       engine_command -> [ring] -> engine         open, connect, ...
 *       engine_event   <- [ring] <- engine         digits, figures, ...
 *       engine_frame_put / _get  (two more rings)  D channels
 *       engine_add_span, engine_remove_span       spans that come and go
 *    engine_stop, engine_free
 *
 * Without engine_start() the owner may call engine_step() itself, with
 * instants of its own clock: everything then happens in its thread.
 *
 * A *session* is an RTP port pair by number; it carries a media_id given with
 * ENGINE_OPEN, that comes back in each of its events. It may be connected to
 * any span at any time; to get to the thread of that span it needs its
 * owner to look for events (engine_event), which he does anyway.
 */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "gateway/base/clock.h"
#include "media/lateness.h"
#include "media/law.h"
#include "media/line.h"
#include "media/media.h"

struct engine;

enum { ENGINE_THREADS = 16 }; /* at most */

struct engine_config {
	unsigned spans; /* room for so many */
	unsigned sessions;
	uint16_t jitter_min_ms, jitter_max_ms;
	uint16_t silent_alarm_s;   /* no RTP for so long; 0 = never */
	uint16_t silent_release_s; /* 0 = never */
	unsigned threads;	   /* engine threads; 0: one, not pinned */
	int cpus[ENGINE_THREADS];  /* that they are pinned to; -1 = not */
};

struct engine_span_config {
	enum law law;
	uint8_t d_slot;		/* 0 = none */
	uint8_t idle;		/* code of a B channel without call */
	uint16_t echo_tail_ms;	/* 32, 64, 128; 0 = no canceller */
	bool align;		/* blocks may begin in a phase of ours */
	uint16_t hold_ms;	/* a fault ends calls after this time; */
	uint16_t far_hold_ms;	/* one of the far end's receiver */
	const char *country;	/* of its tones; borrowed for the call */
};

/* NULL + errno. sessions and spans are all preallocated. */
struct engine *engine_new(const struct engine_config *);
/* Also closes lines and sockets. */
void engine_free(struct engine *);

/* For spans, as it was made. */
unsigned engine_room(const struct engine *);
/* There is no such span, nor is one leaving: one can be added. */
bool engine_is_out(const struct engine *, unsigned span);
/* Before engine_prepare: this one is there. 0, -EINVAL, -ENOMEM; -ENOENT: no
 * such country, it has default tones, all else is done. */
int engine_set_span(struct engine *, unsigned span,
		    const struct engine_span_config *);
/* The line is the engine's from here on, whatever is returned; it starts
 * with the engine. 0 or -EINVAL. */
int engine_set_line(struct engine *, unsigned span, struct line *);
/* Likewise the descriptors. rtcp may be -1. */
int engine_set_sockets(struct engine *, unsigned session, int rtp, int rtcp);

/* All is set: which spans work together, where, and their cancellers. 0, -ENOMEM,
 * -EINVAL: a tail that there is none of; -EALREADY. */
int engine_prepare(struct engine *);

/* What was refused at the start, as bits; calls still work. */
enum engine_refused {
	ENGINE_NO_PRIORITY = 1,
	ENGINE_NO_MEMLOCK = 2,
	ENGINE_NO_AFFINITY = 4,
	ENGINE_NO_URING = 8
};

/*
 * Once prepared: a span that was not set, or has gone; its line is the engine's
 * from here on, whatever is returned. It is a pack of its own: the calls of the
 * others are not touched. 0, -ENOENT as above; -EINVAL, -ENOMEM; -EBUSY: it is
 * there, or not gone yet; -EAGAIN: the ring is full.
 */
int engine_add_span(struct engine *, unsigned span,
		    const struct engine_span_config *, struct line *);
/* Its line is closed and its sessions are without a place. ENGINE_EV_GONE says
 * when; until then its events may still come. False: there is no such span, or
 * the ring is full. */
bool engine_remove_span(struct engine *, unsigned span);

/* Starts lines and threads. 0 or -errno, -EINVAL: it is not prepared; *refused
 * gets the bits. */
int engine_start(struct engine *, unsigned *refused);
void engine_stop(struct engine *); /* idempotent */

/* One tick at that instant (instead of engine_start), once prepared. The
 * first call starts the lines. */
void engine_step(struct engine *, mono_t now);

enum engine_op {
	ENGINE_OPEN,
	ENGINE_CONNECT,
	ENGINE_MODIFY,
	ENGINE_TONE,
	ENGINE_DTMF,
	ENGINE_CRYPTO,
	ENGINE_CLOSE,
	ENGINE_LINE, /* of a span, not of a session: engine_set_down() */
	ENGINE_STEER, /* likewise: engine_steer() */
	ENGINE_ATTACH, /* likewise: engine_add_span() */
	ENGINE_DETACH /* likewise: engine_remove_span() */
};

struct engine_command {
	uint8_t op;	  /* enum engine_op */
	uint16_t session;
	media_id id;	  /* of the session's present user */
	union {
		struct {
			uint32_t ssrc, ts, seq; /* by chance */
			struct net_addr local;
		} open;
		struct {
			uint16_t span;
			uint8_t slot, clear; /* slot 0 = disconnect */
		} connect;
		struct media_modify modify; /* head and id unused */
		struct {
			uint8_t kind, to_rtp;
		} tone;
		struct {
			uint8_t code, to_rtp;
			uint16_t ms;
		} dtmf;
		struct {
			uint16_t span;
			uint8_t down;
			int32_t ppb;
		} line;
		struct { /* wiped in the ring when it was obeyed */
			uint8_t suite; /* enum srtp_suite */
			struct srtp_master tx, rx;
			uint32_t ssrc; /* of ours, if tx is another key */
		} crypto;
	} u;
};

/* False: the ring is full, nothing was done. */
bool engine_command(struct engine *, const struct engine_command *);
/* Take the line of a span out of service, its device is given back; or bring
 * it back. False: the ring is full. */
bool engine_set_down(struct engine *, unsigned span, bool down);
/* The thread that has the span: the one of engine_gauges. */
unsigned engine_thread_of(const struct engine *, unsigned span);
/* The thread that has the span is in a call that does not come back (see
 * line_calls()): a call that waits ends, a thread that runs takes no notice. */
void engine_interrupt(struct engine *, unsigned span);
/* A line where we give the clock: so much faster than ours. Likewise. */
bool engine_steer(struct engine *, unsigned span, int32_t ppb);

enum engine_event_kind {
	ENGINE_EV_MEDIA,   /* u.media: as in struct media_event */
	ENGINE_EV_CLOSED,  /* u.figures; the session is free */
	ENGINE_EV_FIGURES, /* u.figures, about once a second */
	ENGINE_EV_SPAN,	   /* u.span, at a change and once a second */
	ENGINE_EV_GAUGES,  /* u.gauges, once a second from each thread */
	ENGINE_EV_GONE	   /* u.span.span: it may be added again */
};

struct engine_gauges { /* of one thread */
	uint8_t thread;
	uint32_t spans, sessions; /* that it has */
	uint64_t ticks, blocks;
	uint64_t late_ticks; /* woken 1 ms after their time or more */
	uint64_t skipped_ms; /* ticks left out after a stall */
	uint64_t catch_up;   /* blocks done while the next one waited */
	uint64_t rested;     /* blocks most of whose cancellers learnt nothing,
				since the thread was behind */
	uint64_t events_lost; /* ring full */
	uint64_t commands_stale;
	uint32_t busy_permille;	   /* of the last second */
	struct lateness late;	   /* of the wake-ups */
	struct lateness line_late; /* of the lines' packets, the first a tick */
};

/* All numbers are added up, but for `thread`. */
void engine_gauges_add(struct engine_gauges *sum, const struct engine_gauges *);

struct engine_span_clock { /* blocks of 10 ms */
	uint64_t stalls;  /* times the line stopped bringing frames */
	uint64_t bridged; /* made of idle codes: the line had none */
	uint64_t dropped; /* came too late for their calls */
	uint64_t frames;  /* that the line has brought, */
	int64_t frames_ns; /* by that instant */
};

struct engine_span_state {
	uint16_t span;
	uint16_t alarms, defects; /* of line.h */
	uint8_t service;  /* enum service_state */
	uint32_t d_errors; /* frames dropped on the D channel, in all */
	uint32_t d_rx, d_tx;
	uint64_t d_refused; /* to be sent, but no room */
	struct line_stats line;
	struct engine_span_clock clock;
};

struct engine_event {
	uint8_t kind; /* enum engine_event_kind */
	uint16_t session;
	media_id id;
	union {
		struct {
			uint8_t kind, digit; /* enum media_event_kind */
		} media;
		struct media_figures figures;
		struct engine_span_state span;
		struct engine_gauges gauges;
	} u;
};

bool engine_event(struct engine *, struct engine_event *);
/* Readable when there may be events or frames; read and forget. Still the
 * engine's. */
int engine_event_fd(const struct engine *);

enum { ENGINE_FRAME_MAX = 300 };

struct engine_frame {
	uint16_t span, len;
	uint8_t octets[ENGINE_FRAME_MAX];
};

/* To and from the D channel. False: full; nothing there. */
bool engine_frame_put(struct engine *, const struct engine_frame *);
bool engine_frame_get(struct engine *, struct engine_frame *);

#endif
