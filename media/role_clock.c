/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock of the lines where we give it: that of the first source that is
 * good. When it fails the next one is taken, and when none is left the last
 * rate is held: never that of a line that brings none. Also what each line's
 * clock does, in words. Once a second.
 */
#include "media/role_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BACK_S = 10,	      /* a better source must have been good so long */
	STEP_PPB = 20,	      /* less is no reason to steer */
	MOST_PPB = 100000,    /* no carrier is so far off */
	APART_PPB = 2000,     /* not the same clock: a slip a minute */
	FRAME_PPB_S = 125000, /* a frame: ppb apart times seconds until a slip */
};

/* The far end of a carrier's line gives the clock, unless ranks are given. */
static unsigned rank_of(const struct media_role *m, unsigned i)
{
	const struct conf_span *s = &m->conf.spans[i];

	if (s->gone)
		return 0;
	for (unsigned k = 0; k < m->conf.n_spans; k++)
		if (media_has_span(m, k) && m->conf.spans[k].clock_source)
			return s->clock_source;
	if (s->isdn.side != CONF_SIDE_USER || s->line.time != CONF_TIME_WALL)
		return 0;
	return s->line.driver == CONF_DAHDI ||
	       s->line.clock == CONF_CLOCK_SLAVE ? i + 1 : 0;
}

static bool is_slave(const struct media_role *m, unsigned i)
{
	const struct conf_line *l = &m->conf.spans[i].line;

	return l->driver != CONF_DAHDI && l->clock == CONF_CLOCK_SLAVE;
}

static bool is_steered(const struct media_role *m, unsigned i)
{
	const struct conf_line *l = &m->conf.spans[i].line;

	return media_has_span(m, i) && l->driver != CONF_DAHDI &&
	       l->clock == CONF_CLOCK_MASTER && l->time == CONF_TIME_WALL;
}

/* The line's clock against ours; false: not known. */
static bool rate_of(const struct media_role *m, unsigned i, int32_t *ppb)
{
	const struct span_view *v = &m->spans[i];

	if (!v->known || v->state.service >= SERVICE_FAULT)
		return false;
	if (!is_slave(m, i))
		return drift_ppb(&v->drift, ppb);
	*ppb = v->state.line.clock.rate_ppb;
	return v->state.line.clock.locked;
}

/* What was counted is of no use after a slip or a stall. */
static void measure(struct media_role *m, unsigned i)
{
	struct span_view *v = &m->spans[i];
	const struct engine_span_clock *c = &v->state.clock;
	const struct line_clock_stats *l = &v->state.line.clock;
	uint64_t breaks = c->stalls + c->dropped + l->slips + l->stalls;

	if (!v->known || v->state.service >= SERVICE_FAULT ||
	    breaks != v->breaks)
		drift_reset(&v->drift);
	else if (c->frames_ns != v->counted_ns)
		drift_add(&v->drift, c->frames_ns, (int64_t)c->frames);
	v->breaks = breaks;
	v->counted_ns = c->frames_ns;
}

static bool is_good(const struct media_role *m, unsigned i)
{
	int32_t rate;

	return rank_of(m, i) && rate_of(m, i, &rate) && abs(rate) <= MOST_PPB;
}

/* Another one than that which we have: better, but only just back? */
static bool is_too_new(const struct media_role *m, unsigned i)
{
	int source = m->clock.source;

	return source >= 0 && (int)i != source && m->spans[source].good_s &&
	       m->spans[i].good_s < BACK_S;
}

/* Whether one is good is known of all before they are weighed. */
static int best_source(struct media_role *m, int32_t *ppb)
{
	unsigned best_rank = UINT32_MAX;
	int best = -1;

	for (unsigned i = 0; i < m->conf.n_spans; i++) {
		struct span_view *v = &m->spans[i];

		v->good_s = is_good(m, i) ? v->good_s + 1 : 0;
	}
	for (unsigned i = 0; i < m->conf.n_spans; i++) {
		unsigned rank = rank_of(m, i);

		if (!m->spans[i].good_s || rank >= best_rank ||
		    is_too_new(m, i))
			continue;
		best_rank = rank;
		best = (int)i;
	}
	if (best >= 0)
		rate_of(m, (unsigned)best, ppb);
	return best;
}

static void tell_source(struct media_role *m, int source, int32_t ppb)
{
	struct media_clock *c = &m->clock;

	if (source == c->source)
		return;
	if (source >= 0)
		log_info("clock: taken from span %s (%+.1f ppm)",
			 m->conf.spans[source].name, ppb / 1e3);
	else
		log_warn("clock: span %s gives none and there is no other: "
			 "%+.1f ppm is held", m->conf.spans[c->source].name,
			 c->ppb / 1e3);
}

