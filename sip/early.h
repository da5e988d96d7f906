/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * P-Early-Media (RFC 5009): may what the network plays before the answer be
 * heard? One value for each m= line in turn, the last one for those that follow;
 * "supported" and parameters that are not known count for none.
 *
 *    P-Early-Media: sendrecv, inactive, gated
 *
 * As the sender sees its media: sendrecv and sendonly mean that it plays
 * something. Pure functions. Thread: any.
 */
#ifndef SIP_EARLY_H
#define SIP_EARLY_H

#include "sip/msg.h"

enum sip_early {
	SIP_EARLY_NONE, /* nothing is said */
	SIP_EARLY_SENDRECV,
	SIP_EARLY_SENDONLY,
	SIP_EARLY_RECVONLY,
	SIP_EARLY_INACTIVE
};

/* What it says of that m= line (0...). */
enum sip_early sip_early_read(const struct sip_msg *, unsigned line);
/* Something is to be heard; also where nothing was said. */
bool sip_early_is_heard(enum sip_early);

#endif
