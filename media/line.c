/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/line.h"

#include <errno.h>
#include <string.h>

#include "media/cross.h"
#include "media/line_priv.h"
#include "media/pseudowire_jitter.h"
#include "media/pseudowire_packet.h"

enum {
	ALAW_IDLE = 0xd5,
	FRAMES_MAX = 64,	/* of a packet */
	FRAMES_PER_MS = 8,
	SKEW_MAX_PPM = 1000,
	LEAD_MIN = LINE_BLOCK,
	LEAD_MAX = 5 * LINE_BLOCK,
	/* A card has taken all of a block when the next one is complete: it
	 * needs another one then, and a tick or two. */
	DAHDI_LEAD_MIN = LINE_BLOCK + 2 * FRAMES_PER_MS,
	DAHDI_LEAD_MAX = 10 * LINE_BLOCK,
	DAHDI_PHASES = 10,
	RAISE_MS = 2500,
	CLEAR_MS = 10000,
};

void line_config_init(struct line_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->driver = LINE_PSEUDOWIRE;
	cfg->time = LINE_WALL;
	cfg->clock = LINE_CLOCK_MASTER;
	cfg->tx_lead = LINE_BLOCK;
	cfg->slot_mask = 0xfffffffe;
	cfg->d_slot = 16;
	cfg->idle = ALAW_IDLE;
	cfg->conceal = true;
	cfg->raise_ms = RAISE_MS;
	cfg->clear_ms = CLEAR_MS;
	cfg->pw.frames = 8;
	cfg->pw.jitter_ms = 5;
	cfg->pw.rtp_pt = 96;
}

static bool pseudowire_config_ok(const struct line_config *cfg)
{
	const struct pseudowire_config *pw = &cfg->pw;
	size_t slots = (size_t)__builtin_popcount(cfg->slot_mask);
	size_t octets = pw_header_len(pw->rtp) + slots * pw->frames;

	if (pw->frames < 1 || pw->frames > FRAMES_MAX || octets > PW_MTU)
		return false;
	if (cfg->time == LINE_LOCKSTEP && LINE_BLOCK % pw->frames)
		return false;
	if (pw->rtp && (pw->rtp_pt < 96 || pw->rtp_pt > 127))
		return false;
	return pw->jitter_ms >= 1 && pw->jitter_ms <= 60 &&
	       pw->jitter_ms * FRAMES_PER_MS / pw->frames <= PW_DEPTH_MAX;
}

static bool dahdi_config_ok(const struct line_config *cfg)
{
	return cfg->time == LINE_WALL && cfg->tx_lead >= DAHDI_LEAD_MIN &&
	       cfg->tx_lead <= DAHDI_LEAD_MAX &&
	       cfg->tx_lead % FRAMES_PER_MS == 0 &&
	       cfg->dahdi.phase_ms < DAHDI_PHASES;
}

static bool driver_config_ok(const struct line_config *cfg)
{
	switch (cfg->driver) {
	case LINE_PSEUDOWIRE:
		return cfg->tx_lead >= LEAD_MIN && cfg->tx_lead <= LEAD_MAX &&
		       pseudowire_config_ok(cfg);
	case LINE_DAHDI:
		return dahdi_config_ok(cfg);
	}
	return false;
}

int line_config_check(const struct line_config *cfg)
{
	bool ok = (cfg->time == LINE_WALL || cfg->time == LINE_LOCKSTEP) &&
		  (cfg->clock == LINE_CLOCK_MASTER ||
		   cfg->clock == LINE_CLOCK_SLAVE) &&
		  cfg->slot_mask && !(cfg->slot_mask & 1) &&
		  cfg->d_slot < LINE_SLOTS &&
		  (!cfg->d_slot || cfg->slot_mask >> cfg->d_slot & 1) &&
		  cfg->skew_ppm >= -SKEW_MAX_PPM &&
		  cfg->skew_ppm <= SKEW_MAX_PPM && driver_config_ok(cfg);

	return ok ? 0 : -EINVAL;
}

