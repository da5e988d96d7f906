/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/g168_meter.h"

enum {
	SETTLE = 50,	/* blocks that meters have before what is watched */
};

enum meter { FAR, GEN, NEAR, OUT, METERS }; /* as meters_run() has them */

/* Powers that a check's window has seen of one line. */
struct seen {
	double most[METERS];
	double sum[METERS];
	double echo;
	double left;
	double kept;	/* blocks where Sout is as Sgen */
	double blocks;
};

struct scene {
	const struct g168_job *job;
	struct g168_canceller *ec;
	struct g168_line line;
	unsigned meters;		/* in use */
	struct g168_meter meter[METERS];
	struct g168_block b;
	struct g168_reading reading[METERS];
	struct g168_point point[G168_LANES];
	struct seen seen[G168_CHECKS][G168_LANES];
	double far_most[G168_LANES];	/* of all the test so far */
	double gen_sum[G168_LANES];
	double gen_most[G168_LANES];
	double gen_blocks;
	double late[G168_CHECKS];	/* s of the phase: see the verdict */
	size_t at;			/* blocks so far */
	size_t far_from, gen_from;	/* block that the sources began in */
	bool held;
};

static size_t blocks_of(double seconds)
{
	return (size_t)(seconds * G168_RATE / G168_BLOCK + 0.5);
}

size_t g168_scene_blocks(const struct g168_test *t)
{
	size_t n = 0;

	for (unsigned p = 0; p < G168_PHASES; p++)
		n += blocks_of(t->phase[p].seconds);
	return n;
}

/* What is on the lines in this block. */
static void lines_run(struct scene *s, const struct g168_phase *p)
{
	const struct g168_job *j = s->job;
	size_t far = (s->at - s->far_from) * G168_BLOCK;
	size_t gen = (s->at - s->gen_from) * G168_BLOCK;

	g168_source_run(j->bank, &p->far, j->condition, far, s->b.far);
	g168_source_run(j->bank, &p->near, j->condition, gen, s->b.gen);
	g168_line_block(&s->line, p->path, &s->b);
}

/* Which meters the checks of a test look at; it is they that cost time. */
static unsigned meters_of(const struct g168_job *j)
{
	unsigned m = 1u << OUT | (j->condition->speech ? 1u << FAR : 0);

	for (unsigned k = 0; k < G168_CHECKS; k++) {
		if (!g168_applies(&j->test->check[k], j->condition))
			continue;
		switch (j->test->check[k].measure) {
		case G168_LOSS:
			m |= 1u << FAR | 1u << NEAR;
			break;
		case G168_ERLE:
			m |= 1u << NEAR;
			break;
		case G168_OVER_GEN:
		case G168_OVER_MEAN:
		case G168_MORE:
		case G168_UNLIKE:
		case G168_KEPT:
			m |= 1u << GEN;
			break;
		case G168_OUT:
		case G168_REDUCTION:
		case G168_ERRORS:
			break;
		}
	}
	return m;
}

static void meters_run(struct scene *s)
{
	float (*x[METERS])[G168_LANES] = { s->b.far, s->b.gen, s->b.near,
					   s->b.out };

	for (unsigned m = 0; m < METERS; m++)
		if (s->meters >> m & 1)
			g168_meter_run(&s->meter[m], x[m], &s->reading[m]);
}

/* Echo and what is left of it: Sout without talker and law's noise. */
static void points_run(struct scene *s)
{
	const struct g168_block *b = &s->b;

	memset(s->point, 0, sizeof(s->point));
	for (size_t i = 0; i < G168_BLOCK; i++)
		for (size_t n = 0; n < G168_LANES; n++) {
			float near = b->near[i][n], echo = b->echo[i][n];
			float out = b->out[i][n], left = out - (near - echo);

			s->point[n].near += near * near;
			s->point[n].out += out * out;
			s->point[n].echo += echo * echo;
			s->point[n].left += left * left;
		}
}

