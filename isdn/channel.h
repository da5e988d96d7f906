/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The B channels of a span, or of the spans of an NFAS group: who has which,
 * and which one to take next. A channel is a number: 32 * place of its span
 * in the group + its time slot; so on a span alone it is the time slot.
 * Plain values, no callbacks. Thread: the role's loop.
 */
#ifndef ISDN_CHANNEL_H
#define ISDN_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define CHANNEL_SLOTS 32
#define CHANNELS_MAX  (CONF_NFAS_SPANS * CHANNEL_SLOTS)

enum channel_state {
	CHANNEL_NONE,	    /* not carried, or the D channel */
	CHANNEL_IDLE,
	CHANNEL_BUSY,	    /* owner set */
	CHANNEL_RESTARTING, /* RESTART sent, no answer yet */
	CHANNEL_OUT,	    /* out of service: RESTART was never answered */
	CHANNEL_STATES
};

/* SERVICE (ANSI T1.607 annex F, NI2): what each end says of the channel; the
 * worse of both counts. */
enum channel_service {
	CHANNEL_IN_SERVICE,
	CHANNEL_MAINTENANCE, /* far end: it may call here, we do not */
	CHANNEL_OUT_OF_SERVICE
};

struct channel {
	enum channel_state state;
	uint8_t near_end, far_end; /* enum channel_service */
	bool due;    /* RESTART to be sent */
	bool barred; /* taken out of service by the operator */
	bool silent; /* its line has no samples of it */
	void *owner; /* of a busy one; not used here */
};

struct channels {
	struct channel at[CHANNELS_MAX];
	enum conf_hunt hunt;
	uint16_t n;    /* numbers in use: 32 for each span */
	uint16_t last; /* taken by channel_hunt() */
	uint32_t dead; /* spans whose line is down, as bits */
};

/* What was tried already. */
struct channel_list {
	uint16_t at[4];
	uint8_t n;
};

static inline unsigned channel_span(unsigned number)
{
	return number / CHANNEL_SLOTS;
}

static inline unsigned channel_slot(unsigned number)
{
	return number % CHANNEL_SLOTS;
}

/* The order of hunting that the configuration asks for; auto: by side. */
enum conf_hunt channel_order(const struct conf_span *);
void channel_init(struct channels *, const struct conf_for_isdn *);
/* Of which slots a span's line has no samples, by bit. */
void channel_set_silent(struct channels *, unsigned span, uint32_t slots);
/* Its line is alive, and has samples of it. */
bool channel_is_served(const struct channels *, unsigned number);
/* An idle channel that is not among those (NULL: none); 0: there is none. */
uint16_t channel_hunt(struct channels *, const struct channel_list *avoid);
bool channel_exists(const struct channels *, unsigned number);
bool channel_is_idle(const struct channels *, unsigned number);
/* Idle, in service at both ends and served by its line: ours to use. */
bool channel_is_free(const struct channels *, unsigned number);
/* NULL unless busy. */
void *channel_owner(const struct channels *, unsigned number);
void channel_take(struct channels *, unsigned number, void *owner);
void channel_set(struct channels *, unsigned number, enum channel_state);
/* Back to idle when it is busy with that owner; else nothing. */
void channel_drop(struct channels *, unsigned number, const void *owner);
/* Of all spans; of one. */
unsigned channel_count(const struct channels *, enum channel_state);
unsigned channel_count_on(const struct channels *, unsigned span,
			  enum channel_state);
unsigned channel_count_free(const struct channels *, unsigned span);
const char *channel_state_name(enum channel_state);
const char *channel_service_name(unsigned service);
/*
 * Both sides named the same channel in crossing SETUPs (Q.931 annex D.3):
 * does the one that we received get it? Equal wishes: the network's call;
 * otherwise the exclusive one.
 */
bool channel_glare(bool our_exclusive, bool their_exclusive, bool we_network);

#endif
