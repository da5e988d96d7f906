/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media engine.
 *
 * Two threads. The *control thread* is the loop of the media role: it knows
 * the core, isdn and the console, makes and frees everything, and may wait,
 * allocate and log. The *engine thread* wakes each millisecond and moves
 * samples; it never allocates, locks, logs, writes, or waits for anything
 * but its clock.
 *
 *    control thread                            engine thread
 *    engine_command()   --- commands --->      engine_tick()
 *    engine_frame_put() --- frames_down ->       run_commands
 *    engine_event()     <-- events ------        every line, every pack
 *    engine_frame_get() <-- frames_up ---        every session: RTCP, watch
 *                       <-- wake (socket) --     one octet if there is news
 *
 * The only ways they talk are these four single-producer rings, the wake
 * socket, and the flag `stopping`. Before engine_start() and after
 * engine_stop() everything belongs to the control thread; in between spans,
 * sessions, lines and sockets belong to the engine thread alone. With
 * engine_step() there is one thread and the same code.
 *
 * One tick:
 *    commands and frames from the control thread
 *    each span: the line's I/O, its watchdog
 *    each pack of spans (pack.h) whose lines have a block of 80 frames:
 *       RTP in -> canceller -> detectors -> RTP out; RTP -> line
 *    a tenth of the open sessions, so that each has its turn every 10 ms:
 *       RTP in, if it has no line; every 100 ms RTCP in and out, silence;
 *       once a second its figures
 *
 * Blocks of the packs begin at different ms (engine_plan.c), so that the
 * work and the packets are spread. A tick that comes late finds more frames
 * on the lines and does their blocks one after the other, at most CATCH_UP a
 * pack; the line itself gives up what is older and counts it. RTP stays in
 * step because each block has its timestamp; nothing is played twice.
 *
 * A CLOSED event must not get lost, for a port pair hangs on it: while the
 * ring is full the session stays `closing`.
 */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


enum {
	COMMANDS = 4096, /* records of the rings */
	EVENTS = 4096,
	FRAMES = 1024,
	COMMANDS_A_TICK = 512,
	CATCH_UP = 8,	  /* blocks of a span in one tick */
	IDLE_MS = 10,	  /* RTP of sessions without a line */
	WATCH_MS = 100,
	FIGURES_MS = 1000,
};

static int make_rings(struct engine *e)
{
	int err = ring_init(&e->commands, sizeof(struct engine_command),
			    COMMANDS);

	if (!err)
		err = ring_init(&e->events, sizeof(struct engine_event),
				EVENTS);
	if (!err)
		err = ring_init(&e->frames_up, sizeof(struct engine_frame),
				FRAMES);
	if (!err)
		err = ring_init(&e->frames_down, sizeof(struct engine_frame),
				FRAMES);
	return err;
}

static int64_t wall_offset(void)
{
	struct timespec wall, mono;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return (wall.tv_sec - mono.tv_sec) * NS_PER_S + wall.tv_nsec -
	       mono.tv_nsec;
}

static int make_sessions(struct engine *e)
{
	e->sessions = calloc(e->cfg.sessions, sizeof(*e->sessions));
	if (!e->sessions)
		return -ENOMEM;
	for (unsigned i = 0; i < e->cfg.sessions; i++)
		session_init(&e->sessions[i], i, &e->cfg);
	e->in_use = calloc(e->cfg.sessions, sizeof(*e->in_use));
	return e->in_use ? 0 : -ENOMEM;
}

static int make(struct engine *e)
{
	e->spans = calloc(e->cfg.spans ? e->cfg.spans : 1, sizeof(*e->spans));
	e->batch = malloc(sizeof(*e->batch));
	if (!e->spans || !e->batch)
		return -ENOMEM;
	udp_batch_init(e->batch);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       e->wake) < 0)
		return -errno;
	if (make_sessions(e) < 0)
		return -ENOMEM;
	return make_rings(e);
}

struct engine *engine_new(const struct engine_config *cfg)
{
	struct engine *e;
	int err;

