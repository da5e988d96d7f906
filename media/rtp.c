/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/rtp.h"

#include <errno.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* tick */
int rtp_parse(struct rtp_packet *pkt, const uint8_t *in, size_t len)
{
	size_t head, pad = 0;

	if (len < RTP_HEADER || in[0] >> 6 != 2)
		return -EINVAL;
	pkt->marker = in[1] >> 7;
	pkt->pt = in[1] & 0x7f;
	if (pkt->pt >= 72 && pkt->pt <= 76)
		return -EINVAL;
	head = RTP_HEADER + 4u * (in[0] & 0x0f);
	if (in[0] & 0x10) {
		if (len < head + 4)
			return -EINVAL;
		head += 4 + 4u * get16(in + head + 2);
	}
	if (len < head)
		return -EINVAL;
	if (in[0] & 0x20) {
		pad = in[len - 1];
		if (pad == 0 || pad > len - head)
			return -EINVAL;
	}
	pkt->seq = get16(in + 2);
	pkt->ts = get32(in + 4);
	pkt->ssrc = get32(in + 8);
	pkt->payload = in + head;
	pkt->len = len - head - pad;
	return 0;
}

/* tick */
void rtp_header(uint8_t *out, const struct rtp_packet *pkt)
{
	out[0] = 0x80;
	out[1] = (uint8_t)(pkt->marker << 7 | pkt->pt);
	out[2] = (uint8_t)(pkt->seq >> 8);
	out[3] = (uint8_t)pkt->seq;
	put32(out + 4, pkt->ts);
	put32(out + 8, pkt->ssrc);
}

static uint32_t extended(const struct rtp_source *s)
{
	return s->cycles + s->max_seq;
}

/* tick */
uint32_t rtp_source_expected(const struct rtp_source *s)
{
	return s->known ? extended(s) - s->base_seq + 1 : 0;
}

/* tick */
uint32_t rtp_source_lost(const struct rtp_source *s)
{
	uint32_t expected = rtp_source_expected(s);
	uint32_t now = expected > s->received ? expected - s->received : 0;

	return s->lost_before + now;
}

/* tick */
uint32_t rtp_source_jitter(const struct rtp_source *s)
{
	return s->jitter_x16 >> 4;
}

static void adopt(struct rtp_source *s, const struct rtp_packet *pkt)
{
	s->lost_before = rtp_source_lost(s);
	if (s->known)
		s->changes++;
	s->known = true;
	s->probation = false;
	s->ssrc = pkt->ssrc;
	s->base_seq = (uint16_t)(pkt->seq - 1);
	s->max_seq = pkt->seq;
	/* The packet kept aside counts; it may have wrapped in between. */
	s->cycles = pkt->seq == 0 ? 65536 : 0;
	s->received = 2;
	s->expected_prior = 0;
	s->received_prior = 0;
	s->has_transit = false;
	s->jitter_x16 = 0;
}

static void measure(struct rtp_source *s, const struct rtp_packet *pkt,
		    uint32_t arrival)
{
	uint32_t transit = arrival - pkt->ts;
	int32_t d = (int32_t)(transit - s->transit);

	s->transit = transit;
	if (!s->has_transit) {
		s->has_transit = true;
		return;
	}
	/* A jump of the timestamps is not jitter. */
	if (d > 8000 || d < -8000)
		return;
	if (d < 0)
		d = -d;
	s->jitter_x16 += (uint32_t)d - ((s->jitter_x16 + 8) >> 4);
}

static enum rtp_verdict unknown(struct rtp_source *s,
				const struct rtp_packet *pkt)
{
	if (s->probation && pkt->ssrc == s->next_ssrc &&
	    pkt->seq == s->next_seq) {
		adopt(s, pkt);
		return RTP_NEW;
	}
	s->probation = true;
	s->next_ssrc = pkt->ssrc;
	s->next_seq = (uint16_t)(pkt->seq + 1);
	return RTP_PROBATION;
}

/* tick */
enum rtp_verdict rtp_source_on(struct rtp_source *s,
			       const struct rtp_packet *pkt, uint32_t arrival)
{
	uint16_t ahead = (uint16_t)(pkt->seq - s->max_seq);
	enum rtp_verdict v;

	if (!s->known || pkt->ssrc != s->ssrc ||
	    (ahead >= RTP_SEQ_JUMP && ahead < 65536 - RTP_SEQ_OLD)) {
		v = unknown(s, pkt);
		if (v == RTP_NEW)
			measure(s, pkt, arrival);
		return v;
	}
	s->received++;
	measure(s, pkt, arrival);
	s->probation = false;
	if (ahead >= RTP_SEQ_JUMP || ahead == 0)
		return RTP_LATE;
	if (pkt->seq < s->max_seq)
		s->cycles += 65536;
	s->max_seq = pkt->seq;
	return RTP_NEXT;
}

/* tick */
uint8_t rtp_source_fraction(struct rtp_source *s)
{
	uint32_t expected = rtp_source_expected(s);
	uint32_t want = expected - s->expected_prior;
	uint32_t got = s->received - s->received_prior;

	s->expected_prior = expected;
	s->received_prior = s->received;
	if (want == 0 || got >= want)
		return 0;
	want = ((want - got) << 8) / want;
	return want > 255 ? 255 : (uint8_t)want;
}
