/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TDM line (E1 or T1) as the media engine and pbxsim see it: frames of
 * raw line codes in, frames out, at the line's own pace. Drivers stand
 * behind a private table (line_priv.h).
 *
 * The line's clock is the media clock: a frame is 125 us of every time
 * slot, and for each frame that is read one is written. The owner does, at
 * each wake-up (1 ms):
 *
 *	line_tick(l, clock_mono());
 *	while (line_avail(l) >= LINE_BLOCK) {
 *		line_read(l, rx, LINE_BLOCK);
 *		... arithmetic ...
 *		line_write(l, tx, LINE_BLOCK);
 *	}
 *
 * What is written goes out at that tick or a later one. If the owner
 * oversleeps, line_avail() has grown by all that was missed, up to
 * LINE_STALL frames; beyond that frames are given up in both directions,
 * counted as a slip, and the far end is told by the sequence number.
 *
 *   wire -> jitter buffer -> [avail] -> line_read ... line_write -> [queue]
 *   -> wire: block k written leaves when block k + delay is read, where the
 *   delay (line_tx_delay(), frames) only changes with line_epoch().
 *
 * Time modes. LINE_WALL: paced by `now` (master), by the peer's packets
 * (slave), or by the card (DAHDI). LINE_LOCKSTEP: the master sends block n + 1 only after the
 * peer's block n, a lost packet is sent again, and no content depends on a
 * clock; both ends must be in lockstep, one master, one slave.
 *
 * Ownership and thread: one thread owns a line and makes all calls on it,
 * counters too. Functions marked tick never allocate, lock, log or print;
 * memory and descriptors are taken by line_open() alone.
 */
#ifndef MEDIA_LINE_H
#define MEDIA_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/clock.h"
#include "gateway/base/net.h"
#include "media/dslot.h"

enum {
	LINE_SLOTS = 32,	/* rows of a block: E1 TS0-TS31, TS0 unused */
	LINE_BLOCK = 80,	/* frames of a block: 10 ms */
	LINE_STALL = 512,	/* frames a late owner can catch up with */
};

enum line_driver {
	LINE_PSEUDOWIRE,	/* CESoPSN over UDP, RFC 5086 */
	LINE_DAHDI,		/* a card, or what the driver takes for one */
};

enum line_time {
	LINE_WALL,
	LINE_LOCKSTEP,
};

enum line_clock {
	LINE_CLOCK_MASTER,	/* we pace the line by the monotonic clock */
	LINE_CLOCK_SLAVE,	/* we follow the peer (adaptive) */
};

/* What the CESoPSN driver needs. Both ends must agree on all but the jitter
 * buffer and the sequence number (RFC 5086 5.1). */
struct pseudowire_config {
	uint8_t frames;		/* TDM frames a packet, 1-64; 8 = 1 ms */
	uint16_t jitter_ms;	/* depth the jitter buffer aims at, 1-60 */
	bool rtp;		/* send an RTP header before the control word */
	uint8_t rtp_pt;		/* its payload type, 96-127 */
	uint32_t rtp_ssrc;	/* and SSRC; 0 = by chance */
	bool fixed_seq;		/* start at first_seq, not by chance (tests) */
	uint16_t first_seq;
	/*
	 * Where to send if the descriptor is not connected; then packets of
	 * that address are taken from any of its ports. Family 0: connected.
	 */
	struct net_addr peer;
};

/* What the DAHDI driver needs besides what dahdi_open() has set. */
struct dahdi_config {
	const struct dahdi_sys *sys; /* NULL = the kernel's; outlives the line */
	uint16_t tail_ms;	/* as in struct dahdi_span */
	uint8_t phase_ms;	/* ms of a block at which blocks begin, 0-9:
				 * spreads the work of many spans */
};

/* A plain value; line_config_init() gives an E1 with the defaults. */
struct line_config {
	enum line_driver driver;
	enum line_time time;
	enum line_clock clock;
	int32_t skew_ppm;	/* master: run that much fast (+) or slow */
	uint16_t tx_lead;	/* wall: idle frames queued at the start, for
				 * an owner that takes a block later than the
				 * tick it is complete at: 80-400; DAHDI, which
				 * takes whole blocks: 96-800, multiples of 8 */
	uint32_t slot_mask;	/* bit s: time slot s is carried */
	uint8_t d_slot;		/* time slot of the D channel, 0 = none */
	uint8_t idle;		/* code of an idle B channel: 0xd5 A-law */
	bool conceal;		/* lost A-law: mirror and fade, else idle */
	uint16_t raise_ms, clear_ms; /* integration of alarms */
	struct pseudowire_config pw;
	struct dahdi_config dahdi;
};

