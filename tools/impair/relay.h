/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The relays between ports of the loopback address. Each owns its sockets
 * and the packets it holds. One thread; calls never block.
 */
#ifndef IMPAIR_RELAY_H
#define IMPAIR_RELAY_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/impair/model.h"

enum {
	RELAYS = 64,	  /* of each kind */
	RELAY_FDS = 2048, /* room for relay_fds() */
};

/* One path, as given on the command line. */
struct path {
	bool tcp;
	uint16_t listen; /* where the client side sends to */
	uint16_t target; /* where the server side listens */
	uint16_t local;	 /* UDP: our port towards the target, 0 = any */
	uint16_t client; /* UDP: the client's port, 0 = who comes first */
};

/* What is common to all paths. */
struct relay_env {
	struct model_config there, back; /* to the target, to the client */
	uint64_t seed;
	int64_t start_ns;
	bool hole; /* switched off by hand */
};

struct udp_relay;
struct tcp_relay;

/* NULL and errno. env is borrowed for the relay's life. */
struct udp_relay *udp_relay_open(const struct path *p,
				 const struct relay_env *env);
void udp_relay_close(struct udp_relay *r);
/* Adds its descriptors to wait for; returns how many. */
unsigned udp_relay_fds(const struct udp_relay *r, struct pollfd *fds);
/* Takes what waits, passes on what is due; returns when the next is due,
 * INT64_MAX: nothing is held. */
int64_t udp_relay_run(struct udp_relay *r, int64_t now_ns);
void udp_relay_print(const struct udp_relay *r);

struct tcp_relay *tcp_relay_open(const struct path *p,
				 const struct relay_env *env);
void tcp_relay_close(struct tcp_relay *r);
unsigned tcp_relay_fds(const struct tcp_relay *r, struct pollfd *fds);
int64_t tcp_relay_run(struct tcp_relay *r, int64_t now_ns);
void tcp_relay_print(const struct tcp_relay *r);

struct sockaddr_in relay_address(uint16_t port); /* of loopback */
/* A counter line: kind, listening port, direction, name=value... */
void relay_print(const struct path *p, const char *direction,
		 const struct model_counters *c);

#endif
