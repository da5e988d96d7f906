/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libpri tells, event by event. Numbers, causes and channels are read
 * from the frame itself; of the event only its kind and the call are used.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"
#include "isdn/isdn_priv.h"

/* The cause of a clearing message with its location; without one, or when
 * one of libpri's timers ended the call: value, and our own location. */
static struct cc_cause cause_of(struct isdn *isdn, const struct ie_msg *raw,
				int value)
{
	struct cc_cause c = { 0, CC_LOC_NONE };
	struct ie_cause read;
	struct ie ie;

	if (raw && ie_find(raw, IE_CAUSE, 0, &ie) && ie_cause(&ie, &read)) {
		c.value = read.value;
		c.location = read.location;
	} else if (!raw && value > 0 && value < 128) {
		c.value = (uint8_t)value;
		c.location = isdn_location(isdn);
	}
	return c;
}

static void place_waiting(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < ISDN_LEGS; i++) {
		if (isdn->legs[i].s.phase == LEG_WAIT) {
			leg_place(&isdn->legs[i]);
		}
	}
}

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
	struct isdn *isdn = container_of(t, struct isdn, layer2.settle);

	isdn->layer2.settled = true;
	place_waiting(isdn);
	if (isdn->conf.span.isdn.restart) {
		restart_all(isdn);
	}
	isdn_state_changed(isdn);
	dchan_settle(&isdn->d);
}

void event_peer_is_up(struct isdn *isdn)
{
	if (isdn->layer2.up && !isdn->layer2.settled) {
		timer_start(isdn_loop(isdn), &isdn->layer2.settle, on_settled,
			    0);
	}
}

/* Q.931 5.8.8 and 5.8.10: after a data link reset, ask for each answered
 * call. A far end that knows it says so; one that does not, clears it. */
#define AUDIT_MS 1000 /* its RESTARTs, if any, come first */

static void on_audit(struct timer *t)
{
	struct isdn *isdn = container_of(t, struct isdn, layer2.audit);
	unsigned i;

	for (i = 0; isdn->layer2.settled && i < ISDN_LEGS; i++) {
		struct leg *l = &isdn->legs[i];

		if (l->s.phase == LEG_ACTIVE) {
			pri_notify(isdn->d.pri, l->call, 0, PATCH_ENQUIRY);
		}
	}
	dchan_settle(&isdn->d);
}

void event_peer_reset(struct isdn *isdn)
{
	if (isdn->layer2.settled) {
		timer_start(isdn_loop(isdn), &isdn->layer2.audit, on_audit,
			    AUDIT_MS);
	}
}

static void on_up(struct isdn *isdn, const pri_event *e,
		  const struct ie_msg *raw)
{
	(void)e;
	(void)raw;
	isdn->layer2.same_side = false;
	if (isdn->layer2.up) {
		return;
	}
	isdn->layer2.up = true;
	isdn->layer2.since = loop_now(isdn_loop(isdn));
	isdn->stats.link_ups++;
	log_info("%s: layer 2 up", isdn_name(isdn));
	timer_start(isdn_loop(isdn), &isdn->layer2.settle, on_settled,
		    pri_get_timer(isdn->d.pri, PRI_TIMER_T200) + 100);
	dchan_probe(&isdn->d);
	isdn_state_changed(isdn);
}

/* Calls go on: libpri clears those in setup when it gives the link up, and
 * answered ones after T309. */
static void on_down(struct isdn *isdn, const pri_event *e,
		    const struct ie_msg *raw)
{
	(void)e;
	(void)raw;
	if (!isdn->layer2.up) {
		return;
	}
	isdn->layer2.up = isdn->layer2.settled = false;
	timer_stop(isdn_loop(isdn), &isdn->layer2.settle);
	isdn->layer2.since = loop_now(isdn_loop(isdn));
	isdn->stats.link_downs++;
	log_warn("%s: layer 2 down", isdn_name(isdn));
	restart_stop(isdn);
	isdn_state_changed(isdn);
}

