/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the channels of DAHDI spans without ever waiting for the driver: a
 * driver may block in open() or ioctl(), and must not take the supervisor with
 * it. Each span that is looked for has a thread of its own, which does that
 * and nothing else; what it finds is fetched when it is done, be it late.
 *
 * All calls from one thread. Its threads live until their calls return.
 */
#ifndef GATEWAY_CARDS_H
#define GATEWAY_CARDS_H

#include "conf/conf.h"
#include "media/line.h"

struct cards;

enum { CARD_WHY = 200 }; /* octets of a reason */

enum card_state {
	CARD_BUSY,   /* the driver has not answered yet */
	CARD_STAYS,  /* the channels that we have are still good */
	CARD_OPENED, /* here are its channels */
	CARD_ABSENT, /* why says what is wrong */
};

struct card_found {
	enum card_state state;
	unsigned n;
	int fds[LINE_SLOTS]; /* the caller's from here on */
	char why[CARD_WHY];
};

struct cards *cards_new(void); /* NULL and errno */
void cards_free(struct cards *);

/* Begin to look for a span, unless that is being done: is the channel behind
 * `held` (-1: none) still there, and if not, can all be opened? sys NULL: the
 * kernel's. 0 or -errno. */
int cards_look(struct cards *, unsigned index, const struct conf_span *,
	       int held, const struct dahdi_sys *sys);
/* What was found, once; waits for it so long at most. */
void cards_found(struct cards *, unsigned index, int wait_ms,
		 struct card_found *);

#endif
