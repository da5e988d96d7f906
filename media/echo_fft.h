/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real FFT of 160 samples in each lane: a complex FFT of 80 on pairs of
 * samples, 80 = 5 x 16 by the prime-factor map (Good 1958), so that no
 * twiddles stand between the two stages.
 */
#ifndef MEDIA_ECHO_FFT_H
#define MEDIA_ECHO_FFT_H

#include "media/echo_vec.h"

enum {
	FFT_SIZE = 160,
	FFT_HALF = 80,
	FFT_BINS = 81,
};

/* cos(2 pi k / 160), k = 0..40; the sine is the same table backwards. */
static const float fft_cos[FFT_HALF / 2 + 1] = {
	1.00000000f, 0.99922904f, 0.99691733f, 0.99306846f, 0.98768834f,
	0.98078528f, 0.97236992f, 0.96245524f, 0.95105652f, 0.93819134f,
	0.92387953f, 0.90814317f, 0.89100652f, 0.87249601f, 0.85264016f,
	0.83146961f, 0.80901699f, 0.78531693f, 0.76040597f, 0.73432251f,
	0.70710678f, 0.67880075f, 0.64944805f, 0.61909395f, 0.58778525f,
	0.55557023f, 0.52249856f, 0.48862124f, 0.45399050f, 0.41865974f,
	0.38268343f, 0.34611706f, 0.30901699f, 0.27144045f, 0.23344536f,
	0.19509032f, 0.15643447f, 0.11753740f, 0.07845910f, 0.03925982f,
	0.00000000f,
};

static inline struct vc vc_add(struct vc a, struct vc b)
{
	return (struct vc){ a.re + b.re, a.im + b.im };
}

static inline struct vc vc_sub(struct vc a, struct vc b)
{
	return (struct vc){ a.re - b.re, a.im - b.im };
}

/* a times -i */
static inline struct vc vc_turn(struct vc a)
{
	return (struct vc){ a.im, -a.re };
}

/* a times (c - i s) */
static inline struct vc vc_twist(struct vc a, float c, float s)
{
	return (struct vc){ a.re * c + a.im * s, a.im * c - a.re * s };
}

/* DFT of five values in place (Winograd's grouping). */
static inline void fft_5(struct vc *a)
{
	const float c1 = 0.30901699f, c2 = -0.80901699f;
	const float s1 = 0.95105652f, s2 = 0.58778525f;
	struct vc p1 = vc_add(a[1], a[4]), m1 = vc_sub(a[1], a[4]);
	struct vc p2 = vc_add(a[2], a[3]), m2 = vc_sub(a[2], a[3]);
	struct vc u = { a[0].re + c1 * p1.re + c2 * p2.re,
			a[0].im + c1 * p1.im + c2 * p2.im };
	struct vc v = { a[0].re + c2 * p1.re + c1 * p2.re,
			a[0].im + c2 * p1.im + c1 * p2.im };
	struct vc q = vc_turn((struct vc){ s1 * m1.re + s2 * m2.re,
					   s1 * m1.im + s2 * m2.im });
	struct vc r = vc_turn((struct vc){ s2 * m1.re - s1 * m2.re,
					   s2 * m1.im - s1 * m2.im });

	a[0] = vc_add(a[0], vc_add(p1, p2));
	a[1] = vc_add(u, q);
	a[4] = vc_sub(u, q);
	a[2] = vc_add(v, r);
	a[3] = vc_sub(v, r);
}

static inline void fft_4(struct vc *a, struct vc *b, struct vc *c,
			 struct vc *d)
{
	struct vc s = vc_add(*a, *c), t = vc_sub(*a, *c);
	struct vc u = vc_add(*b, *d), v = vc_turn(vc_sub(*b, *d));

	*a = vc_add(s, u);
	*c = vc_sub(s, u);
	*b = vc_add(t, v);
	*d = vc_sub(t, v);
}