/*
 * Alarms, as bits. line_defects() is the state of this moment; line_alarms()
 * what has lasted line_config.raise_ms without a break, and ends after
 * clear_ms without (RFC 5086 6.3). What either means for calls: service.h.
 */
enum line_alarm {
	LINE_LOS = 1,		/* nothing usable arrives */
	LINE_AIS = 2,		/* the peer says its circuit has failed (L);
				 * DAHDI: blue */
	LINE_RAI = 4,		/* the peer's circuit reports RDI (M = 10);
				 * DAHDI: yellow */
	LINE_REMOTE_LOSS = 8,	/* the peer does not hear us (R) */
	LINE_DOWN = 16,		/* we took the line down; no delay */
	LINE_CLOCK_LOOP = 32,	/* slave: the peer seems to follow us */
	LINE_STALLED = 64,	/* the driver brings no frames: found by the
				 * owner's watchdog */
	/* DAHDI alone: */
	LINE_LOOPBACK = 128,	/* the span is looped for a test */
	LINE_LFA = 256,		/* no frame alignment */
	LINE_LMFA = 512,	/* no multiframe alignment */
	LINE_RED = 1024,	/* LOS or LFA, it does not say which */
	LINE_NOT_OPEN = 2048,	/* the driver waits for its channels */
	LINE_RECOVERING = 4096,	/* good again, not yet given free */
	LINE_GONE = 8192,	/* there is no card */

	LINE_ALARMS = 14,	/* how many bits */
	/* No calls with one of these: we hear nothing; they do not. */
	LINE_OUT_NEAR = LINE_LOS | LINE_AIS | LINE_DOWN | LINE_STALLED |
			LINE_LOOPBACK | LINE_LFA | LINE_RED | LINE_NOT_OPEN |
			LINE_GONE,
	LINE_OUT_FAR = LINE_RAI | LINE_REMOTE_LOSS,
	LINE_OUT = LINE_OUT_NEAR | LINE_OUT_FAR,
};

/* Counters since start. Packets unless stated. */
struct line_rx_stats {
	uint64_t packets;	/* everything that arrived; DAHDI: blocks */
	uint64_t lost;		/* replaced by filler; late ones are in here */
	uint64_t late;		/* arrived after their place was played */
	uint64_t reordered;	/* arrived out of order and put right */
	uint64_t duplicate;
	uint64_t malformed;	/* wrong size, version, RTP or reserved bits */
	uint64_t stray;		/* wrong source, SSRC, or channel header */
	uint64_t signalling;	/* M = 11 without L: not for a PRI, dropped */
	uint64_t invalid;	/* L = 1; DAHDI: times a channel failed */
	uint64_t resync;	/* sequence number jumped */
	uint64_t excess;	/* over twice the nominal rate, dropped */
	uint64_t filler_frames;	/* frames read that were replaced */
	uint32_t silent_slots;	/* now: bit s: the driver refuses slot s, or
				 * brings nothing of use of it */
	bool batched;		/* DAHDI: by io_uring, which is quicker here */
};

struct line_tx_stats {
	uint64_t packets;
	uint64_t errors;	/* refused by the kernel */
	uint64_t idle_frames;	/* sent as idle: nothing had been written */
	uint64_t dropped_frames;/* written, but the queue was full */
	uint64_t repeated;	/* lockstep: sent again */
	bool batched;		/* as above */
};

struct line_clock_stats {
	uint64_t slips;		/* times frames were skipped or inserted */
	uint64_t slip_frames;
	uint64_t steps;		/* slave: times the path's delay jumped */
	uint64_t stalls;	/* times the owner overslept LINE_STALL, or a
				 * driver did not answer */
	int32_t rate_ppb;	/* slave: peer's clock against ours */
	int32_t phase_us;	/* slave: last phase error */
	int32_t depth_frames;	/* in the jitter buffer now */
	bool locked;		/* slave: rate steady */
};

