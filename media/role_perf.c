/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error performance of the lines: a second each second, from what the engine
 * last told of their counters.
 */
#include "media/role_priv.h"

#include <errno.h>
#include <string.h>

enum {
	SECOND_MS = 1000,
	FRAMES_PER_S = 8000,
	T1_SLOTS = 24,
};

static bool is_card(const struct conf_line *c)
{
	return media_driver(c) == LINE_DAHDI;
}

static enum perf_kind kind_of(const struct conf_line *c)
{
	if (!is_card(c))
		return PERF_PACKETS;
	return c->last_slot == T1_SLOTS ? PERF_T1 : PERF_E1;
}

/* What is new in the counters. A second of a line that is in a defect, or was
 * in between, is one with a defect. */
static struct perf_second second_of(const struct conf_line *c,
				    const struct engine_span_state *st,
				    const struct line_stats *was)
{
	const struct line_error_stats *e = &st->line.errors, *o = &was->errors;
	struct perf_second s = {
		.defect = st->defects & LINE_OUT_NEAR ||
			  e->loss_events != o->loss_events,
		.crc = (uint32_t)(e->crc - o->crc),
		.fe = (uint32_t)(e->fe - o->fe),
		.cv = (uint32_t)(e->cv - o->cv),
		.ebit = (uint32_t)(e->ebit - o->ebit),
		.slips = (uint32_t)(st->line.clock.slips - was->clock.slips),
	};

	if (!is_card(c)) {
		s.blocks = FRAMES_PER_S / (c->frames ? c->frames : 8u);
		s.crc = (uint32_t)(st->line.rx.lost - was->rx.lost);
	}
	return s;
}

/* Seconds that we slept through are told apart by nothing: what happened in
 * them is of the last one, but a defect lasts. */
static void count(struct media_role *m, unsigned span, unsigned seconds)
{
	struct span_view *v = &m->spans[span];
	struct perf_second s = second_of(&m->conf.spans[span].line, &v->state,
					 &v->counted);
	struct perf_second quiet = { .defect = s.defect, .blocks = s.blocks };

	if (!v->known)
		return;
	while (--seconds)
		perf_add(&v->perf, &quiet);
	perf_add(&v->perf, &s);
	v->counted = v->state.line;
}

static void on_second(struct timer *t)
{
	struct media_role *m = container_of(t, struct media_role, second.timer);
	mono_t now = loop_now(m->role.loop);
	int64_t n = mono_diff_ms(now, m->second.at) / SECOND_MS;

	if (n > 0) {
		m->second.at = mono_add_ms(m->second.at, n * SECOND_MS);
		for (unsigned i = 0; i < m->conf.n_spans; i++)
			count(m, i, (unsigned)n);
		media_clock_second(m);
	}
	timer_start(m->role.loop, t, on_second,
		    (unsigned)(SECOND_MS - mono_diff_ms(now, m->second.at)));
}

/* Intervals begin at the quarters of the hour. */
void media_start_perf_of(struct media_role *m, unsigned span)
{
	int64_t s = loop_wall_ms(m->role.loop) / 1000;

	perf_init(&m->spans[span].perf, kind_of(&m->conf.spans[span].line),
		  (uint32_t)(s % PERF_INTERVAL_S));
}

void media_start_perf(struct media_role *m)
{
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		media_start_perf_of(m, i);
	m->clock.source = -1;
	m->second.at = loop_now(m->role.loop);
	timer_start(m->role.loop, &m->second.timer, on_second, SECOND_MS);
}

/* --- telling --- */

static void put_sum(struct json *j, const char *key, const struct perf_sum *s)
{
	json_obj(j, key);
	json_int(j, "seconds", s->seconds);
	json_int(j, "es", s->es);
	json_int(j, "ses", s->ses);
	json_int(j, "uas", s->uas);
	json_int(j, "bbe", s->bbe);
	json_int(j, "far_es", s->far_es);
	json_int(j, "slip_s", s->slip_s);
	json_int(j, "crc", s->crc);
	json_int(j, "fe", s->fe);
	json_int(j, "cv", s->cv);
	json_int(j, "ebit", s->ebit);
	json_int(j, "slips", s->slips);
	json_close(j);
}

void media_put_perf_sums(struct media_role *m, struct json *j, unsigned span)
{
	const struct perf *p = &m->spans[span].perf;
	struct perf_sum day;

	perf_day(p, &day);
	put_sum(j, "quarter_hour", perf_interval(p, 0));
	put_sum(j, "day", &day);
}

int media_put_perf(struct media_role *m, const char *span, char *buf,
		   size_t size)
{
	const struct perf_sum *s;
	const struct perf *p;
	unsigned i = 0;
	struct json j;

	while (i < m->conf.n_spans && (!media_has_span(m, i) ||
				       strcmp(m->conf.spans[i].name, span) != 0))
		i++;
	if (i == m->conf.n_spans)
		return -ENOENT;
	p = &m->spans[i].perf;
	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "span", span);
	json_str(&j, "verdict", perf_verdict(&p->all));
	json_bool(&j, "available", !p->unavailable);
	json_int(&j, "elapsed_s", perf_elapsed(p));
	media_put_perf_sums(m, &j, i);
	json_arr(&j, "intervals");
	for (unsigned ago = 0; (s = perf_interval(p, ago)); ago++)
		put_sum(&j, NULL, s);
	json_close(&j);
	json_close(&j);
	return json_end(&j);
}

static const struct {
	const char *name, *help;
	size_t at;
} metrics[] = {
	{ "errored_seconds", "seconds with errors (G.826 ES)",
	  offsetof(struct perf_sum, es) },
	{ "severely_errored_seconds", "seconds with 30 % errored blocks or "
	  "a defect (SES)", offsetof(struct perf_sum, ses) },
	{ "unavailable_seconds", "seconds of ten SES in a row and after (UAS)",
	  offsetof(struct perf_sum, uas) },
	{ "background_block_errors", "errored blocks outside of SES (BBE)",
	  offsetof(struct perf_sum, bbe) },
	{ "far_end_errored_seconds", "seconds with E bits",
	  offsetof(struct perf_sum, far_es) },
	{ "crc_errors", "blocks with CRC errors, or packets replaced",
	  offsetof(struct perf_sum, crc) },
	{ "framing_errors", "errors of the framing word",
	  offsetof(struct perf_sum, fe) },
	{ "code_violations", "errors of the line code",
	  offsetof(struct perf_sum, cv) },
	{ "e_bits", "blocks that the far end found errored",
	  offsetof(struct perf_sum, ebit) },
};

void media_put_perf_metrics(struct media_role *m, struct text *t)
{
	for (size_t k = 0; k < sizeof(metrics) / sizeof(*metrics); k++) {
		media_put(t, "# HELP trunkgate_media_line_%s_total %s\n"
			     "# TYPE trunkgate_media_line_%s_total counter\n",
			  metrics[k].name, metrics[k].help, metrics[k].name);
		for (unsigned i = 0; i < m->conf.n_spans; i++) {
			const char *sum = (const char *)&m->spans[i].perf.all;
			uint32_t v;

			if (!media_has_span(m, i))
				continue;
			memcpy(&v, sum + metrics[k].at, sizeof(v));
			media_put(t, "trunkgate_media_line_%s_total"
				     "{span=\"%s\"} %u\n", metrics[k].name,
				  m->conf.spans[i].name, v);
		}
	}
}
