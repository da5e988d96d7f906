/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/call.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Call records kept back for emergency calls. */
#define RESERVED 8

/* Timers the standards leave open, or that are ours. */
#define T302_MS	  15000	 /* Q.931 9: more digits, please */
#define T304_MS	  30000	 /* Q.931 9: digits sent, no answer */
#define T306_MS	  20000	 /* tones before clearing; under the peer's T306 */
#define LATE_MS	  8000	 /* before a T310 of 10 s at the caller's switch */
#define T303_MS	  12000	 /* isdn runs T303 twice itself */
#define TRUNK_S	  40	 /* beyond sip's own ring timeout */
#define GONE_MS	  60000	 /* RELEASED: T305, T308 twice, and some */
#define LEAVE_MS  3000	 /* who has transferred clears by itself, RFC 5589 6.1 */
#define PER_SECOND 1000

static void call_settle(struct call *call);

enum cdr_by call_by(const struct leg *leg)
{
	return leg->end.kind == CC_END_SPAN ? CDR_BY_PSTN : CDR_BY_SIP;
}

struct call *call_get(const struct core *core, pool_id id)
{
	return pool_get(core->calls, id);
}

/* --- timers: one per state --- */

static int64_t a_timer_ms(const struct leg *leg, unsigned state)
{
	switch (state) {
	case A_DIGITS:
		return T302_MS;
	case A_CALLING:
		return leg_is_line(leg) ? LATE_MS : 0;
	case A_RELEASING:
	case A_CLEARING:
		return GONE_MS;
	default:
		return 0;
	}
}

/* Supervision of a callee on a line: Q.931 9, T301, T304, T310. */
static int64_t line_timer_ms(const struct conf_isdn *isdn, unsigned state)
{
	switch (state) {
	case B_CALLED:
		return T303_MS;
	case B_MORE:
		return T304_MS;
	case B_PROCEEDING:
		return isdn->t310_s * PER_SECOND;
	default:
		return isdn->t301_s * PER_SECOND;
	}
}

static int64_t b_timer_ms(const struct leg *leg, unsigned state)
{
	const struct conf *conf = leg->call->core->conf;

	switch (state) {
	case B_TONE:
		return T306_MS;
	case B_ACTIVE:
		return 0;
	case B_RELEASING:
	case B_CLEARING:
		return GONE_MS;
	default:
		break;
	}
	if (leg_is_line(leg)) {
		return line_timer_ms(&conf->spans[leg->end.index].isdn, state);
	}
	return (conf->sip.ring_s + TRUNK_S) * PER_SECOND;
}

static int64_t x_timer_ms(const struct leg *leg, unsigned state)
{
	switch (state) {
	case X_LEAVING:
		return LEAVE_MS;
	case X_RELEASING:
	case X_CLEARING:
		return GONE_MS;
	default:
		return (leg->call->core->conf->sip.ring_s + TRUNK_S) *
		       PER_SECOND;
	}
}

static void on_event(struct leg *leg, unsigned event,
		     const struct cc_msg *m);

static void on_timer(struct timer *t)
{
	struct leg *leg = container_of(t, struct leg, timer);

	on_event(leg, EV_TIMER, NULL);
}

void call_set_state(struct leg *leg, unsigned state)
{
	struct core *core = leg->call->core;
	int64_t ms = leg->side == SIDE_A   ? a_timer_ms(leg, state)
		     : leg->side == SIDE_B ? b_timer_ms(leg, state)
					   : x_timer_ms(leg, state);

	leg->state = (uint8_t)state;
	timer_stop(core->role.loop, &leg->timer);
	if (ms > 0 && timer_start(core->role.loop, &leg->timer, on_timer,
				  ms) != 0) {
		core->drops.no_timer++;
	}
}

/* --- events --- */

static bool must_count_ignored(unsigned event)
{
	return event != EV_TIMER && event != CC_INFO;
}

static void bad_event(const struct leg *leg, unsigned event)
{
	static const char *const whose[] = {"caller's", "callee's", "further"};
	struct core *core = leg->call->core;

	core->drops.impossible++;
	if (log_allow(&core->say.bad, loop_now(core->role.loop).ns) > 0) {
		log_warn("call %s: %s leg in %s: %s cannot be",
			 leg->call->cdr.id,
			 whose[leg->side],
			 call_state_name(leg->side, leg->state),
			 call_event_name(event));
	}
}

