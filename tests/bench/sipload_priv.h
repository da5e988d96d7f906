/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_SIPLOAD_PRIV_H
#define BENCH_SIPLOAD_PRIV_H

#include "tests/bench/sipload.h"

struct sipload_ends {
	struct net_addr us, peer;
	int us_fd[2], peer_fd; /* us_fd: gateway/bound.h */
	int cpu; /* of the role; -1: any */
};

/* Each does not return. core_fd: the link to the real core, or -1. */
_Noreturn void sipload_serve(enum sipload_core, const struct sipload_ends *,
			     int core_fd);
_Noreturn void sipload_serve_core(const struct sipload_ends *, int sip_fd);

#endif
