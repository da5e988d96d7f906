/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One side of a call on a SIP trunk: between the core's messages (cc.h) and
 * the INVITE dialog with the peer.
 *
 *   UAC  CALLING -1xx-> PROCEEDING -2xx-> UP
 *   UAS  INCOMING -ANSWER-> ANSWERED -ACK-> UP
 *
 * The core hears RELEASED as soon as the call has ended for it. What the
 * network still needs then is done without the core, in the later states:
 *
 *   CANCELLING  CANCEL is out; a crossing 2xx gets ACK and BYE
 *   UNACKED     our 2xx has no ACK yet; BYE waits for it (RFC 3261 15)
 *   CLEARING    BYE is out
 *   OVER        late 2xx of other forks get ACK and BYE until the INVITE
 *               transactions have ended (RFC 3261 13.2.2.4)
 *
 * One table of states and events (leg.c); one timer per state. Legs live in
 * the pool of struct legs (legs.h). Thread: the role's loop.
 */
#ifndef SIP_LEG_H
#define SIP_LEG_H

#include "gateway/cc.h"
#include "sip/cause.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/identity.h"
#include "sip/leg_refer.h"
#include "sip/leg_rel.h"
#include "sip/leg_se.h"
#include "sip/offer.h"
#include "sip/transaction.h"

struct legs;
struct leg;

enum leg_state {
	LEG_NEW,
	LEG_CALLING,
	LEG_PROCEEDING,
	LEG_INCOMING,
	LEG_ANSWERED,
	LEG_UP,
	LEG_CANCELLING,
	LEG_UNACKED,
	LEG_CLEARING,
	LEG_OVER,
	LEG_STATES
};

enum leg_ev {
	/* the core's */
	LEG_C_PROGRESS,
	LEG_C_ALERTING,
	LEG_C_ANSWER,
	LEG_C_CHANGE,  /* HOLD, RETRIEVE, UPDATE */
	LEG_C_RELEASE, /* or the core is gone */
	/* the peer's, UAC */
	LEG_N_1XX,
	LEG_N_2XX,
	LEG_N_CHALLENGE, /* 401, 407 that we can answer */
	LEG_N_NEXT,	 /* this server cannot; another one may */
	LEG_N_RETRY,	 /* the same again, as the response wants it: 422, 3xx */
	LEG_N_REFUSED,	 /* final response, or none */
	/* UAS */
	LEG_N_CANCEL,
	LEG_N_ACK,
	LEG_N_NO_ACK,
	LEG_N_NO_PRACK,
	/* both */
	LEG_N_INVITE, /* within the dialog */
	LEG_N_BYE,
	LEG_N_CLEARED, /* our BYE has its answer, or none will come */
	LEG_N_DEAD,    /* the peer does not know the dialog any more */
	LEG_TIMER,
	LEG_EVENTS
};

/* What an event brought; the rest is zero. */
struct leg_event {
	enum leg_ev ev;
	const struct cc_msg *cc;
	const struct sip_msg *msg;
	txn_id txn;
	struct cc_cause cause; /* C_RELEASE, N_REFUSED, N_DEAD */
	const char *detail;    /* N_REFUSED, N_DEAD: in words */
};

/* User-to-user information: only where the INVITE had some, too (RFC 7434). */
struct leg_uui {
	bool open;
	struct cc_uui heard; /* in what ended the call */
	struct cc_uui say;   /* in our 180, or in what ends it */
};

/* The INVITE that began the leg. */
struct leg_invite {
	txn_id id;     /* the latest */
	uint32_t cseq; /* its */
	uint16_t open; /* UAC: INVITE transactions that have not ended */
	uint8_t n_tried;
	struct net_addr tried[TRUNK_ADDRS]; /* servers, the present one last */
	bool alerted, proceeding;	    /* told the core */
	bool early;			    /* early media is open */
	uint8_t gate; /* UAC: enum sip_early, as the peer said last */
	bool pem;     /* UAS: the peer is told P-Early-Media */
	bool late;    /* UAC: we answer its offer */
	uint8_t stir_fault; /* UAS: enum stir_fault */
	uint8_t redirects; /* 3xx followed */
	struct leg_uui uui;
	struct leg_rel rel;
	struct sip_digest digest;
};

/* RFC 4916: who is connected may change. */
struct leg_who {
	bool from_change;	/* the peer understands another From */
	bool due;		/* say is to be sent when possible */
	struct cc_number say;	/* whom the peer is connected to now */
	char name[CC_NAME_MAX];
	struct cc_number heard; /* whom the core believes the peer to be */
};

/* INVITEs after the first. */
struct leg_again {
	txn_id client; /* ours, open */
	txn_id server; /* the peer's, answered 2xx, no ACK yet */
	uint32_t server_cseq;
	bool due; /* ours is to be sent when possible */
	bool same; /* a refresh: as the last description */
	uint8_t tries;
	struct leg_who who;
	struct sip_digest digest;
};

