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

#define ISDN_LEGS    96 /* calls at once on a span, those being cleared too */
#define ISDN_LEGS_MORE 32 /* for each further span of a group */
#define ISDN_D	     2	/* D channels of a group: primary and backup */
#define ISDN_REFUSED 16 /* refusals whose cause is still to be written */

/* A call refused without a leg: libpri writes a cause of its own choice,
 * patch.c the right one. */
struct refused {
	uint16_t cref;
	struct cc_cause cause;
};

struct refusals {
	struct refused at[ISDN_REFUSED];
	unsigned next;
	struct log_limit say;
};

/* RESTART of channels, one at a time (Q.931 5.5). Which ones are due is
 * noted at the channels. */
struct restart {
	uint16_t number;     /* waiting for its answer; 0 = none */
	uint8_t tries;
	struct timer timer;  /* T316 */
};

struct isdn_stats {
	uint64_t calls_in, calls_out, answered, refused;
	uint64_t glare, retried, restarts_in;
	uint64_t frames_lost;	/* not taken by the media link */
	uint64_t bad_messages;	/* from core or media, malformed */
	uint64_t link_ups, link_downs;
	uint64_t t309_expired;	/* calls that did not outlive the D channel */
	uint64_t audited, audit_lost; /* calls asked for, and not known there */
	uint64_t services_in, services_bad, services_out;
	uint64_t switches;	/* from one D channel to the other */
	uint64_t on_standby;	/* messages on the D channel not in use */
};

struct isdn_d;

/* A span of the group; one that is alone is a group too. */
struct isdn_span {
	struct isdn *isdn;
	const struct conf_member *conf;
	struct frame_line line;	  /* last state of the line told by media */
	struct timer alarm;	  /* line down so long: clear its calls */
	struct isdn_d *d;	  /* NULL: it carries none */
	struct cc_end_state told; /* last END_STATE sent */
	uint32_t barred_told;	  /* of the last BARRED, either way */
};

/*
 * A D channel. One alone is out or in service; of two one carries the calls
 * and the other waits, its layer 2 established (see nfas.c).
 */
enum d_state { D_OUT, D_STANDBY, D_WAIT, D_IN_SERVICE, D_STATES };

struct isdn_d {
	struct isdn *isdn;
	struct isdn_span *span;
	struct dchan chan;
	enum d_state state;
	mono_t since;	      /* layer 2 is as it is */
	struct timer settle;  /* up here: there, too? */
	struct timer service; /* SERVICE sent: its answer is awaited */
	uint8_t service_tries;
	bool up, settled;
	bool fresh;	  /* nothing was restarted since it came up */
	bool far_out;	  /* the far end has taken it out of service */
	bool same_side;	  /* peer claims our side too */
	uint64_t downs;
};

/* What becomes of answered calls when no D channel is left. */
struct health {
	struct timer t309, t322; /* calls outlive it; still there? */
	struct timer audit;	 /* begins the asking */
	struct timer keep;	 /* the core is gone */
	struct timer hold;	 /* at the start the primary goes first */
	bool begun;		 /* a D channel was in service once */
	bool held;		 /* that start is over */
	bool no_trunk;		 /* the core says so: busy_out */
	bool muted;		 /* layer 2 is taken down for it */
};

struct isdn {
	struct role role;
	struct conf_for_isdn conf;
	struct link core, media, console;
	struct isdn_span spans[CONF_NFAS_SPANS];
	unsigned n_spans, n_d;
	struct isdn_d d[ISDN_D]; /* the primary first */
	struct isdn_d *active;	 /* carries the calls, if any does */
	struct isdn_d *hearing;	 /* whose message is looked at */
	struct channels channels;
	struct leg *legs;
	unsigned n_legs;
	struct refusals refused;
	leg_id next_id;
	struct restart restart;
	struct isdn_stats stats;
	struct health health;
	struct defer state_defer;
	bool media_up, tracing, draining;
	struct log_limit restarts, bad; /* lines that a far end can cause */
};

