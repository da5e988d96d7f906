/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/session.h"

#include <math.h>
#include <string.h>

#include "media/stretch.h"

enum {
	PT_PCMU = 0,
	PT_PCMA = 8,
	PT_CN = 13,
	PT_DYNAMIC = 96,
	LATCH_PACKETS = 10, /* from another place: believed */
	CUT_PAUSE = 9,	    /* blocks, after a search in vain: it is dear */
	CLEAR_IDLE = 0xff,  /* RFC 4040: for what is lost of data */
};

/* Is it worth being authenticated? */
static bool may_be_from(const struct session *s, const struct net_addr *from)
{
	return s->far.rtp.family &&
	       (s->far.learn == MEDIA_LEARN_ADDRESS ||
		net_ip_eq(from, &s->far.rtp));
}

/*
 * Only the place that the core named is heard; or, if that is allowed and
 * the place says nothing, one other that keeps sending (RFC 4961 is not kept
 * by all, and behind NAT nobody knows where he is).
 */
static bool is_from(struct session *s, struct tick *t,
		    const struct net_addr *from)
{
	struct session_rx *rx = &s->rx;

	if (net_addr_eq(from, &s->far.rtp)) {
		rx->latched = *from;
		return true;
	}
	if (rx->latched.family)
		return net_addr_eq(from, &rx->latched);
	if (s->far.learn == MEDIA_LEARN_OFF)
		return false;
	if (!rx->other.family || !net_addr_eq(from, &rx->other)) {
		rx->other = *from;
		rx->other_count = 0;
	}
	if (++rx->other_count < LATCH_PACKETS)
		return false;
	rx->latched = *from;
	engine_tell(t, s, MEDIA_EV_LEARNT, 0);
	return true;
}

static bool is_event(const struct session *s, const struct rtp_packet *p)
{
	/* The peer numbers what it sends as our offer did, which may differ
	 * from its own; nothing else dynamic is ever agreed upon. */
	return s->far.dtmf_pt && !s->place.clear &&
	       (p->pt == s->far.dtmf_pt ||
		(p->pt >= PT_DYNAMIC && p->len == DTMF_EVENT_LEN));
}

static bool is_audio(const struct session *s, const struct rtp_packet *p)
{
	if (p->len == 0 || p->len > JITTER_PACKET)
		return false;
	/* The peer numbers what it sends as our offer did. */
	if (s->place.clear)
		return p->pt == s->far.codec ||
		       (s->far.codec >= PT_DYNAMIC && p->pt >= PT_DYNAMIC);
	return p->pt == PT_PCMU || p->pt == PT_PCMA;
}

/* held: it was on probation, something newer was delivered already. */
static void deliver(struct session *s, const struct rtp_packet *p, bool held)
{
	const uint8_t *codes = p->payload;
	enum law law = p->pt == PT_PCMU ? LAW_U : LAW_A;
	uint8_t other[JITTER_PACKET];
	size_t len = p->len;

	if (!session_may_receive(s))
		return;
	if (p->pt != PT_PCMU && p->pt != PT_PCMA && !s->place.clear) {
		s->busy |= SESSION_LINE_DIGITS;
		if (dtmf_recv_on(&s->rx.line.digits, p->ts, p->payload, len) ==
		    DTMF_RECV_BAD)
			s->rx.bad++;
		return;
	}
	if (!s->place.connected)
		return;
	if (!s->place.clear && law != s->place.law) {
		memcpy(other, codes, len);
		law_convert_n(law, s->place.law, other, len);
		codes = other;
	}
	if (held)
		jitter_fill(&s->rx.jitter, p->ts, codes, len);
	else
		jitter_put(&s->rx.jitter, p->ts, codes, len);
}

/* The one on probation was nobody's. */
static void drop_aside(struct session *s)
{
	if (s->rx.aside.waiting)
		s->rx.stray++;
	s->rx.aside.waiting = s->rx.aside.valid = false;
}

static void keep_aside(struct session *s, const struct rtp_packet *p)
{
	struct session_aside *a = &s->rx.aside;

	drop_aside(s);
	a->waiting = true;
	a->valid = p->len <= sizeof(a->octets) && p->pt != PT_CN;
	if (!a->valid)
		return;
	a->packet = *p;
	memcpy(a->octets, p->payload, p->len);
	a->packet.payload = a->octets;
}

/*
 * A sender is believed. The delay of its jitter buffer is set by the packet
 * that just came; the one before it is played if there is still time.
 */
static void new_sender(struct session *s, const struct rtp_packet *p)
{
	struct session_aside *a = &s->rx.aside;

	jitter_reset(&s->rx.jitter);
	s->rx.line.digits.event.open = false;
	s->rx.line.digits.event.any = false;
	s->rx.packets++;
	if (a->valid && is_event(s, &a->packet))
		deliver(s, &a->packet, true);
	if (p->pt != PT_CN)
		deliver(s, p, false);
	if (a->valid && !is_event(s, &a->packet))
		deliver(s, &a->packet, true);
	a->waiting = a->valid = false;
}

static void heard(struct session *s, struct tick *t)
{
	s->rx.packets++;
	s->rx.heard = t->now;
	s->rx.dead = false;
	if (!s->rx.any)
		engine_tell(t, s, MEDIA_EV_RTP, 0);
	s->rx.any = true;
	if (s->rx.silent)
		engine_tell(t, s, MEDIA_EV_HEARD, 0);
	s->rx.silent = false;
}

