/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A media role without media: it speaks media.h to the core and the frame
 * link to the isdn roles, has no samples, and hands D-channel frames to
 * sim_frame_to_xch(). It notes what the core connects where.
 */
#ifndef TESTS_SIM_PEER_MEDIA_H
#define TESTS_SIM_PEER_MEDIA_H

#include "gateway/base/role.h"
#include "media/media.h"

extern const struct role_ops fake_media_ops;

struct fake_media_stats {
	unsigned used;	    /* media open now */
	unsigned connected; /* of these, connected to a B channel */
	uint64_t opened, bad, stale;
	uint64_t clashes;   /* a B channel connected to two media */
	uint64_t digits;    /* DTMF asked for */
	uint64_t refused;   /* no port */
};

/* A frame from the exchange. */
void fake_media_hear(struct role *, unsigned span, const uint8_t *,
		     size_t len);
const struct fake_media_stats *fake_media_stats(struct role *);
/* The line of a span: tells core and isdn. */
void fake_media_line(struct role *, unsigned span, bool up);
/* An event of the media on that B channel; false: none there. */
bool fake_media_event(struct role *, unsigned span, unsigned slot,
		      enum media_event_kind, char digit);
/* What the core last said about the media there; NULL: none. */
const struct media_modify *fake_media_modify(struct role *, unsigned span,
					     unsigned slot);

/* A digit goes out to the line; may be NULL. */
extern void (*fake_media_on_digit)(unsigned span, unsigned slot, char digit);

#endif
