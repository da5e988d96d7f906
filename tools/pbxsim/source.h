/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call says: a WAV file (once, or again and again), a tone, noise or
 * silence. Written as
 *
 *	FILE.wav  loop:FILE.wav  tone:HZ[@DBM0]  noise[:DBM0]  silence
 *
 * Files are loaded once and kept on a shelf for the life of the program.
 */
#ifndef PBXSIM_SOURCE_H
#define PBXSIM_SOURCE_H

#include "media/tone.h"
#include "tools/pbxsim/wav.h"

#include <stdbool.h>

enum { SHELF_FILES = 32, SHELF_PATH = 256 };

struct shelf {
	unsigned count;
	struct {
		char path[SHELF_PATH];
		struct wav wav;
	} files[SHELF_FILES];
};

enum source_kind {
	SOURCE_SILENCE,
	SOURCE_WAV,
	SOURCE_TONE,
	SOURCE_NOISE
};

struct source_spec {
	enum source_kind kind;
	bool loop;
	float hz, dbm0;
	const struct wav *wav; /* the shelf's */
};

/* 0, or -errno and *why a text for people. */
int source_spec_parse(struct source_spec *, const char *text,
		      struct shelf *, const char **why);
void shelf_free(struct shelf *);

struct source {
	struct source_spec spec;
	size_t at;	 /* next sample of the file */
	float phase;	 /* of the tone, in turns */
	uint64_t random; /* state of the noise */
};

void source_init(struct source *, const struct source_spec *, uint64_t seed);
/* n samples, overwritten. */
void source_run(struct source *, float *out, size_t n);

#endif