struct leg_bye {
	txn_id id;
	struct sip_digest digest;
};

/* Where legs.c keeps it. */
struct leg_in {
	pool_id self;
	struct leg *next_id, *next_tag; /* chains of the hash tables */
};

struct leg {
	struct txn_user user;
	struct legs *legs;
	struct leg_in in;
	leg_id id;
	enum leg_state state;
	struct timer timer;
	struct defer end;
	uint8_t trunk;
	bool uac;
	bool held;	       /* the peer holds us: told the core */
	bool answer_in_ack;    /* our 2xx had the offer */
	bool released;	       /* the core has had its RELEASED */
	struct cc_cause cause; /* why it ends */
	struct leg_invite inv;
	struct leg_again again;
	struct leg_bye bye;
	struct leg_se se;
	struct leg_refer *refer; /* NULL: never a transfer */
	struct cc_msg setup;   /* UAC: the core's SETUP, for each attempt */
	struct cc_media media; /* the peer's end, as last told the core */
	struct sdp_local local;
	struct sdp_session sdp;
	struct sip_dialog dialog;
	uint32_t snapshot; /* digest of the last one; 0 = none */
};

/* Runs the table. The leg may be on its way out afterwards, but is valid
 * until the loop's next turn. */
void sip_leg_event(struct leg *, const struct leg_event *);
/* Enters a state and starts its timer; only from actions. */
void sip_leg_enter(struct leg *, enum leg_state);
/* It may have got there outside of the table: then it goes. */
void sip_leg_end_if_over(struct leg *);
/* LEG_TIMER in ms, in this state only. */
void sip_leg_timer(struct leg *, int64_t ms);

/* --- towards the core (leg.c) --- */
void sip_leg_cc(const struct leg *, struct cc_msg *);
int sip_leg_tell(struct leg *, enum cc_type, struct cc_msg *);
/* RELEASED, once; frees the call's place in the trunk's limit. */
void sip_leg_released(struct leg *, struct cc_cause, const char *detail);
/* A description that cannot be used: counted, told. err of sdp_on_...(). */
void sip_leg_bad_sdp(struct leg *, int err);
/* The call is up: is it encrypted, where that is preferred? */
void sip_leg_note_srtp(const struct leg *);
/* Takes over a result of offer/answer: HOLD, RETRIEVE or UPDATE when the
 * core has to know. */
void sip_leg_media_changed(struct leg *, const struct cc_media *);

/* leg_snapshot.c: gives the core what would clear this leg, when that is not
 * what it has already. After whatever may have changed the leg. */
void sip_leg_checkpoint(struct leg *);

/* --- helpers of all parts (leg.c) --- */
struct txn_layer *sip_leg_txns(const struct leg *);
struct trunk_table *sip_leg_trunks(const struct leg *);
const struct conf_trunk *sip_leg_conf(const struct leg *);
void sip_leg_set_media(struct leg *, const struct cc_media *ours);
void sip_leg_init_media(struct leg *);
/* After the first description: it is of data (true) or of speech to its end. */
bool sip_leg_settle_media(struct leg *);
struct sip_msg *sip_leg_response(struct leg *, const struct sip_msg *request,
				 int status);
void sip_leg_reason(struct sip_msg *, struct cc_cause);
/* Sends BYE with that cause; without a dialog to send it in: 0 and CLEARED
 * follows. */
void sip_leg_send_bye(struct leg *, struct cc_cause);
/* What the message says in Reason headers. */
struct sip_reason sip_leg_reason_of(const struct sip_msg *);
/* Adds Allow and Supported to a message of ours. */
void sip_leg_common(const struct leg *, struct sip_msg *);
/* The peer's description in that message. 0; -ENOENT: none; -EBADMSG. */
int sip_leg_sdp_of(const struct sip_msg *, struct sip_part *);

/* --- actions by part; ev is never NULL --- */
typedef void leg_action(struct leg *, const struct leg_event *);

/* leg_uac.c */
leg_action sip_uac_1xx, sip_uac_2xx, sip_uac_challenge, sip_uac_next,
	sip_uac_refused, sip_uac_cancel, sip_uac_ring_timeout, sip_uac_ack_bye,
	sip_uac_fork, sip_uac_give_up, sip_uac_retry;
/* The first INVITE. 0; -ENOENT: no server; -EBUSY: none that wants calls now;
 * -EDESTADDRREQ: the core named no address for RTP; -errno. On failure nothing
 * was sent, the caller refuses. */
