/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The isdn role: opening and closing, its three links, and what is true of
 * the span as a whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/obs.h"
#include "gateway/base/str.h"
#include "isdn/isdn_priv.h"

static struct isdn *isdn_of(struct role *role)
{
	return container_of(role, struct isdn, role);
}

struct loop *isdn_loop(struct isdn *isdn)
{
	return isdn->role.loop;
}

const char *isdn_name(const struct isdn *isdn)
{
	return isdn_is_group(isdn) ? isdn->conf.span.isdn.nfas.group
				   : isdn->conf.span.name;
}

bool isdn_network(const struct isdn *isdn)
{
	return isdn->conf.span.isdn.side == CONF_SIDE_NETWORK;
}

bool isdn_ni2(const struct isdn *isdn)
{
	return isdn->conf.span.isdn.exchange == CONF_NI2;
}

bool isdn_is_group(const struct isdn *isdn)
{
	return isdn->conf.n_members > 0;
}

struct pri *isdn_pri(const struct isdn *isdn)
{
	return isdn->active->chan.pri;
}

uint8_t isdn_location(const struct isdn *isdn)
{
	return isdn_network(isdn) ? CC_LOC_PUBLIC_LOCAL : CC_LOC_PRIVATE_LOCAL;
}

leg_id isdn_next_id(struct isdn *isdn)
{
	isdn->next_id = (isdn->next_id + 1) & ~CC_LEG_CORE;
	if (!isdn->next_id) {
		isdn->next_id = 1;
	}
	return isdn->next_id;
}

bool isdn_is_up(const struct isdn *isdn)
{
	uint32_t all = (uint32_t)((1ull << isdn->n_spans) - 1);

	return isdn->active->state == D_IN_SERVICE &&
	       (isdn->channels.dead & all) != all;
}

void isdn_settle(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		dchan_settle(&isdn->d[i].chan);
	}
}

void isdn_note(struct isdn *isdn, enum log_level level, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level == LOG_LVL_WARN) {
		log_warn("%s: %s", isdn_name(isdn), text);
	} else {
		log_info("%s: %s", isdn_name(isdn), text);
	}
	status_trace_note(isdn, text);
}

/* --- END_STATE: what the core needs to know before it sends a call --- */

static void tell_span(struct isdn_span *span)
{
	struct cc_end_state s = { .end = { CC_END_SPAN, 0 } };
	struct isdn *isdn = span->isdn;
	unsigned n = (unsigned)(span - isdn->spans);

	s.end.index = (uint8_t)span->conf->index;
	s.up = isdn_is_up(isdn) && span->line.up && !isdn->draining &&
	       !isdn->health.muted;
	s.free = (uint8_t)channel_count_free(&isdn->channels, n);
	s.channels = (uint8_t)(s.free + channel_count_on(&isdn->channels, n,
							 CHANNEL_BUSY));
	str_copy(s.text, sizeof(s.text), health_text(span));
	if (memcmp(&s.end, &span->told.end, sizeof(s) - sizeof(s.head)) == 0 ||
	    !link_is_up(&isdn->core)) {
		return;
	}
	span->told = s;
	link_send(&isdn->core, &s.head, CC_END_STATE, sizeof(s));
}

static void tell_state(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < isdn->n_spans; i++) {
		tell_span(&isdn->spans[i]);
	}
}

static void on_state_defer(struct defer *defer)
{
	struct isdn *isdn = container_of(defer, struct isdn, state_defer);

	busy_look(isdn);
	tell_state(isdn);
}

void isdn_state_changed(struct isdn *isdn)
{
	loop_defer(isdn_loop(isdn), &isdn->state_defer, on_state_defer);
}

/* --- the core link --- */

static void core_on_msg(struct link *link, const struct link_head *head,
			int fd)
{
	struct isdn *isdn = container_of(link, struct isdn, core);

	(void)fd;
	if (cc_msg_ok(head) && head->type == CC_SETTLED) {
		keep_tell(isdn);
		return;
	}
	if (cc_msg_ok(head) && head->type == CC_END_STATE) {
		busy_told(isdn, !((const struct cc_end_state *)head)->up);
		return;
	}
	if (cc_msg_ok(head) && head->type == CC_BARRED) {
		busy_remember(isdn, (const void *)head);
		return;
	}
	if (!cc_msg_ok(head) || head->type >= CC_END_STATE) {
		isdn->stats.bad_messages++;
		return;
	}
	order_handle(isdn, (const struct cc_msg *)(const void *)head);
	isdn_settle(isdn);
}