static void on_event(struct leg *leg, unsigned event, const struct cc_msg *m)
{
	struct call *call = leg->call;
	struct core *core = call->core;
	const struct call_cell *cell = call_cell(leg->side, leg->state, event);

	core->visited[leg->side][leg->state][event]++;
	if (cell->act == ACT_BAD) {
		bad_event(leg, event);
		return;
	}
	if (cell->act == ACT_IGNORE) {
		core->drops.ignored += must_count_ignored(event);
		return;
	}
	if (cell->next != CALL_KEEP) {
		call_set_state(leg, cell->next);
	}
	call_acts[cell->act](call, leg, m);
	call_settle(call);
}

void call_on_msg(struct leg *leg, const struct cc_msg *m)
{
	bool tone = m->head.type == CC_PROGRESS && m->cause.value != 0;

	on_event(leg, tone ? (unsigned)EV_TONE : m->head.type, m);
}

void call_on_down(struct leg *leg)
{
	on_event(leg, EV_DOWN, NULL);
}

int call_send(struct leg *leg, struct cc_msg *m, enum cc_type type)
{
	struct core *core = leg->call->core;
	int err;

	if (leg->id == 0) {
		return 0; /* it has transferred, and its place is empty */
	}
	m->leg = leg->id;
	m->end = leg->end;
	if (leg->waits) {
		leg->missed = true;
		return 0;
	}
	err = link_send(core_link(core, leg->end), &m->head, (uint16_t)type,
			sizeof(*m));
	if (err != 0) {
		core->drops.unsent++;
	}
	return err;
}

/* --- the end of a call --- */

static const uint8_t releasing[] = {A_RELEASING, B_RELEASING, X_RELEASING};

void call_release_leg(struct leg *leg, struct cc_cause cause)
{
	struct cc_msg m = {.cause = cause, .extra.uui = leg->call->uui};

	if (leg->id == 0 || leg->state >= releasing[leg->side]) {
		return;
	}
	if (leg->waits) { /* nobody is there who could tell its far end */
		core_snapshot_lose(leg->call->core, leg, cause);
		call_leg_end(leg);
		return;
	}
	call_set_state(leg, releasing[leg->side]);
	call_send(leg, &m, CC_RELEASE);
}

static void note_end(struct call *call)
{
	struct core *core = call->core;
	mono_t now = loop_now(core->role.loop);
	struct cdr_times *t = &call->cdr.t;

	t->end = loop_wall_ms(core->role.loop);
	t->dur_ms = mono_diff_ms(now, call->began);
	t->bill_ms = call->told.answered ? mono_diff_ms(now, call->answered)
					 : 0;
}

/* A cause that speaks of the channels of one line says nothing elsewhere. */
static struct cc_cause passed_on(struct cc_cause cause)
{
	static const uint8_t local[] = {CAUSE_CHANNEL_UNACCEPTABLE,
					CAUSE_CHANNEL_BUSY, 82};

	if (cause.value == 0) {
		cause.value = CAUSE_UNSPECIFIED;
	} else if (memchr(local, cause.value, sizeof(local)) != NULL) {
		cause.value = CAUSE_NO_CHANNEL;
	}
	return cause;
}

void call_clear(struct call *call, enum cdr_by by, struct cc_cause cause,
		const char *reason)
{
	if (call->ending) {
		return;
	}
	call->ending = true;
	cause = passed_on(cause);
	call->cdr.end.ended = 1;
	call->cdr.end.by = (uint8_t)by;
	call->cdr.end.cause = cause;
	if (call->cdr.transfer.result == CDR_TRANSFER_GOING) {
		call->cdr.transfer.result = CDR_TRANSFER_FAILED;
		call->cdr.transfer.cause = cause;
	}
	str_copy(call->cdr.end.reason, CDR_REASON, reason);
	note_end(call);
	call_save(call);
	core_note(call->core, call, "released by %s, cause %u %s%s%s",
		  cdr_by_name(by), cause.value, cause_name(cause.value),
		  *reason != '\0' ? ": " : "", reason);
	call_transfer_end(call, cause);
	for (unsigned side = 0; side < LEG_SIDES; side++) {
		call_release_leg(&call->leg[side], cause);
	}
	call_media_close(call);
	call_join_cleared(call, cause);
}

