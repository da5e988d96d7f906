/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core role: its links, its life, and what roles tell of their ends. */
#include "gateway/call.h"
#include "gateway/nfas_verify.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define CALLS_MAX 8192

struct link *core_link(struct core *core, struct cc_end end)
{
	return end.kind == CC_END_SPAN
		       ? &core->spans[core_leader(core, end.index)].link
		       : &core->sip;
}

const char *core_end_name(const struct core *core, struct cc_end end)
{
	return end.kind == CC_END_SPAN ? core->conf->spans[end.index].name
				       : core->conf->trunks[end.index].name;
}

unsigned core_leader(const struct core *core, unsigned span)
{
	return conf_leader(core->conf->spans, span);
}

bool core_same_group(const struct core *core, unsigned a, unsigned b)
{
	return core_leader(core, a) == core_leader(core, b);
}

unsigned core_free(const struct core *core, unsigned span)
{
	unsigned n = 0;

	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		n += core_same_group(core, i, span) ? core->spans[i].free : 0;
	}
	return n;
}

static bool group_up(const struct core *core, unsigned span)
{
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (core->spans[i].up && core_same_group(core, i, span)) {
			return true;
		}
	}
	return false;
}

bool core_end_up(struct core *core, struct cc_end end)
{
	bool up = end.kind == CC_END_SPAN ? group_up(core, end.index)
					  : core->trunks[end.index].up;

	return up && link_is_up(core_link(core, end));
}

bool core_end_full(const struct core *core, struct cc_end end)
{
	if (end.kind != CC_END_SPAN) {
		return false;
	}
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (!core->spans[i].full &&
		    core_same_group(core, i, end.index)) {
			return false;
		}
	}
	return true;
}

void core_note(struct core *core, const struct call *call, const char *fmt,
	       ...)
{
	char text[250];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (call != NULL) {
		log_info("call %s: %s", call->cdr.id, text);
	} else {
		log_info("%s", text);
	}
	core_trace(core, call, text);
}

/* --- what roles send --- */

static bool is_known_end(const struct core *core, struct cc_end end)
{
	return end.index < (end.kind == CC_END_SPAN ? core->conf->n_spans
						    : core->conf->n_trunks);
}

static void on_end_state(struct core *core, const struct cc_end_state *e)
{
	bool up = e->up != 0, was;

	if (e->end.kind == CC_END_SPAN) {
		struct core_span *s = &core->spans[e->end.index];

		was = s->up;
		s->up = up;
		s->channels = e->channels;
		s->free = e->free;
		memcpy(s->text, e->text, sizeof(s->text));
	} else {
		struct core_trunk *t = &core->trunks[e->end.index];

		was = t->up;
		t->up = up;
		memcpy(t->text, e->text, sizeof(t->text));
	}
	if (up != was) {
		log_info("%s %s: %s%s%s",
			 e->end.kind == CC_END_SPAN ? "span" : "trunk",
			 core_end_name(core, e->end), up ? "up" : "down",
			 e->text[0] != '\0' ? ": " : "", e->text);
		core_tell_reach(core);
	}
}

static void on_leg_msg(struct core *core, const struct cc_msg *m,
		       struct cc_end from)
{
	struct leg *leg = leg_find(&core->legs, from, m->leg);

	if (nfas_verify_cc(core, m, from)) {
		return;
	}
	if (m->head.type == CC_SETUP && m->cause.value != 0) {
		call_refused(core, m);
	} else if (m->head.type == CC_SETUP) {
		if (leg != NULL) {
			core->drops.double_leg++;
		} else {
			call_setup(core, m);
		}
	} else if (leg != NULL) {
		call_on_msg(leg, m);
	} else {
		core->drops.unknown_leg++;
	}
}

static void on_snapshot(struct core *core, const struct cc_snapshot *s,
			struct cc_end from)
{
	struct leg *leg = leg_find(&core->legs, from, s->leg);

	if (from.kind != CC_END_TRUNK) {
		core->drops.bad_cc++;
	} else if (leg == NULL) {
		core->drops.unknown_leg++;
	} else {
		core_snapshot_keep(core, leg, s);
	}
}

