/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/echo_nlp.h"

#include <math.h>
#include <string.h>

enum {
	HANG_BLOCKS = 6,
	SOFT_BLOCKS = 40,	/* after the far end */
	WINDOW_BLOCKS = 40,
	SILENT_BLOCKS = 20,	/* of the far end: no echo is left */
};

static const float noise_most = 80 * 640.0f * 640.0f;	/* -28 dBm0 */
static const float noise_bias = 1.15f;	/* of a minimum to the mean */
static const float noise_spread = 4;	/* of blocks; beyond it a talker ends */
static const float noise_rises = 0.1f;
static const float noise_falls = 0.3f;
static const float noise_shows = 0.5f;	/* of what is left, it is no echo */
static const float noise_calm = 3;	/* times the least: nobody speaks */
static const float noise_miss = 0.03f;	/* never less left: no echo */
static const float far_fades = 0.93f;	/* over the tail */
/* What may be left of the estimate that is echo still, by what was least. */
static const float left_miss = 8;
static const float left_least = 0.07f;
static const float left_most = 0.4f;
static const float left_new = 50;	/* over the blocks it has learnt from */
static const float left_fits = 0.5f;	/* never less: this line has no echo */
static const float left_far = 3e-5f;	/* and of the far end, -45 dB */
static const float talker_adds = 0.15f;	/* of what is left, at least */
static const float heard_block = 1.0f / 160;	/* bins to energy */
static const float law_noise = 80 * 5.5f * 5.5f;	/* A-law's: -69 dBm0 */
/* While it searches: near below far by an ERL, and some of it explained. */
static const float search_erl = 0.35f;
static const float search_likeness = 0.4f;
static const float noise_over = 1.5f;	/* a block's residual: not credible */
static const float speech_over = 4;	/* the background */
static const float speech_least = 80 * 20.0f * 20.0f;	/* -58 dBm0 */
static const float onset = 0.6f;	/* of a block, against the mean */

void echo_nlp_reset(struct echo_nlp *nlp)
{
	memset(nlp, 0, sizeof(*nlp));
	for (unsigned i = 0; i < NLP_WINDOWS; i++)
		nlp->noise.least[i] = noise_most;
}

/*
 * The background is not above the smallest residual of the last windows. It
 * is not below it either once the far end is silent, or so soft that what is
 * left of its echo does not count, or if the filter never left less. Else what
 * was known before stands.
 */
static void noise_follow(struct echo_noise *v, const struct echo_scene *s)
{
	float err = s->sums->err[s->lane], high = noise_most;
	float left = fminf(err, s->sums->near[s->lane]);

	v->now += 0.2f * (left - v->now);
	v->now = fminf(v->now, noise_spread * left + law_noise);
	if (v->now < v->least[v->window])
		v->least[v->window] = v->now;
	for (unsigned i = 0; i < NLP_WINDOWS; i++)
		high = fminf(high, v->least[i]);
	high *= noise_bias;
	if (v->level > high)
		v->level += noise_falls * (high - v->level);
	else if (s->since >= SILENT_BLOCKS ||
		 (s->sure && s->est < noise_shows * v->now &&
		  v->now < noise_calm * high) ||
		 (!s->searching && s->miss > noise_miss))
		v->level += noise_rises * (high - v->level);
	if (++v->age == WINDOW_BLOCKS) {
		v->window = (v->window + 1) % NLP_WINDOWS;
		v->least[v->window] = noise_most;
		v->age = 0;
	}
	if (err > 0 && err < 2 * v->level)
		v->lag += 0.02f * (s->sums->lag[s->lane] / err - v->lag);
}

/* Can what is left be anything but echo? */
static bool is_echo(const struct echo_nlp *nlp, const struct echo_scene *s)
{
	float young = left_new / (float)(s->heard + 1);
	float most = fmaxf(left_miss * s->miss, fmaxf(young, left_least));
	float err = fmaxf(s->err, onset * s->sums->err[s->lane]);
	float est = fmaxf(s->est, onset * s->sums->est[s->lane]);
	bool fits = s->miss < left_fits;

	most = fminf(most, left_most);
	if (est < 2 * nlp->noise.level)
		return false;
	if (err < most * est + left_far * nlp->far_most)
		return true;
	if (fits && s->wrong)
		return true;
	/* wrong taps leave much of it; a talker adds to it */
	if (err < est && s->near - s->est < talker_adds * s->err)
		return true;
	if ((fits || s->searching) &&
	    s->err < heard_block * s->sums->heard[s->lane])
		return true;
	return s->searching && s->near < search_erl * nlp->far_most &&
	       s->near_est * fabsf(s->near_est) >
		       search_likeness * s->near * s->est;
}

/* Does the near end speak, so that its words must have their end? */
static bool is_speech(const struct echo_nlp *nlp, const struct echo_scene *s)
{
	float e = fminf(s->sums->err[s->lane], s->sums->near[s->lane]);

	return e > speech_over * nlp->noise.level && e > speech_least;
}

/* tick */
void echo_nlp_run(struct echo_nlp *nlp, const struct echo_scene *s,
		  struct echo_orders *o)
{
	unsigned n = s->lane;
	float tilt, level;
	bool echo, speech, soft;

	noise_follow(&nlp->noise, s);
	nlp->far_most = fmaxf(far_fades * nlp->far_most, s->sums->far[n]);
	echo = is_echo(nlp, s);
	speech = is_speech(nlp, s);
	soft = s->since < SOFT_BLOCKS && !speech &&
	       fmaxf(s->err, s->sums->err[n]) < speech_least;
	if (!echo && speech)
		nlp->open += nlp->open < HANG_BLOCKS;
	else if (nlp->open)
		nlp->open--;
	tilt = fminf(fmaxf(nlp->noise.lag, -0.9f), 0.9f);
	level = fminf(s->sums->err[n], s->sums->near[n]);
	level = fminf(nlp->noise.level, noise_over * level);
	level = fmaxf(level - law_noise, 0);
	o->tilt[n] = tilt;
	o->pass[n] = 1;
	o->noise[n] = 0;
	if (s->on && (echo || soft) && !nlp->open) {
		o->pass[n] = 0;
		o->noise[n] = sqrtf(level / ECHO_BLOCK * (1 - tilt * tilt));
	}
}
