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

/* tick: those that are no frames of ours are passed over. */
size_t dahdi_frame_get(struct line *l, uint8_t *octets)
{
	struct dahdi *p = dahdi_of(l);
	int fd = p->fds[l->cfg.d_slot];
	uint8_t b[DAHDI_D_OCTETS];

	if (!l->cfg.d_slot || fd < 0 || p->watch.gone || p->guard.aside)
		return 0;
	for (unsigned i = 0; i < DAHDI_D_BUFFERS; i++) {
		ssize_t n = dahdi_read(p, fd, b, sizeof(b));

		if (n <= 0)
			return 0;
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

/* tick */
int dahdi_frame_put(struct line *l, const uint8_t *octets, size_t len)
{
	struct dahdi *p = dahdi_of(l);
	int fd = p->fds[l->cfg.d_slot];
	uint8_t b[DSLOT_MAX + FCS] = { 0 };
	ssize_t n;

	if (!l->cfg.d_slot || fd < 0 || p->watch.gone || p->guard.aside)
		return -ENODEV;
	if (len < DSLOT_MIN || len > DSLOT_MAX) {
		p->frames.tx_refused++;
		return -EMSGSIZE;
	}
	memcpy(b, octets, len);
	n = l->out || l->down ? (ssize_t)len
			      : dahdi_write(p, fd, b, len + FCS);
	if (n < (ssize_t)len) {
		p->frames.tx_refused++;
		return n == -ENODEV ? -ENODEV : -ENOBUFS;
	}
	p->frames.tx_frames++;
	return 0;
}

/* tick */
void dahdi_frame_stats(const struct line *l, struct dslot_stats *stats)
{
	const struct dahdi *p = line_container(l, struct dahdi, line);

	*stats = p->frames;
}
