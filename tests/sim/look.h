/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into the roles, for invariants. Each role's own headers are seen by
 * its own look_*.c only: they use the same names for different things.
 */
#ifndef TESTS_SIM_LOOK_H
#define TESTS_SIM_LOOK_H

#include "gateway/base/role.h"

struct look_core {
	unsigned calls;	     /* records in use */
	unsigned legs;	     /* in the table */
	unsigned owned;	     /* B channels with an owner, all spans */
	unsigned trunk_calls; /* legs on trunks, as counted */
	uint64_t seen;	     /* calls begun since the start */
	uint64_t earlier; /* calls of an earlier life: lost, or resumed */
	uint64_t written, failed; /* CDRs */
	unsigned queued;
	/* of drops: must never grow */
	uint64_t bad, impossible, double_leg, channel_taken, legs_lost,
		media_lost, no_timer, unsent;
};

struct look_isdn {
	bool up;
	unsigned legs, idle, busy, other;
	unsigned channels; /* all of them */
	unsigned active; /* legs that are up, not yet clearing */
	unsigned shared; /* B channels that two legs say they have */
	uint64_t bad_messages;
	uint64_t restarts; /* RESTART received */
	char state[40];	   /* of its D channel, in Asterisk's words */
};

struct look_sip {
	bool idle;
	unsigned txns;	  /* transactions */
	unsigned counted; /* active calls by the trunks' limits */
};

void look_core(const struct role *, struct look_core *);
void look_isdn(const struct role *, struct look_isdn *);
void look_sip(struct role *, struct look_sip *);
/* Its CDRs are written, but not synced. */
void look_core_no_sync(struct role *);

#endif
