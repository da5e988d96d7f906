/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/peer_media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "gateway/base/frame.h"
#include "tests/sim/sim.h"

#define SLOTS 32

struct user {
	uint32_t ref;
	uint16_t span;
	uint8_t slot; /* 0 = not connected */
	bool orphan;  /* of a core that is gone */
	struct media_modify modify;
};

struct fake_isdn {
	struct link link;
	struct fake_media *media;
	unsigned span;
	bool up;
};

struct fake_media {
	struct role role;
	struct link core;
	struct fake_isdn isdn[CONF_SPANS];
	struct conf_media conf;
	struct conf_span spans[CONF_SPANS];
	unsigned n_spans;
	struct pool *users;
	media_id on_slot[CONF_SPANS][SLOTS];
	struct fake_media_stats stats;
};

void (*fake_media_on_digit)(unsigned span, unsigned slot, char digit);

static struct fake_media *of_role(struct role *role)
{
	return container_of(role, struct fake_media, role);
}

/* --- the core --- */

static void disconnect(struct fake_media *m, struct user *u, media_id id)
{
	if (u->slot != 0 && m->on_slot[u->span][u->slot] == id) {
		m->on_slot[u->span][u->slot] = 0;
		m->stats.connected--;
	}
	u->slot = 0;
}

static void on_open(struct fake_media *m, const struct link_head *h)
{
	const struct media_open *o = (const void *)h;
	struct media_opened out = {.ref = o->ref};
	struct user *u = pool_alloc(m->users, &out.id);

	if (u != NULL) {
		u->ref = o->ref;
		out.rtp = m->conf.rtp;
		out.rtp.port = (uint16_t)(m->conf.port_min +
					  2 * (out.id & 0xff));
		m->stats.opened++;
	} else {
		m->stats.refused++;
	}
	link_send(&m->core, &out.head, MEDIA_OPENED, sizeof(out));
}

static void on_connect(struct fake_media *m, const struct link_head *h)
{
	const struct media_connect *c = (const void *)h;
	struct user *u = pool_get(m->users, c->id);

	if (u == NULL || c->span >= m->n_spans || c->slot >= SLOTS) {
		m->stats.stale++;
		return;
	}
	disconnect(m, u, c->id);
	if (c->slot == 0) {
		return;
	}
	if (m->on_slot[c->span][c->slot] != 0) {
		m->stats.clashes++;
		return;
	}
	u->span = c->span;
	u->slot = c->slot;
	m->on_slot[c->span][c->slot] = c->id;
	m->stats.connected++;
}

static void on_modify(struct fake_media *m, const struct link_head *h)
{
	const struct media_modify *c = (const void *)h;
	struct user *u = pool_get(m->users, c->id);

	if (u != NULL) {
		u->modify = *c;
	} else {
		m->stats.stale++;
	}
}

static void on_tone(struct fake_media *m, const struct link_head *h)
{
	const struct media_tone *c = (const void *)h;

	m->stats.stale += pool_get(m->users, c->id) == NULL;
}

static void on_dtmf(struct fake_media *m, const struct link_head *h)
{
	const struct media_dtmf *c = (const void *)h;

	const struct user *u = pool_get(m->users, c->id);

	if (u == NULL) {
		m->stats.stale++;
		return;
	}
	m->stats.digits++;
	if (!c->to_rtp && u->slot != 0 && fake_media_on_digit != NULL) {
		fake_media_on_digit(u->span, u->slot, (char)c->digit);
	}
}

static void on_close(struct fake_media *m, const struct link_head *h)
{
	const struct media_close *c = (const void *)h;
	struct user *u = pool_get(m->users, c->id);
	struct media_closed out = {.id = c->id};

	if (u == NULL) {
		m->stats.stale++;
		return;
	}
	out.ref = u->ref;
	out.figures.erl_cdb = out.figures.erle_cdb = INT16_MIN;
	disconnect(m, u, c->id);
	pool_free(m->users, c->id);
	link_send(&m->core, &out.head, MEDIA_CLOSED, sizeof(out));
}

