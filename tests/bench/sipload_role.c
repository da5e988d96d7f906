/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes under load. */
#include "tests/bench/sipload_priv.h"

#include "conf/conf.h"
#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/cc.h"
#include "media/media.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SPANS	  4
#define SLOTS	  32
#define ALERT_MS  210
#define ANSWER_MS 10

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

/* One processor, no longer life than the bench's, no word. */
static struct loop *begin(const struct sipload_ends *e)
{
	cpu_set_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_set_sink(quiet);
	if (e->cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET((unsigned)e->cpu, &set);
		(void)sched_setaffinity(0, sizeof(set), &set);
	}
	return loop_new_uv();
}

static void on_down(struct link *l)
{
	(void)l;
}

static const struct cc_media media_of_line = {
	.valid = 1, .codec = CC_PCMA,
	.rtp = {.family = 4, .port = 40000, .ip = {127, 0, 0, 1}}};

/* --- a core that is none --- */

struct call {
	struct timer timer;
	leg_id leg;
	bool rings;
};

static enum sipload_core mode;
static struct loop *loop;
static struct link core;

static void say(struct link *l, leg_id leg, struct cc_end end, unsigned type)
{
	struct cc_msg m = {.leg = leg, .end = end};

	if (type == CC_ANSWER || type == CC_ALERTING) {
		m.media = media_of_line;
	}
	link_send(l, &m.head, (uint16_t)type, sizeof(m));
}

static void on_time(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);
	struct cc_end trunk = {CC_END_TRUNK, 0};

	if (!c->rings) {
		say(&core, c->leg, trunk, CC_ALERTING);
		c->rings = true;
		timer_start(loop, t, on_time, ANSWER_MS);
	} else {
		say(&core, c->leg, trunk, CC_ANSWER);
		free(c);
	}
}

static void on_setup(const struct cc_msg *m)
{
	struct cc_end trunk = {CC_END_TRUNK, 0};
	struct call *c;

	if (mode == SIPLOAD_AT_ONCE) {
		say(&core, m->leg, trunk, CC_ANSWER);
	} else if (!strncmp(m->called.digits, "4900", 4)) {
		say(&core, m->leg, trunk, CC_ALERTING);
	} else if ((c = calloc(1, sizeof(*c))) != NULL) {
		c->leg = m->leg;
		timer_start(loop, &c->timer, on_time, ALERT_MS);
	}
}

static void core_on_msg(struct link *l, const struct link_head *head, int fd)
{
	const struct cc_msg *m = (const void *)head;

	(void)l;
	(void)fd;
	if (head->type == CC_SETUP && !m->cause.value) {
		on_setup(m);
	}
}

static const struct link_ops stand_in_ops = {core_on_msg, on_down};

/* There are no calls of an earlier role. */
static void stand_in(struct link *slot, const struct link_ops *ops)
{
	struct link_head settled;

	link_open_mem(slot, ops, &core, &stand_in_ops, loop);
	link_send(&core, &settled, CC_SETTLED, sizeof(settled));
}

static void conf_trunk_of(struct conf_trunk *t, const struct net_addr *peer)
{
	strcpy(t->name, "load");
	net_str(peer, t->servers[0]);
	t->n_servers = 1;
	t->n_codecs = 1;
	t->codecs[0] = CC_PCMA;
	t->ptime_ms = 20;
}

void sipload_serve(enum sipload_core which, const struct sipload_ends *e,
		   int core_fd)
{
	static struct conf_for_sip conf;
	const struct link_ops *ops;
	struct link_head settled;
	struct link *slot;
	struct role *role;

	mode = which;
	loop = begin(e);
	conf.sip.bind = e->us;
	conf.sip.t1_ms = 500;
	conf.sip.ring_s = 60;
	conf.n_trunks = 1;
	conf_trunk_of(&conf.trunks[0], &e->peer);
	role = loop ? sip_role_ops.open(loop, &conf, sizeof(conf)) : NULL;
	if (!role) {
		_exit(1);
	}
	slot = sip_role_ops.slot(role, ROLE_CORE, 0, &ops);
	if (core_fd >= 0) {
		link_open_fd(slot, loop, core_fd, ops);
	} else {
		stand_in(slot, ops);
	}
	sip_role_ops.link_up(role, ROLE_CORE, 0);
	if (core_fd < 0) { /* nothing of an earlier process; a core says so */
		link_send(&core, &settled, CC_SETTLED, sizeof(settled));
	}
	for (unsigned i = 0; i < 2 && e->us_fd[i] >= 0; i++) {
		sip_role_ops.socket(role, ROLE_SOCK_SIP, 0, e->us_fd[i]);
	}
	sip_role_ops.start(role);
	loop_run(loop);
	_exit(0);
}

/* --- a core that is one, its lines and media that are none --- */

static struct link span[SPANS], media;
static leg_id slots[SPANS][SLOTS];
static uint32_t last_media, media_ref[1 << 16];

static void release(struct link *l, const struct cc_msg *m, unsigned cause)
{
	struct cc_msg out = {.leg = m->leg,
			     .end = {CC_END_SPAN, (uint8_t)(l - span)},
			     .cause = {(uint8_t)cause, CC_LOC_USER}};

	for (unsigned i = 1; i < SLOTS; i++) {
		if (slots[l - span][i] == m->leg) {
			slots[l - span][i] = 0;
		}
	}
	link_send(l, &out.head, CC_RELEASED, sizeof(out));
}

