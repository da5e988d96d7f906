/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The far end of span 0 when the media role is the real one: a pseudowire on
 * loopback, stepped by the virtual clock, with the exchange's D channel in
 * its time slot. Codes of one B channel can be said and are heard.
 */
#ifndef TESTS_SIM_PEER_LINE_H
#define TESTS_SIM_PEER_LINE_H

#include "gateway/base/role.h"

void peer_line_open(void);
void peer_line_close(void);
/* Line and RTP sockets for a media role that starts. */
void peer_line_hand(struct role *media);
/* A frame of the exchange. */
void peer_line_send(unsigned span, const uint8_t *, size_t len);
/* As if the cable were out, both ways. */
void peer_line_unplug(bool out);

/* What was heard on the B channel since the last call of this, DTMF. */
void peer_line_listen(unsigned slot);
const char *peer_line_digits(void);
/* That digit sounds there for 100 ms. */
void peer_line_dial(unsigned slot, char digit);
/* Digits that came to the SIP peer as telephone-events, payload type 101, and
 * packets of sound. */
const char *peer_line_rtp_digits(void);
unsigned peer_line_rtp_packets(void);
/* Codes that were not silence, since peer_line_listen(). */
unsigned peer_line_loud(void);

#endif
