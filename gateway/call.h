/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call: two legs of whatever kind, and a media between them.
 *
 *   caller's leg (A)        core                  callee's leg (B)
 *    SETUP ------------> route found?
 *    <------- PROCEEDING (caller on a line)
 *                        media opened
 *                         SETUP --------------------------->
 *    <-- PROGRESS/ALERTING <------- PROCEEDING/PROGRESS/ALERTING
 *    <-------------- ANSWER <----------------------- ANSWER
 *    RELEASE ----------> media closed   RELEASE ----------->
 *    RELEASED ---------> CDR once both legs and the media are gone
 *
 * A call exists from SETUP until all legs are gone and the media is closed;
 * then its CDR goes to the log and its record back to the pool. Whatever
 * happens to it comes in through one of the functions below, each of which
 * ends in call_settle(): after it the call may be gone. One thread.
 */
#ifndef GATEWAY_CALL_H
#define GATEWAY_CALL_H

#include "gateway/core_priv.h"

enum call_media_state { CM_NONE, CM_OPENING, CM_OPEN, CM_CLOSING };

struct call_media {
	media_id id;
	uint8_t state; /* enum call_media_state */
	bool waits;    /* of an earlier life; CLAIM has no answer yet */
	bool heard;    /* RTP has come */
	bool tone;     /* ringback to the line is on */
	uint8_t span, slot; /* connected; slot 0 = not */
	struct net_addr rtp;	  /* ours */
	struct media_modify last; /* what media was told last */
	struct cc_crypto crypto;  /* its keys; secret */
	struct timer guard;	  /* OPENED, CLOSED must come */
};

/* What the caller has been told. */
struct call_told {
	bool more, proceeding, diverted, inband, alerting, answered;
};

/* The hunt for a free end. */
struct call_hunt {
	struct route_ask ask;
	unsigned step;	   /* route_next's */
	unsigned epoch;	   /* of the configuration that step belongs to */
	uint16_t index;	   /* the route taken last */
	struct cc_end to;
	struct cc_number number; /* to be sent there */
	/* An emergency call: the first line that had no channel left. */
	bool full;
	uint8_t preempted; /* calls that gave way so far */
	uint16_t full_index;
	struct cc_end full_to;
	struct cc_number full_number;
};

struct call_transfer {
	bool going;    /* leg X calls the target, or another call does */
	bool attended; /* over that trunk and no other */
	bool rings;    /* the target does */
	uint8_t side;  /* who has asked; it may be gone */
	uint8_t owed;  /* enum cc_transfer that it could not be told */
	struct cc_cause cause; /* of that */
};

/* call_join.c */
enum call_join_state {
	JOIN_NONE,
	JOIN_FETCHES, /* calls the transfer's target in another call */
	JOIN_FETCHED, /* is that other call */
	JOIN_UP,      /* two lines talk to each other */
	JOIN_LOST     /* did so; the other call is not there again yet */
};

struct call_join {
	pool_id with; /* the other call */
	enum call_join_state state;
};

struct call {
	struct core *core;
	pool_id id;
	struct leg leg[LEG_SIDES]; /* by enum leg_side */
	struct call_media media;
	struct call_told told;
	struct call_hunt hunt; /* answered: of a transfer */
	struct call_transfer transfer;
	struct call_join join;
	struct cc_msg setup; /* the caller's, with all digits so far */
	struct cdr cdr;	     /* as the journal has it */
	int slot;	     /* of the journal; -1 = none */
	mono_t began, alerted, answered; /* .ns 0 = not yet */
	bool ending; /* clearing has begun: cdr.end says why */
	struct cc_uui uui; /* what the leg that clears tells the other one */
	pool_id gives_way_to; /* the emergency call that waits for us; or 0 */
};

/*
 * What a slot of the journal holds: the CDR, and of an answered call what is
 * needed to go on with it. Keys of SRTP are not in it.
 */
#define CALL_RECORD_VERSION 5
struct call_record {
	struct cdr cdr;
	struct call_record_leg {
		leg_id id;
		struct cc_end end;
		uint8_t span, channel;
		bool held;
	} leg[2];
	media_id media;
	struct net_addr rtp;
};

/* A SETUP of a role; end has been checked. */
void call_setup(struct core *, const struct cc_msg *);
/* An answered call of an earlier life of the core; slot: of the journal. Its
 * legs and media wait until they are told to be there still. False: it cannot
 * be rebuilt, and nothing has changed. */
bool call_resume_record(struct core *, int slot, const struct call_record *);
/* A call without caller's leg, for the transfer of that one. False: none. */
bool call_fetch(struct call *, const struct cc_msg *setup);
/* A SETUP that the role has refused by itself: its CDR. */
void call_refused(struct core *, const struct cc_msg *);
/* Any other message, of a living leg. */
void call_on_msg(struct leg *, const struct cc_msg *);
/* The link of this leg is gone. */
void call_on_down(struct leg *);
void call_on_opened(struct call *, const struct media_opened *);
void call_on_closed(struct call *, const struct media_closed *);
void call_on_event(struct call *, const struct media_event *);
void call_on_media_down(struct call *);
/* Asks the trunk of the call with that id (of its CDR) to connect its party to
 * that number. 0; -ENOENT: no such answered call; -EINVAL: no number; -EBUSY. */