static void on_config_error(struct isdn *isdn, const pri_event *e,
			    const struct ie_msg *raw)
{
	(void)e;
	(void)raw;
	if (!isdn->layer2.same_side) {
		log_warn("%s: the far end is the %s side too: change side: "
			 "here or there", isdn_name(isdn),
			 isdn_network(isdn) ? "network" : "user");
	}
	isdn->layer2.same_side = true;
	isdn_state_changed(isdn);
}

/* First answer without a leg: RELEASE COMPLETE with that cause. */
static void refuse(struct isdn *isdn, q931_call *call, uint16_t cref,
		   uint8_t cause)
{
	unsigned n = log_allow(&isdn->refusals, loop_now(isdn_loop(isdn)).ns);

	isdn->stats.refused++;
	if (n) {
		log_info("%s 0x%04x: refused, cause %u %s (%u since the last "
			 "line)", isdn_name(isdn), cref, cause,
			 cause_name(cause), n);
	}
	patch_refuse(isdn, cref,
		     (struct cc_cause){ cause, isdn_location(isdn) });
	/* of the causes that libpri answers so, whatever is patched in */
	pri_hangup(isdn->d.pri, call, PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION);
}

/* The core knows of no leg, but its CDRs are to be complete. */
static void tell_refused(struct isdn *isdn, struct cc_msg *m, uint16_t cref,
			 uint8_t cause)
{
	m->leg = isdn_next_id(isdn);
	m->cause = (struct cc_cause){ cause, isdn_location(isdn) };
	m->end = (struct cc_end){ CC_END_SPAN, (uint8_t)isdn->conf.index };
	snprintf(m->ref, sizeof(m->ref), "%s 0x%04x", isdn_name(isdn), cref);
	if (link_is_up(&isdn->core)) {
		link_send(&isdn->core, &m->head, CC_SETUP, sizeof(*m));
	}
}

static uint8_t any_channel(struct isdn *isdn, uint8_t *cause)
{
	uint8_t slot = channel_hunt(&isdn->channels, 0);

	*cause = slot ? 0 : CAUSE_NO_CHANNEL;
	return slot;
}

/* The channel for a received SETUP; 0 and the cause to refuse it with. */
static uint8_t choose_channel(struct isdn *isdn, const struct ie_msg *raw,
			      uint8_t *cause)
{
	struct channels *all = &isdn->channels;
	struct ie_channel want;
	struct leg *other;
	bool crossed;
	struct ie ie;

	*cause = 0;
	if (!ie_find(raw, IE_CHANNEL, 0, &ie) || !ie_channel(&ie, &want) ||
	    want.any || !want.first) {
		return any_channel(isdn, cause);
	}
	if (!channel_exists(all, want.first)) {
		*cause = PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
		return want.exclusive ? 0 : any_channel(isdn, cause);
	}
	if (channel_is_idle(all, want.first) ||
	    all->at[want.first].state == CHANNEL_OUT) {
		return want.first;
	}
	other = channel_owner(all, want.first);
	crossed = other && other->s.phase == LEG_CALLING &&
		  !other->s.confirmed;
	if (crossed) {
		isdn->stats.glare++;
		if (channel_glare(other->s.exclusive, want.exclusive,
				  isdn_network(isdn))) {
			/* our own call waits for the far end to name one */
			channel_drop(all, want.first, other);
			other->s.slot = 0;
			return want.first;
		}
	}
	*cause = crossed ? CAUSE_NO_CHANNEL : CAUSE_CHANNEL_BUSY;
	return want.exclusive ? 0 : any_channel(isdn, cause);
}

/* Octets of the channel number as libpri wants them in the first answer. */
static int pri_channel(const struct ie_msg *raw, uint8_t slot)
{
	struct ie_channel c;
	struct ie ie;

	if (ie_find(raw, IE_CHANNEL, 0, &ie) && ie_channel(&ie, &c) &&
	    c.other_interface) {
		return 1 << 16 | c.interface << 8 | slot;
	}
	return slot;
}

