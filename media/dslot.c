/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dslot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>
#include <spandsp/expose.h>

struct dslot_frame {
	uint16_t len;
	uint8_t octets[DSLOT_MAX];
};

/* Oldest frame at head; count <= DSLOT_QUEUE. */
struct dslot_queue {
	unsigned head, count;
	struct dslot_frame frames[DSLOT_QUEUE];
};

struct dslot {
	hdlc_rx_state_t *hdlc_rx;
	hdlc_tx_state_t *hdlc_tx;
	struct dslot_queue rx, tx;
	struct dslot_stats stats;
	uint8_t idle; /* the last block was full of it: flags; 0 = was not */
};

/* Flags that must be seen before a frame is believed; and so sent. */
enum {
	FLAGS_BEFORE = 1,
	IDLE_MIN = 8, /* octets of flags that make the library's state steady */
};

/* tick */
static bool queue_put(struct dslot_queue *q, const uint8_t *octets, size_t len)
{
	struct dslot_frame *f;

	if (q->count == DSLOT_QUEUE)
		return false;
	f = &q->frames[(q->head + q->count) % DSLOT_QUEUE];
	memcpy(f->octets, octets, len);
	f->len = (uint16_t)len;
	q->count++;
	return true;
}

/* tick: NULL if empty; good until the next queue_put(). */
static const struct dslot_frame *queue_get(struct dslot_queue *q)
{
	const struct dslot_frame *f;

	if (!q->count)
		return NULL;
	f = &q->frames[q->head];
	q->head = (q->head + 1) % DSLOT_QUEUE;
	q->count--;
	return f;
}

/*
 * tick: called by the library at the closing flag of a frame, len without
 * FCS. A bad frame of acceptable length has a bad FCS or loose bits at its
 * end. Lengths below 0 are changes of the library's state, not frames.
 */
static void on_frame(void *user, const uint8_t *octets, int len, int ok)
{
	struct dslot *d = user;

	if (len < 0)
		return;
	if (len > DSLOT_MAX) {
		d->stats.rx_too_long++;
	} else if (len < DSLOT_MIN) {
		d->stats.rx_too_short++;
	} else if (!ok) {
		d->stats.rx_bad_fcs++;
	} else {
		d->stats.rx_frames++;
		if (!queue_put(&d->rx, octets, (size_t)len))
			d->stats.rx_dropped++;
	}
}

/* tick: called by the library when it has nothing more to send. */
static void on_underflow(void *user)
{
	struct dslot *d = user;
	const struct dslot_frame *f = queue_get(&d->tx);

	if (f)
		hdlc_tx_frame(d->hdlc_tx, f->octets, f->len);
}

struct dslot *dslot_new(void)
{
	struct dslot *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->hdlc_rx = hdlc_rx_init(NULL, 0, 1, FLAGS_BEFORE, on_frame, d);
	if (!d->hdlc_rx)
		goto free_dslot;
	d->hdlc_tx = hdlc_tx_init(NULL, 0, 1, 0, on_underflow, d);
	if (!d->hdlc_tx)
		goto free_rx;
	hdlc_tx_flags(d->hdlc_tx, FLAGS_BEFORE);
	return d;

free_rx:
	hdlc_rx_free(d->hdlc_rx);
free_dslot:
	free(d);
	errno = ENOMEM;
	return NULL;
}

void dslot_free(struct dslot *d)
{
	if (!d)
		return;
	hdlc_tx_free(d->hdlc_tx);
	hdlc_rx_free(d->hdlc_rx);
	free(d);
}

/*
 * tick: the library leaves a frame that overflows its buffer without a
 * count; all that shows is that it looks for a flag again, as it does after
 * an abort, which it counts.
 */
static void rx_octet(struct dslot *d, uint8_t octet)
{
	hdlc_rx_state_t *r = d->hdlc_rx;
	bool in_frame = r->flags_seen >= FLAGS_BEFORE;
	unsigned long aborts = r->rx_aborts;

	hdlc_rx_put_byte(r, octet);
	if (in_frame && r->flags_seen < FLAGS_BEFORE && r->rx_aborts == aborts)
		d->stats.rx_too_long++;
}

/* Flags one after the other are the same octet again and again, wherever in
 * it they begin. */
static bool is_full_of_flags(const uint8_t *octets, size_t n)
{
	uint8_t o = n ? octets[0] : 0;

	for (unsigned i = 0; i < 8 && o != 0x7e; i++)
		o = (uint8_t)(o << 1 | o >> 7);
	return o == 0x7e && memcmp(octets, octets + 1, n - 1) == 0;
}

/* tick: more flags after a block of them change nothing in the library's
 * state; most D channels are idle nearly always. */
void dslot_rx(struct dslot *d, const uint8_t *octets, size_t n)
{
	bool flags = is_full_of_flags(octets, n);

	if (flags && octets[0] == d->idle)
		return;
	d->idle = flags && n >= IDLE_MIN ? octets[0] : 0;
	for (size_t i = 0; i < n; i++)
		rx_octet(d, octets[i]);
}

/* tick */
size_t dslot_take(struct dslot *d, uint8_t *frame)
{
	const struct dslot_frame *f = queue_get(&d->rx);

	if (!f)
		return 0;
	memcpy(frame, f->octets, f->len);
	return f->len;
}

/* tick */
int dslot_send(struct dslot *d, const uint8_t *frame, size_t len)
{
	if (len < DSLOT_MIN || len > DSLOT_MAX) {
		d->stats.tx_refused++;
		return -EMSGSIZE;
	}
	/* The library takes one frame at a time and refuses while busy. */
	if (d->tx.count || hdlc_tx_frame(d->hdlc_tx, frame, len) != 0) {
		if (!queue_put(&d->tx, frame, len)) {
			d->stats.tx_refused++;
			return -ENOBUFS;
		}
	}
	d->stats.tx_frames++;
	return 0;
}

/* tick */
void dslot_tx(struct dslot *d, uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		octets[i] = (uint8_t)hdlc_tx_get_byte(d->hdlc_tx);
}

/* tick */
void dslot_reset(struct dslot *d)
{
	hdlc_rx_restart(d->hdlc_rx);
	d->idle = 0;
	hdlc_tx_restart(d->hdlc_tx);
	hdlc_tx_flags(d->hdlc_tx, FLAGS_BEFORE);
	d->rx.count = 0;
	d->tx.count = 0;
}

/* tick */
void dslot_stats(const struct dslot *d, struct dslot_stats *stats)
{
	*stats = d->stats;
	stats->rx_aborts = d->hdlc_rx->rx_aborts;
}
