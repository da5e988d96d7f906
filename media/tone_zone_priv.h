/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of tones by country; private to tone_zone.c and its test. */
#ifndef MEDIA_TONE_ZONE_PRIV_H
#define MEDIA_TONE_ZONE_PRIV_H

#include <stddef.h>

struct tone_row {
	const char *iso;
	const char *ring, *busy, *congestion, *dial, *info;
};

/* Ends with a row whose iso is NULL. */
extern const struct tone_row tone_rows[];

#endif
