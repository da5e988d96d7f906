/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The B channels of a span: who has which, and which one to take next.
 * Plain values, no callbacks. Thread: the role's loop.
 */
#ifndef ISDN_CHANNEL_H
#define ISDN_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define CHANNEL_SLOTS 32

enum channel_state {
	CHANNEL_NONE,	    /* not carried, or the D channel */
	CHANNEL_IDLE,
	CHANNEL_BUSY,	    /* owner set */
	CHANNEL_RESTARTING, /* RESTART sent, no answer yet */
	CHANNEL_OUT,	    /* out of service: RESTART was never answered */
	CHANNEL_STATES
};

struct channel {
	enum channel_state state;
	void *owner; /* of a busy one; not used here */
};

struct channels {
	struct channel at[CHANNEL_SLOTS];
	enum conf_hunt hunt;
	uint8_t last; /* taken by channel_hunt() */
};

/* The order of hunting that the configuration asks for; auto: by side. */
enum conf_hunt channel_order(const struct conf_span *);
void channel_init(struct channels *, const struct conf_span *);
/* An idle channel that is not in the set avoid; 0: there is none. */
uint8_t channel_hunt(struct channels *, uint32_t avoid);
bool channel_exists(const struct channels *, unsigned slot);
bool channel_is_idle(const struct channels *, unsigned slot);
/* NULL unless busy. */
void *channel_owner(const struct channels *, unsigned slot);
void channel_take(struct channels *, unsigned slot, void *owner);
void channel_set(struct channels *, unsigned slot, enum channel_state);
/* Back to idle when it is busy with that owner; else nothing. */
void channel_drop(struct channels *, unsigned slot, const void *owner);
unsigned channel_count(const struct channels *, enum channel_state);
const char *channel_state_name(enum channel_state);

/*
 * Both sides named the same channel in crossing SETUPs (Q.931 annex D.3):
 * does the one that we received get it? Equal wishes: the network's call;
 * otherwise the exclusive one.
 */
bool channel_glare(bool our_exclusive, bool their_exclusive, bool we_network);

#endif
