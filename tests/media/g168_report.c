/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/g168_line.h"

enum { FIGURE_SIZE = 24 };

/* What ours did in one check over all conditions. */
struct summary {
	unsigned runs;
	unsigned passed;
	unsigned overloaded;
	double room;		/* least of all runs, in units of the check */
	const struct g168_result *worst;
};

static const char *unit_of(enum g168_measure m)
{
	switch (m) {
	case G168_OUT:
		return "dBm0";
	case G168_KEPT:
		return "%";
	case G168_ERRORS:
		return "bits";
	default:
		return "dB";
	}
}

static const char *origin_of(enum g168_origin o)
{
	switch (o) {
	case G168_PUBLIC:
		return "public";
	case G168_MEMORY:
		return "memory";
	case G168_GATEWAY:
		return "own";
	case G168_FIGURE:
		return "-";
	}
	return "";
}

static double room_of(const struct g168_check *k, const struct g168_verdict *v)
{
	return g168_is_least(k->measure) ? v->worst - v->limit
					 : v->limit - v->worst;
}

static const struct g168_result *find(const struct g168_report *r,
				      const struct g168_test *t,
				      enum g168_who who)
{
	for (size_t i = 0; i < r->results; i++)
		if (r->result[i].test == t && r->result[i].who == who &&
		    r->result[i].condition == r->reference)
			return &r->result[i];
	return NULL;
}

static struct summary sum_up(const struct g168_report *r,
			     const struct g168_test *t, unsigned k)
{
	struct summary s = { .room = INFINITY };

	for (size_t i = 0; i < r->results; i++) {
		const struct g168_result *x = &r->result[i];
		double room;

		if (x->test != t || x->who != G168_OURS ||
		    (x->done && !x->v[k].applies))
			continue;
		s.runs++;
		s.passed += x->done && x->v[k].pass;
		s.overloaded += x->v[k].overloaded;
		room = x->done ? room_of(&t->check[k], &x->v[k]) : -INFINITY;
		if (room < s.room || !s.worst) {
			s.room = room;
			s.worst = x;
		}
	}
	return s;
}

/* `worst / mean`, with a mark if the limit is not met. */
static void figure(char *to, const struct g168_result *x, unsigned k)
{
	const struct g168_check *c;

	if (!x || !x->done) {
		snprintf(to, FIGURE_SIZE, "%s", x ? "n/a" : "");
		return;
	}
	c = &x->test->check[k];
	if (!x->v[k].applies)
		to[0] = '\0';
	else
		snprintf(to, FIGURE_SIZE, "%.1f / %.1f%s", x->v[k].worst,
			 x->v[k].mean,
			 x->v[k].pass || !g168_is_must(c) ? "" : " x");
}

static const char *word(const struct g168_check *c, const struct summary *s)
{
	if (!g168_is_must(c))
		return "info";
	return s->passed == s->runs ? "pass" : "FAIL";
}

static void limit_text(char *to, const struct g168_check *c, double limit)
{
	if (g168_is_must(c))
		snprintf(to, FIGURE_SIZE, "%s %.1f",
			 g168_is_least(c->measure) ? ">=" : "<=", limit);
	else
		snprintf(to, FIGURE_SIZE, "-");
}

static const enum g168_who beside[] = { G168_OURS, G168_OURS_AVX2, G168_OURS_C,
					G168_SPEEXDSP, G168_SPANDSP };
enum { BESIDE = sizeof(beside) / sizeof(beside[0]) };

/* A row as cells between bars, for the terminal and Markdown alike. */
static void row_print(const struct g168_report *r, const struct g168_test *t,
		      unsigned k, FILE *f)
{
	const struct g168_check *c = &t->check[k];
	struct summary s = sum_up(r, t, k);
	char limit[FIGURE_SIZE], cell[FIGURE_SIZE];

	if (!s.runs)
		return;
	limit_text(limit, c, s.worst->v[k].limit);
	fprintf(f, "| %-6s | %-38s | %-4s | %-8s | %-6s |", t->id, c->what,
		unit_of(c->measure), limit, origin_of(c->origin));
	snprintf(cell, sizeof(cell), "%.1f", s.worst->v[k].worst);
	fprintf(f, " %8s | %-34s | %3u of %-3u | %-4s |",
		s.worst->done ? cell : "n/a", s.worst->condition->name,
		s.passed, s.runs, word(c, &s));
	for (unsigned i = 0; i < BESIDE; i++) {
		figure(cell, find(r, t, beside[i]), k);
		fprintf(f, " %-17s |", cell);
	}
	fprintf(f, "\n");
}

void g168_report_table(const struct g168_report *r, FILE *f)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	fprintf(f, "| test | figure | unit | limit | from | worst | in | met "
		   "| result |");
	for (unsigned i = 0; i < BESIDE; i++)
		fprintf(f, " %s |", g168_name(beside[i]));
	fprintf(f, "\n|---|---|---|---|---|---|---|---|---|");
	for (unsigned i = 0; i < BESIDE; i++)
		fprintf(f, "---|");
	fprintf(f, "\n");
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < G168_CHECKS && t[i].check[k].what;
		     k++)
			row_print(r, &t[i], k, f);
}