static void core_on_down(struct link *link)
{
	struct isdn *isdn = container_of(link, struct isdn, core);

	/* In an orderly end the core goes first (gateway/supervisor.c). */
	if (!isdn->draining) {
		log_warn("%s: core is gone", isdn_name(isdn));
	}
	keep_await(isdn);
}

static const struct link_ops core_ops = { core_on_msg, core_on_down };

/* --- the media link: frames and the state of the line --- */

/* The calls of a span whose line is lost. When the D channel is elsewhere the
 * far end hears of it. */
static void line_is_lost(struct isdn_span *span)
{
	struct isdn *isdn = span->isdn;
	unsigned n = (unsigned)(span - isdn->spans);

	timer_stop(isdn_loop(isdn), &span->alarm);
	if (!channel_count_on(&isdn->channels, n, CHANNEL_BUSY) &&
	    (isdn_is_group(isdn) || !leg_count(isdn))) {
		return;
	}
	log_warn("%s: line down too long, clearing all calls",
		 span->conf->name);
	if (!isdn_is_group(isdn)) {
		leg_drop_all(isdn, CAUSE_OUT_OF_ORDER);
	} else if (isdn_is_up(isdn)) {
		leg_clear_span(isdn, n, CAUSE_OUT_OF_ORDER);
	} else {
		leg_drop_span(isdn, n, CAUSE_OUT_OF_ORDER);
	}
	isdn_settle(isdn);
}

static void on_alarm(struct timer *t)
{
	line_is_lost(container_of(t, struct isdn_span, alarm));
}

static void set_line(struct isdn_span *span, bool up, enum frame_calls calls)
{
	struct isdn *isdn = span->isdn;
	struct loop *loop = isdn_loop(isdn);
	uint32_t bit = 1u << (span - isdn->spans);

	if (up != (bool)span->line.up) {
		log_info("%s: line %s", span->conf->name, up ? "up" : "down");
	}
	span->line.up = up;
	span->line.calls = (uint8_t)calls;
	isdn->channels.dead = up ? isdn->channels.dead & ~bit
				 : isdn->channels.dead | bit;
	nfas_changed(isdn);
	if (up || calls == FRAME_CALLS_KEEP) {
		timer_stop(loop, &span->alarm);
	} else if (calls == FRAME_CALLS_RELEASE) {
		line_is_lost(span);
	} else if (!timer_is_running(&span->alarm)) {
		timer_start(loop, &span->alarm, on_alarm,
			    isdn->conf.span.alarm_hold_ms);
	}
	isdn_state_changed(isdn);
}

struct isdn_span *isdn_span(struct isdn *isdn, unsigned index)
{
	unsigned i;

	for (i = 0; i < isdn->n_spans; i++) {
		if (isdn->spans[i].conf->index == index) {
			return &isdn->spans[i];
		}
	}
	return NULL;
}

static void media_on_data(struct isdn *isdn, const struct link_head *head)
{
	const struct frame_data *f =
		(const struct frame_data *)(const void *)head;
	struct isdn_span *span;

	if (head->len < FRAME_DATA_LEN(0) || f->len > FRAME_MAX ||
	    head->len != FRAME_DATA_LEN(f->len) ||
	    !(span = isdn_span(isdn, f->span)) || !span->d) {
		isdn->stats.bad_messages++;
		return;
	}
	if (isdn->health.muted) {
		return;
	}
	dchan_receive(&span->d->chan, f->octets, f->len);
	/* what was said may be answered on the other D channel */
	isdn_settle(isdn);
}

static void media_on_line(struct isdn *isdn, const struct link_head *head)
{
	const struct frame_line *l =
		(const struct frame_line *)(const void *)head;
	struct isdn_span *span;
	uint8_t was;

	if (head->len != sizeof(*l) || !(span = isdn_span(isdn, l->span)) ||
	    l->calls > FRAME_CALLS_RELEASE) {
		isdn->stats.bad_messages++;
		return;
	}
	was = span->line.up;
	span->line = *l;
	span->line.up = was;
	channel_set_silent(&isdn->channels, (unsigned)(span - isdn->spans),
			   l->silent);
	set_line(span, l->up, l->calls);
}

static void media_on_msg(struct link *link, const struct link_head *head,
			 int fd)
{
	struct isdn *isdn = container_of(link, struct isdn, media);

	(void)fd;
	if (head->type == FRAME_DATA) {
		media_on_data(isdn, head);
	} else if (head->type == FRAME_LINE) {
		media_on_line(isdn, head);
	} else {
		isdn->stats.bad_messages++;
	}
}

