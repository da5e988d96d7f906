/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a line driver sees of a line. A driver embeds struct line as its
 * first member and gets back to its own with container_of; the queues, the
 * alarms and the counters are common, I/O and pace are the driver's.
 */
#ifndef MEDIA_LINE_PRIV_H
#define MEDIA_LINE_PRIV_H

#include "media/line.h"
#include "media/line_alarm.h"
#include "media/line_fifo.h"

struct line;

struct line_ops {
	void (*close)(struct line *l);
	void (*start)(struct line *l, mono_t now);
	void (*tick)(struct line *l, mono_t now);
	/* With a port, instead of tick. */
	void (*begin)(struct line *l, mono_t now);
	void (*packet)(struct line *l, mono_t now,
		       const struct udp_datagram *d);
	void (*end)(struct line *l, mono_t now);
	mono_t (*due)(const struct line *l);
	/* NULL: one descriptor is all */
	int (*add)(struct line *l, int fd);
	bool (*offer)(struct line *l, int fd); /* another thread's */
	unsigned (*calls)(const struct line *l); /* another thread's; or NULL */
	void (*release)(struct line *l); /* NULL: has no device */
	/* NULL: the D channel is in its slot, as octets */
	size_t (*frame_get)(struct line *l, uint8_t *octets);
	int (*frame_put)(struct line *l, const uint8_t *octets, size_t len);
	void (*frame_stats)(const struct line *l, struct dslot_stats *stats);
	/* NULL: no canceller of its own */
	bool (*cancels)(const struct line *l, unsigned slot);
	void (*set_clear)(struct line *l, unsigned slot, bool clear);
};

struct line {
	const struct line_ops *ops;
	struct line_config cfg;
	int fd;
	struct line_port port;	/* send NULL: the driver does its own I/O */
	bool started;
	bool down;		/* administratively */
	bool out;		/* unplugged */
	int32_t steer_ppb;	/* master: faster than our clock */
	unsigned lead;		/* frames of tx queued ahead of rx */
	unsigned epoch;
	struct line_alarm_state alarms;
	struct line_stats stats;
	struct line_fifo rx, tx;
};

#define line_container(ptr, type, member) \
	((type *)(uintptr_t)((uintptr_t)(ptr) - offsetof(type, member)))

/* Driver constructors: NULL and errno. cfg has been checked. */
struct line *pseudowire_open(const struct line_config *cfg, int fd);
struct line *dahdi_line_open(const struct line_config *cfg, int fd);

/* tick: append n idle frames to a queue. */
void line_fill_idle(const struct line *l, struct line_fifo *f, unsigned n);

/* tick: the octet of a slot that carries nothing: 0xff in the D slot, which
 * ends an HDLC frame at once, else the idle code. */
uint8_t line_idle_octet(const struct line *l, unsigned slot);

#endif
