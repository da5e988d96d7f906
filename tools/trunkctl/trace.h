/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live trace: ladder lines for people, JSON lines, or a capture file. */
#ifndef TRUNKCTL_TRACE_H
#define TRUNKCTL_TRACE_H

#include <stdbool.h>
#include <stdio.h>

/* Reads events until the stream ends. pcap may be NULL. 0 or -errno. */
int trace_run(FILE *events, bool json, FILE *pcap);

#endif
