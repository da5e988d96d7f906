/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DTMF as RTP events (RFC 4733). Both state machines run once a block of
 * 10 ms; timestamps count 1/8000 s.
 *
 * Sending (one key press, 20 ms updates):
 *    M=1 d=80 . d=240 . d=400 ... E d=n . E d=n . E d=n
 *    |<-- all with the timestamp of its begin -------->|  then audio again
 *
 * Receiving:
 *    event packets ... E (or the next event, or silence of the sender)
 *    tone on the line  |<- its duration, at least 80 ms ->| gap of 50 ms
 *
 * Plain values; one thread; no allocation; tick.
 */
#ifndef MEDIA_DTMF_EVENT_H
#define MEDIA_DTMF_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DTMF_EVENT_LEN = 4,	/* octets of a payload */
	DTMF_EVENT_QUEUE = 32,	/* digits waiting */
	DTMF_EVENT_VOLUME = 10,	/* -10 dBm0 */
};

struct dtmf_event {
	uint8_t code;
	bool end;
	uint8_t volume;
	uint16_t duration;
};

/* 0, or -EINVAL: too short. Reserved bits and octets behind are ignored. */
int dtmf_event_parse(struct dtmf_event *, const uint8_t *payload, size_t len);
void dtmf_event_write(uint8_t out[DTMF_EVENT_LEN], const struct dtmf_event *);

/* --- sending --- */
struct dtmf_send {
	bool active;	  /* events go out, audio does not */
	bool held;	  /* key is down, it ends by dtmf_send_release() */
	bool first;	  /* nothing of this event was sent yet */
	uint8_t code;
	uint8_t ends;	  /* final packets still to be sent */
	uint32_t begin;	  /* timestamp of the event, or of its segment */
	uint32_t now;	  /* timestamp of the present block */
	uint32_t length;  /* samples wanted, if not held */
	uint32_t next;	  /* timestamp of the next update */
	uint32_t idle_to; /* pause before the next digit of the queue */
	bool pausing;
	uint8_t queue[DTMF_EVENT_QUEUE];
	uint16_t queue_ms[DTMF_EVENT_QUEUE];
	uint8_t head, count;
};

struct dtmf_send_packet {
	bool marker;
	uint32_t ts;
	uint8_t payload[DTMF_EVENT_LEN];
};

/* A key goes down on the line; false: one is down already. */
bool dtmf_send_press(struct dtmf_send *, uint8_t code, uint32_t ts);
void dtmf_send_release(struct dtmf_send *);
/* Queue a digit of that length; false: full. */
bool dtmf_send_put(struct dtmf_send *, uint8_t code, uint16_t ms);
/* Nothing is sent or waits to be. */
bool dtmf_send_is_idle(const struct dtmf_send *);
/* Once a block that begins at ts. True: *p is to be sent now. interval in
 * samples, 160..400. While ->active no audio is to be sent. */
bool dtmf_send_step(struct dtmf_send *, uint32_t ts, uint32_t interval,
		  struct dtmf_send_packet *p);

/* --- receiving --- */
enum dtmf_recv_verdict {
	DTMF_RECV_OK,
	DTMF_RECV_REPEAT, /* of an event that has ended, or older */
	DTMF_RECV_BAD,	/* not understood */
	DTMF_RECV_FULL	/* digit dropped: too many wait */
};

struct dtmf_recv_digit {
	uint8_t code;
	bool local;	 /* put by us: nobody is to be told of it */
	uint32_t length; /* samples */
};

struct dtmf_recv_span { /* timestamps [from, to) */
	bool valid;
	uint32_t from, to;
};

struct dtmf_recv {
	/* The event that packets tell of; when !open, the last one. */
	struct {
		bool open;
		bool any;	/* there was one: ts is valid */
		uint8_t code;
		uint32_t ts;	/* of its present segment */
		uint32_t before; /* samples of its earlier segments */
		uint32_t quiet; /* samples since its last packet */
		struct dtmf_recv_digit *digit; /* what it plays */
	} event;
	/* The digit on the line, then those waiting, oldest first. */
	bool playing; /* else in the gap, or idle */
	struct dtmf_recv_digit now;
	uint32_t played, gap; /* samples */
	struct dtmf_recv_digit queue[DTMF_EVENT_QUEUE];
	uint8_t head, count;
	/* In-band copies of the present and the last event. */
	struct dtmf_recv_span mute[2];
};

enum dtmf_recv_verdict dtmf_recv_on(struct dtmf_recv *, uint32_t ts,
				const uint8_t *payload, size_t len);

enum dtmf_recv_change { DTMF_RECV_SAME, DTMF_RECV_BEGIN, DTMF_RECV_END };

/* Put a digit of ms on the line, as if an event had come; false: full. */
bool dtmf_recv_put(struct dtmf_recv *, uint8_t code, uint16_t ms);

/* Once a block. BEGIN: a digit (now.code) starts with this block. END: it
 * has ended with the block before. */
enum dtmf_recv_change dtmf_recv_step(struct dtmf_recv *);
/* Nothing sounds or waits, and no sample from ts on is an in-band copy: until
 * the next event or digit it stays so. */
bool dtmf_recv_is_idle(const struct dtmf_recv *, uint32_t ts);
/* Is the audio sample of that timestamp an in-band copy? */
bool dtmf_recv_mutes(const struct dtmf_recv *, uint32_t ts);

#endif