struct line_error_stats {
	uint32_t es;		/* seconds with a replaced packet */
	uint32_t ses;		/* seconds with 30 % or more replaced */
	uint32_t loss_events;	/* times the loss state was entered */
	uint32_t alarm_s[LINE_ALARMS]; /* seconds of each, by bit number */
	/* DAHDI, as the card counts: errored blocks (CRC-4, CRC-6), framing
	 * errors, code violations, blocks that the far end found errored */
	uint64_t crc, fe, cv, ebit;
};

/* DAHDI: whose clock the card takes, by its own word. */
struct line_card_clock {
	bool known;	/* a dynamic span has no card */
	uint16_t source;/* DAHDI span; 0: its own. Some cards count their own
			 * ports instead, from 1 up */
	uint32_t place;	/* the same for all spans of a card */
};

struct line_stats {
	struct line_rx_stats rx;
	struct line_tx_stats tx;
	struct line_clock_stats clock;
	struct line_error_stats errors;
	struct line_card_clock card;
};

struct line;
struct udp_datagram;

/* Where a line in wall time has its datagrams sent by its owner, to get those
 * of many lines into one system call. to NULL: where the descriptor is
 * connected to. 0 or -errno; who finds out later says line_refused(). */
struct line_port {
	int (*send)(void *arg, const struct net_addr *to, const void *data,
		    size_t len);
	void *arg;
};

/* E1, all of TS1-TS31, D in TS16, 8 frames a packet, 5 ms jitter buffer,
 * wall time, master, no RTP, alarms after 2.5 s and for 10 s. */
void line_config_init(struct line_config *cfg);

/* 0, or -EINVAL: out of range, D slot not carried, or over the MTU. */
int line_config_check(const struct line_config *cfg);

/*
 * A line on a bound descriptor (pseudowire: see pseudowire_socket(); DAHDI:
 * any channel's, or -1: none yet), which it owns if it succeeds. Returns NULL and errno (EINVAL, ENOMEM). It sends
 * and receives nothing until line_start().
 */
struct line *line_open(const struct line_config *cfg, int fd);
void line_close(struct line *l);

/*
 * One more descriptor of a line that has one a channel (DAHDI; it says itself
 * which channel it is), before line_start(). The line's if it succeeds. 0,
 * -ENOTSUP, -EINVAL (not of this span, a slot that is not carried), -EBUSY
 * (slot taken), or what the driver says.
 */
int line_add(struct line *l, int fd);

/*
 * The same for a DAHDI line that runs, from one other thread than the owner's:
 * a card is there (again). Once all channels of a line that had none have
 * come it begins. False: no room, or no such line; else the descriptor is the
 * line's, which closes what it cannot use.
 */
bool line_offer(struct line *l, int fd);

/* From one other thread than the owner's: changes whenever the owner calls the
 * driver's device and when it is back; odd: it is in such a call. 0: a driver
 * that cannot hold it. */
unsigned line_calls(const struct line *l);

/* Begin at `now`; later instants must not lie before it. */
void line_start(struct line *l, mono_t now);

/* tick: receive all that waits, advance the line's clock to now, send all
 * that is due and has been written. */
void line_tick(struct line *l, mono_t now);

/*
 * A line in wall time with a port does not touch its descriptor. In the place
 * of line_tick() the owner calls, with the same instant,
 *
 *	line_begin(l, now);		what is due goes to the port
 *	line_packet(l, now, datagram);	each that has come
 *	line_end(l, now);
 *
 * Before line_start(); -EINVAL in lockstep and with a driver without datagrams,
 * which do their own I/O.
 */
int line_set_port(struct line *l, const struct line_port *port);
void line_begin(struct line *l, mono_t now);
void line_packet(struct line *l, mono_t now, const struct udp_datagram *d);
void line_end(struct line *l, mono_t now);
/* tick: one of those that the port took did not leave. */
void line_refused(struct line *l);

/* tick: wall time: when the next packet is due, for an owner that paces a
 * single line and wants its packets evenly spaced. */
mono_t line_due(const struct line *l);

/* tick: frames that can be read, and must be written, now. */
unsigned line_avail(const struct line *l);

/*
 * tick: take the next n <= LINE_BLOCK frames: slots[s][i] is the code of
 * time slot s in frame i (rows of slots that are not carried are idle).
 * Returns how many of them are filler, or -EAGAIN if fewer than n wait and
 * -EINVAL if n is too large; then nothing happened.
 */
int line_read(struct line *l, uint8_t (*slots)[LINE_BLOCK], unsigned n);

