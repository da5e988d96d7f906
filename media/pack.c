/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/huge.h"

enum {
	BLOCK_NS = 10000000,
	FRAME_NS = 125000,
	PATIENCE_NS = 1000000, /* for a block that is not there when due */
	MOVE_BLOCKS = 10,      /* a lane is moved in one of so many */
	REST_TURNS = 8,	       /* one group in so many learns ... */
	REST_BLOCKS = 400,     /* ... for so long, time enough to find an echo */
};

/* --- life --- */

static unsigned channels_of(const struct pack *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_spans; i++)
		n += span_channels(p->spans[i]);
	return n;
}

static int new_groups(struct pack *p, unsigned groups, unsigned tail_ms)
{
	size_t size = echo_group_size(tail_ms, ECHO_ISA_BEST);
	uint8_t *state; /* of a group; NULL: there is no canceller */
	int err;

	p->groups = calloc(groups, sizeof(*p->groups));
	p->states = size ? huge_alloc(groups * size) : NULL;
	if (!p->groups || (size && !p->states))
		return -ENOMEM;
	for (; p->n_groups < groups; p->n_groups++) {
		state = size ? p->states + p->n_groups * size : NULL;
		err = lane_group_init_at(&p->groups[p->n_groups], tail_ms,
					 ECHO_ISA_BEST, state);
		if (err < 0)
			return err;
	}
	return 0;
}

int pack_init(struct pack *p, struct span *const *spans, unsigned n)
{
	unsigned groups;
	int err = -ENOMEM;

	memset(p, 0, sizeof(*p));
	p->spans = calloc(n, sizeof(struct span *));
	if (!p->spans)
		return -ENOMEM;
	memcpy(p->spans, spans, n * sizeof(struct span *));
	p->n_spans = n;
	groups = (channels_of(p) + ECHO_LANES - 1) / ECHO_LANES;
	p->lanes = calloc((size_t)groups * ECHO_LANES,
			  sizeof(struct session *));
	p->taken = calloc(groups, sizeof(*p->taken));
	if (!p->lanes || !p->taken)
		goto fini;
	err = new_groups(p, groups, spans[0]->cfg.echo_tail_ms);
	if (err < 0)
		goto fini;
	for (unsigned i = 0; i < n; i++) {
		spans[i]->pack = p;
		spans[i]->seat = i;
	}
	return 0;
fini:
	pack_fini(p);
	return err;
}

void pack_fini(struct pack *p)
{
	for (unsigned i = 0; i < p->n_groups; i++)
		lane_group_fini(&p->groups[i]);
	free(p->states);
	free(p->groups);
	free(p->taken);
	free(p->lanes);
	free(p->spans);
	memset(p, 0, sizeof(*p));
}

/* tick */
unsigned pack_leave(struct pack *p, struct span *sp)
{
	struct span *last = p->spans[--p->n_spans];

	p->spans[sp->seat] = last;
	last->seat = sp->seat;
	sp->pack = NULL;
	return p->n_spans;
}

struct pack_block *pack_block_new(unsigned spans)
{
	size_t size = sizeof(struct pack_block) +
		      spans * sizeof(struct span_block);
	struct pack_block *b = aligned_alloc(64, (size + 63) / 64 * 64);

	if (b)
		memset(b, 0, size);
	return b;
}

void pack_start(struct pack *p, mono_t now)
{
	p->due = mono_add_ns(now, BLOCK_NS);
	for (unsigned i = 0; i < p->n_spans; i++)
		span_start(p->spans[i], now);
}

/* --- lanes --- */

static struct lane_group *group_of(const struct pack *p, unsigned lane)
{
	return &p->groups[lane / ECHO_LANES];
}

/* The fullest group that has a free lane, but for one; an empty one if there
 * is no other. -1: none. */
static int roomiest(const struct pack *p, int but)
{
	int best = -1;

	for (unsigned g = 0; g < p->n_groups; g++) {
		if ((int)g == but || p->taken[g] == ECHO_LANES)
			continue;
		if (best < 0 || p->taken[g] > p->taken[best])
			best = (int)g;
	}
	return best;
}

/* The lowest lane of a group that is free, or that is not. */
static unsigned lane_that(const struct pack *p, int group, bool is_free)
{
	unsigned lane = (unsigned)group * ECHO_LANES;

	while (!p->lanes[lane] != is_free)
		lane++;
	return lane;
}

