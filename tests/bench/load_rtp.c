/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The far end of all RTP streams, on one socket: the gateway sees an address
 * and port that it was told for each call. A twentieth of the streams sends
 * each millisecond, each its packet of 20 ms; payloads are sent from where
 * they lie, but for SRTP.
 */
#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "media/rtp.h"
#include "tests/bench/load_srtp.h"

enum {
	TURNS = 20, /* ms of a packet */
	BATCH = 128,
	DATAGRAM = 256,
	SEALED = RTP_HEADER + LOAD_PACKET + 24, /* and the tag */
	PORTS = 65536,
	NOBODY = 0xffff,
	STEPS_LATE = 40, /* ms that a late one makes good */
};

struct stream_in {
	bool any;
	uint16_t seq;
	uint32_t ts0;	    /* of the first packet */
	uint32_t sample0;   /* and when it came, samples since the start */
	uint8_t track;	    /* + 1; 0: not recorded */
};

struct rtp_gen {
	const struct load_plan *plan;
	const struct load_voices *voices;
	const struct load_ends *ends;
	struct load_shared *shared;
	int64_t start_ns;
	uint16_t by_port[PORTS]; /* gateway port -> channel */
	unsigned offset[LOAD_CHANNELS];
	struct sockaddr_in to[LOAD_CHANNELS];
	struct stream_in in[LOAD_CHANNELS];
	struct load_srtp *srtp; /* NULL: plain RTP */
	/* sending */
	uint8_t header[BATCH][SEALED]; /* sealed: all of the packet */
	struct iovec iov[BATCH][2];
	struct mmsghdr out[BATCH];
	/* receiving */
	uint8_t data[BATCH][DATAGRAM];
	struct sockaddr_in from[BATCH];
	struct iovec in_iov[BATCH];
	struct mmsghdr in_msg[BATCH];
};

static void init(struct rtp_gen *g)
{
	struct sockaddr_storage ss;

	memset(g->by_port, 0xff, sizeof(g->by_port));
	for (unsigned c = 0; c < g->plan->channels; c++) {
		net_to_sockaddr(&g->ends->gw_rtp[c], &ss);
		memcpy(&g->to[c], &ss, sizeof(g->to[c]));
		g->by_port[g->ends->gw_rtp[c].port] = (uint16_t)c;
		g->offset[c] = load_offset_of(g->plan, c);
	}
	for (unsigned i = 0; i < g->shared->n_checked; i++)
		g->in[g->shared->checked[i]].track = (uint8_t)(i + 1);
	for (unsigned i = 0; i < BATCH; i++) {
		g->iov[i][0].iov_base = g->header[i];
		g->iov[i][0].iov_len = RTP_HEADER;
		g->iov[i][1].iov_len = LOAD_PACKET;
		g->out[i].msg_hdr.msg_iov = g->iov[i];
		g->out[i].msg_hdr.msg_iovlen = g->srtp ? 1 : 2;
		g->in_iov[i] = (struct iovec){ g->data[i], DATAGRAM };
		g->in_msg[i].msg_hdr.msg_iov = &g->in_iov[i];
		g->in_msg[i].msg_hdr.msg_iovlen = 1;
		g->in_msg[i].msg_hdr.msg_name = &g->from[i];
	}
}

static void put(struct rtp_gen *g, unsigned i, unsigned c, uint32_t k)
{
	struct rtp_packet p = {
		.pt = 8, .marker = k == 0, .seq = (uint16_t)k,
		.ts = k * LOAD_PACKET, .ssrc = 0x10000 + c,
	};
	const uint8_t *codes = g->voices->far[load_voice_of(c)] +
			       (g->offset[c] + k * LOAD_PACKET) % LOAD_PERIOD;

	rtp_header(g->header[i], &p);
	if (g->srtp) {
		memcpy(g->header[i] + RTP_HEADER, codes, LOAD_PACKET);
		g->iov[i][0].iov_len =
			load_srtp_seal(g->srtp, c, g->header[i],
				       RTP_HEADER + LOAD_PACKET);
	} else {
		g->iov[i][1].iov_base = (void *)(uintptr_t)codes;
	}
	g->out[i].msg_hdr.msg_name = &g->to[c];
	g->out[i].msg_hdr.msg_namelen = sizeof(g->to[c]);
}

