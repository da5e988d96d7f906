/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A D channel that goes and comes back, and what becomes of the calls through
 * the whole gateway. Used by tests and by a bench.
 */
#ifndef TESTS_SIM_OUTAGE_H
#define TESTS_SIM_OUTAGE_H

#include "tests/sim/scene.h"

#define OUTAGE_CALLS 96

/* The configuration of one E1, or of a group of T1s with primary and backup
 * D channel. Static. */
const char *outage_yaml(bool network, unsigned alarm_hold_ms);
const char *outage_nfas_yaml(bool network, unsigned spans);

/* Calls, answered, begun on either side in turn. */
void outage_calls(struct scene *, unsigned n);
/* The D channel of that span: its frames are lost, or its line is. */
void outage_begin(unsigned span, bool line);
void outage_end(unsigned span, bool line);
/* How many of them are not up any more, at one of the two ends. */
unsigned outage_lost(const struct scene *, unsigned n);
/* Hangs up what is up, from either side. */
void outage_clear(struct scene *, unsigned n);

#endif