/* The leg of an accepted SETUP: answered at once, then told to the core. */
static void accept_call(struct isdn *isdn, struct leg *l, struct cc_msg *m,
			const struct ie_msg *raw)
{
	int channel = pri_channel(raw, l->s.slot);

	channel_take(&isdn->channels, l->s.slot, l);
	str_copy(l->s.called, sizeof(l->s.called), m->called.digits);
	str_copy(l->s.calling, sizeof(l->s.calling), m->calling.digits);
	l->s.bearer = m->bearer;
	l->s.confirmed = 1;
	l->s.told_proceeding = 1;
	if (m->complete) {
		leg_enter(l, LEG_PROCEEDING_IN);
		pri_proceeding(isdn->d.pri, l->call, channel, 0);
	} else {
		leg_enter(l, LEG_OVERLAP_IN);
		pri_setup_ack(isdn->d.pri, l->call, channel, 0, 0);
	}
	m->end = (struct cc_end){ CC_END_SPAN, (uint8_t)isdn->conf.index };
	leg_ref(l, m->ref);
	leg_tell(l, CC_SETUP, m);
	isdn_state_changed(isdn);
}

static void on_ring(struct isdn *isdn, const pri_event *e,
		    const struct ie_msg *raw)
{
	q931_call *call = e->ring.call;
	struct cc_msg m = { 0 };
	struct leg *l = NULL;
	uint8_t cause, slot = 0;

	if (!raw || raw->type != Q931_SETUP) {
		pri_hangup(isdn->d.pri, call, PRI_CAUSE_FACILITY_REJECTED);
		return;
	}
	isdn->stats.calls_in++;
	cause = setup_read(raw, &m);
	if (!cause && (isdn->draining || !link_is_up(&isdn->core))) {
		cause = CAUSE_TEMPORARY;
	}
	if (!cause) {
		slot = choose_channel(isdn, raw, &cause);
	}
	if (!cause) {
		l = leg_new(isdn, isdn_next_id(isdn));
		cause = l ? 0 : CAUSE_CONGESTION;
	}
	if (cause) {
		refuse(isdn, call, raw->cref, cause);
		tell_refused(isdn, &m, raw->cref, cause);
		return;
	}
	l->call = call;
	l->s.cref = raw->cref;
	l->s.slot = slot;
	accept_call(isdn, l, &m, raw);
}

/* Further digits of an overlap call. */
static void on_info(struct isdn *isdn, const pri_event *e,
		    const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->ring.call);
	struct cc_msg m = { 0 };
	struct ie ie;

	if (!l || !raw || l->s.phase != LEG_OVERLAP_IN) {
		return;
	}
	setup_number(raw, IE_CALLED, 0, &m.called);
	m.complete = ie_find(raw, IE_SENDING_COMPLETE, 0, &ie);
	if (m.called.valid || m.complete) {
		if (strlen(l->s.called) + strlen(m.called.digits) <
		    sizeof(l->s.called)) {
			strcat(l->s.called, m.called.digits);
		}
		leg_tell(l, CC_DIGITS, &m);
	}
}

static void on_keypad(struct isdn *isdn, const pri_event *e,
		      const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->digit.call);
	struct cc_msg m;
	struct ie ie;
	size_t i;

	if (!l || !raw || l->s.phase != LEG_ACTIVE ||
	    !ie_find(raw, IE_KEYPAD, 0, &ie)) {
		return;
	}
	for (i = 0; i < ie.len; i++) {
		if (ie.data[i] && strchr("0123456789*#ABCD", ie.data[i])) {
			m = (struct cc_msg){ .digit = ie.data[i] };
			leg_tell(l, CC_DTMF, &m);
		}
	}
}

/*
 * The first answer to our SETUP names the channel (Q.931 5.1.2). Another one
 * than ours is taken when it is idle and we had not insisted; else the call
 * is released with cause 6. false: it is being released.
 */
