/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/source.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"

#define SOURCE_HZ  8000.0f
#define TONE_DBM0  (-10.0f)
#define NOISE_DBM0 (-10.0f)

static int shelf_get(struct shelf *shelf, const char *path,
		     const struct wav **wav, const char **why)
{
	unsigned i = shelf->count;
	int r;

	for (unsigned k = 0; k < shelf->count; k++) {
		if (!strcmp(shelf->files[k].path, path)) {
			*wav = &shelf->files[k].wav;
			return 0;
		}
	}
	if (i == SHELF_FILES) {
		*why = "too many files";
		return -ENOSPC;
	}
	if (!str_copy(shelf->files[i].path, SHELF_PATH, path)) {
		*why = "name too long";
		return -ENAMETOOLONG;
	}
	r = wav_load(&shelf->files[i].wav, path, why);
	if (r < 0) {
		return r;
	}
	*wav = &shelf->files[i].wav;
	shelf->count++;
	return 0;
}

void shelf_free(struct shelf *shelf)
{
	while (shelf->count > 0) {
		wav_free(&shelf->files[--shelf->count].wav);
	}
}

static int parse_tone(struct source_spec *s, const char *text)
{
	char end;
	int n = sscanf(text, "%7f@%7f%c", &s->hz, &s->dbm0, &end);

	s->kind = SOURCE_TONE;
	if (n == 1 && !strchr(text, '@')) {
		s->dbm0 = TONE_DBM0;
		n = 2;
	}
	return n == 2 && s->hz >= 10 && s->hz <= 3990 && s->dbm0 <= 3 &&
			       s->dbm0 >= -80 ?
		       0 :
		       -EINVAL;
}

static int parse_noise(struct source_spec *s, const char *text)
{
	char end;

	s->kind = SOURCE_NOISE;
	s->dbm0 = NOISE_DBM0;
	if (*text == '\0') {
		return 0;
	}
	return sscanf(text, ":%7f%c", &s->dbm0, &end) == 1 && s->dbm0 <= 0 &&
			       s->dbm0 >= -80 ?
		       0 :
		       -EINVAL;
}

int source_spec_parse(struct source_spec *s, const char *text,
		      struct shelf *shelf, const char **why)
{
	*s = (struct source_spec){ 0 };
	*why = "tone:HZ[@DBM0], 10 to 3990 Hz, -80 to 3 dBm0";
	if (!strcmp(text, "silence")) {
		return 0;
	}
	if (!strncmp(text, "tone:", 5)) {
		return parse_tone(s, text + 5);
	}
	if (!strncmp(text, "noise", 5) && (!text[5] || text[5] == ':')) {
		*why = "noise[:DBM0], -80 to 0 dBm0";
		return parse_noise(s, text + 5);
	}
	s->kind = SOURCE_WAV;
	s->loop = !strncmp(text, "loop:", 5);
	return shelf_get(shelf, s->loop ? text + 5 : text, &s->wav, why);
}

void source_init(struct source *s, const struct source_spec *spec,
		 uint64_t seed)
{
	*s = (struct source){ .spec = *spec };
	s->random = seed * 2 + 1;
}

static void run_wav(struct source *s, float *out, size_t n)
{
	const struct wav *w = s->spec.wav;

	for (size_t i = 0; i < n; i++) {
		if (s->at == w->count && s->spec.loop) {
			s->at = 0;
		}
		out[i] = s->at < w->count ? (float)w->samples[s->at++] : 0;
	}
}

static void run_tone(struct source *s, float *out, size_t n)
{
	float peak = tone_peak(s->spec.dbm0);

	for (size_t i = 0; i < n; i++) {
		out[i] = peak * sinf(2 * (float)M_PI * s->phase);
		s->phase += s->spec.hz / SOURCE_HZ;
		s->phase -= floorf(s->phase);
	}
}

static float uniform(uint64_t *x) /* in [-1, 1) */
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (float)(int32_t)(*x >> 32) / 2147483648.0f;
}

/* Sum of three: no peak far above its level. */
static void run_noise(struct source *s, float *out, size_t n)
{
	float rms = tone_peak(s->spec.dbm0) / sqrtf(2);

	for (size_t i = 0; i < n; i++) {
		out[i] = rms * (uniform(&s->random) + uniform(&s->random) +
				uniform(&s->random));
	}
}

void source_run(struct source *s, float *out, size_t n)
{
	switch (s->spec.kind) {
	case SOURCE_WAV:
		run_wav(s, out, n);
		break;
	case SOURCE_TONE:
		run_tone(s, out, n);
		break;
	case SOURCE_NOISE:
		run_noise(s, out, n);
		break;
	case SOURCE_SILENCE:
		memset(out, 0, n * sizeof(out[0]));
		break;
	}
}
