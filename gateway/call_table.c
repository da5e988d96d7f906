/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/call_table.h"

/* Columns: TIMER SETUP MORE DIGITS PROCEEDING PROGRESS ALERTING ANSWER
 * UPDATE HOLD RETRIEVE TRANSFER DTMF INFO RELEASE RELEASED TONE DOWN */

#define BAD	    {ACT_BAD, CALL_KEEP}
#define IGN	    {ACT_IGNORE, CALL_KEEP}
#define DO(act)	    {ACT_##act, CALL_KEEP}
#define GO(act, to) {ACT_##act, to}

static const struct call_cell a_table[A_STATES][CALL_EVENTS] = {
	[A_DIGITS] = {
		DO(DIGITS_END), BAD, BAD, DO(DIGITS), BAD, IGN, BAD, BAD,
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(RELEASE, A_CLEARING), DO(RELEASED), DO(HANGUP), DO(DOWN),
	},
	[A_OPENING] = {
		BAD, BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(RELEASE, A_CLEARING), DO(RELEASED), DO(HANGUP), DO(DOWN),
	},
	[A_CALLING] = {
		DO(LATE), BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		DO(UPDATE), IGN, IGN, IGN, DO(DTMF), IGN,
		GO(RELEASE, A_CLEARING), DO(RELEASED), DO(HANGUP), DO(DOWN),
	},
	[A_ALERTED] = {
		BAD, BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		DO(UPDATE), IGN, IGN, IGN, DO(DTMF), IGN,
		GO(RELEASE, A_CLEARING), DO(RELEASED), DO(HANGUP), DO(DOWN),
	},
	[A_ACTIVE] = {
		BAD, BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		DO(UPDATE), DO(HOLD), DO(RETRIEVE), DO(TRANSFER), DO(DTMF),
		IGN,
		GO(RELEASE, A_CLEARING), DO(RELEASED), DO(HANGUP), DO(DOWN),
	},
	[A_RELEASING] = {
		DO(LOST), BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(RELEASED), IGN, DO(DOWN),
	},
	[A_CLEARING] = {
		DO(LOST), BAD, BAD, IGN, BAD, IGN, BAD, BAD,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(RELEASED), IGN, DO(DOWN),
	},
};

static const struct call_cell b_table[B_STATES][CALL_EVENTS] = {
	[B_CALLED] = {
		DO(TIMEOUT), BAD, GO(MORE, B_MORE), BAD,
		GO(PROCEEDING, B_PROCEEDING), GO(PROGRESS, B_PROGRESSED),
		GO(ALERTING, B_ALERTING), GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(B_RELEASE, B_CLEARING), DO(B_GONE), GO(TONE, B_TONE),
		DO(B_DOWN),
	},
	[B_MORE] = {
		DO(TIMEOUT), BAD, IGN, BAD,
		GO(PROCEEDING, B_PROCEEDING), GO(PROGRESS, B_PROGRESSED),
		GO(ALERTING, B_ALERTING), GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(B_RELEASE, B_CLEARING), DO(B_GONE), GO(TONE, B_TONE),
		DO(B_DOWN),
	},
	[B_PROCEEDING] = {
		DO(TIMEOUT), BAD, BAD, BAD,
		DO(PROCEEDING), GO(PROGRESS, B_PROGRESSED),
		GO(ALERTING, B_ALERTING), GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(B_RELEASE, B_CLEARING), DO(B_GONE), GO(TONE, B_TONE),
		DO(B_DOWN),
	},
	[B_PROGRESSED] = {
		DO(TIMEOUT), BAD, BAD, BAD,
		DO(PROCEEDING), DO(PROGRESS),
		GO(ALERTING, B_ALERTING), GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(B_RELEASE, B_CLEARING), DO(B_GONE), GO(TONE, B_TONE),
		DO(B_DOWN),
	},
	[B_ALERTING] = {
		DO(TIMEOUT), BAD, BAD, BAD,
		IGN, DO(PROGRESS),
		DO(ALERTING), GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(RELEASE, B_CLEARING), DO(RELEASED), GO(TONE, B_TONE),
		DO(DOWN),
	},
	[B_TONE] = {
		DO(TONE_END), BAD, BAD, BAD,
		IGN, IGN,
		IGN, GO(ANSWER, B_ACTIVE),
		DO(UPDATE), IGN, IGN, IGN, IGN, IGN,
		GO(RELEASE, B_CLEARING), DO(RELEASED), IGN,
		DO(DOWN),
	},
	[B_ACTIVE] = {
		BAD, BAD, BAD, BAD,
		IGN, IGN,
		IGN, BAD,
		DO(UPDATE), DO(HOLD), DO(RETRIEVE), DO(TRANSFER), DO(DTMF),
		IGN,
		GO(RELEASE, B_CLEARING), DO(RELEASED), DO(HANGUP),
		DO(DOWN),
	},
	[B_RELEASING] = {
		DO(LOST), BAD, IGN, BAD,
		IGN, IGN,
		IGN, IGN,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(RELEASED), IGN,
		DO(DOWN),
	},
	[B_CLEARING] = {
		DO(LOST), BAD, IGN, BAD,
		IGN, IGN,
		IGN, IGN,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(B_GONE), IGN,
		DO(B_DOWN),
	},
};

