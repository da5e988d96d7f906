/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to the packets of one direction of a path. Decisions come
 * from a seeded generator of the direction's own, packet by packet, so that
 * the n-th packet has the same fate in every run; only holes and the queue
 * of a limited rate depend on time.
 */
#ifndef IMPAIR_MODEL_H
#define IMPAIR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_dist {
	DIST_UNIFORM,	  /* 0 .. 2 * jitter */
	DIST_NORMAL,	  /* |N(0, jitter)| */
	DIST_EXPONENTIAL, /* mean jitter: a floor with a long tail */
};

enum { HOLES = 8 };

struct hole {
	double at_s, for_s; /* since the start */
};

struct model_config {
	double loss;	   /* share of packets, 0-1 */
	double burst;	   /* mean length of a loss, packets, >= 1 */
	double duplicate;  /* share */
	double reorder;	   /* share that is held back for reorder_ms */
	double reorder_ms;
	double delay_ms;
	double jitter_ms;
	enum model_dist dist;
	bool free;	   /* jitter may change the order */
	double rate_kbit;  /* 0: unlimited */
	double queue_ms;   /* waiting time at which it overflows */
	unsigned n_holes;
	struct hole holes[HOLES];
};

struct model_counters {
	uint64_t received, lost, hole, overflow;
	uint64_t reordered, duplicated, sent, octets;
};

struct model {
	const struct model_config *cfg;
	uint64_t rng;
	bool losing;	  /* within a burst of losses */
	int64_t busy_ns;  /* the limited rate is taken until then */
	int64_t last_ns;  /* due time of the packet before */
	struct model_counters count;
};

/* When to send the copies of a packet; none: it is lost. */
struct fate {
	unsigned copies;
	int64_t due_ns[2];
};

/* cfg stays the caller's and must outlive the model. */
void model_init(struct model *m, const struct model_config *cfg, uint64_t seed);

/* A packet of len octets at now_ns (start_ns: of the program); in_hole: the
 * path has been switched off by hand. */
void model_packet(struct model *m, size_t len, int64_t now_ns, int64_t start_ns,
		  bool in_hole, struct fate *fate);

/* TCP: delay, jitter, rate and holes apply, the stream itself is kept.
 * Returns when to pass it on, INT64_MAX while in a hole. */
int64_t model_chunk(struct model *m, size_t len, int64_t now_ns,
		    int64_t start_ns, bool in_hole);

#endif