/*
 * tick: queue n <= LINE_BLOCK frames, laid out as above. -ENOBUFS if there
 * is no room, -EINVAL if n is too large; the frames are then counted as
 * dropped.
 */
int line_write(struct line *l, const uint8_t (*slots)[LINE_BLOCK], unsigned n);

/* tick: frames that a frame written now waits for those before it; constant
 * while line_epoch() is. */
unsigned line_tx_delay(const struct line *l);

/* tick: changes with each slip, step or stall: whoever relies on a constant
 * echo path must look again. */
unsigned line_epoch(const struct line *l);

/* Does it run by a clock, so that a driver without frames is at fault? */
bool line_is_wall(const struct line *l);

/* Lines of the same rhythm that are started at the same instant complete
 * their frames in the same ticks; 0: the line keeps a time of its own. */
unsigned line_rhythm(const struct line *l);

/* tick: bits of enum line_alarm, integrated and of this moment. */
unsigned line_alarms(const struct line *l);
unsigned line_defects(const struct line *l);

/* tick: administratively down: the peer is told (L = 1), nothing is played. */
void line_set_down(struct line *l, bool down);

/* tick: a master in wall time: so much faster than our clock, on top of its
 * skew; others take no notice. */
void line_steer(struct line *l, int32_t ppb);

/* tick: its device is given back: it may be offered again. */
void line_release(struct line *l);

/* tick: as if the cable were out: nothing is sent, what arrives is lost. */
void line_unplug(struct line *l, bool out);

/* tick: a copy of the counters. */
void line_stats(const struct line *l, struct line_stats *stats);

/*
 * The D channel of a driver that does HDLC itself comes and goes in frames
 * (without FCS), not in its time slot, whose row is then idle.
 */
bool line_has_frames(const struct line *l);
/* tick: the next frame received, to octets[DSLOT_MAX]: its length, 0: none. */
size_t line_frame_get(struct line *l, uint8_t *octets);
/* tick: 0, -EMSGSIZE, -ENOBUFS, or -ENODEV (no D channel). */
int line_frame_put(struct line *l, const uint8_t *octets, size_t len);
/* tick: a copy of the counters. */
void line_frame_stats(const struct line *l, struct dslot_stats *stats);

/*
 * tick: has the line itself, a card, an echo canceller on that time slot? Ours
 * is not wanted then. While the slot carries data it is off.
 */
bool line_cancels(const struct line *l, unsigned slot);
void line_set_clear(struct line *l, unsigned slot, bool clear);

/* The descriptor, to wait on for input (lockstep); still the line's. */
int line_fd(const struct line *l);

/* Name of one alarm bit, "los"; NULL if there is no such bit. */
const char *line_alarm_name(unsigned bit);

/* In words, what the worst alarm of the set means on such a line, the likely
 * cause and what to do; "in service" for 0. A constant string. */
const char *line_alarm_why(enum line_driver driver, unsigned alarms);

/*
 * A UDP socket for a pseudowire: bound to local, connected to peer (its
 * port 0: bound only, see pseudowire_config.peer), non-blocking, DF set,
 * DSCP EF, SO_PRIORITY 6, 1 MiB of receive buffer as far as allowed.
 * 0 and *fd, or -errno.
 */
int pseudowire_socket(const struct net_addr *local, const struct net_addr *peer,
		      int *fd);

/* Which channels of which DAHDI span, and how they are set. */
struct dahdi_span {
	const struct dahdi_sys *sys; /* NULL = the kernel's */
	uint16_t span;		/* as the driver numbers them */
	uint8_t d_slot;		/* 16 or 24; 0 = none */
	uint8_t first_slot, last_slot;
	bool ulaw;
	uint16_t tail_ms;	/* of the card's own echo canceller, if it has
				 * one; 0: none */
};

/*
 * Opens all channels of a span and sets them for line_open() and line_add():
 * blocks of LINE_BLOCK, audio without gain, the law, no echo canceller but
 * the card's own. 0, with
 * how many descriptors in fds[]; or -errno, and why says in one line what is
 * wrong and what to do.
 */
int dahdi_open(const struct dahdi_span *span, int fds[LINE_SLOTS],
	       unsigned *n, char *why, size_t size);

/* Is the channel behind a descriptor still there? sys as above. */
bool dahdi_is_there(const struct dahdi_sys *sys, int fd);

#endif
