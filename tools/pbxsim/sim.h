/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated exchange as a whole: carries out the script on one span.
 *
 * Time is line time (see span.h) but for what says wall. It ends by itself
 * when calls were made, all of them have ended and nothing is left to do,
 * unless stay or until say otherwise; one that only answers goes on until it
 * is told to stop. seconds ends it in any case. Ending: calls are cleared, a
 * moment for the last frames to leave, the summary.
 *
 * One thread.
 */
#ifndef PBXSIM_SIM_H
#define PBXSIM_SIM_H

#include "tools/pbxsim/agenda.h"
#include "tools/pbxsim/offer.h"

enum sim_stage { SIM_RUNNING, SIM_CLEARING, SIM_LINGERING, SIM_DONE };

struct sim_limits {
	double seconds; /* of line time from the start; 0 = none */
	bool stay;	/* do not end because all calls have ended */
	double linger_s; /* or only when no call came for so long */
	bool wall;	/* else lockstep: the cable cannot be taken out */
};

struct sim {
	struct loop *loop;
	struct span span;
	struct report report;
	struct tally tally;
	struct tone_zone zone;
	struct shelf shelf;
	struct rules rules;
	struct profile profile; /* settings so far */
	struct agenda agenda;
	struct offers offers;
	struct calls calls;
	struct sim_limits limits;
	/* Last that the isdn role told, of each line; and of all. */
	struct cc_end_state states[SPAN_WIRES], state;
	struct sim_outage { /* of each line, until it is back */
		struct line *line;
		struct timer cable, service;
	} outage[SPAN_WIRES];
	enum sim_stage stage;
	double stage_s;	  /* since */
	double up_s;	  /* line time of first service; < 0: not yet */
	double wait_s;	  /* commands in turn wait until then */
	unsigned until;	  /* calls ended; 0 = not set */
	double busy_s;	  /* line time when last a call was there */
	unsigned errors;  /* commands that could not be carried out */
	bool preparing;	  /* errors go to stderr, the line is not up */
};

struct sim_config {
	struct span_config span;
	struct sim_limits limits;
	bool text;
	uint64_t seed;
};

/* Zeroed storage; too big for the stack. 0 or -errno, *why: what failed. */
int sim_open(struct sim *, const struct sim_config *, const char **why);
/* The line's socket, for waiting. */
int sim_fd(const struct sim *);
/* Settings and rules at the head of the agenda; false: one was wrong. */
bool sim_prepare(struct sim *);
void sim_start(struct sim *, mono_t now);
/* Serves the line; how many blocks went by. */
unsigned sim_serve(struct sim *, mono_t now);
void sim_stop(struct sim *); /* clears the calls, then ends */
bool sim_is_done(const struct sim *);
/* Prints the summary; true: everything was as expected. */
bool sim_verdict(struct sim *);
void sim_close(struct sim *); /* idempotent on a zeroed one */

#endif