/* What only the core says. */
static bool is_core_only(unsigned type)
{
	return type == CC_CLEAR || type == CC_KEEP;
}

/* from: the link it came over; its index says nothing when that is sip's. */
static void on_cc(struct core *core, const struct link_head *head, int fd,
		  struct cc_end from)
{
	const struct cc_msg *m = (const void *)head;
	const struct cc_end_state *e = (const void *)head;
	const struct cc_barred *barred = (const void *)head;
	const struct cc_servers *servers = (const void *)head;
	struct cc_end end = from;

	if (fd >= 0) {
		close(fd);
	}
	if (!cc_msg_ok(head)) {
		core->drops.bad_cc++;
		return;
	}
	if (head->type == CC_SETTLED) {
		core_on_settled(core, from);
		return;
	}
	if (head->type == CC_END_STATE) {
		end = e->end;
	} else if (head->type == CC_KEPT) {
		end = ((const struct cc_kept *)(const void *)head)->end;
	} else if (head->type == CC_BARRED) {
		end = barred->end;
	} else if (head->type == CC_SERVERS) {
		end = servers->end;
	} else if (head->type == CC_SETUP) {
		end = m->end;
	}
	if (is_core_only(head->type) || end.kind != from.kind ||
	    !is_known_end(core, end) ||
	    (from.kind == CC_END_SPAN &&
	     core_leader(core, end.index) != from.index) ||
	    (head->type == CC_SETUP && (m->leg & CC_LEG_CORE) != 0)) {
		core->drops.bad_cc++;
	} else if (head->type == CC_END_STATE) {
		on_end_state(core, e);
	} else if (head->type == CC_BARRED) {
		core->spans[end.index].barred = barred->slots;
	} else if (head->type == CC_SERVERS) {
		core_servers_keep(core, servers);
	} else if (head->type == CC_KEPT) {
		core_on_kept(core, (const void *)head, from);
	} else if (head->type == CC_SNAPSHOT) {
		on_snapshot(core, (const void *)head, from);
	} else {
		on_leg_msg(core, m, from);
	}
}

/* --- links that go --- */

bool core_is_on_link(const struct leg *leg, struct cc_end end)
{
	return leg->id != 0 && leg->end.kind == end.kind &&
	       (end.kind == CC_END_TRUNK || leg->end.index == end.index);
}

static void lose_leg(struct core *core, struct leg *leg)
{
	if (core_keep_leg(core, leg)) {
		return;
	}
	core_snapshot_lose(core, leg, call_lost_cause);
	call_on_down(leg);
}

/* Of a call's two legs one at most is on a link, for they differ in kind; a
 * third one is like one of them. */
static void lose_legs(struct core *core, struct cc_end end)
{
	pool_id id = pool_next(core->calls, 0);

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		if (core_is_on_link(&call->leg[SIDE_X], end)) {
			lose_leg(core, &call->leg[SIDE_X]);
		}
		if (core_is_on_link(&call->leg[SIDE_A], end)) {
			lose_leg(core, &call->leg[SIDE_A]);
		} else if (core_is_on_link(&call->leg[SIDE_B], end)) {
			lose_leg(core, &call->leg[SIDE_B]);
		}
	}
}

static void lose_span(struct core_span *lost)
{
	struct core *core = lost->core;
	struct cc_end end = {CC_END_SPAN, (uint8_t)(lost - core->spans)};

	nfas_verify_stop(core, "an isdn role is gone");
	core_reach_forget(core, end.index);
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		struct core_span *s = &core->spans[i];

		if (core_same_group(core, i, end.index)) {
			s->up = false;
			s->free = 0;
			str_copy(s->text, sizeof(s->text),
				 "isdn role is down");
		}
	}
	lose_legs(core, end);
	core_tell_reach(core);
}

static void lose_sip(struct core *core)
{
	for (unsigned i = 0; i < core->conf->n_trunks; i++) {
		core->trunks[i].up = core->trunks[i].unserved = false;
		str_copy(core->trunks[i].text, sizeof(core->trunks[i].text),
			 "sip role is down");
	}
	lose_legs(core, (struct cc_end){CC_END_TRUNK, 0});
}

