/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vector half of the echo canceller. A file echo_<isa>.c sets ECHO_VL
 * (lanes of a vector) and ECHO_KERNEL (the table it defines) and includes
 * this. A state is 16 / ECHO_VL packs one after the other.
 */
#ifndef MEDIA_ECHO_KERNEL_H
#define MEDIA_ECHO_KERNEL_H

#include <string.h>

#include "media/echo_filter.h"

/* The pole of the DC block: 1.3 Hz, so that speech keeps its phase. */
static const float dc_pole = 0.999f;
/* Beyond this a sample is no G.711 and not believed. */
static const float sample_max = 40000.0f;

enum {
	CANCEL_RAMP = 8,	/* an echo may begin with the block */
};

/* A high-pass that takes offset away, the same at both inputs. */
struct dc_block {
	vf in;
	vf out;
};

struct pack {
	struct filter filter;
	struct dc_block far_dc;
	struct dc_block near_dc;
	vf cancel;	/* where the last block's ramps ended */
	vf pass;
	vf noise;
	vf shaped;	/* comfort noise, last value */
	vu random;
};

static inline vf dc_run(struct dc_block *d, vf in)
{
	d->out = in - d->in + dc_pole * d->out;
	d->in = in;
	return d->out;
}

static size_t pack_size(unsigned parts)
{
	return sizeof(struct pack) + parts * sizeof(struct part) +
	       (parts + 1) * sizeof(struct spectrum);
}

static struct pack *pack_at(void *state, unsigned parts, unsigned n)
{
	return (struct pack *)(void *)((char *)state + n * pack_size(parts));
}

static size_t kernel_state_size(unsigned parts)
{
	return ECHO_LANES / ECHO_VL * pack_size(parts);
}

/* Zero one lane in size bytes of vectors from v on. */
static void lane_clear(void *v, size_t size, unsigned lane)
{
	float *f = v;

	for (size_t i = lane; i < size / sizeof(*f); i += ECHO_VL)
		f[i] = 0;
}

/* One lane of size bytes of vectors becomes what another one is. */
static void lane_copy(void *to, unsigned lane, const void *from,
		      unsigned from_lane, size_t size)
{
	const float *f = from;
	float *t = to;

	for (size_t i = 0; i < size / sizeof(*f); i += ECHO_VL)
		t[i + lane] = f[i + from_lane];
}

/* All of a pack that is a lane's own, but for what stands behind it. */
static const struct {
	size_t at, size;
} lane_state[] = {
#define LANE_STATE(member) \
	{ offsetof(struct pack, member), sizeof(((struct pack *)0)->member) }
	LANE_STATE(filter.far),
	LANE_STATE(filter.psi),
	LANE_STATE(filter.blame),
	LANE_STATE(far_dc),
	LANE_STATE(near_dc),
	LANE_STATE(cancel),
	LANE_STATE(pass),
	LANE_STATE(noise),
	LANE_STATE(shaped),
	LANE_STATE(random),
#undef LANE_STATE
};

enum { LANE_STATES = sizeof(lane_state) / sizeof(lane_state[0]) };

/* tick */
static void kernel_reset_lane(void *state, unsigned lane)
{
	unsigned parts = ((struct pack *)state)->filter.parts;
	struct pack *p = pack_at(state, parts, lane / ECHO_VL);
	struct filter *f = &p->filter;

	lane %= ECHO_VL;
	for (unsigned i = 0; i < LANE_STATES; i++)
		lane_clear((char *)p + lane_state[i].at, lane_state[i].size,
			   lane);
	lane_clear(f->part, parts * sizeof(*f->part), lane);
	lane_clear(f->past, (parts + 1) * sizeof(*f->past), lane);
	for (int b = 0; b < FFT_BINS; b++)
		f->psi[b][lane] = psi_least;
	p->pass[lane] = 1.0f;
	p->random[lane] = 0x9e3779b9u;
}

