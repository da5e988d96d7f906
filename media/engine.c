/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media engine.
 *
 * One *control thread* and some *workers*. The control thread is the loop of
 * the media role: it knows the core, isdn and the console, makes and frees
 * everything, and may wait, allocate and log. A worker is a thread on a
 * processor core that owns whole spans; it wakes each millisecond and moves
 * samples; it never allocates, locks, logs, writes, or waits for anything
 * but its clock.
 *
 *    control thread                            each worker
 *    engine_command()   --- commands --->      worker_tick()
 *    engine_frame_put() --- frames_down ->       datagrams out and in
 *    engine_event()     <-- events ------        run_commands
 *                       <-- yielded -----        every line, every pack
 *    engine_frame_get() <-- frames_up ---        every session: RTCP, watch
 *                       <-- wake (socket) --     one octet if there is news
 *
 * The only ways they talk are these single-producer rings of each worker, the
 * wake socket, and the flag `stopping`. Before engine_start() and after
 * engine_stop() everything belongs to the control thread; in between a
 * span, its line and its pack belong to one worker for good, and a session
 * with its sockets to one worker at a time. With engine_step() there is one
 * thread and the same code. Workers know nothing of each other.
 *
 * A session is opened before its span is known, so it may have to move
 * (engine_move.c). The control thread alone knows who has which session:
 *
 *    CONNECT to a span of B:   A  <- YIELD      later commands are held back
 *                              A  -> yielded    the events of A come first
 *                              B  <- ADOPT, CONNECT, what was held back
 *
 * so nothing is lost or overtakes, and RTP that comes meanwhile waits at its
 * socket for a millisecond or two.
 *
 * One tick of a worker:
 *    each span: what is due on its line is queued
 *    one system call (worker_io.c): that leaves, and the RTP and RTCP that
 *       the last tick has made; what has come goes to lines and sessions
 *    each span: the frames that its line has by now, its watchdog
 *    commands and frames from the control thread
 *    each pack of spans (pack.h) whose lines have a block of 80 frames:
 *       canceller -> detectors -> RTP; jitter buffer -> line
 *    a tenth of the open sessions, so that each has its turn every 10 ms:
 *       every 100 ms RTCP, silence; once a second its figures
 *
 * So RTP leaves a millisecond after its block, at the begin of a tick, where
 * no arithmetic of others delays it. engine_step() sends it in the same step.
 *
 * Blocks of the packs begin at different ms (engine_plan.c), so that the
 * work and the packets are spread. A tick that comes late finds more frames
 * on the lines; it does one block of each pack, and the ticks after it the
 * others, so that I/O goes on in between and the packets of a call do not
 * leave in one burst. The line itself gives up what is older than LINE_STALL
 * and counts it. RTP stays in step because each block has its timestamp;
 * nothing is played twice.
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

#include "media/huge.h"

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
	e->sessions = huge_alloc(e->cfg.sessions * sizeof(*e->sessions));
	if (!e->sessions)
		return -ENOMEM;
	for (unsigned i = 0; i < e->cfg.sessions; i++)
		session_init(&e->sessions[i], i, &e->cfg);
	e->owners = calloc(e->cfg.sessions, sizeof(*e->owners));
	if (!e->owners)
		return -ENOMEM;
	for (unsigned i = 0; e->cfg.threads && i < e->cfg.sessions; i++)
		e->owners[i].worker = (uint8_t)(i % e->cfg.threads);
	return 0;
}

static int make_workers(struct engine *e)
{
	unsigned n = e->cfg.threads ? e->cfg.threads : 1;
	int err = 0;

	e->workers = calloc(n, sizeof(*e->workers));
	if (!e->workers)
		return -ENOMEM;
	for (; e->n_workers < n && !err; e->n_workers++)
		err = worker_init(&e->workers[e->n_workers], e,
				  e->n_workers);
	return err;
}

static int make(struct engine *e)
{
	e->spans = calloc(e->cfg.spans ? e->cfg.spans : 1, sizeof(*e->spans));
	e->span_worker = calloc(e->cfg.spans + 1, sizeof(*e->span_worker));
	e->span_place = calloc(e->cfg.spans + 1, sizeof(*e->span_place));
	if (!e->spans || !e->span_worker || !e->span_place)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       e->wake) < 0)
		return -errno;
	if (make_sessions(e) < 0)
		return -ENOMEM;
	return make_workers(e);
}

struct engine *engine_new(const struct engine_config *cfg)
{
	struct engine *e;
	int err;

