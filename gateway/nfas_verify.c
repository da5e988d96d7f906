/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/nfas_verify.h"

#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "gateway/call.h"
#include "gateway/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MS	   3000	 /* media answers */
#define CALL_MS	   20000 /* both ends of the call are up */
#define QUIET_MS   400	 /* echo cancellers and tones settle */
#define LISTEN_MS  1500	 /* a digit of 200 ms is heard */
#define CLEAR_MS   10000
#define PROBES_MAX 64	 /* digits for one span */
#define DIGIT	   '5'
#define DIGIT_MS   200
#define TAIL	   7	 /* digits of the number that must be the same */
#define REF	   0xfffffff0u /* of our media: no call has these */

enum step { V_IDLE, V_OPENING, V_CALLING, V_QUIET, V_LISTENING, V_CLEARING };
enum end { OUT, IN };
enum result { R_NONE, R_DOWN, R_FULL, R_NO_CALL, R_SILENT, R_HEARD };

struct side {
	leg_id id; /* 0: no leg (any more) */
	bool answered;
	uint8_t span, slot; /* as signalled */
	uint8_t at;	    /* span whose line is tried */
	media_id media;
};

struct outcome {
	enum result result;
	uint8_t line;  /* R_HEARD: the span whose line it is */
	uint8_t cause; /* R_NO_CALL */
};

struct nfas_verify {
	struct core *core;
	enum step step;
	unsigned leader, span; /* of the group; under test */
	struct cc_number number;
	struct side side[2];
	unsigned probe; /* pairs of spans, tried so far */
	struct timer timer;
	struct outcome of[CONF_SPANS];
	char why[80]; /* stopped before its end */
};

static void go_on(struct nfas_verify *v);

/* --- media --- */

static void to_media(struct nfas_verify *v, struct link_head *head,
		     uint16_t type, size_t len)
{
	if (link_send(&v->core->media, head, type, len) != 0) {
		v->core->drops.unsent++;
	}
}

static void open_media(struct nfas_verify *v)
{
	for (unsigned i = 0; i < 2; i++) {
		struct media_open m = {.ref = REF + i};

		to_media(v, &m.head, MEDIA_OPEN, sizeof(m));
	}
}

static void close_media(struct nfas_verify *v)
{
	for (unsigned i = 0; i < 2; i++) {
		struct media_close m = {.id = v->side[i].media};

		if (m.id != 0) {
			to_media(v, &m.head, MEDIA_CLOSE, sizeof(m));
		}
		v->side[i].media = 0;
	}
}

static void connect_media(struct nfas_verify *v, enum end e)
{
	struct side *s = &v->side[e];
	struct media_connect c = {.id = s->media, .span = s->at,
				  .slot = s->slot};
	struct media_modify m = {.id = s->media, .codec = CC_PCMU,
				 .ptime_ms = 20,
				 .direction = MEDIA_INACTIVE};

	to_media(v, &c.head, MEDIA_CONNECT, sizeof(c));
	to_media(v, &m.head, MEDIA_MODIFY, sizeof(m));
}

static void disconnect_media(struct nfas_verify *v)
{
	for (unsigned i = 0; i < 2; i++) {
		struct media_connect c = {.id = v->side[i].media};

		if (c.id != 0) {
			to_media(v, &c.head, MEDIA_CONNECT, sizeof(c));
		}
	}
}

/* --- the loop call --- */

static void on_timer(struct timer *t)
{
	go_on(container_of(t, struct nfas_verify, timer));
}

static void enter(struct nfas_verify *v, enum step step, int64_t ms)
{
	v->step = step;
	if (timer_start(v->core->role.loop, &v->timer, on_timer, ms) != 0) {
		v->core->drops.no_timer++;
	}
}

static void send_leg(struct nfas_verify *v, struct cc_msg *m, leg_id id,
		     enum cc_type type)
{
	struct cc_end end = {CC_END_SPAN, (uint8_t)v->leader};

	m->leg = id;
	if (link_send(core_link(v->core, end), &m->head, (uint16_t)type,
		      sizeof(*m)) != 0) {
		v->core->drops.unsent++;
	}
}

static void release(struct nfas_verify *v, enum end e)
{
	struct cc_msg m = {.cause = {CAUSE_NORMAL, CC_LOC_NONE}};

	if (v->side[e].id != 0) {
		send_leg(v, &m, v->side[e].id, CC_RELEASE);
	}
}

