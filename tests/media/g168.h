/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for line echo cancellers in the shape of ITU-T G.168: its tests 2
 * to 10, 14 and 15 over the echo paths of its Annex D, with a limit for each
 * figure. Sixteen lines run at a time: line n has the hybrid D.(2 + n % 8)
 * at a delay of its own, and signals of its own.
 *
 *     source (Rin) -- law --+--> hybrids (ERL, delay) --+
 *                           |                           v
 *                       canceller <-- law (Sin) <-- + <-- source (Sgen)
 *                           |
 *                           +--> Sout --> meter --> checks
 *
 * Rin, Sgen: the far and near talker. LRES, LRET: the level of Sout, without
 * and with NLP. Levels are dBm0 of a 300-3,400 Hz band-pass and 35 ms meter.
 *
 * The text of G.168 is not at hand: limits are those of public sources, and
 * marked where they are from memory. One thread; nothing here is for the
 * tick.
 */
#ifndef TESTS_G168_H
#define TESTS_G168_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/echo.h"
#include "tests/media/line_signal.h"

enum {
	G168_LANES = ECHO_LANES,
	G168_BLOCK = ECHO_BLOCK,
	G168_RATE = 8000,
};

/* 10 ms of all lines. */
struct g168_block {
	_Alignas(64) float far[G168_BLOCK][G168_LANES];	/* Rin */
	float echo[G168_BLOCK][G168_LANES];
	float gen[G168_BLOCK][G168_LANES];	/* Sgen */
	float near[G168_BLOCK][G168_LANES];	/* Sin */
	float out[G168_BLOCK][G168_LANES];	/* Sout */
};

/* What the lines are like in one run of a test. */
struct g168_condition {
	char name[48];
	double far_dbm0;	/* LRin */
	double erl_db;		/* as Annex D scales its models */
	enum signal_law law;
	unsigned tail_ms;
	bool speech;		/* talkers are recorded voices, not CSS */
	double second_db;	/* ERL of a second reflection; 0: none */
	uint32_t seed;		/* of signals and delays */
};

/* What the canceller is told. */
enum g168_flag {
	G168_NLP = 1,
	G168_HOLD = 2,	/* adaptation is inhibited */
};

#endif