static void steer(struct media_role *m, int32_t ppb)
{
	if (abs(ppb - m->clock.steered) < STEP_PPB)
		return;
	m->clock.steered = ppb;
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (is_steered(m, i) && !engine_steer(m->engine, i, ppb))
			m->drops.commands++;
}

void media_clock_line(struct media_role *m, unsigned span)
{
	if (m->clock.steered && is_steered(m, span) &&
	    !engine_steer(m->engine, span, m->clock.steered))
		m->drops.commands++;
}

void media_clock_second(struct media_role *m)
{
	struct media_clock *c = &m->clock;
	int32_t ppb = c->ppb;
	int source;

	for (unsigned i = 0; i < m->conf.n_spans; i++)
		measure(m, i);
	source = best_source(m, &ppb);
	tell_source(m, source, ppb);
	c->held = source < 0 && (c->held || c->source >= 0);
	c->source = source;
	c->ppb = ppb;
	steer(m, ppb);
	media_card_second(m);
}

/* --- in words --- */

static const char *master_text(const struct media_role *m, char *to,
			       size_t size)
{
	const struct media_clock *c = &m->clock;
	bool apart = media_card_is_apart(m);
	char card[80] = "";

	if (apart)
		media_card_text(m, (unsigned)c->source, card, sizeof(card));
	if (c->source >= 0)
		snprintf(to, size, "from span %s, %+.1f ppm against this "
			 "machine%s%s", m->conf.spans[c->source].name,
			 c->ppb / 1e3, apart ? ", but its card " : "", card);
	else if (c->held)
		snprintf(to, size, "held at %+.1f ppm: no source is good",
			 c->ppb / 1e3);
	else
		snprintf(to, size, "this machine's own: there is no source");
	return to;
}

/* Against whom it is judged: the source, or else ourselves. */
static const char *line_text(const struct media_role *m, unsigned i,
			     int32_t ppb, char *to, size_t size)
{
	int32_t apart = ppb - (m->clock.source >= 0 ? m->clock.ppb : 0);
	unsigned slip_s = apart ? (unsigned)(FRAME_PPB_S / llabs(apart)) : 0;

	if (m->clock.source < 0 || (int)i == m->clock.source)
		snprintf(to, size, "runs %+.1f ppm", ppb / 1e3);
	else if (abs(apart) < APART_PPB)
		snprintf(to, size, "runs with span %s",
			 m->conf.spans[m->clock.source].name);
	else
		snprintf(to, size, "drifts %+.1f ppm: it does not take the "
			 "clock of span %s: a slip every %u s", apart / 1e3,
			 m->conf.spans[m->clock.source].name, slip_s);
	return to;
}

void media_put_clock(struct media_role *m, struct json *j)
{
	char text[160];

	json_obj(j, "clock");
	json_str(j, "source", m->clock.source >= 0 ?
				      m->conf.spans[m->clock.source].name :
				      "");
	json_str(j, "text", master_text(m, text, sizeof(text)));
	json_num(j, "ppm", m->clock.ppb / 1e3, 2);
	json_close(j);
}

void media_put_line_drift(struct media_role *m, struct json *j, unsigned i)
{
	char text[160];
	int32_t ppb;

	if (media_card_text(m, i, text, sizeof(text)))
		json_str(j, "card_clock", text);
	if (!rate_of(m, i, &ppb)) {
		json_nil(j, "drift_ppm");
		json_str(j, "clock_text", "not measured yet");
		return;
	}
	json_num(j, "drift_ppm", ppb / 1e3, 2);
	json_str(j, "clock_text", line_text(m, i, ppb, text, sizeof(text)));
}

void media_put_clock_metrics(struct media_role *m, struct text *t)
{
	media_put(t, "# HELP trunkgate_media_clock_source 1: the clock is "
		     "taken from this line\n"
		     "# TYPE trunkgate_media_clock_source gauge\n");
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (media_has_span(m, i))
			media_put(t, "trunkgate_media_clock_source{span=\"%s\"}"
				     " %d\n", m->conf.spans[i].name,
				  (int)i == m->clock.source);
	media_put(t, "# HELP trunkgate_media_line_drift_ppb clock of the line "
		     "against this machine's\n"
		     "# TYPE trunkgate_media_line_drift_ppb gauge\n");
	for (unsigned i = 0; i < m->conf.n_spans; i++) {
		int32_t ppb;

		if (rate_of(m, i, &ppb))
			media_put(t, "trunkgate_media_line_drift_ppb"
				     "{span=\"%s\"} %d\n",
				  m->conf.spans[i].name, ppb);
	}
}