static void settle_in(struct pack *p, struct session *s, unsigned lane)
{
	p->lanes[lane] = s;
	p->taken[lane / ECHO_LANES]++;
	s->place.lane = (uint16_t)lane;
}

static void move_out(struct pack *p, unsigned lane)
{
	p->lanes[lane] = NULL;
	p->taken[lane / ECHO_LANES]--;
}

/* tick */
void pack_take(struct pack *p, struct session *s)
{
	int group = roomiest(p, -1);
	unsigned lane;

	s->place.lane = SESSION_NO_LANE;
	if (group < 0)
		return;
	lane = lane_that(p, group, true);
	lane_group_reset(group_of(p, lane), lane % ECHO_LANES);
	settle_in(p, s, lane);
	pack_adjust(p, s);
}

/* tick */
void pack_give(struct pack *p, struct session *s)
{
	unsigned lane = s->place.lane;

	if (lane == SESSION_NO_LANE)
		return;
	lane_group_reset(group_of(p, lane), lane % ECHO_LANES);
	move_out(p, lane);
	s->place.lane = SESSION_NO_LANE;
}

/* The group with the fewest calls; -1: all are there that have to be. */
static int superfluous(const struct pack *p)
{
	unsigned calls = 0, in_use = 0;
	int least = -1;

	for (unsigned g = 0; g < p->n_groups; g++) {
		if (!p->taken[g])
			continue;
		calls += p->taken[g];
		in_use++;
		if (least < 0 || p->taken[g] < p->taken[least])
			least = (int)g;
	}
	return in_use > (calls + ECHO_LANES - 1) / ECHO_LANES ? least : -1;
}

/* A call of a group that there need not be goes to another group. That is a
 * walk over the state of both, so not often. */
static void compact(struct pack *p)
{
	int from = superfluous(p), to;
	unsigned lane, old;
	struct session *s;

	if (from < 0)
		return;
	to = roomiest(p, from);
	lane = lane_that(p, to, true);
	old = lane_that(p, from, false);
	s = p->lanes[old];
	lane_group_move(group_of(p, lane), lane % ECHO_LANES, group_of(p, old),
			old % ECHO_LANES);
	move_out(p, old);
	settle_in(p, s, lane);
	p->moves++;
}

/* tick */
void pack_adjust(struct pack *p, struct session *s)
{
	const struct line *line = s->place.span->line;
	unsigned lane = s->place.lane;
	bool theirs = line && line_cancels(line, s->place.slot);

	if (lane == SESSION_NO_LANE)
		return;
	lane_group_want(group_of(p, lane), lane % ECHO_LANES,
			s->place.echo && !theirs, s->place.nlp && !theirs);
	if (s->place.echo_anew)
		lane_group_forget(group_of(p, lane), lane % ECHO_LANES);
	s->place.echo_anew = false;
}

/* tick */
void pack_measure(const struct pack *p, struct session *s)
{
	unsigned lane = s->place.lane;
	struct echo_stats st;

	if (lane == SESSION_NO_LANE ||
	    !lane_group_stats(group_of(p, lane), lane % ECHO_LANES, &st))
		return;
	s->place.erl_db = st.erl_db;
	s->place.erle_db = st.erle_db;
}

/* --- a block --- */

static struct span_block *block_of(const struct session *s,
				   struct pack_block *b)
{
	return &b->spans[s->place.span->seat];
}

/* The samples of the lanes that have some; which are taken? */
static unsigned fill_group(const struct pack *p, unsigned g,
			   struct pack_block *b)
{
	struct session *const *lanes = p->lanes + g * ECHO_LANES;
	const uint8_t *near[ECHO_LANES], *far[ECHO_LANES];
	unsigned taken = 0, ulaw = 0;

	b->lanes.used = b->lanes.bridged = 0;
	for (unsigned i = 0; i < ECHO_LANES; i++) {
		const struct session *s = lanes[i];

		near[i] = far[i] = b->spans[0].rx[0];
		if (!s)
			continue;
		taken |= 1u << i;
		ulaw |= (unsigned)(s->place.law == LAW_U) << i;
		near[i] = block_of(s, b)->rx[s->place.slot];
		far[i] = span_far(s->place.span, s->place.slot);
		if (block_of(s, b)->bridged)
			b->lanes.bridged |= 1u << i;
		else
			b->lanes.used |= 1u << i;
	}
	if (taken)
		law_lanes_decode(near, ulaw, b->lanes.near);
	if (taken && lane_group_wanted(&p->groups[g]))
		law_lanes_decode(far, ulaw, b->lanes.far);
	return taken;
}

