/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole gateway in one process on one virtual clock: core, sip, media and an
 * isdn role for each span, joined by links in memory just as the supervisor
 * joins them by sockets. Its neighbours are
 *
 *   peer_xch.h   the exchange at the far end of each span: an isdn role too
 *   peer_sip.h   the SIP peer on the in-memory wire: a user agent of its own
 *
 *   exchange -- D channel -- [media -- isdn -- core -- sip] -- SIP wire -- peer
 *
 * The media role is either the real one, its engine stepped each millisecond,
 * over a pseudowire on loopback (peer_line.h), or a stand-in without samples
 * that speaks media.h and the frame link (peer_media.h): thousands of calls in
 * hours of virtual time need that. The console is left out: its HTTP server
 * and its sockets have no virtual time.
 *
 * There is one simulation at a time: libpri's gettimeofday() and everybody's
 * getrandom() are the simulation's, so that a seed repeats a run. One thread.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "conf/conf.h"
#include "gateway/base/role.h"

#define SIM_CHILDREN (3 + CONF_SPANS)
#define SIM_OUR_SIP  "192.0.2.1"
#define SIM_PEER_SIP "192.0.2.9"

struct sim_options {
	const char *yaml; /* NULL: sim_yaml */
	bool real_media;
	uint32_t seed;
};

struct sim_child {
	const struct role_ops *ops;
	unsigned index;
	struct role *role; /* NULL: dead */
};

/* What the D channel of a span does to frames. */
struct sim_wire {
	bool cut;
	unsigned loss; /* of 1000 frames so many are lost */
	int64_t delay_ms;
	uint64_t frames; /* carried, both ways */
};

struct sim {
	struct loop *loop;
	struct conf *conf;
	struct sim_child children[SIM_CHILDREN];
	unsigned n_children;
	bool real_media;
	uint64_t random; /* the tests' */
	uint64_t chance; /* the roles': some keep a stock of it over runs */
	char dir[32]; /* CDRs, state */
	int dir_fd;
	struct sim_wire wire[CONF_SPANS];
	struct sim_event *events; /* under way: see sim_later() */
	/* Each frame on its way into the gateway and out of it; may be NULL. */
	void (*on_frame)(unsigned span, bool to_gateway, const uint8_t *,
			 size_t len);
};

extern struct sim sim;
/* One span "carrier" (we are the user side), one trunk "provider". */
extern const char sim_yaml[];

/* Starts everything; layer 2 comes up within two seconds of sim_advance(). */
void sim_open(const struct sim_options *);
/* Closes all roles; fails the test if a timer is left then. */
void sim_close(void);
void sim_advance(int64_t ms);
int64_t sim_ms(void);
/* 0 <= result < n; from the seed. */
unsigned sim_random(unsigned n);

struct role *sim_role(enum role_id, unsigned index);
/* The role dies: nothing that it sends while it closes arrives. */
void sim_kill(enum role_id, unsigned index);
/* The role is told to leave, and does it in order. */
void sim_leave(enum role_id, unsigned index);
/* A dead role comes back, its links made anew. */
void sim_revive(enum role_id, unsigned index);
/* The link between two living roles is lost and made anew at once, no turn of
 * the loop in between. */
void sim_bounce(enum role_id, enum role_id, unsigned span);

/* --- the D channel of a span, when media is a stand-in --- */
void sim_frame_to_gateway(unsigned span, const uint8_t *, size_t len);
void sim_frame_to_xch(unsigned span, const uint8_t *, size_t len);

/* --- things that happen later; forgotten by sim_close() --- */
struct sim_parcel {
	unsigned where;
	struct net_addr from;
	size_t len;
	const void *data; /* copied */
};
typedef void sim_later_fn(const struct sim_parcel *);
void sim_later(int64_t ms, sim_later_fn *, const struct sim_parcel *);

/* --- CDRs --- */
/* How many lines have been written so far, all files. */
unsigned sim_cdrs(void);
/* The newest line; "" if there is none. Static. */
const char *sim_last_cdr(void);

#endif
