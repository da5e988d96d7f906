/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/hear.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "media/law.h"

enum hear_sound { SOUND_SILENCE, SOUND_TONE, SOUND_OTHER };

enum {
	WINDOW_MS = 20,
	STEADY_MS = 2000,    /* a tone without cadence */
	SLACK_MS = 50,
	LONG_PAUSE_MS = 1500, /* need not be heard to its end */
	ENOUGH_MS = 700,
	NO_FIT = 100000,
};

#define SILENCE_DBM0 (-50.0)
#define TONE_SHARE   0.75
#define NONE_DBM0    (-99.0)

static double square_of(double dbm0) /* mean square of a level */
{
	return LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2 * pow(10, dbm0 / 10);
}

static double dbm0_of(double square)
{
	double full = LAW_PEAK_0DBM0 * LAW_PEAK_0DBM0 / 2;

	return square > 0 ? 10 * log10(square / full) : NONE_DBM0;
}

void level_add(struct hear_level *l, const int16_t *samples, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)samples[i] * samples[i];
	}
	l->all += n;
	if (sum > square_of(SILENCE_DBM0) * (double)n) {
		l->power += sum;
		l->samples += n;
	}
	if (sum / (double)n > l->loudest) {
		l->loudest = sum / (double)n;
	}
}

double level_dbm0(const struct hear_level *l)
{
	return l->samples ? dbm0_of(l->power / (double)l->samples) : NONE_DBM0;
}

double level_loudest_dbm0(const struct hear_level *l)
{
	return dbm0_of(l->loudest);
}

const char *hear_tone_name(enum tone_kind kind)
{
	static const char *const names[TONE_KINDS] = {
		"none", "ringback", "busy", "congestion", "dial", "info",
	};

	return kind < TONE_KINDS ? names[kind] : "none";
}

int hear_init(struct hear *h, const struct tone_zone *zone)
{
	memset(h, 0, sizeof(*h));
	h->zone = zone;
	h->dtmf = dtmf_detect_new();
	return h->dtmf ? 0 : -ENOMEM;
}

void hear_fini(struct hear *h)
{
	dtmf_detect_free(h->dtmf);
	h->dtmf = NULL;
}

/* Share of the window's power that is at a frequency. */
static double share_at(const struct hear *h, double hz, double power)
{
	double w = 2 * M_PI * hz / 8000, coeff = 2 * cos(w), s1 = 0, s2 = 0;
	double square;

	for (unsigned i = 0; i < HEAR_WINDOW; i++) {
		double s0 = h->window[i] + coeff * s1 - s2;

		s2 = s1;
		s1 = s0;
	}
	square = s1 * s1 + s2 * s2 - coeff * s1 * s2;
	return 2 * square / (HEAR_WINDOW * power);
}

static bool is_sound_of(const struct hear *h, const struct tone_element *el,
			double power)
{
	double share = 0;

	for (unsigned i = 0; i < TONE_PARTS && el->hz[i] > 0; i++) {
		share += share_at(h, (double)el->hz[i], power);
	}
	return share >= TONE_SHARE;
}

static bool is_silent(const struct tone_element *el)
{
	return el->hz[0] <= 0;
}

static enum hear_sound window_sound(const struct hear *h,
				    const struct tone_pattern *p, double power)
{
	const struct tone_element *last = NULL;

	if (power <= square_of(SILENCE_DBM0) * HEAR_WINDOW) {
		return SOUND_SILENCE;
	}
	for (unsigned i = 0; i < p->count; i++) {
		const struct tone_element *el = &p->el[i];

		if (is_silent(el) ||
		    (last && !memcmp(last->hz, el->hz, sizeof(el->hz)))) {
			continue;
		}
		if (is_sound_of(h, el, power)) {
			return SOUND_TONE;
		}
		last = el;
	}
	return SOUND_OTHER;
}

/* By how much a time misses what it should be; NO_FIT: too much. */
static uint32_t miss_ms(uint32_t ms, uint32_t want)
{
	uint32_t slack = want * 15 / 100;
	uint32_t miss = ms > want ? ms - want : want - ms;

	slack = slack > SLACK_MS ? slack : SLACK_MS;
	return miss <= slack ? miss : NO_FIT;
}

/* Length of the run of sounding (or silent) elements that begins at *i, which
 * is moved behind it; 0: it never ends. */