static void take_call(struct link *l, const struct cc_msg *m)
{
	struct cc_msg out = {.leg = m->leg,
			     .end = {CC_END_SPAN, (uint8_t)(l - span)}};
	unsigned i = 1;

	while (i < SLOTS && (i == 16 || slots[l - span][i])) {
		i++;
	}
	if (i == SLOTS) {
		release(l, m, CAUSE_NO_CHANNEL);
		return;
	}
	slots[l - span][i] = m->leg;
	out.channel = (uint8_t)i;
	link_send(l, &out.head, CC_PROCEEDING, sizeof(out));
	say(l, m->leg, out.end, CC_ALERTING);
	say(l, m->leg, out.end, CC_ANSWER);
}

static void span_on_msg(struct link *l, const struct link_head *head, int fd)
{
	const struct cc_msg *m = (const void *)head;

	(void)fd;
	if (head->type == CC_SETUP && !m->cause.value) {
		take_call(l, m);
	} else if (head->type == CC_RELEASE) {
		release(l, m, CAUSE_NORMAL);
	} else if (head->type == CC_SETTLED) {
		struct link_head settled;

		link_send(l, &settled, CC_SETTLED, sizeof(settled));
	}
}

static void media_on_msg(struct link *l, const struct link_head *head, int fd)
{
	(void)fd;
	if (head->type == MEDIA_OPEN) {
		struct media_opened o = {
			.ref = ((const struct media_open *)(const void *)head)->ref,
			.id = ++last_media, .rtp = media_of_line.rtp};

		media_ref[o.id & 0xffff] = o.ref;
		link_send(l, &o.head, MEDIA_OPENED, sizeof(o));
	} else if (head->type == MEDIA_CLOSE) {
		struct media_closed c = {
			.id = ((const struct media_close *)(const void *)head)->id};

		c.ref = media_ref[c.id & 0xffff];
		link_send(l, &c.head, MEDIA_CLOSED, sizeof(c));
	}
}

static const struct link_ops span_ops = {span_on_msg, on_down};
static const struct link_ops media_ops = {media_on_msg, on_down};

static void join(struct role *role, enum role_id peer, unsigned index,
		 struct link *l, const struct link_ops *ops)
{
	const struct link_ops *core_ops;
	struct link *slot = core_role_ops.slot(role, peer, index, &core_ops);

	link_open_mem(slot, core_ops, l, ops, loop);
	core_role_ops.link_up(role, peer, index);
}

static struct conf_for_core *conf_of_core(const struct net_addr *peer)
{
	struct conf_for_core *c = calloc(1, sizeof(*c));

	for (unsigned i = 0; c && i < SPANS; i++) {
		struct conf_span *s = &c->conf.spans[i];
		struct conf_route *r = &c->conf.routes[i];

		snprintf(s->name, sizeof(s->name), "line%u", i);
		s->line.d_slot = 16;
		s->line.first_slot = 1;
		s->line.last_slot = 31;
		s->isdn.t301_s = 180;
		s->isdn.t310_s = 30;
		strcpy(s->country_code, "49");
		strcpy(s->area_code, "711");
		r->from_end = CONF_END_TRUNK;
		r->to_end = CONF_END_SPAN;
		r->to = (uint8_t)i;
		r->n_allow = 1;
		strcpy(r->allow[0], "+49*");
	}
	if (c) {
		strcpy(c->conf.gateway.node, "bench");
		c->conf.n_spans = c->conf.n_routes = SPANS;
		c->conf.n_trunks = 1;
		c->conf.sip.ring_s = 60;
		conf_trunk_of(&c->conf.trunks[0], peer);
	}
	return c;
}

static void up(unsigned i)
{
	struct cc_end_state e = {.end = {CC_END_SPAN, (uint8_t)i}, .up = 1,
				 .channels = 30, .free = 30};

	link_send(&span[i], &e.head, CC_END_STATE, sizeof(e));
}

/* Its files are gone with the directory that no name leads to. */
static int directory(void)
{
	char name[] = "/tmp/b_sipload.XXXXXX";
	int fd;

	if (!mkdtemp(name)) {
		return -1;
	}
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	prctl(PR_SET_NAME, "b_sipload core");
	return fd;
}

void sipload_serve_core(const struct sipload_ends *e, int sip_fd)
{
	struct conf_for_core *conf = conf_of_core(&e->peer);
	const struct link_ops *ops;
	struct role *role;
	struct link *slot;
	int dir = directory();

	loop = begin(e);
	role = loop && conf && dir >= 0
		       ? core_role_ops.open(loop, conf, sizeof(*conf))
		       : NULL;
	if (!role) {
		_exit(1);
	}
	core_role_ops.socket(role, ROLE_SOCK_CDR_DIR, 0, dup(dir));
	core_role_ops.socket(role, ROLE_SOCK_STATE_DIR, 0, dup(dir));
	core_role_ops.start(role);
	slot = core_role_ops.slot(role, ROLE_SIP, 0, &ops);
	link_open_fd(slot, loop, sip_fd, ops);
	core_role_ops.link_up(role, ROLE_SIP, 0);
	join(role, ROLE_MEDIA, 0, &media, &media_ops);
	for (unsigned i = 0; i < SPANS; i++) {
		join(role, ROLE_ISDN, i, &span[i], &span_ops);
		up(i);
	}
	loop_run(loop);
	_exit(0);
}
