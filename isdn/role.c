/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The isdn role: opening and closing, its three links, and what is true of
 * the span as a whole.
 */
#include <errno.h>
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
	return isdn->conf.span.name;
}

bool isdn_network(const struct isdn *isdn)
{
	return isdn->conf.span.isdn.side == CONF_SIDE_NETWORK;
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
	return isdn->media_up && isdn->line.up && isdn->layer2.settled;
}

const char *isdn_state_text(const struct isdn *isdn)
{
	if (!isdn->media_up) {
		return "no line: media role is down";
	}
	if (!isdn->line.up) {
		return "line down";
	}
	if (isdn->layer2.same_side) {
		return isdn_network(isdn) ? "both ends are the network side"
					  : "both ends are the user side";
	}
	if (!isdn->layer2.settled) {
		return isdn->layer2.up ? "layer 2 starting" : "layer 2 down";
	}
	return isdn->draining ? "draining" : "in service";
}

/* --- END_STATE: what the core needs to know before it sends a call --- */

static void tell_state(struct isdn *isdn)
{
	struct cc_end_state s = { .end = { CC_END_SPAN, 0 } };

	s.end.index = (uint8_t)isdn->conf.index;
	s.up = isdn_is_up(isdn) && !isdn->draining;
	s.free = (uint8_t)channel_count(&isdn->channels, CHANNEL_IDLE);
	s.channels = (uint8_t)(s.free + channel_count(&isdn->channels,
						      CHANNEL_BUSY));
	str_copy(s.text, sizeof(s.text), isdn_state_text(isdn));
	if (memcmp(&s.end, &isdn->told.end, sizeof(s) - sizeof(s.head)) == 0 ||
	    !link_is_up(&isdn->core)) {
		return;
	}
	isdn->told = s;
	link_send(&isdn->core, &s.head, CC_END_STATE, sizeof(s));
}

static void on_state_defer(struct defer *defer)
{
	tell_state(container_of(defer, struct isdn, state_defer));
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
	if (!cc_msg_ok(head) || head->type >= CC_END_STATE) {
		isdn->stats.bad_messages++;
		return;
	}
	order_handle(isdn, (const struct cc_msg *)(const void *)head);
	dchan_settle(&isdn->d);
}

/* Nobody is left who knows the calls. */
static void lose_core(struct isdn *isdn)
{
	unsigned i;

	for (i = 0; i < ISDN_LEGS; i++) {
		isdn->legs[i].s.orphan = 1;
	}
	leg_clear_all(isdn, CAUSE_TEMPORARY);
	memset(&isdn->told, 0, sizeof(isdn->told));
	dchan_settle(&isdn->d);
}

static void core_on_down(struct link *link)
{
	struct isdn *isdn = container_of(link, struct isdn, core);

	log_warn("%s: core is gone, clearing all calls", isdn_name(isdn));
	lose_core(isdn);
}

static const struct link_ops core_ops = { core_on_msg, core_on_down };

/* --- the media link: frames and the state of the line --- */

static void line_is_lost(struct isdn *isdn)
{
	timer_stop(isdn_loop(isdn), &isdn->alarm);
	if (!leg_count(isdn)) {
		return;
	}
	log_warn("%s: line down too long, clearing all calls",
		 isdn_name(isdn));
	leg_drop_all(isdn, CAUSE_OUT_OF_ORDER);
	dchan_settle(&isdn->d);
}

static void on_alarm(struct timer *t)
{
	line_is_lost(container_of(t, struct isdn, alarm));
}

static void set_line(struct isdn *isdn, bool up, enum frame_calls calls)
{
	struct loop *loop = isdn_loop(isdn);

	if (up != (bool)isdn->line.up) {
		log_info("%s: line %s", isdn_name(isdn), up ? "up" : "down");
	}
	isdn->line.up = up;
	if (up || calls == FRAME_CALLS_KEEP) {
		timer_stop(loop, &isdn->alarm);
	} else if (calls == FRAME_CALLS_RELEASE) {
		line_is_lost(isdn);
	} else if (!timer_is_running(&isdn->alarm)) {
		timer_start(loop, &isdn->alarm, on_alarm,
			    isdn->conf.span.alarm_hold_ms);
	}
	isdn_state_changed(isdn);
}

static void media_on_data(struct isdn *isdn, const struct link_head *head)
{
	const struct frame_data *f =
		(const struct frame_data *)(const void *)head;

	if (head->len < FRAME_DATA_LEN(0) || f->len > FRAME_MAX ||
	    head->len != FRAME_DATA_LEN(f->len) ||
	    f->span != isdn->conf.index) {
		isdn->stats.bad_messages++;
		return;
	}
	dchan_receive(&isdn->d, f->octets, f->len);
}

