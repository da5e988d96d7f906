/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor and the core are to a media role, for benches: its
 * process, its configuration and sockets, its calls, and what its console
 * says.
 *
 *    load_host_open   process, sockets, START -> READY
 *    load_host_call   OPEN, CONNECT, MODIFY for each channel
 *    load_host_ask    "status", "lines": JSON text
 *    load_host_close  CLOSE for all -> figures; STOP -> its exit status
 *
 * Errors are told on stderr.
 */
#ifndef BENCH_LOAD_HOST_H
#define BENCH_LOAD_HOST_H

#include <sys/types.h>

#include "conf/conf.h"
#include "gateway/base/link.h"
#include "media/media.h"
#include "tests/bench/load.h"

enum { LOAD_TEXT = 4 << 20 };

struct load_host {
	const struct load_plan *plan;
	struct load_ends *ends; /* gw_* are filled in */
	struct loop *loop;
	struct link ctl, core, console;
	pid_t pid;
	bool ready, down, replied;
	int status; /* of READY */
	unsigned opened, refused, closed;
	media_id id[LOAD_CHANNELS];
	struct media_figures figures[LOAD_CHANNELS];
	char *text; /* LOAD_TEXT octets; of the last question */
	size_t len;
	uint32_t asked;
};

/* ptime and what else differs between benches. */
struct load_call {
	uint8_t ptime_ms;
	bool echo;
};

/* 0 or -1. */
int load_host_open(struct load_host *, const struct load_plan *,
		   struct load_ends *);
int load_host_call(struct load_host *, const struct load_call *);
/* The answer, in host->text; NULL: none in time. */
const char *load_host_ask(struct load_host *, const char *verb);

enum { LOAD_BUCKETS = 32 };

struct load_hist { /* of the role's metrics */
	unsigned n;
	double edge[LOAD_BUCKETS], below[LOAD_BUCKETS]; /* s, how many */
};

/* The histogram of that name; all zero: it has none. */
void load_host_hist(struct load_host *, const char *name, struct load_hist *);
/* Of what came between two readings: so great a share was below, in ms,
 * within a bucket in proportion. */
double load_hist_quantile_ms(const struct load_hist *from,
			     const struct load_hist *to, double share);

/* Serves the links until that instant. */
void load_host_serve(struct load_host *, int64_t until_ns);
/* 0, or -1 if it did not leave in good order. Safe on what is half open. */
int load_host_close(struct load_host *);

/* Sum of all numbers behind that key in a JSON text; the first of them behind
 * the first `in`. 0: none is there. */
double load_json_sum(const char *text, const char *key);
double load_json_first(const char *text, const char *in, const char *key);

#endif