static bool settle_channel(struct isdn *isdn, struct leg *l,
			   const struct ie_msg *raw)
{
	struct channels *all = &isdn->channels;
	struct ie_channel c = { 0 };
	struct ie ie;
	bool named;

	if (l->s.confirmed) {
		return true;
	}
	named = raw && ie_find(raw, IE_CHANNEL, 0, &ie) &&
		ie_channel(&ie, &c) && c.first;
	if (named && c.first != l->s.slot) {
		if ((channel_is_idle(all, c.first) ||
		     (channel_exists(all, c.first) &&
		      all->at[c.first].state == CHANNEL_OUT)) &&
		    !(l->s.exclusive && l->s.slot)) {
			channel_drop(all, l->s.slot, l);
			l->s.slot = c.first;
			channel_take(all, l->s.slot, l);
		} else {
			named = false;
			channel_drop(all, l->s.slot, l);
			l->s.slot = 0;
		}
	}
	if (!l->s.slot) {
		struct cc_cause cause = { CAUSE_CHANNEL_UNACCEPTABLE,
					  isdn_location(isdn) };

		leg_tell_release(l, cause);
		l->s.out = cause;
		leg_enter(l, LEG_CLEARING);
		pri_hangup(isdn->d.pri, l->call, CAUSE_CHANNEL_UNACCEPTABLE);
		return false;
	}
	l->s.confirmed = 1;
	isdn_state_changed(isdn);
	return true;
}

/* A leg that we called, still before its answer; NULL: not one. */
static struct leg *outgoing(struct isdn *isdn, q931_call *call,
			    const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, call);

	if (!l || l->s.phase < LEG_CALLING || l->s.phase > LEG_DELIVERED ||
	    !settle_channel(isdn, l, raw)) {
		return NULL;
	}
	return l;
}

static void tell_progress(struct isdn *isdn, struct leg *l,
			  const struct ie_msg *raw)
{
	struct cc_msg m = { .progress = setup_progress(raw) };

	m.cause = cause_of(isdn, raw, 0);
	leg_tell(l, CC_PROGRESS, &m);
}

static void on_setup_ack(struct isdn *isdn, const pri_event *e,
			 const struct ie_msg *raw)
{
	struct leg *l = outgoing(isdn, e->setup_ack.call, raw);
	struct cc_msg m = { .progress = setup_progress(raw) };
	const char *p;

	if (!l) {
		return;
	}
	leg_enter(l, LEG_OVERLAP);
	leg_tell(l, CC_MORE, &m);
	for (p = l->more; *p; p++) {
		pri_information(isdn->d.pri, l->call, *p);
	}
	l->more[0] = '\0';
}

static void on_proceeding(struct isdn *isdn, const pri_event *e,
			  const struct ie_msg *raw)
{
	struct leg *l = outgoing(isdn, e->proceeding.call, raw);

	if (!l) {
		return;
	}
	if (l->s.phase != LEG_DELIVERED) {
		leg_enter(l, LEG_PROCEEDING);
	}
	leg_tell_proceeding(l);
	if (setup_progress(raw)) {
		tell_progress(isdn, l, raw);
	}
}

static void on_progress(struct isdn *isdn, const pri_event *e,
			const struct ie_msg *raw)
{
	struct leg *l = outgoing(isdn, e->proceeding.call, raw);

	if (!l) {
		return;
	}
	leg_tell_proceeding(l);
	if (l->s.phase != LEG_DELIVERED) {
		leg_ease(l); /* PROGRESS stops T310 */
	}
	tell_progress(isdn, l, raw);
}

static void on_ringing(struct isdn *isdn, const pri_event *e,
		       const struct ie_msg *raw)
{
	struct leg *l = outgoing(isdn, e->ringing.call, raw);
	struct cc_msg m = { .progress = setup_progress(raw) };

	if (l) {
		leg_tell_proceeding(l);
		leg_enter(l, LEG_DELIVERED);
		leg_tell(l, CC_ALERTING, &m);
	}
}

