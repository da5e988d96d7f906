/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partitioned-block frequency-domain adaptive Kalman filter (Enzner and Vary
 * 2006; partitioned by Kuech, Mabande and Enzner 2014) in each lane.
 *
 * The echo path is cut into partitions of 80 samples. For each bin of each
 * partition there is a tap W and a doubt P, the variance of its error. With
 * X the spectrum of the far end (newest two blocks), Y = sum W X is the
 * estimate, E the spectrum of the error, Psi the power of what is not echo:
 *
 *    D = sum P |X|^2 + 2 Psi         how much of E may be blamed on whom
 *    W += P conj(X) E / D            so near-end speech (Psi) slows it down
 *    P -= P^2 |X|^2 / 2 D            what was heard removes doubt
 *    P += drift (|W|^2 + floor - P)  what moves brings it back
 *
 * The update of a block is done at the beginning of the next one, so that
 * each partition passes through the cache once per block. A circular
 * convolution wraps; the part of each tap vector beyond its 80 samples is
 * therefore cleared, in FILTER_TURN partitions a block in turn.
 */
#ifndef MEDIA_ECHO_FILTER_H
#define MEDIA_ECHO_FILTER_H

#include <stdbool.h>
#include <string.h>

#include "media/echo_fft.h"
#include "media/echo_priv.h"

enum {
	FILTER_TURN = 2,	/* partitions constrained per block */
	BIN_FIRST = 4,		/* of those summed in tap and doubt */
	BIN_END = BIN_FIRST + ECHO_BINS_SUMMED,
	BINS_AHEAD = 3,		/* for which memory is asked */
	CACHE_LINE = 64,
};

/*
 * Psi never falls below a noise of 2 on the 16-bit scale, nor below what a
 * law adds to the near end: -38 dB.
 */
static const float psi_least = 300.0f;
static const float psi_law = 1.5e-4f;
static const float doubt_none = 1e-12f;

/* What is kept for one bin of one partition. */
struct tap {
	vf re;
	vf im;
	vf p;
};

struct part {
	struct tap bin[FFT_BINS];
};

/*
 * A spectrum of the far end to be kept: the upper halves of both floats in
 * one word, the real part above. 8 bits of mantissa add -58 dB of noise to
 * the estimate, and spare the memory a third of its load.
 */
struct spectrum {
	vu bin[FFT_BINS];
};

static inline vu spectrum_pack(struct vc x)
{
	vu re = (vu)x.re + 0x8000, im = (vu)x.im + 0x8000;

	return (re & 0xffff0000) | (im >> 16);
}

static inline struct vc spectrum_at(const struct spectrum *s, int bin)
{
	vu v = s->bin[bin];

	return (struct vc){ (vf)(v & 0xffff0000), (vf)(v << 16) };
}

/* The common factor of a block's updates. */
struct blame {
	struct vc gain;		/* E / D */
	vf part;		/* 1 / 2D */
};

struct filter {
	unsigned parts;
	unsigned newest;		/* slot of the newest spectrum */
	unsigned turn;			/* partition to constrain next */
	bool rested;			/* in the last block */
	vf far[FFT_HALF];		/* the last block */
	vf psi[FFT_BINS];
	struct blame blame[FFT_BINS];	/* of the update to be done */
	struct part *part;		/* of parts */
	struct spectrum *past;		/* of parts + 1, a ring */
};

/* What a block needs until its end; of no group's state. */
struct scratch {
	vf near[FFT_HALF];
	vf est[FFT_HALF];
	vf heard[FFT_BINS];		/* sum P |X|^2 */
	struct vc err[FFT_BINS];	/* E */
};

/* Spectrum of age blocks ago. */
static inline const struct spectrum *filter_past(const struct filter *f,
						 unsigned age)
{
	unsigned slot = f->newest + age;

	return &f->past[slot > f->parts ? slot - f->parts - 1 : slot];
}

