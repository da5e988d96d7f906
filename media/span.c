/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/span.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
	PHASES = 10, /* ms of a block */
	PHASE_FRAMES = 8,
	FRAMES_A_BLOCK = 8, /* of the D channel, taken at once */
};

static int new_groups(struct span *sp)
{
	for (unsigned i = 0; i < SPAN_GROUPS; i++) {
		int err = lane_group_init(&sp->groups[i],
					  sp->cfg.echo_tail_ms,
					  ECHO_ISA_BEST);

		if (err < 0)
			return err;
	}
	return 0;
}

int span_init(struct span *sp, unsigned index,
	      const struct engine_span_config *cfg)
{
	int err = 0;

	memset(sp, 0, sizeof(*sp));
	sp->index = (uint16_t)index;
	sp->cfg = *cfg;
	sp->cfg.country = NULL;
	sp->align = cfg->align ? index % PHASES * PHASE_FRAMES : 0;
	memset(sp->sent, cfg->idle, sizeof(sp->sent));
	if (cfg->d_slot) {
		sp->dslot = dslot_new();
		if (!sp->dslot)
			goto fail;
	}
	err = new_groups(sp);
	if (err < 0)
		goto fail;
	return tone_zone_init(&sp->zone, cfg->country ? cfg->country : "");
fail:
	err = err ? err : -ENOMEM;
	span_fini(sp);
	return err;
}

void span_fini(struct span *sp)
{
	if (sp->line)
		line_close(sp->line);
	if (sp->dslot)
		dslot_free(sp->dslot);
	for (unsigned i = 0; i < SPAN_GROUPS; i++)
		lane_group_fini(&sp->groups[i]);
	memset(sp, 0, sizeof(*sp));
}

static struct lane_group *group_of(struct span *sp, unsigned lane)
{
	return &sp->groups[lane / ECHO_LANES];
}

/* The lowest free lane: calls fill few groups. */
static uint8_t take_lane(struct span *sp, struct session *s)
{
	for (unsigned i = 0; i < SPAN_LANES; i++) {
		if (sp->lanes[i])
			continue;
		sp->lanes[i] = s;
		lane_group_reset(group_of(sp, i), i % ECHO_LANES);
		return (uint8_t)i;
	}
	return SPAN_NO_LANE;
}

/* tick */
void span_adjust(struct span *sp, struct session *s)
{
	unsigned lane = s->place.lane;

	if (lane == SPAN_NO_LANE)
		return;
	lane_group_want(group_of(sp, lane), lane % ECHO_LANES, s->place.echo,
			s->place.nlp);
	if (s->place.echo_anew)
		lane_group_forget(group_of(sp, lane), lane % ECHO_LANES);
	s->place.echo_anew = false;
}

/* tick */
int span_connect(struct span *sp, unsigned slot, struct session *s, bool clear)
{
	if (slot == 0 || slot >= LINE_SLOTS || slot == sp->cfg.d_slot)
		return -EINVAL;
	if (sp->slots[slot])
		return -EBUSY;
	sp->slots[slot] = s;
	s->place.span = sp->index;
	s->place.slot = (uint8_t)slot;
	s->place.clear = clear;
	s->place.law = sp->cfg.law;
	s->place.zone = &sp->zone;
	s->place.lane = clear ? SPAN_NO_LANE : take_lane(sp, s);
	span_adjust(sp, s);
	session_placed(s);
	return 0;
}

static void measure(struct span *sp, struct session *s)
{
	unsigned lane = s->place.lane;
	struct echo_stats st;

	if (lane == SPAN_NO_LANE ||
	    !lane_group_stats(group_of(sp, lane), lane % ECHO_LANES, &st))
		return;
	s->place.erl_db = st.erl_db;
	s->place.erle_db = st.erle_db;
}

/* tick */
void span_measure(struct span *sp)
{
	for (unsigned i = 0; i < SPAN_LANES; i++)
		if (sp->lanes[i])
			measure(sp, sp->lanes[i]);
}