/* No call of a customer is on it. */
static bool is_idle(const struct core *core, unsigned span, unsigned slot)
{
	const struct conf_line *line = &core->conf->spans[span].line;

	return slot >= line->first_slot && slot <= line->last_slot &&
	       slot != line->d_slot && core->spans[span].owner[slot] == 0;
}

static uint8_t idle_slot(const struct core *core, unsigned span)
{
	for (unsigned slot = CORE_SLOTS - 1; slot > 0; slot--) {
		if (is_idle(core, span, slot)) {
			return (uint8_t)slot;
		}
	}
	return 0;
}

static void call_out(struct nfas_verify *v)
{
	struct side *out = &v->side[OUT];
	struct cc_msg m = {.end = {CC_END_SPAN, (uint8_t)v->span},
			   .bearer = CC_BEARER_AUDIO_31, .complete = 1};

	m.called = v->number;
	m.channel = out->slot; /* this and no other */
	str_copy(m.ref, sizeof(m.ref), "nfas verify");
	out->id = call_next_leg_id(v->core, (struct cc_end){
		CC_END_SPAN, (uint8_t)v->leader});
	out->span = out->at = (uint8_t)v->span;
	enter(v, V_CALLING, CALL_MS);
	send_leg(v, &m, out->id, CC_SETUP);
}

static void begin_span(struct nfas_verify *v)
{
	const struct core_span *s = &v->core->spans[v->span];
	struct outcome *o = &v->of[v->span];

	for (unsigned i = 0; i < 2; i++) {
		media_id media = v->side[i].media;

		v->side[i] = (struct side){.media = media};
	}
	v->probe = 0;
	v->side[OUT].slot = idle_slot(v->core, v->span);
	if (!s->up) {
		o->result = R_DOWN;
	} else if (v->side[OUT].slot == 0) {
		o->result = R_FULL;
	} else {
		call_out(v);
		return;
	}
	enter(v, V_CLEARING, 0);
}

static void end_span(struct nfas_verify *v, enum result result)
{
	struct outcome *o = &v->of[v->span];

	if (o->result == R_NONE) {
		o->result = result;
	}
	disconnect_media(v);
	release(v, OUT);
	release(v, IN);
	enter(v, V_CLEARING, CLEAR_MS);
}

static void next_span(struct nfas_verify *v)
{
	const struct conf *conf = v->core->conf;

	do {
		v->span++;
	} while (v->span < conf->n_spans &&
		 !core_same_group(v->core, v->span, v->leader));
	if (v->span < conf->n_spans) {
		begin_span(v);
		return;
	}
	close_media(v);
	v->step = V_IDLE;
	log_info("nfas %s: interfaces verified",
		 conf->spans[v->leader].isdn.nfas.group);
}

/* --- probes --- */

/* Pairs of lines, the likely ones first: as signalled, then one end
 * elsewhere, then both. The n-th of them; false: no more. */
static bool nth_pair(struct nfas_verify *v, unsigned n)
{
	const struct core *core = v->core;
	struct side *out = &v->side[OUT], *in = &v->side[IN];
	unsigned spans = core->conf->n_spans;

	for (unsigned wrong = 0; wrong <= 2; wrong++) {
		for (unsigned i = 0; i < spans * spans; i++) {
			unsigned x = i / spans, y = i % spans;

			if (!core_same_group(core, x, v->leader) ||
			    !core_same_group(core, y, v->leader) ||
			    (x != out->span) + (y != in->span) !=
				    (int)wrong ||
			    !is_idle(core, x, out->slot) ||
			    !is_idle(core, y, in->slot) ||
			    (x == y && out->slot == in->slot) || n-- > 0) {
				continue;
			}
			out->at = (uint8_t)x;
			in->at = (uint8_t)y;
			return true;
		}
	}
	return false;
}

static void try_pair(struct nfas_verify *v)
{
	if (v->probe == PROBES_MAX || !nth_pair(v, v->probe++)) {
		end_span(v, R_SILENT);
		return;
	}
	disconnect_media(v);
	connect_media(v, OUT);
	connect_media(v, IN);
	enter(v, V_QUIET, QUIET_MS);
}

static void send_digit(struct nfas_verify *v)
{
	struct media_dtmf m = {.id = v->side[OUT].media, .digit = DIGIT,
			       .ms = DIGIT_MS};

	enter(v, V_LISTENING, LISTEN_MS);
	to_media(v, &m.head, MEDIA_DTMF, sizeof(m));
}

