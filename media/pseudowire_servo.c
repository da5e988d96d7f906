/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/pseudowire_servo.h"

#include <math.h>
#include <string.h>

#define WINDOW_NS     500e6
#define RATE_MAX      150e-6	/* G.703 allows 50 ppm */
#define STEADY_FAST   1e-6	/* change of rate that counts as none */
#define STEADY_SLOW   0.2e-6
#define STALL_NS      1e6	/* a larger error is not the clock's */
#define STEP_NS       2e6	/* nor is this, and the path has changed */
#define CORRECTION_NS 0.1e6	/* at most, after a stalled window */
#define FAST_P        0.5
#define FAST_I        0.0625
#define SLOW_P        0.06
#define SLOW_I        0.0009

enum {
	FAST_WINDOWS = 40,	/* 20 s */
	STEP_WINDOWS = 3,	/* far in a row -> the path has changed */
	LOCK_WINDOWS = 10,	/* steady in a row -> locked */
	LOOP_WINDOWS = 20,	/* pinned in a row -> a clock loop: 10 s */
	RETRY_WINDOWS = 120,	/* run free for so long: 60 s */
};

void pw_servo_init(struct pw_servo *s, double period_ns)
{
	memset(s, 0, sizeof(*s));
	s->period_ns = period_ns;
	s->window = (unsigned)(WINDOW_NS / period_ns);
	pw_servo_hold(s);
}

/* tick */
void pw_servo_hold(struct pw_servo *s)
{
	s->min_ns = INFINITY;
	s->count = 0;
}

/* tick */
void pw_servo_renumber(struct pw_servo *s)
{
	s->started = false;
	s->windows = s->windows > FAST_WINDOWS ? FAST_WINDOWS : 0;
	pw_servo_hold(s);
}

bool pw_servo_locked(const struct pw_servo *s)
{
	return s->steady >= LOCK_WINDOWS && !s->loop;
}

/* tick: the loop proper; returns the phase correction. */
static double steer(struct pw_servo *s, double error)
{
	bool fast = s->windows < FAST_WINDOWS;
	double change = (fast ? FAST_I : SLOW_I) * error / WINDOW_NS;
	double rate = fmax(-RATE_MAX, fmin(RATE_MAX, s->rate + change));

	if (fabs(rate - s->rate) < (fast ? STEADY_FAST : STEADY_SLOW))
		s->steady++;
	else
		s->steady = 0;
	s->pinned = fabs(rate) >= RATE_MAX ? s->pinned + 1 : 0;
	s->rate = rate;
	if (s->pinned >= LOOP_WINDOWS) {
		s->loop = true;
		s->retry = false;
		s->rate = 0;
	} else if (s->steady >= LOCK_WINDOWS && !s->pinned) {
		s->loop = false;
	}
	return (fast ? FAST_P : SLOW_P) * error;
}

/* tick: a window is complete; returns the phase correction to apply to the
 * local clock, which a changed path leaves alone. */
static double close_window(struct pw_servo *s)
{
	double error = s->min_ns;
	double move;

	s->error_ns = error;
	s->far = fabs(error) > STEP_NS ? s->far + 1 : 0;
	if (!s->first_done) {
		s->first_done = true;
		s->pred_ns += error;
		return 0;
	}
	if (s->far >= STEP_WINDOWS) {
		s->pred_ns += error;
		s->steps++;
		s->far = 0;
		return 0;
	}
	if (fabs(error) > STALL_NS)
		move = fmax(-CORRECTION_NS, fmin(CORRECTION_NS, 0.5 * error));
	else
		move = steer(s, error);
	s->pred_ns += move;
	s->windows++;
	return move;
}

/* tick */
static void begin(struct pw_servo *s, uint32_t n, int64_t now_ns)
{
	s->started = true;
	s->first_done = false;
	s->origin_ns = now_ns;
	s->base = n;
	s->pred_ns = 0;
	pw_servo_hold(s);
}

/* tick: after a clock loop the packets only tell the time. */
static void run_free(struct pw_servo *s)
{
	if (++s->count < RETRY_WINDOWS * s->window)
		return;
	s->retry = true;
	s->started = false;
	s->windows = s->pinned = s->steady = 0;
}

/* tick */
double pw_servo_packet(struct pw_servo *s, uint32_t n, int64_t now_ns)
{
	int32_t ahead;
	double expected, late, move = 0;

	if (s->loop && !s->retry) {
		run_free(s);
		return 0;
	}
	if (!s->started)
		begin(s, n, now_ns);
	ahead = (int32_t)(n - s->base);
	expected = s->pred_ns + ahead * s->period_ns * (1 + s->rate);
	if (ahead > 0) {
		s->pred_ns = expected;
		s->base = n;
	}
	/* Half of a window lost: its minimum is not to be trusted. */
	if (s->count && (double)(now_ns - s->window_ns) > 2 * WINDOW_NS)
		pw_servo_hold(s);
	if (!s->count)
		s->window_ns = now_ns;
	late = (double)(now_ns - s->origin_ns) - expected;
	s->min_ns = fmin(s->min_ns, late);
	if (++s->count >= s->window) {
		move = close_window(s);
		pw_servo_hold(s);
	}
	return move;
}
