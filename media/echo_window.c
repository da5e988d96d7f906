/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/echo_window.h"

#include <math.h>
#include <string.h>

enum {
	VISIT_BLOCKS = 16,
	VISIT_LEAST = 8,	/* active ones for a verdict */
	JUDGE_BLOCKS = 13,	/* each partition was constrained since */
	JUDGE_EMPTY = 3,	/* verdicts that make a partition dormant */
	RAISED_STEP = 5,	/* up, and one down: it calms slowly */
	RAISED_BLOCKS = 20,
	RAISED_MOST = 50,
	ALARM_LEAST = 16,	/* blocks until an echo stands out */
	ALARM_STEP = 4,
	CALM_BLOCKS = 3,	/* their doubt would slow the others down */
	ALARM_MOST = 48,	/* then it begins anew */
	PARTS_LEAST = 7,	/* of a short tail nothing is to be gained */
};

static const float empty_merit = 1.5f;	/* noise alone: below one */
static const float empty_share = 3e-6f;	/* of all; the law's noise: 2e-4 */
static const float empty_rest = 0.2f;	/* of what is left of near */
static const float found_lost = 3;	/* |W|^2 over the doubt lost: echo */
static const float found_alarm = 6;	/* the talkers may have a word in common */
static const float found_others = 10;	/* and over the mean of the others */
static const float visit_doubt = 0.1f;	/* of the residual */
static const float alarm_doubt = 0.02f;
static const float alarm_calm = 0.1f;	/* the talker has ended */
static const float found_start = 0.3f;
static const float probe_least = 1e-7f;
static const float raised_times = 12;
static const float known_down = 0.1f;
static const float known_up = 1.002f;
static const float known_none = 1e-4f;	/* this line has no echo */
static const float known_least = 1e-5f;

static void set_bit(uint16_t *mask, unsigned bit, bool on)
{
	if (on)
		*mask |= (uint16_t)(1u << bit);
	else
		*mask &= (uint16_t)~(1u << bit);
}

/* From the next block on partition k has no taps; it rests, or is probed. */
static void part_set(struct echo_orders *o, unsigned k, unsigned lane,
		     float doubt)
{
	o->tap_scale[k][lane] = 0;
	o->doubt_scale[k][lane] = 0;
	o->doubt_add[k][lane] = doubt;
	set_bit(&o->scaled[k], lane, true);
	set_bit(&o->work[k], lane, doubt > 0);
	set_bit(&o->shadow[k], lane, doubt > 0);
}

static void parts_sleep(struct echo_orders *o, unsigned mask,
			const struct echo_sight *s)
{
	for (unsigned k = 0; k < s->parts; k++)
		if (mask >> k & 1)
			part_set(o, k, s->lane, 0);
}

static void probe_start(struct echo_window *w, unsigned mask, bool alarm,
			const struct echo_sight *s, struct echo_orders *o)
{
	w->probed = (uint16_t)mask;
	w->alarm = alarm;
	w->blocks = 0;
	w->calm = 0;
	w->start = (alarm ? alarm_doubt : visit_doubt) * s->residual +
		   probe_least;
	for (unsigned k = 0; k < s->parts; k++)
		if (mask >> k & 1)
			part_set(o, k, s->lane, w->start);
}

/* A probed partition has echo: what it has learnt counts from now on. */
static void part_wake(struct echo_window *w, unsigned k,
		      const struct echo_sight *s, struct echo_orders *o)
{
	set_bit(&w->dormant, k, false);
	w->empty[k] = 0;
	o->doubt_scale[k][s->lane] = 1;
	o->doubt_add[k][s->lane] = found_start * s->residual;
	set_bit(&o->scaled[k], s->lane, true);
	set_bit(&o->shadow[k], s->lane, false);
}

/* The verdict: found ones wake, the others sleep again. */
static void probe_end(struct echo_window *w, unsigned found,
		      const struct echo_sight *s, struct echo_orders *o)
{
	for (unsigned k = 0; k < ECHO_PARTS_MAX; k++)
		if (found >> k & 1)
			part_wake(w, k, s, o);
	parts_sleep(o, w->probed & ~found, s);
	w->probed = 0;
	w->alarm = false;
}

/* Probed partitions that learnt more than chance teaches. */
static unsigned probe_found(const struct echo_window *w,
			    const struct echo_sight *s)
{
	float times = w->alarm ? found_alarm : found_lost;
	float start = w->start * ECHO_BINS_SUMMED, lost;
	unsigned found = 0;

	for (unsigned k = 0; k < s->parts; k++) {
		if (!(w->probed >> k & 1))
			continue;
		lost = start - s->sums->doubt[k][s->lane];
		if (s->sums->tap[k][s->lane] > times * lost)
			found |= 1u << k;
	}
	return found;
}