	if (cfg->sessions == 0 || cfg->sessions > UINT16_MAX ||
	    cfg->spans > UINT16_MAX) {
		errno = EINVAL;
		return NULL;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->cfg = *cfg;
	e->limits.alarm_ms = 1000 * (int64_t)cfg->silent_alarm_s;
	e->limits.release_ms = 1000 * (int64_t)cfg->silent_release_s;
	e->wall_ns = wall_offset();
	e->wake[0] = e->wake[1] = -1;
	err = make(e);
	if (err < 0) {
		engine_free(e);
		errno = -err;
		return NULL;
	}
	return e;
}

/* There may be keys among those that were not obeyed. */
static void wipe_commands(struct engine *e)
{
	struct engine_command c;

	while (e->commands.data && ring_take(&e->commands, &c))
		explicit_bzero(&c, sizeof(c));
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	engine_stop(e);
	for (unsigned i = 0; e->sessions && i < e->cfg.sessions; i++)
		session_fini(&e->sessions[i]);
	for (unsigned i = 0; e->spans && i < e->cfg.spans; i++)
		span_fini(&e->spans[i]);
	wipe_commands(e);
	ring_fini(&e->commands);
	ring_fini(&e->events);
	ring_fini(&e->frames_up);
	ring_fini(&e->frames_down);
	for (unsigned i = 0; i < 2; i++)
		if (e->wake[i] >= 0)
			close(e->wake[i]);
	engine_unplan(e);
	free(e->batch);
	free(e->in_use);
	free(e->sessions);
	free(e->spans);
	free(e);
}

int engine_set_span(struct engine *e, unsigned span,
		    const struct engine_span_config *cfg)
{
	if (span >= e->cfg.spans || e->started)
		return -EINVAL;
	return span_init(&e->spans[span], span, cfg);
}

int engine_set_line(struct engine *e, unsigned span, struct line *l)
{
	if (span >= e->cfg.spans || e->started || e->spans[span].line) {
		line_close(l);
		return -EINVAL;
	}
	e->spans[span].line = l;
	return 0;
}

int engine_set_sockets(struct engine *e, unsigned session, int rtp, int rtcp)
{
	struct session *s;

	if (session >= e->cfg.sessions || e->started ||
	    e->sessions[session].rtp_fd >= 0) {
		close(rtp);
		if (rtcp >= 0)
			close(rtcp);
		return -EINVAL;
	}
	s = &e->sessions[session];
	s->rtp_fd = rtp;
	s->rtcp_fd = rtcp;
	return 0;
}

bool engine_command(struct engine *e, const struct engine_command *c)
{
	return ring_put(&e->commands, c);
}

bool engine_event(struct engine *e, struct engine_event *ev)
{
	return ring_get(&e->events, ev);
}

int engine_event_fd(const struct engine *e)
{
	return e->wake[0];
}

bool engine_frame_put(struct engine *e, const struct engine_frame *f)
{
	return f->len <= ENGINE_FRAME_MAX && ring_put(&e->frames_down, f);
}

bool engine_frame_get(struct engine *e, struct engine_frame *f)
{
	return ring_get(&e->frames_up, f);
}

/* ---- the engine thread from here on ---- */

static bool put_event(struct engine *e, const struct engine_event *ev)
{
	if (!ring_put(&e->events, ev)) {
		e->gauges.events_lost++;
		return false;
	}
	e->told = true;
	return true;
}

/* tick */
void engine_tell(struct tick *t, const struct session *s,
		 enum media_event_kind kind, char digit)
{
	struct engine_event ev = {
		.kind = ENGINE_EV_MEDIA,
		.session = s->index,
		.id = s->id,
		.u.media = { (uint8_t)kind, (uint8_t)digit },
	};

	put_event(t->engine, &ev);
}

/* tick */
bool engine_tell_frame(struct tick *t, const struct engine_frame *f)
{
	if (!ring_put(&t->engine->frames_up, f)) {
		t->engine->gauges.events_lost++;
		return false;
	}
	t->engine->told = true;
	return true;
}

static bool tell_figures(struct engine *e, const struct session *s,
			 enum engine_event_kind kind)
{
	struct engine_event ev = {
		.kind = (uint8_t)kind,
		.session = s->index,
		.id = s->id,
	};

