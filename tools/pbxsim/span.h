/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The span of the simulated exchange: a line, its D slot and the isdn role of
 * the gateway, for which this is media and core at once. Or several T1s, an
 * NFAS group: the first has the primary D channel, the second the backup, and
 * all have one isdn role.
 *
 *   wire -> line -> block of 10 ms -+- D slot -> HDLC -> frame link -> isdn
 *                                   |                      core link -> cc()
 *                                   +- others -> audio() -> block -> line
 *
 * On a DAHDI line the driver does HDLC; frames then come beside the blocks.
 *
 * The loop is a loop_sim: its clock goes on by 10 ms with each block that is
 * read of the first line, so all timers, those of libpri too, count line time.
 *
 * One thread. The callbacks may call span_send.
 */
#ifndef PBXSIM_SPAN_H
#define PBXSIM_SPAN_H

#include "conf/conf.h"
#include "gateway/base/link.h"
#include "gateway/base/obs.h"
#include "gateway/base/role.h"
#include "gateway/cc.h"
#include "media/dslot.h"
#include "media/line.h"

enum { SPAN_WIRES = 8 }; /* lines of a group */

struct span;

struct span_ops { /* owner: what span_open was given */
	void (*cc)(void *owner, const struct cc_msg *);
	void (*state)(void *owner, const struct cc_end_state *);
	/* A line's alarms have changed; heard: packets arrive at all. */
	void (*line)(void *owner, unsigned wire, bool heard);
	/* 10 ms of all slots of a line; tx comes filled with idle codes. */
	void (*audio)(void *owner, unsigned wire, uint8_t (*rx)[LINE_BLOCK],
		      uint8_t (*tx)[LINE_BLOCK]);
	void (*trace)(void *owner, const struct obs_trace *);
};

struct span_config {
	unsigned wires; /* 1, or those of the group */
	/* The first one's; the others have the ports after it, or every other
	 * span of the driver. */
	struct net_addr local, peer; /* pseudowire */
	uint16_t dahdi_span;	     /* DAHDI */
	struct line_config line;
	struct conf_for_isdn isdn;
	bool trace;
	uint64_t seed; /* of the bit errors */
};

struct span_flip {
	double rate;	 /* of bits; 0 = none */
	unsigned blocks; /* that are still to be hurt */
	unsigned slot;	 /* 0: all */
	uint64_t random;
	uint64_t count;	 /* bits flipped so far */
};

struct span_wire { /* a line */
	struct span *span;
	unsigned index;
	struct line *line;
	struct dslot *d; /* NULL: no D channel, or the driver does HDLC */
	struct span_flip flip;
	unsigned alarms;
	bool heard, up, told;
	uint64_t blocks; /* since the start */
};

struct span {
	struct loop *loop; /* borrowed */
	const struct span_ops *ops;
	void *owner;
	struct span_wire wire[SPAN_WIRES];
	unsigned n_wires;
	struct role *role;
	struct link core, media, console; /* our ends */
	struct span_config conf;
	uint64_t bad;	  /* messages of the role that we did not take */
	uint64_t refused; /* frames that the D slot did not take */
};

/* The D channel's counters, wherever its HDLC is done. */
void span_frame_stats(const struct span_wire *, struct dslot_stats *);

/* An E1 in wall time, master, network side, EuroISDN. */
void span_config_init(struct span_config *);
/* That many T1s with NI2, 2 to SPAN_WIRES: after all else has been set. */
void span_config_nfas(struct span_config *, unsigned wires);
/* Takes the socket at once. 0 or -errno; *why: what failed. */
int span_open(struct span *, struct loop *, const struct span_config *,
	      const char **why);
void span_start(struct span *, const struct span_ops *, void *owner,
		mono_t now);
/* The lines' clock goes on to now; blocks that were complete are served.
 * Returns how many. */
unsigned span_serve(struct span *, mono_t now);
/* To the isdn role, as its core. 0 or -errno. */
int span_send(struct span *, struct cc_msg *, enum cc_type);
void span_flip(struct span_wire *, double rate, double seconds, unsigned slot);
void span_close(struct span *); /* idempotent on a zeroed one */

#endif
