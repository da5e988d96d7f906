/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What pieces of the tick cost, per sample of a channel, 1,904 channels, each
 * from memory of its own; beside spandsp's functions for the same. The best
 * of several runs, taken in turn.
 *
 *   law: line and reference decoded, residual encoded
 *   tones: DTMF, CNG, CED of the line; CNG, CED of what is sent
 */
#include "media/isa.h"
#include "media/lanes.h"
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
/* A group each, without canceller; noise of -20 dBm0 on the line. */
static struct lane_group groups[GROUPS];
static struct lane_block block;
static int16_t hiss[LAW_BLOCK];
static dtmf_rx_state_t *digits[CHANNELS];
static modem_connect_tones_rx_state_t *answer[2][CHANNELS];

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

static void make_tones(void)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		if (lane_group_init(&groups[g], 0, ECHO_ISA_BEST) < 0)
			exit(1);
		/* As if there were one: what is sent is heard too. */
		groups[g].wanted = 0xffff;
	}
	for (unsigned c = 0; c < CHANNELS; c++) {
		digits[c] = dtmf_rx_init(NULL, NULL, NULL);
		for (unsigned k = 0; k < 2; k++)
			answer[k][c] = modem_connect_tones_rx_init(
				NULL, MODEM_CONNECT_TONES_ANS_PR, NULL, NULL);
		if (!digits[c] || !answer[0][c] || !answer[1][c])
			exit(1);
	}
	block.used = 0xffff;
	for (unsigned i = 0; i < LAW_BLOCK; i++) {
		hiss[i] = (int16_t)(rand() % 5600 - 2800);
		for (unsigned lane = 0; lane < LAW_LANES; lane++)
			block.near[i][lane] = block.far[i][lane] =
				hiss[(i + lane) % LAW_BLOCK];
	}
}

static void tones_ours(void)
{
	for (unsigned g = 0; g < GROUPS; g++)
		lane_group_run(&groups[g], &block);
}

static void tones_spandsp(void)
{
	int16_t x[LAW_BLOCK];

	for (unsigned c = 0; c < CHANNELS; c++) {
		memcpy(x, hiss, sizeof(x));
		dtmf_rx(digits[c], x, LAW_BLOCK);
		for (unsigned k = 0; k < 2; k++)
			modem_connect_tones_rx(answer[k][c], x, LAW_BLOCK);
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
	make_tones();
	compare("tones_ns_per_sample", tones_ours, tones_spandsp);
	return 0;
}
