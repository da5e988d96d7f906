/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events on standard output, one a line, at once: JSON objects, or with text
 * set words for people. Each has "t", seconds of line time since the start,
 * and "ev", its kind.
 *
 *	report_begin(r, "dtmf");
 *	report_int(r, "call", 3);
 *	report_str(r, "digit", "5");
 *	report_end(r);
 *
 * Thread: the program's only one. An event that does not fit is counted, not
 * printed.
 */
#ifndef PBXSIM_REPORT_H
#define PBXSIM_REPORT_H

#include "gateway/base/json.h"
#include "gateway/base/loop.h"
#include "gateway/cc.h"

#include <stdio.h>

enum { REPORT_LINE = 4096 };

struct report {
	FILE *f;
	bool text;
	const struct loop *loop;
	mono_t start;
	struct json json;
	size_t len;	/* text */
	char line[REPORT_LINE];
	unsigned lost;
};

void report_init(struct report *, FILE *, bool text, const struct loop *);
double report_time(const struct report *); /* seconds of line time */

void report_begin(struct report *, const char *ev);
void report_str(struct report *, const char *key, const char *value);
void report_int(struct report *, const char *key, int64_t value);
void report_num(struct report *, const char *key, double value, int decimals);
void report_bool(struct report *, const char *key, bool value);
void report_obj(struct report *, const char *key);
void report_close(struct report *);
void report_end(struct report *);

/* A number with all that is known of it; nothing if it is not valid. */
void report_number(struct report *, const char *key, const struct cc_number *);
/* "cause", "location", "why"; nothing for value 0. */
void report_cause(struct report *, const struct cc_cause *);
/* A whole event: something that went wrong, in words. */
void report_error(struct report *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
