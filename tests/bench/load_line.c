/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The far end of all lines, on one socket: a pseudowire packet for each span
 * and millisecond. What a channel sends is its near-end speech and the echo
 * of the very codes that came in it, through a hybrid of its own:
 *
 *   packet e of the gateway --> linear --> hybrid --> echo[e] --+
 *                                     near-end speech -------- (+) --> law
 *                                                               |
 *   packet e + base + SLACK_MS to the gateway <-----------------+
 *
 * so the path is the same as long as the gateway numbers its packets, and
 * its packets may come up to SLACK_MS later than the first one did.
 */
#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "media/law.h"
#include "media/pseudowire_packet.h"

enum {
	BATCH = 128,
	CARRIED = LOAD_SLOTS - 1,
	PAYLOAD = CARRIED * LOAD_FRAMES,
	DATAGRAM = 512,
	SLACK_MS = 4,
	ECHOES = 16,	/* blocks that wait to be sent */
	HISTORY = 256,	/* rows; moved to the front when full */
	GAP = 8,	/* lost blocks that are filled with silence */
	D_SLOT = 16,
	FLAG = 0x7e,	/* idle D channel */
	HYBRIDS = 8,	/* sets; spans share them */
	LATES = 1000,	/* packets of a span that are compared */
	BIN_NS = 10000,
	SOCKETS = 65536,
	NOBODY = 0xff,
};

struct span_end {
	bool any;
	uint16_t seq;	   /* of the last packet */
	uint32_t block;	   /* its number, counted from the first */
	uint32_t base;	   /* our block at which the first one came */
	unsigned rows;	   /* used in x */
	uint32_t echo_of[ECHOES]; /* block + 1 that lies there; 0: none */
	unsigned lates;
	int64_t late[LATES];
	float x[HISTORY][LOAD_SLOTS] __attribute__((aligned(64)));
	float echo[ECHOES][LOAD_FRAMES][LOAD_SLOTS]
		__attribute__((aligned(64)));
};

struct line_gen {
	const struct load_plan *plan;
	const struct load_voices *voices;
	const struct load_ends *ends;
	struct load_shared *shared;
	uint32_t block; /* the next that we send */
	struct load_hybrids hybrids[HYBRIDS];
	uint8_t by_port[SOCKETS];
	uint8_t active[LOAD_SPANS][LOAD_SLOTS]; /* there is a channel */
	uint8_t track[LOAD_SPANS][LOAD_SLOTS];	/* + 1; 0: not recorded */
	unsigned offset[LOAD_SPANS][LOAD_SLOTS];
	struct sockaddr_in to[LOAD_SPANS];
	/* packets */
	uint8_t out[LOAD_SPANS][PW_CONTROL_WORD + PAYLOAD];
	struct iovec out_iov[LOAD_SPANS];
	struct mmsghdr out_msg[LOAD_SPANS];
	uint8_t in[BATCH][DATAGRAM];
	char control[BATCH][64];
	struct sockaddr_in from[BATCH];
	struct iovec in_iov[BATCH];
	struct mmsghdr in_msg[BATCH];
	struct span_end *spans;
};

static void init_places(struct line_gen *g)
{
	for (unsigned c = 0; c < g->plan->channels; c++) {
		unsigned span = load_span_of(g->plan, c);
		unsigned slot = load_slot_of(g->plan, c);

		g->active[span][slot] = (uint8_t)(1 + load_voice_of(c));
		g->offset[span][slot] = load_offset_of(g->plan, c);
	}
	for (unsigned i = 0; i < g->shared->n_checked; i++) {
		unsigned c = g->shared->checked[i];

		g->track[load_span_of(g->plan, c)][load_slot_of(g->plan, c)] =
			(uint8_t)(i + 1);
	}
}

static void init(struct line_gen *g)
{
	struct sockaddr_storage ss;

	memset(g->by_port, NOBODY, sizeof(g->by_port));
	for (unsigned i = 0; i < g->plan->spans; i++) {
		net_to_sockaddr(&g->ends->gw_line[i], &ss);
		memcpy(&g->to[i], &ss, sizeof(g->to[i]));
		g->by_port[g->ends->gw_line[i].port] = (uint8_t)i;
		g->out_iov[i] =
			(struct iovec){ g->out[i], sizeof(g->out[i]) };
		g->out_msg[i].msg_hdr.msg_iov = &g->out_iov[i];
		g->out_msg[i].msg_hdr.msg_iovlen = 1;
		g->out_msg[i].msg_hdr.msg_name = &g->to[i];
		g->out_msg[i].msg_hdr.msg_namelen = sizeof(g->to[i]);
	}
	for (unsigned i = 0; i < BATCH; i++) {
		g->in_iov[i] = (struct iovec){ g->in[i], DATAGRAM };
		g->in_msg[i].msg_hdr.msg_iov = &g->in_iov[i];
		g->in_msg[i].msg_hdr.msg_iovlen = 1;
		g->in_msg[i].msg_hdr.msg_name = &g->from[i];
		g->in_msg[i].msg_hdr.msg_control = g->control[i];
	}
	for (unsigned i = 0; i < HYBRIDS; i++)
		load_hybrids_make(&g->hybrids[i], g->plan->seed + i);
	init_places(g);
}

