/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/peer_xch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "gateway/base/frame.h"
#include "gateway/parts.h"
#include "tests/sim/peer_line.h"
#include "tests/sim/sim.h"

static struct xch *exchanges[CONF_SPANS];
int xch_swapped[2] = {-1, -1};

/* The spans of an NFAS group have one; they follow each other in the file. */
struct xch *xch_of(unsigned span)
{
	return exchanges[conf_leader(sim.conf->spans, span)];
}

/* --- legs --- */

static struct xch_leg *find(struct xch *x, leg_id id)
{
	for (unsigned i = 0; i < XCH_LEGS; i++) {
		if (x->legs[i].id == id) {
			return &x->legs[i];
		}
	}
	return NULL;
}

static struct xch_leg *add(struct xch *x, leg_id id)
{
	struct xch_leg *l;
	unsigned tries = 0;

	do {
		l = &x->legs[x->next++ % XCH_LEGS];
		ck_assert_uint_lt(tries++, XCH_LEGS);
	} while (l->id != 0 && !l->over);
	memset(l, 0, sizeof(*l));
	l->id = id;
	l->span = x->span;
	return l;
}

struct xch_leg *xch_last(unsigned span)
{
	struct xch *x = exchanges[span];
	struct xch_leg *l = &x->legs[(x->next + XCH_LEGS - 1) % XCH_LEGS];

	return l->id != 0 ? l : NULL;
}

unsigned xch_active(unsigned span)
{
	unsigned n = 0;

	for (unsigned i = 0; i < XCH_LEGS; i++) {
		const struct xch_leg *l = &exchanges[span]->legs[i];

		n += l->id != 0 && !l->over;
	}
	return n;
}

static void note(struct xch *x, struct xch_leg *l, const struct cc_msg *m)
{
	if (m->channel != 0) {
		l->channel = m->channel;
		l->on = (uint8_t)(x->span + m->end.index);
	}
	switch (m->head.type) {
	case CC_PROCEEDING:
		l->proceeding = true;
		break;
	case CC_PROGRESS:
		l->progress++;
		break;
	case CC_ALERTING:
		l->alerting = true;
		break;
	case CC_ANSWER:
		l->answered = true;
		break;
	case CC_HOLD:
		l->held++;
		break;
	case CC_RETRIEVE:
		l->retrieved++;
		break;
	case CC_RELEASE:
	case CC_RELEASED:
		if (l->cause.value == 0) {
			l->cause = m->cause;
		}
		x->violations += l->over;
		l->released = true;
		l->over = m->head.type == CC_RELEASED;
		break;
	}
	l->last = *m;
}

/* A new core knows no call of the old one. */
static void refuse_kept(struct xch *x, const struct cc_kept *k)
{
	struct cc_msg m = {.leg = k->leg, .end = k->end,
			   .cause = {CAUSE_TEMPORARY, CC_LOC_NONE}};

	find(x, k->leg)->over = false; /* RELEASED follows */
	link_send(&x->core, &m.head, CC_RELEASE, sizeof(m));
}

static void core_msg(struct link *link, const struct link_head *h, int fd)
{
	struct xch *x = container_of(link, struct xch, core);
	const struct cc_msg *m = (const void *)h;
	struct xch_leg *l;

	(void)fd;
	ck_assert(cc_msg_ok(h));
	if (h->type == CC_END_STATE) {
		const struct cc_end_state *e = (const void *)h;

		if (e->end.index == 0) {
			x->state = *e;
		}
		return;
	}
	if (h->type == CC_SETTLED || h->type == CC_BARRED) {
		return;
	}
	if (h->type == CC_KEPT) {
		refuse_kept(x, (const void *)h);
		return;
	}
	l = find(x, m->leg);
	if (h->type == CC_SETUP) {
		ck_assert_ptr_null(l);
		if (m->cause.value != 0) {
			return; /* refused by itself: for the CDR only */
		}
		l = add(x, m->leg);
		l->in = true;
		l->setup = *m;
	}
	ck_assert_ptr_nonnull(l);
	x->violations += l->over;
	note(x, l, m);
	if (x->on_msg != NULL) {
		x->on_msg(l, m);
	}
}

/* --- the line --- */

static void media_msg(struct link *link, const struct link_head *h, int fd)
{
	struct xch *x = container_of(link, struct xch, media);
	const struct frame_data *f = (const void *)h;
	const struct frame_line *hello = (const void *)h;
	struct frame_line line = {.up = 1};

	(void)fd;
	if (h->type == FRAME_HELLO) {
		line.span = hello->span;
		link_send(link, &line.head, FRAME_LINE, sizeof(line));
	} else if (h->type == FRAME_DATA) {
		if (sim.real_media) {
			peer_line_send(x->span, f->octets, f->len);
		} else {
			sim_frame_to_gateway(x->span + f->span, f->octets,
					     f->len);
		}
	}
}

void xch_hear(unsigned span, const uint8_t *octets, size_t len)
{
	struct xch *x = xch_of(span);
	struct frame_data f = {.len = (uint16_t)len};

	f.span = (uint16_t)(x != NULL ? span - x->span : 0);
	if (x != NULL && len <= FRAME_MAX) {
		memcpy(f.octets, octets, len);
		link_send(&x->media, &f.head, FRAME_DATA, FRAME_DATA_LEN(len));
	}
}

static void on_down(struct link *link)
{
	(void)link;
}

