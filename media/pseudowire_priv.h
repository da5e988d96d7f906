/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pseudowire driver's own parts. All run in the line owner's thread and
 * but for open and close in the tick.
 *
 *	pseudowire.c		life, wall time, alarms and counters
 *	pseudowire_lockstep.c	the other time mode
 *	pseudowire_rx.c		packet -> jitter buffer -> frames
 *	pseudowire_io.c		frames -> packet, the socket
 */
#ifndef MEDIA_PSEUDOWIRE_PRIV_H
#define MEDIA_PSEUDOWIRE_PRIV_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "media/line_priv.h"
#include "media/pseudowire_jitter.h"
#include "media/pseudowire_packet.h"
#include "media/pseudowire_servo.h"
#include "media/udp.h"

enum {
	PW_OCTETS = 1536,	/* of a packet buffer */
	PW_RX_BATCH = 32,	/* packets of one system call */
	PW_TX_BATCH = 16,
	PW_RX_ROUNDS = 16,	/* system calls of one tick at most */
	PW_FRAMES_MAX = 64,	/* of a packet */
	PW_CONTROL = CMSG_SPACE(sizeof(struct timespec)),
};

/* One system call's worth of packets in, wired up by pw_io_init(). */
struct pw_rx_io {
	struct mmsghdr msgs[PW_RX_BATCH];
	struct iovec iovs[PW_RX_BATCH];
	struct sockaddr_storage names[PW_RX_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[PW_RX_BATCH][PW_CONTROL];
	uint8_t octets[PW_RX_BATCH][PW_OCTETS];
};

/* Packets to go out with the next system call. */
struct pw_tx_io {
	unsigned count;
	struct sockaddr_storage peer;
	struct mmsghdr msgs[PW_TX_BATCH];
	struct iovec iovs[PW_TX_BATCH];
	uint8_t octets[PW_TX_BATCH][PW_OCTETS];
};

struct pw_rx {
	struct pw_jitter jitter;
	bool l, r;		/* of the newest packet */
	uint8_t m;
	bool ssrc_known;
	uint32_t ssrc;
	double tokens;		/* packets that may still come */
	unsigned concealed;	/* frames replaced in a row so far */
	bool repeated;		/* a duplicate came in this tick */
};

struct pw_tx {
	uint16_t seq;
	uint32_t timestamp, ssrc;
	unsigned due;		/* packets the clock has asked for */
};

/* When the line's packet times are due, to 2^-24 ns. */
struct pw_clock {
	int64_t next_ns;
	uint32_t frac;
	uint64_t period_fp;
	int64_t tick_ns;	/* instant of the last tick */
	unsigned due;		/* packet times that pass in this one */
};

/* The second being counted, in packet times. */
struct pw_second {
	unsigned ticks, lost;
};

struct pw_lockstep {
	uint64_t sent, received; /* blocks */
	mono_t sent_at, heard_at;
	int64_t wait_ns;	/* until the block is sent again */
	uint16_t seq;		/* of the block's first packet */
	uint32_t timestamp;
	uint8_t block[LINE_BLOCK][LINE_SLOTS];
};

struct pseudowire {
	struct line line;
	unsigned frames;	/* of a packet */
	unsigned n_slots;
	uint8_t map[LINE_SLOTS]; /* time slot of each payload column */
	size_t payload;		/* octets */
	double period_ns;	/* of a packet, nominal */
	struct pw_rx rx;
	struct pw_tx tx;
	struct pw_clock clock;
	struct pw_servo servo;
	struct pw_second second;
	struct pw_lockstep step;
	struct pw_rx_io rx_io;
	struct pw_tx_io tx_io;
};

/* pseudowire_io.c */
void pw_io_init(struct pseudowire *p);
/* Receive all that waits and hand it to pw_rx_packet(). */
void pw_receive(struct pseudowire *p, mono_t now);
/* One that the owner has received. */
void pw_packet(struct pseudowire *p, mono_t now, const struct udp_datagram *d);
/* Build the next packet from p->frames frames, or idle ones with L if the
 * line is down; it leaves with pw_flush() or when the batch is full, by the
 * port if there is one. */
void pw_queue(struct pseudowire *p, const uint8_t (*frames)[LINE_SLOTS]);
void pw_flush(struct pseudowire *p);

/* pseudowire_rx.c */
void pw_rx_packet(struct pseudowire *p, const uint8_t *octets, size_t n,
		  int64_t arrived_ns);
/* A packet time passes: its frames go to the line's queue. */
void pw_rx_play(struct pseudowire *p);

/* pseudowire_lockstep.c */
void pw_lockstep_start(struct pseudowire *p, mono_t now);
void pw_lockstep_tick(struct pseudowire *p, mono_t now);

/* pseudowire.c: defects of this moment into the alarms. */
void pw_update_alarms(struct pseudowire *p, unsigned defects, mono_t now);
unsigned pw_defects(const struct pseudowire *p);

#endif
