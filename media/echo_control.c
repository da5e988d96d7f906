/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/echo_control.h"

#include <math.h>
#include <string.h>

/* Energies of a block of 80 samples. */
static const float far_active = 80 * 40.0f * 40.0f;	/* -52 dBm0 */
static const float est_active = 80 * 20.0f * 20.0f;	/* -58 dBm0 */

/* The doubt each tap begins with; 13 partitions: echo of ERL 9 dB. */
static const float doubt_start = 0.05f;
static const float doubt_tone = 0.01f;
/* Doubt regained per block, by how much of the estimate is left over. */
static const float drift_rate = 0.1f;
static const float worse_far = 5e-4f;	/* what may be left at most */
static const float mean_rate = 0.02f;	/* 0.5 s of activity */
static const float tone_bins = 6;
static const float pure_bins = 4.3f;
static const float tone_miss = 0.005f;
static const float hold_miss = 0.02f;
/* Of an echo that has grown: 1; with a talker as loud beside it a half. */
static const float grown_likeness = 0.4f;
static const float futile_miss = 0.5f;	/* it never has: there is no echo */
static const float known_miss = 0.1f;	/* it has fitted, whatever the noise */
static const float change_least = 0.03f;	/* of the usual far end */
/* Residual over near end from where on the near end goes out as it is. */
static const float worse_known = 2.0f;
static const float worse_new = 0.95f;
/* What of near lately is not heard when it is in excess. */
static const float little_known = 0.02f;
static const float little_new = 0.004f;
static const float miss_rate = 0.5f;
static const float drift_least = 1e-5f;
static const float drift_most = 1e-3f;
static const float drift_search = 2e-2f;
static const float drift_wrong = 0.3f;	/* of what is certainly wrong */
static const float drift_wrong_most = 0.2f;
/* Of the residual; talkers who have a word in common come to 0.4. */
static const float wrong_share = 0.5f;
static const float floor_share = 0.2f;
static const float floor_least = 1e-3f;	/* an echo may always appear */
static const float beside = 0.5f;
static const float share_rate = 1.0f;
static const float share_least = 0.01f;
static const float share_most = 0.4f;
static const float haste = 1.2f;	/* the step at first; more is noise */
static const float heard_least = 0.3f;
static const float kept_least = 0.03f;

/* The search for the echo, in blocks of far-end activity. */
enum {
	SEARCH_FROM = 8,
	SEARCH_HASTE = 25,
	SEARCH_UNTIL = 150,
	WINDOW_FROM = 250,
	TONE_BLOCKS = 6,
	TONE_LONG = 30,
	TONE_ALONE = 60,	/* beyond it more than a tone has taught */
	CHANGE_LIMIT = 12,
	WORSE_LIMIT = 30,
	MISS_WINDOW = 100,
};

static void levels_follow(struct echo_levels *v, const struct echo_sums *s,
			  unsigned n, float rate)
{
	v->far += rate * (s->far[n] - v->far);
	v->near += rate * (s->near[n] - v->near);
	v->err += rate * (s->err[n] - v->err);
	v->est += rate * (s->est[n] - v->est);
	v->near_est += rate * (s->near_est[n] - v->near_est);
	v->slope += rate * (s->slope[n] - v->slope);
	v->err_slope += rate * (s->err_slope[n] - v->err_slope);
}

/* Neutral scales: the taps stay as they are. */
static void scales_clear(struct echo_lane *l, struct echo_orders *o,
			 unsigned parts, unsigned n)
{
	for (unsigned k = 0; k < parts; k++) {
		o->tap_scale[k][n] = 1;
		o->doubt_scale[k][n] = 1;
		o->doubt_add[k][n] = 0;
		o->scaled[k] &= (uint16_t)~(1u << n);
	}
	l->scaled = false;
}

/* Begin the search for an echo path anew, from nothing. */
static void search_start(struct echo_lane *l, struct echo_orders *o,
			 unsigned parts, unsigned n)
{
	for (unsigned k = 0; k < parts; k++) {
		o->tap_scale[k][n] = 0;
		o->doubt_scale[k][n] = 0;
		o->doubt_add[k][n] = doubt_start;
		o->scaled[k] |= (uint16_t)(1u << n);
		l->kept[k] = 1;
	}
	echo_window_open(&l->window, o, parts, n);
	l->scaled = true;
	l->heard = 0;
	l->changed = 0;
	l->worse = 0;
	l->converged = false;
	l->miss = (struct echo_miss){ 0, 0, 1, 1, 0 };
}

