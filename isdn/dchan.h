/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One D channel: a libpri controller (primary rate) on callbacks.
 * Received frames go through the gate; libpri's timers run on our loop.
 *
 * libpri has no destructor: dchan_close() silences the controller and keeps
 * it reachable. That is why a span is reloaded by restarting its process.
 *
 * Thread: the role's loop. libpri never calls back from inside a callback;
 * an event handler may call any pri_* function on the same controller.
 */
#ifndef ISDN_DCHAN_H
#define ISDN_DCHAN_H

#include <libpri.h>

#include "gateway/base/loop.h"
#include "isdn/gate.h"

struct dchan;

struct dchan_ops {
	/* A frame to the line, without FCS; may be changed in place, and the
	 * change stays in libpri's own copy for when it sends it again. */
	void (*send)(struct dchan *, uint8_t *frame, size_t len);
	/* A frame from the line, before libpri sees it. */
	void (*seen)(struct dchan *, const uint8_t *frame, size_t len,
		     const struct gate_result *);
	/* One event; raw is the message that caused it, NULL for a timer.
	 * Both are valid for the call only. */
	void (*event)(struct dchan *, const pri_event *,
		      const struct ie_msg *raw);
	/* Is there a call with that reference? (see gate.h) */
	bool (*is_known)(const struct dchan *, uint16_t cref, bool ours);
	/* See gate.h. */
	uint8_t (*restart)(const struct dchan *, const struct ie_msg *);
	bool (*standby)(const struct dchan *);
};

struct dchan_config {
	bool network;		/* which side we are */
	bool ni2;		/* else EuroISDN */
	bool facility;		/* send supplementary services (NI2: always) */
	struct pri *primary;	/* whose backup it is; NULL: nobody's */
	uint32_t t200_ms, t203_ms, t309_ms; /* 0: libpri's own default */
	uint16_t first_cref; /* of our calls: 1 + this; below 16384 */
};

struct dchan_stats {
	uint64_t rx, tx;
	uint64_t complaints; /* lines libpri would have printed */
};

struct dchan {
	struct pri *pri;
	struct loop *loop;
	const struct dchan_ops *ops;
	struct gate gate;
	struct timer timer;
	bool network;
	struct dchan_stats stats;
	const uint8_t *rx; /* while libpri reads: what the gate let through */
	size_t rx_len;
	char complaint[128]; /* the last of them */
};

/* Starts to establish the data link at once: ops->send() is called before
 * it returns. 0 or -ENOMEM. */
int dchan_open(struct dchan *, struct loop *, const struct dchan_config *,
	       const struct dchan_ops *);
void dchan_close(struct dchan *); /* idempotent on a zeroed one */
void dchan_configure(struct dchan *, const struct dchan_config *);
/* A frame from the line, without FCS. */
void dchan_receive(struct dchan *, const uint8_t *frame, size_t len);
/* Just after the link came up, when nothing was received on it: asks the far
 * end for a sign that it is up there too (RR, P = 1, N(R) = 0). */
void dchan_probe(struct dchan *);
/* After calls into libpri: follows its timers. */
void dchan_settle(struct dchan *);
/* From now on the messages of that call go here (NFAS: libpri sends them
 * where it heard of the call last). ours: we chose the reference. */
void dchan_adopt(struct dchan *, uint16_t cref, bool ours);
/* The call reference of a call that we begin. */
uint16_t dchan_cref(struct dchan *, q931_call *);

#endif
