/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What pieces of the tick cost, per sample of a channel, 1,904 channels, each
 * from memory of its own; beside spandsp's functions for the same. The best
 * of several runs, taken in turn.
 *
 *   law: line and reference decoded, residual encoded
 */
#include "media/isa.h"
#include "media/law.h"

#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	GROUPS = 119,
	CHANNELS = GROUPS * LAW_LANES,
	BLOCKS = 20,
	RUNS = 7,
};

static uint8_t from_line[CHANNELS][LAW_BLOCK], to_line[CHANNELS][LAW_BLOCK];
static uint8_t packet[CHANNELS][LAW_BLOCK];
static _Alignas(64) float near[LAW_BLOCK][LAW_LANES];
static _Alignas(64) float far[LAW_BLOCK][LAW_LANES];

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void law_ours(void)
{
	const uint8_t *in[2][LAW_LANES];
	uint8_t *out[LAW_LANES];

	for (unsigned g = 0; g < GROUPS; g++) {
		for (unsigned i = 0; i < LAW_LANES; i++) {
			in[0][i] = from_line[g * LAW_LANES + i];
			in[1][i] = to_line[g * LAW_LANES + i];
			out[i] = packet[g * LAW_LANES + i];
		}
		law_lanes_decode(in[0], 0, near);
		law_lanes_decode(in[1], 0, far);
		near[0][0] += far[0][0];
		law_lanes_encode((const float (*)[LAW_LANES])near, 0, 0xffff,
				 out);
	}
}

static void law_spandsp(void)
{
	int16_t x[LAW_BLOCK], y[LAW_BLOCK];

	for (unsigned c = 0; c < CHANNELS; c++) {
		for (unsigned i = 0; i < LAW_BLOCK; i++)
			x[i] = alaw_to_linear(from_line[c][i]);
		for (unsigned i = 0; i < LAW_BLOCK; i++)
			y[i] = alaw_to_linear(to_line[c][i]);
		x[0] = (int16_t)(x[0] ^ y[0] ^ y[LAW_BLOCK - 1]);
		for (unsigned i = 0; i < LAW_BLOCK; i++)
			packet[c][i] = linear_to_alaw(x[i]);
	}
}

static double cost(void (*run)(void))
{
	double from = now_ns();

	for (unsigned i = 0; i < BLOCKS; i++)
		run();
	return (now_ns() - from) / (BLOCKS * (double)CHANNELS * LAW_BLOCK);
}

/* Ours per instruction set, and the peer's. */
static void compare(const char *name, void (*ours)(void), void (*peer)(void))
{
	double best[ISA_COUNT + 1], ns;

	for (unsigned i = 0; i <= ISA_COUNT; i++)
		best[i] = 1e9;
	for (unsigned r = 0; r < RUNS; r++)
		for (unsigned i = 0; i <= ISA_COUNT; i++) {
			isa_limit((enum isa)(i % ISA_COUNT));
			ns = cost(i < ISA_COUNT ? ours : peer);
			best[i] = ns < best[i] ? ns : best[i];
		}
	isa_limit(ISA_AVX512);
	printf("%s\t%.2f\tns\n", name, best[isa_now()]);
	for (unsigned i = 0; i < ISA_COUNT; i++)
		if (!isa_has((enum isa)i))
			printf("%s_%s\tn/a\tns\n", name,
			       isa_name((enum isa)i));
		else if (i != isa_now())
			printf("%s_%s\t%.2f\tns\n", name,
			       isa_name((enum isa)i), best[i]);
	printf("%s_peer_spandsp\t%.2f\tns\n", name, best[ISA_COUNT]);
}

int main(void)
{
	for (unsigned c = 0; c < CHANNELS; c++)
		for (unsigned i = 0; i < LAW_BLOCK; i++) {
			from_line[c][i] = (uint8_t)rand();
			to_line[c][i] = (uint8_t)rand();
		}
	compare("law_ns_per_sample", law_ours, law_spandsp);
	return 0;
}
