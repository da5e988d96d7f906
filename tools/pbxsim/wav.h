/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WAV files as telephones need them: RIFF, PCM, 8,000 Hz, 16 bits, one
 * channel. Other chunks are skipped; a data chunk that promises more than the
 * file holds is taken as far as it goes (a recording that was cut).
 *
 * Thread: any, one at a time for each object. Errors: -errno, and *why is
 * then a constant text for people.
 */
#ifndef PBXSIM_WAV_H
#define PBXSIM_WAV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WAV_OCTETS_MAX (64u << 20) /* of a file: over an hour */

struct wav {
	int16_t *samples; /* owned; NULL when count is 0 */
	size_t count;
};

/* 0; -EINVAL: not such a file; -ENOMEM. The octets are not kept. */
int wav_parse(struct wav *, const uint8_t *octets, size_t len,
	      const char **why);
/* As wav_parse; also -EFBIG and what open and read say. */
int wav_load(struct wav *, const char *path, const char **why);
void wav_free(struct wav *);

/* A recording. The header is complete only after wav_writer_close. */
struct wav_writer {
	FILE *f; /* NULL: closed */
	uint32_t samples;
	int error; /* first -errno of a write; the rest is dropped */
};

int wav_writer_open(struct wav_writer *, const char *path);
void wav_writer_put(struct wav_writer *, const int16_t *samples, size_t n);
/* The first error of the file's life, or 0. Idempotent. */
int wav_writer_close(struct wav_writer *);

#endif
