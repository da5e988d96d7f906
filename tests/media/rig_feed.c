/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speech for the rig, RTP that carries it, and what came out at either end;
 * to be included after rig.c. */
#include "line_signal.c"

enum { SECOND = 8000 };

static uint8_t speech[20 * SECOND];

static void make_speech(enum law law, unsigned seed)
{
	static float x[20 * SECOND];

	signal_speech(x, 20 * SECOND, -16, seed);
	for (size_t i = 0; i < 20 * SECOND; i++)
		speech[i] = law_encode(law, (int)lrintf(x[i]));
}

/* Payloads of the packets that came, joined by their timestamps. */
static size_t joined(const struct rig *r, uint8_t pt, uint8_t *out, size_t max)
{
	struct rtp_packet p;
	uint32_t first = 0;
	size_t n = 0;

	for (unsigned i = 0; i < r->n_packets; i++) {
		ck_assert_int_eq(rtp_parse(&p, r->packets[i].data,
					   r->packets[i].len), 0);
		if (p.pt != pt)
			continue;
		if (n == 0)
			first = p.ts;
		if (p.ts - first + p.len > max)
			break;
		memcpy(out + (p.ts - first), p.payload, p.len);
		n = p.ts - first + p.len;
	}
	return n;
}

/* Does all of b stand in a, to the sample? Where? */
static bool contains(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
		     size_t *at)
{
	for (size_t i = 0; i + nb <= na; i++)
		if (memcmp(a + i, b, nb) == 0) {
			*at = i;
			return true;
		}
	return false;
}

static void start_call(struct rig *r, const struct rig_config *c)
{
	struct media_modify m;

	rig_init(r, c);
	rig_run(r, 50);
	rig_open(r);
	m = rig_modify_default(r);
	rig_modify(r, &m);
	rig_connect(r, false);
}

struct feed { /* RTP sent regularly from codes */
	const uint8_t *codes;
	size_t n, at;
	unsigned ptime, phase, codec;
	unsigned drop_every, swap_every, dup_every;
	unsigned sent;
	uint8_t kept[600];
	size_t kept_len;
};

static void feed_ms(struct rig *r, void *arg)
{
	struct feed *f = arg;
	size_t len = f->ptime * 8;
	uint8_t out[1500];
	struct rtp_packet p = { .pt = (uint8_t)f->codec, .ssrc = r->ssrc };

	if (++f->phase % f->ptime || f->at + len > f->n)
		return;
	f->sent++;
	p.seq = r->seq++;
	p.ts = r->ts + (uint32_t)f->at;
	rtp_header(out, &p);
	memcpy(out + RTP_HEADER, f->codes + f->at, len);
	f->at += len;
	len += RTP_HEADER;
	if (f->drop_every && f->sent % f->drop_every == 0)
		return;
	if (f->swap_every && f->sent % f->swap_every == 0) {
		memcpy(f->kept, out, len);
		f->kept_len = len;
		return;
	}
	rig_send_raw(r, out, len);
	if (f->kept_len) {
		rig_send_raw(r, f->kept, f->kept_len);
		f->kept_len = 0;
	}
	if (f->dup_every && f->sent % f->dup_every == 0)
		rig_send_raw(r, out, len);
}

static void feed_start(struct rig *r, struct feed *f)
{
	r->on_ms = feed_ms;
	r->on_ms_arg = f;
}