static void seen_add(struct seen *v, const struct scene *s, unsigned lane)
{
	double gen, out;

	for (unsigned m = 0; m < METERS; m++) {
		v->most[m] = fmax(v->most[m],
				  (double)s->reading[m].most[lane]);
		v->sum[m] += (double)s->reading[m].sum[lane];
	}
	v->echo += (double)s->point[lane].echo;
	v->left += (double)s->point[lane].left;
	gen = g168_dbm0((double)s->meter[GEN].power[lane]);
	out = g168_dbm0((double)s->meter[OUT].power[lane]);
	v->kept += fabs(out - gen) <= 2;
	v->blocks++;
}

/* LRin: the level of CSS is known, that of a voice is its highest reading. */
static double far_level(const struct scene *s, unsigned lane)
{
	return s->job->condition->speech ? g168_dbm0(s->far_most[lane])
					 : s->job->condition->far_dbm0;
}

/* Is Sout in this block beyond what the check allows it? */
static bool is_beyond(const struct scene *s, const struct g168_check *c,
		      unsigned lane)
{
	double out = g168_dbm0((double)s->reading[OUT].most[lane]);
	double limit = g168_limit(c, far_level(s, lane));

	if (c->measure == G168_LOSS)
		return g168_dbm0(s->far_most[lane]) - out < limit;
	return c->measure == G168_OUT && out > limit;
}

static void scene_add(struct scene *s, unsigned phase, size_t block)
{
	const struct g168_test *t = s->job->test;

	for (unsigned n = 0; n < G168_LANES; n++) {
		s->far_most[n] = fmax(s->far_most[n],
				      (double)s->reading[FAR].most[n]);
		s->gen_most[n] = fmax(s->gen_most[n],
				      (double)s->reading[GEN].most[n]);
		if (t->phase[phase].near.kind != G168_SILENCE)
			s->gen_sum[n] += (double)s->reading[GEN].sum[n];
		if (s->job->curve)
			s->job->curve[s->at][n] = s->point[n];
	}
	s->gen_blocks += t->phase[phase].near.kind != G168_SILENCE;
	for (unsigned k = 0; k < G168_CHECKS; k++) {
		const struct g168_check *c = &t->check[k];

		if (!g168_applies(c, s->job->condition) ||
		    c->phase != phase || block < blocks_of(c->from) ||
		    (c->to > 0 && block >= blocks_of(c->to)))
			continue;
		for (unsigned n = 0; n < G168_LANES; n++) {
			seen_add(&s->seen[k][n], s, n);
			if (is_beyond(s, c, n))
				s->late[k] = (double)(block + 1) * G168_BLOCK /
					     G168_RATE;
		}
	}
}

static double mean_dbm0(double sum, double blocks)
{
	return g168_dbm0(sum / (blocks * G168_BLOCK));
}

static double loss_of(const struct scene *s, const struct seen *v,
		      unsigned lane)
{
	double far = g168_dbm0(s->far_most[lane]);
	double path = far - g168_dbm0(v->most[NEAR]);

	return far - g168_dbm0(v->most[OUT]) + fmax(0, 6 - path);
}

static double figure_of(const struct scene *s, unsigned k, unsigned lane)
{
	const struct seen *v = &s->seen[k][lane];
	double out = g168_dbm0(v->most[OUT]);

	switch (s->job->test->check[k].measure) {
	case G168_OUT:
		return out;
	case G168_LOSS:
		return loss_of(s, v, lane);
	case G168_OVER_GEN:
		return out - g168_dbm0(v->most[GEN]);
	case G168_OVER_MEAN:
		return out - (s->job->condition->speech ?
			      g168_dbm0(s->gen_most[lane]) :
			      mean_dbm0(s->gen_sum[lane], s->gen_blocks));
	case G168_MORE:
		return mean_dbm0(v->sum[OUT], v->blocks) -
		       mean_dbm0(v->sum[GEN], v->blocks);
	case G168_UNLIKE:
		return fabs(mean_dbm0(v->sum[OUT], v->blocks) -
			    mean_dbm0(v->sum[GEN], v->blocks));
	case G168_KEPT:
		return 100 * v->kept / v->blocks;
	case G168_ERLE:
		return mean_dbm0(v->sum[NEAR], v->blocks) -
		       mean_dbm0(v->sum[OUT], v->blocks);
	case G168_ERRORS:
		break;
	case G168_REDUCTION:
		return 10 * log10((v->echo + 1) / (v->left + 1));
	}
	return NAN;
}

