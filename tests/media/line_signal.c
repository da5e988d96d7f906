/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/line_signal.h"

#include <math.h>
#include <string.h>

#include <spandsp.h>
#include <spandsp/g168models.h>

/* RMS of a 0 dBm0 sine: a sine of full scale (32768) is +3.14 dBm0. */
static const double rms_0dbm0 = 16141.7;

double signal_rms(double dbm0)
{
	return rms_0dbm0 * pow(10.0, dbm0 / 20.0);
}

static double signal_power(const float *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)x[i] * (double)x[i];
	}
	return n ? sum / (double)n : 0;
}

double signal_dbm0(const float *x, size_t n)
{
	double p = signal_power(x, n) / (rms_0dbm0 * rms_0dbm0);

	return p > 1e-10 ? 10.0 * log10(p) : -100.0;
}

float signal_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (float)((double)*seed / 2147483648.0 - 1.0);
}

static void signal_scale(float *x, size_t n, double dbm0)
{
	double p = signal_power(x, n);
	float g = p > 0 ? (float)(signal_rms(dbm0) / sqrt(p)) : 0;

	for (size_t i = 0; i < n; i++) {
		x[i] *= g;
	}
}

void signal_noise(float *x, size_t n, double dbm0, uint32_t seed)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = signal_random(&seed) + signal_random(&seed) +
		       signal_random(&seed);
	}
	signal_scale(x, n, dbm0);
}

void signal_tone(float *x, size_t n, double dbm0, double hz)
{
	double a = sqrt(2.0) * signal_rms(dbm0);

	for (size_t i = 0; i < n; i++) {
		x[i] = (float)(a * sin(2.0 * M_PI * hz * (double)i / 8000.0));
	}
}

/* A band-pass 200 to 3600 Hz of 129 taps, windowed sinc. */
static void band_taps(float *h, size_t taps)
{
	for (size_t i = 0; i < taps; i++) {
		double t = (double)i - (double)(taps - 1) / 2.0;
		double w = 0.54 - 0.46 * cos(2.0 * M_PI * (double)i /
					     (double)(taps - 1));
		double hi = 2.0 * 3600.0 / 8000.0, lo = 2.0 * 200.0 / 8000.0;
		double s = hi - lo;

		if (fabs(t) > 0.25) {
			s = (sin(M_PI * hi * t) - sin(M_PI * lo * t)) /
			    (M_PI * t);
		}
		h[i] = (float)(s * w);
	}
}

/* The parts of a composite source signal. */
struct css {
	const int *voiced;	/* one pitch period at 44.1 kHz */
	size_t period;
	double voiced_ms;
	double all_ms;
};

static float css_voiced(const struct css *c, double t_ms)
{
	double pos = fmod(t_ms * 44.1, (double)c->period);
	size_t i = (size_t)pos;
	double frac = pos - (double)i;
	double a = c->voiced[i], b = c->voiced[(i + 1) % c->period];

	return (float)(a + frac * (b - a));
}

static void css_write(float *x, size_t n, const struct css *c, uint32_t seed)
{
	enum { TAPS = 129 };
	float h[TAPS], past[TAPS] = { 0 };

	band_taps(h, TAPS);
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / 8.0, in = fmod(t, c->all_ms);
		float sign = fmod(t / c->all_ms, 2.0) < 1.0 ? 1.0f : -1.0f;
		float noise = 0;

		memmove(past + 1, past, sizeof(past) - sizeof(past[0]));
		past[0] = signal_random(&seed) < 0 ? -3700.0f : 3700.0f;
		for (size_t k = 0; k < TAPS; k++) {
			noise += h[k] * past[k];
		}
		if (in < c->voiced_ms) {
			x[i] = sign * css_voiced(c, in);
		} else if (in < c->voiced_ms + 200.0) {
			x[i] = sign * noise;
		} else {
			x[i] = 0;
		}
	}
}

void signal_css(float *x, size_t n, double dbm0, uint32_t seed)
{
	const struct css c = { css_c1, sizeof(css_c1) / sizeof(css_c1[0]),
			       48.62, 350.0 };

	css_write(x, n, &c, seed);
	signal_scale(x, n, dbm0);
}

void signal_css_double_talk(float *x, size_t n, double dbm0, uint32_t seed)
{
	const struct css c = { css_c3, sizeof(css_c3) / sizeof(css_c3[0]),
			       72.69, 400.0 };

	css_write(x, n, &c, seed);
	signal_scale(x, n, dbm0);
}

/* A two-pole resonance. */
struct formant {
	double y1;
	double y2;
};

static double formant_run(struct formant *f, double in, double hz, double bw)
{
	double r = exp(-M_PI * bw / 8000.0);
	double y = in + 2.0 * r * cos(2.0 * M_PI * hz / 8000.0) * f->y1 -
		   r * r * f->y2;

	f->y2 = f->y1;
	f->y1 = y;
	return y;
}

