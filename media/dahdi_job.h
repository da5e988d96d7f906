/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver is asked to do by its controls (ioctl), which may take their
 * time: one job is a value that a thread of its own (dahdi_ask.h) works off.
 * What is asked and what is answered stand in it side by side.
 */
#ifndef MEDIA_DAHDI_JOB_H
#define MEDIA_DAHDI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "media/dahdi_abi.h"
#include "media/dahdi_sys.h"
#include "media/line.h"

enum dahdi_job_kind {
	DAHDI_JOB_LOOK,	  /* what are the channels behind facts[].fd? */
	DAHDI_JOB_EVENTS, /* what waits at these slots is fetched */
	DAHDI_JOB_BEGIN,  /* queues emptied, then `lead` idle frames in them */
	DAHDI_JOB_RETRY,  /* the same, of channels that had failed */
	DAHDI_JOB_CANCEL, /* the card's cancellers: on, `taps` long, at `on`,
			   * else off */
	DAHDI_JOB_STATUS, /* of the span, by one of its channels */
	DAHDI_JOB_KINDS
};

enum {
	DAHDI_EVENTS = 16, /* fetched of a channel at once; it keeps 64 */
	DAHDI_TAPS_MS = 8, /* of a card's canceller, to a ms of tail */
};

/* A channel, by its own word. */
struct dahdi_fact {
	int fd;
	int err; /* 0 or -errno */
	int32_t span, position, signalling;
	bool cancels; /* the card's canceller is on */
};

struct dahdi_job {
	enum dahdi_job_kind kind;
	uint32_t slots;
	int fds[LINE_SLOTS];
	uint32_t on;
	int taps;
	unsigned lead; /* frames */
	uint8_t idle;
	/* --- answers --- */
	int err[LINE_SLOTS]; /* 0 or -errno, of each of `slots` */
	struct dahdi_fact facts[LINE_SLOTS];
	unsigned n_facts;
	int events[LINE_SLOTS * DAHDI_EVENTS]; /* in order, of each channel */
	unsigned n_events;
	struct dahdi_abi_span span;
};

void dahdi_job_run(const struct dahdi_sys *, struct dahdi_job *);
/* facts->fd is asked for the others. */
void dahdi_job_look(const struct dahdi_sys *, struct dahdi_fact *);

#endif