/* A partition at work in a block. */
struct job {
	struct part *part;
	const struct spectrum *now;	/* of this block */
	const struct spectrum *before;	/* of the update to be done */
	vf drift;	/* 0 in lanes where the partition is dormant */
	vf tap;		/* sums of |W|^2 and P over the bins of speech */
	vf doubt;
	unsigned k;	/* which one */
	bool shadow;	/* in the lanes that are not in heed */
	vi heed;
	bool scaled;	/* by these */
	vf tap_scale;
	vf doubt_scale;
	vf doubt_add;
};

/*
 * Clear what the circular convolution put behind the partition's end.
 * Returns the mean of |W|^2 / P: about one and less if there is no echo.
 */
static vf part_constrain(struct part *w)
{
	vf sum = vf_set(0);
	struct vc c[FFT_BINS];
	vf h[FFT_SIZE];

	for (int b = 0; b < FFT_BINS; b++)
		c[b] = (struct vc){ w->bin[b].re, w->bin[b].im };
	fft_real_inverse(c, h);
	for (int i = FFT_HALF; i < FFT_SIZE; i++)
		h[i] = vf_set(0);
	fft_real(h, c);
	for (int b = 0; b < FFT_BINS; b++) {
		struct tap *t = &w->bin[b];

		t->re = c[b].re;
		t->im = c[b].im;
		if (b >= BIN_FIRST && b < BIN_END)
			sum += (t->re * t->re + t->im * t->im) /
			       (t->p + doubt_none);
	}
	return sum * (1.0f / ECHO_BINS_SUMMED);
}

/* A lane whose scale is 0 forgets, whatever stood there. */
static inline void tap_rescale(struct tap *t, const struct job *j)
{
	vi keep = j->tap_scale > 0;

	t->re = (vf)((vi)(t->re * j->tap_scale) & keep);
	t->im = (vf)((vi)(t->im * j->tap_scale) & keep);
	keep = j->doubt_scale > 0;
	t->p = (vf)((vi)(t->p * j->doubt_scale) & keep) + j->doubt_add;
}

/*
 * Ask memory for a bin to come. Three streams for each partition are more than
 * the processor follows by itself, and a full gateway's state is in no cache.
 */
static inline void bin_fetch(const struct job *j, int b)
{
	const char *tap = (const char *)&j->part->bin[b];

	for (size_t i = 0; i < sizeof(struct tap); i += CACHE_LINE)
		__builtin_prefetch(tap + i, 1);
	__builtin_prefetch(&j->before->bin[b]);
	__builtin_prefetch(&j->now->bin[b]);
}

/*
 * One bin of all partitions at work: last block's update, then the
 * estimate. A dormant lane has W = P = drift = 0 and stays so; in its shadow
 * it learns, from an error that it has no part in.
 */
static inline void bin_work(struct filter *f, struct scratch *s,
			    struct job *job, unsigned jobs, vf floor, int b,
			    struct vc *sum)
{
	const struct blame g = f->blame[b];
	vf heard = vf_set(0), y_re = vf_set(0), y_im = vf_set(0);
	const bool speech = b >= BIN_FIRST && b < BIN_END;
	const int ahead = b + BINS_AHEAD < FFT_BINS ? b + BINS_AHEAD : b;

	for (unsigned k = 0; k < jobs; k++) {
		struct job *j = &job[k];
		struct tap *t = &j->part->bin[b], v;
		struct vc x = spectrum_at(j->before, b);
		struct vc z = spectrum_at(j->now, b);
		vf power = x.re * x.re + x.im * x.im, w;

		bin_fetch(j, ahead);
		v.re = t->re + t->p * (x.re * g.gain.re + x.im * g.gain.im);
		v.im = t->im + t->p * (x.re * g.gain.im - x.im * g.gain.re);
		w = v.re * v.re + v.im * v.im;
		v.p = t->p - t->p * (t->p * power) * g.part;
		v.p += j->drift * (w + floor - v.p);
		if (j->scaled)
			tap_rescale(&v, j);
		heard += v.p * (z.re * z.re + z.im * z.im);
		if (j->shadow) {
			z.re = (vf)((vi)z.re & j->heed);
			z.im = (vf)((vi)z.im & j->heed);
		}
		y_re += v.re * z.re - v.im * z.im;
		y_im += v.re * z.im + v.im * z.re;
		*t = v;
		if (speech) {
			j->tap += w;
			j->doubt += v.p;
		}
	}
	*sum = (struct vc){ y_re, y_im };
	s->heard[b] = heard;
}

