/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The health of the D channel: its three layers in the words of Cisco and
 * Asterisk, and what becomes of answered calls when it is lost.
 *
 *   lost    T309 (90 s)          back   1 s          T322 (4 s)
 *   |------------------------------|------|---------------|
 *   |- calls in setup: libpri      |      STATUS ENQUIRY for each call;
 *      clears them                 |      one the far end does not know, or
 *                                  |      does not speak of: cleared
 *   or: T309 over: cause 27
 *
 * Q.931 5.8.8, 5.8.9, 5.8.10. The state is never kept, always looked up: it
 * cannot stay behind what is true.
 */
#include <stdio.h>

#include "isdn/isdn_priv.h"

#define AUDIT_MS  1000 /* the far end's RESTARTs, if any, come first */
#define T322_MS	  4000
#define ENQUIRIES 3    /* for each call */

/* --- names --- */

const char *health_layer1(const struct isdn_span *s)
{
	return !s->isdn->media_up ? "UNKNOWN"
	       : s->line.up	  ? "ACTIVE"
				  : "DEACTIVATED";
}

const char *health_layer2(const struct isdn_d *d)
{
	if (d->up) {
		return "MULTIPLE_FRAME_ESTABLISHED";
	}
	/* nobody asks where there is no line */
	return d->isdn->media_up && d->span->line.up
		       ? "AWAITING_ESTABLISHMENT"
		       : "TEI_ASSIGNED";
}

const char *health_d_state(const struct isdn_d *d)
{
	static const char *const names[D_STATES] = {
		[D_OUT] = "OUT OF SERVICE",
		[D_STANDBY] = "STANDBY",
		[D_WAIT] = "WAIT",
		[D_IN_SERVICE] = "IN SERVICE",
	};

	return names[d->state];
}

const char *health_asterisk(const struct isdn_d *d, char text[40])
{
	bool line = d->isdn->media_up && d->span->line.up;

	snprintf(text, 40, "%s%s, %s", line ? "" : "In Alarm, ",
		 line && d->up ? "Up" : "Down",
		 d == d->isdn->active ? "Active" : "Standby");
	return text;
}

static const char *d_text(const struct isdn *isdn)
{
	const struct isdn_d *d = isdn->active;

	if (d->same_side) {
		return isdn_network(isdn) ? "both ends are the network side"
					  : "both ends are the user side";
	}
	if (isdn->health.muted) {
		return "busied out: no trunk is up";
	}
	if (d->state == D_IN_SERVICE) {
		return isdn->draining ? "draining" : "in service";
	}
	if (d->far_out) {
		return "D channel taken out of service by the far end";
	}
	if (isdn->n_d == 1 && !d->span->line.up) {
		return "line of the D channel down";
	}
	return isdn->n_d > 1 ? "no D channel in service"
	       : d->up	     ? "layer 2 starting"
			     : "layer 2 down";
}

const char *health_text(const struct isdn_span *s)
{
	if (!s->isdn->media_up) {
		return "no line: media role is down";
	}
	return s->line.up ? d_text(s->isdn) : "line down";
}

/* --- T309 --- */

static unsigned answered(const struct isdn *isdn)
{
	unsigned i, n = 0;

	for (i = 0; i < isdn->n_legs; i++) {
		n += isdn->legs[i].s.phase == LEG_ACTIVE;
	}
	return n;
}

static void on_t309(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, health.t309);
	unsigned i;

	isdn_note(isdn, LOG_LVL_WARN, "T309 is over: %u answered calls end, "
		  "cause 27", answered(isdn));
	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase == LEG_ACTIVE) {
			isdn->stats.t309_expired++;
			restart_note(isdn, l->s.number);
			leg_drop(l, CAUSE_OUT_OF_ORDER);
		}
	}
	isdn_settle(isdn);
}

static void say_lost(struct isdn *isdn, unsigned calls)
{
	const struct isdn_d *d = isdn->active;
	unsigned s = isdn->conf.span.isdn.t309_s;

	isdn_note(isdn, LOG_LVL_WARN, "D channel lost: layer 1 %s, layer 2 "
		  "%s; %u answered calls stay for %u s (T309)",
		  health_layer1(d->span), health_layer2(d), calls, s);
}

void health_changed(struct isdn *isdn)
{
	struct timer *t309 = &isdn->health.t309;
	unsigned calls = answered(isdn);

	if (isdn->active->state == D_IN_SERVICE) {
		if (timer_is_running(t309)) {
			isdn_note(isdn, LOG_LVL_INFO, "D channel back, %u "
				  "answered calls go on", calls);
			timer_stop(isdn_loop(isdn), t309);
		}
	} else {
		timer_stop(isdn_loop(isdn), &isdn->health.audit);
		timer_stop(isdn_loop(isdn), &isdn->health.t322);
		if (calls && !timer_is_running(t309)) {
			say_lost(isdn, calls);
			timer_start(isdn_loop(isdn), t309, on_t309,
				    isdn->conf.span.isdn.t309_s * 1000);
		}
	}
	isdn_state_changed(isdn);
}

unsigned health_t309_left_s(struct isdn *isdn)
{
	const struct timer *t = &isdn->health.t309;

	if (!timer_is_running(t)) {
		return 0;
	}
	return (unsigned)((timer_left_ms(isdn_loop(isdn), t) + 999) / 1000);
}

/* --- asking for each call --- */

static void enquire(struct isdn *isdn, struct leg *l)
{
	l->asked++;
	isdn->stats.audited += l->asked == 1;
	service_enquiry(isdn, l->s.cref, l->s.ours);
}

static void on_t322(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, health.t322);
	bool waiting = false;
	unsigned i;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase != LEG_ACTIVE || !l->asked) {
			continue;
		}
		if (l->asked < ENQUIRIES) {
			enquire(isdn, l);
			waiting = true;
		} else {
			isdn->stats.audit_lost++;
			log_warn("%s 0x%04x: no answer to STATUS ENQUIRY, "
				 "cleared", isdn_name(isdn), l->s.cref);
			leg_tell_release(l, (struct cc_cause){
				CAUSE_TEMPORARY, isdn_location(isdn) });
			leg_clear(l, l->s.seen);
		}
	}
	if (waiting) {
		timer_start(isdn_loop(isdn), t, on_t322, T322_MS);
	}
	isdn_settle(isdn);
}

static void on_audit(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, health.audit);
	unsigned i, n = 0;

	for (i = 0; i < isdn->n_legs; i++) {
		struct leg *l = &isdn->legs[i];

		l->asked = 0;
		if (l->s.phase == LEG_ACTIVE) {
			enquire(isdn, l);
			n++;
		}
	}
	if (n) {
		timer_start(isdn_loop(isdn), &isdn->health.t322, on_t322,
			    T322_MS);
	}
	isdn_settle(isdn);
}

void health_audit(struct isdn *isdn)
{
	if (answered(isdn)) {
		timer_start(isdn_loop(isdn), &isdn->health.audit, on_audit,
			    AUDIT_MS);
	}
}

void health_heard(struct isdn *isdn, uint16_t cref, bool ours)
{
	struct leg *l = leg_by_cref(isdn, cref, ours);

	if (l) {
		l->asked = 0;
	}
}

void health_stop(struct isdn *isdn)
{
	timer_stop(isdn_loop(isdn), &isdn->health.t309);
	timer_stop(isdn_loop(isdn), &isdn->health.t322);
	timer_stop(isdn_loop(isdn), &isdn->health.audit);
	timer_stop(isdn_loop(isdn), &isdn->health.hold);
}
