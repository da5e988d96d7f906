/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a program can do with the B channels of an E1 span: each
 * block is read and written back, looked for each millisecond. What it costs
 * is what a gateway is measured against.
 *
 *   bare_loop SPAN SECONDS     prints blocks and processor seconds
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

enum { SLOTS = 32, D_SLOT = 16, BLOCK = 80, LEAD = 10 };

static int fds[SLOTS];

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

/* A block of all channels, if the first has one. */
static int move_block(void)
{
	static uint8_t block[SLOTS][BLOCK];

	if (read(fds[1], block[1], BLOCK) != BLOCK)
		return 0;
	for (unsigned s = 2; s < SLOTS; s++)
		if (s != D_SLOT && read(fds[s], block[s], BLOCK) < 0)
			block[s][0] = 0;
	for (unsigned s = 1; s < SLOTS; s++)
		if (s != D_SLOT && write(fds[s], block[s], BLOCK) < 0)
			block[s][0] = 0;
	return 1;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec ms = { 0, 1000000 }, now, end;
	struct rusage before, after;
	unsigned blocks = 0;

	for (unsigned s = 1; s < SLOTS && argc == 3; s++) {
		fds[s] = s == D_SLOT ? -1 : open_channel(argv[1], s);
		if (s != D_SLOT && fds[s] < 0)
			return 1;
	}
	if (argc != 3)
		return 2;
	getrusage(RUSAGE_SELF, &before);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += atoi(argv[2]);
	do {
		while (move_block())
			blocks++;
		nanosleep(&ms, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	getrusage(RUSAGE_SELF, &after);
	printf("%u %.3f\n", blocks,
	       seconds_of(after.ru_utime) + seconds_of(after.ru_stime) -
		       seconds_of(before.ru_utime) -
		       seconds_of(before.ru_stime));
	return 0;
}
