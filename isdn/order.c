/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the core wants: one function for each message it may send.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/base/str.h"
#include "isdn/isdn_priv.h"

/* A leg that the core just made is refused without ever having been one. */
static void refuse(struct isdn *isdn, const struct cc_msg *m, uint8_t cause)
{
	struct cc_msg out = { .leg = m->leg };

	out.cause = (struct cc_cause){ cause, isdn_location(isdn) };
	str_copy(out.detail, sizeof(out.detail), cause_name(cause));
	link_send(&isdn->core, &out.head, CC_RELEASED, sizeof(out));
}

static uint8_t check_setup(struct isdn *isdn, const struct cc_msg *m)
{
	if (m->end.kind != CC_END_SPAN || !isdn_span(isdn, m->end.index)) {
		return CAUSE_NO_ROUTE;
	}
	if (m->channel && !channel_exists(&isdn->channels,
					  number_wanted(isdn, m))) {
		return CAUSE_NO_CHANNEL;
	}
	if (isdn->draining && !m->emergency) {
		return CAUSE_TEMPORARY;
	}
	if (m->bearer == CC_BEARER_VIDEO || m->bearer == CC_BEARER_OTHER) {
		return CAUSE_BEARER_NOT_IMPLEMENTED;
	}
	if (!m->called.valid || (m->complete && !m->called.digits[0])) {
		return CAUSE_INVALID_NUMBER;
	}
	return 0;
}

static void on_setup(struct isdn *isdn, const struct cc_msg *m)
{
	uint8_t cause = check_setup(isdn, m);
	struct leg *l = NULL;

	if (leg_by_id(isdn, m->leg)) {
		isdn->stats.bad_messages++;
		return;
	}
	isdn->stats.calls_out++;
	if (!cause) {
		l = leg_new(isdn, m->leg);
		cause = l ? 0 : CAUSE_CONGESTION;
	}
	if (l) {
		l->setup = malloc(sizeof(*l->setup));
		cause = l->setup ? 0 : CAUSE_CONGESTION;
	}
	if (cause) {
		refuse(isdn, m, cause);
		return;
	}
	*l->setup = *m;
	l->s.bearer = m->bearer;
	str_copy(l->s.called, sizeof(l->s.called), m->called.digits);
	str_copy(l->s.calling, sizeof(l->s.calling), m->calling.digits);
	if (isdn_is_up(isdn)) {
		leg_place(l);
	} else {
		leg_enter(l, LEG_WAIT);
	}
}

static void on_proceeding(struct isdn *isdn, struct leg *l,
			  const struct cc_msg *m)
{
	(void)m;
	if (l->s.phase == LEG_OVERLAP_IN) {
		leg_enter(l, LEG_PROCEEDING_IN);
		pri_proceeding(isdn_pri(isdn), l->call, 0, 0);
	}
}

static bool is_incoming(const struct leg *l)
{
	return l->s.phase >= LEG_OVERLAP_IN && l->s.phase <= LEG_RECEIVED;
}

/* Tones on the channel; libpri sends progress 8 whatever it is asked for. */
static void on_progress(struct isdn *isdn, struct leg *l,
			const struct cc_msg *m)
{
	if (is_incoming(l) && (m->progress & CC_PROG_DIVERTED)) {
		/* EN 300 207-1 9.2; libpri leaves it out elsewhere */
		pri_notify(isdn_pri(isdn), l->call, 0,
			   PRI_NOTIFY_CALL_DIVERTING);
	}
	if (!is_incoming(l) || !(m->progress & CC_PROG_INBAND)) {
		return;
	}
	if (m->cause.value) {
		pri_progress_with_cause(isdn_pri(isdn), l->call, 0, 1,
					m->cause.value);
	} else if (!l->s.sent_inband) {
		pri_progress(isdn_pri(isdn), l->call, 0, 1);
	}
	l->s.sent_inband = 1;
}

