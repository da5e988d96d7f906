/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The role's spans: what their configuration means to line and engine; those
 * that come and go while the engine runs. */
#include "media/role_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCK_MS = 10,
	FRAMES_PER_MS = 8,
};

enum line_driver media_driver(const struct conf_line *c)
{
	return c->driver == CONF_DAHDI ? LINE_DAHDI : LINE_PSEUDOWIRE;
}

bool media_has_span(const struct media_role *m, unsigned span)
{
	return span < m->conf.n_spans && !m->conf.spans[span].gone;
}

bool media_awaits_card(const struct media_role *m, unsigned span)
{
	return media_has_span(m, span) &&
	       media_driver(&m->conf.spans[span].line) == LINE_DAHDI;
}

static void line_config_from(struct line_config *out,
			     const struct conf_span *span)
{
	const struct conf_line *in = &span->line;

	line_config_init(out);
	out->raise_ms = span->alarm_raise_ms;
	out->clear_ms = span->alarm_clear_ms;
	out->driver = media_driver(in);
	out->time = in->time == CONF_TIME_LOCKSTEP ? LINE_LOCKSTEP : LINE_WALL;
	out->clock = in->clock == CONF_CLOCK_SLAVE ? LINE_CLOCK_SLAVE
						   : LINE_CLOCK_MASTER;
	out->d_slot = in->d_slot;
	out->idle = in->idle;
	out->slot_mask = 0;
	for (unsigned s = in->first_slot; s <= in->last_slot && s < 32; s++)
		out->slot_mask |= 1u << s;
	if (in->frames)
		out->pw.frames = (uint8_t)in->frames;
	if (in->jitter_ms)
		out->pw.jitter_ms = in->jitter_ms;
	out->pw.rtp = in->rtp;
	if (!in->peer.port)
		out->pw.peer = in->peer;
	if (out->driver == LINE_DAHDI) {
		out->tx_lead = (uint16_t)(in->buffer_ms * FRAMES_PER_MS);
		out->dahdi.tail_ms = span->echo ? span->echo_tail_ms : 0;
		out->dahdi.phase_ms = (uint8_t)(in->dahdi_span % BLOCK_MS);
	}
}

static struct engine_span_config engine_config_from(const struct conf_span *c)
{
	return (struct engine_span_config){
		.law = c->law == CONF_ULAW ? LAW_U : LAW_A,
		.d_slot = c->line.d_slot,
		.idle = c->line.idle,
		.echo_tail_ms = c->echo ? c->echo_tail_ms : 0,
		.align = c->line.time != CONF_TIME_LOCKSTEP &&
			 c->line.driver != CONF_DAHDI,
		.hold_ms = c->alarm_hold_ms,
		.far_hold_ms = c->rai_hold_ms,
		.country = c->country,
	};
}

static int no_country(const struct conf_span *c, int err)
{
	if (err != -ENOENT)
		return err;
	log_warn("span %s: no tones known for country \"%s\"; using 425 Hz",
		 c->name, c->country);
	return 0;
}

/* fd -1: a card that is not there yet has its line all the same. */
static int open_line(struct media_role *m, unsigned span, int fd)
{
	struct line_config cfg;

	line_config_from(&cfg, &m->conf.spans[span]);
	m->line[span] = line_open(&cfg, fd);
	return m->line[span] ? 0 : -errno;
}

int media_set_span(struct media_role *m, unsigned i)
{
	const struct conf_span *c = &m->conf.spans[i];
	struct engine_span_config cfg = engine_config_from(c);
	int err = no_country(c, engine_set_span(m->engine, i, &cfg));

	if (!err && !m->line[i] && media_awaits_card(m, i))
		err = open_line(m, i, -1);
	if (!err && m->line[i]) {
		m->running[i] = m->line[i];
		err = engine_set_line(m->engine, i, m->line[i]);
		m->line[i] = NULL;
	}
	return err;
}

/* --- while the engine runs --- */

void media_switch_span(struct media_role *m, unsigned i, bool on)
{
	m->spans[i].off = !on;
	if (m->running[i] && !engine_set_down(m->engine, i, !on))
		m->drops.commands++;
}

/* One that was there without a line, or has not gone yet, must be out first. */
int media_settle_span(struct media_role *m, unsigned i)
{
	const struct conf_span *c = &m->conf.spans[i];
	struct engine_span_config cfg = engine_config_from(c);
	int err;

	if (!m->line[i])
		return 0;
	if (!engine_is_out(m->engine, i)) {
		engine_remove_span(m->engine, i);
		return 0;
	}
	m->running[i] = m->line[i];
	m->line[i] = NULL;
	err = no_country(c, engine_add_span(m->engine, i, &cfg,
					    m->running[i]));
	if (err < 0) {
		m->running[i] = NULL;
		return err;
	}
	media_clock_line(m, i);
	if (m->spans[i].off)
		media_switch_span(m, i, false);
	return 0;
}

static int add_span(struct media_role *m, unsigned i, int fd)
{
	int err = open_line(m, i, fd);

	return err < 0 ? err : media_settle_span(m, i);
}

/* Of a card that came when all was running, one more channel; or all that a
 * new span has. */
static int take_later(struct media_role *m, unsigned span, int fd)
{
	bool takes = m->running[span] ? line_offer(m->running[span], fd)
		     : m->line[span] && line_add(m->line[span], fd) == 0;

	if (takes)
		return 0;
	if (m->line[span] || m->running[span] || media_awaits_card(m, span)) {
		close(fd);
		return -EINVAL;
	}
	return add_span(m, span, fd);
}

static int take_first(struct media_role *m, unsigned span, int fd)
{
	int err = m->line[span] ? line_add(m->line[span], fd)
				: open_line(m, span, fd);

	if (err < 0)
		close(fd);
	return err;
}

int media_take_line(struct media_role *m, unsigned span, int fd)
{
	bool later = m->engine;
	int err;

	if (!media_has_span(m, span)) {
		close(fd);
		return -EINVAL;
	}
	err = later ? take_later(m, span, fd) : take_first(m, span, fd);
	if (err < 0 && !later)
		log_err("span %s: line cannot be opened: %s",
			m->conf.spans[span].name, strerror(-err));
	return err;
}

/* It has been told of as one that is not there any more. */
static void remove_span(struct media_role *m, unsigned i)
{
	m->running[i] = NULL;
	m->spans[i].held = (struct span_held){ .looks = 0 };
	m->spans[i].known = false;
	line_close(m->line[i]);
	m->line[i] = NULL;
	if (!m->engine)
		return;
	if (!engine_remove_span(m->engine, i))
		m->drops.commands++;
}

static int new_span(struct media_role *m, unsigned i)
{
	memset(&m->spans[i], 0, sizeof(m->spans[i]));
	media_start_perf_of(m, i);
	return m->engine && media_awaits_card(m, i) ? add_span(m, i, -1) : 0;
}

int media_take_spans(struct media_role *m, const struct conf_for_media *now)
{
	struct conf_for_media *was = malloc(sizeof(*was));
	int err = 0;

	if (!was)
		return -ENOMEM;
	*was = m->conf;
	m->conf = *now;
	for (unsigned i = 0; i < now->n_spans; i++) {
		bool there = i < was->n_spans && !was->spans[i].gone;
		int one = 0;

		if (there && now->spans[i].gone)
			remove_span(m, i);
		else if (!there && !now->spans[i].gone)
			one = new_span(m, i);
		err = err < 0 ? err : one;
	}
	free(was);
	return err;
}
