/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/wav.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 44,	/* octets of the header we write */
	CHUNK = 8,	/* of a chunk's own header */
	FORMAT_MIN = 16,
	FORMAT_PCM = 1,
	WAV_HZ = 8000,
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++) {
		p[i] = (uint8_t)(v >> 8 * i);
	}
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static const char *format_fault(const uint8_t *p, size_t len)
{
	if (len < FORMAT_MIN) {
		return "format chunk too short";
	}
	if (get16(p) != FORMAT_PCM) {
		return "not PCM";
	}
	if (get16(p + 2) != 1) {
		return "not one channel";
	}
	if (get32(p + 4) != WAV_HZ) {
		return "not 8000 Hz";
	}
	return get16(p + 14) == 16 ? NULL : "not 16 bits a sample";
}

static int take_samples(struct wav *w, const uint8_t *p, size_t len)
{
	size_t n = len / 2;

	if (n == 0) {
		return 0;
	}
	w->samples = malloc(n * sizeof(w->samples[0]));
	if (!w->samples) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		w->samples[i] = (int16_t)get16(p + 2 * i);
	}
	w->count = n;
	return 0;
}

int wav_parse(struct wav *w, const uint8_t *octets, size_t len,
	      const char **why)
{
	bool format = false;
	size_t at = 12;

	*w = (struct wav){ 0 };
	*why = "not a WAV file";
	if (len < at || memcmp(octets, "RIFF", 4) ||
	    memcmp(octets + 8, "WAVE", 4)) {
		return -EINVAL;
	}
	while (len - at >= CHUNK) {
		const uint8_t *chunk = octets + at;
		size_t size = get32(chunk + 4), left = len - at - CHUNK;

		if (!memcmp(chunk, "data", 4) && format) {
			*why = "no memory";
			return take_samples(w, chunk + CHUNK,
					    size < left ? size : left);
		}
		if (size > left) {
			break;
		}
		if (!memcmp(chunk, "fmt ", 4)) {
			*why = format_fault(chunk + CHUNK, size);
			if (*why) {
				return -EINVAL;
			}
			format = true;
		}
		at += CHUNK + size;
		at += size & 1 && at < len; /* chunks begin at even octets */
	}
	*why = format ? "no data chunk" : "no format chunk before the data";
	return -EINVAL;
}

static int read_all(FILE *f, uint8_t **octets, size_t *len)
{
	long size;

	if (fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) < 0) {
		return -errno;
	}
	if (size > (long)WAV_OCTETS_MAX) {
		return -EFBIG;
	}
	*octets = malloc((size_t)size + 1);
	if (!*octets) {
		return -ENOMEM;
	}
	*len = fread(*octets, 1, (size_t)size, f);
	if (ferror(f)) {
		free(*octets);
		return -EIO;
	}
	return 0;
}

int wav_load(struct wav *w, const char *path, const char **why)
{
	uint8_t *octets = NULL;
	size_t len = 0;
	FILE *f;
	int r;

	*w = (struct wav){ 0 };
	f = fopen(path, "rbe");
	if (!f) {
		r = -errno;
		*why = strerror(-r);
		return r;
	}
	r = read_all(f, &octets, &len);
	fclose(f);
	if (r < 0) {
		*why = strerror(-r);
		return r;
	}
	r = wav_parse(w, octets, len, why);
	free(octets);
	return r;
}

void wav_free(struct wav *w)
{
	free(w->samples);
	*w = (struct wav){ 0 };
}

static int write_header(struct wav_writer *w)
{
	uint8_t h[HEADER] = { 0 };
	uint32_t octets = w->samples * 2;

	memcpy(h, "RIFF", 4);
	put32(h + 4, octets + HEADER - CHUNK);
	memcpy(h + 8, "WAVEfmt ", 8);
	put32(h + 16, FORMAT_MIN);
	put16(h + 20, FORMAT_PCM);
	put16(h + 22, 1);
	put32(h + 24, WAV_HZ);
	put32(h + 28, WAV_HZ * 2);
	put16(h + 32, 2);
	put16(h + 34, 16);
	memcpy(h + 36, "data", 4);
	put32(h + 40, octets);
	return fwrite(h, 1, HEADER, w->f) == HEADER ? 0 : -EIO;
}

int wav_writer_open(struct wav_writer *w, const char *path)
{
	*w = (struct wav_writer){ 0 };
	w->f = fopen(path, "wbe");
	if (!w->f) {
		return -errno;
	}
	w->error = write_header(w);
	return 0;
}

void wav_writer_put(struct wav_writer *w, const int16_t *samples, size_t n)
{
	uint8_t octets[2];

	if (!w->f || w->error || w->samples > WAV_OCTETS_MAX / 2 - n) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		put16(octets, (uint16_t)samples[i]);
		if (fwrite(octets, 1, 2, w->f) != 2) {
			w->error = -EIO;
			return;
		}
	}
	w->samples += (uint32_t)n;
}

int wav_writer_close(struct wav_writer *w)
{
	int r = w->error;

	if (!w->f) {
		return r;
	}
	if (fseek(w->f, 0, SEEK_SET) < 0 || write_header(w) < 0) {
		r = r ? r : -EIO;
	}
	if (fclose(w->f) != 0) {
		r = r ? r : -errno;
	}
	w->f = NULL;
	w->error = r;
	return r;
}
