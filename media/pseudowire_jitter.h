/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive side of a packet line: sequence numbers, jitter buffer and the
 * receiver states of RFC 5086 6.2.2. It knows packets, not frames or
 * sockets; time is counted in calls of pw_jitter_play(), one a packet time.
 *
 *	FILL ---- depth reached ----> NORMAL <--- n_in in sequence --- LOSS
 *	  `------ 5 s of nothing ------------ n_out in a row lost ------^
 *
 * The ring is indexed by a 32-bit running number, whose difference to the
 * 16-bit sequence number changes only at a resync.
 *
 * Ownership and thread: in the owner's memory; pw_jitter_init() takes the
 * payload memory. put, play, skip and trim are tick functions.
 */
#ifndef MEDIA_PSEUDOWIRE_JITTER_H
#define MEDIA_PSEUDOWIRE_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PW_RING = 256,		/* packets */
	PW_WINDOW = 128,	/* a farther sequence number is a jump */
	PW_DEPTH_MAX = 64,	/* packets */
	PW_BURST = 8,		/* packets over 2 * depth: dropped at once */
	PW_EXCESS = 2,		/* over depth at all times: one is dropped */
};

enum pw_state {
	PW_FILL,
	PW_NORMAL,
	PW_LOSS,
};

/* What became of a packet. */
enum pw_put {
	PW_PUT_OK,		/* in order */
	PW_PUT_GAP,		/* in order, some before it are missing */
	PW_PUT_REORDERED,	/* put right */
	PW_PUT_LATE,		/* its place has been played: dropped */
	PW_PUT_DUPLICATE,	/* dropped */
	PW_PUT_HELD,		/* jumped: dropped unless the next follows */
	PW_PUT_RESYNC,		/* the second one of a new sequence */
	PW_PUT_FAR,		/* no room so far ahead: dropped */
};

struct pw_jitter_config {
	unsigned depth;		/* packets to buffer before playing */
	unsigned n_out;		/* lost in a row -> LOSS; RFC 5604: 10 */
	unsigned n_in;		/* in sequence -> NORMAL; RFC 5604: 2 */
	unsigned fill_limit;	/* packet times in FILL -> LOSS; 5 s */
	unsigned settle;	/* packet times that show the least depth; 1 s */
	size_t payload;		/* octets */
	int64_t restart_ns;	/* a new sequence is believed only if the old
				 * one has been silent that long */
	bool lockstep;		/* pw_jitter_begin() alone starts to play */
};

struct pw_slot {
	uint32_t number;
	enum { PW_EMPTY, PW_FULL, PW_PLAYED } use;
	bool idle;		/* L: no payload */
};

struct pw_held {
	bool valid, idle;
	uint16_t seq;
};

struct pw_jitter {
	struct pw_jitter_config cfg;
	enum pw_state state;
	bool synced;		/* next_seq is known */
	bool playing;		/* else gathering packets up to depth */
	bool empty;		/* nothing gathered yet */
	uint32_t play;		/* next number to play */
	uint32_t next;		/* one past the highest received */
	uint32_t floor;		/* nothing before it can still be played */
	uint16_t next_seq;	/* sequence number of `next` */
	unsigned run;		/* received in sequence, for n_in */
	unsigned good;		/* played in a row, for n_in */
	unsigned missing;	/* not played in a row, for n_out */
	unsigned fill_ticks;
	unsigned low;		/* least depth since low_ticks was 0 */
	unsigned low_ticks;
	unsigned late_ticks;	/* packet times in a row with late packets */
	bool late;		/* a late packet since the last play */
	bool started;		/* playing since the last trim */
	int64_t heard_ns;	/* last packet of the sequence in use */
	struct pw_held held;
	struct pw_slot slots[PW_RING];
	uint8_t *data;		/* PW_RING payloads and the held one */
	uint64_t slips;		/* times play was moved, since the owner */
	uint64_t slip_packets;	/* set it to 0, and by so many in all */
	uint32_t loss_events;
};

/* One packet time of the line. */
struct pw_played {
	bool lost;		/* replace; else payload is valid */
	const uint8_t *payload;	/* NULL: idle */
};

/* 0 or -ENOMEM. */
int pw_jitter_init(struct pw_jitter *j, const struct pw_jitter_config *cfg);
void pw_jitter_fini(struct pw_jitter *j);

/* tick: a packet of cfg.payload octets (NULL: L, idle), received at now_ns. */
enum pw_put pw_jitter_put(struct pw_jitter *j, uint16_t seq,
			  const uint8_t *payload, int64_t now_ns);

/* tick: one packet time passes. The payload is good until the next put. */
void pw_jitter_play(struct pw_jitter *j, struct pw_played *out);

/* tick: n packet times are given up, nobody wants their content. */
void pw_jitter_skip(struct pw_jitter *j, unsigned n);

/* tick: after all plays that are due: if far too much waits, go back to
 * depth; if it has always been somewhat too much, drop one packet. */
void pw_jitter_trim(struct pw_jitter *j);

/* tick: packets from the next to play up to the newest one. */
unsigned pw_jitter_depth(const struct pw_jitter *j);

/* tick: the next n packets are all there (lockstep: a whole block). */
bool pw_jitter_has(const struct pw_jitter *j, unsigned n);

/* tick: play from now on whatever depth says (lockstep). */
void pw_jitter_begin(struct pw_jitter *j);

#endif
