/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What a pseudowire line costs: processor time of one end for a millisecond
 * of line (a packet out, a packet in, jitter buffer, and 80 frames read and
 * written each ten of them), over loopback sockets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "media/line.h"

enum { LINES = 16, MS = 5000, RUNS = 5 };

static struct line *line_at(uint16_t port, uint16_t peer, enum line_clock clock)
{
	struct net_addr a = {.family = 4, .port = port, .ip = {127, 0, 0, 1}};
	struct net_addr b = {.family = 4, .port = peer, .ip = {127, 0, 0, 1}};
	struct line_config cfg;
	int fd;

	line_config_init(&cfg);
	cfg.clock = clock;
	if (pseudowire_socket(&a, &b, &fd) < 0)
		return NULL;
	return line_open(&cfg, fd);
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void serve(struct line *l, mono_t now)
{
	static uint8_t block[LINE_SLOTS][LINE_BLOCK];

	line_tick(l, now);
	while (line_avail(l) >= LINE_BLOCK) {
		line_read(l, block, LINE_BLOCK);
		line_write(l, (const uint8_t(*)[LINE_BLOCK])block, LINE_BLOCK);
	}
}

/* Microseconds for a line and millisecond. */
static double run(struct line **lines, mono_t *now)
{
	double start = cpu_s();

	for (unsigned ms = 0; ms < MS; ms++) {
		*now = mono_add_ms(*now, 1);
		for (unsigned i = 0; i < LINES; i++)
			serve(lines[i], *now);
	}
	return (cpu_s() - start) * 1e6 / MS / LINES;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	struct line *lines[LINES];
	double us[RUNS];
	mono_t now = {NS_PER_S};

	for (unsigned i = 0; i < LINES; i++) {
		uint16_t port = (uint16_t)(49600 + i);

		lines[i] = line_at(port, port ^ 1, i & 1 ? LINE_CLOCK_SLAVE
							 : LINE_CLOCK_MASTER);
		if (!lines[i]) {
			perror("b_pseudowire: ports 49600-49615");
			return EXIT_FAILURE;
		}
		line_start(lines[i], now);
	}
	for (unsigned i = 0; i < RUNS; i++)
		us[i] = run(lines, &now);
	qsort(us, RUNS, sizeof(us[0]), compare);
	printf("pseudowire_line_us_per_ms\t%.3f\tus\n", us[RUNS / 2]);
	printf("pseudowire_63_lines_percent\t%.1f\t%%\n",
	       us[RUNS / 2] * 63 / 1000 * 100);
	for (unsigned i = 0; i < LINES; i++)
		line_close(lines[i]);
	return EXIT_SUCCESS;
}
