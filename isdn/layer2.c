/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layer 2 of a D channel, as libpri and the frames tell of it. */
#include "isdn/isdn_priv.h"

/*
 * Layer 2 is up when the far end has answered our SABME. But a far end that
 * was there first may still wait for the answer to its own, ignore all we
 * send, and begin again when its T200 runs out: then a SETUP would be lost.
 * So nothing is sent until it shows that it is up, or T200 is over.
 *
 *   there: SABME (nobody hears)  UA      SABME  UA?
 *   here:                  SABME    up ->       UA   settled
 */
static void on_settled(struct timer *t)
{
	struct isdn_d *d = container_of(t, struct isdn_d, settle);

	layer2_settled(d);
	isdn_settle(d->isdn);
}

void layer2_settled(struct isdn_d *d)
{
	if (!d->up || d->settled) {
		return;
	}
	timer_stop(isdn_loop(d->isdn), &d->settle);
	d->settled = d->fresh = true;
	nfas_changed(d->isdn);
	isdn_state_changed(d->isdn);
}

static void settle_after(struct isdn_d *d, int64_t ms)
{
	timer_start(isdn_loop(d->isdn), &d->settle, on_settled, ms);
}

void layer2_up(struct isdn_d *d)
{
	d->same_side = false;
	if (d->up) {
		return;
	}
	d->up = true;
	d->far_out = false;
	d->since = loop_now(isdn_loop(d->isdn));
	d->isdn->stats.link_ups++;
	log_info("%s: layer 2 up", d->span->conf->name);
	settle_after(d, pri_get_timer(d->chan.pri, PRI_TIMER_T200) + 100);
	dchan_probe(&d->chan);
	isdn_state_changed(d->isdn);
}

/* Calls go on: libpri clears those in setup when it gives the link up,
 * answered ones outlive it by T309. */
void layer2_down(struct isdn_d *d)
{
	if (!d->up) {
		return;
	}
	d->up = d->settled = false;
	timer_stop(isdn_loop(d->isdn), &d->settle);
	d->since = loop_now(isdn_loop(d->isdn));
	d->downs++;
	d->isdn->stats.link_downs++;
	log_warn("%s: layer 2 down", d->span->conf->name);
	nfas_changed(d->isdn);
	isdn_state_changed(d->isdn);
}

void layer2_same_side(struct isdn_d *d)
{
	if (!d->same_side) {
		log_warn("%s: the far end is the %s side too: change side: "
			 "here or there", d->span->conf->name,
			 isdn_network(d->isdn) ? "network" : "user");
	}
	d->same_side = true;
	isdn_state_changed(d->isdn);
}

void layer2_seen(struct isdn_d *d, const uint8_t *frame, size_t len)
{
	if (len < 3) {
		return;
	}
	if ((frame[2] & 3) != 3) {
		/* I, RR, RNR or REJ: not sent while a link is established */
		if (d->up && !d->settled) {
			settle_after(d, 0);
		}
	} else if ((frame[2] & 0xef) == 0x6f && d->settled &&
		   d == d->isdn->active) {
		/* SABME while layer 2 was up: has it lost its calls? */
		health_audit(d->isdn);
	}
}

void layer2_stop(struct isdn_d *d)
{
	timer_stop(isdn_loop(d->isdn), &d->settle);
	timer_stop(isdn_loop(d->isdn), &d->service);
}
