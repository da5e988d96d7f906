/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DAHDI driver's own parts. All run in the line owner's thread and but
 * for open, add and close in the tick.
 *
 *	dahdi_open.c	channels of a span: opened and set (another process)
 *	dahdi.c		life, blocks of all B channels, slips
 *	dahdi_batch.c	blocks of many channels at once
 *	dahdi_channel.c	one channel: taken, given up, tried again
 *	dahdi_frames.c	the D channel
 *	dahdi_watch.c	events, alarms, error counters
 *	dahdi_orders.c	what the driver is asked to do, and its answers
 *	dahdi_job.c	that, done ...
 *	dahdi_ask.c	... by a thread of its own
 *
 * The driver has a queue of blocks each way for each channel, all moved by
 * the span's clock, LINE_BLOCK octets a block:
 *
 *	line -> [blocks] -> read .. arithmetic .. write -> [lead] -> line
 *
 * The channels begin their blocks together (DAHDI_JOB_BEGIN: all queues
 * emptied, lead frames of idle codes written), so that a block of the line is complete
 * when the last channel has its own. What waits in the two queues is
 * constant from then on: no slip, no drift. If we come so late that a queue
 * runs full or empty, the driver says so by an event; then what has arrived
 * is read and we begin again: that is a slip. Fewer than lead frames late
 * costs nothing.
 *
 * Read and write are the only calls made in the tick: they do not block, and
 * whoever watches the owner can see when it is in one. All others may block:
 * they are orders to the thread. A channel whose read or write is
 * refused because events wait is left alone until those have been fetched, so
 * that nothing overtakes them.
 */
#ifndef MEDIA_DAHDI_PRIV_H
#define MEDIA_DAHDI_PRIV_H

#include <stdatomic.h>

#include "gateway/base/ring.h"
#include "media/dahdi_abi.h"
#include "media/dahdi_ask.h"
#include "media/dahdi_batch.h"
#include "media/dahdi_sys.h"
#include "media/line_priv.h"

enum {
	DAHDI_B_BUFFERS = 16,	/* blocks of a B channel, each way */
	DAHDI_D_BUFFERS = 32,	/* frames of the D channel */
	DAHDI_D_OCTETS = 512,	/* of one; longer is an overrun */
	DAHDI_HELD = 4,		/* frames that wait for events to be fetched */
	DAHDI_BAD_READS = 40,	/* in a row: the channel has failed. More than
				 * the ms that channels which begin together on
				 * a slow machine may be apart */
};

struct dahdi_watch {
	mono_t asked;	  /* status of the span */
	mono_t second;	  /* begin of the one being counted */
	unsigned alarms;  /* enum dahdi_abi_alarm */
	bool news;	  /* an event says that they have changed */
	bool gone;	  /* no card yet, or it was pulled or unassigned */
	struct dahdi_abi_span span; /* last status */
	bool known;	  /* there is one, of this card */
	uint64_t errors;  /* all kinds, at the begin of this second */
};

struct dahdi_guard { /* against a driver that blocks */
	bool suspect;	/* a tick was slow */
	bool interrupted; /* a call was woken by a signal: it did block */
	bool aside;	/* left alone */
	unsigned times;	/* in a row */
	mono_t since;
	/* Odd: in a read or write. By the owner; read by line_calls(). */
	atomic_uint calls;
};

struct dahdi_trust { /* in channels that bring nothing of use */
	uint8_t bad[LINE_SLOTS]; /* reads in a row: DAHDI_BAD_READS */
	uint32_t trial; /* of b_slots: tried again; nobody waits for them */
	mono_t retried; /* those that fail */
	mono_t looked;	/* at all channels for their block */
	mono_t blamed;	/* those that the others have waited for */
};

struct dahdi_orders {
	struct dahdi_ask *ask;	/* owned: who does them */
	enum dahdi_job_kind last;
	mono_t asked;		/* the last one */
	bool stuck;		/* the driver does not answer */
	bool begin;		/* all channels are to begin */
	bool retry;		/* those that have failed */
	uint32_t eventful;	/* slots whose events wait */
	uint32_t clear, cleared; /* without the card's canceller: are to be,
				  * are */
};

struct dahdi_held {
	unsigned n;
	struct {
		size_t len; /* with the room for the FCS */
		uint8_t octets[DSLOT_MAX + 2];
	} frames[DAHDI_HELD];
};

