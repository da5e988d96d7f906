/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_peer.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spandsp.h>
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>

#include "media/lanes.h"
#include "media/law.h"

enum {
	TAPS_A_MS = 8,
	GREEDY_TAPS = 1024,
};

/* A canceller as a table of what it can do. */
struct kind {
	const char *name;
	void *(*open)(unsigned tail_ms, unsigned flags);
	void (*close)(void *state);
	bool (*set)(void *state, unsigned flags);
	void (*run)(void *state, struct g168_block *b);
};

struct g168_canceller {
	const struct kind *kind;
	void *state;
};

/* ---- ours: the code of the tick ---- */

static void ours_want(struct lane_group *g, unsigned flags)
{
	for (unsigned i = 0; i < G168_LANES; i++)
		lane_group_want(g, i, true, flags & G168_NLP);
}

static void *ours_open(unsigned tail_ms, unsigned flags, enum echo_isa isa)
{
	struct lane_group *g = malloc(sizeof(*g));

	if (!g || lane_group_init(g, tail_ms, isa) < 0) {
		free(g);
		return NULL;
	}
	ours_want(g, flags);
	return g;
}

static void *ours_open_best(unsigned tail_ms, unsigned flags)
{
	return ours_open(tail_ms, flags, ECHO_ISA_BEST);
}

static void *ours_open_avx2(unsigned tail_ms, unsigned flags)
{
	return ours_open(tail_ms, flags, ECHO_ISA_AVX2);
}

static void *ours_open_c(unsigned tail_ms, unsigned flags)
{
	return ours_open(tail_ms, flags, ECHO_ISA_C);
}

static void ours_close(void *state)
{
	lane_group_fini(state);
	free(state);
}

/* The tick never holds taps: that is said to the canceller behind its back.
 * No test changes NLP as it begins to hold, so the tick changes no flags. */
static bool ours_set(void *state, unsigned flags)
{
	struct lane_group *g = state;

	ours_want(g, flags);
	for (unsigned i = 0; i < G168_LANES; i++) {
		unsigned now = g->lanes[i].flags;

		if (!(now & ECHO_ON))
			continue;
		if (flags & G168_HOLD)
			now |= ECHO_HOLD;
		echo_group_set_lane(g->echo, i, now);
	}
	return true;
}

/* What leaves is 16-bit, as the tick's encoder takes it. */
static void ours_run(void *state, struct g168_block *b)
{
	static struct lane_block l;
	int16_t out[G168_BLOCK];

	l.used = (1u << G168_LANES) - 1;
	memcpy(l.far, b->far, sizeof(l.far));
	memcpy(l.near, b->near, sizeof(l.near));
	lane_group_run(state, &l);
	for (unsigned lane = 0; lane < G168_LANES; lane++) {
		law_lane(&l.near[0][lane], G168_LANES, out, G168_BLOCK);
		for (unsigned i = 0; i < G168_BLOCK; i++)
			b->out[i][lane] = out[i];
	}
}

/* ---- speexdsp: as its documentation and its testecho.c set it up ---- */

struct speex {
	SpeexEchoState *echo[G168_LANES];
	SpeexPreprocessState *after[G168_LANES];	/* its NLP */
	bool nlp;
};

static void speex_close(void *state)
{
	struct speex *s = state;

	for (unsigned i = 0; i < G168_LANES; i++) {
		if (s->after[i])
			speex_preprocess_state_destroy(s->after[i]);
		if (s->echo[i])
			speex_echo_state_destroy(s->echo[i]);
	}
	free(s);
}

static void *speex_open(unsigned tail_ms, unsigned flags)
{
	struct speex *s = calloc(1, sizeof(*s));
	int rate = G168_RATE;

	if (!s)
		return NULL;
	s->nlp = flags & G168_NLP;
	for (unsigned i = 0; i < G168_LANES; i++) {
		s->echo[i] = speex_echo_state_init(
			G168_BLOCK, (int)(tail_ms * TAPS_A_MS));
		s->after[i] = speex_preprocess_state_init(G168_BLOCK, rate);
		if (!s->echo[i] || !s->after[i]) {
			speex_close(s);
			return NULL;
		}
		speex_echo_ctl(s->echo[i], SPEEX_ECHO_SET_SAMPLING_RATE,
			       &rate);
		speex_preprocess_ctl(s->after[i],
				     SPEEX_PREPROCESS_SET_ECHO_STATE,
				     s->echo[i]);
	}
	return s;
}

