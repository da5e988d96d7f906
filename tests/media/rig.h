/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rig for tests of the media engine: an engine of one span and two
 * sessions, stepped by the test in virtual time; a line at the far end; a UDP
 * socket pair as the far end of RTP. Everything over loopback, one thread.
 *
 *    far RTP <-- packets --> engine <-- pseudowire --> far line
 */
#ifndef TESTS_MEDIA_RIG_H
#define TESTS_MEDIA_RIG_H

#include "media/engine_priv.h"

enum { RIG_ID = 0x00010001, RIG_SLOT = 1, RIG_PACKETS = 4096 };

struct rig_packet { /* as sent by the engine */
	size_t len;
	int64_t at_ms;
	uint8_t data[600];
};

struct rig {
	struct engine *e;
	struct line *far;
	mono_t now;
	int rtp, rtcp;		   /* the far end's sockets */
	struct net_addr ours, theirs; /* RTP address of engine; of far */
	/* The far line: the engine's blocks are appended to heard, what it
	 * says is taken from said (idle when there is no more). */
	uint8_t slot;
	uint8_t *heard;
	size_t n_heard, max_heard;
	const uint8_t *said;
	size_t n_said, at_said;
	/* What came by RTP. */
	struct rig_packet *packets;
	unsigned n_packets;
	/* Sending RTP. */
	uint16_t seq;
	uint32_t ts, ssrc;
	/* Events of the session, in order. */
	struct engine_event events[256];
	unsigned n_events;
	struct media_figures figures; /* of CLOSED */
	bool closed;
	void (*on_ms)(struct rig *, void *);
	void *on_ms_arg;
};

struct rig_config {
	enum law law;
	uint16_t echo_tail_ms;
	uint16_t jitter_min_ms, jitter_max_ms;
	uint16_t silent_alarm_s, silent_release_s;
	unsigned spans; /* that there is room for; 0: one */
};

void rig_init(struct rig *, const struct rig_config *);
void rig_fini(struct rig *);
void rig_run(struct rig *, unsigned ms);
void rig_open(struct rig *);
void rig_connect(struct rig *, bool clear);
/* Session as an answered call: codec, ptime 20, event type 101. */
struct media_modify rig_modify_default(const struct rig *);
void rig_modify(struct rig *, const struct media_modify *);
void rig_command(struct rig *, enum engine_op, struct engine_command *);
/* One packet from the far end. */
void rig_send(struct rig *, uint8_t pt, bool marker, const uint8_t *payload,
	      size_t len);
void rig_send_raw(struct rig *, const void *, size_t);
unsigned rig_count(const struct rig *, enum media_event_kind);
/* The digits of such events, in order. */
void rig_digits(const struct rig *, enum media_event_kind, char *out);

/* Level of codes in dBm0. */
double rig_level(enum law, const uint8_t *codes, size_t n);
/* Best alignment of b in a (0 <= lag < max): normalised correlation. */
double rig_correlate(enum law, const uint8_t *a, const uint8_t *b, size_t n,
		     size_t max, size_t *lag);
/* A 44-byte-header mono 8 kHz WAV of 16 bits, as codes; 0 if not there. */
size_t rig_wav(const char *path, enum law, uint8_t *codes, size_t max);
#endif