	if (cfg->sessions == 0 || cfg->sessions > UINT16_MAX ||
	    cfg->spans > UINT16_MAX || cfg->threads > ENGINE_THREADS) {
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

void engine_free(struct engine *e)
{
	if (!e)
		return;
	engine_stop(e);
	engine_unplan(e);
	if (e->owners)
		engine_drop_held(e);
	/* Their I/O goes before the sockets that it is about. */
	for (unsigned i = 0; i < e->n_workers; i++)
		worker_fini(&e->workers[i]);
	for (unsigned i = 0; e->sessions && i < e->cfg.sessions; i++)
		session_fini(&e->sessions[i]);
	for (unsigned i = 0; e->spans && i < e->cfg.spans; i++)
		engine_drop_span(&e->spans[i]);
	for (unsigned i = 0; i < 2; i++)
		if (e->wake[i] >= 0)
			close(e->wake[i]);
	free(e->workers);
	free(e->owners);
	free(e->sessions);
	free(e->span_worker);
	free(e->span_place);
	free(e->spans);
	free(e);
}

unsigned engine_room(const struct engine *e)
{
	return e->cfg.spans;
}

int engine_set_span(struct engine *e, unsigned span,
		    const struct engine_span_config *cfg)
{
	if (span >= e->cfg.spans || e->planned)
		return -EINVAL;
	e->span_place[span] = SPAN_SET;
	return span_init(&e->spans[span], span, cfg);
}

int engine_set_line(struct engine *e, unsigned span, struct line *l)
{
	if (span >= e->cfg.spans || e->planned || e->spans[span].line) {
		line_close(l);
		return -EINVAL;
	}
	e->spans[span].line = l;
	return 0;
}

int engine_set_sockets(struct engine *e, unsigned session, int rtp, int rtcp)
{
	struct session *s;

	if (session >= e->cfg.sessions || e->running ||
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
	if (c->session >= e->cfg.sessions)
		return false;
	if (e->arrivals)
		engine_deliver(e);
	return engine_route(e, c);
}

bool engine_span_command(struct engine *e, const struct engine_command *c)
{
	unsigned span = c->u.line.span;

	return engine_has_span(e, span) &&
	       ring_put(&e->workers[e->span_worker[span]].rings.commands, c);
}

bool engine_set_down(struct engine *e, unsigned span, bool down)
{
	struct engine_command c = {
		.op = ENGINE_LINE,
		.u.line = { .span = (uint16_t)span, .down = down },
	};

	return engine_span_command(e, &c);
}

bool engine_steer(struct engine *e, unsigned span, int32_t ppb)
{
	struct engine_command c = {
		.op = ENGINE_STEER,
		.u.line = { .span = (uint16_t)span, .ppb = ppb },
	};

	return engine_span_command(e, &c);
}

/* The next event of a worker, or, after them, what it has given back: what it
 * said of a session comes before what another will say. */
static bool worker_event(struct engine *e, struct worker *w,
			 struct engine_event *ev)
{
	for (;;) {
		if (!w->has_yielded)
			w->has_yielded = ring_get(&w->rings.yielded,
						  &w->yielding);
		if (ring_get(&w->rings.events, ev))
			return true;
		if (!w->has_yielded)
			return false;
		w->has_yielded = false;
		if (w->yielding >= e->cfg.sessions) {
			engine_on_gone(e, w->yielding - e->cfg.sessions, ev);
			return true;
		}
		engine_on_yielded(e, w->yielding);
	}
}

bool engine_event(struct engine *e, struct engine_event *ev)
{
	if (e->arrivals)
		engine_deliver(e);
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct worker *w = &e->workers[e->turn];

		if (worker_event(e, w, ev))
			return true;
		e->turn = (e->turn + 1) % e->n_workers;
	}
	return false;
}

int engine_event_fd(const struct engine *e)
{
	return e->wake[0];
}

bool engine_frame_put(struct engine *e, const struct engine_frame *f)
{
	struct worker *w;

	if (f->len > ENGINE_FRAME_MAX || !engine_has_span(e, f->span))
		return false;
	w = &e->workers[e->span_worker[f->span]];
	return ring_put(&w->rings.frames_down, f);
}

bool engine_frame_get(struct engine *e, struct engine_frame *f)
{
	for (unsigned i = 0; i < e->n_workers; i++)
		if (ring_get(&e->workers[i].rings.frames_up, f))
			return true;
	return false;
}

void engine_gauges_add(struct engine_gauges *sum,
		       const struct engine_gauges *g)
{
	sum->ticks += g->ticks;
	sum->blocks += g->blocks;
	sum->late_ticks += g->late_ticks;
	sum->skipped_ms += g->skipped_ms;
	sum->catch_up += g->catch_up;
	sum->rested += g->rested;
	sum->events_lost += g->events_lost;
	sum->commands_stale += g->commands_stale;
	sum->busy_permille += g->busy_permille;
	sum->sessions += g->sessions;
	sum->spans += g->spans;
	lateness_add(&sum->late, &g->late);
	lateness_add(&sum->line_late, &g->line_late);
}

void engine_step(struct engine *e, mono_t now)
{
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct worker *w = &e->workers[i];

		if (!e->running)
			worker_io_attach(w);
		worker_tick(w, now);
		/* What it has made leaves in this step. */
		netio_flush(w->net);
		w->told = false;
	}
	e->running = true;
}