/* The partitions that are at work in a lane of the pack. */
static unsigned filter_jobs(struct filter *f, const struct echo_orders *o,
			    unsigned lane, struct job *job)
{
	const unsigned pack = (1u << ECHO_VL) - 1;
	vf drift = vf_load(o->drift + lane);
	unsigned jobs = 0;

	for (unsigned k = 0; k < f->parts; k++) {
		struct job *j = &job[jobs];
		unsigned work = o->work[k] >> lane & pack;
		unsigned shadow = o->shadow[k] >> lane & pack;
		unsigned scaled = o->scaled[k] >> lane & pack;

		if (!(work | scaled))
			continue;
		j->part = &f->part[k];
		j->now = filter_past(f, k);
		j->before = filter_past(f, k + 1);
		j->drift = (vf)((vi)drift & vi_mask(work & ~shadow));
		j->shadow = shadow;
		j->heed = vi_mask(~shadow);
		j->tap = j->doubt = vf_set(0);
		j->scaled = scaled;
		j->tap_scale = vf_load(o->tap_scale[k] + lane);
		j->doubt_scale = vf_load(o->doubt_scale[k] + lane);
		j->doubt_add = vf_load(o->doubt_add[k] + lane);
		j->k = k;
		jobs++;
	}
	return jobs;
}

/* One bin of all partitions that have a say, as they are. */
static inline struct vc bin_estimate(const struct job *job, unsigned jobs,
				     int b)
{
	struct vc y = { vf_set(0), vf_set(0) };

	for (unsigned k = 0; k < jobs; k++) {
		const struct tap *t = &job[k].part->bin[b];
		struct vc z = spectrum_at(job[k].now, b);

		if (job[k].shadow) {
			z.re = (vf)((vi)z.re & job[k].heed);
			z.im = (vf)((vi)z.im & job[k].heed);
		}
		y.re += t->re * z.re - t->im * z.im;
		y.im += t->re * z.im + t->im * z.re;
	}
	return y;
}

/* A block's way over the partitions. */
struct pass {
	const struct echo_orders *orders;
	struct echo_sums *sums;
	unsigned lane; /* the first of the pack */
	unsigned jobs;
	struct job job[ECHO_PARTS_MAX];
	struct vc y[FFT_BINS]; /* spectrum of the estimate */
};

/*
 * The estimate alone: taps are read and not written, doubt not even read. What
 * the block before has taught is lost. False: there are scales to be obeyed.
 */
static bool filter_rest(struct filter *f, struct pass *p)
{
	for (unsigned k = 0; k < p->jobs; k++)
		if (p->job[k].scaled)
			return false;
	if (!p->orders->rest)
		return false;
	for (int b = 0; b < FFT_BINS; b++)
		p->y[b] = bin_estimate(p->job, p->jobs, b);
	vf_store(p->sums->heard + p->lane, vf_set(0));
	f->rested = true;
	return true;
}

/*
 * Update and estimate. Whose turn it is to be constrained does not depend on
 * who works: a lane must not see what others do.
 */
