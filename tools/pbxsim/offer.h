/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Series of calls: `call A,B,C` with count and rate. Calls are made in turn
 * to the numbers of the list, evenly spaced in line time. One thread.
 */
#ifndef PBXSIM_OFFER_H
#define PBXSIM_OFFER_H

#include "tools/pbxsim/call.h"

enum { OFFERS = 16 };

struct offer {
	unsigned left;	 /* calls still to be made; 0 = not in use */
	double next_s;	 /* line time of the next one */
	double every_s;
	char numbers[COMMAND_WORD]; /* as written */
	size_t at;	 /* of the next number in it */
	struct profile profile;
};

struct offers {
	struct offer offer[OFFERS];
};

/* From now on. 0; -EINVAL: an empty or bad number; -ENOSPC. */
int offers_add(struct offers *, const char *numbers, const struct profile *,
	       double now_s);
/* Makes what is due. How many calls could not be made: too many at once. */
unsigned offers_run(struct offers *, struct calls *, double now_s);
bool offers_pending(const struct offers *);
void offers_stop(struct offers *);

#endif
