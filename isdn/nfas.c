/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which D channel carries the calls. One alone does when it works. Of two,
 * primary and backup (NFAS), both have layer 2 established and one is in
 * service; when it is lost the other takes over by SERVICE (NI2; ANSI T1.607
 * annex F), either end may begin:
 *
 *   here                              there
 *   primary lost                      primary lost
 *   backup: STANDBY -> WAIT
 *      SERVICE (backup, in service) ->
 *                                     backup -> IN SERVICE
 *      <- SERVICE ACKNOWLEDGE
 *   backup -> IN SERVICE, STATUS ENQUIRY for each answered call
 *   primary works again: STANDBY      it does not take over by itself
 *
 * Answered calls stay; those in setup are cleared, as their messages may have
 * gone with the lost link. A far end that knows no SERVICE and just uses the
 * backup is understood too. If both ends choose differently at a time, the
 * network is right.
 */
#include <errno.h>

#include "isdn/isdn_priv.h"

#define ANSWER_MS 4000 /* to SERVICE */
#define TRIES	  2
#define HOLD_MS	  5000 /* at the start: the primary may be on its way */
#define AGAIN_MS  1500 /* both were lost: so may it be then */

/* While media keeps the calls of a line in alarm, layer 2 decides: it may
 * still work. */
static bool works(const struct isdn_d *d)
{
	const struct frame_line *line = &d->span->line;

	return d->isdn->media_up && d->settled && !d->far_out &&
	       (line->up || line->calls == FRAME_CALLS_KEEP);
}

static struct isdn_d *other(const struct isdn_d *d)
{
	struct isdn *isdn = d->isdn;

	return isdn->n_d < 2 ? NULL : &isdn->d[d == &isdn->d[0]];
}

static void stop_waiting(struct isdn_d *d)
{
	timer_stop(isdn_loop(d->isdn), &d->service);
	d->service_tries = 0;
}

/* The calls of the lost D channel: libpri sends their messages where it
 * heard of them last. Those in setup end here, and there too. */
static void move_calls(struct isdn *isdn, struct isdn_d *to)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (!l->call) {
			continue;
		}
		if (l->s.phase == LEG_ACTIVE || l->s.phase == LEG_CLEARING) {
			dchan_adopt(&to->chan, l->s.cref, l->s.ours);
		} else {
			restart_note(isdn, l->s.number);
			leg_drop(l, CAUSE_OUT_OF_ORDER);
		}
	}
}

static void place_waiting(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		if (isdn->legs[i].s.phase == LEG_WAIT) {
			leg_place(&isdn->legs[i]);
		}
	}
}

static void restart_channels(struct isdn *isdn, struct isdn_d *d, bool moved)
{
	if (isdn->conf.span.isdn.restart && d->fresh && !moved) {
		restart_all(isdn);
	} else {
		restart_due(isdn);
	}
	d->fresh = false;
}

static void in_service(struct isdn_d *d)
{
	struct isdn *isdn = d->isdn;
	struct isdn_d *former = other(d);
	bool moved = isdn->health.begun && isdn->active != d;

	stop_waiting(d);
	d->state = D_IN_SERVICE;
	if (former) {
		stop_waiting(former);
		former->state = works(former) ? D_STANDBY : D_OUT;
	}
	if (moved) {
		isdn->stats.switches++;
		restart_stop(isdn);
		move_calls(isdn, d);
	}
	isdn->active = d;
	if (former) {
		isdn_note(isdn, moved ? LOG_LVL_WARN : LOG_LVL_INFO,
			  "D channel of %s in service%s", d->span->conf->name,
			  moved ? ", the calls go on there" : "");
	}
	timer_stop(isdn_loop(isdn), &isdn->health.hold);
	isdn->health.begun = true;
	isdn->health.held = false;
	health_changed(isdn);
	health_audit(isdn);
	place_waiting(isdn);
	restart_channels(isdn, d, moved);
}

static void on_service_timer(struct timer *t);

static void ask(struct isdn_d *d)
{
	d->state = D_WAIT;
	d->service_tries++;
	timer_start(isdn_loop(d->isdn), &d->service, on_service_timer,
		    ANSWER_MS);
	service_send_d(d, CHANNEL_IN_SERVICE);
}

/* Nobody acknowledges. Where there is nothing else to use, it is used. */
static void on_service_timer(struct timer *t)
{
	struct isdn_d *d = container_of(t, struct isdn_d, service);

	if (d->service_tries < TRIES) {
		ask(d);
	} else if (d->isdn->active->state == D_IN_SERVICE) {
		stop_waiting(d);
		d->state = D_STANDBY;
	} else {
		log_warn("%s: SERVICE for its D channel is not acknowledged, "
			 "used all the same", d->span->conf->name);
		in_service(d);
	}
	isdn_settle(d->isdn);
}

