/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our keep-alives by UDP: STUN (stun.h), to each server of trunks that have
 * them (trunk_keep_next()), and what the answers say.
 *
 * Owner: the stack. Thread: its loop.
 */
#ifndef SIP_KEEP_H
#define SIP_KEEP_H

#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "sip/stun.h"

struct sip_keep {
	uint8_t id[STUN_ID]; /* all that go out in a round have the same */
	mono_t round;
	struct log_limit log;
};

/* The request of this round; its length, 0 when there is no randomness. */
size_t sip_keep_request(struct sip_keep *, mono_t now, uint8_t out[STUN_MAX]);
/* That trunk's peer sees us at another address than before: a line, unless
 * there are too many. */
void sip_keep_seen(struct sip_keep *, mono_t now, const char *trunk,
		   const struct net_addr *peer, const struct net_addr *us);

#endif
