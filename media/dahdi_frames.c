/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The D channel: the driver (or the card) does HDLC. A frame that is read
 * has its FCS behind it, one that is written has room for it.
 */
#include <errno.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum { FCS = 2 };

/* tick: of a frame with its FCS. */
static bool has_good_length(struct dahdi *p, size_t n)
{
	if (n < DSLOT_MIN + FCS)
		p->frames.rx_too_short++;
	else if (n > DSLOT_MAX + FCS)
		p->frames.rx_too_long++;
	else
		return true;
	return false;
}

/* tick: none was read. A channel without frames looks like a silent far end,
 * so what the driver says instead of one is counted. */
static size_t no_frame(struct dahdi *p, ssize_t n)
{
	unsigned slot = p->line.cfg.d_slot;

	if (n == -EAGAIN && !dahdi_waits(p, slot))
		dahdi_read_is_good(p, slot);
	if (n == -EAGAIN || p->watch.gone)
		return 0;
	if (!n)
		p->frames.rx_too_short++;
	else
		p->line.stats.rx.invalid++;
	dahdi_read_is_bad(p, slot);
	return 0;
}

/* tick: those that are no frames of ours are passed over. */
size_t dahdi_frame_get(struct line *l, uint8_t *octets)
{
	struct dahdi *p = dahdi_of(l);
	int fd = p->fds[l->cfg.d_slot];
	uint8_t b[DAHDI_D_OCTETS];

	if (!l->cfg.d_slot || fd < 0 || p->watch.gone || p->guard.aside ||
	    p->trust.bad[l->cfg.d_slot] == DAHDI_BAD_READS)
		return 0;
	for (unsigned i = 0; i < DAHDI_D_BUFFERS; i++) {
		ssize_t n = dahdi_read(p, l->cfg.d_slot, b, sizeof(b));

		if (n <= 0)
			return no_frame(p, n);
		dahdi_read_is_good(p, l->cfg.d_slot);
		if (l->out || l->down) {
			p->frames.rx_dropped++;
		} else if (has_good_length(p, (size_t)n)) {
			p->frames.rx_frames++;
			memcpy(octets, b, (size_t)n - FCS);
			return (size_t)n - FCS;
		}
	}
	return 0;
}

/* tick: in its turn behind those that wait. */
static int hold(struct dahdi *p, const uint8_t *octets, size_t len)
{
	struct dahdi_held *h = &p->held;

	if (h->n == DAHDI_HELD)
		return -ENOBUFS;
	h->frames[h->n].len = len;
	memcpy(h->frames[h->n++].octets, octets, len);
	return 0;
}

/* tick: -EAGAIN: events wait; else its fate is counted. */
static int send_frame(struct dahdi *p, const uint8_t *octets, size_t len)
{
	unsigned slot = p->line.cfg.d_slot;
	ssize_t n = dahdi_write(p, slot, octets, len);

	if (n == (ssize_t)len) {
		p->frames.tx_frames++;
		return 0;
	}
	if (n == -EAGAIN && dahdi_waits(p, slot))
		return -EAGAIN;
	p->frames.tx_refused++;
	return n == -ENODEV ? -ENODEV : -ENOBUFS;
}

/* tick */
void dahdi_send_held(struct dahdi *p)
{
	struct dahdi_held *h = &p->held;
	unsigned i = 0;

	while (i < h->n && send_frame(p, h->frames[i].octets,
				      h->frames[i].len) != -EAGAIN)
		i++;
	h->n -= i;
	memmove(h->frames, h->frames + i, h->n * sizeof(h->frames[0]));
}

/* tick */
int dahdi_frame_put(struct line *l, const uint8_t *octets, size_t len)
{
	struct dahdi *p = dahdi_of(l);
	uint8_t b[DSLOT_MAX + FCS] = { 0 };
	int err = -EAGAIN;

	if (!l->cfg.d_slot || p->fds[l->cfg.d_slot] < 0 || p->watch.gone ||
	    p->guard.aside)
		return -ENODEV;
	if (len < DSLOT_MIN || len > DSLOT_MAX) {
		p->frames.tx_refused++;
		return -EMSGSIZE;
	}
	memcpy(b, octets, len);
	if (l->out || l->down) {
		p->frames.tx_frames++;
		return 0;
	}
	if (!p->held.n)
		err = send_frame(p, b, len + FCS);
	if (err != -EAGAIN)
		return err;
	err = hold(p, b, len + FCS);
	p->frames.tx_refused += err < 0;
	return err;
}

/* tick */
void dahdi_frame_stats(const struct line *l, struct dslot_stats *stats)
{
	const struct dahdi *p = line_container(l, struct dahdi, line);

	*stats = p->frames;
}
