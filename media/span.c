/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/span.h"

#include <errno.h>
#include <string.h>

#include "media/pack.h"

enum {
	FRAMES_A_BLOCK = 8, /* of the D channel, taken at once */
	DATA_IDLE = 0xff,   /* RFC 4040: for what is lost of data */
};

int span_init(struct span *sp, unsigned index,
	      const struct engine_span_config *cfg)
{
	memset(sp, 0, sizeof(*sp));
	sp->index = (uint16_t)index;
	sp->cfg = *cfg;
	sp->cfg.country = NULL;
	memset(sp->sent, cfg->idle, sizeof(sp->sent));
	if (cfg->d_slot) {
		sp->dslot = dslot_new();
		if (!sp->dslot)
			return -ENOMEM;
	}
	return tone_zone_init(&sp->zone, cfg->country ? cfg->country : "");
}

void span_fini(struct span *sp)
{
	if (sp->line)
		line_close(sp->line);
	if (sp->dslot)
		dslot_free(sp->dslot);
	memset(sp, 0, sizeof(*sp));
}

unsigned span_channels(const struct span *sp)
{
	return sp->cfg.d_slot ? LINE_SLOTS - 2 : LINE_SLOTS - 1;
}

/* --- calls --- */

/* tick */
int span_connect(struct span *sp, unsigned slot, struct session *s, bool clear)
{
	if (slot == 0 || slot >= LINE_SLOTS || slot == sp->cfg.d_slot)
		return -EINVAL;
	if (sp->slots[slot])
		return -EBUSY;
	sp->slots[slot] = s;
	s->place.span = sp;
	s->place.slot = (uint8_t)slot;
	s->place.clear = clear;
	s->place.law = sp->cfg.law;
	s->place.zone = &sp->zone;
	s->place.lane = SESSION_NO_LANE;
	if (!clear)
		pack_take(sp->pack, s);
	else if (sp->line)
		line_set_clear(sp->line, slot, true);
	session_placed(s);
	return 0;
}

/* tick */
void span_disconnect(struct span *sp, struct session *s)
{
	pack_measure(sp->pack, s);
	pack_give(sp->pack, s);
	sp->slots[s->place.slot] = NULL;
	if (s->place.clear && sp->line)
		line_set_clear(sp->line, s->place.slot, false);
	session_unplaced(s);
}

/* tick */
void span_measure(struct span *sp)
{
	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot])
			pack_measure(sp->pack, sp->slots[slot]);
}

/* --- the line --- */

void span_start(struct span *sp, mono_t now)
{
	sp->watch.heard = now;
	sp->watch.stalled = !sp->line;
	service_init(&sp->service, sp->cfg.hold_ms, sp->cfg.far_hold_ms, now);
	/* The wake-ups stand in the middle between the instants at which the
	 * line's packets are due: one that is a bit early or late has its
	 * packet all the same, and not none and then two. */
	if (sp->line)
		line_start(sp->line, mono_add_ns(now, -NS_PER_MS / 2));
}

/* Does the line's driver do HDLC itself? */
static bool has_frames(const struct span *sp)
{
	return sp->line && line_has_frames(sp->line);
}

static size_t take_frame(struct span *sp, uint8_t *octets)
{
	return has_frames(sp) ? line_frame_get(sp->line, octets)
			      : dslot_take(sp->dslot, octets);
}

/* The D slot's octets of a block, both ways. */
static void run_dslot(struct span *sp, struct tick *t, struct span_block *b)
{
	struct engine_frame f = { .span = sp->index };
	unsigned d = sp->cfg.d_slot;
	size_t len;

	if (!sp->dslot || b->bridged)
		return;
	if (!has_frames(sp))
		dslot_rx(sp->dslot, b->rx[d], LINE_BLOCK);
	for (unsigned i = 0; i < FRAMES_A_BLOCK; i++) {
		len = take_frame(sp, f.octets);
		if (!len)
			break;
		f.len = (uint16_t)len;
		engine_tell_frame(t, &f);
	}
	if (!has_frames(sp))
		dslot_tx(sp->dslot, b->tx[d], LINE_BLOCK);
}

static void watch_alarms(struct span *sp, mono_t now)
{
	unsigned alarms = line_alarms(sp->line);
	unsigned defects = line_defects(sp->line);
	enum service_state was = sp->service.state;

	if (sp->watch.stalled &&
	    mono_diff_ms(now, sp->watch.heard) >= SPAN_ALARM_MS) {
		alarms |= LINE_STALLED;
		defects |= LINE_STALLED;
	}
	if (service_update(&sp->service, defects, alarms, now) == was &&
	    alarms == sp->alarms && defects == sp->defects)
		return;
	if (sp->dslot && alarms & ~(unsigned)sp->alarms)
		dslot_reset(sp->dslot);
	sp->alarms = (uint16_t)alarms;
	sp->defects = (uint16_t)defects;
	sp->told = false;
}

/* tick */
bool span_has_news(const struct span *sp, mono_t now)
{
	return !sp->told && mono_diff_ms(now, sp->told_at) >= SPAN_CALM_MS;
}

/* The first frames are passed over, so that the blocks of the packs begin
 * at different times. */
