/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip role as the console sees it (gateway/base/obs.h): answers to
 * "status", "trunks" and "metrics", and the trace of messages, with the
 * response of each digest masked.
 *
 * Owner: the role. Thread: its loop.
 */
#ifndef SIP_OBSERVE_H
#define SIP_OBSERVE_H

#include "gateway/base/obs.h"
#include "sip/legs.h"
#include "sip/stack.h"

struct sip_observe {
	struct loop *loop;
	struct link *console; /* may be down */
	struct sip_stack *stack;
	const struct legs *legs;
	const struct registers *registers;
	const struct stir *stir;
	bool tracing;
	bool draining;
	uint64_t trace_lost; /* the link was full */
};

/* From the console. */
void sip_observe_msg(struct sip_observe *, const struct link_head *);
/* One message as on the wire. */
void sip_observe_wire(struct sip_observe *, bool sent, const struct sip_path *,
		      const char *data, size_t len);

#endif