static const struct link_ops core_side = {core_msg, on_down};
static const struct link_ops media_side = {media_msg, on_down};

/* --- life --- */

static void join(struct xch *x, enum role_id peer, struct link *end,
		 const struct link_ops *ops)
{
	const struct link_ops *role_ops;
	struct link *slot = isdn_role_ops.slot(x->role, peer, 0, &role_ops);

	link_close(slot);
	link_close(end);
	ck_assert_int_eq(link_open_mem(slot, role_ops, end, ops, sim.loop), 0);
	isdn_role_ops.link_up(x->role, peer, 0);
}

/* The other side of the same span; its index is 0 whatever ours is. */
static void make_conf(struct conf_for_isdn *c, unsigned span)
{
	struct conf_for_isdn *ours;
	size_t len;

	ours = parts_make(sim.conf, ROLE_ISDN, span, &len);
	ck_assert_ptr_nonnull(ours);
	*c = *ours;
	free(ours);
	c->index = 0;
	for (unsigned i = 0; i < c->n_members; i++) {
		c->members[i].index = (uint16_t)i;
	}
	if (xch_swapped[0] >= 0) {
		struct conf_member *a = &c->members[xch_swapped[0]];
		struct conf_member *b = &c->members[xch_swapped[1]];
		uint8_t interface = a->interface;

		a->interface = b->interface;
		b->interface = interface;
	}
	c->span.isdn.side = c->span.isdn.side == CONF_SIDE_USER
				    ? CONF_SIDE_NETWORK
				    : CONF_SIDE_USER;
	memcpy(c->span.name, "exchange", sizeof("exchange"));
}

void xch_open(unsigned span)
{
	static struct conf_for_isdn conf;
	struct xch *x = calloc(1, sizeof(*x));

	ck_assert_ptr_nonnull(x);
	x->span = span;
	x->last_id = CC_LEG_CORE;
	exchanges[span] = x;
	make_conf(&conf, span);
	x->role = isdn_role_ops.open(sim.loop, &conf, sizeof(conf));
	ck_assert_ptr_nonnull(x->role);
	join(x, ROLE_CORE, &x->core, &core_side);
	join(x, ROLE_MEDIA, &x->media, &media_side);
	ck_assert_int_eq(isdn_role_ops.start(x->role), 0);
}

void xch_close(unsigned span)
{
	struct xch *x = exchanges[span];

	isdn_role_ops.close(x->role);
	link_close(&x->core);
	link_close(&x->media);
	exchanges[span] = NULL;
	free(x);
}

void xch_line(unsigned span, bool up)
{
	struct xch *x = xch_of(span);
	struct frame_line l = {.span = (uint16_t)(span - x->span), .up = up};

	link_send(&x->media, &l.head, FRAME_LINE, sizeof(l));
}

void xch_restart_core(unsigned span)
{
	struct xch *x = exchanges[span];
	struct link_head settled;

	link_close(&x->core);
	loop_poll(sim.loop);
	for (unsigned i = 0; i < XCH_LEGS; i++) {
		x->legs[i].over = true;
	}
	join(x, ROLE_CORE, &x->core, &core_side);
	link_send(&x->core, &settled, CC_SETTLED, sizeof(settled));
}

/* --- playing the core --- */

struct cc_msg xch_setup(const char *called, const char *calling)
{
	struct cc_msg m = {.bearer = CC_BEARER_SPEECH, .complete = 1};

	m.end.kind = CC_END_SPAN;
	ck_assert_int_eq(cc_number_set(&m.called, called), 0);
	if (calling != NULL) {
		ck_assert_int_eq(cc_number_set(&m.calling, calling), 0);
		m.calling.screening = CC_SCREEN_NETWORK;
	}
	return m;
}

struct xch_leg *xch_call(unsigned span, const struct cc_msg *setup)
{
	struct xch *x = exchanges[span];
	struct xch_leg *l = add(x, ++x->last_id);
	struct cc_msg m = *setup;

	m.leg = l->id;
	l->setup = m;
	link_send(&x->core, &m.head, CC_SETUP, sizeof(m));
	return l;
}

static void tell(struct xch_leg *l, enum cc_type type, struct cc_msg *m)
{
	m->leg = l->id;
	link_send(&exchanges[l->span]->core, &m->head, (uint16_t)type,
		  sizeof(*m));
}

void xch_say(struct xch_leg *l, enum cc_type type)
{
	struct cc_msg m = {.progress = type == CC_PROGRESS ? CC_PROG_INBAND
							   : 0};

	if (type == CC_ALERTING) {
		l->alerting = true;
	} else if (type == CC_ANSWER) {
		l->answered = true;
	}
	tell(l, type, &m);
}

void xch_connect(struct xch_leg *l, const char *number)
{
	struct cc_msg m = {0};

	ck_assert_int_eq(cc_number_set(&m.connected, number), 0);
	m.connected.screening = CC_SCREEN_NETWORK;
	tell(l, CC_UPDATE, &m);
}

void xch_release(struct xch_leg *l, unsigned cause)
{
	struct cc_msg m = {.cause = {(uint8_t)cause, CC_LOC_NONE}};

	l->released = true;
	tell(l, CC_RELEASE, &m);
}

void xch_digits(struct xch_leg *l, const char *digits)
{
	struct cc_msg m = {.complete = 0};

	ck_assert_int_eq(cc_number_set(&m.called, digits), 0);
	tell(l, CC_DIGITS, &m);
}