	session_figures(s, &ev.u.figures);
	return put_event(e, &ev);
}

static void tell_span(struct engine *e, struct span *sp)
{
	struct engine_event ev = { .kind = ENGINE_EV_SPAN };

	span_state(sp, &ev.u.span);
	ev.u.span.changed = !sp->told;
	sp->told = put_event(e, &ev);
}

static void connect_session(struct engine *e, struct session *s,
			    const struct engine_command *c)
{
	unsigned span = c->u.connect.span;

	if (s->place.connected)
		span_disconnect(s->place.span, s);
	if (c->u.connect.slot == 0)
		return;
	if (span >= e->cfg.spans ||
	    span_connect(&e->spans[span], c->u.connect.slot, s,
			 c->u.connect.clear) < 0)
		e->gauges.commands_stale++;
}

static void open_session(struct engine *e, struct tick *t, struct session *s,
			 const struct engine_command *c)
{
	if (s->open) {
		e->gauges.commands_stale++;
		return;
	}
	session_open(s, t, c);
	s->at = (uint16_t)e->used;
	e->in_use[e->used++] = s->index;
}

/* It leaves as soon as its figures are told. */
static bool leave(struct engine *e, struct session *s)
{
	uint16_t last = e->in_use[e->used - 1];

	if (!tell_figures(e, s, ENGINE_EV_CLOSED))
		return false;
	s->open = false;
	e->in_use[s->at] = last;
	e->sessions[last].at = s->at;
	e->used--;
	return true;
}

static void close_session(struct engine *e, struct tick *t, struct session *s)
{
	if (s->place.connected)
		span_disconnect(s->place.span, s);
	session_close(s, t);
	leave(e, s);
}

static void run_command(struct engine *e, struct tick *t,
			const struct engine_command *c)
{
	struct session *s = &e->sessions[c->session];

	if (c->op == ENGINE_OPEN) {
		open_session(e, t, s, c);
		return;
	}
	if (!s->open || s->closing || s->id != c->id) {
		e->gauges.commands_stale++;
		return;
	}
	switch ((enum engine_op)c->op) {
	case ENGINE_CONNECT:
		connect_session(e, s, c);
		break;
	case ENGINE_MODIFY:
		session_modify(s, t, &c->u.modify);
		if (s->place.connected)
			pack_adjust(s->place.span->pack, s);
		break;
	case ENGINE_TONE:
		session_tone(s, c->u.tone.kind, c->u.tone.to_rtp);
		break;
	case ENGINE_DTMF:
		session_digit(s, c->u.dtmf.code, c->u.dtmf.ms,
			      c->u.dtmf.to_rtp);
		break;
	case ENGINE_CRYPTO:
		session_crypto(s, c);
		break;
	case ENGINE_CLOSE:
		close_session(e, t, s);
		break;
	case ENGINE_OPEN:
		break;
	}
}

static void run_commands(struct engine *e, struct tick *t)
{
	struct engine_command c;
	struct engine_frame f;

	for (unsigned i = 0; i < COMMANDS_A_TICK; i++) {
		if (!ring_take(&e->commands, &c))
			break;
		if (c.session < e->cfg.sessions)
			run_command(e, t, &c);
	}
	explicit_bzero(&c, sizeof(c));
	for (unsigned i = 0; i < COMMANDS_A_TICK; i++) {
		if (!ring_get(&e->frames_down, &f))
			break;
		if (f.span < e->cfg.spans)
			span_send_frame(&e->spans[f.span], &f);
	}
}

/* All lines first, so that their packets do not wait for arithmetic. */
static void run_spans(struct engine *e, struct tick *t)
{
	unsigned done;

	for (unsigned i = 0; i < e->cfg.spans; i++)
		span_io(&e->spans[i], t->now);
	for (unsigned i = 0; i < e->n_packs; i++) {
		struct pack *p = &e->packs[i];

		done = pack_tick(p, t, e->block, CATCH_UP);
		e->gauges.blocks += done * p->n_spans;
		if (done > 1)
			e->gauges.catch_up += (done - 1) * p->n_spans;
	}
}

static void tell_spans(struct engine *e)
{
	for (unsigned i = 0; i < e->cfg.spans; i++) {
		struct span *sp = &e->spans[i];
		bool turn = (e->count + i) % FIGURES_MS == 0;

		if (turn)
			span_measure(sp);
		if (sp->line && (!sp->told || turn))
			tell_span(e, sp);
	}
}

/* A tenth of the sessions, so that each has its turn every IDLE_MS. */
static void run_sessions(struct engine *e, struct tick *t)
{
	uint32_t turn = e->count / IDLE_MS;

	for (unsigned i = e->count % IDLE_MS; i < e->used; i += IDLE_MS) {
		struct session *s = &e->sessions[e->in_use[i]];

		if (s->closing) {
			leave(e, s);
			continue;
		}
		if (!s->place.connected)
			session_idle(s, t);
		if ((turn + s->index) % (WATCH_MS / IDLE_MS) == 0)
			session_watch(s, t);
		if ((turn + s->index) % (FIGURES_MS / IDLE_MS) == 0)
			tell_figures(e, s, ENGINE_EV_FIGURES);
	}
}

static void run_gauges(struct engine *e)
{
	struct engine_event ev = { .kind = ENGINE_EV_GAUGES };

	e->gauges.ticks++;
	if (e->count % FIGURES_MS)
		return;
	e->gauges.busy_permille = (uint32_t)(e->busy_ns / NS_PER_MS);
	e->busy_ns = 0;
	ev.u.gauges = e->gauges;
	put_event(e, &ev);
}

/* tick */
void engine_tick(struct engine *e, mono_t now)
{
	struct tick t = {
		.now = now,
		.ts = (uint32_t)(now.ns / (NS_PER_S / 8000)),
		.ntp = rtcp_ntp(now.ns + e->wall_ns),
		.engine = e,
		.batch = e->batch,
		.limits = &e->limits,
	};

	if (!e->started) {
		e->started = true;
		for (unsigned i = 0; i < e->n_packs; i++)
			pack_start(&e->packs[i], now);
	}
	e->count++;
	run_commands(e, &t);
	run_spans(e, &t);
	tell_spans(e);
	run_sessions(e, &t);
	run_gauges(e);
}

/* tick */
void engine_wake(struct engine *e)
{
	if (!e->told)
		return;
	/* Full means that the owner has been woken already. */
	if (send(e->wake[1], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	    errno == EAGAIN)
		e->told = false;
}

void engine_step(struct engine *e, mono_t now)
{
	engine_tick(e, now);
	e->told = false;
}
