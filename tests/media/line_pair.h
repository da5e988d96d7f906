/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two lines over real loopback UDP, with a relay between them that loses,
 * reorders and doubles packets. Time is virtual: the lines are told it.
 * PW_DUMP=FILE writes some of the packets there, for tests/interop/pw_tshark.sh.
 */
#ifndef TESTS_LINE_PAIR_H
#define TESTS_LINE_PAIR_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/line.h"

/* What the relay does to a direction. */
struct mess {
	unsigned loss, reorder, duplicate; /* of 1000 packets */
	bool hole;			   /* lose everything */
};

struct direction {
	int in, out; /* the far side's sockets */
	struct mess mess;
	uint8_t held[2048];
	ssize_t held_len;
	unsigned passed, lost;
	uint64_t octets; /* passed */
	unsigned dumped;
	uint8_t last_flags;
};

enum { DUMP_FIRST = 200 }; /* of a direction, then what differs in flags */

struct pair {
	struct line *a, *b; /* a: master */
	struct direction ab, ba;
	uint64_t rng;
	mono_t now;
};

static inline uint32_t chance(uint64_t *rng)
{
	*rng = *rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*rng >> 33);
}

static inline int udp(struct net_addr *addr)
{
	struct net_addr none = {0}, local = {.family = 4};
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd, off = 0;

	local.ip[0] = 127;
	local.ip[3] = 1;
	ck_assert_int_eq(pseudowire_socket(&local, &none, &fd), 0);
	/* the kernel's arrival times are not those of our virtual clock */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &off, sizeof(off));
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	net_from_sockaddr(addr, (struct sockaddr *)&sa);
	return fd;
}

static inline void join(int fd, const struct net_addr *peer)
{
	struct sockaddr_storage sa;
	socklen_t len = net_to_sockaddr(peer, &sa);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
}

/* a <-> ra (relay) rb <-> b */
static inline void pair_open(struct pair *p, const struct line_config *a,
		      const struct line_config *b)
{
	struct net_addr addr[4];
	int fd[4];

	memset(p, 0, sizeof(*p));
	p->rng = 1;
	p->now.ns = NS_PER_S;
	for (unsigned i = 0; i < 4; i++)
		fd[i] = udp(&addr[i]);
	join(fd[0], &addr[1]);
	join(fd[1], &addr[0]);
	join(fd[2], &addr[3]);
	join(fd[3], &addr[2]);
	p->ab.in = p->ba.out = fd[1];
	p->ab.out = p->ba.in = fd[2];
	p->a = line_open(a, fd[0]);
	p->b = line_open(b, fd[3]);
	ck_assert_ptr_nonnull(p->a);
	ck_assert_ptr_nonnull(p->b);
	line_start(p->a, p->now);
	line_start(p->b, p->now);
}

static inline void pair_close(struct pair *p)
{
	line_close(p->a);
	line_close(p->b);
	close(p->ab.in);
	close(p->ab.out);
}

/* A line of text2pcap's format. */
static inline void dump(struct direction *d, const uint8_t *octets, ssize_t n)
{
	const char *path = getenv("PW_DUMP");
	FILE *f;

	if (!path || octets[0] == 0x80 ||
	    (d->dumped >= DUMP_FIRST && octets[0] == d->last_flags))
		return;
	d->dumped++;
	d->last_flags = octets[0];
	f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "000000");
	for (ssize_t i = 0; i < n; i++)
		fprintf(f, " %02x", octets[i]);
	fprintf(f, "\n");
	fclose(f);
}

static inline void pass(struct direction *d, const uint8_t *octets, ssize_t n)
{
	dump(d, octets, n);
	d->passed++;
	d->octets += (uint64_t)n;
	if (send(d->out, octets, (size_t)n, 0) < 0)
		ck_assert_int_eq(errno, ECONNREFUSED);
}

static inline void relay(struct direction *d, uint64_t *rng)
{
	uint8_t octets[2048];
	ssize_t n;

	while ((n = recv(d->in, octets, sizeof(octets), 0)) > 0) {
		if (d->mess.hole || chance(rng) % 1000 < d->mess.loss) {
			d->lost++;
			continue;
		}
		if (!d->held_len && chance(rng) % 1000 < d->mess.reorder) {
			memcpy(d->held, octets, (size_t)n);
			d->held_len = n;
			continue;
		}
		pass(d, octets, n);
		if (chance(rng) % 1000 < d->mess.duplicate)
			pass(d, octets, n);
		if (d->held_len && chance(rng) % 2) {
			pass(d, d->held, d->held_len);
			d->held_len = 0;
		}
	}
}

static inline void relay_both(struct pair *p)
{
	relay(&p->ab, &p->rng);
	relay(&p->ba, &p->rng);
}

static inline void configs(struct line_config *a, struct line_config *b,
		    enum line_time time)
{
	line_config_init(a);
	a->time = time;
	*b = *a;
	b->clock = LINE_CLOCK_SLAVE;
}

/* Wall time: each frame carries its number in slots 1-4. */
struct meter {
	struct line *line;
	uint64_t written;
	uint64_t frames, filler, breaks;
	uint64_t next; /* number expected next */
	bool in_step;
};

static inline void meter_write(struct meter *m)
{
	static uint8_t tx[LINE_SLOTS][LINE_BLOCK];

	memset(tx, 0x55, sizeof(tx));
	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		uint64_t n = ++m->written;

		for (unsigned s = 0; s < 4; s++)
			tx[1 + s][i] = (uint8_t)(n >> 8 * s);
	}
	line_write(m->line, (const uint8_t(*)[LINE_BLOCK])tx, LINE_BLOCK);
}

static inline void meter_frame(struct meter *m, uint8_t (*rx)[LINE_BLOCK], unsigned i)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < 4; s++)
		n |= (uint64_t)rx[1 + s][i] << 8 * s;
	m->frames++;
	/* 0x55 stands in slot 20 of every frame that was written */
	if (rx[20][i] != 0x55 || rx[16][i] != 0x55)
		n = 0;
	if (m->in_step && n && n != m->next)
		m->breaks++;
	if (n)
		m->in_step = true;
	m->next = n ? n + 1 : m->next + 1;
}

static inline void meter_serve(struct meter *m)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK];

	while (line_avail(m->line) >= LINE_BLOCK) {
		m->filler += (unsigned)line_read(m->line, rx, LINE_BLOCK);
		for (unsigned i = 0; i < LINE_BLOCK; i++)
			meter_frame(m, rx, i);
		meter_write(m);
	}
}

/* The owner of an end starts again: a new line on the same descriptor, with
 * another sequence number and SSRC. */
static inline void reopen_a(struct pair *p, const struct line_config *cfg)
{
	int fd = dup(line_fd(p->a));

	line_close(p->a);
	p->a = line_open(cfg, fd);
	ck_assert_ptr_nonnull(p->a);
	line_start(p->a, p->now);
}

#endif
