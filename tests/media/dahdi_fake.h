/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DAHDI card played behind the table of system calls: one span, its
 * channels with their queues, events and alarms as dahdi-base.c has them. The
 * code of channel c in frame n of its time is card_code(c, n); what it takes
 * from the transmit queues is kept. Time passes with card_run() alone.
 */
#ifndef TESTS_MEDIA_DAHDI_FAKE_H
#define TESTS_MEDIA_DAHDI_FAKE_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "media/dahdi_abi.h"
#include "media/dahdi_sys.h"

enum {
	CARD_SLOTS = 32,
	CARD_FD = 128,		/* first descriptor of channel c: CARD_FD + c;
				 * the next ones CARD_SLOTS further each */
	CARD_HEARD = 1 << 17,	/* frames that are kept */
	CARD_TX = 4096,		/* octets of a transmit queue */
	CARD_FRAMES = 8,
	CARD_FRAME_MAX = 600,
	CARD_UNDERRUN = 0x01,	/* sent when there is nothing */
};

struct card_flaw { /* of a channel, until it is mended */
	bool empty;    /* all reads are of 0 octets */
	int clipped;   /* all reads are so many octets short */
	bool dead;     /* nothing comes */
	bool grudging; /* a write takes an octet less */
};

struct card_channel {
	int fd;		   /* that is good; older ones are of a pulled card */
	bool open, buffer_events, under, over;
	int signalling, law, audio, echo;
	int refuse;	   /* -errno of its controls */
	bool no_queue_events;
	struct dahdi_abi_buffers buffers;
	unsigned since;	   /* frames of the block being filled */
	unsigned full;	   /* blocks that can be read */
	uint64_t first;	   /* frame number of the oldest of them */
	unsigned tx_head, tx_tail;
	uint8_t tx[CARD_TX];
	int events[DAHDI_ABI_EV_WRITE_UNDERRUN + 34];
	unsigned n_events;
	int fail;	   /* -errno of the reads from now on */
	int short_by;	   /* octets that the next read is short (or long) */
	bool nothing;	   /* the next read is of 0 octets */
	struct card_flaw flaw;
};

struct card_frame {
	size_t len;
	uint8_t octets[CARD_FRAME_MAX];
};

struct card {
	unsigned channels, span, d_slot;
	uint64_t now; /* frames */
	bool frozen;  /* its clock has stopped */
	bool endless; /* events have no end */
	int open_error, set_error; /* -errno */
	unsigned error_at; /* the channel that they are of */
	uint64_t calls;
	unsigned closed;
	struct dahdi_abi_span status;
	struct card_channel at[CARD_SLOTS];
	struct card_frame in[CARD_FRAMES], out[CARD_FRAMES]; /* D channel */
	unsigned n_in, n_out;
	bool d_full;
	const char *canceller;	/* name, as the driver gives it */
	unsigned slow_ms;	/* each call takes so long */
	bool sleeps;		/* and is asleep meanwhile */
	mono_t clock;
	uint64_t waits;
	uint8_t heard[CARD_SLOTS][CARD_HEARD];
};

static struct card card;

static inline uint8_t card_code(unsigned slot, uint64_t frame)
{
	return (uint8_t)(frame * 7 + frame / 256 * 13 + slot * 31);
}

static inline void card_init(unsigned channels)
{
	memset(&card, 0, sizeof(card));
	card.channels = channels;
	card.span = 1;
	card.d_slot = channels == 31 ? 16 : 24;
	card.status.channels = (int32_t)channels;
	for (unsigned s = 1; s < CARD_SLOTS; s++)
		card.at[s].fd = (int)(CARD_FD + s);
	for (unsigned s = 1; s <= channels; s++)
		card.at[s].signalling = s == card.d_slot ? DAHDI_ABI_HDLCFCS
							 : DAHDI_ABI_CLEAR;
}

/* Each call takes its time. */
static inline void card_called(void)
{
	card.calls++;
	card.clock = mono_add_ms(card.clock, card.slow_ms);
	card.waits += card.sleeps;
}

static inline void card_event(unsigned slot, int event)
{
	struct card_channel *c = &card.at[slot];

	if (c->n_events < 63)
		c->events[c->n_events++] = event;
}

