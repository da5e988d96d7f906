/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error performance of a line as G.826 has it, in intervals of fifteen
 * minutes, of which the present one and the last 96 are kept.
 *
 * Each second is error-free, errored (ES) or severely errored (SES). Ten SES
 * in a row begin unavailable time, ten others in a row end it, those ten
 * belong to what they begin. So a second is only counted when that is known,
 * up to nine seconds later, but in the interval that it was in. In unavailable
 * time nothing but UAS is counted.
 *
 * One owner and thread; allocates nothing.
 */
#ifndef MEDIA_PERF_H
#define MEDIA_PERF_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PERF_INTERVALS = 96,
	PERF_INTERVAL_S = 900,
	PERF_DECIDE_S = 10,
};

enum perf_kind {
	PERF_E1,     /* 1,000 CRC-4 blocks a second */
	PERF_T1,     /* 333 extended superframes a second */
	PERF_PACKETS /* pseudowire: blocks are packets */
};

struct perf_second { /* what happened in it */
	bool defect;	 /* nothing usable came for all or part of it */
	uint32_t blocks; /* PERF_PACKETS: of how many; 0: not known */
	uint32_t crc;	 /* errored blocks: CRC, or packets replaced */
	uint32_t fe;	 /* framing bits or words */
	uint32_t cv;	 /* code violations */
	uint32_t ebit;	 /* blocks that the far end found errored */
	uint32_t slips;
};

struct perf_sum {
	uint32_t seconds; /* decided */
	uint32_t es, ses, uas;
	uint32_t bbe;	 /* errored blocks outside of SES */
	uint32_t far_es; /* the far end's */
	uint32_t slip_s; /* seconds with slips */
	uint32_t crc, fe, cv, ebit, slips;
};

struct perf {
	enum perf_kind kind;
	bool unavailable;
	uint32_t now_s;	     /* seconds since the begin of interval 0 */
	unsigned waiting;    /* seconds not decided, the last ones */
	struct perf_second undecided[PERF_DECIDE_S];
	struct perf_sum all; /* since the start */
	struct perf_sum ring[PERF_INTERVALS + 1];
};

/* offset_s: how far the present quarter of an hour is gone. */
void perf_init(struct perf *, enum perf_kind, uint32_t offset_s);
void perf_add(struct perf *, const struct perf_second *);

/* Of the present interval (0), the last (1) ... PERF_INTERVALS. NULL: not
 * counted then. */
const struct perf_sum *perf_interval(const struct perf *, unsigned ago);
/* Of those that are complete: a day at most. */
void perf_day(const struct perf *, struct perf_sum *);
/* Seconds that the present interval has run. */
uint32_t perf_elapsed(const struct perf *);

/* In words, how it stands to what G.826 allows a path from end to end (ES 4 %,
 * SES 0.2 % of the available time). A constant string. */
const char *perf_verdict(const struct perf_sum *);

#endif
