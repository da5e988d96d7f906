/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binding requests of STUN (RFC 8489) on the ports of SIP: the keep-alive of
 * UDP (RFC 5626 3.5.2, 8). Nothing else of STUN is known here: no credentials,
 * no FINGERPRINT, and what has an attribute that must be understood is not
 * answered.
 *
 * Pure functions: any thread.
 */
#ifndef SIP_STUN_H
#define SIP_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/net.h"

#define STUN_MAX 64 /* that we send */
#define STUN_ID	 12

enum stun_kind { STUN_NONE, STUN_REQUEST, STUN_ANSWER };

/* What the octets are, whole and sound. */
enum stun_kind stun_kind_of(const void *data, size_t len);
size_t stun_request(const uint8_t id[STUN_ID], uint8_t out[STUN_MAX]);
/* To a STUN_REQUEST that came from there. */
size_t stun_answer(const void *request, const struct net_addr *from,
		   uint8_t out[STUN_MAX]);
/* Is this STUN_ANSWER to the request with that id? out: our address as the
 * peer sees it; false as well when it does not say. */
bool stun_mapped(const void *answer, size_t len, const uint8_t id[STUN_ID],
		 struct net_addr *out);

#endif
