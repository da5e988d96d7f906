/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's inside; for engine*.c, tests and benches. */
#ifndef MEDIA_ENGINE_PRIV_H
#define MEDIA_ENGINE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/base/ring.h"
#include "media/engine.h"
#include "media/pack.h"

struct engine {
	struct engine_config cfg;
	struct engine_limits limits;
	/* The engine thread's own, once it runs. */
	struct span *spans;
	struct pack *packs;
	unsigned n_packs;
	struct session *sessions;
	uint16_t *in_use; /* indexes of the open sessions */
	unsigned used;
	uint32_t count;	  /* of ticks */
	bool started;	  /* lines */
	bool told;	  /* something lies in a ring since the last wake-up */
	int64_t wall_ns;  /* wall clock less monotonic, at the start */
	struct engine_gauges gauges;
	int64_t busy_ns;  /* of this second */
	struct udp_batch *batch;
	struct pack_block *block; /* NULL: not prepared */
	/* Between the two threads. */
	struct ring commands, events, frames_up, frames_down;
	_Atomic bool stopping; /* set by engine_stop, read by the thread */
	int wake[2]; /* [0] the owner's, [1] the engine's */
	bool threaded;
	pthread_t thread;
};

/* --- engine_plan.c --- */
/* Undo engine_prepare, however far it came. */
void engine_unplan(struct engine *);

/* --- engine.c --- */
/* One wake-up at that instant: tick. */
void engine_tick(struct engine *, mono_t now);
/* Wake the owner if there is something for it: tick. */
void engine_wake(struct engine *);

#endif
