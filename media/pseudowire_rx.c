/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "media/pseudowire_priv.h"

enum {
	CONCEAL_FRAMES = 80,	/* mirrored from the last 10 ms, then idle */
	FADE_FRAMES = 20,	/* 6 dB less each */
	ALAW_EVEN_BITS = 0x55,
};

/* tick: count what became of a packet. */
static void count_put(struct line_rx_stats *stats, enum pw_put put)
{
	switch (put) {
	case PW_PUT_REORDERED:
		stats->reordered++;
		break;
	case PW_PUT_LATE:
	case PW_PUT_FAR:
		stats->late++;
		break;
	case PW_PUT_DUPLICATE:
		stats->duplicate++;
		break;
	case PW_PUT_RESYNC:
		stats->resync++;
		break;
	case PW_PUT_OK:
	case PW_PUT_GAP:
	case PW_PUT_HELD:
		break;
	}
}

/* tick: what the clock recovery learns from a packet. */
static void measure(struct pseudowire *p, enum pw_put put, int64_t arrived_ns)
{
	struct pw_jitter *j = &p->rx.jitter;

	if (p->line.cfg.clock != LINE_CLOCK_SLAVE)
		return;
	if (put == PW_PUT_RESYNC)
		pw_servo_renumber(&p->servo);
	else if (j->state != PW_NORMAL || p->rx.l)
		pw_servo_hold(&p->servo);
	else if (put == PW_PUT_OK || put == PW_PUT_GAP)
		p->clock.next_ns += (int64_t)pw_servo_packet(
			&p->servo, j->next - 1, arrived_ns);
}

/* tick: RTP says whose packet it is; we take the first SSRC after a loss.
 * In lockstep nothing is ever lost: a peer that starts again is believed. */
static bool is_stray(struct pseudowire *p, const struct pw_packet *packet)
{
	if (!packet->has_rtp || p->line.cfg.time == LINE_LOCKSTEP)
		return false;
	if (p->rx.jitter.state != PW_NORMAL)
		p->rx.ssrc_known = false;
	if (!p->rx.ssrc_known) {
		p->rx.ssrc_known = true;
		p->rx.ssrc = packet->rtp.ssrc;
	}
	return packet->rtp.ssrc != p->rx.ssrc;
}

/* tick */
static void take_data(struct pseudowire *p, const struct pw_packet *packet,
		      bool idle, int64_t arrived_ns)
{
	struct pw_rx *rx = &p->rx;
	struct line_rx_stats *stats = &p->line.stats.rx;
	enum pw_put put;

	if (is_stray(p, packet)) {
		stats->stray++;
		return;
	}
	put = pw_jitter_put(&rx->jitter, packet->seq,
			    idle ? NULL : packet->payload, arrived_ns);
	count_put(stats, put);
	if (put == PW_PUT_OK || put == PW_PUT_GAP || put == PW_PUT_RESYNC) {
		rx->l = packet->l;
		rx->r = packet->r;
		rx->m = packet->m;
	}
	if (put == PW_PUT_DUPLICATE || put == PW_PUT_LATE)
		rx->repeated = true;
	measure(p, put, arrived_ns);
}

/* tick */
void pw_rx_packet(struct pseudowire *p, const uint8_t *octets, size_t n,
		  int64_t arrived_ns)
{
	const struct pseudowire_config *cfg = &p->line.cfg.pw;
	struct line_rx_stats *stats = &p->line.stats.rx;
	struct pw_packet packet;
	enum pw_verdict verdict = pw_judge(&packet, octets, n, p->payload);

	if (verdict != PW_CHANNEL && verdict != PW_MALFORMED && cfg->rtp &&
	    packet.has_rtp && packet.rtp.pt != cfg->rtp_pt)
		verdict = PW_MALFORMED;
	switch (verdict) {
	case PW_PLAY:
		take_data(p, &packet, false, arrived_ns);
		break;
	case PW_IDLE:
		stats->invalid++;
		take_data(p, &packet, true, arrived_ns);
		break;
	case PW_SIGNAL:
		stats->signalling++;
		break;
	case PW_CHANNEL:
		stats->stray++;
		break;
	case PW_DISCARD:
	case PW_MALFORMED:
		stats->malformed++;
		break;
	}
}

/* tick: an A-law code 6 dB lower: one segment down, or half of segment 0. */
static uint8_t alaw_fade(uint8_t code)
{
	unsigned x = code ^ ALAW_EVEN_BITS;
	unsigned level = x & 0x7f;

	level = level >= 0x10 ? level - 0x10 : level >> 1;
	return (uint8_t)(((x & 0x80) | level) ^ ALAW_EVEN_BITS);
}

/* tick: the frame that replaces a lost one: the past played backwards, so
 * that it joins without a step, and faded; then idle. */
static void conceal(struct pseudowire *p, uint8_t *frame)
{
	struct line *l = &p->line;
	unsigned age = p->rx.concealed;
	const uint8_t *past;

	memset(frame, l->cfg.idle, LINE_SLOTS);
	if (l->cfg.conceal && age < CONCEAL_FRAMES &&
	    p->rx.jitter.state == PW_NORMAL) {
		past = l->rx.frames[(l->rx.head - 2 * age - 1) % LINE_FIFO];
		for (unsigned s = 0; s < p->n_slots; s++) {
			uint8_t code = past[p->map[s]];

			for (unsigned i = 0; i < age / FADE_FRAMES; i++)
				code = alaw_fade(code);
			frame[p->map[s]] = code;
		}
	}
	if (l->cfg.d_slot)
		frame[l->cfg.d_slot] = 0xff;
}

/* tick */
static void play_lost(struct pseudowire *p)
{
	for (unsigned f = 0; f < p->frames; f++) {
		conceal(p, line_fifo_slot(&p->line.rx, 0));
		line_fifo_push(&p->line.rx, true);
		p->rx.concealed++;
	}
}

/* tick */
static void play_payload(struct pseudowire *p, const uint8_t *payload)
{
	struct line *l = &p->line;

	for (unsigned f = 0; f < p->frames; f++) {
		uint8_t *frame = line_fifo_slot(&l->rx, 0);

		memset(frame, l->cfg.idle, LINE_SLOTS);
		for (unsigned s = 0; s < p->n_slots; s++)
			frame[p->map[s]] = *payload++;
		line_fifo_push(&l->rx, false);
	}
}

/* tick */
void pw_rx_play(struct pseudowire *p)
{
	struct pw_played played;

	pw_jitter_play(&p->rx.jitter, &played);
	if (played.lost && p->rx.jitter.state != PW_FILL) {
		p->line.stats.rx.lost++;
		p->second.lost++;
	}
	if (played.lost) {
		play_lost(p);
		return;
	}
	p->rx.concealed = 0;
	if (played.payload && !p->line.down)
		play_payload(p, played.payload);
	else
		line_fill_idle(&p->line, &p->line.rx, p->frames);
}
