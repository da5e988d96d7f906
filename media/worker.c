/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One engine thread's work: the tick. */
#include "media/engine_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	COMMANDS = 4096, /* records of the rings */
	EVENTS = 4096,
	FRAMES = 1024,
	IDLE_MS = 10, /* RTP of sessions without a line */
	WATCH_MS = 100,
	FIGURES_MS = 1000,
	BEHIND_MS = 3,	     /* so late ... */
	BEHIND_TICKS = 150,  /* ... for so long: no stall that ends lasts so */
	BEHIND_HOLD_MS = 2000,
};

/* A power of two, n at least. */
static uint32_t records_for(uint32_t n)
{
	uint32_t records = 1;

	while (records < n)
		records *= 2;
	return records;
}

static int make_rings(struct worker_rings *r, unsigned given_back)
{
	int err = ring_init(&r->commands, sizeof(struct engine_command),
			    COMMANDS);

	if (!err)
		err = ring_init(&r->events, sizeof(struct engine_event),
				EVENTS);
	if (!err)
		err = ring_init(&r->frames_up, sizeof(struct engine_frame),
				FRAMES);
	if (!err)
		err = ring_init(&r->frames_down, sizeof(struct engine_frame),
				FRAMES);
	if (!err)
		err = ring_init(&r->yielded, sizeof(uint16_t),
				records_for(given_back));
	return err;
}

int worker_init(struct worker *w, struct engine *e, unsigned index)
{
	w->engine = e;
	w->index = index;
	w->gauges.thread = (uint8_t)index;
	w->in_use = calloc(e->cfg.sessions, sizeof(*w->in_use));
	w->spans = calloc(e->cfg.spans + 1, sizeof(struct span *));
	if (!w->in_use || !w->spans)
		return -ENOMEM;
	return make_rings(&w->rings, e->cfg.sessions + e->cfg.spans);
}

/* There may be keys among those that were not obeyed. */
static void wipe_commands(struct ring *r)
{
	struct engine_command c;

	while (r->data && ring_take(r, &c))
		explicit_bzero(&c, sizeof(c));
}

void worker_fini(struct worker *w)
{
	wipe_commands(&w->rings.commands);
	ring_fini(&w->rings.commands);
	ring_fini(&w->rings.events);
	ring_fini(&w->rings.frames_up);
	ring_fini(&w->rings.frames_down);
	ring_fini(&w->rings.yielded);
	free(w->spans);
	free(w->in_use);
	worker_io_fini(w);
}

/* --- the engine thread from here on --- */

static bool put_event(struct worker *w, const struct engine_event *ev)
{
	if (!ring_put(&w->rings.events, ev)) {
		w->gauges.events_lost++;
		return false;
	}
	w->told = true;
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

	put_event(t->worker, &ev);
}

/* tick */
bool engine_tell_frame(struct tick *t, const struct engine_frame *f)
{
	if (!ring_put(&t->worker->rings.frames_up, f)) {
		t->worker->gauges.events_lost++;
		return false;
	}
	t->worker->told = true;
	return true;
}

/* tick */
bool worker_tell_figures(struct worker *w, const struct session *s,
			 enum engine_event_kind kind)
{
	struct engine_event ev = {
		.kind = (uint8_t)kind,
		.session = s->index,
		.id = s->id,
	};

	session_figures(s, &ev.u.figures);
	return put_event(w, &ev);
}

static void tell_span(struct worker *w, struct span *sp, mono_t now)
{
	struct engine_event ev = { .kind = ENGINE_EV_SPAN };

	span_state(sp, &ev.u.span);
	sp->told = put_event(w, &ev);
	sp->told_at = now;
}

/* The packets that were due by now are with the kernel: how late? */
static void note_lines(struct worker *w, mono_t now)
{
	for (unsigned i = 0; i < w->n_spans; i++)
		if (w->spans[i]->due.ns)
			lateness_note(&w->gauges.line_late,
				      mono_diff_ns(now, w->spans[i]->due));
}

/* All lines first, so that their packets do not wait for arithmetic. */
static void run_io(struct worker *w, struct tick *t)
{
	for (unsigned i = 0; i < w->n_spans; i++)
		span_io_begin(w->spans[i], t->now);
	worker_io_run(w, t);
	note_lines(w, w->threaded ? clock_mono() : t->now);
	for (unsigned i = 0; i < w->n_spans; i++)
		span_io(w->spans[i], t->now);
}

