/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_test.h"

#include <math.h>

#define QUIET	      { G168_SILENCE, 0, 0, { 0, 0 } }
#define CSS	      { G168_CSS, 0, 3, { 0, 0 } }
#define TALKER(rel)   { G168_CSS_DT, rel, 0, { 0, 0 } }
#define NOISE(dbm0)   { G168_HOTH, G168_FIXED, dbm0, { 0, 0 } }
#define TONES(a, b)   { G168_TONE, 0, 0, { a, b } }
#define SPREAD	      { G168_TONE_SPREAD, 0, 0, { 0, 0 } }
#define SIGNALLING    { G168_TONE_SIGNAL, 0, -3, { 0, 0 } }
/* Background noise of test 2C: 15 dB below Rin, at most -30 dBm0. */
#define NOISE_2C      { G168_HOTH, -15, -30, { 0, 0 } }

#define NO_SCRIPT     { { 0, QUIET, QUIET, FIRST, 0 } }

#define ANY	      G168_WITH_ANY
#define WITH_CSS      G168_WITH_CSS
#define WITH_SPEECH   G168_WITH_SPEECH

#define FIRST G168_PATH_FIRST
#define OTHER G168_PATH_OTHER
#define OPEN  G168_PATH_OPEN
#define NLP   G168_NLP
#define HOLD  G168_HOLD

