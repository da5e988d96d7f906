/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SRTP of the RTP generator: what it sends is sealed by our own code, which
 * is quick enough for all streams; what comes in checked channels is opened
 * by libsrtp2, which judges what the gateway makes.
 */
#ifndef BENCH_LOAD_SRTP_H
#define BENCH_LOAD_SRTP_H

#include "media/srtp_suite.h"
#include "tests/bench/load.h"

/* The keys of a channel, from the plan's seed. */
void load_srtp_keys(const struct load_plan *, unsigned channel,
		    bool to_gateway, struct srtp_master *);

struct load_srtp;

/* For all channels, the checked ones both ways. NULL: no memory, or a suite
 * that libsrtp2 lacks. */
struct load_srtp *load_srtp_new(const struct load_plan *,
				const struct load_shared *);
void load_srtp_free(struct load_srtp *);

/* In place, with room; the new length. */
size_t load_srtp_seal(struct load_srtp *, unsigned channel, uint8_t *packet,
		      size_t len);
/* Checked channel i, in place; the new length, 0: not authentic. */
size_t load_srtp_open(struct load_srtp *, unsigned i, uint8_t *packet,
		      size_t len);

#endif
