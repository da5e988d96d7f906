/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway's media role under the load of whole E1s, as the benches take
 * it: the role in a process of its own, handed links and sockets as by the
 * supervisor; a process that is the far end of all lines (near-end speech and
 * an echo of what it hears, through a short hybrid in each channel); a
 * process that is the far end of all RTP streams.
 *
 *   load_rtp  == RTP ==>  media role  == pseudowire ==>  load_line
 *             <== RTP ==   (CPU 1)    <== pseudowire ==  hybrid, near end
 *
 * Time is samples since `start` at both generators, so that what a channel
 * says at an instant is known to all: both walk through the same period of
 * conversation, in which the two ends talk by turns, each channel from a
 * place of its own.
 *
 * Thread: one in each process; shared memory is written by one process and
 * read by the host after that one has ended, but for the atomics.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/clock.h"
#include "gateway/base/net.h"

enum {
	LOAD_SPANS = 63,
	LOAD_CALLS = 30, /* of a span */
	LOAD_CHANNELS = LOAD_SPANS * LOAD_CALLS,
	LOAD_PERIOD = 64000, /* samples of a conversation: 8 s */
	LOAD_VOICES = 4,
	LOAD_TAPS = 64,
	LOAD_CHECKED = 16, /* channels that are recorded and judged */
	LOAD_PACKET = 160, /* samples */
	LOAD_FRAMES = 8,   /* of a pseudowire packet: 1 ms */
	LOAD_SLOTS = 32,
	LOAD_LATE_BINS = 6400, /* of 10 us */
};

/* When they talk, in samples of the period; silence in between. */
enum {
	LOAD_FAR_FROM = 0,
	LOAD_FAR_TO = 36000,
	LOAD_NEAR_FROM = 38400,
	LOAD_NEAR_TO = 62400,
};

struct load_plan {
	unsigned spans, channels;
	unsigned calls; /* of a span; the last may have less */
	unsigned warm_ms, seconds;
	uint32_t seed;
	bool slave;	/* the gateway's lines follow ours */
	int engine_cpu; /* everything else runs on CPU 0; -1: anywhere */
	uint16_t port;	/* the first of those to be tried */
	uint8_t suite;	/* enum srtp_suite */
	uint8_t isa;	/* enum isa that the gateway is limited to */
};

/* A channel's place: span, slot and where its conversation begins. */
unsigned load_span_of(const struct load_plan *, unsigned channel);
unsigned load_slot_of(const struct load_plan *, unsigned channel);
unsigned load_voice_of(unsigned channel);
unsigned load_offset_of(const struct load_plan *, unsigned channel);

/* What is said, made before the processes part. */
struct load_voices {
	uint8_t far[LOAD_VOICES][LOAD_PERIOD + LOAD_PACKET]; /* A-law */
	float near[LOAD_VOICES][LOAD_PERIOD + LOAD_FRAMES];
};

void load_voices_make(struct load_voices *, uint32_t seed);

/* How a generator did, in the measured time. */
struct load_account {
	uint64_t due, sent, received, lost;
	int64_t late_max_ns;
	uint64_t over_5ms; /* ticks done more than 5 ms late */
	uint64_t odd;	   /* packets that do not belong here */
	uint64_t forged;   /* of checked channels: not authentic */
};

/* Codes of a checked channel, from the first sample on. */
struct load_track {
	uint32_t len, room; /* of each */
	uint8_t *to_line, *from_line; /* what the far end of the line sees */
	uint8_t *from_rtp;	      /* what the gateway sends as RTP */
};

enum { LOAD_STALLS = 4096 };

/* Who tells of times in which the host did not run what it should. */
enum load_teller {
	LOAD_CPU0, /* threads of the highest priority */
	LOAD_CPU1,
	LOAD_LINE, /* the generators */
	LOAD_RTP,
	LOAD_TELLERS
};

struct load_witness {
	int64_t stalled_ns; /* in the measured time */
	unsigned stalls;
	struct {
		int64_t from_ns, to_ns;
	} stall[LOAD_STALLS];
};

struct load_shared {
	_Atomic int64_t start_ns; /* 0: not yet */
	int64_t from_ns, to_ns;	  /* the measured time; set before start_ns */
	struct load_account line, rtp;
	struct load_witness witness[LOAD_TELLERS];
	uint64_t echo_missed; /* blocks that came too late to be echoed */
	uint32_t tx_late[LOAD_LATE_BINS]; /* pseudowire packets by lateness */
	unsigned checked[LOAD_CHECKED];
	unsigned n_checked;
	struct load_track track[LOAD_CHECKED];
};

/* Zeroed memory that all processes share, with room for the tracks. NULL:
 * no memory. Freed by the end of the process. */
struct load_shared *load_share(const struct load_plan *);

/* Everything the generators are handed. */
struct load_ends {
	int line_fd;		     /* bound, not connected */
	int rtp_fd, rtcp_fd;	     /* likewise */
	struct net_addr line, rtp;   /* their addresses */
	struct net_addr gw_line[LOAD_SPANS];
	struct net_addr gw_rtp[LOAD_CHANNELS];
};

/* --- the processes; none returns before the time is over --- */
void load_line_run(const struct load_plan *, const struct load_voices *,
		   const struct load_ends *, struct load_shared *);
void load_rtp_run(const struct load_plan *, const struct load_voices *,
		  const struct load_ends *, struct load_shared *);

/* --- what they share --- */
/* Sleeps until that instant. */
void load_sleep_until(int64_t ns);
int64_t load_now(void);
/* Waits for the start, empties the socket; the instant of the start. */
int64_t load_await_start(struct load_shared *, int fd);
void load_pin(int cpu);
/* The time-critical ones; tried. */
void load_priority(int priority);
/* A generator's tick that was due then is done. */
void load_note_late(struct load_shared *, enum load_teller, int64_t due_ns);
/* That teller was stopped so long. */
void load_note_stall(struct load_shared *, enum load_teller, int64_t from_ns,
		     int64_t to_ns);
/* Is it in the measured time? */
bool load_is_measured(const struct load_shared *, int64_t ns);

/* --- load_hybrid.c --- */
struct load_hybrids { /* impulse responses, a lane for each slot */
	float tap[LOAD_TAPS][LOAD_SLOTS] __attribute__((aligned(64)));
};

void load_hybrids_make(struct load_hybrids *, uint32_t seed);
/* y[f] from x[f] and the LOAD_TAPS - 1 rows before it. */
void load_hybrids_run(const struct load_hybrids *,
		      const float (*x)[LOAD_SLOTS], float (*y)[LOAD_SLOTS]);

#endif
