/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/session.h"

#include <math.h>
#include <string.h>

enum {
	UPDATE_MIN = 160, /* samples between event packets: 20 ms ... */
	UPDATE_MAX = 400, /* ... to 50 ms (RFC 4733 2.5.1.2) */
};

/* tick */
enum law session_law(const struct session *s)
{
	return s->far.codec == 0 ? LAW_U : LAW_A;
}

/* tick */
bool digit_player_run(struct digit_player *p, float *out,
		      enum dtmf_recv_change *change)
{
	static const float levels[2] = { DTMF_LOW_DBM0, DTMF_HIGH_DBM0 };

	*change = dtmf_recv_step(&p->digits);
	if (*change == DTMF_RECV_BEGIN) {
		tone_pair(&p->pattern, dtmf_hz(p->digits.now.code), levels, 0);
		tone_start(&p->gen, &p->pattern);
	} else if (*change == DTMF_RECV_END) {
		tone_start(&p->gen, NULL);
	}
	if (!tone_is_active(&p->gen))
		return false;
	tone_run(&p->gen, out, SESSION_BLOCK);
	return true;
}

/* tick */
int session_post(struct session *s, const struct net_addr *to, bool rtcp,
		 const void *data, size_t len)
{
	return s->net ? netio_send(s->net, session_slot(s) + rtcp, to, data,
				   len)
		      : 0;
}

/* tick */
void session_refused(struct session *s)
{
	s->tx.packets--;
	s->tx.errors++;
}

/* tick */
static void send_rtp(struct session *s, const struct rtp_packet *pkt,
		     uint8_t *datagram, size_t len)
{
	size_t wire;

	rtp_header(datagram, pkt);
	wire = session_seal(s, datagram, len);
	if (!wire)
		return;
	/* Where it comes from, if that had to be learnt. */
	if (session_post(s, s->rx.latched.family ? &s->rx.latched : &s->far.rtp,
			 false, datagram, wire) < 0) {
		s->tx.errors++;
		return;
	}
	s->tx.packets++;
	s->tx.octets += (uint32_t)(len - RTP_HEADER);
}

static void send_audio(struct session *s, uint32_t ts)
{
	struct rtp_packet pkt = {
		.pt = s->far.codec,
		.marker = s->tx.restart,
		.seq = s->tx.seq++,
		.ts = ts,
		.ssrc = s->tx.ssrc,
	};

	send_rtp(s, &pkt, s->tx.payload, RTP_HEADER + (size_t)s->tx.fill);
	s->tx.restart = false;
	s->tx.fill = 0;
}

static void send_event(struct session *s, const struct dtmf_send_packet *e)
{
	uint8_t datagram[RTP_HEADER + DTMF_EVENT_LEN + SRTP_TRAILER];
	struct rtp_packet pkt = {
		.pt = s->far.dtmf_pt,
		.marker = e->marker,
		.seq = s->tx.seq++,
		.ts = e->ts,
		.ssrc = s->tx.ssrc,
	};

	memcpy(datagram + RTP_HEADER, e->payload, DTMF_EVENT_LEN);
	send_rtp(s, &pkt, datagram, RTP_HEADER + DTMF_EVENT_LEN);
}

/* A digit on the line begins or ends. While we play one to the line
 * ourselves, its echo is not one. */
static void detect_digit(struct session *s, struct tick *t, char seen)
{
	bool own = s->busy & SESSION_LINE_DIGITS &&
		   s->rx.line.digits.playing;
	char digit = own ? 0 : dtmf_track(&s->track, seen);

	if (digit == s->tx.digit)
		return;
	if (s->tx.digit)
		dtmf_send_release(&s->tx.dtmf);
	s->tx.digit = digit;
	if (!digit)
		return;
	s->rx.digits++;
	engine_tell(t, s, MEDIA_EV_DTMF_LINE, digit);
	if (!s->far.dtmf_pt || !session_may_send(s))
		return;
	dtmf_send_press(&s->tx.dtmf, dtmf_code(digit), s->tx.ts);
	s->busy |= SESSION_EVENTS;
}

