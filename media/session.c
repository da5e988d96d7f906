/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/session.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "media/emodel.h"

enum {
	PER_MS = 8,	 /* samples */
	PTIME_MIN = 10,
	PTIME_MAX = 60,
	DIGIT_MS = 100,
	DIGIT_MAX_MS = 5000,
};

void session_init(struct session *s, unsigned index,
		  const struct engine_config *cfg)
{
	memset(s, 0, sizeof(*s));
	s->index = (uint16_t)index;
	s->rtp_fd = s->rtcp_fd = -1;
	jitter_init(&s->rx.jitter, PER_MS * (unsigned)cfg->jitter_min_ms,
		    PER_MS * (unsigned)cfg->jitter_max_ms);
}

void session_fini(struct session *s)
{
	if (s->rtp_fd >= 0)
		close(s->rtp_fd);
	if (s->rtcp_fd >= 0)
		close(s->rtcp_fd);
	s->rtp_fd = s->rtcp_fd = -1;
	srtp_wipe(&s->crypto.tx);
	srtp_wipe(&s->crypto.rx);
}

/* tick */
void session_open(struct session *s, struct tick *t,
		  const struct engine_command *c)
{
	unsigned min = (unsigned)s->rx.jitter.min;
	unsigned max = (unsigned)s->rx.jitter.max;

	memset(&s->far, 0, sizeof(s->far));
	memset(&s->place, 0, sizeof(s->place));
	memset(&s->tx, 0, sizeof(s->tx));
	memset(&s->rx, 0, sizeof(s->rx));
	memset(&s->tone_kind, 0, sizeof(s->tone_kind));
	s->crypto.forged = s->crypto.replayed = 0;
	s->busy = 0;
	jitter_init(&s->rx.jitter, min, max);
	s->far.packet = 20 * PER_MS;
	s->place.erl_db = s->place.erle_db = NAN;
	s->tx.ssrc = c->u.open.ssrc;
	s->tx.ts = c->u.open.ts;
	s->tx.seq = (uint16_t)c->u.open.seq;
	s->tx.restart = true;
	s->open = true;
	s->closing = false;
	s->id = c->id;
	session_rtcp_open(s, t, c->u.open.ssrc ^ c->u.open.ts);
}

/* tick */
void session_close(struct session *s, struct tick *t)
{
	session_rtcp_bye(s, t);
	srtp_wipe(&s->crypto.tx);
	srtp_wipe(&s->crypto.rx);
	s->keyed = false;
	s->closing = true;
}

/* The lines of 64 octets of size octets from p on. */
static void prefetch(const void *p, size_t size)
{
	const char *at = p;

	for (size_t i = 0; i < size; i += 64)
		__builtin_prefetch(at + i, 1);
	__builtin_prefetch(at + size - 1, 1);
}

/* tick */
void session_prefetch(const struct session *s)
{
	prefetch(s, offsetof(struct session, tx.payload) + RTP_HEADER);
	prefetch(&s->rx, offsetof(struct session_rx, jitter.have));
	prefetch(&s->rx.plc, offsetof(struct plc, history));
}

/* tick */
void session_prefetch_samples(const struct session *s)
{
	const struct jitter *j = &s->rx.jitter;

	prefetch(s->tx.payload + RTP_HEADER + s->tx.fill, SESSION_BLOCK);
	prefetch(j->codes + j->play % JITTER_RING, SESSION_BLOCK);
	prefetch(s->rx.plc.history + s->rx.plc.end, SESSION_BLOCK);
}

/* tick */
bool session_may_send(const struct session *s)
{
	return s->far.rtp.family && (s->far.direction == MEDIA_SENDRECV ||
				     s->far.direction == MEDIA_SENDONLY);
}

/* tick */
bool session_may_receive(const struct session *s)
{
	return s->far.direction == MEDIA_SENDRECV ||
	       s->far.direction == MEDIA_RECVONLY;
}

/* tick */
void session_modify(struct session *s, struct tick *t,
		    const struct media_modify *m)
{
	unsigned ptime = m->ptime_ms;

	(void)t;
	if (!net_addr_eq(&s->far.rtp, &m->rtp)) {
		memset(&s->rx.latched, 0, sizeof(s->rx.latched));
		memset(&s->rx.other, 0, sizeof(s->rx.other));
		s->tx.restart = true;
	}
	if (s->far.codec != m->codec)
		s->tx.fill = 0;
	ptime = ptime < PTIME_MIN ? PTIME_MIN : ptime;
	ptime = ptime > PTIME_MAX ? PTIME_MAX : ptime / 10 * 10;
	s->far.rtp = m->rtp;
	s->far.rtcp = m->rtp;
	s->far.rtcp.port = (uint16_t)(m->rtp.port + 1);
	s->far.codec = m->codec;
	s->far.dtmf_pt = m->dtmf_pt;
	s->far.learn = m->learn;
	s->far.packet = (uint16_t)(ptime * PER_MS);
	s->far.direction = m->direction;
	/* With the answer the path to the far telephone closes: what the
	 * canceller has learnt (no echo, most often) is wrong from now on. */
	if (m->answered && !s->far.answered)
		s->place.echo_anew = true;
	s->far.answered = m->answered;
	s->place.echo = m->echo;
	s->place.nlp = m->nlp;
}