static const struct call_cell x_table[X_STATES][CALL_EVENTS] = {
	[X_CALLED] = {
		DO(X_TIMEOUT), BAD, IGN, BAD,
		IGN, DO(X_LEARN),
		GO(X_ALERTING, X_RINGING), DO(X_ANSWER),
		DO(X_LEARN), IGN, IGN, IGN, IGN, IGN,
		GO(X_REFUSED, X_CLEARING), DO(X_GONE), IGN,
		DO(X_GONE),
	},
	[X_RINGING] = {
		DO(X_TIMEOUT), BAD, IGN, BAD,
		IGN, DO(X_LEARN),
		IGN, DO(X_ANSWER),
		DO(X_LEARN), IGN, IGN, IGN, IGN, IGN,
		GO(X_REFUSED, X_CLEARING), DO(X_GONE), IGN,
		DO(X_GONE),
	},
	[X_LEAVING] = {
		GO(X_RELEASE, X_RELEASING), BAD, IGN, IGN,
		IGN, IGN,
		IGN, IGN,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(X_LEFT), IGN,
		DO(X_LEFT),
	},
	[X_RELEASING] = {
		DO(X_LEFT), BAD, IGN, IGN,
		IGN, IGN,
		IGN, IGN,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(X_LEFT), IGN,
		DO(X_LEFT),
	},
	[X_CLEARING] = {
		DO(X_GONE), BAD, IGN, BAD,
		IGN, IGN,
		IGN, IGN,
		IGN, IGN, IGN, IGN, IGN, IGN,
		IGN, DO(X_GONE), IGN,
		DO(X_GONE),
	},
};

static const char *const a_names[A_STATES] = {
	[A_DIGITS] = "DIGITS",	   [A_OPENING] = "OPENING",
	[A_CALLING] = "CALLING",   [A_ALERTED] = "ALERTED",
	[A_ACTIVE] = "ACTIVE",	   [A_RELEASING] = "RELEASING",
	[A_CLEARING] = "CLEARING",
};

static const char *const b_names[B_STATES] = {
	[B_CALLED] = "CALLED",	       [B_MORE] = "MORE",
	[B_PROCEEDING] = "PROCEEDING", [B_PROGRESSED] = "PROGRESSED",
	[B_ALERTING] = "ALERTING",     [B_TONE] = "TONE",
	[B_ACTIVE] = "ACTIVE",	       [B_RELEASING] = "RELEASING",
	[B_CLEARING] = "CLEARING",
};

static const char *const x_names[X_STATES] = {
	[X_CALLED] = "CALLED",	     [X_RINGING] = "RINGING",
	[X_LEAVING] = "LEAVING",     [X_RELEASING] = "RELEASING",
	[X_CLEARING] = "CLEARING",
};

static const unsigned state_counts[] = {A_STATES, B_STATES, X_STATES};
static const char *const *const state_names[] = {a_names, b_names, x_names};

const struct call_cell *call_cell(unsigned side, unsigned state,
				  unsigned event)
{
	return side == 0   ? &a_table[state][event]
	       : side == 1 ? &b_table[state][event]
			   : &x_table[state][event];
}

const char *call_state_name(unsigned side, unsigned state)
{
	return state < state_counts[side] ? state_names[side][state] : "GONE";
}

const char *call_event_name(unsigned event)
{
	switch (event) {
	case EV_TIMER:
		return "TIMER";
	case EV_TONE:
		return "TONE";
	case EV_DOWN:
		return "DOWN";
	default:
		return cc_type_name(event);
	}
}
