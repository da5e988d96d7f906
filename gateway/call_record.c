/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call in the journal, and a call out of it. */
#include "gateway/call.h"

#include "gateway/base/log.h"

#include <string.h>

/* --- into it --- */

static void describe_leg(struct call_record_leg *r, const struct leg *leg)
{
	*r = (struct call_record_leg){.id = leg->id, .end = leg->end,
				      .span = leg->span,
				      .channel = leg->channel,
				      .held = leg->held};
}

void call_save(struct call *call)
{
	struct call_record r = {.cdr = call->cdr};

	if (call->told.answered && !call->ending) {
		describe_leg(&r.leg[SIDE_A], &call->leg[SIDE_A]);
		describe_leg(&r.leg[SIDE_B], &call->leg[SIDE_B]);
		r.media = call->media.id;
		r.rtp = call->media.rtp;
	}
	journal_put(&call->core->journal, call->slot, &r);
}

/* --- out of it --- */

/* The same span or trunk as then: the file may have been changed. */
static bool leg_fits(struct core *core, const struct call_record_leg *r,
		     const char *name)
{
	const struct conf *c = core->conf;

	if (r->id == 0 || leg_find(&core->legs, r->end, r->id) != NULL) {
		return false;
	}
	if (r->end.kind == CC_END_TRUNK) {
		return r->end.index < c->n_trunks &&
		       strcmp(c->trunks[r->end.index].name, name) == 0;
	}
	return r->end.kind == CC_END_SPAN && r->span < c->n_spans &&
	       r->channel > 0 && r->channel < CORE_SLOTS &&
	       core_leader(core, r->span) == r->end.index &&
	       strcmp(c->spans[r->span].name, name) == 0 &&
	       core->spans[r->span].owner[r->channel] == 0;
}

/* A line that was joined with another one: there is no trunk. */
static bool is_joined(const struct call_record *r)
{
	return r->cdr.transfer.result == CDR_TRANSFER_DONE &&
	       r->cdr.transfer.call[0] != '\0' &&
	       (r->leg[SIDE_A].id == 0) != (r->leg[SIDE_B].id == 0);
}

static bool record_fits(struct core *core, const struct call_record *r)
{
	bool a = leg_fits(core, &r->leg[SIDE_A], r->cdr.a.name);
	bool b = leg_fits(core, &r->leg[SIDE_B], r->cdr.b.name);

	if (r->media == 0) {
		return false;
	}
	if (is_joined(r)) {
		return (a || b) && r->leg[a ? SIDE_A : SIDE_B].end.kind ==
					   CC_END_SPAN;
	}
	return a && b && r->leg[SIDE_A].end.kind != r->leg[SIDE_B].end.kind;
}

static void resume_leg(struct call *call, enum leg_side side,
		       const struct call_record_leg *r)
{
	struct core *core = call->core;
	struct leg *leg = &call->leg[side];

	if (r->id == 0) {
		return;
	}
	leg->call = call;
	leg->side = (uint8_t)side;
	leg->id = r->id;
	leg->end = r->end;
	leg->span = r->span;
	leg->channel = r->channel;
	leg->held = r->held;
	leg->waits = true;
	leg_add(&core->legs, leg);
	call_set_state(leg, side == SIDE_A ? (unsigned)A_ACTIVE
					   : (unsigned)B_ACTIVE);
	if (leg->end.kind == CC_END_TRUNK) {
		core->trunks[leg->end.index].calls++;
		return;
	}
	core->spans[leg->span].owner[leg->channel] = call->id;
	call->media.span = leg->span;
	call->media.slot = leg->channel;
}

/* The loop's clock of that life is gone: by the wall clock. */
static mono_t then(const struct core *core, int64_t wall_ms)
{
	int64_t ago = loop_wall_ms(core->role.loop) - wall_ms;

	return mono_add_ms(loop_now(core->role.loop), ago > 0 ? -ago : 0);
}

bool call_resume_record(struct core *core, int slot,
			const struct call_record *r)
{
	struct call *call;
	pool_id id;

	if (!record_fits(core, r) || core_keep_guard(core) != 0) {
		return false;
	}
	call = pool_alloc(core->calls, &id);
	if (call == NULL) {
		return false;
	}
	core->n.resumed++;
	call->core = core;
	call->id = id;
	call->slot = slot;
	call->cdr = r->cdr;
	call->began = then(core, r->cdr.t.setup);
	call->answered = then(core, r->cdr.t.answer);
	call->told = (struct call_told){.proceeding = true, .inband = true,
					.alerting = true, .answered = true};
	call->media.id = r->media;
	call->media.rtp = r->rtp;
	call->media.state = CM_OPEN;
	call->media.waits = true;
	call->media.heard = true;
	call_init_legs(call);
	resume_leg(call, SIDE_A, &r->leg[SIDE_A]);
	resume_leg(call, SIDE_B, &r->leg[SIDE_B]);
	if (is_joined(r)) {
		call_join_resume(call);
	}
	return true;
}