static void on_hold(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, health.hold);

	isdn->health.held = true;
	nfas_changed(isdn);
	isdn_settle(isdn);
}

/* The backup that has just come up waits for the primary. */
static bool must_wait(const struct isdn_d *backup)
{
	struct isdn *isdn = backup->isdn;
	int64_t up_ms = mono_diff_ms(loop_now(isdn_loop(isdn)), backup->since);

	return !isdn->health.held &&
	       (!isdn->health.begun ||
		(up_ms < HOLD_MS && isdn->d[0].span->line.up));
}

/* None is in service: the primary if it can, else the backup. */
static void elect(struct isdn *isdn)
{
	struct timer *hold = &isdn->health.hold;
	struct isdn_d *d = &isdn->d[0];

	if (d->state != D_STANDBY) {
		d = other(d);
	}
	if (!d || d->state != D_STANDBY) {
		return;
	}
	if (isdn->n_d == 1) {
		in_service(d);
	} else if (d == &isdn->d[0] || !must_wait(d)) {
		timer_stop(isdn_loop(isdn), hold);
		ask(d);
	} else if (!timer_is_running(hold)) {
		timer_start(isdn_loop(isdn), hold, on_hold,
			    isdn->health.begun ? AGAIN_MS : HOLD_MS);
	}
}

void nfas_changed(struct isdn *isdn)
{
	bool found = false;
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		struct isdn_d *d = &isdn->d[i];

		if (!works(d) && d->state != D_OUT) {
			stop_waiting(d);
			d->state = D_OUT;
			if (d == isdn->active) {
				restart_stop(isdn);
			}
		} else if (works(d) && d->state == D_OUT) {
			d->state = D_STANDBY;
		}
		found |= d->state == D_WAIT || d->state == D_IN_SERVICE;
	}
	if (!found) {
		elect(isdn);
	}
	health_changed(isdn);
	if (isdn_is_up(isdn)) {
		place_waiting(isdn);
	}
}

bool nfas_message(struct isdn_d *d)
{
	struct isdn *isdn = d->isdn;

	if (isdn->n_d == 1 || d->state == D_IN_SERVICE) {
		return true;
	}
	if (d->state == D_WAIT && isdn->active->state != D_IN_SERVICE) {
		in_service(d); /* that is an answer, too */
		return true;
	}
	isdn->stats.on_standby++;
	/* the far end thinks otherwise: tell it which one is in service */
	if (isdn->active->state == D_IN_SERVICE &&
	    log_allow(&isdn->bad, loop_now(isdn_loop(isdn)).ns)) {
		log_warn("%s: message on the D channel in standby, left out",
			 d->span->conf->name);
		service_send_d(isdn->active, CHANNEL_IN_SERVICE);
	}
	return false;
}

uint8_t nfas_service(struct isdn_d *about, uint8_t status)
{
	struct isdn *isdn = about->isdn;
	struct isdn_d *peer = other(about);

	if (status != CHANNEL_IN_SERVICE) {
		about->far_out = true;
		nfas_changed(isdn);
		return status;
	}
	about->far_out = false;
	layer2_settled(about); /* SERVICE is not sent before */
	if (!works(about)) {
		nfas_changed(isdn);
		return CHANNEL_OUT_OF_SERVICE;
	}
	if (peer && peer->state == D_WAIT && isdn_network(isdn)) {
		return CHANNEL_OUT_OF_SERVICE; /* we have chosen */
	}
	if (about->state != D_IN_SERVICE) {
		in_service(about);
	}
	return CHANNEL_IN_SERVICE;
}

void nfas_service_ack(struct isdn_d *about, uint8_t status)
{
	if (about->state != D_WAIT) {
		return;
	}
	if (status == CHANNEL_IN_SERVICE) {
		in_service(about);
		return;
	}
	stop_waiting(about);
	about->far_out = true;
	nfas_changed(about->isdn);
}

int nfas_switch(struct isdn *isdn)
{
	struct isdn_d *d = other(isdn->active);

	if (!d || d->state != D_STANDBY) {
		return -EAGAIN;
	}
	ask(d);
	isdn_settle(isdn);
	return 0;
}

void nfas_stop(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		layer2_stop(&isdn->d[i]);
	}
	health_stop(isdn);
}
