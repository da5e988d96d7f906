/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame link: whole layer-2 frames and line states between the owner of a
 * line (media) and the owner of its signalling (isdn). Frames are without
 * flags, bit stuffing and FCS.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include "gateway/base/link.h"

#define FRAME_MAX 300 /* octets; a longer one is dropped and counted */

enum frame_type {
	FRAME_DATA = 1, /* both ways: struct frame_data, sent short */
	FRAME_LINE,	/* line -> signalling: struct frame_line */
	FRAME_HELLO,	/* signalling -> line: send me the line state */
};

enum frame_calls { /* while the line is not up */
	FRAME_CALLS_HOLD,    /* yours: release them after the hold-off */
	FRAME_CALLS_KEEP,    /* they stay until we say otherwise */
	FRAME_CALLS_RELEASE, /* the hold-off is over */
};

struct frame_data {
	struct link_head head;
	uint16_t span; /* index of the span in the configuration */
	uint16_t len;
	uint8_t octets[FRAME_MAX];
};

struct frame_line {
	struct link_head head;
	uint16_t span;
	uint8_t up;	 /* 0: no new calls on this line now */
	uint8_t calls;	 /* enum frame_calls: what becomes of the others */
	uint16_t alarms; /* as in line.h, for display only */
	uint32_t errors; /* frames dropped: FCS, abort, length; total */
	uint32_t silent; /* slots of which the line has no samples, by bit */
};

#define FRAME_DATA_LEN(n) (offsetof(struct frame_data, octets) + (size_t)(n))

#endif