static void lose_media(struct core *core)
{
	pool_id id = pool_next(core->calls, 0);

	nfas_verify_stop(core, "the media role is gone");
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		core->spans[i].line_up = core->spans[i].full = false;
	}
	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		if (call->media.state != CM_NONE && !call->media.waits) {
			call_on_media_down(call);
		}
	}
}

static void isdn_on_msg(struct link *l, const struct link_head *head, int fd)
{
	struct core_span *s = container_of(l, struct core_span, link);
	uint8_t index = (uint8_t)(s - s->core->spans);

	on_cc(s->core, head, fd, (struct cc_end){CC_END_SPAN, index});
}

static void isdn_on_down(struct link *l)
{
	struct core_span *s = container_of(l, struct core_span, link);

	log_warn("span %s: isdn role is gone",
		 s->core->conf->spans[s - s->core->spans].name);
	lose_span(s);
}

static void sip_on_msg(struct link *l, const struct link_head *head, int fd)
{
	on_cc(container_of(l, struct core, sip), head, fd,
	      (struct cc_end){CC_END_TRUNK, 0});
}

static void sip_on_down(struct link *l)
{
	log_warn("sip role is gone");
	lose_sip(container_of(l, struct core, sip));
}

static void media_on_msg(struct link *l, const struct link_head *head, int fd)
{
	if (fd >= 0) {
		close(fd);
	}
	core_on_media(container_of(l, struct core, media), head);
}

static void media_on_down(struct link *l)
{
	log_warn("media role is gone");
	lose_media(container_of(l, struct core, media));
}

static void console_on_msg(struct link *l, const struct link_head *head,
			   int fd)
{
	if (fd >= 0) {
		close(fd);
	}
	core_on_obs(container_of(l, struct core, console), head);
}

static void console_on_down(struct link *l)
{
	container_of(l, struct core, console)->tracing = false;
}

static const struct link_ops isdn_ops = {isdn_on_msg, isdn_on_down};
static const struct link_ops sip_ops = {sip_on_msg, sip_on_down};
static const struct link_ops media_ops = {media_on_msg, media_on_down};
static const struct link_ops console_ops = {console_on_msg, console_on_down};

/* --- the role --- */

static bool conf_ok(const struct conf *c)
{
	if (c->n_spans > CONF_SPANS || c->n_trunks > CONF_TRUNKS ||
	    c->n_routes > CONF_ROUTES || c->n_emergency > CONF_EMERGENCY) {
		return false;
	}
	for (unsigned i = 0; i < c->n_routes; i++) {
		const struct conf_route *r = &c->routes[i];

		if (r->n_match > CONF_PATTERNS || r->n_allow > CONF_PATTERNS ||
		    r->from >= (r->from_end == CONF_END_SPAN ? c->n_spans
							     : c->n_trunks) ||
		    r->to >= (r->to_end == CONF_END_SPAN ? c->n_spans
							 : c->n_trunks)) {
			return false;
		}
	}
	return true;
}

static const struct conf *conf_of(const void *data, size_t len)
{
	const struct conf_for_core *part = data;

	return len == sizeof(*part) && conf_ok(&part->conf) ? &part->conf
							    : NULL;
}

/* Both directions of each B channel, and what is being refused. */
static unsigned calls_wanted(const struct conf *conf)
{
	unsigned spans = conf_room(conf->n_spans, conf->gateway.spare_spans);
	unsigned n = spans * 2u * 31u + 128u;

	return n > CALLS_MAX ? CALLS_MAX : n;
}

static int open_parts(struct core *core, const struct conf *conf)
{
	core->conf = malloc(sizeof(*core->conf));
	core->spans = calloc(CONF_SPANS, sizeof(*core->spans));
	core->calls = pool_new(sizeof(struct call), calls_wanted(conf));
	if (core->conf == NULL || core->spans == NULL ||
	    core->calls == NULL ||
	    core_lost_open(core, calls_wanted(conf)) != 0) {
		return -ENOMEM;
	}
	memcpy(core->conf, conf, sizeof(*conf));
	for (unsigned i = 0; i < CONF_SPANS; i++) {
		core->spans[i].core = core;
	}
	if (getrandom(&core->id_seed, sizeof(core->id_seed), 0) !=
	    sizeof(core->id_seed)) {
		return -EIO;
	}
	/* Roles may still be clearing legs of an earlier life of the core. */
	core->last_leg = (leg_id)(core->id_seed >> 32);
	return 0;
}