/*
 * After a tone: what it taught is right at its frequency only. Where it was
 * all there was, that is forgotten, else doubted.
 */
static void search_resume(struct echo_lane *l, struct echo_orders *o,
			  unsigned parts, unsigned n)
{
	if (l->heard < TONE_ALONE) {
		search_start(l, o, parts, n);
		return;
	}
	for (unsigned k = 0; k < parts; k++) {
		o->doubt_add[k][n] = doubt_tone * l->kept[k];
		o->scaled[k] |= (uint16_t)(1u << n);
	}
	l->scaled = true;
}

void echo_lane_reset(struct echo_lane *l, struct echo_orders *o,
		     unsigned parts, unsigned n)
{
	unsigned flags = l->flags;

	memset(l, 0, sizeof(*l));
	l->flags = flags;
	echo_nlp_reset(&l->nlp);
	o->step[n] = 0;
	o->drift[n] = 0;
	o->floor[n] = 0;
	o->cancel[n] = 1;
	o->pass[n] = 1;
	o->noise[n] = 0;
	o->tilt[n] = 0;
	search_start(l, o, parts, n);
}

/* tick */
void echo_lane_idle(struct echo_lane *l, struct echo_orders *o, unsigned parts,
		    unsigned n)
{
	if (l->scaled)
		scales_clear(l, o, parts, n);
	o->step[n] = 0;
	o->drift[n] = 0;
}

/* Where the strongest echo is; what is learnt in the shadow does not count. */
static void peak_find(struct echo_lane *l, const struct echo_sums *s,
		      unsigned parts, unsigned n)
{
	float most = 0;

	for (unsigned k = 0; k < parts; k++) {
		if (s->tap[k][n] <= most || l->window.probed >> k & 1)
			continue;
		most = s->tap[k][n];
		l->peak = k;
	}
}

static float miss_of(const struct echo_lane *l)
{
	return fminf(l->miss.least, l->miss.before);
}

/*
 * Partitions that were heard but hold little echo lose doubt and taps step
 * by step, so that those with echo learn faster.
 */
static void search_narrow(struct echo_lane *l, const struct echo_sums *s,
			  struct echo_orders *o, unsigned parts, unsigned n)
{
	const float all = (float)ECHO_BINS_SUMMED * doubt_start, cut = 0.6f;
	float most = s->tap[l->peak][n], share;

	share = share_rate * miss_of(l);
	share = fminf(fmaxf(share, share_least), share_most);
	for (unsigned k = 0; k < parts; k++) {
		float heard = 1 - s->doubt[k][n] / (all * l->kept[k]);

		if (heard < heard_least || l->kept[k] < kept_least ||
		    s->tap[k][n] > share * most * heard * heard)
			continue;
		/* an echo rarely ends where a partition does */
		if ((k > 0 && s->tap[k - 1][n] > beside * most) ||
		    (k + 1 < parts && s->tap[k + 1][n] > beside * most))
			continue;
		o->tap_scale[k][n] = cut;
		o->doubt_scale[k][n] = cut;
		l->kept[k] *= cut;
		l->scaled = true;
		o->scaled[k] |= (uint16_t)(1u << n);
	}
}

/*
 * What of the residual is the estimate itself, or its slope, which are as good
 * as orthogonal: no talker says that, but taps that are wrong by a factor or a
 * delay. A slip of the line's clock moves its echo by one sample. Over the
 * estimate; 0 unless it is most of the residual.
 */
static float wrong_of(const struct echo_levels *b)
{
	float same = b->near_est - b->est, wrong;

	if (b->est < est_active)
		return 0;
	wrong = same * same / b->est +
		b->err_slope * b->err_slope / (b->slope + 1);
	return wrong > wrong_share * b->err ? wrong / b->est : 0;
}