/* What the cancellers left, as codes of what goes to RTP. */
static void encode(struct session *const *lanes, struct pack_block *b)
{
	const struct lane_block *lb = &b->lanes;
	uint8_t *out[ECHO_LANES];
	unsigned ulaw = 0;

	for (unsigned i = 0; i < ECHO_LANES; i++) {
		out[i] = b->residual[i];
		if (lb->cancelled >> i & 1 && session_law(lanes[i]) == LAW_U)
			ulaw |= 1u << i;
	}
	law_lanes_encode((const float (*)[ECHO_LANES])lb->near, ulaw,
			 lb->cancelled, out);
}

static void run_session(struct session *s, struct tick *t,
			struct pack_block *b, struct line_block *in)
{
	struct span_block *sb = block_of(s, b);

	in->codes = sb->rx[s->place.slot];
	session_from_line(s, t, in);
	session_to_line(s, t, sb->tx[s->place.slot]);
}

static void run_lane(struct session *s, struct tick *t, struct pack_block *b)
{
	struct line_block in = { 0 };
	unsigned lane = s->place.lane % ECHO_LANES;

	if (b->lanes.used >> lane & 1) {
		in.fax = b->lanes.fax >> lane & 1;
		in.digit = b->lanes.digit[lane];
		if (b->lanes.cancelled >> lane & 1)
			in.residual = b->residual[lane];
	}
	run_session(s, t, b, &in);
}

/*
 * The sessions of a group have been out of all near caches for 10 ms; what is
 * asked for while the canceller of the group before is at work has come when
 * its turn is there.
 */
static void prefetch_group(const struct pack *p, unsigned g)
{
	struct session *const *lanes = p->lanes + g * ECHO_LANES;

	for (unsigned i = 0; g < p->n_groups && i < ECHO_LANES; i++)
		if (lanes[i])
			session_prefetch(lanes[i]);
}

static void prefetch_samples(struct session *const *lanes, unsigned taken)
{
	for (; taken; taken &= taken - 1)
		session_prefetch_samples(lanes[__builtin_ctz(taken)]);
}

/* What the next group has sent: the canceller's reference. */
static void prefetch_far(const struct pack *p, unsigned g)
{
	struct session *const *lanes = p->lanes + g * ECHO_LANES;

	for (unsigned i = 0; g < p->n_groups && i < ECHO_LANES; i++) {
		const uint8_t *far;

		if (!lanes[i])
			continue;
		far = span_far(lanes[i]->place.span, lanes[i]->place.slot);
		__builtin_prefetch(far);
		__builtin_prefetch(far + LINE_BLOCK - 1);
	}
}

/* By turns, so that all find their echo some time: then they have less to do. */
static bool is_resting(const struct pack *p, unsigned g)
{
	return (g + p->blocks / REST_BLOCKS) % REST_TURNS != 0;
}

static void run_group(struct pack *p, unsigned g, struct tick *t,
		      struct pack_block *b)
{
	struct session *const *lanes = p->lanes + g * ECHO_LANES;
	unsigned taken = fill_group(p, g, b);

	prefetch_group(p, g + 1);
	b->lanes.rest = t->behind && is_resting(p, g);
	b->lanes.cancelled = 0;
	if (taken)
		lane_group_run(&p->groups[g], &b->lanes);
	prefetch_samples(lanes, taken);
	prefetch_far(p, g + 1);
	if (b->lanes.cancelled)
		encode(lanes, b);
	for (unsigned i = 0; i < ECHO_LANES; i++)
		if (taken >> i & 1)
			run_lane(lanes[i], t, b);
}

/* Calls without a lane: data. */
static void run_clear(struct span *sp, struct tick *t, struct pack_block *b)
{
	struct line_block in = { 0 };

	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot] &&
		    sp->slots[slot]->place.lane == SESSION_NO_LANE)
			run_session(sp->slots[slot], t, b, &in);
}

