/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media role: links, sockets, life. In real time the engine has its own
 * thread and wakes this loop by a socket; on a virtual clock the loop's timer
 * steps the engine each millisecond.
 */
#include "media/role_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/frame.h"

enum {
	STEP_MS = 1,
	EVENTS_AT_ONCE = 1000,
};

/* --- links --- */

static void on_core_msg(struct link *l, const struct link_head *h, int fd)
{
	if (fd >= 0)
		close(fd);
	media_on_core(container_of(l, struct media_role, core), h);
}

static void on_core_down(struct link *l)
{
	media_core_down(container_of(l, struct media_role, core));
}

static void on_console_msg(struct link *l, const struct link_head *h, int fd)
{
	if (fd >= 0)
		close(fd);
	media_on_console(container_of(l, struct media_role, console), h);
}

/* The host reopens the link when the peer is back. */
static void on_down(struct link *l)
{
	(void)l;
}

/* A role speaks for its span, or for those of its NFAS group. */
static bool speaks_for(const struct isdn_link *il, unsigned span)
{
	const struct conf_for_media *c = &il->role->conf;

	return span < c->n_spans && conf_leader(c->spans, span) == il->span;
}

static void on_frame(struct isdn_link *il, const struct frame_data *d)
{
	struct media_role *m = il->role;
	struct engine_frame f = { .span = d->span, .len = d->len };

	if (d->len > FRAME_MAX || d->head.len < FRAME_DATA_LEN(d->len) ||
	    !speaks_for(il, d->span)) {
		m->drops.isdn_bad++;
		return;
	}
	memcpy(f.octets, d->octets, d->len);
	if (!m->engine || !engine_frame_put(m->engine, &f))
		m->drops.frames++;
}

static void greet(struct isdn_link *il, const struct frame_line *hello)
{
	if (hello->head.len == sizeof(*hello) && speaks_for(il, hello->span))
		media_tell_isdn(il->role, hello->span);
	else
		il->role->drops.isdn_bad++;
}

static void on_isdn_msg(struct link *l, const struct link_head *h, int fd)
{
	struct isdn_link *il = container_of(l, struct isdn_link, link);

	if (fd >= 0)
		close(fd);
	if (h->type == FRAME_DATA && h->len >= FRAME_DATA_LEN(0))
		on_frame(il, (const void *)h);
	else if (h->type == FRAME_HELLO)
		greet(il, (const void *)h);
	else
		il->role->drops.isdn_bad++;
}

static const struct link_ops core_ops = { on_core_msg, on_core_down };
static const struct link_ops console_ops = { on_console_msg, on_down };
static const struct link_ops isdn_ops = { on_isdn_msg, on_down };

static struct link *media_slot(struct role *role, enum role_id peer,
			       unsigned index, const struct link_ops **ops)
{
	struct media_role *m = media_role_of(role);

	switch (peer) {
	case ROLE_CORE:
		*ops = &core_ops;
		return &m->core;
	case ROLE_CONSOLE:
		*ops = &console_ops;
		return &m->console;
	case ROLE_ISDN:
		*ops = &isdn_ops;
		return index < m->conf.n_spans ? &m->isdn[index].link : NULL;
	default:
		return NULL;
	}
}

static void media_link_up(struct role *role, enum role_id peer, unsigned index)
{
	struct media_role *m = media_role_of(role);

	if (peer == ROLE_CORE)
		media_core_up(m);
	else if (peer == ROLE_ISDN && index < m->conf.n_spans)
		media_tell_isdn(m, index);
}

/* --- the engine's news --- */

static void take_frames(struct media_role *m)
{
	struct frame_data d = { .len = 0 };
	struct engine_frame f;
	struct link *l;

	while (engine_frame_get(m->engine, &f)) {
		d.span = f.span;
		d.len = f.len;
		memcpy(d.octets, f.octets, f.len);
		l = media_isdn_of(m, f.span);
		if (!link_is_up(l) || link_send(l, &d.head, FRAME_DATA,
						FRAME_DATA_LEN(f.len)) < 0)
			m->drops.frames++;
	}
}

