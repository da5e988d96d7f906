/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The isdn role of one span: what its files share.
 *
 *  media link --frames--> role.c -> dchan (gate, libpri) -> event.c -> leg.c
 *  core link  --cc_msg--> role.c -> order.c ----> libpri      |
 *       ^--------------------------- leg_tell() --------------+
 */
#ifndef ISDN_ISDN_PRIV_H
#define ISDN_ISDN_PRIV_H

#include "conf/conf.h"
#include "gateway/base/frame.h"
#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/cc.h"
#include "isdn/channel.h"
#include "isdn/dchan.h"
#include "isdn/leg.h"

#define ISDN_LEGS    96 /* calls at once, those being cleared included */
#define ISDN_REFUSED 16 /* refusals whose cause is still to be written */

/* A call refused without a leg: libpri writes a cause of its own choice,
 * patch.c the right one. */
struct refused {
	uint16_t cref;
	struct cc_cause cause;
};

/* RESTART of channels, one at a time (Q.931 5.5). */
struct restart {
	uint32_t pending;    /* slots still to be restarted */
	uint8_t slot;	     /* waiting for its answer; 0 = none */
	uint8_t tries;
	struct timer timer;  /* T316 */
};

struct isdn_stats {
	uint64_t calls_in, calls_out, answered, refused;
	uint64_t glare, retried, restarts_in;
	uint64_t frames_lost;	/* not taken by the media link */
	uint64_t bad_messages;	/* from core or media, malformed */
	uint64_t link_ups, link_downs;
};

struct isdn_layer2 {
	mono_t since;
	struct timer settle; /* up here: there, too? */
	struct timer audit;  /* began anew: calls still there? */
	bool up, settled;
	bool same_side;	     /* peer claims our side too */
};

struct isdn {
	struct role role;
	struct conf_for_isdn conf;
	struct link core, media, console;
	struct dchan d;
	struct channels channels;
	struct leg legs[ISDN_LEGS];
	struct refused refused[ISDN_REFUSED];
	unsigned next_refused;
	leg_id next_id;
	struct restart restart;
	struct isdn_stats stats;
	struct frame_line line;	   /* last state of the line told by media */
	struct timer alarm;	   /* line down so long: clear the calls */
	struct defer state_defer;
	struct cc_end_state told;  /* last END_STATE sent */
	struct isdn_layer2 layer2;
	bool media_up, tracing, draining;
	struct log_limit refusals, restarts; /* lines a far end can cause */
};

/* --- role.c --- */
struct loop *isdn_loop(struct isdn *);
const char *isdn_name(const struct isdn *); /* of the span */
bool isdn_network(const struct isdn *);
leg_id isdn_next_id(struct isdn *);
bool isdn_is_up(const struct isdn *); /* calls can be placed */
/* In words: "in service", "layer 2 down" ... */
const char *isdn_state_text(const struct isdn *);
/* Something that END_STATE says may have changed. */
void isdn_state_changed(struct isdn *);
/* The location of causes that begin with us. */
uint8_t isdn_location(const struct isdn *);

/* --- event.c: from libpri --- */
void event_handle(struct isdn *, const pri_event *, const struct ie_msg *raw);
/* The far end has sent something that it sends only when layer 2 is up. */
void event_peer_is_up(struct isdn *);
/* SABME while layer 2 was up: the far end may have lost its calls. */
void event_peer_reset(struct isdn *);

/* --- order.c: from the core --- */
void order_handle(struct isdn *, const struct cc_msg *);

/* --- setup.c --- */
/* What a received SETUP says. Returns 0 or the cause to refuse it with. */
uint8_t setup_read(const struct ie_msg *, struct cc_msg *);
/* Sends SETUP of l->setup on channel l->slot. 0 or -errno. */
int setup_send(struct isdn *, struct leg *);
/* Element -> number; not valid when its digits are not digits. */
void setup_number(const struct ie_msg *, uint8_t id, unsigned nth,
		  struct cc_number *);
void setup_name(const struct ie_msg *, char name[CC_NAME_MAX]);
/* enum cc_progress bits of the progress indicators of a message. */
uint8_t setup_progress(const struct ie_msg *);
/* Connected number of an answer, for libpri to send. */
void setup_connected(struct isdn *, struct leg *, const struct cc_msg *);

/* --- patch.c: frames on their way out --- */
/* A notification that becomes a STATUS ENQUIRY, which libpri cannot send. */
#define PATCH_ENQUIRY 0x7e
/* Writes what libpri cannot: cause and location, a second calling number.
 * Returns the frame to send: the same, changed in place, or out. */
const uint8_t *patch_frame(struct isdn *, uint8_t *frame, size_t *len,
			   uint8_t out[FRAME_MAX]);
/* The next clearing message of that call carries this cause. */
void patch_refuse(struct isdn *, uint16_t cref, struct cc_cause);

/* --- restart.c --- */
void restart_all(struct isdn *);	   /* each idle channel */
void restart_one(struct isdn *, unsigned slot);
void restart_stop(struct isdn *);	   /* link down */
void restart_acked(struct isdn *, unsigned slot);

/* --- status.c --- */
void status_query(struct isdn *, const struct link_head *);
/* Sends a D-channel frame to the console; fault: what the gate found. */
void status_trace(struct isdn *, bool sent, const uint8_t *frame, size_t len,
		  const struct gate_result *);

#endif