static void flush(struct rtp_gen *g, unsigned n, bool measured)
{
	struct load_account *a = &g->shared->rtp;
	unsigned done = 0;
	int r;

	while (done < n) {
		r = sendmmsg(g->ends->rtp_fd, g->out + done, n - done, 0);
		if (r <= 0)
			break;
		done += (unsigned)r;
	}
	if (measured) {
		a->due += n;
		a->sent += done;
	}
}

/* The streams whose turn it is in that millisecond. */
static void send_turn(struct rtp_gen *g, uint32_t ms, bool measured)
{
	unsigned n = 0;

	for (unsigned c = ms % TURNS; c < g->plan->channels; c += TURNS) {
		put(g, n++, c, ms / TURNS);
		if (n == BATCH) {
			flush(g, n, measured);
			n = 0;
		}
	}
	flush(g, n, measured);
}

/* Where it lies follows from its timestamp, and the first one's arrival. */
static void record(struct rtp_gen *g, struct stream_in *s, uint8_t *data,
		   size_t len)
{
	struct load_track *t = &g->shared->track[s->track - 1];
	struct rtp_packet p;
	uint32_t at;

	if (g->srtp)
		len = load_srtp_open(g->srtp, s->track - 1u, data, len);
	if (!len || rtp_parse(&p, data, len) < 0) {
		g->shared->rtp.forged++;
		return;
	}
	at = p.ts - s->ts0 + s->sample0;
	if (at < t->room && p.len <= t->room - at)
		memcpy(t->from_rtp + at, p.payload, p.len);
}

static void take(struct rtp_gen *g, const struct sockaddr_in *from,
		 uint8_t *data, size_t len, int64_t now)
{
	unsigned c = g->by_port[ntohs(from->sin_port)];
	bool measured = load_is_measured(g->shared, now);
	struct rtp_packet p;
	struct stream_in *s;

	if (c == NOBODY || rtp_parse(&p, data, len) < 0) {
		g->shared->rtp.odd++;
		return;
	}
	s = &g->in[c];
	if (!s->any) {
		s->ts0 = p.ts;
		s->sample0 = (uint32_t)((now - g->start_ns) / 125000);
	} else if (measured) {
		g->shared->rtp.lost += (uint16_t)(p.seq - s->seq - 1);
	}
	s->any = true;
	s->seq = p.seq;
	g->shared->rtp.received += measured;
	if (s->track)
		record(g, s, data, len);
}

static void receive(struct rtp_gen *g)
{
	int64_t now = load_now();
	int n;

	do {
		for (unsigned i = 0; i < BATCH; i++)
			g->in_msg[i].msg_hdr.msg_namelen = sizeof(g->from[i]);
		n = recvmmsg(g->ends->rtp_fd, g->in_msg, BATCH, MSG_DONTWAIT,
			     NULL);
		for (int i = 0; i < n; i++)
			take(g, &g->from[i], g->data[i], g->in_msg[i].msg_len,
			     now);
	} while (n == BATCH);
	while (recv(g->ends->rtcp_fd, g->data[0], DATAGRAM, MSG_DONTWAIT) > 0)
		;
}

void load_rtp_run(const struct load_plan *plan,
		  const struct load_voices *voices,
		  const struct load_ends *ends, struct load_shared *shared)
{
	struct rtp_gen *g = calloc(1, sizeof(*g));
	int64_t due;
	uint32_t end = plan->warm_ms + 1000 * plan->seconds + 500;

	if (!g)
		return;
	g->plan = plan;
	g->voices = voices;
	g->ends = ends;
	g->shared = shared;
	if (plan->suite) {
		g->srtp = load_srtp_new(plan, shared);
		if (!g->srtp)
			goto free_gen;
	}
	init(g);
	g->start_ns = load_await_start(shared, ends->rtp_fd);
	for (uint32_t ms = 0; ms < end; ms++) {
		due = g->start_ns + ms * NS_PER_MS;
		load_sleep_until(due);
		send_turn(g, ms, load_is_measured(shared, due));
		load_note_late(shared, LOAD_RTP, due);
		receive(g);
	}
	load_srtp_free(g->srtp);
free_gen:
	free(g);
}
