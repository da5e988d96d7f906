/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the interfaces of an NFAS group numbered as the carrier numbers them? A
 * wrong number is not seen in signalling: calls come up and are silent. So for
 * each span the gateway calls a number that the carrier sends back to the
 * group, answers, and dials a digit on the one channel:
 *
 *    out: span, slot named by us     the carrier     in: named by the carrier
 *    digit -----------------------> line ...... line --------------> heard?
 *
 * When it is not heard, other spans are tried for either end, until it is:
 * that tells which line an interface is. One group at a time; calls of
 * customers are not touched. One thread: the core's.
 */
#ifndef GATEWAY_NFAS_VERIFY_H
#define GATEWAY_NFAS_VERIFY_H

#include "gateway/core_priv.h"

/* arg: "verify GROUP NUMBER" begins; "" or "verify" tells how far it is.
 * Length of the JSON; -EINVAL: no such group; -EBUSY; -ENOMEM; -ENOSPC. */
int nfas_verify_query(struct core *, const char *arg, char *buf, size_t size);
/* Messages that belong to it. true: taken. */
bool nfas_verify_cc(struct core *, const struct cc_msg *, struct cc_end from);
bool nfas_verify_media(struct core *, const struct link_head *);
/* A role is gone, or the core itself goes. */
void nfas_verify_stop(struct core *, const char *why);
void nfas_verify_free(struct core *);

#endif
