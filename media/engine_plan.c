/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which worker has which span, and which spans share a pack. A span goes to
 * the worker that has the fewest channels so far, the first of them in a
 * tie: the same configuration gives the same plan. The spans of a worker that
 * may be aligned are spread over the ten ms of a block, so that work and
 * packets are; of them those of one clock domain (line_rhythm) and one tail
 * form a pack in each phase. Every other span is a pack of its own.
 */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PHASES = 10, /* ms of a block */
	PHASE_FRAMES = 8,
};

/* What a worker has been given so far. */
static unsigned share_of(const struct engine *e, unsigned worker,
			 unsigned *channels)
{
	unsigned n = 0;

	*channels = 0;
	for (unsigned i = 0; i < e->cfg.spans; i++) {
		if (e->span_place[i] != SPAN_IN || e->span_worker[i] != worker)
			continue;
		*channels += span_channels(&e->spans[i]);
		n++;
	}
	return n;
}

struct worker *engine_choose(struct engine *e, unsigned span)
{
	unsigned best = 0, least = UINT32_MAX, spans = 0;
	struct span *sp = &e->spans[span];

	for (unsigned k = 0; k < e->n_workers; k++) {
		unsigned channels, n = share_of(e, k, &channels);

		if (channels >= least)
			continue;
		best = k;
		least = channels;
		spans = n;
	}
	e->span_worker[span] = (uint8_t)best;
	if (sp->cfg.align)
		sp->align = spans % PHASES * PHASE_FRAMES;
	return &e->workers[best];
}

static void share_out(struct engine *e)
{
	for (unsigned i = 0; i < e->cfg.spans; i++) {
		struct worker *w;

		if (e->span_place[i] != SPAN_SET)
			continue;
		w = engine_choose(e, i);
		e->span_place[i] = SPAN_IN;
		w->spans[w->n_spans++] = &e->spans[i];
	}
}

unsigned engine_thread_of(const struct engine *e, unsigned span)
{
	return e->span_worker[span];
}

static unsigned rhythm(const struct span *sp)
{
	return sp->line ? line_rhythm(sp->line) : 0;
}

static bool may_share(const struct span *a, const struct span *b)
{
	return rhythm(a) && rhythm(a) == rhythm(b) && a->align == b->align &&
	       a->cfg.echo_tail_ms == b->cfg.echo_tail_ms;
}

/* The spans that belong to the pack of this one, it included; 0: they have
 * been found from an earlier one. */
static unsigned mates(const struct worker *w, unsigned first,
		      struct span **out)
{
	struct span *sp = w->spans[first];
	unsigned n = 0;

	if (sp->pack)
		return 0;
	out[n++] = sp;
	for (unsigned i = first + 1; i < w->n_spans; i++)
		if (may_share(sp, w->spans[i]))
			out[n++] = w->spans[i];
	return n;
}

static int make_pack(struct worker *w, struct span *const *found, unsigned n)
{
	struct pack *p = malloc(sizeof(*p));
	int err = p ? pack_init(p, found, n) : -ENOMEM;

	if (err < 0) {
		free(p);
		return err;
	}
	/* Not all of them move lanes in the same ms. */
	p->blocks = w->n_packs;
	w->packs[w->n_packs++] = p;
	return 0;
}

static int make_packs(struct worker *w, struct span **found)
{
	unsigned n, most = 1; /* spans of a pack */
	int err;

	w->packs = calloc(w->engine->cfg.spans + 1, sizeof(struct pack *));
	if (!w->packs)
		return -ENOMEM;
	for (unsigned i = 0; i < w->n_spans; i++) {
		n = mates(w, i, found);
		if (!n)
			continue;
		err = make_pack(w, found, n);
		if (err < 0)
			return err;
		most = n > most ? n : most;
	}
	w->block = pack_block_new(most);
	return w->block ? 0 : -ENOMEM;
}

int engine_prepare(struct engine *e)
{
	struct span **found;
	int err = 0;

	if (e->planned)
		return -EALREADY;
	e->planned = true;
	found = calloc(e->cfg.spans + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	share_out(e);
	for (unsigned i = 0; i < e->n_workers && !err; i++) {
		err = make_packs(&e->workers[i], found);
		if (!err)
			err = worker_io_init(&e->workers[i]);
	}
	free(found);
	return err;
}

void engine_unplan(struct engine *e)
{
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct worker *w = &e->workers[i];

		for (unsigned k = 0; k < w->n_packs; k++) {
			pack_fini(w->packs[k]);
			free(w->packs[k]);
		}
		free(w->packs);
		free(w->block);
	}
}
