/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer of the engine: what a gateway is made of today. Channels of
 * speexdsp's canceller (128 ms, frames of 20 ms, which it does cheapest),
 * spandsp's detectors for DTMF and for the tones of fax and modem, G.711 by
 * spandsp, and a socket a call behind epoll. It has no lines: those cost it
 * nothing.
 */
#ifndef BENCH_LOAD_PEER_H
#define BENCH_LOAD_PEER_H

#include "tests/bench/load.h"

enum { LOAD_PEER_CHANNELS = 60 };

/* Percent of processor `cpu` that LOAD_PEER_CHANNELS take: wall time between
 * waking and waiting again, over so many seconds. Below 0: failed. */
double load_peer_percent(const struct load_voices *, uint32_t seed, int cpu,
			 unsigned seconds);

#endif