struct dahdi {
	struct line line;
	const struct dahdi_sys *sys;
	struct dahdi_batch *batch;
	int fds[LINE_SLOTS];	/* -1: none */
	uint16_t span;		/* all are of this one */
	uint32_t b_slots;	/* B channels that have a descriptor and work */
	uint32_t cancels;	/* the card cancels echoes there */
	uint32_t got;		/* of those: their block is in rx */
	uint32_t unsent;	/* of those: their block waits in tx */
	bool begun;
	bool slipped;		/* begin again */
	unsigned stale;		/* frames to write that are too late now */
	mono_t stopped;		/* slipped then */
	mono_t offered;		/* a descriptor came then */
	struct dahdi_trust trust;
	struct dahdi_guard guard;
	struct ring offers;	/* descriptors, from another thread */
	struct dslot_stats frames;
	struct dahdi_held held;
	struct dahdi_orders orders;
	struct dahdi_watch watch;
	uint8_t rx[LINE_SLOTS][LINE_BLOCK];
	uint8_t tx[LINE_SLOTS][LINE_BLOCK];
};

static inline struct dahdi *dahdi_of(struct line *l)
{
	return line_container(l, struct dahdi, line);
}

/* tick: a read or write begins, or has ended. */
static inline void dahdi_step(struct dahdi *p)
{
	unsigned n = atomic_load_explicit(&p->guard.calls,
					  memory_order_relaxed);

	atomic_store_explicit(&p->guard.calls, n + 1, memory_order_relaxed);
}

/* B channels that are left out. */
static inline uint32_t dahdi_lost(const struct dahdi *p)
{
	return p->line.stats.rx.silent_slots & ~p->b_slots &
	       ~(1u << p->line.cfg.d_slot);
}

/* --- dahdi_watch.c --- */
/*
 * tick: read or write one block or frame of a slot. Octets moved, -EAGAIN
 * (nothing there, no room, or events wait: dahdi_waits()), or what the driver
 * says; -ENODEV also makes the line gone.
 */
ssize_t dahdi_read(struct dahdi *, unsigned slot, void *to, size_t n);
ssize_t dahdi_write(struct dahdi *, unsigned slot, const void *from, size_t n);
bool dahdi_waits(const struct dahdi *, unsigned slot);
/* tick: what a call says, in our words; as above. */
ssize_t dahdi_verdict(struct dahdi *, unsigned slot, ssize_t n);
/* tick: what the driver has told. */
void dahdi_on_event(struct dahdi *, int event);
void dahdi_on_status(struct dahdi *, const struct dahdi_abi_span *);
bool dahdi_status_is_due(const struct dahdi *, mono_t now);
/* tick: alarms and counters up to now. */
void dahdi_look(struct dahdi *, mono_t now);

/* --- dahdi_channel.c --- */
/*
 * tick: a channel that fails is left out, the others go on; once a second it
 * is tried again, and is one of `silent_slots` until it has done its work.
 *
 *	b_slots		silent	trial
 *	yes		no	no	works
 *	no		yes	no	is left out
 *	yes		yes	yes	is tried again: no other waits for it
 *	yes		yes	no	has brought a block, not yet taken one
 */
void dahdi_lose_channel(struct dahdi *, unsigned slot);
/* What was read is no whole block or no frame; it is; what was written was
 * taken. */
void dahdi_read_is_bad(struct dahdi *, unsigned slot);
void dahdi_read_is_good(struct dahdi *, unsigned slot);
void dahdi_write_is_good(struct dahdi *, unsigned slot);
void dahdi_retry_channels(struct dahdi *, mono_t now);
/* tick: all begin now; those that have failed, too. */
void dahdi_begun(struct dahdi *, const struct dahdi_job *);
void dahdi_retried(struct dahdi *, const struct dahdi_job *);
/* 0, -EINVAL (none of ours), -EBUSY, or what the driver says. */
int dahdi_take_channel(struct dahdi *, const struct dahdi_fact *);
/* tick: of a line that runs: a card is there again. */
void dahdi_take_offer(struct dahdi *, const struct dahdi_fact *, mono_t now);
/* tick: have all channels come? */
bool dahdi_is_whole(const struct dahdi *);
void dahdi_forget_channels(struct dahdi *);
bool dahdi_cancels(const struct line *, unsigned slot);
void dahdi_set_clear(struct line *, unsigned slot, bool clear);

/* --- dahdi_orders.c --- */
/* tick: answers are taken, and what is wanted next is ordered. */
void dahdi_give_orders(struct dahdi *, mono_t now);

/* --- dahdi_frames.c --- */
/* tick: frames that had to wait. */
void dahdi_send_held(struct dahdi *);
size_t dahdi_frame_get(struct line *, uint8_t *octets);
int dahdi_frame_put(struct line *, const uint8_t *octets, size_t len);
void dahdi_frame_stats(const struct line *, struct dslot_stats *);

#endif