static void on_claim(struct fake_media *m, const struct link_head *h)
{
	const struct media_claim *c = (const void *)h;
	struct media_opened out = {.ref = c->ref};
	struct user *u = pool_get(m->users, c->id);

	if (u != NULL && u->orphan) {
		u->orphan = false;
		u->ref = c->ref;
		out.id = c->id;
		out.rtp = m->conf.rtp;
		out.rtp.port = (uint16_t)(m->conf.port_min +
					  2 * (out.id & 0xff));
	}
	link_send(&m->core, &out.head, MEDIA_OPENED, sizeof(out));
}

static void on_settled(struct fake_media *m, const struct link_head *h)
{
	pool_id id = pool_next(m->users, 0);

	(void)h;
	while (id != 0) {
		struct user *u = pool_get(m->users, id);
		pool_id next = pool_next(m->users, id);

		if (u->orphan) {
			disconnect(m, u, id);
			pool_free(m->users, id);
		}
		id = next;
	}
}

static void core_msg(struct link *l, const struct link_head *h, int fd)
{
	struct fake_media *m = container_of(l, struct fake_media, core);
	static const struct {
		size_t len;
		void (*fn)(struct fake_media *, const struct link_head *);
	} handlers[] = {
		[MEDIA_OPEN] = {sizeof(struct media_open), on_open},
		[MEDIA_CONNECT] = {sizeof(struct media_connect), on_connect},
		[MEDIA_MODIFY] = {sizeof(struct media_modify), on_modify},
		[MEDIA_TONE] = {sizeof(struct media_tone), on_tone},
		[MEDIA_DTMF] = {sizeof(struct media_dtmf), on_dtmf},
		[MEDIA_CLOSE] = {sizeof(struct media_close), on_close},
		[MEDIA_CLAIM] = {sizeof(struct media_claim), on_claim},
		[MEDIA_SETTLED] = {sizeof(struct link_head), on_settled},
	};

	(void)fd;
	if (h->type < MEDIA_OPEN || h->type > MEDIA_SETTLED ||
	    h->len != handlers[h->type].len) {
		m->stats.bad++;
		return;
	}
	handlers[h->type].fn(m, h);
}

static void core_down(struct link *l)
{
	struct fake_media *m = container_of(l, struct fake_media, core);
	pool_id id;

	for (id = pool_next(m->users, 0); id != 0;
	     id = pool_next(m->users, id)) {
		((struct user *)pool_get(m->users, id))->orphan = true;
	}
}

static const struct link_ops core_ops = {core_msg, core_down};

/* --- the isdn roles --- */

/* The link to the role of the span, or of its NFAS group. */
static struct link *link_of(struct fake_isdn *i)
{
	struct fake_media *m = i->media;

	return &m->isdn[conf_leader(m->spans, i->span)].link;
}

static void tell_isdn(struct fake_isdn *i)
{
	struct frame_line line = {.span = (uint16_t)i->span, .up = i->up};

	if (link_is_up(link_of(i))) {
		link_send(link_of(i), &line.head, FRAME_LINE, sizeof(line));
	}
}

static void tell_core(struct fake_isdn *i)
{
	struct media_span span = {.span = (uint16_t)i->span, .up = i->up};

	if (link_is_up(&i->media->core)) {
		link_send(&i->media->core, &span.head, MEDIA_SPAN,
			  sizeof(span));
	}
}

static void isdn_msg(struct link *l, const struct link_head *h, int fd)
{
	struct fake_isdn *i = container_of(l, struct fake_isdn, link);
	const struct frame_data *f = (const void *)h;

	(void)fd;
	if (f->span >= i->media->n_spans ||
	    conf_leader(i->media->spans, f->span) != i->span) {
		i->media->stats.bad++;
	} else if (h->type == FRAME_HELLO) {
		tell_isdn(&i->media->isdn[f->span]);
	} else if (h->type == FRAME_DATA && h->len == FRAME_DATA_LEN(f->len)) {
		if (i->media->isdn[f->span].up) {
			sim_frame_to_xch(f->span, f->octets, f->len);
		}
	} else {
		i->media->stats.bad++;
	}
}

static void isdn_down(struct link *l)
{
	(void)l;
}

static const struct link_ops isdn_ops = {isdn_msg, isdn_down};

/* --- for the tests --- */

void fake_media_hear(struct role *role, unsigned span, const uint8_t *octets,
		     size_t len)
{
	struct fake_isdn *i = &of_role(role)->isdn[span];
	struct frame_data f = {.span = (uint16_t)span, .len = (uint16_t)len};

	if (i->up && link_is_up(link_of(i)) && len <= FRAME_MAX) {
		memcpy(f.octets, octets, len);
		link_send(link_of(i), &f.head, FRAME_DATA, FRAME_DATA_LEN(len));
	}
}