/*
 * near * est over est * est is near one for the right path, double talk or
 * not, since near-end speech has nothing in common with the estimate. It is
 * less for a path that has gone, more for one that has grown.
 */
static bool path_is_changed(struct echo_lane *l)
{
	const struct echo_levels *b = &l->brief;
	bool known = l->converged ||
		     (l->heard > SEARCH_UNTIL &&
		      miss_of(l) < known_miss);
	bool gone = known && b->near_est < 0.5f * b->est &&
		    b->near < 4.0f * b->est;
	bool grown = l->heard > SEARCH_UNTIL && b->near_est > 2.0f * b->est &&
		     b->near_est * b->near_est > grown_likeness * b->near * b->est;

	if (b->est > est_active && b->far > change_least * l->mean.far &&
	    (gone || grown))
		l->changed++;
	else if (l->changed)
		l->changed--;
	return l->changed >= CHANGE_LIMIT;
}

static bool filter_is_worse(struct echo_lane *l)
{
	float little = worse_far * fmaxf(l->mean.far, l->brief.far);

	if (l->brief.err > 1.2f * l->brief.near + little &&
	    l->brief.est > est_active)
		l->worse++;
	else
		l->worse = 0;
	return l->worse >= WORSE_LIMIT;
}

/*
 * The smallest share of the estimate that was left over lately, that is, in
 * a pause of the near end: how wrong the filter is at most.
 */
static void miss_follow(struct echo_lane *l, const struct echo_sums *s,
			unsigned n)
{
	struct echo_miss *m = &l->miss;
	float now;

	m->err += miss_rate * (s->err[n] - m->err);
	m->est += miss_rate * (s->est[n] - m->est);
	now = m->est > est_active ? m->err / m->est : 1;
	if (now < m->least)
		m->least = now;
	if (++m->age >= MISS_WINDOW) {
		m->before = m->least;
		m->least = 1;
		m->age = 0;
	}
}

/*
 * Taps that are wrong for certain move at once, but not while the path seems
 * gone: where another one is to be searched for they would only hide it.
 */
static float drift_of(const struct echo_lane *l)
{
	float miss = miss_of(l);
	float wrong = fminf(drift_wrong * l->wrong, drift_wrong_most);

	if (l->heard > SEARCH_UNTIL && !l->changed && wrong > drift_most)
		return wrong;
	return fminf(fmaxf(drift_rate * miss, drift_least),
		     l->converged ? drift_most : drift_search);
}

/* The mean of |W|^2 over a lane's bins. */
static float tap_mean(const struct echo_sums *s, unsigned parts, unsigned n)
{
	float sum = 0;

	for (unsigned k = 0; k < parts; k++)
		sum += s->tap[k][n];
	return sum / ((float)ECHO_BINS_SUMMED * (float)parts);
}

/*
 * The share of the estimate that is subtracted: all of it, unless that makes
 * the block louder; then what makes it softest.
 */
static float cancel_share(const struct echo_lane *l, const struct echo_sums *s,
			  unsigned n)
{
	const struct echo_levels *b = &l->brief;
	float most = l->converged ? worse_known : worse_new;
	float little = l->converged ? little_known : little_new;

	if (b->err >= most * b->near)
		return 0;
	if (s->err[n] < most * s->near[n] + little * b->near)
		return 1;
	return fminf(fmaxf(s->near_est[n] / (s->est[n] + 1), 0), 1);
}

/*
 * A tone that is cancelled already has nothing to teach, and would lead astray
 * what was learnt at other frequencies.
 */
static bool is_held(const struct echo_lane *l)
{
	bool tone = l->tone >= TONE_BLOCKS &&
		    l->mean.err < tone_miss * l->mean.near;
	bool pure = l->pure >= TONE_LONG && l->converged;

	if (l->flags & ECHO_HOLD)
		return true;
	return (tone || pure) && l->brief.err < hold_miss * l->brief.est;
}

/* What a block of far-end activity teaches. */
static void lane_hear(struct echo_lane *l, const struct echo_sums *sums,
		      struct echo_orders *orders, unsigned parts, unsigned n)
{
	bool pure = sums->bins[n] < pure_bins;