static void align(struct span *sp)
{
	uint8_t b[LINE_SLOTS][LINE_BLOCK];
	unsigned n = sp->align;

	if (!n || line_read(sp->line, b, n) < 0)
		return;
	memset(b, sp->cfg.idle, sizeof(b));
	if (sp->cfg.d_slot)
		memset(b[sp->cfg.d_slot], 0xff, LINE_BLOCK);
	line_write(sp->line, (const uint8_t (*)[LINE_BLOCK])b, n);
	sp->taken += n;
	sp->align = 0;
}

/* Does the line's clock run? */
static void watch_clock(struct span *sp, mono_t now)
{
	struct span_watch *w = &sp->watch;
	unsigned waiting = line_avail(sp->line);

	if (waiting != w->waiting) {
		w->heard = now;
		sp->clock.frames = sp->taken + waiting;
		sp->clock.frames_ns = now.ns;
		w->waiting = waiting;
		w->back = w->back || w->stalled;
		w->stalled = false;
		return;
	}
	if (w->stalled || !line_is_wall(sp->line) ||
	    mono_diff_ms(now, w->heard) <= SPAN_STALL_MS)
		return;
	w->stalled = true;
	sp->clock.stalls++;
}

/* tick */
void span_io_begin(struct span *sp, mono_t now)
{
	sp->due.ns = 0;
	if (!sp->line)
		return;
	if (line_is_wall(sp->line) &&
	    mono_diff_ns(now, line_due(sp->line)) >= 0)
		sp->due = line_due(sp->line);
	if (sp->net)
		line_begin(sp->line, now);
}

/* tick */
void span_io(struct span *sp, mono_t now)
{
	if (!sp->line)
		return;
	if (sp->net)
		line_end(sp->line, now);
	else
		line_tick(sp->line, now);
	align(sp);
	watch_clock(sp, now);
	watch_alarms(sp, now);
	sp->watch.looked = true;
}

/* tick */
unsigned span_blocks(const struct span *sp)
{
	if (!sp->line || sp->align)
		return 0;
	return line_avail(sp->line) / LINE_BLOCK;
}

/* --- a block --- */

static void bridge(struct span *sp, struct span_block *b)
{
	memset(b->rx, sp->cfg.idle, sizeof(b->rx));
	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot] && sp->slots[slot]->place.clear)
			memset(b->rx[slot], DATA_IDLE, LINE_BLOCK);
	sp->clock.bridged++;
}

/* tick */
void span_begin(struct span *sp, struct span_block *b)
{
	b->bridged = !span_blocks(sp) ||
		     line_read(sp->line, b->rx, LINE_BLOCK) < 0;
	if (b->bridged)
		bridge(sp, b);
	else
		sp->taken += LINE_BLOCK;
	memset(b->tx, sp->cfg.idle, sizeof(b->tx));
}

/* The begin of the ring stands behind its end once more, so that a block is
 * in one piece wherever it begins. */
static void remember(struct span *sp, const struct span_block *b)
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
void span_end(struct span *sp, struct tick *t, struct span_block *b)
{
	if (b->bridged)
		return;
	run_dslot(sp, t, b);
	remember(sp, b);
	line_write(sp->line, (const uint8_t (*)[LINE_BLOCK])b->tx, LINE_BLOCK);
	sp->watch.waiting = line_avail(sp->line);
}

/* tick */
void span_drop(struct span *sp, struct tick *t, struct span_block *b)
{
	span_begin(sp, b);
	span_end(sp, t, b);
	sp->clock.dropped++;
}

/* tick */
void span_skip(struct span *sp, uint32_t blocks)
{
	for (unsigned slot = 1; slot < LINE_SLOTS; slot++)
		if (sp->slots[slot])
			session_skip(sp->slots[slot], blocks * LINE_BLOCK);
}

/* tick */
const uint8_t *span_far(const struct span *sp, unsigned slot)
{
	uint32_t delay = sp->line ? line_tx_delay(sp->line) : 0;

	if (delay < LINE_BLOCK)
		delay = LINE_BLOCK;
	if (delay > SPAN_HISTORY)
		delay = SPAN_HISTORY;
	return sp->sent[slot] + (sp->written - delay) % SPAN_HISTORY;
}

/* tick */
int span_send_frame(struct span *sp, const struct engine_frame *f)
{
	int err = -ENODEV;

	if (sp->dslot && has_frames(sp))
		err = line_frame_put(sp->line, f->octets, f->len);
	else if (sp->dslot)
		err = dslot_send(sp->dslot, f->octets, f->len);
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
	st->defects = sp->defects;
	st->service = (uint8_t)sp->service.state;
	st->d_refused = sp->d_refused;
	st->clock = sp->clock;
	if (sp->line)
		line_stats(sp->line, &st->line);
	if (!sp->dslot)
		return;
	if (has_frames(sp))
		line_frame_stats(sp->line, &d);
	else
		dslot_stats(sp->dslot, &d);
	st->d_errors = (uint32_t)(d.rx_bad_fcs + d.rx_aborts + d.rx_too_long +
				  d.rx_too_short + d.rx_dropped);
	st->d_rx = (uint32_t)d.rx_frames;
	st->d_tx = (uint32_t)d.tx_frames;
}
