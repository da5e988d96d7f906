/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libpri tells, event by event. Numbers, causes and channels are read
 * from the frame itself; of the event only its kind and the call are used.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"
#include "isdn/extra.h"
#include "isdn/name.h"

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

/* First answer without a leg: RELEASE COMPLETE with that cause. */
static void refuse(struct isdn *isdn, q931_call *call, uint16_t cref,
		   uint8_t cause)
{
	unsigned n = log_allow(&isdn->refused.say, loop_now(isdn_loop(isdn)).ns);

	isdn->stats.refused++;
	if (n) {
		log_info("%s 0x%04x: refused, cause %u %s (%u since the last "
			 "line)", isdn_name(isdn), cref, cause,
			 cause_name(cause), n);
	}
	patch_refuse(isdn, cref,
		     (struct cc_cause){ cause, isdn_location(isdn) });
	/* of the causes that libpri answers so, whatever is patched in */
	pri_hangup(isdn_pri(isdn), call, PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION);
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

static unsigned any_channel(struct isdn *isdn, uint8_t *cause)
{
	unsigned number = channel_hunt(&isdn->channels, NULL);

	*cause = number ? 0 : CAUSE_NO_CHANNEL;
	return number;
}

/* Both sides called on that channel: does theirs get it? */
static bool wins_glare(struct isdn *isdn, unsigned number, bool exclusive)
{
	struct leg *other = channel_owner(&isdn->channels, number);

	isdn->stats.glare++;
	if (!channel_glare(other->s.exclusive, exclusive,
			   isdn_network(isdn))) {
		return false;
	}
	/* our own call waits for the far end to name one */
	channel_drop(&isdn->channels, number, other);
	other->s.number = 0;
	return true;
}

/* Is it in service here, and served by its line? What the far end said of its own
 * side it has just taken back. */
static bool is_usable(const struct channels *all, unsigned number)
{
	return !all->at[number].near_end && !all->at[number].barred &&
	       channel_is_served(all, number) &&
	       (channel_is_idle(all, number) ||
		all->at[number].state == CHANNEL_OUT);
}

/* The channel for a received SETUP; 0 and the cause to refuse it with. */
static unsigned choose_channel(struct isdn *isdn, const struct ie_msg *raw,
			       uint8_t *cause)
{
	struct channels *all = &isdn->channels;
	struct ie_channel want;
	struct leg *other;
	unsigned number;
	bool crossed;
	struct ie ie;

	*cause = 0;
	if (!ie_find(raw, IE_CHANNEL, 0, &ie) || !ie_channel(&ie, &want) ||
	    want.any || !want.first) {
		return any_channel(isdn, cause);
	}
	number = number_first(isdn, &want);
	if (!number) {
		*cause = PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
		return want.exclusive ? 0 : any_channel(isdn, cause);
	}
	if (is_usable(all, number)) {
		all->at[number].far_end = CHANNEL_IN_SERVICE;
		return number;
	}
	other = channel_owner(all, number);
	crossed = other && other->s.phase == LEG_CALLING &&
		  !other->s.confirmed;
	if (crossed && wins_glare(isdn, number, want.exclusive)) {
		return number;
	}
	*cause = crossed ? CAUSE_NO_CHANNEL : CAUSE_CHANNEL_BUSY;
	return want.exclusive ? 0 : any_channel(isdn, cause);
}

/* The channel as libpri wants it in the first answer. */
static int pri_channel(const struct isdn *isdn, const struct ie_msg *raw,
		       unsigned number)
{
	struct ie_channel c;
	struct ie ie;

	if (!isdn_is_group(isdn) && ie_find(raw, IE_CHANNEL, 0, &ie) &&
	    ie_channel(&ie, &c) && c.other_interface) {
		return 1 << 16 | c.interface << 8 | (int)number;
	}
	return number_for_pri(isdn, number);
}

/* The leg of an accepted SETUP: answered at once, then told to the core. */
static void accept_call(struct isdn *isdn, struct leg *l, struct cc_msg *m,
			const struct ie_msg *raw)
{
	int channel = pri_channel(isdn, raw, l->s.number);

	channel_take(&isdn->channels, l->s.number, l);
	str_copy(l->s.called, sizeof(l->s.called), m->called.digits);
	str_copy(l->s.calling, sizeof(l->s.calling), m->calling.digits);
	l->s.bearer = m->bearer;
	l->s.confirmed = 1;
	l->s.told_proceeding = 1;
	if (m->complete) {
		leg_enter(l, LEG_PROCEEDING_IN);
		pri_proceeding(isdn_pri(isdn), l->call, channel, 0);
	} else {
		leg_enter(l, LEG_OVERLAP_IN);
		pri_setup_ack(isdn_pri(isdn), l->call, channel, 0, 0);
	}
	leg_ref(l, m->ref);
	if (isdn_ni2(isdn) && !m->name[0] && name_follows(raw) &&
	    leg_await_name(l, m)) {
		return;
	}
	leg_tell(l, CC_SETUP, m);
	isdn_state_changed(isdn);
}

static void on_ring(struct isdn *isdn, const pri_event *e,
		    const struct ie_msg *raw)
{
	q931_call *call = e->ring.call;
	struct cc_msg m = { 0 };
	struct leg *l = NULL;
	unsigned number = 0;
	uint8_t cause;

	if (!raw || raw->type != Q931_SETUP) {
		pri_hangup(isdn_pri(isdn), call, PRI_CAUSE_FACILITY_REJECTED);
		return;
	}
	isdn->stats.calls_in++;
	cause = setup_read(isdn, raw, &m);
	extra_service(e->ring.subcmds, &m);
	if (!cause && (isdn->draining || !link_is_up(&isdn->core))) {
		cause = CAUSE_TEMPORARY;
	}
	if (!cause) {
		number = choose_channel(isdn, raw, &cause);
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
	l->s.number = (uint16_t)number;
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
	unsigned number;

	if (l->s.confirmed) {
		return true;
	}
	number = l->s.number;
	if (raw && ie_find(raw, IE_CHANNEL, 0, &ie) && ie_channel(&ie, &c) &&
	    c.first) {
		number = number_first(isdn, &c);
	}
	if (number != l->s.number) {
		channel_drop(all, l->s.number, l);
		if (number && is_usable(all, number) &&
		    !(l->s.exclusive && l->s.number)) {
			l->s.number = (uint16_t)number;
			channel_take(all, number, l);
		} else {
			l->s.number = 0;
		}
	}
	if (!l->s.number) {
		struct cc_cause cause = { CAUSE_CHANNEL_UNACCEPTABLE,
					  isdn_location(isdn) };

		leg_tell_release(l, cause);
		l->s.out = cause;
		leg_enter(l, LEG_CLEARING);
		pri_hangup(isdn_pri(isdn), l->call, CAUSE_CHANNEL_UNACCEPTABLE);
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
		pri_information(isdn_pri(isdn), l->call, *p);
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
		extra_uui(raw, &m.extra.uui);
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
		name_read(raw, m.name);
		extra_uui(raw, &m.extra.uui);
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
		pri_hangup(isdn_pri(isdn), e->hangup.call, e->hangup.cause);
		return;
	}
	extra_uui(raw, &l->heard);
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
	pri_hangup(isdn_pri(isdn), l->call, e->hangup.cause);
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
	if (l->s.tries >= LEG_CHANNEL_TRIES || !isdn->active->up) {
		if (cause->value < PRI_CAUSE_WRONG_CALL_STATE &&
		    cause->value != PRI_CAUSE_INVALID_CALL_REFERENCE) {
			cause->value = CAUSE_NO_CHANNEL;
		}
		return false;
	}
	leg_hangup(l, cause->value);
	channel_drop(&isdn->channels, l->s.number, l);
	l->s.number = 0;
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
		pri_hangup(isdn_pri(isdn), e->hangup.call, e->hangup.cause);
		return;
	}
	if (retry_channel(isdn, l, raw, &cause)) {
		return;
	}
	extra_uui(raw, &l->heard);
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
	unsigned number;

	if (!l) {
		return;
	}
	number = l->s.number;
	l->call = NULL;
	leg_end(l);
	if (!raw && isdn->active->up && number) {
		/* nobody answered RELEASE: is the channel free there? */
		restart_one(isdn, number);
	}
}

static void restart_received(struct isdn *isdn, unsigned number)
{
	struct leg *l = channel_owner(&isdn->channels, number);

	if (!channel_exists(&isdn->channels, number)) {
		return;
	}
	if (l) {
		leg_drop(l, CAUSE_TEMPORARY);
	}
	isdn->channels.at[number].far_end = CHANNEL_IN_SERVICE;
	isdn->channels.at[number].near_end = CHANNEL_IN_SERVICE; /* busy.c */
	if (isdn->channels.at[number].state == CHANNEL_OUT) {
		channel_set(&isdn->channels, number, CHANNEL_IDLE);
	}
}

static void restart_span(struct isdn *isdn, unsigned span)
{
	unsigned slot;

	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		restart_received(isdn, span * CHANNEL_SLOTS + slot);
	}
}