static uint32_t run_of(const struct tone_pattern *p, unsigned *i)
{
	bool silent = is_silent(&p->el[*i]);
	uint32_t samples = 0;

	while (*i < p->count && is_silent(&p->el[*i]) == silent) {
		if (!p->el[*i].samples) {
			*i = p->count;
			return 0;
		}
		samples += p->el[(*i)++].samples;
	}
	return samples / 8;
}

/* How well the pattern has such a segment. *longest: of the silent ones. */
static uint32_t fit_ms(const struct tone_pattern *p, enum hear_sound sound,
		       uint32_t ms, uint32_t *longest)
{
	uint32_t best = NO_FIT, miss;
	unsigned i = 0;

	*longest = 0;
	while (i < p->count) {
		bool silent = is_silent(&p->el[i]);
		uint32_t want = run_of(p, &i);

		if (silent && (!want || want > *longest)) {
			*longest = want ? want : NO_FIT; /* for ever */
		}
		if (silent == (sound == SOUND_SILENCE) && want) {
			miss = miss_ms(ms, want);
			best = miss < best ? miss : best;
		}
	}
	return best;
}

static bool is_steady(const struct tone_pattern *p)
{
	unsigned i = 0;

	return p->count > 0 && !is_silent(&p->el[0]) && run_of(p, &i) == 0;
}

/* A cadence begins with a sound. */
static void segment_done(struct hear_cadence *c, const struct tone_pattern *p)
{
	uint32_t longest, miss = NO_FIT;

	if (c->now == SOUND_TONE || (c->now == SOUND_SILENCE && c->good)) {
		miss = fit_ms(p, (enum hear_sound)c->now, c->run_ms, &longest);
	}
	if (miss == NO_FIT) {
		c->good = 0;
		c->off_ms = 0;
		return;
	}
	c->good = (uint8_t)(c->good + (c->good < 100));
	c->off_ms = c->off_ms / 2 + miss;
}

/* The tone is recognised with this window. */
static bool cadence_step(struct hear_cadence *c, const struct tone_pattern *p,
			 enum hear_sound sound)
{
	bool torn = sound == SOUND_OTHER;
	uint32_t longest;

	/* an edge within the window: part of what it ends */
	if (torn && !c->torn) {
		sound = (enum hear_sound)c->now;
	}
	c->torn = torn;
	if (sound != c->now) {
		segment_done(c, p);
		c->now = (uint8_t)sound;
		c->run_ms = 0;
	}
	c->run_ms += WINDOW_MS;
	if (is_steady(p)) {
		return sound == SOUND_TONE && c->run_ms == STEADY_MS;
	}
	if (c->good >= 2) {
		return c->run_ms == WINDOW_MS;
	}
	fit_ms(p, SOUND_SILENCE, 0, &longest);
	return c->good == 1 && sound == SOUND_SILENCE &&
	       longest >= LONG_PAUSE_MS && c->run_ms == ENOUGH_MS;
}

static bool is_better(const struct hear_cadence *a,
		      const struct hear_cadence *b)
{
	return a->good > b->good ||
	       (a->good == b->good && a->off_ms < b->off_ms);
}

static enum tone_kind window_done(struct hear *h)
{
	enum tone_kind heard = TONE_NONE;
	double power = 0;

	for (unsigned i = 0; i < HEAR_WINDOW; i++) {
		power += (double)h->window[i] * h->window[i];
	}
	for (unsigned k = TONE_RINGBACK; k < TONE_KINDS; k++) {
		const struct tone_pattern *p = &h->zone->kinds[k];

		if (cadence_step(&h->cadence[k], p,
				 window_sound(h, p, power)) &&
		    (heard == TONE_NONE ||
		     is_better(&h->cadence[k], &h->cadence[heard]))) {
			heard = (enum tone_kind)k;
		}
	}
	if (heard == h->told) {
		return TONE_NONE;
	}
	if (heard != TONE_NONE) {
		h->told = heard;
	}
	return heard;
}

void hear_run(struct hear *h, const int16_t samples[HEAR_BLOCK],
	      struct hear_news *news)
{
	char digit = dtmf_detect_run(h->dtmf, samples, HEAR_BLOCK);

	news->digit = digit != h->digit ? digit : 0;
	h->digit = digit;
	level_add(&h->level, samples, HEAR_BLOCK);
	memcpy(h->window + h->fill, samples,
	       HEAR_BLOCK * sizeof(samples[0]));
	h->fill += HEAR_BLOCK;
	news->tone = TONE_NONE;
	if (h->fill == HEAR_WINDOW) {
		h->fill = 0;
		news->tone = window_done(h);
	}
}
