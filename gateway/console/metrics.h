/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prometheus text of several roles made one: the samples of a metric stand
 * together, below one HELP and one TYPE line.
 */
#ifndef CONSOLE_METRICS_H
#define CONSOLE_METRICS_H

#include <stddef.h>

/* To be freed; NULL without memory. Lines that are no exposition format are
 * left out. */
char *metrics_merge(const char *text, size_t len);

#endif
