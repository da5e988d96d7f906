/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sixteen lines behind one echo canceller group: line n has the hybrid
 * D.(2 + n % 8), its delay grows with n through the tail, its signals have
 * seed + n. The far end goes through the law before it is the reference,
 * what comes back goes through the law again. Levels in dBm0, times in
 * seconds. Include echo_rig.c once in a program.
 */
#ifndef TESTS_ECHO_RIG_H
#define TESTS_ECHO_RIG_H

#include "media/echo.h"
#include "tests/media/line_signal.h"

enum rig_signal {
	RIG_SILENCE,
	RIG_CSS,
	RIG_NOISE,
	RIG_SPEECH,	/* made */
	RIG_RECORDING,	/* of a voice, silence if not installed */
	RIG_PROMPT,	/* one of them, 33 s of it */
	RIG_TONE,
};

/* What is on the lines. */
struct rig_case {
	unsigned tail_ms;
	enum signal_law law;
	enum rig_signal far;
	double far_dbm0;
	double far_hz;		/* of RIG_TONE */
	double far_from;	/* silence before */
	double erl_db;
	double seconds;
	uint32_t seed;
	enum rig_signal near;	/* the other talker */
	double near_dbm0;
	double near_from;
	double near_to;
	double noise_dbm0;	/* behind it, all the time; 0 is none */
	double change_at;	/* another hybrid from here on; 0 is never */
	int slip;		/* or the same one, so many samples later */
	double second_db;	/* a second reflection at 87 ms; 0 is none */
	double second_at;	/* from here on */
	unsigned delay_ms;	/* of line 15, less in the others; 0: tail */
};

/* All samples of a case. */
struct rig {
	size_t n;
	float (*far)[ECHO_LANES];
	float (*echo)[ECHO_LANES];
	float (*talk)[ECHO_LANES];	/* near-end talker and noise */
	float (*near)[ECHO_LANES];	/* both, through the law */
	float (*out)[ECHO_LANES];
};

/* A case's lines; false if there is no memory. */
bool rig_open(struct rig *r, const struct rig_case *c);
void rig_close(struct rig *r);

/* A group with these flags in all lanes; NULL and errno as for a group. */
struct echo_group *rig_group(unsigned tail_ms, enum echo_isa isa,
			     unsigned flags);

/* near through the group into out, all lanes. */
void rig_run(struct rig *r, struct echo_group *g);
/* A fresh group of the case's tail with these flags, over all of it. */
void rig_cancel(struct rig *r, unsigned tail_ms, enum echo_isa isa,
		unsigned flags);

/* Power of a lane's samples from second a to b, in dBm0. */
double rig_dbm0(float (*x)[ECHO_LANES], unsigned lane, double a, double b);

/* near over out in dB. */
double rig_erle(const struct rig *r, unsigned lane, double a, double b);

/*
 * Seconds from `from` until near over out, both through a 35 ms meter, has
 * reached db and the next 200 ms keep it within 0.5 dB; 99 if never.
 */
double rig_reach(const struct rig *r, unsigned lane, double from, double db);

/*
 * What near holds beside the near-end talker (echo, noise of the law) over
 * what out holds beside him, in dB: 0 is as good as no canceller.
 */
double rig_reduction(const struct rig *r, unsigned lane, double a, double b);

/* The same of the echo alone: noise that the law adds does not count. */
double rig_echo_reduction(const struct rig *r, unsigned lane, double a,
			  double b);

/* How much louder out gets than near in any 100 ms, in dB; -58 dBm0 on. */
double rig_rise(const struct rig *r, unsigned lane);

/* Mean over the lanes, and the worst of them. */
struct rig_score {
	double mean;
	double worst;
};

struct rig_score rig_erle_score(const struct rig *r, double a, double b);
struct rig_score rig_reduction_score(const struct rig *r, double a, double b);
struct rig_score rig_echo_reduction_score(const struct rig *r, double a,
					  double b);
struct rig_score rig_reach_score(const struct rig *r, double from, double db);

#endif
