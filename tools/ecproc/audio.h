/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of samples as ecproc takes them: 8 kHz, 16 bit, signed, little-endian,
 * without a header. What is wrong with a file is said here, on stderr.
 */
#ifndef ECPROC_AUDIO_H
#define ECPROC_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "media/echo.h"

struct audio_in {
	const char *name;
	FILE *f;
	uint8_t head[4];	/* its first octets, looked at already */
	size_t held;		/* of them not given out yet */
};

/* False: not there, not readable, empty, odd, or it has a header. */
bool audio_open(struct audio_in *a, const char *name);
void audio_close(struct audio_in *a);

/* Up to a block of samples, the rest of it silence; how many, less only at
 * the end. -1: it cannot be read, or ends within a sample. */
int audio_read(struct audio_in *a, int16_t *x);

/* Is the file of that name also this one? Writing it would destroy it. */
bool audio_is(const struct audio_in *a, const char *name);

bool audio_write(FILE *f, const int16_t *x, size_t n);

#endif
