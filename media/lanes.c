/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/lanes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int lane_group_init_at(struct lane_group *g, unsigned tail_ms,
		       enum echo_isa isa, void *state)
{
	int err;

	memset(g, 0, sizeof(*g));
	g->heard = aligned_alloc(64, 2 * sizeof(*g->heard));
	if (!g->heard)
		return -ENOMEM;
	memset(g->heard, 0, 2 * sizeof(*g->heard));
	if (!tail_ms)
		return 0;
	g->echo = state ? echo_group_new_at(tail_ms, isa, state)
			: echo_group_new(tail_ms, isa);
	if (!g->echo) {
		err = -errno;
		lane_group_fini(g);
		return err;
	}
	return 0;
}

int lane_group_init(struct lane_group *g, unsigned tail_ms, enum echo_isa isa)
{
	return lane_group_init_at(g, tail_ms, isa, NULL);
}

void lane_group_fini(struct lane_group *g)
{
	echo_group_free(g->echo);
	free(g->heard);
	memset(g, 0, sizeof(*g));
}

/* tick */
void lane_group_reset(struct lane_group *g, unsigned lane)
{
	unsigned others = ~(1u << lane);

	memset(&g->lanes[lane], 0, sizeof(g->lanes[lane]));
	g->wanted &= others;
	g->on &= others;
	g->line_busy &= others;
	g->far_busy &= others;
	for (unsigned i = 0; i < 2; i++)
		bank_clear(&g->heard[i], lane);
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
	g->changed = true;
	if (g->lanes[lane].echo)
		g->wanted |= 1u << lane;
	else
		g->wanted &= ~(1u << lane);
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
	return g->wanted;
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

static void set_flags(struct lane_group *g)
{
	g->on = 0;
	for (unsigned i = 0; i < ECHO_LANES; i++) {
		struct lane *l = &g->lanes[i];
		uint8_t flags = flags_of(l);

		if (flags != l->flags)
			echo_group_set_lane(g->echo, i, flags);
		l->flags = flags;
		g->on |= flags & ECHO_ON ? 1u << i : 0;
	}
	g->changed = false;
}

/* True: there is something to tell of it. */
static bool run_modem(struct lane_group *g, struct modem *m,
		      const struct modem *other, const struct bank *b,
		      unsigned lane)
{
	enum modem_state before = m->state;
	struct bank_block tones;
	bool news;

	bank_lane(b, lane, &tones);
	news = modem_run(m, other, &tones);
	if (m->state != before)
		g->changed = true;
	/* Told once for CNG and once for CED. */
	return news && (m->state == before || before == MODEM_NONE);
}

/* While one modem of a lane is busy, both are watched. */
static void set_busy(struct lane_group *g, unsigned lane)
{
	const struct lane *l = &g->lanes[lane];
	unsigned bit = 1u << lane;

	if (modem_is_idle(&l->line) && modem_is_idle(&l->far)) {
		g->line_busy &= ~bit;
		g->far_busy &= ~bit;
	} else {
		g->line_busy |= bit;
		g->far_busy |= bit;
	}
}

/* A fax machine or modem on the line. */
static unsigned watch_near(struct lane_group *g, const struct bank *heard,
			   unsigned used)
{
	unsigned left = (modem_lanes(heard) | g->line_busy) & used, fax = 0;

	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		struct lane *l = &g->lanes[i];
		const struct modem *far = g->wanted >> i & 1 ? &l->far : NULL;

		fax |= (unsigned)run_modem(g, &l->line, far, heard, i) << i;
		set_busy(g, i);
	}
	return fax;
}

/* The modems that the far end may have show in what was sent. */
static void watch_far(struct lane_group *g, struct lane_block *b,
		      unsigned wanted)
{
	unsigned left;

	bank_run((const float (*)[ECHO_LANES])b->far, BANK_CNG, &b->sent);
	left = (modem_lanes(&b->sent) | g->far_busy) & wanted;
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		struct lane *l = &g->lanes[i];

		run_modem(g, &l->far, &l->line, &b->sent, i);
		set_busy(g, i);
	}
}

static void look_for_digits(const struct bank *before, const struct bank *now,
			    struct lane_block *b)
{
	unsigned left = dtmf_lanes(before, now) & b->used;
	struct bank_block first, second;

	memset(b->digit, 0, sizeof(b->digit));
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		bank_lane(before, i, &first);
		bank_lane(now, i, &second);
		b->digit[i] = dtmf_look(&first, &second);
	}
}

static void hold(struct lane_group *g, unsigned lanes, uint8_t flag)
{
	for (; lanes; lanes &= lanes - 1) {
		unsigned i = (unsigned)__builtin_ctz(lanes);

		echo_group_set_lane(g->echo, i, g->lanes[i].flags | flag);
	}
}

/* A lane that has lost its near end hears the far end all the same, and learns
 * nothing of it. */
static void cancel(struct lane_group *g, struct lane_block *b)
{
	unsigned bridged = g->on & b->bridged;

	b->cancelled = g->on & b->used;
	if (!(b->cancelled | bridged))
		return;
	hold(g, bridged, ECHO_HOLD);
	echo_group_rest(g->echo, b->rest);
	echo_group_run(g->echo, (const float (*)[ECHO_LANES])b->far, b->near,
		       b->cancelled | bridged);
	hold(g, bridged, 0);
}

/* tick */
void lane_group_run(struct lane_group *g, struct lane_block *b)
{
	struct bank *before = &g->heard[g->turn], *now = &g->heard[!g->turn];
	unsigned wanted = g->wanted & b->used;

	if (g->changed)
		set_flags(g);
	cancel(g, b);
	bank_run((const float (*)[ECHO_LANES])b->near, 0, now);
	g->turn = !g->turn;
	look_for_digits(before, now, b);
	b->fax = watch_near(g, now, b->used);
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

static void move_bit(unsigned *to, unsigned lane, unsigned *from,
		     unsigned from_lane)
{
	*to &= ~(1u << lane);
	*to |= (*from >> from_lane & 1) << lane;
	*from &= ~(1u << from_lane);
}

/* The tones of the last block: a digit is found in two. */
static void move_tones(struct bank *to, unsigned lane, const struct bank *from,
		       unsigned from_lane)
{
	for (unsigned t = 0; t < BANK_TONES; t++) {
		to->re[t][lane] = from->re[t][from_lane];
		to->im[t][lane] = from->im[t][from_lane];
	}
	to->energy[lane] = from->energy[from_lane];
}

/* tick */
void lane_group_move(struct lane_group *to, unsigned lane,
		     struct lane_group *from, unsigned from_lane)
{
	if (to->echo)
		echo_group_move_lane(to->echo, lane, from->echo, from_lane);
	move_tones(&to->heard[to->turn], lane, &from->heard[from->turn],
		   from_lane);
	move_bit(&to->wanted, lane, &from->wanted, from_lane);
	move_bit(&to->on, lane, &from->on, from_lane);
	move_bit(&to->line_busy, lane, &from->line_busy, from_lane);
	move_bit(&to->far_busy, lane, &from->far_busy, from_lane);
	to->changed |= from->changed;
	to->lanes[lane] = from->lanes[from_lane];
	memset(&from->lanes[from_lane], 0, sizeof(from->lanes[from_lane]));
}