/* tick */
void session_packet(struct session *s, struct tick *t,
		    const struct udp_datagram *d)
{
	uint32_t arrival = (uint32_t)(d->at.ns / (NS_PER_S / 8000));
	struct udp_datagram in = *d;
	uint8_t plain[UDP_MAX];
	struct rtp_packet p;

	if (!may_be_from(s, &d->from)) {
		s->rx.stray++;
		return;
	}
	if (!session_unseal(s, &in, plain))
		return;
	if (!is_from(s, t, &d->from)) {
		s->rx.stray++;
		return;
	}
	if (rtp_parse(&p, in.data, in.len) < 0) {
		s->rx.bad++;
		return;
	}
	if (p.pt != PT_CN && !is_event(s, &p) && !is_audio(s, &p)) {
		s->rx.bad++;
		return;
	}
	switch (rtp_source_on(&s->rx.source, &p, arrival)) {
	case RTP_PROBATION:
		keep_aside(s, &p);
		return;
	case RTP_NEW:
		new_sender(s, &p);
		break;
	case RTP_NEXT:
	case RTP_LATE:
		drop_aside(s);
		if (p.pt != PT_CN)
			deliver(s, &p, false);
		break;
	}
	heard(s, t);
}

/* Data have all ones in the place of what is lost. */
static void conceal(struct session *s, enum jitter_kind kind, uint8_t *codes,
		    size_t n)
{
	bool filled = kind != JITTER_IDLE;

	if (s->place.clear)
		memset(codes, CLEAR_IDLE, n);
	else if (filled)
		filled = plc_fill(&s->rx.plc, s->place.law, codes, n);
	else
		memset(codes, law_silence(s->place.law), n);
	if (filled)
		s->rx.concealed += (uint32_t)n;
}

/* When there is more delay than needed: a block made of more than one. */
static bool cut(struct session *s, uint8_t *codes)
{
	uint8_t in[STRETCH_IN];
	unsigned n;

	if (s->rx.jitter.excess < STRETCH_MAX || s->place.clear)
		return false;
	if (s->rx.no_cut) {
		s->rx.no_cut--;
		return false;
	}
	if (s->rx.plc.lost || !jitter_peek(&s->rx.jitter, in, sizeof(in)))
		return false;
	n = stretch_cut(s->place.law, in, codes);
	if (!n) {
		s->rx.no_cut = CUT_PAUSE;
		return false;
	}
	jitter_skip(&s->rx.jitter, STRETCH_OUT + n, n);
	plc_good(&s->rx.plc, s->place.law, codes, SESSION_BLOCK);
	return true;
}

static void play(struct session *s, uint8_t *codes)
{
	enum jitter_kind kind;
	size_t n = 0, run;

	if (cut(s, codes))
		return;
	while (n < SESSION_BLOCK) {
		run = jitter_get(&s->rx.jitter, codes + n, SESSION_BLOCK - n,
				 &kind);
		if (kind != JITTER_AUDIO)
			conceal(s, kind, codes + n, run);
		else if (!s->place.clear)
			plc_good(&s->rx.plc, s->place.law, codes + n, run);
		n += run;
	}
}

/* The in-band copy of digits that came as events is not heard twice. */
static void mute_copies(const struct session *s, uint32_t ts, uint8_t *codes)
{
	const struct dtmf_recv *r = &s->rx.line.digits;

	if (!r->mute[0].valid)
		return;
	for (uint32_t i = 0; i < SESSION_BLOCK; i++)
		if (dtmf_recv_mutes(r, ts + i))
			codes[i] = law_silence(s->place.law);
}

/* Digits of the line player; false: none sounds. */
static bool play_digits(struct session *s, struct tick *t, float *out)
{
	struct dtmf_recv *r = &s->rx.line.digits;
	enum dtmf_recv_change change;
	bool sounds = digit_player_run(&s->rx.line, out, &change);

	if (change == DTMF_RECV_END && !r->now.local) {
		s->rx.digits++;
		engine_tell(t, s, MEDIA_EV_DTMF_RTP, dtmf_digit(r->now.code));
	}
	if (!sounds && dtmf_recv_is_idle(r, s->rx.jitter.play))
		s->busy &= (uint8_t)~SESSION_LINE_DIGITS;
	return sounds;
}

/* What is heard instead of RTP, or of a part of it. ts: of the block. */
static void overlay(struct session *s, struct tick *t, uint32_t ts,
		    uint8_t *codes)
{
	float out[SESSION_BLOCK];
	int16_t pcm[SESSION_BLOCK];

	if (s->busy & SESSION_LINE_DIGITS)
		mute_copies(s, ts, codes);
	if (!(s->busy & SESSION_LINE_DIGITS) || !play_digits(s, t, out)) {
		if (!tone_is_active(&s->rx.tone)) {
			s->busy &= (uint8_t)~SESSION_LINE_TONE;
			return;
		}
		tone_run(&s->rx.tone, out, SESSION_BLOCK);
	}
	law_lane(out, 1, pcm, SESSION_BLOCK);
	law_encode_n(s->place.law, pcm, codes, SESSION_BLOCK);
}

/* tick */
void session_to_line(struct session *s, struct tick *t, uint8_t *codes)
{
	uint32_t ts = s->rx.jitter.play;

	play(s, codes);
	if (!s->place.clear &&
	    s->busy & (SESSION_LINE_DIGITS | SESSION_LINE_TONE))
		overlay(s, t, ts, codes);
}

/* tick */
void session_idle(struct session *s, struct tick *t)
{
	float out[SESSION_BLOCK];

	if (s->busy & SESSION_LINE_DIGITS)
		play_digits(s, t, out);
}
