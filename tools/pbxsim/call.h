/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of the simulated exchange: what the isdn role tells of them, what
 * their rule or script wants, and their voice.
 *
 *   made      SETUP -> (proceeding, alerting) -> answered -> hold_s -> release
 *   received  SETUP -> proceeding, alerting -> answered ... by its rule
 *
 * One timer a call: to answer, to hang up or to give up. A call lives until
 * RELEASED. All calls belong to one struct calls; thread: the program's only.
 */
#ifndef PBXSIM_CALL_H
#define PBXSIM_CALL_H

#include "tools/pbxsim/rule.h"
#include "tools/pbxsim/span.h"
#include "tools/pbxsim/tally.h"
#include "tools/pbxsim/voice.h"

enum { CALLS = 128 };

enum call_state {
	CALL_FREE,
	CALL_SETUP,
	CALL_PROCEEDING,
	CALL_ALERTING,
	CALL_ANSWERED,
	CALL_RELEASING
};

struct calls;

struct call {
	struct calls *all;
	unsigned number; /* for people: 1 is the first of the program */
	enum call_state state;
	bool made;
	leg_id leg;
	uint8_t wire, channel; /* 0: none yet */
	uint8_t bearer;
	const struct rule *rule; /* received: how it is answered */
	struct profile profile;
	struct cc_cause cause; /* first that was heard of */
	bool answered, given_up;
	double begin_s, answer_s; /* line time */
	struct timer timer, dial;
	struct voice *voice; /* owned; once the channel is known */
};

struct calls {
	struct span *span;
	struct report *report;
	struct tally *tally;
	const struct rules *rules;
	const struct tone_zone *zone;
	enum law law;
	uint64_t random;
	unsigned last_number, alive;
	bool refusing; /* the program ends: no new calls */
	struct call call[CALLS];
	struct call *by_slot[SPAN_WIRES][LINE_SLOTS];
};

/* Makes a call. 0; -EINVAL: not a number; -ENOSPC: too many at once. */
int call_make(struct calls *, const char *to, const struct profile *);
/* What the isdn role says. */
void calls_message(struct calls *, const struct cc_msg *);
/* number 0: all. cause 0: that of the call's profile. How many it found. */
unsigned calls_hang_up(struct calls *, unsigned number, uint8_t cause);
unsigned calls_dial(struct calls *, unsigned number, const char *digits);
/* 10 ms of all channels of a line. */
void calls_audio(struct calls *, unsigned wire, uint8_t (*rx)[LINE_BLOCK],
		 uint8_t (*tx)[LINE_BLOCK]);
/* Forgets all calls without a word (the role is closed after it). */
void calls_free(struct calls *);

#endif
