/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum {
	WIDTH = 900,
	HEIGHT = 480,
	LEFT = 70,
	RIGHT = 180,	/* with the legend */
	TOP = 40,
	BOTTOM = 60,
	LEGEND_ROW = 20,
};

static const char *const plot_colours[] = {
	"#1b6ca8", "#2a9d8f", "#8ab17d", "#d4a017", "#f4a261", "#e76f51",
	"#9b5de5", "#6d6875", "#000000", "#c1121f", "#606c38",
};

static double plot_x(const struct g168_plot *p, double x)
{
	double span = p->step * (double)(p->points - 1);

	return LEFT + (x - p->x0) / span * (WIDTH - LEFT - RIGHT);
}

static double plot_y(const struct g168_plot *p, double y)
{
	double span = p->y_max - p->y_min;

	y = fmin(fmax(y, p->y_min), p->y_max);
	return HEIGHT - BOTTOM -
	       (y - p->y_min) / span * (HEIGHT - TOP - BOTTOM);
}

static void axes_write(const struct g168_plot *p, FILE *f)
{
	double x1 = p->x0 + p->step * (double)(p->points - 1);
	double grid = x1 - p->x0 > 8 ? 1 : 0.5;

	for (double y = p->y_min; y <= p->y_max + 1e-9; y += 10) {
		double at = plot_y(p, y);

		fprintf(f, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\""
			   " class=\"grid\"/>\n<text x=\"%d\" y=\"%.1f\" "
			   "text-anchor=\"end\">%.0f</text>\n",
			LEFT, WIDTH - RIGHT, at, at, LEFT - 8, at + 4, y);
	}
	for (double x = ceil(p->x0 / grid) * grid; x <= x1 + 1e-9; x += grid) {
		double at = plot_x(p, x);

		fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\""
			   " class=\"grid\"/>\n<text x=\"%.1f\" y=\"%d\" "
			   "text-anchor=\"middle\">%g</text>\n",
			at, at, TOP, HEIGHT - BOTTOM, at,
			HEIGHT - BOTTOM + 18, x);
	}
	fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>"
		   "\n<text transform=\"translate(20,%d) rotate(-90)\" "
		   "text-anchor=\"middle\">%s</text>\n",
		(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, p->x_unit,
		(TOP + HEIGHT - BOTTOM) / 2, p->y_unit);
}

static void series_write(const struct g168_plot *p,
			 const struct g168_series *s, size_t row, FILE *f)
{
	const char *dash = s->dashed ? " stroke-dasharray=\"7 4\"" : "";
	const char *colour = plot_colours[s->colour %
		(sizeof(plot_colours) / sizeof(plot_colours[0]))];
	int y = TOP + 12 + (int)row * LEGEND_ROW;
	int pen = 0;

	fprintf(f, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s "
		   "d=\"", colour, s->bold ? "2.6" : "1.1", dash);
	for (size_t i = 0; i < p->points; i++) {
		if (isnan(s->y[i])) {
			pen = 0;
			continue;
		}
		fprintf(f, "%c%.1f %.1f ", pen ? 'L' : 'M',
			plot_x(p, p->x0 + p->step * (double)i),
			plot_y(p, s->y[i]));
		pen = 1;
	}
	fprintf(f, "\"/>\n<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" "
		   "stroke=\"%s\" stroke-width=\"%s\"%s/>\n<text x=\"%d\" "
		   "y=\"%d\">%s</text>\n",
		WIDTH - RIGHT + 12, WIDTH - RIGHT + 38, y, y, colour,
		s->bold ? "2.6" : "1.1", dash, WIDTH - RIGHT + 44, y + 4,
		s->name);
}

int g168_plot_write(const struct g168_plot *p, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		   "height=\"%d\" viewBox=\"0 0 %d %d\">\n<style>text{font:"
		   "13px sans-serif;fill:#222}.grid{stroke:#ddd}.mark{stroke:"
		   "#888;stroke-dasharray:3 3}</style>\n<rect width=\"100%%\" "
		   "height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"24\" "
		   "style=\"font-size:15px\">%s</text>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, p->title);
	axes_write(p, f);
	for (size_t i = 0; i < sizeof(p->mark) / sizeof(p->mark[0]); i++)
		if (!isnan(p->mark[i]))
			fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
				   "y2=\"%d\" class=\"mark\"/>\n",
				plot_x(p, p->mark[i]), plot_x(p, p->mark[i]),
				TOP, HEIGHT - BOTTOM);
	for (size_t i = 0; i < p->series; i++)
		series_write(p, &p->s[i], i, f);
	fprintf(f, "</svg>\n");
	return fclose(f) ? -errno : 0;
}
