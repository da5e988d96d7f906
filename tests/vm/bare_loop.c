/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a program can do with the B channels of an E1 span: each
 * block is read and written back, looked for each millisecond. What it costs
 * is what a gateway is measured against. With `batch` all channels of a block
 * are moved at once, by io_uring.
 *
 *   bare_loop SPAN SECONDS [batch]
 *
 * prints blocks, processor seconds, and the median of what a block takes, ns.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "media/dahdi_abi.h"
/* Which decides by itself otherwise. */
#include "media/dahdi_batch.c"

enum { SLOTS = 32, D_SLOT = 16, BLOCK = 80, LEAD = 10, TIMES = 1 << 16 };

static int fds[SLOTS];
static uint8_t block[SLOTS][BLOCK];
static struct dahdi_batch *batch;
static int64_t times[TIMES];
static unsigned blocks;

static int open_channel(const char *span, unsigned slot)
{
	struct dahdi_abi_buffers b = { .count = 16, .size = BLOCK };
	uint8_t idle[BLOCK] = { 0xd5 };
	char path[64];
	int on = 1, fd;

	snprintf(path, sizeof(path), "/dev/dahdi/chan/%03d/%03u", atoi(span),
		 slot);
	fd = open(path, O_RDWR | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, DAHDI_ABI_SET_BUFINFO, &b) < 0 ||
	    ioctl(fd, DAHDI_ABI_AUDIOMODE, &on) < 0) {
		perror(path);
		return -1;
	}
	for (unsigned i = 0; i < LEAD; i++)
		if (write(fd, idle, BLOCK) != BLOCK)
			break;
	return fd;
}

static void move_at_once(bool out, unsigned from)
{
	struct dahdi_move m[SLOTS];
	unsigned n = 0;

	for (unsigned s = from; s < SLOTS; s++)
		if (s != D_SLOT)
			m[n++] = (struct dahdi_move){ fds[s], (uint8_t)s, out,
						      block[s], BLOCK, 0 };
	run(batch, m, n, true);
}

/* A block of all channels, if the first has one. */
static int move_block(void)
{
	if (read(fds[1], block[1], BLOCK) != BLOCK)
		return 0;
	if (batch) {
		move_at_once(false, 2);
		move_at_once(true, 1);
		return 1;
	}
	for (unsigned s = 2; s < SLOTS; s++)
		if (s != D_SLOT && read(fds[s], block[s], BLOCK) < 0)
			block[s][0] = 0;
	for (unsigned s = 1; s < SLOTS; s++)
		if (s != D_SLOT && write(fds[s], block[s], BLOCK) < 0)
			block[s][0] = 0;
	return 1;
}

static void move_blocks(void)
{
	mono_t from = clock_mono(), now;

	while (move_block()) {
		now = clock_mono();
		times[blocks++ % TIMES] = mono_diff_ns(now, from);
		from = now;
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t median(void)
{
	unsigned n = blocks < TIMES ? blocks : TIMES;

	qsort(times, n, sizeof(*times), by_size);
	return times[n / 2];
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec ms = { 0, 1000000 }, now, end;
	struct rusage before, after;
	int refused = 0;

	if (argc < 3)
		return 2;
	if (argc > 3)
		batch = dahdi_batch_new(&dahdi_kernel, &refused);
	for (unsigned s = 1; s < SLOTS; s++) {
		fds[s] = s == D_SLOT ? -1 : open_channel(argv[1], s);
		if (s != D_SLOT && fds[s] < 0)
			return 1;
	}
	getrusage(RUSAGE_SELF, &before);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += atoi(argv[2]);
	do {
		move_blocks();
		nanosleep(&ms, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	getrusage(RUSAGE_SELF, &after);
	if (refused || (batch && !batch->works))
		return 3;
	printf("%u %.3f %lld\n", blocks,
	       seconds_of(after.ru_utime) + seconds_of(after.ru_stime) -
		       seconds_of(before.ru_utime) -
		       seconds_of(before.ru_stime),
	       (long long)median());
	return 0;
}
