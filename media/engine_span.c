/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spans that come and go while the engine runs. Control thread.
 *
 *    OUT -- ATTACH, with its line and pack --> IN
 *     ^                                        | DETACH
 *     +-- `yielded`: all of it is freed -- LEAVING
 *
 * The control thread makes what a span needs and frees it, so that a worker
 * neither allocates nor waits. While it is OUT nothing of it is a worker's;
 * commands and frames for it are refused here.
 */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool engine_is_out(const struct engine *e, unsigned span)
{
	return span < e->cfg.spans && e->span_place[span] == SPAN_OUT;
}

void engine_drop_span(struct span *sp)
{
	if (sp->spare) {
		pack_fini(sp->spare);
		free(sp->spare);
	}
	span_fini(sp);
}

static int make_pack(struct span *sp)
{
	struct pack *p = calloc(1, sizeof(*p));
	int err = p ? pack_init(p, &sp, 1) : -ENOMEM;

	if (err < 0)
		free(p);
	else
		sp->spare = p;
	return err;
}

/* The line is the span's in any case. */
static int make_span(struct engine *e, unsigned span,
		     const struct engine_span_config *cfg, struct line *l)
{
	struct span *sp = &e->spans[span];
	int err = span_init(sp, span, cfg), err2;

	sp->line = l;
	if (err < 0 && err != -ENOENT)
		return err;
	engine_choose(e, span);
	err2 = make_pack(sp);
	return err2 < 0 ? err2 : err;
}

int engine_add_span(struct engine *e, unsigned span,
		    const struct engine_span_config *cfg, struct line *l)
{
	struct engine_command c = {
		.op = ENGINE_ATTACH,
		.u.line = { .span = (uint16_t)span },
	};
	int err;

	if (span >= e->cfg.spans || !e->planned ||
	    e->span_place[span] != SPAN_OUT) {
		line_close(l);
		return span < e->cfg.spans && e->planned ? -EBUSY : -EINVAL;
	}
	err = make_span(e, span, cfg, l);
	if (err == 0 || err == -ENOENT) {
		e->span_place[span] = SPAN_IN;
		if (engine_span_command(e, &c))
			return err;
		err = -EAGAIN;
	}
	e->span_place[span] = SPAN_OUT;
	engine_drop_span(&e->spans[span]);
	return err;
}

bool engine_remove_span(struct engine *e, unsigned span)
{
	struct engine_command c = {
		.op = ENGINE_DETACH,
		.u.line = { .span = (uint16_t)span },
	};

	if (!e->planned || !engine_span_command(e, &c))
		return false;
	e->span_place[span] = SPAN_LEAVING;
	return true;
}

void engine_on_gone(struct engine *e, unsigned span, struct engine_event *ev)
{
	engine_drop_span(&e->spans[span]);
	e->span_place[span] = SPAN_OUT;
	memset(ev, 0, sizeof(*ev));
	ev->kind = ENGINE_EV_GONE;
	ev->u.span.span = (uint16_t)span;
}
