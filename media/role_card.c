/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose clock a card takes, by its own word, beside the span that we take for
 * the source: system.conf, alarms that the card alone sees, and its driver
 * decide that, not we.
 */
#include "media/role_priv.h"

#include <stdio.h>

/* A card that changes over is given so long; we wait for a source that is back
 * (BACK_S of role_clock.c), it does not. */
enum { APART_S = 30 };

static const struct line_card_clock *card_of(const struct media_role *m,
					     unsigned i)
{
	const struct span_view *v = &m->spans[i];

	return media_awaits_card(m, i) && v->known &&
	       v->state.line.card.known && !(v->state.defects & LINE_GONE) ?
		       &v->state.line.card : NULL;
}

/* The span whose clock the card of this one takes; -1: none that we can name,
 * since cards count spans, or their own ports, and both from 1. */
static int source_of(const struct media_role *m, unsigned i)
{
	const struct line_card_clock *c = card_of(m, i);

	for (unsigned k = 0; c && k < m->conf.n_spans; k++) {
		const struct line_card_clock *other = card_of(m, k);

		if (other && other->place == c->place &&
		    m->conf.spans[k].line.dahdi_span == c->source)
			return (int)k;
	}
	return -1;
}

bool media_card_text(const struct media_role *m, unsigned i, char *to,
		     size_t size)
{
	const struct line_card_clock *c = card_of(m, i);
	int source = source_of(m, i);

	if (!c)
		return false;
	if (!c->source)
		snprintf(to, size, "runs by its own clock");
	else if (source >= 0)
		snprintf(to, size, "takes the clock of span %s",
			 m->conf.spans[source].name);
	else
		snprintf(to, size, "takes the clock of DAHDI span or port %u",
			 c->source);
	return true;
}

bool media_card_is_apart(const struct media_role *m)
{
	int master = m->clock.source, source;
	const struct line_card_clock *c =
		master >= 0 ? card_of(m, (unsigned)master) : NULL;

	if (!c)
		return false;
	source = source_of(m, (unsigned)master);
	return !c->source || (source >= 0 && source != master);
}

void media_card_second(struct media_role *m)
{
	struct media_clock *c = &m->clock;
	char text[80];

	if (!media_card_is_apart(m)) {
		c->apart_s = 0;
		return;
	}
	if (++c->apart_s != APART_S ||
	    !media_card_text(m, (unsigned)c->source, text, sizeof(text)))
		return;
	log_warn("clock: span %s is its source, but the card there %s: see "
		 "its span lines in system.conf (trunkgate doctor), and dmesg",
		 m->conf.spans[c->source].name, text);
}
