/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/ecproc/audio.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool refuse(const struct audio_in *a, const char *why)
{
	fprintf(stderr, "ecproc: %s: %s\n", a->name, why);
	return false;
}

static bool size_is_good(const struct audio_in *a)
{
	struct stat st;

	if (fstat(fileno(a->f), &st) < 0)
		return refuse(a, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return refuse(a, strerror(EISDIR));
	if (S_ISREG(st.st_mode) && st.st_size % 2)
		return refuse(a, "its size is odd: no 16-bit samples");
	return true;
}

/* A WAV file would be taken for a click and a shift. */
static bool head_is_good(struct audio_in *a)
{
	a->held = fread(a->head, 1, sizeof(a->head), a->f);
	if (ferror(a->f))
		return refuse(a, strerror(errno));
	if (!a->held)
		return refuse(a, "it is empty");
	if (a->held == sizeof(a->head) && !memcmp(a->head, "RIFF", 4))
		return refuse(a, "a WAV file; wanted are samples alone: "
				 "sox IN.wav -t raw -r 8000 -b 16 -c 1 "
				 "-e signed OUT.raw");
	return true;
}

bool audio_open(struct audio_in *a, const char *name)
{
	a->name = name;
	a->f = fopen(name, "rb");
	if (!a->f)
		return refuse(a, strerror(errno));
	if (size_is_good(a) && head_is_good(a))
		return true;
	audio_close(a);
	return false;
}

void audio_close(struct audio_in *a)
{
	if (a->f)
		fclose(a->f);
	a->f = NULL;
}

int audio_read(struct audio_in *a, int16_t *x)
{
	uint8_t byte[2 * ECHO_BLOCK] = { 0 };
	size_t n = a->held;

	memcpy(byte, a->head, n);
	a->held = 0;
	n += fread(byte + n, 1, sizeof(byte) - n, a->f);
	for (size_t i = 0; i < ECHO_BLOCK; i++)
		x[i] = (int16_t)(byte[2 * i] | byte[2 * i + 1] << 8);
	if (ferror(a->f)) {
		refuse(a, strerror(errno));
		return -1;
	}
	if (n % 2) {
		refuse(a, "it ends within a sample");
		return -1;
	}
	return (int)(n / 2);
}

bool audio_is(const struct audio_in *a, const char *name)
{
	struct stat st, own;

	return stat(name, &st) == 0 && fstat(fileno(a->f), &own) == 0 &&
	       S_ISREG(st.st_mode) && st.st_dev == own.st_dev &&
	       st.st_ino == own.st_ino;
}

bool audio_write(FILE *f, const int16_t *x, size_t n)
{
	uint8_t byte[2 * ECHO_BLOCK];

	for (size_t i = 0; i < n; i++) {
		byte[2 * i] = (uint8_t)(x[i] & 0xff);
		byte[2 * i + 1] = (uint8_t)(x[i] >> 8 & 0xff);
	}
	return fwrite(byte, 2, n, f) == n;
}