static bool speex_set(void *state, unsigned flags)
{
	struct speex *s = state;

	s->nlp = flags & G168_NLP;
	return !(flags & G168_HOLD);
}

static void lane_get(float (*x)[G168_LANES], unsigned lane, int16_t *y)
{
	for (unsigned i = 0; i < G168_BLOCK; i++)
		y[i] = (int16_t)lrintf(x[i][lane]);
}

static void lane_put(float (*x)[G168_LANES], unsigned lane, const int16_t *y)
{
	for (unsigned i = 0; i < G168_BLOCK; i++)
		x[i][lane] = y[i];
}

static void speex_run(void *state, struct g168_block *b)
{
	spx_int16_t far[G168_BLOCK], near[G168_BLOCK], out[G168_BLOCK];
	struct speex *s = state;

	for (unsigned i = 0; i < G168_LANES; i++) {
		lane_get(b->far, i, far);
		lane_get(b->near, i, near);
		speex_echo_cancellation(s->echo[i], near, far, out);
		if (s->nlp)
			speex_preprocess_run(s->after[i], out);
		lane_put(b->out, i, out);
	}
}

/* ---- spandsp: prints two lines a sample, which must go nowhere ---- */

struct spandsp {
	echo_can_state_t *echo[G168_LANES];
	int nowhere;	/* open on the null device */
};

static int spandsp_mode(unsigned flags)
{
	int mode = flags & G168_HOLD ? 0 : ECHO_CAN_USE_ADAPTION;

	if (flags & G168_NLP)
		mode |= ECHO_CAN_USE_NLP | ECHO_CAN_USE_CNG;
	return mode;
}

static void spandsp_close(void *state)
{
	struct spandsp *s = state;

	for (unsigned i = 0; i < G168_LANES; i++)
		if (s->echo[i])
			echo_can_free(s->echo[i]);
	close(s->nowhere);
	free(s);
}

static void *spandsp_open(unsigned tail_ms, unsigned flags)
{
	struct spandsp *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (unsigned i = 0; s->nowhere >= 0 && i < G168_LANES; i++)
		s->echo[i] = echo_can_init((int)(tail_ms * TAPS_A_MS),
					   spandsp_mode(flags));
	if (s->nowhere >= 0 && s->echo[G168_LANES - 1])
		return s;
	spandsp_close(s);
	return NULL;
}

static bool spandsp_set(void *state, unsigned flags)
{
	struct spandsp *s = state;

	for (unsigned i = 0; i < G168_LANES; i++)
		echo_can_adaption_mode(s->echo[i], spandsp_mode(flags));
	return true;
}

static void spandsp_run(void *state, struct g168_block *b)
{
	int16_t far[G168_BLOCK], near[G168_BLOCK], out[G168_BLOCK];
	struct spandsp *s = state;
	int keep;

	fflush(stdout);
	keep = dup(STDOUT_FILENO);
	dup2(s->nowhere, STDOUT_FILENO);
	for (unsigned i = 0; i < G168_LANES; i++) {
		lane_get(b->far, i, far);
		lane_get(b->near, i, near);
		for (unsigned k = 0; k < G168_BLOCK; k++)
			out[k] = echo_can_update(s->echo[i], far[k], near[k]);
		lane_put(b->out, i, out);
	}
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	close(keep);
}

/* ---- controls: wrong on purpose ---- */

static void *nothing_open(unsigned tail_ms, unsigned flags)
{
	(void)tail_ms;
	(void)flags;
	return malloc(1);
}

static bool nothing_set(void *state, unsigned flags)
{
	(void)state;
	(void)flags;
	return true;
}

static void nothing_run(void *state, struct g168_block *b)
{
	(void)state;
	memcpy(b->out, b->near, sizeof(b->out));
}

static void mute_run(void *state, struct g168_block *b)
{
	(void)state;
	memset(b->out, 0, sizeof(b->out));
}

/* NLMS without any care: double talk, tones and silence all move its taps. */
struct greedy {
	_Alignas(64) float tap[GREEDY_TAPS][G168_LANES];
	float far[GREEDY_TAPS + G168_BLOCK][G168_LANES];
	float power[G168_LANES];
	bool hold;
	float leak;
	unsigned learns;	/* blocks until it stops */
};

