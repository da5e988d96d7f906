/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's threads: their privileges, their clock, their lateness. */
#include "media/engine_priv.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum {
	PRIORITY = 20,	    /* SCHED_FIFO, below the kernel's interrupts */
	STALL_MS = 50,	    /* later than that: ticks are left out */
	STACK_TOUCHED = 65536,
};

/* Pages of the stack are there before the clock runs. */
static void touch_stack(void)
{
	volatile uint8_t stack[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(stack); i += 4096)
		stack[i] = 0;
}

static void note_late(struct engine_gauges *g, int64_t late_ns)
{
	g->late_ticks += late_ns >= NS_PER_MS;
	lateness_note(&g->late, late_ns);
}

/* The instant of the next tick after one that was due at `due`. */
static mono_t next_tick(struct worker *w, mono_t due, mono_t now)
{
	int64_t behind_ms = mono_diff_ms(now, due);

	if (behind_ms >= STALL_MS) {
		w->gauges.skipped_ms += (uint64_t)behind_ms;
		due = mono_add_ms(due, behind_ms);
	}
	return mono_add_ms(due, 1);
}

/* Without SA_RESTART, and with a handler, a signal ends what waits. This one is
 * of no use to anybody else, and ignored by whoever has no handler. */
enum { INTERRUPT = SIGURG };

static void on_interrupt(int signum)
{
	(void)signum;
}

static void let_interrupt(void)
{
	struct sigaction on = { .sa_handler = on_interrupt };

	sigaction(INTERRUPT, &on, NULL);
}

void engine_interrupt(struct engine *e, unsigned span)
{
	struct worker *w = &e->workers[engine_thread_of(e, span)];

	if (w->threaded)
		pthread_kill(w->thread, INTERRUPT);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	mono_t due, now, end;
	struct timespec ts;
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, INTERRUPT);
	pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
	touch_stack();
	netio_bind(w->net);
	sem_post(&w->bound);
	due = clock_mono();
	while (!atomic_load_explicit(&w->engine->stopping,
				     memory_order_acquire)) {
		ts.tv_sec = due.ns / NS_PER_S;
		ts.tv_nsec = due.ns % NS_PER_S;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
				       NULL) == EINTR)
			;
		now = clock_mono();
		note_late(&w->gauges, mono_diff_ns(now, due));
		worker_note_late(w, due, now);
		worker_tick(w, now);
		worker_wake(w);
		end = clock_mono();
		w->busy_ns += mono_diff_ns(end, now);
		due = next_tick(w, due, end);
	}
	netio_unbind(w->net);
	return NULL;
}

static unsigned lock_memory(void)
{
	struct rlimit lim;
	int what = MCL_CURRENT;

	/* With a limit, locking the future would make later maps fail. */
	if (getrlimit(RLIMIT_MEMLOCK, &lim) == 0 &&
	    lim.rlim_cur == RLIM_INFINITY)
		what |= MCL_FUTURE;
	return mlockall(what) < 0 ? ENGINE_NO_MEMLOCK : 0;
}

static unsigned raise_priority(pthread_t thread)
{
	struct sched_param p = { .sched_priority = PRIORITY };

	return pthread_setschedparam(thread, SCHED_FIFO, &p)
		       ? ENGINE_NO_PRIORITY
		       : 0;
}

static unsigned pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	return pthread_setaffinity_np(thread, sizeof(set), &set)
		       ? ENGINE_NO_AFFINITY
		       : 0;
}

static int start_thread(struct worker *w, int cpu, unsigned *refused)
{
	int err;

	sem_init(&w->bound, 0, 0);
	w->threaded = true;
	err = pthread_create(&w->thread, NULL, run, w);
	if (err) {
		w->threaded = false;
		sem_destroy(&w->bound);
		return -err;
	}
	*refused |= raise_priority(w->thread);
	*refused |= pin(w->thread, cpu);
	while (sem_wait(&w->bound) < 0)
		;
	sem_destroy(&w->bound);
	if (!netio_is_uring(w->net))
		*refused |= ENGINE_NO_URING;
	return 0;
}

/* Sockets and lines as they are now; by io_uring, or without. */
static void open_io(struct engine *e)
{
	for (unsigned i = 0; i < e->n_workers; i++) {
		worker_io_uring(&e->workers[i]);
		worker_io_attach(&e->workers[i]);
	}
}

int engine_start(struct engine *e, unsigned *refused)
{
	int err = 0;

	if (e->running)
		return -EALREADY;
	if (!e->workers[e->n_workers - 1].net)
		return -EINVAL;
	for (unsigned i = 0; i < e->cfg.sessions; i++) {
		if (e->sessions[i].rtp_fd >= 0)
			(void)udp_stamp(e->sessions[i].rtp_fd);
		if (e->sessions[i].rtcp_fd >= 0)
			(void)udp_stamp(e->sessions[i].rtcp_fd);
	}
	open_io(e);
	let_interrupt();
	*refused = lock_memory();
	atomic_store(&e->stopping, false);
	e->running = true;
	for (unsigned i = 0; i < e->n_workers && !err; i++)
		err = start_thread(&e->workers[i],
				   e->cfg.threads ? e->cfg.cpus[i] : -1,
				   refused);
	if (err < 0)
		engine_stop(e);
	return err;
}

void engine_stop(struct engine *e)
{
	atomic_store_explicit(&e->stopping, true, memory_order_release);
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct worker *w = &e->workers[i];

		if (w->threaded)
			pthread_join(w->thread, NULL);
		w->threaded = false;
	}
	e->running = false;
}
