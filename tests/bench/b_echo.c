/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media */
/* libs: -lspeexdsp */
/*
 * Cost and quality of the line echo canceller, speexdsp beside it. Prints
 * name, value, unit. Cost is of a full gateway: 1,904 channels, that is 119
 * groups whose state does not fit into any cache, and the best of some
 * passes, since the machine may be shared. The echoes of a group's lanes are
 * spread over the whole tail, so that each partition is at work in one of
 * them; in the rows `short` they lie within 24 ms, as behind an office PBX.
 */
#include "media/echo.h"
#include "media/huge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <speex/speex_echo.h>

#include "tests/media/echo_rig.c"

enum {
	GROUPS = 119,
	WARM_UP = 450,	/* until each lane knows where its echo is */
	PASSES = 150,
	MINUTE = 6000, /* blocks */
};

static const struct rig_case base = {
	.tail_ms = 128,
	.law = LAW_ALAW,
	.far = RIG_CSS,
	.far_dbm0 = -10,
	.erl_db = 10,
	.seconds = 10,
	.seed = 20261122,
};

static void row(const char *name, double value, const char *unit)
{
	printf("%s\t%.3g\t%s\n", name, value, unit);
}

static void row_missing(const char *name, const char *unit)
{
	printf("%s\tn/a\t%s\n", name, unit);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One pass of all groups over 10 ms of the rig, ns per sample and channel. */
static double pass_ns(struct echo_group **g, const struct rig *r, size_t at)
{
	static float near[ECHO_BLOCK][ECHO_LANES];
	double start = now_ns();

	for (unsigned n = 0; n < GROUPS; n++) {
		size_t i = (at + n * 7) * ECHO_BLOCK % r->n;

		memcpy(near, r->near + i, sizeof(near));
		echo_group_run(g[n],
			       (const float (*)[ECHO_LANES])(r->far + i),
			       near, 0xffff);
	}
	return (now_ns() - start) / (GROUPS * ECHO_LANES * ECHO_BLOCK);
}

/* The groups lie in memory as those of the engine do. */
static void bench_cost(const char *name, enum echo_isa isa,
		       const struct rig *r)
{
	struct echo_group *g[GROUPS] = { NULL };
	size_t size = echo_group_size(128, isa);
	char *state = size ? huge_alloc(GROUPS * size) : NULL;
	double best = 1e9;

	for (unsigned n = 0; state && n < GROUPS; n++) {
		g[n] = echo_group_new_at(128, isa, state + n * size);
		for (unsigned lane = 0; g[n] && lane < ECHO_LANES; lane++) {
			echo_group_set_lane(g[n], lane, ECHO_ON | ECHO_NLP);
		}
	}
	if (!g[GROUPS - 1]) {
		row_missing(name, "ns");
	} else {
		for (size_t i = 0; i < WARM_UP; i++) {
			pass_ns(g, r, i);
		}
		for (size_t i = 0; i < PASSES; i++) {
			best = fmin(best, pass_ns(g, r, WARM_UP + i));
		}
		row(name, best, "ns");
	}
	for (unsigned n = 0; n < GROUPS; n++) {
		echo_group_free(g[n]);
	}
	free(state);
}

/* speexdsp's canceller over a lane; the cost per sample if wanted. */
static double peer_run(struct rig *r, unsigned lane, SpeexEchoState *s)
{
	spx_int16_t far[ECHO_BLOCK], near[ECHO_BLOCK], out[ECHO_BLOCK];
	double spent = 0;

	for (size_t i = 0; i < r->n; i += ECHO_BLOCK) {
		double start;

		for (size_t k = 0; k < ECHO_BLOCK; k++) {
			far[k] = (spx_int16_t)r->far[i + k][lane];
			near[k] = (spx_int16_t)r->near[i + k][lane];
		}
		start = now_ns();
		speex_echo_cancellation(s, near, far, out);
		spent += now_ns() - start;
		for (size_t k = 0; k < ECHO_BLOCK; k++) {
			r->out[i + k][lane] = (float)out[k];
		}
	}
	return spent / (double)r->n;
}

static SpeexEchoState *peer_new(void)
{
	spx_int32_t rate = 8000;
	SpeexEchoState *s = speex_echo_state_init(ECHO_BLOCK, 1024);

	speex_echo_ctl(s, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
	return s;
}

static double peer_cancel(struct rig *r)
{
	double best = 1e9;

	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		SpeexEchoState *s = peer_new();

		best = fmin(best, peer_run(r, lane, s));
		speex_echo_state_destroy(s);
	}
	return best;
}

static void bench_quality(const char *peer, struct rig *r)
{
	char name[64];
	struct rig_score erle = rig_erle_score(r, 6.5, 10);

	snprintf(name, sizeof(name), "ec_erle_db_mean%s", peer);
	row(name, erle.mean, "dB");
	snprintf(name, sizeof(name), "ec_erle_db_worst%s", peer);
	row(name, erle.worst, "dB");
	snprintf(name, sizeof(name), "ec_conv20_s%s", peer);
	row(name, rig_reach_score(r, 0, 20).mean, "s");
	snprintf(name, sizeof(name), "ec_conv30_s%s", peer);
	row(name, rig_reach_score(r, 0, 30).mean, "s");
}

static void bench_short(void)
{
	struct rig_case c = base;
	struct rig r;

	c.delay_ms = 16;
	if (!rig_open(&r, &c)) {
		return;
	}
	bench_cost("ec_ns_per_sample_1904_short", ECHO_ISA_AVX512, &r);
	bench_cost("ec_ns_per_sample_1904_short_avx2", ECHO_ISA_AVX2, &r);
	rig_close(&r);
}

/* A reflection that comes up while the first one is cancelled. */
static void bench_late(void)
{
	struct rig_case c = base;
	struct rig r;

	c.second_db = 16;
	c.second_at = 5;
	if (!rig_open(&r, &c)) {
		return;
	}
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	row("ec_late_reflection_s", rig_reach_score(&r, 5, 20).mean, "s");
	rig_close(&r);
}

static void bench_change(void)
{
	struct rig_case c = base;
	struct rig r;

	c.change_at = 5;
	if (!rig_open(&r, &c)) {
		return;
	}
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	row("ec_reconv20_s", rig_reach_score(&r, 5, 20).mean, "s");
	peer_cancel(&r);
	row("ec_reconv20_s_peer_speexdsp", rig_reach_score(&r, 5, 20).mean,
	    "s");
	rig_close(&r);
}

static void bench_second(void)
{
	struct rig_case c = base;
	struct rig r;

	c.second_db = 16;
	if (!rig_open(&r, &c)) {
		return;
	}
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	row("ec_second_reflection_s", rig_reach_score(&r, 0, 20).mean, "s");
	peer_cancel(&r);
	row("ec_second_reflection_s_peer_speexdsp",
	    rig_reach_score(&r, 0, 20).mean, "s");
	rig_close(&r);
}

/* Both ends at the same level for three seconds. */
static void bench_double_talk(void)
{
	struct rig_case c = base;
	struct rig r;

	c.near = RIG_CSS;
	c.near_dbm0 = base.far_dbm0;
	c.near_from = 5;
	c.near_to = 8;
	if (!rig_open(&r, &c)) {
		return;
	}
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	row("ec_doubletalk_db", rig_reduction_score(&r, 5, 8).mean, "dB");
	row("ec_doubletalk_db_worst", rig_reduction_score(&r, 5, 8).worst,
	    "dB");
	row("ec_doubletalk_after_db", rig_erle_score(&r, 8, 8.7).mean, "dB");
	peer_cancel(&r);
	row("ec_doubletalk_db_peer_speexdsp",
	    rig_reduction_score(&r, 5, 8).mean, "dB");
	rig_close(&r);
}

/* Recorded voices at both ends, from 8 to 13 s at the same time. */
static void bench_speech(void)
{
	struct rig_case c = base;
	struct rig r;

	c.far = RIG_RECORDING;
	c.far_dbm0 = -16;
	c.seconds = 20;
	c.near = RIG_RECORDING;
	c.near_dbm0 = -16;
	c.near_from = 8;
	c.near_to = 13;
	if (!rig_open(&r, &c)) {
		return;
	}
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	row("ec_speech_erle_2_5_db", rig_erle_score(&r, 2, 5).mean, "dB");
	row("ec_speech_erle_14_20_db", rig_erle_score(&r, 14, 20).mean, "dB");
	row("ec_speech_doubletalk_db", rig_reduction_score(&r, 8, 13).mean,
	    "dB");
	peer_cancel(&r);
	row("ec_speech_erle_2_5_db_peer_speexdsp",
	    rig_erle_score(&r, 2, 5).mean, "dB");
	row("ec_speech_erle_14_20_db_peer_speexdsp",
	    rig_erle_score(&r, 14, 20).mean, "dB");
	row("ec_speech_doubletalk_db_peer_speexdsp",
	    rig_reduction_score(&r, 8, 13).mean, "dB");
	rig_close(&r);
}

/* What a minute of silence between two bursts costs speexdsp. */
static void peer_leak(struct rig *r)
{
	static spx_int16_t quiet[ECHO_BLOCK], out[ECHO_BLOCK];
	double before = 0, after = 0;

	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		SpeexEchoState *s = peer_new();

		peer_run(r, lane, s);
		peer_run(r, lane, s);
		before += rig_erle(r, lane, 0.15, 0.25) / ECHO_LANES;
		for (int i = 0; i < MINUTE; i++) {
			speex_echo_cancellation(s, quiet, quiet, out);
		}
		peer_run(r, lane, s);
		after += rig_erle(r, lane, 0.15, 0.25) / ECHO_LANES;
		speex_echo_state_destroy(s);
	}
	row("ec_leak_db_per_min_peer_speexdsp", fmax(0, before - after), "dB");
}