/* tick */
void span_disconnect(struct span *sp, struct session *s)
{
	unsigned lane = s->place.lane;

	measure(sp, s);
	if (lane != SPAN_NO_LANE) {
		lane_group_reset(group_of(sp, lane), lane % ECHO_LANES);
		sp->lanes[lane] = NULL;
	}
	s->place.lane = SPAN_NO_LANE;
	sp->slots[s->place.slot] = NULL;
	session_unplaced(s);
}

/*
 * What left on the line while this block arrived: written before, and held
 * up by the transmit queue. What is not written yet cannot echo yet.
 */
static uint32_t far_from(const struct span *sp)
{
	uint32_t delay = sp->line ? line_tx_delay(sp->line) : LINE_BLOCK;

	if (delay < LINE_BLOCK)
		delay = LINE_BLOCK;
	if (delay > SPAN_HISTORY)
		delay = SPAN_HISTORY;
	return (sp->written - delay) % SPAN_HISTORY;
}

static void fill(const struct span *sp, unsigned g, struct span_block *b)
{
	struct session *const *lanes = sp->lanes + g * ECHO_LANES;
	struct lane_block *lb = &b->lanes[g];
	unsigned wanted = lane_group_wanted(&sp->groups[g]);
	unsigned ulaw = sp->cfg.law == LAW_U ? ~0u : 0;
	const uint8_t *near[ECHO_LANES], *far[ECHO_LANES];
	uint32_t from = far_from(sp);

	lb->used = 0;
	for (unsigned i = 0; i < ECHO_LANES; i++) {
		unsigned slot = lanes[i] ? lanes[i]->place.slot : 0;

		lb->used |= (unsigned)(lanes[i] != NULL) << i;
		near[i] = b->rx[slot];
		far[i] = sp->sent[slot] + from;
	}
	if (lb->used)
		law_lanes_decode(near, ulaw, lb->near);
	if (wanted & lb->used)
		law_lanes_decode(far, ulaw, lb->far);
}

/* What the cancellers left, as codes of what goes to RTP. */
static void encode(struct session *const *lanes, struct span_block *b,
		   const struct lane_block *lb)
{
	uint8_t *out[ECHO_LANES];
	unsigned ulaw = 0;

	for (unsigned i = 0; i < ECHO_LANES; i++) {
		if (!(lb->cancelled >> i & 1))
			continue;
		out[i] = b->residual[lanes[i]->place.slot];
		if (session_law(lanes[i]) == LAW_U)
			ulaw |= 1u << i;
	}
	law_lanes_encode((const float (*)[ECHO_LANES])lb->near, ulaw,
			 lb->cancelled, out);
}

static void run_group(struct span *sp, unsigned g, struct span_block *b)
{
	struct lane_block *lb = &b->lanes[g];

	fill(sp, g, b);
	if (!lb->used)
		return;
	lane_group_run(&sp->groups[g], lb);
	if (lb->cancelled)
		encode(sp->lanes + g * ECHO_LANES, b, lb);
}

static void from_line(struct session *s, struct tick *t,
		      const struct span_block *b)
{
	unsigned slot = s->place.slot, lane = s->place.lane;
	struct line_block in = { .codes = b->rx[slot] };

	if (lane != SPAN_NO_LANE) {
		const struct lane_block *lb = &b->lanes[lane / ECHO_LANES];

		lane %= ECHO_LANES;
		in.residual = lb->cancelled >> lane & 1 ? b->residual[slot]
							: NULL;
		in.fax = lb->fax >> lane & 1;
		bank_lane(&lb->heard, lane, &in.tones);
	}
	session_from_line(s, t, &in);
}

/* The begin of the ring stands behind its end once more, so that a block is
 * in one piece wherever it begins. */
static void remember(struct span *sp, struct span_block *b)
{
	uint32_t at = sp->written % SPAN_HISTORY;

	for (unsigned slot = 1; slot < LINE_SLOTS; slot++) {
		uint8_t *sent = sp->sent[slot];

		memcpy(sent + at, b->tx[slot], LINE_BLOCK);
		if (at + LINE_BLOCK > SPAN_HISTORY)
			memcpy(sent, sent + SPAN_HISTORY,
			       at + LINE_BLOCK - SPAN_HISTORY);
		else if (at < LINE_BLOCK)
			memcpy(sent + SPAN_HISTORY + at, sent + at,
			       LINE_BLOCK - at);
	}
	sp->written += LINE_BLOCK;
}

