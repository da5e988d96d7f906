/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's inside; for engine*.c, worker*.c, tests and benches. Which
 * thread touches what stands at the top of engine.c.
 */
#ifndef MEDIA_ENGINE_PRIV_H
#define MEDIA_ENGINE_PRIV_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "gateway/base/ring.h"
#include "media/engine.h"
#include "media/pack.h"

/* Between a worker and the control thread. */
struct worker_rings {
	struct ring commands, events, frames_up, frames_down;
	/* What is given back, uint16_t: a session, or from cfg.sessions on a
	 * span. Never full. */
	struct ring yielded;
};

/* Sessions on their way to another worker, spans on their way out. */
struct leaving {
	uint16_t *sessions;
	unsigned count;
	struct span **spans;
	unsigned n_spans;
};

/* One engine thread and what is its own. */
struct worker {
	struct engine *engine; /* of it: spans, sessions, facts */
	unsigned index;
	/* The thread's own, once it runs. */
	struct span **spans;
	unsigned n_spans;
	struct pack **packs;
	unsigned n_packs;
	struct pack_block *block;
	struct netio *net;
	struct tick *tick; /* while netio_run() */
	struct leaving leaving;
	uint16_t *in_use; /* indexes of the sessions it has, open ones */
	unsigned used;
	uint32_t count; /* of ticks */
	bool started;	/* lines */
	struct { /* is there more to do than time? */
		unsigned ticks; /* late ones in a row */
		mono_t until;	/* what can be left undone is, until then */
	} behind;
	bool told;	/* something lies in a ring since the last wake-up */
	struct engine_gauges gauges;
	int64_t busy_ns; /* of this second... */
	mono_t busy_from; /* ...which began then */
	struct worker_rings rings;
	sem_t bound; /* the thread has its netio: posted once */
	pthread_t thread;
	/* The control thread's own. */
	bool threaded;
	bool has_yielded;  /* one is taken from its ring, not yet seen to */
	uint16_t yielding; /* that one */
};

struct held { /* a command that waits for its session to arrive */
	struct held *next;
	struct engine_command command;
};

enum owner_state { /* engine_move.c */
	OWNER_AT_REST,
	OWNER_MOVING,
	OWNER_ARRIVING,
	OWNER_ARRIVED
};

/* Who has a session; the control thread's own. */
struct owner {
	uint8_t worker, target;
	enum owner_state state;
	struct held *first, *last;
};

/* engine_span.c */
enum span_place {
	SPAN_OUT,    /* there is none: the control thread's */
	SPAN_SET,    /* before engine_prepare */
	SPAN_IN,     /* a worker has it, or will */
	SPAN_LEAVING /* the worker is to give it back */
};

struct engine {
	struct engine_config cfg;
	struct engine_limits limits;
	int64_t wall_ns; /* wall clock less monotonic, at the start */
	/* Shared out to the workers: each element has one at a time. */
	struct span *spans;
	struct session *sessions;
	struct worker *workers;
	unsigned n_workers;
	/* The control thread's own. */
	uint8_t *span_worker; /* index of the worker that has the span */
	uint8_t *span_place;  /* enum span_place */
	struct owner *owners; /* of the sessions */
	unsigned arrivals;    /* sessions given back and not yet at rest */
	uint64_t moves;	      /* of sessions, so far */
	unsigned turn;	      /* of the workers, for events */
	bool planned;
	bool running;
	/* Between the threads. */
	_Atomic bool stopping; /* set by engine_stop, read by the workers */
	int wake[2];	       /* [0] the owner's, [1] the workers' */
};

/* Ops between control thread and worker, beside enum engine_op. */
enum { ENGINE_YIELD = 100, ENGINE_ADOPT };

/* --- engine.c --- */
/* To the worker of c->u.line.span. False: there is none, or no room. */
bool engine_span_command(struct engine *, const struct engine_command *);

/* --- engine_plan.c --- */
/* Undo engine_prepare, however far it came. */
void engine_unplan(struct engine *);

/* A span's worker, of those with the fewest channels the first, and phase. */
struct worker *engine_choose(struct engine *, unsigned span);

/* --- engine_span.c --- */
static inline bool engine_has_span(const struct engine *e, unsigned span)
{
	return span < e->cfg.spans && e->span_place[span] == SPAN_IN;
}
/* A worker has given a span back: the event of it. */
void engine_on_gone(struct engine *, unsigned span, struct engine_event *);
/* All that it has is freed. */
void engine_drop_span(struct span *);

/* --- engine_move.c --- */
/* A command on its way to the session's worker, wherever that is. */
bool engine_route(struct engine *, const struct engine_command *);
/* A worker has given a session back. */
void engine_on_yielded(struct engine *, uint16_t session);
/* Sessions whose new worker had no room for them. */
void engine_deliver(struct engine *);
void engine_drop_held(struct engine *);

/* --- worker.c --- */
int worker_init(struct worker *, struct engine *, unsigned index);
void worker_fini(struct worker *);
/* The values of a tick at that instant. */
struct tick worker_tick_at(struct worker *, mono_t now);
/* A wake-up that was due then begins now: tick. */
void worker_note_late(struct worker *, mono_t due, mono_t now);
/* One wake-up at that instant: tick. */
void worker_tick(struct worker *, mono_t now);
/* Wake the owner if there is something for it: tick. */
void worker_wake(struct worker *);

/* --- worker_io.c --- */
/* Of the control thread, at rest: the netio without io_uring; with it, if it
 * is to be had; the sockets and lines as they are now. */
int worker_io_init(struct worker *);
void worker_io_fini(struct worker *);
void worker_io_uring(struct worker *);
void worker_io_attach(struct worker *);
/* A session comes; goes: tick. */
void worker_io_take(struct worker *, struct session *);
void worker_io_give(struct worker *, struct session *);
/* The line of a span that comes; of one that goes: true: it is out. tick */
void worker_io_add_line(struct worker *, struct span *);
bool worker_io_remove_line(struct worker *, struct span *);
/* All that is queued leaves, all that has come is dealt with: tick. */
void worker_io_run(struct worker *, struct tick *);

/* --- worker_span.c: tick --- */
bool worker_has(const struct worker *, const struct span *);
void worker_attach(struct worker *, struct span *, mono_t now);
void worker_detach(struct worker *, struct span *);
/* Those that nothing is on its way for are given back. */
void worker_let_go(struct worker *);

/* --- worker_command.c --- */
void worker_run_commands(struct worker *, struct tick *);
/* A session that is closing leaves as soon as its figures are told: tick. */
void worker_leave(struct worker *, struct session *);

/* --- worker.c, for worker_command.c: tick --- */
bool worker_tell_figures(struct worker *, const struct session *,
			 enum engine_event_kind);

#endif