static void on_answer(struct isdn *isdn, const pri_event *e,
		      const struct ie_msg *raw)
{
	struct leg *l = outgoing(isdn, e->answer.call, raw);
	struct cc_msg m = { .progress = setup_progress(raw) };

	if (!l) {
		return;
	}
	leg_tell_proceeding(l);
	leg_enter(l, LEG_ACTIVE);
	leg_settle(l);
	isdn->stats.answered++;
	if (raw) {
		setup_number(raw, IE_CONNECTED, 0, &m.connected);
		if (!m.connected.valid) {
			setup_number(raw, IE_CONNECTED_OLD, 0, &m.connected);
		}
		setup_name(raw, m.name);
	}
	leg_tell(l, CC_ANSWER, &m);
}

/* DISCONNECT. With tones, before the answer, the caller hears them until
 * the network releases, at most 20 s (callflow: before its T306). */
static void on_hangup_req(struct isdn *isdn, const pri_event *e,
			  const struct ie_msg *raw)
{
	struct cc_cause cause = cause_of(isdn, raw, e->hangup.cause);
	struct leg *l = leg_by_call(isdn, e->hangup.call);

	if (!l) {
		pri_hangup(isdn->d.pri, e->hangup.call, e->hangup.cause);
		return;
	}
	if ((setup_progress(raw) & CC_PROG_INBAND) && !l->s.told_release &&
	    l->s.phase >= LEG_OVERLAP && l->s.phase <= LEG_DELIVERED) {
		leg_tell_proceeding(l);
		tell_progress(isdn, l, raw);
		l->s.seen = cause;
		leg_enter(l, LEG_TONE);
		return;
	}
	leg_tell_release(l, cause);
	leg_enter(l, LEG_CLEARING);
	pri_hangup(isdn->d.pri, l->call, e->hangup.cause);
}

/* Our SETUP was refused for its channel: another one, if there is; at last
 * the group counts as full. Or it was lost when layer 2 began again: then the
 * far end answers the STATUS that follows by 101 (or 81). */
static bool retry_channel(struct isdn *isdn, struct leg *l,
			  const struct ie_msg *raw, struct cc_cause *cause)
{
	static const uint8_t causes[] = {
		CAUSE_CHANNEL_BUSY,	    CAUSE_NO_CHANNEL,
		CAUSE_CHANNEL_UNACCEPTABLE, PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST,
		PRI_CAUSE_WRONG_CALL_STATE, PRI_CAUSE_INVALID_CALL_REFERENCE
	};

	if (!raw || l->s.phase != LEG_CALLING || l->s.told_release ||
	    !memchr(causes, cause->value, sizeof(causes))) {
		return false;
	}
	if (l->s.tries >= LEG_CHANNEL_TRIES || !isdn->layer2.up) {
		if (cause->value < PRI_CAUSE_WRONG_CALL_STATE &&
		    cause->value != PRI_CAUSE_INVALID_CALL_REFERENCE) {
			cause->value = CAUSE_NO_CHANNEL;
		}
		return false;
	}
	leg_hangup(l, cause->value);
	channel_drop(&isdn->channels, l->s.slot, l);
	l->s.slot = 0;
	isdn->stats.retried++;
	leg_place(l);
	return true;
}

static void on_hangup(struct isdn *isdn, const pri_event *e,
		      const struct ie_msg *raw)
{
	struct cc_cause cause = cause_of(isdn, raw, e->hangup.cause);
	struct leg *l = leg_by_call(isdn, e->hangup.call);

	if (!l) {
		pri_hangup(isdn->d.pri, e->hangup.call, e->hangup.cause);
		return;
	}
	if (retry_channel(isdn, l, raw, &cause)) {
		return;
	}
	if (!raw && l->s.phase == LEG_CALLING && !isdn_network(isdn) &&
	    cause.value == PRI_CAUSE_NO_USER_RESPONSE) {
		cause.value = CAUSE_TIMER; /* T303, user side */
	}
	if (!l->s.seen.value) {
		l->s.seen = cause;
	}
	leg_hangup(l, e->hangup.cause);
	leg_end(l);
}