/* A minute of silence between two bursts: what was learnt and is lost. */
static void bench_leak(void)
{
	struct echo_group *g = echo_group_new(128, ECHO_ISA_BEST);
	static float quiet[ECHO_BLOCK][ECHO_LANES];
	static float near[ECHO_BLOCK][ECHO_LANES];
	struct rig_case c = base;
	struct rig_score before, after;
	struct rig r;

	c.seconds = 9.8; /* ends in a pause */
	if (!g || !rig_open(&r, &c)) {
		return;
	}
	for (unsigned lane = 0; lane < ECHO_LANES; lane++) {
		echo_group_set_lane(g, lane, ECHO_ON);
	}
	rig_run(&r, g);
	rig_run(&r, g);
	before = rig_erle_score(&r, 0.15, 0.25);
	for (int i = 0; i < MINUTE; i++) {
		memset(near, 0, sizeof(near));
		echo_group_run(g, (const float (*)[ECHO_LANES])quiet, near,
			       0xffff);
	}
	rig_run(&r, g);
	after = rig_erle_score(&r, 0.15, 0.25);
	row("ec_leak_db_per_min", fmax(0, before.mean - after.mean), "dB");
	peer_leak(&r);
	rig_close(&r);
	echo_group_free(g);
}

int main(void)
{
	struct rig r;
	double peer;

	if (!rig_open(&r, &base)) {
		return 1;
	}
	bench_cost("ec_ns_per_sample_1904", ECHO_ISA_AVX512, &r);
	bench_cost("ec_ns_per_sample_1904_avx2", ECHO_ISA_AVX2, &r);
	bench_cost("ec_ns_per_sample_1904_c", ECHO_ISA_C, &r);
	rig_cancel(&r, 128, ECHO_ISA_BEST, ECHO_ON);
	bench_quality("", &r);
	peer = peer_cancel(&r);
	row("ec_ns_per_sample_1904_peer_speexdsp", peer, "ns");
	bench_quality("_peer_speexdsp", &r);
	rig_close(&r);
	bench_short();
	bench_change();
	bench_second();
	bench_late();
	bench_double_talk();
	bench_speech();
	bench_leak();
	return 0;
}