/* As the driver does: to all channels that are open. */
static inline void card_alarm(int alarms)
{
	int event = alarms ? DAHDI_ABI_EV_ALARM : DAHDI_ABI_EV_NOALARM;

	card.status.alarms = alarms;
	for (unsigned s = 1; s <= card.channels; s++)
		if (card.at[s].open)
			card_event(s, event);
}

static inline void card_frame_rx(struct card_channel *c)
{
	if (c->full == (unsigned)c->buffers.count) {
		if (!c->over && c->buffer_events)
			card_event((unsigned)(c - card.at),
				   DAHDI_ABI_EV_READ_OVERRUN);
		c->over = true;
		return;
	}
	c->over = false;
	if (!c->full && !c->since)
		c->first = card.now;
	if (++c->since == (unsigned)c->buffers.size) {
		c->since = 0;
		c->full++;
	}
}

static inline void card_frame_tx(struct card_channel *c)
{
	unsigned slot = (unsigned)(c - card.at);
	uint8_t octet = CARD_UNDERRUN;

	if (c->tx_head == c->tx_tail) {
		if (!c->under && c->buffer_events)
			card_event(slot, DAHDI_ABI_EV_WRITE_UNDERRUN);
		c->under = true;
	} else {
		c->under = false;
		octet = c->tx[c->tx_tail++ % CARD_TX];
	}
	if (card.now < CARD_HEARD)
		card.heard[slot][card.now] = octet;
}

static inline void card_run(unsigned ms)
{
	for (unsigned f = 0; f < ms * 8 && !card.frozen; f++) {
		for (unsigned s = 1; s <= card.channels; s++) {
			if (!card.at[s].open || s == card.d_slot)
				continue;
			card_frame_rx(&card.at[s]);
			card_frame_tx(&card.at[s]);
		}
		card.now++;
	}
}

/* --- the calls --- */

static inline int card_open(const char *path)
{
	unsigned span, slot;

	card_called();
	if (sscanf(path, "/dev/dahdi/chan/%u/%u", &span, &slot) != 2 ||
	    span != card.span || slot < 1 || slot > card.channels)
		return -ENOENT;
	if (card.open_error && slot == card.error_at)
		return card.open_error;
	if (card.at[slot].open)
		return -EBUSY;
	card.at[slot].open = true;
	return card.at[slot].fd;
}

static inline unsigned card_slot(int fd)
{
	return (unsigned)fd % CARD_SLOTS;
}

/* Pulled, and put in again: nothing of before is left. */
static inline void card_replace(void)
{
	for (unsigned s = 1; s < CARD_SLOTS; s++) {
		struct card_channel c = { .fd = card.at[s].fd + CARD_SLOTS,
					  .signalling =
						  card.at[s].signalling };

		card.at[s] = c;
	}
	card.status.alarms = 0;
}

static inline int card_close(int fd)
{
	if (card.at[card_slot(fd)].fd == fd)
		card.at[card_slot(fd)].open = false;
	card.closed++;
	return 0;
}

static inline ssize_t card_read_frame(void *to, size_t n)
{
	struct card_frame *f = &card.in[0];
	size_t len = f->len < n ? f->len : n;

	if (!card.n_in)
		return -EAGAIN;
	memcpy(to, f->octets, len);
	memmove(f, f + 1, --card.n_in * sizeof(*f));
	return (ssize_t)len;
}

static inline ssize_t card_read(int fd, void *to, size_t n)
{
	unsigned slot = card_slot(fd);
	struct card_channel *c = &card.at[slot];
	size_t size = (size_t)c->buffers.size, len;
	int extra = c->short_by;

	card_called();
	if (fd != c->fd)
		return -ENODEV;
	if (c->fail)
		return c->fail;
	if (c->n_events || card.endless)
		return -DAHDI_ABI_ELAST;
	if (c->nothing || c->flaw.empty) {
		c->nothing = false;
		return 0;
	}
	if (slot == card.d_slot)
		return card_read_frame(to, n);
	if (!c->full || c->flaw.dead)
		return -EAGAIN;
	len = n < size ? n : size;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = card_code(slot, c->first + i);
	c->first += size;
	c->full--;
	c->short_by = 0;
	return (ssize_t)len - extra - c->flaw.clipped;
}

