/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All legs of the sip role: who is meant by a message of the core or of a
 * trunk, limits, and the beginning and end of each.
 *
 * Owner: the role. Thread: its loop.
 */
#ifndef SIP_LEGS_H
#define SIP_LEGS_H

#include "conf/conf.h"
#include "sip/leg.h"
#include "sip/stack.h"

#define SIP_LEGS 8192 /* at a time, those in state OVER included */

struct registers;
struct stir;

/* Transfer and taking over. */
struct legs_moves {
	uint64_t refers;   /* REFERs of peers that were accepted... */
	uint64_t refused;  /* ...and not */
	uint64_t replaced; /* dialogs that were taken over */
};

struct legs_stats {
	uint64_t begun[2]; /* [0] UAS, [1] UAC */
	uint64_t answered;
	uint64_t refused_limit, refused_full, refused_drain, refused_down;
	uint64_t bad_sdp;
	uint64_t no_key;       /* of those: SRTP wanted by one side only */
	uint64_t srtp;	       /* calls answered with SRTP... */
	uint64_t srtp_plain;   /* ...and without, though it is preferred */
	uint64_t bad_number;
	uint64_t bad_header;   /* values of headers that were ignored */
	uint64_t no_dialog;    /* requests answered 481 */
	uint64_t impossible;   /* event in a state that does not know it */
	uint64_t core_unknown; /* messages for no leg */
	uint64_t core_bad;     /* malformed messages of the core */
	uint64_t send_failed;  /* link to the core full or gone */
	struct legs_moves moves;
	uint64_t forks;	       /* 2xx that were acknowledged and cleared */
	uint64_t snapshot_big; /* a leg whose snapshot the core cannot hold */
	uint64_t kept;	       /* legs of an earlier process that live on */
	uint64_t restored;     /* those that were cleared */
	uint64_t unsettled;    /* requests not answered before SETTLED */
	uint64_t not_restored; /* neither was possible */
	uint64_t acked_again;  /* answers whose ACK it had sent in vain */
};

/* NULL + errno. core: the link to the core, lives longer; may be down. */
struct legs *sip_legs_new(struct loop *, struct sip_stack *,
			  const struct conf_for_sip *, struct link *core);
void sip_legs_free(struct legs *);
void sip_legs_reload(struct legs *, const struct conf_for_sip *);
void sip_legs_drain(struct legs *);

/* From the core; anything that is not well formed is counted. */
void sip_legs_core(struct legs *, const struct link_head *);
/* All calls end with cause 41. */
void sip_legs_clear(struct legs *);
/* legs_keep.c. The core is gone: answered calls go on for CC_KEEP_S, the others
 * end. */
void sip_legs_core_gone(struct legs *);
/* A core has told what it knows of our calls; now it is told what we have. */
void sip_legs_settle(struct legs *);
/* Those the core knows; what may end its leg. */
void sip_legs_each(struct legs *, void (*what)(struct leg *));
/* A request of a peer that begins or belongs to a call. */
void sip_legs_request(struct legs *, txn_id, const struct sip_msg *);
void sip_legs_ack(struct legs *, const struct sip_msg *);
/* legs_keep.c. A 2xx to an INVITE that no transaction knows. */
void sip_legs_stray_2xx(struct legs *, const struct sip_msg *);
/* The trunk of the dialog that a request is of; -1: of none. */
int sip_legs_trunk_of(const struct legs *, const struct sip_msg *);

/* Nothing is left but legs in state OVER. */
bool sip_legs_is_idle(const struct legs *);
unsigned sip_legs_active(const struct legs *); /* calls the core knows */
const struct legs_stats *sip_legs_stats(const struct legs *);

/* --- for the legs themselves --- */
struct legs_env {
	struct legs *legs;
	struct timer guard; /* the core is gone */
	bool settled; /* the core has told what an earlier process left */
	struct loop *loop;
	struct sip_stack *stack;
	struct link *core;
	const struct registers *registers; /* NULL: none */
	struct stir *stir;		   /* NULL: none */
	struct conf_sip conf;
	struct legs_stats stats;
};
struct legs_env *sip_legs_env(struct legs *);
/* The core has had RELEASED: its id means nothing any more. */
void sip_legs_forget_id(struct legs *, struct leg *);
/* The leg's local tag is known: requests find it. */
void sip_legs_add_tag(struct legs *, struct leg *);
bool sip_legs_has_dialog(const struct legs *, const struct sip_dialog *);
bool sip_legs_has_id(const struct legs *, leg_id); /* the core knows it */
struct leg *sip_legs_by_id(const struct legs *, leg_id); /* NULL: none */
/* The leg of that dialog, early ones of ours included. NULL: none. */
struct sip_replaces;
struct leg *sip_legs_find_replaced(const struct legs *,
				   const struct sip_replaces *);
/* The leg of the dialog whose INVITE or re-INVITE that answers. NULL: none. */
struct leg *sip_legs_find_peer(const struct legs *, const struct sip_msg *);
/* A leg that the core knows nothing of, in no table and state. NULL: full. */
struct leg *sip_legs_orphan(struct legs *, leg_id, uint8_t trunk);
/* An answered leg of an earlier process, in no state and not in the table of
 * tags. NULL: full, or the core's id is taken. */
struct leg *sip_legs_adopt(struct legs *, leg_id, uint8_t trunk);
/* legs_refuse.c. RELEASED for an id of the core's that has no leg; for a leg
 * whose call cannot be placed: err of sip_uac_begin(). */
void sip_legs_refuse(struct legs *, leg_id, unsigned cause, const char *detail);
void sip_legs_not_begun(struct legs *, struct leg *, int err);
/* An id for a leg that the core does not begin. */
leg_id sip_legs_new_id(struct legs *);
/* legs_refuse.c: an INVITE that does not become a leg, with 503 for that cause,
 * or with that status; what was found out about its caller. */
void sip_legs_refuse_busy(struct legs *, txn_id, const struct sip_msg *,
			  unsigned cause);
void sip_legs_refuse_bad(struct legs *, txn_id, const struct sip_msg *,
			 const struct cc_verified *, int status);
/* leg_snapshot.c: CLEAR, KEEP. What we have a leg for is left to that. */
void sip_legs_restore(struct legs *, const struct cc_snapshot *);
void sip_legs_keep(struct legs *, const struct cc_snapshot *);
/* Gives the leg back, in the loop's next turn. */
void sip_legs_end(struct legs *, struct leg *);

#endif
