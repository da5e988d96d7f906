/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is recorded of a channel, held against what was said in it. */
#ifndef BENCH_LOAD_JUDGE_H
#define BENCH_LOAD_JUDGE_H

#include "tests/bench/load.h"

struct load_verdict {
	unsigned channel;
	/* Windows of half a second, apart from stalls, that were judged. */
	unsigned far, near, echo;
	double to_line;	  /* correlation: RTP source and line */
	double to_rtp;	  /* near-end source and RTP */
	double erle_db;	  /* line to RTP while only the far end talks */
	double line_ms, rtp_ms; /* lag at which they agree */
};

/* Checked channel i; windows in which the host stalled are left out. */
void load_judge(const struct load_plan *, const struct load_voices *,
		const struct load_shared *, unsigned i, struct load_verdict *);
/* Was there enough to judge? */
bool load_is_judged(const struct load_verdict *);
/* Is the channel as it must be? */
bool load_is_good(const struct load_verdict *);

#endif