static void on_alerting(struct isdn *isdn, struct leg *l,
			const struct cc_msg *m)
{
	if (is_incoming(l) && l->s.phase != LEG_RECEIVED) {
		leg_say_uui(l, &m->extra.uui, Q931_ALERTING);
		leg_enter(l, LEG_RECEIVED);
		pri_acknowledge(isdn_pri(isdn), l->call, 0,
				m->progress & CC_PROG_INBAND);
	}
}

static void on_answer(struct isdn *isdn, struct leg *l, const struct cc_msg *m)
{
	if (!is_incoming(l)) {
		return;
	}
	setup_connected(isdn, l, m);
	leg_say_uui(l, &m->extra.uui, Q931_CONNECT);
	l->unacked = !isdn_network(isdn);
	leg_enter(l, LEG_ACTIVE);
	isdn->stats.answered++;
	pri_answer(isdn_pri(isdn), l->call, 0,
		   m->progress & CC_PROG_NON_ISDN_DEST);
}

/* Further digits towards the network: at once when it waits for them. */
static void on_digits(struct isdn *isdn, struct leg *l, const struct cc_msg *m)
{
	size_t have = strlen(l->more);
	const char *p;

	if (l->s.phase == LEG_OVERLAP) {
		leg_enter(l, LEG_OVERLAP); /* T304 again */
		for (p = m->called.digits; *p; p++) {
			pri_information(isdn_pri(isdn), l->call, *p);
		}
	} else if (l->s.phase == LEG_WAIT || l->s.phase == LEG_CALLING) {
		str_copy(l->more + have, sizeof(l->more) - have,
			 m->called.digits);
	}
}

static void on_hold(struct isdn *isdn, struct leg *l, const struct cc_msg *m)
{
	if (l->s.phase == LEG_ACTIVE) {
		pri_notify(isdn_pri(isdn), l->call, 0,
			   m->head.type == CC_HOLD
				   ? PRI_NOTIFY_REMOTE_HOLD
				   : PRI_NOTIFY_REMOTE_RETRIEVAL);
	}
}

/* Somebody else is there now, after a transfer. */
static void on_update(struct isdn *isdn, struct leg *l, const struct cc_msg *m)
{
	if (l->s.phase == LEG_ACTIVE) {
		setup_connected(isdn, l, m);
	}
}

static void on_release(struct isdn *isdn, struct leg *l,
		       const struct cc_msg *m)
{
	struct cc_cause cause = m->cause;

	if (!cause.value) {
		cause.value = CAUSE_UNSPECIFIED;
	}
	if (cause.location == CC_LOC_NONE) {
		cause.location = isdn_location(isdn);
	}
	l->s.told_release = 1;
	if (l->s.phase != LEG_CLEARING) {
		leg_say_uui(l, &m->extra.uui, Q931_DISCONNECT);
	}
	leg_clear(l, cause);
}

typedef void order_fn(struct isdn *, struct leg *, const struct cc_msg *);

/* What is not here has no counterpart on a span: MORE was answered with the
 * SETUP, DTMF goes as tones, TRANSFER has no service. */
static order_fn *const orders[CC_TYPES] = {
	[CC_DIGITS] = on_digits,     [CC_PROCEEDING] = on_proceeding,
	[CC_PROGRESS] = on_progress, [CC_ALERTING] = on_alerting,
	[CC_ANSWER] = on_answer,     [CC_HOLD] = on_hold,
	[CC_RETRIEVE] = on_hold,     [CC_RELEASE] = on_release,
	[CC_UPDATE] = on_update,
};

void order_handle(struct isdn *isdn, const struct cc_msg *m)
{
	struct leg *l;

	if (m->head.type == CC_SETUP) {
		on_setup(isdn, m);
		return;
	}
	l = leg_by_id(isdn, m->leg);
	if (!l || l->s.phase == LEG_CLEARING || !orders[m->head.type]) {
		return;
	}
	orders[m->head.type](isdn, l, m);
}
