/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processes of a load have in common: places, signals, time. */
#include "tests/bench/load.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "media/law.h"
#include "tests/media/line_signal.h"

#define FAR_DBM0   -14.0
#define NEAR_DBM0  -18.0
#define NOISE_DBM0 -70.0

unsigned load_span_of(const struct load_plan *p, unsigned channel)
{
	return channel / p->calls;
}

/* Slots 1-15 and 17-31: 16 is the D channel. */
unsigned load_slot_of(const struct load_plan *p, unsigned channel)
{
	unsigned i = channel % p->calls;

	return i < 15 ? i + 1 : i + 2;
}

unsigned load_voice_of(unsigned channel)
{
	return channel % LOAD_VOICES;
}

unsigned load_offset_of(const struct load_plan *p, unsigned channel)
{
	uint32_t x = p->seed * 2654435761u + channel * 2246822519u + 1;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	x *= 3266489917u;
	x ^= x >> 16;
	return x % LOAD_PERIOD;
}

void load_voices_make(struct load_voices *v, uint32_t seed)
{
	static float x[LOAD_PERIOD];

	for (unsigned i = 0; i < LOAD_VOICES; i++) {
		memset(x, 0, sizeof(x));
		signal_speech(x + LOAD_FAR_FROM, LOAD_FAR_TO - LOAD_FAR_FROM,
			      FAR_DBM0, seed + i);
		for (unsigned k = 0; k < LOAD_PERIOD; k++)
			v->far[i][k] = law_encode(LAW_A, (int)x[k]);
		memcpy(v->far[i] + LOAD_PERIOD, v->far[i], LOAD_PACKET);
		signal_noise(v->near[i], LOAD_PERIOD, NOISE_DBM0,
			     seed + 200 + i);
		signal_speech(x, LOAD_NEAR_TO - LOAD_NEAR_FROM, NEAR_DBM0,
			      seed + 100 + i);
		for (unsigned k = LOAD_NEAR_FROM; k < LOAD_NEAR_TO; k++)
			v->near[i][k] += x[k - LOAD_NEAR_FROM];
		memcpy(v->near[i] + LOAD_PERIOD, v->near[i],
		       LOAD_FRAMES * sizeof(float));
	}
}

struct load_shared *load_share(const struct load_plan *p)
{
	uint32_t room = (p->warm_ms + 1000 * p->seconds + 3000) * 8;
	size_t size = sizeof(struct load_shared) +
		      (size_t)3 * LOAD_CHECKED * room;
	struct load_shared *s = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
				     -1, 0);
	uint8_t *at;

	if (s == MAP_FAILED)
		return NULL;
	at = (uint8_t *)(s + 1);
	for (unsigned i = 0; i < LOAD_CHECKED; i++) {
		s->track[i].room = room;
		s->track[i].to_line = at;
		s->track[i].from_line = at + room;
		s->track[i].from_rtp = at + 2 * (size_t)room;
		at += 3 * (size_t)room;
	}
	return s;
}

int64_t load_now(void)
{
	return clock_mono().ns;
}

void load_sleep_until(int64_t ns)
{
	struct timespec ts = { ns / NS_PER_S, ns % NS_PER_S };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

/* What came before the start is thrown away. */
static void drain(int fd)
{
	uint8_t octets[2048];

	while (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) >= 0)
		;
}

int64_t load_await_start(struct load_shared *s, int fd)
{
	int64_t start;

	do {
		drain(fd);
		load_sleep_until(load_now() + NS_PER_MS);
		start = atomic_load(&s->start_ns);
	} while (!start || load_now() < start - 2 * NS_PER_MS);
	drain(fd);
	return start;
}

void load_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void load_priority(int priority)
{
	struct sched_param p = { .sched_priority = priority };

	sched_setscheduler(0, SCHED_FIFO, &p);
}

bool load_is_measured(const struct load_shared *s, int64_t ns)
{
	return ns >= s->from_ns && ns < s->to_ns;
}

void load_note_stall(struct load_shared *s, enum load_teller who,
		     int64_t from_ns, int64_t to_ns)
{
	struct load_witness *w = &s->witness[who];

	if (load_is_measured(s, to_ns))
		w->stalled_ns += to_ns - from_ns;
	if (w->stalls == LOAD_STALLS)
		return;
	w->stall[w->stalls].from_ns = from_ns;
	w->stall[w->stalls].to_ns = to_ns;
	w->stalls++;
}

void load_note_late(struct load_shared *s, enum load_teller who,
		    int64_t due_ns)
{
	struct load_account *a = who == LOAD_LINE ? &s->line : &s->rtp;
	int64_t now = load_now(), late = now - due_ns;

	if (late > NS_PER_MS)
		load_note_stall(s, who, due_ns, now);
	if (!load_is_measured(s, due_ns))
		return;
	if (late > a->late_max_ns)
		a->late_max_ns = late;
	if (late > 5 * NS_PER_MS)
		a->over_5ms++;
}
