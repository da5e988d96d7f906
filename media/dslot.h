/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The D channel in a time slot: HDLC frames (ISO/IEC 13239, as Q.921 2
 * uses it) to and from the octets of a 64 kbit/s slot. The first bit sent
 * is the most significant one of the slot's octet (G.704, 0x80); HDLC
 * itself sends its octets least significant bit first, so the two orders
 * are opposite. Frames are passed without flags, stuffing and FCS
 * (CRC-16/X.25, low octet first). Between frames there are flags.
 *
 * Ownership and thread: one thread, the one that owns the line. dslot_new()
 * takes all memory; functions marked tick never allocate, lock or print.
 */
#ifndef MEDIA_DSLOT_H
#define MEDIA_DSLOT_H

#include <stddef.h>
#include <stdint.h>

enum {
	DSLOT_MIN = 3,		/* octets: shortest LAPD frame (Q.921 2.2) */
	DSLOT_MAX = 300,	/* longest: N201 = 260 and room */
	DSLOT_QUEUE = 16,	/* frames waiting, each way */
};

struct dslot_stats {
	uint64_t rx_frames;	/* good ones */
	uint64_t rx_bad_fcs;	/* or not a whole number of octets */
	uint64_t rx_aborts;	/* seven ones within a frame, or idle ones */
	uint64_t rx_too_long;
	uint64_t rx_too_short;
	uint64_t rx_dropped;	/* good, but nobody took them in time */
	uint64_t tx_frames;	/* accepted */
	uint64_t tx_refused;	/* queue full or wrong size */
};

struct dslot;

/* NULL and errno ENOMEM. */
struct dslot *dslot_new(void);
void dslot_free(struct dslot *d);

/* tick: n octets of the slot as received, in order. */
void dslot_rx(struct dslot *d, const uint8_t *octets, size_t n);

/* tick: the next received frame, copied to frame[DSLOT_MAX]; its length, or
 * 0 if there is none. */
size_t dslot_take(struct dslot *d, uint8_t *frame);

/* tick: queue a frame. 0, -EMSGSIZE (outside DSLOT_MIN..DSLOT_MAX) or
 * -ENOBUFS. */
int dslot_send(struct dslot *d, const uint8_t *frame, size_t len);

/* tick: the next n octets of the slot to send; flags when idle. */
void dslot_tx(struct dslot *d, uint8_t *octets, size_t n);

/* tick: forget frames in progress and queued, both ways (line was down);
 * counters stay. */
void dslot_reset(struct dslot *d);

/* tick: a copy of the counters. */
void dslot_stats(const struct dslot *d, struct dslot_stats *stats);

#endif
