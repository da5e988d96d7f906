/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jitter buffer: a ring of samples (octets of 64 kbit/s) in the order of
 * their RTP timestamps, played at the pace of the line. Packets may have any
 * length, order and repetition.
 *
 *         played            | ready, with holes                |
 *    -----------------------+----------------------------------+------> ts
 *                         play                                high
 *                           |<- slack of a packet ->|ts
 *
 * The slack of a packet is the time from its arrival to its play. The least
 * slack of the last seconds says how much delay could go (cut), a packet that
 * comes too late how much is missing (play goes back to it, up to the
 * maximum). Because slack is measured against the line's own pace, a
 * difference of clocks shows there too and is made good the same way.
 *
 * With min = max the delay is fixed: a packet later than that is lost and does
 * not make it grow. Clocks that differ are made good all the same, within
 * a block about it.
 *
 * One thread; no allocation; all but the initialiser is for the tick.
 */
#ifndef MEDIA_JITTER_H
#define MEDIA_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JITTER_RING = 8192,   /* samples: 1.024 s */
	JITTER_PACKET = 960,  /* longest payload, 120 ms */
	JITTER_LIMIT = 4000,  /* largest max_samples */
};

enum jitter_kind {
	JITTER_IDLE,	/* no sender: not yet, or it has stopped */
	JITTER_AUDIO,	/* from packets */
	JITTER_MISSING, /* its packet has not arrived: conceal */
	JITTER_HOLD	/* conceal, the delay is growing by it */
};

struct jitter_stats {
	uint32_t late;	    /* packets that came after their time */
	uint32_t duplicate;
	uint32_t restarts;  /* timestamps jumped, or a silence ended */
	uint32_t held;	    /* samples put in */
	uint32_t cut;	    /* samples taken out */
};

struct jitter_window { /* of slack, samples */
	int32_t least, most;
	int64_t sum;
	uint32_t packets;
	uint32_t left; /* samples to play until its end */
};

struct jitter { /* what each block looks at comes first */
	int32_t min, max; /* delay wanted at least, allowed at most */
	uint32_t play;	  /* timestamp of the next sample */
	uint32_t high;	  /* end of the newest packet */
	uint32_t whole;	  /* from here to high nothing is missing */
	uint32_t first;	  /* before it there is nothing to conceal */
	bool running;
	unsigned late_run;  /* late packets since the last good one */
	uint32_t hold;	    /* samples to conceal without playing */
	uint32_t excess;    /* samples of delay that could go */
	struct jitter_window win;
	int32_t least_before, most_before; /* slack in the window before */
	struct jitter_stats stats;
	uint64_t have[JITTER_RING / 64]; /* valid for [high - RING, whole) */
	uint8_t codes[JITTER_RING];
};

/* Delays in samples, min <= max <= JITTER_LIMIT (clamped). */
void jitter_init(struct jitter *, unsigned min, unsigned max);
/* Forget the sender; limits and counters stay. */
void jitter_reset(struct jitter *);

/* A packet: n <= JITTER_PACKET codes that begin at timestamp ts. */
void jitter_put(struct jitter *, uint32_t ts, const uint8_t *codes, size_t n);

/* A packet that was held back by us: played if all of it is in time, but it
 * says nothing about the network. */
void jitter_fill(struct jitter *, uint32_t ts, const uint8_t *codes,
		 size_t n);

/* The next samples, at most n: as many as are of one kind. Codes are written
 * for JITTER_AUDIO only. */
size_t jitter_get(struct jitter *, uint8_t *codes, size_t n,
		  enum jitter_kind *kind);

/* Are the next n <= JITTER_PACKET samples all there? Then they are copied. */
bool jitter_peek(const struct jitter *, uint8_t *codes, size_t n);
/* Play on n samples later, n <= excess: the delay becomes smaller. */
void jitter_skip(struct jitter *, size_t n, size_t cut);

/* Mean delay by the buffer, samples, of the last complete packets. */
unsigned jitter_delay(const struct jitter *);

#endif
