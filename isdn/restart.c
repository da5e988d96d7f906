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

	log_warn("%s: RESTART of channel %u is not answered, channel out of "
		 "service", isdn_name(isdn), r->slot);
	channel_set(&isdn->channels, r->slot, CHANNEL_OUT);
	r->pending = 1u << r->slot;
	r->slot = 0;
	isdn_state_changed(isdn);
}

static void send_restart(struct isdn *isdn);

static void on_timer(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, restart.timer);
	struct restart *r = &isdn->restart;

	if (!r->slot) {
		restart_next(isdn);
	} else if (r->tries < N316) {
		send_restart(isdn);
	} else {
		gave_up(isdn);
		timer_start(isdn_loop(isdn), &r->timer, on_timer, AGAIN_MS);
	}
	dchan_settle(&isdn->d);
}

static void send_restart(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;

	r->tries++;
	timer_start(isdn_loop(isdn), &r->timer, on_timer, T316_MS);
	pri_reset(isdn->d.pri, r->slot);
}

static void restart_next(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;
	unsigned slot;

	for (slot = 1; slot < CHANNEL_SLOTS && !r->slot; slot++) {
		enum channel_state state = isdn->channels.at[slot].state;

		if (!(r->pending & (1u << slot))) {
			continue;
		}
		r->pending &= ~(1u << slot);
		if (state == CHANNEL_IDLE || state == CHANNEL_OUT) {
			r->slot = (uint8_t)slot;
		}
	}
	if (r->slot) {
		r->tries = 0;
		channel_set(&isdn->channels, r->slot, CHANNEL_RESTARTING);
		send_restart(isdn);
	} else {
		timer_stop(isdn_loop(isdn), &r->timer);
	}
}

void restart_one(struct isdn *isdn, unsigned slot)
{
	if (channel_exists(&isdn->channels, slot)) {
		isdn->restart.pending |= 1u << slot;
		if (!isdn->restart.slot) {
			restart_next(isdn);
		}
	}
}

void restart_all(struct isdn *isdn)
{
	unsigned slot;

	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		if (channel_exists(&isdn->channels, slot)) {
			isdn->restart.pending |= 1u << slot;
		}
	}
	if (!isdn->restart.slot) {
		restart_next(isdn);
	}
}

void restart_stop(struct isdn *isdn)
{
	struct restart *r = &isdn->restart;

	timer_stop(isdn_loop(isdn), &r->timer);
	if (r->slot) {
		channel_set(&isdn->channels, r->slot, CHANNEL_IDLE);
	}
	r->slot = 0;
	r->pending = 0;
}

void restart_acked(struct isdn *isdn, unsigned slot)
{
	if (!slot || slot != isdn->restart.slot) {
		return;
	}
	channel_set(&isdn->channels, slot, CHANNEL_IDLE);
	isdn->restart.slot = 0;
	restart_next(isdn);
	isdn_state_changed(isdn);
}
