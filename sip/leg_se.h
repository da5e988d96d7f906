/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session timers (RFC 4028), both roles: an answered call whose refreshes stay
 * away is over, though no BYE came.
 *
 *   interval agreed in the 2xx of INVITE or UPDATE, with who refreshes
 *   we refresh: UPDATE (or INVITE) after half of it, again while it fails
 *   not refreshed: BYE min(32 s, a third) before it is over
 *
 * A caller without timers is left without them. Plain value inside its leg.
 */
#ifndef SIP_LEG_SE_H
#define SIP_LEG_SE_H

#include "gateway/base/loop.h"
#include "sip/digest.h"
#include "sip/transaction.h"

#define SIP_SE_MIN 90 /* RFC 4028 5 */
#define SIP_SE_MAX (7 * 86400) /* taken from a peer, at most */

struct leg_se {
	struct timer timer;
	mono_t since;		/* agreed, or refreshed */
	uint32_t interval_s;	/* 0: no timer */
	uint32_t min_s;		/* as the peer's 422 says; 0: nothing */
	uint8_t raised;		/* so often, since it last agreed */
	bool ours;		/* we refresh */
	bool peer_update;	/* it allows UPDATE */
	txn_id update;		/* a refresh under way */
	struct sip_digest digest;
};

struct leg;
struct sip_msg;

/* Adds what our INVITE or UPDATE asks for. */
void sip_se_ask(const struct leg *, struct sip_msg *);
/* The peer's INVITE or UPDATE: 0, or 422. */
int sip_se_check(const struct leg *, const struct sip_msg *request);
/* Our 2xx to it: adds what holds from now on. */
void sip_se_accept(struct leg *, const struct sip_msg *request,
		   struct sip_msg *response);
/* The peer's 2xx to ours. */
void sip_se_answered(struct leg *, const struct sip_msg *response);
/* A 422: true when asking again can help. */
bool sip_se_raise(struct leg *, const struct sip_msg *response);
/* Remembers whether UPDATE is allowed, where the message says. */
void sip_se_learn(struct leg *, const struct sip_msg *);
void sip_se_stop(struct leg *);
/* Sends an UPDATE, or INVITE, now. */
void sip_se_refresh(struct leg *);
/* Of an earlier process: interval_s, ours and peer_update stand there already.
 * When it was refreshed last nobody knows. */
void sip_se_resume(struct leg *);

/* The answer to our UPDATE, or that none came. */
void sip_se_response(struct leg *, const struct sip_msg *);
void sip_se_fail(struct leg *, enum txn_fail);

#endif
