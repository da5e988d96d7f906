/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/echo_rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/line_signal.c"
#include "tests/media/line_recording.c"

static const double rig_rate = 8000.0;

static size_t rig_at(double seconds)
{
	return (size_t)(seconds * rig_rate + 0.5);
}

static void signal_write(float *x, size_t n, enum rig_signal kind,
			 double dbm0, double hz, uint32_t seed)
{
	memset(x, 0, n * sizeof(*x));
	switch (kind) {
	case RIG_SILENCE:
		break;
	case RIG_CSS:
		signal_css(x, n, dbm0, seed);
		break;
	case RIG_NOISE:
		signal_noise(x, n, dbm0, seed);
		break;
	case RIG_SPEECH:
		signal_speech(x, n, dbm0, seed);
		break;
	case RIG_RECORDING:
		signal_recording(x, n, dbm0, seed);
		break;
	case RIG_PROMPT:
		signal_prompt(x, n, dbm0);
		break;
	case RIG_TONE:
		signal_tone(x, n, dbm0, hz);
		break;
	}
}

/* The hybrids of a line lie within the tail, and end before it does. */
static void line_hybrid(struct hybrid *h, const struct rig_case *c,
			unsigned lane, bool changed)
{
	size_t room = (c->delay_ms ? c->delay_ms * 8 : c->tail_ms * 8 - 140);
	size_t delay = room * lane / (ECHO_LANES - 1);
	bool other = changed && c->change_at > 0 && !c->slip;
	struct hybrid second;

	if (c->second_db > 0) {
		delay = 20;
	}
	if (changed ? c->slip > 0 : c->slip < 0) {
		delay += (size_t)abs(c->slip);
	}
	hybrid_model(h, lane + (other ? 2 : 0), delay, c->erl_db);
	if (c->second_db > 0 && (changed || !(c->second_at > 0))) {
		hybrid_model(&second, lane + 3, 696, c->second_db);
		hybrid_add(h, &second);
	}
}

static void line_echo(float *echo, const float *far, size_t n,
		      const struct rig_case *c, unsigned lane)
{
	double at = fmax(c->change_at, c->second_at);
	size_t change = at > 0 ? rig_at(at) : n;
	struct hybrid h;

	line_hybrid(&h, c, lane, false);
	hybrid_run(&h, far, echo, n);
	if (change < n) {
		float *other = calloc(n, sizeof(*other));

		line_hybrid(&h, c, lane, true);
		if (other) {
			hybrid_run(&h, far, other, n);
			memcpy(echo + change, other + change,
			       (n - change) * sizeof(*echo));
		}
		free(other);
	}
}

static void line_talk(float *talk, size_t n, const struct rig_case *c,
		      unsigned lane, float *spare)
{
	size_t from = rig_at(c->near_from), to = rig_at(c->near_to);
	uint32_t seed = c->seed + 100 + lane;

	memset(talk, 0, n * sizeof(*talk));
	if (to > from && c->near == RIG_CSS) {
		signal_css_double_talk(talk + from, to - from, c->near_dbm0,
				       seed);
	} else if (to > from) {
		signal_write(talk + from, to - from, c->near, c->near_dbm0,
			     1000, seed);
	}
	if (c->noise_dbm0 < 0) {
		signal_noise(spare, n, c->noise_dbm0, seed + 100);
		for (size_t i = 0; i < n; i++) {
			talk[i] += spare[i];
		}
	}
}

static void line_write(struct rig *r, const struct rig_case *c, unsigned lane,
		       float *buf)
{
	float *far = buf, *echo = buf + r->n, *talk = buf + 2 * r->n;
	float *near = buf + 3 * r->n;
	size_t start = rig_at(c->far_from);

	memset(far, 0, r->n * sizeof(*far));
	signal_write(far + start, r->n - start, c->far, c->far_dbm0,
		     c->far_hz, c->seed + lane);
	signal_law(far, r->n, c->law);
	line_echo(echo, far, r->n, c, lane);
	line_talk(talk, r->n, c, lane, near);
	for (size_t i = 0; i < r->n; i++) {
		near[i] = echo[i] + talk[i];
	}
	signal_law(near, r->n, c->law);
	for (size_t i = 0; i < r->n; i++) {
		r->far[i][lane] = far[i];
		r->echo[i][lane] = echo[i];
		r->talk[i][lane] = talk[i];
		r->near[i][lane] = near[i];
	}
}

bool rig_open(struct rig *r, const struct rig_case *c)
{
	float *buf;

	r->n = rig_at(c->seconds) / ECHO_BLOCK * ECHO_BLOCK;
	r->far = calloc(r->n, sizeof(*r->far));
	r->echo = calloc(r->n, sizeof(*r->echo));
	r->talk = calloc(r->n, sizeof(*r->talk));
	r->near = calloc(r->n, sizeof(*r->near));
	r->out = calloc(r->n, sizeof(*r->out));
	buf = calloc(r->n, 4 * sizeof(*buf));
	if (!r->far || !r->echo || !r->talk || !r->near || !r->out || !buf) {
		free(buf);
		rig_close(r);
		return false;
	}
	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		line_write(r, c, lane, buf);
	}
	free(buf);
	return true;
}