void call_clear_gw(struct call *call, unsigned cause, const char *reason)
{
	call_clear(call, CDR_BY_GW,
		   (struct cc_cause){(uint8_t)cause, CC_LOC_NONE}, reason);
}

void call_leg_begin(struct leg *leg, leg_id id, struct cc_end end)
{
	struct core *core = leg->call->core;

	leg->id = id;
	leg->end = end;
	leg_add(&core->legs, leg);
	if (end.kind == CC_END_TRUNK) {
		core->trunks[end.index].calls++;
	}
}

void call_leg_end(struct leg *leg)
{
	struct core *core = leg->call->core;

	if (leg->id == 0) {
		return;
	}
	timer_stop(core->role.loop, &leg->timer);
	leg_remove(&core->legs, leg);
	core_snapshot_drop(core, leg);
	if (leg->end.kind == CC_END_TRUNK) {
		core->trunks[leg->end.index].calls--;
	} else if (leg->channel != 0) {
		pool_id *owner =
			&core->spans[leg->span].owner[leg->channel];

		*owner = *owner == leg->call->id ? 0 : *owner;
	}
	leg->id = 0;
	leg->waits = false;
	leg->state = LEG_GONE;
	if (leg->call->gives_way_to != 0) {
		call_resume(core, leg);
	}
}

static void write_cdr(struct core *core, struct cdr *cdr, int slot)
{
	struct call_record r = {0};

	core->n.ended[cdr->end.cause.value & 127]++;
	core->n.ended_by[cdr->end.by]++;
	/* The journal knows the number before the disk can: a record that is
	 * in both is then recognised after a crash. */
	cdr->seq = core->cdr.next_seq;
	r.cdr = *cdr;
	journal_put(&core->journal, slot, &r);
	cdr_log_put(&core->cdr, cdr, slot);
}

/* When nothing is left of it, the call is recorded and forgotten. */
static void call_settle(struct call *call)
{
	struct core *core = call->core;

	if (!call->ending || call->leg[SIDE_A].id != 0 ||
	    call->leg[SIDE_B].id != 0 || call->leg[SIDE_X].id != 0 ||
	    call->media.state != CM_NONE) {
		return;
	}
	timer_stop(core->role.loop, &call->media.guard);
	write_cdr(core, &call->cdr, call->slot);
	pool_free(core->calls, call->id);
}

/* --- the beginning --- */