/* libpri has destroyed the call already. */
static void on_hangup_ack(struct isdn *isdn, const pri_event *e,
			  const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->hangup.call);
	unsigned slot;

	if (!l) {
		return;
	}
	slot = l->s.slot;
	l->call = NULL;
	leg_end(l);
	if (!raw && isdn->layer2.up && slot) {
		/* nobody answered RELEASE: is the channel free there? */
		restart_one(isdn, slot);
	}
}

static void restart_received(struct isdn *isdn, unsigned slot)
{
	struct leg *l = channel_owner(&isdn->channels, slot);

	if (l) {
		leg_drop(l, CAUSE_TEMPORARY);
	}
	if (channel_exists(&isdn->channels, slot) &&
	    isdn->channels.at[slot].state == CHANNEL_OUT) {
		channel_set(&isdn->channels, slot, CHANNEL_IDLE);
	}
}

/* One channel at a time, or all (libpri answers RESTART itself). */
static void on_restart(struct isdn *isdn, const pri_event *e,
		       const struct ie_msg *raw)
{
	int channel = e->restart.channel;
	unsigned slot;

	(void)raw;
	isdn->stats.restarts_in++;
	if (channel >= 0 && (channel & 0xff) != 0xff) {
		log_debug("%s: channel %d restarted by the far end",
			  isdn_name(isdn), channel & 0xff);
		restart_received(isdn, (unsigned)channel & 0xff);
	} else {
		if (log_allow(&isdn->restarts,
			      loop_now(isdn_loop(isdn)).ns)) {
			log_info("%s: restarted by the far end",
				 isdn_name(isdn));
		}
		for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
			restart_received(isdn, slot);
		}
	}
	isdn_state_changed(isdn);
}

static void on_restart_ack(struct isdn *isdn, const pri_event *e,
			   const struct ie_msg *raw)
{
	(void)raw;
	restart_acked(isdn, (unsigned)e->restartack.channel & 0xff);
}

static void on_notify(struct isdn *isdn, const pri_event *e,
		      const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->notify.call);
	struct cc_msg m = { 0 };

	(void)raw;
	if (!l || l->s.phase != LEG_ACTIVE) {
		return;
	}
	if (e->notify.info == PRI_NOTIFY_REMOTE_HOLD) {
		leg_tell(l, CC_HOLD, &m);
	} else if (e->notify.info == PRI_NOTIFY_REMOTE_RETRIEVAL) {
		leg_tell(l, CC_RETRIEVE, &m);
	}
}

typedef void event_fn(struct isdn *, const pri_event *, const struct ie_msg *);

static event_fn *const handlers[] = {
	[PRI_EVENT_DCHAN_UP] = on_up,
	[PRI_EVENT_DCHAN_DOWN] = on_down,
	[PRI_EVENT_RESTART] = on_restart,
	[PRI_EVENT_CONFIG_ERR] = on_config_error,
	[PRI_EVENT_RING] = on_ring,
	[PRI_EVENT_HANGUP] = on_hangup,
	[PRI_EVENT_RINGING] = on_ringing,
	[PRI_EVENT_ANSWER] = on_answer,
	[PRI_EVENT_HANGUP_ACK] = on_hangup_ack,
	[PRI_EVENT_RESTART_ACK] = on_restart_ack,
	[PRI_EVENT_INFO_RECEIVED] = on_info,
	[PRI_EVENT_PROCEEDING] = on_proceeding,
	[PRI_EVENT_SETUP_ACK] = on_setup_ack,
	[PRI_EVENT_HANGUP_REQ] = on_hangup_req,
	[PRI_EVENT_NOTIFY] = on_notify,
	[PRI_EVENT_PROGRESS] = on_progress,
	[PRI_EVENT_KEYPAD_DIGIT] = on_keypad,
};

void event_handle(struct isdn *isdn, const pri_event *e,
		  const struct ie_msg *raw)
{
	size_t n = sizeof(handlers) / sizeof(handlers[0]);

	if (e->e > 0 && (size_t)e->e < n && handlers[e->e]) {
		handlers[e->e](isdn, e, raw);
	}
}