static void media_on_down(struct link *link)
{
	struct isdn *isdn = container_of(link, struct isdn, media);

	isdn->media_up = false;
	for (unsigned i = 0; i < isdn->n_spans; i++) {
		set_line(&isdn->spans[i], false, FRAME_CALLS_HOLD);
	}
}

static const struct link_ops media_ops = { media_on_msg, media_on_down };

/* --- the console link --- */

static void console_on_msg(struct link *link, const struct link_head *head,
			   int fd)
{
	struct isdn *isdn = container_of(link, struct isdn, console);
	const struct obs_switch *s =
		(const struct obs_switch *)(const void *)head;

	(void)fd;
	if (head->type == OBS_TRACE_ON && head->len == sizeof(*s)) {
		isdn->tracing = s->on;
	} else if (head->type == OBS_QUERY &&
		   head->len == sizeof(struct obs_query)) {
		status_query(isdn, head);
	} else {
		isdn->stats.bad_messages++;
	}
}

static void console_on_down(struct link *link)
{
	container_of(link, struct isdn, console)->tracing = false;
}

static const struct link_ops console_ops = { console_on_msg,
					     console_on_down };

/* --- the D channel --- */

static struct isdn_d *d_of(struct dchan *d)
{
	return container_of(d, struct isdn_d, chan);
}

static const struct isdn_d *const_d_of(const struct dchan *d)
{
	return (const struct isdn_d *)(const void *)((const char *)d -
						     offsetof(struct isdn_d,
							      chan));
}

void isdn_send_frame(struct isdn_d *d, const uint8_t *sent, size_t len)
{
	struct isdn *isdn = d->isdn;
	struct frame_data f = { .span = d->span->conf->index };

	status_trace(d, true, sent, len, NULL);
	if (len > FRAME_MAX || !isdn->media_up) {
		isdn->stats.frames_lost += isdn->media_up;
		return;
	}
	memcpy(f.octets, sent, len);
	f.len = (uint16_t)len;
	if (link_send(&isdn->media, &f.head, FRAME_DATA,
		      FRAME_DATA_LEN(len)) < 0) {
		isdn->stats.frames_lost++;
	}
}

static void dchan_on_send(struct dchan *chan, uint8_t *frame, size_t len)
{
	struct isdn_d *d = d_of(chan);
	uint8_t other[FRAME_MAX];
	const uint8_t *sent;

	if (!d->isdn->health.muted) {
		sent = patch_frame(d->isdn, frame, &len, other);
		isdn_send_frame(d, sent, len);
	}
}

static void look_at_message(struct isdn_d *d, const uint8_t *frame, size_t len,
			    const struct gate_result *r)
{
	struct ie_msg m;
	struct lapd f;

	if (lapd_parse(&f, frame, len) < 0 || f.kind != LAPD_I) {
		return;
	}
	if (r->action == GATE_TAKE) {
		service_received(d, f.info, f.info_len);
	} else if (r->fault == GATE_RESTART) {
		service_status(d, r->cause);
	} else if (ie_msg_parse(&m, f.info, f.info_len) == 0 &&
		   nfas_message(d)) {
		health_heard(d->isdn, m.cref, m.flag);
		if (m.type == Q931_FACILITY) {
			leg_hear_name(d->isdn, &m);
		}
		if (m.type == Q931_CONNECT_ACK) {
			leg_hear_ack(d->isdn, &m);
		}
		leg_hear_notify(d->isdn, &m);
	}
}

static void dchan_on_seen(struct dchan *chan, const uint8_t *frame, size_t len,
			  const struct gate_result *r)
{
	struct isdn_d *d = d_of(chan);

	status_trace(d, false, frame, len, r);
	if (r->action != GATE_DROP) {
		layer2_seen(d, frame, len);
		look_at_message(d, frame, len, r);
	}
}

static void dchan_on_event(struct dchan *chan, const pri_event *e,
			   const struct ie_msg *raw)
{
	struct isdn_d *d = d_of(chan);

	if (e->e == PRI_EVENT_DCHAN_UP) {
		layer2_up(d);
	} else if (e->e == PRI_EVENT_DCHAN_DOWN) {
		layer2_down(d);
	} else if (e->e == PRI_EVENT_CONFIG_ERR) {
		layer2_same_side(d);
	} else {
		d->isdn->hearing = d;
		event_handle(d->isdn, e, raw);
		d->isdn->hearing = NULL;
	}
}

