/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the core as JSON. */
#include "gateway/call.h"

#include "gateway/base/json.h"

static void put_links(struct json *j, const struct core *core)
{
	unsigned isdn = 0;

	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		isdn += link_is_up(&core->spans[i].link);
	}
	json_obj(j, "links");
	json_int(j, "isdn", isdn);
	json_bool(j, "sip", link_is_up(&core->sip));
	json_bool(j, "media", link_is_up(&core->media));
	json_close(j);
}

static void put_records(struct json *j, const struct core *core)
{
	json_obj(j, "cdr");
	json_int(j, "last_seq", (int64_t)core->cdr.next_seq - 1);
	json_int(j, "written", (int64_t)core->cdr.stats.written);
	json_int(j, "waiting", core->cdr.queued);
	json_int(j, "retries", (int64_t)core->cdr.stats.failures);
	json_int(j, "lost", (int64_t)core->cdr.stats.lost);
	json_bool(j, "failing", core->cdr.failing);
	json_close(j);
	json_obj(j, "journal");
	json_bool(j, "open", core->journal.map != NULL);
	json_int(j, "slots", core->journal.slots);
	json_int(j, "used", core->journal.used);
	json_int(j, "refused", (int64_t)core->journal.full);
	json_int(j, "bad", (int64_t)core->journal.bad);
	json_close(j);
}

static void put_counts(struct json *j, const struct core_counts *n)
{
	json_obj(j, "totals");
	json_int(j, "pstn_to_sip", (int64_t)n->calls[CC_END_SPAN]);
	json_int(j, "sip_to_pstn", (int64_t)n->calls[CC_END_TRUNK]);
	json_int(j, "answered", (int64_t)(n->answered[CC_END_SPAN] +
					  n->answered[CC_END_TRUNK]));
	json_int(j, "hunted", (int64_t)n->hunted);
	json_int(j, "preempted", (int64_t)n->preempted);
	json_int(j, "one_way_audio", (int64_t)n->silent);
	json_int(j, "dead_media", (int64_t)n->dead_media);
	json_int(j, "crashed", (int64_t)n->crashed);
	json_int(j, "cleared", (int64_t)n->cleared);
	json_int(j, "kept", (int64_t)n->kept);
	json_int(j, "resumed", (int64_t)n->resumed);
	json_close(j);
}

static void put_drops(struct json *j, const struct core_drops *d)
{
	json_obj(j, "drops");
	json_int(j, "bad_cc", (int64_t)d->bad_cc);
	json_int(j, "bad_media", (int64_t)d->bad_media);
	json_int(j, "bad_obs", (int64_t)d->bad_obs);
	json_int(j, "unknown_leg", (int64_t)d->unknown_leg);
	json_int(j, "double_leg", (int64_t)d->double_leg);
	json_int(j, "impossible", (int64_t)d->impossible);
	json_int(j, "ignored", (int64_t)d->ignored);
	json_int(j, "stale_media", (int64_t)d->stale_media);
	json_int(j, "unsent", (int64_t)d->unsent);
	json_int(j, "refused_full", (int64_t)d->refused_full);
	json_int(j, "legs_lost", (int64_t)d->legs_lost);
	json_int(j, "media_lost", (int64_t)d->media_lost);
	json_int(j, "channel_taken", (int64_t)d->channel_taken);
	json_int(j, "no_timer", (int64_t)d->no_timer);
	json_int(j, "snapshots_full", (int64_t)d->snapshots_full);
	json_close(j);
}

int core_status(struct core *core, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "node", core->conf->gateway.node);
	json_bool(&j, "draining", core->draining);
	json_int(&j, "calls", pool_used(core->calls));
	json_int(&j, "calls_max", pool_size(core->calls));
	put_links(&j, core);
	put_counts(&j, &core->n);
	put_records(&j, core);
	put_drops(&j, &core->drops);
	json_close(&j);
	return json_end(&j);
}

static unsigned busy_channels(const struct core_span *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CORE_SLOTS; i++) {
		n += s->owner[i] != 0;
	}
	return n;
}

