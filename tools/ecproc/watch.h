/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens in a second of audio: levels, and the events of the canceller
 * and of the watch for modems, as the tick has them.
 */
#ifndef ECPROC_WATCH_H
#define ECPROC_WATCH_H

#include "media/lanes.h"

enum {
	WATCH_RATE = 8000,
	WATCH_TEXT = 256,
};

struct watch {
	double far, near, out;	/* squares of this second */
	size_t n;		/* its samples */
	size_t at;		/* samples of all */
	char text[WATCH_TEXT];	/* events of this second, told once each */
	struct echo_stats before;
	struct dtmf_track digits;
	char digit;
	enum modem_state line, sent;
	bool line_cng, sent_cng;
	uint8_t flags;
};

/* Lane 0 of a group begins with these flags. */
void watch_init(struct watch *w, uint8_t flags);
/* After a block of n samples has passed the group's lane 0. */
void watch_block(struct watch *w, const struct lane_group *g,
		 const struct lane_block *b, size_t n);
void watch_levels(struct watch *w, const int16_t *far, const int16_t *near,
		  const int16_t *out, size_t n);
/* Print the second if it is over, or whatever there is at the end. */
void watch_print(struct watch *w, bool end);
void watch_head(void);
void watch_summary(const struct watch *w, const struct lane_group *g);

#endif
