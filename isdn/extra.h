/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diversion, subaddresses, user-to-user information and the transit network:
 * elements <-> struct cc_extra. What is malformed or too long in an element
 * counts as not there. Writing changes a whole D-channel frame, in a buffer of
 * FRAME_MAX octets; what does not fit is left out. Thread: the role's loop.
 */
#ifndef ISDN_EXTRA_H
#define ISDN_EXTRA_H

#include "isdn/isdn_priv.h"

/* Of a SETUP; redirecting is there already. */
void extra_read(const struct ie_msg *, struct cc_msg *);
/* The diversion that a supplementary service tells of: by whom, where no element
 * did; how often. */
void extra_service(const struct pri_subcommands *, struct cc_msg *);
/* Of any message; NULL: none. */
void extra_uui(const struct ie_msg *, struct cc_uui *);

/* Into a SETUP; of any message the user-to-user information. */
void extra_put(uint8_t *frame, size_t *len, const struct cc_extra *, bool ni2);
void extra_put_uui(uint8_t *frame, size_t *len, const struct cc_uui *);
void extra_put_number(uint8_t *frame, size_t *len, uint8_t id,
		      const struct cc_number *);
/* A reason of diversion in libpri's values, and in its frame as it should
 * stand there. */
int extra_pri_reason(uint8_t reason);
void extra_patch_reason(uint8_t *frame, size_t len, uint8_t reason);

#endif