void signal_speech(float *x, size_t n, double dbm0, uint32_t seed)
{
	struct formant f[3] = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
	double hz[3] = { 500, 1500, 2500 }, phase = 0, pitch = 120, loud = 0, last = 0;
	bool voiced = true;

	for (size_t i = 0; i < n; i++) {
		double in = 0;

		if (i % 1200 == 0) { /* a new sound each 150 ms */
			double kind = signal_random(&seed);

			hz[0] = 500 + 250 * (double)signal_random(&seed);
			hz[1] = 1500 + 600 * (double)signal_random(&seed);
			hz[2] = 2700 + 400 * (double)signal_random(&seed);
			pitch = 150 + 60 * (double)signal_random(&seed);
			voiced = kind > -0.4;
			loud = kind < -0.75 ? 0 : voiced ? 1 : 0.3;
		}
		phase += pitch / 8000.0;
		if (voiced && phase >= 1) {
			in = 8;
		}
		phase -= floor(phase);
		in += (voiced ? 0.05 : 1) * (double)signal_random(&seed);
		in *= loud;
		in = formant_run(&f[0], in, hz[0], 80);
		in = 0.5 * in + 0.5 * formant_run(&f[1], in, hz[1], 120);
		in += formant_run(&f[2], in, hz[2], 200);
		x[i] = (float)(in - 0.95 * last); /* the lips */
		last = in;
	}
	signal_scale(x, n, dbm0);
}

void signal_law(float *x, size_t n, enum signal_law law)
{
	for (size_t i = 0; i < n; i++) {
		float v = fminf(fmaxf(x[i], -32767.0f), 32767.0f);
		int s = (int)lrintf(v);

		if (law == LAW_ALAW) {
			s = alaw_to_linear(linear_to_alaw(s));
		} else if (law == LAW_ULAW) {
			s = ulaw_to_linear(linear_to_ulaw(s));
		}
		x[i] = law == LAW_NONE ? x[i] : (float)s;
	}
}

#define MODEL(d, D) { line_model_##d##_coeffs, \
	sizeof(line_model_##d##_coeffs) / sizeof(line_model_##d##_coeffs[0]), \
	(double)LINE_MODEL_##D##_GAIN }

static const struct {
	const int32_t *tap;
	size_t n;
	double gain;	/* of Annex D: no loss of the CSS */
} hybrid_table[HYBRID_MODELS] = {
	MODEL(d2, D2), MODEL(d3, D3), MODEL(d4, D4), MODEL(d5, D5),
	MODEL(d6, D6), MODEL(d7, D7), MODEL(d8, D8), MODEL(d9, D9),
};

static void hybrid_set(struct hybrid *h, unsigned model, size_t delay,
		       double gain)
{
	const int32_t *tap = hybrid_table[model % HYBRID_MODELS].tap;
	size_t n = hybrid_table[model % HYBRID_MODELS].n;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < n && delay + i < HYBRID_TAPS; i++) {
		h->tap[delay + i] = (float)(tap[i] * gain);
		h->len = delay + i + 1;
	}
}

void hybrid_model(struct hybrid *h, unsigned model, size_t delay,
		  double erl_db)
{
	double sum = 0;

	model %= HYBRID_MODELS;
	for (size_t i = 0; i < hybrid_table[model].n; i++) {
		double t = hybrid_table[model].tap[i];

		sum += t * t;
	}
	hybrid_set(h, model, delay, pow(10.0, -erl_db / 20.0) / sqrt(sum));
}

void hybrid_annex_d(struct hybrid *h, unsigned model, double erl_db)
{
	model %= HYBRID_MODELS;
	hybrid_set(h, model, 0,
		   pow(10.0, -erl_db / 20.0) * hybrid_table[model].gain);
}

const float *signal_meter_taps(size_t *n)
{
	*n = sizeof(level_measurement_bp_coeffs) /
	     sizeof(level_measurement_bp_coeffs[0]);
	return level_measurement_bp_coeffs;
}

void hybrid_add(struct hybrid *h, const struct hybrid *other)
{
	for (size_t i = 0; i < other->len; i++) {
		h->tap[i] += other->tap[i];
	}
	if (other->len > h->len) {
		h->len = other->len;
	}
}

void hybrid_run(const struct hybrid *h, const float *x, float *y, size_t n)
{
	size_t first = 0;

	while (first < h->len && !(fabsf(h->tap[first]) > 0)) {
		first++;
	}
	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (size_t k = first; k < h->len && k <= i; k++) {
			sum += (double)(h->tap[k] * x[i - k]);
		}
		y[i] = (float)sum;
	}
}
