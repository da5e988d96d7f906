/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/line_signal.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* Append a WAV file's samples, at most room; returns how many. */
static size_t wav_read(const char *name, float *x, size_t room)
{
	enum { HEADER = 44 };	/* canonical: what the package has */
	uint8_t byte[2];
	size_t n = 0;
	FILE *f = fopen(name, "rb");

	if (!f) {
		return 0;
	}
	if (!fseek(f, HEADER, SEEK_SET)) {
		while (n < room && fread(byte, 1, 2, f) == 2) {
			x[n++] = (float)(int16_t)(byte[0] | byte[1] << 8);
		}
	}
	fclose(f);
	return n;
}

bool signal_recording(float *x, size_t n, double dbm0, uint32_t seed)
{
	enum { GAP = 2400 };	/* 0.3 s between prompts */
	size_t at = 0, files;
	glob_t g;

	memset(x, 0, n * sizeof(*x));
	if (glob("/usr/share/asterisk/sounds/en*/*-*.wav", 0, NULL, &g)) {
		return false;
	}
	files = g.gl_pathc;
	for (size_t i = 0; at < n && i < files; i++) {
		const char *name = g.gl_pathv[(seed * 7919u + i) % files];

		at += wav_read(name, x + at, n - at);
		at += GAP;
	}
	globfree(&g);
	signal_scale(x, n, dbm0);
	return true;
}

bool signal_prompt(float *x, size_t n, double dbm0)
{
	const char *name = "/usr/share/asterisk/sounds/en_US_f_Allison/"
			   "demo-instruct.wav";
	size_t read, at = 0;

	memset(x, 0, n * sizeof(*x));
	read = wav_read(name, x, n);
	while (at < read && x[at] > -100 && x[at] < 100)
		at++;
	memmove(x, x + at, (n - at) * sizeof(*x));
	memset(x + n - at, 0, at * sizeof(*x));
	signal_scale(x, n, dbm0);
	return read > 0;
}
