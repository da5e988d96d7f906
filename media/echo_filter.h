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

#include "media/echo_fft.h"
#include "media/echo_priv.h"

enum {
	FILTER_TURN = 2,	/* partitions constrained per block */
};

/*
 * Psi never falls below a noise of 2 on the 16-bit scale, nor below what a
 * law adds to the near end: -38 dB.
 */
static const float psi_least = 300.0f;
static const float psi_law = 1.5e-4f;

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
	vf far[FFT_SIZE];		/* previous and current block */
	vf near[FFT_HALF];
	vf est[FFT_HALF];
	vf psi[FFT_BINS];
	vf heard[FFT_BINS];		/* sum P |X|^2 */
	struct vc err[FFT_BINS];	/* E */
	struct blame blame[FFT_BINS];	/* of the update to be done */
	struct part *part;		/* of parts */
	struct spectrum *past;		/* of parts + 1, a ring */
};

/* Spectrum of age blocks ago. */
static inline const struct spectrum *filter_past(const struct filter *f,
						 unsigned age)
{
	unsigned slot = f->newest + age;

	return &f->past[slot > f->parts ? slot - f->parts - 1 : slot];
}

/* Sums over a partition while it is at hand. */
struct part_sums {
	vf tap;
	vf doubt;
};

static void part_update(struct part *w, const struct spectrum *x,
			const struct blame *blame, vf drift, vf floor)
{
	for (int b = 0; b < FFT_BINS; b++) {
		struct tap *t = &w->bin[b];
		struct vc xb = spectrum_at(x, b), g = blame[b].gain;
		vf power = xb.re * xb.re + xb.im * xb.im;
		vf re = t->re + t->p * (xb.re * g.re + xb.im * g.im);
		vf im = t->im + t->p * (xb.re * g.im - xb.im * g.re);
		vf p = t->p - t->p * (t->p * power) * blame[b].part;

		t->re = re;
		t->im = im;
		t->p = p + drift * (re * re + im * im + floor - p);
	}
}

static struct part_sums part_apply(const struct part *w,
				   const struct spectrum *x, struct vc *y,
				   vf *heard)
{
	struct part_sums s = { vf_set(0), vf_set(0) };

	for (int b = 0; b < FFT_BINS; b++) {
		const struct tap *t = &w->bin[b];
		struct vc xb = spectrum_at(x, b);

		y[b].re += t->re * xb.re - t->im * xb.im;
		y[b].im += t->re * xb.im + t->im * xb.re;
		heard[b] += t->p * (xb.re * xb.re + xb.im * xb.im);
		s.tap += t->re * t->re + t->im * t->im;
		s.doubt += t->p;
	}
	return s;
}

/* Clear what the circular convolution put behind the partition's end. */
static void part_constrain(struct part *w)
{
	struct vc c[FFT_BINS];
	vf h[FFT_SIZE];

	for (int b = 0; b < FFT_BINS; b++)
		c[b] = (struct vc){ w->bin[b].re, w->bin[b].im };
	fft_real_inverse(c, h);
	for (int i = FFT_HALF; i < FFT_SIZE; i++)
		h[i] = vf_set(0);
	fft_real(h, c);
	for (int b = 0; b < FFT_BINS; b++) {
		w->bin[b].re = c[b].re;
		w->bin[b].im = c[b].im;
	}
}

static void part_rescale(struct part *w, vf tap, vf doubt, vf add)
{
	for (int b = 0; b < FFT_BINS; b++) {
		struct tap *t = &w->bin[b];

		t->re *= tap;
		t->im *= tap;
		t->p = t->p * doubt + add;
	}
}

/* One run over all partitions: last block's update, then the estimate. */
static void filter_estimate(struct filter *f, const struct echo_orders *o,
			    struct echo_sums *sums, unsigned lane)
{
	vf drift = vf_load(o->drift + lane), floor = vf_load(o->floor + lane);
	struct vc y[FFT_BINS];
	vf t[FFT_SIZE];

	for (int b = 0; b < FFT_BINS; b++) {
		y[b] = (struct vc){ vf_set(0), vf_set(0) };
		f->heard[b] = vf_set(0);
	}
	for (unsigned k = 0; k < f->parts; k++) {
		struct part *w = &f->part[k];
		unsigned turn = k + f->parts - f->turn;
		struct part_sums s;

		part_update(w, filter_past(f, k + 1), f->blame, drift, floor);
		if (o->rescale)
			part_rescale(w, vf_load(o->tap_scale[k] + lane),
				     vf_load(o->doubt_scale[k] + lane),
				     vf_load(o->doubt_add[k] + lane));
		if (turn % f->parts < FILTER_TURN)
			part_constrain(w);
		s = part_apply(w, filter_past(f, k), y, f->heard);
		vf_store(sums->tap[k] + lane, s.tap);
		vf_store(sums->doubt[k] + lane, s.doubt);
	}
	f->turn = (f->turn + FILTER_TURN) % f->parts;
	fft_real_inverse(y, t);
	for (int i = 0; i < FFT_HALF; i++)
		f->est[i] = t[FFT_HALF + i];
}

/* Take the newest far block into the ring. Returns the bins in use. */
static vf filter_hear(struct filter *f)
{
	vf p2 = vf_set(1), p4 = vf_set(1);
	struct vc x[FFT_BINS];

	f->newest = f->newest ? f->newest - 1 : f->parts;
	fft_real(f->far, x);
	for (int b = 0; b < FFT_BINS; b++) {
		vf p = x[b].re * x[b].re + x[b].im * x[b].im;

		p2 += p;
		p4 += p * p;
		f->past[f->newest].bin[b] = spectrum_pack(x[b]);
	}
	return p2 * p2 / p4;
}

/* The error's spectrum, with zeros in the place of the previous block. */
static void filter_error(struct filter *f)
{
	vf e[FFT_SIZE];

	for (int i = 0; i < FFT_HALF; i++) {
		e[i] = vf_set(0);
		e[FFT_HALF + i] = f->near[i] - f->est[i];
	}
	fft_real(e, f->err);
}

/*
 * Prepare the update: Psi by expectation-maximisation, at once where E is
 * beyond what the doubt can explain, then the common factors. step 0 holds
 * the taps; Psi is not believed below least.
 */
static void filter_blame(struct filter *f, vf step, vf least)
{
	const float keep = 0.7f, beyond = 0.1f;

	for (int b = 0; b < FFT_BINS; b++) {
		struct vc e = f->err[b];
		vf power = e.re * e.re + e.im * e.im;
		vf echo = 0.5f * f->heard[b], psi = f->psi[b];
		vf share = psi / (psi + echo);
		vf now = share * (share * power + echo), d;

		now = vf_max(now, beyond * (power - 2.0f * echo));
		psi = keep * psi + (1 - keep) * now;
		psi = vf_max(psi, least);
		f->psi[b] = psi;
		d = step / (f->heard[b] + 2.0f * psi);
		f->blame[b].gain = (struct vc){ e.re * d, e.im * d };
		f->blame[b].part = 0.5f * d;
	}
}

#endif
