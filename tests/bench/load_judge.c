/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load_judge.h"

#include <math.h>
#include <string.h>

#include "media/law.h"

enum {
	WINDOW = 4000,
	LAGS = 4000,	/* 500 ms */
	NEARBY = 160,	/* lags tried first around the last one */
	USUAL_LAG = 200, /* line to RTP */
	HARMFUL_MS = 3,	 /* shorter stalls change nothing */
	MARGIN_MS = 500, /* what a stall spoils after it */
	ENOUGH = 4,	 /* windows of a kind */
};

#define GOOD_ENOUGH 0.9 /* else all lags are tried */

/* Sums over windows. */
struct match {
	double xy, xx, yy;
	int lag; /* -1: none yet */
};

static double correlate(const float *x, const float *y, double *xy, double *yy)
{
	float sxy = 0, syy = 0, sxx = 0;

	for (int i = 0; i < WINDOW; i++) {
		sxy += x[i] * y[i];
		syy += y[i] * y[i];
		sxx += x[i] * x[i];
	}
	*xy = (double)sxy;
	*yy = (double)syy;
	return *xy / sqrt((double)sxx * *yy + 1);
}

static double best_lag(const float *x, const float *y, int from, int to,
		       int *lag)
{
	double best = -1, xy, yy, r;

	for (int i = from < 0 ? 0 : from; i < to && i < LAGS; i++) {
		r = correlate(x, y + i, &xy, &yy);
		if (r > best) {
			best = r;
			*lag = i;
		}
	}
	return best;
}

/* A window of the source against what was recorded from its time on. */
static void match_window(struct match *m, const float *x, const float *y)
{
	double r = -1, xy, yy, xx, unused;

	if (m->lag >= 0)
		r = best_lag(x, y, m->lag - NEARBY, m->lag + NEARBY, &m->lag);
	if (r < GOOD_ENOUGH)
		best_lag(x, y, 0, LAGS, &m->lag);
	correlate(x, y + m->lag, &xy, &yy);
	correlate(x, x, &xx, &unused);
	m->xy += xy;
	m->xx += xx;
	m->yy += yy;
}

static double match_corr(const struct match *m)
{
	return m->xy / sqrt(m->xx * m->yy + 1);
}

static void decode(float *x, const uint8_t *codes, unsigned n)
{
	const int16_t *table = law_table(LAW_A);

	for (unsigned i = 0; i < n; i++)
		x[i] = table[codes[i]];
}

static double energy(const float *x)
{
	double sum = 0;

	for (unsigned i = 0; i < WINDOW; i++)
		sum += (double)x[i] * (double)x[i];
	return sum;
}

static bool is_stalled(const struct load_shared *s, uint32_t at)
{
	int64_t from = s->start_ns + at * 125000LL - MARGIN_MS * NS_PER_MS;
	int64_t to = s->start_ns + (at + WINDOW + USUAL_LAG) * 125000LL;

	for (unsigned w = 0; w < LOAD_TELLERS; w++) {
		for (unsigned i = 0; i < s->witness[w].stalls; i++) {
			int64_t a = s->witness[w].stall[i].from_ns;
			int64_t b = s->witness[w].stall[i].to_ns;

			if (b - a >= HARMFUL_MS * NS_PER_MS && a < to &&
			    b > from)
				return true;
		}
	}
	return false;
}

/* The channel under judgement. */
struct judge {
	const struct load_voices *voices;
	const struct load_track *track;
	unsigned voice, offset, delay; /* delay: its turn to send RTP */
	struct match line, rtp;
	double echo, left; /* energy in far-end talk */
	unsigned n_far, n_near, n_echo;
	float x[WINDOW], y[WINDOW + LAGS];
};

static bool is_within(unsigned phase, unsigned from, unsigned to)
{
	return phase >= from && phase + WINDOW <= to;
}

static void judge_far(struct judge *j, uint32_t at)
{
	unsigned pos = (j->offset + at - j->delay) % LOAD_PERIOD;

	for (unsigned i = 0; i < WINDOW; i++)
		j->x[i] = law_decode(LAW_A, j->voices->far[j->voice]
						[(pos + i) % LOAD_PERIOD]);
	decode(j->y, j->track->to_line + at, WINDOW + LAGS);
	match_window(&j->line, j->x, j->y);
	j->n_far++;
}

/* From a while after the far end began, that the echo is there. */
static void judge_echo(struct judge *j, uint32_t at)
{
	unsigned lag = j->rtp.lag < 0 ? USUAL_LAG : (unsigned)j->rtp.lag;

	decode(j->y, j->track->from_line + at, WINDOW);
	j->echo += energy(j->y);
	decode(j->y, j->track->from_rtp + at + lag, WINDOW);
	j->left += energy(j->y);
	j->n_echo++;
}

static void judge_near(struct judge *j, uint32_t at)
{
	unsigned pos = (j->offset + at) % LOAD_PERIOD;

	memcpy(j->x, j->voices->near[j->voice] + pos, sizeof(j->x));
	decode(j->y, j->track->from_rtp + at, WINDOW + LAGS);
	match_window(&j->rtp, j->x, j->y);
	j->n_near++;
}

void load_judge(const struct load_plan *p, const struct load_voices *v,
		const struct load_shared *s, unsigned i,
		struct load_verdict *out)
{
	static struct judge j;
	unsigned c = s->checked[i];
	uint32_t end = (p->warm_ms + 1000 * p->seconds) * 8;

	memset(&j, 0, sizeof(j));
	j.voices = v;
	j.track = &s->track[i];
	j.voice = load_voice_of(c);
	j.offset = load_offset_of(p, c);
	j.delay = c % 20 * 8;
	j.line.lag = j.rtp.lag = -1;
	for (uint32_t at = p->warm_ms * 8; at + WINDOW + LAGS < end;
	     at += WINDOW / 4) {
		unsigned phase = (j.offset + at) % LOAD_PERIOD;

		if (is_stalled(s, at))
			continue;
		if (is_within(phase, LOAD_NEAR_FROM + 200, LOAD_NEAR_TO))
			judge_near(&j, at);
		if (is_within(phase, LOAD_FAR_FROM + 200, LOAD_FAR_TO - LAGS))
			judge_far(&j, at);
		if (is_within(phase, LOAD_FAR_FROM + LAGS, LOAD_FAR_TO))
			judge_echo(&j, at);
	}
	out->channel = c;
	out->far = j.n_far;
	out->near = j.n_near;
	out->echo = j.n_echo;
	out->to_line = match_corr(&j.line);
	out->to_rtp = match_corr(&j.rtp);
	out->erle_db = 10 * log10((j.echo + 1) / (j.left + 1));
	out->line_ms = (j.line.lag + (int)j.delay) / 8.0;
	out->rtp_ms = j.rtp.lag / 8.0;
}

bool load_is_judged(const struct load_verdict *v)
{
	return v->far >= ENOUGH && v->near >= ENOUGH && v->echo >= ENOUGH;
}

bool load_is_good(const struct load_verdict *v)
{
	return v->to_line >= 0.95 && v->to_rtp >= 0.95 && v->erle_db >= 25;
}
