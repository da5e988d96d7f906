/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfer by REFER (RFC 3515, 3892, 4488, 5589) and taking over of a dialog
 * by Replaces (RFC 3891), within a leg.
 *
 *   peer             sip                   core
 *    REFER ----------> TRANSFER BLIND/ATTENDED -->
 *    <------------ 202 <-- TRANSFER TRYING     (or FAILED: 603, 404, ...)
 *    <----- NOTIFY 100
 *    <----- NOTIFY 180 <-- TRANSFER RINGING
 *    <----- NOTIFY 200 <-- TRANSFER DONE       (or FAILED: NOTIFY 486, ...)
 *
 * and, asked for by the core: TRANSFER BLIND -> REFER; 202 -> TRYING; the last
 * NOTIFY -> DONE or FAILED. One transfer at a time. One NOTIFY at a time: what
 * comes up meanwhile follows it, the latest only.
 *
 * Owner: the leg; made when it is needed. Thread: the role's loop.
 */
#ifndef SIP_LEG_REFER_H
#define SIP_LEG_REFER_H

#include "gateway/base/loop.h"
#include "gateway/cc.h"
#include "sip/digest.h"
#include "sip/refer.h"
#include "sip/transaction.h"

struct leg_refer {
	/* What the peer wants: of its leg, and of the leg that is made for it */
	struct sip_refer_to to;
	char by[SIP_URI_MAX]; /* Referred-By; "" = none */
	txn_id asked;	      /* its REFER, not answered yet */
	uint32_t cseq;	      /* its */
	unsigned count;	      /* of REFERs in this dialog */
	bool going;	      /* it is told how it goes */
	bool silent;	      /* it does not want to be */
	txn_id notify;	      /* has no answer yet */
	int next;	      /* status to be told then; 0 = none */
	bool outlives;	      /* its BYE came first; RELEASED waits */
	/* What we want */
	txn_id ours;	 /* our REFER */
	bool subscribed; /* accepted: NOTIFYs come */
	bool done;	 /* the last one came before the answer to REFER */
	struct leg *leg; /* of the timer */
	struct timer timer;
	struct sip_digest digest;
};

struct leg;
struct leg_event;
struct legs;
struct cc_msg;
struct sip_msg;

/* The peer's REFER, NOTIFY. */
void sip_refer_in(struct leg *, txn_id, const struct sip_msg *);
void sip_refer_notified(struct leg *, txn_id, const struct sip_msg *);
/* TRANSFER of the core. */
void sip_refer_core(struct leg *, const struct cc_msg *);
/* The peer's BYE. True: it is still to be told how its transfer ends, and
 * RELEASED comes after that (RFC 5057 5.1: the subscription goes on). */
bool sip_refer_bye(struct leg *, struct cc_cause);
bool sip_refer_outlives(const struct leg *);
/* Its transfer goes on that another process has accepted. */
struct sip_snapshot_refer;
void sip_refer_resume(struct leg *, const struct sip_snapshot_refer *);
/* There is no core any more. */
void sip_refer_core_gone(struct leg *);
/* The SETUP of this leg carries out the transfer of another one. 0, -ENOMEM. */
int sip_refer_adopt(struct leg *);
/* What goes into its INVITE: the URI when it is not the number's. */
const char *sip_refer_uri(const struct leg *);
void sip_refer_headers(const struct leg *, struct sip_msg *);
/* Is that transaction one of these? Responses, failures and ends of them. */
bool sip_refer_has(const struct leg *, txn_id);
void sip_refer_response(struct leg *, txn_id, const struct sip_msg *);
void sip_refer_fail(struct leg *, txn_id);
void sip_refer_txn_end(struct leg *, txn_id);
void sip_refer_free(struct leg *);

/* The leg whose place the INVITE wants; *other is its id, 0: it wants none. 0
 * or the status. */
int sip_refer_replaced(struct legs *, const struct sip_msg *invite,
		       uint32_t *other);

#endif