/* The reason, as far as figures tell it. */
static void failure_print(const struct g168_result *x, unsigned k, FILE *f)
{
	const struct g168_check *c = &x->test->check[k];
	const struct g168_verdict *v = &x->v[k];
	struct g168_line *l;
	double delay_ms;

	if (!x->done) {
		fprintf(f, "* %s, %s: the run crashed or had no memory\n",
			x->test->id, x->condition->name);
		return;
	}
	l = aligned_alloc(64, (sizeof(*l) + 63) / 64 * 64);
	if (!l)
		return;
	g168_line_init(l, x->condition);
	delay_ms = (double)l->main[0].delay[v->lane] / 8;
	free(l);
	fprintf(f, "* %s, %s: %s is %.1f %s, limit %.1f; mean of the lines "
		   "%.1f; worst on line %u (D.%u, delay %.1f ms)",
		x->test->id, x->condition->name, c->what, v->worst,
		unit_of(c->measure), v->limit, v->mean, v->lane,
		2 + v->lane % 8, delay_ms);
	if (v->late > 0)
		fprintf(f, "; last beyond the limit %.2f s into the phase",
			v->late);
	fprintf(f, "\n");
}

unsigned g168_report_failures(const struct g168_report *r, FILE *f)
{
	unsigned failed = 0;

	for (size_t i = 0; i < r->results; i++) {
		const struct g168_result *x = &r->result[i];

		if (x->who != G168_OURS)
			continue;
		if (!x->done) {
			failure_print(x, 0, f);
			failed++;
			continue;
		}
		for (unsigned k = 0; k < G168_CHECKS; k++) {
			if (!x->v[k].applies || x->v[k].pass ||
			    !g168_is_must(&x->test->check[k]))
				continue;
			failure_print(x, k, f);
			failed++;
		}
	}
	return failed;
}

static const char preamble[] =
"# Line echo canceller: a bench in the shape of ITU-T G.168\n"
"\n"
"Not a certificate: the text of G.168 was not at hand. Limits marked\n"
"`public` are those of an open implementation of its tests, `memory` those\n"
"of the Recommendation from memory (to be verified), `own` are demands of\n"
"this project; rows without a limit are for information.\n"
"\n"
"Sixteen lines at a time: the echo paths D.2 to D.9 of Annex D (spandsp's\n"
"`g168models.h`, scaled by its gains), each at two delays, all over the\n"
"tail. Rin passes the law before it is sent and is the canceller's\n"
"reference; Sin passes the law again. CSS has its level over all of it, a\n"
"voice its level while it speaks; where limits depend on LRin or LSgen, a\n"
"voice is taken at its highest reading. Levels: band-pass 300-3,400 Hz and\n"
"35 ms meter, the highest reading of the window. Lines whose echo alone the\n"
"law would clip are not judged. `ours` is the code of the tick (canceller,\n"
"NLP, watch for 2,100 Hz) in the best instruction set of the machine.\n"
"speexdsp: MDF, frame 80, tail as given, its preprocessor as NLP. spandsp:\n"
"`echo_can_update()`, adaptive, NLP and comfort noise where a test has NLP;\n"
"not run in tests of more than 55 s.\n"
"\n"
"`worst` and `in`: the line and condition nearest to the limit, or farthest\n"
"beyond it; `met`: runs that stay within. The columns after `result` are\n"
"the worst and the mean line of the reference condition, x: beyond its\n"
"limit.\n"
"\n";

/* Did the canceller hold its taps in this run, as far as any check tells? */
static bool is_held(const struct g168_result *x)
{
	for (unsigned k = 0; k < G168_CHECKS; k++)
		if (x->v[k].applies && !x->v[k].held)
			return false;
	return true;
}

static void held_print(const struct g168_report *r, FILE *f)
{
	fprintf(f, "\nWhere the tests inhibit adaptation:");
	for (unsigned i = 0; i < BESIDE; i++) {
		bool held = true;

		for (size_t n = 0; n < r->results; n++)
			if (r->result[n].who == beside[i] &&
			    r->result[n].done && !r->result[n].test->run)
				held = held && is_held(&r->result[n]);
		fprintf(f, "%s %s %s", i ? "," : "", g168_name(beside[i]),
			held ? "holds its taps" : "goes on adapting");
	}
	fprintf(f, ".\n");
}

static void details_print(const struct g168_report *r, FILE *f)
{
	fprintf(f, "\n## Every run of ours\n\n| test | figure | condition | "
		   "limit | worst | mean | line | result |\n"
		   "|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < r->results; i++) {
		const struct g168_result *x = &r->result[i];

		for (unsigned k = 0; k < G168_CHECKS; k++) {
			const struct g168_verdict *v = &x->v[k];
			char limit[FIGURE_SIZE];

			if (x->who != G168_OURS || !v->applies)
				continue;
			limit_text(limit, &x->test->check[k], v->limit);
			fprintf(f, "| %s | %s | %s | %s | %.1f | %.1f | %u | "
				   "%s |\n",
				x->test->id, x->test->check[k].what,
				x->condition->name, limit, v->worst, v->mean,
				v->lane,
				!g168_is_must(&x->test->check[k]) ? "info" :
				v->pass ? "pass" : "FAIL");
		}
	}
}

void g168_report_markdown(const struct g168_report *r, FILE *f)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	fputs(preamble, f);
	fprintf(f, "Command: `%s`; seed %u; reference condition: %s.\n\n",
		r->command, r->seed, r->reference->name);
	g168_report_table(r, f);
	held_print(r, f);
	fprintf(f, "\n## Not met\n\n");
	if (!g168_report_failures(r, f))
		fprintf(f, "Nothing: every limit is met in every run.\n");
	fprintf(f, "\n## Curves\n\n"
		   "![Convergence](ec-convergence.svg)\n"
		   "![Convergence on speech](ec-speech.svg)\n"
		   "![Path change](ec-path-change.svg)\n"
		   "![Double talk](ec-double-talk.svg)\n"
		   "\n## Tests\n\n");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "* %s: %s\n", t[i].id, t[i].title);
	details_print(r, f);
}