static bool dchan_is_known(const struct dchan *d, uint16_t cref, bool ours)
{
	return leg_by_cref(const_d_of(d)->isdn, cref, ours) != NULL;
}

static uint8_t dchan_restart(const struct dchan *chan, const struct ie_msg *m)
{
	const struct isdn_d *d = const_d_of(chan);
	uint8_t cause;

	d->isdn->hearing = &d->isdn->d[d - d->isdn->d];
	cause = service_restart_ok(d->isdn, m);
	d->isdn->hearing = NULL;
	return cause;
}

static bool dchan_standby(const struct dchan *chan)
{
	const struct isdn_d *d = const_d_of(chan);

	return d->isdn->n_d > 1 && d->state != D_IN_SERVICE &&
	       (d->state != D_WAIT ||
		d->isdn->active->state == D_IN_SERVICE);
}

static const struct dchan_ops dchan_ops = {
	.send = dchan_on_send,
	.seen = dchan_on_seen,
	.event = dchan_on_event,
	.is_known = dchan_is_known,
	.restart = dchan_restart,
	.standby = dchan_standby,
};

/* T309 is ours; libpri's must only never be the first. */
#define T309_MORE_MS 5000

static struct dchan_config dchan_config(const struct isdn *isdn)
{
	const struct conf_isdn *c = &isdn->conf.span.isdn;

	return (struct dchan_config){
		.network = isdn_network(isdn),
		.ni2 = isdn_ni2(isdn),
		.facility = isdn->conf.span.isdn.divert_info,
		.t200_ms = c->t200_ms,
		.t203_ms = c->t203_ms,
		.t309_ms = c->t309_s * 1000u + T309_MORE_MS,
		.first_cref = (uint16_t)(loop_wall_ms(isdn->role.loop) / 1000 %
					 16384),
	};
}

/* --- struct role_ops --- */

/* A span that is alone is a group of one. */
static void take_conf(struct isdn *isdn, const void *conf)
{
	struct conf_for_isdn *c = &isdn->conf;
	const struct conf_line *line = &c->span.line;

	memcpy(c, conf, sizeof(*c));
	if (!c->n_members) {
		c->members[0] = (struct conf_member){
			.index = c->index,
			.d_slot = line->d_slot,
			.first_slot = line->first_slot,
			.last_slot = line->last_slot,
		};
		memcpy(c->members[0].name, c->span.name, CONF_NAME);
	}
}

static void add_d(struct isdn *isdn, enum conf_d which)
{
	unsigned i;

	for (i = 0; i < isdn->n_spans && isdn->n_d < ISDN_D; i++) {
		struct isdn_d *d = &isdn->d[isdn->n_d];

		if (isdn->spans[i].conf->d == which) {
			*d = (struct isdn_d){ .isdn = isdn,
					      .span = &isdn->spans[i] };
			d->since = loop_now(isdn_loop(isdn));
			isdn->spans[i].d = d;
			isdn->n_d++;
			return;
		}
	}
}

static void add_spans(struct isdn *isdn)
{
	unsigned i;

	isdn->n_spans = isdn->conf.n_members ? isdn->conf.n_members : 1;
	for (i = 0; i < isdn->n_spans; i++) {
		isdn->spans[i] = (struct isdn_span){
			.isdn = isdn, .conf = &isdn->conf.members[i] };
	}
	isdn->channels.dead = (uint32_t)((1ull << isdn->n_spans) - 1);
	isdn->active = &isdn->d[0];
	add_d(isdn, CONF_D_PRIMARY);
	add_d(isdn, CONF_D_BACKUP);
}

static struct role *isdn_open(struct loop *loop, const void *conf, size_t len)
{
	const struct conf_for_isdn *c = conf;
	struct isdn *isdn;

	if (len != sizeof(*c) || c->n_members > CONF_NFAS_SPANS) {
		errno = EINVAL;
		return NULL;
	}
	isdn = calloc(1, sizeof(*isdn));
	if (!isdn) {
		return NULL;
	}
	isdn->role = (struct role){ &isdn_role_ops, loop };
	take_conf(isdn, conf);
	channel_init(&isdn->channels, &isdn->conf);
	add_spans(isdn);
	isdn->n_legs = ISDN_LEGS + ISDN_LEGS_MORE * (isdn->n_spans - 1);
	isdn->legs = calloc(isdn->n_legs, sizeof(*isdn->legs));
	if (!isdn->legs || !isdn->n_d) {
		free(isdn->legs);
		free(isdn);
		errno = ENOMEM;
		return NULL;
	}
	return &isdn->role;
}

