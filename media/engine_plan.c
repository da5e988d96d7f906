/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which spans share a pack. Those that may be aligned are spread over the ten
 * ms of a block, so that work and packets are; of them those of one clock
 * domain (line_rhythm) and one tail form a pack in each phase. Every other
 * span is a pack of its own.
 */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PHASES = 10, /* ms of a block */
	PHASE_FRAMES = 8,
};

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
static unsigned mates(struct engine *e, unsigned first, struct span **out)
{
	struct span *sp = &e->spans[first];
	unsigned n = 0;

	if (sp->pack)
		return 0;
	out[n++] = sp;
	for (unsigned i = first + 1; i < e->cfg.spans; i++)
		if (may_share(sp, &e->spans[i]))
			out[n++] = &e->spans[i];
	return n;
}

static int make_packs(struct engine *e, struct span **found)
{
	unsigned n, most = 0;
	int err;

	for (unsigned i = 0; i < e->cfg.spans; i++) {
		n = mates(e, i, found);
		if (!n)
			continue;
		err = pack_init(&e->packs[e->n_packs], found, n);
		if (err < 0)
			return err;
		e->n_packs++;
		most = n > most ? n : most;
	}
	e->block = pack_block_new(most);
	return e->block ? 0 : -ENOMEM;
}

int engine_prepare(struct engine *e)
{
	struct span **found;
	int err;

	if (e->packs)
		return -EALREADY;
	for (unsigned i = 0; i < e->cfg.spans; i++)
		if (e->spans[i].cfg.align)
			e->spans[i].align = i % PHASES * PHASE_FRAMES;
	found = calloc(e->cfg.spans + 1, sizeof(*found));
	e->packs = calloc(e->cfg.spans + 1, sizeof(*e->packs));
	err = found && e->packs ? make_packs(e, found) : -ENOMEM;
	free(found);
	return err;
}

void engine_unplan(struct engine *e)
{
	for (unsigned i = 0; i < e->n_packs; i++)
		pack_fini(&e->packs[i]);
	free(e->packs);
	free(e->block);
}
