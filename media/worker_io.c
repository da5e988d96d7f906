/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker's datagrams. Its netio knows the sockets of all sessions and of
 * the worker's lines by slot:
 *
 *    2 * session	RTP
 *    2 * session + 1	RTCP
 *    2 * sessions + span	a line in wall time; lockstep does its own I/O
 *
 * but listens only to those of the sessions that the worker has. What comes
 * for a session that is not open is read and forgotten, so that the next call
 * finds no packets of an earlier one. A session can be given to another worker
 * when the kernel has stopped bringing what comes for it: netio_is_quiet().
 */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>

static unsigned line_slot(const struct worker *w, const struct span *sp)
{
	return 2 * w->engine->cfg.sessions + sp->index;
}

/* tick */
static void on_session(struct worker *w, unsigned slot,
		       const struct udp_datagram *d)
{
	struct session *s = &w->engine->sessions[slot / 2];

	if (!s->open || s->closing)
		return;
	if (slot % 2)
		session_rtcp_packet(s, w->tick, d);
	else
		session_packet(s, w->tick, d);
}

/* tick */
static void on_soon(void *owner, unsigned slot)
{
	struct worker *w = owner;

	if (slot < 2 * w->engine->cfg.sessions && slot % 2 == 0)
		session_prefetch(&w->engine->sessions[slot / 2]);
}

/* tick */
static void on_receive(void *owner, unsigned slot,
		       const struct udp_datagram *d)
{
	struct worker *w = owner;
	unsigned sessions = 2 * w->engine->cfg.sessions;

	if (slot < sessions)
		on_session(w, slot, d);
	else
		line_packet(w->engine->spans[slot - sessions].line,
			    w->tick->now, d);
}

/* tick: nobody counts RTCP. */
static void on_refused(void *owner, unsigned slot, size_t len, int err)
{
	struct worker *w = owner;
	unsigned sessions = 2 * w->engine->cfg.sessions;

	(void)len;
	(void)err;
	if (slot >= sessions)
		line_refused(w->engine->spans[slot - sessions].line);
	else if (slot % 2 == 0)
		session_refused(&w->engine->sessions[slot / 2]);
}

/* tick */
static int line_send(void *arg, const struct net_addr *to, const void *data,
		     size_t len)
{
	struct span *sp = arg;

	return netio_send(sp->net, sp->net_slot, to, data, len);
}

static struct netio *new_netio(struct worker *w, bool plain, int *why)
{
	static const struct netio_ops ops = {
		.soon = on_soon,
		.receive = on_receive,
		.refused = on_refused,
	};
	struct netio_config cfg = {
		.slots = 2 * w->engine->cfg.sessions + w->engine->cfg.spans,
		.plain = plain,
		.ops = &ops,
		.owner = w,
	};

	return netio_new(&cfg, why);
}

int worker_io_init(struct worker *w)
{
	int why;

	w->net = new_netio(w, true, &why);
	w->leaving.sessions = calloc(w->engine->cfg.sessions,
				     sizeof(*w->leaving.sessions));
	w->leaving.spans = calloc(w->engine->cfg.spans + 1,
				  sizeof(struct span *));
	return w->net && w->leaving.sessions && w->leaving.spans ? 0 : -ENOMEM;
}

void worker_io_fini(struct worker *w)
{
	netio_free(w->net);
	free(w->leaving.sessions);
	free(w->leaving.spans);
}

void worker_io_uring(struct worker *w)
{
	int why;
	struct netio *n = new_netio(w, false, &why);

	if (!n)
		return;
	netio_free(w->net);
	w->net = n;
}

/* Without the netio the line does its I/O itself. */
void worker_io_add_line(struct worker *w, struct span *sp)
{
	struct line_port port = { line_send, sp };

	if (!sp->line || line_set_port(sp->line, &port) < 0)
		return;
	sp->net = w->net;
	sp->net_slot = line_slot(w, sp);
	netio_add(w->net, sp->net_slot, line_fd(sp->line));
	netio_listen(w->net, sp->net_slot);
}

/* tick */
bool worker_io_remove_line(struct worker *w, struct span *sp)
{
	if (!sp->net)
		return true;
	netio_mute(w->net, sp->net_slot);
	return netio_remove(w->net, sp->net_slot);
}

void worker_io_attach(struct worker *w)
{
	struct engine *e = w->engine;

	for (unsigned i = 0; i < e->cfg.sessions; i++) {
		struct session *s = &e->sessions[i];

		netio_add(w->net, session_slot(s), s->rtp_fd);
		netio_add(w->net, session_slot(s) + 1, s->rtcp_fd);
		if (e->owners[i].worker == w->index)
			worker_io_take(w, s);
	}
	for (unsigned i = 0; i < w->n_spans; i++)
		worker_io_add_line(w, w->spans[i]);
}

/* tick */
void worker_io_take(struct worker *w, struct session *s)
{
	s->net = w->net;
	netio_listen(w->net, session_slot(s));
	netio_listen(w->net, session_slot(s) + 1);
}

static bool is_quiet(const struct worker *w, uint16_t session)
{
	const struct session *s = &w->engine->sessions[session];

	return netio_is_quiet(w->net, session_slot(s)) &&
	       netio_is_quiet(w->net, session_slot(s) + 1);
}

/* tick: whoever uses the session: it is another worker's from the moment
 * that it stands in the ring. */
static void leave(struct worker *w)
{
	unsigned left = 0;

	for (unsigned i = 0; i < w->leaving.count; i++) {
		uint16_t session = w->leaving.sessions[i];

		if (!is_quiet(w, session)) {
			w->leaving.sessions[left++] = session;
			continue;
		}
		ring_put(&w->rings.yielded, &session);
		w->told = true;
	}
	w->leaving.count = left;
}

/* tick */
void worker_io_give(struct worker *w, struct session *s)
{
	s->net = NULL;
	netio_mute(w->net, session_slot(s));
	netio_mute(w->net, session_slot(s) + 1);
	w->leaving.sessions[w->leaving.count++] = s->index;
	leave(w);
}

/* tick */
void worker_io_run(struct worker *w, struct tick *t)
{
	w->tick = t;
	netio_run(w->net, t->now, t->wall_ns);
	if (w->leaving.count)
		leave(w);
}
