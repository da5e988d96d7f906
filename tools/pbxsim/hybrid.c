/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/hybrid.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <spandsp/g168models.h>

enum { PER_MS = 8 };

#define TAPS_OF(m) \
	line_model_##m##_coeffs, \
		sizeof(line_model_##m##_coeffs) / \
			sizeof(line_model_##m##_coeffs[0])

static const struct {
	const int32_t *tap;
	size_t n;
} models[HYBRID_LAST - HYBRID_FIRST + 1] = {
	{ TAPS_OF(d2) }, { TAPS_OF(d3) }, { TAPS_OF(d4) }, { TAPS_OF(d5) },
	{ TAPS_OF(d6) }, { TAPS_OF(d7) }, { TAPS_OF(d8) }, { TAPS_OF(d9) },
};

int hybrid_spec_parse(struct hybrid_spec *s, const char *text)
{
	char end;
	int n;

	*s = (struct hybrid_spec){ 0 };
	if (!strcmp(text, "off")) {
		return 0;
	}
	if (!strncmp(text, "D.", 2) || !strncmp(text, "d.", 2)) {
		text += 2;
	}
	n = sscanf(text, "%1u:%5lf:%3u%c", &s->model, &s->erl_db, &s->delay_ms,
		   &end);
	if ((n == 3 || (n == 2 && text[strlen(text) - 1] != ':' &&
			strspn(text, "0123456789:.") == strlen(text))) &&
	    s->model >= HYBRID_FIRST && s->model <= HYBRID_LAST &&
	    s->erl_db >= 0 && s->erl_db <= 60 &&
	    s->delay_ms <= HYBRID_DELAY_MAX_MS) {
		return 0;
	}
	*s = (struct hybrid_spec){ 0 };
	return -EINVAL;
}

void hybrid_init(struct hybrid *h, const struct hybrid_spec *s)
{
	double sum = 0, gain;
	size_t n;

	memset(h, 0, sizeof(*h));
	if (!s->model) {
		return;
	}
	n = models[s->model - HYBRID_FIRST].n;
	n = n < HYBRID_TAPS ? n : HYBRID_TAPS;
	for (size_t i = 0; i < n; i++) {
		double t = models[s->model - HYBRID_FIRST].tap[i];

		sum += t * t;
	}
	gain = pow(10.0, -s->erl_db / 20) / sqrt(sum);
	for (size_t i = 0; i < n; i++) {
		double t = models[s->model - HYBRID_FIRST].tap[i];

		h->tap[i] = (float)(t * gain);
	}
	h->taps = n;
	h->delay = (size_t)s->delay_ms * PER_MS;
	h->fill = h->delay + n;
}

void hybrid_add(struct hybrid *h, const float *in, float *out, size_t n)
{
	size_t need = h->delay + h->taps;

	if (!h->taps) {
		return;
	}
	if (h->fill + n > HYBRID_PAST) {
		memmove(h->past, h->past + h->fill - need,
			need * sizeof(h->past[0]));
		h->fill = need;
	}
	memcpy(h->past + h->fill, in, n * sizeof(in[0]));
	for (size_t i = 0; i < n; i++) {
		const float *x = h->past + h->fill + i - h->delay;
		float sum = 0;

		for (size_t k = 0; k < h->taps; k++) {
			sum += h->tap[k] * *(x - k);
		}
		out[i] += sum;
	}
	h->fill += n;
}