static const struct g168_test tests[] = {
	{ "2A", "convergence and reconvergence, NLP on", G168_ALL, 0, NULL, {
		{ 0.2, QUIET, QUIET, FIRST, NLP },
		{ 11, CSS, QUIET, FIRST, NLP },
		{ 11, CSS, QUIET, OTHER, NLP },
	}, {
		{ "combined loss from 50 ms", 1, 0.05, 1, G168_LOSS,
		  G168_ZERO, 6, G168_MEMORY, ANY },
		{ "combined loss from 1 s", 1, 1, 0, G168_LOSS,
		  G168_ZERO, 20, G168_MEMORY, WITH_CSS },
		{ "LRET from 1 s", 1, 1, 0, G168_OUT,
		  G168_RETURNED, 0, G168_PUBLIC, WITH_CSS },
		{ "path changed: loss from 1 s", 2, 1, 0, G168_LOSS,
		  G168_ZERO, 20, G168_MEMORY, WITH_CSS },
		{ "path changed: LRET from 1 s", 2, 1, 0, G168_OUT,
		  G168_RETURNED, 0, G168_PUBLIC, WITH_CSS },
		{ "combined loss from 5 s", 1, 5, 0, G168_LOSS,
		  G168_ZERO, 20, G168_GATEWAY, WITH_SPEECH },
		{ "path changed: loss from 5 s", 2, 5, 0, G168_LOSS,
		  G168_ZERO, 20, G168_GATEWAY, WITH_SPEECH },
		{ "Sin over Sout from 5 s", 1, 5, 0, G168_ERLE,
		  G168_ZERO, 0, G168_FIGURE, ANY },
		{ "path changed: the same", 2, 5, 0, G168_ERLE,
		  G168_ZERO, 0, G168_FIGURE, ANY },
	} },
	{ "2B", "convergence and reconvergence, NLP off", G168_ALL, 0, NULL, {
		{ 0.2, QUIET, QUIET, FIRST, 0 },
		{ 12, CSS, QUIET, FIRST, 0 },
		{ 12, CSS, QUIET, OTHER, 0 },
	}, {
		{ "combined loss from 50 ms", 1, 0.05, 1, G168_LOSS,
		  G168_ZERO, 6, G168_MEMORY, ANY },
		{ "combined loss from 1 s", 1, 1, 0, G168_LOSS,
		  G168_ZERO, 20, G168_MEMORY, WITH_CSS },
		{ "combined loss from 5 s", 1, 5, 0, G168_LOSS,
		  G168_ZERO, 20, G168_GATEWAY, WITH_SPEECH },
		{ "LRES from 10 s", 1, 10, 0, G168_OUT,
		  G168_FIGURE_11, 0, G168_PUBLIC, ANY },
		{ "path changed: loss from 1 s", 2, 1, 0, G168_LOSS,
		  G168_ZERO, 20, G168_MEMORY, WITH_CSS },
		{ "path changed: loss from 5 s", 2, 5, 0, G168_LOSS,
		  G168_ZERO, 20, G168_GATEWAY, WITH_SPEECH },
		{ "path changed: LRES from 10 s", 2, 10, 0, G168_OUT,
		  G168_FIGURE_11, 0, G168_PUBLIC, ANY },
		{ "ERLE from 6.5 to 10 s", 1, 6.5, 10, G168_ERLE,
		  G168_ZERO, 0, G168_FIGURE, ANY },
	} },
	{ "2C(a)", "convergence in background noise, NLP off", G168_ALL, 0, NULL, {
		{ 1, CSS, NOISE_2C, FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "noise off: LRES over LSgen", 1, 0.5, 0, G168_OVER_MEAN,
		  G168_ZERO, 0, G168_PUBLIC, WITH_CSS },
		{ "noise off: LRES over LSgen", 1, 0.5, 0, G168_OVER_MEAN,
		  G168_ZERO, 0, G168_FIGURE, WITH_SPEECH },
	} },
	/* here the noise is heard with the echo: 3 dB more is twice as much */
	{ "2C(b)", "convergence in background noise, NLP on", G168_ALL, 0, NULL, {
		{ 6, CSS, NOISE_2C, FIRST, NLP },
	}, {
		{ "LRET over LSgen", 0, 2, 0, G168_MORE,
		  G168_ZERO, 3, G168_MEMORY, WITH_CSS },
		{ "LRET and LSgen apart", 0, 2, 0, G168_UNLIKE,
		  G168_ZERO, 2, G168_FIGURE, ANY },
	} },
	{ "2C(c)", "convergence in background noise, NLP off", G168_ALL, 0, NULL, {
		{ 6, CSS, NOISE_2C, FIRST, 0 },
	}, {
		{ "LRES over LSgen", 0, 2, 0, G168_MORE,
		  G168_ZERO, 3, G168_MEMORY, WITH_CSS },
		{ "LRES over LSgen", 0, 2, 0, G168_MORE,
		  G168_ZERO, 3, G168_FIGURE, WITH_SPEECH },
	} },
	{ "3A", "convergence in weak double talk", G168_ALL, 0, NULL, {
		{ 5, CSS, TALKER(-15), FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "Sgen off: LRES over LSgen", 1, 0.5, 0, G168_OVER_MEAN,
		  G168_ZERO, 0, G168_PUBLIC, ANY },
	} },
	{ "3B(a)", "near end as loud as the far end", G168_ALL, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 5, CSS, TALKER(0), FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "Sgen off: LRES", 2, 0.5, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_PUBLIC, ANY },
		{ "echo reduction meanwhile", 1, 0, 0, G168_REDUCTION,
		  G168_ZERO, 0, G168_FIGURE, ANY },
	} },
	{ "3B(a)+", "near end 6 dB louder than the far end", G168_ALL, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 5, CSS, TALKER(6), FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "Sgen off: LRES", 2, 0.5, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_PUBLIC, ANY },
		{ "echo reduction meanwhile", 1, 0, 0, G168_REDUCTION,
		  G168_ZERO, 0, G168_FIGURE, ANY },
	} },
	{ "3B(b)", "near end 6 dB softer than the far end", G168_ALL, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 5, CSS, TALKER(-6), FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "Sgen off: LRES", 2, 0.5, 0, G168_OUT,
		  G168_FIGURE_11, 3, G168_PUBLIC, ANY },
		{ "echo reduction meanwhile", 1, 0, 0, G168_REDUCTION,
		  G168_ZERO, 0, G168_FIGURE, ANY },
	} },
	{ "3C", "simulated conversation, NLP on", G168_ALL, 0, NULL, {
		{ 5.6, CSS, TALKER(0), FIRST, NLP },
		{ 1.4, CSS, QUIET, FIRST, NLP },
		{ 5, CSS, QUIET, FIRST, NLP },
		{ 5.6, CSS, TALKER(0), FIRST, NLP },
		{ 5.6, QUIET, TALKER(0), FIRST, NLP },
	}, {
		{ "t2, far end alone: Sout over Sgen", 1, 0, 0,
		  G168_OVER_MEAN, G168_ZERO, 0, G168_PUBLIC, ANY },
		{ "t4, both: Sout over Sgen", 3, 0, 0, G168_OVER_GEN,
		  G168_ZERO, 6, G168_PUBLIC, ANY },
		{ "t5, near end alone: Sout over Sgen", 4, 0, 0,
		  G168_OVER_GEN, G168_ZERO, 6, G168_PUBLIC, ANY },
		{ "t4: means of Sout and Sgen apart", 3, 0, 0, G168_UNLIKE,
		  G168_ZERO, 1, G168_GATEWAY, ANY },
		{ "t5: means of Sout and Sgen apart", 4, 0.2, 0, G168_UNLIKE,
		  G168_ZERO, 0.5, G168_GATEWAY, ANY },
	} },
	{ "4", "leak in two minutes of silence", G168_LONG, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 120, QUIET, QUIET, FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "LRES after it", 2, 0, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_MEMORY, ANY },
	} },
	{ "5", "echo path opened, NLP on", G168_ALL, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, NLP },
		{ 4, CSS, QUIET, OPEN, NLP },
	}, {
		{ "LRET from 500 ms", 1, 0.5, 0, G168_OUT,
		  G168_OPENED, 0, G168_MEMORY, ANY },
	} },
	{ "5-", "echo path opened, NLP off", G168_ALL, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 4, CSS, QUIET, OPEN, 0 },
	}, {
		{ "LRES from 500 ms", 1, 0.5, 0, G168_OUT,
		  G168_OPENED, 0, G168_MEMORY, ANY },
	} },
	{ "6", "no divergence on narrow-band signals", G168_LONG, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 5, TONES(697, 0), QUIET, FIRST, 0 },
		{ 5, TONES(941, 0), QUIET, FIRST, 0 },
		{ 5, TONES(1336, 0), QUIET, FIRST, 0 },
		{ 5, TONES(1633, 0), QUIET, FIRST, 0 },
		{ 5, TONES(697, 1209), QUIET, FIRST, 0 },
		{ 5, TONES(770, 1336), QUIET, FIRST, 0 },
		{ 5, TONES(852, 1477), QUIET, FIRST, 0 },
		{ 5, TONES(941, 1633), QUIET, FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "LRES after the tones", 9, 0.5, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_PUBLIC, ANY },
	} },
	{ "6+", "the same for tones of exchanges", G168_LONG, 0, NULL, {
		{ 10, CSS, QUIET, FIRST, 0 },
		{ 5, TONES(425, 0), QUIET, FIRST, 0 },
		{ 5, TONES(350, 440), QUIET, FIRST, 0 },
		{ 5, TONES(440, 480), QUIET, FIRST, 0 },
		{ 5, TONES(480, 620), QUIET, FIRST, 0 },
		{ 5, SPREAD, QUIET, FIRST, 0 },
		{ 2, CSS, QUIET, FIRST, HOLD },
	}, {
		{ "LRES after the tones", 6, 0.5, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_GATEWAY, ANY },
	} },
	{ "7", "stability on a tone from reset", G168_LONG, 0, NULL, {
		{ 60, SPREAD, QUIET, FIRST, 0 },
	}, {
		{ "LRES from 10 s on", 0, 10, 0, G168_OUT,
		  G168_FIGURE_11, 10, G168_MEMORY, ANY },
	} },
	{ "8", "tones of signalling systems, in turn", G168_ALL, 0, NULL, {
		{ 1, SIGNALLING, QUIET, FIRST, NLP },
		{ 0.2, QUIET, QUIET, FIRST, NLP },
		{ 1, QUIET, SIGNALLING, FIRST, NLP },
		{ 0.2, QUIET, QUIET, FIRST, NLP },
		{ 1, SIGNALLING, QUIET, FIRST, NLP },
	}, {
		{ "Sout within 2 dB of Sgen", 2, 0.15, 0, G168_KEPT,
		  G168_ZERO, 90, G168_MEMORY, ANY },
	} },
	{ "8-", "both ends send the same tone at once", G168_ALL, 0, NULL, {
		{ 0.3, SIGNALLING, QUIET, FIRST, NLP },
		{ 1, SIGNALLING, SIGNALLING, FIRST, NLP },
	}, {
		{ "Sout within 2 dB of Sgen", 1, 0.15, 0, G168_KEPT,
		  G168_ZERO, 90, G168_FIGURE, ANY },
	} },
	{ "9", "comfort noise", G168_LONG, 0, NULL, {
		{ 5, CSS, NOISE(-45), FIRST, NLP },
		{ 30, QUIET, NOISE(-45), FIRST, NLP },
		{ 2, CSS, NOISE(-45), FIRST, NLP },
		{ 10, QUIET, NOISE(-55), FIRST, NLP },
		{ 2, CSS, NOISE(-55), FIRST, NLP },
		{ 10, QUIET, NOISE(-45), FIRST, NLP },
		{ 2, CSS, NOISE(-45), FIRST, NLP },
	}, {
		{ "matched at -45 dBm0", 2, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_PUBLIC, WITH_CSS },
		{ "down to -55 dBm0", 4, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_PUBLIC, WITH_CSS },
		{ "up to -45 dBm0", 6, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_PUBLIC, WITH_CSS },
		{ "matched at -45 dBm0", 2, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_FIGURE, WITH_SPEECH },
		{ "down to -55 dBm0", 4, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_FIGURE, WITH_SPEECH },
		{ "up to -45 dBm0", 6, 1.3, 2, G168_UNLIKE,
		  G168_ZERO, 2, G168_FIGURE, WITH_SPEECH },
	} },
	{ "10A", "fax, the calling station on the line", G168_ALL, 0,
	  g168_fax_calling, NO_SCRIPT, {
		{ "bits and frames missed", 0, 0, 0, G168_ERRORS,
		  G168_ZERO, 0, G168_MEMORY, ANY },
		{ "while it sends: Sout and Sgen apart", 0, 0, 0,
		  G168_UNLIKE, G168_ZERO, 1, G168_MEMORY, ANY },
		{ "while the other sends: Sin over Sout", 0, 0, 0, G168_ERLE,
		  G168_ZERO, 0, G168_MEMORY, ANY },
	} },
	{ "10B", "fax, the called station on the line", G168_ALL, 0,
	  g168_fax_called, NO_SCRIPT, {
		{ "bits and frames missed", 0, 0, 0, G168_ERRORS,
		  G168_ZERO, 0, G168_MEMORY, ANY },
		{ "while it sends: Sout and Sgen apart", 0, 0, 0,
		  G168_UNLIKE, G168_ZERO, 1, G168_MEMORY, ANY },
		{ "while the other sends: Sin over Sout", 0, 0, 0, G168_ERLE,
		  G168_ZERO, 0, G168_MEMORY, ANY },
	} },
	{ "14", "V.22bis, both ways at once, canceller on", G168_ALL, 0,
	  g168_modem_v22bis, NO_SCRIPT, {
		{ "bits missed", 0, 0, 0, G168_ERRORS,
		  G168_ZERO, 0, G168_MEMORY, ANY },
	} },
	{ "14-", "V.21, both ways at once, canceller on", G168_ALL, 0,
	  g168_modem_v21, NO_SCRIPT, {
		{ "bits missed", 0, 0, 0, G168_ERRORS,
		  G168_ZERO, 0, G168_MEMORY, ANY },
	} },
	{ "15", "PCM offset at Sin", G168_ALL, 320, NULL, {
		{ 12, CSS, QUIET, FIRST, 0 },
	}, {
		{ "combined loss from 1 s", 0, 1, 0, G168_LOSS,
		  G168_ZERO, 20, G168_MEMORY, WITH_CSS },
		{ "LRES from 10 s", 0, 10, 0, G168_OUT,
		  G168_FIGURE_11, 0, G168_MEMORY, ANY },
	} },
};

const struct g168_test *g168_tests(size_t *n)
{
	*n = sizeof(tests) / sizeof(tests[0]);
	return tests;
}

double g168_limit(const struct g168_check *k, double far_dbm0)
{
	double loud = fmax(0, far_dbm0 + 10);

	switch (k->base) {
	case G168_ZERO:
		break;
	case G168_FIGURE_11:
		return 25.0 / 30.0 * far_dbm0 - 30 + k->add;
	case G168_RETURNED:
		return -65 + loud + k->add;
	case G168_OPENED:
		return -37 + loud + k->add;
	}
	return k->add;
}

bool g168_applies(const struct g168_check *k, const struct g168_condition *c)
{
	return k->what && (k->with == ANY ||
			   (k->with == WITH_SPEECH) == c->speech);
}

bool g168_is_least(enum g168_measure m)
{
	return m == G168_LOSS || m == G168_KEPT || m == G168_ERLE ||
	       m == G168_REDUCTION;
}

bool g168_meets(const struct g168_check *k, double value, double limit)
{
	return g168_is_least(k->measure) ? value >= limit : value <= limit;
}

bool g168_is_must(const struct g168_check *k)
{
	return k->origin != G168_FIGURE;
}