static void media_on_line(struct isdn *isdn, const struct link_head *head)
{
	const struct frame_line *l =
		(const struct frame_line *)(const void *)head;
	uint8_t was = isdn->line.up;

	if (head->len != sizeof(*l) || l->span != isdn->conf.index ||
	    l->calls > FRAME_CALLS_RELEASE) {
		isdn->stats.bad_messages++;
		return;
	}
	isdn->line = *l;
	isdn->line.up = was;
	set_line(isdn, l->up, l->calls);
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
	set_line(isdn, false, FRAME_CALLS_HOLD);
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

static struct isdn *isdn_of_dchan(struct dchan *d)
{
	return container_of(d, struct isdn, d);
}

static void dchan_on_send(struct dchan *d, uint8_t *frame, size_t len)
{
	struct isdn *isdn = isdn_of_dchan(d);
	struct frame_data f = { .span = isdn->conf.index };
	uint8_t other[FRAME_MAX];
	const uint8_t *sent;

	sent = patch_frame(isdn, frame, &len, other);
	status_trace(isdn, true, sent, len, NULL);
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

static void dchan_on_seen(struct dchan *d, const uint8_t *frame, size_t len,
			  const struct gate_result *r)
{
	struct isdn *isdn = isdn_of_dchan(d);

	status_trace(isdn, false, frame, len, r);
	if (r->action == GATE_DROP) {
		return;
	}
	/* I, RR, RNR or REJ: not sent while a link is being established */
	if ((frame[2] & 3) != 3) {
		event_peer_is_up(isdn);
	} else if ((frame[2] & 0xef) == 0x6f) { /* SABME */
		event_peer_reset(isdn);
	}
}

static void dchan_on_event(struct dchan *d, const pri_event *e,
			   const struct ie_msg *raw)
{
	event_handle(isdn_of_dchan(d), e, raw);
}

static bool dchan_is_known(const struct dchan *d, uint16_t cref, bool ours)
{
	struct isdn *isdn = container_of(d, struct isdn, d);

	return leg_by_cref(isdn, cref, ours) != NULL;
}

static const struct dchan_ops dchan_ops = {
	.send = dchan_on_send,
	.seen = dchan_on_seen,
	.event = dchan_on_event,
	.is_known = dchan_is_known,
};

static struct dchan_config dchan_config(const struct isdn *isdn)
{
	const struct conf_isdn *c = &isdn->conf.span.isdn;

	return (struct dchan_config){
		.network = isdn_network(isdn),
		.t200_ms = c->t200_ms,
		.t203_ms = c->t203_ms,
		.t309_ms = c->t309_s * 1000u,
		.first_cref = (uint16_t)(loop_wall_ms(isdn->role.loop) / 1000 %
					 16384),
	};
}

/* --- struct role_ops --- */

static struct role *isdn_open(struct loop *loop, const void *conf, size_t len)
{
	struct isdn *isdn;

	if (len != sizeof(isdn->conf)) {
		errno = EINVAL;
		return NULL;
	}
	isdn = calloc(1, sizeof(*isdn));
	if (!isdn) {
		return NULL;
	}
	isdn->role = (struct role){ &isdn_role_ops, loop };
	memcpy(&isdn->conf, conf, len);
	channel_init(&isdn->channels, &isdn->conf.span);
	isdn->layer2.since = loop_now(loop);
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

static void isdn_link_up(struct role *role, enum role_id peer, unsigned index)
{
	struct isdn *isdn = isdn_of(role);
	struct frame_line hello = { .span = isdn->conf.index };

	(void)index;
	if (peer == ROLE_CORE) {
		/* the end of the old link may not have been seen yet */
		lose_core(isdn);
		/* the first message on a new link */
		tell_state(isdn);
	} else if (peer == ROLE_MEDIA) {
		isdn->media_up = true;
		link_send(&isdn->media, &hello.head, FRAME_HELLO,
			  sizeof(hello));
		isdn_state_changed(isdn);
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

	isdn->layer2.since = loop_now(role->loop);
	return dchan_open(&isdn->d, role->loop, &config, &dchan_ops);
}

static int isdn_reload(struct role *role, const void *conf, size_t len)
{
	struct isdn *isdn = isdn_of(role);
	struct dchan_config config;

	if (len != sizeof(isdn->conf)) {
		return -EINVAL;
	}
	memcpy(&isdn->conf, conf, len);
	isdn->channels.hunt = channel_order(&isdn->conf.span);
	config = dchan_config(isdn);
	if (isdn->d.pri) {
		dchan_configure(&isdn->d, &config);
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

	leg_clear_all(isdn, CAUSE_TEMPORARY);
	leg_drop_all(isdn, CAUSE_TEMPORARY);
	restart_stop(isdn);
	dchan_close(&isdn->d);
	timer_stop(role->loop, &isdn->alarm);
	timer_stop(role->loop, &isdn->layer2.settle);
	timer_stop(role->loop, &isdn->layer2.audit);
	loop_defer_cancel(role->loop, &isdn->state_defer);
	link_close(&isdn->core);
	link_close(&isdn->media);
	link_close(&isdn->console);
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