static void heard(struct nfas_verify *v)
{
	const struct side *in = &v->side[IN];

	v->of[v->span].line = v->side[OUT].at;
	if (v->of[in->span].result == R_NONE) {
		v->of[in->span].line = in->at;
	}
	end_span(v, R_HEARD);
}

/* The timer of the step. */
static void go_on(struct nfas_verify *v)
{
	switch (v->step) {
	case V_OPENING:
		nfas_verify_stop(v->core, "media does not answer");
		break;
	case V_CALLING:
		end_span(v, R_NO_CALL);
		break;
	case V_QUIET:
		send_digit(v);
		break;
	case V_LISTENING:
		try_pair(v);
		break;
	case V_CLEARING:
		next_span(v);
		break;
	default:
		break;
	}
}

/* --- what comes in --- */

static bool is_ours(const struct nfas_verify *v, const struct cc_msg *m)
{
	const char *a = m->called.digits, *b = v->number.digits;
	size_t na = strlen(a), nb = strlen(b);
	size_t n = nb < TAIL ? nb : TAIL;

	return v->step == V_CALLING && v->side[IN].id == 0 && na >= n &&
	       strcmp(a + na - n, b + nb - n) == 0;
}

static void answer_in(struct nfas_verify *v, const struct cc_msg *setup)
{
	struct side *in = &v->side[IN];
	struct cc_msg m = {.channel = 0};

	in->id = setup->leg;
	in->span = in->at = setup->end.index;
	in->slot = setup->channel;
	in->answered = true;
	send_leg(v, &m, in->id, CC_PROCEEDING);
	send_leg(v, &m, in->id, CC_ANSWER);
}

static void on_leg(struct nfas_verify *v, enum end e, const struct cc_msg *m)
{
	struct side *s = &v->side[e];

	if (m->head.type == CC_ANSWER) {
		s->answered = true;
	} else if (m->head.type == CC_RELEASED) {
		s->id = 0;
		v->of[v->span].cause = m->cause.value;
	}
	if (v->step == V_CLEARING) {
		if (v->side[OUT].id == 0 && v->side[IN].id == 0) {
			enter(v, V_CLEARING, 0);
		}
	} else if (s->id == 0) {
		end_span(v, R_NO_CALL);
	}
}

bool nfas_verify_cc(struct core *core, const struct cc_msg *m,
		    struct cc_end from)
{
	struct nfas_verify *v = core->verify;

	if (v == NULL || v->step == V_IDLE || from.kind != CC_END_SPAN ||
	    from.index != v->leader) {
		return false;
	}
	if (m->head.type == CC_SETUP) {
		if (m->cause.value != 0 || !is_ours(v, m)) {
			return false;
		}
		answer_in(v, m);
	} else if (m->leg == v->side[OUT].id) {
		on_leg(v, OUT, m);
	} else if (m->leg == v->side[IN].id) {
		on_leg(v, IN, m);
	} else {
		return false;
	}
	if (v->step == V_CALLING && v->side[OUT].answered &&
	    v->side[IN].answered) {
		try_pair(v);
	}
	return true;
}

static bool on_opened(struct nfas_verify *v, const struct media_opened *o)
{
	unsigned i = o->ref - REF;

	if (o->ref < REF || i > 1) {
		return false;
	}
	v->side[i].media = o->id;
	if (v->step != V_OPENING) {
		close_media(v); /* too late */
	} else if (o->id == 0) {
		nfas_verify_stop(v->core, "no RTP port is free");
	} else if (v->side[OUT].media != 0 && v->side[IN].media != 0) {
		begin_span(v);
	}
	return true;
}

bool nfas_verify_media(struct core *core, const struct link_head *head)
{
	const struct media_event *e = (const void *)head;
	const struct media_closed *c = (const void *)head;
	struct nfas_verify *v = core->verify;

	if (v == NULL) {
		return false;
	}
	switch (head->type) {
	case MEDIA_OPENED:
		return on_opened(v, (const void *)head);
	case MEDIA_CLOSED:
		return c->ref >= REF;
	case MEDIA_EVENT:
		if (e->ref < REF) {
			return false;
		}
		if (v->step == V_LISTENING && e->id == v->side[IN].media &&
		    e->kind == MEDIA_EV_DTMF_LINE && e->digit == DIGIT) {
			heard(v);
		}
		return true;
	default:
		return false;
	}
}

