/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legs that live, found by link and id. Legs are embedded in their calls;
 * the table only links them. One thread.
 */
#ifndef GATEWAY_LEG_H
#define GATEWAY_LEG_H

#include "gateway/base/loop.h"
#include "gateway/base/pool.h"
#include "gateway/cc.h"

#define LEG_BUCKETS 4096

/* Caller's, callee's; and one that comes or goes (call_transfer.c). */
enum leg_side { SIDE_A, SIDE_B, SIDE_X, LEG_SIDES };

struct call;

struct leg {
	struct leg *next; /* in its bucket */
	struct call *call;
	struct timer timer; /* of its state */
	leg_id id;	    /* 0 = there is no leg */
	struct cc_end end; /* span: the first of its NFAS group */
	uint8_t span;	   /* span: the one its channel is on */
	uint8_t side;	 /* enum leg_side */
	uint8_t state;	 /* enum a_state or b_state */
	uint8_t channel; /* span: B channel; 0 = none yet */
	bool held;	 /* its far end has put us on hold */
	bool waits;	 /* for a new role; core_keep.c */
	bool missed;	 /* and something could not be told meanwhile */
	pool_id snapshot; /* core_lost.c; 0 = none */
	struct cc_cause cause;	/* with which its clearing began */
	struct cc_media remote; /* trunk: the far end, as last told */
};

struct leg_table {
	struct leg *buckets[LEG_BUCKETS];
	unsigned used;
};

/* NULL when there is none. Ids of trunks are one space, their role being
 * one; those of each span are their own. */
struct leg *leg_find(const struct leg_table *, struct cc_end, leg_id);
/* leg->end and leg->id are set; the pair is not in the table. */
void leg_add(struct leg_table *, struct leg *);
void leg_remove(struct leg_table *, struct leg *);

static inline bool leg_is_line(const struct leg *leg)
{
	return leg->id != 0 && leg->end.kind == CC_END_SPAN;
}

#endif
