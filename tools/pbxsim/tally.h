/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of all calls: counters for the summary, and what was expected
 * of them. One thread.
 */
#ifndef PBXSIM_TALLY_H
#define PBXSIM_TALLY_H

#include "tools/pbxsim/report.h"

enum { TALLY_CAUSES = 128, TALLY_EXPECTS = 32 };

enum tally_key {
	TALLY_MADE,	  /* calls we offered */
	TALLY_RECEIVED,	  /* calls offered to us */
	TALLY_ENDED,
	TALLY_ANSWERED,
	TALLY_MADE_ANSWERED,
	TALLY_RECEIVED_ANSWERED,
	TALLY_BUSY,	  /* ended unanswered, cause 17 */
	TALLY_NO_ANSWER,  /* 18, 19, or the caller gave up */
	TALLY_FAILED,	  /* unanswered for any other cause */
	TALLY_DIGITS,	  /* DTMF heard */
	TALLY_LINE_DOWNS, /* times the line went out of service */
	TALLY_CHANNELS_BUSY, /* at the end */
	TALLY_KEYS
};

struct tally_expect {
	bool is_cause; /* key is a cause of unanswered calls */
	unsigned key;
	unsigned value;
};

struct tally {
	unsigned count[TALLY_KEYS];
	unsigned unanswered[TALLY_CAUSES]; /* by cause */
	unsigned causes[TALLY_CAUSES];	   /* of all calls that ended */
	struct tally_expect expect[TALLY_EXPECTS];
	unsigned expects;
};

/* "answered=3,busy=1,cause.34=2". 0 or -EINVAL. */
int tally_expect(struct tally *, const char *text);

struct tally_end {
	struct cc_cause cause;
	bool made, answered;
	bool given_up; /* by us, before the answer */
};

void tally_ended(struct tally *, const struct tally_end *);
/* The "summary" event's counters, between report_begin and report_end. */
void tally_report(const struct tally *, struct report *);
/* Prints an "unexpected" event for each mismatch; without expectations each
 * call made must have been answered. True: all is as expected. */
bool tally_verdict(const struct tally *, struct report *);

#endif