/* An interface or all of them; raw: RESTART. */
static void restart_interfaces(struct isdn *isdn, const struct ie_msg *raw)
{
	struct ie_channel c = { 0 };
	struct ie ie;
	int span = -1;
	unsigned i;

	if (raw && ie_find(raw, IE_RESTART, 0, &ie) && ie.len &&
	    (ie.data[0] & 7) != 7) {
		if (ie_find(raw, IE_CHANNEL, 0, &ie)) {
			ie_channel(&ie, &c);
		}
		span = number_span(isdn, &c);
	}
	if (log_allow(&isdn->restarts, loop_now(isdn_loop(isdn)).ns)) {
		log_info("%s: restarted by the far end",
			 span < 0 ? isdn_name(isdn)
				  : isdn->spans[span].conf->name);
	}
	for (i = 0; i < isdn->n_spans; i++) {
		if (span < 0 || (unsigned)span == i) {
			restart_span(isdn, i);
		}
	}
}

/* One channel at a time, or an interface (libpri answers RESTART itself). */
static void on_restart(struct isdn *isdn, const pri_event *e,
		       const struct ie_msg *raw)
{
	int channel = e->restart.channel;

	isdn->stats.restarts_in++;
	if (channel >= 0 && (channel & 0xff) != 0xff) {
		log_debug("%s: channel %d restarted by the far end",
			  isdn_name(isdn), channel & 0xff);
		restart_received(isdn, number_from_pri(isdn, channel));
	} else {
		restart_interfaces(isdn, raw);
	}
	isdn_state_changed(isdn);
}