static void core_close(struct role *r)
{
	struct core *core = core_of(r);
	pool_id id = core->calls != NULL ? pool_next(core->calls, 0) : 0;

	while (id != 0) {
		struct call *call = call_get(core, id);

		id = pool_next(core->calls, id);
		call_abandon(call);
	}
	nfas_verify_free(core);
	for (unsigned i = 0; core->conf != NULL && core->spans != NULL &&
			     i < core->conf->n_spans; i++) {
		core_reach_forget(core, i);
		link_close(&core->spans[i].link);
	}
	link_close(&core->sip);
	link_close(&core->media);
	link_close(&core->console);
	cdr_log_close(&core->cdr);
	journal_close(&core->journal);
	core_lost_close(core);
	core_servers_close(core);
	timer_stop(core->role.loop, &core->lost.guard);
	if (core->state_dir >= 0) {
		close(core->state_dir);
	}
	if (core->calls != NULL) {
		pool_destroy(core->calls);
	}
	free(core->spans);
	free(core->conf);
	free(core);
}

static void on_safe(void *owner, int slot)
{
	struct core *core = owner;

	journal_drop(&core->journal, slot);
}

static struct role *core_open(struct loop *loop, const void *data, size_t len)
{
	const struct conf *conf = conf_of(data, len);
	struct core *core;
	int err;

	if (conf == NULL) {
		errno = EINVAL;
		return NULL;
	}
	core = calloc(1, sizeof(*core));
	if (core == NULL) {
		return NULL;
	}
	core->role.ops = &core_role_ops;
	core->role.loop = loop;
	core->state_dir = -1;
	cdr_log_init(&core->cdr, loop, NULL);
	core->cdr.on_safe = on_safe;
	core->cdr.owner = core;
	str_copy(core->cdr.node, CONF_NAME, conf->gateway.node);
	err = open_parts(core, conf);
	if (err != 0) {
		core_close(&core->role);
		errno = -err;
		return NULL;
	}
	return &core->role;
}

static struct link *core_slot(struct role *r, enum role_id peer,
			      unsigned index, const struct link_ops **ops)
{
	struct core *core = core_of(r);

	if (peer == ROLE_ISDN && index < core->conf->n_spans) {
		*ops = &isdn_ops;
		return &core->spans[index].link;
	}
	if (index != 0) {
		return NULL;
	}
	switch (peer) {
	case ROLE_SIP:
		*ops = &sip_ops;
		return &core->sip;
	case ROLE_MEDIA:
		*ops = &media_ops;
		return &core->media;
	case ROLE_CONSOLE:
		*ops = &console_ops;
		return &core->console;
	default:
		return NULL;
	}
}

/* Before start the journal has not been read: who is up is met then. */
static void meet(struct core *core, enum role_id peer, unsigned index)
{
	if (!core->started) {
		return;
	}
	switch (peer) {
	case ROLE_ISDN:
		core_keep_isdn(core, index);
		core_tell_reach(core);
		break;
	case ROLE_SIP:
		core_servers_tell(core);
		core_keep_sip(core);
		core_lost_clear(core);
		core_tell_reach(core);
		break;
	case ROLE_MEDIA:
		core_keep_media(core);
		break;
	default:
		break;
	}
}

static void meet_all(struct core *core)
{
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (link_is_up(&core->spans[i].link)) {
			meet(core, ROLE_ISDN, i);
		}
	}
	if (link_is_up(&core->sip)) {
		meet(core, ROLE_SIP, 0);
	}
	if (link_is_up(&core->media)) {
		meet(core, ROLE_MEDIA, 0);
	}
}

