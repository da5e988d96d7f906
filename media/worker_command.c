/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread tells a worker about its sessions. All: tick. */
#include "media/engine_priv.h"

#include <string.h>

enum { COMMANDS_A_TICK = 512 };

static void enter(struct worker *w, struct session *s)
{
	s->at = (uint16_t)w->used;
	w->in_use[w->used++] = s->index;
}

static void leave(struct worker *w, struct session *s)
{
	uint16_t last = w->in_use[w->used - 1];

	w->in_use[s->at] = last;
	w->engine->sessions[last].at = s->at;
	w->used--;
}

static void open_session(struct worker *w, struct tick *t, struct session *s,
			 const struct engine_command *c)
{
	if (s->open) {
		w->gauges.commands_stale++;
		return;
	}
	session_open(s, t, c);
	enter(w, s);
}

static void disconnect(struct session *s)
{
	if (s->place.connected)
		span_disconnect(s->place.span, s);
}

static void connect_session(struct worker *w, struct session *s,
			    const struct engine_command *c)
{
	struct engine *e = w->engine;
	unsigned span = c->u.connect.span;

	disconnect(s);
	if (c->u.connect.slot == 0)
		return;
	if (span >= e->cfg.spans || !worker_has(w, &e->spans[span]) ||
	    span_connect(&e->spans[span], c->u.connect.slot, s,
			 c->u.connect.clear) < 0)
		w->gauges.commands_stale++;
}

/* tick */
void worker_leave(struct worker *w, struct session *s)
{
	/* Once told it may be opened again. */
	s->open = false;
	leave(w, s);
	if (worker_tell_figures(w, s, ENGINE_EV_CLOSED))
		return;
	s->open = true;
	enter(w, s);
}

static void close_session(struct worker *w, struct tick *t, struct session *s)
{
	disconnect(s);
	session_close(s, t);
	worker_leave(w, s);
}

/* Whoever uses the session, or nobody. */
static void yield_session(struct worker *w, struct session *s)
{
	disconnect(s);
	if (s->open)
		leave(w, s);
	worker_io_give(w, s);
}

static void adopt_session(struct worker *w, struct session *s)
{
	worker_io_take(w, s);
	if (s->open)
		enter(w, s);
}

static void on_session(struct worker *w, struct tick *t, struct session *s,
		       const struct engine_command *c)
{
	switch ((enum engine_op)c->op) {
	case ENGINE_CONNECT:
		connect_session(w, s, c);
		break;
	case ENGINE_MODIFY:
		session_modify(s, t, &c->u.modify);
		if (s->place.connected)
			pack_adjust(s->place.span->pack, s);
		break;
	case ENGINE_TONE:
		session_tone(s, c->u.tone.kind, c->u.tone.to_rtp);
		break;
	case ENGINE_DTMF:
		session_digit(s, c->u.dtmf.code, c->u.dtmf.ms,
			      c->u.dtmf.to_rtp);
		break;
	case ENGINE_CRYPTO:
		session_crypto(s, c);
		break;
	case ENGINE_CLOSE:
		close_session(w, t, s);
		break;
	case ENGINE_OPEN:
	case ENGINE_LINE:
	case ENGINE_STEER:
	case ENGINE_ATTACH:
	case ENGINE_DETACH:
		break;
	}
}

static void switch_line(struct line *l, bool down)
{
	line_set_down(l, down);
	if (down)
		line_release(l);
}

static void on_span(struct worker *w, const struct tick *t,
		    const struct engine_command *c)
{
	struct span *sp = &w->engine->spans[c->u.line.span];

	if (c->op == ENGINE_ATTACH)
		worker_attach(w, sp, t->now);
	else if (c->op == ENGINE_DETACH)
		worker_detach(w, sp);
	else if (sp->line && c->op == ENGINE_STEER)
		line_steer(sp->line, c->u.line.ppb);
	else if (sp->line)
		switch_line(sp->line, c->u.line.down);
}

static void run_command(struct worker *w, struct tick *t,
			const struct engine_command *c)
{
	struct session *s = &w->engine->sessions[c->session];

	if (c->op >= ENGINE_LINE && c->op <= ENGINE_DETACH)
		on_span(w, t, c);
	else if (c->op == ENGINE_OPEN)
		open_session(w, t, s, c);
	else if (c->op == ENGINE_YIELD)
		yield_session(w, s);
	else if (c->op == ENGINE_ADOPT)
		adopt_session(w, s);
	else if (!s->open || s->closing || s->id != c->id)
		w->gauges.commands_stale++;
	else
		on_session(w, t, s, c);
}

/* tick */
void worker_run_commands(struct worker *w, struct tick *t)
{
	struct engine_command c;
	struct engine_frame f;

	for (unsigned i = 0; i < COMMANDS_A_TICK; i++) {
		if (!ring_take(&w->rings.commands, &c))
			break;
		run_command(w, t, &c);
	}
	explicit_bzero(&c, sizeof(c));
	for (unsigned i = 0; i < COMMANDS_A_TICK; i++) {
		if (!ring_get(&w->rings.frames_down, &f))
			break;
		if (worker_has(w, &w->engine->spans[f.span]))
			span_send_frame(&w->engine->spans[f.span], &f);
	}
}
