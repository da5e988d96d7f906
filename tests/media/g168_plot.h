/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines over time as an SVG picture. */
#ifndef TESTS_G168_PLOT_H
#define TESTS_G168_PLOT_H

#include <stddef.h>

enum {
	G168_SERIES = 12,
	G168_POINTS = 3000,
};

struct g168_series {
	char name[32];
	unsigned colour;	/* of plot_colours */
	int bold;
	int dashed;
	double y[G168_POINTS];	/* NAN: nothing there */
};

struct g168_plot {
	const char *title;
	const char *x_unit, *y_unit;
	double x0, step;	/* of the points */
	size_t points;
	double y_min, y_max;
	double mark[4];		/* upright lines, by x; NAN: none */
	size_t series;
	struct g168_series s[G168_SERIES];
};

/* 0 or -errno. */
int g168_plot_write(const struct g168_plot *p, const char *path);

#endif
