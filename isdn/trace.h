/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A D-channel frame as one line of text, decoded by us (libpri's own dump
 * reads past broken elements and is never switched on):
 *
 *   SETUP cref 0x0001 orig, called 123 national, chan 5 excl, bc speech
 *   RR nr 4 P
 *
 * "orig" comes from the side that chose the call reference, "dest" goes to
 * it. What cannot be read is named as such; nothing is left out silently.
 * Thread: any.
 */
#ifndef ISDN_TRACE_H
#define ISDN_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes at most size octets with the final NUL (cut if need be). network: the
 * sender is the network's side, which tells a poll from a final bit. */
void trace_text(char *dst, size_t size, const uint8_t *frame, size_t len,
		bool network);
/* Call reference of an I frame with a message about a call, and whether the
 * sender chose it. false: not about one call. */
bool trace_cref(const uint8_t *frame, size_t len, uint16_t *cref, bool *orig);

#endif
