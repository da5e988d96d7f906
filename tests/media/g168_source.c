/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

#include "tests/media/line_signal.c"
#include "tests/media/line_recording.c"

enum {
	STORED = 4,	/* signals that are kept */
	VOICE = STORED,	/* and the voices, far and near */
	SIGNALS = STORED + 2,
	LENGTH = 4 * 44800, /* samples: whole periods of both CSS */
};

struct g168_bank {
	float (*x[SIGNALS])[G168_LANES];
};

/* So that its mean power is that of 0 dBm0 while it is active: frames that
 * are 16 dB below the mean do not count, as in P.56. */
static void level_active(float *x, size_t n)
{
	enum { FRAME = 160 };
	double mean = 0, sum = 0, rms = signal_rms(0);
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		mean += (double)x[i] * (double)x[i] / (double)n;
	for (size_t i = 0; i + FRAME <= n; i += FRAME) {
		double p = 0;

		for (size_t k = 0; k < FRAME; k++)
			p += (double)x[i + k] * (double)x[i + k] / FRAME;
		if (p > mean * 0.0257) {
			sum += p;
			used++;
		}
	}
	for (size_t i = 0; used && i < n; i++)
		x[i] = (float)((double)x[i] * rms /
			       sqrt(sum / (double)used));
}

static void voice_write(float *x, size_t n, uint32_t seed)
{
	if (!signal_recording(x, n, 0, seed))
		signal_speech(x, n, 0, seed);
	level_active(x, n);
}

/* G.168 calls for the spectrum of room noise (Hoth 1941). */
static void hoth_write(float *x, size_t n, uint32_t seed)
{
	const float level = -20;	/* of the maker, far from its clipping */
	noise_state_t *s = noise_init_dbm0(NULL, (int)(seed & 0xffffff) + 1,
					   level, NOISE_CLASS_HOTH, 7);
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		x[i] = s ? (float)noise(s) : 0;
		sum += (double)x[i] * (double)x[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		x[i] *= (float)(signal_rms(0) / sqrt(sum + 1e-9));
	noise_free(s);
}

static void signal_write(float *x, unsigned which, uint32_t seed)
{
	switch (which) {
	case G168_CSS:
		signal_css(x, LENGTH, 0, seed);
		break;
	case G168_CSS_DT:
		signal_css_double_talk(x, LENGTH, 0, seed + 1000);
		break;
	case G168_HOTH:
		hoth_write(x, LENGTH, seed + 2000);
		break;
	case VOICE:
		voice_write(x, LENGTH, seed + 3000);
		break;
	case VOICE + 1:
		voice_write(x, LENGTH, seed + 4001);
		break;
	}
}

struct g168_bank *g168_bank_new(uint32_t seed)
{
	struct g168_bank *b = calloc(1, sizeof(*b));
	float *x = malloc(LENGTH * sizeof(*x));

	for (unsigned k = 1; b && x && k < SIGNALS; k++) {
		b->x[k] = malloc(LENGTH * sizeof(*b->x[k]));
		if (!b->x[k]) {
			g168_bank_free(b);
			b = NULL;
			break;
		}
		for (unsigned lane = 0; lane < G168_LANES; lane++) {
			signal_write(x, k, seed * 101 + lane);
			for (size_t i = 0; i < LENGTH; i++)
				b->x[k][i][lane] = x[i];
		}
	}
	free(x);
	return b;
}

void g168_bank_free(struct g168_bank *b)
{
	for (unsigned k = 0; b && k < SIGNALS; k++)
		free(b->x[k]);
	free(b);
}

double g168_source_dbm0(const struct g168_source *s,
			const struct g168_condition *c)
{
	return s->kind == G168_SILENCE ? -100
				       : fmin(c->far_dbm0 + s->rel, s->most);
}

static void tone_add(float (*x)[G168_LANES], unsigned lane, size_t at,
		     double hz, double dbm0)
{
	double peak = sqrt(2) * signal_rms(dbm0), w = 2 * M_PI * hz / 8000;

	for (size_t i = 0; i < G168_BLOCK; i++)
		x[i][lane] += (float)(peak * sin(w * (double)(at + i) +
						 lane));
}

/* The frequencies of a line; 0: none. */
static void tones_of(const struct g168_source *s, unsigned lane, double hz[2])
{
	/* Q.140, Q.271 and Q.724: line signals, registers, continuity */
	static const double signalling[8][2] = {
		{ 2400, 0 }, { 2600, 0 }, { 2400, 2600 }, { 2000, 0 },
		{ 1780, 0 }, { 700, 900 }, { 1100, 1700 }, { 1300, 1500 },
	};

	hz[0] = s->hz[0];
	hz[1] = s->hz[1];
	if (s->kind == G168_TONE_SPREAD) {
		hz[0] = 423 + 187 * lane;
		hz[1] = 0;
	} else if (s->kind == G168_TONE_SIGNAL) {
		hz[0] = signalling[lane % 8][0];
		hz[1] = signalling[lane % 8][1];
	}
}

static void tones_run(const struct g168_source *s, double dbm0, size_t at,
		      float (*x)[G168_LANES])
{
	for (unsigned lane = 0; lane < G168_LANES; lane++) {
		double hz[2];

		tones_of(s, lane, hz);
		if (hz[1] > 0) {
			tone_add(x, lane, at, hz[0], dbm0 - 3);
			tone_add(x, lane, at, hz[1], dbm0 - 3);
		} else {
			tone_add(x, lane, at, hz[0], dbm0);
		}
	}
}

void g168_source_run(const struct g168_bank *b, const struct g168_source *s,
		     const struct g168_condition *c, size_t at,
		     float (*x)[G168_LANES])
{
	double dbm0 = g168_source_dbm0(s, c);
	float gain = (float)pow(10, dbm0 / 20);
	unsigned which = s->kind;

	memset(x, 0, G168_BLOCK * sizeof(*x));
	if (s->kind == G168_SILENCE)
		return;
	if (s->kind >= G168_TONE) {
		tones_run(s, dbm0, at, x);
		return;
	}
	if (c->speech && s->kind != G168_HOTH)
		which = s->kind == G168_CSS ? VOICE : VOICE + 1;
	for (size_t i = 0; i < G168_BLOCK; i++)
		for (unsigned lane = 0; lane < G168_LANES; lane++)
			x[i][lane] = gain * b->x[which][(at + i) % LENGTH][lane];
}
