/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has a session, and its way from one worker to another. Control thread.
 *
 *              CONNECT to a span of another worker: YIELD sent
 *    AT_REST ------------------------------------------------> MOVING
 *       ^                                            `yielded` comes |
 *       |   all that was held    ADOPT sent                          v
 *       +------------------------ ARRIVED <---------------------- ARRIVING
 *
 * In all states but AT_REST commands for it are held back, in their order and
 * whoever is its user: a session that is closed and opened again meanwhile
 * is just two more of them. A session never changes its worker otherwise,
 * open or not, so that what an earlier user left in a ring is read by the
 * thread that has it.
 */
#include "media/engine_priv.h"

#include <stdlib.h>
#include <string.h>

static bool put(struct engine *e, unsigned worker,
		const struct engine_command *c)
{
	return ring_put(&e->workers[worker].rings.commands, c);
}

static bool hold(struct owner *o, const struct engine_command *c)
{
	struct held *h = malloc(sizeof(*h));

	if (!h)
		return false;
	h->command = *c;
	h->next = NULL;
	if (o->first)
		o->last->next = h;
	else
		o->first = h;
	o->last = h;
	return true;
}

static void unhold(struct owner *o)
{
	struct held *h = o->first;

	o->first = h->next;
	explicit_bzero(h, sizeof(*h)); /* it may be a key */
	free(h);
}

void engine_drop_held(struct engine *e)
{
	for (unsigned i = 0; i < e->cfg.sessions; i++)
		while (e->owners[i].first)
			unhold(&e->owners[i]);
}

static bool is_elsewhere(const struct engine *e, const struct owner *o,
			 const struct engine_command *c)
{
	return c->op == ENGINE_CONNECT && c->u.connect.slot &&
	       engine_has_span(e, c->u.connect.span) &&
	       e->span_worker[c->u.connect.span] != o->worker;
}

/* To the worker that this CONNECT needs. False: no room for the question. */
static bool begin_move(struct engine *e, struct owner *o,
		       const struct engine_command *c)
{
	struct engine_command yield = { .op = ENGINE_YIELD,
					.session = c->session };

	if (!put(e, o->worker, &yield))
		return false;
	o->target = e->span_worker[c->u.connect.span];
	o->state = OWNER_MOVING;
	return true;
}

bool engine_route(struct engine *e, const struct engine_command *c)
{
	struct owner *o = &e->owners[c->session];

	if (o->state != OWNER_AT_REST)
		return hold(o, c);
	if (!is_elsewhere(e, o, c))
		return put(e, o->worker, c);
	if (!hold(o, c))
		return false;
	if (begin_move(e, o, c))
		return true;
	unhold(o);
	return false;
}

/* What was held back goes to the new worker, until there is no room, or one
 * of the commands makes the session move again. */
static void deliver(struct engine *e, struct owner *o, uint16_t session)
{
	struct engine_command adopt = { .op = ENGINE_ADOPT,
					.session = session };

	if (o->state == OWNER_ARRIVING && !put(e, o->worker, &adopt))
		return;
	o->state = OWNER_ARRIVED;
	for (; o->first; unhold(o)) {
		const struct engine_command *c = &o->first->command;

		if (is_elsewhere(e, o, c)) {
			if (begin_move(e, o, c))
				e->arrivals--;
			return;
		}
		if (!put(e, o->worker, c))
			return;
	}
	o->state = OWNER_AT_REST;
	e->arrivals--;
}

void engine_on_yielded(struct engine *e, uint16_t session)
{
	struct owner *o = &e->owners[session];

	o->worker = o->target;
	o->state = OWNER_ARRIVING;
	e->arrivals++;
	e->moves++;
	deliver(e, o, session);
}

void engine_deliver(struct engine *e)
{
	for (unsigned i = 0; i < e->cfg.sessions && e->arrivals; i++)
		if (e->owners[i].state >= OWNER_ARRIVING)
			deliver(e, &e->owners[i], (uint16_t)i);
}