static struct link *isdn_slot(struct role *role, enum role_id peer,
			      unsigned index, const struct link_ops **ops)
{
	struct isdn *isdn = isdn_of(role);

	(void)index;
	switch (peer) {
	case ROLE_CORE:
		*ops = &core_ops;
		return &isdn->core;
	case ROLE_MEDIA:
		*ops = &media_ops;
		return &isdn->media;
	case ROLE_CONSOLE:
		*ops = &console_ops;
		return &isdn->console;
	default:
		return NULL;
	}
}

static void greet_media(struct isdn *isdn)
{
	unsigned i;

	isdn->media_up = true;
	for (i = 0; i < isdn->n_spans; i++) {
		struct frame_line hello = {
			.span = isdn->spans[i].conf->index };

		link_send(&isdn->media, &hello.head, FRAME_HELLO,
			  sizeof(hello));
	}
	nfas_changed(isdn);
	isdn_state_changed(isdn);
}

static void isdn_link_up(struct role *role, enum role_id peer, unsigned index)
{
	struct isdn *isdn = isdn_of(role);

	(void)index;
	if (peer == ROLE_CORE) {
		/* the end of the old link may not have been seen yet */
		keep_await(isdn);
		/* the first message on a new link */
		tell_state(isdn);
	} else if (peer == ROLE_MEDIA) {
		greet_media(isdn);
	}
}

/* Frames come over the media link; there is no descriptor for us. */
static int isdn_socket(struct role *role, enum role_socket what,
		       unsigned index, int fd)
{
	(void)role;
	(void)what;
	(void)index;
	close(fd);
	return -ENOTSUP;
}

static int isdn_start(struct role *role)
{
	struct isdn *isdn = isdn_of(role);
	struct dchan_config config = dchan_config(isdn);
	unsigned i;
	int r = 0;

	for (i = 0; i < isdn->n_d && r == 0; i++) {
		isdn->d[i].since = loop_now(role->loop);
		r = dchan_open(&isdn->d[i].chan, role->loop, &config,
			       &dchan_ops);
		config.primary = isdn->d[0].chan.pri;
	}
	return r;
}

static int isdn_reload(struct role *role, const void *conf, size_t len)
{
	const struct conf_for_isdn *c = conf;
	struct isdn *isdn = isdn_of(role);
	struct dchan_config config;
	unsigned i;

	if (len != sizeof(*c) || c->n_members != isdn->conf.n_members) {
		return -EINVAL;
	}
	take_conf(isdn, conf);
	isdn->channels.hunt = channel_order(&isdn->conf.span);
	config = dchan_config(isdn);
	for (i = 0; i < isdn->n_d && isdn->d[i].chan.pri; i++) {
		dchan_configure(&isdn->d[i].chan, &config);
	}
	return 0;
}

static void isdn_drain(struct role *role)
{
	struct isdn *isdn = isdn_of(role);

	isdn->draining = true;
	isdn_state_changed(isdn);
}

static bool isdn_is_idle(const struct role *role)
{
	const struct isdn *isdn = (const struct isdn *)(const void *)role;

	return leg_count(isdn) == 0;
}

/* The far end gets DISCONNECT for each call, but no more: what follows it
 * learns from the RESTARTs of our successor. */
static void isdn_close(struct role *role)
{
	struct isdn *isdn = isdn_of(role);
	unsigned i;

	leg_clear_all(isdn, CAUSE_TEMPORARY);
	leg_drop_all(isdn, CAUSE_TEMPORARY);
	restart_stop(isdn);
	keep_stop(isdn);
	nfas_stop(isdn);
	for (i = 0; i < isdn->n_d; i++) {
		dchan_close(&isdn->d[i].chan);
	}
	for (i = 0; i < isdn->n_spans; i++) {
		timer_stop(role->loop, &isdn->spans[i].alarm);
	}
	loop_defer_cancel(role->loop, &isdn->state_defer);
	link_close(&isdn->core);
	link_close(&isdn->media);
	link_close(&isdn->console);
	free(isdn->legs);
	free(isdn);
}

const struct role_ops isdn_role_ops = {
	.id = ROLE_ISDN,
	.name = "isdn",
	.open = isdn_open,
	.slot = isdn_slot,
	.link_up = isdn_link_up,
	.socket = isdn_socket,
	.start = isdn_start,
	.reload = isdn_reload,
	.drain = isdn_drain,
	.is_idle = isdn_is_idle,
	.close = isdn_close,
};