const struct fake_media_stats *fake_media_stats(struct role *role)
{
	struct fake_media *m = of_role(role);

	m->stats.used = pool_used(m->users);
	return &m->stats;
}

void fake_media_line(struct role *role, unsigned span, bool up)
{
	struct fake_isdn *i = &of_role(role)->isdn[span];

	i->up = up;
	tell_isdn(i);
	tell_core(i);
}

static struct user *user_on(struct fake_media *m, unsigned span, unsigned slot)
{
	return pool_get(m->users, m->on_slot[span][slot]);
}

bool fake_media_event(struct role *role, unsigned span, unsigned slot,
		      enum media_event_kind kind, char digit)
{
	struct fake_media *m = of_role(role);
	struct user *u = user_on(m, span, slot);
	struct media_event e = {.kind = (uint8_t)kind,
				.digit = (uint8_t)digit};

	if (u == NULL) {
		return false;
	}
	e.id = m->on_slot[span][slot];
	e.ref = u->ref;
	link_send(&m->core, &e.head, MEDIA_EVENT, sizeof(e));
	return true;
}

const struct media_modify *fake_media_modify(struct role *role, unsigned span,
					     unsigned slot)
{
	struct user *u = user_on(of_role(role), span, slot);

	return u != NULL ? &u->modify : NULL;
}

/* --- the role --- */

static struct role *fake_open(struct loop *loop, const void *conf, size_t len)
{
	const struct conf_for_media *c = conf;
	struct fake_media *m;

	if (len != sizeof(*c)) {
		errno = EINVAL;
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (m == NULL) {
		return NULL;
	}
	m->role = (struct role){&fake_media_ops, loop};
	m->conf = c->media;
	m->n_spans = c->n_spans;
	memcpy(m->spans, c->spans, sizeof(m->spans));
	m->users = pool_new(sizeof(struct user),
			    (c->media.port_max + 1u - c->media.port_min) / 2);
	if (m->users == NULL) {
		free(m);
		return NULL;
	}
	for (unsigned i = 0; i < CONF_SPANS; i++) {
		m->isdn[i].media = m;
		m->isdn[i].span = i;
		m->isdn[i].up = true;
	}
	return &m->role;
}

static struct link *fake_slot(struct role *role, enum role_id peer,
			      unsigned index, const struct link_ops **ops)
{
	struct fake_media *m = of_role(role);

	if (peer == ROLE_CORE) {
		*ops = &core_ops;
		return &m->core;
	}
	if (peer == ROLE_ISDN && index < m->n_spans) {
		*ops = &isdn_ops;
		return &m->isdn[index].link;
	}
	return NULL;
}

static void fake_link_up(struct role *role, enum role_id peer, unsigned index)
{
	struct fake_media *m = of_role(role);

	if (peer == ROLE_CORE) {
		core_down(&m->core);
		for (unsigned i = 0; i < m->n_spans; i++) {
			tell_core(&m->isdn[i]);
		}
	} else {
		tell_isdn(&m->isdn[index]);
	}
}

static int fake_socket(struct role *role, enum role_socket what,
		       unsigned index, int fd)
{
	(void)role;
	(void)what;
	(void)index;
	close(fd);
	return 0;
}

static int fake_start(struct role *role)
{
	(void)role;
	return 0;
}

static void fake_drain(struct role *role)
{
	(void)role;
}

static bool fake_is_idle(const struct role *role)
{
	const struct fake_media *m = (const void *)role;

	return pool_used(m->users) == 0;
}

static void fake_close(struct role *role)
{
	struct fake_media *m = of_role(role);

	link_close(&m->core);
	for (unsigned i = 0; i < m->n_spans; i++) {
		link_close(&m->isdn[i].link);
	}
	pool_destroy(m->users);
	free(m);
}

const struct role_ops fake_media_ops = {
	.id = ROLE_MEDIA,
	.name = "media (stand-in)",
	.open = fake_open,
	.slot = fake_slot,
	.link_up = fake_link_up,
	.socket = fake_socket,
	.start = fake_start,
	.drain = fake_drain,
	.is_idle = fake_is_idle,
	.close = fake_close,
};