static void take_news(struct media_role *m)
{
	struct engine_event ev;

	take_frames(m);
	for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
		if (!engine_event(m->engine, &ev))
			return;
		media_on_event(m, &ev);
	}
}

static void on_wake(struct watch *w, int events)
{
	struct media_role *m = container_of(w, struct media_role, wake.watch);
	char octets[256];

	(void)events;
	while (recv(w->fd, octets, sizeof(octets), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(octets))
		;
	take_news(m);
}

static void on_timer(struct timer *t)
{
	struct media_role *m = container_of(t, struct media_role, timer);

	if (m->wake.stepping)
		engine_step(m->engine, loop_now(m->role.loop));
	else
		media_look_for_held(m);
	take_news(m);
	media_pay_debts(m);
	timer_start(m->role.loop, t, on_timer,
		    m->wake.stepping ? STEP_MS : MEDIA_LOOK_MS);
}

/* --- opening --- */

static struct role *media_open(struct loop *loop, const void *conf, size_t len)
{
	const struct conf_for_media *c = conf;
	struct media_role *m;

	if (len != sizeof(*c) || c->n_spans > CONF_SPANS) {
		errno = EINVAL;
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->role = (struct role){ &media_role_ops, loop };
	m->conf = *c;
	for (unsigned i = 0; i < ROLE_PAIRS * 2; i++)
		m->socket[i] = -1;
	for (unsigned i = 0; i < CONF_SPANS; i++) {
		m->isdn[i].role = m;
		m->isdn[i].span = (uint16_t)i;
	}
	return &m->role;
}

static int media_socket(struct role *role, enum role_socket what,
			unsigned index, int fd)
{
	struct media_role *m = media_role_of(role);

	if (what == ROLE_SOCK_LINE)
		return media_take_line(m, index, fd);
	if (what != ROLE_SOCK_RTP || index >= ROLE_PAIRS * 2 ||
	    m->socket[index] >= 0 || m->engine) {
		close(fd);
		return -EINVAL;
	}
	m->socket[index] = fd;
	return 0;
}

/* --- starting --- */

static int set_sockets(struct media_role *m, unsigned pairs)
{
	struct net_addr *local = calloc(pairs, sizeof(*local));
	struct sockaddr_storage ss;
	socklen_t n;
	int err;

	if (!local)
		return -ENOMEM;
	for (unsigned i = 0; i < pairs; i++) {
		int rtp = m->socket[2 * i], rtcp = m->socket[2 * i + 1];

		if (rtp < 0)
			continue;
		n = sizeof(ss);
		if (getsockname(rtp, (struct sockaddr *)(void *)&ss, &n) == 0)
			net_from_sockaddr(&local[i],
					  (struct sockaddr *)(void *)&ss);
		m->socket[2 * i] = m->socket[2 * i + 1] = -1;
		engine_set_sockets(m->engine, i, rtp, rtcp);
	}
	err = ports_init(&m->ports, local, pairs);
	free(local);
	return err;
}

static unsigned count_pairs(const struct media_role *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ROLE_PAIRS; i++)
		if (m->socket[2 * i] >= 0)
			n = i + 1;
	return n;
}

static int make_engine(struct media_role *m)
{
	const struct conf_media *c = &m->conf.media;
	struct engine_config cfg = {
		.spans = conf_room(m->conf.n_spans, m->conf.spare_spans),
		.sessions = count_pairs(m),
		.jitter_min_ms = c->jitter_min_ms,
		.jitter_max_ms = c->jitter_max_ms,
		.silent_alarm_s = c->silent_alarm_s,
		.silent_release_s = c->silent_release_s,
		.threads = c->n_cpus,
	};
	int err = 0;

	if (!cfg.sessions) {
		log_err("no RTP port: check media.ports");
		return -EINVAL;
	}
	for (unsigned i = 0; i < c->n_cpus; i++)
		cfg.cpus[i] = c->cpus[i];
	m->engine = engine_new(&cfg);
	m->users = pool_new(sizeof(struct media_user), cfg.sessions);
	m->by_pair = calloc(cfg.sessions, sizeof(*m->by_pair));
	if (!m->engine || !m->users || !m->by_pair)
		return -ENOMEM;
	err = set_sockets(m, cfg.sessions);
	for (unsigned i = 0; i < m->conf.n_spans && !err; i++)
		if (media_has_span(m, i))
			err = media_set_span(m, i);
	return err ? err : engine_prepare(m->engine);
}

static void warn_refused(const struct media_role *m)
{
	static const struct {
		unsigned bit;
		const char *what, *so;
	} all[] = {
		{ ENGINE_NO_PRIORITY, "real-time priority",
		  "audio may drop out under load" },
		{ ENGINE_NO_MEMLOCK, "locked memory",
		  "audio may drop out under load" },
		{ ENGINE_NO_AFFINITY, "a processor core of its own",
		  "audio may drop out under load" },
		{ ENGINE_NO_URING, "io_uring",
		  "packets cost more processor time" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (m->refused & all[i].bit)
			log_warn("engine: the system refuses %s; %s",
				 all[i].what, all[i].so);
}

static int media_start(struct role *role)
{
	struct media_role *m = media_role_of(role);
	int err = make_engine(m);

	if (err < 0)
		return err;
	err = watch_start(role->loop, &m->wake.watch, engine_event_fd(m->engine),
			  WATCH_READ, on_wake);
	m->wake.stepping = err == -ENOTSUP;
	if (err < 0 && !m->wake.stepping)
		return err;
	if (!m->wake.stepping) {
		err = engine_start(m->engine, &m->refused);
		if (err < 0)
			return err;
		warn_refused(m);
	}
	media_start_perf(m);
	return timer_start(role->loop, &m->timer, on_timer,
			   m->wake.stepping ? STEP_MS : MEDIA_LOOK_MS);
}

/* --- later life --- */

static int media_reload(struct role *role, const void *conf, size_t len)
{
	struct media_role *m = media_role_of(role);
	const struct conf_for_media *c = conf;

	if (len != sizeof(*c) || c->n_spans < m->conf.n_spans || !m->engine ||
	    c->n_spans > engine_room(m->engine))
		return -EINVAL;
	return media_take_spans(m, c);
}

static void media_span(struct role *role, unsigned index, bool on)
{
	struct media_role *m = media_role_of(role);

	if (m->engine && media_has_span(m, index))
		media_switch_span(m, index, on);
}

static void media_drain(struct role *role)
{
	media_role_of(role)->draining = true;
}

static bool media_is_idle(const struct role *role)
{
	const struct media_role *m = (const void *)role;

	return !m->users || pool_used(m->users) == 0;
}

static void media_close(struct role *role)
{
	struct media_role *m = media_role_of(role);

	timer_stop(role->loop, &m->timer);
	timer_stop(role->loop, &m->second.timer);
	timer_stop(role->loop, &m->keep);
	watch_stop(role->loop, &m->wake.watch);
	for (unsigned i = 0; i < CONF_SPANS; i++) {
		link_close(&m->isdn[i].link);
		if (m->line[i])
			line_close(m->line[i]);
	}
	link_close(&m->core);
	link_close(&m->console);
	engine_free(m->engine);
	for (unsigned i = 0; i < ROLE_PAIRS * 2; i++)
		if (m->socket[i] >= 0)
			close(m->socket[i]);
	ports_fini(&m->ports);
	if (m->users)
		pool_destroy(m->users);
	free(m->by_pair);
	free(m);
}

const struct role_ops media_role_ops = {
	.id = ROLE_MEDIA,
	.name = "media",
	.open = media_open,
	.slot = media_slot,
	.link_up = media_link_up,
	.socket = media_socket,
	.start = media_start,
	.reload = media_reload,
	.span = media_span,
	.drain = media_drain,
	.is_idle = media_is_idle,
	.close = media_close,
};
