/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/session.h"

#include <string.h>

enum {
	INTERVAL_MS = 5000,	/* RFC 3550 6.2: minimum */
	COMPENSATION = 79841,	/* 65536 * (e - 3/2) = 1.21828: 6.3.1 */
};

static uint32_t chance(struct session_rtcp *r)
{
	r->seed = r->seed * 1664525 + 1013904223;
	return r->seed >> 16;
}

/* 0.5 to 1.5 of the interval, divided by the compensation (6.3.1). */
static void schedule(struct session_rtcp *r, mono_t now)
{
	uint64_t ms = INTERVAL_MS * (32768ull + chance(r)) / COMPENSATION;

	r->next = mono_add_ms(now, (int64_t)ms);
}

static void make_cname(char *cname, uint32_t seed)
{
	static const char digits[] = "0123456789abcdef";
	static const char tail[] = "@trunkgate";

	/* RFC 7022 4.2: a short-term one, by chance. */
	for (unsigned i = 0; i < 8; i++)
		cname[i] = digits[seed >> (4 * i) & 15];
	memcpy(cname + 8, tail, sizeof(tail));
}

/* tick */
void session_rtcp_open(struct session *s, struct tick *t, uint32_t seed)
{
	memset(&s->rtcp, 0, sizeof(s->rtcp));
	s->rtcp.seed = seed;
	make_cname(s->rtcp.cname, seed);
	schedule(&s->rtcp, t->now);
}

static void fill_block(struct session *s, struct tick *t,
		       struct rtcp_block *b)
{
	struct rtp_source *src = &s->rx.source;
	struct session_rtcp *r = &s->rtcp;

	b->ssrc = src->ssrc;
	b->fraction = rtp_source_fraction(src);
	b->lost = (int32_t)(rtp_source_expected(src) - src->received);
	b->max_seq = src->cycles + src->max_seq;
	b->jitter = rtp_source_jitter(src);
	/* The SR must have come from the sender we report on. */
	if (r->sr_middle && r->ssrc == src->ssrc) {
		int64_t ns = mono_diff_ns(t->now, r->sr_at);

		b->lsr = r->sr_middle;
		b->dlsr = (uint32_t)((uint64_t)(ns > 0 ? ns : 0) * 4096 /
				     62500000);
	}
}

static void report(struct session *s, struct tick *t, bool bye)
{
	struct rtcp_report r = {
		.ssrc = s->tx.ssrc,
		.sender = s->tx.packets > 0,
		.ntp = t->ntp,
		.rtp_ts = s->tx.ts,
		.packets = s->tx.packets,
		.octets = s->tx.octets,
		.has_block = s->rx.source.known,
		.bye = bye,
	};
	uint8_t out[RTCP_MAX + SRTP_TRAILER];
	size_t len;

	if (r.has_block)
		fill_block(s, t, &r.block);
	memcpy(r.cname, s->rtcp.cname, sizeof(r.cname));
	len = session_seal_rtcp(s, out, rtcp_write(out, &r));
	if (len)
		(void)session_post(s, &s->far.rtcp, true, out, len);
}

/* tick */
void session_rtcp_packet(struct session *s, struct tick *t,
			 const struct udp_datagram *datagram)
{
	struct udp_datagram in_clear = *datagram, *d = &in_clear;
	struct session_rtcp *r = &s->rtcp;
	uint8_t plain[UDP_MAX];
	struct rtcp_report in;
	uint32_t trip, ago;

	if (!net_ip_eq(&d->from, &s->far.rtcp)) {
		r->bad++;
		return;
	}
	if (!session_unseal_rtcp(s, d, plain))
		return;
	if (rtcp_parse(&in, d->data, d->len, s->tx.ssrc) < 0) {
		r->bad++;
		return;
	}
	if (in.sender) {
		r->ssrc = in.ssrc;
		r->sr_middle = rtcp_middle(in.ntp);
		r->sr_at = d->at;
	}
	if (!in.has_block)
		return;
	ago = (uint32_t)((uint64_t)mono_diff_ns(t->now, d->at) * 4096 /
			 62500000);
	trip = rtcp_round_trip(&in.block, rtcp_middle(t->ntp) - ago);
	if (trip)
		r->round_trip = trip;
	r->peer_lost = in.block.lost > 0 ? (uint32_t)in.block.lost : 0;
}

/* tick */
void session_rtcp_run(struct session *s, struct tick *t)
{
	if (mono_diff_ns(t->now, s->rtcp.next) < 0)
		return;
	schedule(&s->rtcp, t->now);
	if (s->far.rtcp.family && (s->tx.packets || s->rx.source.known))
		report(s, t, false);
}

/* tick */
void session_rtcp_bye(struct session *s, struct tick *t)
{
	/* RFC 3550 6.3.7: who has sent nothing says nothing. */
	if (s->far.rtcp.family && s->tx.packets)
		report(s, t, true);
}
