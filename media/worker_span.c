/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans that come to a worker and go while it runs. All: tick. */
#include "media/engine_priv.h"

/* tick */
bool worker_has(const struct worker *w, const struct span *sp)
{
	for (unsigned i = 0; i < w->n_spans; i++)
		if (w->spans[i] == sp)
			return true;
	return false;
}

/* tick: what it brings with it was made by the control thread. */
void worker_attach(struct worker *w, struct span *sp, mono_t now)
{
	w->spans[w->n_spans++] = sp;
	w->packs[w->n_packs++] = sp->pack;
	sp->spare = NULL;
	worker_io_add_line(w, sp);
	pack_start(sp->pack, now);
}

static void drop_pack(struct worker *w, const struct pack *p)
{
	unsigned i = 0;

	while (w->packs[i] != p)
		i++;
	w->packs[i] = w->packs[--w->n_packs];
}

/* tick: its calls are without a place from here on. */
void worker_detach(struct worker *w, struct span *sp)
{
	struct pack *p = sp->pack;
	unsigned i = 0;

	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot])
			span_disconnect(sp, sp->slots[slot]);
	while (w->spans[i] != sp)
		i++;
	w->spans[i] = w->spans[--w->n_spans];
	if (pack_leave(p, sp) == 0) {
		drop_pack(w, p);
		sp->spare = p;
	}
	w->leaving.spans[w->leaving.n_spans++] = sp;
}

/* tick: whoever uses it: it is the control thread's from the moment that it
 * stands in the ring. */
void worker_let_go(struct worker *w)
{
	unsigned left = 0;

	for (unsigned i = 0; i < w->leaving.n_spans; i++) {
		struct span *sp = w->leaving.spans[i];
		uint16_t given = (uint16_t)(w->engine->cfg.sessions +
					    sp->index);

		if (!worker_io_remove_line(w, sp)) {
			w->leaving.spans[left++] = sp;
			continue;
		}
		ring_put(&w->rings.yielded, &given);
		w->told = true;
	}
	w->leaving.n_spans = left;
}