/* tick */
void span_run(struct span *sp, struct tick *t, struct span_block *b)
{
	memset(b->tx, sp->cfg.idle, sizeof(b->tx));
	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot])
			session_receive(sp->slots[slot], t);
	for (unsigned g = 0; g < SPAN_GROUPS; g++)
		run_group(sp, g, b);
	for (unsigned slot = 1; slot < LINE_SLOTS; slot++) {
		struct session *s = sp->slots[slot];

		if (!s)
			continue;
		from_line(s, t, b);
		session_to_line(s, t, b->tx[slot]);
	}
	remember(sp, b);
}

/* The D slot's octets of a block, both ways. */
static void run_dslot(struct span *sp, struct tick *t, struct span_block *b)
{
	struct engine_frame f = { .span = sp->index };
	unsigned d = sp->cfg.d_slot;
	size_t len;

	if (!sp->dslot)
		return;
	dslot_rx(sp->dslot, b->rx[d], LINE_BLOCK);
	for (unsigned i = 0; i < FRAMES_A_BLOCK; i++) {
		len = dslot_take(sp->dslot, f.octets);
		if (!len)
			break;
		f.len = (uint16_t)len;
		engine_tell_frame(t, &f);
	}
	dslot_tx(sp->dslot, b->tx[d], LINE_BLOCK);
}

static void watch_alarms(struct span *sp)
{
	uint8_t now = (uint8_t)line_alarms(sp->line);

	if (now == sp->alarms)
		return;
	if (sp->dslot && now)
		dslot_reset(sp->dslot);
	sp->alarms = now;
	sp->told = false;
}

/* The first frames are passed over, so that the blocks of the spans begin
 * at different times. */
static bool align(struct span *sp, struct span_block *b)
{
	unsigned n = sp->align;

	if (!n)
		return true;
	if (line_read(sp->line, b->rx, n) < 0)
		return false;
	memset(b->tx, sp->cfg.idle, sizeof(b->tx));
	if (sp->cfg.d_slot)
		memset(b->tx[sp->cfg.d_slot], 0xff, LINE_BLOCK);
	line_write(sp->line, (const uint8_t (*)[LINE_BLOCK])b->tx, n);
	sp->align = 0;
	return true;
}

/* tick */
unsigned span_tick(struct span *sp, struct tick *t, struct span_block *b,
		   unsigned most)
{
	unsigned done = 0;

	if (!sp->line)
		return 0;
	line_tick(sp->line, t->now);
	watch_alarms(sp);
	if (!align(sp, b))
		return 0;
	while (done < most && line_avail(sp->line) >= LINE_BLOCK) {
		if (line_read(sp->line, b->rx, LINE_BLOCK) < 0)
			break;
		span_run(sp, t, b);
		run_dslot(sp, t, b);
		line_write(sp->line, (const uint8_t (*)[LINE_BLOCK])b->tx,
			   LINE_BLOCK);
		done++;
	}
	return done;
}

/* tick */
int span_send_frame(struct span *sp, const struct engine_frame *f)
{
	int err = sp->dslot ? dslot_send(sp->dslot, f->octets, f->len)
			    : -ENODEV;

	if (err < 0)
		sp->d_refused++;
	return err;
}

/* tick */
void span_state(const struct span *sp, struct engine_span_state *st)
{
	struct dslot_stats d;

	memset(st, 0, sizeof(*st));
	st->span = sp->index;
	st->alarms = sp->alarms;
	st->d_refused = sp->d_refused;
	if (sp->line)
		line_stats(sp->line, &st->line);
	if (!sp->dslot)
		return;
	dslot_stats(sp->dslot, &d);
	st->d_errors = (uint32_t)(d.rx_bad_fcs + d.rx_aborts + d.rx_too_long +
				  d.rx_too_short + d.rx_dropped);
	st->d_rx = (uint32_t)d.rx_frames;
	st->d_tx = (uint32_t)d.tx_frames;
}
