/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call on the span, from SETUP until libpri has forgotten it.
 *
 * What must survive is struct leg_state, a value without pointers. The leg
 * adds what belongs to this process: libpri's record of the call, the timer,
 * and the SETUP while it may be sent again.
 *
 * l->call is libpri's and dies inside libpri; it is given up at HANGUP and
 * HANGUP_ACK, before anything else can reuse the address.
 *
 * Timers, one at a time, by state (Q.931 table 9-2; libpri runs T303, T305,
 * T308, T309, T313 by itself):
 *   wait       5 s after the data link went down     cause 38
 *   proceeding from the network, NI2: 500 ms for the caller's name
 *   overlap    T304, 30 s                            cause 102
 *   proceeding T310, conf                            cause 102
 *   delivered  T301, conf                            cause 19
 *   tone       20 s (DISCONNECT with tones)          its own cause
 *   active     user side, until CONNECT ACKNOWLEDGE: 4.1 s after CONNECT;
 *              libpri has cleared by T313, told or not   cause 102
 *   clearing   45 s, longer than libpri's all         dropped
 */
#ifndef ISDN_LEG_H
#define ISDN_LEG_H

#include <libpri.h>

#include "gateway/base/loop.h"
#include "gateway/cc.h"
#include "isdn/channel.h"
#include "isdn/ie.h"

#define LEG_CHANNEL_TRIES 3

struct isdn;

enum leg_phase {
	LEG_FREE,
	/* to the network */
	LEG_WAIT,	/* the data link is not up yet */
	LEG_CALLING,	/* SETUP sent */
	LEG_OVERLAP,	/* SETUP ACK received */
	LEG_PROCEEDING, /* CALL PROCEEDING received */
	LEG_DELIVERED,	/* ALERTING received */
	/* from the network */
	LEG_OVERLAP_IN,	   /* SETUP ACK sent */
	LEG_PROCEEDING_IN, /* CALL PROCEEDING sent */
	LEG_RECEIVED,	   /* ALERTING sent */
	/* both */
	LEG_ACTIVE,
	LEG_TONE,     /* DISCONNECT received with tones: heard to their end */
	LEG_CLEARING, /* until libpri says that it is over */
	LEG_PHASES
};

struct leg_state {
	leg_id id;
	uint16_t cref;	   /* call reference, with ours */
	uint8_t ours;	   /* we chose it: the call goes to the network */
	uint8_t phase;	   /* enum leg_phase */
	uint8_t exclusive; /* our SETUP insisted on the channel */
	uint8_t confirmed; /* the first answer has settled the channel */
	uint8_t tries;	   /* channels tried */
	uint8_t bearer;	   /* enum cc_bearer */
	uint8_t told_proceeding;
	uint8_t told_release; /* CC_RELEASE went one way or the other */
	uint8_t orphan;	   /* the core that knew it is gone */
	uint8_t sent_inband; /* PROGRESS with tones was sent */
	uint8_t held;	   /* by the far end */
	uint16_t number;   /* channel; 0: none (yet, or lost by glare) */
	struct channel_list tried;
	struct cc_cause seen; /* cause that ended it, for the core */
	struct cc_cause out;  /* cause for the network; value 0: libpri's */
	int64_t since_wall_ms;
	char called[CC_DIGITS_MAX], calling[CC_DIGITS_MAX]; /* for people */
};

struct leg {
	struct leg_state s;
	struct isdn *isdn;
	q931_call *call;      /* NULL: libpri has none (yet, or any more) */
	struct cc_msg *setup; /* owned; until the call is answered or cleared;
				 untold: of a call from the network */
	bool unacked; /* our CONNECT waits for its acknowledgement */
	bool untold; /* the core does not know of it: its name is awaited */
	char more[CC_DIGITS_MAX]; /* digits that wait for SETUP ACK */
	struct timer timer;
	struct cc_uui heard; /* in what cleared the call */
	struct cc_uui uui; /* for the message of type uui_in, to be sent */
	uint8_t uui_in;	   /* of clearing ones for the first that is sent */
	bool uui_sent;
	uint8_t asked; /* STATUS ENQUIRY sent so often, no answer yet */
};

/* NULL: all are in use. */
struct leg *leg_new(struct isdn *, leg_id);
struct leg *leg_by_id(struct isdn *, leg_id);
struct leg *leg_by_call(struct isdn *, const q931_call *);
struct leg *leg_by_cref(struct isdn *, uint16_t cref, bool ours);
unsigned leg_count(const struct isdn *);
const char *leg_phase_name(enum leg_phase);
/* Q.931 call state number (4.5.7) of a phase, for status. */
unsigned leg_q931_state(const struct leg *);

void leg_enter(struct leg *, enum leg_phase); /* and starts its timer */
/* T301 instead of T310: the network goes on, but slowly. */
void leg_ease(struct leg *);
/* SETUP to the network on the next idle channel; ends the leg with cause 34
 * when there is none. The phase is new, waiting or calling. */
void leg_place(struct leg *);
/* The SETUP will not be sent again. */
void leg_settle(struct leg *);
/* "carrier 0x8012"; bit 15: we chose the reference. */
void leg_ref(const struct leg *, char ref[CC_REF_MAX]);
/* NI2: the caller's name follows the SETUP in a message of its own; for so
 * long, at most 500 ms, the core does not hear of the call. false: no room. */
bool leg_await_name(struct leg *, const struct cc_msg *setup);
void leg_hear_name(struct isdn *, const struct ie_msg *);
/* The call that we place is diverted: libpri keeps that to itself. */
void leg_hear_notify(struct isdn *, const struct ie_msg *);
/* CONNECT ACKNOWLEDGE came, or did not (T313): then libpri is clearing. */
void leg_hear_ack(struct isdn *, const struct ie_msg *);
void leg_on_t313(struct leg *);
/* Sends a message about the leg to the core, unless nothing may follow. */
void leg_tell(struct leg *, enum cc_type, struct cc_msg *);
/* Its span and channel, as the core names them. */
void leg_where(const struct leg *, struct cc_end *, uint8_t *channel);
void leg_tell_proceeding(struct leg *); /* once, with the channel */
/* Tells the core that clearing has begun, with the cause. */
void leg_tell_release(struct leg *, struct cc_cause);
/* Ours goes with the message of that type, of clearing ones the first. */
void leg_say_uui(struct leg *, const struct cc_uui *, uint8_t type);
/* Clears towards the network with the cause; goes on by itself. */
void leg_clear(struct leg *, struct cc_cause);
/* The call is gone from libpri: frees the channel, sends RELEASED. */
void leg_end(struct leg *);
/* Forgets the call in libpri without a message to the network (RESTART, line
 * lost), and ends the leg with the cause. */
void leg_drop(struct leg *, uint8_t cause);
/* Releases libpri's record after HANGUP; the leg may go on without. */
void leg_hangup(struct leg *, int cause);
void leg_clear_all(struct isdn *, uint8_t cause);
void leg_drop_all(struct isdn *, uint8_t cause);
/* Those of one span of the group. */
void leg_clear_span(struct isdn *, unsigned span, uint8_t cause);
void leg_drop_span(struct isdn *, unsigned span, uint8_t cause);

#endif