static void on_restart_ack(struct isdn *isdn, const pri_event *e,
			   const struct ie_msg *raw)
{
	(void)raw;
	restart_acked(isdn, number_from_pri(isdn, e->restartack.channel));
}

/* Somebody else is there now: NOTIFY with a redirection number, or what a
 * supplementary service of libpri's says (transfer). */
static void tell_connected(struct leg *l, const struct ie_msg *raw,
			   const struct pri_subcommands *s)
{
	struct cc_msg m = { 0 };
	int i;

	if (raw) {
		setup_number(raw, IE_REDIRECTION, 0, &m.connected);
	}
	for (i = 0; s && i < s->counter_subcmd && !m.connected.valid; i++) {
		if (s->subcmd[i].cmd == PRI_SUBCMD_CONNECTED_LINE) {
			setup_party(&s->subcmd[i].u.connected_line.id.number,
				    &m.connected);
		}
	}
	if (m.connected.valid) {
		leg_tell(l, CC_UPDATE, &m);
	}
}

static void on_facility(struct isdn *isdn, const pri_event *e,
			const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->facility.call);

	if (l && l->s.phase == LEG_ACTIVE) {
		tell_connected(l, raw, e->facility.subcmds);
	}
}

static void on_notify(struct isdn *isdn, const pri_event *e,
		      const struct ie_msg *raw)
{
	struct leg *l = leg_by_call(isdn, e->notify.call);
	struct cc_msg m = { 0 };

	if (!l || l->s.phase != LEG_ACTIVE) {
		return;
	}
	tell_connected(l, raw, e->notify.subcmds);
	if (e->notify.info == PRI_NOTIFY_REMOTE_HOLD) {
		l->s.held = 1;
		leg_tell(l, CC_HOLD, &m);
	} else if (e->notify.info == PRI_NOTIFY_REMOTE_RETRIEVAL) {
		l->s.held = 0;
		leg_tell(l, CC_RETRIEVE, &m);
	}
}

typedef void event_fn(struct isdn *, const pri_event *, const struct ie_msg *);

static event_fn *const handlers[] = {
	[PRI_EVENT_RESTART] = on_restart,
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
	[PRI_EVENT_FACILITY] = on_facility,
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