static struct greedy *greedy_new(float leak, unsigned learns)
{
	struct greedy *g =
		aligned_alloc(64, (sizeof(*g) + 63) / 64 * 64);

	if (!g)
		return NULL;
	memset(g, 0, sizeof(*g));
	g->leak = leak;
	g->learns = learns;
	return g;
}

static void *greedy_open(unsigned tail_ms, unsigned flags)
{
	(void)tail_ms;
	(void)flags;
	return greedy_new(0.99995f, UINT_MAX);
}

static void *stubborn_open(unsigned tail_ms, unsigned flags)
{
	(void)tail_ms;
	(void)flags;
	return greedy_new(1, 800);
}

static bool greedy_set(void *state, unsigned flags)
{
	((struct greedy *)state)->hold = flags & G168_HOLD;
	return true;
}

static void greedy_sample(struct greedy *g, struct g168_block *b, size_t i)
{
	const float step = 0.5f;
	float est[G168_LANES] = { 0 }, gain[G168_LANES];
	float (*x)[G168_LANES] = g->far + GREEDY_TAPS + i;

	for (size_t n = 0; n < G168_LANES; n++)
		g->power[n] += x[0][n] * x[0][n] -
			       x[-GREEDY_TAPS][n] * x[-GREEDY_TAPS][n];
	for (int k = 0; k < GREEDY_TAPS; k++)
		for (size_t n = 0; n < G168_LANES; n++)
			est[n] += g->tap[k][n] * x[-k][n];
	for (size_t n = 0; n < G168_LANES; n++) {
		b->out[i][n] = b->near[i][n] - est[n];
		gain[n] = step * b->out[i][n] / (g->power[n] + 1e4f);
	}
	for (int k = 0; g->learns && !g->hold && k < GREEDY_TAPS; k++)
		for (size_t n = 0; n < G168_LANES; n++)
			g->tap[k][n] = g->leak * g->tap[k][n] +
				       gain[n] * x[-k][n];
}

static void greedy_run(void *state, struct g168_block *b)
{
	struct greedy *g = state;

	memmove(g->far, g->far + G168_BLOCK, GREEDY_TAPS * sizeof(*g->far));
	memcpy(g->far + GREEDY_TAPS, b->far, sizeof(b->far));
	for (size_t i = 0; i < G168_BLOCK; i++)
		greedy_sample(g, b, i);
	if (g->learns)
		g->learns--;
}

static const struct kind kinds[G168_WHO] = {
	[G168_OURS] = { "ours", ours_open_best, ours_close, ours_set,
			ours_run },
	[G168_OURS_AVX2] = { "ours (avx2)", ours_open_avx2, ours_close,
			     ours_set, ours_run },
	[G168_OURS_C] = { "ours (c)", ours_open_c, ours_close, ours_set,
			  ours_run },
	[G168_SPEEXDSP] = { "speexdsp", speex_open, speex_close, speex_set,
			    speex_run },
	[G168_SPANDSP] = { "spandsp", spandsp_open, spandsp_close,
			   spandsp_set, spandsp_run },
	[G168_NOTHING] = { "control: no canceller", nothing_open, free,
			   nothing_set, nothing_run },
	[G168_MUTE] = { "control: muted", nothing_open, free, nothing_set,
			mute_run },
	[G168_STUBBORN] = { "control: learns once", stubborn_open, free,
			    greedy_set, greedy_run },
	[G168_GREEDY] = { "control: careless NLMS", greedy_open, free,
			  greedy_set, greedy_run },
};

const char *g168_name(enum g168_who who)
{
	return kinds[who].name;
}

struct g168_canceller *g168_open(enum g168_who who, unsigned tail_ms,
				 unsigned flags)
{
	struct g168_canceller *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	c->kind = &kinds[who];
	c->state = c->kind->open(tail_ms, flags);
	if (!c->state) {
		free(c);
		return NULL;
	}
	return c;
}

void g168_close(struct g168_canceller *c)
{
	if (!c)
		return;
	c->kind->close(c->state);
	free(c);
}

bool g168_set(struct g168_canceller *c, unsigned flags)
{
	return c->kind->set(c->state, flags);
}

void g168_run(struct g168_canceller *c, struct g168_block *b)
{
	c->kind->run(c->state, b);
}