	/* what was learnt from a tone alone is right at its frequency only */
	if (!pure && l->pure >= TONE_LONG && !l->converged)
		search_resume(l, orders, parts, n);
	l->pure = pure ? l->pure + 1 : 0;
	l->tone = sums->bins[n] < tone_bins ? l->tone + 1 : 0;
	miss_follow(l, sums, n);
	if (l->pure >= TONE_LONG)
		return;
	l->heard++;
	peak_find(l, sums, parts, n);
	if (l->heard >= SEARCH_FROM && l->heard < SEARCH_UNTIL)
		search_narrow(l, sums, orders, parts, n);
	if (l->heard >= SEARCH_UNTIL && l->mean.err < 0.03f * l->mean.near)
		l->converged = true;
	if (path_is_changed(l)) {
		l->path_changes++;
		l->futile = false;
		search_start(l, orders, parts, n);
	}
}

/* What the lane's window is to see. */
static struct echo_sight lane_sight(const struct echo_lane *l,
				    const struct echo_sums *sums,
				    unsigned parts, unsigned n)
{
	float far = l->nlp.far_most + far_active;

	return (struct echo_sight){
		.sums = sums,
		.parts = parts,
		.lane = n,
		.active = l->since <= parts && !l->held,
		.sure = l->converged,
		.rest = l->brief.err / far,
		.residual = fmaxf(l->brief.err - 2 * l->nlp.noise.level, 0) /
			    far,
	};
}

/* And what its NLP goes by. */
static struct echo_scene lane_scene(const struct echo_lane *l,
				    const struct echo_sums *sums, unsigned n)
{
	return (struct echo_scene){
		.sums = sums,
		.lane = n,
		.near = l->brief.near,
		.err = l->brief.err,
		.est = l->brief.est,
		.near_est = l->brief.near_est,
		.miss = miss_of(l),
		.wrong = l->wrong > 0,
		.heard = l->heard,
		.since = l->since,
		.sure = l->converged,
		.searching = l->heard < SEARCH_UNTIL && !l->futile,
		.on = l->flags & ECHO_NLP,
	};
}

/* tick */
void echo_lane_control(struct echo_lane *l, const struct echo_sums *sums,
		       struct echo_orders *orders, unsigned parts, unsigned n)
{
	bool active = sums->far[n] > far_active;
	bool hold = l->flags & ECHO_HOLD || orders->rest;
	struct echo_scene scene;

	if (l->scaled)
		scales_clear(l, orders, parts, n);
	l->bad_samples += (unsigned)sums->bad[n];
	levels_follow(&l->brief, sums, n, 0.2f);
	l->wrong = wrong_of(&l->brief);
	l->since = active ? 0 : l->since + 1;
	if (l->since <= parts) /* the echo may still ring */
		levels_follow(&l->mean, sums, n, mean_rate);
	if (active && !hold)
		lane_hear(l, sums, orders, parts, n);
	if (!hold && filter_is_worse(l)) {
		l->divergences++;
		l->futile = miss_of(l) > futile_miss;
		search_start(l, orders, parts, n);
	}
	l->held = is_held(l);
	orders->step[n] = l->held ? 0 : l->heard < SEARCH_HASTE ? haste : 1;
	orders->drift[n] = active && !l->held ? drift_of(l) : 0;
	orders->floor[n] = fmaxf(floor_share * tap_mean(sums, parts, n),
				 floor_least);
	orders->cancel[n] = cancel_share(l, sums, n);
	scene = lane_scene(l, sums, n);
	echo_nlp_run(&l->nlp, &scene, orders);
	l->double_talk = l->since < 20 && l->brief.err > 0.1f * l->brief.est &&
			 l->converged;
	if (l->heard >= WINDOW_FROM && !hold) {
		struct echo_sight sight = lane_sight(l, sums, parts, n);

		if (echo_window_run(&l->window, &sight, orders))
			l->scaled = true;
	}
}

/* tick */
void echo_lane_account(struct echo_lane *l, const struct echo_sums *sums,
		       unsigned parts, unsigned n)
{
	if (l->since <= parts)
		l->mean.out += mean_rate * (sums->out[n] - l->mean.out);
}