void rig_close(struct rig *r)
{
	free(r->far);
	free(r->echo);
	free(r->talk);
	free(r->near);
	free(r->out);
	memset(r, 0, sizeof(*r));
}

struct echo_group *rig_group(unsigned tail_ms, enum echo_isa isa,
			     unsigned flags)
{
	struct echo_group *g = echo_group_new(tail_ms, isa);

	for (unsigned lane = 0; g && lane < ECHO_LANES; lane++) {
		echo_group_set_lane(g, lane, flags);
	}
	return g;
}

void rig_run(struct rig *r, struct echo_group *g)
{
	memcpy(r->out, r->near, r->n * sizeof(*r->out));
	for (size_t i = 0; i < r->n; i += ECHO_BLOCK) {
		echo_group_run(g, (const float (*)[ECHO_LANES])(r->far + i),
			       r->out + i, 0xffff);
	}
}

void rig_cancel(struct rig *r, unsigned tail_ms, enum echo_isa isa,
		unsigned flags)
{
	struct echo_group *g = rig_group(tail_ms, isa, flags);

	if (!g) {
		memcpy(r->out, r->near, r->n * sizeof(*r->out));
		return;
	}
	rig_run(r, g);
	echo_group_free(g);
}

double rig_dbm0(float (*x)[ECHO_LANES], unsigned lane, double a, double b)
{
	double sum = 1e-3, rms = signal_rms(0);
	size_t from = rig_at(a), to = rig_at(b);

	for (size_t i = from; i < to; i++) {
		sum += (double)x[i][lane] * (double)x[i][lane];
	}
	return 10.0 * log10(sum / (double)(to - from) / (rms * rms));
}

double rig_erle(const struct rig *r, unsigned lane, double a, double b)
{
	return rig_dbm0(r->near, lane, a, b) - rig_dbm0(r->out, lane, a, b);
}

double rig_reach(const struct rig *r, unsigned lane, double from, double db)
{
	const double least = 200.0 * 200.0, step = 1.0 / (0.035 * rig_rate);
	double near = 0, out = 0;
	size_t start = rig_at(from);

	for (size_t i = start; i + 1600 < r->n; i++) {
		double a = r->near[i][lane], b = r->out[i][lane];
		double at = (double)i / rig_rate;

		near += step * (a * a - near);
		out += step * (b * b - out);
		if (i > start + ECHO_BLOCK && near > least &&
		    10.0 * log10(near / (out + 1e-3)) >= db &&
		    rig_erle(r, lane, at, at + 0.2) >= db - 0.5) {
			return at - from;
		}
	}
	return 99;
}

double rig_reduction(const struct rig *r, unsigned lane, double a, double b)
{
	size_t from = rig_at(a), to = rig_at(b);
	double before = 0, after = 1e-3;

	for (size_t i = from; i < to; i++) {
		double e = r->near[i][lane] - r->talk[i][lane];
		double d = r->out[i][lane] - r->talk[i][lane];

		before += e * e;
		after += d * d;
	}
	return 10.0 * log10(before / after);
}

double rig_echo_reduction(const struct rig *r, unsigned lane, double a,
			  double b)
{
	size_t from = rig_at(a), to = rig_at(b);
	double before = 0, after = 1e-3;

	for (size_t i = from; i < to; i++) {
		double e = r->echo[i][lane];
		double d = r->out[i][lane] - (r->near[i][lane] - e);

		before += e * e;
		after += d * d;
	}
	return 10.0 * log10(before / after);
}

double rig_rise(const struct rig *r, unsigned lane)
{
	double least = pow(10, -5.8), most = -99, t;

	for (t = 0; t + 0.1 <= (double)r->n / rig_rate; t += 0.05) {
		double in = rig_dbm0(r->near, lane, t, t + 0.1);
		double out = rig_dbm0(r->out, lane, t, t + 0.1);

		most = fmax(most, 10.0 * log10((pow(10, out / 10) + least) /
					       (pow(10, in / 10) + least)));
	}
	return most;
}

typedef double rig_measure(const struct rig *r, unsigned lane, double a,
			   double b);

static struct rig_score score_of(const struct rig *r, rig_measure *measure,
				 double a, double b)
{
	struct rig_score s = { 0, 1e9 };

	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		double v = measure(r, lane, a, b);

		s.mean += v / ECHO_LANES;
		s.worst = fmin(s.worst, v);
	}
	return s;
}

struct rig_score rig_erle_score(const struct rig *r, double a, double b)
{
	return score_of(r, rig_erle, a, b);
}

struct rig_score rig_reduction_score(const struct rig *r, double a, double b)
{
	return score_of(r, rig_reduction, a, b);
}

struct rig_score rig_echo_reduction_score(const struct rig *r, double a,
					  double b)
{
	return score_of(r, rig_echo_reduction, a, b);
}

struct rig_score rig_reach_score(const struct rig *r, double from, double db)
{
	struct rig_score s = { 0, 0 };

	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		double v = rig_reach(r, lane, from, db);

		s.mean += v / ECHO_LANES;
		s.worst = fmax(s.worst, v);
	}
	return s;
}
