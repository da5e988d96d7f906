/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tests as tables: what is on the lines phase by phase, and which figure
 * in which window must stay within which limit.
 */
#ifndef TESTS_G168_TEST_H
#define TESTS_G168_TEST_H

#include "tests/media/g168_line.h"
#include "tests/media/g168_source.h"

struct g168_phase {
	double seconds;
	struct g168_source far;
	struct g168_source near;
	enum g168_path path;
	unsigned flags;		/* enum g168_flag */
};

enum g168_measure {
	G168_OUT,	/* <= highest reading of Sout, dBm0 */
	G168_LOSS,	/* >= highest of Rin over highest of Sout, dB; what
			 *    the bare path is under 6 dB is not charged */
	G168_OVER_GEN,	/* <= highest of Sout over highest of Sgen, dB */
	G168_OVER_MEAN,	/* <= highest of Sout over mean of all Sgen, dB */
	G168_MORE,	/* <= mean of Sout over mean of Sgen, dB */
	G168_UNLIKE,	/* <= mean of Sout and of Sgen apart, dB */
	G168_KEPT,	/* >= time that Sout is within 2 dB of Sgen, % */
	G168_ERLE,	/* >= mean of Sin over mean of Sout, dB */
	G168_REDUCTION,	/* >= echo over what is left of it, dB */
	G168_ERRORS,	/* <= bits and frames that a modem misses */
};

enum g168_base {
	G168_ZERO,
	G168_FIGURE_11,	/* steady state: 25/30 LRin - 30 dBm0 */
	G168_RETURNED,	/* test 2A: -65 dBm0, more for loud LRin */
	G168_OPENED,	/* test 5: -37 dBm0, more for loud LRin */
};

enum g168_origin {
	G168_PUBLIC,	/* of an open implementation of the tests */
	G168_MEMORY,	/* of G.168 from memory */
	G168_GATEWAY,	/* our own demand */
	G168_FIGURE,	/* no demand: for information */
};

/* Signals that a check is for. A voice is taken at its highest reading where
 * CSS is taken at its level. */
enum g168_with {
	G168_WITH_ANY,
	G168_WITH_CSS,
	G168_WITH_SPEECH,
};

struct g168_check {
	const char *what;
	unsigned phase;
	double from, to;	/* seconds of it; to 0: its end */
	enum g168_measure measure;
	enum g168_base base;
	double add;
	enum g168_origin origin;
	enum g168_with with;
};

enum {
	G168_PHASES = 12,
	G168_CHECKS = 10,
};

/* Which conditions a test is run in. The grid is GRID and LEVELS. */
enum g168_list {
	G168_REFERENCE = 1,	/* -10 dBm0, ERL 10, A-law: with the peers */
	G168_GRID = 2,		/* levels by ERL, laws */
	G168_LEVELS = 64,	/* some of these, for tests that take long */
	G168_SPEECH = 4,
	G168_TWO = 8,		/* two reflections */
	G168_TAILS = 16,
	G168_RANDOM = 32,
	G168_ALL = 127,
	G168_LONG = G168_ALL & ~(G168_GRID | G168_TAILS),
};

struct g168_job;
struct g168_verdict;

struct g168_test {
	const char *id;
	const char *title;
	unsigned lists;
	double offset;	/* DC at Sin, of the line that has most */
	/* of a test that is no script: it finds the verdicts itself */
	int (*run)(const struct g168_job *job, struct g168_verdict *v);
	struct g168_phase phase[G168_PHASES];	/* ends with 0 s */
	struct g168_check check[G168_CHECKS];	/* ends with NULL */
};

/* Tests 10 and 14; see g168_fax.c and g168_modem.c. */
int g168_fax_called(const struct g168_job *job, struct g168_verdict *v);
int g168_fax_calling(const struct g168_job *job, struct g168_verdict *v);
int g168_modem_v22bis(const struct g168_job *job, struct g168_verdict *v);
int g168_modem_v21(const struct g168_job *job, struct g168_verdict *v);

/* All of them; n gets their number. */
const struct g168_test *g168_tests(size_t *n);

/* The limit for a level of Rin. */
double g168_limit(const struct g168_check *k, double far_dbm0);
bool g168_applies(const struct g168_check *k, const struct g168_condition *c);
/* True: the figure must not be below the limit. */
bool g168_is_least(enum g168_measure m);
bool g168_meets(const struct g168_check *k, double value, double limit);
/* A check that a canceller must meet. */
bool g168_is_must(const struct g168_check *k);

#endif
