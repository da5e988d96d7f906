/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DAHDI driver's own parts. All run in the line owner's thread and but
 * for open, add and close in the tick.
 *
 *	dahdi_open.c	channels of a span: opened and set (another process)
 *	dahdi.c		life, blocks of all B channels, slips
 *	dahdi_channel.c	one channel: taken, given up, tried again
 *	dahdi_frames.c	the D channel
 *	dahdi_watch.c	events, alarms, error counters
 *	dahdi_ask.c	the span's status, by a thread of its own
 *
 * The driver has a queue of blocks each way for each channel, all moved by
 * the span's clock, LINE_BLOCK octets a block:
 *
 *	line -> [blocks] -> read .. arithmetic .. write -> [lead] -> line
 *
 * The channels begin their blocks together (dahdi_begin: all queues emptied,
 * lead frames of idle codes written), so that a block of the line is complete
 * when the last channel has its own. What waits in the two queues is
 * constant from then on: no slip, no drift. If we come so late that a queue
 * runs full or empty, the driver says so by an event; then what has arrived
 * is read and we begin again: that is a slip. Fewer than lead frames late
 * costs nothing.
 *
 * The calls made in the tick (read, write, fetch an event, flush) only copy
 * under the driver's spin lock; none waits for the line.
 */
#ifndef MEDIA_DAHDI_PRIV_H
#define MEDIA_DAHDI_PRIV_H

#include "gateway/base/ring.h"
#include "media/dahdi_abi.h"
#include "media/dahdi_ask.h"
#include "media/dahdi_sys.h"
#include "media/line_priv.h"

enum {
	DAHDI_B_BUFFERS = 16,	/* blocks of a B channel, each way */
	DAHDI_D_BUFFERS = 32,	/* frames of the D channel */
	DAHDI_D_OCTETS = 512,	/* of one; longer is an overrun */
	DAHDI_EVENTS = 16,	/* fetched at once; the driver keeps 64 */
};

struct dahdi_watch {
	mono_t asked;	  /* status of the span */
	mono_t second;	  /* begin of the one being counted */
	unsigned alarms;  /* enum dahdi_abi_alarm */
	bool news;	  /* an event says that they have changed */
	bool gone;	  /* no card yet, or it was pulled or unassigned */
	struct dahdi_ask *ask;	    /* owned: who fetches it */
	struct dahdi_abi_span span; /* last status */
	bool known;	  /* there is one, of this card */
	bool stuck;	  /* the driver does not give the next one */
	uint64_t errors;  /* all kinds, at the begin of this second */
};

struct dahdi_guard { /* against a driver that blocks */
	bool suspect;	/* a tick was slow */
	bool aside;	/* left alone */
	mono_t since;
};

struct dahdi {
	struct line line;
	const struct dahdi_sys *sys;
	int fds[LINE_SLOTS];	/* -1: none */
	uint16_t span;		/* all are of this one */
	uint32_t b_slots;	/* B channels that have a descriptor and work */
	uint32_t cancels;	/* the card cancels echoes there */
	uint32_t got;		/* of those: their block is in rx */
	bool begun;
	bool slipped;		/* begin again */
	unsigned stale;		/* frames to write that are too late now */
	mono_t stopped;		/* slipped then */
	mono_t offered;		/* a descriptor came then */
	mono_t retried;		/* channels that fail */
	struct dahdi_guard guard;
	struct ring offers;	/* descriptors, from another thread */
	struct dslot_stats frames;
	struct dahdi_watch watch;
	uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	uint8_t tx[LINE_SLOTS][LINE_BLOCK];
};

static inline struct dahdi *dahdi_of(struct line *l)
{
	return line_container(l, struct dahdi, line);
}

/* --- dahdi_watch.c --- */
/*
 * tick: read or write one block or frame; fetches events that stand before
 * it. Octets moved, -EAGAIN (nothing there, no room), or what the driver
 * says; -ENODEV also makes the line gone.
 */
ssize_t dahdi_read(struct dahdi *, int fd, void *to, size_t n);
ssize_t dahdi_write(struct dahdi *, int fd, const void *from, size_t n);
/* tick: what a call says, in our words; as above. */
ssize_t dahdi_verdict(struct dahdi *, ssize_t n);
/* tick: alarms and counters up to now. */
void dahdi_look(struct dahdi *, mono_t now);

/* --- dahdi_channel.c --- */
/* tick: a channel that fails is left out, the others go on; once a second it
 * is tried again. */
void dahdi_lose_channel(struct dahdi *, unsigned slot);
void dahdi_retry_channels(struct dahdi *, mono_t now);
/* tick: its queues empty; then idle codes ahead of the line's blocks. 0 or
 * -errno. */
int dahdi_empty_channel(struct dahdi *, unsigned slot);
int dahdi_fill_channel(struct dahdi *, unsigned slot, unsigned frames);
/* tick: 0, -EINVAL (none of ours), -EBUSY, or what the driver says. */
int dahdi_take_channel(struct dahdi *, int fd);
void dahdi_take_offers(struct dahdi *, mono_t now);
/* tick: have all channels come? */
bool dahdi_is_whole(const struct dahdi *);
void dahdi_forget_channels(struct dahdi *);
bool dahdi_cancels(const struct line *, unsigned slot);
void dahdi_set_clear(struct line *, unsigned slot, bool clear);

/* --- dahdi_frames.c --- */
size_t dahdi_frame_get(struct line *, uint8_t *octets);
int dahdi_frame_put(struct line *, const uint8_t *octets, size_t len);
void dahdi_frame_stats(const struct line *, struct dslot_stats *);

#endif