int call_transfer_out(struct core *, const char *id, const char *number);
/* The role is being closed: no link is of use any more. */
void call_abandon(struct call *);

struct call *call_get(const struct core *, pool_id);
/* By the id of its CDR. NULL: none. */
struct call *call_find(struct core *, const char *id);

/* --- between call.c, call_act.c, call_hunt.c and call_media.c only --- */

typedef void call_act_fn(struct call *, struct leg *, const struct cc_msg *);
extern call_act_fn *const call_acts[CALL_ACTS];

extern const struct cc_cause call_lost_cause; /* with its role: 41 */
enum cdr_by call_by(const struct leg *); /* pstn or sip */
void call_set_state(struct leg *, unsigned state);
/* Fills leg and end. A lost message is counted; 0 or -errno. */
int call_send(struct leg *, struct cc_msg *, enum cc_type);
/* Begins clearing: the first one wins. reason: words for the CDR, or "". */
void call_clear(struct call *, enum cdr_by, struct cc_cause,
		const char *reason);
void call_clear_gw(struct call *, unsigned cause, const char *reason);
/* The leg is no more. */
void call_leg_end(struct leg *);
void call_save(struct call *); /* to the journal */

/* Tells the caller, once, that there is something to hear. */
void call_tell_inband(struct call *);

/* call_hunt.c: from the number to the callee. */
void call_route(struct call *);
/* The callee refused before ringing. Another one, or the call is cleared. */
void call_next(struct call *, enum cdr_by, struct cc_cause);
bool call_has_next(const struct call *, struct cc_cause);
/* Media is there: the first callee. */
void call_place(struct call *);
/* The end that hunt names, once more. */
void call_again(struct call *);

/* The next route of the hunt is taken; false: there is none. */
bool call_hunt_next(struct call *);
/* May another route do better after that cause? */
bool call_is_failover(unsigned cause);
/* No leg yet. */
void call_init_legs(struct call *);
/* The leg's place in the table and in its trunk's count. */
void call_leg_begin(struct leg *, leg_id, struct cc_end);
void call_release_leg(struct leg *, struct cc_cause);

/* call_transfer.c: one leg takes the place of another. */
call_act_fn call_act_transfer, call_act_x_learn, call_act_x_alerting,
	call_act_x_answer, call_act_x_timeout, call_act_x_refused,
	call_act_x_gone, call_act_x_release, call_act_x_left;
/* That leg is leaving, or gone: the call waits for the transfer's target. */
bool call_is_transferred(struct call *, const struct leg *);
/* A SETUP with other. False: there is no such call. */
bool call_replace(struct core *, const struct cc_msg *);
/* May the party at the other side of that trunk's leg be transferred now? */
bool call_may_transfer(struct call *, struct leg *);
/* The target rings; cannot be had. */
void call_transfer_rings(struct call *);
void call_transfer_fail(struct call *, struct cc_cause);
/* The call is cleared meanwhile. */
void call_transfer_end(struct call *, struct cc_cause);
/* Who has asked is leg X now: it is told, and clears by itself. */
void call_transfer_left(struct leg *x, bool leaves);
/* It is there and has not cleared. */
bool call_transfer_leaves(struct call *);
/* A new role goes on with that leg: it is told what it has missed. */
void call_transfer_resume(struct leg *);

/* call_join.c: two lines talk to each other. */
/* With whom; NULL: they do not. */
struct call *call_joined(const struct call *);
/* The call of that other leg of the asker's trunk; NULL: it cannot be. */
struct call *call_join_find(struct call *, const struct leg *asker,
			    leg_id other);
void call_join(struct call *, struct call *);
/* A call to that number by the routes of the asker's trunk. False: none. */
bool call_join_fetch(struct call *, const struct leg *asker,
		     const struct cc_msg *);
void call_join_begin(struct call *, struct call *fetched);
/* What happens to one that may be joined, or fetched for that. */
void call_join_rings(struct call *);
void call_join_answered(struct call *);
void call_join_hold(struct call *, bool held);
/* Out of the journal: joined with the other one, when both are there; then
 * those end that have none. */
void call_join_resume(struct call *);
void call_join_recovered(struct core *);
void call_join_cleared(struct call *, struct cc_cause);

/* call_preempt.c: emergency calls on a full line. */
/* For a leg that the core begins there. */
leg_id call_next_leg_id(struct core *, struct cc_end);
/* The callee's line has refused: remember it if it had no channel. */
void call_note_full(struct call *, struct cc_cause);
bool call_may_preempt(const struct call *);
/* A call of that line is cleared; call_resume() takes its channel. */
void call_preempt(struct call *);
/* A leg is gone: the emergency call that waits for its channel goes on. */
void call_resume(struct core *, const struct leg *gone);

/* call_media.c */
bool call_may_hear(const struct cc_media *); /* the far end's media */
bool call_media_open(struct call *); /* false: media cannot be reached */
void call_media_connect(struct call *, const struct leg *);
/* The callee's line is given back; a caller's stays. */
void call_media_disconnect(struct call *);
void call_media_update(struct call *);
void call_media_ringback(struct call *, bool on);
void call_media_dtmf(struct call *, const struct leg *from, uint8_t digit);
void call_media_close(struct call *);
/* Our own address, for a message to a trunk. */
void call_media_offer(const struct call *, struct cc_msg *);

#endif