/* Digits towards RTP; false: none sounds. */
static bool replace_digits(struct session *s, float *out)
{
	enum dtmf_recv_change change;
	bool sounds = digit_player_run(&s->tx.inband, out, &change);

	if (!sounds && dtmf_recv_is_idle(&s->tx.inband.digits, 0))
		s->busy &= (uint8_t)~SESSION_RTP_DIGITS;
	return sounds;
}

/* What replaces the line towards RTP; false: nothing does. */
static bool replace(struct session *s, uint8_t *codes)
{
	float out[SESSION_BLOCK];
	int16_t pcm[SESSION_BLOCK];

	if (!(s->busy & SESSION_RTP_DIGITS) || !replace_digits(s, out)) {
		if (!tone_is_active(&s->tx.tone)) {
			s->busy &= (uint8_t)~SESSION_RTP_TONE;
			return false;
		}
		tone_run(&s->tx.tone, out, SESSION_BLOCK);
	}
	law_lane(out, 1, pcm, SESSION_BLOCK);
	law_encode_n(session_law(s), pcm, codes, SESSION_BLOCK);
	return true;
}

/* The block as codes of the codec. */
static void encode(const struct session *s, const struct line_block *b,
		   const uint8_t *instead, uint8_t *out)
{
	const uint8_t *coded = instead ? instead : b->residual;

	memcpy(out, coded ? coded : b->codes, SESSION_BLOCK);
	if (!coded && !s->place.clear)
		law_convert_n(s->place.law, session_law(s), out,
			      SESSION_BLOCK);
}

/* Event packets of this block; true: audio keeps quiet. */
static bool send_events(struct session *s)
{
	uint32_t interval = s->far.packet;
	struct dtmf_send_packet e;

	if (interval < UPDATE_MIN)
		interval = UPDATE_MIN;
	if (interval > UPDATE_MAX)
		interval = UPDATE_MAX;
	if (!s->far.dtmf_pt || !(s->busy & SESSION_EVENTS))
		return false;
	if (dtmf_send_step(&s->tx.dtmf, s->tx.ts, interval, &e)) {
		send_event(s, &e);
		s->tx.fill = 0;
		s->tx.restart = true;
		return true;
	}
	if (dtmf_send_is_idle(&s->tx.dtmf))
		s->busy &= (uint8_t)~SESSION_EVENTS;
	return s->tx.dtmf.active;
}

static void send_block(struct session *s, const struct line_block *b,
		       const uint8_t *instead)
{
	uint8_t *at = s->tx.payload + RTP_HEADER;

	if (!session_may_send(s)) {
		s->tx.fill = 0;
		s->tx.restart = true;
		return;
	}
	if (send_events(s))
		return;
	encode(s, b, instead, at + s->tx.fill);
	s->tx.fill = (uint16_t)(s->tx.fill + SESSION_BLOCK);
	if (s->tx.fill >= s->far.packet)
		send_audio(s, s->tx.ts + SESSION_BLOCK - s->tx.fill);
}

/* tick */
void session_from_line(struct session *s, struct tick *t,
		       const struct line_block *b)
{
	uint8_t own[SESSION_BLOCK];
	const uint8_t *instead = NULL;

	if (!s->place.clear) {
		detect_digit(s, t, b->digit);
		if (b->fax)
			engine_tell(t, s, MEDIA_EV_FAX, 0);
		if (s->busy & (SESSION_RTP_DIGITS | SESSION_RTP_TONE) &&
		    replace(s, own)) {
			instead = own;
		} else if (s->far.dtmf_pt && s->track.maybe) {
			/* The begin of a digit, before it is confirmed. */
			memset(own, law_silence(session_law(s)), sizeof(own));
			instead = own;
		}
	}
	send_block(s, b, instead);
	/* Samples are time, sent or not. */
	s->tx.ts += SESSION_BLOCK;
}