/* tick: the rings of the past stand where each group is in its own. */
static void kernel_copy_lane(void *state, unsigned lane, const void *from,
			     unsigned from_lane)
{
	unsigned parts = ((struct pack *)state)->filter.parts;
	struct pack *p = pack_at(state, parts, lane / ECHO_VL);
	const struct pack *q =
		pack_at((void *)(uintptr_t)from, parts, from_lane / ECHO_VL);

	lane %= ECHO_VL;
	from_lane %= ECHO_VL;
	for (unsigned i = 0; i < LANE_STATES; i++)
		lane_copy((char *)p + lane_state[i].at, lane,
			  (const char *)q + lane_state[i].at, from_lane,
			  lane_state[i].size);
	lane_copy(p->filter.part, lane, q->filter.part, from_lane,
		  parts * sizeof(struct part));
	for (unsigned age = 0; age <= parts; age++)
		lane_copy((void *)(uintptr_t)filter_past(&p->filter, age),
			  lane, filter_past(&q->filter, age), from_lane,
			  sizeof(struct spectrum));
}

static void kernel_init(void *state, unsigned parts)
{
	memset(state, 0, kernel_state_size(parts));
	for (unsigned n = 0; n < ECHO_LANES / ECHO_VL; n++) {
		struct pack *p = pack_at(state, parts, n);

		p->filter.parts = parts;
		p->filter.part = (struct part *)(void *)(p + 1);
		p->filter.past =
			(struct spectrum *)(void *)(p->filter.part + parts);
	}
	for (unsigned lane = 0; lane < ECHO_LANES; lane++)
		kernel_reset_lane(state, lane);
}

/* Read a sample, nothing for lanes out of mask; count what is no sample. */
static inline vf sample_read(const float *row, vi mask, vf *bad)
{
	vf x = (vf)((vi)vf_load(row) & mask);
	vi good = vf_abs(x) <= sample_max;

	*bad += vf_pick(good, vf_set(0), vf_set(1));
	return (vf)((vi)x & good);
}

_Static_assert(sizeof(struct scratch) * (ECHO_LANES / ECHO_VL) ==
	       sizeof(float) * ECHO_SCRATCH * ECHO_LANES, "scratch");

/* This pack's part of the block's scratch. */
static struct scratch *scratch_of(const struct echo_block *in, unsigned n)
{
	return (struct scratch *)(void *)in->scratch + n;
}

/*
 * Both inputs of a block: checked, DC blocked, measured. Of the far end
 * also what stood before it.
 */
static void pack_read(struct pack *p, struct scratch *s,
		      const struct echo_block *in, struct echo_sums *sums,
		      unsigned lane, vf *far)
{
	struct filter *f = &p->filter;
	vi on = vi_mask(in->mask >> lane);
	vf bad = vf_set(0), far2 = vf_set(0), near2 = vf_set(0);

	for (int i = 0; i < FFT_HALF; i++) {
		vf x = sample_read(in->far[i] + lane, on, &bad);
		vf y = sample_read(in->near[i] + lane, on, &bad);

		x = dc_run(&p->far_dc, x);
		y = dc_run(&p->near_dc, y);
		far[i] = f->far[i];
		far[FFT_HALF + i] = x;
		f->far[i] = x;
		s->near[i] = y;
		far2 += x * x;
		near2 += y * y;
	}
	vf_store(sums->bad + lane, bad);
	vf_store(sums->far + lane, far2);
	vf_store(sums->near + lane, near2);
}

static void pack_measure(const struct scratch *s, struct echo_sums *sums,
			 unsigned lane)
{
	vf err = vf_set(0), est = vf_set(0), both = vf_set(0);
	vf lag = vf_set(0), last = vf_set(0);
	vf slope = vf_set(0), err_slope = vf_set(0);

	for (int i = 0; i < FFT_HALF; i++) {
		vf e = s->near[i] - s->est[i];
		vf d = i > 1 ? s->est[i] - s->est[i - 2] : vf_set(0);

		err += e * e;
		lag += e * last;
		slope += d * d;
		err_slope += d * last;
		est += s->est[i] * s->est[i];
		both += s->est[i] * s->near[i];
		last = e;
	}
	vf_store(sums->err + lane, err);
	vf_store(sums->lag + lane, lag);
	vf_store(sums->slope + lane, slope);
	vf_store(sums->err_slope + lane, err_slope);
	vf_store(sums->est + lane, est);
	vf_store(sums->near_est + lane, both);
}

