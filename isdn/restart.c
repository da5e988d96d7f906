/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RESTART of channels towards the far end (Q.931 5.5): after the data link
 * came up, and after a RELEASE that nobody answered. One at a time, never a
 * channel with a call. A far end that does not answer at all costs one
 * channel, which is tried again later, not all of them.
 */
#include "isdn/isdn_priv.h"

#define T316_MS	 120000
#define N316	 2
#define AGAIN_MS 600000

static void restart_next(struct isdn *isdn);

static void gave_up(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;
	char name[60];

	number_text(isdn, r->number, name, sizeof(name));
	log_warn("RESTART of channel %s is not answered, channel out of "
		 "service", name);
	channel_set(&isdn->channels, r->number, CHANNEL_OUT);
	isdn->channels.at[r->number].due = true;
	r->number = 0;
	isdn_state_changed(isdn);
}

static void send_restart(struct isdn *isdn);

/* One that does not answer at all: the others would not be either. */
static void forget_all_but_out(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->channels.n; i++) {
		struct channel *c = &isdn->channels.at[i];

		c->due = c->due && c->state == CHANNEL_OUT;
	}
}

static void on_timer(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, restart.timer);
	struct restart *r = &isdn->restart;

	if (!r->number) {
		restart_next(isdn);
	} else if (r->tries < N316) {
		send_restart(isdn);
	} else {
		gave_up(isdn);
		forget_all_but_out(isdn);
		timer_start(isdn_loop(isdn), &r->timer, on_timer, AGAIN_MS);
	}
	isdn_settle(isdn);
}

static void send_restart(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;

	r->tries++;
	timer_start(isdn_loop(isdn), &r->timer, on_timer, T316_MS);
	pri_reset(isdn_pri(isdn), number_for_pri(isdn, r->number));
}

static void restart_next(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;
	unsigned i;

	for (i = 1; i < isdn->channels.n && !r->number; i++) {
		struct channel *c = &isdn->channels.at[i];

		if (!c->due) {
			continue;
		}
		c->due = false;
		if (c->state == CHANNEL_IDLE || c->state == CHANNEL_OUT) {
			r->number = (uint16_t)i;
		}
	}
	if (r->number) {
		r->tries = 0;
		channel_set(&isdn->channels, r->number, CHANNEL_RESTARTING);
		send_restart(isdn);
	} else {
		timer_stop(isdn_loop(isdn), &r->timer);
	}
}

void restart_note(struct isdn *isdn, unsigned number)
{
	if (number && channel_exists(&isdn->channels, number)) {
		isdn->channels.at[number].due = true;
	}
}

void restart_due(struct isdn *isdn)
{
	if (!isdn->restart.number) {
		restart_next(isdn);
	}
}

unsigned restart_pending(const struct isdn *isdn)
{
	unsigned i, n = isdn->restart.number != 0;

	for (i = 1; i < isdn->channels.n; i++) {
		n += isdn->channels.at[i].due;
	}
	return n;
}

void restart_one(struct isdn *isdn, unsigned number)
{
	restart_note(isdn, number);
	restart_due(isdn);
}

void restart_all(struct isdn *isdn)
{
	unsigned i;

	for (i = 1; i < isdn->channels.n; i++) {
		restart_note(isdn, i);
	}
	restart_due(isdn);
}

/* What was on its way is to be done again. */
void restart_stop(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;

	timer_stop(isdn_loop(isdn), &r->timer);
	if (r->number) {
		channel_set(&isdn->channels, r->number, CHANNEL_IDLE);
		isdn->channels.at[r->number].due = true;
	}
	r->number = 0;
}

void restart_acked(struct isdn *isdn, unsigned number)
{
	if (!number || number != isdn->restart.number) {
		return;
	}
	channel_set(&isdn->channels, number, CHANNEL_IDLE);
	isdn->restart.number = 0;
	restart_next(isdn);
	isdn_state_changed(isdn);
}
