/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip role under load, for the benches: it runs in a process of its own on
 * one processor, over UDP on loopback; its peer, this program, is on another.
 * With one processor alone both share it, and the figures say less.
 *
 *   peer (this process) <--UDP--> sip role <--link--> a core, see enum
 *
 * The peer calls as peers do: it acknowledges, and repeats a BYE without an
 * answer each 500 ms; INVITEs it does not repeat. One at a time, no thread.
 */
#ifndef BENCH_SIPLOAD_H
#define BENCH_SIPLOAD_H

#include "gateway/base/clock.h"
#include "gateway/base/net.h"

#include <stdbool.h>
#include <sys/types.h>

enum sipload_core {
	SIPLOAD_AT_ONCE, /* a stand-in in the role's process: answers at once */
	SIPLOAD_RINGING, /* the same: rings after 210 ms, so that a 100 comes
			    before, and answers after 10 more; users that begin
			    with +4900 ring for ever */
	SIPLOAD_REAL	 /* the core role, in a process of its own on the
			    role's processor, with stand-ins for lines and media
			    that answer at once; journal and CDRs are written */
};

/* Of the peer's, since the beginning. */
struct sipload_count {
	unsigned begun, ringing, answered, ended, refused;
	unsigned messages_in; /* but for repeats of final responses */
};

extern struct sipload_count sipload;

/* 0, or the reason has been told. */
int sipload_open(enum sipload_core);
void sipload_close(void);

/* One more call to that number. It is ended at its answer, unless keep. */
void sipload_invite(const char *number, bool keep);
/* Ends the calls that were kept; how many did not answer the BYE? */
unsigned sipload_end_kept(void);
/* Takes up to n messages and repeats what is due; false: none had come. */
bool sipload_take(unsigned n);
void sipload_wait(int ms);
/* Until everything has been answered, for a second. */
void sipload_drain(void);
/* With so many calls under way, for one second: calls ended in a second of the
 * role's processor time. */
double sipload_capacity(unsigned window);

/* Seconds of the processor that the role (and the real core) has used, user
 * and system. */
double sipload_cpu_s(void);
/* Seconds that the role, or its peer if that is more, waited for a processor
 * that others had. */
double sipload_waited_s(void);

/* Memory that the role has now; 0: not known. */
unsigned sipload_rss_kib(void);

/* The middle one of n, n odd; sorts. */
double sipload_median(double *v, unsigned n);

#endif