int sip_uac_begin(struct leg *);
void sip_uac_response(struct leg *, txn_id, const struct sip_msg *);
void sip_uac_fail(struct leg *, enum txn_fail);
/* UPDATE before the answer: what it says of early media. */
void sip_uac_update(struct leg *, const struct sip_msg *);
/* The offer of a reliable response, when our INVITE had none: the answer is put
 * into its PRACK. */
void sip_uac_prack(struct leg *, const struct sip_msg *response,
		   struct sip_msg *prack);
/* Server to try next, after one without a word? */
bool sip_uac_has_next(const struct leg *);

/* leg_uas.c */
leg_action sip_uas_progress, sip_uas_alerting, sip_uas_answer, sip_uas_reject,
	sip_uas_cancelled, sip_uas_expired, sip_uas_ack, sip_uas_no_ack, sip_uas_bye_early,
	sip_uas_release;
/* 1xx of our INVITE transaction, with early media or without. */
void sip_uas_send_1xx(struct leg *, int status, bool inband);
/* A new INVITE, answered when it cannot become a call (status), else 0. */
int sip_uas_begin(struct leg *, txn_id, const struct sip_msg *);
/* Fills in what an INVITE says of its call, as far as it can be read. */
void sip_uas_describe(struct legs *, const struct sip_msg *,
		      const struct conf_trunk *, struct cc_msg *);

/* leg_who.c: who is who, in the headers of messages. The peer's: */
void sip_who_read(struct legs *, const struct sip_msg *invite,
		  const struct conf_trunk *, struct cc_msg *setup);
/* It asks for a privacy that we cannot give, and insists on it: 500. */
bool sip_who_is_refused(const struct sip_msg *invite);
void sip_who_read_connected(const struct leg *, const struct sip_msg *,
			    struct cc_msg *answer);
void sip_who_hear_uui(struct leg *, const struct sip_msg *, struct cc_uui *);
/* Ours: headers of an INVITE but From. 0 or -errno. */
struct sip_identity_conf sip_who_conf(const struct leg *, const char *host);
/* The Request-URI, and the Contact of the INVITE. >= 0 or -errno. */
int sip_who_target(const struct leg *, const char *host,
		   char uri[SIP_URI_MAX]);
int sip_who_contact(const struct leg *, char buf[SIP_URI_MAX]);
/* Of our URIs: the trunk's domain, else our address. Returns host. */
const char *sip_who_host(const struct leg *, char host[CONF_HOST]);
int sip_who_write(struct leg *, const struct sip_identity_conf *,
		  const char *target, struct sip_msg *invite);
void sip_who_write_connected(const struct leg *, const struct cc_msg *answer,
			     struct sip_msg *);
void sip_who_say_uui(const struct leg *, const struct cc_uui *,
		     struct sip_msg *);

/* leg_update.c: somebody else is connected (RFC 4916). The peer says so in an
 * UPDATE or INVITE: the core is told. */
void sip_update_hear(struct leg *, const struct sip_msg *);
/* What a message says of it: that a new From is understood; the 2xx: who. */
void sip_update_learn(struct leg *, const struct sip_msg *);
/* The core says so: the peer is told, now or when that is possible. */
void sip_update_say(struct leg *, const struct cc_msg *);
void sip_update_flush(struct leg *);
/* Adds to a request of ours what is due; From has changed before. */
void sip_update_from(struct leg *);
void sip_update_put(struct leg *, struct sip_msg *);

/* leg_refer.c: the core has no interest in the rest of a transfer. */
leg_action sip_refer_over;

/* leg_rel.c */
leg_action sip_rel_prack, sip_rel_no_prack;

/* leg_dialog.c */
leg_action sip_dlg_bye_in, sip_dlg_bye_out, sip_dlg_bye_late, sip_dlg_ok,
	sip_dlg_unknown, sip_dlg_too_early, sip_dlg_invite, sip_dlg_ack,
	sip_dlg_change, sip_dlg_change_again, sip_dlg_dead;
/* The answer to an offer of ours. False: unusable, which leaves all as it
 * was. */
bool sip_dlg_answer(struct leg *, const struct sip_msg *);
/* The peer's offer in a request: answered at once. False: refused. */
bool sip_dlg_offer(struct leg *, const struct leg_event *,
		   const struct sip_part *);
/* Sends a request of ours once more with credentials, to where it went. 0 or
 * -errno. */
int sip_dlg_challenge(struct leg *, struct sip_digest *, txn_id *,
		      const struct sip_msg *response);
/* A further INVITE of ours; or one that says what was said last. */
void sip_dlg_again(struct leg *);
void sip_dlg_same_again(struct leg *);
void sip_dlg_response(struct leg *, txn_id, const struct sip_msg *);
void sip_dlg_bye_response(struct leg *, txn_id, const struct sip_msg *);
/* INFO, UPDATE, OPTIONS and the rest. */
void sip_dlg_other(struct leg *, txn_id, const struct sip_msg *);

#endif
