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

/* tick */
static void kernel_reset_lane(void *state, unsigned lane)
{
	unsigned parts = ((struct pack *)state)->filter.parts;
	struct pack *p = pack_at(state, parts, lane / ECHO_VL);
	struct filter *f = &p->filter;

	lane %= ECHO_VL;
	lane_clear(f->far, sizeof(f->far), lane);
	lane_clear(f->near, sizeof(f->near), lane);
	lane_clear(f->est, sizeof(f->est), lane);
	lane_clear(f->psi, sizeof(f->psi), lane);
	lane_clear(f->heard, sizeof(f->heard), lane);
	lane_clear(f->err, sizeof(f->err), lane);
	lane_clear(f->blame, sizeof(f->blame), lane);
	lane_clear(f->part, parts * sizeof(*f->part), lane);
	lane_clear(f->past, (parts + 1) * sizeof(*f->past), lane);
	lane_clear(&p->far_dc, sizeof(p->far_dc), lane);
	lane_clear(&p->near_dc, sizeof(p->near_dc), lane);
	lane_clear(&p->cancel, sizeof(p->cancel), lane);
	lane_clear(&p->pass, sizeof(p->pass), lane);
	lane_clear(&p->noise, sizeof(p->noise), lane);
	lane_clear(&p->shaped, sizeof(p->shaped), lane);
	for (int b = 0; b < FFT_BINS; b++)
		f->psi[b][lane] = psi_least;
	p->pass[lane] = 1.0f;
	p->random[lane] = 0x9e3779b9u;
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

/* All ones in the lanes of a pack that are in mask. */
static vi pack_mask(unsigned mask)
{
	vi m;

	for (int i = 0; i < ECHO_VL; i++)
		m[i] = (mask >> i & 1) ? -1 : 0;
	return m;
}

/* Read a sample, nothing for lanes out of mask; count what is no sample. */
static inline vf sample_read(const float *row, vi mask, vf *bad)
{
	vf x = (vf)((vi)vf_load(row) & mask);
	vi good = vf_abs(x) <= sample_max;

	*bad += vf_pick(good, vf_set(0), vf_set(1));
	return (vf)((vi)x & good);
}

/* Both inputs of a block: checked, DC blocked, measured. */
static void pack_read(struct pack *p, const struct echo_block *in,
		      struct echo_sums *sums, unsigned lane)
{
	struct filter *f = &p->filter;
	vi on = pack_mask(in->mask >> lane);
	vf bad = vf_set(0), far2 = vf_set(0), near2 = vf_set(0);

	for (int i = 0; i < FFT_HALF; i++) {
		vf x = sample_read(in->far[i] + lane, on, &bad);
		vf y = sample_read(in->near[i] + lane, on, &bad);

		x = dc_run(&p->far_dc, x);
		y = dc_run(&p->near_dc, y);

		f->far[i] = f->far[FFT_HALF + i];
		f->far[FFT_HALF + i] = x;
		f->near[i] = y;
		far2 += x * x;
		near2 += y * y;
	}
	vf_store(sums->bad + lane, bad);
	vf_store(sums->far + lane, far2);
	vf_store(sums->near + lane, near2);
}

static void pack_measure(const struct filter *f, struct echo_sums *sums,
			 unsigned lane)
{
	vf err = vf_set(0), est = vf_set(0), both = vf_set(0);
	vf lag = vf_set(0), last = vf_set(0);

	for (int i = 0; i < FFT_HALF; i++) {
		vf e = f->near[i] - f->est[i];

		err += e * e;
		lag += e * last;
		est += f->est[i] * f->est[i];
		both += f->est[i] * f->near[i];
		last = e;
	}
	vf_store(sums->err + lane, err);
	vf_store(sums->lag + lane, lag);
	vf_store(sums->est + lane, est);
	vf_store(sums->near_est + lane, both);
}

/* tick */
static void kernel_filter(void *state, const struct echo_block *in,
			  const struct echo_orders *orders,
			  struct echo_sums *sums)
{
	unsigned parts = ((struct pack *)state)->filter.parts;

	for (unsigned n = 0; n < ECHO_LANES / ECHO_VL; n++) {
		struct filter *f = &pack_at(state, parts, n)->filter;
		unsigned lane = n * ECHO_VL;

		pack_read(pack_at(state, parts, n), in, sums, lane);
		vf_store(sums->bins + lane, filter_hear(f));
		filter_estimate(f, orders, sums, lane);
		filter_error(f);
		pack_measure(f, sums, lane);
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
 * three gains run in straight lines from the last block's to this one's.
 * Returns its energy.
 */
static vf pack_write(struct pack *p, const struct echo_block *block,
		     const struct echo_orders *o, unsigned lane)
{
	const struct filter *f = &p->filter;
	const float slope = 1.0f / FFT_HALF;
	vf cancel = (vf_load(o->cancel + lane) - p->cancel) * slope;
	vf pass = (vf_load(o->pass + lane) - p->pass) * slope;
	vf noise = (vf_load(o->noise + lane) - p->noise) * slope;
	vf tilt = vf_load(o->tilt + lane), sum = vf_set(0);
	vi mask = pack_mask(block->mask >> lane);

	for (int i = 0; i < FFT_HALF; i++) {
		float *row = block->near[i] + lane;
		vf out;

		p->cancel += cancel;
		p->pass += pass;
		p->noise += noise;
		p->shaped = tilt * p->shaped + pack_random(p);
		out = p->pass * (f->near[i] - p->cancel * f->est[i]) +
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

		vf law = psi_law * vf_load(sums->near + lane);

		filter_blame(&p->filter, vf_load(orders->step + lane),
			     vf_max(law, vf_set(psi_least)));
		vf_store(sums->out + lane, pack_write(p, block, orders, lane));
	}
}

const struct echo_kernel ECHO_KERNEL = {
	.name = ECHO_NAME,
	.state_size = kernel_state_size,
	.init = kernel_init,
	.reset_lane = kernel_reset_lane,
	.filter = kernel_filter,
	.finish = kernel_finish,
};

#endif
