/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/voice.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGIT_MS = 100,
	DIGIT_SAMPLES = 200 * 8, /* with the pause after it */
};

struct voice *voice_new(const struct voice_config *c)
{
	struct voice *v = calloc(1, sizeof(*v));
	int r;

	if (!v) {
		return NULL;
	}
	r = hear_init(&v->hear, c->zone);
	if (r < 0) {
		free(v);
		errno = -r;
		return NULL;
	}
	v->law = c->law;
	v->zone = c->zone;
	source_init(&v->source, &c->source, c->seed);
	hybrid_init(&v->hybrid, &c->echo);
	return v;
}

int voice_free(struct voice *v)
{
	int r;

	if (!v) {
		return 0;
	}
	r = wav_writer_close(&v->record);
	hear_fini(&v->hear);
	free(v);
	return r;
}

int voice_talk(struct voice *v, const char *record)
{
	v->talking = true;
	voice_tone(v, TONE_NONE);
	return record ? wav_writer_open(&v->record, record) : 0;
}

bool voice_dial(struct voice *v, const char *digits)
{
	struct voice_digits *d = &v->digits;

	for (; *digits; digits++) {
		if (dtmf_code(*digits) == DTMF_NONE ||
		    d->count == VOICE_DIGITS) {
			return false;
		}
		d->queue[d->count++] = *digits;
	}
	return true;
}

void voice_tone(struct voice *v, enum tone_kind kind)
{
	tone_start(&v->call_tone,
		   kind == TONE_NONE ? NULL : &v->zone->kinds[kind]);
}

static void next_digit(struct voice_digits *d)
{
	static const float dbm0[2] = { DTMF_LOW_DBM0, DTMF_HIGH_DBM0 };

	tone_pair(&d->pattern, dtmf_hz(dtmf_code(d->queue[0])), dbm0,
		  DIGIT_MS);
	tone_start(&d->gen, &d->pattern);
	memmove(d->queue, d->queue + 1, --d->count);
	d->left = DIGIT_SAMPLES;
}

/* What this end says of itself, echo apart. */
static void say(struct voice *v, float *out)
{
	struct voice_digits *d = &v->digits;

	if (!d->left && d->count) {
		next_digit(d);
	}
	if (d->left) {
		tone_run(&d->gen, out, VOICE_BLOCK);
		d->left -= VOICE_BLOCK;
	} else if (tone_is_active(&v->call_tone)) {
		tone_run(&v->call_tone, out, VOICE_BLOCK);
	} else if (v->talking) {
		source_run(&v->source, out, VOICE_BLOCK);
	} else {
		memset(out, 0, VOICE_BLOCK * sizeof(out[0]));
	}
}

static int16_t clipped(float x)
{
	return (int16_t)lrintf(fminf(fmaxf(x, -32768), 32767));
}

void voice_run(struct voice *v, const uint8_t rx[VOICE_BLOCK],
	       uint8_t tx[VOICE_BLOCK], struct hear_news *news)
{
	int16_t heard[VOICE_BLOCK], own[VOICE_BLOCK];
	float in[VOICE_BLOCK], out[VOICE_BLOCK];

	law_decode_n(v->law, rx, heard, VOICE_BLOCK);
	hear_run(&v->hear, heard, news);
	wav_writer_put(&v->record, heard, VOICE_BLOCK);
	say(v, out);
	for (unsigned i = 0; i < VOICE_BLOCK; i++) {
		in[i] = (float)heard[i];
		own[i] = clipped(out[i]);
	}
	if (v->talking) {
		level_add(&v->sent, own, VOICE_BLOCK);
	}
	hybrid_add(&v->hybrid, in, out, VOICE_BLOCK);
	for (unsigned i = 0; i < VOICE_BLOCK; i++) {
		own[i] = clipped(out[i]);
	}
	law_encode_n(v->law, own, tx, VOICE_BLOCK);
}
