/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reliable provisional responses (RFC 3262), both roles.
 *
 *   we are called                            we call
 *    <-- INVITE, Supported: 100rel            INVITE -->
 *    183 RSeq 7, again after T1, 2*T1... -->  <-- 183 RSeq 7
 *    <-- PRACK RAck 7                         PRACK RAck 7 -->
 *    200 -->                                  <-- 200
 *    180 RSeq 8 -->
 *
 * One response waits for its PRACK at a time: what the core says meanwhile
 * follows later, the latest only, and an answer waits, too, when the response
 * had a description in it. Without PRACK in 64*T1 the call is refused.
 *
 * A description in such a response ends the exchange: the 2xx has none then,
 * and UPDATE may offer anew before the answer (RFC 3311).
 *
 * Early dialogs of forks are told apart by the peer's tag; the first
 * LEG_FORKS of them are known, each with its own description: a 2xx without
 * one means what its own branch has said (RFC 3261 13.2.1). Inside its leg.
 */
#ifndef SIP_LEG_REL_H
#define SIP_LEG_REL_H

#include "gateway/base/loop.h"
#include "sip/transaction.h"

#include <stdbool.h>
#include <stdint.h>

#define LEG_FORKS 8

struct leg_rel {
	/* UAS: the response that waits */
	struct timer timer;
	uint32_t rseq;	     /* the latest; 0: none yet */
	uint32_t wait_ms, spent_ms;
	bool waiting, has_sdp;
	bool has_offer;	     /* the answer is to come in PRACK */
	uint8_t next;	     /* status to follow - 100; 0: none */
	bool next_inband;
	bool answer_due;     /* leg.setup is the core's ANSWER */
	/* UAS: what the INVITE says */
	bool can, must;
	bool answered;	     /* our answer has gone reliably */
	/* UAC */
	uint8_t n_forks;
	struct leg_fork {
		uint64_t tag;  /* digest of the peer's */
		uint32_t rseq; /* the latest; 0: none yet */
		bool answered; /* reliably */
		char *sdp;     /* its latest description, or NULL; owned */
		size_t sdp_len;
		txn_id prack;  /* the latest, without final response; or 0 */
		uint8_t prack_tries; /* challenges to it that were answered */
	} forks[LEG_FORKS];
};

struct leg;
struct sip_msg;
struct sip_part;

/* UAS: one waits, this 1xx follows later? */
bool sip_rel_queue(struct leg *, int status, bool inband);
/* Makes the response, about to be sent, reliable: if it has to be, or has a
 * description and can be. */
void sip_rel_begin(struct leg *, struct sip_msg *response);
/* It was sent. */
void sip_rel_sent(struct leg *);
/* No more of it: final response, or the end. */
void sip_rel_stop(struct leg *);

/* UAC: a 1xx. Sends PRACK where one is due; false: a repeat, or out of order,
 * nothing else is to be done. */
bool sip_rel_1xx(struct leg *, const struct sip_msg *);
/* UAC: is that transaction a PRACK of ours? Its responses; it has ended, well or
 * not. */
bool sip_rel_has(const struct leg *, txn_id);
void sip_rel_response(struct leg *, txn_id, const struct sip_msg *);
void sip_rel_txn_end(struct leg *, txn_id);
/* Is that tag one of an early dialog of our INVITE? */
bool sip_rel_is_fork(const struct leg *, const char *tag);
/* The description of that branch, which was taken; reliably, or by UPDATE. */
void sip_rel_keep_sdp(struct leg *, const char *tag, const struct sip_part *,
		      bool reliable);
/* False: it has said none. */
bool sip_rel_sdp_of(const struct leg *, const char *tag, struct sip_part *);
bool sip_rel_has_answered(const struct leg *, const char *tag);
/* The branches are of no interest any more. */
void sip_rel_forget(struct leg *);

#endif