struct line *line_open(const struct line_config *cfg, int fd)
{
	if (line_config_check(cfg) < 0 ||
	    (fd < 0 && cfg->driver != LINE_DAHDI)) {
		errno = EINVAL;
		return NULL;
	}
	return cfg->driver == LINE_DAHDI ? dahdi_line_open(cfg, fd)
					 : pseudowire_open(cfg, fd);
}

int line_add(struct line *l, int fd)
{
	if (!l->ops->add)
		return -ENOTSUP;
	return l->started ? -EINVAL : l->ops->add(l, fd);
}

bool line_offer(struct line *l, int fd)
{
	return l->ops->offer && l->ops->offer(l, fd);
}

unsigned line_calls(const struct line *l)
{
	return l->ops->calls ? l->ops->calls(l) : 0;
}

void line_close(struct line *l)
{
	if (l)
		l->ops->close(l);
}

void line_start(struct line *l, mono_t now)
{
	l->started = true;
	line_alarm_init(&l->alarms, l->cfg.raise_ms, l->cfg.clear_ms, now);
	l->ops->start(l, now);
}

/* tick */
void line_tick(struct line *l, mono_t now)
{
	if (l->started)
		l->ops->tick(l, now);
}

int line_set_port(struct line *l, const struct line_port *port)
{
	if (l->started || l->cfg.time != LINE_WALL || !l->ops->begin)
		return -EINVAL;
	l->port = *port;
	return 0;
}

/* tick */
void line_begin(struct line *l, mono_t now)
{
	if (l->started)
		l->ops->begin(l, now);
}

/* tick */
void line_packet(struct line *l, mono_t now, const struct udp_datagram *d)
{
	if (l->started)
		l->ops->packet(l, now, d);
}

/* tick */
void line_end(struct line *l, mono_t now)
{
	if (l->started)
		l->ops->end(l, now);
}

/* tick */
void line_refused(struct line *l)
{
	l->stats.tx.packets--;
	l->stats.tx.errors++;
}

/* tick */
mono_t line_due(const struct line *l)
{
	return l->ops->due(l);
}

/* tick */
unsigned line_avail(const struct line *l)
{
	return line_fifo_count(&l->rx);
}

/* tick */
uint8_t line_idle_octet(const struct line *l, unsigned slot)
{
	return slot && slot == l->cfg.d_slot ? 0xff : l->cfg.idle;
}

/* tick */
void line_fill_idle(const struct line *l, struct line_fifo *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t *frame = line_fifo_slot(f, 0);

		for (unsigned s = 0; s < LINE_SLOTS; s++)
			frame[s] = line_idle_octet(l, s);
		line_fifo_push(f, true);
	}
}

/* A full block goes by squares of CROSS frames and slots; the rest, when a
 * line is aligned, octet by octet. */
static void frames_to_slots(const struct line_fifo *f,
			    uint8_t (*slots)[LINE_BLOCK], unsigned n)
{
	cross_row r[CROSS];
	unsigned i = 0;

	for (; i + CROSS <= n; i += CROSS) {
		for (unsigned s = 0; s < LINE_SLOTS; s += CROSS) {
			for (unsigned k = 0; k < CROSS; k++)
				memcpy(&r[k], line_fifo_at(f, i + k) + s,
				       CROSS);
			cross(r);
			for (unsigned k = 0; k < CROSS; k++)
				memcpy(&slots[s + k][i], &r[k], CROSS);
		}
	}
	for (; i < n; i++)
		for (unsigned s = 0; s < LINE_SLOTS; s++)
			slots[s][i] = line_fifo_at(f, i)[s];
}

static void slots_to_frames(const uint8_t (*slots)[LINE_BLOCK],
			    struct line_fifo *f, unsigned n)
{
	cross_row r[CROSS];
	unsigned i = 0;

