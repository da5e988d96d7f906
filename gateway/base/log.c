/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/str.h"

#define TEXT_MAX  1024 /* formatted text; more is cut and ends in "..." */
#define LINE_SIZE 2048 /* escaped, with role; cut likewise */

/* Per process, set before the first line; see style B3.7: logging is the one
 * thing that must work without a handle. */
static struct {
	char role[32];
	enum log_level max;
	log_sink *sink;
	bool has_time; /* a person watches */
} conf = {.role = "trunkgate", .max = LOG_LVL_INFO};

void log_init(const char *role, enum log_level max)
{
	str_copy(conf.role, sizeof(conf.role), role);
	conf.max = max;
	conf.has_time = isatty(STDERR_FILENO) != 0;
}

void log_set_sink(log_sink *sink)
{
	conf.sink = sink;
}

/* Octets of the character at text that may be shown as they are: printable
 * ASCII or well-formed UTF-8 that is no C1 control. */
static unsigned plain_len(const char *text)
{
	unsigned n = str_utf8(text, strlen(text));
	unsigned char c = (unsigned char)text[0];

	if (n == 1 && (c < 0x20 || c == 0x7f)) {
		return 0;
	}
	if (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) {
		return 0;
	}
	return n;
}

/* Appends text with all else as \xNN. The line stays one line. */
static void escape(char *line, size_t size, const char *text)
{
	size_t at = strlen(line);
	unsigned n;

	while (*text != '\0') {
		n = plain_len(text);
		if (at + (n > 0 ? n : 4) + sizeof("...") > size) {
			memcpy(line + at, "...", sizeof("..."));
			return;
		}
		if (n > 0) {
			memcpy(line + at, text, n);
			at += n;
			text += n;
		} else {
			at += (size_t)sprintf(line + at, "\\x%02x",
					      (unsigned char)*text);
			text++;
		}
	}
	line[at] = '\0';
}

static void write_all(const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(STDERR_FILENO, text, len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return; /* nowhere left to say so */
		}
		text += n;
		len -= (size_t)n;
	}
}

static void emit(enum log_level level, int priority, const char *line)
{
	char out[LINE_SIZE + 32];
	int64_t ms;
	time_t s;
	struct tm tm;
	int n;

	if (conf.sink != NULL) {
		conf.sink(level, line);
		return;
	}
	if (conf.has_time) {
		ms = clock_wall_ms();
		s = (time_t)(ms / 1000);
		gmtime_r(&s, &tm);
		n = snprintf(out, sizeof(out), "%02d:%02d:%02d.%03dZ %s\n",
			     tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000),
			     line);
	} else {
		n = snprintf(out, sizeof(out), "<%d>%s\n", priority, line);
	}
	write_all(out, (size_t)n);
}

__attribute__((format(printf, 3, 0))) static void
say(enum log_level level, int priority, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[TEXT_MAX], line[LINE_SIZE];
	int n;

	if (level <= conf.max) {
		n = vsnprintf(text, sizeof(text), fmt, ap);
		if (n >= (int)sizeof(text)) {
			memcpy(text + sizeof(text) - 4, "...", 4);
		}
		snprintf(line, sizeof(line), "%s: ", conf.role);
		escape(line, sizeof(line), n < 0 ? fmt : text);
		emit(level, priority, line);
	}
	errno = saved;
}

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LVL_ERR, 3, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LVL_WARN, 4, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LVL_INFO, 6, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LVL_DEBUG, 7, fmt, ap);
	va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LVL_ERR, 2, fmt, ap);
	va_end(ap);
	exit(2);
}

unsigned log_allow(struct log_limit *limit, int64_t now_ns)
{
	unsigned events;

	if (now_ns < limit->next_ns) {
		if (limit->held < UINT32_MAX - 1) {
			limit->held++;
		}
		return 0;
	}
	events = limit->held + 1;
	limit->held = 0;
	limit->next_ns = now_ns + NS_PER_S;
	return events;
}