/* tick */
void pack_run(struct pack *p, struct tick *t, struct pack_block *b)
{
	for (unsigned i = 0; i < p->n_spans; i++)
		span_begin(p->spans[i], &b->spans[i]);
	prefetch_group(p, 0);
	for (unsigned g = 0; g < p->n_groups; g++)
		run_group(p, g, t, b);
	for (unsigned i = 0; i < p->n_spans; i++) {
		run_clear(p->spans[i], t, b);
		span_end(p->spans[i], t, &b->spans[i]);
	}
}

/* --- when --- */

/* What the lines have for us. */
struct supply {
	unsigned ready;	  /* spans with a block or more... */
	unsigned least;	  /* ...and the least of their blocks */
	unsigned awaited; /* spans that should have one soon */
};

static void look(const struct pack *p, struct supply *s)
{
	*s = (struct supply){ .least = LINE_STALL };
	for (unsigned i = 0; i < p->n_spans; i++) {
		unsigned n = span_blocks(p->spans[i]);

		if (n) {
			s->ready++;
			s->least = n < s->least ? n : s->least;
		} else if (!p->spans[i]->watch.stalled) {
			s->awaited++;
		}
	}
}

/* Time that passed without blocks is left out, so that the packets to come
 * have the timestamps of their time. */
static void skip(struct pack *p, int64_t blocks)
{
	for (unsigned i = 0; blocks > 0 && i < p->n_spans; i++)
		span_skip(p->spans[i], (uint32_t)blocks);
}

/* We, or the lines, have overslept more than they kept. In lockstep time is
 * what the blocks say. */
static void skip_lost(struct pack *p, mono_t now, unsigned blocks)
{
	const struct line *l = p->spans[0]->line;
	int64_t late = mono_diff_ns(now, p->due) - BLOCK_NS / 2;

	if (late >= BLOCK_NS && l && line_is_wall(l))
		skip(p, late / BLOCK_NS + 1 - (int64_t)blocks);
}

/* All lines have stopped. */
static unsigned own_clock(struct pack *p, mono_t now)
{
	int64_t late = mono_diff_ns(now, p->due) / BLOCK_NS;

	if (mono_diff_ns(now, p->due) < 0)
		return 0;
	skip(p, late);
	p->due = mono_add_ns(p->due, (late + 1) * BLOCK_NS);
	return 1;
}

static unsigned due_blocks(struct pack *p, mono_t now, const struct supply *s)
{
	if (!s->ready && !s->awaited)
		return own_clock(p, now);
	if (!s->ready ||
	    (s->awaited && mono_diff_ns(now, p->due) < PATIENCE_NS))
		return 0;
	return s->least;
}

static void drop(struct span *sp, struct tick *t, struct pack_block *b,
		 unsigned kept)
{
	while (span_blocks(sp) > kept)
		span_drop(sp, t, &b->spans[sp->seat]);
}

/* Those that are ahead of the slowest were bridged before: their late blocks
 * go. The rest of the slowest says when the next block is due. */
static void settle(struct pack *p, struct tick *t, struct pack_block *b,
		   unsigned kept)
{
	unsigned rest = LINE_BLOCK;

	for (unsigned i = 0; i < p->n_spans; i++) {
		struct span *sp = p->spans[i];
		unsigned left;

		if (sp->watch.stalled)
			continue;
		drop(sp, t, b, kept);
		left = line_avail(sp->line) % LINE_BLOCK;
		rest = left < rest ? left : rest;
	}
	p->due = mono_add_ns(t->now, (LINE_BLOCK - (int64_t)rest) * FRAME_NS);
}

/* tick */
unsigned pack_tick(struct pack *p, struct tick *t, struct pack_block *b)
{
	struct supply supply;
	unsigned n;

	for (unsigned i = 0; i < p->n_spans; i++) {
		if (p->spans[i]->watch.back)
			drop(p->spans[i], t, b, 1);
		p->spans[i]->watch.back = false;
	}
	look(p, &supply);
	n = due_blocks(p, t->now, &supply);
	if (!n)
		return 0;
	if (supply.ready)
		skip_lost(p, t->now, n);
	pack_run(p, t, b);
	if (supply.ready)
		settle(p, t, b, n - 1);
	if (++p->blocks % MOVE_BLOCKS == 0)
		compact(p);
	return n;
}
