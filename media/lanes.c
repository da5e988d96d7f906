/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/lanes.h"

#include <errno.h>
#include <string.h>

int lane_group_init(struct lane_group *g, unsigned tail_ms, enum echo_isa isa)
{
	memset(g, 0, sizeof(*g));
	if (!tail_ms)
		return 0;
	g->echo = echo_group_new(tail_ms, isa);
	return g->echo ? 0 : -errno;
}

void lane_group_fini(struct lane_group *g)
{
	echo_group_free(g->echo);
	memset(g, 0, sizeof(*g));
}

/* tick */
void lane_group_reset(struct lane_group *g, unsigned lane)
{
	memset(&g->lanes[lane], 0, sizeof(g->lanes[lane]));
	if (!g->echo)
		return;
	echo_group_set_lane(g->echo, lane, 0);
	echo_group_reset_lane(g->echo, lane);
}

/* tick */
void lane_group_want(struct lane_group *g, unsigned lane, bool echo, bool nlp)
{
	g->lanes[lane].echo = g->echo && echo;
	g->lanes[lane].nlp = nlp;
}

/* tick */
void lane_group_forget(struct lane_group *g, unsigned lane)
{
	if (g->echo)
		echo_group_reset_lane(g->echo, lane);
}

/* tick */
unsigned lane_group_wanted(const struct lane_group *g)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < ECHO_LANES; i++)
		mask |= (unsigned)g->lanes[i].echo << i;
	return mask;
}

/* The canceller's flags, as the call and its modems want them. */
static uint8_t flags_of(const struct lane *l)
{
	enum modem_state a = l->line.state, b = l->far.state;

	if (!l->echo || a == MODEM_REVERSED || b == MODEM_REVERSED)
		return 0;
	if (!l->nlp || a == MODEM_ANSWER || b == MODEM_ANSWER)
		return ECHO_ON;
	return ECHO_ON | ECHO_NLP;
}

/* Lanes whose canceller is at work in this block. */
static unsigned set_flags(struct lane_group *g)
{
	unsigned on = 0;

	for (unsigned i = 0; i < ECHO_LANES; i++) {
		struct lane *l = &g->lanes[i];
		uint8_t flags = flags_of(l);

		if (flags != l->flags)
			echo_group_set_lane(g->echo, i, flags);
		l->flags = flags;
		on |= flags & ECHO_ON ? 1u << i : 0;
	}
	return on;
}

/* A fax machine or modem on the line, told once for CNG and once for CED. */
static bool watch_line(struct modem *m, const struct bank_block *tones)
{
	enum modem_state before = m->state;

	return modem_run(m, tones) &&
	       (m->state == before || before == MODEM_NONE);
}

static unsigned watch_near(struct lane_group *g, const struct lane_block *b)
{
	struct bank_block tones;
	unsigned fax = 0;

	for (unsigned i = 0; i < ECHO_LANES; i++) {
		if (!(b->used >> i & 1))
			continue;
		bank_lane(&b->heard, i, &tones);
		if (watch_line(&g->lanes[i].line, &tones))
			fax |= 1u << i;
	}
	return fax;
}

/* The modems that the far end may have show in what was sent. */
static void watch_far(struct lane_group *g, struct lane_block *b,
		      unsigned wanted)
{
	struct bank_block tones;

	bank_run((const float (*)[ECHO_LANES])b->far, BANK_CNG, &b->sent);
	for (unsigned i = 0; i < ECHO_LANES; i++) {
		if (!(wanted >> i & 1))
			continue;
		bank_lane(&b->sent, i, &tones);
		modem_run(&g->lanes[i].far, &tones);
	}
}

/* tick */
void lane_group_run(struct lane_group *g, struct lane_block *b)
{
	unsigned wanted = lane_group_wanted(g) & b->used;

	b->cancelled = set_flags(g) & b->used;
	if (b->cancelled)
		echo_group_run(g->echo, (const float (*)[ECHO_LANES])b->far,
			       b->near, b->cancelled);
	bank_run((const float (*)[ECHO_LANES])b->near, 0, &b->heard);
	b->fax = watch_near(g, b);
	if (wanted)
		watch_far(g, b, wanted);
}

/* tick */
bool lane_group_stats(const struct lane_group *g, unsigned lane,
		      struct echo_stats *st)
{
	if (!(g->lanes[lane].flags & ECHO_ON))
		return false;
	echo_group_stats(g->echo, lane, st);
	return true;
}