int core_spans(struct core *core, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		const struct conf_span *c = &core->conf->spans[i];
		const struct core_span *s = &core->spans[i];

		if (c->gone) {
			continue;
		}
		json_obj(&j, NULL);
		json_str(&j, "name", c->name);
		json_str(&j, "side", c->isdn.side == CONF_SIDE_NETWORK
					     ? "network" : "user");
		json_bool(&j, "up", s->up);
		json_str(&j, "text", s->text);
		json_bool(&j, "line_up", s->line_up);
		json_bool(&j, "full", s->full);
		json_str(&j, "line", s->line_text);
		json_int(&j, "channels", s->channels);
		json_int(&j, "free", s->free);
		json_int(&j, "calls", busy_channels(s));
		json_close(&j);
	}
	json_close(&j);
	return json_end(&j);
}

int core_trunks(struct core *core, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	for (unsigned i = 0; i < core->conf->n_trunks; i++) {
		const struct conf_trunk *c = &core->conf->trunks[i];
		const struct core_trunk *t = &core->trunks[i];

		json_obj(&j, NULL);
		json_str(&j, "name", c->name);
		json_bool(&j, "up", t->up && link_is_up(&core->sip));
		json_str(&j, "text", t->text);
		json_int(&j, "calls", t->calls);
		json_int(&j, "max_calls", c->max_calls);
		json_close(&j);
	}
	json_close(&j);
	return json_end(&j);
}

static void put_channel(struct json *j, struct core *core, unsigned span,
			unsigned slot)
{
	const struct core_span *s = &core->spans[span];
	const struct call *call = call_get(core, s->owner[slot]);

	json_obj(j, NULL);
	json_str(j, "span", core->conf->spans[span].name);
	json_int(j, "slot", slot);
	if (call != NULL) {
		json_str(j, "state", call->told.answered ? "talking"
							 : "setup");
		json_str(j, "call", call->cdr.id);
	} else {
		json_str(j, "state", s->up ? "idle" : "down");
	}
	json_close(j);
}

int core_channels(struct core *core, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		for (unsigned slot = 1; slot < CORE_SLOTS; slot++) {
			if (!core->conf->spans[i].gone &&
			    slot != core->conf->spans[i].line.d_slot) {
				put_channel(&j, core, i, slot);
			}
		}
	}
	json_close(&j);
	return json_end(&j);
}

static void put_side(struct json *j, const char *key, const struct call *call,
		     unsigned side)
{
	const struct leg *leg = &call->leg[side];
	const struct cdr_side *s = side == SIDE_A ? &call->cdr.a
						  : &call->cdr.b;

	if (!s->used || (leg->id == 0 && call_joined(call) != NULL)) {
		return; /* the trunk has left its parties to themselves */
	}
	json_obj(j, key);
	json_str(j, s->end.kind == CC_END_SPAN ? "span" : "trunk", s->name);
	json_str(j, "state", call_state_name(side, leg->state));
	if (s->slot != 0) {
		json_int(j, "slot", s->slot);
	}
	if (s->ref[0] != '\0') {
		json_str(j, "ref", s->ref);
	}
	json_close(j);
}

static void put_call(struct json *j, const struct core *core,
		     const struct call *call)
{
	char text[CC_DIGITS_MAX + 2];
	mono_t now = loop_now(core->role.loop);
	const struct call *with = call_joined(call);

	json_obj(j, NULL);
	json_str(j, "id", call->cdr.id);
	json_str(j, "from", cc_number_str(&call->cdr.num.from, text));
	json_str(j, "to", cc_number_str(&call->cdr.num.to, text));
	cdr_put_verified(j, &call->cdr.num.verified);
	json_bool(j, "emergency", call->cdr.emergency != 0);
	json_bool(j, "answered", call->told.answered);
	json_int(j, "age_ms", mono_diff_ms(now, call->began));
	if (with != NULL) {
		json_str(j, "joined_with", with->cdr.id);
	}
	put_side(j, "caller", call, SIDE_A);
	put_side(j, "callee", call, SIDE_B);
	json_close(j);
}

int core_calls(struct core *core, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	for (pool_id id = pool_next(core->calls, 0); id != 0;
	     id = pool_next(core->calls, id)) {
		put_call(&j, core, call_get(core, id));
	}
	json_close(&j);
	return json_end(&j);
}