/* 48 bits of time, 48 of this life, 32 of a count; Crockford's base 32. */
static void make_id(struct core *core, char id[CDR_ID])
{
	static const char set[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t time = (uint64_t)loop_wall_ms(core->role.loop);
	uint64_t high = core->id_seed & 0xffffffffffffu;
	uint64_t low = ++core->id_count;

	for (int i = 9; i >= 0; i--, time >>= 5) {
		id[i] = set[time & 31];
	}
	low |= high << 32;
	high >>= 16;
	for (int i = 25; i >= 10; i--) {
		id[i] = set[low & 31];
		low = low >> 5 | high << 59;
		high >>= 5;
	}
	id[CDR_ID - 1] = '\0';
}

static void begin_cdr(struct core *core, struct cdr *cdr,
		      const struct cc_msg *setup)
{
	cdr->t.setup = loop_wall_ms(core->role.loop);
	cdr->emergency = route_is_emergency(core->conf, &setup->called);
	cdr->bearer = setup->bearer;
	cdr->num.from = setup->calling;
	cdr->num.to = setup->called;
	cdr->num.redirecting = setup->redirecting;
	cdr->num.verified = setup->extra.verified;
	cdr->num.divert_reason = setup->extra.divert.reason;
	cdr->num.divert_count = setup->extra.divert.count;
	memcpy(cdr->num.name, setup->name, sizeof(cdr->num.name));
	cdr->a.used = 1;
	cdr->a.end = setup->end;
	cdr->a.slot = setup->channel;
	cdr->a.rtp = setup->media.rtp;
	str_copy(cdr->a.name, CONF_NAME, core_end_name(core, setup->end));
	memcpy(cdr->a.ref, setup->ref, sizeof(cdr->a.ref));
	make_id(core, cdr->id);
	core->n.calls[setup->end.kind]++;
}

/* The CDR of a call that ended before it began. */
static void record_refused(struct core *core, const struct cc_msg *setup,
			   struct cdr_end end)
{
	struct cdr cdr = {0};

	begin_cdr(core, &cdr, setup);
	cdr.t.end = cdr.t.setup;
	cdr.end = end;
	if (log_allow(&core->say.refused, loop_now(core->role.loop).ns) > 0) {
		log_warn("call %s: refused: %s", cdr.id, end.reason);
	}
	write_cdr(core, &cdr, -1);
}

/* No record for it: released, and its CDR written at once. */
static void refuse(struct core *core, const struct cc_msg *setup,
		   struct cdr_end end)
{
	struct cc_msg m = {.leg = setup->leg, .end = setup->end,
			   .cause = end.cause};

	if (link_send(core_link(core, setup->end), &m.head, CC_RELEASE,
		      sizeof(m)) != 0) {
		core->drops.unsent++;
	}
	record_refused(core, setup, end);
}

void call_refused(struct core *core, const struct cc_msg *setup)
{
	struct cdr_end end = {1, CDR_BY_GW, setup->cause, ""};

	str_copy(end.reason, sizeof(end.reason),
		 setup->detail[0] != '\0' ? setup->detail
					  : "no channel or resource for it");
	record_refused(core, setup, end);
}

void call_init_legs(struct call *call)
{
	for (unsigned side = 0; side < LEG_SIDES; side++) {
		call->leg[side].call = call;
		call->leg[side].side = (uint8_t)side;
		call->leg[side].state = LEG_GONE;
	}
}

static void begin_record(struct core *core, struct call *call, pool_id id,
			 const struct cc_msg *setup)
{
	call->core = core;
	call->id = id;
	call->setup = *setup;
	call->began = loop_now(core->role.loop);
	begin_cdr(core, &call->cdr, setup);
	call->slot = journal_take(&core->journal);
	call_init_legs(call);
}

static void begin(struct core *core, struct call *call, pool_id id,
		  const struct cc_msg *setup)
{
	struct leg *a = &call->leg[SIDE_A];
	struct cc_end end = setup->end;

	begin_record(core, call, id, setup);
	if (end.kind == CC_END_SPAN) {
		a->span = end.index;
		end.index = (uint8_t)core_leader(core, a->span);
	}
	a->remote = setup->media;
	call_leg_begin(a, setup->leg, end);
	call_set_state(a, A_OPENING);
	call_save(call);
}

void call_setup(struct core *core, const struct cc_msg *setup)
{
	bool emergency = route_is_emergency(core->conf, &setup->called);
	unsigned spare = pool_size(core->calls) - pool_used(core->calls);
	struct call *call = NULL;
	pool_id id;

	if (setup->other != 0) {
		if (!call_replace(core, setup)) {
			refuse(core, setup,
			       (struct cdr_end){1, CDR_BY_GW, call_lost_cause,
						"no call to take over"});
		}
		return;
	}
	if (core->draining && !emergency) {
		refuse(core, setup,
		       (struct cdr_end){1, CDR_BY_OPERATOR,
					{CAUSE_TEMPORARY, CC_LOC_NONE},
					"gateway is draining"});
		return;
	}
	if (emergency || spare > RESERVED) {
		call = pool_alloc(core->calls, &id);
	}
	if (call == NULL) {
		core->drops.refused_full++;
		refuse(core, setup,
		       (struct cdr_end){1, CDR_BY_GW,
					{CAUSE_RESOURCE, CC_LOC_NONE},
					"no call record free"});
		return;
	}
	begin(core, call, id, setup);
	call_route(call);
	call_settle(call);
}

bool call_fetch(struct call *for_call, const struct cc_msg *setup)
{
	struct core *core = for_call->core;
	struct call *call = NULL;
	pool_id id;
	bool begun;

	if (pool_size(core->calls) - pool_used(core->calls) > RESERVED) {
		call = pool_alloc(core->calls, &id);
	}
	if (call == NULL) {
		core->drops.refused_full++;
		return false;
	}
	begin_record(core, call, id, setup);
	call->leg[SIDE_A].end = setup->end; /* whose routes it goes by */
	call_join_begin(for_call, call);
	call_save(call);
	call_route(call);
	begun = !call->ending;
	call_settle(call);
	return begun;
}

/* --- media and role --- */

/* Packets from an address of one IP version never come to the other. */
static bool can_reach(const struct call *call, const struct net_addr *ours)
{
	const struct cc_media *a = &call->leg[SIDE_A].remote;

	return !a->valid || a->rtp.family == ours->family;
}

/* The media of an earlier life is there still, or not. */
static void on_claimed(struct call *call)
{
	call->media.waits = false;
	if (call->media.id == 0) {
		call->media.state = CM_NONE;
		call_clear_gw(call, CAUSE_TEMPORARY, "media lost");
	} else if (call->ending) {
		call_media_close(call);
	} else {
		call_media_update(call);
	}
}

void call_on_opened(struct call *call, const struct media_opened *m)
{
	timer_stop(call->core->role.loop, &call->media.guard);
	call->media.id = m->id;
	call->media.rtp = m->rtp;
	if (call->media.waits) {
		on_claimed(call);
	} else if (m->id == 0) {
		call->media.state = CM_NONE;
		call_clear_gw(call, CAUSE_RESOURCE, "no RTP port free");
	} else if (call->ending) {
		call->media.state = CM_OPEN;
		call_media_close(call);
	} else if (!can_reach(call, &m->rtp)) {
		call->media.state = CM_OPEN;
		call_clear_gw(call, CAUSE_BEARER_NOT_IMPLEMENTED,
			      "RTP address is of the other IP version");
	} else {
		call->media.state = CM_OPEN;
		call_place(call);
	}
	call_settle(call);
}

void call_on_closed(struct call *call, const struct media_closed *m)
{
	timer_stop(call->core->role.loop, &call->media.guard);
	call->cdr.figures = m->figures;
	call->cdr.has_figures = 1;
	call->media.state = CM_NONE;
	call_settle(call);
}

static void on_rtp(struct call *call)
{
	struct leg *b = &call->leg[SIDE_B];

	call->media.heard = true;
	if (!call_may_hear(&b->remote) && !call->told.answered) {
		return; /* not before it wants to be (RFC 5009) */
	}
	call_media_ringback(call, false);
	if (leg_is_line(&call->leg[SIDE_A]) && !call->told.answered &&
	    (b->state == B_PROGRESSED || b->state == B_ALERTING)) {
		call_tell_inband(call);
	}
}

static const char *trunk_name(const struct call *call)
{
	return call->cdr.a.end.kind == CC_END_TRUNK ? call->cdr.a.name
						    : call->cdr.b.name;
}

void call_on_event(struct call *call, const struct media_event *m)
{
	const struct conf_media *conf = &call->core->conf->media;
	char reason[CDR_REASON];

	switch (m->kind) {
	case MEDIA_EV_RTP:
		on_rtp(call);
		break;
	case MEDIA_EV_SILENT:
		call->core->n.silent++;
		log_warn("call %s: one-way audio: no RTP from trunk %s for "
			 "%u s", call->cdr.id, trunk_name(call),
			 conf->silent_alarm_s);
		break;
	case MEDIA_EV_HEARD:
		core_note(call->core, call, "RTP from trunk %s is back",
			  trunk_name(call));
		break;
	case MEDIA_EV_LEARNT:
		log_info("call %s: RTP of trunk %s comes from elsewhere than "
			 "it said: learnt (rtp_learn)", call->cdr.id,
			 trunk_name(call));
		break;
	case MEDIA_EV_DEAD:
		call->core->n.dead_media++;
		snprintf(reason, sizeof(reason),
			 "silent side: sip, no RTP from trunk %s for %u s",
			 trunk_name(call), conf->silent_release_s);
		call_clear_gw(call, CAUSE_TEMPORARY, reason);
		break;
	default:
		break; /* digits and fax tones are media's own business */
	}
	call_settle(call);
}

void call_on_media_down(struct call *call)
{
	timer_stop(call->core->role.loop, &call->media.guard);
	call->media.state = CM_NONE;
	call->media.waits = false;
	call_clear_gw(call, CAUSE_TEMPORARY, "media role lost");
	call_settle(call);
}

void call_abandon(struct call *call)
{
	call_clear(call, CDR_BY_OPERATOR,
		   (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE},
		   "gateway stopped");
	for (unsigned side = 0; side < LEG_SIDES; side++) {
		call_leg_end(&call->leg[side]);
	}
	call->media.state = CM_NONE;
	call_settle(call);
}