void echo_window_open(struct echo_window *w, struct echo_orders *o,
		      unsigned parts, unsigned lane)
{
	memset(w, 0, sizeof(*w));
	w->known = 1;
	for (unsigned k = 0; k < parts; k++) {
		set_bit(&o->work[k], lane, true);
		set_bit(&o->shadow[k], lane, false);
	}
}

void echo_window_close(struct echo_orders *o, unsigned parts, unsigned lane)
{
	for (unsigned k = 0; k < parts; k++)
		set_bit(&o->work[k], lane, false);
}

static void known_follow(struct echo_window *w, float residual)
{
	if (residual < w->known)
		w->known += known_down * (residual - w->known);
	else
		w->known *= known_up;
	w->known = fminf(fmaxf(w->known, known_least), 1);
	if (residual > raised_times * w->known)
		w->raised += w->raised < RAISED_MOST ? RAISED_STEP : 0;
	else if (w->raised)
		w->raised--;
}

/* The next dormant partition's turn, the same one in all lanes. */
static bool visit_run(struct echo_window *w, const struct echo_sight *s,
		      struct echo_orders *o)
{
	unsigned slot = o->clock / VISIT_BLOCKS + 1, k = slot % s->parts;
	bool over = w->slot != slot, scaled = over && w->probed;

	if (scaled)
		probe_end(w, w->blocks >= VISIT_LEAST && !w->raised ?
			  probe_found(w, s) : 0, s, o);
	if (over && s->active && (w->dormant >> k & 1) &&
	    o->clock % VISIT_BLOCKS < VISIT_BLOCKS - VISIT_LEAST) {
		w->slot = slot;
		probe_start(w, 1u << k, false, s, o);
		return true;
	}
	w->blocks += s->active;
	return scaled;
}

/* The mean of the probed partitions but k and those beside it: an echo
 * rarely ends where a partition does. */
static float mean_of_others(const struct echo_window *w,
			    const struct echo_sight *s, unsigned k)
{
	unsigned count = 0;
	float sum = 0;

	for (unsigned i = 0; i < s->parts; i++) {
		if (!(w->probed >> i & 1) || (i + 1 >= k && i <= k + 1))
			continue;
		sum += s->sums->tap[i][s->lane];
		count++;
	}
	return count ? sum / (float)count : 0;
}

/* Those that found echo and stand out among the others. */
static unsigned alarm_found(const struct echo_window *w,
			    const struct echo_sight *s)
{
	unsigned found = probe_found(w, s);

	for (unsigned k = 0; k < s->parts; k++)
		if (s->sums->tap[k][s->lane] <=
		    found_others * mean_of_others(w, s, k))
			found &= ~(1u << k);
	return found;
}

static bool alarm_run(struct echo_window *w, const struct echo_sight *s,
		      struct echo_orders *o)
{
	unsigned found = 0;

	if (!s->active)
		return false;
	w->blocks++;
	if (alarm_doubt * s->residual < alarm_calm * w->start)
		w->calm++;
	else
		w->calm = 0;
	if (w->blocks >= ALARM_LEAST && w->blocks % ALARM_STEP == 0)
		found = alarm_found(w, s);
	if (!found && w->raised && w->blocks < ALARM_MOST &&
	    w->calm < CALM_BLOCKS)
		return false;
	probe_end(w, found, s, o);
	return true;
}

/* Partitions that held nothing for some time go dormant. */
static bool judge(struct echo_window *w, const struct echo_sight *s,
		  struct echo_orders *o)
{
	float rest = empty_rest * s->rest * ECHO_BINS_SUMMED, all = 0, tap;
	unsigned empty = 0;

	if (!s->active || !(s->sure || w->known < known_none) ||
	    ++w->age < JUDGE_BLOCKS)
		return false;
	w->age = 0;
	for (unsigned k = 0; k < s->parts; k++)
		all += s->sums->tap[k][s->lane];
	for (unsigned k = 0; k < s->parts; k++) {
		if (w->dormant >> k & 1)
			continue;
		tap = s->sums->tap[k][s->lane];
		if (tap < empty_share * all ||
		    (tap < rest && s->sums->merit[k][s->lane] < empty_merit))
			w->empty[k]++;
		else
			w->empty[k] = 0;
		if (w->empty[k] >= JUDGE_EMPTY)
			empty |= 1u << k;
	}
	w->dormant |= (uint16_t)empty;
	parts_sleep(o, empty, s);
	return empty;
}

/* tick */
bool echo_window_run(struct echo_window *w, const struct echo_sight *s,
		     struct echo_orders *o)
{
	bool scaled;

	if (s->parts < PARTS_LEAST)
		return false;
	if (s->active)
		known_follow(w, s->residual);
	if (w->alarm)
		return alarm_run(w, s, o);
	if (w->raised >= RAISED_BLOCKS && w->dormant) {
		parts_sleep(o, w->probed, s);
		probe_start(w, w->dormant, true, s, o);
		return true;
	}
	scaled = visit_run(w, s, o);
	if (w->raised)
		return scaled;
	return judge(w, s, o) || scaled;
}
