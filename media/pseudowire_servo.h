/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adaptive clock recovery: the rate of the peer's clock from the arrival
 * times of its packets. Packet delay has a floor and a long tail, so the
 * error of a window of half a second is the *minimum* of (arrival -
 * predicted arrival); a PI loop on it moves the prediction:
 *
 *	phase += P * error      rate += I * error / window
 *
 * with damping 1 (I = P^2 / 4), fast for the first 20 s, then slow. A path
 * whose delay jumps moves the phase in one step and leaves the rate alone.
 * What is not measured (loss, faults, stalls) leaves the rate as it is. A
 * rate that stays at its limit means that the peer follows us: then we run
 * free, and try again once a minute.
 *
 * Pure arithmetic in the owner's memory; tick.
 */
#ifndef MEDIA_PSEUDOWIRE_SERVO_H
#define MEDIA_PSEUDOWIRE_SERVO_H

#include <stdbool.h>
#include <stdint.h>

struct pw_servo {
	double period_ns;	/* nominal packet time */
	unsigned window;	/* packets of half a second */
	bool started;		/* first packet seen */
	bool first_done;	/* first window since then is complete */
	int64_t origin_ns;	/* predictions count from here */
	uint32_t base;		/* packet number of pred_ns */
	double pred_ns;		/* predicted arrival of packet base */
	double rate;		/* peer's packet time / ours - 1 */
	double min_ns;		/* of the window in progress */
	unsigned count;		/* packets in it */
	int64_t window_ns;	/* when it began */
	unsigned windows;	/* completed */
	unsigned far;		/* in a row whose error was over 2 ms */
	unsigned steady;	/* in a row whose rate hardly changed */
	unsigned pinned;	/* in a row with the rate at its limit */
	uint64_t steps;		/* jumps of the path's delay */
	double error_ns;	/* of the last window */
	bool loop;		/* gave up: the peer seems to follow us */
	bool retry;		/* a loop, but trying once more */
};

void pw_servo_init(struct pw_servo *s, double period_ns);

/*
 * Packet number n (running, may be out of order) arrived at now_ns. Returns
 * by how many ns the local clock's phase must move to follow: 0 most times.
 */
double pw_servo_packet(struct pw_servo *s, uint32_t n, int64_t now_ns);

/* Forget the window in progress: what arrives is no measure of the clock.
 * The rate is kept (holdover). */
void pw_servo_hold(struct pw_servo *s);

/* The packet numbers start anew (resync): keep the rate, find the phase. */
void pw_servo_renumber(struct pw_servo *s);

bool pw_servo_locked(const struct pw_servo *s);

#endif