static void start_tone(struct session *s, bool to_rtp)
{
	struct tone_gen *g = to_rtp ? &s->tx.tone : &s->rx.tone;
	unsigned kind = s->tone_kind[to_rtp];

	tone_start(g, kind == TONE_NONE ? NULL : &s->place.zone->kinds[kind]);
	s->busy |= to_rtp ? SESSION_RTP_TONE : SESSION_LINE_TONE;
}

/* tick */
void session_placed(struct session *s)
{
	s->place.connected = true;
	s->tx.fill = 0;
	s->tx.digit = 0;
	memset(&s->track, 0, sizeof(s->track));
	jitter_reset(&s->rx.jitter);
	plc_reset(&s->rx.plc, s->place.law);
	start_tone(s, false);
	start_tone(s, true);
}

/* tick */
void session_unplaced(struct session *s)
{
	s->place.connected = false;
	if (s->tx.digit)
		dtmf_send_release(&s->tx.dtmf);
	s->tx.digit = 0;
	memset(&s->rx.tone, 0, sizeof(s->rx.tone));
	memset(&s->tx.tone, 0, sizeof(s->tx.tone));
}

/* tick */
void session_skip(struct session *s, uint32_t samples)
{
	s->tx.ts += samples;
	s->tx.fill = 0;
	s->tx.restart = true;
}

/* tick */
void session_tone(struct session *s, unsigned kind, bool to_rtp)
{
	if (kind >= TONE_KINDS)
		return;
	s->tone_kind[to_rtp] = (uint8_t)kind;
	if (s->place.connected)
		start_tone(s, to_rtp);
}

/* tick */
void session_digit(struct session *s, uint8_t code, uint16_t ms, bool to_rtp)
{
	if (code >= DTMF_DIGITS)
		return;
	if (ms == 0)
		ms = DIGIT_MS;
	if (ms > DIGIT_MAX_MS)
		ms = DIGIT_MAX_MS;
	s->rx.digits++;
	if (!to_rtp) {
		dtmf_recv_put(&s->rx.line.digits, code, ms);
		s->busy |= SESSION_LINE_DIGITS;
	} else if (s->far.dtmf_pt) {
		dtmf_send_put(&s->tx.dtmf, code, ms);
		s->busy |= SESSION_EVENTS;
	} else {
		dtmf_recv_put(&s->tx.inband.digits, code, ms);
		s->busy |= SESSION_RTP_DIGITS;
	}
}

static int16_t centi(float db)
{
	return isfinite(db) && fabsf(db) < 300 ? (int16_t)lrintf(db * 100)
					       : INT16_MIN;
}

static uint16_t quality(const struct session *s,
			const struct media_figures *f)
{
	float expected = (float)rtp_source_expected(&s->rx.source);
	float gone = (float)(f->rtp_lost + f->rtp_late);
	float delay = (float)f->rtt_us / 2000 +
		      (float)(jitter_delay(&s->rx.jitter) +
			      s->far.packet) / PER_MS + 20;

	if (expected < 50)
		return 0;
	gone = gone > expected ? expected : gone;
	return (uint16_t)lrintf(
		100 * emodel_mos(emodel_rating(delay, 100 * gone / expected)));
}

/* tick */
void session_figures(const struct session *s, struct media_figures *f)
{
	const struct jitter_stats *j = &s->rx.jitter.stats;

	memset(f, 0, sizeof(*f));
	f->rtp_tx = s->tx.packets;
	f->rtp_rx = s->rx.packets;
	f->rtp_lost = rtp_source_lost(&s->rx.source);
	f->rtp_late = j->late;
	f->rtp_dup = j->duplicate;
	f->rtp_bad = s->rx.bad + s->rx.stray;
	f->srtp_forged = s->crypto.forged;
	f->srtp_replayed = s->crypto.replayed;
	f->jitter_us = rtp_source_jitter(&s->rx.source) * (1000 / PER_MS);
	f->rtt_us = (uint32_t)((uint64_t)s->rtcp.round_trip * 1000000 >> 16);
	f->concealed_ms = s->rx.concealed / PER_MS;
	f->peer_lost = s->rtcp.peer_lost;
	f->erl_cdb = centi(s->place.erl_db);
	f->erle_cdb = centi(s->place.erle_db);
	f->dtmf = s->rx.digits;
	f->mos_c = quality(s, f);
}

/* RTP is awaited: since when, and for how long has there been none? */
static void supervise(struct session *s, struct tick *t,
		      const struct engine_limits *limits)
{
	bool awaited = s->far.rtp.family && s->far.answered &&
		       session_may_receive(s);
	int64_t silent_ms;

	if (awaited && !s->rx.awaited)
		s->rx.heard = t->now;
	s->rx.awaited = awaited;
	if (!awaited)
		return;
	silent_ms = mono_diff_ms(t->now, s->rx.heard);
	if (limits->alarm_ms && silent_ms >= limits->alarm_ms &&
	    !s->rx.silent) {
		s->rx.silent = true;
		engine_tell(t, s, MEDIA_EV_SILENT, 0);
	}
	if (limits->release_ms && silent_ms >= limits->release_ms &&
	    !s->rx.dead) {
		s->rx.dead = true;
		engine_tell(t, s, MEDIA_EV_DEAD, 0);
	}
}

/* tick */
void session_watch(struct session *s, struct tick *t)
{
	session_rtcp_run(s, t);
	supervise(s, t, t->limits);
}