void nfas_verify_stop(struct core *core, const char *why)
{
	struct nfas_verify *v = core->verify;

	if (v == NULL || v->step == V_IDLE) {
		return;
	}
	timer_stop(core->role.loop, &v->timer);
	release(v, OUT);
	release(v, IN);
	close_media(v);
	v->step = V_IDLE;
	str_copy(v->why, sizeof(v->why), why);
	log_warn("nfas verify: stopped: %s", why);
}

void nfas_verify_free(struct core *core)
{
	nfas_verify_stop(core, "the core ends");
	free(core->verify);
	core->verify = NULL;
}

/* --- the operator --- */

static int begin(struct core *core, const char *group, const char *number)
{
	struct nfas_verify *v = core->verify;
	unsigned i = 0;

	while (i < core->conf->n_spans &&
	       (core->conf->spans[i].isdn.nfas.leader == 0 ||
		strcmp(core->conf->spans[i].isdn.nfas.group, group) != 0)) {
		i++;
	}
	if (i == core->conf->n_spans) {
		return -EINVAL;
	}
	if ((v != NULL && v->step != V_IDLE) || core->draining) {
		return -EBUSY;
	}
	if (v == NULL) {
		v = core->verify = malloc(sizeof(*v));
	}
	if (v == NULL) {
		return -ENOMEM;
	}
	memset(v, 0, sizeof(*v));
	v->core = core;
	v->leader = v->span = i;
	if (cc_number_set(&v->number, number) != 0) {
		return -EINVAL;
	}
	number_to_line(&core->conf->spans[i], &v->number);
	enter(v, V_OPENING, OPEN_MS);
	open_media(v);
	return 0;
}

/* What was found of a span, in words. */
static void put_finding(struct json *j, const struct nfas_verify *v,
			unsigned i)
{
	static const char *const words[] = {
		[R_NONE] = "not tried yet",
		[R_DOWN] = "span is down",
		[R_FULL] = "no channel is free",
		[R_NO_CALL] = "the call did not come back",
		[R_SILENT] = "silent, and on no other line either",
		[R_HEARD] = "right",
	};
	const struct conf_span *spans = v->core->conf->spans;
	const struct outcome *o = &v->of[i];
	char text[160];

	if (o->result != R_HEARD || o->line == i) {
		str_copy(text, sizeof(text), words[o->result]);
	} else if (v->of[o->line].result == R_HEARD &&
		   v->of[o->line].line == i) {
		snprintf(text, sizeof(text), "interfaces %u and %u are "
			 "swapped: span %s has interface %u, span %s has %u",
			 spans[i].isdn.nfas.interface,
			 spans[o->line].isdn.nfas.interface, spans[i].name,
			 spans[o->line].isdn.nfas.interface,
			 spans[o->line].name, spans[i].isdn.nfas.interface);
	} else {
		snprintf(text, sizeof(text), "interface %u is on the line of "
			 "span %s", spans[i].isdn.nfas.interface,
			 spans[o->line].name);
	}
	json_str(j, "result", text);
	if (o->result == R_NO_CALL) {
		json_int(j, "cause", o->cause);
	}
}

static int report(const struct core *core, char *buf, size_t size)
{
	const struct nfas_verify *v = core->verify;
	struct json j;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_bool(&j, "running", v != NULL && v->step != V_IDLE);
	if (v != NULL) {
		json_str(&j, "group",
			 core->conf->spans[v->leader].isdn.nfas.group);
		json_str(&j, "number", v->number.digits);
		json_str(&j, "stopped", v->why);
		json_arr(&j, "spans");
		for (unsigned i = 0; i < core->conf->n_spans; i++) {
			const struct conf_span *s = &core->conf->spans[i];

			if (!core_same_group(core, i, v->leader)) {
				continue;
			}
			json_obj(&j, NULL);
			json_str(&j, "span", s->name);
			json_int(&j, "interface", s->isdn.nfas.interface);
			put_finding(&j, v, i);
			json_close(&j);
		}
		json_close(&j);
	}
	json_close(&j);
	return json_end(&j);
}

int nfas_verify_query(struct core *core, const char *arg, char *buf,
		      size_t size)
{
	char group[CONF_NAME];
	const char *blank;
	int err = 0;

	if (strncmp(arg, "verify ", 7) == 0) {
		arg += 7;
		blank = strchr(arg, ' ');
		if (blank == NULL ||
		    !str_copy_n(group, sizeof(group), arg,
				(size_t)(blank - arg))) {
			return -EINVAL;
		}
		err = begin(core, group, blank + 1);
	}
	return err != 0 ? err : report(core, buf, size);
}
