/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/tone.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/law.h"

enum { RATE = 8000 };

#define RAMP  (1.0f / 16) /* of the envelope per sample: 2 ms */
#define LEVEL (-10.0f)	  /* dBm0 of an element */
#define AM_DEPTH 0.95f

float tone_peak(float dbm0)
{
	return LAW_PEAK_0DBM0 * powf(10, dbm0 / 20);
}

/* The level of each part: the precise tone plan, or an equal share. */
static float part_level(const struct tone_element *e, unsigned parts)
{
	static const struct {
		float low, high, dbm0;
	} precise[] = {
		{ 350, 440, -13 },
		{ 440, 480, -19 },
		{ 480, 620, -24 },
	};

	for (size_t i = 0; i < sizeof(precise) / sizeof(*precise); i++)
		if (parts == 2 && e->hz[0] == precise[i].low &&
		    e->hz[1] == precise[i].high)
			return precise[i].dbm0;
	return LEVEL - 10 * log10f((float)parts);
}

static bool number(const char **text, float max, float *out)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*out = strtof(*text, &end);
	if (end == *text || !(*out <= max))
		return false;
	*text = end;
	return true;
}

/* The frequencies of an element; *text is behind them. */
static int parse_parts(struct tone_element *e, const char **text)
{
	float skipped, dbm0;
	unsigned parts = 0;
	bool low = false;

	do {
		if (parts == TONE_PARTS ||
		    !number(text, 3400, &e->hz[parts]))
			return -EINVAL;
		parts++;
	} while (**text == '+' && (*text)++);
	if (**text == '*') {
		(*text)++;
		if (parts != 1 || !number(text, 400, &e->am_hz))
			return -EINVAL;
	}
	if (**text == '@') {
		(*text)++;
		low = true;
	}
	while ((*text)[0] == '|' && (*text)[1] == '|') {
		*text += 2;
		do {
			if (!number(text, 3400, &skipped))
				return -EINVAL;
		} while ((**text == '+' || **text == '*') && (*text)++);
	}
	dbm0 = part_level(e, parts) - (low ? 10 : 0);
	if (e->am_hz > 0) /* the side bands carry power too */
		dbm0 -= 10 * log10f(1 + AM_DEPTH * AM_DEPTH / 2);
	for (unsigned i = 0; i < parts; i++)
		e->peak[i] = e->hz[i] > 0 ? tone_peak(dbm0) : 0;
	return 0;
}

static int parse(struct tone_pattern *p, const char *text)
{
	struct tone_element *e;
	bool once = true, timed;
	float ms;

	while (*text) {
		if (p->count == TONE_ELEMENTS)
			return -EINVAL;
		e = &p->el[p->count];
		memset(e, 0, sizeof(*e));
		if (*text == '!')
			text++;
		else if (once) {
			once = false;
			p->again = p->count;
		}
		if (parse_parts(e, &text) < 0)
			return -EINVAL;
		timed = *text == '/';
		if (timed) {
			text++;
			if (!number(&text, 600000, &ms))
				return -EINVAL;
			e->samples = (uint32_t)lrintf(ms * (RATE / 1000));
		}
		/* An element of no length at all is left out. */
		if (!timed || e->samples)
			p->count++;
		if (*text == ',' && text[1])
			text++;
		else if (*text)
			return -EINVAL;
	}
	if (once)
		p->again = p->count;
	return p->count ? 0 : -EINVAL;
}

int tone_parse(struct tone_pattern *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	if (parse(p, text) < 0) {
		memset(p, 0, sizeof(*p));
		return -EINVAL;
	}
	return 0;
}

void tone_pair(struct tone_pattern *p, const float hz[2],
	       const float dbm0[2], unsigned ms)
{
	memset(p, 0, offsetof(struct tone_pattern, el[1]));
	for (unsigned i = 0; i < 2; i++) {
		p->el[0].hz[i] = hz[i];
		p->el[0].peak[i] = tone_peak(dbm0[i]);
	}
	p->el[0].samples = ms * (RATE / 1000);
	p->count = 1;
	p->again = 1;
}

static bool is_silent(const struct tone_element *e)
{
	return e->peak[0] <= 0 && e->peak[1] <= 0 && e->peak[2] <= 0;
}

/* The element at g->index begins. */
static void enter(struct tone_gen *g)
{
	const struct tone_element *e;

	if (!g->pattern || g->index >= g->pattern->count) {
		g->pattern = NULL;
		g->falling = true;
		return;
	}
	e = &g->pattern->el[g->index];
	g->left = e->samples;
	g->falling = is_silent(e);
	if (!g->falling)
		g->sounding = e;
}

/* tick */
void tone_start(struct tone_gen *g, const struct tone_pattern *p)
{
	if (!p && !g->pattern)
		return;
	if (!g->sounding)
		memset(g, 0, sizeof(*g));
	g->pattern = p;
	g->index = 0;
	enter(g);
}

/* tick */
bool tone_is_active(const struct tone_gen *g)
{
	return g->pattern || g->sounding;
}

static void step(struct tone_gen *g)
{
	if (!g->pattern)
		return;
	if (g->pattern->el[g->index].samples == 0 || --g->left)
		return;
	g->index++;
	if (g->index == g->pattern->count)
		g->index = g->pattern->again;
	enter(g);
}

static float turn(uint32_t *phase, float hz)
{
	const float to_phase = 4294967296.0f / RATE;
	const float to_radian = 6.2831853f / 4294967296.0f;
	float x = sinf((float)(int32_t)*phase * to_radian);

	*phase += (uint32_t)(hz * to_phase);
	return x;
}

static float sound(struct tone_gen *g)
{
	const struct tone_element *e = g->sounding;
	float x = 0;

	for (unsigned i = 0; i < TONE_PARTS && e->hz[i] > 0; i++)
		x += e->peak[i] * turn(&g->phase[i], e->hz[i]);
	if (e->am_hz > 0)
		x *= 1 + AM_DEPTH * turn(&g->am_phase, e->am_hz);
	return x * g->envelope;
}

/* tick */
void tone_run(struct tone_gen *g, float *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (g->sounding) {
			g->envelope += g->falling ? -RAMP : RAMP;
			if (g->envelope > 1)
				g->envelope = 1;
			if (g->envelope <= 0) {
				g->envelope = 0;
				g->sounding = NULL;
			}
		}
		out[i] = g->sounding ? sound(g) : 0;
		step(g);
	}
}