/* --- from the gateway --- */

static void record(uint8_t *track, uint32_t room, uint32_t at,
		   const uint8_t *payload, unsigned slot)
{
	if (at + LOAD_FRAMES > room)
		return;
	for (unsigned f = 0; f < LOAD_FRAMES; f++)
		track[at + f] = payload[f * CARRIED + slot - 1];
}

static void record_all(struct line_gen *g, unsigned span, bool to_line,
		       uint32_t block, const uint8_t *payload)
{
	for (unsigned slot = 1; slot < LOAD_SLOTS; slot++) {
		struct load_track *t;

		if (!g->track[span][slot])
			continue;
		t = &g->shared->track[g->track[span][slot] - 1];
		record(to_line ? t->to_line : t->from_line, t->room,
		       block * LOAD_FRAMES, payload, slot);
	}
}

/* Room for the rows of a block behind the history. */
static float (*next_rows(struct span_end *s))[LOAD_SLOTS]
{
	if (s->rows + LOAD_FRAMES > HISTORY) {
		memmove(s->x, s->x[s->rows - LOAD_TAPS],
			LOAD_TAPS * sizeof(s->x[0]));
		s->rows = LOAD_TAPS;
	}
	s->rows += LOAD_FRAMES;
	return s->x + s->rows - LOAD_FRAMES;
}

static void hear(struct line_gen *g, unsigned span, const uint8_t *payload)
{
	const int16_t *table = law_table(LAW_A);
	struct span_end *s = &g->spans[span];
	float (*x)[LOAD_SLOTS] = next_rows(s);
	unsigned at = s->block % ECHOES;

	for (unsigned f = 0; f < LOAD_FRAMES; f++)
		for (unsigned i = 0; i < CARRIED; i++)
			x[f][i + 1] = table[payload[f * CARRIED + i]];
	load_hybrids_run(&g->hybrids[span % HYBRIDS],
			 (const float (*)[LOAD_SLOTS])x, s->echo[at]);
	s->echo_of[at] = s->block + 1;
	if (s->block + s->base + SLACK_MS < g->block)
		g->shared->echo_missed++;
	record_all(g, span, true, s->block + s->base, payload);
}

/* Lateness of a span's packets against the earliest of each second. */
static void close_lates(struct line_gen *g, struct span_end *s)
{
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < LATES; i++)
		least = s->late[i] < least ? s->late[i] : least;
	for (unsigned i = 0; i < LATES; i++) {
		int64_t bin = (s->late[i] - least) / BIN_NS;

		if (bin >= LOAD_LATE_BINS)
			bin = LOAD_LATE_BINS - 1;
		g->shared->tx_late[bin]++;
	}
	s->lates = 0;
}

