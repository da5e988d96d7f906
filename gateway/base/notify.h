/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>
#include <sys/types.h>

/*
 * What the service manager is told: the datagrams of sd_notify(3), by hand.
 * Only the supervisor uses it; one thread. Each call sends one datagram,
 * never blocks and never raises a signal.
 *
 * All senders return 0 when the datagram was sent, -ENOTCONN when nobody
 * asked to be told (not an error to report), or -errno.
 */
struct notify {
	int fd; /* -1: nobody listens */
	/*
	 * How often the manager wants notify_watchdog(), in microseconds,
	 * 0 for never. Send at half of it, as sd_watchdog_enabled(3) says.
	 */
	uint64_t watchdog_us;
};

/*
 * Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment,
 * and remove them from it so that children do not speak for us. The address
 * is a path, or, with a leading '@', an abstract name. Returns 0, also when
 * the variables are not set; -EINVAL for an address or number that cannot
 * be used (then nothing is sent); or -errno.
 */
int notify_open(struct notify *n);

/* The same from values: `addr` or `watchdog_usec` NULL when not wanted. */
int notify_open_at(struct notify *n, const char *addr,
		   const char *watchdog_usec);

/* Close; safe after a failed open and twice. */
void notify_close(struct notify *n);

/* READY=1, with the main process named. Also ends a reload. */
int notify_ready(struct notify *n);

/*
 * RELOADING=1 with MONOTONIC_USEC, which Type=notify-reload needs to tell
 * this reload from an earlier one. Follow it with notify_ready.
 */
int notify_reloading(struct notify *n);

/* STOPPING=1: the calls drain, or we leave. */
int notify_stopping(struct notify *n);

/* WATCHDOG=1: the loop turns and all roles answer. */
int notify_watchdog(struct notify *n);

/* STATUS=text. Control characters become blanks; cut at 512 characters. */
int notify_status(struct notify *n, const char *text);

#endif