/* A new link: whatever the old one carried is gone, even if nobody said so. */
static void core_link_up(struct role *r, enum role_id peer, unsigned index)
{
	struct core *core = core_of(r);

	switch (peer) {
	case ROLE_ISDN:
		lose_span(&core->spans[index]);
		break;
	case ROLE_SIP:
		lose_sip(core);
		break;
	case ROLE_MEDIA:
		lose_media(core);
		break;
	default:
		core->tracing = false;
		break;
	}
	meet(core, peer, index);
}

static int core_socket(struct role *r, enum role_socket what, unsigned index,
		       int fd)
{
	struct core *core = core_of(r);
	int copy;

	if (index == 0 && what == ROLE_SOCK_CDR_DIR) {
		return cdr_log_set_dir(&core->cdr, fd);
	}
	if (index != 0 || what != ROLE_SOCK_STATE_DIR) {
		close(fd);
		return -EINVAL;
	}
	copy = dup(fd);
	if (core->state_dir >= 0) {
		close(core->state_dir);
	}
	core->state_dir = fd;
	return copy < 0 ? -errno : cdr_log_set_state_dir(&core->cdr, copy);
}

static int core_start(struct role *r)
{
	struct core *core = core_of(r);
	unsigned slots = 2 * pool_size(core->calls);
	int err = -ENOTDIR;

	if (core->state_dir >= 0) {
		err = journal_open(&core->journal, core->state_dir,
				   CALL_RECORD_VERSION,
				   sizeof(struct call_record), slots);
	}
	if (err != 0) {
		log_warn("core: no journal of calls: %s", strerror(-err));
	}
	if (core->cdr.dir_fd < 0) {
		log_warn("core: no directory for CDRs: they wait in memory");
		core->cdr.failing = true;
	}
	core_recover(core);
	core->started = true;
	meet_all(core);
	return 0;
}

static void keep_trunks(struct core *core, const struct conf *now)
{
	struct core_trunk old[CONF_TRUNKS];

	memcpy(old, core->trunks, sizeof(old));
	for (unsigned i = 0; i < now->n_trunks; i++) {
		core->trunks[i].up = false;
		for (unsigned k = 0; k < core->conf->n_trunks; k++) {
			if (strcmp(core->conf->trunks[k].name,
				   now->trunks[i].name) == 0) {
				core->trunks[i].up = old[k].up;
				memcpy(core->trunks[i].text, old[k].text,
				       sizeof(old[k].text));
			}
		}
	}
}

/* New ones come, and the place of one that is gone may be another's. */
static bool spans_stay(const struct conf *was, const struct conf *now)
{
	for (unsigned i = 0; i < was->n_spans; i++) {
		if (i >= now->n_spans ||
		    (!was->spans[i].gone && strcmp(was->spans[i].name,
						   now->spans[i].name) != 0)) {
			return false;
		}
	}
	return true;
}

/* Calls go on: what they need of the old routes they have. */
static int core_reload(struct role *r, const void *data, size_t len)
{
	struct core *core = core_of(r);
	const struct conf *conf = conf_of(data, len);

	if (conf == NULL || !spans_stay(core->conf, conf)) {
		return -EINVAL;
	}
	keep_trunks(core, conf);
	memcpy(core->conf, conf, sizeof(*conf));
	for (unsigned i = 0; i < conf->n_spans; i++) {
		core->spans[i].barred &= conf->spans[i].gone ? 0 : UINT32_MAX;
	}
	core->epoch++;
	core_tell_reach(core);
	return 0;
}

static void core_drain(struct role *r)
{
	core_of(r)->draining = true;
}

static bool core_is_idle(const struct role *r)
{
	const struct core *core = container_of(r, const struct core, role);

	return pool_used(core->calls) == 0 &&
	       (core->cdr.queued == 0 || core->cdr.failing);
}

const struct role_ops core_role_ops = {
	.id = ROLE_CORE,
	.name = "core",
	.open = core_open,
	.slot = core_slot,
	.link_up = core_link_up,
	.socket = core_socket,
	.start = core_start,
	.reload = core_reload,
	.drain = core_drain,
	.is_idle = core_is_idle,
	.close = core_close,
};
