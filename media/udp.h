/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams in the tick: a batch received at once, with the time at which
 * the kernel got each; one sent. Never waits, never allocates.
 *
 * One thread owns a batch.
 */
#ifndef MEDIA_UDP_H
#define MEDIA_UDP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/base/clock.h"
#include "gateway/base/net.h"

enum {
	UDP_BATCH = 8,	/* datagrams a system call */
	UDP_MAX = 1500, /* octets; a longer one is cut, and seen as such */
};

struct udp_batch {
	unsigned count;
	int64_t wall_ns; /* wall clock at `now`; 0: it is read each time */
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct sockaddr_storage from[UDP_BATCH];
	/* Aligned for struct cmsghdr. */
	_Alignas(16) uint8_t control[UDP_BATCH][64];
	uint8_t data[UDP_BATCH][UDP_MAX];
};

struct udp_datagram {
	const uint8_t *data;
	size_t len;
	struct net_addr from;
	mono_t at;
};

void udp_batch_init(struct udp_batch *);
/* Ask the kernel for arrival times (not in virtual time). 0 or -errno. */
int udp_stamp(int fd);
/* tick: the wall clock, on which the kernel's times are. */
int64_t udp_wall_ns(void);
/* tick: how many came, 0 = none. fd -1: none. */
unsigned udp_receive(struct udp_batch *, int fd);
/* tick: the i-th of the batch. Without a time of the kernel it is now. A
 * datagram that was cut has length 0. */
void udp_datagram(const struct udp_batch *, unsigned i, mono_t now,
		  struct udp_datagram *);
/* tick: 0 or -errno. fd -1: goes nowhere, and is no error. */
int udp_send(int fd, const struct net_addr *to, const void *data, size_t len);

#endif