/* --- role.c --- */
struct loop *isdn_loop(struct isdn *);
const char *isdn_name(const struct isdn *); /* of the span, or the group */
bool isdn_network(const struct isdn *);
bool isdn_ni2(const struct isdn *);
bool isdn_is_group(const struct isdn *); /* NFAS */
/* By its index in the configuration; NULL: none of ours. */
struct isdn_span *isdn_span(struct isdn *, unsigned index);
/* libpri's controller that carries the calls. */
struct pri *isdn_pri(const struct isdn *);
leg_id isdn_next_id(struct isdn *);
bool isdn_is_up(const struct isdn *); /* calls can be placed */
/* After calls into libpri: follows the timers of its controllers. */
void isdn_settle(struct isdn *);
/* To the line, as it stands. */
void isdn_send_frame(struct isdn_d *, const uint8_t *frame, size_t len);
/* For people and for the trace; the object stands before it. */
void isdn_note(struct isdn *, enum log_level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Something that END_STATE says may have changed. */
void isdn_state_changed(struct isdn *);
/* The location of causes that begin with us. */
uint8_t isdn_location(const struct isdn *);

/* --- number.c: channels and their names on the wire --- */
/* "carrier 5"; "west-2 5" */
void number_text(const struct isdn *, unsigned number, char *text,
		 size_t size);
/* The one that a SETUP of the core asks for. */
unsigned number_wanted(struct isdn *, const struct cc_msg *);
/* As libpri wants it: slot, interface, and whether to name that. */
int number_for_pri(const struct isdn *, unsigned number);
/* The channel that libpri means; 0: there is none. */
unsigned number_from_pri(const struct isdn *, int channel);
/* Index of the span that an element names, -1: there is none. Without an
 * interface identifier it is the one whose D channel is heard. */
int number_span(const struct isdn *, const struct ie_channel *);
/* The first channel named; 0: none is, or none of ours. */
unsigned number_first(const struct isdn *, const struct ie_channel *);

/* --- event.c: from libpri --- */
void event_handle(struct isdn *, const pri_event *, const struct ie_msg *raw);

/* --- layer2.c --- */
void layer2_up(struct isdn_d *);
void layer2_down(struct isdn_d *);
void layer2_same_side(struct isdn_d *);
/* It is up at both ends. */
void layer2_settled(struct isdn_d *);
/* A frame arrived: what it says of the far end's layer 2. */
void layer2_seen(struct isdn_d *, const uint8_t *frame, size_t len);
void layer2_stop(struct isdn_d *); /* its timers */

/* --- nfas.c: which D channel carries the calls --- */
/* A line, layer 2 or media has changed. */
void nfas_changed(struct isdn *);
/* A message (not SERVICE) came on it: is it to be looked at? */
bool nfas_message(struct isdn_d *);
/* SERVICE about a D channel of ours: the status to acknowledge with. */
uint8_t nfas_service(struct isdn_d *about, uint8_t status);
void nfas_service_ack(struct isdn_d *about, uint8_t status);
/* The operator wants the other one. 0; -EAGAIN: it is not in standby. */
int nfas_switch(struct isdn *);
void nfas_stop(struct isdn *);

/* --- health.c --- */
/* A D channel is, or is no longer, in service. */
void health_changed(struct isdn *);
/* SABME while layer 2 was up, or a switch-over: asks for each call. */
void health_audit(struct isdn *);
/* The far end said something of the call: it is there. */
void health_heard(struct isdn *, uint16_t cref, bool ours);
void health_stop(struct isdn *);
unsigned health_t309_left_s(struct isdn *); /* 0: does not run */
const char *health_layer1(const struct isdn_span *);
const char *health_layer2(const struct isdn_d *);
const char *health_d_state(const struct isdn_d *);
/* Asterisk: "Up, Active", "In Alarm, Down, Standby" ... */
const char *health_asterisk(const struct isdn_d *, char text[40]);
/* In words: "in service", "layer 2 down" ... */
const char *health_text(const struct isdn_span *);

/* --- busy.c: channels out of service, by the operator, and when no trunk can
 * take calls of the line (busy_out) --- */
/* The channel that "SPAN/CHANNEL out|in" names, 0: none of ours. */
unsigned busy_ordered(const struct isdn *, const char *order, bool *out);
/* Its answer, as JSON: octets or -ENOSPC. */
int busy_order(struct isdn *, unsigned number, bool out, char *buf, size_t);
void busy_told(struct isdn *, bool no_trunk);
/* What the operator has taken out, if the core does not know it. */
void busy_tell_core(struct isdn *);
/* An earlier process of this role was told so. */
void busy_remember(struct isdn *, const struct cc_barred *);
/* Calls or the D channel have changed: what is to be done now. */
void busy_look(struct isdn *);

/* --- service.c: SERVICE messages --- */
/* A maintenance message that the gate has let through. */
void service_received(struct isdn_d *, const uint8_t *info, size_t len);
/* SERVICE for a D channel, sent on it. */
void service_send_d(struct isdn_d *about, uint8_t status);
/* SERVICE for a B channel. */
void service_send_b(struct isdn *, unsigned number, uint8_t status);
/* STATUS with the global call reference. */
void service_status(struct isdn_d *, uint8_t cause);
/* STATUS ENQUIRY for a call; ours: we chose the reference. */
void service_enquiry(struct isdn *, uint16_t cref, bool ours);
/* What libpri was given to send, turned into what is meant; 0: not ours. */
size_t service_make(const struct isdn *, const struct lapd *,
		    const uint8_t *frame, uint8_t *out);
/* Does RESTART name what there is? 0 or the cause to answer with. */
uint8_t service_restart_ok(const struct isdn *, const struct ie_msg *);

/* --- order.c: from the core --- */
void order_handle(struct isdn *, const struct cc_msg *);

/* --- setup.c --- */
/* What a received SETUP says. Returns 0 or the cause to refuse it with. */
uint8_t setup_read(const struct isdn *, const struct ie_msg *,
		   struct cc_msg *);
/* Sends SETUP of l->setup on channel l->slot. 0 or -errno. */
int setup_send(struct isdn *, struct leg *);
/* Element -> number; not valid when its digits are not digits. */
void setup_number(const struct ie_msg *, uint8_t id, unsigned nth,
		  struct cc_number *);
/* The same of libpri's form. */
void setup_party(const struct pri_party_number *, struct cc_number *);
/* enum cc_progress bits of the progress indicators of a message. */
uint8_t setup_progress(const struct ie_msg *);
/* Connected number of an answer, for libpri to send. */
void setup_connected(struct isdn *, struct leg *, const struct cc_msg *);

/* --- patch.c: frames on their way out --- */
/* Writes what libpri cannot: cause and location, a second calling number,
 * what is in struct cc_extra.
 * Returns the frame to send: the same, changed in place, or out. */
const uint8_t *patch_frame(struct isdn *, uint8_t *frame, size_t *len,
			   uint8_t out[FRAME_MAX]);
/* The next clearing message of that call carries this cause. */
void patch_refuse(struct isdn *, uint16_t cref, struct cc_cause);

/* --- keep.c --- */
void keep_await(struct isdn *); /* the core is gone */
void keep_tell(struct isdn *);	/* it asks for the answered calls */
void keep_stop(struct isdn *);

/* --- restart.c --- */
void restart_all(struct isdn *);	   /* each idle channel */
void restart_one(struct isdn *, unsigned number);
/* Later, when a D channel is in service. */
void restart_note(struct isdn *, unsigned number);
void restart_due(struct isdn *);	   /* those noted */
unsigned restart_pending(const struct isdn *); /* channels yet to be */
void restart_stop(struct isdn *);	   /* link down */
void restart_acked(struct isdn *, unsigned number);

/* --- status.c --- */
void status_query(struct isdn *, const struct link_head *);
/* Sends a D-channel frame to the console; fault: what the gate found. */
void status_trace(struct isdn_d *, bool sent, const uint8_t *frame, size_t len,
		  const struct gate_result *);
void status_trace_note(struct isdn *, const char *text);

#endif
