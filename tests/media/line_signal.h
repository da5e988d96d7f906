/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals and lines for judging echo cancellers: composite source signal,
 * noise and tones at a level in dBm0, hybrids of G.168 Annex D, laws, level
 * meters. Samples are floats on the linear 16-bit scale at 8 kHz. For tests
 * and benches: include line_signal.c once in a program.
 */
#ifndef TESTS_LINE_SIGNAL_H
#define TESTS_LINE_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signal_law { LAW_NONE, LAW_ALAW, LAW_ULAW };

enum {
	HYBRID_FIRST = 2,	/* models D.2 to D.9 */
	HYBRID_MODELS = 8,
	HYBRID_TAPS = 1152,	/* room for a model and its delay */
};

/* The far side of a line: an impulse response with its bulk delay. */
struct hybrid {
	float tap[HYBRID_TAPS];
	size_t len;
};

/* RMS of a level in dBm0, and back (-100 for silence). */
double signal_rms(double dbm0);
double signal_dbm0(const float *x, size_t n);

/* A value in [-1, 1) from a seeded generator. */
float signal_random(uint32_t *seed);

/*
 * Composite source signal (G.168 Annex C): voiced 48.6 ms, noise 200 ms,
 * pause, 350 ms in all, the next one inverted. The double-talk form has
 * 72.7 ms, 200 ms and 400 ms. The level is that of the whole signal.
 */
void signal_css(float *x, size_t n, double dbm0, uint32_t seed);
void signal_css_double_talk(float *x, size_t n, double dbm0, uint32_t seed);
void signal_noise(float *x, size_t n, double dbm0, uint32_t seed);
void signal_tone(float *x, size_t n, double dbm0, double hz);
/* A stand-in for speech: pitch pulses through moving formants, pauses. */
void signal_speech(float *x, size_t n, double dbm0, uint32_t seed);

/*
 * Recorded speech: the prompts of Debian's asterisk-core-sounds-en-wav, one
 * after the other from a place that depends on the seed. False if they are
 * not installed; x is silence then.
 */
bool signal_recording(float *x, size_t n, double dbm0, uint32_t seed);
/* Asterisk's demo-instruct of the same package from its first word on. */
bool signal_prompt(float *x, size_t n, double dbm0);

/* Through a law and back: what the other end of a G.711 line hears. */
void signal_law(float *x, size_t n, enum signal_law law);

/* model 0 to 7 (D.2 to D.9), echo return loss in dB for white noise. */
void hybrid_model(struct hybrid *h, unsigned model, size_t delay,
		  double erl_db);
/* The same without delay, scaled as Annex D does, whose return loss is that
 * of the composite source signal. */
void hybrid_annex_d(struct hybrid *h, unsigned model, double erl_db);
/* Add a second path to a hybrid. */
void hybrid_add(struct hybrid *h, const struct hybrid *other);
/* y = echo of x; both of n samples, past of x before x[0] is silence. */
void hybrid_run(const struct hybrid *h, const float *x, float *y, size_t n);

/* The band-pass of the level meter of G.168 6.4.1.2. */
const float *signal_meter_taps(size_t *n);

#endif