/* tick */
static void kernel_filter(void *state, const struct echo_block *in,
			  const struct echo_orders *orders,
			  struct echo_sums *sums)
{
	unsigned parts = ((struct pack *)state)->filter.parts;
	vf far[FFT_SIZE];

	for (unsigned n = 0; n < ECHO_LANES / ECHO_VL; n++) {
		struct pack *p = pack_at(state, parts, n);
		struct scratch *s = scratch_of(in, n);
		unsigned lane = n * ECHO_VL;

		pack_read(p, s, in, sums, lane, far);
		vf_store(sums->bins + lane, filter_hear(&p->filter, far));
		filter_estimate(&p->filter, s, orders, sums, lane);
		filter_error(s);
		pack_measure(s, sums, lane);
	}
}

/* White noise of unit variance, near enough. */
static inline vf pack_random(struct pack *p)
{
	vf sum = vf_set(0);

	for (int i = 0; i < 2; i++) {
		p->random ^= p->random << 13;
		p->random ^= p->random >> 17;
		p->random ^= p->random << 5;
		sum += __builtin_convertvector((vi)p->random, vf);
	}
	return sum * (1.2247449f / 2147483648.0f);
}

/*
 * The output: near - cancel * estimate, times pass, plus comfort noise. The
 * three gains run in straight lines from the last block's to this one's, that
 * of the estimate within CANCEL_RAMP samples.
 * Returns its energy.
 */
static vf pack_write(struct pack *p, const struct echo_block *block,
		     const struct echo_orders *o, unsigned lane)
{
	const struct scratch *s = scratch_of(block, lane / ECHO_VL);
	const float slope = 1.0f / FFT_HALF;
	vf cancel = (vf_load(o->cancel + lane) - p->cancel) / CANCEL_RAMP;
	vf pass = (vf_load(o->pass + lane) - p->pass) * slope;
	vf noise = (vf_load(o->noise + lane) - p->noise) * slope;
	vf tilt = vf_load(o->tilt + lane), sum = vf_set(0);
	vi mask = vi_mask(block->mask >> lane);

	for (int i = 0; i < FFT_HALF; i++) {
		float *row = block->near[i] + lane;
		vf out;

		if (i < CANCEL_RAMP)
			p->cancel += cancel;
		p->pass += pass;
		p->noise += noise;
		p->shaped = tilt * p->shaped + pack_random(p);
		out = p->pass * (s->near[i] - p->cancel * s->est[i]) +
		      p->noise * p->shaped;
		sum += out * out;
		vf_store(row, vf_pick(mask, out, vf_load(row)));
	}
	p->cancel = vf_load(o->cancel + lane);
	p->pass = vf_load(o->pass + lane);
	p->noise = vf_load(o->noise + lane);
	return sum;
}

/* tick */
static void kernel_finish(void *state, const struct echo_block *block,
			  const struct echo_orders *orders,
			  struct echo_sums *sums)
{
	unsigned parts = ((struct pack *)state)->filter.parts;

	for (unsigned n = 0; n < ECHO_LANES / ECHO_VL; n++) {
		struct pack *p = pack_at(state, parts, n);
		unsigned lane = n * ECHO_VL;

		if (!p->filter.rested)
			filter_blame(&p->filter, scratch_of(block, n), orders,
				     sums, lane);
		vf_store(sums->out + lane, pack_write(p, block, orders, lane));
	}
}

const struct echo_kernel ECHO_KERNEL = {
	.name = ECHO_NAME,
	.state_size = kernel_state_size,
	.init = kernel_init,
	.reset_lane = kernel_reset_lane,
	.copy_lane = kernel_copy_lane,
	.filter = kernel_filter,
	.finish = kernel_finish,
};

#endif