	for (; i + CROSS <= n; i += CROSS) {
		for (unsigned s = 0; s < LINE_SLOTS; s += CROSS) {
			for (unsigned k = 0; k < CROSS; k++)
				memcpy(&r[k], &slots[s + k][i], CROSS);
			cross(r);
			for (unsigned k = 0; k < CROSS; k++)
				memcpy(line_fifo_slot(f, i + k) + s, &r[k],
				       CROSS);
		}
	}
	for (; i < n; i++)
		for (unsigned s = 0; s < LINE_SLOTS; s++)
			line_fifo_slot(f, i)[s] = slots[s][i];
}

/* tick */
int line_read(struct line *l, uint8_t (*slots)[LINE_BLOCK], unsigned n)
{
	int filler = 0;

	if (n > LINE_BLOCK)
		return -EINVAL;
	if (line_fifo_count(&l->rx) < n)
		return -EAGAIN;
	frames_to_slots(&l->rx, slots, n);
	for (unsigned i = 0; i < n; i++)
		filler += line_fifo_pop(&l->rx);
	l->stats.rx.filler_frames += (unsigned)filler;
	return filler;
}

/* tick */
int line_write(struct line *l, const uint8_t (*slots)[LINE_BLOCK], unsigned n)
{
	if (n > LINE_BLOCK || line_fifo_room(&l->tx) < n) {
		l->stats.tx.dropped_frames += n;
		return n > LINE_BLOCK ? -EINVAL : -ENOBUFS;
	}
	slots_to_frames(slots, &l->tx, n);
	for (unsigned i = 0; i < n; i++)
		line_fifo_push(&l->tx, false);
	return 0;
}

/* tick */
unsigned line_tx_delay(const struct line *l)
{
	return l->lead;
}

/* tick */
unsigned line_epoch(const struct line *l)
{
	return l->epoch;
}

/* tick */
bool line_is_wall(const struct line *l)
{
	return l->cfg.time == LINE_WALL;
}

unsigned line_rhythm(const struct line *l)
{
	bool shared = line_is_wall(l) && l->cfg.clock == LINE_CLOCK_MASTER &&
		      l->cfg.driver == LINE_PSEUDOWIRE && !l->cfg.skew_ppm;

	return shared ? l->cfg.pw.frames : 0;
}

/* tick */
unsigned line_alarms(const struct line *l)
{
	return l->alarms.raised;
}

/* tick */
unsigned line_defects(const struct line *l)
{
	return l->alarms.defects;
}

/* tick */
void line_set_down(struct line *l, bool down)
{
	l->down = down;
}

/* tick */
void line_steer(struct line *l, int32_t ppb)
{
	l->steer_ppb = ppb;
}

/* tick */
void line_release(struct line *l)
{
	if (l->ops->release)
		l->ops->release(l);
}

/* tick */
void line_unplug(struct line *l, bool out)
{
	l->out = out;
}

/* tick */
void line_stats(const struct line *l, struct line_stats *stats)
{
	*stats = l->stats;
}

bool line_has_frames(const struct line *l)
{
	return l->ops->frame_get;
}

/* tick */
size_t line_frame_get(struct line *l, uint8_t *octets)
{
	return l->started ? l->ops->frame_get(l, octets) : 0;
}

/* tick */
int line_frame_put(struct line *l, const uint8_t *octets, size_t len)
{
	return l->ops->frame_put(l, octets, len);
}

/* tick */
void line_frame_stats(const struct line *l, struct dslot_stats *stats)
{
	l->ops->frame_stats(l, stats);
}

/* tick */
bool line_cancels(const struct line *l, unsigned slot)
{
	return l->ops->cancels && l->ops->cancels(l, slot);
}

/* tick */
void line_set_clear(struct line *l, unsigned slot, bool clear)
{
	if (l->ops->set_clear)
		l->ops->set_clear(l, slot, clear);
}

int line_fd(const struct line *l)
{
	return l->fd;
}