static inline ssize_t card_write_frame(const void *from, size_t n)
{
	struct card_frame *f = &card.out[card.n_out];

	if (card.d_full || card.n_out == CARD_FRAMES)
		return -EAGAIN;
	f->len = n;
	memcpy(f->octets, from, n);
	card.n_out++;
	return (ssize_t)n;
}

static inline ssize_t card_write(int fd, const void *from, size_t n)
{
	unsigned slot = card_slot(fd);
	struct card_channel *c = &card.at[slot];
	size_t room = (size_t)c->buffers.count * (size_t)c->buffers.size;

	card_called();
	if (fd != c->fd)
		return -ENODEV;
	if (c->fail)
		return c->fail;
	if (c->n_events || card.endless)
		return -DAHDI_ABI_ELAST;
	if (slot == card.d_slot)
		return card_write_frame(from, n);
	if (c->tx_head - c->tx_tail + n > room)
		return -EAGAIN;
	for (size_t i = 0; i < n; i++)
		c->tx[c->tx_head++ % CARD_TX] = ((const uint8_t *)from)[i];
	return (ssize_t)n - c->flaw.grudging;
}

static inline void card_flush(struct card_channel *c, int what)
{
	if (what & DAHDI_ABI_FLUSH_READ)
		c->since = c->full = 0;
	if (what & DAHDI_ABI_FLUSH_WRITE)
		c->tx_tail = c->tx_head;
	if (what & DAHDI_ABI_FLUSH_EVENT)
		c->n_events = 0;
}

static inline int card_get_event(struct card_channel *c, int *event)
{
	*event = card.endless ? DAHDI_ABI_EV_NOALARM : DAHDI_ABI_EV_NONE;
	if (c->n_events) {
		*event = c->events[0];
		memmove(c->events, c->events + 1,
			--c->n_events * sizeof(c->events[0]));
	}
	return 0;
}

static inline int card_params(unsigned slot, struct dahdi_abi_channel *p)
{
	memset(p, 0, sizeof(*p));
	p->span = (int32_t)card.span;
	p->position = (int32_t)slot;
	p->signalling = card.at[slot].signalling;
	return 0;
}

static inline int card_control(int fd, unsigned long what, void *arg)
{
	unsigned slot = card_slot(fd);
	struct card_channel *c = &card.at[slot];
	int *value = arg;

	card_called();
	if (c->fail == -ENODEV || fd != c->fd)
		return -ENODEV;
	if (card.set_error && slot == card.error_at)
		return card.set_error;
	if (c->refuse)
		return c->refuse;
	switch (what) {
	case DAHDI_ABI_FLUSH:
		card_flush(c, *value);
		return 0;
	case DAHDI_ABI_GET_PARAMS:
		return card_params(slot, arg);
	case DAHDI_ABI_GETEVENT:
		return card_get_event(c, value);
	case DAHDI_ABI_SPANSTAT:
		*(struct dahdi_abi_span *)arg = card.status;
		return 0;
	case DAHDI_ABI_SET_BUFINFO:
		c->buffers = *(struct dahdi_abi_buffers *)arg;
		return 0;
	case DAHDI_ABI_AUDIOMODE:
		c->audio = *value;
		return 0;
	case DAHDI_ABI_ECHOCANCEL:
		c->echo = *value;
		return c->audio ? 0 : -EINVAL;
	case DAHDI_ABI_ECHOTRAIN:
		return c->echo ? 0 : -EINVAL;
	case DAHDI_ABI_SETLAW:
		c->law = *value;
		return 0;
	case DAHDI_ABI_BUFFER_EVENTS:
		if (c->no_queue_events)
			return -ENOTTY;
		c->buffer_events = *value;
		return 0;
	default:
		return -ENOTTY;
	}
}

static inline ssize_t card_text(const char *path, char *to, size_t size)
{
	unsigned span, slot;

	if (sscanf(path, "/sys/class/dahdi/dahdi!chan!%u!%u/ec_factory", &span,
		   &slot) != 2 || span != card.span || !card.canceller)
		return -ENOENT;
	return snprintf(to, size, "%s\n", card.canceller);
}

static inline mono_t card_clock(void)
{
	return card.clock;
}

static inline uint64_t card_waits(void)
{
	return card.waits;
}

static const struct dahdi_sys card_sys = { card_open, card_close, card_read,
					   card_write, card_control, card_text,
					   card_clock, card_waits, false, false };

#endif
