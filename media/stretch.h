/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking a little time out of speech: two places that look alike are faded
 * into each other and what lies between is left out.
 *
 * Pure function; tick.
 */
#ifndef MEDIA_STRETCH_H
#define MEDIA_STRETCH_H

#include "media/law.h"

#include <stddef.h>
#include <stdint.h>

enum {
	STRETCH_OUT = 80,	/* samples written */
	STRETCH_MIN = 40,	/* least and most that is left out */
	STRETCH_MAX = 120,
	STRETCH_IN = STRETCH_OUT + STRETCH_MAX,
};

/* Writes STRETCH_OUT codes made of the first STRETCH_OUT + n of the
 * STRETCH_IN codes in `in`, and returns n; 0: no two places are alike enough
 * (nothing written). Silence always is. */
unsigned stretch_cut(enum law law, const uint8_t *in, uint8_t *out);

#endif