struct g168_verdict g168_judge(const struct g168_check *c,
			       const struct g168_measured *m)
{
	struct g168_verdict v = { .pass = true, .applies = true };
	double least = INFINITY;

	for (unsigned n = 0; n < G168_LANES; n++) {
		double f = m->figure[n], limit = g168_limit(c, m->far[n]);
		double room = g168_is_least(c->measure) ? f - limit
							 : limit - f;

		v.mean += f / G168_LANES;
		v.overloaded += m->overloaded[n];
		if (m->overloaded[n])
			continue;
		v.pass = v.pass && room >= 0;
		if (room >= least)
			continue;
		least = room;
		v.worst = f;
		v.limit = limit;
		v.lane = n;
	}
	return v;
}

static struct g168_verdict verdict_of(const struct scene *s, unsigned k)
{
	struct g168_verdict v;
	struct g168_measured m;

	memcpy(m.overloaded, s->line.overloaded, sizeof(m.overloaded));
	for (unsigned n = 0; n < G168_LANES; n++) {
		m.figure[n] = figure_of(s, k, n);
		m.far[n] = far_level(s, n);
	}
	v = g168_judge(&s->job->test->check[k], &m);
	v.held = s->held;
	v.late = s->late[k];
	return v;
}

/* Do the checks want to know what the meters read in this phase? */
static bool is_watched(const struct g168_test *t, unsigned phase)
{
	bool talks = t->phase[phase].near.kind != G168_SILENCE;

	for (unsigned k = 0; k < G168_CHECKS && t->check[k].what; k++)
		if (t->check[k].phase == phase ||
		    (talks && t->check[k].measure == G168_OVER_MEAN))
			return true;
	return false;
}

static void phase_run(struct scene *s, unsigned phase)
{
	const struct g168_phase *p = &s->job->test->phase[phase];
	size_t blocks = blocks_of(p->seconds);
	bool watched = is_watched(s->job->test, phase) || s->job->curve;

	if (!blocks)
		return;
	/* a signal begins at its beginning, and goes on in the next phase */
	if (phase && p->far.kind != p[-1].far.kind)
		s->far_from = s->at;
	if (phase && p->near.kind != p[-1].near.kind)
		s->gen_from = s->at;
	if (!g168_set(s->ec, p->flags))
		s->held = false;
	for (size_t i = 0; i < blocks; i++) {
		lines_run(s, p);
		g168_run(s->ec, &s->b);
		if (watched || i + SETTLE >= blocks) {
			meters_run(s);
			points_run(s);
			scene_add(s, phase, i);
		}
		s->at++;
	}
}

static int script_run(const struct g168_job *job, struct g168_verdict *v)
{
	struct scene *s = aligned_alloc(64, (sizeof(*s) + 63) / 64 * 64);

	if (!s)
		return -1;
	memset(s, 0, sizeof(*s));
	s->job = job;
	s->held = true;
	s->meters = meters_of(job);
	s->ec = g168_open(job->who, job->condition->tail_ms,
			  job->test->phase[0].flags);
	if (!s->ec) {
		free(s);
		return -1;
	}
	g168_line_init(&s->line, job->condition);
	for (unsigned n = 0; n < G168_LANES; n++)
		s->line.offset[n] = (float)(job->test->offset *
					    ((double)n - 8) / 8);
	for (unsigned p = 0; p < G168_PHASES; p++)
		phase_run(s, p);
	for (unsigned k = 0; k < G168_CHECKS; k++)
		if (g168_applies(&job->test->check[k], job->condition))
			v[k] = verdict_of(s, k);
	g168_close(s->ec);
	free(s);
	return 0;
}

int g168_scene_run(const struct g168_job *job,
		   struct g168_verdict v[G168_CHECKS])
{
	memset(v, 0, G168_CHECKS * sizeof(*v));
	return job->test->run ? job->test->run(job, v) : script_run(job, v);
}
