/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a call: what an event does to the caller's leg (A), to the
 * callee's (B) and to one that comes or goes (X): a transfer calls its target,
 * or a leg that another one has replaced is on its way out. Dense: every cell says something. "bad" cells cannot
 * happen while the roles keep their contract (cc.h); they are counted, logged
 * and do nothing.
 */
#ifndef GATEWAY_CALL_TABLE_H
#define GATEWAY_CALL_TABLE_H

#include "gateway/cc.h"

enum a_state {
	A_DIGITS,    /* more digits wanted; T302 */
	A_OPENING,   /* media is being opened */
	A_CALLING,   /* the callee is being called; before T310 of the caller */
	A_ALERTED,   /* told that it rings */
	A_ACTIVE,    /* answered */
	A_RELEASING, /* RELEASE sent */
	A_CLEARING,  /* RELEASE received */
	A_STATES
};

enum b_state {
	B_CALLED,     /* SETUP sent */
	B_MORE,	      /* wants more digits than there are; T304 */
	B_PROCEEDING, /* T310 */
	B_PROGRESSED, /* tones or interworking on the way; T301 */
	B_ALERTING,   /* T301 */
	B_TONE,	      /* announces why it clears; T306 */
	B_ACTIVE,
	B_RELEASING,
	B_CLEARING,
	B_STATES
};

enum x_state {
	X_CALLED,    /* SETUP sent to the target of a transfer */
	X_RINGING,
	X_LEAVING,   /* replaced: its far end is expected to clear */
	X_RELEASING, /* RELEASE sent */
	X_CLEARING,  /* RELEASE received from the target */
	X_STATES
};

#define LEG_STATES B_STATES
#define LEG_GONE   0xfe

/* Events: the types of cc_msg by their own numbers, and these. */
enum call_event {
	EV_TIMER = 0,
	EV_TONE = CC_RELEASED + 1, /* PROGRESS with a cause */
	EV_DOWN,		   /* the leg's link is gone */
	CALL_EVENTS
};

enum call_act {
	ACT_BAD,
	ACT_IGNORE,
	ACT_DIGITS,	/* A: further digits */
	ACT_DIGITS_END, /* A: no more digits came */
	ACT_LATE,	/* A: the caller's T310 is near */
	ACT_MORE,
	ACT_PROCEEDING,
	ACT_PROGRESS,
	ACT_ALERTING,
	ACT_ANSWER,
	ACT_TONE,
	ACT_TONE_END,
	ACT_UPDATE,
	ACT_HOLD,
	ACT_RETRIEVE,
	ACT_DTMF,
	ACT_TIMEOUT,	/* B: its timer says with which cause */
	ACT_HANGUP,	/* the far end clears, with PROGRESS */
	ACT_RELEASE,	/* the far end clears */
	ACT_RELEASED,	/* the leg is gone */
	ACT_B_RELEASE,	/* the callee refuses: perhaps another route */
	ACT_B_GONE,	/* the callee has refused: perhaps another route */
	ACT_LOST,	/* RELEASED did not come */
	ACT_DOWN,
	ACT_B_DOWN,
	ACT_TRANSFER,	/* asked for, or how one went that we asked for */
	ACT_X_LEARN,
	ACT_X_ALERTING,
	ACT_X_ANSWER,	/* takes the place of who has asked for it */
	ACT_X_TIMEOUT,
	ACT_X_REFUSED,	/* the target clears */
	ACT_X_GONE,	/* another route, or the transfer has failed */
	ACT_X_RELEASE,	/* did not clear by itself */
	ACT_X_LEFT,
	CALL_ACTS
};

#define CALL_KEEP 0xff

struct call_cell {
	uint8_t act;  /* enum call_act */
	uint8_t next; /* state, or CALL_KEEP */
};

/* state < A_STATES, B_STATES or X_STATES, event < CALL_EVENTS. */
const struct call_cell *call_cell(unsigned side, unsigned state,
				  unsigned event);
const char *call_state_name(unsigned side, unsigned state);
const char *call_event_name(unsigned event);

#endif
