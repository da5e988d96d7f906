/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines: object first, lower case, no full stop ("span carrier: layer 2
 * up"). One event per line on stderr with a journald priority prefix <N>
 * unless stderr is a terminal, then with a time. Control characters in the
 * text are escaped. errno is preserved. Any loop thread; never the media tick.
 *
 * warn: the operator should act. info: a state changed. debug: the rest.
 * fatal ends the process (status 2) and is only for before the first call.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_LVL_ERR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* The first word of each line ("sip", "isdn carrier"); copied. */
void log_init(const char *role, enum log_level max);
void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void log_fatal(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* Tests: every finished line (without priority and time) goes here instead;
 * NULL restores stderr. */
typedef void log_sink(enum log_level, const char *line);
void log_set_sink(log_sink *);

/* A limiter for one kind of line: at most one a second; returns 0 = say
 * nothing, n >= 1 = say it, it stands for n events. Zeroed = ready. */
struct log_limit {
	int64_t next_ns;
	unsigned held;
};
unsigned log_allow(struct log_limit *, int64_t now_ns);

#endif
