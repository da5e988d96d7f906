/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_curve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/g168_plot.h"

enum {
	WINDOW = 35,	/* blocks: a period of CSS */
	MODELS = HYBRID_MODELS,
};

/* What a picture shows. */
struct picture {
	const char *file;
	const char *title;
	const char *test;
	double from, to;	/* s of the test */
	double zero;		/* s of the test that is 0 on the axis */
	double mark[2];		/* s of the test */
	bool left;		/* of the echo; else of all of Sin */
	bool speech;
};

static const struct picture pictures[] = {
	{ "ec-convergence.svg", "Convergence: CSS at -10 dBm0, ERL 10 dB, "
	  "A-law, 128 ms, NLP off", "2B", 0.2, 6.2, 0.2, { 0.2, NAN }, false,
	  false },
	{ "ec-speech.svg", "Convergence on recorded voices: -16 dBm0, ERL 10 "
	  "dB, A-law, 128 ms, NLP off", "2B", 0.2, 12.2, 0.2, { 0.2, NAN },
	  false, true },
	{ "ec-path-change.svg", "Path change at 0 s: another model at another "
	  "delay, CSS, NLP off", "2B", 11.2, 18.2, 12.2, { 12.2, NAN }, false,
	  false },
	{ "ec-double-talk.svg", "Double talk from 0 to 5 s: near end as loud "
	  "as the far end", "3B(a)", 8, 17, 10, { 10, 15 }, true, false },
};

/* Sums over the window that ends at block i, of the lines in mask. */
static double ratio_db(struct g168_point (*c)[G168_LANES], size_t i,
		       unsigned mask, bool left)
{
	double a = 1e-3, b = 1e-3;
	size_t first = i + 1 > WINDOW ? i + 1 - WINDOW : 0;

	for (size_t k = first; k <= i; k++)
		for (unsigned n = 0; n < G168_LANES; n++) {
			if (!(mask >> n & 1))
				continue;
			a += (double)(left ? c[k][n].echo : c[k][n].near);
			b += (double)(left ? c[k][n].left : c[k][n].out);
		}
	/* nothing to cancel */
	if (a < 1e4)
		return NAN;
	return 10 * log10(a / b);
}

static void series_add(struct g168_plot *p, const struct picture *pic,
		       struct g168_point (*c)[G168_LANES], unsigned mask)
{
	struct g168_series *s = &p->s[p->series++];
	size_t first = (size_t)(pic->from * 100 + 0.5);

	for (size_t i = 0; i < p->points; i++)
		s->y[i] = ratio_db(c, first + i, mask, pic->left);
}

static void series_name(struct g168_plot *p, const char *name,
			unsigned colour, bool bold, bool dashed)
{
	struct g168_series *s = &p->s[p->series - 1];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->colour = colour;
	s->bold = bold;
	s->dashed = dashed;
}

/* Our lines by model, then the means of all cancellers. */
static void who_add(struct g168_plot *p, const struct picture *pic,
		    struct g168_point (*c)[G168_LANES], enum g168_who who)
{
	const unsigned all = (1u << G168_LANES) - 1;
	char name[32];

	for (unsigned m = 0; who == G168_OURS && m < MODELS; m++) {
		series_add(p, pic, c, 1u << m | 1u << (m + MODELS));
		snprintf(name, sizeof(name), "ours, D.%u", m + 2);
		series_name(p, name, m, false, false);
	}
	series_add(p, pic, c, all);
	snprintf(name, sizeof(name), "%s, all", g168_name(who));
	series_name(p, name, who == G168_OURS ? 8 :
		    who == G168_SPEEXDSP ? 9 : 10, true, who != G168_OURS);
}

static void plot_init(struct g168_plot *p, const struct picture *pic)
{
	memset(p, 0, sizeof(*p));
	p->title = pic->title;
	p->x_unit = "time, s (power over the last 350 ms)";
	p->y_unit = pic->left ? "echo over what is left of it, dB"
			      : "Sin over Sout (ERLE), dB";
	p->x0 = pic->from - pic->zero;
	p->step = 0.01;
	p->points = (size_t)((pic->to - pic->from) * 100 + 0.5);
	p->y_min = -20;
	p->y_max = 50;
	for (unsigned i = 0; i < 4; i++)
		p->mark[i] = i < 2 ? pic->mark[i] - pic->zero : NAN;
}

static const struct g168_test *test_find(const char *id)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(t[i].id, id))
			return &t[i];
	return NULL;
}

static int picture_write(const char *folder, const struct picture *pic,
			 const struct g168_condition *c,
			 const struct g168_bank *bank)
{
	static const enum g168_who who[] = { G168_OURS, G168_SPEEXDSP,
					     G168_SPANDSP };
	struct g168_job job = { test_find(pic->test), c, bank, G168_OURS,
				NULL };
	struct g168_plot *p = malloc(sizeof(*p));
	struct g168_verdict v[G168_CHECKS];
	char path[512];
	int err = -ENOMEM;

	job.curve = calloc(g168_scene_blocks(job.test), sizeof(*job.curve));
	if (p && job.curve) {
		plot_init(p, pic);
		for (unsigned i = 0; i < 3; i++) {
			job.who = who[i];
			if (!g168_scene_run(&job, v))
				who_add(p, pic, job.curve, who[i]);
		}
		snprintf(path, sizeof(path), "%s/%s", folder, pic->file);
		err = g168_plot_write(p, path);
	}
	free(job.curve);
	free(p);
	return err;
}

int g168_curves_write(const char *folder,
		      const struct g168_condition *reference,
		      const struct g168_condition *speech)
{
	struct g168_bank *bank = g168_bank_new(reference->seed);
	int err = bank ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(pictures) / sizeof(pictures[0]);
	     i++)
		err = picture_write(folder, &pictures[i],
				    pictures[i].speech ? speech : reference,
				    bank);
	g168_bank_free(bank);
	return err;
}