/* DFT of 16 values; result k stands in a[4 * (k % 4) + k / 4]. */
static inline void fft_16(struct vc *a)
{
	const float c1 = 0.92387953f, s1 = 0.38268343f, h = 0.70710678f;

	for (int i = 0; i < 4; i++)
		fft_4(&a[i], &a[4 + i], &a[8 + i], &a[12 + i]);
	a[5] = vc_twist(a[5], c1, s1);
	a[6] = vc_twist(a[6], h, h);
	a[7] = vc_twist(a[7], s1, c1);
	a[9] = vc_twist(a[9], h, h);
	a[10] = vc_turn(a[10]);
	a[11] = vc_twist(a[11], -h, h);
	a[13] = vc_twist(a[13], s1, c1);
	a[14] = vc_twist(a[14], -h, h);
	a[15] = vc_twist(a[15], -c1, -s1);
	for (int i = 0; i < 16; i += 4)
		fft_4(&a[i], &a[i + 1], &a[i + 2], &a[i + 3]);
}

/* Complex DFT of 80 values. in and out must not overlap. */
static void fft_80(const struct vc *in, struct vc *out)
{
	struct vc mid[5][16];

	for (int n = 0; n < 16; n++) {
		struct vc a[5];

		for (int i = 0; i < 5; i++)
			a[i] = in[(5 * n + 16 * i) % FFT_HALF];
		fft_5(a);
		for (int i = 0; i < 5; i++)
			mid[i][n] = a[i];
	}
	for (int i = 0; i < 5; i++) {
		fft_16(mid[i]);
		for (int k = 0; k < 16; k++)
			out[(16 * i + 65 * k) % FFT_HALF] =
				mid[i][4 * (k % 4) + k / 4];
	}
}

/* Spectrum of 160 real samples, bins 0..80, not scaled. */
static void fft_real(const vf *x, struct vc *out)
{
	struct vc z[FFT_HALF];

	fft_80((const struct vc *)x, z);
	out[0] = (struct vc){ z[0].re + z[0].im, vf_set(0) };
	out[FFT_HALF] = (struct vc){ z[0].re - z[0].im, vf_set(0) };
	for (int k = 1; k <= FFT_HALF / 2; k++) {
		struct vc a = z[k], b = z[FFT_HALF - k];
		struct vc e = { 0.5f * (a.re + b.re), 0.5f * (a.im - b.im) };
		struct vc o = { 0.5f * (a.im + b.im), 0.5f * (b.re - a.re) };

		o = vc_twist(o, fft_cos[k], fft_cos[FFT_HALF / 2 - k]);
		out[k] = vc_add(e, o);
		out[FFT_HALF - k] = (struct vc){ e.re - o.re, o.im - e.im };
	}
}

/* The 160 real samples of a spectrum, scaled so that it undoes fft_real(). */
static void fft_real_inverse(const struct vc *in, vf *x)
{
	const float scale = 1.0f / FFT_SIZE;
	struct vc z[FFT_HALF], t[FFT_HALF];

	/* the inverse is the forward one with parts exchanged on both sides */
	z[0] = (struct vc){ scale * (in[0].re - in[FFT_HALF].re),
			    scale * (in[0].re + in[FFT_HALF].re) };
	for (int k = 1; k <= FFT_HALF / 2; k++) {
		struct vc a = in[k], b = in[FFT_HALF - k];
		struct vc e = { scale * (a.re + b.re), scale * (a.im - b.im) };
		struct vc o = { scale * (a.re - b.re), scale * (a.im + b.im) };

		o = vc_twist(o, fft_cos[k], -fft_cos[FFT_HALF / 2 - k]);
		z[k] = (struct vc){ e.im + o.re, e.re - o.im };
		z[FFT_HALF - k] = (struct vc){ o.re - e.im, e.re + o.im };
	}
	fft_80(z, t);
	for (int n = 0; n < FFT_HALF; n++) {
		x[2 * n] = t[n].im;
		x[2 * n + 1] = t[n].re;
	}
}

#endif