static void filter_work(struct filter *f, struct scratch *s, struct pass *p)
{
	vf floor = vf_load(p->orders->floor + p->lane);
	struct echo_sums *sums = p->sums;
	struct job *job = p->job;
	unsigned lane = p->lane;

	if (f->rested)
		memset(f->blame, 0, sizeof(f->blame));
	f->rested = false;
	for (unsigned k = 0; k < p->jobs; k++)
		if ((job[k].k + f->parts - f->turn) % f->parts < FILTER_TURN)
			vf_store(sums->merit[job[k].k] + lane,
				 part_constrain(job[k].part));
	f->turn = (f->turn + FILTER_TURN) % f->parts;
	for (int b = 0; b < FFT_BINS; b++)
		bin_work(f, s, job, p->jobs, floor, b, &p->y[b]);
	for (unsigned k = 0; k < f->parts; k++) {
		vf_store(sums->tap[k] + lane, vf_set(0));
		vf_store(sums->doubt[k] + lane, vf_set(0));
	}
	for (unsigned k = 0; k < p->jobs; k++) {
		vf_store(sums->tap[job[k].k] + lane, job[k].tap);
		vf_store(sums->doubt[job[k].k] + lane, job[k].doubt);
	}
}

/* One run over the partitions at work. */
static void filter_estimate(struct filter *f, struct scratch *s,
			    const struct echo_orders *o,
			    struct echo_sums *sums, unsigned lane)
{
	struct pass p;
	vf t[FFT_SIZE];

	p.orders = o;
	p.sums = sums;
	p.lane = lane;
	p.jobs = filter_jobs(f, o, lane, p.job);
	if (!filter_rest(f, &p))
		filter_work(f, s, &p);
	fft_real_inverse(p.y, t);
	for (int i = 0; i < FFT_HALF; i++)
		s->est[i] = t[FFT_HALF + i];
}

/*
 * Take the newest far block into the ring; x holds the one before it and
 * then its own samples. Returns the bins in use.
 */
static vf filter_hear(struct filter *f, const vf *samples)
{
	vf p2 = vf_set(1), p4 = vf_set(1);
	struct vc x[FFT_BINS];

	f->newest = f->newest ? f->newest - 1 : f->parts;
	fft_real(samples, x);
	for (int b = 0; b < FFT_BINS; b++) {
		vf p = x[b].re * x[b].re + x[b].im * x[b].im;

		p2 += p;
		p4 += p * p;
		f->past[f->newest].bin[b] = spectrum_pack(x[b]);
	}
	return p2 * p2 / p4;
}

/* The error's spectrum, with zeros in the place of the previous block. */
static void filter_error(struct scratch *s)
{
	vf e[FFT_SIZE];

	for (int i = 0; i < FFT_HALF; i++) {
		e[i] = vf_set(0);
		e[FFT_HALF + i] = s->near[i] - s->est[i];
	}
	fft_real(e, s->err);
}

/*
 * Prepare the update: Psi by expectation-maximisation, at once where E is
 * beyond what the doubt can explain, then the common factors. step 0 holds
 * the taps.
 */
static void filter_blame(struct filter *f, const struct scratch *s,
			 const struct echo_orders *o, struct echo_sums *sums,
			 unsigned lane)
{
	const float keep = 0.7f, beyond = 0.1f;
	vf step = vf_load(o->step + lane);
	vf least = vf_max(psi_law * vf_load(sums->near + lane),
			  vf_set(psi_least));
	vf all_heard = vf_set(0), all_psi = vf_set(0);

	for (int b = 0; b < FFT_BINS; b++) {
		struct vc e = s->err[b];
		vf power = e.re * e.re + e.im * e.im;
		vf echo = 0.5f * s->heard[b], psi = f->psi[b];
		vf share = psi / (psi + echo);
		vf now = share * (share * power + echo), d;

		now = vf_max(now, beyond * (power - 2.0f * echo));
		psi = keep * psi + (1 - keep) * now;
		psi = vf_max(psi, least);
		f->psi[b] = psi;
		d = step / (s->heard[b] + 2.0f * psi);
		f->blame[b].gain = (struct vc){ e.re * d, e.im * d };
		f->blame[b].part = 0.5f * d;
		all_heard += s->heard[b];
		all_psi += psi;
	}
	vf_store(sums->heard + lane, all_heard);
	vf_store(sums->psi + lane, all_psi);
}

#endif