/* tick: a stall of the host is made good within some wake-ups; who stays behind
 * has more to do than time. Then what matters least is left undone for a while,
 * so that all calls are heard in time. It is a long while, since at 95 % of a
 * second the kernel stops a thread of real-time priority for the rest of it. */
void worker_note_late(struct worker *w, mono_t due, mono_t now)
{
	if (mono_diff_ns(now, due) < BEHIND_MS * NS_PER_MS) {
		/* time left out makes one punctual, too, for a moment */
		w->behind.ticks -= w->behind.ticks > 0;
		return;
	}
	if (++w->behind.ticks >= BEHIND_TICKS)
		w->behind.until = mono_add_ms(now, BEHIND_HOLD_MS);
}

static void run_packs(struct worker *w, struct tick *t)
{
	for (unsigned i = 0; i < w->n_packs; i++) {
		struct pack *p = w->packs[i];
		unsigned n = pack_tick(p, t, w->block);

		w->gauges.blocks += n ? p->n_spans : 0;
		w->gauges.catch_up += n > 1 ? p->n_spans : 0;
		w->gauges.rested += n && t->behind ? p->n_spans : 0;
	}
}

static void tell_spans(struct worker *w, mono_t now)
{
	for (unsigned i = 0; i < w->n_spans; i++) {
		struct span *sp = w->spans[i];
		bool turn = (w->count + i) % FIGURES_MS == 0;

		if (turn)
			span_measure(sp);
		if (sp->watch.looked && (span_has_news(sp, now) || turn))
			tell_span(w, sp, now);
	}
}

/* A tenth of the sessions, so that each has its turn every IDLE_MS. */
static void run_sessions(struct worker *w, struct tick *t)
{
	uint32_t turn = w->count / IDLE_MS;

	for (unsigned i = w->count % IDLE_MS; i < w->used; i += IDLE_MS) {
		struct session *s = &w->engine->sessions[w->in_use[i]];

		if (s->closing) {
			worker_leave(w, s);
			continue;
		}
		if (!s->place.connected)
			session_idle(s, t);
		if ((turn + s->index) % (WATCH_MS / IDLE_MS) == 0)
			session_watch(s, t);
		if ((turn + s->index) % (FIGURES_MS / IDLE_MS) == 0)
			worker_tell_figures(w, s, ENGINE_EV_FIGURES);
	}
}

/* By the clock: after a stall there are fewer ticks in a second. */
static void run_gauges(struct worker *w, mono_t now)
{
	struct engine_event ev = { .kind = ENGINE_EV_GAUGES };
	int64_t ms = mono_diff_ms(now, w->busy_from);

	w->gauges.ticks++;
	if (ms < FIGURES_MS)
		return;
	w->gauges.busy_permille = (uint32_t)(w->busy_ns / (ms * 1000));
	w->busy_from = now;
	w->gauges.sessions = w->used;
	w->gauges.spans = w->n_spans;
	w->busy_ns = 0;
	ev.u.gauges = w->gauges;
	put_event(w, &ev);
}

/* tick */
struct tick worker_tick_at(struct worker *w, mono_t now)
{
	return (struct tick){
		.now = now,
		.ts = (uint32_t)(now.ns / (NS_PER_S / 8000)),
		.wall_ns = udp_wall_ns(),
		.ntp = rtcp_ntp(now.ns + w->engine->wall_ns),
		.worker = w,
		.limits = &w->engine->limits,
		.behind = mono_diff_ns(w->behind.until, now) > 0,
	};
}

static void start(struct worker *w, mono_t now)
{
	for (unsigned i = 0; i < w->n_packs; i++)
		pack_start(w->packs[i], now);
	w->busy_from = now;
	w->started = true;
}

/* tick */
void worker_tick(struct worker *w, mono_t now)
{
	struct tick t = worker_tick_at(w, now);

	if (!w->started)
		start(w, now);
	w->count++;
	run_io(w, &t);
	worker_run_commands(w, &t);
	worker_let_go(w);
	run_packs(w, &t);
	tell_spans(w, now);
	run_sessions(w, &t);
	run_gauges(w, now);
}

/* tick */
void worker_wake(struct worker *w)
{
	if (!w->told)
		return;
	/* Full means that the owner has been woken already. */
	if (send(w->engine->wake[1], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	    errno == EAGAIN)
		w->told = false;
}