/* When the kernel got it, which on loopback is when it was sent. */
static int64_t stamp_of(struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	struct timespec ts;

	if (!c || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_TIMESTAMPNS)
		return -1;
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void note_stamp(struct line_gen *g, struct span_end *s, int64_t stamp)
{
	if (stamp < 0)
		return;
	s->late[s->lates++] = stamp - s->block * NS_PER_MS;
	if (s->lates == LATES)
		close_lates(g, s);
}

static void begin(struct line_gen *g, struct span_end *s, uint16_t seq)
{
	s->any = true;
	s->seq = (uint16_t)(seq - 1);
	s->block = UINT32_MAX;
	s->base = g->block;
	s->rows = LOAD_TAPS;
}

static void take(struct line_gen *g, struct mmsghdr *m, bool measured)
{
	const uint8_t *data = m->msg_hdr.msg_iov->iov_base;
	const struct sockaddr_in *from = m->msg_hdr.msg_name;
	unsigned span = g->by_port[ntohs(from->sin_port)], gap;
	struct span_end *s;
	struct pw_packet p;

	if (span == NOBODY || pw_parse(&p, data, m->msg_len) < 0 ||
	    p.payload_len != PAYLOAD) {
		g->shared->line.odd++;
		return;
	}
	s = &g->spans[span];
	if (!s->any)
		begin(g, s, p.seq);
	gap = (uint16_t)(p.seq - s->seq - 1);
	s->block += gap + 1;
	s->seq = p.seq;
	for (unsigned i = 0; i < gap && i < GAP; i++)
		memset(next_rows(s), 0, LOAD_FRAMES * sizeof(s->x[0]));
	hear(g, span, p.payload);
	if (!measured)
		return;
	g->shared->line.received++;
	g->shared->line.lost += gap;
	note_stamp(g, s, stamp_of(&m->msg_hdr));
}

static void receive(struct line_gen *g, bool measured)
{
	int n;

	do {
		for (unsigned i = 0; i < BATCH; i++) {
			struct msghdr *h = &g->in_msg[i].msg_hdr;

			h->msg_namelen = sizeof(g->from[i]);
			h->msg_controllen = sizeof(g->control[i]);
		}
		n = recvmmsg(g->ends->line_fd, g->in_msg, BATCH, MSG_DONTWAIT,
			     NULL);
		for (int i = 0; i < n; i++)
			take(g, &g->in_msg[i], measured);
	} while (n == BATCH);
}

/* --- to the gateway --- */

static void say(struct line_gen *g, unsigned span, float (*y)[LOAD_SLOTS])
{
	for (unsigned slot = 1; slot < LOAD_SLOTS; slot++) {
		const float *near;

		if (!g->active[span][slot])
			continue;
		near = g->voices->near[g->active[span][slot] - 1] +
		       (g->offset[span][slot] + g->block * LOAD_FRAMES) %
			       LOAD_PERIOD;
		for (unsigned f = 0; f < LOAD_FRAMES; f++)
			y[f][slot] += near[f];
	}
}

static void fill(struct line_gen *g, unsigned span, uint8_t *payload)
{
	struct span_end *s = &g->spans[span];
	uint32_t of = g->block - s->base - SLACK_MS;
	float y[LOAD_FRAMES][LOAD_SLOTS] = { { 0 } };
	int16_t pcm[CARRIED];

	if (s->any && s->echo_of[of % ECHOES] == of + 1)
		memcpy(y, s->echo[of % ECHOES], sizeof(y));
	say(g, span, y);
	for (unsigned f = 0; f < LOAD_FRAMES; f++) {
		law_lane(&y[f][1], 1, pcm, CARRIED);
		law_encode_n(LAW_A, pcm, payload + f * CARRIED, CARRIED);
		payload[f * CARRIED + D_SLOT - 1] = FLAG;
	}
	record_all(g, span, false, g->block, payload);
}

static void send_block(struct line_gen *g, bool measured)
{
	struct pw_packet p = { .seq = (uint16_t)g->block,
			       .payload_len = PAYLOAD };
	struct load_account *a = &g->shared->line;
	unsigned done = 0, n = g->plan->spans;
	int r;

	for (unsigned i = 0; i < n; i++) {
		fill(g, i, g->out[i] + PW_CONTROL_WORD);
		pw_build(g->out[i], sizeof(g->out[i]), &p);
	}
	while (done < n) {
		r = sendmmsg(g->ends->line_fd, g->out_msg + done, n - done, 0);
		if (r <= 0)
			break;
		done += (unsigned)r;
	}
	if (measured) {
		a->due += n;
		a->sent += done;
	}
}

void load_line_run(const struct load_plan *plan,
		   const struct load_voices *voices,
		   const struct load_ends *ends, struct load_shared *shared)
{
	struct line_gen *g = aligned_alloc(64, sizeof(*g));
	size_t size = plan->spans * sizeof(*g->spans);
	uint32_t end = plan->warm_ms + 1000 * plan->seconds + 1000;
	int64_t start, due;
	bool measured;

	if (!g)
		return;
	memset(g, 0, sizeof(*g));
	g->spans = aligned_alloc(64, size);
	if (!g->spans)
		goto free_gen;
	memset(g->spans, 0, size);
	g->plan = plan;
	g->voices = voices;
	g->ends = ends;
	g->shared = shared;
	init(g);
	start = load_await_start(shared, ends->line_fd);
	for (; g->block < end; g->block++) {
		due = start + g->block * NS_PER_MS;
		measured = load_is_measured(shared, due);
		load_sleep_until(due);
		receive(g, measured);
		send_block(g, measured);
		load_note_late(shared, LOAD_LINE, due);
	}
	free(g->spans);
free_gen:
	free(g);
}
