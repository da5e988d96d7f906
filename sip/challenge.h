/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A challenge as libosip2 shall see it. RFC 3261 25.1 wants realm, nonce,
 * opaque, domain and qop of WWW-Authenticate and Proxy-Authenticate in quotes;
 * there are registrars that send tokens (qop=auth), and the library then knows
 * no challenge at all. Any thread; nothing is allocated.
 */
#ifndef SIP_CHALLENGE_H
#define SIP_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

/* Is a header of this name (name_len octets) a challenge? */
bool sip_challenge_is(const char *name, size_t name_len);

/* The room that sip_challenge_quote may take for a value of len octets. */
#define SIP_CHALLENGE_ROOM(len) (2 * (len))

/* Puts in quotes in text (*len octets, room for SIP_CHALLENGE_ROOM(*len)) what
 * is to be, and changes nothing else. text holds no line ends. */
void sip_challenge_quote(char *text, size_t *len);

#endif
